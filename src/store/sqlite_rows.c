/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "store/sqlite_rows.h"

#include <string.h>

/* What happened to one day's rows in a transaction. */
typedef struct day_change {
    uint32_t day;
    int64_t rows;                /* gained, or lost */
    int64_t first_sec, last_sec; /* of those gained; the first after the last: none */
} day_change;

void rows_begin(sqlite_writing *w, sqlite_connection *c)
{
    *w = (sqlite_writing){
        .connection = c,
        .days = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free),
    };
}

void rows_end(sqlite_writing *w)
{
    g_hash_table_destroy(w->days);
}

static day_change *change_of(sqlite_writing *w, uint32_t day)
{
    day_change *change = g_hash_table_lookup(w->days, GUINT_TO_POINTER(day));
    if (change == NULL) {
        change = g_new(day_change, 1);
        *change = (day_change){ .day = day, .first_sec = INT64_MAX, .last_sec = INT64_MIN };
        g_hash_table_insert(w->days, GUINT_TO_POINTER(day), change);
    }
    return change;
}

static void note_put(sqlite_writing *w, uint32_t day, int64_t sec)
{
    day_change *change = change_of(w, day);
    change->rows++;
    change->first_sec = MIN(change->first_sec, sec);
    change->last_sec = MAX(change->last_sec, sec);
}

static int settle_day(sqlite_connection *c, const day_change *change)
{
    const sql_value values[] = { SQL_NUMBER(change->day), SQL_NUMBER(change->rows),
                                 SQL_NUMBER(change->first_sec), SQL_NUMBER(change->last_sec) };
    bool has_gained = change->first_sec <= change->last_sec;
    int code = has_gained ? connection_run(c, SQL_DAY_ADD, values, G_N_ELEMENTS(values))
                          : connection_run(c, SQL_DAY_TAKE, values, 2);
    if (code == SQLITE_OK && change->rows < 0) {
        code = connection_run(c, SQL_DAY_DROP_EMPTY, values, 1);
    }
    return code;
}

int rows_settle(sqlite_writing *w)
{
    GHashTableIter iter;
    gpointer change;
    int code = SQLITE_OK;
    g_hash_table_iter_init(&iter, w->days);
    while (code == SQLITE_OK && g_hash_table_iter_next(&iter, NULL, &change)) {
        code = settle_day(w->connection, change);
    }
    return code;
}

static int renew(sqlite_writing *w, const sql_value values[2], uint32_t day, int64_t sec)
{
    int64_t old_day;
    bool found;
    int code = connection_ask(w->connection, SQL_ROW_FIND, values, 1, &old_day, 1, &found);
    if (code == SQLITE_OK && found && old_day < day) {
        code = connection_run(w->connection, SQL_ROW_RENEW, values, 2);
        change_of(w, (uint32_t)old_day)->rows--;
        note_put(w, day, sec);
    }
    return code;
}

int rows_put(sqlite_writing *w, const store_key *key, int64_t sec)
{
    uint32_t day = store_day(sec);
    const sql_value values[] = { SQL_BYTES(key->bytes, sizeof key->bytes), SQL_NUMBER(day) };
    int code = connection_run(w->connection, SQL_ROW_ADD, values, G_N_ELEMENTS(values));
    if (code == SQLITE_OK && sqlite3_changes(w->connection->db) == 0) {
        return renew(w, values, day, sec);
    }
    if (code == SQLITE_OK) {
        note_put(w, day, sec);
    }
    return code;
}

int rows_check_clock(sqlite_writing *w, int64_t now_sec)
{
    int64_t newest = 0, was_behind = 0;
    bool found;
    if (w->clock_is_checked) {
        return SQLITE_OK;
    }
    w->clock_is_checked = true;
    int code = connection_ask(w->connection, SQL_DAY_NEWEST, NULL, 0, &newest, 1, &found);
    if (code == SQLITE_OK) {
        code = rows_get_state(w->connection, STATE_CLOCK_BEHIND, &was_behind);
    }
    bool is_behind = now_sec < newest - STORE_DAY_SEC;
    if (code != SQLITE_OK || is_behind == (was_behind != 0)) {
        return code;
    }
    code = rows_set_state(w, STATE_CLOCK_BEHIND, is_behind);
    if (code == SQLITE_OK && !is_behind) {
        code = rows_add_gap(w, MIN(newest, now_sec), MAX(newest, now_sec));
    }
    return code;
}

