/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Transfer encodings: as RFC 2045 has them, and as they arrive. */
#include "message/transfer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static void check(transfer_encoding encoding, span body, span expected)
{
    GString *out = g_string_new("kept ");
    assert_true(transfer_decode(encoding, body, SIZE_MAX, out));
    if (!span_equal((span){ out->str + 5, out->len - 5 }, expected)) {
        fail_msg("\"%.*s\": got \"%s\", expected \"%.*s\"", SPAN_ARG(body), out->str + 5,
                 SPAN_ARG(expected));
    }
    g_string_free(out, TRUE);
}

typedef struct decoding {
    span body;
    span expected;
} decoding;

static void check_table(transfer_encoding encoding, const decoding *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check(encoding, rows[i].body, rows[i].expected);
    }
}

static void test_names(void **state)
{
    static const struct {
        const char *value;
        transfer_encoding encoding;
    } rows[] = {
        { "base64", TRANSFER_BASE64 },
        { " BASE64\r\n", TRANSFER_BASE64 },
        { "\"base64\"", TRANSFER_BASE64 },
        { "base64; x=y", TRANSFER_BASE64 },
        { "(why) base64 (comment)", TRANSFER_BASE64 },
        { "Quoted-Printable", TRANSFER_QUOTED_PRINTABLE },
        { "quoted-printable ", TRANSFER_QUOTED_PRINTABLE },
        { "x-uuencode", TRANSFER_UUENCODE },
        { "uuencode", TRANSFER_UUENCODE },
        { "7bit", TRANSFER_IDENTITY },
        { "8-bit", TRANSFER_IDENTITY },
        { "binary", TRANSFER_IDENTITY },
        { "", TRANSFER_IDENTITY },
        { "(", TRANSFER_IDENTITY },
        { "base64x", TRANSFER_IDENTITY },
        { "base", TRANSFER_IDENTITY },
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        assert_int_equal(transfer_encoding_read(span_from_string(rows[i].value)), rows[i].encoding);
    }
}

static void test_base64(void **state)
{
    static const decoding rows[] = {
        { BYTES(""), BYTES("") },
        { BYTES("QUJD"), BYTES("ABC") },
        { BYTES("QUI="), BYTES("AB") },
        { BYTES("QQ=="), BYTES("A") },
        { BYTES("QUI"), BYTES("AB") }, /* no padding */
        { BYTES("QQ"), BYTES("A") },
        { BYTES("Q"), BYTES("") },
        { BYTES("QU\r\nJD\r\n"), BYTES("ABC") },
        { BYTES("QU\nJD\n"), BYTES("ABC") },
        { BYTES("QU\rJD\r"), BYTES("ABC") },
        { BYTES(" Q U J D "), BYTES("ABC") },
        { BYTES("Q!U*J-D"), BYTES("ABC") },
        { BYTES("Q\0U\xFFJ\x80"
                "D"),
          BYTES("ABC") },
        { BYTES("QQ==\r\nQUJD\r\n"), BYTES("AABC") }, /* padded in each block */
        { BYTES("QQ==QUI=QUJD"), BYTES("AABABC") },
        { BYTES("QUI=\r\n\r\nThis is a footer.\r\n"), BYTES("AB") },
        { BYTES("QUI=\r\n--\r\nfooter\r\n"), BYTES("AB") },
        { BYTES("===="), BYTES("") },
        { BYTES("AP/+AA=="), BYTES("\0\xFF\xFE\0") },
    };
    (void)state;
    check_table(TRANSFER_BASE64, rows, G_N_ELEMENTS(rows));
}

static void test_quoted_printable(void **state)
{
    static const decoding rows[] = {
        { BYTES(""), BYTES("") },
        { BYTES("caf=C3=A9"), BYTES("caf\xC3\xA9") },
        { BYTES("caf=c3=a9"), BYTES("caf\xC3\xA9") },
        { BYTES("one =\r\nline\r\n"), BYTES("one line\r\n") },
        { BYTES("one =\nline\n"), BYTES("one line\n") },
        { BYTES("one =\rline\r"), BYTES("one line\r") },
        { BYTES("one = \t\r\nline"), BYTES("one line") },
        { BYTES("padded \t \r\nline"), BYTES("padded\r\nline") },
        { BYTES("kept=20\r\nline"), BYTES("kept \r\nline") },
        { BYTES("end="), BYTES("end") },
        { BYTES("end=4"), BYTES("end=4") },
        { BYTES("a=b=zz=4x=x4"), BYTES("a=b=zz=4x=x4") },
        { BYTES("=="), BYTES("=") },
        { BYTES("=3D=3d"), BYTES("==") },
        { BYTES("a=00\0b"), BYTES("a\0\0b") },
        { BYTES("\r\n\r\n"), BYTES("\r\n\r\n") },
        { BYTES("_x_"), BYTES("_x_") },
    };
    (void)state;
    check_table(TRANSFER_QUOTED_PRINTABLE, rows, G_N_ELEMENTS(rows));
}

