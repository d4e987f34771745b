/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/json.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    NUMBER_SIZE = 24,
    ESCAPE_SIZE = 6, /* "\u001b" */
    SYNTAX_SIZE = 8, /* the commas, quotes and colons around a key and a value */
};

json_writer json_start(GString *out)
{
    return (json_writer){ .out = out };
}

/* Where up to `count` bytes may be written. Appending piece by piece would ask for room, and end
 * the string, some two hundred times a message. */
static char *make_room(json_writer *w, size_t count)
{
    GString *out = w->out;
    if (out->allocated_len - out->len <= count) {
        size_t len = out->len;
        g_string_set_size(out, len + count);
        g_string_truncate(out, len);
    }
    return out->str + out->len;
}

static void end_at(json_writer *w, char *end)
{
    *end = '\0';
    w->out->len = (size_t)(end - w->out->str);
}

/* Starts a value of at most `size` bytes: the comma and the key. Returns where it is written. */
static char *begin_value(json_writer *w, const char *key, size_t size)
{
    size_t key_len = key != NULL ? strlen(key) : 0;
    char *at = make_room(w, key_len + size + SYNTAX_SIZE);
    if (w->needs_comma) {
        *at++ = ',';
    }
    w->needs_comma = true;
    if (key != NULL) {
        *at++ = '"';
        memcpy(at, key, key_len);
        at += key_len;
        *at++ = '"';
        *at++ = ':';
    }
    return at;
}

static void write_word(json_writer *w, const char *key, const char *word)
{
    end_at(w, g_stpcpy(begin_value(w, key, strlen(word)), word));
}

static void open_nested(json_writer *w, const char *key, const char *mark)
{
    write_word(w, key, mark);
    w->needs_comma = false;
}

static void close_nested(json_writer *w, char mark)
{
    g_string_append_c(w->out, mark);
    w->needs_comma = true;
}

void json_open_object(json_writer *w, const char *key)
{
    open_nested(w, key, "{");
}

void json_close_object(json_writer *w)
{
    close_nested(w, '}');
}

void json_open_array(json_writer *w, const char *key)
{
    open_nested(w, key, "[");
}

void json_close_array(json_writer *w)
{
    close_nested(w, ']');
}

static char *write_escape(char *at, char c)
{
    static const char shorthand[] = "\bb\tt\nn\ff\rr\"\"\\\\";
    static const char digits[] = "0123456789abcdef";
    *at++ = '\\';
    for (const char *pair = shorthand; *pair != '\0'; pair += 2) {
        if (*pair == c) {
            *at++ = pair[1];
            return at;
        }
    }
    at = g_stpcpy(at, "u00");
    *at++ = digits[(unsigned char)c >> 4];
    *at++ = digits[c & 15];
    return at;
}

static const uint64_t ones = UINT64_C(0x0101010101010101);

/* Sets the high bit of each byte that is `c`, and perhaps of bytes above one: enough to tell
 * whether there is any. `word` is ASCII. */
static uint64_t find_byte(uint64_t word, char c)
{
    return (word ^ ones * (unsigned char)c) - ones;
}

static bool is_plain(char c)
{
    return (signed char)c >= ' ' && c != '"' && c != '\\';
}

/* How many bytes are ASCII and need no escape: most strings are that as a whole. */
static size_t plain_len(const char *text, const char *end)
{
    const char *at = text;
    for (uint64_t word; end - at >= (ptrdiff_t)sizeof word; at += sizeof word) {
        memcpy(&word, at, sizeof word);
        uint64_t marks = word | (word - ones * ' ') | find_byte(word, '"') | find_byte(word, '\\');
        if ((marks & (ones << 7)) != 0) {
            break;
        }
    }
    while (at < end && is_plain(*at)) {
        at++;
    }
    return (size_t)(at - text);
}

void json_string(json_writer *w, const char *key, const char *text)
{
    if (text == NULL) {
        json_null(w, key);
        return;
    }
    g_autofree char *valid = NULL;
    size_t len = strlen(text);
    bool is_valid = false;
    char *at = begin_value(w, key, len * ESCAPE_SIZE);
    *at++ = '"';
    for (const char *end = text + len; text < end;) {
        size_t plain = plain_len(text, end);
        memcpy(at, text, plain);
        at += plain;
        text += plain;
        if (text == end) {
            break;
        }
        if ((*text & 0x80) == 0) {
            at = write_escape(at, *text++);
            continue;
        }
        if (!is_valid && !g_utf8_validate(text, end - text, NULL)) {
            valid = g_utf8_make_valid(text, end - text);
            text = valid;
            end = valid + strlen(valid);
        }
        is_valid = true;
        while ((*text & 0x80) != 0) {
            *at++ = *text++;
        }
    }
    *at++ = '"';
    end_at(w, at);
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
    size_t len = (size_t)(digits + sizeof digits - first);
    char *at = begin_value(w, key, len);
    memcpy(at, first, len);
    end_at(w, at + len);
}

void json_bool(json_writer *w, const char *key, bool value)
{
    write_word(w, key, value ? "true" : "false");
}

void json_null(json_writer *w, const char *key)
{
    write_word(w, key, "null");
}
