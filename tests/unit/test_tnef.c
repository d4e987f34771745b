/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* TNEF and compressed RTF, written here by a small writer; and lying lengths. */
#include "message/tnef.h"

#include "message/limits.h"
#include "message/rtf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    ATT_BODY = 0x0002800C,
    ATT_RECIP_TABLE = 0x00069004,
    ATT_MSG_PROPS = 0x00069003,
    ATT_OEM_CODEPAGE = 0x00069007,
    ATT_MESSAGE_CLASS = 0x00078008,
    STRING8 = 0x1E,
    UNICODE = 0x1F,
    BINARY = 0x102,
    LONG = 0x3,
};

static void put_number(GString *to, unsigned long value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        g_string_append_c(to, (char)(value >> 8 * i));
    }
}

static void put_padded(GString *to, span value)
{
    put_number(to, value.len, 4);
    g_string_append_len(to, value.ptr, (gssize)value.len);
    put_number(to, 0, (4 - value.len % 4) % 4);
}

static void put_property(GString *to, unsigned id, unsigned type, span value)
{
    put_number(to, type, 2);
    put_number(to, id, 2);
    put_number(to, 1, 4);
    put_padded(to, value);
}

static void put_long(GString *to, unsigned id, unsigned value)
{
    put_number(to, LONG, 2);
    put_number(to, id, 2);
    put_number(to, value, 4);
}

static GString *new_tnef(void)
{
    GString *tnef = g_string_new(NULL);
    put_number(tnef, 0x223E9F78, 4);
    put_number(tnef, 1, 2);
    return tnef;
}

static void put_attribute(GString *to, unsigned id, span data)
{
    unsigned sum = 0;
    for (size_t i = 0; i < data.len; i++) {
        sum += (unsigned char)data.ptr[i];
    }
    put_number(to, 1, 1);
    put_number(to, id, 4);
    put_number(to, data.len, 4);
    g_string_append_len(to, data.ptr, (gssize)data.len);
    put_number(to, sum & 0xFFFF, 2);
}

static void put_properties(GString *to, unsigned count, GString *properties)
{
    GString *data = g_string_new(NULL);
    put_number(data, count, 4);
    g_string_append_len(data, properties->str, (gssize)properties->len);
    put_attribute(to, ATT_MSG_PROPS, (span){ data->str, data->len });
    g_string_free(data, TRUE);
    g_string_free(properties, TRUE);
}

/* Frees `tnef`. NULL: not recognised. */
static void check(GString *tnef, const char *expected)
{
    GString *out = g_string_new(NULL);
    bool is_found = tnef_to_text((span){ tnef->str, tnef->len }, SIZE_MAX, out);
    assert_int_equal(is_found, expected != NULL);
    assert_string_equal(out->str, expected != NULL ? expected : "");
    g_string_free(out, TRUE);
    g_string_free(tnef, TRUE);
}

static void test_body(void **state)
{
    GString *tnef = new_tnef();
    (void)state;
    put_attribute(tnef, ATT_OEM_CODEPAGE, SPAN("\xE3\x04\0\0\0\0\0\0")); /* 1251 */
    put_attribute(tnef, ATT_MESSAGE_CLASS, SPAN("IPM.Note\0"));
    put_attribute(tnef, ATT_BODY, SPAN("\xC4\xE0, sent\r\n\0"));
    check(tnef, "Да, sent");
}

/* Exchange puts a named property before the body more often than not. */
static GString *new_properties(void)
{
    GString *list = g_string_new(NULL);
    put_number(list, UNICODE, 2);
    put_number(list, 0x8001, 2);
    g_string_append_len(list, "0123456789ABCDEF", 16);
    put_number(list, 1, 4);
    put_padded(list, SPAN("x\0y\0\0\0"));
    put_number(list, 1, 4);
    put_padded(list, SPAN("v\0\0\0"));
    put_number(list, LONG, 2);
    put_number(list, 0x8002, 2);
    g_string_append_len(list, "0123456789ABCDEF", 16);
    put_number(list, 0, 4);
    put_number(list, 7, 4);
    put_number(list, 9, 4);
    put_number(list, 0x1003, 2); /* several numbers */
    put_number(list, 0x0E01, 2);
    put_number(list, 2, 4);
    put_number(list, 11, 4);
    put_number(list, 12, 4);
    put_number(list, 0x40, 2); /* a time */
    put_number(list, 0x0039, 2);
    put_number(list, 0, 8);
    return list;
}

enum { PROPERTIES = 4 };

