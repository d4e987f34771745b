/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "store/sqlite_schema.h"

#include "base/error.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

/* "BStS": the file is a Backstop store. */
enum { APPLICATION_ID = 0x42537453 };

/* What leads from each version of the schema to the next; files have all versions that ever were,
 * so that what stands here never changes. A row of the ledger takes 26 bytes without a row number
 * of its own, half as much again with an index on its day. */
static const char *const steps[] = {
    "CREATE TABLE ledger (key BLOB NOT NULL PRIMARY KEY, day INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE days (day INTEGER NOT NULL PRIMARY KEY, rows INTEGER NOT NULL, "
    "first_sec INTEGER NOT NULL, last_sec INTEGER NOT NULL);"
    "CREATE TABLE marks (key BLOB NOT NULL PRIMARY KEY, since_sec INTEGER NOT NULL, "
    "day INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE returns (key BLOB NOT NULL PRIMARY KEY, count INTEGER NOT NULL, "
    "day INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE gaps (from_sec INTEGER NOT NULL PRIMARY KEY, until_sec INTEGER NOT NULL);"
    "CREATE TABLE state (id INTEGER NOT NULL PRIMARY KEY, value INTEGER NOT NULL);",

    "CREATE TABLE tallies (day INTEGER NOT NULL, verdict INTEGER NOT NULL, "
    "confidence INTEGER NOT NULL, kind INTEGER NOT NULL, done INTEGER NOT NULL, "
    "enforced INTEGER NOT NULL, count INTEGER NOT NULL, untagged INTEGER NOT NULL, "
    "unexplained INTEGER NOT NULL, "
    "PRIMARY KEY (day, verdict, confidence, kind, done, enforced)) WITHOUT ROWID;"
    "CREATE TABLE stories (id INTEGER NOT NULL PRIMARY KEY, when_sec INTEGER NOT NULL, verdict "
    "INTEGER NOT NULL, confidence INTEGER NOT NULL, "
    "kind INTEGER NOT NULL, done INTEGER NOT NULL, enforced INTEGER NOT NULL, "
    "flags INTEGER NOT NULL, queue_id BLOB NOT NULL, witness BLOB NOT NULL, "
    "reason BLOB NOT NULL, recipient BLOB NOT NULL, mailbox BLOB NOT NULL, "
    "client_ip BLOB NOT NULL, path BLOB NOT NULL, message_id BLOB NOT NULL, "
    "explanation BLOB NOT NULL);"
    "CREATE INDEX stories_by_queue_id ON stories (queue_id);"
    "CREATE INDEX stories_by_mailbox ON stories (mailbox);"
    "CREATE INDEX stories_by_when ON stories (when_sec);"
    "CREATE TABLE untagged (day INTEGER NOT NULL, mailbox BLOB NOT NULL, path BLOB NOT NULL, "
    "count INTEGER NOT NULL, unexplained INTEGER NOT NULL, "
    "PRIMARY KEY (day, mailbox, path)) WITHOUT ROWID;"
    "CREATE TABLE observed (day INTEGER NOT NULL PRIMARY KEY);",
};

enum { VERSION = G_N_ELEMENTS(steps) };

static int read_version(sqlite_connection *c, int64_t *version, bool *is_ours, bool *is_empty)
{
    int64_t application = 0, tables = 0;
    *version = 0;
    int code = connection_pragma(c, "PRAGMA application_id", &application);
    if (code == SQLITE_OK) {
        code = connection_pragma(c, "PRAGMA user_version", version);
    }
    if (code == SQLITE_OK) {
        code = connection_pragma(c, "SELECT count(*) FROM sqlite_schema", &tables);
    }
    *is_ours = application == APPLICATION_ID;
    *is_empty = application == 0 && *version == 0 && tables == 0;
    return code;
}

static backstop_status check_version(const sqlite_connection *c, int64_t version, bool is_ours,
                                     bool is_empty, backstop_error *error)
{
    if (!is_ours && !is_empty) {
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "%s: is another program's database: name another file", c->path);
    }
    if (version > VERSION) {
        return error_fail(error, BACKSTOP_ERROR_NEWER,
                          "%s: was written by a newer Backstop (its schema is %d, the newest known "
                          "here is %d): run that one, or name another file",
                          c->path, (int)version, VERSION);
    }
    return BACKSTOP_OK;
}

