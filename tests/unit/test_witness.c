/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The sentences of witnesses, and the table of them. */
#include "witness/witness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_table(void **state)
{
    (void)state;
    static const char *const names[] = { "tag", "prvs", "ledger", "dkim", "path" };
    assert_int_equal(G_N_ELEMENTS(names), witness_count);
    for (size_t i = 0; i < witness_count; i++) {
        assert_string_equal(names[i], witnesses[i].name);
        assert_non_null(witnesses[i].testify);
    }
}

static void test_sentences(void **state)
{
    (void)state;
    evidence e = { .witness = "tag" };
    evidence_say(&e, BACKSTOP_CLAIM_GENUINE, BACKSTOP_STRENGTH_PROOF, "%s of %d", "this", 7);
    assert_string_equal("this of 7", e.why);
    assert_int_equal(BACKSTOP_CLAIM_GENUINE, e.claim);
    assert_int_equal(BACKSTOP_STRENGTH_PROOF, e.strength);
    assert_false(e.is_absence);
    evidence_say_absent(&e, "no %s", "tag");
    assert_string_equal("no tag", e.why);
    assert_int_equal(BACKSTOP_CLAIM_FORGED, e.claim);
    assert_int_equal(BACKSTOP_STRENGTH_LIKELY, e.strength);
    assert_true(e.is_absence);
}

/* Cut wherever the end falls within a character of two, three or four bytes. */
static void test_cut_sentences(void **state)
{
    (void)state;
    static const char *const characters[] = { "a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x93\xa7" };
    for (size_t i = 0; i < G_N_ELEMENTS(characters); i++) {
        for (unsigned shift = 0; shift < 4; shift++) {
            g_autoptr(GString) text = g_string_new(NULL);
            g_string_append_printf(text, "%.*s", (int)shift, "xxx");
            while (text->len < sizeof(evidence)) {
                g_string_append(text, characters[i]);
            }
            evidence e = { .witness = "tag" };
            evidence_say(&e, BACKSTOP_CLAIM_NONE, BACKSTOP_STRENGTH_NONE, "%s", text->str);
            size_t len = strlen(e.why);
            assert_true(g_utf8_validate(e.why, -1, NULL));
            assert_in_range(len, EVIDENCE_WHY_SIZE - 4, EVIDENCE_WHY_SIZE - 1);
            assert_memory_equal(e.why, text->str, len);
        }
    }
}

/* File names are bytes. */
static void test_bad_bytes(void **state)
{
    (void)state;
    evidence e = { .witness = "ledger" };
    const backstop_error error = { "cannot open /var/\xff/x" };
    evidence_say_store_failed(&e, &error);
    assert_true(g_utf8_validate(e.why, -1, NULL));
    assert_non_null(strstr(e.why, "cannot open /var/"));
    assert_int_equal(BACKSTOP_CLAIM_NONE, e.claim);
}

static void test_days(void **state)
{
    (void)state;
    char day[EVIDENCE_DAY_SIZE];
    assert_string_equal("2026-11-23", evidence_day(1795465490, day));
    assert_string_equal("1970-01-01", evidence_day(INT64_MIN, day));
    assert_string_equal("9999-12-31", evidence_day(INT64_MAX, day));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),         cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_cut_sentences), cmocka_unit_test(test_bad_bytes),
        cmocka_unit_test(test_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
