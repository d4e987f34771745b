/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* When enforce may begin, and when it pauses. */
#include "backstopd/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1790000000 };

/* Of a site that is ready in all respects. */
static gate_facts ready(void)
{
    return (gate_facts){
        .has_store = true,
        .readiness = { .observed_days = BACKSTOP_READY_DAYS },
        .now_sec = NOW,
    };
}

static void assert_may_begin(gate_facts facts, const char *why_not)
{
    g_autoptr(GString) why = g_string_new(NULL);
    bool may = gate_may_begin(&facts, why);
    assert_int_equal(may, why_not == NULL);
    if (why_not != NULL) {
        assert_non_null(strstr(why->str, why_not));
    } else {
        assert_string_equal(why->str, "");
    }
}

static void assert_pauses(gate_facts facts, const char *because)
{
    g_autoptr(GString) why = g_string_new(NULL);
    bool must = gate_must_pause(&facts, why);
    assert_int_equal(must, because != NULL);
    if (because != NULL) {
        assert_non_null(strstr(why->str, because));
    } else {
        assert_string_equal(why->str, "");
    }
}

static void begins_when_ready(void **state)
{
    (void)state;
    assert_may_begin(ready(), NULL);
}

static void does_not_begin_before_fourteen_days(void **state)
{
    (void)state;
    gate_facts facts = ready();
    facts.readiness.observed_days = 13;
    assert_may_begin(facts, "on 13 days, of 14");
}

static void does_not_begin_with_unexplained_mail(void **state)
{
    (void)state;
    gate_facts facts = ready();
    facts.readiness.untagged_unexplained = 1;
    assert_may_begin(facts, "1 notices of the last 14 days");
}

static void does_not_begin_without_a_store(void **state)
{
    (void)state;
    gate_facts facts = ready();
    facts.has_store = false;
    assert_may_begin(facts, "the store cannot tell");
}

static void begins_when_forced(void **state)
{
    (void)state;
    assert_may_begin((gate_facts){ .is_forced = true, .now_sec = NOW }, NULL);
}

static void goes_on_when_nothing_happens(void **state)
{
    (void)state;
    assert_pauses(ready(), NULL);
}

static void pauses_after_a_gap(void **state)
{
    (void)state;
    gate_facts facts = ready();
    facts.gap_sec = NOW;
    assert_pauses(facts, "unsigned or unrecorded");
    facts.gap_sec = NOW - GATE_GAP_SEC + 1;
    assert_pauses(facts, "unsigned or unrecorded");
    facts.gap_sec = NOW - GATE_GAP_SEC;
    assert_pauses(facts, NULL);
}

static void pauses_after_a_step_of_the_clock(void **state)
{
    (void)state;
    gate_facts facts = ready();
    /* The clock may have been set back since. */
    facts.step_sec = NOW + 10;
    assert_pauses(facts, "the clock was set");
    facts.step_sec = NOW - GATE_STEP_SEC + 1;
    assert_pauses(facts, "the clock was set");
    facts.step_sec = NOW - GATE_STEP_SEC;
    assert_pauses(facts, NULL);
}

static void pauses_at_a_rise_of_unexplained_notices(void **state)
{
    (void)state;
    gate_facts facts = ready();
    facts.unexplained_lately = GATE_UNEXPLAINED - 1;
    assert_pauses(facts, NULL);
    facts.unexplained_lately = GATE_UNEXPLAINED;
    assert_pauses(facts, "3 notices since yesterday");
}

static void forced_it_pauses_for_gaps_and_not_for_notices(void **state)
{
    (void)state;
    gate_facts facts = ready();
    facts.is_forced = true;
    facts.unexplained_lately = 1000;
    assert_pauses(facts, NULL);
    facts.gap_sec = NOW;
    assert_pauses(facts, "unsigned or unrecorded");
}

static void pauses_without_a_store(void **state)
{
    (void)state;
    gate_facts facts = ready();
    facts.has_store = false;
    assert_pauses(facts, "the store cannot be read");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_when_ready),
        cmocka_unit_test(does_not_begin_before_fourteen_days),
        cmocka_unit_test(does_not_begin_with_unexplained_mail),
        cmocka_unit_test(does_not_begin_without_a_store),
        cmocka_unit_test(begins_when_forced),
        cmocka_unit_test(goes_on_when_nothing_happens),
        cmocka_unit_test(pauses_after_a_gap),
        cmocka_unit_test(pauses_after_a_step_of_the_clock),
        cmocka_unit_test(pauses_at_a_rise_of_unexplained_notices),
        cmocka_unit_test(forced_it_pauses_for_gaps_and_not_for_notices),
        cmocka_unit_test(pauses_without_a_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
