/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The heads of log lines: each form of them, the year that is not written, and local time. */
#include "app/syslog_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <glib.h>

static const int64_t new_year_sec = INT64_C(1798761600); /* 2027-01-01T00:00:00Z */
static const int64_t now_sec = INT64_C(1795521600);      /* 2026-11-24T12:00:00Z */

/* "2026-11-24 08:00:00 HOST PROGRAM TEXT"; NULL if the line has no head. To be freed. */
static char *read_with(syslog_clock *clock, const char *line)
{
    syslog_line head;
    if (!syslog_line_read(span_from_string(line), clock, &head)) {
        return NULL;
    }
    time_t sec = (time_t)head.unix_sec;
    struct tm utc;
    gmtime_r(&sec, &utc);
    char date[64];
    strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &utc);
    return g_strdup_printf("%s %.*s %.*s %.*s", date, SPAN_ARG(head.host), SPAN_ARG(head.program),
                           SPAN_ARG(head.text));
}

static void assert_read(const char *line, const char *expected)
{
    syslog_clock clock = syslog_clock_new(now_sec);
    g_autofree char *got = read_with(&clock, line);
    if (g_strcmp0(got, expected) != 0) {
        print_message("of: %s\n", line);
    }
    if (expected == NULL) {
        assert_null(got);
    } else {
        assert_non_null(got);
        assert_string_equal(got, expected);
    }
}

static void test_forms(void **state)
{
    (void)state;
    static const char *const at_eight[] = {
        "Nov 24 08:00:00 mx postfix/smtp[9]: a: b",
        "Nov 24 08:00:00.123 mx postfix/smtp[9]: a: b",
        "Nov 24 2026 08:00:00 mx postfix/smtp[9]: a: b",
        "Nov 24 08:00:00 <mail.info> mx postfix/smtp[9]: a: b",
        "<22>Nov 24 08:00:00 mx postfix/smtp[9]: a: b",
        "<22>Nov 24 08:00:00 mx postfix/smtp: a: b",
        "2026-11-24T08:00:00Z mx postfix/smtp[9]: a: b",
        "2026-11-24T08:00:00 mx postfix/smtp[9]: a: b",
        "2026-11-24T08:00:00.123456+00:00 mx postfix/smtp[9]: a: b",
        "2026-11-24T09:00:00.123456+01:00 mx postfix/smtp[9]: a: b",
        "2026-11-24T03:30:00-0430 mx postfix/smtp[9]: a: b",
        "2026-11-24 08:00:00 mx postfix/smtp[9]: a: b",
        "<22>1 2026-11-24T08:00:00Z mx postfix/smtp 9 - - a: b",
        "1 2026-11-24T08:00:00Z mx postfix/smtp 9 - - \357\273\277a: b",
        "<22>1 2026-11-24T08:00:00Z mx postfix/smtp 9 ID1 [a@1 b=\"\\]\"][c d=\"e\"] a: b",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(at_eight); i++) {
        assert_read(at_eight[i], "2026-11-24 08:00:00 mx postfix/smtp a: b");
    }
    assert_read("Nov  4 08:00:60 mx postfix/smtp[9]: ", "2026-11-04 08:01:00 mx postfix/smtp ");
    assert_read("Nov 4 08:00:00 mx postfix/smtp[9]:a", "2026-11-04 08:00:00 mx postfix/smtp a");
}

static void test_no_head(void **state)
{
    (void)state;
    static const char *const none[] = {
        "",
        "Nov",
        "Nov 24",
        "Nov 24 08:00:00",
        "Nov 24 08:00:00 ",
        "Nov 24 08:00:00 mx",
        "Nov 24 08:00:00 mx ",
        "Nov 24 08:00:00 mx postfix/smtp",
        "Nov 24 08:00:00 mx postfix/smtp[9",
        "Nov 24 08:00:00 mx postfix/smtp[9] a",
        "Nov 24 08:00:00 mx : a",
        "Nov 24 24:00:00 mx postfix/smtp[9]: a",
        "Nov 24 08:60:00 mx postfix/smtp[9]: a",
        "Nov 24 08:00:61 mx postfix/smtp[9]: a",
        "Nov 24 08:00 mx postfix/smtp[9]: a",
        "Nov 31 08:00:00 mx postfix/smtp[9]: a",
        "Nov 0 08:00:00 mx postfix/smtp[9]: a",
        "Nvo 24 08:00:00 mx postfix/smtp[9]: a",
        "Subject: Nov 24 08:00:00 mx postfix/smtp[9]: a",
        "2026-13-24T08:00:00Z mx postfix/smtp[9]: a",
        "2026-11-31T08:00:00Z mx postfix/smtp[9]: a",
        "1026-11-24T08:00:00Z mx postfix/smtp[9]: a",
        "2026-11-24T08:00:00+99:00 mx postfix/smtp[9]: a",
        "2026-11-24T08:00:00+01:00",
        "<22>1 - mx postfix/smtp 9 - - a",
        "<22>1 2026-11-24T08:00:00Z",
        "<22>1 2026-11-24T08:00:00Z mx",
        "<22",
        "<2222>Nov 24 08:00:00 mx postfix/smtp[9]: a",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
        assert_read(none[i], NULL);
    }
    /* An open bracket takes all that follows. */
    assert_read("<22>1 2026-11-24T08:00:00Z mx postfix/smtp 9 - [a b", "2026-11-24 08:00:00 mx "
                                                                       "postfix/smtp ");
}

