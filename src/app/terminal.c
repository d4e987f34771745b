/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/terminal.h"

#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { DEFAULT_COLUMNS = 80, LEAST_COLUMNS = 40 };

unsigned terminal_columns(int fd)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return DEFAULT_COLUMNS;
    }
    return MAX(size.ws_col, LEAST_COLUMNS);
}

static bool is_harmful(gunichar c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void terminal_append_escaped(GString *out, const char *text)
{
    const char *end = text + strlen(text);
    const char *run = text;
    while (text < end) {
        gunichar c = (unsigned char)*text;
        size_t len = 1;
        bool is_valid = true;
        if (c >= 0x80) {
            c = g_utf8_get_char_validated(text, end - text);
            is_valid = c < (gunichar)-2;
            len = is_valid ? (size_t)g_utf8_skip[(unsigned char)*text] : 1;
        }
        if (!is_valid || is_harmful(c)) {
            g_string_append_len(out, run, text - run);
            if (!is_valid) {
                g_string_append_printf(out, "\\x%02x", (unsigned)(unsigned char)*text);
            } else {
                g_string_append_printf(out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
            }
            run = text + len;
        }
        text += len;
    }
    g_string_append_len(out, run, text - run);
}

static unsigned width_of_char(const char *at)
{
    gunichar c = g_utf8_get_char(at);
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

static unsigned width_of(const char *word, const char *end)
{
    unsigned width = 0;
    for (; word < end; word = g_utf8_next_char(word)) {
        width += width_of_char(word);
    }
    return width;
}

void terminal_append_cell(GString *out, const char *text, unsigned columns)
{
    g_autoptr(GString) escaped = g_string_new(NULL);
    terminal_append_escaped(escaped, text);
    unsigned width = width_of(escaped->str, escaped->str + escaped->len);
    if (width > columns) {
        const char *end = escaped->str;
        for (width = 1; width + width_of_char(end) <= columns; end = g_utf8_next_char(end)) {
            width += width_of_char(end);
        }
        g_string_truncate(escaped, (gsize)(end - escaped->str));
        g_string_append_c(escaped, '~');
    }
    g_string_append_printf(out, "%s%*s", escaped->str, (int)(columns - width), "");
}

void terminal_append_wrapped(GString *out, const char *text, unsigned indent, unsigned columns)
{
    unsigned used = 0;
    text += strspn(text, " ");
    while (*text != '\0') {
        const char *end = text + strcspn(text, " ");
        unsigned width = width_of(text, end);
        if (used > 0 && used + 1 + width <= columns) {
            g_string_append_c(out, ' ');
            used += 1 + width;
        } else {
            g_string_append_printf(out, "%s%*s", used > 0 ? "\n" : "", (int)indent, "");
            used = indent + width;
        }
        g_string_append_len(out, text, end - text);
        text = end + strspn(end, " ");
    }
    g_string_append_c(out, '\n');
}
