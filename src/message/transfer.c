/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Content-Transfer-Encoding: base64, quoted-printable and uuencode to bytes. */
#include "message/transfer.h"

#include <stdint.h>

/* What is still allowed of the output. */
typedef struct sink {
    GString *out;
    size_t room;
    bool is_cut;
} sink;

static void sink_put(sink *to, const char *bytes, size_t len)
{
    if (len > to->room) {
        len = to->room;
        to->is_cut = true;
    }
    g_string_append_len(to->out, bytes, (gssize)len);
    to->room -= len;
}

transfer_encoding transfer_encoding_read(span value)
{
    static const struct {
        span name;
        transfer_encoding encoding;
    } names[] = {
        { { "base64", 6 }, TRANSFER_BASE64 },
        { { "quoted-printable", 16 }, TRANSFER_QUOTED_PRINTABLE },
        { { "base-64", 7 }, TRANSFER_BASE64 },
        { { "quotedprintable", 15 }, TRANSFER_QUOTED_PRINTABLE },
        { { "x-uuencode", 10 }, TRANSFER_UUENCODE },
        { { "uuencode", 8 }, TRANSFER_UUENCODE },
        { { "x-uue", 5 }, TRANSFER_UUENCODE },
        { { "uue", 3 }, TRANSFER_UUENCODE },
    };
    value = span_trim(value);
    if (value.len > 0 && value.ptr[0] == '(') {
        value = span_trim(span_skip(value, span_find_char(value, ')') + 1));
    }
    while (value.len > 0 && (value.ptr[0] == '"' || value.ptr[0] == '\'')) {
        value = span_skip(value, 1);
    }
    size_t len = 0;
    while (len < value.len && (ascii_is_alnum(value.ptr[len]) || value.ptr[len] == '-')) {
        len++;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (span_equal_nocase(span_head(value, len), names[i].name)) {
            return names[i].encoding;
        }
    }
    return TRANSFER_IDENTITY;
}

enum {
    BASE64_STOP = 0x40, /* the bit that both of these have */
    NO = BASE64_STOP,   /* not of base64: line ends, junk */
    PD = BASE64_STOP | 1,
};

/* RFC 2045, table 1. Bytes from 0x80 are looked up as 0. */
static const uint8_t BASE64_VALUES[128] = {
    /* clang-format off */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, NO, NO, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, PD, NO, NO,
    NO, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, NO,
    NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO,
    /* clang-format on */
};

static inline unsigned base64_value(char c)
{
    return BASE64_VALUES[c < 0 ? 0 : c];
}

/* Decodes whole groups of four up to the first byte that is no base64, at most `max` of them. */
static size_t base64_groups(span s, size_t max, char *to)
{
    size_t n = 0;
    for (; n < max && n * 4 + 4 <= s.len; n++) {
        const char *p = s.ptr + n * 4;
        unsigned a = base64_value(p[0]);
        unsigned b = base64_value(p[1]);
        unsigned c = base64_value(p[2]);
        unsigned d = base64_value(p[3]);
        if (((a | b | c | d) & BASE64_STOP) != 0) {
            break;
        }
        unsigned bits = a << 18 | b << 12 | c << 6 | d;
        to[n * 3] = (char)(bits >> 16);
        to[n * 3 + 1] = (char)(bits >> 8);
        to[n * 3 + 2] = (char)bits;
    }
    return n;
}

/* The 6-bit values of a group that is not whole yet. */
typedef struct base64_group {
    unsigned bits;
    unsigned count;
} base64_group;

/* A group that ends early still holds one or two bytes, padded or not. */
static void base64_flush(base64_group *group, sink *to)
{
    char bytes[2] = { (char)(group->bits >> (group->count == 3 ? 10 : 4)),
                      (char)(group->bits >> 2) };
    if (group->count >= 2) {
        sink_put(to, bytes, group->count - 1);
    }
    group->count = 0;
}

static void base64_add(base64_group *group, unsigned value, sink *to)
{
    group->bits = group->bits << 6 | value;
    group->count++;
    if (group->count == 4) {
        char bytes[3] = { (char)(group->bits >> 16), (char)(group->bits >> 8), (char)group->bits };
        sink_put(to, bytes, sizeof bytes);
        group->count = 0;
    }
}

/* Whether the line at the start of `s` is base64 as a whole; its length into `*len`. */
static bool base64_is_line(span s, size_t *len)
{
    span line = span_head(s, span_find_char(s, '\n'));
    *len = line.len;
    line = span_trim(line);
    for (size_t i = 0; i < line.len; i++) {
        if (base64_value(line.ptr[i]) == NO && line.ptr[i] != '\r') {
            return false;
        }
    }
    return true;
}

/*
 * Junk is skipped. After padding more base64 may follow (encoders that pad each block), but also
 * a footer in plain text that some list server added: it ends the body.
 */
