/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which charset 8-bit text without a usable label is most likely in. charset.c asks when the text
 * is not UTF-8. Re-entrant. Looks at 2 KB of the text: its first high bytes and what is
 * beside them.
 */
#ifndef BACKSTOP_MESSAGE_CHARSET_GUESS_H
#define BACKSTOP_MESSAGE_CHARSET_GUESS_H

#include "base/span.h"

/* A label that charset_to_utf8() knows, as a static string: utf-8 (broken in places), euc-jp,
 * shift_jis, gb18030, big5, euc-kr, koi8-r, koi8-u, windows-1250 to windows-1256, iso-8859-2,
 * iso-8859-5 or tis-620. Windows-1252 unless another fits the text far better; so for ASCII too,
 * and for an empty span. */
const char *charset_guess_label(span bytes);

#endif