int rows_mark(sqlite_writing *w, const store_mark *mark, int64_t now_sec)
{
    unsigned char key[STORE_OWNER_BYTES + 1];
    memcpy(key, mark->owner, STORE_OWNER_BYTES);
    key[STORE_OWNER_BYTES] = mark->since;
    const sql_value values[] = { SQL_BYTES(key, sizeof key), SQL_NUMBER(now_sec),
                                 SQL_NUMBER(store_day(now_sec)) };
    return connection_run(w->connection, SQL_MARK_ADD, values, G_N_ELEMENTS(values));
}

int rows_count_return(sqlite_writing *w, const store_key *key, int64_t now_sec)
{
    const sql_value values[] = { SQL_BYTES(key->bytes, sizeof key->bytes),
                                 SQL_NUMBER(store_day(now_sec)) };
    return connection_run(w->connection, SQL_RETURN_ADD, values, G_N_ELEMENTS(values));
}

int rows_add_gap(sqlite_writing *w, int64_t from_sec, int64_t until_sec)
{
    const sql_value values[] = { SQL_NUMBER(from_sec), SQL_NUMBER(until_sec) };
    int64_t joined[2];
    bool found;
    int code = connection_ask(w->connection, SQL_GAP_JOIN, values, 2, joined, 2, &found);
    if (code != SQLITE_OK) {
        return code;
    }
    if (found && joined[0] <= from_sec && joined[1] >= until_sec) {
        return SQLITE_OK; /* on record already */
    }
    if (found) {
        from_sec = MIN(from_sec, joined[0]);
        until_sec = MAX(until_sec, joined[1]);
        code = connection_run(w->connection, SQL_GAP_DROP, values, 2);
    }
    const sql_value added[] = { SQL_NUMBER(from_sec), SQL_NUMBER(until_sec) };
    return code == SQLITE_OK ? connection_run(w->connection, SQL_GAP_ADD, added, 2) : code;
}

int rows_set_state(sqlite_writing *w, store_state id, int64_t value)
{
    const sql_value values[] = { SQL_NUMBER(id), SQL_NUMBER(value) };
    return connection_run(w->connection, SQL_STATE_SET, values, G_N_ELEMENTS(values));
}

int rows_get_state(sqlite_connection *c, store_state id, int64_t *value)
{
    const sql_value values[] = { SQL_NUMBER(id) };
    bool found;
    return connection_ask(c, SQL_STATE_GET, values, 1, value, 1, &found);
}

/* Where the slice that begins at `from` ends. */
static int find_slice(sqlite_connection *c, sql_id id, const rows_bound *from,
                      const rows_bound *end, rows_bound *to, bool *is_last)
{
    const sql_value values[] = { SQL_BYTES(from->bytes, from->len), SQL_BYTES(end->bytes, end->len),
                                 SQL_NUMBER(ROWS_SLICE) };
    sqlite3_stmt *statement;
    int code = connection_bind(c, id, values, G_N_ELEMENTS(values), &statement);
    if (code != SQLITE_OK) {
        return code;
    }
    code = sqlite3_step(statement);
    *is_last = code != SQLITE_ROW;
    *to = *end;
    if (code == SQLITE_ROW) {
        const void *key = sqlite3_column_blob(statement, 0);
        to->len = MIN((size_t)sqlite3_column_bytes(statement, 0), sizeof to->bytes);
        memcpy(to->bytes, key == NULL ? (const void *)"" : key, to->len);
    }
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int purge(sqlite_writing *w, sql_id id, const sql_value values[3], bool has_days,
                 uint64_t *removed)
{
    sqlite3_stmt *statement;
    int code = connection_bind(w->connection, id, values, 3, &statement);
    if (code != SQLITE_OK) {
        return code;
    }
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (has_days) {
            change_of(w, (uint32_t)sqlite3_column_int64(statement, 0))->rows--;
        }
        (*removed)++;
    }
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

int rows_purge_slice(sqlite_writing *w, rows_table table, rows_bound *from, const rows_bound *end,
                     uint32_t before_day, bool *is_last, uint64_t *removed)
{
    static const sql_id slices[TABLES] = { SQL_LEDGER_SLICE, SQL_MARKS_SLICE, SQL_RETURNS_SLICE };
    static const sql_id purges[TABLES] = { SQL_LEDGER_PURGE, SQL_MARKS_PURGE, SQL_RETURNS_PURGE };
    rows_bound to;
    int code = find_slice(w->connection, slices[table], from, end, &to, is_last);
    if (code != SQLITE_OK) {
        return code;
    }
    const sql_value values[] = { SQL_BYTES(from->bytes, from->len), SQL_BYTES(to.bytes, to.len),
                                 SQL_NUMBER(before_day) };
    code = purge(w, purges[table], values, table == TABLE_LEDGER, removed);
    *from = to;
    return code;
}
