/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Header text to readable UTF-8. Encoded words are collected as bytes while their charset stays
 * the same, because senders split characters between them, and converted in one go.
 */
#include "message/encoded_word.h"

#include "message/charset.h"
#include "message/limits.h"
#include "message/transfer.h"

#include <string.h>

enum {
    /* The longest charset label that is looked at, with RFC 2231's language behind it. */
    CHARSET_BYTES = 60,
};

typedef struct encoded_word {
    span charset;
    char encoding; /* 'b' or 'q' */
    span text;
    size_t len; /* bytes of the whole word in the value */
} encoded_word;

/* Where the decoding of one value stands. */
typedef struct decoding {
    span value;
    size_t next_end;  /* offset of a "?=": none lies between where it was looked for and there */
    span charset;     /* of `pending` */
    GString *pending; /* decoded bytes of the words that ended just before, or empty */
    GString *text;
} decoding;

/* The offset of the next "?=" from `from` on, or value.len. Offsets only grow, and each byte is
 * searched once, so that a value full of "=?" without an end takes linear time. */
static size_t find_end(decoding *state, size_t from)
{
    if (state->next_end < from) {
        span rest = span_skip(state->value, from);
        const char *hit = memmem(rest.ptr, rest.len, "?=", 2);
        state->next_end = hit == NULL ? state->value.len : (size_t)(hit - state->value.ptr);
    }
    return state->next_end;
}

/* Where the text from `from` on ends if its "?=" is missing: at the next word, or, if nothing
 * ends after it at all (`end` is the end of the value), at white space. */
static size_t find_lost_end(span value, size_t from, size_t end)
{
    for (size_t i = from; i < end; i++) {
        if (ascii_is_space(value.ptr[i]) &&
            (end == value.len || span_starts(span_skip(value, i + 1), SPAN("=?")))) {
            return i;
        }
    }
    return end;
}

/* Reads the encoded word at offset `at`, where "=?" stands. */
static bool read_word(decoding *state, size_t at, encoded_word *word)
{
    span rest = span_skip(state->value, at + 2);
    size_t n = 0;
    while (n < rest.len && n < CHARSET_BYTES && rest.ptr[n] != '?' && rest.ptr[n] > ' ') {
        n++;
    }
    if (n + 2 >= rest.len || rest.ptr[n] != '?' || rest.ptr[n + 2] != '?') {
        return false;
    }
    word->charset = span_head(rest, n);
    word->charset.len = span_find_char(word->charset, '*'); /* RFC 2231, 5: a language follows */
    word->encoding = ascii_lower(rest.ptr[n + 1]);
    if (word->encoding != 'b' && word->encoding != 'q') {
        return false;
    }
    size_t from = at + 2 + n + 3;
    size_t mark = find_end(state, from);
    size_t end = find_lost_end(state->value, from, mark);
    word->text = (span){ state->value.ptr + from, end - from };
    if (end == state->value.len && span_ends_nocase(word->text, SPAN("?"))) {
        word->text.len--; /* cut within the "?=" */
    }
    word->len = end - at + (end == mark && end < state->value.len ? 2 : 0);
    return true;
}

/* RFC 2047, 4.2. Folding within the word is dropped, spaces are kept: both are against the rules
 * and both occur. */
static void decode_q(span text, GString *out)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        int high = c == '=' && i + 2 < text.len ? g_ascii_xdigit_value(text.ptr[i + 1]) : -1;
        int low = high >= 0 ? g_ascii_xdigit_value(text.ptr[i + 2]) : -1;
        if (low >= 0) {
            g_string_append_c(out, (char)(high << 4 | low));
            i += 2;
        } else if (c == '\r' || c == '\n') {
            while (i + 1 < text.len && ascii_is_space(text.ptr[i + 1])) {
                i++;
            }
        } else {
            g_string_append_c(out, c == '_' ? ' ' : c);
        }
    }
}

static void flush(decoding *state)
{
    charset_to_utf8(state->charset, (span){ state->pending->str, state->pending->len },
                    state->text);
    g_string_truncate(state->pending, 0);
}

static void add_word(decoding *state, const encoded_word *word)
{
    if (!span_equal_nocase(state->charset, word->charset)) {
        flush(state);
        state->charset = word->charset;
    }
    if (word->encoding == 'q') {
        decode_q(word->text, state->pending);
    } else {
        transfer_decode(TRANSFER_BASE64, word->text, LIMIT_VALUE_BYTES, state->pending);
    }
}

static void add_literal(decoding *state, span literal)
{
    flush(state);
    charset_to_utf8((span){ "", 0 }, literal, state->text);
}

static void decode_words(decoding *state)
{
    span value = state->value;
    size_t literal_at = 0;
    bool after_word = false;
    size_t at = 0;
    while (at + 2 <= value.len) {
        const char *hit = memmem(value.ptr + at, value.len - at, "=?", 2);
        encoded_word word;
        if (hit == NULL) {
            break;
        }
        at = (size_t)(hit - value.ptr);
        if (!read_word(state, at, &word)) {
            at++;
            continue;
        }
        span between = { value.ptr + literal_at, at - literal_at };
        /* White space between two encoded words is not text (RFC 2047, 6.2). */
        if (!after_word || span_trim(between).len > 0) {
            add_literal(state, between);
        }
        add_word(state, &word);
        at += word.len;
        literal_at = at;
        after_word = true;
    }
    add_literal(state, span_skip(value, literal_at));
}

/* Appends `text` with every run of white space as one space, and none at either end. */
static void append_collapsed(span text, GString *out)
{
    text = span_trim(text);
    while (text.len > 0) {
        size_t n = 0;
        while (n < text.len && !ascii_is_space(text.ptr[n])) {
            n++;
        }
        g_string_append_len(out, text.ptr, (gssize)n);
        text = span_skip(text, n);
        n = 0;
        while (n < text.len && ascii_is_space(text.ptr[n])) {
            n++;
        }
        text = span_skip(text, n);
        if (n > 0) {
            g_string_append_c(out, ' ');
        }
    }
}

bool encoded_word_may_stand_in(span raw)
{
    return raw.len >= 2 && memmem(raw.ptr, raw.len, "=?", 2) != NULL;
}

void encoded_word_decode(span raw, GString *out)
{
    span value = span_head(raw, LIMIT_VALUE_BYTES);
    if (charset_is_plain(value) && !encoded_word_may_stand_in(value)) {
        append_collapsed(value, out); /* as most values are */
        return;
    }
    decoding state = { value, 0, { "", 0 }, g_string_new(NULL), g_string_sized_new(value.len) };
    decode_words(&state);
    append_collapsed((span){ state.text->str, state.text->len }, out);
    g_string_free(state.pending, TRUE);
    g_string_free(state.text, TRUE);
}
