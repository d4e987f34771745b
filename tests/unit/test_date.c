/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Dates: RFC 5322 and what the world sends; each case names the instant in UTC. */
#include "base/iso_date.h"
#include "message/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <glib.h>

typedef struct date_case {
    const char *value;
    const char *expected; /* NULL if it is no date */
} date_case;

static void check_case(span value, const char *expected)
{
    char text[ISO_DATE_SIZE];
    int64_t sec = -1;
    bool ok = date_read(value, &sec);
    iso_date_format(sec, text);
    if (ok != (expected != NULL) || (ok && strcmp(text, expected) != 0)) {
        fail_msg("\"%.*s\" is %s, not %s", SPAN_ARG(value), ok ? text : "no date",
                 expected != NULL ? expected : "no date");
    }
    assert_true(ok || sec == 0);
}

static void check_cases(const date_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_case(span_from_string(cases[i].value), cases[i].expected);
    }
}

#define CHECK_CASES(cases) check_cases(cases, G_N_ELEMENTS(cases))

static void test_standard_forms(void **state)
{
    (void)state;
    static const date_case cases[] = {
        { "Mon, 23 Nov 2026 20:24:50 +0000", "2026-11-23T20:24:50Z" },
        { " Mon, 23 Nov 2026 20:24:50 +0100 (CET)\r\n", "2026-11-23T19:24:50Z" },
        { "Mon, 23 Nov 2026\r\n\t20:24:50 -0730", "2026-11-24T03:54:50Z" },
        { "23 Nov 2026 20:24 -0000", "2026-11-23T20:24:00Z" },
        { "Mon(a), 23(b) Nov(c)2026 (d)20:24:50(e) +0100", "2026-11-23T19:24:50Z" },
        { "Fri, 21 Nov 97 09(comment):   55  :  06 -0600", "1997-11-21T15:55:06Z" },
        { "Fri, 21 Nov 97 09:55:06 -0600", "1997-11-21T15:55:06Z" },
        { "1 Jan 49 00:00:00 GMT", "2049-01-01T00:00:00Z" },
        { "31 Dec 102 23:59:60 Z", "2003-01-01T00:00:00Z" },
        { "Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z" },
        { "6 Nov 1994 08:49:37 UT", "1994-11-06T08:49:37Z" },
        { "6 Nov 1994 08:49:37 EST", "1994-11-06T13:49:37Z" },
        { "6 Nov 1994 08:49:37 PDT", "1994-11-06T15:49:37Z" },
        { "6 Nov 1994 08:49:37 A", "1994-11-06T08:49:37Z" },
        { "29 Feb 2024 12:00:00 +0000", "2024-02-29T12:00:00Z" },
        { "29 Feb 2000 12:00:00 +0000", "2000-02-29T12:00:00Z" },
        { "31 Dec 9999 23:59:59 +0000", "9999-12-31T23:59:59Z" },
        { "1 Jan 1970 00:00:00 +0000", "1970-01-01T00:00:00Z" },
    };
    CHECK_CASES(cases);
}

static void test_real_world_forms(void **state)
{
    (void)state;
    static const date_case cases[] = {
        { "Mon Nov 23 20:24:50 2026", "2026-11-23T20:24:50Z" },
        { "Mon Nov  3 20:24:50 EST 2026", "2026-11-04T01:24:50Z" },
        { "Mon Nov 23 20:24:50 -0500 2026", "2026-11-24T01:24:50Z" },
        { "Mon, 23 Nov 2026 20:24:50", "2026-11-23T20:24:50Z" },
        { "Mon, 23 Nov 2026", "2026-11-23T00:00:00Z" },
        { "Monday, November 23, 2026 8:24 PM", "2026-11-23T20:24:00Z" },
        { "23 Nov 26 12:05:00 AM", "2026-11-23T00:05:00Z" },
        { "23 Nov 26 12:05:00 PM -0400", "2026-11-23T16:05:00Z" },
        { "Nov, 23 2026 8:02:13 AM +0400", "2026-11-23T04:02:13Z" },
        { "mar, 3 sep 2002 10:00:00 +0200", "2002-09-03T08:00:00Z" },
        { "Mon, 23 Nov 2026 20:24:50 GMT+02:00", "2026-11-23T18:24:50Z" },
        { "Mon, 23 Nov 2026 20:24:50 GMT-0500", "2026-11-24T01:24:50Z" },
        { "Mon, 23 Nov 2026 20:24:50 UTC", "2026-11-23T20:24:50Z" },
        { "Mon, 23 Nov 2026 20:24:50 +2", "2026-11-23T18:24:50Z" },
        { "Mon, 23 Nov 2026 20:24:50 0530", "2026-11-23T14:54:50Z" },
        { "Mon, 23 Nov 2026 20:24:50 +-0500", "2026-11-24T01:24:50Z" },
        { "Mon, 23 Nov 2026 20:24:50 +9959", "2026-11-23T20:24:50Z" },
        { "Mon, 23 Nov 2026 20:24:50 JST", "2026-11-23T11:24:50Z" },
        { "Mon, 23 Nov 2026 20:24:50 \"GMT\"", "2026-11-23T20:24:50Z" },
        { "Mon, 23 Nov 2026 20:24:50 Nowhere", "2026-11-23T20:24:50Z" },
        { "Mon, 23 Nov 2026 20.24.50 +0100", "2026-11-23T19:24:50Z" },
        { "Mon, 23 Nov 2026 20:24:50.123 +0100", "2026-11-23T19:24:50Z" },
        { "23-Nov-2026 20:24:50 +0100", "2026-11-23T19:24:50Z" },
        { "20:24:50 23-Nov-2026", "2026-11-23T20:24:50Z" },
        { "2026-11-23T20:24:50Z", "2026-11-23T20:24:50Z" },
        { "2026-11-23T20:24:50.5+01:00", "2026-11-23T19:24:50Z" },
        { "2026-11-23 20:24:50 +0100", "2026-11-23T19:24:50Z" },
        { "2026/11/23 Mon 20:24:50 CDT", "2026-11-24T01:24:50Z" },
        { "Mon, 23 Nov 0126 20:24:50 +0000", "2026-11-23T20:24:50Z" },
        { "Mon, 23 November 2026 at 20:24", "2026-11-23T20:24:00Z" },
        { "Mon,23Nov2026 20:24:50+0100", "2026-11-23T19:24:50Z" },
        { "Mon, 23 Nov 2026 20:24:50 +0100 and 5 more words 7", "2026-11-23T19:24:50Z" },
    };
    CHECK_CASES(cases);
}

