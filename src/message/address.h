/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Mail addresses: RFC 5322, 3.4 with the obsolete forms of 4.4 (comments and white space
 * between the parts, source routes, groups), RFC 6532 (UTF-8), and what the world really
 * sends: unbalanced quotes and brackets, missing commas, no angle brackets, a bare local part.
 * One pass over the bytes, no recursion: groups and comments nest as deep as they like.
 */
#ifndef BACKSTOP_MESSAGE_ADDRESS_H
#define BACKSTOP_MESSAGE_ADDRESS_H

#include "base/span.h"
#include "message/lexical.h"

#include <glib.h>

typedef struct address {
    /* The name beside it, raw: quotes and comments removed, encoded words not decoded, folding may
     * remain; the comment ("a@b (Name)") if there is no other name; may be empty. */
    span display;
    /* local@domain, or a bare local part; comments, folding, route and "<>" removed. Empty for
     * "<>", for several words without an address, and for one over LIMIT_ADDRESS_BYTES. A local
     * part keeps its quotes only where this reader needs them: "a..b"@c is a..b@c, as Japanese
     * carriers write both. */
    span spec;
} address;

typedef struct address_reader {
    lexical_scan scan;
    unsigned count;
} address_reader;

/* Starts on the value of a To, From, Cc, ... field; only LIMIT_VALUE_BYTES are read. */
void address_reader_init(address_reader *reader, span value);

/* The next address, or false at the end or after LIMIT_ADDRESSES. Group names are skipped,
 * their members are addresses as any other. Spans point into the value where the bytes stand
 * there as they are, else into copies in `store`, which the caller owns. */
bool address_next(address_reader *reader, GStringChunk *store, address *out);

/* The first address in `value` that has an "@", else the first; false if there is none. */
bool address_first(span value, GStringChunk *store, address *out);

/* Whether `s` is one plain address, local@domain, as a whole: used on words of free text,
 * so it is strict: no white space, no quotes, a domain with a dot and a last label that starts
 * with a letter, or a literal; no leading or trailing dot. Bytes above ASCII are taken, but a label
 * that mixes ASCII with scripts beyond Latin, Greek and Cyrillic is not: languages that put no
 * space between words would else glue text to the address. */
bool address_is_plain(span s);

/* The part before the last "@", and after it; the domain is empty if there is none. */
span address_local(span spec);
span address_domain(span spec);

/* ASCII case-insensitive on the whole address, as users expect (RFC 5321, 2.4 allows more). */
bool address_equal(span a, span b);

#endif
