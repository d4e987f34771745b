/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Dates of mail. One pass over words and numbers: each finds its place by its shape ("Nov" is a
 * month, "20:" starts a time, "+0100" after the time is a zone), so that the order hardly
 * matters.
 */
#include "message/date.h"

#include "message/lexical.h"
#include "message/limits.h"

enum {
    DAY_SEC = 24 * 60 * 60,
    YEAR_FIRST = 1970,
    YEAR_LAST = 9999,
    ZONE_HOURS_MAX = 23, /* as far as a day; real zones end at 14 */
};

/* The last second of the year 9999. */
static const int64_t last_sec = INT64_C(253402300799);

typedef struct date_parts {
    unsigned year;
    unsigned month; /* 1 to 12, 0 if not seen yet */
    unsigned day;
    unsigned hour;
    unsigned minute;
    unsigned second;
    int zone_sec; /* east of Greenwich */
    bool has_year;
    bool has_time;
    bool has_zone;
    bool named_zone; /* a name that an offset may still follow: "GMT+02:00" */
    bool broken;
} date_parts;

/* Three letters as one number, for a switch without strings. */
#define LETTERS(a, b, c) ((unsigned)(a) << 16 | (unsigned)(b) << 8 | (unsigned)(c))

static unsigned letters_of(span word)
{
    unsigned key = 0;
    for (size_t i = 0; i < 3; i++) {
        key = key << 8 | (i < word.len ? (unsigned char)ascii_lower(word.ptr[i]) : 0u);
    }
    return key;
}

static unsigned month_of(unsigned key)
{
    static const unsigned months[] = {
        LETTERS('j', 'a', 'n'), LETTERS('f', 'e', 'b'), LETTERS('m', 'a', 'r'),
        LETTERS('a', 'p', 'r'), LETTERS('m', 'a', 'y'), LETTERS('j', 'u', 'n'),
        LETTERS('j', 'u', 'l'), LETTERS('a', 'u', 'g'), LETTERS('s', 'e', 'p'),
        LETTERS('o', 'c', 't'), LETTERS('n', 'o', 'v'), LETTERS('d', 'e', 'c'),
    };
    for (unsigned i = 0; i < sizeof months / sizeof months[0]; i++) {
        if (months[i] == key) {
            return i + 1;
        }
    }
    return 0;
}

/* Zones by name: RFC 5322, 4.3, and those that European and Japanese programs write. Military
 * letters but Z were specified wrongly by RFC 822, so they mean UTC. */
static bool zone_of(span word, int *hours)
{
    static const struct {
        char name[5];
        int hours;
    } zones[] = {
        { "GMT", 0 },  { "UTC", 0 },  { "UT", 0 },   { "Z", 0 },    { "EST", -5 }, { "EDT", -4 },
        { "CST", -6 }, { "CDT", -5 }, { "MST", -7 }, { "MDT", -6 }, { "PST", -8 }, { "PDT", -7 },
        { "CET", 1 },  { "CEST", 2 }, { "MET", 1 },  { "MEST", 2 }, { "BST", 1 },  { "WET", 0 },
        { "WEST", 1 }, { "EET", 2 },  { "EEST", 3 }, { "MSK", 3 },  { "JST", 9 },  { "KST", 9 },
    };
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        if (span_equal_nocase(word, span_from_string(zones[i].name))) {
            *hours = zones[i].hours;
            return true;
        }
    }
    return false;
}

static void set_half_day(date_parts *d, bool afternoon)
{
    if (afternoon && d->hour < 12) {
        d->hour += 12;
    } else if (!afternoon && d->hour == 12) {
        d->hour = 0;
    }
}

static void read_word(date_parts *d, span word, char next)
{
    unsigned key = letters_of(word);
    /* "mar, 3 sep" is a Spanish or Italian Tuesday. */
    bool is_tuesday = key == LETTERS('m', 'a', 'r') && next == ',' && d->day == 0;
    unsigned month = word.len >= 3 && !is_tuesday ? month_of(key) : 0;
    int hours = 0;
    if (month != 0 && d->month == 0) {
        d->month = month;
    } else if (d->has_time && (key == LETTERS('a', 'm', 0) || key == LETTERS('p', 'm', 0))) {
        set_half_day(d, key == LETTERS('p', 'm', 0));
    } else if (d->has_time && !d->has_zone && zone_of(word, &hours)) {
        d->zone_sec = hours * 60 * 60;
        d->has_zone = true;
        d->named_zone = hours == 0;
    }
}

