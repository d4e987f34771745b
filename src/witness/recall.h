/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the store remembers of a hearing's mail, as witnesses ask for it; each thing is asked once.
 */
#ifndef BACKSTOP_WITNESS_RECALL_H
#define BACKSTOP_WITNESS_RECALL_H

#include "store/ledger.h"
#include "witness/hearing.h"

enum {
    /* Notices about one mail and one recipient of it: a few warnings of delay, the failure, and
     * some that are not counted on. What comes beyond is copied. */
    RECALL_RETURNS_MAX = 8,
    /* Notices about one mail and those whom we did not write to: subscribers of a list that it went
     * to, addresses to which it was sent on. */
    RECALL_STRANGER_RETURNS_MAX = 100,
};

/* What is known of the mail. */
typedef struct recall_answer {
    bool knows_delivery;  /* a candidate sent its first Message-ID to a sure recipient */
    bool knows_message;   /* a candidate sent it, or one of the other Message-IDs */
    bool knows_pair;      /* a candidate wrote to one of the recipients lately */
    bool knows_elsewhere; /* somebody of ours sent the first of them */
    bool was_cut;         /* not all could be asked for */
} recall_answer;

/* Belongs to a hearing, which is for one thread at a time. */
typedef struct recall {
    bool has_answer, has_gap_answer, has_wear;
    backstop_status status, gap_status;
    recall_answer answer;
    bool has_gap, is_worn;
    backstop_error error, gap_error;
} recall;

/* These need a store, and give what it gives: BACKSTOP_ERROR_BUSY, _STORE. */

backstop_status recall_mail(const hearing *h, recall_answer *out, backstop_error *error);

/* Since when `what` holds for the domain of each reported sender (else of the first sender); the
 * latest of them, 0 if it does not hold for all. */
backstop_status recall_since(const hearing *h, store_since what, int64_t *since_sec,
                             backstop_error *error);

/* Since when the mail is tagged: of a closed domain all of it, as above; else that of the claimed
 * mailbox, for its neighbours may send by ways that do not tag. */
backstop_status recall_tagged_since(const hearing *h, int64_t *since_sec, backstop_error *error);

/* Whether a header came back, whole or not, and mail of any who may have sent it was tagged by
 * then: without a tag it is no proof, though the lack may have honest reasons. False if nobody can
 * tell. */
bool recall_should_bear_tag(const hearing *h);

/* Whether what holds since `since_sec` (0: never) was there, without a gap on record, all the time
 * in which the mail may have been sent; false where that is not known. */
backstop_status recall_covers(const hearing *h, int64_t since_sec, bool *covers,
                              backstop_error *error);

/* How many of the recipients, the first ones, a notice counts against: the sure ones, or else all.
 */
unsigned recall_counted_recipients(const hearing *h);

/* Whether so many notices came back about the mail that they cannot all be true: somebody copies
 * it. What is counted about one recipient takes nothing from another. False if nobody can tell; no
 * store is needed. */
bool recall_is_worn(const hearing *h);

#endif
