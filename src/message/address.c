/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Mail addresses (RFC 5322, 3.4 and 4.4). A mailbox is read token by token until a comma, a
 * semicolon or its angle brackets end it. Words that "@" or "." tie together are one word; the
 * first word with an "@" is the address unless angle brackets follow. Any byte is looked at a
 * fixed number of times: what is read again is only what stands behind a complete address.
 */
#include "message/address.h"

#include "message/address_token.h"
#include "message/limits.h"

#include <string.h>

/* A run of words as it stands in the value. */
typedef struct range {
    const char *start; /* NULL if empty */
    const char *end;
} range;

typedef struct mailbox {
    address_word current;
    range address; /* the first word that has an "@" */
    range before;  /* the words before it, and behind it */
    range behind;
    range all;
    span comment; /* the first one */
    unsigned words;
} mailbox;

/* An address that does not stand in the value as it is, under construction. */
typedef struct builder {
    char bytes[LIMIT_ADDRESS_BYTES];
    size_t len;
    size_t local_len; /* as soon as in_domain */
    bool in_domain;
    bool quoted; /* something of the local part was quoted, or holds a space */
    bool broken; /* too long, or no address */
} builder;

static void range_add(range *r, const address_word *w)
{
    if (r->start == NULL) {
        r->start = w->start;
    }
    r->end = w->end;
}

static lexical_scan range_scan(range r)
{
    return (lexical_scan){ .at = r.start, .end = r.end };
}

static void builder_append(builder *b, const char *bytes, size_t len)
{
    if (len > sizeof b->bytes - b->len) {
        b->broken = true;
        return;
    }
    memcpy(b->bytes + b->len, bytes, len);
    b->len += len;
}

static void builder_add_word(builder *b, const address_token *t)
{
    if (memchr(t->raw.ptr, 0x1b, t->raw.len) != NULL) {
        b->broken = true;
        return;
    }
    size_t at = b->in_domain ? t->raw.len : span_find_char(t->raw, '@');
    if (at < t->raw.len) {
        b->in_domain = true;
        b->local_len = b->len + at;
    }
    builder_append(b, t->raw.ptr, t->raw.len);
}

static void builder_add_quoted(builder *b, const address_token *t)
{
    if (b->in_domain || t->inner.len > sizeof b->bytes - b->len ||
        memchr(t->inner.ptr, 0x1b, t->inner.len) != NULL) {
        b->broken = true;
        return;
    }
    b->len += lexical_unquote(t->inner, b->bytes + b->len);
    b->quoted = true;
}

/* White space where none is allowed. A line end is a fold inside a long address: the parts belong
 * together. Else it is part of the local part, or ends the domain (then false). */
static bool builder_add_gap(builder *b, const char *from, const char *to)
{
    size_t len = (size_t)(to - from);
    if (memchr(from, '\n', len) != NULL || memchr(from, '\r', len) != NULL) {
        return true;
    }
    if (b->in_domain) {
        return false;
    }
    builder_append(b, " ", 1);
    b->quoted = true;
    return true;
}

static void builder_read(builder *b, range r)
{
    lexical_scan scan = range_scan(r);
    address_word whole = { 0 };
    address_token t;
    for (address_token_read(&scan, &t); t.kind != TOKEN_END && !b->broken;
         address_token_read(&scan, &t)) {
        if (t.kind != TOKEN_WORD && t.kind != TOKEN_QUOTED) {
            continue;
        }
        if (whole.start != NULL && !address_word_joins(&whole, &t) &&
            !builder_add_gap(b, whole.end, t.raw.ptr)) {
            break;
        }
        if (t.kind == TOKEN_WORD) {
            builder_add_word(b, &t);
        } else {
            builder_add_quoted(b, &t);
        }
        address_word_add(&whole, &t);
    }
    /* What did not fit may have set local_len to more than there is. */
    if (b->broken) {
        return;
    }
    if (!b->in_domain) {
        b->local_len = b->len;
        return;
    }
    /* Joined, the parts may hold a mark that ends a domain: "a@b" and ".]c". */
    scan = lexical_start((span){ b->bytes + b->local_len, b->len - b->local_len });
    address_token_read(&scan, &t);
    b->len = b->local_len + t.raw.len;
}

