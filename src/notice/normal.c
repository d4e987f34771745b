/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/normal.h"

#include "message/limits.h"

#include <string.h>

/* "[IPv6:...]" has at most 47. */
enum { DOMAIN_LITERAL_BYTES_MAX = 64 };

normal_text *normal_new(void)
{
    normal_text *n = g_new0(normal_text, 1);
    n->text = g_string_sized_new(2048);
    n->lines = g_array_sized_new(FALSE, FALSE, sizeof(normal_line), 64);
    n->addresses = g_array_sized_new(FALSE, FALSE, sizeof(normal_address), 16);
    return n;
}

void normal_free(normal_text *n)
{
    if (n == NULL) {
        return;
    }
    g_string_free(n->text, TRUE);
    g_array_free(n->lines, TRUE);
    g_array_free(n->addresses, TRUE);
    g_free(n);
}

void normal_cut(normal_text *n, const char *end)
{
    unsigned lines = n->lines->len, addresses = n->addresses->len;
    while (lines > 0 && normal_line_at(n, lines - 1)->source.ptr >= end) {
        lines--;
    }
    if (lines == n->lines->len) {
        return;
    }
    while (addresses > 0 && normal_address_at(n, addresses - 1)->line >= lines) {
        addresses--;
    }
    g_string_truncate(n->text, normal_line_at(n, lines)->start);
    g_array_set_size(n->lines, lines);
    g_array_set_size(n->addresses, addresses);
}

const normal_line *normal_line_at(const normal_text *n, unsigned index)
{
    return &g_array_index(n->lines, normal_line, index);
}

const normal_address *normal_address_at(const normal_text *n, unsigned index)
{
    return &g_array_index(n->addresses, normal_address, index);
}

static const bool is_local_mark[256] = {
    ['!'] = true,  ['#'] = true, ['$'] = true, ['%'] = true, ['&'] = true,
    ['\''] = true, ['*'] = true, ['+'] = true, ['-'] = true, ['/'] = true,
    ['='] = true,  ['?'] = true, ['^'] = true, ['_'] = true, ['`'] = true,
    ['{'] = true,  ['|'] = true, ['}'] = true, ['~'] = true, ['.'] = true,
};

static bool is_local_char(char c)
{
    return ascii_is_alnum(c) || is_local_mark[(unsigned char)c];
}

static bool is_domain_char(char c)
{
    return ascii_is_alnum(c) || c == '.' || c == '-' || c == '_';
}

/* Internationalised addresses (RFC 6531) have letters of any script, but Chinese, Japanese and
 * others put no space between a word and an address. So letters that are not Latin belong to an
 * address only beside one of their kind or a dot. */
static bool is_wide_letter(gunichar c, bool next_is_ascii)
{
    bool is_latin = c >= 0xC0 && c <= 0x24F;
    return g_unichar_isalpha(c) && (is_latin || !next_is_ascii);
}

static bool is_ascii_word(char c)
{
    return (c & 0x80) == 0 && c != '.' && c != '@';
}

/* "to=user@host", "rcpt=user@host" in log lines: the name is no part of the address. */
static size_t skip_log_key(span local)
{
    static const span keys[] = { SPAN_OF("to="),   SPAN_OF("from="),    SPAN_OF("rcpt="),
                                 SPAN_OF("user="), SPAN_OF("orig_to="), SPAN_OF("email="),
                                 SPAN_OF("smtp=") };
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (local.len > keys[i].len && span_starts_nocase(local, keys[i])) {
            return keys[i].len;
        }
    }
    return 0;
}

static size_t local_start(span line, size_t at)
{
    size_t start = at;
    if (start > 1 && line.ptr[start - 1] == '"') {
        size_t open = start - 1;
        while (open > 0 && line.ptr[open - 1] != '"' && at - open < 64) {
            open--;
        }
        if (open > 0 && line.ptr[open - 1] == '"') {
            return open - 1;
        }
    }
    while (start > 0 && at - start < LIMIT_ADDRESS_BYTES) {
        const char *before = g_utf8_find_prev_char(line.ptr, line.ptr + start);
        bool wide = before != NULL && (*before & 0x80) != 0;
        if (before == NULL ||
            (wide ? !is_wide_letter(g_utf8_get_char(before), is_ascii_word(line.ptr[start]))
                  : !is_local_char(*before))) {
            break;
        }
        start = (size_t)(before - line.ptr);
    }
    start += skip_log_key((span){ line.ptr + start, at - start });
    while (start < at && strchr("'`*=/|.", line.ptr[start]) != NULL) {
        start++;
    }
    return start;
}

