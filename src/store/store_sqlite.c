/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "store/store_sqlite.h"

#include "base/error.h"
#include "store/sqlite_file.h"
#include "store/sqlite_history.h"
#include "store/sqlite_removal.h"
#include "store/sqlite_writer.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

enum {
    WRITER_CACHE_KIB = 32 * 1024,
    /* Rows of an import in one transaction: it holds the lock for less than half a second, even
     * where every row lies on a page of its own. */
    BULK_SLICE = 8192,
    /* Gaps are added where something failed already: the journal is there if this is slow too. */
    GAP_WAIT_MS = 50,
};

typedef struct sqlite_store {
    backstop_store base;
    char *path; /* absolute; NULL: in memory */
    sqlite_readers readers;
    gap_keeper gaps;
    sqlite_writer writer;
} sqlite_store;

static sqlite_store *of(backstop_store *store)
{
    return (sqlite_store *)store;
}

/* ---- writing ---- */

typedef struct change_job {
    writer_job job;
    const store_change *change;
} change_job;

static int apply_change(writer_job *job, sqlite_writing *w)
{
    const store_change *change = ((change_job *)job)->change;
    int code = rows_check_clock(w, change->now_sec);
    for (size_t i = 0; i < change->row_count && code == SQLITE_OK; i++) {
        code = rows_put(w, &change->rows[i], change->now_sec);
    }
    for (size_t i = 0; i < change->mark_count && code == SQLITE_OK; i++) {
        code = rows_mark(w, &change->marks[i], change->now_sec);
    }
    return code;
}

static backstop_status write_change(backstop_store *store, const store_change *change,
                                    backstop_error *error)
{
    change_job job = { .job = { .apply = apply_change, .wait_ms = WRITER_WAIT_MS },
                       .change = change };
    return writer_run(&of(store)->writer, &job.job, error);
}

typedef struct bulk_job {
    writer_job job;
    const store_dated_row *rows;
    size_t count;
} bulk_job;

static int apply_bulk(writer_job *job, sqlite_writing *w)
{
    const bulk_job *bulk = (const bulk_job *)job;
    int code = SQLITE_OK;
    for (size_t i = 0; i < bulk->count && code == SQLITE_OK; i++) {
        code = rows_put(w, &bulk->rows[i].key, bulk->rows[i].sec);
    }
    return code;
}

static int compare_rows(const void *a, const void *b)
{
    return memcmp(((const store_dated_row *)a)->key.bytes, ((const store_dated_row *)b)->key.bytes,
                  STORE_KEY_BYTES);
}

/* In the order of the table, so that each of its pages is read and written once, however large the
 * table is: what makes large batches fast. */
static backstop_status write_bulk(backstop_store *store, store_dated_row *rows, size_t count,
                                  backstop_error *error)
{
    backstop_status status = BACKSTOP_OK;
    if (count > 0) {
        qsort(rows, count, sizeof *rows, compare_rows);
    }
    for (size_t i = 0; i < count && status == BACKSTOP_OK; i += BULK_SLICE) {
        bulk_job job = {
            .job = { .apply = apply_bulk, .is_alone = true, .wait_ms = WRITER_WAIT_MS },
            .rows = rows + i,
            .count = MIN(count - i, (size_t)BULK_SLICE),
        };
        status = writer_run(&of(store)->writer, &job.job, error);
    }
    return status;
}

typedef struct count_job {
    writer_job job;
    const store_key *keys;
    size_t count;
    int64_t now_sec;
} count_job;

static int apply_count(writer_job *job, sqlite_writing *w)
{
    const count_job *c = (const count_job *)job;
    int code = SQLITE_OK;
    for (size_t i = 0; i < c->count && code == SQLITE_OK; i++) {
        code = rows_count_return(w, &c->keys[i], c->now_sec);
    }
    return code;
}

