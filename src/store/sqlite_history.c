/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "store/sqlite_history.h"

#include <backstop/history.h>

#include <string.h>

enum {
    STORIES_SLICE = 1000, /* removed in one */
    RING_MAX = BACKSTOP_STORIES_MAX / HISTORY_RINGS,
};

/* The ids of a ring's stories begin above that, and grow (STORY_RING has the same distance). They
 * are ids, not a key of two columns, so that long rows stay within the pages of the table. */
static int64_t ring_base(int ring)
{
    return (int64_t)ring << 40;
}

/* Never a NULL, which columns refuse. */
static sql_value text_value(span text)
{
    return SQL_BYTES(text.len > 0 ? text.ptr : "", text.len);
}

/* ---- adding ---- */

typedef struct events_job {
    writer_job job;
    const history_row *rows;
    size_t count;
} events_job;

static uint32_t day_of(const history_row *row)
{
    return store_day(row->numbers[NUMBER_WHEN]);
}

static bool is_untagged(const history_row *row)
{
    return (row->numbers[NUMBER_FLAGS] & (FLAG_GENUINE_WITNESS | FLAG_TAG)) == FLAG_GENUINE_WITNESS;
}

static bool is_unexplained(const history_row *row)
{
    return is_untagged(row) && (row->numbers[NUMBER_FLAGS] & FLAG_EXPLAINED) == 0;
}

static int add_tally(sqlite_connection *c, const history_row *row)
{
    const int64_t *n = row->numbers;
    const sql_value values[TALLY_NUMBERS] = {
        [TALLY_DAY] = SQL_NUMBER(day_of(row)),
        [TALLY_VERDICT] = SQL_NUMBER(n[NUMBER_VERDICT]),
        [TALLY_CONFIDENCE] = SQL_NUMBER(n[NUMBER_CONFIDENCE]),
        [TALLY_KIND] = SQL_NUMBER(n[NUMBER_KIND]),
        [TALLY_DONE] = SQL_NUMBER(n[NUMBER_DONE]),
        [TALLY_ENFORCED] = SQL_NUMBER(n[NUMBER_ENFORCED]),
        [TALLY_COUNT] = SQL_NUMBER(1),
        [TALLY_UNTAGGED] = SQL_NUMBER(is_untagged(row)),
        [TALLY_UNEXPLAINED] = SQL_NUMBER(is_unexplained(row)),
    };
    return connection_run(c, SQL_TALLY_ADD, values, G_N_ELEMENTS(values));
}

static int add_story(sqlite_connection *c, const history_row *row)
{
    sql_value values[1 + HISTORY_NUMBERS + HISTORY_TEXTS];
    values[0] = SQL_NUMBER(ring_base((int)row->ring));
    for (size_t i = 0; i < HISTORY_NUMBERS; i++) {
        values[1 + i] = SQL_NUMBER(row->numbers[i]);
    }
    for (size_t i = 0; i < HISTORY_TEXTS; i++) {
        values[1 + HISTORY_NUMBERS + i] = text_value(row->texts[i]);
    }
    return connection_run(c, SQL_STORY_ADD, values, G_N_ELEMENTS(values));
}

static int make_room_for_untagged(sqlite_connection *c)
{
    int64_t count;
    bool found;
    int code = connection_ask(c, SQL_UNTAGGED_COUNT, NULL, 0, &count, 1, &found);
    if (code == SQLITE_OK && count >= BACKSTOP_UNTAGGED_MAX) {
        code = connection_run(c, SQL_UNTAGGED_EVICT, NULL, 0);
    }
    return code;
}

