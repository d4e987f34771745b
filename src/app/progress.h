/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A progress bar on standard error, for work that takes longer than a second, and only if standard
 * error is a terminal. It stands on one line without a line end: progress_hide() takes it away
 * before anything else is written to a terminal.
 */
#ifndef BACKSTOP_APP_PROGRESS_H
#define BACKSTOP_APP_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* The share of an input whose size is not known, such as a pipe. */
#define PROGRESS_UNKNOWN (-1.0)

typedef struct progress {
    bool is_on;
    bool is_shown;
    int64_t next_msec; /* when it is drawn again, on the monotonic clock */
} progress;

progress progress_start(void);

/* Draws the bar if it is time to. `share` is how much is done, 0 to 1, or PROGRESS_UNKNOWN;
 * `count` is the number of messages done. */
void progress_update(progress *p, double share, uint64_t count);

void progress_hide(progress *p);

#endif
