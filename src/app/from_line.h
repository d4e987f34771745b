/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The line that starts a message in an mbox: "From sender date" (RFC 4155 and what programs write:
 * UUCP's "remote from host", zones before or behind the year, RFC 5322 order).
 */
#ifndef BACKSTOP_APP_FROM_LINE_H
#define BACKSTOP_APP_FROM_LINE_H

#include "base/span.h"

/* A longer line starts no message. */
enum { FROM_LINE_BYTES = 1000 };

/* Whether `line` starts with "From " and ends with a date, as "From here on" does not. */
bool from_line_is_separator(span line);

#endif
