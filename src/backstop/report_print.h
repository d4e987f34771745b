/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What `backstop report` prints. */
#ifndef BACKSTOP_BACKSTOP_REPORT_PRINT_H
#define BACKSTOP_BACKSTOP_REPORT_PRINT_H

#include <backstop/history.h>

#include <glib.h>
#include <stdint.h>

typedef struct report_data {
    int64_t from_sec, until_sec;
    const backstop_report *report;
    backstop_readiness readiness;
} report_data;

/* For people; what comes from mail is escaped for terminals. */
void report_print_text(GString *out, const report_data *data);

/* One JSON object on one line, schema 1. */
void report_print_json(GString *out, const report_data *data);

#endif
