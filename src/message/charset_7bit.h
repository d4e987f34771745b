/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The 7-bit encodings of East Asia: ISO-2022-JP (RFC 1468, 1554), -KR (RFC 1557), the GB part of
 * -CN (RFC 1922), and HZ (RFC 1843). They are raised to the 8-bit encodings of the same character
 * sets, which iconv reads: it has no HZ, and loses the text where a line was cut.
 * Part of charset.c. Re-entrant.
 */
#ifndef BACKSTOP_MESSAGE_CHARSET_7BIT_H
#define BACKSTOP_MESSAGE_CHARSET_7BIT_H

#include "base/span.h"

#include <glib.h>

/* Whether `bytes` hold an escape sequence of ISO-2022 that selects a set other than ASCII. */
bool charset_7bit_has_escapes(span bytes);

/* Append the 8-bit form of `bytes`, and return iconv's name of its charset, a constant. Every
 * line starts in ASCII, whatever was lost before it. What is broken is left for iconv to refuse. */
const char *charset_7bit_raise_iso_2022(span bytes, GString *eight_bit);
const char *charset_7bit_raise_hz(span bytes, GString *eight_bit);

#endif
