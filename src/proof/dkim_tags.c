/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "proof/dkim_tags.h"

static span skip_space(span s)
{
    size_t n = 0;
    while (n < s.len && ascii_is_space(s.ptr[n])) {
        n++;
    }
    return span_skip(s, n);
}

/* Without the white space at either end; unlike span_trim() NUL is none. */
static span trim(span s)
{
    s = skip_space(s);
    while (s.len > 0 && ascii_is_space(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

bool dkim_tags_next(span *rest, dkim_tag *tag)
{
    span text = skip_space(*rest);
    size_t n = 0;
    if (text.len == 0) {
        *rest = text;
        return false;
    }
    while (n < text.len && (ascii_is_alnum(text.ptr[n]) || text.ptr[n] == '_')) {
        n++;
    }
    tag->name = span_head(text, n);
    span after = skip_space(span_skip(text, n));
    if (n == 0 || !ascii_is_alpha(text.ptr[0]) || after.len == 0 || after.ptr[0] != '=') {
        return false;
    }
    after = span_skip(after, 1);
    tag->raw = span_head(after, span_find_char(after, ';'));
    *rest = span_skip(after, tag->raw.len + 1);
    return true;
}

/* RFC 6376 wants printable ASCII; RFC 8616 lets UTF-8 in. */
static bool has_control(span s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c < ' ' && !ascii_is_space(s.ptr[i])) || c == 127) {
            return true;
        }
    }
    return false;
}

static const dkim_tag *find(const dkim_tags *tags, span name)
{
    for (unsigned i = 0; i < tags->count; i++) {
        if (span_equal(tags->list[i].name, name)) {
            return &tags->list[i];
        }
    }
    return NULL;
}

bool dkim_tags_read(span text, dkim_tags *out)
{
    dkim_tag tag;
    out->count = 0;
    while (dkim_tags_next(&text, &tag)) {
        if (out->count == DKIM_TAGS_MAX || find(out, tag.name) != NULL || has_control(tag.raw)) {
            return false;
        }
        out->list[out->count++] = tag;
    }
    return text.len == 0;
}

bool dkim_tags_find(const dkim_tags *tags, const char *name, span *value)
{
    const dkim_tag *tag = find(tags, span_from_string(name));
    if (tag != NULL) {
        *value = trim(tag->raw);
    }
    return tag != NULL;
}

span dkim_tags_raw(const dkim_tags *tags, const char *name)
{
    const dkim_tag *tag = find(tags, span_from_string(name));
    return tag != NULL ? tag->raw : (span){ "", 0 };
}

bool dkim_list_next(span *rest, span *item)
{
    if (rest->ptr == NULL) {
        return false;
    }
    size_t n = span_find_char(*rest, ':');
    *item = trim(span_head(*rest, n));
    *rest = n < rest->len ? span_skip(*rest, n + 1) : (span){ NULL, 0 };
    return true;
}

bool dkim_list_holds(span list, span item)
{
    span each;
    while (dkim_list_next(&list, &each)) {
        if (span_equal_nocase(each, item)) {
            return true;
        }
    }
    return false;
}

/* Six bits, or -1. */
static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (ascii_is_digit(c)) {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool dkim_base64_read(span text, unsigned char *out, size_t max, size_t *len)
{
    unsigned bits = 0; /* the last ones read, at most 14 of them are used */
    unsigned bit_count = 0;
    size_t characters = 0, padding = 0, written = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (ascii_is_space(c)) {
            continue;
        }
        characters++;
        if (c == '=') {
            padding++;
            continue;
        }
        int value = base64_value(c);
        if (value < 0 || padding > 0) {
            return false;
        }
        bits = (bits << 6 | (unsigned)value) & 0xffff;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            if (written == max) {
                return false;
            }
            out[written++] = (unsigned char)(bits >> bit_count);
        }
    }
    *len = written;
    /* What is left over has fewer bits than one more character. */
    return written > 0 && bit_count < 6 && (padding == 0 || (padding < 3 && characters % 4 == 0));
}