static void assert_time(const char *time, int64_t newest_sec, const char *expected)
{
    syslog_clock clock = syslog_clock_new(newest_sec);
    g_autofree char *line = g_strdup_printf("%s mx a: b", time);
    g_autofree char *got = read_with(&clock, line);
    g_autofree char *whole = g_strdup_printf("%s mx a b", expected);
    assert_non_null(got);
    assert_string_equal(got, whole);
}

/* The log's age tells the year. */
static void test_years(void **state)
{
    (void)state;
    assert_time("Dec 31 23:59:59", new_year_sec + 3600, "2026-12-31 23:59:59");
    assert_time("Jan  1 00:30:00", new_year_sec + 3600, "2027-01-01 00:30:00");
    assert_time("Jan  1 00:30:00", new_year_sec - 60, "2027-01-01 00:30:00"); /* clocks differ */
    assert_time("Jan  3 00:30:00", new_year_sec - 60, "2026-01-03 00:30:00");
    assert_time("Nov 24 08:00:00", new_year_sec + 86400 * 90, "2026-11-24 08:00:00");
    assert_time("Feb 29 08:00:00", new_year_sec, "2024-02-29 08:00:00");
}

/* Lines of one log in any order: what was asked for last is no hindrance. */
static void test_one_clock(void **state)
{
    (void)state;
    static const struct {
        const char *line, *expected;
    } cases[] = {
        { "Dec 31 23:59:59 mx a: b", "2026-12-31 23:59:59 mx a b" },
        { "Jan  1 00:00:01 mx a: b", "2027-01-01 00:00:01 mx a b" },
        { "Jan  1 00:59:59 mx a: b", "2027-01-01 00:59:59 mx a b" },
        { "Jan  1 01:00:00 mx a: b", "2027-01-01 01:00:00 mx a b" },
        { "2026-01-01T01:00:00Z mx a: b", "2026-01-01 01:00:00 mx a b" },
        { "2026-01-01T01:00:00 mx a: b", "2026-01-01 01:00:00 mx a b" },
        { "2026-01-01T01:00:00+01:00 mx a: b", "2026-01-01 00:00:00 mx a b" },
        { "2026-01-01T01:00:00-01:00 mx a: b", "2026-01-01 02:00:00 mx a b" },
        { "Jan 32 01:00:00 mx a: b", NULL },
        { "Jan 31 01:00:00 mx a: b", "2026-01-31 01:00:00 mx a b" },
    };
    syslog_clock clock = syslog_clock_new(new_year_sec + 7200);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = read_with(&clock, cases[i].line);
        assert_int_equal(g_strcmp0(got, cases[i].expected), 0);
    }
}

/* Times without a zone are local ones, in summer too. */
static void test_local_time(void **state)
{
    (void)state;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    assert_time("Nov 24 08:00:00", now_sec, "2026-11-24 07:00:00");
    assert_time("Jul 24 08:00:00", now_sec, "2026-07-24 06:00:00");
    assert_time("2026-07-24T08:00:00", now_sec, "2026-07-24 06:00:00");
    assert_time("2026-07-24T08:00:00Z", now_sec, "2026-07-24 08:00:00");
    setenv("TZ", "UTC", 1);
    tzset();
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),      cmocka_unit_test(test_no_head),
        cmocka_unit_test(test_years),      cmocka_unit_test(test_one_clock),
        cmocka_unit_test(test_local_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
