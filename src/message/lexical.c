/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Comments, quoted strings and white space of structured fields (RFC 5322, 3.2). */
#include "message/lexical.h"

#include <string.h>

enum {
    ESCAPE = 0x1b,        /* ISO 2022 */
    GRAPHIC_FIRST = 0x21, /* the bytes of its two-byte characters */
    GRAPHIC_LAST = 0x7e,
};

lexical_scan lexical_start(span s)
{
    s = s.len == 0 ? SPAN("") : s; /* its pointer may be NULL */
    return (lexical_scan){ .at = s.ptr, .end = s.ptr + s.len };
}

const char *lexical_pass_escape(const char *at, const char *end)
{
    at++;
    if (at == end || (*at != '$' && *at != '(')) {
        return at;
    }
    bool wide = *at == '$';
    at++;
    if (wide && at < end && *at == '(') {
        at++;
    }
    if (at == end || !ascii_is_alnum(*at)) {
        /* ESC $ @ is JIS C 6226-1978; anything else is no designation. */
        if (!wide || at == end || *at != '@') {
            return at;
        }
    }
    /* ESC ( I is half-width katakana: one byte each, but as misleading. */
    wide = wide || *at == 'I';
    at++;
    while (wide && at < end && *at >= GRAPHIC_FIRST && *at <= GRAPHIC_LAST) {
        at++;
    }
    return at;
}

/* The next byte that matters inside a quoted string or comment, after the one at `at`. */
static const char *pass_inner(const char *at, const char *end)
{
    if (*at == '\\') {
        return end - at > 1 ? at + 2 : end;
    }
    return *at == ESCAPE ? lexical_pass_escape(at, end) : at + 1;
}

bool lexical_read_quoted(lexical_scan *scan, span *inner)
{
    const char *start = scan->at + 1;
    const char *at = start;
    while (!scan->no_quote && at < scan->end) {
        if (*at == '"') {
            *inner = (span){ start, (size_t)(at - start) };
            scan->at = at + 1;
            return true;
        }
        at = pass_inner(at, scan->end);
    }
    scan->no_quote = true;
    scan->at = start;
    return false;
}

/* Behind the comment whose inside starts at `at`; not `*closed` if its end is not found. Unless
 * comments nest, another "(" ends the search: the first one is stray then. */
static const char *pass_comment(const char *at, const char *end, bool nested, bool *closed)
{
    size_t depth = 1;
    *closed = false;
    while (at < end && (nested || *at != '(')) {
        if (*at == '(') {
            depth++;
        } else if (*at == ')' && --depth == 0) {
            *closed = true;
            return at + 1;
        }
        at = pass_inner(at, end);
    }
    return at;
}

bool lexical_read_comment(lexical_scan *scan, span *inner)
{
    const char *start = scan->at + 1;
    const char *behind = NULL;
    bool closed = false;
    if (!scan->unbalanced) {
        behind = pass_comment(start, scan->end, true, &closed);
        scan->unbalanced = !closed;
    }
    /* What an earlier search took for "\(" may be a "(" here: do not search twice. */
    if (!closed && (scan->stray_until == NULL || start > scan->stray_until)) {
        behind = pass_comment(start, scan->end, false, &closed);
        scan->stray_until = behind;
    }
    if (!closed) {
        scan->at = start;
        return false;
    }
    *inner = (span){ start, (size_t)(behind - 1 - start) };
    scan->at = behind;
    return true;
}

void lexical_skip_blank(lexical_scan *scan)
{
    span comment;
    while (scan->at < scan->end) {
        if (*scan->at == '(') {
            lexical_read_comment(scan, &comment);
        } else if (ascii_is_space(*scan->at) || *scan->at == '\0' || *scan->at == ')') {
            scan->at++;
        } else {
            return;
        }
    }
}

size_t lexical_unquote(span inner, char *out)
{
    size_t written = 0;
    const char *at = inner.ptr;
    const char *end = inner.ptr + inner.len;
    while (at < end) {
        const char *next = *at == ESCAPE ? lexical_pass_escape(at, end) : at + 1;
        if (*at == '\\' && next < end) {
            at = next;
            next = at + 1;
        }
        if (*at != '\r' && *at != '\n' && *at != '\0') {
            memmove(out + written, at, (size_t)(next - at));
            written += (size_t)(next - at);
        }
        at = next;
    }
    return written;
}
