/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "base/span.h"

#include <string.h>

static bool is_trimmed(char c)
{
    return ascii_is_space(c) || c == '\0';
}

span span_trim(span s)
{
    while (s.len > 0 && is_trimmed(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_trimmed(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

bool span_same_letters(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (a[i] != b[i] && ascii_lower(a[i]) != ascii_lower(b[i])) {
            return false;
        }
    }
    return true;
}

bool span_ends_nocase(span s, span suffix)
{
    return s.len >= suffix.len && span_equal_nocase(span_skip(s, s.len - suffix.len), suffix);
}

size_t span_find_nocase(span s, span needle)
{
    if (needle.len == 0 || needle.len > s.len) {
        return needle.len == 0 ? 0 : s.len;
    }
    char lower = ascii_lower(needle.ptr[0]);
    for (size_t i = 0; i + needle.len <= s.len; i++) {
        if (ascii_lower(s.ptr[i]) == lower &&
            span_same_letters(s.ptr + i, needle.ptr, needle.len)) {
            return i;
        }
    }
    return s.len;
}

/* The first CR or LF. Each is looked for in steps, lest one that is far away, or nowhere, be
 * looked for from every line anew. */
static size_t find_line_end(span s)
{
    size_t done = 0;
    for (size_t step = 128; done < s.len; step *= 2) {
        span window = span_head(span_skip(s, done), step);
        size_t n = span_find_char(window, '\n');
        n = span_find_char(span_head(window, n), '\r');
        if (n < window.len) {
            return done + n;
        }
        done += window.len;
    }
    return s.len;
}

bool span_next_line(span *rest, span *line)
{
    if (rest->len == 0) {
        return false;
    }
    size_t n = find_line_end(*rest);
    *line = span_head(*rest, n);
    if (n + 1 < rest->len && rest->ptr[n] == '\r' && rest->ptr[n + 1] == '\n') {
        n++;
    }
    *rest = span_skip(*rest, n + 1);
    return true;
}

size_t span_read_number(span s, size_t max_digits, unsigned *value)
{
    size_t n = 0;
    *value = 0;
    while (n < s.len && n < max_digits && ascii_is_digit(s.ptr[n])) {
        *value = *value * 10 + (unsigned)(s.ptr[n] - '0');
        n++;
    }
    return n;
}
