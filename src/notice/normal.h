/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The normal form of text in which phrases are matched (data/phrases/README.md), with the mail
 * addresses that stood in it and the lines that it came from.
 */
#ifndef BACKSTOP_NOTICE_NORMAL_H
#define BACKSTOP_NOTICE_NORMAL_H

#include "base/span.h"

#include <glib.h>

typedef struct normal_address {
    span spec;      /* in the source: local@domain */
    unsigned line;  /* index of its line */
    unsigned start; /* offset of its "@" in the normal text */
    bool is_first;  /* nothing but white space and marks stands before it on its line */
    bool is_last;   /* nothing but marks stands after it on its line */
} normal_address;

typedef struct normal_line {
    span source;    /* in the source text, without its line end */
    unsigned start; /* where the line begins in the normal text */
} normal_line;

typedef struct normal_text {
    GString *text;     /* lines are joined by a space, paragraphs by '\n' */
    GArray *lines;     /* of normal_line */
    GArray *addresses; /* of normal_address, in order */
} normal_text;

normal_text *normal_new(void);

/* Takes NULL. */
void normal_free(normal_text *n);

/* Brings `source` (valid UTF-8, any line ends) into normal form, at most LIMIT_NOTICE_TEXT_BYTES of
 * it, replacing what was there. The spans point into `source`. */
void normal_read(normal_text *n, span source);

/* Takes back all lines that begin at or after `end` in the source. */
void normal_cut(normal_text *n, const char *end);

const normal_line *normal_line_at(const normal_text *n, unsigned index);
const normal_address *normal_address_at(const normal_text *n, unsigned index);

/* Finds the mail address around the '@' at offset `at` of `line`: into `*spec`, false if there is
 * none. A domain without a dot counts only in angle brackets. */
bool normal_find_address(span line, size_t at, span *spec);

#endif
