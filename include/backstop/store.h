/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The store: what Backstop remembers. Above all the ledger, the memory of what was sent: keyed
 * hashes, never addresses. One SQLite file, which several processes and threads may use at once.
 */
#ifndef BACKSTOP_STORE_H
#define BACKSTOP_STORE_H

#include <backstop/error.h>
#include <backstop/keys.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct backstop_store backstop_store;

/* How long mail is remembered if nobody says otherwise. */
enum { BACKSTOP_LEDGER_DAYS = 21 };

/*
 * Opens the store at `path`, made (mode 0600) if it is missing; NULL is a store in memory, for
 * this object alone. `keys` must hold a ledger key and outlive the store.
 * BACKSTOP_OK: `*out` is to be closed with backstop_store_close().
 * BACKSTOP_ERROR_KEYS, _BUSY, _STORE, _NEWER: `*out` is NULL, `error` says what to do.
 */
BACKSTOP_CHECKED backstop_status backstop_store_open(const char *path, const backstop_keys *keys,
                                                     backstop_store **out, backstop_error *error);

/* Writes what waits, and closes. Takes NULL. No other thread may be using it. */
BACKSTOP_API void backstop_store_close(backstop_store *store);

/* How long the ledger remembers, in days, 1 to 400; for what is recorded and asked from now on. */
BACKSTOP_API void backstop_store_set_days(backstop_store *store, unsigned days);

typedef struct backstop_store_stats {
    uint64_t ledger_rows;
    uint64_t file_bytes;
    int64_t oldest_sec, newest_sec; /* days of the oldest and newest row, UTC; 0 if empty */
    uint64_t gaps;
} backstop_store_stats;

BACKSTOP_CHECKED backstop_status backstop_store_get_stats(backstop_store *store,
                                                          backstop_store_stats *out,
                                                          backstop_error *error);

/*
 * Forgets what is older than the ledger's days, in small transactions between which others get
 * their turn. `*removed` (NULL allowed) counts rows.
 */
BACKSTOP_CHECKED backstop_status backstop_store_expire(backstop_store *store, int64_t now_sec,
                                                       uint64_t *removed, backstop_error *error);

/* Forgets all that one address sent. */
BACKSTOP_CHECKED backstop_status backstop_store_forget(backstop_store *store, const char *address,
                                                       uint64_t *removed, backstop_error *error);

/* One sent mail, as an import finds it in a Sent folder or a log. */
typedef struct backstop_sent {
    const char *message_id; /* with its angle brackets; NULL or empty: unknown */
    const char *sender;
    const char *const *recipients;
    size_t recipient_count;
    int64_t sent_sec;
} backstop_sent;

/*
 * Remembers `count` mails that were sent in the past, in one transaction; large batches are
 * faster. Imported mail can prove that a notice is genuine; that a mail is not among it proves
 * nothing, for a log or a folder is never known to be all. Mails older than the ledger's days
 * before `now_sec` are passed over.
 */
BACKSTOP_CHECKED backstop_status backstop_store_import(backstop_store *store,
                                                       const backstop_sent *mails, size_t count,
                                                       int64_t now_sec, backstop_error *error);

#endif
