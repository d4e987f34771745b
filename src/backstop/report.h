/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * `backstop report [--from DAY] [--until DAY] [--json]`: which notices came, what was done and what
 * enforce would have done, and whether it is safe to enforce (docs/report.md).
 */
#ifndef BACKSTOP_BACKSTOP_REPORT_H
#define BACKSTOP_BACKSTOP_REPORT_H

/* Returns the exit status. */
int report_run(int argc, char **argv);

#endif
