/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Escaping and wrapping of text for terminals. */
#include "app/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check_escaped(const char *text, const char *expected)
{
    GString *out = g_string_new("> ");
    terminal_append_escaped(out, text);
    g_autofree char *whole = g_strconcat("> ", expected, NULL);
    assert_string_equal(out->str, whole);
    g_string_free(out, TRUE);
}

static void test_escapes(void **state)
{
    (void)state;
    check_escaped("", "");
    check_escaped("plain \\ \"text\"", "plain \\ \"text\"");
    check_escaped("\x1b[2J\a\r\n\t\x7f", "\\x1b[2J\\x07\\x0d\\x0a\\x09\\x7f");
    check_escaped("\xc2\x9b"
                  "1m",
                  "\\x9b1m");
    check_escaped("a\xe2\x80\xae"
                  "b\xe2\x81\xa6"
                  "c\xe2\x80\x8f"
                  "d\xd8\x9c"
                  "e\xe2\x80\xa8"
                  "f",
                  "a\\u202eb\\u2066c\\u200fd\\u061ce\\u2028f");
    check_escaped("caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x93\xac",
                  "caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x93\xac");
    check_escaped("\xe9\xff\xc0\xaf\xe6\x97", "\\xe9\\xff\\xc0\\xaf\\xe6\\x97");
    check_escaped("\xed\xa0\x80", "\\xed\\xa0\\x80");
}

static void check_wrapped(const char *text, unsigned indent, unsigned columns, const char *expected)
{
    GString *out = g_string_new(NULL);
    terminal_append_wrapped(out, text, indent, columns);
    assert_string_equal(out->str, expected);
    g_string_free(out, TRUE);
}

static void test_wrapping(void **state)
{
    (void)state;
    check_wrapped("", 2, 10, "\n");
    check_wrapped("one", 2, 10, "  one\n");
    check_wrapped("one two six", 2, 9, "  one two\n  six\n");
    check_wrapped("one two six", 2, 8, "  one\n  two\n  six\n");
    check_wrapped("  one   two  ", 0, 80, "one two\n");
    check_wrapped("a verylongword b", 1, 6, " a\n verylongword\n b\n");
    /* Two columns each: the characters of East Asia. None: a combining accent. */
    check_wrapped("\xe6\x97\xa5\xe6\x9c\xac ab", 0, 6, "\xe6\x97\xa5\xe6\x9c\xac\nab\n");
    check_wrapped("\xe6\x97\xa5\xe6\x9c\xac ab", 0, 7, "\xe6\x97\xa5\xe6\x9c\xac ab\n");
    check_wrapped("e\xcc\x81 ab", 0, 4, "e\xcc\x81 ab\n");
}

static void test_columns_without_terminal(void **state)
{
    (void)state;
    assert_int_equal(terminal_columns(-1), 80);
}

static void test_cells(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *cell;
    } cases[] = {
        { "", "      " },
        { "abc", "abc   " },
        { "abcdef", "abcdef" },
        { "abcdefg", "abcde~" },
        { "a\nbcdefg", "a\\x0a~" },
        { "\x1b[2J", "\\x1b[~" },
        { "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2", "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2" },
        { "a\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2", "a\xe6\xbc\xa2\xe5\xad\x97~" },
        { "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2z", "\xe6\xbc\xa2\xe5\xad\x97~ " },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) out = g_string_new(">");
        terminal_append_cell(out, cases[i].text, 6);
        assert_string_equal(out->str + 1, cases[i].cell);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_wrapping),
        cmocka_unit_test(test_columns_without_terminal),
        cmocka_unit_test(test_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
