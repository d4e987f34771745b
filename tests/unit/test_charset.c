/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Charsets to UTF-8: every decoder, the labels that mail uses, and broken text. */
#include "message/charset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct conversion {
    const char *label;
    span bytes;
    const char *expected;
} conversion;

#define BYTES(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }
#define GONE "\xEF\xBF\xBD"

static void check(const char *label, span bytes, const char *expected)
{
    GString *out = g_string_new("kept ");
    charset_to_utf8(span_from_string(label), bytes, out);
    assert_memory_equal(out->str, "kept ", 5);
    if (strcmp(out->str + 5, expected) != 0) {
        fail_msg("%s: got \"%s\", expected \"%s\"", label, out->str + 5, expected);
    }
    assert_int_equal(out->len, 5 + strlen(expected)); /* no NUL inside */
    g_string_free(out, TRUE);
}

static void check_table(const conversion *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check(rows[i].label, rows[i].bytes, rows[i].expected);
    }
}

static void test_labels(void **state)
{
    static const conversion rows[] = {
        { "utf-8", BYTES("caf\xC3\xA9"), "café" },
        { "\"UTF-8\"", BYTES("caf\xC3\xA9"), "café" },
        { " utf8; format=flowed", BYTES("caf\xC3\xA9"), "café" },
        { "utf-8*en", BYTES("caf\xC3\xA9"), "café" },
        { "iso-8859-1", BYTES("\x80 caf\xE9"), "€ café" },
        { "ISO_8859-1", BYTES("caf\xE9"), "café" },
        { "latin1", BYTES("caf\xE9"), "café" },
        { "8859-1", BYTES("caf\xE9"), "café" },
        { "windows-1252",
          BYTES("\x93"
                "caf\xE9\x94"),
          "“café”" },
        { "cp-1252", BYTES("caf\xE9"), "café" },
        { "1252", BYTES("caf\xE9"), "café" },
        { "iso-8859-2", BYTES("\xB3"), "ł" },
        { "iso-8859-9", BYTES("\xF0\x80"), "ğ€" },
        { "iso-8859-15", BYTES("\xA4"), "€" },
        { "iso-8859-8-i", BYTES("\xE0"), "א" },
        { "cp-850", BYTES("\x82"), "é" },
        { "x-cp1251", BYTES("\xC4"), "Д" },
        { "windows1251", BYTES("\xC4"), "Д" },
        { "koi8-r", BYTES("\xE4"), "Д" },
        { "x-sjis", BYTES("\x93\xFA\x87\x40"), "日①" },
        { "shift_jis", BYTES("\x93\xFA"), "日" },
        { "euc-jp", BYTES("\xC6\xFC\xAD\xA1"), "日①" },
        { "gb2312", BYTES("\xC4\xFA\x81\x40"), "您丂" },
        { "gb18030", BYTES("\xC4\xFA\x81\x30\x81\x30"), "您\xC2\x80" },
        { "big5", BYTES("\xB6\x6C"), "郵" },
        { "x-x-big5", BYTES("\xB6\x6C"), "郵" },
        { "ks_c_5601-1987", BYTES("\xB8\xDE"), "메" },
        { "euc-kr", BYTES("\xB8\xDE\x81\x41"), "메갂" },
        { "tis-620", BYTES("\xE4"), "ไ" },
        { "x-mac-roman", BYTES("\x8E"), "é" },
        { "cp65001", BYTES("\xC3\xA9"), "é" },
        { "cp28592", BYTES("\xB3"), "ł" },
    };
    (void)state;
    check_table(rows, G_N_ELEMENTS(rows));
}

