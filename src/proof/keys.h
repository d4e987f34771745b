/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The inside of backstop_keys, and changing the key file: `backstop key new`, `retire`.
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

/* The key of that purpose that signs at `now_sec`: the newest of those created and not expired.
 * NULL if there is none. */
const key *keys_to_sign(const backstop_keys *keys, key_purpose purpose, int64_t now_sec);

/* The key of that purpose and id that verifies at `now_sec`; NULL if there is none.
 * `*is_retired`: its expiry is past. */
const key *keys_to_verify(const backstop_keys *keys, key_purpose purpose, span id, int64_t now_sec,
                          bool *is_retired);

/* "tag", "ledger", "prvs0". `out` has room for 8 bytes. */
void key_purpose_print(const key *k, char out[8]);
bool key_purpose_read(span text, key_purpose *purpose, unsigned *prvs_digit);

/* Adds a new random key to the file at `path`, which is made (mode 0600) if it is missing, and
 * hands out its id. The file is written anew beside the old one and renamed over it, so that
 * others see either; a lock keeps two writers apart. A second ledger key is refused, for it would
 * blind the ledger. BACKSTOP_ERROR_KEYS as for backstop_keys_load(), or it cannot be written. */
backstop_status keys_file_add(const char *path, key_purpose purpose, unsigned prvs_digit,
                              int64_t now_sec, char id[KEY_ID_BYTES_MAX + 1],
                              backstop_error *error);

/* Lets a key expire at `now_sec`, as above. The last signing key of a purpose and the ledger's key
 * are not retired: BACKSTOP_ERROR_INVALID says what to do first. */
backstop_status keys_file_retire(const char *path, span id, int64_t now_sec, backstop_error *error);

#endif
