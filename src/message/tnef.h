/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * TNEF (application/ms-tnef, winmail.dat): the message text that Exchange hides there when it
 * sends a report to a system it takes for its own kind. Format: Microsoft's [MS-OXTNEF] and, for
 * compressed RTF, [MS-OXRTFCP].
 */
#ifndef BACKSTOP_MESSAGE_TNEF_H
#define BACKSTOP_MESSAGE_TNEF_H

#include "base/span.h"

#include <glib.h>

/* Appends the text as UTF-8 without NUL, trimmed: the body, which is attBody, or MAPI's PR_BODY,
 * PR_BODY_HTML (through html_to_text), or PR_RTF_COMPRESSED reduced to text, whichever of these
 * comes first and is not blank; then PR_REPORT_TEXT and, for each recipient that has one, a line
 * with his address and one with the report's text: all that a non-delivery report may hold.
 * False, and nothing appended, if `bytes` is no TNEF or there is no such text. At most `max_bytes`
 * are appended; of each property LIMIT_TEXT_PART_BYTES are read. Lengths inside are not trusted.
 * Re-entrant. */
bool tnef_to_text(span bytes, size_t max_bytes, GString *out);

#endif
