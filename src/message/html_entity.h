/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Character references of HTML: "&amp;", "&#228;", "&#xE4;". Part of html.c. Re-entrant. */
#ifndef BACKSTOP_MESSAGE_HTML_ENTITY_H
#define BACKSTOP_MESSAGE_HTML_ENTITY_H

#include "base/span.h"

#include <stdint.h>

/* Reads the reference at the start of `s`, where the "&" stands. Returns its length, or 0 if it is
 * none and the "&" is text. Into `*code` goes a Unicode scalar value, never 0: U+FFFD stands for
 * impossible numbers. */
size_t html_entity_read(span s, uint32_t *code);

#endif
