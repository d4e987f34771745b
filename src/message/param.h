/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Content-Type and its kin: type "/" subtype *(";" attribute "=" value), RFC 2045, 5.1, with
 * comments, quoted values, and RFC 2231 (continuations, charset and percent encoding).
 */
#ifndef BACKSTOP_MESSAGE_PARAM_H
#define BACKSTOP_MESSAGE_PARAM_H

#include "base/span.h"

#include <glib.h>

typedef struct media_type {
    span type;    /* "text"; empty if the field is missing or broken */
    span subtype; /* "plain" */
} media_type;

/* The type of a raw Content-Type value. Spans point into it. Quotes around it are passed. The
 * "text" of RFC 1049, without a subtype, has an empty subtype. */
media_type media_type_read(span value);

/* Compares without case; a NULL `subtype` is any. */
static inline bool media_type_is(media_type type, const char *main_type, const char *subtype)
{
    return span_equal_nocase(type.type, span_from_string(main_type)) &&
           (subtype == NULL || span_equal_nocase(type.subtype, span_from_string(subtype)));
}

/* The value of parameter `name` (ASCII, compared without case) as UTF-8 where it was encoded by
 * RFC 2231, else its bytes; unquoted. `value` is a Content-Type, Content-Disposition or the like.
 * The first of several counts, and an encoded one before a plain one. Semicolons may be missing, an
 * unquoted value may hold spaces and any mark but the semicolon. False, and `out` untouched, if
 * it is not there among the first LIMIT_PARAMETERS. `out` is appended to. Only LIMIT_VALUE_BYTES
 * of `value` are read. */
bool param_read(span value, const char *name, GString *out);

#endif
