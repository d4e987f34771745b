/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Header text: encoded words as RFC 2047 has them, and as senders write them. */
#include "message/encoded_word.h"

#include "message/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GONE "\xEF\xBF\xBD"

static void check(const char *raw, const char *expected)
{
    GString *out = g_string_new("kept ");
    encoded_word_decode(span_from_string(raw), out);
    if (strcmp(out->str + 5, expected) != 0) {
        fail_msg("\"%s\": got \"%s\", expected \"%s\"", raw, out->str + 5, expected);
    }
    assert_int_equal(out->len, 5 + strlen(expected));
    g_string_free(out, TRUE);
}

typedef struct decoding {
    const char *raw;
    const char *expected;
} decoding;

static void check_table(const decoding *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check(rows[i].raw, rows[i].expected);
    }
}

static void test_plain(void **state)
{
    static const decoding rows[] = {
        { "", "" },
        { " \r\n ", "" },
        { " Undelivered Mail\r\n", "Undelivered Mail" },
        { " Undelivered\r\n\tMail  Returned \r\n  to Sender",
          "Undelivered Mail Returned to Sender" },
        { "caf\xC3\xA9", "café" },
        { "caf\xE9", "café" },
        { "\033$BF|K\\\033(B", "日本" },
        { "a =? b ?= c", "a =? b ?= c" },
        { "=?", "=?" },
        { "=?=?=?", "=?=?=?" },
        { "1+1=?2 ?=", "1+1=?2 ?=" },
    };
    (void)state;
    check_table(rows, G_N_ELEMENTS(rows));
}

static void test_rfc2047(void **state)
{
    static const decoding rows[] = {
        { "=?iso-8859-1?Q?Keld_J=F8rn_Simonsen?=", "Keld Jørn Simonsen" },
        { "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n "
          "=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
          "If you can read this you understand the example." },
        /* the examples of section 8 */
        { "(=?ISO-8859-1?Q?a?=)", "(a)" },
        { "(=?ISO-8859-1?Q?a?= b)", "(a b)" },
        { "(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)" },
        { "(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)" },
        { "(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)" },
        { "(=?ISO-8859-1?Q?a_b?=)", "(a b)" },
        { "(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)" },
        { "=?us-ascii*en?q?language?=", "language" }, /* RFC 2231, 5 */
        { "=?utf-8?Q?=C3=A9?= and =?utf-8?Q?=C3=A9?=", "é and é" },
        { "=?utf-8?Q?\?=", "" },
        { "=?utf-8?B?\?=x", "x" },
    };
    (void)state;
    check_table(rows, G_N_ELEMENTS(rows));
}

static void test_broken_rules(void **state)
{
    static const decoding rows[] = {
        { "\"=?utf-8?Q?Gr=C3=B6=C3=9Fe?=\"", "\"Größe\"" },
        { "x=?utf-8?Q?=C3=A9?=y", "xéy" },
        { "=?utf-8?Q?=C3=A9?==?utf-8?Q?=C3=A9?=", "éé" },
        { "=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "é" }, /* a character in two words */
        { "=?utf-8?B?w6nD?=\r\n =?UTF-8?B?qQ==?=", "éé" },
        { "=?utf-8?B?w6nD?= =?utf-8?Q?=A9?=", "éé" },
        { "=?utf-8?B?w6nD?= =?iso-8859-1?Q?=A9?=", "é" GONE "©" },
        { "=?iso-2022-jp?B?GyRCRnw=?= =?iso-2022-jp?B?S1wbKEI=?=", "日本" },
        { "=?utf-8?Q?with raw spaces?=", "with raw spaces" },
        { "=?utf-8?Q?folded_in\r\n _the_word?=", "folded in the word" },
        { "=?utf-8?B?w6nD\r\n qQ==?=", "éé" },
        { "=?utf-8?Q?why?\?=", "why?" },
        { "=?utf-8?Q?a=b=zz=4?=", "a=b=zz=4" },
        { "=?utf-8?B?w6k?=", "é" }, /* no padding */
        { "=?utf-8?B?w6!k=?=", "é" },
        { "=?utf-8?b?w6k=?=", "é" },
        { "=?\?Q?caf=E9?=", "café" },
        { "=?no-such-set?Q?caf=E9?=", "café" },
        { "=?utf-8?X?abc?=", "=?utf-8?X?abc?=" },
        { "=?utf-8?Q?two=0D=0Alines?=", "two lines" },
        { "=?utf-8?Q?nul=00?=", "nul" GONE },
        { "=?utf-8?Q?_=20_padded_?=", "padded" },
        { "caf\xE9 =?utf-8?Q?=C3=A9?= caf\xC3\xA9", "café é café" },
    };
    (void)state;
    check_table(rows, G_N_ELEMENTS(rows));
}

static void test_cut(void **state)
{
    static const decoding rows[] = {
        { "=?utf-8?Q?caf=C3=A9", "café" },
        { "=?utf-8?Q?caf=C3=A9?", "café" },
        { "=?utf-8?B?w6nDqQ", "éé" },
        { "=?utf-8?Q?caf=C3=A9 and more", "café and more" },
        { "=?utf-8?Q?one =?utf-8?Q?two?= three", "onetwo three" },
        { "=?utf-8?Q", "=?utf-8?Q" },
        { "=?utf-8?Q?", "" },
        { "=?utf-8", "=?utf-8" },
    };
    (void)state;
    check_table(rows, G_N_ELEMENTS(rows));
}

static void test_limit(void **state)
{
    GString *raw = g_string_new(NULL);
    GString *out = g_string_new(NULL);
    (void)state;
    while (raw->len < LIMIT_VALUE_BYTES) {
        g_string_append_c(raw, 'a');
    }
    g_string_append(raw, "bbb");
    encoded_word_decode((span){ raw->str, raw->len }, out);
    assert_int_equal(out->len, LIMIT_VALUE_BYTES);
    assert_null(strchr(out->str, 'b'));
    g_string_free(raw, TRUE);
    g_string_free(out, TRUE);
}

/* Decodes `count` times `pattern`, each LIMIT_VALUE_BYTES of it as one value. */
static void check_many(const char *pattern, size_t count)
{
    GString *raw = g_string_new(NULL);
    for (size_t n = 0; n < count; n++) {
        g_string_append(raw, pattern);
    }
    for (size_t at = 0; at < raw->len; at += LIMIT_VALUE_BYTES) {
        GString *out = g_string_new(NULL);
        encoded_word_decode((span){ raw->str + at, raw->len - at }, out);
        assert_true(g_utf8_validate_len(out->str, out->len, NULL));
        assert_in_range(out->len, 0, 3 * LIMIT_VALUE_BYTES);
        g_string_free(out, TRUE);
    }
    g_string_free(raw, TRUE);
}

/* A million words, and starts of words that could make a search run to the end each time. */
static void test_many(void **state)
{
    static const char *const patterns[] = {
        "=?utf-8?Q?a?=x", "=?u?Q?a ", "x=?u?Q?a ", "=?u?B?Q", "=?",
        "=?u?",           "=?u?q?=",  "?=",        " ",       "=?u?Q?\xC3?= =?v?Q?\xA9?= ",
    };
    (void)state;
    check_many("=?utf-8?Q?a?= ", 1000000);
    for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++) {
        check_many(patterns[i], 100000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),        cmocka_unit_test(test_rfc2047),
        cmocka_unit_test(test_broken_rules), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_limit),        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
