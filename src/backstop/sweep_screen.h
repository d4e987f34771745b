/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What `backstop sweep` has to write with: standard output, the bar, and lines about errors. */
#ifndef BACKSTOP_BACKSTOP_SWEEP_SCREEN_H
#define BACKSTOP_BACKSTOP_SWEEP_SCREEN_H

#include "app/output.h"
#include "app/progress.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct sweep_screen {
    output out;
    progress bar;
    bool is_terminal; /* standard output */
    unsigned columns;
    uint64_t errors; /* told so far */
} sweep_screen;

sweep_screen sweep_screen_new(void);
void sweep_screen_free(sweep_screen *screen);

/* A line on standard error, escaped, behind what was written before. With `file`: it is an error
 * in that input. NULL: whatever there is to be told. */
void sweep_screen_tell(sweep_screen *screen, const char *file, const char *text);

/* As a mailbox_handler's error; `context` is the screen. */
void sweep_screen_error(const char *file, const char *why, void *context);

/* False if standard output cannot be written. */
bool sweep_screen_flush(sweep_screen *screen);

#endif
