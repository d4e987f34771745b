/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Who deals with a mail. */
#include "backstopd/route.h"

#include "backstopd/incoming.h"
#include "backstopd/outgoing.h"
#include "backstopd/own_notice.h"

#include <backstop/notice.h>
#include <backstop/origin.h>
#include <backstop/seen.h>

#include <string.h>

static bool is_listed(const GPtrArray *names, const char *name)
{
    for (unsigned i = 0; name != NULL && i < names->len; i++) {
        if (strcmp(g_ptr_array_index(names, i), name) == 0) {
            return true;
        }
    }
    return false;
}

/* `message` is the header; NULL: there is none. */
static direction find_direction(const session *s, const backstop_message *message, bool is_trusted)
{
    const service_settings *settings = s->settings;
    const direction_facts facts = {
        .is_sender_empty = s->mail.is_sender_empty,
        .has_auth = s->has_auth,
        .is_listed_daemon = is_listed(settings->config->outgoing_daemons, s->daemon_name),
        .is_trusted_client = is_trusted,
        .came_from_outside =
            message != NULL && backstop_message_is_from_outside(message, settings->site),
    };
    return direction_of(&facts);
}

/* A header that is not all there, or that a body can change the reading of, tells too little. */
static bool may_be_notice(const session *s, const backstop_message *message)
{
    return message == NULL || s->mail.header_is_cut || s->mail.has_lone_cr ||
           backstop_may_be_notice(message);
}

static route choose(const session *s, const backstop_message *message)
{
    const transaction *mail = &s->mail;
    bool has_fields = mail->verdict_count + mail->seen_count > 0 && !s->is_seen;
    bool is_to_us = incoming_is_to_us(s);
    if (s->direction == DIRECTION_OWN_NOTICE && !is_to_us) {
        return own_notice_is_wanted(s) ? ROUTE_OWN : ROUTE_PASS;
    }
    if (s->direction == DIRECTION_OUTGOING && outgoing_is_wanted(s)) {
        return ROUTE_SIGN;
    }
    if (s->direction != DIRECTION_OUTGOING && is_to_us && !s->is_seen &&
        may_be_notice(s, message)) {
        return ROUTE_JUDGE;
    }
    return has_fields || incoming_has_batv(s) ? ROUTE_CLEAN : ROUTE_PASS;
}

void route_choose(session *s)
{
    backstop_message *message = transaction_read_header(&s->mail, s->client_ip);
    bool is_trusted = session_is_trusted(s);
    s->is_seen = is_trusted && s->mail.seen_count > 0 && message != NULL &&
                 backstop_seen_check(message, s->settings->keys, service_now(s->service));
    s->direction = find_direction(s, message, is_trusted);
    s->route = choose(s, message);
    backstop_message_free(message);
}

sfsistat route_finish(session *s)
{
    switch (s->route) {
    case ROUTE_SIGN:
        return outgoing_finish(s);
    case ROUTE_CLEAN:
        return incoming_clean(s);
    case ROUTE_JUDGE:
        return incoming_judge(s);
    case ROUTE_OWN:
        return own_notice_finish(s);
    case ROUTE_PASS:
        break;
    }
    return SMFIS_ACCEPT;
}
