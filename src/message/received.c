/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Received fields (RFC 5321, 4.4). The value is cut into words and comments; a clause name
 * ("from", "by", ...) says what the following word is, and comments count within "from" only:
 * there the servers write whom they really saw.
 */
#include "message/received.h"

#include "message/date.h"
#include "message/lexical.h"
#include "message/limits.h"

#include <arpa/inet.h>
#include <string.h>

typedef enum clause {
    CLAUSE_NONE,
    CLAUSE_FROM,
    CLAUSE_BY,
    CLAUSE_VIA,
    CLAUSE_WITH,
    CLAUSE_ID,
    CLAUSE_FOR,
} clause;

typedef struct reader {
    received *out;
    clause in;         /* the clause that is being read */
    unsigned words;    /* read of it so far */
    unsigned seen;     /* one bit a clause: only the first of each counts */
    span from_word;    /* as it stands */
    bool from_is_rdns; /* the word after "from" is the looked-up name, not the client's */
    bool exim;         /* Exim wrote it */
    bool cut;          /* a comment of "from" is never closed */
    bool phrase;       /* several words after "from" */
    bool bare_literal; /* the comment began with the address, no name before it */
    bool ip_is_word;   /* the address stands outside of comments */
    bool has_odd_name; /* a clause or a semicolon stands where only a client would write it */
    const char *first_semicolon;
    const char *last_semicolon;
    const char *day_name; /* "Mon,": a date without a semicolon before it */
} reader;

static bool is_ipv4(span s)
{
    for (unsigned part = 0; part < 4; part++) {
        unsigned value;
        size_t digits = span_read_number(s, 3, &value);
        if (digits == 0 || value > 255) {
            return false;
        }
        s = span_skip(s, digits);
        if (part < 3) {
            if (s.len == 0 || s.ptr[0] != '.') {
                return false;
            }
            s = span_skip(s, 1);
        }
    }
    return s.len == 0;
}

static bool is_ipv6(span s)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr unused;
    if (s.len < 2 || s.len >= sizeof text || span_find_char(s, ':') == s.len) {
        return false;
    }
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    return strlen(text) == s.len && inet_pton(AF_INET6, text, &unused) == 1;
}

/* The address in "192.0.2.1", "[192.0.2.1]:25", "IPv6:2001:db8::1", "::ffff:192.0.2.1",
 * "fe80::1%3", "192.0.2.1:25"; empty if it is none. */
static span read_ip(span s)
{
    if (s.len > 0 && s.ptr[0] == '[') {
        s = span_skip(s, 1);
        s = span_head(s, span_find_char(s, ']'));
    }
    if (span_starts_nocase(s, SPAN("IPv6:"))) {
        s = span_skip(s, 5);
    }
    span mapped = span_starts_nocase(s, SPAN("::ffff:")) ? span_skip(s, 7) : s;
    span host = span_head(mapped, span_find_char(mapped, ':'));
    if (is_ipv4(host)) {
        return host;
    }
    s = span_head(s, span_find_char(s, '%'));
    return is_ipv6(s) ? s : SPAN("");
}

/* Without the ident answer or user name before the last "@". */
static span behind_at(span s)
{
    for (size_t i = s.len; i > 0; i--) {
        if (s.ptr[i - 1] == '@') {
            return span_skip(s, i);
        }
    }
    return s;
}

/* A host name as servers write one, without the root's dot, or empty. */
static span read_host(span s)
{
    s = behind_at(s);
    if (s.len > 0 && s.ptr[s.len - 1] == '.') {
        s.len--;
    }
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!ascii_is_alnum(c) && c != '-' && c != '.' && c != '_' && (unsigned char)c < 0x80) {
            return SPAN("");
        }
    }
    return span_equal_nocase(s, SPAN("unknown")) ? SPAN("") : s;
}

/* What ends a word, and what inside a comment does. */
enum { ENDS_WORD = 1, ENDS_INNER = 2 };
static const unsigned char marks[256] = {
    ['\0'] = 3, [' '] = 3, ['\t'] = 3, ['\r'] = 3,         ['\n'] = 3,
    ['('] = 3,  [')'] = 3, [';'] = 3,  [','] = ENDS_INNER,
};

static bool ends(char c, unsigned what)
{
    return (marks[(unsigned char)c] & what) != 0;
}

/* The next word of a comment's inside. */
static bool next_inner(span *rest, span *word)
{
    size_t start = 0;
    while (start < rest->len && ends(rest->ptr[start], ENDS_INNER)) {
        start++;
    }
    size_t end = start;
    /* "host[192.0.2.1]" is two words, "helo=[192.0.2.1]" is one. */
    while (end < rest->len && !ends(rest->ptr[end], ENDS_INNER) &&
           !(end > start && rest->ptr[end] == '[' && rest->ptr[end - 1] != '=')) {
        end++;
    }
    *word = (span){ rest->ptr + start, end - start };
    *rest = span_skip(*rest, end);
    return word->len > 0;
}

/* The name that the client gave: "helo=x" (Exim), "HELO x" (qmail, CommuniGate). The word after
 * "from" is then the name that was looked up. */
