/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Keyed hashes, random bytes, and comparing in constant time; all of it OpenSSL's.
 */
#ifndef BACKSTOP_PROOF_SECRET_H
#define BACKSTOP_PROOF_SECRET_H

#include "base/span.h"

#include <glib.h>
#include <stdint.h>

enum { SECRET_MAC_BYTES = 32 };

/* A key made ready for HMAC-SHA-256 (RFC 2104), so that each use costs two blocks;
 * threads may share it. */
typedef struct secret_mac secret_mac;

/* NULL if OpenSSL has no HMAC-SHA-256 to give: its configuration is broken. */
secret_mac *secret_mac_new(const unsigned char *key, size_t key_len);

/* Wipes it. Takes NULL. */
void secret_mac_free(secret_mac *mac);

/* The MAC over the pieces with one NUL between each two, as all our contracts have it. No piece
 * but the last may hold a NUL, or two lists of pieces could have the same MAC. */
void secret_mac_compute(secret_mac *mac, const span *pieces, size_t count,
                        unsigned char out[SECRET_MAC_BYTES]);

enum { SECRET_SHA1_BYTES = 20 };

/* HMAC-SHA-1, which BATV demands; where three bytes of it are enough, SHA-1 is as well. False if
 * OpenSSL has none to give: some policies forbid it. */
bool secret_hmac_sha1(const unsigned char *key, size_t key_len, span data,
                      unsigned char out[SECRET_SHA1_BYTES]);

/* Whether both are equal, in a time that depends on `len` alone. */
bool secret_equal(const void *a, const void *b, size_t len);

/* False if the system has no randomness to give. */
bool secret_random(unsigned char *out, size_t len);

/* base64url without padding (RFC 4648, 5): appends. */
void secret_append_base64url(GString *out, const unsigned char *bytes, size_t len);

/* Exactly `len` bytes out of base64url or base64 text, with or without padding, white space in it
 * ignored. False if it is anything else, a non-canonical last character included; `out` then holds
 * anything. */
bool secret_read_base64url(span text, unsigned char *out, size_t len);

#endif