static backstop_status count_returns(backstop_store *store, const store_key *keys, size_t count,
                                     int64_t now_sec, backstop_error *error)
{
    count_job job = {
        .job = { .apply = apply_count, .wait_ms = WRITER_WAIT_MS },
        .keys = keys,
        .count = count,
        .now_sec = now_sec,
    };
    return writer_run(&of(store)->writer, &job.job, error);
}

typedef struct gap_job {
    writer_job job;
    store_gap gap;
} gap_job;

static int apply_gap(writer_job *job, sqlite_writing *w)
{
    const gap_job *g = (const gap_job *)job;
    return rows_add_gap(w, g->gap.from_sec, g->gap.until_sec);
}

static backstop_status add_gap(backstop_store *store, int64_t from_sec, int64_t until_sec,
                               backstop_error *error)
{
    gap_job job = {
        .job = { .apply = apply_gap,
                 .wait_ms = of(store)->path == NULL ? WRITER_WAIT_MS : GAP_WAIT_MS },
        .gap = gap_between(from_sec, until_sec),
    };
    if (writer_run(&of(store)->writer, &job.job, error) == BACKSTOP_OK) {
        return BACKSTOP_OK;
    }
    return gap_keeper_add(&of(store)->gaps, job.gap, error);
}

/* ---- removing ---- */

/* What was removed is overwritten in the file (secure_delete), but the write-ahead log holds older
 * pages until it is emptied. Waits for readers as long as they may read. */
static backstop_status empty_log(sqlite_store *s, backstop_error *error)
{
    sqlite_connection *c;
    if (s->path == NULL) {
        return BACKSTOP_OK;
    }
    backstop_status status = readers_take(&s->readers, READERS_WAIT_MS, &c, error);
    if (status != BACKSTOP_OK) {
        return status;
    }
    connection_set_patience(c, WRITER_WAIT_MS);
    int code = sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    status = code == SQLITE_OK ? BACKSTOP_OK : connection_fail(c, code, error);
    readers_give(&s->readers, c);
    return status;
}

static backstop_status forget(backstop_store *store, const unsigned char owner[STORE_OWNER_BYTES],
                              uint64_t *removed, backstop_error *error)
{
    backstop_status status = removal_forget(&of(store)->writer, owner, removed, error);
    return status == BACKSTOP_OK ? empty_log(of(store), error) : status;
}

static backstop_status expire(backstop_store *store, int64_t now_sec, uint32_t oldest_day,
                              uint64_t *removed, backstop_error *error)
{
    const char *path = of(store)->path;
    return removal_expire(&of(store)->writer, path == NULL ? "the store in memory" : path, now_sec,
                          oldest_day, removed, error);
}

/* ---- reading ---- */

/* One question, one number. */
static backstop_status ask(sqlite_connection *c, sql_id id, const sql_value *value, int64_t *number,
                           bool *found, backstop_error *error)
{
    *number = 0;
    *found = false;
    int code = connection_ask(c, id, value, 1, number, 1, found);
    return code == SQLITE_OK ? BACKSTOP_OK : connection_fail(c, code, error);
}

static backstop_status ask_row(sqlite_connection *c, const store_key *key, uint32_t oldest_day,
                               bool *known, backstop_error *error)
{
    const sql_value value = SQL_BYTES(key->bytes, sizeof key->bytes);
    int64_t day;
    backstop_status status = ask(c, SQL_ROW_FIND, &value, &day, known, error);
    *known = *known && day >= (int64_t)oldest_day;
    return status;
}

static backstop_status ask_since(sqlite_connection *c, const unsigned char *owner, store_since what,
                                 int64_t *since_sec, backstop_error *error)
{
    unsigned char key[STORE_OWNER_BYTES + 1];
    bool found;
    memcpy(key, owner, STORE_OWNER_BYTES);
    key[STORE_OWNER_BYTES] = (unsigned char)what;
    const sql_value value = SQL_BYTES(key, sizeof key);
    return ask(c, SQL_MARK_FIND, &value, since_sec, &found, error);
}

