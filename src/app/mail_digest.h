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

enum { MAIL_DIGEST_SIZE = 65 };

/* SHA-256 in lower case hexadecimal digits, NUL-terminated. */
void mail_digest(span message, char out[MAIL_DIGEST_SIZE]);

#endif
