/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Which changes leave a message the same, and which do not. */
#include "app/mail_digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char plain[] = "From: a@b.example\nSubject: x\n\nStatus: RO\nbody\n";

static void assert_same(const char *a, const char *b, bool is_same)
{
    char x[MAIL_DIGEST_SIZE], y[MAIL_DIGEST_SIZE];
    mail_digest(span_from_string(a), x);
    mail_digest(span_from_string(b), y);
    assert_true(strlen(x) > 64 + 1 && strlen(x) < MAIL_DIGEST_SIZE);
    assert_int_equal(mail_digest_read_body_len(x), mail_digest_body_len(span_from_string(a)));
    assert_true((strcmp(x, y) == 0) == is_same);
}

static void test_notes_of_readers_do_not_count(void **state)
{
    (void)state;
    static const char *const same[] = {
        "From: a@b.example\nStatus: RO\nSubject: x\n\nStatus: RO\nbody\n",
        "From: a@b.example\nSubject: x\nX-UID: 7\nX-Keywords: a\n b\n\t c\n\nStatus: RO\nbody",
        "status: O\nX-STATUS: D\nFrom: a@b.example\nSubject: x\nContent-Length: 5\n\nStatus: "
        "RO\nbody"
        "\n\n\n",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        assert_same(plain, same[i], true);
    }
}

static void test_all_else_counts(void **state)
{
    (void)state;
    static const char *const others[] = {
        "From: a@b.example\nSubject: y\n\nStatus: RO\nbody\n",
        "From: a@b.example\nSubject: x\n\nStatus: O\nbody\n",
        "From: a@b.example\nSubject: x\n\nbody\n",
        "From: a@b.example\nSubject: x\nStatuses: O\n\nStatus: RO\nbody\n",
        "From: a@b.example\nSubject: x\n Status: RO\n\nStatus: RO\nbody\n",
        "\nFrom: a@b.example\nSubject: x\n\nStatus: RO\nbody\n",
        "",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_same(plain, others[i], false);
    }
}

static void test_nothing_and_what_comes_to_it(void **state)
{
    (void)state;
    assert_same("", " \n\n", true);
    assert_same("", "Status: RO\n", true);
    assert_same("Status: RO", "X-UID: 1\n\n", true);
}

static void test_body_len(void **state)
{
    (void)state;
    assert_int_equal(mail_digest_body_len(span_from_string(plain)), strlen("\nStatus: RO\nbody"));
    assert_int_equal(mail_digest_body_len(SPAN("Status: RO\n\n\n")), 0);
    assert_int_equal(mail_digest_read_body_len("abc.12"), 12);
    assert_int_equal(mail_digest_read_body_len("abc"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notes_of_readers_do_not_count),
        cmocka_unit_test(test_all_else_counts),
        cmocka_unit_test(test_nothing_and_what_comes_to_it),
        cmocka_unit_test(test_body_len),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
