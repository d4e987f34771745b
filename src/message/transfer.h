/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Content-Transfer-Encoding: RFC 2045, 6. Broken input never fails: what cannot be decoded is
 * skipped (base64) or kept as it stands (quoted-printable).
 */
#ifndef BACKSTOP_MESSAGE_TRANSFER_H
#define BACKSTOP_MESSAGE_TRANSFER_H

#include "base/span.h"

#include <glib.h>

typedef enum transfer_encoding {
    TRANSFER_IDENTITY, /* 7bit, 8bit, binary, unknown or missing */
    TRANSFER_BASE64,
    TRANSFER_QUOTED_PRINTABLE,
    TRANSFER_UUENCODE, /* x-uuencode, uuencode */
} transfer_encoding;

/* The encoding that the field names, any case, with quotes, comments or parameters around it. */
transfer_encoding transfer_encoding_read(span value);

/* Appends the decoded bytes of `body` to `out`, at most `max_bytes` of them; returns false if
 * that limit cut something off. Line ends inside are left as they are. Base64 that is padded in
 * the middle goes on, unless a line follows that is none: list servers append footers. Uuencoded
 * data is what stands between "begin" and "end" lines; without "begin" the body is kept as it is.
 * Re-entrant; linear time, and no more memory than the output. */
bool transfer_decode(transfer_encoding encoding, span body, size_t max_bytes, GString *out);

#endif
