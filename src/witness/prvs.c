/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The witness of BATV (proof/prvs.h): whether the notice came to an address that we signed.
 */
#include "proof/prvs.h"

#include "message/address_form.h"
#include "notice/notice.h"
#include "witness/recall.h"
#include "witness/tag.h"
#include "witness/witness.h"

static bool is_signed(span spec, GString *buffer)
{
    address_wrapping layer;
    return address_form_unwrap(spec, buffer, &layer) && layer == WRAPPED_BATV;
}

/* One of the list that bears a signature of anybody's; empty if none does. */
static span find_signed(const GPtrArray *list)
{
    span found = SPAN("");
    g_autoptr(GString) buffer = g_string_new(NULL);
    for (unsigned i = 0; i < list->len && found.len == 0; i++) {
        span spec = hearing_text_at(list, i);
        /* Every signed form has one; few plain addresses do. */
        if (span_find_char(spec, '=') < spec.len && is_signed(spec, buffer)) {
            found = spec;
        }
    }
    return found;
}

static prvs_state best_state(const hearing *h)
{
    prvs_state best = PRVS_NONE;
    for (unsigned i = 0; i < h->notified->len && best != PRVS_VALID; i++) {
        span spec = hearing_text_at(h->notified, i);
        if (span_find_char(spec, '=') < spec.len) {
            best = MAX(best, prvs_read(h->keys, h->now_sec, spec, NULL));
        }
    }
    return best;
}

static bool is_notified(const hearing *h, span sender)
{
    for (unsigned i = 0; i < h->notified_sender_count; i++) {
        if (span_equal(hearing_text_at(h->senders, i), sender)) {
            return true;
        }
    }
    return false;
}

/* Since when a form of the claimed mailbox, if that was notified, sends from signed addresses; 0:
 * it does not. */
static backstop_status signed_since(const hearing *h, int64_t *since_sec, backstop_error *error)
{
    backstop_status status = BACKSTOP_OK;
    *since_sec = 0;
    for (unsigned i = 0; i < h->claimed->len && *since_sec == 0; i++) {
        if (!is_notified(h, hearing_text_at(h->claimed, i))) {
            continue;
        }
        status =
            ledger_since(h->store, hearing_text_at(h->claimed, i), SINCE_BATV, since_sec, error);
        if (status != BACKSTOP_OK) {
            break;
        }
    }
    return status;
}

/* Only where the side that reports shows that the mail came from a bare address: the server that
 * took the notice in may have taken the signature off the address that it came to, and a host of
 * ours may have noted a Return-Path before another signed. */
static bool was_sent_bare(const hearing *h)
{
    return h->envelope_sender != NULL && h->envelope_sender_is_told &&
           h->notice->notified->len == 1 && find_signed(h->senders).len == 0 &&
           site_owns(h->site, span_from_string(h->envelope_sender));
}

static void testify_absence(const hearing *h, evidence *out)
{
    backstop_kind kind = h->notice->kind;
    bool is_bounce = kind == BACKSTOP_KIND_FAILURE || kind == BACKSTOP_KIND_DELAY;
    int64_t since = 0;
    bool covers = false;
    backstop_error error;
    char day[EVIDENCE_DAY_SIZE];
    if (!is_bounce || h->absence_is_silent != NULL || h->store == NULL || !was_sent_bare(h)) {
        return;
    }
    if (signed_since(h, &since, &error) != BACKSTOP_OK ||
        recall_covers(h, since, &covers, &error) != BACKSTOP_OK) {
        evidence_say_store_failed(out, &error);
    } else if (covers) {
        evidence_say_absent(out,
                            "mail of %s is sent from signed addresses since %s, and the notice "
                            "came to the bare one",
                            hearing_text_at(h->claimed, 0).ptr, evidence_day(since, day));
    }
}

/* Whether what came back of the header bears no tag that we know for ours, though the mail of this
 * sender is tagged: the signed address was copied from a mail of ours, as everybody can who got
 * one. */
static bool is_copied(const hearing *h)
{
    return recall_should_bear_tag(h) && !tag_is_there(h);
}

void prvs_testify(const hearing *h, evidence *out)
{
    span spec = find_signed(h->notified);
    if (spec.len == 0) {
        testify_absence(h, out);
        return;
    }
    if (h->keys == NULL) {
        evidence_say(out, BACKSTOP_CLAIM_NONE, BACKSTOP_STRENGTH_NONE,
                     "there are no keys here to check the signed address that the notice came to");
        return;
    }
    switch (best_state(h)) {
    case PRVS_VALID:
        evidence_say(out, BACKSTOP_CLAIM_GENUINE,
                     is_copied(h) ? BACKSTOP_STRENGTH_LIKELY : BACKSTOP_STRENGTH_PROOF,
                     "the notice came to an address that we signed for mail of the last days");
        break;
    case PRVS_EXPIRED:
        evidence_say(out, BACKSTOP_CLAIM_GENUINE, BACKSTOP_STRENGTH_LIKELY,
                     "the notice came to an address that we signed, but so long ago that somebody "
                     "may have copied it since");
        break;
    case PRVS_NONE:
        evidence_say(out, BACKSTOP_CLAIM_NONE, BACKSTOP_STRENGTH_NONE,
                     "the notice came to a signed address, and no key here made the signature");
        break;
    }
}
