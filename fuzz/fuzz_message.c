/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Any bytes as a message: every field, part and decoded body is read. */
#include <backstop/message.h>

#include <glib.h>
#include <stdint.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

static void check_fields(const backstop_message *message, const char *bytes, size_t size)
{
    size_t count = backstop_message_field_count(message);
    for (size_t i = 0; i < count; i++) {
        size_t name_len;
        size_t value_len;
        const char *name = backstop_message_field_name(message, i, &name_len);
        const char *value = backstop_message_field_value(message, i, &value_len);
        check(name >= bytes && name + name_len <= bytes + size);
        check(value >= bytes && value + value_len <= bytes + size);
    }
    check(backstop_message_field_name(message, count, &(size_t){ 0 }) == NULL);
    char *subject = backstop_message_field_text(message, "Subject");
    check(subject == NULL || g_utf8_validate(subject, -1, NULL));
    backstop_text_free(subject);
}

static void check_parts(const backstop_message *message)
{
    size_t count = backstop_message_part_count(message);
    for (size_t i = 0; i < count; i++) {
        check(backstop_message_part_parent(message, i) < (int)i);
        size_t len;
        char *type = backstop_message_part_type(message, i);
        char *body = backstop_message_part_body(message, i, &len);
        check(type != NULL && strchr(type, '/') != NULL);
        check(body == NULL || body[len] == '\0');
        backstop_text_free(type);
        backstop_text_free(body);
    }
    check(backstop_message_part_type(message, count) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    backstop_message *message;
    if (backstop_message_read(bytes, size, NULL, &message) != BACKSTOP_OK) {
        check(message == NULL);
        return 0;
    }
    check_fields(message, bytes, size);
    check_parts(message);
    backstop_message_free(message);
    return 0;
}