static int add_untagged(sqlite_connection *c, const history_row *row)
{
    const sql_value values[] = { SQL_NUMBER(day_of(row)), text_value(row->texts[TEXT_MAILBOX]),
                                 text_value(row->texts[TEXT_OUTBOUND_PATH]),
                                 SQL_NUMBER(is_unexplained(row)) };
    int code = connection_run(c, SQL_UNTAGGED_UPDATE, values, G_N_ELEMENTS(values));
    if (code != SQLITE_OK || sqlite3_changes(c->db) > 0) {
        return code;
    }
    code = make_room_for_untagged(c);
    return code == SQLITE_OK ? connection_run(c, SQL_UNTAGGED_ADD, values, G_N_ELEMENTS(values))
                             : code;
}

static int evict_stories(sqlite_connection *c)
{
    int code = SQLITE_OK;
    for (int ring = 0; ring < HISTORY_RINGS && code == SQLITE_OK; ring++) {
        const sql_value values[] = { SQL_NUMBER(ring_base(ring)), SQL_NUMBER(RING_MAX) };
        code = connection_run(c, SQL_STORY_EVICT, values, G_N_ELEMENTS(values));
    }
    return code;
}

static int apply_events(writer_job *job, sqlite_writing *w)
{
    const events_job *e = (const events_job *)job;
    int code = SQLITE_OK;
    for (size_t i = 0; i < e->count && code == SQLITE_OK; i++) {
        code = add_tally(w->connection, &e->rows[i]);
        if (code == SQLITE_OK) {
            code = add_story(w->connection, &e->rows[i]);
        }
        if (code == SQLITE_OK && is_untagged(&e->rows[i])) {
            code = add_untagged(w->connection, &e->rows[i]);
        }
    }
    return code == SQLITE_OK ? evict_stories(w->connection) : code;
}

backstop_status sqlite_history_add(sqlite_writer *w, const history_row *rows, size_t count,
                                   backstop_error *error)
{
    backstop_status status = BACKSTOP_OK;
    for (size_t i = 0; i < count && status == BACKSTOP_OK; i += BACKSTOP_EVENTS_AT_ONCE) {
        events_job job = {
            .job = { .apply = apply_events, .is_alone = true, .wait_ms = WRITER_WAIT_MS },
            .rows = rows + i,
            .count = MIN(count - i, (size_t)BACKSTOP_EVENTS_AT_ONCE),
        };
        status = writer_run(w, &job.job, error);
    }
    return status;
}

typedef struct observing_job {
    writer_job job;
    int64_t now_sec;
} observing_job;

static int apply_observing(writer_job *job, sqlite_writing *w)
{
    int64_t now_sec = ((const observing_job *)job)->now_sec, since_sec;
    int code = rows_get_state(w->connection, STATE_OBSERVED_SINCE, &since_sec);
    if (code == SQLITE_OK && (since_sec == 0 || since_sec > now_sec)) {
        code = rows_set_state(w, STATE_OBSERVED_SINCE, now_sec);
    }
    if (code == SQLITE_OK) {
        code = rows_set_state(w, STATE_OBSERVED_LAST, now_sec);
    }
    const sql_value day[] = { SQL_NUMBER(store_day(now_sec)) };
    return code == SQLITE_OK ? connection_run(w->connection, SQL_OBSERVED_ADD, day, 1) : code;
}

backstop_status sqlite_history_note_observing(sqlite_writer *w, int64_t now_sec,
                                              backstop_error *error)
{
    observing_job job = {
        .job = { .apply = apply_observing, .wait_ms = WRITER_WAIT_MS },
        .now_sec = now_sec,
    };
    return writer_run(w, &job.job, error);
}

/* ---- removing ---- */

/* Runs one statement of removal; those that go by slices take the length of one as ?2. */
typedef struct removal_job {
    writer_job job;
    sql_id id;
    sql_value values[2];
    size_t value_count;
    int removed;
} removal_job;

static int apply_removal(writer_job *job, sqlite_writing *w)
{
    removal_job *r = (removal_job *)job;
    int code = connection_run(w->connection, r->id, r->values, r->value_count);
    r->removed = sqlite3_changes(w->connection->db);
    return code;
}

