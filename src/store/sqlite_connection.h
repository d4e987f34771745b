/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One connection to the SQLite file, its statements, and what its errors mean to a person. A
 * connection is for one thread at a time.
 */
#ifndef BACKSTOP_STORE_SQLITE_CONNECTION_H
#define BACKSTOP_STORE_SQLITE_CONNECTION_H

#include <backstop/error.h>

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every statement that is used more than once; sqlite_connection.c holds the texts. */
typedef enum sql_id {
    SQL_BEGIN,
    SQL_BEGIN_WRITING,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_ROW_FIND,
    SQL_ROW_ADD,
    SQL_ROW_RENEW,
    SQL_DAY_ADD,
    SQL_DAY_TAKE,
    SQL_DAY_DROP_EMPTY,
    SQL_DAY_NEWEST,
    SQL_DAY_OLDEST,
    SQL_DAY_SUMS,
    SQL_MARK_ADD,
    SQL_MARK_FIND,
    SQL_RETURN_ADD,
    SQL_RETURN_FIND,
    SQL_GAP_JOIN,
    SQL_GAP_DROP,
    SQL_GAP_ADD,
    SQL_GAP_BEFORE,
    SQL_GAP_EXPIRE,
    SQL_GAP_COUNT,
    SQL_STATE_SET,
    SQL_STATE_GET,
    SQL_LEDGER_SLICE,
    SQL_LEDGER_PURGE,
    SQL_MARKS_SLICE,
    SQL_MARKS_PURGE,
    SQL_RETURNS_SLICE,
    SQL_RETURNS_PURGE,
    SQL_TALLY_ADD,
    SQL_TALLY_LIST,
    SQL_TALLY_UNEXPLAINED,
    SQL_TALLY_EXPIRE,
    SQL_STORY_ADD,
    SQL_STORY_EVICT,
    SQL_STORY_FIND,
    SQL_STORY_FORGET,
    SQL_STORY_EXPIRE,
    SQL_UNTAGGED_UPDATE,
    SQL_UNTAGGED_ADD,
    SQL_UNTAGGED_COUNT,
    SQL_UNTAGGED_EVICT,
    SQL_UNTAGGED_LIST,
    SQL_UNTAGGED_FORGET,
    SQL_UNTAGGED_EXPIRE,
    SQL_OBSERVED_ADD,
    SQL_OBSERVED_COUNT,
    SQL_OBSERVED_EXPIRE,
    SQL_COUNT,
} sql_id;

typedef struct sqlite_connection {
    sqlite3 *db;
    const char *path;          /* for messages; borrowed */
    int64_t patience_until_us; /* how long it waits for locks, by connection_clock_us() */
    sqlite3_stmt *statements[SQL_COUNT];
} sqlite_connection;

/* A clock that only goes forward, for waiting. */
int64_t connection_clock_us(void);

/* Opens the file, which must exist; NULL is a database in memory. `path` must outlive the
 * connection. Waits `wait_ms` for locks. */
backstop_status connection_open(const char *path, unsigned cache_kib, unsigned wait_ms,
                                sqlite_connection **out, backstop_error *error);

/* Takes NULL. */
void connection_close(sqlite_connection *c);

/* From now on it waits for locks until `wait_ms` have passed. */
void connection_set_patience(sqlite_connection *c, unsigned wait_ms);

/* What is bound to ?1, ?2, ...; bytes are borrowed until the statement has run. */
typedef struct sql_value {
    const void *bytes; /* NULL: it is the number */
    size_t len;
    int64_t number;
} sql_value;

#define SQL_NUMBER(n) ((sql_value){ .number = (n) })
#define SQL_BYTES(b, n) ((sql_value){ .bytes = (b), .len = (n) })

/* These return SQLITE_OK or SQLite's error code. */

/* Runs a statement that gives no rows. */
int connection_run(sqlite_connection *c, sql_id id, const sql_value *values, size_t count);

/* Runs a statement for its first row, whose first `column_count` columns are numbers.
 * `*found`: there was one; else the columns are 0. */
int connection_ask(sqlite_connection *c, sql_id id, const sql_value *values, size_t count,
                   int64_t *columns, size_t column_count, bool *found);

/* For statements with many rows: binds, then the caller steps, and resets. */
int connection_bind(sqlite_connection *c, sql_id id, const sql_value *values, size_t count,
                    sqlite3_stmt **out);

/* Runs SQL text that is needed once. */
int connection_execute(sqlite_connection *c, const char *sql);

/* The number that a PRAGMA gives. */
int connection_pragma(sqlite_connection *c, const char *sql, int64_t *value);

/* What the error `code` of the last call means: BACKSTOP_ERROR_BUSY or _STORE, and a sentence with
 * the file and the cure. */
backstop_status connection_fail(const sqlite_connection *c, int code, backstop_error *error);

#endif