static backstop_status ask_gap(sqlite_connection *c, store_gap time, bool *has_one,
                               backstop_error *error)
{
    int64_t number;
    bool found;
    const sql_value id = SQL_NUMBER(STATE_EXPIRED_DAY), until = SQL_NUMBER(time.until_sec);
    backstop_status status = ask(c, SQL_STATE_GET, &id, &number, &found, error);
    if (status != BACKSTOP_OK || time.from_sec < number * STORE_DAY_SEC) {
        *has_one = status == BACKSTOP_OK;
        return status;
    }
    /* No two overlap, so none before the last that begins in time ends later. */
    status = ask(c, SQL_GAP_BEFORE, &until, &number, &found, error);
    *has_one = found && number >= time.from_sec;
    return status;
}

static backstop_status ask_counts(sqlite_connection *c, const store_key *keys, size_t count,
                                  uint64_t *counts, backstop_error *error)
{
    backstop_status status = BACKSTOP_OK;
    for (size_t i = 0; i < count && status == BACKSTOP_OK; i++) {
        const sql_value key = SQL_BYTES(keys[i].bytes, sizeof keys[i].bytes);
        int64_t number;
        bool found;
        status = ask(c, SQL_RETURN_FIND, &key, &number, &found, error);
        counts[i] = (uint64_t)number;
    }
    return status;
}

/* A view keeps one reader, and with it a read transaction. */
typedef struct sqlite_view {
    backstop_store base;
    sqlite_store *store;
    sqlite_connection *connection;
} sqlite_view;

/* The connection that a store's or a view's questions go to. */
static backstop_status begin(backstop_store *store, sqlite_connection **out, backstop_error *error)
{
    if (store->operations->open_view == NULL) {
        *out = ((sqlite_view *)store)->connection;
        return BACKSTOP_OK;
    }
    return readers_take(&of(store)->readers, READERS_WAIT_MS, out, error);
}

static void end(backstop_store *store, sqlite_connection *c)
{
    if (store->operations->open_view != NULL) {
        readers_give(&of(store)->readers, c);
    }
}

static backstop_status find(backstop_store *store, const store_key *key, uint32_t oldest_day,
                            bool *known, backstop_error *error)
{
    sqlite_connection *c;
    *known = false;
    backstop_status status = begin(store, &c, error);
    if (status == BACKSTOP_OK) {
        status = ask_row(c, key, oldest_day, known, error);
        end(store, c);
    }
    return status;
}

static backstop_status since(backstop_store *store, const unsigned char owner[STORE_OWNER_BYTES],
                             store_since what, int64_t *since_sec, backstop_error *error)
{
    sqlite_connection *c;
    *since_sec = 0;
    backstop_status status = begin(store, &c, error);
    if (status == BACKSTOP_OK) {
        status = ask_since(c, owner, what, since_sec, error);
        end(store, c);
    }
    return status;
}

static backstop_status has_gap(backstop_store *store, int64_t from_sec, int64_t until_sec,
                               bool *has_one, backstop_error *error)
{
    bool is_view = store->operations->open_view == NULL;
    sqlite_store *s = is_view ? ((sqlite_view *)store)->store : of(store);
    store_gap time = gap_between(from_sec, until_sec);
    sqlite_connection *c;
    /* Those that wait come first, for they go from there into the store. */
    backstop_status status = gap_keeper_touches(&s->gaps, time, has_one, error);
    if (status != BACKSTOP_OK || *has_one) {
        return status;
    }
    status = begin(store, &c, error);
    if (status == BACKSTOP_OK) {
        status = ask_gap(c, time, has_one, error);
        end(store, c);
    }
    return status;
}

static backstop_status counted(backstop_store *store, const store_key *keys, size_t count,
                               uint64_t *counts, backstop_error *error)
{
    sqlite_connection *c;
    memset(counts, 0, count * sizeof *counts);
    backstop_status status = begin(store, &c, error);
    if (status == BACKSTOP_OK) {
        status = ask_counts(c, keys, count, counts, error);
        end(store, c);
    }
    return status;
}

