/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The head of a line in a log file: time, host and program, as syslogd, rsyslog, syslog-ng,
 * journalctl and Postfix's postlogd write them:
 *
 *     Nov 24 08:00:00 mx postfix/smtp[123]: text            (RFC 3164)
 *     2026-11-24T08:00:00.123456+01:00 mx postfix/smtp[123]: text
 *     <22>1 2026-11-24T08:00:00Z mx postfix/smtp 123 - - text  (RFC 5424)
 *
 * A time without a zone is the local one of this machine. One without a year belongs to the
 * latest year in which it is not after the log's newest moment.
 */
#ifndef BACKSTOP_APP_SYSLOG_LINE_H
#define BACKSTOP_APP_SYSLOG_LINE_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* Turns the times of one log into moments. Most lines share their hour with the line before, so
 * the calendar is asked once an hour. */
typedef struct syslog_clock {
    int64_t newest_sec; /* no line is of later: when the file was last changed */
    /* The hour that was asked for last; year 0: it was written without one. */
    int year, month, day, hour;
    bool has_zone;
    int64_t hour_sec; /* when it begins; -1: there is no such hour */
} syslog_clock;

syslog_clock syslog_clock_new(int64_t newest_sec);

typedef struct syslog_line {
    int64_t unix_sec;
    span host;
    span program; /* "postfix/smtp" */
    span text;
} syslog_line;

/* False if the line has no such head. */
bool syslog_line_read(span line, syslog_clock *clock, syslog_line *out);

#endif
