/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The public side of the store.
 */
#include "store/store.h"

#include "base/error.h"
#include "message/address_form.h"
#include "proof/keys.h"
#include "store/gap_journal.h"
#include "store/history.h"
#include "store/ledger.h"
#include "store/store_sqlite.h"

#include <backstop/history.h>
#include <backstop/sign.h>

#include <string.h>

/* An import is worked on in pieces of so many rows, however many mails are handed over: 24 MB. */
enum { IMPORT_ROWS_MAX = 1000 * 1000 };

uint32_t store_day(int64_t sec)
{
    int64_t day = sec / STORE_DAY_SEC;
    return (uint32_t)CLAMP(day, 0, UINT32_MAX);
}

backstop_status backstop_store_open(const char *path, const backstop_keys *keys,
                                    backstop_store **out, backstop_error *error)
{
    unsigned char fingerprint[STORE_FINGERPRINT_BYTES];
    *out = NULL;
    const key *k = keys_ledger(keys);
    if (k == NULL) {
        return error_fail(
            error, BACKSTOP_ERROR_KEYS,
            "there is no ledger key: make one with `backstop key new ledger`, or copy "
            "the key file of another host of the site");
    }
    ledger_fingerprint(k->mac, fingerprint);
    backstop_status status = store_sqlite_open(path, fingerprint, out, error);
    if (status == BACKSTOP_OK) {
        (*out)->mac = k->mac;
        ledger_prepare(*out);
        atomic_init(&(*out)->days, BACKSTOP_LEDGER_DAYS);
        atomic_init(&(*out)->history_days, BACKSTOP_HISTORY_DAYS);
    }
    return status;
}

backstop_store *store_view_open(backstop_store *store)
{
    backstop_store *view;
    if (store == NULL || store->operations->open_view == NULL ||
        store->operations->open_view(store, &view, NULL) != BACKSTOP_OK) {
        return store;
    }
    view->mac = store->mac;
    memcpy(view->nobody, store->nobody, sizeof view->nobody);
    atomic_init(&view->days, atomic_load(&store->days));
    atomic_init(&view->history_days, atomic_load(&store->history_days));
    return view;
}

void store_view_close(backstop_store *view, const backstop_store *store)
{
    if (view != store) {
        view->operations->close(view);
    }
}

void backstop_store_close(backstop_store *store)
{
    if (store != NULL) {
        store->operations->close(store);
    }
}

void backstop_store_set_days(backstop_store *store, unsigned days)
{
    atomic_store(&store->days, CLAMP(days, 1, BACKSTOP_LEDGER_DAYS_MAX));
}

backstop_status backstop_store_get_stats(backstop_store *store, backstop_store_stats *out,
                                         backstop_error *error)
{
    return store->operations->stats(store, out, error);
}

/* When the days of the ledger began. */
static int64_t horizon_sec(backstop_store *store, int64_t now_sec)
{
    return now_sec - (int64_t)atomic_load(&store->days) * STORE_DAY_SEC;
}

backstop_status backstop_store_expire(backstop_store *store, int64_t now_sec, uint64_t *removed,
                                      backstop_error *error)
{
    uint64_t count = 0;
    uint32_t oldest_day = store_day(horizon_sec(store, now_sec));
    backstop_status status = store->operations->expire(store, now_sec, oldest_day, &count, error);
    if (status == BACKSTOP_OK) {
        status = history_expire(store, now_sec, error);
    }
    if (removed != NULL) {
        *removed = count;
    }
    return status;
}

backstop_status backstop_store_forget(backstop_store *store, const char *address, uint64_t *removed,
                                      backstop_error *error)
{
    uint64_t count = 0;
    unsigned char owner[STORE_OWNER_BYTES];
    g_autoptr(GString) canonical = g_string_new(NULL);
    address_form_canonical(span_from_string(address), canonical);
    ledger_owner(store, (span){ canonical->str, canonical->len }, owner);
    /* First, so that the write-ahead log is emptied of this as well. */
    backstop_status status = history_forget(store, canonical, error);
    if (status == BACKSTOP_OK) {
        status = store->operations->forget(store, owner, &count, error);
    }
    if (removed != NULL) {
        *removed = count;
    }
    return status;
}

