/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The witness of the ledger (store/ledger.h): whether we remember to have sent the mail.
 */
#include "store/ledger.h"

#include "notice/notice.h"
#include "witness/candidates.h"
#include "witness/recall.h"
#include "witness/witness.h"

enum { DAY_SEC = 86400 };

/* The recipient, if there is but one: of several it is not known which. */
static const char *recipient_text(const hearing *h)
{
    return h->recipients->len == 1 ? hearing_text_at(h->recipients, 0).ptr
                                   : "somebody whom the notice names";
}

static void say_delivery(const hearing *h, evidence *out)
{
    bool is_worn = recall_is_worn(h);
    bool is_cited = h->first_id_is_cited;
    evidence_say(out, BACKSTOP_CLAIM_GENUINE,
                 is_worn || is_cited ? BACKSTOP_STRENGTH_LIKELY : BACKSTOP_STRENGTH_PROOF,
                 "we sent %s to %s%s",
                 candidates_are_replies(h->notice->kind) ? "the message that this answers"
                                                         : "a message with this Message-ID",
                 recipient_text(h),
                 is_worn    ? ", but more notices came back about it than can be true"
                 : is_cited ? ", as a text says that anybody may have written"
                            : "");
}

/* Rows go once they are older than the store keeps them. */
static bool is_remembered_time(const hearing *h, int64_t from_sec)
{
    return from_sec >= h->now_sec - ((int64_t)h->store->days - 1) * DAY_SEC;
}

static void say_unknown(const hearing *h, evidence *out, int64_t since_sec)
{
    char day[EVIDENCE_DAY_SIZE];
    int64_t remembered_sec = h->now_sec - (int64_t)h->store->days * DAY_SEC;
    evidence_say_absent(out,
                        "all that was sent since %s is remembered, and a message with this "
                        "Message-ID is not among it",
                        evidence_day(MAX(since_sec, remembered_sec), day));
}

static void testify_complete_absence(const hearing *h, evidence *out)
{
    int64_t since = 0;
    bool covers = false;
    backstop_error error;
    if (!h->site->ledger_is_complete || h->absence_is_silent != NULL ||
        !is_remembered_time(h, h->sent_from_sec) ||
        (h->has_date && !is_remembered_time(h, h->date_sec))) {
        return;
    }
    if (recall_since(h, SINCE_RECORDED, &since, &error) != BACKSTOP_OK ||
        recall_covers(h, since, &covers, &error) != BACKSTOP_OK) {
        evidence_say_store_failed(out, &error);
    } else if (covers) {
        say_unknown(h, out, since);
    }
}

/* A Sent folder reaches from its oldest to its newest mail. Where only the Date tells when the mail
 * was sent, it will do: whoever made it up did not know what the folder holds. */
static void testify_personal_absence(const hearing *h, evidence *out)
{
    int64_t from = h->sent_from_sec, until = h->sent_until_sec;
    if (until == 0 && h->has_date) {
        from = until = h->date_sec;
    }
    if (h->may_be_of_strangers || !h->is_in_our_name || from < h->site->personal_from_sec ||
        until == 0 || until > h->site->personal_until_sec || !is_remembered_time(h, from)) {
        return;
    }
    bool has_gap = false;
    backstop_error error;
    if (h->store->operations->has_gap(h->store, from, until, &has_gap, &error) != BACKSTOP_OK) {
        evidence_say_store_failed(out, &error);
        return;
    }
    if (has_gap) {
        return; /* for long, the folder holds nothing at all */
    }
    evidence_say_absent(out, "no message with this Message-ID is among the sent mail, which "
                             "reaches from before that time to after it");
}

static void testify_absence(const hearing *h, evidence *out)
{
    if (h->message_ids->len == 0) {
        return;
    }
    testify_complete_absence(h, out);
    if (out->claim == BACKSTOP_CLAIM_NONE && h->site->is_personal) {
        testify_personal_absence(h, out);
    }
}

void ledger_testify(const hearing *h, evidence *out)
{
    recall_answer known;
    backstop_error error;
    if (h->store == NULL) {
        evidence_say(out, BACKSTOP_CLAIM_NONE, BACKSTOP_STRENGTH_NONE, "there is none here to ask");
        return;
    }
    if (recall_mail(h, &known, &error) != BACKSTOP_OK) {
        evidence_say_store_failed(out, &error);
    } else if (known.knows_delivery) {
        say_delivery(h, out);
    } else if (known.knows_message) {
        evidence_say(
            out, BACKSTOP_CLAIM_GENUINE, BACKSTOP_STRENGTH_LIKELY,
            "we sent a message with this Message-ID, though it is not sure that it went to %s",
            recipient_text(h));
    } else if (known.knows_pair) {
        evidence_say(out, BACKSTOP_CLAIM_GENUINE, BACKSTOP_STRENGTH_LIKELY,
                     "this sender wrote to %s lately", recipient_text(h));
    } else if (known.knows_elsewhere) {
        /* Whoever copied it could have named its true sender as well. */
        evidence_say(out, BACKSTOP_CLAIM_GENUINE, BACKSTOP_STRENGTH_LIKELY,
                     "we sent a message with this Message-ID, but from another address");
    } else if (!known.was_cut) {
        testify_absence(h, out);
    }
}