static void test_unknown_labels_are_guessed(void **state)
{
    static const conversion rows[] = {
        { "", BYTES("plain"), "plain" },
        { "", BYTES("caf\xC3\xA9"), "café" },
        { "", BYTES("caf\xE9"), "café" },
        { "", BYTES("caf\xE9 ol\xC3\xA9"), "café olÃ©" },
        { "", BYTES("\033$B$O$$\033(B"), "はい" },
        { "", BYTES("caf\xC3\xA9 \xE2\x82"), "café " GONE }, /* cut within a character */
        { "no-such-charset", BYTES("caf\xC3\xA9"), "café" },
        { "no-such-charset", BYTES("caf\xE9"), "café" },
        { "us-ascii", BYTES("caf\xC3\xA9"), "café" },
        { "unknown-8bit", BYTES("caf\xE9"), "café" },
        { "x-user-defined", BYTES("caf\xE9"), "café" },
        { "../../etc/passwd", BYTES("caf\xE9"), "café" },
        { "utf-8//TRANSLIT", BYTES("caf\xC3\xA9"), "café" },
        { "?????", BYTES("caf\xE9"), "café" },
        { "iso-8859-99", BYTES("caf\xE9"), "café" },
        { "cp123456789", BYTES("caf\xE9"), "café" },
        { "a-label-that-is-much-too-long-to-be-the-name-of-any-charset-at-all", BYTES("caf\xE9"),
          "café" },
        { "iso-8859-1", BYTES("\033$B$O$$\033(B"), "はい" }, /* 7-bit: the escapes tell */
    };
    (void)state;
    check_table(rows, G_N_ELEMENTS(rows));
}

static void test_seven_bit(void **state)
{
    static const conversion rows[] = {
        { "iso-2022-jp", BYTES("a \033$BF|K\\\033(B b"), "a 日本 b" },
        { "ISO-2022-JP", BYTES("\033$@F|\033(J!"), "日!" },
        { "iso-2022-jp", BYTES("\033$B-!\033(B"), "①" }, /* NEC's row 13, not in the standard */
        { "iso-2022-jp", BYTES("\033(I1\033(B"), "ｱ" },
        { "iso-2022-jp", BYTES("\033$BF|K"), "日" GONE }, /* cut in a character */
        { "iso-2022-jp", BYTES("\033$BF|"), "日" },       /* no way back */
        { "iso-2022-jp", BYTES("\033$BF|\nabc"), "日\nabc" },
        { "iso-2022-jp", BYTES("\033$"), "$" },
        { "iso-2022-jp", BYTES("\x93\xFA"), "日" }, /* Shift_JIS by mistake */
        { "iso-2022-jp", BYTES("caf\xC3\xA9"), "café" },
        { "iso-2022-kr", BYTES("\033$)C\n\x0E\x38\x5E\x0F!"), "\n메!" },
        { "iso-2022-cn", BYTES("\033$)A\x0E\x44\x7A\x0F!"), "您!" },
        { "hz-gb-2312", BYTES("a ~{Dz~} ~~ b"), "a 您 ~ b" },
        { "hz", BYTES("~{Dz\nabc"), "您\nabc" },
        { "hz", BYTES("~{DzD"), "您" GONE },
        { "hz", BYTES("one ~\ntwo"), "one two" },
        { "utf-7", BYTES("Hi Mom -+Jjo--!"), "Hi Mom -☺-!" },
        { "unicode-1-1-utf-7", BYTES("+ZeU-"), "日" },
        { "utf-7", BYTES("+ZeVnLIqe"), "日本語" },
    };
    (void)state;
    check_table(rows, G_N_ELEMENTS(rows));
}

static void test_utf16(void **state)
{
    static const conversion rows[] = {
        { "utf-16", BYTES("\xFF\xFE\xE9\0!\0"), "é!" },
        { "utf-16", BYTES("\xFE\xFF\0\xE9\0!"), "é!" },
        { "utf-16", BYTES("a\0b\0"), "ab" },
        { "utf-16", BYTES("\0a\0b"), "ab" },
        { "utf-16le", BYTES("a\0b\0"), "ab" },
        { "utf-16be", BYTES("\0a\0b"), "ab" },
        { "utf-16be", BYTES("\xD8\x3D\xDE\x00"), "😀" },
        { "utf-16be", BYTES("\xD8\x3D"), GONE },
        { "utf-16be", BYTES("\xD8\x3D\0a"), GONE "a" },
        { "utf-16be", BYTES("\xDE\x00\0a"), GONE "a" },
        { "utf-16be", BYTES("\0a\0"), "a" GONE },
        { "utf-16be", BYTES("\0\0\0a"), GONE "a" },
        { "utf-32be", BYTES("\0\0\0a\0\0\0\xE9"), "aé" },
    };
    (void)state;
    check_table(rows, G_N_ELEMENTS(rows));
}