static void test_unicode_body(void **state)
{
    GString *tnef = new_tnef();
    GString *list = new_properties();
    (void)state;
    put_property(list, 0x1000, UNICODE, SPAN("N\0e\0i\0n\0,\0 \0\xFC\0\0\0"));
    put_properties(tnef, PROPERTIES + 1, list);
    check(tnef, "Nein, ü");
}

static void test_string8_body(void **state)
{
    GString *tnef = new_tnef();
    GString *list = new_properties();
    (void)state;
    put_long(list, 0x3FFD, 932);
    put_property(list, 0x1000, STRING8, SPAN("\x93\xFA\x96\x7B\0"));
    put_properties(tnef, PROPERTIES + 2, list);
    check(tnef, "日本");
}

static void test_html_body(void **state)
{
    GString *tnef = new_tnef();
    GString *list = new_properties();
    (void)state;
    put_attribute(tnef, ATT_BODY, SPAN("\r\n\0")); /* empty: look further */
    put_property(list, 0x1013, BINARY, SPAN("<p>caf\xE9</p><p>two</p>\0"));
    put_long(list, 0x3FDE, 28591);
    put_properties(tnef, PROPERTIES + 2, list);
    check(tnef, "café\n\ntwo");
}

/* [MS-OXRTFCP], 3.1.1: the specification's own example. */
static const unsigned char SPEC_RTF[] = {
    0x2d, 0x00, 0x00, 0x00, 0x2b, 0x00, 0x00, 0x00, 0x4c, 0x5a, 0x46, 0x75, 0xf1,
    0xc5, 0xc7, 0xa7, 0x03, 0x00, 0x0a, 0x00, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32,
    0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20, 0x68, 0x65, 0x6c, 0x09, 0x00, 0x20, 0x62,
    0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0,
};

static void test_rtf_body(void **state)
{
    GString *tnef = new_tnef();
    GString *list = new_properties();
    (void)state;
    put_property(list, 0x1009, BINARY, (span){ (const char *)SPEC_RTF, sizeof SPEC_RTF });
    put_properties(tnef, PROPERTIES + 1, list);
    check(tnef, "hello world");
}

/* A report without a body: its text is made up from the recipient table. */
static void test_report(void **state)
{
    GString *tnef = new_tnef();
    GString *table = g_string_new(NULL);
    (void)state;
    put_number(table, 3, 4);
    put_number(table, 3, 4);
    put_property(table, 0x3001, STRING8, SPAN("Some Name\0"));
    put_property(table, 0x39FE, STRING8, SPAN("user@example.org\0"));
    put_property(table, 0x1001, STRING8, SPAN("The account does not exist <mx #5.1.1>\0"));
    put_number(table, 1, 4);
    put_property(table, 0x3001, STRING8, SPAN("Not failed\0"));
    put_number(table, 2, 4);
    put_property(table, 0x3001, UNICODE, SPAN("x\0@\0y\0\0\0"));
    put_property(table, 0x1001, UNICODE, SPAN("F\0u\0l\0l\0\0\0"));
    put_attribute(tnef, ATT_RECIP_TABLE, (span){ table->str, table->len });
    g_string_free(table, TRUE);
    check(tnef, "user@example.org\nThe account does not exist <mx #5.1.1>\nx@y\nFull");
}

static void test_none(void **state)
{
    GString *tnef = new_tnef();
    (void)state;
    check(g_string_new(""), NULL);
    check(g_string_new("x\x9F>\""), NULL);
    check(g_string_new("plain text"), NULL);
    check(g_string_new_len("\x78\x9F\x3E\x22", 4), NULL);
    put_attribute(tnef, ATT_MESSAGE_CLASS, SPAN("IPM.Note\0"));
    check(tnef, NULL);
}

static void test_lying_lengths(void **state)
{
    static const unsigned long lengths[] = { 0, 1, 3, 5, 100, 0x7FFFFFFF, 0xFFFFFFFC, 0xFFFFFFFF };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        GString *tnef = new_tnef();
        GString *out = g_string_new(NULL);
        put_number(tnef, 1, 1);
        put_number(tnef, ATT_BODY, 4);
        put_number(tnef, lengths[i], 4);
        g_string_append(tnef, "body");
        bool is_found = tnef_to_text((span){ tnef->str, tnef->len }, SIZE_MAX, out);
        assert_int_equal(is_found, lengths[i] > 0);
        assert_true(strncmp(out->str, "body", lengths[i]) == 0);
        g_string_free(out, TRUE);
        g_string_free(tnef, TRUE);
    }
}

