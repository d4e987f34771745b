/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/as_of.h"

#include <glib.h>
#include <time.h>

/* The end of the year 9999. */
static const int64_t LATEST_SEC = 253402300799;

bool as_of_read(const char *text, int64_t *unix_sec)
{
    gint64 number = 0;
    if (g_ascii_string_to_signed(text, 10, 0, LATEST_SEC, &number, NULL)) {
        *unix_sec = number;
        return true;
    }
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) date = g_date_time_new_from_iso8601(text, utc);
    if (date == NULL || g_date_time_to_unix(date) < 0) {
        return false;
    }
    *unix_sec = g_date_time_to_unix(date);
    return true;
}

int64_t as_of_now(void)
{
    return (int64_t)time(NULL);
}
