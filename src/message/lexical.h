/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The marks that structured fields share: comments, quoted strings and folding white space
 * (RFC 5322, 3.2.1 to 3.2.4). Mail often leaves a quote or parenthesis open: it is then a
 * stray mark, and what follows is read as if it were not there. The scan remembers what it
 * looked for in vain, so that a field full of open marks still costs linear time.
 *
 * Old Japanese mail bears ISO-2022-JP (RFC 1468) unencoded. Its two-byte characters look like
 * quotes and parentheses, so its escape sequences are skipped as a whole.
 */
#ifndef BACKSTOP_MESSAGE_LEXICAL_H
#define BACKSTOP_MESSAGE_LEXICAL_H

#include "base/span.h"

typedef struct lexical_scan {
    const char *at; /* the next byte */
    const char *end;
    const char *stray_until; /* a "(" up to here has no end; NULL at first */
    bool unbalanced;         /* a comment was found open */
    bool no_quote;           /* no closing quote follows */
} lexical_scan;

lexical_scan lexical_start(span s);

/* From the `"` that `at` stands on to behind its closing one; `inner` is what lies between, still
 * with its backslashes. False, and only the mark itself passed, if it is never closed. */
bool lexical_read_quoted(lexical_scan *scan, span *inner);

/* The same from a "(", comments within it included. Once one comment was found open, comments
 * are no longer taken to nest for the rest of the scan: of "(a (b)" the first mark is stray. */
bool lexical_read_comment(lexical_scan *scan, span *inner);

/* Passes white space, NUL, comments and stray parentheses. */
void lexical_skip_blank(lexical_scan *scan);

/* The first byte after the escape sequence that `at` stands on, ESC, and after the two-byte
 * characters that it introduces; at least at + 1. */
const char *lexical_pass_escape(const char *at, const char *end);

/* Writes a quoted string's inner bytes without backslashes, line ends and NUL into `out`, which
 * has room for inner.len bytes and may be inner.ptr itself; returns how many were written. */
size_t lexical_unquote(span inner, char *out);

#endif
