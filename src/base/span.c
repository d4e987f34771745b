/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "base/span.h"

#include <string.h>

span span_from_string(const char *text)
{
    return text == NULL ? (span){ "", 0 } : (span){ text, strlen(text) };
}

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

span span_head(span s, size_t n)
{
    return (span){ s.ptr, n < s.len ? n : s.len };
}

span span_skip(span s, size_t n)
{
    if (n == 0) {
        return s;
    }
    if (n > s.len) {
        n = s.len;
    }
    return n == 0 ? s : (span){ s.ptr + n, s.len - n };
}

bool span_equal(span a, span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool span_equal_nocase(span a, span b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool span_starts(span s, span prefix)
{
    return s.len >= prefix.len && span_equal(span_head(s, prefix.len), prefix);
}

bool span_starts_nocase(span s, span prefix)
{
    return s.len >= prefix.len && span_equal_nocase(span_head(s, prefix.len), prefix);
}

bool span_ends_nocase(span s, span suffix)
{
    return s.len >= suffix.len && span_equal_nocase(span_skip(s, s.len - suffix.len), suffix);
}

size_t span_find_char(span s, char c)
{
    const char *hit = s.len > 0 ? memchr(s.ptr, c, s.len) : NULL;
    return hit == NULL ? s.len : (size_t)(hit - s.ptr);
}

size_t span_find_nocase(span s, span needle)
{
    for (size_t i = 0; i + needle.len <= s.len; i++) {
        if (span_starts_nocase(span_skip(s, i), needle)) {
            return i;
        }
    }
    return s.len;
}

bool span_next_line(span *rest, span *line)
{
    if (rest->len == 0) {
        return false;
    }
    size_t n = 0;
    while (n < rest->len && rest->ptr[n] != '\n' && rest->ptr[n] != '\r') {
        n++;
    }
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