static void close_view(backstop_store *store)
{
    sqlite_view *view = (sqlite_view *)store;
    (void)connection_run(view->connection, SQL_COMMIT, NULL, 0);
    readers_give(&view->store->readers, view->connection);
    g_free(view);
}

static const store_operations view_operations = {
    .close = close_view,
    .find = find,
    .since = since,
    .has_gap = has_gap,
    .counted = counted,
};

static backstop_status open_view(backstop_store *store, backstop_store **out, backstop_error *error)
{
    sqlite_connection *c;
    *out = NULL;
    backstop_status status = begin(store, &c, error);
    if (status != BACKSTOP_OK) {
        return status;
    }
    int code = connection_run(c, SQL_BEGIN, NULL, 0);
    if (code != SQLITE_OK) {
        status = connection_fail(c, code, error);
        end(store, c);
        return status;
    }
    sqlite_view *view = g_new0(sqlite_view, 1);
    view->base.operations = &view_operations;
    view->store = of(store);
    view->connection = c;
    *out = &view->base;
    return BACKSTOP_OK;
}

static int read_stats(sqlite_connection *c, backstop_store_stats *out, int64_t *bytes)
{
    int64_t sums[3], gaps = 0, pages = 0, page_bytes = 0;
    bool found;
    int code = connection_ask(c, SQL_DAY_SUMS, NULL, 0, sums, 3, &found);
    if (code == SQLITE_OK) {
        code = connection_ask(c, SQL_GAP_COUNT, NULL, 0, &gaps, 1, &found);
    }
    if (code == SQLITE_OK) {
        code = connection_pragma(c, "PRAGMA page_count", &pages);
    }
    if (code == SQLITE_OK) {
        code = connection_pragma(c, "PRAGMA page_size", &page_bytes);
    }
    out->ledger_rows = (uint64_t)sums[0];
    out->oldest_sec = sums[1];
    out->newest_sec = sums[2];
    out->gaps = (uint64_t)gaps;
    *bytes = pages * page_bytes;
    return code;
}

static backstop_status stats(backstop_store *store, backstop_store_stats *out,
                             backstop_error *error)
{
    sqlite_store *s = of(store);
    sqlite_connection *c;
    int64_t bytes;
    *out = (backstop_store_stats){ 0 };
    uint64_t waiting = gap_keeper_count(&s->gaps);
    backstop_status status = readers_take(&s->readers, READERS_WAIT_MS, &c, error);
    if (status != BACKSTOP_OK) {
        return status;
    }
    int code = read_stats(c, out, &bytes);
    status = code == SQLITE_OK ? BACKSTOP_OK : connection_fail(c, code, error);
    readers_give(&s->readers, c);
    out->gaps += waiting;
    out->file_bytes = s->path == NULL ? (uint64_t)bytes : sqlite_file_bytes(s->path);
    return status;
}

/* ---- the history ---- */

static backstop_status add_events(backstop_store *store, const history_row *rows, size_t count,
                                  backstop_error *error)
{
    return sqlite_history_add(&of(store)->writer, rows, count, error);
}

static backstop_status note_observing(backstop_store *store, int64_t now_sec, backstop_error *error)
{
    return sqlite_history_note_observing(&of(store)->writer, now_sec, error);
}

static backstop_status find_events(backstop_store *store, span queue_id, size_t max, GArray *out,
                                   GStringChunk *strings, backstop_error *error)
{
    return sqlite_history_find(&of(store)->readers, queue_id, max, out, strings, error);
}

static backstop_status report(backstop_store *store, uint32_t from_day, uint32_t until_day,
                              GArray *tallies, GArray *untagged, GStringChunk *strings,
                              backstop_error *error)
{
    return sqlite_history_report(&of(store)->readers, from_day, until_day, tallies, untagged,
                                 strings, error);
}

static backstop_status read_history_state(backstop_store *store, uint32_t observed_from,
                                          uint32_t counted_from, uint32_t today, history_state *out,
                                          backstop_error *error)
{
    return sqlite_history_state(&of(store)->readers, observed_from, counted_from, today, out,
                                error);
}

