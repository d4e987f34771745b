/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Changes to the header of a message that is handed on: fields of one name are taken out, lines are
 * put on top. All other bytes stay as they are. It knows lines alone, no mail: nothing in it can
 * fail.
 */
#ifndef BACKSTOP_APP_HEADER_EDIT_H
#define BACKSTOP_APP_HEADER_EDIT_H

#include "base/span.h"

#include <glib.h>

typedef struct header_edit {
    span from_line;    /* the "From " line of an mbox with its end; empty: there is none */
    span rest;         /* all behind it */
    size_t header_len; /* of `rest`: up to its first empty line, or all */
    const char *line_end;
    char line_end_byte; /* its last byte */
} header_edit;

/* Looks at `message`, which stays with the caller. */
header_edit header_edit_start(span message);

/* Appends the header without the fields of that name (any case, white space before the colon or
 * not), continuation lines and all. What follows it is the caller's to hand on. */
void header_edit_append_without(const header_edit *edit, span name, GString *out);

#endif
