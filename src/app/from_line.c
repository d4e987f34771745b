/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/from_line.h"

/* The sender may hold blanks, but hardly more than some. */
enum { MAX_WORDS = 32, MAX_ZONES = 2 };

static size_t split_words(span line, span words[MAX_WORDS])
{
    size_t count = 0;
    size_t at = 0;
    while (true) {
        while (at < line.len && ascii_is_space(line.ptr[at])) {
            at++;
        }
        if (at == line.len) {
            return count;
        }
        if (count == MAX_WORDS) {
            return 0;
        }
        size_t start = at;
        while (at < line.len && !ascii_is_space(line.ptr[at])) {
            at++;
        }
        words[count++] = (span){ line.ptr + start, at - start };
    }
}

static bool is_month(span word)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (size_t i = 0; i + 3 < sizeof months; i += 3) {
        if (span_equal_nocase(word, (span){ months + i, 3 })) {
            return true;
        }
    }
    return false;
}

static bool is_number(span word, size_t min_digits, size_t max_digits)
{
    unsigned value;
    return word.len >= min_digits && word.len <= max_digits &&
           span_read_number(word, max_digits, &value) == word.len;
}

/* "20:24" or "20:24:50" */
static bool is_time(span word)
{
    size_t colon = span_find_char(word, ':');
    if (!is_number(span_head(word, colon), 1, 2)) {
        return false;
    }
    span rest = span_skip(word, colon + 1);
    colon = span_find_char(rest, ':');
    return is_number(span_head(rest, colon), 2, 2) &&
           (colon == rest.len || is_number(span_skip(rest, colon + 1), 2, 2));
}

/* "+0100", "MET", "(CEST)" */
static bool is_zone(span word)
{
    if (word.len == 5 && (word.ptr[0] == '+' || word.ptr[0] == '-')) {
        return is_number(span_skip(word, 1), 4, 4);
    }
    if (word.len > 2 && word.ptr[0] == '(' && word.ptr[word.len - 1] == ')') {
        word = (span){ word.ptr + 1, word.len - 2 };
    }
    for (size_t i = 0; i < word.len; i++) {
        if (!ascii_is_alpha(word.ptr[i])) {
            return false;
        }
    }
    return word.len >= 1 && word.len <= 5;
}

static size_t skip_zones(const span *words, size_t count, size_t at)
{
    for (size_t zones = 0; zones < MAX_ZONES && at < count && is_zone(words[at]); zones++) {
        at++;
    }
    return at;
}

/* The index behind the date that starts with word `at`; 0 if none does. */
static size_t date_end(const span *words, size_t count, size_t at)
{
    if (count - at < 4) {
        return 0;
    }
    const span *w = words + at;
    if (is_month(w[0]) && is_number(w[1], 1, 2) && is_time(w[2])) {
        at = skip_zones(words, count, at + 3);
        bool has_year = at < count && is_number(words[at], 4, 4);
        return has_year ? skip_zones(words, count, at + 1) : 0;
    }
    if (is_number(w[0], 1, 2) && is_month(w[1]) && is_number(w[2], 4, 4) && is_time(w[3])) {
        return skip_zones(words, count, at + 4);
    }
    return 0;
}

bool from_line_is_separator(span line)
{
    if (!span_starts(line, SPAN("From ")) || line.len > FROM_LINE_BYTES) {
        return false;
    }
    span words[MAX_WORDS];
    size_t count = split_words(line, words);
    for (size_t i = 1; i < count; i++) {
        size_t end = date_end(words, count, i);
        bool is_last = end == count;
        bool is_uucp = end + 3 == count && span_equal(words[end], SPAN("remote"));
        if (end > 0 && (is_last || is_uucp)) {
            return true;
        }
    }
    return false;
}