static char next_char(const lexical_scan *scan, size_t n)
{
    return (size_t)(scan->end - scan->at) > n ? scan->at[n] : '\0';
}

/* A number's digits into `*value`, which stays bounded; returns how many there were. */
static size_t read_digits(lexical_scan *scan, unsigned *value)
{
    size_t n = 0;
    *value = 0;
    for (; scan->at < scan->end && ascii_is_digit(*scan->at); scan->at++, n++) {
        if (n < 9) {
            *value = *value * 10 + (unsigned)(*scan->at - '0');
        }
    }
    return n;
}

/* ":24:50" or ".24.50" behind the hour; RFC 5322, 4.3 allows white space around the colons. A
 * fraction of a second is passed. */
static void read_time(date_parts *d, lexical_scan *scan, unsigned hour)
{
    char mark = *scan->at;
    unsigned fraction;
    scan->at++;
    lexical_skip_blank(scan);
    d->has_time = true;
    d->hour = hour;
    size_t digits = read_digits(scan, &d->minute);
    d->broken = d->broken || digits == 0 || digits > 2;
    if (mark == ':') {
        lexical_skip_blank(scan);
    }
    if (next_char(scan, 0) == mark) {
        scan->at++;
        lexical_skip_blank(scan);
        digits = read_digits(scan, &d->second);
        d->broken = d->broken || digits > 2;
    }
    if (next_char(scan, 0) == '.' || next_char(scan, 0) == ',') {
        scan->at++;
        read_digits(scan, &fraction);
    }
}

/* RFC 5322, 4.3: two digits are 1950 to 2049, three count from 1900. So does "0102" for 2002, of
 * programs that print struct tm's year with four digits. */
static void set_year(date_parts *d, unsigned value, size_t digits)
{
    if (digits == 2) {
        value += value < 50 ? 2000 : 1900;
    } else if (digits == 3 || (digits == 4 && value < 1000)) {
        value += 1900;
    }
    d->year = value;
    d->has_year = true;
    d->broken = d->broken || digits > 4;
}

/* "2026-11-23" behind the year. False if it is something else. */
static bool read_iso_rest(date_parts *d, lexical_scan *scan)
{
    lexical_scan ahead = *scan;
    unsigned month;
    unsigned day;
    char mark = next_char(&ahead, 0);
    if ((mark != '-' && mark != '/') || d->month != 0 || d->day != 0) {
        return false;
    }
    ahead.at++;
    size_t month_digits = read_digits(&ahead, &month);
    if (month_digits == 0 || month_digits > 2 || next_char(&ahead, 0) != mark) {
        return false;
    }
    ahead.at++;
    size_t day_digits = read_digits(&ahead, &day);
    if (day_digits == 0 || day_digits > 2) {
        return false;
    }
    d->month = month;
    d->day = day;
    *scan = ahead;
    return true;
}

static void set_zone(date_parts *d, int sign, unsigned hours, unsigned minutes)
{
    d->has_zone = true;
    d->named_zone = false;
    if (hours <= ZONE_HOURS_MAX && minutes < 60) {
        d->zone_sec = sign * (int)(hours * 60 + minutes) * 60;
    }
}

static void read_number(date_parts *d, lexical_scan *scan)
{
    unsigned value;
    size_t digits = read_digits(scan, &value);
    bool dotted = next_char(scan, 0) == '.' && ascii_is_digit(next_char(scan, 1)) && d->has_year;
    lexical_skip_blank(scan);
    bool starts_time = next_char(scan, 0) == ':' || dotted;
    if (starts_time && digits <= 2 && !d->has_time) {
        read_time(d, scan, value);
    } else if (digits >= 3 && !d->has_year) {
        set_year(d, value, digits);
        read_iso_rest(d, scan);
    } else if (d->day == 0 && digits <= 2) {
        d->day = value;
        d->broken = d->broken || value == 0;
    } else if (!d->has_year) {
        set_year(d, value, digits);
    } else if (d->has_time && !d->has_zone && digits == 4) {
        set_zone(d, 1, value / 100, value % 100); /* its sign was forgotten */
    }
}

