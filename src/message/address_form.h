/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One spelling for each address, so that hashes of it agree; and the plain addresses that stand
 * behind the forms which mail systems make of them for a single mail.
 */
#ifndef BACKSTOP_MESSAGE_ADDRESS_FORM_H
#define BACKSTOP_MESSAGE_ADDRESS_FORM_H

#include "base/span.h"

#include <glib.h>

/* Replaces `out` by the canonical form of `spec` (local@domain or a bare local part): ASCII letters
 * lowered, the domain as A-labels (RFC 5890) without a dot at its end, the local part in NFC,
 * quotes that it does not need removed and those that it needs added. Bytes that are no UTF-8 stay
 * as they are, and so do characters beyond ASCII in what is longer than LIMIT_ADDRESS_BYTES. NUL is
 * dropped. The canonical form of a canonical form is the same. */
void address_form_canonical(span spec, GString *out);

/* A domain alone, replacing `out`: ASCII letters lowered, A-labels, no dot at its end. */
void address_form_domain(span domain, GString *out);

/* What was made of an address. */
typedef enum address_wrapping {
    /* prvs=KDDDSSSSSS=local, btv1==HASH==local, msprvs1=HASH=local, local+prvs=KDDDSSSSSS */
    WRAPPED_BATV = 1 << 0,
    WRAPPED_VERP = 1 << 1,      /* local+user=domain, local-user=domain */
    WRAPPED_SUBADDRESS = 1 << 2 /* local+detail (RFC 5233) */
} address_wrapping;

/* Takes one layer off the canonical address in `spec`: BATV, then VERP, then a sub-address.
 * False if it bears none. `out` is replaced and must not be what `spec` points to. Addresses are
 * free to look like this without being wrapped: what comes out is one more candidate. SRS is left
 * alone: the address inside is a stranger's. Each layer shortens the address; two of each kind
 * are real, more are not. */
bool address_form_unwrap(span spec, GString *out, address_wrapping *layer);

/* SRS0=, SRS1= (and with + or -): mail of others that was sent on. */
bool address_form_is_srs(span spec);

/* What list managers send from, alone or with a recipient in it: owner-LIST@, LIST-owner@,
 * LIST-bounces@, LIST-bounces+user=host@, LIST-return-N-...@, LIST-request@, LIST+bnc...@,
 * bounce+...@. */
bool address_form_is_list_bounce(span spec);

/* abuse@ and postmaster@ (RFC 2142, 4 and 5), which must hear of everything. */
bool address_form_is_role(span spec);

#endif
