/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Text for terminals. Mail and file names come from strangers: their control characters could
 * move the cursor, retitle the window or reorder what is read, so they are shown, not sent.
 */
#ifndef BACKSTOP_APP_TERMINAL_H
#define BACKSTOP_APP_TERMINAL_H

#include <glib.h>

/* Columns of the terminal behind `fd`; 80 if it is none or does not tell. */
unsigned terminal_columns(int fd);

/* Appends any NUL-terminated bytes: controls (C0, C1, DEL), line and paragraph separators and
 * bidirectional controls as "\x1b" or "\u202e", bytes that are not UTF-8 as "\xff". */
void terminal_append_escaped(GString *out, const char *text);

/* Appends any NUL-terminated bytes, escaped, in just `columns`: what is longer is cut, with "~" as
 * its last column, what is shorter filled with blanks. */
void terminal_append_cell(GString *out, const char *text, unsigned columns);

/* Appends valid UTF-8 in lines of at most `columns`, each behind `indent` blanks and with a line
 * end. Breaks at blanks only: a longer word gets a longer line. */
void terminal_append_wrapped(GString *out, const char *text, unsigned indent, unsigned columns);

#endif