static backstop_status forget_history(backstop_store *store, span mailbox, backstop_error *error)
{
    return sqlite_history_forget(&of(store)->writer, mailbox, error);
}

static backstop_status expire_history(backstop_store *store, uint32_t oldest_day,
                                      uint32_t oldest_counted, backstop_error *error)
{
    return sqlite_history_expire(&of(store)->writer, oldest_day, oldest_counted, error);
}

/* ---- opening ---- */

static void close_store(backstop_store *store)
{
    sqlite_store *s = of(store);
    writer_close(&s->writer);
    readers_close(&s->readers);
    gap_keeper_close(&s->gaps);
    g_free(s->path);
    g_free(s);
}

static const store_operations operations = {
    .close = close_store,
    .write = write_change,
    .write_bulk = write_bulk,
    .open_view = open_view,
    .find = find,
    .since = since,
    .add_gap = add_gap,
    .has_gap = has_gap,
    .count = count_returns,
    .counted = counted,
    .forget = forget,
    .expire = expire,
    .stats = stats,
    .add_events = add_events,
    .note_observing = note_observing,
    .find_events = find_events,
    .report = report,
    .read_history_state = read_history_state,
    .forget_history = forget_history,
    .expire_history = expire_history,
};

/* The journal is made where this one leads, so that it must not depend on the folder that the
 * process is in; nor may SQLite take it for a URI. */
static char *absolute_path(const char *path)
{
    if (path == NULL || g_path_is_absolute(path)) {
        return g_strdup(path);
    }
    g_autofree char *folder = g_get_current_dir();
    return g_build_filename(folder, path, NULL);
}

static backstop_status open_connection(const char *path, const unsigned char *fingerprint,
                                       sqlite_file_id *id, sqlite_connection **out,
                                       backstop_error *error)
{
    backstop_status status = path == NULL ? BACKSTOP_OK : sqlite_file_make(path, error);
    if (status == BACKSTOP_OK && path != NULL) {
        (void)sqlite_file_identify(path, id);
    }
    if (status == BACKSTOP_OK) {
        status = connection_open(path, WRITER_CACHE_KIB, WRITER_WAIT_MS, out, error);
    }
    if (status == BACKSTOP_OK) {
        status = schema_prepare(*out, fingerprint, error);
    }
    /* Only now is it known to be a store. */
    if (status == BACKSTOP_OK && path != NULL) {
        status = sqlite_file_close_to_others(path, error);
    }
    if (status == BACKSTOP_OK) {
        int code = connection_execute(*out, "PRAGMA secure_delete = ON; PRAGMA journal_size_limit "
                                            "= 67108864; PRAGMA wal_autocheckpoint = 1000");
        status = code == SQLITE_OK ? BACKSTOP_OK : connection_fail(*out, code, error);
    }
    if (status != BACKSTOP_OK) {
        g_clear_pointer(out, connection_close);
    }
    return status;
}

backstop_status store_sqlite_open(const char *path,
                                  const unsigned char fingerprint[STORE_FINGERPRINT_BYTES],
                                  backstop_store **out, backstop_error *error)
{
    *out = NULL;
    sqlite_store *s = g_new0(sqlite_store, 1);
    sqlite_connection *c = NULL;
    sqlite_file_id id = { 0, 0 };
    s->base.operations = &operations;
    s->path = absolute_path(path);
    backstop_status status = open_connection(s->path, fingerprint, &id, &c, error);
    if (status != BACKSTOP_OK) {
        g_free(s->path);
        g_free(s);
        return status;
    }
    readers_open(&s->readers, s->path, id, path == NULL ? c : NULL);
    gap_keeper_open(&s->gaps, s->path);
    status = writer_open(&s->writer, path == NULL ? NULL : c, &s->readers, &s->gaps, error);
    if (status != BACKSTOP_OK) {
        readers_close(&s->readers);
        gap_keeper_close(&s->gaps);
        g_free(s->path);
        g_free(s);
        return status;
    }
    *out = &s->base;
    return BACKSTOP_OK;
}
