/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The JSON writer: commas, escapes, numbers, and text that is not UTF-8. */
#include "app/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void check_string(const char *text, const char *expected)
{
    GString *out = g_string_new(NULL);
    json_writer w = json_start(out);
    json_string(&w, NULL, text);
    assert_string_equal(out->str, expected);
    g_string_free(out, TRUE);
}

static void test_nesting_and_commas(void **state)
{
    (void)state;
    GString *out = g_string_new("before ");
    json_writer w = json_start(out);
    json_open_object(&w, NULL);
    json_open_array(&w, "empty");
    json_close_array(&w);
    json_open_object(&w, "none");
    json_close_object(&w);
    json_open_array(&w, "list");
    json_number(&w, NULL, 1);
    json_open_object(&w, NULL);
    json_bool(&w, "yes", true);
    json_bool(&w, "no", false);
    json_close_object(&w);
    json_null(&w, NULL);
    json_string(&w, NULL, "");
    json_close_array(&w);
    json_string(&w, "last", NULL);
    json_close_object(&w);
    assert_string_equal(out->str, "before {\"empty\":[],\"none\":{},\"list\":[1,{\"yes\":true,"
                                  "\"no\":false},null,\"\"],\"last\":null}");
    g_string_free(out, TRUE);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        const char *expected;
    } cases[] = {
        { 0, "0" },
        { 1795465490, "1795465490" },
        { -1, "-1" },
        { INT64_MAX, "9223372036854775807" },
        { INT64_MIN, "-9223372036854775808" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GString *out = g_string_new(NULL);
        json_writer w = json_start(out);
        json_number(&w, NULL, cases[i].value);
        assert_string_equal(out->str, cases[i].expected);
        g_string_free(out, TRUE);
    }
}

static void test_escapes(void **state)
{
    (void)state;
    check_string("\"a\\b/c\"", "\"\\\"a\\\\b/c\\\"\"");
    check_string("\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"");
    check_string("\x01\x1b\x1f", "\"\\u0001\\u001b\\u001f\"");
    check_string("\n", "\"\\n\"");
    /* Valid in JSON as they are. */
    check_string("\x7f", "\"\x7f\"");
    check_string("\xe2\x80\xa8 \xf0\x9f\x93\xac", "\"\xe2\x80\xa8 \xf0\x9f\x93\xac\"");
}

#define REPLACEMENT "\xef\xbf\xbd"

/* Text is looked at eight bytes at a time: each mark at each place. */
static void test_marks_at_all_offsets(void **state)
{
    static const char *const marks[][2] = {
        { "\"", "\\\"" },   { "\\", "\\\\" }, { "\x1f", "\\u001f" },      { " ", " " },
        { "\x7f", "\x7f" }, { "é", "é" },     { "\xff", "\xEF\xBF\xBD" },
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
        for (int before = 0; before <= 17; before++) {
            for (int after = 0; after <= 17; after++) {
                g_autofree char *text = g_strdup_printf("%.*s%s%.*s", before, "aaaaaaaaaaaaaaaaa",
                                                        marks[i][0], after, "!!!!!!!!!!!!!!!!!");
                g_autofree char *want =
                    g_strdup_printf("\"%.*s%s%.*s\"", before, "aaaaaaaaaaaaaaaaa", marks[i][1],
                                    after, "!!!!!!!!!!!!!!!!!");
                g_autoptr(GString) out = g_string_new(NULL);
                json_writer w = json_start(out);
                json_string(&w, NULL, text);
                assert_string_equal(out->str, want);
            }
        }
    }
}

static void test_invalid_utf8(void **state)
{
    (void)state;
    check_string("caf\xe9", "\"caf" REPLACEMENT "\"");
    check_string("\xff\"\xff", "\"" REPLACEMENT "\\\"" REPLACEMENT "\"");
    check_string("\xc3", "\"" REPLACEMENT "\"");
    /* An overlong slash, a surrogate, a code point above U+10FFFF: some replacement each. */
    static const char *const invalid[] = { "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80" };
    for (size_t i = 0; i < G_N_ELEMENTS(invalid); i++) {
        GString *out = g_string_new(NULL);
        json_writer w = json_start(out);
        json_string(&w, NULL, invalid[i]);
        assert_true(g_utf8_validate(out->str, (gssize)out->len, NULL));
        assert_non_null(strstr(out->str, REPLACEMENT));
        g_string_free(out, TRUE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nesting_and_commas),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_marks_at_all_offsets),
        cmocka_unit_test(test_invalid_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
