/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Filling in a backstop_error. */
#ifndef BACKSTOP_BASE_ERROR_H
#define BACKSTOP_BASE_ERROR_H

#include <backstop/error.h>

#include <glib.h>

/* Writes the text into `error`, if it is not NULL, cut to what fits, control characters made "?";
 * returns `status`, so that a failing function ends with one line. */
backstop_status error_fail(backstop_error *error, backstop_status status, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

#endif
