/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Dates of mail: RFC 5322, 3.3 with the obsolete forms of 4.3 (two-digit years, named and
 * military zones, comments), and what the world sends: no day name, no seconds, no zone (taken
 * as UTC), asctime order ("Mon Nov 23 20:24:50 2026"), "GMT+02:00", ISO 8601, dashes between
 * day, month and year, a dot as time separator, AM and PM. Numeric months only in year-month-day
 * order: the others are ambiguous.
 */
#ifndef BACKSTOP_MESSAGE_DATE_H
#define BACKSTOP_MESSAGE_DATE_H

#include "base/span.h"

#include <stdint.h>

/* Seconds since 1970-01-01 UTC into `*unix_sec`; false (and 0) if `value` holds no date or an
 * impossible one (31 February, hour 25). Years 1970 to 9999. A date without a time is its
 * midnight; an unknown or impossible zone is UTC. Words that are none of a date are passed; what
 * follows the zone is not read. Never asks the clock or locale. */
bool date_read(span value, int64_t *unix_sec);

#endif
