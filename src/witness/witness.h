/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Witnesses: each says what it knows of whether we sent the returned mail, on its own, without
 * knowing of the others. A new one is a file and a line in the table of witness.c.
 */
#ifndef BACKSTOP_WITNESS_WITNESS_H
#define BACKSTOP_WITNESS_WITNESS_H

#include "base/iso_date.h"
#include "witness/hearing.h"

#include <backstop/judge.h>

enum { EVIDENCE_WHY_SIZE = 256, EVIDENCE_DAY_SIZE = sizeof "2026-11-23" };

/* What one witness says. BACKSTOP_CLAIM_NONE with an empty `why`: it has nothing to say; with a
 * sentence: it could not answer, and this is why. */
typedef struct evidence {
    const char *witness; /* its name, static */
    backstop_claim claim;
    backstop_strength strength;
    bool is_absence;             /* something that our mail has is missing: never proof by itself */
    char why[EVIDENCE_WHY_SIZE]; /* one clause for a person, without its full stop; UTF-8 */
} evidence;

typedef struct witness {
    const char *name;
    void (*testify)(const hearing *h, evidence *out); /* `out` is NONE and empty before */
} witness;

extern const witness witnesses[];
extern const size_t witness_count;

/* For witnesses. `why` begins in lower case and stands after "because" as well as alone; what does
 * not fit is cut off between two characters. Mail's own bytes go in only as texts that are UTF-8 on
 * one line; who prints it escapes it. */
void evidence_say(evidence *out, backstop_claim claim, backstop_strength strength, const char *why,
                  ...) G_GNUC_PRINTF(4, 5);

/* "forged, likely", because something is missing. */
void evidence_say_absent(evidence *out, const char *why, ...) G_GNUC_PRINTF(2, 3);

/* That the store could not tell what it was asked. */
void evidence_say_store_failed(evidence *out, const backstop_error *error);

/* "2026-11-23", in UTC; returns `out`. */
const char *evidence_day(int64_t unix_sec, char out[EVIDENCE_DAY_SIZE]);

void tag_testify(const hearing *h, evidence *out);
void prvs_testify(const hearing *h, evidence *out);
void ledger_testify(const hearing *h, evidence *out);
void dkim_testify(const hearing *h, evidence *out);
void path_testify(const hearing *h, evidence *out);

#endif
