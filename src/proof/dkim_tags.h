/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What DKIM-Signature fields and DKIM key records are both written in: tag lists (RFC 6376, 3.2),
 * lists separated by colons, and base64. Any white space counts as folding white space, for line
 * ends differ in what comes back. Bounded, re-entrant, no memory of its own.
 */
#ifndef BACKSTOP_PROOF_DKIM_TAGS_H
#define BACKSTOP_PROOF_DKIM_TAGS_H

#include "base/span.h"

enum { DKIM_TAGS_MAX = 32 }; /* RFC 6376 knows 14 for a signature; more are a fault or a game */

typedef struct dkim_tag {
    span name;
    span raw; /* all that stands between "=" and the ";" or the end */
} dkim_tag;

typedef struct dkim_tags {
    dkim_tag list[DKIM_TAGS_MAX];
    unsigned count;
} dkim_tags;

/* Cuts the next "name=value" off `*rest`. False at the end, or if what stands there is none:
 * `*rest` is empty only at the end. */
bool dkim_tags_next(span *rest, dkim_tag *tag);

/* Reads the whole list. False if a piece of it is no tag, a name occurs twice (3.2: all of the list
 * is invalid then), a value holds control characters, or there are more tags than DKIM_TAGS_MAX.
 * Names keep their case, values are not looked at any further. */
bool dkim_tags_read(span text, dkim_tags *out);

/* The value of a tag without white space around it. False if there is no such tag. */
bool dkim_tags_find(const dkim_tags *tags, const char *name, span *value);

/* The same with the white space around it; empty if there is no such tag. */
span dkim_tags_raw(const dkim_tags *tags, const char *name);

/* Cuts the next item off a list separated by colons, without white space around it; items may be
 * empty. False at the end. */
bool dkim_list_next(span *rest, span *item);

/* Whether a list separated by colons holds the item, in any case. */
bool dkim_list_holds(span list, span item);

/* Decodes base64 (RFC 4648, 4) with white space anywhere in it, padded or not, to at most `max`
 * bytes. False if it is anything else, empty, or longer. */
bool dkim_base64_read(span text, unsigned char *out, size_t max, size_t *len);

#endif