static backstop_status remove_rows(sqlite_writer *w, sql_id id, sql_value which,
                                   backstop_error *error)
{
    removal_job job = {
        .job = { .apply = apply_removal, .wait_ms = WRITER_WAIT_MS },
        .id = id,
        .values = { which },
        .value_count = 1,
    };
    return writer_run(w, &job.job, error);
}

static backstop_status remove_stories(sqlite_writer *w, sql_id id, sql_value which,
                                      backstop_error *error)
{
    removal_job job = {
        .job = { .apply = apply_removal, .is_alone = true, .wait_ms = WRITER_WAIT_MS },
        .id = id,
        .values = { which, SQL_NUMBER(STORIES_SLICE) },
        .value_count = 2,
    };
    backstop_status status;
    do {
        status = writer_run(w, &job.job, error);
    } while (status == BACKSTOP_OK && job.removed == STORIES_SLICE);
    return status;
}

backstop_status sqlite_history_forget(sqlite_writer *w, span mailbox, backstop_error *error)
{
    backstop_status status = remove_stories(w, SQL_STORY_FORGET, text_value(mailbox), error);
    if (status == BACKSTOP_OK) {
        status = remove_rows(w, SQL_UNTAGGED_FORGET, text_value(mailbox), error);
    }
    return status;
}

backstop_status sqlite_history_expire(sqlite_writer *w, uint32_t oldest_day,
                                      uint32_t oldest_counted, backstop_error *error)
{
    const struct {
        sql_id id;
        uint32_t before_day;
    } removals[] = {
        { SQL_UNTAGGED_EXPIRE, oldest_day },
        { SQL_TALLY_EXPIRE, oldest_counted },
        { SQL_OBSERVED_EXPIRE, oldest_counted },
    };
    const sql_value oldest_sec = SQL_NUMBER((int64_t)oldest_day * STORE_DAY_SEC);
    backstop_status status = remove_stories(w, SQL_STORY_EXPIRE, oldest_sec, error);
    for (size_t i = 0; i < G_N_ELEMENTS(removals) && status == BACKSTOP_OK; i++) {
        status = remove_rows(w, removals[i].id, SQL_NUMBER(removals[i].before_day), error);
    }
    return status;
}

/* ---- reading ---- */

/* A column's bytes, in `strings`, with a NUL behind them; the chunk owns them. */
static span text_column(sqlite3_stmt *statement, int column, GStringChunk *strings)
{
    const char *bytes = sqlite3_column_blob(statement, column);
    size_t len = (size_t)sqlite3_column_bytes(statement, column);
    return (span){ g_string_chunk_insert_len(strings, bytes == NULL ? "" : bytes, (gssize)len),
                   len };
}

static void append_story(sqlite3_stmt *statement, GArray *out, GStringChunk *strings)
{
    history_row row = { .numbers = { 0 } };
    for (int i = 0; i < HISTORY_NUMBERS; i++) {
        row.numbers[i] = sqlite3_column_int64(statement, i);
    }
    for (int i = 0; i < HISTORY_TEXTS; i++) {
        row.texts[i] = text_column(statement, HISTORY_NUMBERS + i, strings);
    }
    g_array_append_val(out, row);
}

static void append_tally(sqlite3_stmt *statement, GArray *out, GStringChunk *strings)
{
    history_tally tally;
    (void)strings;
    for (int i = 0; i < TALLY_NUMBERS; i++) {
        tally.numbers[i] = sqlite3_column_int64(statement, i);
    }
    g_array_append_val(out, tally);
}

static void append_untagged(sqlite3_stmt *statement, GArray *out, GStringChunk *strings)
{
    const history_untagged untagged = {
        .mailbox = text_column(statement, 0, strings).ptr,
        .path = text_column(statement, 1, strings).ptr,
        .count = sqlite3_column_int64(statement, 2),
        .unexplained = sqlite3_column_int64(statement, 3),
        .last_day = sqlite3_column_int64(statement, 4),
    };
    g_array_append_val(out, untagged);
}

