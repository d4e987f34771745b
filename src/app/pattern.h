/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Patterns as "Scan ??.??.*" and "Voicemail *", as people write them for subjects. */
#ifndef BACKSTOP_APP_PATTERN_H
#define BACKSTOP_APP_PATTERN_H

#include <glib.h>
#include <stdbool.h>

/* Of a text, this much is looked at, in bytes: a match takes at most this, times the pattern. */
enum { PATTERN_TEXT_BYTES = 1000 };

/* The form in which patterns and texts are compared: valid UTF-8 (RFC 3629) without case, composed
 * (NFC), white space runs as one blank each, none at either end. A new string. */
char *pattern_fold(const char *text);

/* Whether the folded pattern matches all of the folded text: * any characters or none, ? just one.
 */
bool pattern_matches(const char *pattern, const char *text);

#endif
