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

#include "proof/secret.h"
#include "store/history.h"

#include <backstop/error.h>
#include <backstop/store.h>

#include <glib.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STORE_OWNER_BYTES = 6,   /* who: the keyed hash of an address */
    STORE_OBJECT_BYTES = 10, /* what: the keyed hash of a Message-ID, a recipient, or both */
    STORE_KEY_BYTES = STORE_OWNER_BYTES + STORE_OBJECT_BYTES,
    STORE_FINGERPRINT_BYTES = 8, /* of the ledger's key: whose rows these are */
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

/* A row as an import brings it. */
typedef struct store_dated_row {
    store_key key;
    int64_t sec; /* when the mail was sent */
} store_dated_row;

typedef struct store_mark {
    unsigned char owner[STORE_OWNER_BYTES];
    unsigned char since; /* a store_since */
} store_mark;

/* One committed change, of mail that is leaving now: rows to remember, since-marks to make. */
typedef struct store_change {
    const store_key *rows;
    size_t row_count;
    const store_mark *marks;
    size_t mark_count;
    int64_t now_sec;
} store_change;

/* Rows are kept by day: those of the same day go together. */
enum { STORE_DAY_SEC = 86400 };

/* Days since 1970; 0 for all before. */
uint32_t store_day(int64_t sec);

struct backstop_store {
    const struct store_operations *operations;
    secret_mac *mac;                         /* of the ledger's key; borrowed from the keys */
    unsigned char nobody[STORE_OWNER_BYTES]; /* the owner of what is asked for without a sender */
    atomic_uint days;                        /* how long rows live */
    atomic_uint history_days;                /* how long the history lives */
};

typedef struct store_operations {
    void (*close)(backstop_store *store);

    /* Commits with others' changes. A row keeps the latest day, a mark its first moment. */
    backstop_status (*write)(backstop_store *store, const store_change *change,
                             backstop_error *error);

    /* Many rows at once, which are sorted in place; in transactions of bounded length, so that
     * others get their turn: after a failure some are in and some are not. */
    backstop_status (*write_bulk)(backstop_store *store, store_dated_row *rows, size_t count,
                                  backstop_error *error);

    /* A view is the store as it is now, and stays so: a store that can only be asked, by one thread
     * and for a short time, and whose questions cost less. NULL in a view. It goes with close(),
     * before its store. */
    backstop_status (*open_view)(backstop_store *store, backstop_store **out,
                                 backstop_error *error);

    /* Whether a key is known; rows of days before `oldest_day` are not. */
    backstop_status (*find)(backstop_store *store, const store_key *key, uint32_t oldest_day,
                            bool *known, backstop_error *error);

    backstop_status (*since)(backstop_store *store, const unsigned char owner[STORE_OWNER_BYTES],
                             store_since what, int64_t *since_sec, backstop_error *error);

    /* As backstop_store_add_gap() says. */
    backstop_status (*add_gap)(backstop_store *store, int64_t from_sec, int64_t until_sec,
                               backstop_error *error);
    /* Whether a gap touches that time, both ends included. What was expired is one as well. */
    backstop_status (*has_gap)(backstop_store *store, int64_t from_sec, int64_t until_sec,
                               bool *has_one, backstop_error *error);

    /* Counters that live as long as rows: adds one to each, and reads them (0 if unknown). */
    backstop_status (*count)(backstop_store *store, const store_key *keys, size_t count,
                             int64_t now_sec, backstop_error *error);
    backstop_status (*counted)(backstop_store *store, const store_key *keys, size_t count,
                               uint64_t *counts, backstop_error *error);

    backstop_status (*forget)(backstop_store *store, const unsigned char owner[STORE_OWNER_BYTES],
                              uint64_t *removed, backstop_error *error);
    /* As backstop_store_expire() says; rows of days before `oldest_day` go. */
    backstop_status (*expire)(backstop_store *store, int64_t now_sec, uint32_t oldest_day,
                              uint64_t *removed, backstop_error *error);
    backstop_status (*stats)(backstop_store *store, backstop_store_stats *out,
                             backstop_error *error);

    /* The history; all NULL in a view. */

    backstop_status (*add_events)(backstop_store *store, const history_row *rows, size_t count,
                                  backstop_error *error);
    backstop_status (*note_observing)(backstop_store *store, int64_t now_sec,
                                      backstop_error *error);
    /* Appends to `out` (of history_row) at most `max` of that queue id, the latest first; their
     * texts are put into `strings`, NUL-terminated. */
    backstop_status (*find_events)(backstop_store *store, span queue_id, size_t max, GArray *out,
                                   GStringChunk *strings, backstop_error *error);
    /* Appends those of the days from the one to the other, both included, to `tallies` (of
     * history_tally) and `untagged` (of history_untagged), whose texts are put into `strings`. */
    backstop_status (*report)(backstop_store *store, uint32_t from_day, uint32_t until_day,
                              GArray *tallies, GArray *untagged, GStringChunk *strings,
                              backstop_error *error);
    /* Of `observed_days` those after `observed_from`, of `unexplained` those of days after
     * `counted_from`; to `today`. */
    backstop_status (*read_history_state)(backstop_store *store, uint32_t observed_from,
                                          uint32_t counted_from, uint32_t today, history_state *out,
                                          backstop_error *error);
    /* Removes all that names the mailbox. */
    backstop_status (*forget_history)(backstop_store *store, span mailbox, backstop_error *error);
    /* Removes what names mailboxes of days before `oldest_day`, and counters of days before
     * `oldest_counted`. */
    backstop_status (*expire_history)(backstop_store *store, uint32_t oldest_day,
                                      uint32_t oldest_counted, backstop_error *error);
} store_operations;

/* A view of the store, or the store itself where none can be had: each question then says why it
 * cannot be answered. Given back with store_view_close(). NULL for NULL. */
backstop_store *store_view_open(backstop_store *store);
void store_view_close(backstop_store *view, const backstop_store *store);

#endif
