/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The public calls for addresses: their buffers. test_address_form.c has the forms. */
#include <backstop/address.h>

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_canonical(void **state)
{
    char out[BACKSTOP_ADDRESS_SIZE];
    (void)state;
    assert_true(backstop_address_canonical("Alice@B\xc3\xbc"
                                           "cher.EXAMPLE.",
                                           out));
    assert_string_equal(out, "alice@xn--bcher-kva.example");
    assert_true(backstop_address_canonical("@Our.Example", out));
    assert_string_equal(out, "@our.example");
    assert_true(backstop_address_canonical("", out));
    assert_string_equal(out, "");
    assert_true(backstop_address_canonical(NULL, out));
    assert_string_equal(out, "");
}

static void test_sizes(void **state)
{
    char out[BACKSTOP_ADDRESS_SIZE];
    (void)state;
    g_autofree char *local = g_strnfill(BACKSTOP_ADDRESS_SIZE - 1 - strlen("@our.example"), 'a');
    g_autofree char *longest = g_strconcat(local, "@our.example", NULL);
    g_autofree char *too_long = g_strconcat("a", longest, NULL);
    assert_true(backstop_address_canonical(longest, out));
    assert_string_equal(out, longest);
    assert_false(backstop_address_canonical(too_long, out));
    assert_string_equal(out, "");
}

/* In place, layer by layer. */
static void test_unwrap(void **state)
{
    char out[BACKSTOP_ADDRESS_SIZE] = "prvs=1234abcdef=alice+x@our.example";
    (void)state;
    assert_true(backstop_address_unwrap(out, out));
    assert_string_equal(out, "alice+x@our.example");
    assert_true(backstop_address_unwrap(out, out));
    assert_string_equal(out, "alice@our.example");
    assert_false(backstop_address_unwrap(out, out));
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_unwrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