/* The fingerprint is 8 bytes, as SQLite's integers are. */
static int64_t fingerprint_number(const unsigned char fingerprint[STORE_FINGERPRINT_BYTES])
{
    int64_t number;
    G_STATIC_ASSERT(sizeof number == STORE_FINGERPRINT_BYTES);
    memcpy(&number, fingerprint, sizeof number);
    return GINT64_FROM_BE(number);
}

static backstop_status check_key(sqlite_connection *c, int64_t fingerprint, backstop_error *error)
{
    const sql_value id = SQL_NUMBER(STATE_FINGERPRINT);
    int64_t stored;
    bool found;
    int code = connection_ask(c, SQL_STATE_GET, &id, 1, &stored, 1, &found);
    if (code != SQLITE_OK) {
        return connection_fail(c, code, error);
    }
    if (!found || stored != fingerprint) {
        return error_fail(error, BACKSTOP_ERROR_KEYS,
                          "%s: was filled under another ledger key: bring back the key file that "
                          "it was made with, or move the store away, and a new one is made",
                          c->path);
    }
    return BACKSTOP_OK;
}

/* Looks, without changing anything: it may be another program's. */
static backstop_status look(sqlite_connection *c, int64_t fingerprint, int64_t *version,
                            backstop_error *error)
{
    bool is_ours, is_empty;
    int code = read_version(c, version, &is_ours, &is_empty);
    if (code != SQLITE_OK) {
        return connection_fail(c, code, error);
    }
    backstop_status status = check_version(c, *version, is_ours, is_empty, error);
    if (status == BACKSTOP_OK && *version > 0) {
        status = check_key(c, fingerprint, error);
    }
    return status;
}

/* In a transaction that keeps others from doing the same, so it looks again. */
static backstop_status migrate(sqlite_connection *c, int64_t fingerprint, backstop_error *error)
{
    int64_t version = 0;
    backstop_status status = look(c, fingerprint, &version, error);
    if (status != BACKSTOP_OK) {
        return status;
    }
    int code = SQLITE_OK;
    for (int64_t i = version; i < VERSION && code == SQLITE_OK; i++) {
        code = connection_execute(c, steps[i]);
    }
    if (code == SQLITE_OK && version == 0) {
        const sql_value values[] = { SQL_NUMBER(STATE_FINGERPRINT), SQL_NUMBER(fingerprint) };
        code = connection_run(c, SQL_STATE_SET, values, G_N_ELEMENTS(values));
    }
    if (code == SQLITE_OK) {
        char sql[96];
        snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                 APPLICATION_ID, VERSION);
        code = connection_execute(c, sql);
    }
    return code == SQLITE_OK ? BACKSTOP_OK : connection_fail(c, code, error);
}

static backstop_status migrate_locked(sqlite_connection *c, int64_t fingerprint,
                                      backstop_error *error)
{
    int code = connection_run(c, SQL_BEGIN_WRITING, NULL, 0);
    if (code != SQLITE_OK) {
        return connection_fail(c, code, error);
    }
    backstop_status status = migrate(c, fingerprint, error);
    if (status == BACKSTOP_OK) {
        code = connection_run(c, SQL_COMMIT, NULL, 0);
        status = code == SQLITE_OK ? BACKSTOP_OK : connection_fail(c, code, error);
    }
    if (!sqlite3_get_autocommit(c->db)) {
        (void)connection_run(c, SQL_ROLLBACK, NULL, 0);
    }
    return status;
}

backstop_status schema_prepare(sqlite_connection *c,
                               const unsigned char fingerprint[STORE_FINGERPRINT_BYTES],
                               backstop_error *error)
{
    int64_t number = fingerprint_number(fingerprint);
    int64_t version = 0;
    backstop_status status = look(c, number, &version, error);
    if (status != BACKSTOP_OK) {
        return status;
    }
    if (sqlite3_db_readonly(c->db, "main") == 1) {
        return connection_fail(c, SQLITE_READONLY, error);
    }
    /* Write-ahead logging, so that readers and the writer do not wait for each other; and each
     * commit is on the disk before the call returns. */
    int code = connection_execute(c, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    if (code != SQLITE_OK) {
        return connection_fail(c, code, error);
    }
    return version < VERSION ? migrate_locked(c, number, error) : BACKSTOP_OK;
}
