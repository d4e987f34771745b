/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The tokens of address fields. */
#include "message/address_token.h"

/* What ends an atom. Other specials of RFC 5322 occur in addresses unquoted. */
static const bool ends_word[256] = {
    ['\0'] = true, [' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true,
    ['"'] = true,  ['('] = true, [')'] = true,  ['<'] = true,  ['>'] = true,
    [','] = true,  [';'] = true, [':'] = true,
};

bool address_ends_word(char c)
{
    return ends_word[(unsigned char)c];
}

bool address_needs_quotes(char c)
{
    return ends_word[(unsigned char)c] || c == '@' || c == ']' || c == '\\' ||
           (unsigned char)c < ' ' || c == 0x7f;
}

/* Behind the "]" of the domain literal that starts at `at`, or NULL if there is none. */
static const char *pass_literal(const char *at, const char *end)
{
    for (at++; at < end; at++) {
        if (*at == ']') {
            return at + 1;
        }
        if (*at != ':' && (address_needs_quotes(*at) || *at == '[')) {
            return NULL;
        }
    }
    return NULL;
}

static void read_word(lexical_scan *scan, address_token *t)
{
    const char *at = scan->at;
    bool escaped = false;
    bool has_at = false;
    while (at < scan->end && !ends_word[(unsigned char)*at]) {
        const char *next = at + 1;
        if (*at == '@') {
            has_at = true;
            if (next < scan->end && *next == '[') {
                const char *behind = pass_literal(next, scan->end);
                next = behind != NULL ? behind : next;
            }
        } else if (*at == ']' && has_at) {
            break;
        } else if (*at == 0x1b) {
            escaped = true;
            next = lexical_pass_escape(at, scan->end);
        }
        at = next;
    }
    *t = (address_token){ .kind = TOKEN_WORD, .has_at = has_at && !escaped };
    t->raw = (span){ scan->at, (size_t)(at - scan->at) };
    scan->at = at;
}

static void read_mark(lexical_scan *scan, address_token *t)
{
    char c = *scan->at;
    *t = (address_token){ .kind = TOKEN_SEPARATOR, .raw = { scan->at, 1 } };
    if (c == '<') {
        t->kind = TOKEN_OPEN;
    } else if (c == '>' || c == ']') {
        t->kind = TOKEN_CLOSE;
    } else if (c == ':') {
        t->kind = TOKEN_COLON;
    }
    scan->at++;
}

/* Outlook quotes header fields as "Name [mailto:user@example.org]", older ones with "SMTP:". */
static bool read_outlook_open(lexical_scan *scan, address_token *t)
{
    span rest = { scan->at, (size_t)(scan->end - scan->at) };
    size_t len = 0;
    if (span_starts_nocase(rest, SPAN("[mailto:"))) {
        len = sizeof "[mailto:" - 1;
    } else if (span_starts_nocase(rest, SPAN("[SMTP:"))) {
        len = sizeof "[SMTP:" - 1;
    }
    *t = (address_token){ .kind = TOKEN_OPEN, .raw = { scan->at, len } };
    scan->at += len;
    return len > 0;
}

void address_token_read(lexical_scan *scan, address_token *t)
{
    while (scan->at < scan->end) {
        const char *start = scan->at;
        char c = *start;
        span inner;
        if (ascii_is_space(c) || c == '\0' || c == ')') {
            scan->at++;
        } else if (c == '"' || c == '(') {
            bool closed =
                c == '"' ? lexical_read_quoted(scan, &inner) : lexical_read_comment(scan, &inner);
            if (closed) {
                *t = (address_token){ .kind = c == '"' ? TOKEN_QUOTED : TOKEN_COMMENT,
                                      .inner = inner };
                t->raw = (span){ start, (size_t)(scan->at - start) };
                return;
            }
        } else if (ends_word[(unsigned char)c] || c == ']') {
            read_mark(scan, t);
            return;
        } else if (c == '[' && read_outlook_open(scan, t)) {
            return;
        } else {
            read_word(scan, t);
            return;
        }
    }
    *t = (address_token){ .kind = TOKEN_END, .raw = { scan->end, 0 } };
}

/* A dot ties only where it stands alone or in front, else "J. Harvey" would be one word. */
bool address_word_joins(const address_word *w, const address_token *t)
{
    if (w->start == NULL) {
        return false;
    }
    char first = t->raw.ptr[0];
    if ((first == '@' && !w->has_at) || first == '.') {
        return true;
    }
    if (w->last_quoted) {
        return false;
    }
    char last = w->end[-1];
    bool touches = w->end == t->raw.ptr;
    return last == '@' ||
           (last == '.' && (w->last.len == 1 || (touches && t->kind == TOKEN_QUOTED)));
}

void address_word_add(address_word *w, const address_token *t)
{
    if (w->start == NULL) {
        w->start = t->raw.ptr;
    }
    w->end = t->raw.ptr + t->raw.len;
    w->last = t->raw;
    w->last_quoted = t->kind == TOKEN_QUOTED;
    w->has_at = w->has_at || t->has_at;
}