/* Every number in the file replaced by a large one, and the file cut everywhere. */
static void test_damaged(void **state)
{
    GString *tnef = new_tnef();
    GString *list = new_properties();
    (void)state;
    put_property(list, 0x1009, BINARY, (span){ (const char *)SPEC_RTF, sizeof SPEC_RTF });
    put_property(list, 0x1013, BINARY, SPAN("<p>x"));
    put_property(list, 0x1000, UNICODE, SPAN("N\0o\0\0\0"));
    put_properties(tnef, PROPERTIES + 3, list);
    for (size_t at = 0; at < tnef->len; at++) {
        char *copy = g_memdup2(tnef->str, tnef->len);
        GString *out = g_string_new(NULL);
        memset(copy + at, 0xFF, MIN(4, tnef->len - at));
        tnef_to_text((span){ copy, tnef->len }, SIZE_MAX, out);
        tnef_to_text((span){ copy, at }, SIZE_MAX, out);
        assert_true(g_utf8_validate_len(out->str, out->len, NULL));
        g_string_free(out, TRUE);
        g_free(copy);
    }
    g_string_free(tnef, TRUE);
}

static void test_limit(void **state)
{
    GString *tnef = new_tnef();
    (void)state;
    put_attribute(tnef, ATT_BODY, SPAN("caf\xC3\xA9!\0"));
    for (size_t max = 0; max < 8; max++) {
        GString *out = g_string_new(NULL);
        assert_true(tnef_to_text((span){ tnef->str, tnef->len }, max, out));
        assert_int_equal(out->len, max == 4 ? 3 : MIN(max, 6)); /* not half a character */
        g_string_free(out, TRUE);
    }
    g_string_free(tnef, TRUE);
}

static void test_rtf_text(void **state)
{
    static const struct {
        const char *rtf;
        const char *expected;
    } rows[] = {
        { "", "" },
        { "{\\rtf1\\ansi one\\par two\\line three\\tab four}", "one\ntwo\nthree\tfour" },
        { "{\\rtf1{\\fonttbl{\\f0 Arial;}}{\\colortbl;\\red0;}{\\*\\generator x;}{\\info y}a}",
          "a" },
        { "{\\rtf1 \\'e9\\'80}", "é€" },
        { "{\\rtf1\\ansicpg1251 \\'c4}", "Д" },
        { "{\\rtf1{\\fonttbl{\\f0\\fcharset0 A;}{\\f5\\fcharset128 "
          "B;}}\\f0\\'e9{\\f5\\'93\\'fa}\\'e9}",
          "é日é" },
        { "{\\rtf1\\ansicpg932\\'93\\'fa\\'83p}", "日パ" }, /* second byte as it is */
        { "{\\rtf1\\u8364?\\u-10179?\\u-8704?\\uc0\\u233\\uc2\\u233\\'e9\\'e9!}", "€😀éé!" },
        { "{\\rtf1\\u8364\\'80 x}", "€ x" },
        { "{\\rtf1\\u55357?x}", "\xEF\xBF\xBDx" },
        { "{\\rtf1\\u0?}", "\xEF\xBF\xBD" },
        { "{\\rtf1 a\\~b\\_c\\-d\\{\\}\\\\}", "a b-cd{}\\" },
        { "{\\rtf1 \\lquote a\\rquote\\emdash b}", "‘a’—b" },
        { "{\\rtf1\\bin5 }}}}}a}", "a" },
        { "{\\rtf1\\bin999999999 a}", "" },
        { "{\\rtf1{\\*\\htmltag <p>}\\htmlrtf \\par \\htmlrtf0 text}", "\ntext" },
        { "{\\rtf1 a\r\nb\\\nc}", "ab\nc" },
        { "}}}a{b", "ab" },
        { "a\\", "a" },
        { "a\\'", "a" },
        { "a\\'zzb", "azzb" },
        { "\\thiswordislongerthananycontrolwordthatthereis x", "ordthatthereis x" },
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GString *out = g_string_new(NULL);
        rtf_to_text(span_from_string(rows[i].rtf), SIZE_MAX, out);
        if (strcmp(out->str, rows[i].expected) != 0) {
            fail_msg("\"%s\": got \"%s\"", rows[i].rtf, out->str);
        }
        g_string_free(out, TRUE);
    }
}

