/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A milter that does nothing, for bench/postfix. It negotiates what backstopd does at a unix socket
 * (src/backstopd/milter.c), and answers each step as that one does, so that all that is missing is
 * backstopd's own work.
 *
 * Usage: empty_milter incoming|outgoing SOCKET
 *
 * incoming: mail is accepted at the end of its header, as ordinary mail for us is. outgoing: it is
 * accepted at its end, and the body passed over, as of mail that is signed.
 */
#include <libmilter/mfapi.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
    LISTEN_BACKLOG = 1024,
    NR_STEPS = SMFIP_NR_CONN | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_HDR,
    ACTIONS = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_QUARANTINE |
              SMFIF_CHGFROM | SMFIF_ADDRCPT_PAR | SMFIF_SETSYMLIST,
    STEPS = NR_STEPS | SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_SKIP,
};

static bool is_outgoing;

static sfsistat on_negotiate(SMFICTX *context, unsigned long actions, unsigned long steps,
                             unsigned long unused2, unsigned long unused3,
                             unsigned long *our_actions, unsigned long *our_steps,
                             unsigned long *our2, unsigned long *our3)
{
    char connect[] = "{daemon_name}";
    char sender[] = "{auth_authen} {auth_type} i";
    char recipient[] = "{rcpt_addr} {rcpt_mailer}";
    char end[] = "i";
    (void)unused2;
    (void)unused3;
    /* The answers below are those of one who got all steps. */
    if ((steps & STEPS) != STEPS || (actions & ACTIONS) != ACTIONS) {
        fputs("empty_milter: the mail server lacks steps or actions\n", stderr);
        return SMFIS_REJECT;
    }
    smfi_setsymlist(context, SMFIM_CONNECT, connect);
    smfi_setsymlist(context, SMFIM_ENVFROM, sender);
    smfi_setsymlist(context, SMFIM_ENVRCPT, recipient);
    smfi_setsymlist(context, SMFIM_EOH, end);
    smfi_setsymlist(context, SMFIM_EOM, end);
    *our_actions = ACTIONS;
    *our_steps = STEPS;
    *our2 = 0;
    *our3 = 0;
    return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *context, char *host, _SOCK_ADDR *address)
{
    (void)context;
    (void)host;
    (void)address;
    return SMFIS_NOREPLY;
}

/* The sender, and each recipient. */
static sfsistat on_address(SMFICTX *context, char **words)
{
    (void)context;
    (void)words;
    return SMFIS_NOREPLY;
}

static sfsistat on_field(SMFICTX *context, char *name, char *value)
{
    (void)context;
    (void)name;
    (void)value;
    return SMFIS_NOREPLY;
}

static sfsistat on_header_end(SMFICTX *context)
{
    (void)context;
    return is_outgoing ? SMFIS_CONTINUE : SMFIS_ACCEPT;
}

static sfsistat on_body(SMFICTX *context, unsigned char *bytes, size_t len)
{
    (void)context;
    (void)bytes;
    (void)len;
    return SMFIS_SKIP;
}

static sfsistat on_end(SMFICTX *context)
{
    (void)context;
    return SMFIS_ACCEPT;
}

/* The end of a mail before its time, and of the connection; DATA, which is not sent. */
static sfsistat on_other(SMFICTX *context)
{
    (void)context;
    return SMFIS_CONTINUE;
}

int main(int argc, char **argv)
{
    char name[] = "empty_milter";
    const struct smfiDesc description = {
        .xxfi_name = name,
        .xxfi_version = SMFI_VERSION,
        .xxfi_flags = ACTIONS,
        .xxfi_connect = on_connect,
        .xxfi_envfrom = on_address,
        .xxfi_envrcpt = on_address,
        .xxfi_header = on_field,
        .xxfi_eoh = on_header_end,
        .xxfi_body = on_body,
        .xxfi_eom = on_end,
        .xxfi_abort = on_other,
        .xxfi_close = on_other,
        .xxfi_data = on_other,
        .xxfi_negotiate = on_negotiate,
    };
    is_outgoing = argc == 3 && strcmp(argv[1], "outgoing") == 0;
    if (argc != 3 || (!is_outgoing && strcmp(argv[1], "incoming") != 0)) {
        fputs("usage: empty_milter incoming|outgoing SOCKET\n", stderr);
        return 64;
    }
    umask(0);
    if (smfi_setconn(argv[2]) != MI_SUCCESS || smfi_setbacklog(LISTEN_BACKLOG) != MI_SUCCESS ||
        smfi_register(description) != MI_SUCCESS || smfi_opensocket(false) != MI_SUCCESS) {
        fprintf(stderr, "empty_milter: cannot listen at %s\n", argv[2]);
        return 1;
    }
    return smfi_main() == MI_SUCCESS ? 0 : 1;
}
