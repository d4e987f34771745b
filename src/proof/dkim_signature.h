/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * DKIM-Signature fields (RFC 6376, 3.5): what their tags say. No key and no hashing here.
 */
#ifndef BACKSTOP_PROOF_DKIM_SIGNATURE_H
#define BACKSTOP_PROOF_DKIM_SIGNATURE_H

#include "base/span.h"
#include "message/field.h"
#include "proof/dkim_key.h"

#include <stdint.h>

enum {
    DKIM_SIGNED_NAMES_MAX = 200, /* in h=; signers that name absent fields too come to 60 */
    DKIM_DATA_BYTES_MAX = DKIM_RSA_BITS_MAX / 8,
};

/* The tags of one DKIM-Signature that matter here; spans into the field's value. */
typedef struct dkim_signature {
    dkim_algorithm algorithm; /* a= */
    bool header_is_relaxed;   /* c= */
    bool body_is_relaxed;
    span domain;   /* d= */
    span selector; /* s= */
    span identity; /* i=, at d= or below it; empty if absent */
    bool has_time, has_expiry;
    int64_t time_sec, expiry_sec; /* t=, x= */
    span signed_names;            /* h=, with its colons and folding */
    bool has_length;              /* l=: the body hash is not over all of the body */
    span data_text;               /* b= as it stands, all between "=" and ";" */
    unsigned char data[DKIM_DATA_BYTES_MAX];
    size_t data_len;
    unsigned char body_hash[DKIM_HASH_BYTES]; /* bh= */
} dkim_signature;

/* Reads a field value. False if it is no signature of version 1: a needed tag missing, any tag
 * doubled, a value not as it must be (numbers have up to 12 digits, an identity is at d= or below,
 * x= is later than t=), an algorithm other than rsa-sha256 and ed25519-sha256, From not among the
 * signed, or more names signed than DKIM_SIGNED_NAMES_MAX. q=, z= and unknown tags are passed over,
 * and so are names without a letter in h=.
 * That it holds at some time (x=) is for the caller to ask. */
bool dkim_signature_read(span value, dkim_signature *out);

/* The d= of a field value, even of one that dkim_signature_read() refuses, with `selector` the s=:
 * whether somebody's signature is missing is another question than whether it can be checked.
 * Empty where there is none. */
span dkim_signature_domain(span value, span *selector);

/* Whether the identity is below d= and not at it. */
bool dkim_signature_is_below(const dkim_signature *s);

/* How many fields of that name are signed (how often h= names it). */
unsigned dkim_signed_count(const dkim_signature *s, span name);

/* Whether `header` holds exactly one field of that name, and it is signed: then the value that a
 * reader sees is the signer's. */
bool dkim_signs_the_only(const dkim_signature *s, field_block header, const char *name);

#endif
