/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "ledger_lmdb.h"

#include "base/error.h"
#include "proof/keys.h"
#include "store/ledger.h"

#include <glib.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    GATHER_US = 5000, /* as the embedded store does */
    BULK_SLICE = 100 * 1000,
    EXPIRY_SLICE = 4000,
};

/* Room for what is to come; the file is sparse. */
static const size_t map_bytes = (size_t)16 << 30;

typedef struct waiting_change {
    const store_change *change;
    int code;
    bool is_done;
    struct waiting_change *next;
} waiting_change;

typedef struct lmdb_store {
    backstop_store base;
    MDB_env *env;
    MDB_dbi dbi;
    char *file;
    uint64_t rows;

    /* Who finds nobody committing does so for all who have come by then. */
    pthread_mutex_t lock;
    pthread_cond_t is_committed;
    waiting_change *waiting;
    bool is_committing;
} lmdb_store;

static backstop_status result(int code, backstop_error *error)
{
    return code == 0 ? BACKSTOP_OK
                     : error_fail(error, BACKSTOP_ERROR_STORE, "LMDB: %s", mdb_strerror(code));
}

static int put(lmdb_store *s, MDB_txn *txn, const store_key *row, uint32_t day)
{
    MDB_val k = { STORE_KEY_BYTES, (void *)row->bytes }, v = { sizeof day, &day };
    int code = mdb_put(txn, s->dbi, &k, &v, MDB_NOOVERWRITE);
    if (code == 0) {
        s->rows++;
    }
    if (code == MDB_KEYEXIST) {
        v = (MDB_val){ sizeof day, &day };
        code = mdb_put(txn, s->dbi, &k, &v, 0);
    }
    return code;
}

static int put_all(lmdb_store *s, MDB_txn *txn, waiting_change *list)
{
    int code = 0;
    for (waiting_change *w = list; w != NULL && code == 0; w = w->next) {
        uint32_t day = store_day(w->change->now_sec);
        for (size_t i = 0; i < w->change->row_count && code == 0; i++) {
            code = put(s, txn, &w->change->rows[i], day);
        }
    }
    return code;
}

static int commit_all(lmdb_store *s, waiting_change *list)
{
    MDB_txn *txn;
    int code = mdb_txn_begin(s->env, NULL, 0, &txn);
    if (code != 0) {
        return code;
    }
    code = put_all(s, txn, list);
    if (code != 0) {
        mdb_txn_abort(txn);
        return code;
    }
    return mdb_txn_commit(txn);
}

/* Called with the lock. */
static void lead(lmdb_store *s)
{
    s->is_committing = true;
    pthread_mutex_unlock(&s->lock);
    usleep(GATHER_US);
    pthread_mutex_lock(&s->lock);
    waiting_change *list = s->waiting;
    s->waiting = NULL;
    pthread_mutex_unlock(&s->lock);
    int code = commit_all(s, list);
    pthread_mutex_lock(&s->lock);
    s->is_committing = false;
    while (list != NULL) {
        waiting_change *next = list->next;
        list->code = code;
        list->is_done = true;
        list = next;
    }
    pthread_cond_broadcast(&s->is_committed);
}

