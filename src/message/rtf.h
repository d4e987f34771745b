/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Rich Text Format, as far as Exchange packs message texts into it: decompression ([MS-OXRTFCP])
 * and the plain text of it. Used by tnef.c. Re-entrant; linear time, no recursion.
 */
#ifndef BACKSTOP_MESSAGE_RTF_H
#define BACKSTOP_MESSAGE_RTF_H

#include "base/span.h"

#include <glib.h>

/* Appends the bytes of a PR_RTF_COMPRESSED value, at most `max_bytes` of them. What its header
 * says of sizes and checksum is not trusted; a stream that breaks off yields what came before.
 * False if `bytes` is no such value. */
bool rtf_decompress(span bytes, size_t max_bytes, GString *out);

/* Appends the text of an RTF document as UTF-8 without NUL, '\n' after each paragraph and table
 * row, a tab between cells; pictures, tables of fonts and the like, and hidden HTML are dropped.
 * Appends at most `max_bytes`. */
void rtf_to_text(span rtf, size_t max_bytes, GString *out);

#endif
