/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Public keys for DKIM (RFC 6376, 3.6.1; RFC 8301; RFC 8463), as they stand in files: what is in
 * DNS, what opendkim-genkey writes for a zone, or PEM.
 */
#ifndef BACKSTOP_PROOF_DKIM_KEY_H
#define BACKSTOP_PROOF_DKIM_KEY_H

#include "base/span.h"

#include <backstop/error.h>

enum {
    DKIM_RSA_BITS_MIN = 1024, /* RFC 8301, 3.2 */
    DKIM_RSA_BITS_MAX = 8192, /* a check costs 0.3 ms; RFC 8301 asks for 4096 */
    DKIM_HASH_BYTES = 32,     /* SHA-256 */
};

typedef enum dkim_algorithm { DKIM_RSA_SHA256, DKIM_ED25519_SHA256 } dkim_algorithm;

/* A public key; never changes, threads may share it. */
typedef struct dkim_key dkim_key;

/* Reads DNS TXT form (bare, or zone file text: quoted strings that belong together, in brackets or
 * not) or PEM ("PUBLIC KEY", "RSA PUBLIC KEY"). `out` is to be freed with dkim_key_free().
 * BACKSTOP_ERROR_INVALID: unreadable, revoked (empty p=), s= without email, v= other than DKIM1,
 * below or above the sizes, h= without sha256, or neither RSA nor Ed25519. */
backstop_status dkim_key_read(span text, dkim_key **out, backstop_error *error);

/* Takes NULL. */
void dkim_key_free(dkim_key *k);

/* What it verifies. */
dkim_algorithm dkim_key_algorithm(const dkim_key *k);

/* t=s: an identity (i=) must be of the signing domain itself, not of one below it. */
bool dkim_key_is_strict(const dkim_key *k);

/* Whether `data` is this key's signature over a SHA-256 hash. Takes no state along: threads may
 * call it for one key at once. */
bool dkim_key_verify(const dkim_key *k, const unsigned char hash[DKIM_HASH_BYTES],
                     const unsigned char *data, size_t data_len);

#endif
