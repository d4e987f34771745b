/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The secrets of a site, from one file that every host of the site has a copy of. The newest key
 * of a purpose signs; a retired one verifies for 30 days more. The ledger's key is apart: it must
 * not change, or the ledger forgets all that it remembers.
 */
#ifndef BACKSTOP_KEYS_H
#define BACKSTOP_KEYS_H

#include <backstop/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct backstop_keys backstop_keys;

/*
 * Reads the key file at `path`: a line "version 1", then "<id> <created> <expires or -> <purpose>
 * <base64>" (docs/keys.md). The file must be a regular one that neither group nor others can
 * read or write; a link to such a file will do.
 * BACKSTOP_OK: `*out` is for the caller to free with backstop_keys_free().
 * BACKSTOP_ERROR_KEYS: missing, open to others, broken, or a secret too short; `*out` is NULL, and
 * `error` (NULL allowed) names the line and the cure.
 * The object never changes; threads may share it.
 */
BACKSTOP_CHECKED backstop_status backstop_keys_load(const char *path, backstop_keys **out,
                                                    backstop_error *error);

/* Wipes the secrets. Takes NULL. */
BACKSTOP_API void backstop_keys_free(backstop_keys *keys);

/* What a key does at some moment. */
typedef enum backstop_key_state {
    BACKSTOP_KEY_SIGNS,    /* new mail is signed with it; a ledger key: in use */
    BACKSTOP_KEY_WAITS,    /* made in the future by this clock: it only verifies until then */
    BACKSTOP_KEY_VERIFIES, /* a newer one signs, or it is retired: it verifies */
    BACKSTOP_KEY_EXPIRED,  /* it serves nothing any more, and its line may go */
} backstop_key_state;

/* One key without its secret. */
typedef struct backstop_key {
    const char *id;  /* borrowed from the keys */
    char purpose[8]; /* "tag", "ledger", "prvs0" to "prvs9" */
    int64_t created_sec;
    bool has_expiry;
    int64_t expires_sec; /* it signs before this moment */
    int64_t verifies_until_sec;
    backstop_key_state state;
} backstop_key;

BACKSTOP_API size_t backstop_keys_count(const backstop_keys *keys);

/* The key at `index`, in the order of the file; its state at `now_sec`. All zero if there is no
 * such key. */
BACKSTOP_API void backstop_keys_get(const backstop_keys *keys, size_t index, int64_t now_sec,
                                    backstop_key *out);

enum { BACKSTOP_KEY_ID_SIZE = 17 }; /* with its NUL */

/*
 * Adds a new random key to the file at `path`, and hands out its id. A missing file is made (mode
 * 0600) with a tag key and a ledger key, and the one asked for if it is neither. The file is
 * written anew beside the old one and renamed over it, so that others see the old or the new one;
 * it keeps its owner. `purpose` is "tag", "ledger", or "prvs0" to "prvs9".
 * BACKSTOP_ERROR_INVALID: another purpose, or a second ledger key, which would blind the ledger.
 * BACKSTOP_ERROR_KEYS: the file cannot be read (as above) or written.
 * BACKSTOP_ERROR_BUSY: somebody else has been writing it for seconds.
 */
BACKSTOP_CHECKED backstop_status backstop_keys_add(const char *path, const char *purpose,
                                                   int64_t now_sec, char id[BACKSTOP_KEY_ID_SIZE],
                                                   backstop_error *error);

/*
 * Lets the key expire at `now_sec`: it signs no more, and verifies for 30 days.
 * BACKSTOP_ERROR_INVALID: there is no such key, it has expired already, it is the ledger's, or no
 * other key of its purpose would sign.
 * BACKSTOP_ERROR_KEYS, _BUSY: as above.
 */
BACKSTOP_CHECKED backstop_status backstop_keys_retire(const char *path, const char *id,
                                                      int64_t now_sec, backstop_error *error);

/*
 * A random ledger key that no file holds: for a store in memory. BACKSTOP_OK: `*out` is to be freed
 * with backstop_keys_free(). BACKSTOP_ERROR_KEYS: the system has no random bytes to give.
 */
BACKSTOP_CHECKED backstop_status backstop_keys_new_ephemeral(backstop_keys **out,
                                                             backstop_error *error);

#endif
