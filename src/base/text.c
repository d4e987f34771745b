/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "base/text.h"

void text_append_unix_lines(GString *out, span text)
{
    span line;
    while (text.len > 0) {
        const char *start = text.ptr;
        span_next_line(&text, &line);
        g_string_append_len(out, line.ptr, (gssize)line.len);
        if (text.ptr > start + line.len) {
            g_string_append_c(out, '\n');
        }
    }
}
