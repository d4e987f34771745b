/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The tables (docs/ledger.md), made and brought up to date.
 */
#ifndef BACKSTOP_STORE_SQLITE_SCHEMA_H
#define BACKSTOP_STORE_SQLITE_SCHEMA_H

#include "store/sqlite_connection.h"
#include "store/store.h"

/* What one number is kept of. The values stand in files and never change. */
typedef enum store_state {
    STATE_FINGERPRINT = 1,    /* of the ledger's key */
    STATE_EXPIRED_DAY = 2,    /* rows of days before it are gone */
    STATE_EXPIRY_ASKED = 3,   /* when an expiry was put off for its leap, in seconds; 0: was not */
    STATE_CLOCK_BEHIND = 4,   /* 1: the clock of the last mail was behind that of earlier ones */
    STATE_OBSERVED_SINCE = 5, /* when a daemon began to observe, in seconds; 0: none did */
    STATE_OBSERVED_LAST = 6,  /* when one last said that it does */
} store_state;

/*
 * Looks at a database that was just opened: makes the tables in an empty one, migrates an older
 * one, and checks that it was filled under the ledger key with this fingerprint.
 * BACKSTOP_ERROR_NEWER: a newer Backstop wrote it.
 * BACKSTOP_ERROR_KEYS: it was filled under another key, so nothing in it could be found.
 * BACKSTOP_ERROR_BUSY, _STORE: as connection_fail() says; it is another program's database.
 */
backstop_status schema_prepare(sqlite_connection *c,
                               const unsigned char fingerprint[STORE_FINGERPRINT_BYTES],
                               backstop_error *error);

#endif