static span builder_finish(const builder *b, GStringChunk *store)
{
    builder out = { .len = 0 };
    bool quotes = false;
    for (size_t i = 0; b->quoted && i < b->local_len; i++) {
        quotes = quotes || address_needs_quotes(b->bytes[i]);
    }
    quotes = quotes || (b->quoted && b->local_len == 0);
    if (!quotes) {
        return (span){ g_string_chunk_insert_len(store, b->bytes, (gssize)b->len), b->len };
    }
    builder_append(&out, "\"", 1);
    for (size_t i = 0; i < b->local_len; i++) {
        if (b->bytes[i] == '"' || b->bytes[i] == '\\') {
            builder_append(&out, "\\", 1);
        }
        builder_append(&out, b->bytes + i, 1);
    }
    builder_append(&out, "\"", 1);
    builder_append(&out, b->bytes + b->local_len, b->len - b->local_len);
    if (out.broken) {
        return SPAN("");
    }
    return (span){ g_string_chunk_insert_len(store, out.bytes, (gssize)out.len), out.len };
}

/* Without the single quotes that some programs write around it, and without an "@" that has
 * nothing behind it; empty if nothing stands before its "@", or if it is but a quoted name. */
static span trim_spec(span spec)
{
    for (size_t before = 0; before != spec.len && spec.len > 0;) {
        before = spec.len;
        char last = spec.ptr[spec.len - 1];
        if (last == '@') {
            spec.len--;
        } else if (last == '\'' && spec.len > 2 && spec.ptr[0] == '\'' && spec.ptr[1] != ']') {
            spec = (span){ spec.ptr + 1, spec.len - 2 };
        }
    }
    bool is_name = spec.len > 0 && spec.ptr[0] == '"' && address_domain(spec).len == 0;
    if (spec.len == 0 || spec.ptr[0] == '@' || is_name || spec.len > LIMIT_ADDRESS_BYTES) {
        return SPAN("");
    }
    return spec;
}

/* The address that the words in `r` make. */
static span make_spec(range r, GStringChunk *store)
{
    if (r.start == NULL) {
        return SPAN("");
    }
    lexical_scan scan = range_scan(r);
    address_token t;
    address_token_read(&scan, &t);
    if (t.kind == TOKEN_WORD && t.raw.ptr == r.start && scan.at == r.end) {
        bool escaped = memchr(t.raw.ptr, 0x1b, t.raw.len) != NULL;
        return escaped ? SPAN("") : trim_spec(t.raw);
    }
    builder b;
    b.len = b.local_len = 0;
    b.in_domain = b.quoted = b.broken = false;
    builder_read(&b, r);
    return b.broken ? SPAN("") : trim_spec(builder_finish(&b, store));
}

/* The words of `r` with one space where there was something between them. */
static span copy_display(range r, GStringChunk *store)
{
    char *copy = g_string_chunk_insert_len(store, r.start, r.end - r.start);
    lexical_scan scan = range_scan(r);
    const char *end = r.start;
    size_t len = 0;
    address_token t;
    for (address_token_read(&scan, &t); t.kind != TOKEN_END; address_token_read(&scan, &t)) {
        if (t.kind != TOKEN_WORD && t.kind != TOKEN_QUOTED) {
            continue;
        }
        if (t.raw.ptr != end && len > 0) {
            copy[len++] = ' ';
        }
        if (t.kind == TOKEN_QUOTED) {
            len += lexical_unquote(t.inner, copy + len);
        } else {
            memcpy(copy + len, t.raw.ptr, t.raw.len);
            len += t.raw.len;
        }
        end = t.raw.ptr + t.raw.len;
    }
    return (span){ copy, len };
}

