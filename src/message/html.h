/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The text of an HTML part, roughly as a person would read it: enough to find phrases and
 * addresses in a notice, no rendering.
 */
#ifndef BACKSTOP_MESSAGE_HTML_H
#define BACKSTOP_MESSAGE_HTML_H

#include "base/span.h"

#include <glib.h>

/* Appends the text of `html` (valid UTF-8 without NUL) as the same, at most `max_bytes` of it, cut
 * between characters. <br>, <div>, <tr>, <li> and their like begin and end a line ('\n'); <p>,
 * headings, lists, <blockquote> and <pre> have an empty line around them; cells are parted by a
 * space. Script, style, title and comments are dropped, to the end if they are never closed, as
 * in a browser. Character references are decoded. White space is one space, and so are no-break
 * spaces; only <pre> keeps it. Soft hyphens and zero-width spaces are dropped, they split
 * addresses. Behind a link to an address that its text does not show comes " <mailto:address>".
 * Angle brackets around an address or URL that the sender forgot to escape are text.
 * Re-entrant; linear time, whatever is not closed. */
void html_to_text(span html, size_t max_bytes, GString *out);

#endif