static void test_uuencode(void **state)
{
    static const decoding rows[] = {
        { BYTES("begin 644 a.txt\n#0V%T\n`\nend\n"), BYTES("Cat") },
        { BYTES("Hello\r\n\r\nbegin 644 a\r\n#0V%T\r\n`\r\nend\r\nbye\r\n"), BYTES("Cat") },
        { BYTES("begin 644 a\n#0V%T\n"), BYTES("Cat") }, /* no end */
        { BYTES("begin 644 a\n$````\nend\n"), BYTES("\0\0\0") },
        { BYTES("begin 644 a\n\"0V$\nend\n"), BYTES("Ca") }, /* space at the end lost */
        { BYTES("begin 644 a\n#0V%T\nend\nbegin 644 b\n#0V%T\nend\n"), BYTES("CatCat") },
        { BYTES("just text\nbegin with this\n"), BYTES("just text\nbegin with this\n") },
        { BYTES(""), BYTES("") },
    };
    (void)state;
    check_table(TRANSFER_UUENCODE, rows, G_N_ELEMENTS(rows));
}

static void test_identity(void **state)
{
    static const decoding rows[] = {
        { BYTES("as =3D it\0is\r\n"), BYTES("as =3D it\0is\r\n") },
    };
    (void)state;
    check_table(TRANSFER_IDENTITY, rows, G_N_ELEMENTS(rows));
}

static void test_limit(void **state)
{
    static const struct {
        transfer_encoding encoding;
        const char *body;
    } rows[] = {
        { TRANSFER_IDENTITY, "ABCDEF" },
        { TRANSFER_BASE64, "QUJDREVG" },
        { TRANSFER_BASE64, "QUJDREVG\n====\n" },
        { TRANSFER_QUOTED_PRINTABLE, "AB=43D=\nEF" },
        { TRANSFER_UUENCODE, "begin 644 a\n&04)#1$5&\nend\n" },
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (size_t max = 0; max <= 8; max++) {
            GString *out = g_string_new(NULL);
            bool is_whole =
                transfer_decode(rows[i].encoding, span_from_string(rows[i].body), max, out);
            assert_int_equal(is_whole, max >= 6);
            assert_int_equal(out->len, MIN(max, 6));
            assert_memory_equal(out->str, "ABCDEF", out->len);
            g_string_free(out, TRUE);
        }
    }
}

/* Decodes `pattern` repeated to so many MiB. */
static void check_large(transfer_encoding encoding, const char *pattern, size_t mib,
                        size_t expected)
{
    size_t size = mib << 20;
    size_t len = strlen(pattern);
    char *body = g_malloc(size);
    for (size_t i = 0; i < size; i++) {
        body[i] = pattern[i % len];
    }
    GString *out = g_string_new(NULL);
    transfer_decode(encoding, (span){ body, size }, 100, out);
    assert_int_equal(out->len, expected);
    g_string_free(out, TRUE);
    g_free(body);
}

/* None of these may take longer than the bytes have to be looked at. */
static void test_large(void **state)
{
    (void)state;
    check_large(TRANSFER_BASE64, "!", 64, 0);
    check_large(TRANSFER_BASE64, "Q!!!!", 4, 100);
    check_large(TRANSFER_BASE64, "=", 4, 0);
    check_large(TRANSFER_BASE64, "QQ==", 4, 100);
    check_large(TRANSFER_QUOTED_PRINTABLE, "= ", 4, 100);
    check_large(TRANSFER_QUOTED_PRINTABLE, "=\n", 4, 0);
    check_large(TRANSFER_QUOTED_PRINTABLE, " ", 4, 0);
    check_large(TRANSFER_UUENCODE, "begin 644\n", 4, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),    cmocka_unit_test(test_base64),
        cmocka_unit_test(test_uuencode), cmocka_unit_test(test_quoted_printable),
        cmocka_unit_test(test_identity), cmocka_unit_test(test_limit),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
