/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Any bytes as a message whose fields of one name are taken out, and which gets a new field on top:
 * nothing else is lost, and who reads the result finds none of those fields, whether he takes CR
 * for a line end or not. */
#include "app/header_edit.h"

#include <stdint.h>

static const span name = SPAN_OF("V");

static void check(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

static span span_of(const GString *text)
{
    return (span){ text->str, text->len };
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_end(char c)
{
    return c == '\r' || c == '\n';
}

/* The text up to its first LF, without the CR before that. */
static span first_line(span text)
{
    size_t len = span_find_char(text, '\n');
    bool has_lf = len < text.len;
    while (has_lf && len > 0 && text.ptr[len - 1] == '\r') {
        len--;
    }
    return span_head(text, len);
}

/* The field's name, and what stands before and in its colon if that follows; 0: no field of that
 * name begins here. */
static size_t start_len(span text)
{
    text = first_line(text);
    if (!span_starts_nocase(text, name)) {
        return 0;
    }
    size_t i = name.len;
    while (i < text.len && (is_blank(text.ptr[i]) || text.ptr[i] == '\r' || text.ptr[i] == '\0')) {
        i++;
    }
    if (i < text.len && text.ptr[i] == ':') {
        return i + 1;
    }
    return span_find_char(span_head(text, i), '\r') < i ? name.len : 0;
}

/* The length of a line end: all CR that stand before an LF, with it; or one CR. */
static size_t end_len(span text)
{
    size_t i = 0;
    while (i < text.len && text.ptr[i] == '\r') {
        i++;
    }
    return i < text.len && text.ptr[i] == '\n' ? i + 1 : MIN(i, 1);
}

/* What is to be left, without the line ends. */
static void append_expected(span header, GString *out)
{
    bool is_dropped = false;
    while (header.len > 0) {
        size_t start = start_len(header);
        is_dropped = is_blank(header.ptr[0]) ? is_dropped : start > 0;
        size_t len = start;
        while (len < header.len && !is_end(header.ptr[len])) {
            len++;
        }
        if (!is_dropped) {
            g_string_append_len(out, header.ptr, (gssize)len);
        }
        header = span_skip(header, len);
        header = span_skip(header, end_len(header));
    }
}

/* No reader may find the field in the header, which ends with the first line that he takes for
 * empty. `takes_cr`: a lone CR ends a line. */
static void check_has_none(span message, bool takes_cr)
{
    while (message.len > 0 && message.ptr[0] != '\n') {
        size_t len = span_find_char(message, '\n');
        size_t cr = span_find_char(message, '\r');
        bool is_cr = takes_cr && cr < len;
        if (is_cr ? cr == 0 : len == 1 && message.ptr[0] == '\r') {
            return;
        }
        check(start_len(is_cr ? span_head(message, cr) : message) == 0);
        message = span_skip(message, is_cr ? cr + end_len(span_skip(message, cr)) : len + 1);
    }
}

static GString *edit_all(span message, span removed, const char *added)
{
    GString *out = g_string_new(NULL);
    header_edit edit = header_edit_start(message);
    header_edit_append(&edit, removed, added, out);
    span body = span_skip(edit.rest, edit.header_len);
    g_string_append_len(out, body.ptr, (gssize)body.len);
    return out;
}

static void check_removal(span message, const header_edit *edit)
{
    g_autoptr(GString) expected = g_string_new(NULL);
    g_autoptr(GString) kept = g_string_new(NULL);
    g_autoptr(GString) header = g_string_new(NULL);
    append_expected(edit->from_line, expected);
    append_expected(span_head(edit->rest, edit->lead_len), expected);
    append_expected(span_skip(span_head(edit->rest, edit->header_len), edit->lead_len), expected);
    header_edit_append(edit, name, "", header);
    for (size_t i = 0; i < header->len; i++) {
        if (!is_end(header->str[i])) {
            g_string_append_c(kept, header->str[i]);
        }
    }
    check(span_equal(span_of(kept), span_of(expected)));

    g_autoptr(GString) once = edit_all(message, name, "");
    g_autoptr(GString) twice = edit_all(span_of(once), name, "");
    check(span_equal(span_of(once), span_of(twice)));
    check_has_none(span_of(once), false);
    check_has_none(span_of(once), true);
}

static void check_addition(span message, const header_edit *edit)
{
    g_autofree char *added = g_strconcat("N: n", edit->line_end, NULL);
    span field = span_from_string(added);
    g_autoptr(GString) with = edit_all(message, SPAN(""), added);
    bool is_all_lead = edit->lead_len > 0 && edit->lead_len == edit->rest.len;
    size_t at = edit->from_line.len + (is_all_lead ? 0 : edit->lead_len);
    span behind = span_skip(span_of(with), at);
    check(span_starts(behind, field));
    check(at == 0 || is_end(with->str[at - 1]));
    behind = span_skip(behind, field.len);
    /* It would go on in what follows. */
    check(behind.len == 0 || !is_blank(behind.ptr[0]));
    if (is_all_lead) {
        check(span_starts(behind, span_from_string(edit->line_end)));
        behind = span_skip(behind, strlen(edit->line_end));
    }
    check(span_equal(span_head(span_of(with), at), span_head(message, at)));
    check(span_equal(behind, span_skip(message, at)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    span message = { (const char *)data, size };
    header_edit edit = header_edit_start(message);
    check(edit.from_line.len + edit.rest.len == size);
    check(edit.header_len <= edit.rest.len && edit.lead_len <= edit.header_len);
    g_autoptr(GString) same = edit_all(message, SPAN(""), "");
    check(span_equal(span_of(same), message));
    check_removal(message, &edit);
    check_addition(message, &edit);
    return 0;
}
