/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Standard output in large pieces, with write errors noticed: a disk may be full, a reader gone.
 */
#ifndef BACKSTOP_APP_OUTPUT_H
#define BACKSTOP_APP_OUTPUT_H

#include <glib.h>
#include <stdbool.h>

typedef struct output {
    GString *text; /* what is still to be written; append to it */
    int fd;
    int error; /* errno of the write that failed; nothing is written after it */
} output;

output output_new(int fd);
void output_free(output *out);

/* Whether so much text has gathered that it should be flushed. */
bool output_is_large(const output *out);

/* Writes all that has gathered. False if this or an earlier write failed. */
bool output_flush(output *out);

#endif
