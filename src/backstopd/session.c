/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* One connection of the mail server, and the changes to a mail. */
#include "backstopd/session.h"

#include <backstop/judge.h>
#include <backstop/seen.h>

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* On top of the header as we saw it: above all that a signer before us signed. Postfix puts a field
 * with this number or 0 above its own Received field. */
enum { INSERT_INDEX = 1 };

session *session_new(SMFICTX *context, service *s)
{
    session *made = g_new0(session, 1);
    made->context = context;
    made->service = s;
    transaction_init(&made->mail);
    return made;
}

static char *ip_text(int family, const void *address)
{
    char text[INET6_ADDRSTRLEN] = "";
    inet_ntop(family, address, text, sizeof(text));
    return g_strdup(text);
}

static void set_ip4(session *s, const unsigned char *bytes)
{
    s->client_ip = ip_text(AF_INET, bytes);
    s->is_this_host = bytes[0] == IN_LOOPBACKNET;
}

/* Of ::ffff:192.0.2.1 (RFC 4291, section 2.5.5.2) only the IPv4 address counts. */
static void set_ip6(session *s, const struct in6_addr *address)
{
    if (IN6_IS_ADDR_V4MAPPED(address)) {
        set_ip4(s, address->s6_addr + 12);
        return;
    }
    s->client_ip = ip_text(AF_INET6, address);
    s->is_this_host = IN6_IS_ADDR_LOOPBACK(address);
}

void session_set_client(session *s, const char *host, const struct sockaddr *address,
                        const char *daemon_name)
{
    g_free(s->client_ip);
    g_free(s->daemon_name);
    s->client_ip = NULL;
    s->daemon_name = g_strdup(daemon_name);
    if (address != NULL && address->sa_family == AF_INET) {
        set_ip4(s, (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr);
    } else if (address != NULL && address->sa_family == AF_INET6) {
        set_ip6(s, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
    } else if (address != NULL) {
        s->is_this_host = address->sa_family == AF_UNIX;
    } else {
        /* Sendmail's own submissions; but with another name, it may be anybody: a proxy before the
         * mail server (XCLIENT) did not know either. */
        s->is_this_host = host != NULL && g_ascii_strcasecmp(host, "localhost") == 0;
    }
}

void session_begin(session *s)
{
    session_end(s);
    s->settings = service_take(s->service);
}

void session_end(session *s)
{
    transaction_reset(&s->mail);
    service_give(s->settings);
    s->settings = NULL;
    s->has_auth = false;
    s->direction = DIRECTION_INCOMING;
    s->is_seen = false;
    s->route = ROUTE_PASS;
}

void session_free(session *s)
{
    if (s == NULL) {
        return;
    }
    session_end(s);
    transaction_clear(&s->mail);
    g_free(s->client_ip);
    g_free(s->daemon_name);
    g_free(s);
}

bool session_is_trusted(const session *s)
{
    return s->is_this_host ||
           (s->client_ip != NULL && backstop_site_is_internal(s->settings->site, s->client_ip));
}

bool session_enforces(const session *s)
{
    return s->settings->config->enforces && service_enforces(s->service);
}

const char *session_queue_id(const session *s)
{
    /* libmilter wants a name that it could write to, and does not. */
    char name[] = "i";
    return smfi_getsymval(s->context, name);
}

sfsistat session_fail(session *s, const char *why)
{
    /* Of a notice of its own that cannot go out now, Postfix keeps the mail that it is about, and
     * writes another: on and on. */
    bool tempfails =
        s->settings->config->tempfails_on_error && s->direction != DIRECTION_OWN_NOTICE;
    service_log(s->service, LOG_ERR, session_queue_id(s), "error: %s; the mail is %s", why,
                tempfails ? "put off" : "passed");
    return tempfails ? SMFIS_TEMPFAIL : SMFIS_ACCEPT;
}

bool session_insert_field(session *s, const char *name, const char *value)
{
    /* libmilter takes what is not const, and copies it. */
    g_autofree char *own_name = g_strdup(name);
    g_autofree char *own_value = g_strdup(value);
    return smfi_insheader(s->context, INSERT_INDEX, own_name, own_value) == MI_SUCCESS;
}

static bool remove_fields(session *s, const char *name, unsigned count)
{
    bool is_done = true;
    g_autofree char *own_name = g_strdup(name);
    /* From below: what is taken out changes the number of those that follow. */
    for (unsigned i = count; i > 0; i--) {
        is_done = smfi_chgheader(s->context, own_name, (int)i, NULL) == MI_SUCCESS && is_done;
    }
    return is_done;
}

bool session_remove_fields(session *s)
{
    char verdict[] = BACKSTOP_VERDICT_FIELD;
    char seen[] = BACKSTOP_SEEN_FIELD;
    bool is_done = remove_fields(s, verdict, s->mail.verdict_count);
    return remove_fields(s, seen, s->mail.seen_count) && is_done;
}

bool session_remove_recipient(session *s, const transaction_recipient *r)
{
    return smfi_delrcpt(s->context, r->given) == MI_SUCCESS;
}
