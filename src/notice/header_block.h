/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Finds a header block inside a text: a run of header fields, which marks the returned message
 * whatever line some mail system wrote above it.
 */
#ifndef BACKSTOP_NOTICE_HEADER_BLOCK_H
#define BACKSTOP_NOTICE_HEADER_BLOCK_H

#include "base/span.h"

typedef enum header_block_quality {
    BLOCK_NONE,
    BLOCK_SUMMARY, /* two or more of To, Subject, Date, ... as systems cite them in prose */
    BLOCK_HEADER,  /* the header of a message: has trace fields or a Message-ID with others */
} header_block_quality;

typedef struct header_block {
    header_block_quality quality;
    span from_here; /* the text from the block's first line on */
    size_t indent;  /* bytes of quoting or white space before each of its lines */
    bool names_author;
    bool is_inside; /* a summary stands before it, so it may be part of what came back */
} header_block;

/* The outermost block in `text`: its first summary if that names an author, which is then the head
 * of the returned message; else its first header, else its first summary. Notices also cite To and
 * Subject in prose before they return a header. */
header_block header_block_find(span text, char line_end);

#endif
