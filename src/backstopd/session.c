/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* One connection of the mail server, and the changes to a mail. */
#include "backstopd/session.h"

#include <backstop/seen.h>

#include <string.h>

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

void session_set_client(session *s, const char *ip, const char *daemon_name)
{
    g_free(s->client_ip);
    g_free(s->daemon_name);
    s->client_ip = g_strdup(ip);
    s->daemon_name = g_strdup(daemon_name);
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
    return s->client_ip == NULL || g_str_has_prefix(s->client_ip, "127.") ||
           strcmp(s->client_ip, "::1") == 0 ||
           backstop_site_is_internal(s->settings->site, s->client_ip);
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
    bool tempfails = s->settings->config->tempfails_on_error;
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
    char verdict[] = "Backstop-Verdict";
    char seen[] = BACKSTOP_SEEN_FIELD;
    bool is_done = remove_fields(s, verdict, s->mail.verdict_count);
    return remove_fields(s, seen, s->mail.seen_count) && is_done;
}

bool session_remove_recipient(session *s, const transaction_recipient *r)
{
    return smfi_delrcpt(s->context, r->given) == MI_SUCCESS;
}