static size_t domain_end(span line, size_t at)
{
    size_t end = at + 1;
    if (end < line.len && line.ptr[end] == '[') {
        span literal = span_head(span_skip(line, end), DOMAIN_LITERAL_BYTES_MAX);
        size_t close = span_find_char(literal, ']');
        return close < literal.len ? end + close + 1 : at + 1;
    }
    while (end < line.len) {
        const char *here = line.ptr + end;
        bool wide = (*here & 0x80) != 0;
        if (wide ? !is_wide_letter(g_utf8_get_char(here), is_ascii_word(here[-1]))
                 : !is_domain_char(*here)) {
            break;
        }
        end += wide ? (size_t)(g_utf8_next_char(here) - here) : 1;
    }
    while (end > at + 1 && !ascii_is_alnum(line.ptr[end - 1]) && (line.ptr[end - 1] & 0x80) == 0) {
        end--;
    }
    return end;
}

bool normal_find_address(span line, size_t at, span *spec)
{
    size_t start = local_start(line, at);
    size_t end = domain_end(line, at);
    if (start == at || end == at + 1 || end - start > LIMIT_ADDRESS_BYTES) {
        return false;
    }
    span domain = { line.ptr + at + 1, end - at - 1 };
    bool bracketed =
        start > 0 && line.ptr[start - 1] == '<' && end < line.len && line.ptr[end] == '>';
    if (!bracketed && domain.ptr[0] != '[' && span_find_char(domain, '.') == domain.len) {
        return false;
    }
    *spec = (span){ line.ptr + start, end - start };
    return true;
}

static bool is_cjk(gunichar c)
{
    return (c >= 0x2E80 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0xFF00 && c <= 0xFFEF);
}

/* What a character becomes: 0 to drop it. */
static gunichar fold(gunichar c)
{
    switch (c) {
    case 0xA0:
    case 0x1680:
    case 0x2000:
    case 0x2001:
    case 0x2002:
    case 0x2003:
    case 0x2004:
    case 0x2005:
    case 0x2006:
    case 0x2007:
    case 0x2008:
    case 0x2009:
    case 0x200A:
    case 0x202F:
    case 0x205F:
    case 0x3000:
        return ' ';
    case 0x2018:
    case 0x2019:
    case 0x201A:
    case 0x2032:
    case 0xB4:
        return '\'';
    case 0x201C:
    case 0x201D:
    case 0x201E:
    case 0x2033:
    case 0xAB:
    case 0xBB:
        return '"';
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2015:
    case 0x2212:
        return '-';
    case 0xAD:
    case 0xFEFF:
    case 0x200B:
    case 0x200C:
    case 0x200D:
    case 0x200E:
    case 0x200F:
    case 0x202A:
    case 0x202B:
    case 0x202C:
    case 0x202D:
    case 0x202E:
    case 0x2060:
        return 0;
    default:
        return g_unichar_tolower(c);
    }
}

typedef struct writer {
    GString *out;
    bool space_pending;
    bool last_is_cjk;
    char open_reply[4]; /* the code of a reply of several lines that goes on: "550" of "550-" */
} writer;

static void write_space(writer *w, bool before_cjk)
{
    if (w->space_pending && w->out->len > 0 && w->out->str[w->out->len - 1] != '\n' &&
        !(before_cjk && w->last_is_cjk)) {
        g_string_append_c(w->out, ' ');
    }
    w->space_pending = false;
}

static void write_ascii(writer *w, char c)
{
    if ((unsigned char)c <= ' ' || c == 127) {
        w->space_pending = true;
        return;
    }
    write_space(w, false);
    g_string_append_c(w->out, ascii_lower(c));
    w->last_is_cjk = false;
}

/* A run of printable ASCII at once: most text is that. */
static const char *write_word(writer *w, const char *p, const char *end)
{
    const char *start = p;
    while (p<end && * p> ' ' && *p < 127) {
        p++;
    }
    write_space(w, false);
    size_t at = w->out->len, len = (size_t)(p - start);
    g_string_set_size(w->out, at + len);
    for (size_t i = 0; i < len; i++) {
        w->out->str[at + i] = ascii_lower(start[i]);
    }
    w->last_is_cjk = false;
    return p;
}

static void write_wide(writer *w, gunichar c)
{
    c = fold(c);
    if (c == 0) {
        return;
    }
    if (c < 0x80) {
        write_ascii(w, (char)c);
        return;
    }
    bool cjk = is_cjk(c);
    write_space(w, cjk);
    g_string_append_unichar(w->out, c);
    w->last_is_cjk = cjk;
}

