/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What every store can do; knows rows, and nothing of mail. ledger.h says what the rows mean. One
 * implementation a file; all calls may come from several threads at once.
 *
 * Reads wait at most 50 ms for a free reader, then give BACKSTOP_ERROR_BUSY. Writes are gathered by
 * one writer and committed together (5 ms, or 1,000 entries); the call returns after the commit.
 */
#ifndef BACKSTOP_STORE_STORE_H
#define BACKSTOP_STORE_STORE_H

#include <backstop/error.h>
#include <backstop/store.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STORE_OWNER_BYTES = 6,   /* who: the keyed hash of an address */
    STORE_OBJECT_BYTES = 10, /* what: the keyed hash of a Message-ID, a recipient, or both */
    STORE_KEY_BYTES = STORE_OWNER_BYTES + STORE_OBJECT_BYTES,
};

typedef struct store_key {
    unsigned char bytes[STORE_KEY_BYTES];
} store_key;

/* Since when something holds: its first moment stays. */
typedef enum store_since {
    SINCE_TAGGED = 1,   /* the mail of this owner is tagged */
    SINCE_RECORDED = 2, /* ... and recorded here as it leaves (not imported) */
    SINCE_BATV = 3,     /* ... and sent from a BATV address */
} store_since;

/* One committed change: rows to remember, since-marks to make. */
typedef struct store_change {
    const store_key *rows;
    size_t row_count;
    uint32_t day; /* days since 1970, of all rows: a row keeps the latest */
    const unsigned char (*owners)[STORE_OWNER_BYTES]; /* to mark as tagged and recorded */
    size_t owner_count;
    const store_since *marks; /* which marks to make for each owner */
    size_t mark_count;
    int64_t now_sec; /* of the marks */
} store_change;

struct backstop_store {
    const struct store_operations *operations;
    const backstop_keys *keys;
    unsigned days; /* how long rows live */
};

typedef struct store_operations {
    void (*close)(backstop_store *store);
    backstop_status (*write)(backstop_store *store, const store_change *change,
                             backstop_error *error);
    /* Many rows with a day each, sorted or not, in one transaction of their own: imports. */
    backstop_status (*write_bulk)(backstop_store *store, const store_key *rows,
                                  const uint32_t *days, size_t count, backstop_error *error);
    /* The day of each key, 0 where it is unknown. Days before `oldest_day` are unknown. */
    backstop_status (*find)(backstop_store *store, const store_key *keys, size_t count,
                            uint32_t oldest_day, uint32_t *days, backstop_error *error);
    backstop_status (*since)(backstop_store *store, const unsigned char owner[STORE_OWNER_BYTES],
                             store_since what, int64_t *since_sec, backstop_error *error);
    backstop_status (*add_gap)(backstop_store *store, int64_t from_sec, int64_t until_sec,
                               backstop_error *error);
    backstop_status (*has_gap)(backstop_store *store, int64_t from_sec, int64_t until_sec,
                               bool *has_one, backstop_error *error);
    /* Counters that live as long as rows: adds `by`, and reads (0 where unknown). */
    backstop_status (*count)(backstop_store *store, const store_key *keys, size_t count,
                             unsigned by, uint32_t day, backstop_error *error);
    backstop_status (*counted)(backstop_store *store, const store_key *keys, size_t count,
                               uint64_t *counts, backstop_error *error);
    backstop_status (*forget)(backstop_store *store, const unsigned char owner[STORE_OWNER_BYTES],
                              uint64_t *removed, backstop_error *error);
    backstop_status (*expire)(backstop_store *store, uint32_t oldest_day, uint64_t *removed,
                              backstop_error *error);
    backstop_status (*stats)(backstop_store *store, backstop_store_stats *out,
                             backstop_error *error);
} store_operations;

/* The embedded store: store_sqlite.c. `path` NULL: in memory. Fills all but `keys`. */
backstop_status store_sqlite_open(const char *path, backstop_store **out, backstop_error *error);

#endif