/* "+0100", "-5", "+01:00" behind the time. */
static void read_offset(date_parts *d, lexical_scan *scan)
{
    int sign = *scan->at == '-' ? -1 : 1;
    unsigned hours;
    unsigned minutes = 0;
    scan->at++;
    size_t digits = read_digits(scan, &hours);
    if (digits > 2) {
        minutes = hours % 100;
        hours /= 100;
    } else if (next_char(scan, 0) == ':') {
        scan->at++;
        read_digits(scan, &minutes);
    }
    set_zone(d, sign, hours, minutes);
}

/* `touches_word`: a letter stands directly before it. */
static void read_next(date_parts *d, lexical_scan *scan, bool touches_word)
{
    const char *start = scan->at;
    char c = *start;
    bool is_sign = (c == '+' || c == '-') && ascii_is_digit(next_char(scan, 1));
    /* In "20:24:50 23-Nov-2026" the last dash is no sign. */
    bool is_dash = !d->has_year && !d->named_zone && d->month != 0 && touches_word;
    if (ascii_is_digit(c)) {
        read_number(d, scan);
    } else if (is_sign && !is_dash && d->has_time && (!d->has_zone || d->named_zone)) {
        read_offset(d, scan);
    } else if (ascii_is_alpha(c)) {
        while (scan->at < scan->end && ascii_is_alpha(*scan->at)) {
            scan->at++;
        }
        read_word(d, (span){ start, (size_t)(scan->at - start) }, next_char(scan, 0));
    } else {
        scan->at++;
    }
}

/* Days from 1970-01-01, in years that start with March, so that the leap day comes last. */
static int64_t days_of(unsigned year, unsigned month, unsigned day)
{
    unsigned march_year = month > 2 ? year : year - 1;
    unsigned march_month = month > 2 ? month - 3 : month + 9;
    unsigned leap_days = march_year / 4 - march_year / 100 + march_year / 400;
    int64_t days = (int64_t)march_year * 365 + leap_days + (march_month * 153 + 2) / 5 + day - 1;
    return days - 719468;
}

static bool is_possible(const date_parts *d)
{
    static const unsigned char lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    if (d->broken || d->month < 1 || d->month > 12 || !d->has_year || d->year < YEAR_FIRST ||
        d->year > YEAR_LAST || d->day < 1 || d->day > lengths[d->month - 1]) {
        return false;
    }
    bool leap = (d->year % 4 == 0 && d->year % 100 != 0) || d->year % 400 == 0;
    if (d->month == 2 && d->day == 29 && !leap) {
        return false;
    }
    return d->hour < 24 && d->minute < 60 && d->second <= 60; /* 60: a leap second */
}

bool date_read(span value, int64_t *unix_sec)
{
    lexical_scan scan = lexical_start(span_head(value, LIMIT_VALUE_BYTES));
    const char *previous = NULL;
    date_parts d = { 0 };
    *unix_sec = 0;
    for (;;) {
        lexical_skip_blank(&scan);
        bool complete = d.month != 0 && d.day != 0 && d.has_year && d.has_zone && !d.named_zone;
        if (scan.at == scan.end || complete || d.broken) {
            break;
        }
        bool touches_word = previous != NULL && scan.at == previous && ascii_is_alpha(scan.at[-1]);
        read_next(&d, &scan, touches_word);
        previous = scan.at;
    }
    if (!is_possible(&d)) {
        return false;
    }
    int64_t sec = days_of(d.year, d.month, d.day) * DAY_SEC + (int64_t)d.hour * 3600 +
                  (int64_t)d.minute * 60 + d.second - d.zone_sec;
    if (sec < 0 || sec > last_sec) {
        return false;
    }
    *unix_sec = sec;
    return true;
}
