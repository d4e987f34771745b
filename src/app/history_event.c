/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/history_event.h"

#include <backstop/site.h>

#include <string.h>

/* What the witnesses' words mean for the history. */
typedef struct findings {
    bool has_genuine, has_tag;
    bool has_unchecked_tag; /* one that may be ours, or nobody could look */
    bool is_recorded;       /* the ledger proves that we saw it: the tag was lost on its way */
} findings;

static findings find(const backstop_judgement *judgement)
{
    findings found = { 0 };
    for (size_t i = 0; i < backstop_judgement_evidence_count(judgement); i++) {
        bool is_tag = strcmp(backstop_evidence_witness(judgement, i), "tag") == 0;
        backstop_claim claim = backstop_evidence_claim(judgement, i);
        if (claim == BACKSTOP_CLAIM_GENUINE) {
            found.has_genuine = true;
            found.has_tag = found.has_tag || is_tag;
            found.is_recorded =
                found.is_recorded ||
                (strcmp(backstop_evidence_witness(judgement, i), "ledger") == 0 &&
                 backstop_evidence_strength(judgement, i) == BACKSTOP_STRENGTH_PROOF);
        } else if (claim == BACKSTOP_CLAIM_NONE && is_tag) {
            found.has_unchecked_tag = true;
        }
    }
    return found;
}

/* The client of the topmost hop that leads out of a network: who handed the mail over to those that
 * report. Fields below it were written by that client, and are not to be believed. */
static const char *outbound_path(const backstop_returned *returned)
{
    for (size_t i = 0; i < backstop_returned_hop_count(returned); i++) {
        const backstop_hop *hop = backstop_returned_hop(returned, i);
        const char *ip = backstop_hop_ip(hop);
        if (ip != NULL && !backstop_ip_is_private(ip)) {
            return ip;
        }
        const char *name =
            backstop_hop_name(hop) != NULL ? backstop_hop_name(hop) : backstop_hop_from(hop);
        /* A bare name is a host inside. */
        if (ip == NULL && name != NULL && strchr(name, '.') != NULL) {
            return name;
        }
    }
    return NULL;
}

/* Whether it came to those that report before that time. */
static bool left_before(const backstop_notice *notice, int64_t sec)
{
    int64_t when_sec;
    const backstop_hop *hop = backstop_returned_hop(backstop_notice_returned(notice), 0);
    return (backstop_notice_arrival_date(notice, &when_sec) && when_sec < sec) ||
           (hop != NULL && backstop_hop_date(hop, &when_sec) && when_sec < sec);
}

void history_event_fill(backstop_event *event, const backstop_notice *notice,
                        const backstop_judgement *judgement, int64_t tagged_since_sec)
{
    const backstop_returned *returned = backstop_notice_returned(notice);
    findings found = find(judgement);
    event->verdict = backstop_judgement_verdict(judgement);
    event->confidence = backstop_judgement_confidence(judgement);
    event->by = backstop_judgement_by(judgement);
    event->kind = backstop_kind_name(backstop_notice_kind(notice));
    event->reason = backstop_reason_name(backstop_notice_reason(notice));
    event->outbound_path = outbound_path(returned);
    event->has_genuine_witness = found.has_genuine;
    event->has_tag = found.has_tag;
    event->is_explained = found.is_recorded || found.has_unchecked_tag ||
                          !backstop_returned_is_complete(returned) ||
                          left_before(notice, tagged_since_sec);
    event->message_id = backstop_returned_message_id(returned);
    event->explanation = backstop_judgement_explanation(judgement);
}
