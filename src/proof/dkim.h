/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * DKIM signatures (RFC 6376, RFC 8463, RFC 8301) verified over a header alone, under keys that are
 * ours: what matters when a mail comes back without its body. Bytes and keys, no opinion.
 */
#ifndef BACKSTOP_PROOF_DKIM_H
#define BACKSTOP_PROOF_DKIM_H

#include "base/span.h"
#include "message/field.h"

#include <backstop/error.h>

#include <glib.h>
#include <stdint.h>

enum {
    DKIM_SIGNATURES_TRIED = 5, /* of our domains, in one header */
    DKIM_RSA_BITS_MIN = 1024,  /* RFC 8301, 3.2 */
    DKIM_RSA_BITS_MAX = 8192,
};

/* A public key; never changes, threads may share it. */
typedef struct dkim_key dkim_key;

/* Reads DNS TXT form (bare, or zone file text: quoted strings that belong together, in brackets or
 * not) or PEM. BACKSTOP_ERROR_INVALID: unreadable, revoked (empty p=), s= without email, v= other
 * than DKIM1, below or above the sizes, h= without sha256, or neither RSA nor Ed25519. */
backstop_status dkim_key_read(span text, dkim_key **out, backstop_error *error);

/* Takes NULL. */
void dkim_key_free(dkim_key *k);

/* The tags of one DKIM-Signature that matter here; spans into the field's value. */
typedef struct dkim_signature {
    span domain;   /* d= */
    span selector; /* s= */
    span identity; /* i=, empty if absent */
    bool has_time, has_expiry;
    int64_t time_sec, expiry_sec; /* t=, x= */
    span signed_names;            /* h=, with its colons and folding */
    span algorithm, canonical, mac, body_hash;
    bool has_length; /* l=: the body hash is not over all of it */
} dkim_signature;

/* Reads a field value. False if it is no signature of version 1: a needed tag missing or doubled,
 * or an algorithm other than rsa-sha256 and ed25519-sha256, or From not among the signed. */
bool dkim_signature_read(span value, dkim_signature *out);

/* Whether the signature in field `index` of `header` holds under `k`, the body hash taken as the
 * signature states it. The raw bytes of each field are taken from where its name and value stand.
 * `h=` counts from the bottom (5.4.2). An identity outside of d= fails; t=s in the key is obeyed.
 */
bool dkim_verify_header(const dkim_signature *s, const dkim_key *k, field_block header,
                        unsigned index);

/* Whether `body` (raw, any line ends) has the hash that the signature states. l= is ignored: the
 * hash is over all of it. */
bool dkim_verify_body(const dkim_signature *s, span body);

/* How many fields of that name are signed (how often h= names it). */
unsigned dkim_signed_count(const dkim_signature *s, span name);

#endif
