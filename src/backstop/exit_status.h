/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The exit statuses of every command; 64 and above are those of sysexits(3). */
#ifndef BACKSTOP_BACKSTOP_EXIT_STATUS_H
#define BACKSTOP_BACKSTOP_EXIT_STATUS_H

#include <sysexits.h>

enum {
    EXIT_DONE = 0,
    EXIT_INPUT = 1, /* some input could not be read; the rest was judged */
    EXIT_USAGE = EX_USAGE,
    EXIT_TEMPORARY = EX_TEMPFAIL,
};

#endif
