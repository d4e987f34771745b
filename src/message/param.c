/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Parameters of MIME fields (RFC 2045, 5.1; RFC 2231). One pass finds every piece of the wanted
 * parameter: "name=", "name*=", "name*0=", "name*1*=" ...; they are joined afterwards.
 */
#include "message/param.h"

#include "message/charset.h"
#include "message/lexical.h"
#include "message/limits.h"

#include <string.h>

/* A value as it stands. */
typedef struct piece {
    bool found;
    bool quoted;
    bool encoded; /* percent signs of RFC 2231 */
    span raw;     /* without the quotes */
} piece;

typedef struct pieces {
    piece plain;
    piece encoded;                 /* "name*" */
    piece parts[LIMIT_PARAMETERS]; /* "name*0" and on */
} pieces;

static bool is_blank(char c)
{
    return ascii_is_space(c) || c == '\0';
}

static const bool ends_attribute[256] = {
    ['\0'] = true, [' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true,
    ['='] = true,  [';'] = true, ['"'] = true,  ['('] = true,  [')'] = true,
};

/* Up to the mark that ends an attribute; any other byte is taken for a part of it. */
static span read_attribute(lexical_scan *scan)
{
    const char *start = scan->at;
    while (scan->at < scan->end && !ends_attribute[(unsigned char)*scan->at]) {
        scan->at++;
    }
    return (span){ start, (size_t)(scan->at - start) };
}

/* Whether an attribute and its "=" follow: the semicolon before them was forgotten. */
static bool starts_attribute(lexical_scan ahead)
{
    span attribute = read_attribute(&ahead);
    return attribute.len > 0 && ahead.at < ahead.end && *ahead.at == '=';
}

/* An unquoted value. Spaces in it are forbidden but common in file names. */
static span read_bare(lexical_scan *scan)
{
    const char *start = scan->at;
    const char *end = start;
    while (scan->at < scan->end && *scan->at != ';') {
        if (!is_blank(*scan->at)) {
            end = ++scan->at;
            continue;
        }
        while (scan->at < scan->end && is_blank(*scan->at)) {
            scan->at++;
        }
        if (scan->at < scan->end && (*scan->at == '(' || starts_attribute(*scan))) {
            break;
        }
    }
    return (span){ start, (size_t)(end - start) };
}

static piece read_piece(lexical_scan *scan)
{
    piece p = { .found = true };
    lexical_skip_blank(scan);
    p.quoted = scan->at < scan->end && *scan->at == '"' && lexical_read_quoted(scan, &p.raw);
    if (!p.quoted) {
        p.raw = read_bare(scan); /* behind the mark, if a quote was never closed */
    }
    return p;
}

/* The next attribute that has a value; false at the end. */
static bool next_piece(lexical_scan *scan, span *attribute, piece *p)
{
    for (;;) {
        lexical_skip_blank(scan);
        if (scan->at == scan->end) {
            return false;
        }
        *attribute = read_attribute(scan);
        lexical_skip_blank(scan);
        if (scan->at < scan->end && *scan->at == '=') {
            scan->at++;
            *p = read_piece(scan);
            return true;
        }
        if (attribute->len == 0 && scan->at < scan->end) {
            scan->at++;
        }
    }
}

/* Puts `p` where "*", "*3" or "*3*" behind the name says; the first of each counts. */
static void pieces_add(pieces *all, span suffix, piece p)
{
    piece *place = NULL;
    if (suffix.len == 0) {
        place = &all->plain;
    } else if (suffix.len == 1 && suffix.ptr[0] == '*') {
        place = &all->encoded;
        p.encoded = true;
    } else if (suffix.ptr[0] == '*') {
        unsigned number;
        size_t digits = span_read_number(span_skip(suffix, 1), 3, &number);
        span rest = span_skip(suffix, 1 + digits);
        p.encoded = span_equal(rest, SPAN("*"));
        if (digits > 0 && number < LIMIT_PARAMETERS && (rest.len == 0 || p.encoded)) {
            place = &all->parts[number];
        }
    }
    if (place != NULL && !place->found) {
        *place = p;
    }
}

static int hex_of(char c)
{
    if (ascii_is_digit(c)) {
        return c - '0';
    }
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void append_percent(span s, GString *out)
{
    for (size_t i = 0; i < s.len; i++) {
        int high = s.ptr[i] == '%' && s.len - i > 2 ? hex_of(s.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_of(s.ptr[i + 2]) : -1;
        if (low >= 0) {
            g_string_append_c(out, (char)(high * 16 + low));
            i += 2;
        } else if (s.ptr[i] != '\r' && s.ptr[i] != '\n') {
            g_string_append_c(out, s.ptr[i]);
        }
    }
}

static void append_plain(piece p, GString *out)
{
    if (!p.quoted) {
        g_string_append_len(out, p.raw.ptr, (gssize)p.raw.len);
        return;
    }
    size_t old_len = out->len;
    g_string_set_size(out, old_len + p.raw.len);
    g_string_truncate(out, old_len + lexical_unquote(p.raw, out->str + old_len));
}

/* charset'language'text; without both quotes it is all text, of unknown charset. */
static span cut_charset(piece *p)
{
    size_t first = span_find_char(p->raw, '\'');
    size_t second = first < p->raw.len ? span_find_char(span_skip(p->raw, first + 1), '\'') : 0;
    if (first == p->raw.len || first + 1 + second == p->raw.len) {
        return SPAN("");
    }
    span charset = span_head(p->raw, first);
    p->raw = span_skip(p->raw, first + 1 + second + 1);
    return charset;
}

/* The pieces that follow one another from `first`, `count` at most, decoded together: a character
 * may be split between two of them. */
static void append_decoded(piece *first, size_t count, GString *out)
{
    bool encoded = false;
    for (size_t i = 0; i < count && first[i].found; i++) {
        encoded = encoded || first[i].encoded;
    }
    span charset = first->encoded ? cut_charset(first) : SPAN("");
    GString *bytes = encoded ? g_string_new(NULL) : out;
    for (size_t i = 0; i < count && first[i].found; i++) {
        if (first[i].encoded) {
            append_percent(first[i].raw, bytes);
        } else {
            append_plain(first[i], bytes);
        }
    }
    if (encoded) {
        charset_to_utf8(charset, (span){ bytes->str, bytes->len }, out);
        g_string_free(bytes, TRUE);
    }
}

bool param_read(span value, const char *name, GString *out)
{
    lexical_scan scan = lexical_start(span_head(value, LIMIT_VALUE_BYTES));
    span wanted = span_from_string(name);
    pieces all;
    span attribute;
    piece p;
    memset(&all, 0, sizeof all);
    for (unsigned n = 0; n < LIMIT_PARAMETERS && next_piece(&scan, &attribute, &p); n++) {
        if (span_starts_nocase(attribute, wanted)) {
            pieces_add(&all, span_skip(attribute, wanted.len), p);
        }
    }
    if (all.encoded.found) {
        append_decoded(&all.encoded, 1, out);
    } else if (all.parts[0].found) {
        append_decoded(all.parts, LIMIT_PARAMETERS, out);
    } else if (all.plain.found) {
        append_plain(all.plain, out);
    }
    return all.encoded.found || all.parts[0].found || all.plain.found;
}

static const bool ends_token[256] = {
    ['\0'] = true, [' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true,
    ['/'] = true,  [';'] = true, [','] = true,  ['"'] = true,  ['('] = true,
    [')'] = true,  ['='] = true, ['<'] = true,  ['>'] = true,
};

/* A token of RFC 2045, 5.1, taken widely: up to white space or a mark that cannot be part of it. */
static span read_token(lexical_scan *scan)
{
    const char *start = scan->at;
    while (scan->at < scan->end && !ends_token[(unsigned char)*scan->at]) {
        scan->at++;
    }
    return (span){ start, (size_t)(scan->at - start) };
}

media_type media_type_read(span value)
{
    lexical_scan scan = lexical_start(span_head(value, LIMIT_VALUE_BYTES));
    media_type type = { SPAN(""), SPAN("") };
    lexical_skip_blank(&scan);
    if (scan.at < scan.end && *scan.at == '"') {
        scan.at++;
        lexical_skip_blank(&scan);
    }
    type.type = read_token(&scan);
    lexical_skip_blank(&scan);
    if (scan.at < scan.end && *scan.at == '=') {
        type.type = SPAN(""); /* it starts with a parameter */
    }
    if (type.type.len > 0 && scan.at < scan.end && *scan.at == '/') {
        scan.at++;
        lexical_skip_blank(&scan);
        type.subtype = read_token(&scan);
    }
    return type;
}
