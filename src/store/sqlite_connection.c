/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "store/sqlite_connection.h"

#include "base/error.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* All writers of the file are ours, and poll as often: who lets go for 5 ms lets others in. */
enum { LOCK_POLL_US = 1500 };

/* The part of a table from ?1 (included) to ?2 (not), in slices: where the slice of ?3 rows ends,
 * and its rows of days before ?3, removed. */
#define SLICE_OF(table)                                                                            \
    "SELECT key FROM " table " WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT 1 OFFSET ?3"
#define PURGE_OF(table)                                                                            \
    "DELETE FROM " table " WHERE key >= ?1 AND key < ?2 AND day < ?3 RETURNING day"

/* The gaps that touch ?1 to ?2. No two gaps touch each other, so that but one of those which begin
 * before ?1 can. */
#define GAPS_TOUCHING                                                                              \
    "FROM gaps WHERE until_sec >= ?1 - 1 AND from_sec <= ?2 + 1 AND from_sec >= "                  \
    "coalesce((SELECT max(from_sec) FROM gaps WHERE from_sec <= ?1), ?1)"

/* A slice of the stories for which `condition` holds. */
#define STORY_DELETE(condition)                                                                    \
    "DELETE FROM stories WHERE id IN (SELECT id FROM stories WHERE " condition " LIMIT ?2)"

/* The stories of the ring whose ids begin above ?1. */
#define STORY_RING "FROM stories WHERE id > ?1 AND id < ?1 + (1 << 40)"

