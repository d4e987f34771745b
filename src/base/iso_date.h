/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Times as text: RFC 3339, in UTC.
 */
#ifndef BACKSTOP_BASE_ISO_DATE_H
#define BACKSTOP_BASE_ISO_DATE_H

#include <stdint.h>

enum { ISO_DATE_SIZE = sizeof "2026-11-23T20:24:50Z" };

/* "2026-11-23T20:24:50Z", NUL-terminated. Times before 1970 and after 9999 give the first and the
 * last that can be written. */
void iso_date_format(int64_t unix_sec, char out[ISO_DATE_SIZE]);

#endif
