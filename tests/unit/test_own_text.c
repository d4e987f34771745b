/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* A message's own text: of which parts it is made, and of which it is not. */
#include "notice/own_text.h"

#include "message/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notice_fixture.h"

static bool lies_in(span inner, const char *bytes, size_t len)
{
    return inner.ptr >= bytes && inner.ptr + inner.len <= bytes + len;
}

/* `end` 0: all parts. */
static void check_text_until(const char *mail, unsigned end, const char *expected)
{
    fixture f = fixture_message(mail);
    end = end == 0 ? message_part_count(f.message) : end;
    GString *buffer = g_string_new("old");
    bool cut = false;
    span text = own_text_read(f.message, end, buffer, &cut);
    if (!span_equal(text, span_from_string(expected))) {
        fail_msg("%s\n got \"%.*s\"\nwant \"%s\"", mail, SPAN_ARG(text), expected);
    }
    assert_false(cut);
    g_string_free(buffer, TRUE);
    fixture_free(&f);
}

static void check_text(const char *mail, const char *expected)
{
    check_text_until(mail, 0, expected);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"
#define PLAIN "--b\n\n"
#define HTML "--b\nContent-Type: text/html\n\n"
#define MESSAGE "--b\nContent-Type: message/rfc822\n\n"
#define ENOUGH "This is a text of more than forty bytes, surely.\n"

static void test_plain(void **state)
{
    (void)state;
    check_text("From: x\n\nHello\nyou\n", "Hello\nyou\n");
    check_text("From: x\n\n", "");
    check_text("From: x\n\n \n\n", "");
    check_text("Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: "
               "quoted-printable\n\nb=F6se\n",
               "b\xC3\xB6se\n");
    check_text("Content-Transfer-Encoding: base64\n\nSGVsbG8K\n", "Hello\n");
    check_text("Content-Type: image/png\n\nHello\n", "");
}

static void test_several_parts(void **state)
{
    (void)state;
    check_text(MIXED PLAIN "One\n" PLAIN "Two\n" PLAIN "\n" PLAIN "Three\n--b--\n",
               "One\n\nTwo\n\nThree");
    check_text(MIXED "preamble\n" PLAIN "One\n--b\nContent-Type: image/png\n\nTwo\n--b--\nepilogue",
               "One");
    check_text(MIXED PLAIN "One\n--b\nContent-Transfer-Encoding: base64\n\nVHdvCg==\n--b--\n",
               "One\n\nTwo\n");
    check_text(MIXED "--b\nContent-Transfer-Encoding: base64\n\nT25lCg==\n"
                     "--b\nContent-Transfer-Encoding: base64\n\nVHdvCg==\n--b--\n",
               "One\n\n\nTwo\n");
}

static void test_html(void **state)
{
    (void)state;
    check_text("Content-Type: text/html\n\n<p>Hello<p>you", "Hello\n\nyou");
    check_text(MIXED HTML "<p>Hello\n--b--\n", "Hello");
    /* beside a plain text that says as much, but not beside a stub */
    check_text(MIXED PLAIN ENOUGH HTML "<p>Hello\n--b--\n",
               "This is a text of more than forty bytes, surely.");
    check_text(MIXED PLAIN "see HTML\n" HTML "<p>Hello\n--b--\n", "see HTML\n\nHello");
}

static void test_tnef(void **state)
{
    (void)state;
    /* A stream of one attribute: attBody, "Gone\0". */
    check_text("Content-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n\n"
               "eJ8+IgEAAQyAAgAFAAAAR29uZQCPAQ==\n",
               "Gone");
}

static void test_foreign_parts(void **state)
{
    (void)state;
    check_text(MIXED PLAIN "Mine\n" MESSAGE "From: y\n\nTheirs\n--b--\n", "Mine");
    check_text(MIXED MESSAGE "Content-Type: multipart/mixed; boundary=c\n\n--c\n\nTheirs\n--c--\n"
                             "--b--\n",
               "");
    check_text("Content-Type: message/rfc822\n\nFrom: y\n\nTheirs\n", "");
    check_text(MIXED "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\nMine\n"
                     "--c\nContent-Type: text/html\n\n" ENOUGH "--c--\n--b--\n",
               "Mine\n\nThis is a text of more than forty bytes, surely.");
}

static void test_is_foreign(void **state)
{
    (void)state;
    fixture f = fixture_message(
        MIXED PLAIN "Mine\n" MESSAGE "Content-Type: multipart/mixed; boundary=c\n\n--c\n\nTheirs\n"
                    "--c--\n--b--\n");
    static const bool foreign[] = { false, false, false, true, true };
    assert_int_equal(message_part_count(f.message), G_N_ELEMENTS(foreign));
    for (unsigned i = 0; i < G_N_ELEMENTS(foreign); i++) {
        assert_int_equal(own_text_is_foreign(f.message, i), foreign[i]);
    }
    fixture_free(&f);
}

/* Parts behind the returned message count only where none stands before it. */
static void test_end(void **state)
{
    (void)state;
    static const char both[] = MIXED PLAIN "One\n" PLAIN "Two\n--b--\n";
    check_text_until(both, 2, "One");
    check_text_until(both, 3, "One\n\nTwo");
    check_text_until(both, 1, "One\n\nTwo");
    check_text_until(MIXED PLAIN " \n" PLAIN "Two\n--b--\n", 2, "Two");
}

static void test_borrows_if_it_can(void **state)
{
    (void)state;
    fixture f = fixture_message("From: x\n\nHello\n");
    GString *buffer = g_string_new("old");
    bool cut = false;
    span text = own_text_read(f.message, 1, buffer, &cut);
    assert_true(lies_in(text, f.bytes, f.len));
    g_string_free(buffer, TRUE);
    fixture_free(&f);
}

static void test_cut(void **state)
{
    (void)state;
    GString *mail = g_string_new("Content-Transfer-Encoding: quoted-printable\n\n");
    for (size_t i = 0; i < LIMIT_TEXT_PART_BYTES / 64 + 100; i++) {
        g_string_append(mail,
                        "0123456789012345678901234567890123456789012345678901234567890 =3D\n");
    }
    fixture f = fixture_message(mail->str);
    GString *buffer = g_string_new(NULL);
    bool cut = false;
    span text = own_text_read(f.message, 1, buffer, &cut);
    assert_true(cut);
    assert_true(text.len > LIMIT_TEXT_PART_BYTES / 2 && text.len <= LIMIT_TEXT_PART_BYTES + 64);
    g_string_free(buffer, TRUE);
    fixture_free(&f);
    g_string_free(mail, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),         cmocka_unit_test(test_several_parts),
        cmocka_unit_test(test_html),          cmocka_unit_test(test_tnef),
        cmocka_unit_test(test_foreign_parts), cmocka_unit_test(test_is_foreign),
        cmocka_unit_test(test_end),           cmocka_unit_test(test_borrows_if_it_can),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
