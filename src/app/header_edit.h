/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Changes to the header of a message that is handed on: fields of one name are taken out, lines are
 * put on top. All other bytes stay as they are. It knows lines alone, no mail: nothing in it can
 * fail. A header that begins with continuation lines (RFC 5322, section 2.2.3) keeps them on top:
 * below a new field, they would become part of it.
 */
#ifndef BACKSTOP_APP_HEADER_EDIT_H
#define BACKSTOP_APP_HEADER_EDIT_H

#include "base/span.h"

#include <glib.h>

typedef struct header_edit {
    span from_line;    /* the "From " line of an mbox with its end; or empty */
    span rest;         /* all behind it */
    size_t header_len; /* of `rest`: up to its first empty line, or all */
    size_t lead_len;   /* of the header: the continuation lines that it begins with */
    const char *line_end;
} header_edit;

/* Looks at `message`, which stays with the caller. */
header_edit header_edit_start(span message);

/* Appends the "From " line and the header without the fields of that name (any case, white space
 * before the colon or not), continuation lines and all, and with the lines `added` on top, which
 * bring their line ends. An empty `name` takes out nothing. A lone CR is a line end for some
 * programs and none for others: a field that begins behind one is taken out too, up to the next
 * line end of any sort. So in a header that ends its lines with CR, before a body with LF in it,
 * all counts as header up to the first line that is empty for those who know LF alone. What follows
 * `header_len` is the caller's to hand on. */
void header_edit_append(const header_edit *edit, span name, const char *added, GString *out);

#endif
