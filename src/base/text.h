/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Text in buffers.
 */
#ifndef BACKSTOP_BASE_TEXT_H
#define BACKSTOP_BASE_TEXT_H

#include "base/span.h"

#include <glib.h>

/* Appends `text` with every line end (CRLF, CR, LF) as one LF. */
void text_append_unix_lines(GString *out, span text);

#endif
