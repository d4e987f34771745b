/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/syslog_line.h"

#include <time.h>

enum {
    DAY_SEC = 86400,
    /* From one 29 February to the next, over a year that has none though it should (1900). */
    YEARS_BACK = 8,
};

/* A time as it is written. */
typedef struct written {
    int year;                             /* 0: not said */
    int month, day, hour, minute, second; /* months from 1 */
    bool has_zone;
    int64_t zone_sec; /* east of Greenwich */
} written;

syslog_clock syslog_clock_new(int64_t newest_sec)
{
    return (syslog_clock){ .newest_sec = newest_sec, .month = -1 };
}

/* The number of exactly `digits` digits at the start of `*s`, which is cut off. */
static bool take_number(span *s, size_t digits, int *out)
{
    unsigned value;
    if (span_read_number(*s, digits, &value) != digits) {
        return false;
    }
    *out = (int)value;
    *s = span_skip(*s, digits);
    return true;
}

static bool take_char(span *s, char c)
{
    if (s->len == 0 || s->ptr[0] != c) {
        return false;
    }
    *s = span_skip(*s, 1);
    return true;
}

static void skip_blanks(span *s)
{
    while (take_char(s, ' ')) {
    }
}

/* The bytes up to the next blank, which is cut off with them. Empty at the end. */
static span take_word(span *s)
{
    span word = span_head(*s, span_find_char(*s, ' '));
    *s = span_skip(*s, word.len);
    skip_blanks(s);
    return word;
}

/* "08:00:00", and a fraction. */
static bool take_time_of_day(span *s, written *out)
{
    if (!take_number(s, 2, &out->hour) || !take_char(s, ':') || !take_number(s, 2, &out->minute) ||
        !take_char(s, ':') || !take_number(s, 2, &out->second)) {
        return false;
    }
    if (take_char(s, '.')) {
        while (s->len > 0 && ascii_is_digit(s->ptr[0])) {
            *s = span_skip(*s, 1);
        }
    }
    /* 60: a leap second. */
    return out->hour <= 23 && out->minute <= 59 && out->second <= 60;
}

/* "Z", "+01:00", "+0100", or nothing. */
static bool take_zone(span *s, written *out)
{
    bool is_east = take_char(s, '+');
    out->has_zone = true;
    if (is_east || take_char(s, '-')) {
        int hours, minutes;
        if (!take_number(s, 2, &hours) || hours > 23) {
            return false;
        }
        take_char(s, ':');
        if (!take_number(s, 2, &minutes) || minutes > 59) {
            return false;
        }
        int sec = hours * 3600 + minutes * 60;
        out->zone_sec = is_east ? sec : -sec;
    } else {
        out->has_zone = take_char(s, 'Z');
    }
    return true;
}

/* "2026-11-24T08:00:00.123456+01:00" (RFC 3339). */
static bool take_iso(span *s, written *out)
{
    return take_number(s, 4, &out->year) && out->year >= 1970 && take_char(s, '-') &&
           take_number(s, 2, &out->month) && take_char(s, '-') && take_number(s, 2, &out->day) &&
           (take_char(s, 'T') || take_char(s, ' ')) && take_time_of_day(s, out) &&
           take_zone(s, out) && take_char(s, ' ');
}

