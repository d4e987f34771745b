/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * DKIM signatures (RFC 6376, RFC 8463, RFC 8301) verified over a header alone, under keys that are
 * ours: what matters when a mail comes back without its body. Bytes and keys, no opinion.
 * Re-entrant and bounded: a check hashes each field once at most, and finds the signed ones in n
 * log n.
 */
#ifndef BACKSTOP_PROOF_DKIM_H
#define BACKSTOP_PROOF_DKIM_H

#include "base/span.h"
#include "message/field.h"
#include "proof/dkim_key.h"
#include "proof/dkim_signature.h"

enum { DKIM_SIGNATURES_TRIED = 5 }; /* of our domains, in one header */

/* Whether the signature read from field `index` of `header` holds under `k`, the body hash taken as
 * the signature states it. `text` is what the fields point into: the raw bytes of each, as its line
 * ends, are taken from there, whether lines end in CRLF, LF or CR. `h=` counts from the bottom
 * (5.4.2); names without a field of theirs sign its absence; the field itself is never among them.
 * False too if the key is of another kind, or has t=s and the identity is below d=. */
bool dkim_verify_header(const dkim_signature *s, const dkim_key *k, field_block header,
                        unsigned index, span text);

/* Whether `body` (raw, any line ends) has the hash that the signature states. l= is ignored: the
 * hash is over all of it. */
bool dkim_verify_body(const dkim_signature *s, span body);

#endif