/* Appends all rows of a statement. */
static int list(sqlite_connection *c, sql_id id, const sql_value values[2],
                void (*append)(sqlite3_stmt *statement, GArray *out, GStringChunk *strings),
                GArray *out, GStringChunk *strings)
{
    sqlite3_stmt *statement;
    int code = connection_bind(c, id, values, 2, &statement);
    if (code != SQLITE_OK) {
        return code;
    }
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        append(statement, out, strings);
    }
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

backstop_status sqlite_history_find(sqlite_readers *r, span queue_id, size_t max, GArray *out,
                                    GStringChunk *strings, backstop_error *error)
{
    const sql_value values[] = { text_value(queue_id), SQL_NUMBER((int64_t)max) };
    sqlite_connection *c;
    backstop_status status = readers_take(r, READERS_WAIT_MS, &c, error);
    if (status == BACKSTOP_OK) {
        int code = list(c, SQL_STORY_FIND, values, append_story, out, strings);
        status = code == SQLITE_OK ? BACKSTOP_OK : connection_fail(c, code, error);
        readers_give(r, c);
    }
    return status;
}

backstop_status sqlite_history_report(sqlite_readers *r, uint32_t from_day, uint32_t until_day,
                                      GArray *tallies, GArray *untagged, GStringChunk *strings,
                                      backstop_error *error)
{
    const sql_value days[] = { SQL_NUMBER(from_day), SQL_NUMBER(until_day) };
    sqlite_connection *c;
    backstop_status status = readers_take(r, READERS_WAIT_MS, &c, error);
    if (status != BACKSTOP_OK) {
        return status;
    }
    int code = connection_run(c, SQL_BEGIN, NULL, 0);
    if (code == SQLITE_OK) {
        code = list(c, SQL_TALLY_LIST, days, append_tally, tallies, strings);
    }
    if (code == SQLITE_OK) {
        code = list(c, SQL_UNTAGGED_LIST, days, append_untagged, untagged, strings);
    }
    status = code == SQLITE_OK ? BACKSTOP_OK : connection_fail(c, code, error);
    if (!sqlite3_get_autocommit(c->db)) {
        (void)connection_run(c, SQL_COMMIT, NULL, 0);
    }
    readers_give(r, c);
    return status;
}

static int read_state(sqlite_connection *c, uint32_t observed_from, uint32_t counted_from,
                      uint32_t today, history_state *out)
{
    const sql_value observed[] = { SQL_NUMBER(observed_from), SQL_NUMBER(today) };
    const sql_value counted[] = { SQL_NUMBER(counted_from), SQL_NUMBER(today) };
    bool found;
    int code = rows_get_state(c, STATE_OBSERVED_SINCE, &out->observed_since_sec);
    if (code == SQLITE_OK) {
        code = rows_get_state(c, STATE_OBSERVED_LAST, &out->observed_last_sec);
    }
    if (code == SQLITE_OK) {
        code = connection_ask(c, SQL_OBSERVED_COUNT, observed, 2, &out->observed_days, 1, &found);
    }
    if (code == SQLITE_OK) {
        code = connection_ask(c, SQL_TALLY_UNEXPLAINED, counted, 2, &out->unexplained, 1, &found);
    }
    return code;
}

backstop_status sqlite_history_state(sqlite_readers *r, uint32_t observed_from,
                                     uint32_t counted_from, uint32_t today, history_state *out,
                                     backstop_error *error)
{
    sqlite_connection *c;
    *out = (history_state){ 0 };
    backstop_status status = readers_take(r, READERS_WAIT_MS, &c, error);
    if (status == BACKSTOP_OK) {
        int code = read_state(c, observed_from, counted_from, today, out);
        status = code == SQLITE_OK ? BACKSTOP_OK : connection_fail(c, code, error);
        readers_give(r, c);
    }
    return status;
}
