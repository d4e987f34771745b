/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A span is a borrowed run of bytes: mail is bytes, not strings. A span is never
 * NUL-terminated and never owned; it is valid as long as the buffer it points into.
 * All comparisons that say "nocase" fold ASCII letters only, as RFC 5322 does for
 * field names and RFC 2045 for tokens. Everything here is re-entrant.
 */
#ifndef BACKSTOP_BASE_SPAN_H
#define BACKSTOP_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct span {
    const char *ptr;
    size_t len;
} span;

/* ASCII classes that do not ask the locale. */
static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool ascii_is_alnum(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c);
}

static inline bool ascii_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* A span over a string literal. */
#define SPAN(literal) ((span){ (literal), sizeof(literal) - 1 })

/* The same in the initialiser of a table, where C takes no compound literal. */
#define SPAN_OF(literal)                                                                           \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

/* printf arguments for "%.*s"; the span must be known to be short. */
#define SPAN_ARG(s) (int)(s).len, (s).ptr

/* A span over a NUL-terminated string, empty for NULL. */
static inline span span_from_string(const char *text)
{
    return text == NULL ? (span){ "", 0 } : (span){ text, strlen(text) };
}

/* Without the white space (space, tab, CR, LF, NUL) at either end. */
span span_trim(span s);

/* The first `n` bytes, or all of them. */
static inline span span_head(span s, size_t n)
{
    return (span){ s.ptr, n < s.len ? n : s.len };
}

/* What follows the first `n` bytes, or nothing. */
static inline span span_skip(span s, size_t n)
{
    n = n < s.len ? n : s.len;
    /* Adding 0 to the NULL of an empty span would be undefined. */
    return n == 0 ? s : (span){ s.ptr + n, s.len - n };
}

static inline bool span_equal(span a, span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Whether the first `len` bytes at `a` and `b` are equal, letters without case. */
bool span_same_letters(const char *a, const char *b, size_t len);

/* Most comparisons end with the length or the first letter: those two are not worth a call. */
static inline bool span_equal_nocase(span a, span b)
{
    return a.len == b.len && (a.len == 0 || (ascii_lower(a.ptr[0]) == ascii_lower(b.ptr[0]) &&
                                             span_same_letters(a.ptr, b.ptr, a.len)));
}

static inline bool span_starts(span s, span prefix)
{
    return s.len >= prefix.len && span_equal(span_head(s, prefix.len), prefix);
}

static inline bool span_starts_nocase(span s, span prefix)
{
    return s.len >= prefix.len && span_equal_nocase(span_head(s, prefix.len), prefix);
}

bool span_ends_nocase(span s, span suffix);

/* Offset of the first match, or s.len if there is none. */
static inline size_t span_find_char(span s, char c)
{
    const char *hit = s.len > 0 ? (const char *)memchr(s.ptr, c, s.len) : NULL;
    return hit == NULL ? s.len : (size_t)(hit - s.ptr);
}

/* The same for a needle, letters without case. */
size_t span_find_nocase(span s, span needle);

/* Cuts the next line off `*rest` into `*line`, without its line end: CRLF, LF, or a
 * lone CR. False when nothing is left. */
bool span_next_line(span *rest, span *line);

/* The decimal number at the start of `s`, at most `max_digits` long, into `*value`;
 * returns how many digits were read, 0 if there is none. max_digits is at most 9. */
size_t span_read_number(span s, size_t max_digits, unsigned *value);

#endif
