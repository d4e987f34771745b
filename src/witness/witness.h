/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Witnesses: each says what it knows of whether we sent the returned mail, on its own, without
 * knowing of the others. A new one is a file and a line in the table of witness.c.
 */
#ifndef BACKSTOP_WITNESS_WITNESS_H
#define BACKSTOP_WITNESS_WITNESS_H

#include "witness/hearing.h"

#include <backstop/judge.h>

enum { EVIDENCE_WHY_SIZE = 256 };

/* What one witness says. BACKSTOP_CLAIM_NONE with an empty `why`: it has nothing to say; with a
 * sentence: it could not answer, and this is why. */
typedef struct evidence {
    const char *witness; /* its name, static */
    backstop_claim claim;
    backstop_strength strength;
    bool is_absence;             /* something that our mail has is missing: never proof by itself */
    char why[EVIDENCE_WHY_SIZE]; /* one sentence for a person, without its full stop; UTF-8 */
} evidence;

typedef struct witness {
    const char *name;
    void (*testify)(const hearing *h, evidence *out); /* `out` is NONE and empty before */
} witness;

extern const witness witnesses[];
extern const size_t witness_count;

/* For witnesses: fills `out`. Mail's own bytes go in only as %s of texts that the notice holds. */
void evidence_say(evidence *out, backstop_claim claim, backstop_strength strength, const char *why,
                  ...) G_GNUC_PRINTF(4, 5);

void tag_testify(const hearing *h, evidence *out);
void prvs_testify(const hearing *h, evidence *out);
void ledger_testify(const hearing *h, evidence *out);
void dkim_testify(const hearing *h, evidence *out);
void path_testify(const hearing *h, evidence *out);

#endif