static const char *const texts[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN",
    [SQL_BEGIN_WRITING] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_ROW_FIND] = "SELECT day FROM ledger WHERE key = ?1",
    [SQL_ROW_ADD] = "INSERT INTO ledger (key, day) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    [SQL_ROW_RENEW] = "UPDATE ledger SET day = ?2 WHERE key = ?1",
    [SQL_DAY_ADD] = "INSERT INTO days (day, rows, first_sec, last_sec) VALUES (?1, ?2, ?3, ?4) "
                    "ON CONFLICT DO UPDATE SET rows = rows + excluded.rows, "
                    "first_sec = min(first_sec, excluded.first_sec), "
                    "last_sec = max(last_sec, excluded.last_sec)",
    [SQL_DAY_TAKE] = "UPDATE days SET rows = rows + ?2 WHERE day = ?1",
    [SQL_DAY_DROP_EMPTY] = "DELETE FROM days WHERE day = ?1 AND rows <= 0",
    [SQL_DAY_NEWEST] = "SELECT last_sec FROM days ORDER BY day DESC LIMIT 1",
    [SQL_DAY_OLDEST] = "SELECT day FROM days ORDER BY day LIMIT 1",
    [SQL_DAY_SUMS] = "SELECT total(rows), min(first_sec), max(last_sec) FROM days",
    [SQL_MARK_ADD] = "INSERT INTO marks (key, since_sec, day) VALUES (?1, ?2, ?3) "
                     "ON CONFLICT DO UPDATE SET day = excluded.day WHERE day < excluded.day",
    [SQL_MARK_FIND] = "SELECT since_sec FROM marks WHERE key = ?1",
    [SQL_RETURN_ADD] = "INSERT INTO returns (key, count, day) VALUES (?1, 1, ?2) ON CONFLICT "
                       "DO UPDATE SET count = count + 1, day = max(day, excluded.day)",
    [SQL_RETURN_FIND] = "SELECT count FROM returns WHERE key = ?1",
    [SQL_GAP_JOIN] = "SELECT min(from_sec), max(until_sec) " GAPS_TOUCHING " HAVING count(*) > 0",
    [SQL_GAP_DROP] = "DELETE " GAPS_TOUCHING,
    [SQL_GAP_ADD] = "INSERT INTO gaps (from_sec, until_sec) VALUES (?1, ?2)",
    [SQL_GAP_BEFORE] = "SELECT until_sec FROM gaps WHERE from_sec <= ?1 "
                       "ORDER BY from_sec DESC LIMIT 1",
    [SQL_GAP_EXPIRE] = "DELETE FROM gaps WHERE until_sec < ?1",
    [SQL_GAP_COUNT] = "SELECT count(*) FROM gaps",
    [SQL_STATE_SET] = "INSERT OR REPLACE INTO state (id, value) VALUES (?1, ?2)",
    [SQL_STATE_GET] = "SELECT value FROM state WHERE id = ?1",
    [SQL_LEDGER_SLICE] = SLICE_OF("ledger"),
    [SQL_LEDGER_PURGE] = PURGE_OF("ledger"),
    [SQL_MARKS_SLICE] = SLICE_OF("marks"),
    [SQL_MARKS_PURGE] = PURGE_OF("marks"),
    [SQL_RETURNS_SLICE] = SLICE_OF("returns"),
    [SQL_RETURNS_PURGE] = PURGE_OF("returns"),
    [SQL_TALLY_ADD] = "INSERT INTO tallies (day, verdict, confidence, kind, done, enforced, count, "
                      "untagged, unexplained) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
                      "ON CONFLICT DO UPDATE SET count = count + excluded.count, "
                      "untagged = untagged + excluded.untagged, "
                      "unexplained = unexplained + excluded.unexplained",
    [SQL_TALLY_LIST] = "SELECT day, verdict, confidence, kind, done, enforced, count, untagged, "
                       "unexplained FROM tallies WHERE day BETWEEN ?1 AND ?2 "
                       "ORDER BY day, verdict, confidence, kind, done, enforced",
    [SQL_TALLY_UNEXPLAINED] = "SELECT total(unexplained) FROM tallies WHERE day > ?1 AND day <= ?2",
    [SQL_TALLY_EXPIRE] = "DELETE FROM tallies WHERE day < ?1",
    [SQL_STORY_ADD] = "INSERT INTO stories (id, when_sec, verdict, confidence, kind, done, "
                      "enforced, flags, queue_id, witness, reason, recipient, mailbox, client_ip, "
                      "path, message_id, explanation) VALUES "
                      "((SELECT coalesce(max(id), ?1) + 1 " STORY_RING "), "
                      "?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    [SQL_STORY_EVICT] = "DELETE FROM stories WHERE id > ?1 AND id <= "
                        "(SELECT max(id) " STORY_RING ") - ?2",
    [SQL_STORY_FIND] = "SELECT when_sec, verdict, confidence, kind, done, enforced, flags, "
                       "queue_id, witness, reason, recipient, mailbox, client_ip, path, "
                       "message_id, explanation FROM stories WHERE queue_id = ?1 "
                       "ORDER BY when_sec DESC, id DESC LIMIT ?2",
    [SQL_STORY_FORGET] = STORY_DELETE("mailbox = ?1"),
    [SQL_STORY_EXPIRE] = STORY_DELETE("when_sec < ?1"),
    [SQL_UNTAGGED_UPDATE] = "UPDATE untagged SET count = count + 1, unexplained = unexplained + ?4 "
                            "WHERE day = ?1 AND mailbox = ?2 AND path = ?3",
    [SQL_UNTAGGED_ADD] = "INSERT INTO untagged (day, mailbox, path, count, unexplained) "
                         "VALUES (?1, ?2, ?3, 1, ?4)",
    [SQL_UNTAGGED_COUNT] = "SELECT count(*) FROM untagged",
    [SQL_UNTAGGED_EVICT] = "DELETE FROM untagged WHERE (day, mailbox, path) IN (SELECT day, "
                           "mailbox, path FROM untagged ORDER BY day, mailbox, path LIMIT 1)",
    [SQL_UNTAGGED_LIST] = "SELECT mailbox, path, sum(count), sum(unexplained), max(day) "
                          "FROM untagged WHERE day BETWEEN ?1 AND ?2 GROUP BY mailbox, path "
                          "ORDER BY 4 DESC, 3 DESC, 1, 2",
    [SQL_UNTAGGED_FORGET] = "DELETE FROM untagged WHERE mailbox = ?1",
    [SQL_UNTAGGED_EXPIRE] = "DELETE FROM untagged WHERE day < ?1",
    [SQL_OBSERVED_ADD] = "INSERT INTO observed (day) VALUES (?1) ON CONFLICT DO NOTHING",
    [SQL_OBSERVED_COUNT] = "SELECT count(*) FROM observed WHERE day > ?1 AND day <= ?2",
    [SQL_OBSERVED_EXPIRE] = "DELETE FROM observed WHERE day < ?1",
};

int64_t connection_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void connection_set_patience(sqlite_connection *c, unsigned wait_ms)
{
    c->patience_until_us = connection_clock_us() + (int64_t)wait_ms * 1000;
}

/* SQLite's own way of waiting polls every 100 ms in the end, so that one who writes without pause
 * keeps others out. */
static int wait_for_lock(void *data, int tries)
{
    const sqlite_connection *c = data;
    (void)tries;
    if (connection_clock_us() >= c->patience_until_us) {
        return 0;
    }
    usleep(LOCK_POLL_US);
    return 1;
}

static int configure(sqlite_connection *c, unsigned cache_kib)
{
    char cache[48];
    snprintf(cache, sizeof cache, "PRAGMA cache_size = -%u", cache_kib);
    sqlite3_busy_handler(c->db, wait_for_lock, c);
    int code = connection_execute(c, cache);
    if (code == SQLITE_OK) {
        /* Damage is to be seen before it is read as data. */
        code = connection_execute(c, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; "
                                     "PRAGMA trusted_schema = OFF");
    }
    return code;
}

