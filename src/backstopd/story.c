/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What the log and the history are told of a notice. */
#include "backstopd/story.h"

#include "app/history_event.h"

#include <backstop/batv.h>

/* Since when this daemon sees mail leave; nothing that left until now is held against anybody where
 * that cannot be told. */
static int64_t find_tagged_since(const session *s, int64_t now_sec)
{
    backstop_readiness readiness;
    backstop_store *store = service_store(s->settings);
    bool is_known = store != NULL &&
                    backstop_store_get_readiness(store, now_sec, &readiness, NULL) == BACKSTOP_OK &&
                    readiness.observed_since_sec > 0;
    return is_known ? readiness.observed_since_sec : now_sec;
}

/* The first recipient of ours; the count if there is none. */
static unsigned find_mailbox(const session *s)
{
    unsigned i = 0;
    while (i < s->mail.recipients->len && !transaction_recipient_at(&s->mail, i)->is_ours) {
        i++;
    }
    return i;
}

/* Its address, plain. To be freed with g_free(). */
static char *plain_address(const session *s, const char *address, int64_t now_sec)
{
    char *plain = backstop_batv_restore(s->settings->keys, address, now_sec);
    char *copy = g_strdup(plain == NULL ? address : plain);
    backstop_text_free(plain);
    return copy;
}

void story_tell(session *s, const backstop_notice *notice, const backstop_judgement *j,
                const verdict_plan *plan)
{
    int64_t now_sec = service_now(s->service);
    unsigned at = find_mailbox(s);
    bool has_mailbox = at < s->mail.recipients->len;
    g_autofree char *mailbox =
        has_mailbox ? plain_address(s, transaction_recipient_at(&s->mail, at)->address, now_sec)
                    : NULL;
    g_autofree char *explanation = NULL;
    backstop_event event = {
        .when_sec = now_sec,
        .queue_id = session_queue_id(s),
        .recipient = mailbox,
        .client_ip = s->client_ip,
        .done = has_mailbox ? verdict_plan_done_for(plan, at) : plan->done,
        .enforced = has_mailbox ? plan->each[at] : plan->enforced,
    };
    history_event_fill(&event, notice, j, 0);
    /* The store is asked for the few only that it makes a difference for. */
    if (event.has_genuine_witness && !event.has_tag && !event.is_explained) {
        history_event_fill(&event, notice, j, find_tagged_since(s, now_sec));
    }
    if (plan->rule != NULL) {
        explanation = g_strdup_printf("%s It is let pass by a rule of yours: %s.",
                                      backstop_judgement_explanation(j), plan->rule);
        event.explanation = explanation;
    }
    service_log_event(s->service, &event);
}