static void test_rtf_nesting(void **state)
{
    enum { DEPTH = 100000 };
    GString *rtf = g_string_new("{\\rtf1 ");
    GString *out = g_string_new(NULL);
    (void)state;
    for (size_t i = 0; i < DEPTH; i++) {
        g_string_append(rtf, "{");
    }
    g_string_append(rtf, "in");
    for (size_t i = 0; i < DEPTH; i++) {
        g_string_append(rtf, "}");
    }
    g_string_append(rtf, " out}");
    rtf_to_text((span){ rtf->str, rtf->len }, SIZE_MAX, out);
    assert_string_equal(out->str, "in out");
    g_string_free(rtf, TRUE);
    g_string_free(out, TRUE);
}

static void test_rtf_compression(void **state)
{
    static const unsigned char wrapped[] = {
        /* [MS-OXRTFCP], 3.1.2: reads what it writes */
        0x1a, 0x00, 0x00, 0x00, 0x1c, 0x00, 0x00, 0x00, 0x4c, 0x5a, 0x46, 0x75, 0xe2, 0xd4, 0x4b,
        0x51, 0x41, 0x00, 0x04, 0x20, 0x57, 0x58, 0x59, 0x5a, 0x0d, 0x6e, 0x7d, 0x01, 0x0e, 0xb0,
    };
    GString *out = g_string_new(NULL);
    (void)state;
    assert_true(rtf_decompress((span){ (const char *)SPEC_RTF, sizeof SPEC_RTF }, SIZE_MAX, out));
    assert_string_equal(out->str, "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
    g_string_truncate(out, 0);
    assert_true(rtf_decompress((span){ (const char *)wrapped, sizeof wrapped }, SIZE_MAX, out));
    assert_string_equal(out->str, "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}");
    g_string_truncate(out, 0);
    assert_true(rtf_decompress(SPAN("\0\0\0\0\0\0\0\0MELA\0\0\0\0as it is"), 5, out));
    assert_string_equal(out->str, "as it");
    g_string_truncate(out, 0);
    assert_false(rtf_decompress(SPAN("\0\0\0\0\0\0\0\0ZIP!\0\0\0\0x"), SIZE_MAX, out));
    assert_false(rtf_decompress(SPAN("LZFu"), SIZE_MAX, out));
    assert_true(rtf_decompress(SPAN("\0\0\0\0\0\0\0\0LZFu\0\0\0\0"), SIZE_MAX, out));
    assert_int_equal(out->len, 0);
    g_string_free(out, TRUE);
}

/* References of the greatest length: 17 bytes out for 2.1 in, held by the limit. */
static void test_rtf_bomb(void **state)
{
    GString *bomb = g_string_new_len("\0\0\0\0\xFF\xFF\xFF\xFFLZFu\0\0\0\0", 16);
    GString *out = g_string_new(NULL);
    GString *tnef = new_tnef();
    GString *list = new_properties();
    (void)state;
    size_t at = 207; /* where writing starts in the dictionary */
    while (bomb->len < 1 << 20) {
        g_string_append_c(bomb, '\xFF');
        for (size_t i = 0; i < 8; i++) {
            /* The position after the next is not where the stream ends. */
            size_t from = (at + 1) % 4096;
            g_string_append_c(bomb, (char)(from >> 4));
            g_string_append_c(bomb, (char)((from & 0xF) << 4 | 0xF));
            at = (at + 17) % 4096;
        }
    }
    rtf_decompress((span){ bomb->str, bomb->len }, SIZE_MAX, out);
    assert_in_range(out->len, 7 * bomb->len, 9 * bomb->len);
    g_string_truncate(out, 0);
    rtf_decompress((span){ bomb->str, bomb->len }, 1000, out);
    assert_int_equal(out->len, 1000);
    put_property(list, 0x1009, BINARY, (span){ bomb->str, bomb->len });
    put_properties(tnef, PROPERTIES + 1, list);
    g_string_truncate(out, 0);
    tnef_to_text((span){ tnef->str, tnef->len }, SIZE_MAX, out);
    assert_in_range(out->len, 0, LIMIT_TEXT_PART_BYTES);
    g_string_free(bomb, TRUE);
    g_string_free(out, TRUE);
    g_string_free(tnef, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_unicode_body),
        cmocka_unit_test(test_string8_body),
        cmocka_unit_test(test_html_body),
        cmocka_unit_test(test_rtf_body),
        cmocka_unit_test(test_report),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_lying_lengths),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_rtf_text),
        cmocka_unit_test(test_rtf_nesting),
        cmocka_unit_test(test_rtf_compression),
        cmocka_unit_test(test_rtf_bomb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