/* What an import works with: the texts of the mail at hand, and the rows so far. */
typedef struct import {
    backstop_store *store;
    GArray *rows;          /* of store_dated_row */
    GString *address;      /* for one canonical form */
    GString *message_id;   /* for one without white space */
    GStringChunk *strings; /* of the mail's addresses */
    GArray *recipients;    /* of span */
} import;

static span canonical(import *i, const char *address)
{
    address_form_canonical(span_from_string(address), i->address);
    return (span){ g_string_chunk_insert_len(i->strings, i->address->str, (gssize)i->address->len),
                   i->address->len };
}

static void import_mail(import *i, const backstop_sent *sent, int64_t now_sec)
{
    g_string_chunk_clear(i->strings);
    g_array_set_size(i->recipients, 0);
    for (size_t r = 0; r < sent->recipient_count; r++) {
        span recipient = canonical(i, sent->recipients[r]);
        g_array_append_val(i->recipients, recipient);
    }
    const ledger_mail mail = {
        .message_id = ledger_message_id(span_from_string(sent->message_id), i->message_id),
        .sender = canonical(i, sent->sender),
        .recipients = (const span *)i->recipients->data,
        .recipient_count = i->recipients->len,
    };
    /* A Date in the future is a mistake, and the row must not outlive others for it. */
    ledger_append_rows(i->store, &mail, MIN(sent->sent_sec, now_sec), i->rows);
}

static backstop_status write_rows(import *i, backstop_error *error)
{
    backstop_status status = i->store->operations->write_bulk(
        i->store, (store_dated_row *)i->rows->data, i->rows->len, error);
    g_array_set_size(i->rows, 0);
    return status;
}

static backstop_status import_all(import *i, const backstop_sent *mails, size_t count,
                                  int64_t now_sec, backstop_error *error)
{
    backstop_status status = BACKSTOP_OK;
    uint32_t oldest_day = store_day(horizon_sec(i->store, now_sec));
    for (size_t m = 0; m < count && status == BACKSTOP_OK; m++) {
        if (store_day(mails[m].sent_sec) < oldest_day) {
            continue;
        }
        import_mail(i, &mails[m], now_sec);
        if (i->rows->len >= IMPORT_ROWS_MAX) {
            status = write_rows(i, error);
        }
    }
    return status == BACKSTOP_OK ? write_rows(i, error) : status;
}

backstop_status backstop_store_import(backstop_store *store, const backstop_sent *mails,
                                      size_t count, int64_t now_sec, backstop_error *error)
{
import i = {.store = store, .rows = g_array_new(FALSE, FALSE, sizeof(store_dated_row)), .address = g_string_new(NULL), .message_id = g_string_new(NULL), .strings = g_string_chunk_new(4096), .recipients = g_array_new(FALSE, FALSE, sizeof(span)), };
    backstop_status status = import_all(&i, mails, count, now_sec, error);
    g_array_free(i.rows, TRUE);
    g_string_free(i.address, TRUE);
    g_string_free(i.message_id, TRUE);
    g_string_chunk_free(i.strings);
    g_array_free(i.recipients, TRUE);
    return status;
}

backstop_status backstop_store_add_gap(backstop_store *store, int64_t from_sec, int64_t until_sec,
                                       backstop_error *error)
{
    return store->operations->add_gap(store, from_sec, until_sec, error);
}

backstop_status backstop_store_note_gap(const char *path, int64_t from_sec, int64_t until_sec,
                                        backstop_error *error)
{
    store_gap gap = gap_between(from_sec, until_sec);
    return gap_journal_add(path, gap, error);
}