static void test_no_dates(void **state)
{
    (void)state;
    static const date_case cases[] = {
        { "", NULL },
        { "tomorrow", NULL },
        { "20:24:50 +0100", NULL },
        { "Mon, 23 2026 20:24:50", NULL },
        { "Nov 2026", NULL },
        { "0 Nov 2026 20:24:50", NULL },
        { "31 Feb 2026 20:24:50", NULL },
        { "29 Feb 2100 20:24:50", NULL },
        { "31 Nov 2026 20:24:50", NULL },
        { "23 Nov 2026 25:24:50", NULL },
        { "23 Nov 2026 24:00:00", NULL },
        { "23 Nov 2026 20:60:50", NULL },
        { "23 Nov 2026 20:24:61", NULL },
        { "23 Nov 2026 20:", NULL },
        { "23 Nov 1969 20:24:50", NULL },
        { "23 Nov 10000 20:24:50", NULL },
        { "1 Jan 1970 00:00:00 +0100", NULL },
        { "31 Dec 9999 23:59:59 -0100", NULL },
        { "23 Nov 99999999999999999999 20:24:50", NULL },
        { "99999999999999999999 Nov 2026 20:24:50", NULL },
        { "23 Nov 2026 99999999999999999999:24:50", NULL },
        { "11/23/2026 20:24:50", NULL },
        { "23.11.2026 20:24:50", NULL },
        { "2026-13-23T20:24:50Z", NULL },
        { "(23 Nov 2026 20:24:50)", NULL },
    };
    CHECK_CASES(cases);
    check_case(SPAN("23 Nov\0 2026\0 20:24:50 \0+0100\0"), "2026-11-23T19:24:50Z");
    check_case((span){ NULL, 0 }, NULL);
}

/* Every day of four centuries against the C library. */
static void test_every_day(void **state)
{
    (void)state;
    for (time_t day = 0; day < 400 * 365; day++) {
        char text[64];
        struct tm parts;
        int64_t sec;
        time_t instant = day * 86400 + day % 86400;
        gmtime_r(&instant, &parts);
        strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &parts);
        assert_true(date_read(span_from_string(text), &sec));
        assert_int_equal(sec, instant);
        char iso[ISO_DATE_SIZE];
        iso_date_format(sec, iso);
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
        assert_string_equal(iso, text);
    }
}

static void test_format_is_bounded(void **state)
{
    (void)state;
    char text[ISO_DATE_SIZE];
    iso_date_format(INT64_MIN, text);
    assert_string_equal(text, "1970-01-01T00:00:00Z");
    iso_date_format(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59Z");
}

static uint64_t time_of(const char *unit, size_t len)
{
    GString *value = g_string_new(NULL);
    uint64_t best = UINT64_MAX;
    while (value->len < len) {
        g_string_append(value, unit);
    }
    for (int run = 0; run < 7; run++) {
        struct timespec a, b;
        int64_t sec;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
        date_read((span){ value->str, len }, &sec);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
        int64_t ns = (b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec;
        best = MIN(best, (uint64_t)ns);
    }
    g_string_free(value, TRUE);
    return best;
}

static void test_hostile_values_are_linear(void **state)
{
    (void)state;
    static const char *const units[] = { "(",       "((a)", ")",      "\"",   "1",  "1 ",
                                         "Nov ",    "+1",   "-",      "GMT ", "1:", "2026-",
                                         "2026/1/", "a",    "\x1b$(", "\\" };
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        uint64_t half = time_of(units[i], 32 * 1024);
        uint64_t whole = time_of(units[i], 64 * 1024);
        if (whole > 3 * half && whole > 10 * 1000 * 1000) {
            fail_msg("\"%s\": %lu ns, twice as long %lu ns", units[i], (unsigned long)half,
                     (unsigned long)whole);
        }
    }
    /* Over a megabyte only the limit is read. */
    assert_true(time_of("((", 1 << 20) < 100 * 1000 * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standard_forms),    cmocka_unit_test(test_real_world_forms),
        cmocka_unit_test(test_no_dates),          cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_format_is_bounded), cmocka_unit_test(test_hostile_values_are_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