backstop_status connection_open(const char *path, unsigned cache_kib, unsigned wait_ms,
                                sqlite_connection **out, backstop_error *error)
{
    *out = NULL;
    sqlite_connection *c = g_new0(sqlite_connection, 1);
    c->path = path == NULL ? "the store in memory" : path;
    connection_set_patience(c, wait_ms);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |= path == NULL ? SQLITE_OPEN_CREATE : 0;
    int code = sqlite3_open_v2(path == NULL ? ":memory:" : path, &c->db, flags, NULL);
    if (code == SQLITE_OK) {
        code = configure(c, cache_kib);
    }
    if (code != SQLITE_OK) {
        backstop_status status = connection_fail(c, code, error);
        connection_close(c);
        return status;
    }
    *out = c;
    return BACKSTOP_OK;
}

void connection_close(sqlite_connection *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < SQL_COUNT; i++) {
        sqlite3_finalize(c->statements[i]);
    }
    sqlite3_close(c->db);
    g_free(c);
}

static int bind_value(sqlite3_stmt *statement, int index, const sql_value *value)
{
    if (value->bytes == NULL) {
        return sqlite3_bind_int64(statement, index, value->number);
    }
    return sqlite3_bind_blob(statement, index, value->bytes, (int)value->len, SQLITE_STATIC);
}

int connection_bind(sqlite_connection *c, sql_id id, const sql_value *values, size_t count,
                    sqlite3_stmt **out)
{
    int code = SQLITE_OK;
    *out = c->statements[id];
    if (*out == NULL) {
        code = sqlite3_prepare_v3(c->db, texts[id], -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
        c->statements[id] = *out;
    }
    for (size_t i = 0; i < count && code == SQLITE_OK; i++) {
        code = bind_value(*out, (int)i + 1, &values[i]);
    }
    return code;
}

int connection_ask(sqlite_connection *c, sql_id id, const sql_value *values, size_t count,
                   int64_t *columns, size_t column_count, bool *found)
{
    sqlite3_stmt *statement;
    for (size_t i = 0; i < column_count; i++) {
        columns[i] = 0;
    }
    *found = false;
    int code = connection_bind(c, id, values, count, &statement);
    if (code != SQLITE_OK) {
        return code;
    }
    code = sqlite3_step(statement);
    *found = code == SQLITE_ROW;
    for (size_t i = 0; *found && i < column_count; i++) {
        columns[i] = sqlite3_column_int64(statement, (int)i);
    }
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

int connection_run(sqlite_connection *c, sql_id id, const sql_value *values, size_t count)
{
    bool found;
    return connection_ask(c, id, values, count, NULL, 0, &found);
}

int connection_execute(sqlite_connection *c, const char *sql)
{
    return sqlite3_exec(c->db, sql, NULL, NULL, NULL);
}

int connection_pragma(sqlite_connection *c, const char *sql, int64_t *value)
{
    sqlite3_stmt *statement = NULL;
    *value = 0;
    int code = sqlite3_prepare_v2(c->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        *value = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    }
    sqlite3_finalize(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

/* SQLite has no code of its own for a full disk where it is not the file itself that grows. */
static bool is_disk_full(const sqlite_connection *c, int code)
{
    int cause = c->db == NULL ? 0 : sqlite3_system_errno(c->db);
    bool by_errno = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
    return (code & 0xff) == SQLITE_FULL || (by_errno && (cause == ENOSPC || cause == EDQUOT));
}

backstop_status connection_fail(const sqlite_connection *c, int code, backstop_error *error)
{
    const char *path = c->path;
    if (is_disk_full(c, code)) {
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "%s: no room: its disk is full: make some, and all goes on", path);
    }
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_fail(error, BACKSTOP_ERROR_BUSY,
                          "%s: is locked by another process for too long: try again, or find "
                          "with `fuser %s` who holds it",
                          path, path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "%s: is damaged, or no store: stop what uses it and move it away, "
                          "with %s-wal and %s-shm; a new one is made, into which `backstop ledger "
                          "import` brings what was sent",
                          path, path, path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "%s: cannot be written: run this as its owner, who must be able to "
                          "write it and its folder",
                          path);
    case SQLITE_CANTOPEN:
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "%s: cannot be opened: run this as its owner, who must be able to make "
                          "%s-wal and %s-shm beside it",
                          path, path, path);
    case SQLITE_IOERR:
        return error_fail(error, BACKSTOP_ERROR_STORE, "%s: its disk cannot be read or written: %s",
                          path, g_strerror(sqlite3_system_errno(c->db)));
    default:
        return error_fail(error, BACKSTOP_ERROR_STORE, "%s: %s", path, sqlite3_errstr(code));
    }
}
