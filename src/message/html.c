/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * HTML to text, in one pass over the bytes. Tags are cut as browsers cut them (WHATWG
 * HTML, 13.2.5), because that is what the sender saw his text in; no tree is built.
 */
#include "message/html.h"

#include "message/html_entity.h"

#include <string.h>

enum {
    /* The longest mailto: address that is written out. */
    LINK_BYTES = 320,
    /* The longest word that may be an address or URL in unescaped angle brackets. */
    BRACKET_BYTES = 320,
};

/* The output, and the white space that waits for the next text before it is written. */
typedef struct writer {
    GString *out;
    size_t start; /* length of `out` before us */
    size_t end;   /* length of `out` that is not exceeded */
    size_t lines; /* line ends that wait */
    bool space;   /* a space waits */
    bool in_pre;
    bool is_full;
    span link;         /* the address of the open <a href="mailto:...">, or empty */
    size_t link_start; /* where its text starts in `out` */
} writer;

static void put(writer *to, const char *bytes, size_t len)
{
    if (to->out->len + len > to->end) {
        to->is_full = true;
        len = to->end - to->out->len;
        while (len > 0 && (bytes[len] & 0xC0) == 0x80) {
            len--; /* not in the middle of a character */
        }
    }
    g_string_append_len(to->out, bytes, (gssize)len);
}

static void flush_space(writer *to)
{
    bool is_start = to->out->len == to->start;
    for (; to->lines > 0 && !to->is_full && !is_start; to->lines--) {
        to->space = false;
        put(to, "\n", 1);
    }
    if (to->space && !is_start) {
        put(to, " ", 1);
    }
    to->lines = 0;
    to->space = false;
}

static void put_text(writer *to, const char *bytes, size_t len)
{
    if (to->lines > 0 || to->space) {
        flush_space(to);
    }
    if (!to->is_full) {
        put(to, bytes, len);
    }
}

static void put_space(writer *to, char c)
{
    if (to->in_pre && c == '\n') {
        to->lines++;
        to->space = false;
    } else if (to->in_pre) {
        put_text(to, c == '\t' ? "\t" : " ", 1);
    } else {
        to->space = to->lines == 0;
    }
}

/* At least `lines` line ends before the next text. */
static void break_line(writer *to, size_t lines)
{
    to->lines = MAX(to->lines, lines);
    to->space = false;
}

/* No-break spaces are spaces here, so that phrases are found across them; marks that only allow
 * or forbid a line break are dropped, Word puts them into addresses. */
static void put_code(writer *to, uint32_t code)
{
    char bytes[6];
    if (code == 0xA0) {
        put_space(to, ' ');
    } else if (code < 0x80 && ascii_is_space((char)code)) {
        put_space(to, (char)code);
    } else if (code != 0xAD && code != 0x200B && code != 0x2060 && code != 0xFEFF) {
        put_text(to, bytes, (size_t)g_unichar_to_utf8(code, bytes));
    }
}

/* Bytes at which a run of text ends; the last three begin the characters that put_code() knows. */
static const bool SPECIAL[256] = {
    ['<'] = true,  ['&'] = true,  [' '] = true,  ['\t'] = true, ['\r'] = true,
    ['\n'] = true, [0xC2] = true, [0xE2] = true, [0xEF] = true,
};

static bool is_special(char c)
{
    return SPECIAL[(unsigned char)c];
}

/* The length of the words at the start of `s` that can be copied as they are. */
static size_t words_len(span s)
{
    size_t n = 0;
    while (n < s.len && !is_special(s.ptr[n])) {
        n++;
        if (n + 1 < s.len && s.ptr[n] == ' ' && !is_special(s.ptr[n + 1])) {
            n++;
        }
    }
    return n;
}

