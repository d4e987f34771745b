/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What is done to the tables, inside a transaction that somebody else begins and ends. All return
 * SQLITE_OK or SQLite's error code, after which the transaction is to be rolled back.
 */
#ifndef BACKSTOP_STORE_SQLITE_ROWS_H
#define BACKSTOP_STORE_SQLITE_ROWS_H

#include "store/sqlite_connection.h"
#include "store/sqlite_schema.h"
#include "store/store.h"

#include <glib.h>

/* One transaction that writes. It gathers how many rows each day gains and loses, so that the table
 * of days is written once, at its end. */
typedef struct sqlite_writing {
    sqlite_connection *connection;
    GHashTable *days;      /* of what happened, by day */
    bool clock_is_checked; /* against the newest row */
} sqlite_writing;

void rows_begin(sqlite_writing *w, sqlite_connection *c);

/* Brings the table of days up to date. To be called before the commit. */
int rows_settle(sqlite_writing *w);

/* Frees what `w` holds, after the commit or the rollback. */
void rows_end(sqlite_writing *w);

/* Remembers a row of the day of `sec`, or renews it. */
int rows_put(sqlite_writing *w, const store_key *key, int64_t sec);

/* Notices a clock that jumps back: what is recorded meanwhile bears wrong days, and goes too early.
 * So the time until the clock is right again becomes a gap. */
int rows_check_clock(sqlite_writing *w, int64_t now_sec);

int rows_mark(sqlite_writing *w, const store_mark *mark, int64_t now_sec);
int rows_count_return(sqlite_writing *w, const store_key *key, int64_t now_sec);

/* Adds a gap, joined with those that it touches. */
int rows_add_gap(sqlite_writing *w, int64_t from_sec, int64_t until_sec);

int rows_set_state(sqlite_writing *w, store_state id, int64_t value);

/* 0 if it was never set. */
int rows_get_state(sqlite_connection *c, store_state id, int64_t *value);

typedef enum rows_table { TABLE_LEDGER, TABLE_MARKS, TABLE_RETURNS, TABLES } rows_table;

enum {
    ROWS_BOUND_BYTES_MAX = 24, /* longer than every key */
    ROWS_SLICE = 4000,         /* so many are looked at in one step: some milliseconds */
};

/* Where a slice begins and all slices end. */
typedef struct rows_bound {
    unsigned char bytes[ROWS_BOUND_BYTES_MAX];
    size_t len;
} rows_bound;

/* Removes rows of days before `before_day` from the next slice of `table`, and moves `*from` behind
 * it; `*is_last`: nothing is left before `end`. Adds to `*removed`. */
int rows_purge_slice(sqlite_writing *w, rows_table table, rows_bound *from, const rows_bound *end,
                     uint32_t before_day, bool *is_last, uint64_t *removed);

#endif
