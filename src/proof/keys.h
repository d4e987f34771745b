/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The inside of backstop_keys: reading the key file, and which key signs and verifies when.
 * Writing the file: keys_file.h.
 */
#ifndef BACKSTOP_PROOF_KEYS_H
#define BACKSTOP_PROOF_KEYS_H

#include "base/span.h"
#include "proof/secret.h"

#include <backstop/keys.h>

#include <glib.h>
#include <stdint.h>

enum {
    KEY_ID_BYTES_MAX = 16,
    KEY_SECRET_BYTES = 32,     /* of a new one */
    KEY_SECRET_BYTES_MIN = 16, /* of any */
    KEY_SECRET_BYTES_MAX = 64,
    KEY_VERIFIES_AFTER_SEC = 30 * 86400, /* a retired key, after its expiry */
    KEYS_MAX = 1000,                     /* in one file: a new one a week for nineteen years */
    KEYS_FILE_BYTES_MAX = 1024 * 1024,
};

typedef enum key_purpose { KEY_TAG, KEY_LEDGER, KEY_PRVS } key_purpose;

typedef struct key {
    char id[KEY_ID_BYTES_MAX + 1];
    int64_t created_sec;
    bool has_expiry;
    int64_t expires_sec; /* it signs before this moment */
    key_purpose purpose;
    unsigned prvs_digit; /* the K of prvs=K..., for KEY_PRVS */
    unsigned char secret[KEY_SECRET_BYTES_MAX];
    size_t secret_len;
    secret_mac *mac;
} key;

struct backstop_keys {
    GArray *all; /* of key, as they stand in the file */
};

/* Reads the file's text. `path` is for the error's text alone. Statuses as backstop_keys_load(). */
backstop_status keys_read(span text, const char *path, backstop_keys **out, backstop_error *error);

const key *keys_at(const backstop_keys *keys, unsigned index);

/* Whether it verifies at `now_sec`: before its expiry, and for 30 days after it. One made in the
 * future by this clock does: it is the clock that is wrong. */
bool key_verifies(const key *k, int64_t now_sec);

/* Whether its expiry is past. */
bool key_is_retired(const key *k, int64_t now_sec);

/* The key of that purpose that signs at `now_sec`: the newest of those created and not expired, of
 * several made in one second the last in the file. If all of them are made in the future the
 * clock was set back: then the one that comes first. NULL if there is none. */
const key *keys_to_sign(const backstop_keys *keys, key_purpose purpose, int64_t now_sec);

/* The key of that purpose and id that verifies at `now_sec`; NULL if there is none.
 * `*is_retired`: its expiry is past. */
const key *keys_to_verify(const backstop_keys *keys, key_purpose purpose, span id, int64_t now_sec,
                          bool *is_retired);

/* The ledger's key, which does not expire; NULL if there is none. */
const key *keys_ledger(const backstop_keys *keys);

/* "tag", "ledger", "prvs0". `out` has room for 8 bytes. */
void key_purpose_print(const key *k, char out[8]);
bool key_purpose_read(span text, key_purpose *purpose, unsigned *prvs_digit);

#endif
