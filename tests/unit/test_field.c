/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Header fields: which lines start one, and how blocks of them are searched. */
#include "message/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void test_starts_line(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        size_t name_len; /* 0: no field */
    } cases[] = {
        { "Subject: x", 7 },
        { "Subject:", 7 },
        { "Action : failed", 6 },
        { "Action \t : failed", 6 },
        { "X-@#!$: odd but printable", 6 },
        { "S\xc3\xbc"
          "bject: 8-bit",
          0 },
        { "no field", 0 },
        { "two words: no", 0 },
        { ": no name", 0 },
        { " Subject: indented", 0 },
        { "Sub\tject: tab within", 0 },
        { "Sub\x7f"
          "ject: DEL within",
          0 },
        { "", 0 },
        { "Subject", 0 },
        { "Subject   ", 0 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        size_t name_len;
        bool found = field_starts_line(span_from_string(cases[i].line), &name_len);
        if (found != (cases[i].name_len > 0) || (found && name_len != cases[i].name_len)) {
            fail_msg("\"%s\": %d, %zu", cases[i].line, found, name_len);
        }
    }
}

static void test_name_length(void **state)
{
    (void)state;
    GString *line = g_string_new(NULL);
    size_t name_len;
    for (size_t n = 0; n < 76; n++) {
        g_string_append_c(line, 'a');
    }
    g_string_append(line, ": x");
    assert_true(field_starts_line((span){ line->str, line->len }, &name_len));
    assert_int_equal(name_len, 76);
    g_string_prepend_c(line, 'a');
    assert_false(field_starts_line((span){ line->str, line->len }, &name_len));
    g_string_free(line, TRUE);
}

static void test_from_line(void **state)
{
    (void)state;
    assert_true(field_is_from_line(SPAN("From a@b.example Mon Nov 23 20:24:50 2026")));
    assert_true(field_is_from_line(SPAN(">From a@b.example")));
    assert_false(field_is_from_line(SPAN("From: a@b.example")));
    assert_false(field_is_from_line(SPAN("From")));
    assert_false(field_is_from_line(SPAN(">> From a")));
}

static void test_usage(void **state)
{
    (void)state;
    assert_int_equal(field_usage_of(SPAN("subject")), USAGE_ONCE);
    assert_int_equal(field_usage_of(SPAN("MESSAGE-ID")), USAGE_ONCE);
    assert_int_equal(field_usage_of(SPAN("Received")), USAGE_OFTEN);
    assert_int_equal(field_usage_of(SPAN("x-anything")), USAGE_OFTEN);
    assert_int_equal(field_usage_of(SPAN("http")), USAGE_OTHER);
    assert_int_equal(field_usage_of(SPAN("")), USAGE_OTHER);
}

static void test_blocks(void **state)
{
    (void)state;
    static const char *const names[] = { "Subject", "To", "X-A", "to", "Subject" };
    GArray *fields = g_array_new(FALSE, FALSE, sizeof(header_field));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        header_field f = { span_from_string(names[i]), span_from_string(names[i]) };
        g_array_append_val(fields, f);
    }
    /* The first field and the last belong to other blocks. */
    field_block block = { fields, 1, 3 };
    assert_ptr_equal(field_at(block, 0), field_find(block, SPAN("TO"), 0));
    assert_ptr_equal(field_at(block, 2), field_find(block, SPAN("To"), 1));
    assert_null(field_find(block, SPAN("To"), 3));
    assert_null(field_find(block, SPAN("Subject"), 0));
    assert_true(span_equal(field_value(block, "x-a"), SPAN("X-A")));
    assert_int_equal(field_value(block, "Subject").len, 0);
    assert_true(field_exists(block, "To"));
    assert_false(field_exists(block, "T"));
    g_array_free(fields, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts_line), cmocka_unit_test(test_name_length),
        cmocka_unit_test(test_from_line),   cmocka_unit_test(test_usage),
        cmocka_unit_test(test_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