static backstop_status write_change(backstop_store *store, const store_change *change,
                                    backstop_error *error)
{
    lmdb_store *s = (lmdb_store *)store;
    waiting_change w = { .change = change };
    pthread_mutex_lock(&s->lock);
    w.next = s->waiting;
    s->waiting = &w;
    while (!w.is_done) {
        if (s->is_committing) {
            pthread_cond_wait(&s->is_committed, &s->lock);
        } else {
            lead(s);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return result(w.code, error);
}

static int compare_rows(const void *a, const void *b)
{
    return memcmp(((const store_dated_row *)a)->key.bytes, ((const store_dated_row *)b)->key.bytes,
                  STORE_KEY_BYTES);
}

static backstop_status write_bulk(backstop_store *store, store_dated_row *rows, size_t count,
                                  backstop_error *error)
{
    lmdb_store *s = (lmdb_store *)store;
    int code = 0;
    qsort(rows, count, sizeof *rows, compare_rows);
    for (size_t i = 0; i < count && code == 0; i += BULK_SLICE) {
        MDB_txn *txn;
        code = mdb_txn_begin(s->env, NULL, 0, &txn);
        for (size_t k = i; k < MIN(count, i + BULK_SLICE) && code == 0; k++) {
            code = put(s, txn, &rows[k].key, store_day(rows[k].sec));
        }
        code = code == 0 ? mdb_txn_commit(txn) : code;
    }
    return result(code, error);
}

typedef struct lmdb_view {
    backstop_store base;
    MDB_dbi dbi;
    MDB_txn *txn;
} lmdb_view;

static backstop_status find(backstop_store *view, const store_key *wanted, uint32_t oldest_day,
                            bool *known, backstop_error *error)
{
    lmdb_view *v = (lmdb_view *)view;
    MDB_val k = { STORE_KEY_BYTES, (void *)wanted->bytes }, value;
    uint32_t day = 0;
    int code = mdb_get(v->txn, v->dbi, &k, &value);
    if (code == 0) {
        memcpy(&day, value.mv_data, sizeof day);
    }
    *known = code == 0 && day >= oldest_day;
    return result(code == MDB_NOTFOUND ? 0 : code, error);
}

static void close_view(backstop_store *view)
{
    mdb_txn_abort(((lmdb_view *)view)->txn);
    g_free(view);
}

static const store_operations view_operations = { .close = close_view, .find = find };

static backstop_status open_view(backstop_store *store, backstop_store **out, backstop_error *error)
{
    lmdb_store *s = (lmdb_store *)store;
    lmdb_view *v = g_new0(lmdb_view, 1);
    v->base.operations = &view_operations;
    v->dbi = s->dbi;
    *out = &v->base;
    return result(mdb_txn_begin(s->env, NULL, MDB_RDONLY, &v->txn), error);
}

/* One slice from `*from` on, which moves behind it. */
static int expire_slice(lmdb_store *s, store_key *from, uint32_t oldest_day, bool *is_last,
                        uint64_t *removed)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val k = { STORE_KEY_BYTES, from->bytes }, v;
    int code = mdb_txn_begin(s->env, NULL, 0, &txn);
    if (code != 0 || (code = mdb_cursor_open(txn, s->dbi, &cursor)) != 0) {
        return code;
    }
    code = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
    for (int i = 0; i < EXPIRY_SLICE && code == 0; i++) {
        uint32_t day;
        memcpy(&day, v.mv_data, sizeof day);
        if (day < oldest_day && (code = mdb_cursor_del(cursor, 0)) == 0) {
            (*removed)++;
            s->rows--;
        }
        code = code == 0 ? mdb_cursor_get(cursor, &k, &v, MDB_NEXT) : code;
    }
    *is_last = code == MDB_NOTFOUND;
    if (code == 0) {
        memcpy(from->bytes, k.mv_data, STORE_KEY_BYTES);
    }
    mdb_cursor_close(cursor);
    return code == 0 || *is_last ? mdb_txn_commit(txn) : code;
}

static backstop_status expire(backstop_store *store, int64_t now_sec, uint32_t oldest_day,
                              uint64_t *removed, backstop_error *error)
{
    store_key from = { { 0 } };
    bool is_last = false;
    int code = 0;
    (void)now_sec;
    while (code == 0 && !is_last) {
        code = expire_slice((lmdb_store *)store, &from, oldest_day, &is_last, removed);
        usleep(GATHER_US);
    }
    return result(code, error);
}

/* There is none. */
static backstop_status expire_history(backstop_store *store, uint32_t oldest_day,
                                      uint32_t oldest_counted, backstop_error *error)
{
    (void)store;
    (void)oldest_day;
    (void)oldest_counted;
    (void)error;
    return BACKSTOP_OK;
}

static backstop_status stats(backstop_store *store, backstop_store_stats *out,
                             backstop_error *error)
{
    lmdb_store *s = (lmdb_store *)store;
    struct stat about;
    *out = (backstop_store_stats){ .ledger_rows = s->rows };
    if (stat(s->file, &about) != 0) {
        return error_fail(error, BACKSTOP_ERROR_STORE, "%s is gone", s->file);
    }
    out->file_bytes = (uint64_t)about.st_blocks * 512;
    return BACKSTOP_OK;
}

static void close_store(backstop_store *store)
{
    lmdb_store *s = (lmdb_store *)store;
    mdb_env_close(s->env);
    pthread_cond_destroy(&s->is_committed);
    pthread_mutex_destroy(&s->lock);
    g_free(s->file);
    g_free(s);
}

static const store_operations operations = {
    .close = close_store,
    .write = write_change,
    .write_bulk = write_bulk,
    .open_view = open_view,
    .expire = expire,
    .expire_history = expire_history,
    .stats = stats,
};

static int open_env(lmdb_store *s, const char *folder)
{
    MDB_txn *txn;
    int code = mdb_env_create(&s->env);
    code = code == 0 ? mdb_env_set_mapsize(s->env, map_bytes) : code;
    code = code == 0 ? mdb_env_open(s->env, folder, MDB_NOTLS, 0600) : code;
    code = code == 0 ? mdb_txn_begin(s->env, NULL, 0, &txn) : code;
    code = code == 0 ? mdb_dbi_open(txn, NULL, MDB_CREATE, &s->dbi) : code;
    return code == 0 ? mdb_txn_commit(txn) : code;
}

backstop_status ledger_lmdb_open(const char *folder, const backstop_keys *keys,
                                 backstop_store **out, backstop_error *error)
{
    lmdb_store *s = g_new0(lmdb_store, 1);
    s->base.operations = &operations;
    s->base.mac = keys_ledger(keys)->mac;
    ledger_prepare(&s->base);
    atomic_init(&s->base.days, BACKSTOP_LEDGER_DAYS);
    s->file = g_build_filename(folder, "data.mdb", NULL);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->is_committed, NULL);
    *out = &s->base;
    return result(open_env(s, folder), error);
}
