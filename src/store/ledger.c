/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "store/ledger.h"

#include "message/address.h"

#include <string.h>

/* What a hash is of, so that no two kinds of rows can be mistaken for each other (docs/ledger.md).
 * These stand in files, and never change. */
#define KIND(name) SPAN("backstop-ledger-1 " name)

span ledger_message_id(span value, GString *buffer)
{
    span from_bracket = span_skip(value, span_find_char(value, '<'));
    size_t end = span_find_char(from_bracket, '>');
    if (end == from_bracket.len) {
        return span_trim(value);
    }
    span id = span_head(from_bracket, end + 1);
    size_t blank = 0;
    while (blank < id.len && !ascii_is_space(id.ptr[blank]) && id.ptr[blank] != '\0') {
        blank++;
    }
    if (blank == id.len) {
        return id;
    }
    g_string_set_size(buffer, 0);
    for (size_t i = 0; i < id.len; i++) {
        if (!ascii_is_space(id.ptr[i]) && id.ptr[i] != '\0') {
            g_string_append_c(buffer, id.ptr[i]);
        }
    }
    return (span){ buffer->str, buffer->len };
}

/* ---- keys ---- */

static void hash(secret_mac *mac, const span *pieces, size_t count, unsigned char *out, size_t len)
{
    unsigned char full[SECRET_MAC_BYTES];
    secret_mac_compute(mac, pieces, count, full);
    memcpy(out, full, len);
}

void ledger_fingerprint(secret_mac *mac, unsigned char out[STORE_FINGERPRINT_BYTES])
{
    const span pieces[] = { KIND("key") };
    hash(mac, pieces, 1, out, STORE_FINGERPRINT_BYTES);
}

void ledger_owner(backstop_store *store, span address_or_domain,
                  unsigned char owner[STORE_OWNER_BYTES])
{
    const span pieces[] = { KIND("owner"), address_or_domain };
    hash(store->mac, pieces, G_N_ELEMENTS(pieces), owner, STORE_OWNER_BYTES);
}

/* It is no hash of an address, so that nobody can forget it. */
void ledger_prepare(backstop_store *store)
{
    const span pieces[] = { KIND("nobody") };
    hash(store->mac, pieces, 1, store->nobody, STORE_OWNER_BYTES);
}

static void hash_message(backstop_store *store, span id, unsigned char object[STORE_OBJECT_BYTES])
{
    const span pieces[] = { KIND("message"), id };
    hash(store->mac, pieces, G_N_ELEMENTS(pieces), object, STORE_OBJECT_BYTES);
}

static void hash_delivery(backstop_store *store, span id, span recipient,
                          unsigned char object[STORE_OBJECT_BYTES])
{
    const span pieces[] = { KIND("delivery"), id, recipient };
    hash(store->mac, pieces, G_N_ELEMENTS(pieces), object, STORE_OBJECT_BYTES);
}

static void hash_pair(backstop_store *store, span recipient,
                      unsigned char object[STORE_OBJECT_BYTES])
{
    const span pieces[] = { KIND("pair"), recipient };
    hash(store->mac, pieces, G_N_ELEMENTS(pieces), object, STORE_OBJECT_BYTES);
}

static store_key key_of(const unsigned char owner[STORE_OWNER_BYTES],
                        const unsigned char object[STORE_OBJECT_BYTES])
{
    store_key key;
    memcpy(key.bytes, owner, STORE_OWNER_BYTES);
    memcpy(key.bytes + STORE_OWNER_BYTES, object, STORE_OBJECT_BYTES);
    return key;
}

/* ---- recording ---- */

/* How many rows a mail has at most. */
static size_t row_count_max(const ledger_mail *mail)
{
    return 2 + 2 * mail->recipient_count;
}

/* Fills `keys`, which has room for row_count_max(). */
static size_t keys_of(backstop_store *store, const ledger_mail *mail, store_key *keys)
{
    unsigned char owner[STORE_OWNER_BYTES], object[STORE_OBJECT_BYTES];
    size_t count = 0;
    bool has_id = mail->message_id.len > 0;
    ledger_owner(store, mail->sender, owner);
    if (has_id) {
        hash_message(store, mail->message_id, object);
        keys[count++] = key_of(owner, object);
        keys[count++] = key_of(store->nobody, object);
    }
    for (size_t i = 0; i < mail->recipient_count; i++) {
        if (has_id) {
            hash_delivery(store, mail->message_id, mail->recipients[i], object);
            keys[count++] = key_of(owner, object);
        }
        hash_pair(store, mail->recipients[i], object);
        keys[count++] = key_of(owner, object);
    }
    return count;
}

