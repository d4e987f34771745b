/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The embedded store: one SQLite file in WAL mode (docs/ledger.md).
 */
#ifndef BACKSTOP_STORE_STORE_SQLITE_H
#define BACKSTOP_STORE_STORE_SQLITE_H

#include "store/store.h"

/* Opens the file at `path`, made if it is missing; NULL: in memory. Fills the operations
 * alone.
 * BACKSTOP_ERROR_BUSY, _STORE, _NEWER; _KEYS: it was filled under another ledger key. */
backstop_status store_sqlite_open(const char *path,
                                  const unsigned char fingerprint[STORE_FINGERPRINT_BYTES],
                                  backstop_store **out, backstop_error *error);

#endif
