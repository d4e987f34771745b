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

typedef struct backstop_keys backstop_keys;

/*
 * Reads the key file at `path`: a line "version 1", then "<id> <created> <expires or -> <purpose>
 * <base64>" (docs/keys.md). The file must be a regular one that neither group nor others can
 * read or write.
 * BACKSTOP_OK: `*out` is for the caller to free with backstop_keys_free().
 * BACKSTOP_ERROR_KEYS: missing, open to others, broken, or a secret too short; `*out` is NULL, and
 * `error` (NULL allowed) names the line and the cure.
 * The object never changes; threads may share it.
 */
BACKSTOP_CHECKED backstop_status backstop_keys_load(const char *path, backstop_keys **out,
                                                    backstop_error *error);

/* Wipes the secrets. Takes NULL. */
BACKSTOP_API void backstop_keys_free(backstop_keys *keys);

#endif