/* Puts the first piece of `s`, which does not start with a tag; returns its length. */
static size_t put_piece(writer *to, span s)
{
    uint32_t code;
    size_t n = words_len(s);
    if (n > 0) {
        put_text(to, s.ptr, n);
        return n;
    }
    char c = s.ptr[0];
    if (ascii_is_space(c)) {
        if (c == '\r') {
            n = s.len > 1 && s.ptr[1] == '\n' ? 1 : 0;
            c = '\n';
        }
        put_space(to, c);
        return n + 1;
    }
    if (c == '&' && (n = html_entity_read(s, &code)) > 0) {
        put_code(to, code);
        return n;
    }
    n = c == '\xC2' ? 2 : c == '\xE2' || c == '\xEF' ? 3 : 1;
    if (n > 1 && n <= s.len) {
        put_code(to, g_utf8_get_char(s.ptr));
        return n;
    }
    put_text(to, s.ptr, 1);
    return 1;
}

/* One tag: "<", "/" or not, name, attributes, ">". */
typedef struct tag {
    bool is_closing;
    span name;
    span attributes;
    size_t len;
} tag;

/* The offset of the ">" that ends the tag, `from` being behind its name; s.len if there is none.
 * A quoted value may hold ">", unless its quote is never closed. That can happen only once for
 * each of the two quotes, so that this is linear over all tags of a text. */
static size_t find_tag_end(span s, size_t from)
{
    size_t i = from;
    char last = '\0'; /* the last byte that is no white space */
    while (i < s.len && s.ptr[i] != '>') {
        char c = s.ptr[i];
        if ((c == '"' || c == '\'') && last == '=') {
            span value = span_skip(s, i + 1);
            size_t len = span_find_char(value, c);
            i += len < value.len ? len + 1 : 0;
        }
        if (!ascii_is_space(c)) {
            last = c;
        }
        i++;
    }
    return i;
}

static bool read_tag(span s, tag *out)
{
    size_t start = s.len > 1 && s.ptr[1] == '/' ? 2 : 1;
    size_t n = start;
    if (n >= s.len || !ascii_is_alpha(s.ptr[n])) {
        return false;
    }
    while (n < s.len && (ascii_is_alnum(s.ptr[n]) || s.ptr[n] == ':' || s.ptr[n] == '-')) {
        n++;
    }
    size_t end = find_tag_end(s, n);
    out->is_closing = start == 2;
    out->name = (span){ s.ptr + start, n - start };
    out->attributes = (span){ s.ptr + n, end - n };
    out->len = end < s.len ? end + 1 : end;
    return true;
}

/* Whether `s` starts with an address or URL in angle brackets that the sender forgot to escape:
 * "<user@example.org>", "<https://...>". */
static bool is_bracketed_word(span s)
{
    s = span_head(s, BRACKET_BYTES);
    bool has_mark = false;
    for (size_t i = 1; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '>' || c == '&') {
            return has_mark;
        }
        if (ascii_is_space(c) || c == '<' || c == '"' || c == '\'') {
            return false;
        }
        has_mark = has_mark || c == '@' || span_starts(span_skip(s, i), SPAN("://"));
        if (c == '=' && !has_mark) {
            return false;
        }
    }
    return false;
}

/* The value of attribute `name`, without quotes; empty if it is not there. */
static span find_attribute(span attributes, span name)
{
    span none = { attributes.ptr, 0 };
    while (attributes.len > 0) {
        size_t n = 0;
        attributes = span_trim(attributes);
        while (n < attributes.len && attributes.ptr[n] != '=' &&
               !ascii_is_space(attributes.ptr[n])) {
            n++;
        }
        bool is_it = span_equal_nocase(span_head(attributes, n), name);
        attributes = span_trim(span_skip(attributes, n));
        if (attributes.len == 0 || attributes.ptr[0] != '=') {
            continue;
        }
        attributes = span_trim(span_skip(attributes, 1));
        char quote = attributes.len > 0 ? attributes.ptr[0] : '\0';
        if (quote == '"' || quote == '\'') {
            attributes = span_skip(attributes, 1);
            n = span_find_char(attributes, quote);
        } else {
            for (n = 0; n < attributes.len && !ascii_is_space(attributes.ptr[n]);) {
                n++;
            }
        }
        if (is_it) {
            return span_head(attributes, n);
        }
        attributes = span_skip(attributes, n + (quote == '"' || quote == '\'' ? 1 : 0));
    }
    return none;
}