static void test_broken(void **state)
{
    static const conversion rows[] = {
        { "utf-8", BYTES("caf\xE9!"), "caf" GONE "!" },
        { "utf-8", BYTES("a\0b"), "a" GONE "b" },
        { "iso-8859-1", BYTES("a\0b"), "a" GONE "b" },
        { "koi8-r", BYTES("a\0b"), "a" GONE "b" },
        { "us-ascii", BYTES("a\0b"), "a" GONE "b" },
        { "windows-1252", BYTES("\x81"), GONE },
        { "euc-jp", BYTES("\xC6"), GONE },
        { "euc-jp", BYTES("\xC6\xFC\xC6"), "日" GONE },
        { "gb18030",
          BYTES("\xFF"
                "a"),
          GONE "a" },
        { "utf-8", BYTES("\xEF\xBB\xBFmarked"), "marked" },
        { "utf-8", { "", 0 }, "" },
        { "koi8-r", { NULL, 0 }, "" },
    };
    (void)state;
    check_table(rows, G_N_ELEMENTS(rows));
}

static void test_scrub(void **state)
{
    static const struct {
        span bytes;
        const char *expected;
    } rows[] = {
        { BYTES(""), "" },
        { BYTES("eight or more bytes, ASCII"), "eight or more bytes, ASCII" },
        { BYTES("日本語 and é"), "日本語 and é" },
        { BYTES("\xE2\x82"), GONE }, /* one for the part of a character */
        { BYTES("\xE2\x82\xE2\x82\xAC"), GONE "€" },
        { BYTES("\xC0\xAF"), GONE GONE },          /* overlong */
        { BYTES("\xED\xA0\x80"), GONE GONE GONE }, /* surrogate */
        { BYTES("\xF4\x90\x80\x80"), GONE GONE GONE GONE },
        { BYTES("\xF0\x9F\x98\x80"), "😀" },
        { BYTES("\xF0\x9F\x98"), GONE },
        { BYTES("12345678\0"
                "12345678"),
          "12345678" GONE "12345678" },
        { BYTES("\0"), GONE },
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GString *out = g_string_new(NULL);
        charset_scrub_utf8(rows[i].bytes, out);
        assert_string_equal(out->str, rows[i].expected);
        assert_int_equal(out->len, strlen(rows[i].expected));
        g_string_free(out, TRUE);
    }
}

/* Every charset over bytes of all kinds: always valid UTF-8 without NUL, at most three bytes for
 * each that came in, and the time for 4 MiB is not felt. */
static void test_any_bytes(void **state)
{
    static const char *const labels[] = {
        "",       "utf-8",   "iso-8859-1",  "iso-2022-jp", "hz",          "utf-16",
        "utf-7",  "gb18030", "big5",        "shift_jis",   "euc-kr",      "koi8-r",
        "utf-32", "johab",   "iso-2022-cn", "us-ascii",    "windows-874", "euc-tw",
        "viscii", "IBM037",  "ucs-4",       "INTERNAL",    "WCHAR_T",     "tscii",
    };
    enum { SIZE = 1 << 18 };
    char *bytes = g_malloc(SIZE);
    (void)state;
    unsigned seed = 1;
    for (size_t i = 0; i < SIZE; i++) {
        seed = seed * 1103515245U + 12345U;
        bytes[i] = (char)(seed >> 16);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
        GString *out = g_string_new(NULL);
        charset_to_utf8(span_from_string(labels[i]), (span){ bytes, SIZE }, out);
        assert_true(g_utf8_validate_len(out->str, out->len, NULL));
        assert_in_range(out->len, 1, 3 * SIZE);
        g_string_free(out, TRUE);
    }
    g_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels),    cmocka_unit_test(test_unknown_labels_are_guessed),
        cmocka_unit_test(test_seven_bit), cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_broken),    cmocka_unit_test(test_scrub),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
