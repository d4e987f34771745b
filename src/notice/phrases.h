/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Finds every phrase of data/phrases in a text, in one pass. See data/phrases/README.md for what
 * the classes mean and how phrases match; normal.h makes the form that they match in.
 */
#ifndef BACKSTOP_NOTICE_PHRASES_H
#define BACKSTOP_NOTICE_PHRASES_H

#include "base/span.h"

#include <glib.h>

typedef enum phrase_class {
    PHRASE_FAILED,
    PHRASE_DELAYED,
    PHRASE_GAVE_UP,
    PHRASE_DELIVERED,
    PHRASE_REASON,
    PHRASE_HINT,
    PHRASE_AUTO_REPLY,
    PHRASE_LIST_REPLY,
    PHRASE_CHALLENGE,
    PHRASE_CONTENT_WARNING,
    PHRASE_READ_RECEIPT,
    PHRASE_SUBJECT,
    PHRASE_DAEMON,
    PHRASE_SEPARATOR,
    PHRASE_LABEL,
    PHRASE_HUMAN,
    PHRASE_CLASSES /* how many there are */
} phrase_class;

typedef struct phrase_hit {
    phrase_class class;
    unsigned value;  /* a backstop_reason for PHRASE_REASON and _HINT, a backstop_kind for
                        PHRASE_SUBJECT */
    unsigned weight; /* bytes of the phrase without its gap: longer says more */
    unsigned start;  /* offsets in the normal text */
    unsigned end;
    unsigned last_start; /* of the piece behind the gap, else start */
} phrase_hit;

/* The index of the first hit whose last piece starts at or after `offset`. Hits are in that order,
 * so all that lie in a region stand between this and the first whose last piece starts behind it.
 */
unsigned phrases_first_at(const GArray *hits, unsigned offset);

/* Appends to `hits` (of phrase_hit) every phrase in `normal`, by where its last piece starts. */
void phrases_find(span normal, GArray *hits);

/* No hit is longer than this: a phrase and its gap. */
enum { PHRASE_BYTES_MAX = 260 };

#endif
