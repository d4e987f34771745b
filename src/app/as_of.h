/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The time that a command works with: its option --as-of, else the clock. */
#ifndef BACKSTOP_APP_AS_OF_H
#define BACKSTOP_APP_AS_OF_H

#include <stdbool.h>
#include <stdint.h>

/* Reads "2026-11-24T08:00:00Z" (ISO 8601, any offset; UTC if it has none) or seconds since 1970.
 * False if `text` is neither, or lies outside of the years 1970 to 9999. */
bool as_of_read(const char *text, int64_t *unix_sec);

/* The clock's time; the only place of the programs that reads it. */
int64_t as_of_now(void);

#endif