/* Writes the address of a mailto: link behind its text, unless the text shows it. */
static void close_link(writer *to)
{
    span link = to->link;
    to->link.len = 0;
    if (link.len == 0 || to->is_full) {
        return;
    }
    span text = { to->out->str + to->link_start, to->out->len - to->link_start };
    if (text.len > 0 && memmem(text.ptr, text.len, link.ptr, link.len) != NULL) {
        return;
    }
    bool has_space = to->space;
    to->space = to->lines == 0;
    put_text(to, "<mailto:", 8);
    while (link.len > 0 && !to->is_full) {
        link = span_skip(link, put_piece(to, link));
    }
    put_text(to, ">", 1);
    to->space = has_space;
}

static void open_link(writer *to, span attributes)
{
    span href = span_trim(find_attribute(attributes, SPAN("href")));
    close_link(to);
    if (span_starts_nocase(href, SPAN("mailto:"))) {
        href = span_skip(href, 7);
        href.len = span_find_char(href, '?');
        to->link = href.len <= LINK_BYTES ? href : (span){ "", 0 };
        to->link_start = to->out->len;
    }
}

typedef enum element {
    ELEMENT_INLINE,
    ELEMENT_LINE,      /* begins and ends a line */
    ELEMENT_PARAGRAPH, /* has an empty line before and behind it */
    ELEMENT_CELL,
    ELEMENT_BREAK,
    ELEMENT_PRE,
    ELEMENT_LINK,
    ELEMENT_DROPPED, /* with everything up to its closing tag */
} element;

static element find_element(span name)
{
    static const struct {
        span name;
        element element;
    } elements[] = {
        { { "a", 1 }, ELEMENT_LINK },
        { { "br", 2 }, ELEMENT_BREAK },
        { { "p", 1 }, ELEMENT_PARAGRAPH },
        { { "div", 3 }, ELEMENT_LINE },
        { { "td", 2 }, ELEMENT_CELL },
        { { "th", 2 }, ELEMENT_CELL },
        { { "tr", 2 }, ELEMENT_LINE },
        { { "table", 5 }, ELEMENT_LINE },
        { { "li", 2 }, ELEMENT_LINE },
        { { "ul", 2 }, ELEMENT_PARAGRAPH },
        { { "ol", 2 }, ELEMENT_PARAGRAPH },
        { { "dl", 2 }, ELEMENT_PARAGRAPH },
        { { "dt", 2 }, ELEMENT_LINE },
        { { "dd", 2 }, ELEMENT_LINE },
        { { "pre", 3 }, ELEMENT_PRE },
        { { "hr", 2 }, ELEMENT_LINE },
        { { "h1", 2 }, ELEMENT_PARAGRAPH },
        { { "h2", 2 }, ELEMENT_PARAGRAPH },
        { { "h3", 2 }, ELEMENT_PARAGRAPH },
        { { "h4", 2 }, ELEMENT_PARAGRAPH },
        { { "h5", 2 }, ELEMENT_PARAGRAPH },
        { { "h6", 2 }, ELEMENT_PARAGRAPH },
        { { "blockquote", 10 }, ELEMENT_PARAGRAPH },
        { { "center", 6 }, ELEMENT_LINE },
        { { "address", 7 }, ELEMENT_LINE },
        { { "article", 7 }, ELEMENT_LINE },
        { { "section", 7 }, ELEMENT_LINE },
        { { "header", 6 }, ELEMENT_LINE },
        { { "footer", 6 }, ELEMENT_LINE },
        { { "caption", 7 }, ELEMENT_LINE },
        { { "fieldset", 8 }, ELEMENT_LINE },
        { { "form", 4 }, ELEMENT_LINE },
        { { "body", 4 }, ELEMENT_LINE },
        { { "option", 6 }, ELEMENT_LINE },
        { { "script", 6 }, ELEMENT_DROPPED },
        { { "style", 5 }, ELEMENT_DROPPED },
        { { "title", 5 }, ELEMENT_DROPPED },
        { { "xml", 3 }, ELEMENT_DROPPED }, /* Word's own data */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(elements); i++) {
        if (name.len == elements[i].name.len && span_equal_nocase(name, elements[i].name)) {
            return elements[i].element;
        }
    }
    return ELEMENT_INLINE;
}

