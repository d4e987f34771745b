/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Header fields: RFC 5322, 2.2 and 4.5 (white space before the colon), read line by line. Lines
 * that are neither a field nor a continuation are tolerated where fields go on after them.
 */
#ifndef BACKSTOP_MESSAGE_FIELD_H
#define BACKSTOP_MESSAGE_FIELD_H

#include "base/span.h"

#include <glib.h>

typedef struct header_field {
    span name;  /* without the colon and white space before it */
    span value; /* raw: folding kept, outer white space trimmed */
} header_field;

/* A run of fields inside an array that several blocks share. */
typedef struct field_block {
    const GArray *fields; /* of header_field */
    unsigned first;
    unsigned count;
} field_block;

/* Whether `line` starts a field; the length of its name in `*name_len`. */
bool field_starts_line(span line, size_t *name_len);

/* What the first line of an mbox entry or a "From " line left in a notice looks like. */
bool field_is_from_line(span line);

/* How often a header holds a field of that name (RFC 5322, 3.6), for the names that headers are
 * made of; USAGE_OTHER for any other name, which may as well be the first word of a text. */
typedef enum field_usage { USAGE_OTHER, USAGE_ONCE, USAGE_OFTEN } field_usage;
field_usage field_usage_of(span name);

/* The n-th field of a block. */
const header_field *field_at(field_block block, unsigned n);

/* The first field of that name (any case) at or after index `from`; NULL if there is none. */
const header_field *field_find(field_block block, span name, unsigned from);

/* The value of the first field of that name, empty if there is none. Inline, as the name's length
 * is then known. */
static inline span field_value(field_block block, const char *name)
{
    const header_field *found = field_find(block, span_from_string(name), 0);
    return found == NULL ? (span){ "", 0 } : found->value;
}

static inline bool field_exists(field_block block, const char *name)
{
    return field_find(block, span_from_string(name), 0) != NULL;
}

#endif
