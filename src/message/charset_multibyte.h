/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * How well a text fits UTF-8 and the double-byte charsets of East Asia; a part of charset_guess.c,
 * which has the single-byte ones and explains the measure. Re-entrant, time linear in the size.
 */
#ifndef BACKSTOP_MESSAGE_CHARSET_MULTIBYTE_H
#define BACKSTOP_MESSAGE_CHARSET_MULTIBYTE_H

#include <stddef.h>

enum {
    /* Zeros that must stand behind the text: a character cut off at the end is looked at. */
    CHARSET_MULTIBYTE_MARGIN = 4,
};

/* The label of the charset in which the `size` bytes at `p` cost least: utf-8, euc-jp, shift_jis,
 * gb18030, big5 or euc-kr, a static string; and that cost. */
const char *charset_multibyte_cheapest(const unsigned char *p, size_t size, unsigned *half_bits);

#endif