static void set_helo(reader *r, span name)
{
    if (!r->from_is_rdns && name.len > 0) {
        r->from_is_rdns = true;
        r->out->from = name;
    }
}

/* (rdns [ip] (may be forged)), ([ip] helo=x), (HELO x), (ident@ip), (ip). */
static void read_from_comment(reader *r, span inner)
{
    span rest = inner;
    span word;
    span before = SPAN("");
    for (unsigned n = 0; next_inner(&rest, &word); n++) {
        bool helo_word =
            span_equal_nocase(word, SPAN("HELO")) || span_equal_nocase(word, SPAN("EHLO"));
        if (helo_word) {
            span name;
            set_helo(r, next_inner(&rest, &name) ? name : SPAN(""));
            return; /* the rest is the client's own words */
        }
        if (span_starts_nocase(word, SPAN("helo="))) {
            set_helo(r, span_skip(word, 5));
            return;
        }
        if (r->out->ip.len > 0) {
            continue;
        }
        /* What stands before an "@" is what the client says of itself (RFC 1413). */
        span ip = read_ip(behind_at(word));
        if (ip.len > 0) {
            r->out->ip = ip;
            r->out->from_rdns = n == 1 ? read_host(before) : SPAN("");
            r->bare_literal = n == 0 && word.ptr[0] == '[';
        }
        before = word;
    }
}

static clause clause_of(span word)
{
    switch (word.len) {
    case 2:
        if (span_equal_nocase(word, SPAN("by"))) {
            return CLAUSE_BY;
        }
        return span_equal_nocase(word, SPAN("id")) ? CLAUSE_ID : CLAUSE_NONE;
    case 3:
        if (span_equal_nocase(word, SPAN("for"))) {
            return CLAUSE_FOR;
        }
        return span_equal_nocase(word, SPAN("via")) ? CLAUSE_VIA : CLAUSE_NONE;
    case 4:
        if (span_equal_nocase(word, SPAN("from"))) {
            return CLAUSE_FROM;
        }
        return span_equal_nocase(word, SPAN("with")) ? CLAUSE_WITH : CLAUSE_NONE;
    default:
        return CLAUSE_NONE;
    }
}

static span strip_brackets(span s)
{
    if (s.len > 0 && s.ptr[0] == '<') {
        s = span_skip(s, 1);
        s = span_head(s, span_find_char(s, '>'));
    }
    return s;
}

/* The word after "from", or one that follows it: "from host [192.0.2.1] by", "from host -
 * 192.0.2.1 by", "from mail pickup service by". */
static void read_from_word(reader *r, span word)
{
    span ip = read_ip(word);
    if (r->words == 1) {
        r->from_word = word;
        r->out->from = word;
    } else if (ip.len > 0 && r->out->ip.len == 0) {
        r->out->ip = ip;
        r->ip_is_word = true;
    } else {
        r->phrase = true;
    }
}

static void read_clause_word(reader *r, span word)
{
    received *out = r->out;
    r->words++;
    if (r->in == CLAUSE_FROM) {
        read_from_word(r, word);
    } else if (r->in == CLAUSE_BY && r->words == 1) {
        out->by = word;
    } else if (r->in == CLAUSE_WITH) {
        /* "Microsoft SMTP Server": up to the next clause or comment. */
        const char *start = r->words == 1 ? word.ptr : out->with.ptr;
        out->with = (span){ start, (size_t)(word.ptr + word.len - start) };
    } else if (r->in == CLAUSE_ID && r->words == 1) {
        out->id = strip_brackets(word);
    } else if (r->in == CLAUSE_FOR && r->words == 1) {
        out->recipient = strip_brackets(word);
    } else if (r->in == CLAUSE_FOR && span_find_char(out->recipient, '@') == out->recipient.len) {
        out->recipient = SPAN(""); /* "for multiple recipients" */
    }
}

static bool is_day_name(span word)
{
    static const char names[][4] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
    for (size_t i = 0; word.len == 4 && i < sizeof names / sizeof names[0]; i++) {
        if (word.ptr[3] == ',' && span_starts_nocase(word, span_from_string(names[i]))) {
            return true;
        }
    }
    return false;
}

/* A client may call itself "by": that is its name where what only a name has follows. */
static bool is_named_like_a_clause(const reader *r, const char *after, const char *end)
{
    while (after < end && ascii_is_space(*after)) {
        after++;
    }
    span rest = { after, (size_t)(end - after) };
    size_t len = 0;
    while (len < rest.len && !ends(rest.ptr[len], ENDS_WORD)) {
        len++;
    }
    return r->in == CLAUSE_FROM && r->words == 0 &&
           (rest.len == 0 || rest.ptr[0] == '(' || rest.ptr[0] == '[' ||
            clause_of(span_head(rest, len)) != CLAUSE_NONE);
}

/* Whether the client may have written what stands here: it calls itself "x with ESMTPA". Its name
 * is before its address, or marked and behind it. */
static bool may_be_a_name(const reader *r)
{
    return (r->seen & 1u << CLAUSE_FROM) != 0 && (r->seen & 1u << CLAUSE_BY) == 0 &&
           (r->out->ip.len == 0 || r->from_is_rdns);
}

