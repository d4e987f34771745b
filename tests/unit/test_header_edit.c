/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/header_edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* What becomes of `message` with the fields "V" taken out of its header and "N: n" put on top. */
static char *edited(const char *message)
{
    header_edit edit = header_edit_start(span_from_string(message));
    GString *out = g_string_new(NULL);
    g_autofree char *added = g_strconcat("N: n", edit.line_end, NULL);
    span body = span_skip(edit.rest, edit.header_len);
    header_edit_append(&edit, SPAN("V"), added, out);
    g_string_append_len(out, body.ptr, (gssize)body.len);
    return g_string_free(out, FALSE);
}

static void check(const char *message, const char *expected)
{
    g_autofree char *got = edited(message);
    assert_string_equal(got, expected);
}

static void test_takes_out_the_named_field_only(void **state)
{
    (void)state;
    check("A: 1\nV: x\nB: 2\n\nV: body\n", "N: n\nA: 1\nB: 2\n\nV: body\n");
    check("v \t: x\nVV: y\nV y: z\n\n", "N: n\nVV: y\nV y: z\n\n");
    check("V: x\n y\n\tz\nA: 1\n\n", "N: n\nA: 1\n\n");
    check("A: 1\n V: folded\nV: x\nV: y\n\n", "N: n\nA: 1\n V: folded\n\n");
}

static void test_keeps_the_line_ends(void **state)
{
    (void)state;
    check("A: 1\r\nV: x\r\n\r\nbody\r\n", "N: n\r\nA: 1\r\n\r\nbody\r\n");
    check("A: 1\rV: x\r\rbody", "N: n\rA: 1\r\rbody");
    check("A: 1\nV: x", "N: n\nA: 1\n");
}

static void test_a_from_line_stays_on_top(void **state)
{
    (void)state;
    check("From a@b.example Mon Nov 23 08:00:00 2026\nV: x\nA: 1\n\nb",
          "From a@b.example Mon Nov 23 08:00:00 2026\nN: n\nA: 1\n\nb");
}

static void test_a_line_of_blanks_ends_no_header(void **state)
{
    (void)state;
    check("A: 1\n \t\nV: x\n\nb", "N: n\nA: 1\n \t\n\nb");
}

static void test_message_without_header_or_bytes(void **state)
{
    (void)state;
    check("", "N: n\n");
    check("\nbody", "N: n\n\nbody");
    check("V", "N: n\nV");
    check("V:", "N: n\n");
}

static void test_leading_continuation_lines_stay_on_top(void **state)
{
    (void)state;
    check(" a\n\tb\nA: 1\n\nb", " a\n\tb\nN: n\nA: 1\n\nb");
    check(" a\r\n\r\nb", " a\r\nN: n\r\n\r\nb");
    check(" a\rA: 1\r\rb", " a\rN: n\rA: 1\r\rb");
    check("From a\n b\nV: x\n y\nA: 1\n\n", "From a\n b\nN: n\nA: 1\n\n");
    check(" a\rV: x\nA: 1\n\n", " a\r\nN: n\nA: 1\n\n");
    /* Nothing says that no such line follows. */
    check(" a\n b\n", "N: n\n\n a\n b\n");
    check(" a", "N: n\n\n a");
    check("From a", "N: n\nFrom a");
}

static void test_lone_cr_begins_a_field(void **state)
{
    (void)state;
    check("A: a\rV: x\nB: 2\n\nb", "N: n\nA: a\r\nB: 2\n\nb");
    check("A: a\rV: x\n\nb", "N: n\nA: a\r\n\nb");
    check("A: a\rV: x\r\nB: 2\r\n\r\nb", "N: n\r\nA: a\r\nB: 2\r\n\r\nb");
    check("A: a\rv : x\r y\n z\nB: 2\n\n", "N: n\nA: a\r\nB: 2\n\n");
    check("A: a\rV: x\rB: 2\n\n", "N: n\nA: a\rB: 2\n\n");
    check("A: a\rV: x\rV: y\nV: z\nB: 2\n\n", "N: n\nA: a\r\nB: 2\n\n");
    check("A: 1\nV: x\rV\r: y\rB: 2\n\n", "N: n\nA: 1\nB: 2\n\n");
    check("A: 1\n\rV: x\n\nb", "N: n\nA: 1\n\r\n\nb");
    check("From a\rV: x\nA: 1\n\n", "From a\r\nN: n\nA: 1\n\n");
    /* What is left must not become one. */
    check("V\rV: x\r: y\nB: 2\n\n", "N: n\n: y\nB: 2\n\n");
    check("A: a\rV\r\rV: x\r: y\nB: 2\n\n", "N: n\nA: a\r\r: y\nB: 2\n\n");
    check("V\r\nA: 1\r\n\r\n", "N: n\r\nV\r\nA: 1\r\n\r\n");
}

/* Whoever takes LF alone for a line end finds the header's end in the body, if at all. */
static void test_header_in_cr_before_a_body_in_lf(void **state)
{
    (void)state;
    check("A: 1\rV: x\rB: 2\r\rbody\nV: y\nmore\n\nV: z\n",
          "N: n\nA: 1\rB: 2\r\rbody\nmore\n\nV: z\n");
    check("V: x\rA: 1\r\rbody\nV: y", "N: n\nA: 1\r\rbody\n");
    check("A: 1\r\rV: x\r\n\r\nV: z\r\n", "N: n\r\nA: 1\r\r\n\r\nV: z\r\n");
}

static void test_lone_cr_else_stays(void **state)
{
    (void)state;
    check("A: a\rb\r c\r\rVV: d\n\nV\rV: b", "N: n\nA: a\rb\r c\r\rVV: d\n\nV\rV: b");
    check("A: 1\r\r\nV: x\r\r\nB: 2\r\r\n", "N: n\r\nA: 1\r\r\nB: 2\r\r\n");
    check("A: 1\n\rb\nV: x\n\n", "N: n\nA: 1\n\rb\n\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_out_the_named_field_only),
        cmocka_unit_test(test_keeps_the_line_ends),
        cmocka_unit_test(test_a_from_line_stays_on_top),
        cmocka_unit_test(test_a_line_of_blanks_ends_no_header),
        cmocka_unit_test(test_message_without_header_or_bytes),
        cmocka_unit_test(test_leading_continuation_lines_stay_on_top),
        cmocka_unit_test(test_lone_cr_begins_a_field),
        cmocka_unit_test(test_header_in_cr_before_a_body_in_lf),
        cmocka_unit_test(test_lone_cr_else_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
