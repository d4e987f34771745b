/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What the log and the history are told of a notice. */
#include "backstopd/story.h"

#include <backstop/batv.h>

#include <string.h>

/* What the witnesses of origin said. */
typedef struct testimony {
    bool is_genuine;  /* one of them, at any strength, says that it is ours */
    bool has_tag;     /* and that it bears a tag of ours */
    bool is_recorded; /* the ledger proves that we saw it: the tag was lost on its way */
} testimony;

static testimony read_testimony(const backstop_judgement *j)
{
    testimony t = { .is_genuine = false };
    for (size_t i = 0; i < backstop_judgement_evidence_count(j); i++) {
        if (backstop_evidence_claim(j, i) != BACKSTOP_CLAIM_GENUINE) {
            continue;
        }
        const char *witness = backstop_evidence_witness(j, i);
        t.is_genuine = true;
        t.has_tag = t.has_tag || strcmp(witness, "tag") == 0;
        t.is_recorded =
            t.is_recorded || (strcmp(witness, "ledger") == 0 &&
                              backstop_evidence_strength(j, i) == BACKSTOP_STRENGTH_PROOF);
    }
    return t;
}

/* Whether it left before this daemon saw mail leave. Asked for few notices, so that the question to
 * the store does not count. */
static bool is_from_before(const session *s, const backstop_returned *returned)
{
    backstop_readiness readiness;
    int64_t sent_sec;
    backstop_store *store = service_store(s->settings);
    if (store == NULL || !backstop_returned_date(returned, &sent_sec) ||
        backstop_store_get_readiness(store, service_now(s->service), &readiness, NULL) !=
            BACKSTOP_OK) {
        return true;
    }
    return readiness.observed_since_sec == 0 || sent_sec < readiness.observed_since_sec;
}

/* Who gave the returned mail to the side that reports: the first host outside of it. */
static const char *find_path(const backstop_returned *returned)
{
    for (size_t i = 0; i < backstop_returned_hop_count(returned); i++) {
        const backstop_hop *hop = backstop_returned_hop(returned, i);
        const char *ip = backstop_hop_ip(hop);
        if (ip != NULL && !backstop_ip_is_private(ip)) {
            return ip;
        }
        if (ip == NULL && backstop_hop_name(hop) != NULL) {
            return backstop_hop_name(hop);
        }
    }
    return NULL;
}

/* The first recipient of ours, plain. To be freed with g_free(). */
static char *find_mailbox(const session *s)
{
    for (unsigned i = 0; i < s->mail.recipients->len; i++) {
        const char *address = transaction_recipient_at(&s->mail, i)->address;
        if (backstop_site_owns(s->settings->site, address)) {
            char *plain =
                s->settings->keys == NULL
                    ? NULL
                    : backstop_batv_restore(s->settings->keys, address, service_now(s->service));
            char *mailbox = g_strdup(plain == NULL ? address : plain);
            backstop_text_free(plain);
            return mailbox;
        }
    }
    return NULL;
}

void story_tell(session *s, const backstop_notice *notice, const backstop_judgement *j,
                const verdict_plan *plan)
{
    const backstop_returned *returned = backstop_notice_returned(notice);
    testimony t = read_testimony(j);
    g_autofree char *mailbox = find_mailbox(s);
    g_autofree char *explanation = NULL;
    if (plan->rule != NULL) {
        explanation = g_strdup_printf("%s It is let pass by a rule of yours: %s.",
                                      backstop_judgement_explanation(j), plan->rule);
    }
    const backstop_event event = {
        .when_sec = service_now(s->service),
        .queue_id = session_queue_id(s),
        .verdict = backstop_judgement_verdict(j),
        .confidence = backstop_judgement_confidence(j),
        .by = backstop_judgement_by(j),
        .kind = backstop_kind_name(backstop_notice_kind(notice)),
        .reason = backstop_reason_name(backstop_notice_reason(notice)),
        .recipient = mailbox,
        .client_ip = s->client_ip,
        .outbound_path = find_path(returned),
        .done = plan->done,
        .enforced = plan->enforced,
        .has_genuine_witness = t.is_genuine,
        .has_tag = t.has_tag,
        .is_explained = t.is_recorded || !backstop_returned_is_complete(returned) ||
                        (t.is_genuine && !t.has_tag && is_from_before(s, returned)),
        .message_id = backstop_returned_message_id(returned),
        .explanation = explanation == NULL ? backstop_judgement_explanation(j) : explanation,
    };
    service_log_event(s->service, &event);
}
