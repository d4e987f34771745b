/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Our charset tables against iconv: every byte, and every two bytes. */
#include "message/charset_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(const charset_table *table, GIConv converter, span bytes, GString *ours)
{
    g_string_truncate(ours, 0);
    if (!charset_table_append(table, bytes, ours)) {
        assert_int_equal(ours->len, 0);
        return;
    }
    char theirs[16];
    char *from = (char *)bytes.ptr, *to = theirs;
    gsize from_left = bytes.len, to_left = sizeof theirs;
    g_iconv(converter, NULL, NULL, NULL, NULL);
    gsize result = g_iconv(converter, &from, &from_left, &to, &to_left);
    g_iconv(converter, NULL, NULL, &to, &to_left);
    if (result != 0 || ours->len != sizeof theirs - to_left ||
        memcmp(ours->str, theirs, ours->len) != 0) {
        fail_msg("%s: iconv does not read %02x %02x as \"%s\"", table->name,
                 (unsigned char)bytes.ptr[0], (unsigned char)bytes.ptr[bytes.len - 1], ours->str);
    }
}

static void test_tables_agree_with_iconv(void **state)
{
    GString *ours = g_string_new(NULL);
    (void)state;
    for (const charset_table *table = charset_tables; table->name != NULL; table++) {
        GIConv converter = g_iconv_open("UTF-8", table->name);
        assert_int_not_equal((intptr_t)converter, -1);
        for (unsigned i = 0; i <= UINT16_MAX; i++) {
            char bytes[2] = { (char)(i >> 8), (char)i };
            check(table, converter, (span){ bytes, 2 }, ours);
            check(table, converter, (span){ bytes, 1 }, ours);
        }
        g_iconv_close(converter);
    }
    g_string_free(ours, TRUE);
}

static void test_find(void **state)
{
    (void)state;
    assert_string_equal(charset_table_find("koi8-r")->name, "KOI8-R");
    assert_null(charset_table_find("KOI8"));
    assert_null(charset_table_find(""));
}

static void test_append(void **state)
{
    GString *out = g_string_new("kept ");
    (void)state;
    assert_true(
        charset_table_append(charset_table_find("EUC-JP-MS"), SPAN("a \xC6\xFC\x8E\xB1 z"), out));
    assert_string_equal(out->str, "kept a 日ｱ z");
    g_string_assign(out, "kept ");
    assert_true(charset_table_append(charset_table_find("CP1251"), SPAN(""), out));
    /* A lead byte alone, a NUL, and a character that is not in the table. */
    assert_false(charset_table_append(charset_table_find("GB18030"), SPAN("a\xC4\xFA\xC4"), out));
    assert_false(charset_table_append(charset_table_find("CP1251"), SPAN("\xC4\0\xC4"), out));
    assert_false(
        charset_table_append(charset_table_find("GB18030"), SPAN("a\x81\x30\x81\x30"), out));
    assert_string_equal(out->str, "kept ");
    g_string_free(out, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_agree_with_iconv),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_append),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
