/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Domain names beyond ASCII as A-labels (RFC 5890, 2.3.2.1; Punycode, RFC 3492).
 */
#ifndef BACKSTOP_MESSAGE_IDNA_H
#define BACKSTOP_MESSAGE_IDNA_H

#include "base/span.h"

#include <glib.h>

/* Appends `domain`, which is UTF-8 of at most LIMIT_ADDRESS_BYTES, with each label that is not
 * ASCII as an A-label, of the lower-case form that looks the same (NFKC), and all in lower case.
 * False, and nothing appended, if it is not UTF-8, too long, or holds what no domain name has. */
bool idna_append(span domain, GString *out);

#endif
