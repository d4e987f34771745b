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
 * this object alone. Rights that group or others have on the file are taken away. `keys` must hold
 * a ledger key and outlive the store. A thread is started; who forks opens the store afterwards.
 * BACKSTOP_OK: `*out` is to be closed with backstop_store_close().
 * BACKSTOP_ERROR_KEYS: there is no ledger key, or the store was filled under another one.
 * BACKSTOP_ERROR_BUSY, _STORE, _NEWER. With all of these `*out` is NULL, and `error` says what to
 * do.
 */
BACKSTOP_CHECKED backstop_status backstop_store_open(const char *path, const backstop_keys *keys,
                                                     backstop_store **out, backstop_error *error);

/* Writes what waits, and closes. Takes NULL. No other thread may be using it. */
BACKSTOP_API void backstop_store_close(backstop_store *store);

/*
 * All that follows may be called by several threads at once, and gives, where nothing else is said:
 * BACKSTOP_ERROR_BUSY: another process holds the file for longer than 5 s, or for reading, 50 ms;
 * or too many threads read at once. Try again.
 * BACKSTOP_ERROR_STORE: the file is damaged, its disk is full or broken, it cannot be written.
 */

/* How long the ledger remembers, in days, 1 to BACKSTOP_LEDGER_DAYS_MAX; for what is recorded and
 * asked from now on. */
enum { BACKSTOP_LEDGER_DAYS_MAX = 36500 };
BACKSTOP_API void backstop_store_set_days(backstop_store *store, unsigned days);

typedef struct backstop_store_stats {
    uint64_t ledger_rows;
    uint64_t file_bytes;            /* with the files that SQLite keeps beside it */
    int64_t oldest_sec, newest_sec; /* when the oldest and the newest mail was sent; 0 if empty */
    uint64_t gaps;
} backstop_store_stats;

/* Cheap, however large the store is. */
BACKSTOP_CHECKED backstop_status backstop_store_get_stats(backstop_store *store,
                                                          backstop_store_stats *out,
                                                          backstop_error *error);

/*
 * Forgets what is older than the ledger's days, and of the history (history.h) what is older than
 * its days, in small transactions between which others get their turn. `*removed` (NULL allowed)
 * counts rows of the ledger, those that went before an error as well.
 * BACKSTOP_ERROR_INVALID: the clock or the days leap by more than a week since the last time. So
 * nothing is removed, in case it is the clock that is wrong; if it still says so a day later, it is
 * believed.
 */
BACKSTOP_CHECKED backstop_status backstop_store_expire(backstop_store *store, int64_t now_sec,
                                                       uint64_t *removed, backstop_error *error);

/* Forgets all that one address sent: nothing in the file tells any more that it sent anything. And
 * all notices that came for it, sub-addresses included. `*removed` is as above.
 * What stays until it expires is that somebody sent mails of these Message-IDs, without which their
 * bounces would seem forged. */
BACKSTOP_CHECKED backstop_status backstop_store_forget(backstop_store *store, const char *address,
                                                       uint64_t *removed, backstop_error *error);

/*
 * Says of a store that cannot be opened what backstop_store_add_gap() says of one that is open: in
 * a small file beside it, `path` with "-gaps" at its end, which is taken in with what is next
 * written to the store. BACKSTOP_ERROR_STORE: not even that could be written.
 */
BACKSTOP_CHECKED backstop_status backstop_store_note_gap(const char *path, int64_t from_sec,
                                                         int64_t until_sec, backstop_error *error);

/* One sent mail, as an import finds it in a Sent folder or a log. */
typedef struct backstop_sent {
    const char *message_id; /* with its angle brackets; NULL or empty: unknown */
    const char *sender;
    const char *const *recipients;
    size_t recipient_count;
    int64_t sent_sec;
} backstop_sent;

/*
 * Remembers `count` mails that were sent in the past. The more at once, the faster: some hundred
 * thousand, where the store is large. They go in by transactions of bounded length, so that mail
 * that is sent meanwhile does not wait; after a failure, import all again. Imported mail can prove
 * that a notice is genuine; that a mail is not among it proves nothing, for a log or a folder is
 * never known to be all. Mails older than the ledger's days before `now_sec` are passed over; those
 * of later than `now_sec` are taken as of `now_sec`.
 */
BACKSTOP_CHECKED backstop_status backstop_store_import(backstop_store *store,
                                                       const backstop_sent *mails, size_t count,
                                                       int64_t now_sec, backstop_error *error);

#endif
