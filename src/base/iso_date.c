/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "base/iso_date.h"

#include <string.h>

enum { DAY_SEC = 24 * 60 * 60 };

/* 9999-12-31T23:59:59Z */
static const int64_t last_sec = INT64_C(253402300799);

/* A notice has several dates, and snprintf takes ten times as long. */
static void write_digits(char *at, unsigned count, unsigned value)
{
    while (count > 0) {
        at[--count] = (char)('0' + value % 10);
        value /= 10;
    }
}

void iso_date_format(int64_t unix_sec, char out[ISO_DATE_SIZE])
{
    if (unix_sec < 0) {
        unix_sec = 0;
    } else if (unix_sec > last_sec) {
        unix_sec = last_sec;
    }
    /* Eras of 400 years, each 146097 days, counted from 1 March of the year 0. */
    unsigned day_sec = (unsigned)(unix_sec % DAY_SEC);
    unsigned days = (unsigned)(unix_sec / DAY_SEC) + 719468;
    unsigned era_day = days % 146097;
    unsigned era_year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
    unsigned year_day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
    unsigned march_month = (5 * year_day + 2) / 153;
    unsigned day = year_day - (153 * march_month + 2) / 5 + 1;
    unsigned month = march_month < 10 ? march_month + 3 : march_month - 9;
    unsigned year = days / 146097 * 400 + era_year + (month <= 2 ? 1 : 0);
    memcpy(out, "0000-00-00T00:00:00Z", ISO_DATE_SIZE);
    write_digits(out, 4, year);
    write_digits(out + 5, 2, month);
    write_digits(out + 8, 2, day);
    write_digits(out + 11, 2, day_sec / 3600);
    write_digits(out + 14, 2, day_sec / 60 % 60);
    write_digits(out + 17, 2, day_sec % 60);
}
