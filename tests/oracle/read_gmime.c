/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What GMime 3 reads, for run.py. */
#include "record.h"

#include <gmime/gmime.h>
#include <string.h>

typedef struct part_walk {
    GString *tree;
    GPtrArray *parts; /* of GMimeObject, borrowed; in the order they stand */
} part_walk;

static void append_names(GString *names, GMimeObject *part)
{
    GMimeHeaderList *headers = g_mime_object_get_header_list(part);
    for (int i = 0; i < g_mime_header_list_get_count(headers); i++) {
        GMimeHeader *header = g_mime_header_list_get_header_at(headers, i);
        g_string_append_printf(names, "%s\n", g_mime_header_get_name(header));
    }
}

/* GMime keeps the Content- fields of a message's header with its outermost part. */
static void write_names(GMimeMessage *message)
{
    GString *names = g_string_new(NULL);
    append_names(names, GMIME_OBJECT(message));
    append_names(names, g_mime_message_get_mime_part(message));
    record_item("fields", names->str, names->len);
    g_string_free(names, TRUE);
}

static void write_texts(GMimeHeaderList *headers)
{
    for (size_t i = 0; record_fields[i] != NULL; i++) {
        GMimeHeader *header = g_mime_header_list_get_header(headers, record_fields[i]);
        if (header != NULL) {
            g_autofree char *line = g_mime_utils_header_unfold(g_mime_header_get_raw_value(header));
            g_autofree char *text = g_mime_utils_header_decode_text(NULL, line);
            record_item(record_fields[i], text, strlen(text));
        }
    }
}

static void append_addresses(GString *out, InternetAddressList *list)
{
    for (int i = 0; i < internet_address_list_length(list); i++) {
        InternetAddress *address = internet_address_list_get_address(list, i);
        if (INTERNET_ADDRESS_IS_GROUP(address)) {
            append_addresses(out,
                             internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address)));
            continue;
        }
        const char *name = internet_address_get_name(address);
        const char *spec = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address));
        g_string_append_printf(out, "%s\t%s\n", name ? name : "", spec ? spec : "");
    }
}

static void write_addresses(GMimeHeaderList *headers, const char *field)
{
    GMimeHeader *header = g_mime_header_list_get_header(headers, field);
    if (header == NULL) {
        return;
    }
    GString *text = g_string_new(NULL);
    InternetAddressList *list =
        internet_address_list_parse(NULL, g_mime_header_get_raw_value(header));
    if (list != NULL) {
        append_addresses(text, list);
        g_object_unref(list);
    }
    g_autofree char *key = g_strconcat(field, ".addresses", NULL);
    record_item(key, text->str, text->len);
    g_string_free(text, TRUE);
}

static void write_date(GMimeHeaderList *headers)
{
    GMimeHeader *header = g_mime_header_list_get_header(headers, "Date");
    GDateTime *date = header == NULL
                          ? NULL
                          : g_mime_utils_header_decode_date(g_mime_header_get_raw_value(header));
    if (date != NULL) {
        g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, g_date_time_to_unix(date));
        record_item("Date.time", text, strlen(text));
        g_date_time_unref(date);
    }
}

static void walk_part(part_walk *walk, GMimeObject *part, unsigned depth)
{
    if (part == NULL) {
        return;
    }
    for (unsigned i = 0; i < depth; i++) {
        g_string_append_c(walk->tree, ' ');
    }
    g_autofree char *type = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(part));
    g_autofree char *lower = g_ascii_strdown(type, -1);
    g_string_append_printf(walk->tree, "%s\n", lower);
    g_ptr_array_add(walk->parts, part);
    if (GMIME_IS_MULTIPART(part)) {
        GMimeMultipart *multipart = GMIME_MULTIPART(part);
        for (int i = 0; i < g_mime_multipart_get_count(multipart); i++) {
            walk_part(walk, g_mime_multipart_get_part(multipart, i), depth + 1);
        }
    } else if (GMIME_IS_MESSAGE_PART(part)) {
        GMimeMessage *message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(part));
        if (message != NULL) {
            walk_part(walk, g_mime_message_get_mime_part(message), depth + 1);
        }
    }
}

static void write_body(size_t number, GMimeObject *part)
{
    if (GMIME_IS_TEXT_PART(part)) {
        g_autofree char *text = g_mime_text_part_get_text(GMIME_TEXT_PART(part));
        record_numbered_item("text", number, text ? text : "", text ? strlen(text) : 0);
    } else if (GMIME_IS_PART(part)) {
        GMimeDataWrapper *content = g_mime_part_get_content(GMIME_PART(part));
        GMimeStream *stream = g_mime_stream_mem_new();
        if (content != NULL) {
            g_mime_data_wrapper_write_to_stream(content, stream);
        }
        GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
        record_numbered_item("bytes", number, (const char *)bytes->data, bytes->len);
        g_object_unref(stream);
    }
}

static void write_parts(GMimeMessage *message)
{
    part_walk walk = { g_string_new(NULL), g_ptr_array_new() };
    walk_part(&walk, g_mime_message_get_mime_part(message), 0);
    record_item("parts", walk.tree->str, walk.tree->len);
    for (unsigned i = 0; i < walk.parts->len; i++) {
        write_body(i, (GMimeObject *)g_ptr_array_index(walk.parts, i));
    }
    g_string_free(walk.tree, TRUE);
    g_ptr_array_free(walk.parts, TRUE);
}

static void read_message(const char *bytes, size_t len)
{
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes, len);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    if (message != NULL) {
        GMimeHeaderList *headers = g_mime_object_get_header_list(GMIME_OBJECT(message));
        write_names(message);
        write_texts(headers);
        for (size_t i = 0; record_address_fields[i] != NULL; i++) {
            write_addresses(headers, record_address_fields[i]);
        }
        write_date(headers);
        write_parts(message);
        g_object_unref(message);
    }
    g_object_unref(parser);
    g_object_unref(stream);
}

int main(void)
{
    static const char *charsets[] = { "utf-8", "windows-1252", NULL };
    g_mime_init();
    /* Unlabelled 8-bit text is guessed as libbackstop does, not by the locale of who runs it. */
    GMimeParserOptions *options = g_mime_parser_options_get_default();
    g_mime_parser_options_set_fallback_charsets(options, charsets);
    int status = record_main(read_message);
    g_mime_shutdown();
    return status;
}
