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

/* A line of blanks alone still belongs to the header: other programs go on behind it. So does what
 * is empty only for those who take a lone CR for a line end, in a message that has LF. */
static bool is_empty(span line, char end)
{
    return line.ptr[0] == end || (line.len == 2 && line.ptr[0] == '\r' && line.ptr[1] == end);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

header_edit header_edit_start(span message)
{
    header_edit edit = { .rest = message, .line_end = line_end_of(message) };
    char end = edit.line_end[0] == '\r' && edit.line_end[1] == '\0' ? '\r' : '\n';
    span line, rest = message;
    if ((span_starts(message, SPAN("From ")) || span_starts(message, SPAN(">From "))) &&
        span_find_char(message, end) < message.len) {
        next_line(&rest, end, &edit.from_line);
        edit.rest = rest;
    }
    bool leads = true;
    while (next_line(&rest, end, &line) && !is_empty(line, end)) {
        leads = leads && is_blank(line.ptr[0]);
        edit.header_len += line.len;
        edit.lead_len += leads ? line.len : 0;
    }
    return edit;
}

/* Length of the name and what stands between it and the end of the colon; 0: another field. The
 * name alone before a CR is one too: a colon may follow once what is between them is taken out. */
static size_t field_start_len(span text, span name)
{
    if (name.len == 0 || !span_starts_nocase(text, name)) {
        return 0;
    }
    size_t i = name.len;
    bool has_cr = false;
    while (i < text.len && (is_blank(text.ptr[i]) || text.ptr[i] == '\r' || text.ptr[i] == '\0')) {
        has_cr = has_cr || text.ptr[i] == '\r';
        i++;
    }
    if (i < text.len && text.ptr[i] == ':') {
        return i + 1;
    }
    return has_cr ? name.len : 0;
}

/* The removal of a field, line by line of any sort. */
typedef struct removal {
    span name;
    GString *out;
    bool is_dropped; /* what a continuation line belongs to */
    bool owes_lf;    /* a field with an LF at its end was dropped behind a lone CR */
} removal;

/* The LF goes on ending the line that the CR stands in, for those who do not take CR for an end. */
static void pay_lf(removal *r)
{
    if (r->owes_lf) {
        g_string_append_c(r->out, '\n');
        r->owes_lf = false;
    }
}

/* One line up to its LF, if it has one. Within it, each CR ends a line; those before the LF belong
 * to that. `is_behind_cr`: what was last written ends in a lone CR. */
static void append_line(removal *r, span line)
{
    size_t text_len = line.len;
    bool is_behind_cr = r->owes_lf;
    if (line.ptr[line.len - 1] == '\n') {
        do {
            text_len--;
        } while (text_len > 0 && line.ptr[text_len - 1] == '\r');
    }
    for (size_t at = 0; at < line.len;) {
        size_t start_len = field_start_len(span_head(span_skip(line, at), text_len - at), r->name);
        if (!is_blank(line.ptr[at])) {
            r->is_dropped = start_len > 0;
        }
        span piece = span_skip(line, at);
        size_t cr =
            at + start_len +
            span_find_char(span_head(span_skip(piece, start_len), text_len - at - start_len), '\r');
        bool is_last = cr >= text_len;
        piece = span_head(piece, is_last ? line.len - at : cr + 1 - at);
        if (!r->is_dropped) {
            pay_lf(r);
            g_string_append_len(r->out, piece.ptr, (gssize)piece.len);
            is_behind_cr = !is_last;
        } else if (is_last) {
            r->owes_lf = is_behind_cr && text_len < line.len;
        }
        at += piece.len;
    }
}

static void append_without(span header, span name, GString *out)
{
    removal r = { .name = name, .out = out };
    span line;
    while (next_line(&header, '\n', &line)) {
        append_line(&r, line);
    }
    pay_lf(&r);
}

void header_edit_append(const header_edit *edit, span name, const char *added, GString *out)
{
    span header = span_head(edit->rest, edit->header_len);
    span lead = span_head(header, edit->lead_len);
    append_without(edit->from_line, name, out);
    if (lead.len > 0 && lead.len == edit->rest.len) {
        /* What follows may go on with such lines: it is made the body. */
        g_string_append(out, added);
        g_string_append(out, added[0] == '\0' ? "" : edit->line_end);
        append_without(lead, name, out);
        return;
    }
    append_without(lead, name, out);
    g_string_append(out, added);
    append_without(span_skip(header, lead.len), name, out);
}
