/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/header_edit.h"

/* Cuts the next line off with its end: LF, or CR where the message has no LF in it. */
static bool next_line(span *rest, char end, span *line)
{
    if (rest->len == 0) {
        return false;
    }
    size_t len = span_find_char(*rest, end);
    *line = span_head(*rest, len + 1);
    *rest = span_skip(*rest, len + 1);
    return true;
}

static const char *line_end_of(span message)
{
    size_t lf = span_find_char(message, '\n');
    if (lf == message.len) {
        return span_find_char(message, '\r') == message.len ? "\n" : "\r";
    }
    return lf > 0 && message.ptr[lf - 1] == '\r' ? "\r\n" : "\n";
}

/* A line of blanks alone still belongs to the header: other programs go on behind it. */
static bool is_empty(span line)
{
    return line.ptr[0] == '\r' || line.ptr[0] == '\n';
}

header_edit header_edit_start(span message)
{
    header_edit edit = { .rest = message, .line_end = line_end_of(message) };
    edit.line_end_byte = edit.line_end[0] == '\r' && edit.line_end[1] == '\0' ? '\r' : '\n';
    span line, rest = message;
    if (span_starts(message, SPAN("From ")) || span_starts(message, SPAN(">From "))) {
        next_line(&rest, edit.line_end_byte, &edit.from_line);
        edit.rest = rest;
    }
    while (next_line(&rest, edit.line_end_byte, &line) && !is_empty(line)) {
        edit.header_len += line.len;
    }
    return edit;
}

static bool is_field(span line, span name)
{
    span rest = span_skip(line, name.len);
    return span_starts_nocase(line, name) && span_starts(span_trim(rest), SPAN(":"));
}

void header_edit_append_without(const header_edit *edit, span name, GString *out)
{
    span header = span_head(edit->rest, edit->header_len);
    bool is_dropped = false;
    span line;
    while (next_line(&header, edit->line_end_byte, &line)) {
        bool continues = line.ptr[0] == ' ' || line.ptr[0] == '\t';
        is_dropped = continues ? is_dropped : is_field(line, name);
        if (!is_dropped) {
            g_string_append_len(out, line.ptr, (gssize)line.len);
        }
    }
}
