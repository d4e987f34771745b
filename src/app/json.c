/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/json.h"

#include <string.h>

enum { NUMBER_SIZE = 24 };

json_writer json_start(GString *out)
{
    return (json_writer){ .out = out };
}

static void begin_value(json_writer *w, const char *key)
{
    if (w->needs_comma) {
        g_string_append_c(w->out, ',');
    }
    w->needs_comma = true;
    if (key != NULL) {
        g_string_append_c(w->out, '"');
        g_string_append(w->out, key);
        g_string_append_len(w->out, "\":", 2);
    }
}

static void open_nested(json_writer *w, const char *key, char mark)
{
    begin_value(w, key);
    g_string_append_c(w->out, mark);
    w->needs_comma = false;
}

static void close_nested(json_writer *w, char mark)
{
    g_string_append_c(w->out, mark);
    w->needs_comma = true;
}

void json_open_object(json_writer *w, const char *key)
{
    open_nested(w, key, '{');
}

void json_close_object(json_writer *w)
{
    close_nested(w, '}');
}

void json_open_array(json_writer *w, const char *key)
{
    open_nested(w, key, '[');
}

void json_close_array(json_writer *w)
{
    close_nested(w, ']');
}

static void append_escape(GString *out, char c)
{
    static const char shorthand[] = "\bb\tt\nn\ff\rr\"\"\\\\";
    static const char digits[] = "0123456789abcdef";
    for (const char *pair = shorthand; *pair != '\0'; pair += 2) {
        if (*pair == c) {
            const char escape[] = { '\\', pair[1] };
            g_string_append_len(out, escape, sizeof escape);
            return;
        }
    }
    unsigned value = (unsigned char)c;
    const char escape[] = { '\\', 'u', '0', '0', digits[value >> 4], digits[value & 15] };
    g_string_append_len(out, escape, sizeof escape);
}

/* Appends valid UTF-8. */
static void append_escaped(GString *out, const char *text, const char *end)
{
    const char *run = text;
    for (; text < end; text++) {
        if ((unsigned char)*text < ' ' || *text == '"' || *text == '\\') {
            g_string_append_len(out, run, text - run);
            append_escape(out, *text);
            run = text + 1;
        }
    }
    g_string_append_len(out, run, text - run);
}

void json_string(json_writer *w, const char *key, const char *text)
{
    if (text == NULL) {
        json_null(w, key);
        return;
    }
    begin_value(w, key);
    g_string_append_c(w->out, '"');
    const char *end;
    if (g_utf8_validate(text, -1, &end)) {
        append_escaped(w->out, text, end);
    } else {
        g_autofree char *valid = g_utf8_make_valid(text, -1);
        append_escaped(w->out, valid, valid + strlen(valid));
    }
    g_string_append_c(w->out, '"');
}

void json_number(json_writer *w, const char *key, int64_t value)
{
    char digits[NUMBER_SIZE];
    char *first = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--first = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        *--first = '-';
    }
    begin_value(w, key);
    g_string_append_len(w->out, first, digits + sizeof digits - first);
}

void json_bool(json_writer *w, const char *key, bool value)
{
    begin_value(w, key);
    g_string_append(w->out, value ? "true" : "false");
}

void json_null(json_writer *w, const char *key)
{
    begin_value(w, key);
    g_string_append(w->out, "null");
}