static span make_display(range r, GStringChunk *store)
{
    if (r.start == NULL) {
        return SPAN("");
    }
    bool as_it_is = true;
    for (const char *p = r.start; p < r.end && as_it_is; p++) {
        as_it_is = !address_ends_word(*p) || ascii_is_space(*p);
    }
    if (as_it_is) {
        return (span){ r.start, (size_t)(r.end - r.start) };
    }
    lexical_scan scan = range_scan(r);
    address_token t;
    address_token_read(&scan, &t);
    bool alone = t.kind == TOKEN_QUOTED && scan.at == r.end;
    if (alone && memchr(t.inner.ptr, '\\', t.inner.len) == NULL) {
        return t.inner;
    }
    return copy_display(r, store);
}

/* Some senders quote too much: "user@example.org" or "Name <user@example.org>" as a whole. */
static void unwrap_display(address *out)
{
    span inner = span_trim(out->display);
    size_t open = inner.len;
    if (inner.len > 0 && inner.ptr[inner.len - 1] == '>') {
        while (open > 0 && inner.ptr[open - 1] != '<') {
            open--;
        }
        inner = open > 0 ? (span){ inner.ptr + open, inner.len - open - 1 } : SPAN("");
    } else {
        open = 0;
    }
    if (address_is_plain(inner)) {
        out->spec = inner;
        out->display =
            open > 0 ? span_trim(span_head(span_trim(out->display), open - 1)) : SPAN("");
    }
}

/* Closes the current word. False if it is the second address of this mailbox. */
static bool mailbox_end_word(mailbox *box)
{
    address_word *w = &box->current;
    if (w->start == NULL) {
        return true;
    }
    if (box->address.start == NULL) {
        range_add(w->has_at ? &box->address : &box->before, w);
    } else if (w->has_at) {
        return false;
    } else {
        range_add(&box->behind, w);
    }
    range_add(&box->all, w);
    box->words++;
    *w = (address_word){ 0 };
    return true;
}

/* Two addresses without a comma between: goes back to the words before the second one. */
static void mailbox_split(mailbox *box, lexical_scan *scan)
{
    scan->at = box->behind.start != NULL ? box->behind.start : box->current.start;
    box->behind = (range){ 0 };
}

static bool mailbox_finish(const mailbox *box, GStringChunk *store, address *out)
{
    if (box->words == 0) {
        return false;
    }
    if (box->address.start != NULL) {
        out->spec = make_spec(box->address, store);
    } else {
        out->spec = box->words == 1 ? make_spec(box->all, store) : SPAN("");
    }
    if (out->spec.len > 0 && box->address.start != NULL && box->words > 1) {
        range name = box->before.start != NULL ? box->before : box->behind;
        out->display = make_display(name, store);
        return true;
    }
    out->display = out->spec.len > 0 ? box->comment : make_display(box->all, store);
    if (out->spec.len == 0) {
        unwrap_display(out);
    }
    return true;
}

/* What stands between ">" and the next comma: a comment or a name, or, where the comma is missing,
 * the next address; that is left to be read. */
static void skip_trailing(lexical_scan *scan, mailbox *box)
{
    const char *first = NULL;
    for (;;) {
        address_token t;
        address_token_read(scan, &t);
        if (t.kind == TOKEN_END || t.kind == TOKEN_SEPARATOR) {
            return;
        }
        if (t.kind == TOKEN_COMMENT && box->comment.len == 0) {
            box->comment = t.inner;
        }
        if (t.kind == TOKEN_OPEN || t.kind == TOKEN_COLON || t.has_at) {
            scan->at = first != NULL ? first : t.raw.ptr;
            box->behind = (range){ 0 };
            return;
        }
        if (t.kind == TOKEN_WORD || t.kind == TOKEN_QUOTED) {
            first = first != NULL ? first : t.raw.ptr;
            address_word w = { .start = t.raw.ptr, .end = t.raw.ptr + t.raw.len };
            range_add(&box->behind, &w);
        }
    }
}