/* 1 to 12; 0 if it is none. */
static int month_of(span s)
{
    static const char names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    for (int i = 0; s.len >= 3 && i < 12; i++) {
        if (memcmp(s.ptr, names[i], 3) == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* "Nov 24 08:00:00", "Nov  4 08:00:00"; some write the year behind the day. */
static bool take_bsd(span *s, written *out)
{
    out->month = month_of(*s);
    if (out->month == 0) {
        return false;
    }
    *s = span_skip(*s, 3);
    skip_blanks(s);
    if (!take_number(s, 2, &out->day) && !take_number(s, 1, &out->day)) {
        return false;
    }
    skip_blanks(s);
    span behind = *s;
    if (take_number(&behind, 4, &out->year) && take_char(&behind, ' ')) {
        *s = behind;
    } else {
        out->year = 0;
    }
    return take_time_of_day(s, out) && take_char(s, ' ');
}

/* When the local hour begins in that year; -1 if the year has no such day. */
static int64_t local_hour(const written *w, int year)
{
    struct tm local = {
        .tm_year = year - 1900,
        .tm_mon = w->month - 1,
        .tm_mday = w->day,
        .tm_hour = w->hour,
        .tm_isdst = -1,
    };
    time_t sec = mktime(&local);
    /* mktime() makes 1 March of 30 February. */
    return local.tm_mday == w->day && local.tm_mon == w->month - 1 ? (int64_t)sec : -1;
}

static int64_t utc_hour(const written *w)
{
    struct tm utc = {
        .tm_year = w->year - 1900,
        .tm_mon = w->month - 1,
        .tm_mday = w->day,
        .tm_hour = w->hour,
    };
    time_t sec = timegm(&utc);
    return utc.tm_mday == w->day && utc.tm_mon == w->month - 1 ? (int64_t)sec : -1;
}

/* In the latest year that is not after the newest moment. A day more, for clocks differ. */
static int64_t guessed_hour(const written *w, int64_t newest_sec)
{
    time_t newest = (time_t)newest_sec;
    struct tm local;
    if (localtime_r(&newest, &local) == NULL) {
        return -1;
    }
    int year = local.tm_year + 1900;
    for (int back = -1; back < YEARS_BACK; back++) {
        int64_t sec = local_hour(w, year - back);
        if (sec >= 0 && sec <= newest_sec + DAY_SEC) {
            return sec;
        }
    }
    return -1;
}

/* The beginning of the hour, without its zone; -1 if there is no such hour. */
static int64_t hour_of(syslog_clock *clock, const written *w)
{
    if (clock->month != w->month || clock->day != w->day || clock->hour != w->hour ||
        clock->year != w->year || clock->has_zone != w->has_zone) {
        clock->has_zone = w->has_zone;
        clock->year = w->year;
        clock->month = w->month;
        clock->day = w->day;
        clock->hour = w->hour;
        if (w->has_zone) {
            clock->hour_sec = utc_hour(w);
        } else if (w->year > 0) {
            clock->hour_sec = local_hour(w, w->year);
        } else {
            clock->hour_sec = guessed_hour(w, clock->newest_sec);
        }
    }
    return clock->hour_sec;
}

static bool take_moment(span *s, syslog_clock *clock, int64_t *unix_sec)
{
    written w = { 0 };
    bool is_iso = s->len > 0 && ascii_is_digit(s->ptr[0]);
    if (!(is_iso ? take_iso(s, &w) : take_bsd(s, &w))) {
        return false;
    }
    int64_t hour_sec = hour_of(clock, &w);
    int in_hour_sec = w.minute * 60 + w.second;
    *unix_sec = hour_sec + in_hour_sec - w.zone_sec;
    return hour_sec >= 0;
}

/* "<22>" of those who write what came over the wire; and then "1 " (RFC 5424, 6.2). */
static bool skip_priority(span *s)
{
    unsigned unused;
    size_t digits =
        s->len > 0 && s->ptr[0] == '<' ? span_read_number(span_skip(*s, 1), 3, &unused) : 0;
    if (digits > 0 && s->len > digits + 1 && s->ptr[digits + 1] == '>') {
        *s = span_skip(*s, digits + 2);
    }
    if (span_starts(*s, SPAN("1 "))) {
        *s = span_skip(*s, 2);
        return true;
    }
    return false;
}

/* "postfix/smtp 123 - - text" (RFC 5424, 6.2.5 to 6.4), all but the text being words. */
static bool take_rfc5424(span *s, syslog_line *out)
{
    out->program = take_word(s);
    take_word(s); /* process */
    take_word(s); /* kind of message */
    if (s->len > 0 && s->ptr[0] == '[') {
        /* Structured data; a "]" in a value has a backslash before it (6.3.3). */
        size_t end = 1;
        while (end < s->len && !(s->ptr[end] == ']' && s->ptr[end - 1] != '\\' &&
                                 (end + 1 == s->len || s->ptr[end + 1] != '['))) {
            end++;
        }
        *s = span_skip(*s, end + 1);
        skip_blanks(s);
    } else {
        take_word(s);
    }
    if (span_starts(*s, SPAN("\xef\xbb\xbf"))) {
        *s = span_skip(*s, 3);
    }
    out->text = *s;
    return out->program.len > 0;
}

/* "postfix/smtp[123]: text" */
static bool take_tag(span *s, syslog_line *out)
{
    size_t len = 0;
    while (len < s->len && s->ptr[len] != '[' && s->ptr[len] != ':' && s->ptr[len] != ' ') {
        len++;
    }
    out->program = span_head(*s, len);
    *s = span_skip(*s, len);
    if (take_char(s, '[')) {
        *s = span_skip(*s, span_find_char(*s, ']'));
        if (!take_char(s, ']')) {
            return false;
        }
    }
    if (len == 0 || !take_char(s, ':')) {
        return false;
    }
    skip_blanks(s);
    out->text = *s;
    return true;
}

bool syslog_line_read(span line, syslog_clock *clock, syslog_line *out)
{
    bool is_rfc5424 = skip_priority(&line);
    if (!take_moment(&line, clock, &out->unix_sec)) {
        return false;
    }
    skip_blanks(&line);
    out->host = take_word(&line);
    /* FreeBSD's syslogd -v puts the facility here: "<mail.info> host". */
    if (span_starts(out->host, SPAN("<"))) {
        out->host = take_word(&line);
    }
    return is_rfc5424 ? take_rfc5424(&line, out) : take_tag(&line, out);
}
