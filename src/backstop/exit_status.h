/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The exit statuses of every command; 64 and above are those of sysexits(3). */
#ifndef BACKSTOP_BACKSTOP_EXIT_STATUS_H
#define BACKSTOP_BACKSTOP_EXIT_STATUS_H

#include <backstop/error.h>

#include <sysexits.h>

enum {
    EXIT_DONE = 0,
    EXIT_INPUT = 1, /* some input could not be read; the rest was judged */
    EXIT_USAGE = EX_USAGE,
    EXIT_TEMPORARY = EX_TEMPFAIL,
    EXIT_CONFIG = EX_CONFIG,
};

/* Of a command that ends with this status of a call: a wrong setting or key file waits for
 * somebody to put it right, a store may work again in a moment. */
static inline int exit_status_of(backstop_status status)
{
    switch (status) {
    case BACKSTOP_OK:
        return EXIT_DONE;
    case BACKSTOP_ERROR_EMPTY:
        return EXIT_INPUT;
    case BACKSTOP_ERROR_INVALID:
    case BACKSTOP_ERROR_KEYS:
        return EXIT_CONFIG;
    case BACKSTOP_ERROR_BUSY:
    case BACKSTOP_ERROR_STORE:
    case BACKSTOP_ERROR_NEWER:
        return EXIT_TEMPORARY;
    }
    return EXIT_TEMPORARY;
}

#endif
