/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Bytes of any charset to UTF-8, most by own tables, the rest through GLib's iconv. The result is
 * always valid UTF-8 with U+FFFD for what could not be read, and never holds U+0000. Re-entrant.
 * Time is linear in the input. The output is at most three times the input, except for a few
 * charsets of which one byte can mean several characters (TSCII).
 */
#ifndef BACKSTOP_MESSAGE_CHARSET_H
#define BACKSTOP_MESSAGE_CHARSET_H

#include "base/span.h"

#include <glib.h>

/* Appends `bytes` as UTF-8. `label` is the charset's name as the mail gives it, any case, with
 * quotes, parameters behind it, or vendors' names ("cp-850", "x-sjis"); "gb2312" means GB18030,
 * "iso-8859-1" Windows-1252 and so on, as WHATWG's Encoding has it. Never fails: us-ascii, and an
 * empty or unknown label, are guessed: ISO-2022 escapes, then valid UTF-8, else what
 * charset_guess_label() says. A label that allows for the bytes is taken at its word.
 * 7-bit bytes with ISO-2022 escapes are that whatever the label says. A byte order mark at the
 * start is dropped. Pure ASCII of an ASCII-compatible charset is copied. */
void charset_to_utf8(span label, span bytes, GString *out);

/* Whether `bytes` are themselves in UTF-8 in every ASCII-compatible charset: no high bit, NUL or
 * ESC, which begins the escapes of ISO-2022. */
bool charset_is_plain(span bytes);

/* Appends `bytes` with U+FFFD for NUL and for what is not valid UTF-8: one for each maximal part
 * of a character, as Unicode (3.9) recommends and Python does. */
void charset_scrub_utf8(span bytes, GString *out);

#endif
