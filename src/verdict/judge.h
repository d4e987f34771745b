/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The inside of a backstop_judgement. judge.c fills it, words.c puts it into words. */
#ifndef BACKSTOP_VERDICT_JUDGE_H
#define BACKSTOP_VERDICT_JUDGE_H

#include "verdict/decide.h"
#include "witness/witness.h"

#include <glib.h>

/* What kept the table's answer from being given. */
typedef enum reserve {
    RESERVE_NONE,
    RESERVE_LONE_ABSENCE, /* of one mailbox's owner: something missing, and nothing to bear it out
                           */
    RESERVE_MUST_HEAR,    /* to abuse@ or postmaster@, or a report about abuse */
    RESERVE_OTHERS,       /* proof for one returned message, and not for another beside it */
    RESERVE_CITED,        /* it rests on a header in a text, which a forger may have written */
    RESERVE_UNTAGGED,     /* it rests on a Message-ID, over a header that should bear our tag */
} reserve;

struct backstop_judgement {
    decision decision;
    reserve reserve;
    GArray *evidence; /* of evidence: claims, and witnesses that could not answer */
    int deciding;     /* in `evidence`; -1: none */
    char *explanation;
    char *field; /* NULL: no notice */

    /* For backstop_judgement_count(); canonical, owned. */
    GPtrArray *senders, *message_ids, *recipients;
};

/* The explanation: a new string. `judgement` has its decision and evidence. */
char *words_explain(const backstop_judgement *judgement, const backstop_notice *notice);

/* The value of the Backstop-Verdict field: a new string. */
char *words_field(const backstop_judgement *judgement, const backstop_notice *notice);

#endif
