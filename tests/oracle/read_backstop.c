/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What libbackstop reads, for run.py. */
#include "message/address.h"
#include "message/date.h"
#include "message/encoded_word.h"
#include "message/message.h"

#include "record.h"

#include <inttypes.h>
#include <string.h>

static void write_names(const backstop_message *message)
{
    GString *names = g_string_new(NULL);
    size_t len;
    for (size_t i = 0; i < backstop_message_field_count(message); i++) {
        const char *name = backstop_message_field_name(message, i, &len);
        g_string_append_len(names, name, (gssize)len);
        g_string_append_c(names, '\n');
    }
    record_item("fields", names->str, names->len);
    g_string_free(names, TRUE);
}

static void write_texts(const backstop_message *message)
{
    for (size_t i = 0; record_fields[i] != NULL; i++) {
        char *text = backstop_message_field_text(message, record_fields[i]);
        if (text != NULL) {
            record_item(record_fields[i], text, strlen(text));
        }
        backstop_text_free(text);
    }
}

static void write_addresses(const backstop_message *message, const char *field)
{
    if (!field_exists(message_header(message), field)) {
        return;
    }
    GString *list = g_string_new(NULL);
    GStringChunk *store = g_string_chunk_new(256);
    address_reader reader;
    address next;
    address_reader_init(&reader, field_value(message_header(message), field));
    while (address_next(&reader, store, &next)) {
        encoded_word_decode(next.display, list);
        g_string_append_c(list, '\t');
        g_string_append_len(list, next.spec.ptr, (gssize)next.spec.len);
        g_string_append_c(list, '\n');
    }
    g_autofree char *key = g_strconcat(field, ".addresses", NULL);
    record_item(key, list->str, list->len);
    g_string_chunk_free(store);
    g_string_free(list, TRUE);
}

static void write_date(const backstop_message *message)
{
    int64_t sec;
    if (date_read(field_value(message_header(message), "Date"), &sec)) {
        g_autofree char *text = g_strdup_printf("%" PRId64, sec);
        record_item("Date.time", text, strlen(text));
    }
}

static void write_parts(const backstop_message *message)
{
    GString *tree = g_string_new(NULL);
    for (size_t i = 0; i < backstop_message_part_count(message); i++) {
        char *type = backstop_message_part_type(message, i);
        for (int p = backstop_message_part_parent(message, i); p != PART_NONE;
             p = backstop_message_part_parent(message, (size_t)p)) {
            g_string_append_c(tree, ' ');
        }
        g_string_append_printf(tree, "%s\n", type);
        backstop_text_free(type);
    }
    record_item("parts", tree->str, tree->len);
    g_string_free(tree, TRUE);
}

static void write_bodies(const backstop_message *message)
{
    for (size_t i = 0; i < backstop_message_part_count(message); i++) {
        size_t len;
        char *body = backstop_message_part_body(message, i, &len);
        if (body != NULL) {
            bool is_text = part_is_text(message_part(message, (unsigned)i));
            record_numbered_item(is_text ? "text" : "bytes", i, body, len);
        }
        backstop_text_free(body);
    }
}

static void read_message(const char *bytes, size_t len)
{
    backstop_message *message;
    if (backstop_message_read(bytes, len, NULL, &message) != BACKSTOP_OK) {
        return;
    }
    write_names(message);
    write_texts(message);
    for (size_t i = 0; record_address_fields[i] != NULL; i++) {
        write_addresses(message, record_address_fields[i]);
    }
    write_date(message);
    write_parts(message);
    write_bodies(message);
    backstop_message_free(message);
}

int main(void)
{
    return record_main(read_message);
}
