/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One spelling for each mail address, so that two of them can be compared byte by byte; and the
 * plain address behind what mail systems make of one.
 */
#ifndef BACKSTOP_ADDRESS_H
#define BACKSTOP_ADDRESS_H

#include <backstop/error.h>

#include <stdbool.h>
#include <stddef.h>

/* Room for every address that can be mailed to, and for much longer ones. */
enum { BACKSTOP_ADDRESS_SIZE = 1024 };

/* The canonical form of "local@domain" or "@domain" into `out`, with a NUL: ASCII letters lowered,
 * the domain as A-labels without a dot at its end (RFC 5890), the local part in NFC, quotes only
 * where they are needed. No angle brackets. False, and an empty `out`, if it takes more room. */
BACKSTOP_CHECKED bool backstop_address_canonical(const char *spec, char out[BACKSTOP_ADDRESS_SIZE]);

/* The address inside of a canonical one, one layer of it taken off: BATV, then VERP, then a
 * sub-address (RFC 5233). False, and an empty `out`, if it bears none. An address is free to look
 * like this without being wrapped: what comes out is one more candidate. `out` may be `canonical`.
 */
BACKSTOP_CHECKED bool backstop_address_unwrap(const char *canonical,
                                              char out[BACKSTOP_ADDRESS_SIZE]);

/* Whether it is postmaster or abuse, with or without a domain or a sub-address, in any case: they
 * must hear of everything (RFC 2142, 4 and 5). */
BACKSTOP_CHECKED bool backstop_address_is_role(const char *address);

#endif