/* "550-5.7.1 Messages with multiple\n550 5.7.1 addresses": the code on each further line of a reply
 * (RFC 5321, 4.2.1) cuts phrases in two. Its length with the status code after it, 0 if there is
 * none at `p`; notes the first. */
static size_t skip_repeated_reply(writer *w, const char *p, const char *end)
{
    span rest = { p, (size_t)(end - p) };
    unsigned code;
    if (rest.len < 5 || (*p != '4' && *p != '5') || span_read_number(rest, 4, &code) != 3 ||
        (p[3] != '-' && p[3] != ' ')) {
        return 0;
    }
    bool is_repeated = memcmp(w->open_reply, p, 3) == 0;
    if (!is_repeated) {
        if (p[3] == '-') {
            memcpy(w->open_reply, p, 3);
        }
        return 0;
    }
    size_t len = 4;
    if (len + 1 < rest.len && rest.ptr[len] == *p && rest.ptr[len + 1] == '.') {
        while (len < rest.len && (ascii_is_digit(rest.ptr[len]) || rest.ptr[len] == '.')) {
            len++;
        }
    }
    return len;
}

static void write_text(writer *w, span text)
{
    const char *end = text.ptr + text.len;
    for (const char *p = text.ptr; p < end;) {
        bool word_starts = p == text.ptr || !ascii_is_alnum(p[-1]);
        size_t repeated = ascii_is_digit(*p) && word_starts ? skip_repeated_reply(w, p, end) : 0;
        if (repeated > 0) {
            p += repeated;
            w->space_pending = true;
        } else if (*p > ' ' && *p < 127) {
            p = write_word(w, p, end);
        } else if ((*p & 0x80) == 0) {
            write_ascii(w, *p++);
        } else {
            write_wide(w, g_utf8_get_char(p));
            p = g_utf8_next_char(p);
        }
    }
}

/* The brackets or quotes around an address belong to it. */
static span widen_over_marks(span line, span spec)
{
    static const char *const pairs[] = { "<>", "\"\"", "''", "[]", "`'" };
    size_t start = (size_t)(spec.ptr - line.ptr), end = start + spec.len;
    for (size_t i = 0; i < G_N_ELEMENTS(pairs) && start > 0 && end < line.len; i++) {
        if (line.ptr[start - 1] == pairs[i][0] && line.ptr[end] == pairs[i][1]) {
            start--;
            end++;
        }
    }
    return (span){ line.ptr + start, end - start };
}

static bool is_only_marks(span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (ascii_is_alnum(s.ptr[i]) || (s.ptr[i] & 0x80) != 0) {
            return false;
        }
    }
    return true;
}

static void write_line(normal_text *n, writer *w, span line)
{
    size_t done = 0;
    for (size_t at = span_find_char(line, '@'); at < line.len;
         at += 1 + span_find_char(span_skip(line, at + 1), '@')) {
        span spec;
        if (at < done || !normal_find_address(line, at, &spec) || spec.ptr < line.ptr + done) {
            continue;
        }
        span whole = widen_over_marks(line, spec);
        size_t start = (size_t)(whole.ptr - line.ptr);
        if (start < done) {
            continue;
        }
        write_text(w, (span){ line.ptr + done, start - done });
        write_space(w, false);
        done = start + whole.len;
        normal_address a = {
            .spec = spec,
            .line = n->lines->len - 1,
            .start = (unsigned)n->text->len,
            .is_first = is_only_marks(span_head(line, start)),
            .is_last = is_only_marks(span_skip(line, done)),
        };
        g_array_append_val(n->addresses, a);
        write_ascii(w, '@');
    }
    write_text(w, span_skip(line, done));
}

/* Cuts at the limit, and before a character that the limit would split. */
static span cut_to_limit(span source)
{
    if (source.len <= LIMIT_NOTICE_TEXT_BYTES) {
        return source;
    }
    source.len = LIMIT_NOTICE_TEXT_BYTES;
    while (source.len > 0 && (source.ptr[source.len] & 0xC0) == 0x80) {
        source.len--;
    }
    return source;
}

void normal_read(normal_text *n, span source)
{
    g_string_truncate(n->text, 0);
    g_array_set_size(n->lines, 0);
    g_array_set_size(n->addresses, 0);
    writer w = { .out = n->text };
    source = cut_to_limit(source);
    span line;
    while (span_next_line(&source, &line)) {
        bool blank = span_trim(line).len == 0;
        if (blank && n->text->len > 0 && n->text->str[n->text->len - 1] != '\n') {
            g_string_append_c(n->text, '\n');
        }
        w.space_pending = true;
        normal_line entry = { line, (unsigned)n->text->len };
        g_array_append_val(n->lines, entry);
        write_line(n, &w, line);
    }
}