static void read_word(reader *r, span word, const char *end)
{
    clause next = clause_of(word);
    if (next != CLAUSE_NONE && is_named_like_a_clause(r, word.ptr + word.len, end)) {
        read_clause_word(r, word);
        return;
    }
    if (next != CLAUSE_NONE && next == r->in) {
        return; /* "from host from [192.0.2.1]" */
    }
    if (next != CLAUSE_NONE) {
        bool first = (r->seen & 1u << next) == 0;
        r->has_odd_name = r->has_odd_name || (next != CLAUSE_BY && may_be_a_name(r));
        r->seen |= 1u << next;
        r->in = first ? next : CLAUSE_NONE;
        r->words = 0;
    } else if (is_day_name(word) && r->last_semicolon == NULL) {
        r->day_name = word.ptr;
        r->in = CLAUSE_NONE;
    } else if (r->in != CLAUSE_NONE) {
        read_clause_word(r, word);
    }
}

static void read_comment(reader *r, span inner)
{
    if (r->in == CLAUSE_FROM) {
        read_from_comment(r, inner);
    } else if (r->in == CLAUSE_WITH || r->in == CLAUSE_BY) {
        r->exim = r->exim || span_starts_nocase(inner, SPAN("Exim"));
        r->in = r->in == CLAUSE_WITH ? CLAUSE_NONE : r->in;
    }
}

/* The field was cut off inside a comment: what is left is read as the comment, once. */
static void read_cut_comment(reader *r, lexical_scan rest)
{
    read_from_comment(r, (span){ rest.at, (size_t)(rest.end - rest.at) });
    r->cut = true;
    r->in = CLAUSE_NONE;
}

static void read_value(reader *r, span value)
{
    lexical_scan scan = lexical_start(value);
    while (scan.at < scan.end) {
        const char *start = scan.at;
        span comment;
        if (*start == '(') {
            if (lexical_read_comment(&scan, &comment)) {
                read_comment(r, comment);
            } else if (r->in == CLAUSE_FROM) {
                read_cut_comment(r, scan);
            }
        } else if (*start == ';') {
            r->first_semicolon = r->first_semicolon == NULL ? start : r->first_semicolon;
            r->last_semicolon = start;
            r->has_odd_name = r->has_odd_name || may_be_a_name(r);
            r->in = CLAUSE_NONE;
            scan.at++;
        } else if (ends(*start, ENDS_WORD)) {
            scan.at++;
        } else {
            while (scan.at < scan.end && !ends(*scan.at, ENDS_WORD)) {
                scan.at++;
            }
            read_word(r, (span){ start, (size_t)(scan.at - start) }, scan.end);
        }
    }
}

/* The date follows the last semicolon; some servers write one more behind it, some none, and
 * some filters only a comment and the date. */
static void read_date(const reader *r, span value)
{
    received *out = r->out;
    bool nothing = out->from.len == 0 && out->by.len == 0;
    const char *starts[] = { r->last_semicolon, r->first_semicolon, r->day_name,
                             nothing ? value.ptr : NULL };
    for (size_t i = 0; i < sizeof starts / sizeof starts[0] && !out->has_date; i++) {
        if (starts[i] != NULL) {
            span rest = { starts[i], (size_t)(value.ptr + value.len - starts[i]) };
            out->has_date = date_read(rest, &out->date_sec);
        }
    }
}

/* Which of the names is whose, once the whole field is known. */
static void settle_names(const reader *r)
{
    received *out = r->out;
    span word_ip = read_ip(r->from_word);
    /* "from [192.0.2.1] (helo=x) [192.0.2.2]": which of them was seen? */
    bool has_two = r->ip_is_word && word_ip.len > 0 && !span_equal(word_ip, out->ip);
    out->is_ambiguous = has_two || (r->has_odd_name && (r->seen & 1u << CLAUSE_BY) != 0);
    /* Where the comment is cut, the word is the client's own claim. */
    if (out->ip.len == 0 && !r->cut) {
        out->ip = word_ip;
    }
    /* Exim leaves "helo=" out if it is the name that it looked up. */
    bool looked_up = r->from_is_rdns || (r->exim && r->bare_literal);
    if (looked_up && out->from_rdns.len == 0 && word_ip.len == 0) {
        out->from_rdns = read_host(r->from_word);
    }
    /* "from mail pickup service by" names nobody. */
    if (span_equal_nocase(out->from, SPAN("unknown")) || (r->phrase && out->ip.len == 0)) {
        out->from = SPAN("");
    }
}

bool received_read(span value, received *out)
{
    span none = SPAN("");
    *out = (received){ .from = none, .from_rdns = none, .ip = none, .by = none };
    out->with = out->id = out->recipient = none;
    value = span_head(value, LIMIT_VALUE_BYTES);
    reader r = { .out = out, .from_word = none };
    read_value(&r, value);
    settle_names(&r);
    read_date(&r, value);
    return out->from.len > 0 || out->by.len > 0 || out->has_date;
}