/* What stands in angle brackets, up to ">" or to where it should have stood. True if what
 * follows still belongs to this mailbox. */
static bool read_angle(lexical_scan *scan, address_word *content)
{
    bool complete = false;
    address_word first = { 0 }; /* the address, once a word follows that is not of it */
    const char *behind = NULL;
    for (;;) {
        address_token t;
        address_token_read(scan, &t);
        bool route = content->start != NULL && content->start[0] == '@';
        if (t.kind == TOKEN_CLOSE || t.kind == TOKEN_END) {
            return true;
        }
        if (t.kind == TOKEN_SEPARATOR && !route) {
            return false;
        }
        if (t.kind == TOKEN_OPEN && content->has_at) {
            /* "A <a@example.org B <b@example.org>" */
            *content = behind != NULL ? first : *content;
            scan->at = behind != NULL ? behind : t.raw.ptr;
            return false;
        }
        if (t.kind == TOKEN_COLON && content->has_at && !route) {
            complete = true;
        } else if (t.kind == TOKEN_COLON || t.kind == TOKEN_OPEN) {
            *content = (address_word){ 0 };
            behind = NULL;
        } else if ((t.kind == TOKEN_WORD || t.kind == TOKEN_QUOTED) && !complete) {
            if (behind == NULL && content->has_at && !address_word_joins(content, &t)) {
                first = *content;
                behind = t.raw.ptr;
            }
            address_word_add(content, &t);
        }
    }
}

static void mailbox_finish_angle(mailbox *box, lexical_scan *scan, GStringChunk *store,
                                 address *out)
{
    address_word content = { 0 };
    bool more = read_angle(scan, &content);
    range inside = { content.start, content.end };
    range name = box->all;
    out->spec = make_spec(inside, store);
    if (inside.start != NULL && box->address.start != NULL && address_domain(out->spec).len == 0) {
        /* The wrong way round: user@example.org <Name>. */
        out->spec = make_spec(box->address, store);
        name = box->before.start != NULL ? box->before : inside;
    }
    box->behind = (range){ 0 };
    if (more) {
        skip_trailing(scan, box);
    }
    if (name.start == NULL && box->comment.len == 0) {
        /* "<Undisclosed recipients>" is no address, but all there is. */
        name = out->spec.len == 0 && inside.start != NULL ? inside : box->behind;
    }
    out->display = name.start != NULL ? make_display(name, store) : box->comment;
}

/* Reads one mailbox; false if there was none before the next separator or the end. */
static bool mailbox_read(lexical_scan *scan, GStringChunk *store, address *out)
{
    mailbox box = { 0 };
    box.comment = SPAN("");
    for (;;) {
        address_token t;
        address_token_read(scan, &t);
        if (t.kind == TOKEN_CLOSE) {
            continue;
        }
        if (t.kind == TOKEN_COMMENT) {
            box.comment = box.comment.len == 0 ? t.inner : box.comment;
            continue;
        }
        bool is_word = t.kind == TOKEN_WORD || t.kind == TOKEN_QUOTED;
        if (is_word && address_word_joins(&box.current, &t)) {
            address_word_add(&box.current, &t);
            continue;
        }
        if (!mailbox_end_word(&box)) {
            mailbox_split(&box, scan);
            return mailbox_finish(&box, store, out);
        }
        if (is_word) {
            address_word_add(&box.current, &t);
        } else if (t.kind == TOKEN_OPEN) {
            mailbox_finish_angle(&box, scan, store, out);
            return true;
        } else if (t.kind != TOKEN_COLON || box.address.start != NULL) {
            return mailbox_finish(&box, store, out);
        } else {
            box = (mailbox){ .comment = SPAN("") }; /* the name of a group */
        }
    }
}

void address_reader_init(address_reader *reader, span value)
{
    *reader = (address_reader){ .scan = lexical_start(span_head(value, LIMIT_VALUE_BYTES)) };
}