static void base64_decode(span body, sink *to)
{
    base64_group group = { 0, 0 };
    bool is_padded = false;
    const char *known = body.ptr; /* up to here the lines after padding are base64 */
    while (body.len > 0 && !to->is_cut) {
        if (group.count == 0 && !is_padded) {
            char block[3 * 1024];
            size_t groups = base64_groups(body, sizeof block / 3, block);
            sink_put(to, block, groups * 3);
            body = span_skip(body, groups * 4);
            if (body.len == 0) {
                break;
            }
        }
        unsigned value = base64_value(body.ptr[0]);
        size_t line_len;
        if (value == PD) {
            base64_flush(&group, to);
            is_padded = true;
        } else if (value != NO) {
            if (is_padded && body.ptr >= known) {
                if (!base64_is_line(body, &line_len)) {
                    break;
                }
                known = body.ptr + line_len;
            }
            is_padded = false;
            base64_add(&group, value, to);
        } else if (is_padded && !ascii_is_space(body.ptr[0])) {
            break;
        }
        body = span_skip(body, 1);
    }
    base64_flush(&group, to);
}

/* Decodes one line without its end; returns whether it goes on in the next one. */
static bool qp_decode_line(span line, sink *to)
{
    while (line.len > 0) {
        size_t n = span_find_char(line, '=');
        sink_put(to, line.ptr, n);
        line = span_skip(line, n);
        if (line.len == 0) {
            break;
        }
        if (line.len == 1) {
            return true; /* a soft line break */
        }
        int high = line.len > 2 ? g_ascii_xdigit_value(line.ptr[1]) : -1;
        int low = line.len > 2 ? g_ascii_xdigit_value(line.ptr[2]) : -1;
        bool is_escape = high >= 0 && low >= 0;
        char c = is_escape ? (char)(high << 4 | low) : '=';
        sink_put(to, &c, 1);
        line = span_skip(line, is_escape ? 3 : 1);
    }
    return false;
}

static void qp_decode(span body, sink *to)
{
    span line;
    while (!to->is_cut && span_next_line(&body, &line)) {
        const char *line_end = line.ptr + line.len;
        /* White space at the end was added on the way (RFC 2045, 6.7, rule 3). */
        while (line.len > 0 && (line.ptr[line.len - 1] == ' ' || line.ptr[line.len - 1] == '\t')) {
            line.len--;
        }
        if (!qp_decode_line(line, to)) {
            sink_put(to, line_end, (size_t)(body.ptr - line_end));
        }
    }
}

static unsigned uu_value(char c)
{
    return ((unsigned)(unsigned char)c - ' ') & 0x3F;
}

/* One line: its length in bytes, then four characters for three of them. Spaces at the end,
 * which are zeros, may have been lost. */
static void uu_decode_line(span line, sink *to)
{
    size_t len = line.len > 0 ? uu_value(line.ptr[0]) : 0;
    line = span_skip(line, 1);
    while (len > 0 && line.len > 0) {
        unsigned bits = 0;
        for (size_t i = 0; i < 4; i++) {
            bits = bits << 6 | (i < line.len ? uu_value(line.ptr[i]) : 0);
        }
        char bytes[3] = { (char)(bits >> 16), (char)(bits >> 8), (char)bits };
        size_t n = len < sizeof bytes ? len : sizeof bytes;
        sink_put(to, bytes, n);
        len -= n;
        line = span_skip(line, 4);
    }
}

/* Everything between "begin" and "end" lines; the body as it stands if there is no "begin". */
static void uu_decode(span body, sink *to)
{
    span rest = body;
    span line;
    bool is_inside = false;
    bool has_begin = false;
    while (!to->is_cut && span_next_line(&rest, &line)) {
        if (!is_inside) {
            is_inside =
                span_starts(line, SPAN("begin ")) && line.len > 6 && ascii_is_digit(line.ptr[6]);
            has_begin = has_begin || is_inside;
        } else if (span_equal(span_trim(line), SPAN("end"))) {
            is_inside = false;
        } else {
            uu_decode_line(line, to);
        }
    }
    if (!has_begin) {
        sink_put(to, body.ptr, body.len);
    }
}

bool transfer_decode(transfer_encoding encoding, span body, size_t max_bytes, GString *out)
{
    sink to = { out, max_bytes, false };
    switch (encoding) {
    case TRANSFER_IDENTITY:
        sink_put(&to, body.ptr, body.len);
        break;
    case TRANSFER_BASE64:
        base64_decode(body, &to);
        break;
    case TRANSFER_QUOTED_PRINTABLE:
        qp_decode(body, &to);
        break;
    case TRANSFER_UUENCODE:
        uu_decode(body, &to);
        break;
    }
    return !to.is_cut;
}