void ledger_append_rows(backstop_store *store, const ledger_mail *mail, int64_t sent_sec,
                        GArray *rows)
{
    g_autofree store_key *keys = g_new(store_key, row_count_max(mail));
    size_t count = keys_of(store, mail, keys);
    for (size_t i = 0; i < count; i++) {
        store_dated_row row = { .key = keys[i], .sec = sent_sec };
        g_array_append_val(rows, row);
    }
}

/* 2000-01-01. A clock that is not set yet says 1970: a mark that old would vouch for mail from
 * before it was made. */
enum { MARKS_FROM_SEC = 946684800 };

static void add_mark(store_mark *marks, size_t *count, const unsigned char *owner, store_since what)
{
    marks[*count].since = (unsigned char)what;
    memcpy(marks[*count].owner, owner, STORE_OWNER_BYTES);
    (*count)++;
}

backstop_status ledger_record(backstop_store *store, const ledger_mail *mail, int64_t now_sec,
                              backstop_error *error)
{
    store_mark marks[5];
    size_t mark_count = 0;
    unsigned char owner[STORE_OWNER_BYTES];
    g_autofree store_key *keys = g_new(store_key, row_count_max(mail));
    ledger_owner(store, mail->sender, owner);
    add_mark(marks, &mark_count, owner, SINCE_TAGGED);
    add_mark(marks, &mark_count, owner, SINCE_RECORDED);
    if (mail->has_batv) {
        add_mark(marks, &mark_count, owner, SINCE_BATV);
    }
    span domain = address_domain(mail->sender);
    if (domain.len > 0) {
        ledger_owner(store, domain, owner);
        add_mark(marks, &mark_count, owner, SINCE_TAGGED);
        add_mark(marks, &mark_count, owner, SINCE_RECORDED);
    }
    const store_change change = {
        .rows = keys,
        .row_count = keys_of(store, mail, keys),
        .marks = marks,
        .mark_count = now_sec >= MARKS_FROM_SEC ? mark_count : 0,
        .now_sec = MAX(now_sec, 0),
    };
    return store->operations->write(store, &change, error);
}

/* ---- asking ---- */

/* One call of ledger_find(). */
typedef struct asking {
    backstop_store *store;
    uint32_t oldest_day;
    size_t left; /* questions that may still be asked */
    const span *recipients;
    size_t recipient_count;
    unsigned char (*pairs)[STORE_OBJECT_BYTES]; /* of the recipients, as far as needed */
    size_t pair_count;
    ledger_answer *out;
    backstop_error *error;
} asking;

static backstop_status ask(asking *a, const unsigned char *owner, const unsigned char *object,
                           bool *known)
{
    *known = false;
    if (a->left == 0) {
        return BACKSTOP_OK;
    }
    a->left--;
    store_key key = key_of(owner, object);
    return a->store->operations->find(a->store, &key, a->oldest_day, known, a->error);
}

/* A mail that we sent: by this sender, and to one of the recipients? */
static backstop_status ask_sender_message(asking *a, const unsigned char *owner, span id,
                                          const unsigned char *message)
{
    bool known;
    backstop_status status = ask(a, owner, message, &known);
    a->out->knows_message = a->out->knows_message || known;
    for (size_t i = 0; known && i < a->recipient_count && status == BACKSTOP_OK; i++) {
        unsigned char object[STORE_OBJECT_BYTES];
        bool is_delivery;
        hash_delivery(a->store, id, a->recipients[i], object);
        status = ask(a, owner, object, &is_delivery);
        a->out->knows_delivery = a->out->knows_delivery || is_delivery;
        if (is_delivery) {
            break;
        }
    }
    return status;
}

static backstop_status ask_pairs(asking *a, const unsigned char *owner)
{
    backstop_status status = BACKSTOP_OK;
    for (size_t i = 0; i < a->recipient_count && status == BACKSTOP_OK && !a->out->knows_pair;
         i++) {
        if (i == a->pair_count) {
            hash_pair(a->store, a->recipients[i], a->pairs[a->pair_count++]);
        }
        status = ask(a, owner, a->pairs[i], &a->out->knows_pair);
    }
    return status;
}

