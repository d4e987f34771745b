/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What tells that a message is still the one that was judged, or moved: a digest of its bytes.
 * Programs that read an mbox note in the header what was read (Status, X-UID ...): those fields do
 * not count, nor do line ends at the end, so that looking at a message leaves it the same.
 */
#ifndef BACKSTOP_APP_MAIL_DIGEST_H
#define BACKSTOP_APP_MAIL_DIGEST_H

#include "base/span.h"

/* SHA-256 in hexadecimal digits, a dot, the length of the body in decimal ones, NUL. */
enum { MAIL_DIGEST_SIZE = 64 + 1 + 20 + 1 };

/* NUL-terminated; of words without blanks. */
void mail_digest(span message, char out[MAIL_DIGEST_SIZE]);

/* The length in it, which is found much faster than all of it: most messages differ in that. */
size_t mail_digest_body_len(span message);
size_t mail_digest_read_body_len(const char *digest);

#endif
