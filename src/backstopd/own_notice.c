/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Notices that our own mail server wrote to strangers. */
#include "backstopd/own_notice.h"

#include <backstop/authentication.h>
#include <backstop/judge.h>
#include <backstop/notice.h>

#include <unistd.h>

enum { HOST_NAME_SIZE = 256 };

bool own_notice_is_wanted(const session *s)
{
    return s->settings->config->outgoing_notices != BACKSTOP_DISPOSITION_DELIVER;
}

/* Whether our own mail server found, when it took the mail, that its sender was forged. */
static bool is_about_forged_mail(const session *s, const backstop_notice *notice)
{
    const GPtrArray *servers = s->settings->config->authserv_ids;
    char host[HOST_NAME_SIZE] = "";
    const char *const names[] = { host };
    if (servers->len > 0) {
        return backstop_notice_authentication(notice, (const char *const *)servers->pdata,
                                              servers->len) == BACKSTOP_AUTHENTICATION_FAILED;
    }
    return gethostname(host, sizeof(host) - 1) == 0 &&
           backstop_notice_authentication(notice, names, 1) == BACKSTOP_AUTHENTICATION_FAILED;
}

static void log_notice(session *s, const backstop_notice *notice, int64_t now_sec,
                       backstop_disposition done)
{
    const backstop_event event = {
        .when_sec = now_sec,
        .queue_id = session_queue_id(s),
        .verdict = BACKSTOP_VERDICT_BACKSCATTER,
        .confidence = BACKSTOP_CONFIDENCE_LIKELY,
        .by = "authentication",
        .kind = backstop_kind_name(backstop_notice_kind(notice)),
        .reason = backstop_reason_name(backstop_notice_reason(notice)),
        .recipient =
            s->mail.recipients->len > 0 ? transaction_recipient_at(&s->mail, 0)->address : NULL,
        .done = done,
        .enforced = s->settings->config->outgoing_notices,
        .is_explained = true,
        .message_id = backstop_returned_message_id(backstop_notice_returned(notice)),
        .explanation = "Our own mail server wrote this notice to a stranger. The mail that it is "
                       "about failed SPF and DKIM when it came in: its sender was forged, and the "
                       "notice would go to somebody who never wrote it.",
    };
    service_log_event(s->service, &event);
}

static sfsistat mark(session *s, const backstop_notice *notice)
{
    const char *reason = backstop_reason_name(backstop_notice_reason(notice));
    g_autofree char *value =
        g_strdup_printf("backscatter; confidence=likely; by=authentication; kind=%s%s%s",
                        backstop_kind_name(backstop_notice_kind(notice)),
                        reason == NULL ? "" : "; reason=", reason == NULL ? "" : reason);
    return session_insert_field(s, BACKSTOP_VERDICT_FIELD, value)
               ? SMFIS_ACCEPT
               : session_fail(s, "the mail server takes no header fields");
}

sfsistat own_notice_finish(session *s)
{
    int64_t now_sec = service_now(s->service);
    sfsistat answer = SMFIS_ACCEPT;
    backstop_message *message = transaction_read(&s->mail, s->client_ip);
    if (message == NULL) {
        return SMFIS_ACCEPT;
    }
    backstop_notice *notice = backstop_notice_read(message);
    if (backstop_notice_kind(notice) != BACKSTOP_KIND_NONE && is_about_forged_mail(s, notice)) {
        bool is_discarded = s->settings->config->outgoing_notices == BACKSTOP_DISPOSITION_DISCARD &&
                            !s->mail.body_is_cut && !s->mail.header_is_cut && session_enforces(s);
        log_notice(s, notice, now_sec,
                   is_discarded ? BACKSTOP_DISPOSITION_DISCARD : BACKSTOP_DISPOSITION_MARK);
        answer = is_discarded ? SMFIS_DISCARD : mark(s, notice);
    }
    backstop_notice_free(notice);
    backstop_message_free(message);
    return answer;
}
