/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the notice's own text says of one address: the lines from where it is mentioned to the end
 * of the paragraph or the next address, and the codes and reason in them.
 */
#ifndef BACKSTOP_NOTICE_DIAGNOSE_H
#define BACKSTOP_NOTICE_DIAGNOSE_H

#include "notice/clues.h"

typedef struct diagnosis {
    unsigned first_line; /* of clues.normal->lines */
    unsigned end_line;   /* behind the last; equal to first_line: nothing was said */
    span first_text;     /* what follows the address on its own line */
    reason_codes codes;
    backstop_reason reason; /* as phrases say */
    backstop_reason hint;   /* as single words suggest */
} diagnosis;

/* What is said after mention `index` (of clues.normal->addresses). */
diagnosis diagnose_mention(const clues *c, unsigned index);

/* The most telling diagnosis among all mentions of the address `spec`. */
diagnosis diagnose_address(const clues *c, span spec);

/* The codes, reason and hint in a text that is not the notice's own: a Diagnostic-Code. */
diagnosis diagnose_text(clues *c, span text);

#endif
