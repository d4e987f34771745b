/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The caps of limits.h: what is within them is read, what is over them is marked as cut. */
#include "message/limits.h"
#include "message/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define MULTIPART(boundary) "Content-Type: multipart/mixed; boundary=" boundary "\n\n"

static backstop_message *read_bytes(const char *bytes, size_t len)
{
    backstop_message *message;
    assert_int_equal(backstop_message_read(bytes, len, NULL, &message), BACKSTOP_OK);
    return message;
}

static void check_limit(const GString *mail, size_t parts, size_t fields, bool cut)
{
    backstop_message *message = read_bytes(mail->str, mail->len);
    assert_int_equal(backstop_message_part_count(message), parts);
    assert_int_equal(backstop_message_field_count(message), fields);
    assert_int_equal(backstop_message_is_cut(message), cut);
    for (size_t i = 0; i < parts; i++) {
        const part *p = message_part(message, (unsigned)i);
        assert_true(p->depth <= LIMIT_DEPTH);
        assert_true(p->parent < (int)i);
    }
    backstop_message_free(message);
}

static void test_depth_limit(void **state)
{
    (void)state;
    GString *multiparts = g_string_new(NULL);
    GString *messages = g_string_new(NULL);
    for (unsigned i = 1; i <= LIMIT_DEPTH; i++) {
        g_string_append_printf(multiparts, MULTIPART("b%u") "--b%u\n", i, i);
        g_string_append(messages, "Content-Type: message/rfc822\n\n");
    }
    g_string_append(multiparts, "\nx");
    g_string_append(messages, "A: b\n\nx");
    check_limit(multiparts, LIMIT_DEPTH + 1, 1, false);
    check_limit(messages, LIMIT_DEPTH + 1, 1, false);
    g_string_prepend(multiparts, MULTIPART("c") "--c\n");
    g_string_prepend(messages, "Content-Type: message/rfc822\n\n");
    check_limit(multiparts, LIMIT_DEPTH + 1, 1, true);
    check_limit(messages, LIMIT_DEPTH + 1, 1, true);
    g_string_free(multiparts, TRUE);
    g_string_free(messages, TRUE);
}

static void test_part_limit(void **state)
{
    (void)state;
    GString *mail = g_string_new(MULTIPART("b"));
    for (unsigned i = 1; i < LIMIT_PARTS; i++) {
        g_string_append(mail, "--b\n\nx\n");
    }
    check_limit(mail, LIMIT_PARTS, 1, false);
    g_string_append(mail, "--b\n\nlast\n--b--\n");
    check_limit(mail, LIMIT_PARTS, 1, true);
    g_string_free(mail, TRUE);
}

static void test_field_limits(void **state)
{
    (void)state;
    GString *mail = g_string_new(NULL);
    for (unsigned i = 0; i < LIMIT_FIELDS_PER_BLOCK; i++) {
        g_string_append(mail, "A: b\n");
    }
    check_limit(mail, 1, LIMIT_FIELDS_PER_BLOCK, false);
    g_string_append(mail, "A: b\n");
    check_limit(mail, 1, LIMIT_FIELDS_PER_BLOCK, true);
    g_string_append(mail, "\n");
    g_string_prepend(mail, "Content-Type: message/rfc822\n\n");
    check_limit(mail, 2, 1, true);
    g_string_free(mail, TRUE);
}

static void test_all_fields_limit(void **state)
{
    (void)state;
    GString *mail = g_string_new(MULTIPART("b"));
    for (unsigned n = 0; n <= LIMIT_FIELDS; n++) {
        g_string_append(mail, n % 1000 == 0 ? "\nx\n--b\nA: b\n" : "A: b\n");
    }
    backstop_message *message = read_bytes(mail->str, mail->len);
    assert_true(backstop_message_is_cut(message));
    assert_int_equal(message->fields->len, LIMIT_FIELDS);
    backstop_message_free(message);
    g_string_free(mail, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_depth_limit),
        cmocka_unit_test(test_part_limit),
        cmocka_unit_test(test_field_limits),
        cmocka_unit_test(test_all_fields_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
