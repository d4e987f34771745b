/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Sent mail as a Sent folder keeps it: include/backstop/sent.h. */
#include "message/address.h"
#include "message/date.h"
#include "message/message.h"

#include <backstop/sent.h>

#include <glib.h>
#include <string.h>

/* A mail has one sender, or two: From and Sender. More would multiply by its recipients. */
enum { SENDERS_MAX = 8 };

struct backstop_sent_copy {
    GStringChunk *store;                     /* owns all text */
    GHashTable *senders;                     /* of const char *, a set */
    GHashTable *addresses;                   /* likewise: recipients */
    GPtrArray *sender_list, *recipient_list; /* of the same, in their order */
    const char *message_id;
    int64_t sent_sec;
};

static void add_address(backstop_sent_copy *copy, span spec, GHashTable *set, GPtrArray *list)
{
    if (address_domain(spec).len == 0 || memchr(spec.ptr, '\0', spec.len) != NULL) {
        return;
    }
    char *text = g_string_chunk_insert_len(copy->store, spec.ptr, (gssize)spec.len);
    if (g_hash_table_add(set, text)) {
        g_ptr_array_add(list, text);
    }
}

/* The addresses of all fields of that name, as long as the list is below `most`. */
static void add_field(backstop_sent_copy *copy, field_block header, const char *name,
                      GHashTable *set, GPtrArray *list, size_t most)
{
    for (unsigned i = 0; i < header.count; i++) {
        const header_field *field = field_at(header, i);
        if (!span_equal_nocase(field->name, span_from_string(name))) {
            continue;
        }
        address_reader reader;
        address_reader_init(&reader, field->value);
        for (address found; list->len < most && address_next(&reader, copy->store, &found);) {
            add_address(copy, found.spec, set, list);
        }
    }
}

/* The date of the first such field, 0 if there is none. */
static int64_t date_of(field_block header, const char *name)
{
    int64_t sec;
    return date_read(field_value(header, name), &sec) ? sec : 0;
}

backstop_sent_copy *backstop_sent_copy_read(const backstop_message *message)
{
    static const char *const sender_fields[] = { "From", "Sender", "Return-Path", "Resent-From",
                                                 "Resent-Sender" };
    static const char *const recipient_fields[] = {
        "To", "Cc", "Bcc", "Apparently-To", "Resent-To", "Resent-Cc", "Resent-Bcc"
    };
    backstop_sent_copy *copy = g_new0(backstop_sent_copy, 1);
    copy->store = g_string_chunk_new(1024);
    copy->senders = g_hash_table_new(g_str_hash, g_str_equal);
    copy->addresses = g_hash_table_new(g_str_hash, g_str_equal);
    copy->sender_list = g_ptr_array_new();
    copy->recipient_list = g_ptr_array_new();

    field_block header = message_header(message);
    for (size_t i = 0; i < G_N_ELEMENTS(sender_fields); i++) {
        add_field(copy, header, sender_fields[i], copy->senders, copy->sender_list, SENDERS_MAX);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(recipient_fields); i++) {
        add_field(copy, header, recipient_fields[i], copy->addresses, copy->recipient_list,
                  SIZE_MAX);
    }
    span id = field_value(header, "Message-ID");
    copy->message_id = g_string_chunk_insert_len(copy->store, id.ptr, (gssize)id.len);
    /* Each resending puts its fields on top (RFC 5322, 3.6.6): the first is the last. */
    copy->sent_sec = date_of(header, "Resent-Date");
    if (copy->sent_sec == 0) {
        copy->sent_sec = date_of(header, "Date");
    }
    return copy;
}

void backstop_sent_copy_free(backstop_sent_copy *copy)
{
    if (copy == NULL) {
        return;
    }
    g_ptr_array_free(copy->sender_list, TRUE);
    g_ptr_array_free(copy->recipient_list, TRUE);
    g_hash_table_destroy(copy->senders);
    g_hash_table_destroy(copy->addresses);
    g_string_chunk_free(copy->store);
    g_free(copy);
}

size_t backstop_sent_copy_count(const backstop_sent_copy *copy)
{
    return copy->sender_list->len;
}

void backstop_sent_copy_get(const backstop_sent_copy *copy, size_t index, backstop_sent *out)
{
    *out = (backstop_sent){ 0 };
    if (index >= copy->sender_list->len) {
        return;
    }
    *out = (backstop_sent){
        .message_id = copy->message_id,
        .sender = g_ptr_array_index(copy->sender_list, index),
        .recipients = (const char *const *)copy->recipient_list->pdata,
        .recipient_count = copy->recipient_list->len,
        .sent_sec = copy->sent_sec,
    };
}