bool address_next(address_reader *reader, GStringChunk *store, address *out)
{
    while (reader->count < LIMIT_ADDRESSES && reader->scan.at < reader->scan.end) {
        if (mailbox_read(&reader->scan, store, out)) {
            reader->count++;
            return true;
        }
    }
    return false;
}

bool address_first(span value, GStringChunk *store, address *out)
{
    address_reader reader;
    address next;
    bool found = false;
    address_reader_init(&reader, value);
    while (address_next(&reader, store, &next)) {
        bool has_domain = address_domain(next.spec).len > 0;
        if (!found || has_domain) {
            *out = next;
            found = true;
        }
        if (has_domain) {
            break;
        }
    }
    return found;
}

span address_local(span spec)
{
    span domain = address_domain(spec);
    bool has_at = domain.len > 0 || (spec.len > 0 && spec.ptr[spec.len - 1] == '@');
    return has_at ? span_head(spec, spec.len - domain.len - 1) : spec;
}

span address_domain(span spec)
{
    for (size_t i = spec.len; i > 0 && spec.ptr[i - 1] != '"'; i--) {
        if (spec.ptr[i - 1] == '@') {
            return span_skip(spec, i);
        }
    }
    return SPAN("");
}

bool address_equal(span a, span b)
{
    return span_equal_nocase(a, b);
}

/* Letters that Latin, Greek and Cyrillic UTF-8 text does not have: three bytes or more. */
static bool is_far(char c)
{
    return (unsigned char)c >= 0xe2;
}

/* What may stand in a label; a local part may hold more than a domain. */
static bool is_label_byte(char c, bool in_domain)
{
    if (ascii_is_alnum(c) || c == '-' || c == '_' || (unsigned char)c >= 0x80) {
        return true;
    }
    return !in_domain && c != '\0' && strchr("!#$%&'*+/=?^`{|}~", c) != NULL;
}

/* The label at the start of `s`: its length, 0 if there is none that can be. */
static size_t plain_label(span s, bool in_domain)
{
    bool far = false;
    bool near = false;
    size_t n = 0;
    while (n < s.len && is_label_byte(s.ptr[n], in_domain)) {
        far = far || is_far(s.ptr[n]);
        near = near || ascii_is_alnum(s.ptr[n]);
        n++;
    }
    return far && near ? 0 : n;
}

static bool is_plain_local(span local)
{
    bool ok = local.len > 0 && local.ptr[0] != '.';
    while (ok && local.len > 0) {
        size_t n = local.ptr[0] == '.' ? 1 : plain_label(local, false);
        ok = n > 0;
        local = span_skip(local, n);
    }
    return ok;
}

static bool is_plain_domain(span domain)
{
    if (domain.len > 2 && domain.ptr[0] == '[') {
        span inner = { domain.ptr + 1, domain.len - 2 };
        for (size_t i = 0; i < inner.len; i++) {
            if (!ascii_is_alnum(inner.ptr[i]) && inner.ptr[i] != '.' && inner.ptr[i] != ':') {
                return false;
            }
        }
        return domain.ptr[domain.len - 1] == ']';
    }
    for (bool dotted = false;; dotted = true) {
        size_t n = plain_label(domain, true);
        if (n == 0 || domain.ptr[0] == '-' || domain.ptr[n - 1] == '-') {
            return false;
        }
        if (n == domain.len) {
            return dotted && n > 1 && !ascii_is_digit(domain.ptr[0]);
        }
        if (domain.ptr[n] != '.') {
            return false;
        }
        domain = span_skip(domain, n + 1);
    }
}

bool address_is_plain(span s)
{
    size_t at = span_find_char(s, '@');
    return s.len <= LIMIT_ADDRESS_BYTES && at < s.len && is_plain_local(span_head(s, at)) &&
           is_plain_domain(span_skip(s, at + 1));
}
