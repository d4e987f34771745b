/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The decision table (docs/how-it-decides.md): total, and small enough to be read. Sees evidence
 * only.
 */
#ifndef BACKSTOP_VERDICT_DECIDE_H
#define BACKSTOP_VERDICT_DECIDE_H

#include <backstop/judge.h>

#include <stdbool.h>

typedef struct decision {
    backstop_verdict verdict;
    backstop_confidence confidence;
} decision;

/* `genuine`: the strongest such claim. `forged`: the strongest, at most LIKELY, for absence is
 * never proof; `is_proven_forged`: the rule of several witnesses for a closed domain holds. */
decision decide(backstop_strength genuine, backstop_strength forged, bool is_proven_forged);

#endif
