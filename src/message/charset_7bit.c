/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* ISO-2022 and HZ, the 7-bit encodings of East Asia, to the 8-bit form of the same sets. */
#include "message/charset_7bit.h"

#include <string.h>

enum {
    SHIFT_OUT = 0x0E,
    SHIFT_IN = 0x0F,
    ESC = 0x1B,
};

bool charset_7bit_has_escapes(span bytes)
{
    bytes = span_skip(bytes, span_find_char(bytes, ESC));
    return bytes.len > 0 && (memmem(bytes.ptr, bytes.len, "\033$", 2) != NULL ||
                             memmem(bytes.ptr, bytes.len, "\033(J", 3) != NULL ||
                             memmem(bytes.ptr, bytes.len, "\033(I", 3) != NULL);
}

static void append_pair(span pair, GString *eight_bit)
{
    for (size_t i = 0; i < pair.len; i++) {
        g_string_append_c(eight_bit, (char)(pair.ptr[i] | 0x80));
    }
}

static bool is_graphic(char c)
{
    return c > 0x20 && c < 0x7F;
}

/* Sets the high bits of the characters at the start of `s` that are in a double-byte set, and
 * returns the bytes read. A second byte that cannot be one is left to stand alone. */
static size_t raise_pair(span s, GString *eight_bit)
{
    size_t n = s.len > 1 && is_graphic(s.ptr[1]) ? 2 : 1;
    append_pair(span_head(s, n), eight_bit);
    return n;
}

typedef enum iso_2022_mode {
    MODE_ASCII,
    MODE_KANA,   /* JIS X 0201, half-width */
    MODE_DOUBLE, /* JIS X 0208, KS X 1001, GB 2312 */
    MODE_SECOND, /* JIS X 0212 */
} iso_2022_mode;

/* Reads the escape sequence at the start of `s`; returns its length, 1 if it is none we know. */
static size_t read_escape(span s, iso_2022_mode *mode)
{
    static const struct {
        span sequence;
        iso_2022_mode mode;
    } escapes[] = {
        { { "\033$B", 3 }, MODE_DOUBLE },  { { "\033(B", 3 }, MODE_ASCII },
        { { "\033(J", 3 }, MODE_ASCII },   { { "\033(H", 3 }, MODE_ASCII },
        { { "\033$@", 3 }, MODE_DOUBLE },  { { "\033(I", 3 }, MODE_KANA },
        { { "\033$(B", 4 }, MODE_DOUBLE }, { { "\033$(@", 4 }, MODE_DOUBLE },
        { { "\033$(D", 4 }, MODE_SECOND }, { { "\033$(Q", 4 }, MODE_DOUBLE },
        { { "\033$(O", 4 }, MODE_DOUBLE }, { { "\033$)C", 4 }, MODE_ASCII },
        { { "\033$)A", 4 }, MODE_ASCII },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(escapes); i++) {
        if (span_starts(s, escapes[i].sequence)) {
            *mode = escapes[i].mode;
            return escapes[i].sequence.len;
        }
    }
    return 1;
}

static size_t raise_iso_2022_char(span s, iso_2022_mode mode, GString *eight_bit)
{
    if (mode == MODE_ASCII || !is_graphic(s.ptr[0])) {
        g_string_append_c(eight_bit, s.ptr[0]);
        return 1;
    }
    if (mode == MODE_KANA) {
        g_string_append_c(eight_bit, '\x8E');
        append_pair(span_head(s, 1), eight_bit);
        return 1;
    }
    if (mode == MODE_SECOND) {
        g_string_append_c(eight_bit, '\x8F');
    }
    return raise_pair(s, eight_bit);
}

static const char *find_family(span bytes)
{
    if (memmem(bytes.ptr, bytes.len, "\033$)C", 4) != NULL) {
        return "CP949"; /* RFC 1557 */
    }
    return memmem(bytes.ptr, bytes.len, "\033$)A", 4) != NULL ? "GB18030" /* RFC 1922 */
                                                              : "EUC-JP-MS";
}

const char *charset_7bit_raise_iso_2022(span bytes, GString *eight_bit)
{
    const char *family = find_family(bytes);
    iso_2022_mode shifted = strcmp(family, "EUC-JP-MS") == 0 ? MODE_KANA : MODE_DOUBLE;
    iso_2022_mode mode = MODE_ASCII;
    while (bytes.len > 0) {
        char c = bytes.ptr[0];
        size_t n = 1;
        if (c == ESC) {
            n = read_escape(bytes, &mode);
        } else if (c == SHIFT_OUT) {
            mode = shifted;
        } else if (c == SHIFT_IN) {
            mode = MODE_ASCII;
        } else {
            mode = c == '\n' || c == '\r' ? MODE_ASCII : mode;
            n = raise_iso_2022_char(bytes, mode, eight_bit);
        }
        bytes = span_skip(bytes, n);
    }
    return family;
}

const char *charset_7bit_raise_hz(span bytes, GString *eight_bit)
{
    bool is_double = false;
    while (bytes.len > 0) {
        size_t n = 1;
        if (span_starts(bytes, SPAN("~{")) || span_starts(bytes, SPAN("~}"))) {
            is_double = bytes.ptr[1] == '{';
            n = 2;
        } else if (!is_double && span_starts(bytes, SPAN("~~"))) {
            g_string_append_c(eight_bit, '~');
            n = 2;
        } else if (!is_double && span_starts(bytes, SPAN("~\n"))) {
            n = 2;
        } else if (is_double && is_graphic(bytes.ptr[0])) {
            n = raise_pair(bytes, eight_bit);
        } else {
            is_double = is_double && bytes.ptr[0] != '\n' && bytes.ptr[0] != '\r';
            g_string_append_c(eight_bit, bytes.ptr[0]);
        }
        bytes = span_skip(bytes, n);
    }
    return "GB18030";
}
