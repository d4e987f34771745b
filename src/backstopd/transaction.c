/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* One mail as the mail server tells it. */
#include "backstopd/transaction.h"

#include <backstop/judge.h>
#include <backstop/seen.h>

#include <string.h>

/* A larger buffer goes back to the system after each mail: idle connections stay small. */
enum { BYTES_KEPT = 16 * 1024 };

static void free_recipient(gpointer data)
{
    transaction_recipient *r = data;
    g_free(r->given);
    g_free(r->address);
    g_free(r->arguments);
    g_free(r);
}

void transaction_init(transaction *t)
{
    *t = (transaction){
        .recipients = g_ptr_array_new_with_free_func(free_recipient),
        .bytes = g_string_new(NULL),
    };
}

void transaction_clear(transaction *t)
{
    g_free(t->sender);
    g_ptr_array_free(t->recipients, TRUE);
    g_string_free(t->bytes, TRUE);
    *t = (transaction){ .sender = NULL };
}

void transaction_reset(transaction *t)
{
    if (t->bytes->allocated_len > BYTES_KEPT) {
        transaction_clear(t);
        transaction_init(t);
        return;
    }
    g_free(t->sender);
    g_ptr_array_set_size(t->recipients, 0);
    g_string_truncate(t->bytes, 0);
    *t = (transaction){ .recipients = t->recipients, .bytes = t->bytes };
}

/* Local submission shows addresses to Postfix's milters without brackets. */
static char *without_brackets(const char *given)
{
    size_t len = strlen(given);
    return len >= 2 && given[0] == '<' && given[len - 1] == '>' ? g_strndup(given + 1, len - 2)
                                                                : g_strdup(given);
}

void transaction_set_sender(transaction *t, const char *given)
{
    g_free(t->sender);
    t->sender = without_brackets(given);
    t->is_sender_empty = given[0] == '\0';
}

transaction_recipient *transaction_add_recipient(transaction *t, const char *given,
                                                 char *const *arguments)
{
    if (t->recipients->len >= TRANSACTION_RECIPIENTS) {
        t->recipients_are_cut = true;
        return NULL;
    }
    transaction_recipient *r = g_new0(transaction_recipient, 1);
    r->given = g_strdup(given);
    r->address = without_brackets(given);
    if (arguments != NULL && arguments[0] != NULL) {
        r->arguments = g_strjoinv(" ", (char **)arguments);
    }
    g_ptr_array_add(t->recipients, r);
    return r;
}

void transaction_set_address(transaction_recipient *r, const char *address)
{
    g_free(r->address);
    r->address = without_brackets(address);
}

void transaction_add_field(transaction *t, const char *name, const char *value)
{
    if (g_ascii_strcasecmp(name, BACKSTOP_VERDICT_FIELD) == 0) {
        t->verdict_count++;
    } else if (g_ascii_strcasecmp(name, BACKSTOP_SEEN_FIELD) == 0) {
        t->seen_count++;
    }
    size_t name_len = strlen(name);
    size_t value_len = strlen(value);
    if (t->header_is_cut || t->bytes->len + name_len + value_len > TRANSACTION_HEADER_BYTES) {
        t->header_is_cut = true;
        return;
    }
    for (const char *cr = strchr(value, '\r'); cr != NULL; cr = strchr(cr + 1, '\r')) {
        t->has_lone_cr = t->has_lone_cr || cr[1] != '\n';
    }
    g_string_append_len(t->bytes, name, (gssize)name_len);
    g_string_append(t->bytes, ": ");
    g_string_append_len(t->bytes, value, (gssize)value_len);
    g_string_append(t->bytes, "\r\n");
}

void transaction_end_header(transaction *t)
{
    g_string_append(t->bytes, "\r\n");
    t->header_len = t->bytes->len;
}

void transaction_add_body(transaction *t, const char *bytes, size_t len)
{
    size_t room = TRANSACTION_BODY_BYTES - (t->bytes->len - t->header_len);
    /* Once it is full the rest is not asked for, so nobody knows whether there is any. */
    t->body_is_cut = t->body_is_cut || len >= room;
    g_string_append_len(t->bytes, bytes, (gssize)MIN(len, room));
}

bool transaction_is_full(const transaction *t)
{
    return t->body_is_cut;
}

const transaction_recipient *transaction_recipient_at(const transaction *t, unsigned index)
{
    return g_ptr_array_index(t->recipients, index);
}

/* `with_all`: else without those who must hear of everything. */
static backstop_message *read_bytes(const transaction *t, size_t len, const char *client_ip,
                                    const char *sender, bool with_all)
{
    g_autofree const char **recipients = g_new0(const char *, t->recipients->len + 1);
    size_t count = 0;
    for (unsigned i = 0; i < t->recipients->len; i++) {
        const transaction_recipient *r = transaction_recipient_at(t, i);
        if (with_all || !r->must_hear) {
            recipients[count++] = r->address;
        }
    }
    const backstop_envelope envelope = {
        .client_ip = client_ip,
        .mail_from = sender,
        .recipients = recipients,
        .recipient_count = count,
    };
    backstop_message *message;
    return backstop_message_read(t->bytes->str, len, &envelope, &message) == BACKSTOP_OK ? message
                                                                                         : NULL;
}

backstop_message *transaction_read_header(const transaction *t, const char *client_ip)
{
    return read_bytes(t, t->header_len, client_ip, t->sender, true);
}

backstop_message *transaction_read_header_as(const transaction *t, const char *client_ip,
                                             const char *sender)
{
    return read_bytes(t, t->header_len, client_ip, sender, true);
}

backstop_message *transaction_read(const transaction *t, const char *client_ip)
{
    bool has_others = false;
    for (unsigned i = 0; i < t->recipients->len && !has_others; i++) {
        const transaction_recipient *r = transaction_recipient_at(t, i);
        has_others = r->is_ours && !r->must_hear;
    }
    return read_bytes(t, t->bytes->len, client_ip, t->sender, !has_others);
}