/* Every mail's Message-ID stands under nobody as well. So of one that is not there, as of forged
 * mail, no sender need be asked. */
static backstop_status ask_all(asking *a, const span *senders, size_t sender_count,
                               const span *message_ids, size_t message_id_count)
{
    unsigned char owner[STORE_OWNER_BYTES], object[STORE_OBJECT_BYTES];
    backstop_status status = BACKSTOP_OK;
    for (size_t m = 0; m < message_id_count && status == BACKSTOP_OK; m++) {
        bool known;
        hash_message(a->store, message_ids[m], object);
        status = ask(a, a->store->nobody, object, &known);
        a->out->knows_elsewhere = a->out->knows_elsewhere || known;
        for (size_t s = 0;
             known && s < sender_count && status == BACKSTOP_OK && !a->out->knows_delivery; s++) {
            ledger_owner(a->store, senders[s], owner);
            status = ask_sender_message(a, owner, message_ids[m], object);
        }
    }
    /* Whoever delivered to somebody wrote to him. */
    a->out->knows_pair = a->out->knows_delivery;
    for (size_t s = 0; s < sender_count && status == BACKSTOP_OK && !a->out->knows_pair; s++) {
        ledger_owner(a->store, senders[s], owner);
        status = ask_pairs(a, owner);
    }
    return status;
}

/* The first day that is still known at `now_sec`. */
static uint32_t oldest_day(backstop_store *store, int64_t now_sec)
{
    return store_day(now_sec - (int64_t)atomic_load(&store->days) * STORE_DAY_SEC);
}

backstop_status ledger_find(backstop_store *store, const span *senders, size_t sender_count,
                            const span *message_ids, size_t message_id_count,
                            const span *recipients, size_t recipient_count, int64_t now_sec,
                            ledger_answer *out, backstop_error *error)
{
    unsigned char pairs[LEDGER_QUESTIONS_MAX][STORE_OBJECT_BYTES];
    *out = (ledger_answer){ .knows_message = false };
    asking a = {
        .store = store_view_open(store),
        .oldest_day = oldest_day(store, now_sec),
        .left = LEDGER_QUESTIONS_MAX,
        .recipients = recipients,
        .recipient_count = MIN(recipient_count, (size_t)LEDGER_QUESTIONS_MAX),
        .pairs = pairs,
        .out = out,
        .error = error,
    };
    backstop_status status = ask_all(&a, senders, sender_count, message_ids, message_id_count);
    store_view_close(a.store, store);
    if (status != BACKSTOP_OK) {
        *out = (ledger_answer){ .knows_message = false };
    }
    return status;
}

backstop_status ledger_since(backstop_store *store, span address_or_domain, store_since what,
                             int64_t *since_sec, backstop_error *error)
{
    unsigned char owner[STORE_OWNER_BYTES];
    ledger_owner(store, address_or_domain, owner);
    return store->operations->since(store, owner, what, since_sec, error);
}

/* Counters stand in a table of their own, under nobody. */
static store_key counter_of(backstop_store *store, span id, span recipient, bool is_stranger)
{
    const span pieces[] = { is_stranger ? KIND("strangers") : KIND("returns"), id, recipient };
    unsigned char object[STORE_OBJECT_BYTES];
    hash(store->mac, pieces, is_stranger ? 2 : 3, object, STORE_OBJECT_BYTES);
    return key_of(store->nobody, object);
}

backstop_status ledger_count_return(backstop_store *store, span message_id, span recipient,
                                    bool is_stranger, int64_t now_sec, backstop_error *error)
{
    store_key key = counter_of(store, message_id, recipient, is_stranger);
    return store->operations->count(store, &key, 1, MAX(now_sec, 0), error);
}

backstop_status ledger_returns_of(backstop_store *store, span message_id, span recipient,
                                  ledger_returns *out, backstop_error *error)
{
    uint64_t counts[2] = { 0, 0 };
    const store_key keys[] = { counter_of(store, message_id, recipient, false),
                               counter_of(store, message_id, recipient, true) };
    backstop_status status = store->operations->counted(store, keys, 2, counts, error);
    *out = (ledger_returns){ .about_recipient = counts[0], .about_strangers = counts[1] };
    return status;
}
