/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The table of dispositions, each combination of verdict, confidence and rule. */
#include <backstop/disposition.h>

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum {
    DELIVER = BACKSTOP_DISPOSITION_DELIVER,
    MARK = BACKSTOP_DISPOSITION_MARK,
    QUARANTINE = BACKSTOP_DISPOSITION_QUARANTINE,
    REJECT = BACKSTOP_DISPOSITION_REJECT,
    DISCARD = BACKSTOP_DISPOSITION_DISCARD,
    COUNT
};

/* Whatever the other two rules say. */
static void assert_disposed(backstop_verdict verdict, backstop_confidence confidence, size_t which,
                            const int *expected)
{
    for (unsigned rule = 0; rule < COUNT; rule++) {
        for (unsigned others = 0; others < COUNT; others++) {
            backstop_rules rules = { others, others, others };
            backstop_disposition *const fields[] = { &rules.proven, &rules.likely,
                                                     &rules.unverified };
            *fields[which] = rule;
            assert_int_equal(backstop_dispose(verdict, confidence, &rules), expected[rule]);
        }
    }
}

enum { PROVEN, LIKELY, UNVERIFIED };

static void test_what_the_rules_say(void **state)
{
    static const int as_it_says[COUNT] = { DELIVER, MARK, QUARANTINE, REJECT, DISCARD };
    static const int at_most_quarantine[COUNT] = { DELIVER, MARK, QUARANTINE, QUARANTINE,
                                                   QUARANTINE };
    (void)state;
    assert_disposed(BACKSTOP_VERDICT_BACKSCATTER, BACKSTOP_CONFIDENCE_PROVEN, PROVEN, as_it_says);
    assert_disposed(BACKSTOP_VERDICT_BACKSCATTER, BACKSTOP_CONFIDENCE_LIKELY, LIKELY,
                    at_most_quarantine);
    /* Not what the judge gives, but nothing may come of it. */
    assert_disposed(BACKSTOP_VERDICT_BACKSCATTER, BACKSTOP_CONFIDENCE_NONE, LIKELY,
                    at_most_quarantine);
    for (unsigned c = BACKSTOP_CONFIDENCE_NONE; c <= BACKSTOP_CONFIDENCE_PROVEN; c++) {
        assert_disposed(BACKSTOP_VERDICT_UNVERIFIED, c, UNVERIFIED, at_most_quarantine);
    }
}

static void test_what_no_rule_touches(void **state)
{
    static const int all_marked[COUNT] = { MARK, MARK, MARK, MARK, MARK };
    static const int all_delivered[COUNT] = { DELIVER, DELIVER, DELIVER, DELIVER, DELIVER };
    (void)state;
    for (unsigned c = BACKSTOP_CONFIDENCE_NONE; c <= BACKSTOP_CONFIDENCE_PROVEN; c++) {
        for (size_t rule = PROVEN; rule <= UNVERIFIED; rule++) {
            assert_disposed(BACKSTOP_VERDICT_GENUINE, c, rule, all_marked);
            assert_disposed(BACKSTOP_VERDICT_NOT_A_NOTICE, c, rule, all_delivered);
            assert_disposed((backstop_verdict)99, c, rule, all_delivered);
        }
    }
}

/* A bug elsewhere must lose no mail. */
static void test_unknown_rules(void **state)
{
    const backstop_rules rules = { (backstop_disposition)99, (backstop_disposition)99,
                                   (backstop_disposition)99 };
    (void)state;
    assert_int_equal(
        backstop_dispose(BACKSTOP_VERDICT_BACKSCATTER, BACKSTOP_CONFIDENCE_PROVEN, &rules),
        DELIVER);
    assert_int_equal(
        backstop_dispose(BACKSTOP_VERDICT_BACKSCATTER, BACKSTOP_CONFIDENCE_LIKELY, &rules),
        DELIVER);
    assert_int_equal(
        backstop_dispose(BACKSTOP_VERDICT_UNVERIFIED, BACKSTOP_CONFIDENCE_NONE, &rules), DELIVER);
}

static void test_names(void **state)
{
    static const char *const names[COUNT] = { "deliver", "mark", "quarantine", "reject",
                                              "discard" };
    (void)state;
    for (unsigned i = 0; i < COUNT; i++) {
        assert_string_equal(backstop_disposition_name(i), names[i]);
    }
    assert_null(backstop_disposition_name((backstop_disposition)COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_rules_say),
        cmocka_unit_test(test_what_no_rule_touches),
        cmocka_unit_test(test_unknown_rules),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