/* The offset of "</name", or s.len: an element that is never closed hides the rest. */
static size_t find_closing(span s, span name)
{
    size_t at = 0;
    while (at < s.len) {
        at += span_find_char(span_skip(s, at), '<');
        span rest = span_skip(s, at);
        if (span_starts(rest, SPAN("</")) && span_starts_nocase(span_skip(rest, 2), name)) {
            return at;
        }
        at++;
    }
    return s.len;
}

/* The line end right behind <pre> is not text: its length, or 0. */
static size_t first_line_end(span s)
{
    return span_starts(s, SPAN("\r\n"))                          ? 2
           : s.len > 0 && (s.ptr[0] == '\n' || s.ptr[0] == '\r') ? 1
                                                                 : 0;
}

/* Acts on `t`, which stands at the start of `s`; returns the bytes read. */
static size_t apply_tag(writer *to, span s, const tag *t)
{
    switch (find_element(t->name)) {
    case ELEMENT_INLINE:
        break;
    case ELEMENT_LINE:
        break_line(to, 1);
        break;
    case ELEMENT_PARAGRAPH:
        break_line(to, 2);
        break;
    case ELEMENT_CELL:
        to->space = to->lines == 0;
        break;
    case ELEMENT_BREAK:
        break_line(to, to->in_pre ? to->lines + 1 : MIN(to->lines + 1, 2));
        break;
    case ELEMENT_PRE:
        break_line(to, 2);
        to->in_pre = !t->is_closing;
        return t->len + (to->in_pre ? first_line_end(span_skip(s, t->len)) : 0);
    case ELEMENT_LINK:
        if (t->is_closing) {
            close_link(to);
        } else {
            open_link(to, t->attributes);
        }
        break;
    case ELEMENT_DROPPED:
        if (!t->is_closing && !span_ends_nocase(t->attributes, SPAN("/"))) {
            return t->len + find_closing(span_skip(s, t->len), t->name);
        }
        break;
    }
    return t->len;
}

/* A comment, declaration or processing instruction: its length, 0 if `s` starts with none. */
static size_t skip_markup(span s)
{
    if (span_starts(s, SPAN("<!--"))) {
        /* "<!-->" is a whole one too. */
        const char *hit = memmem(s.ptr + 2, s.len - 2, "-->", 3);
        return hit == NULL ? s.len : (size_t)(hit - s.ptr) + 3;
    }
    if (span_starts(s, SPAN("<!")) || span_starts(s, SPAN("<?"))) {
        size_t end = span_find_char(s, '>');
        return end < s.len ? end + 1 : end;
    }
    return 0;
}

void html_to_text(span html, size_t max_bytes, GString *out)
{
    size_t end = max_bytes < G_MAXSIZE - out->len ? out->len + max_bytes : G_MAXSIZE;
    writer to = { .out = out, .start = out->len, .end = end, .link = { "", 0 } };
    while (html.len > 0 && !to.is_full) {
        tag t;
        size_t n = 0;
        if (html.ptr[0] != '<') {
            n = put_piece(&to, html);
        } else if ((n = skip_markup(html)) == 0) {
            if (!is_bracketed_word(html) && read_tag(html, &t)) {
                n = apply_tag(&to, html, &t);
            } else {
                put_text(&to, "<", 1);
                n = 1;
            }
        }
        html = span_skip(html, n);
    }
    close_link(&to);
}
