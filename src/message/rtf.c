/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Compressed RTF and RTF to text. */
#include "message/rtf.h"

#include "message/charset.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    COMPRESSED_HEADER = 16,
    DICTIONARY = 4096,
    /* Deeper groups share the state of the last one that is kept. Outlook nests some 10 deep. */
    GROUP_DEPTH = 64,
    /* Fonts with higher numbers are taken to be in the document's code page. */
    FONTS = 256,
    WORD_BYTES = 32,
};

/* [MS-OXRTFCP], 2.1.2.1: what the dictionary holds at the start. */
static const char PRELOAD[] =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    "\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    "\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

typedef struct dictionary {
    char bytes[DICTIONARY];
    size_t at; /* where the next byte goes */
} dictionary;

static void emit(dictionary *window, char c, GString *out)
{
    g_string_append_c(out, c);
    window->bytes[window->at] = c;
    window->at = (window->at + 1) % DICTIONARY;
}

/* [MS-OXRTFCP], 2.2.2: a bit for each of the next eight runs tells a byte from a reference, which
 * has 12 bits of position and 4 of length. One that points at the write position ends it. */
static void decompress_lzfu(span s, size_t end, GString *out)
{
    dictionary window = { .at = sizeof PRELOAD - 1 };
    memcpy(window.bytes, PRELOAD, sizeof PRELOAD - 1);
    while (s.len > 1 && out->len < end) {
        unsigned flags = (unsigned char)s.ptr[0];
        s = span_skip(s, 1);
        for (unsigned bit = 0; bit < 8 && s.len > 0 && out->len < end; bit++) {
            if ((flags >> bit & 1) == 0) {
                emit(&window, s.ptr[0], out);
                s = span_skip(s, 1);
                continue;
            }
            if (s.len < 2) {
                return;
            }
            unsigned reference = (unsigned)(unsigned char)s.ptr[0] << 8 | (unsigned char)s.ptr[1];
            size_t from = reference >> 4;
            if (from == window.at) {
                return;
            }
            for (unsigned n = 0; n < (reference & 0xF) + 2 && out->len < end; n++) {
                emit(&window, window.bytes[(from + n) % DICTIONARY], out);
            }
            s = span_skip(s, 2);
        }
    }
}

bool rtf_decompress(span bytes, size_t max_bytes, GString *out)
{
    size_t end = max_bytes < G_MAXSIZE - out->len ? out->len + max_bytes : G_MAXSIZE;
    span kind = span_head(span_skip(bytes, 8), 4);
    span content = span_skip(bytes, COMPRESSED_HEADER);
    if (span_equal(kind, SPAN("MELA"))) {
        g_string_append_len(out, content.ptr, (gssize)MIN(content.len, max_bytes));
        return true;
    }
    if (!span_equal(kind, SPAN("LZFu"))) {
        return false;
    }
    decompress_lzfu(content, end, out);
    return true;
}

/* What a "{" opens and its "}" restores. */
typedef struct group {
    bool is_dropped;
    bool is_font_table;
    unsigned code_page;
    size_t fallback; /* \ucN: characters that stand behind each \u for old readers */
} group;

typedef struct reader {
    GString *out;
    GString *bytes; /* text in `code_page` that is not converted yet */
    unsigned bytes_code_page;
    group groups[GROUP_DEPTH];
    size_t depth; /* may exceed GROUP_DEPTH */
    unsigned document_code_page;
    uint16_t font_code_pages[FONTS]; /* 0: the document's */
    unsigned font;                   /* in the font table: the one being described */
    size_t skip;                     /* characters of a fallback still to come */
    unsigned lead;                   /* first half of a surrogate pair, or 0 */
} reader;

static group *top(reader *r)
{
    return &r->groups[MIN(r->depth, GROUP_DEPTH - 1)];
}

static void flush(reader *r)
{
    char label[16];
    snprintf(label, sizeof label, "cp%u", r->bytes_code_page);
    charset_to_utf8(span_from_string(label), (span){ r->bytes->str, r->bytes->len }, r->out);
    g_string_truncate(r->bytes, 0);
}

static void flush_lead(reader *r)
{
    if (r->lead != 0) {
        r->lead = 0;
        g_string_append_unichar(r->out, 0xFFFD);
    }
}

static void add_byte(reader *r, char c)
{
    const group *g = top(r);
    if (r->skip > 0) {
        r->skip--;
        return;
    }
    if (g->is_dropped) {
        return;
    }
    if (g->code_page != r->bytes_code_page) {
        flush(r);
        r->bytes_code_page = g->code_page;
    }
    flush_lead(r);
    g_string_append_c(r->bytes, c);
}

/* A UTF-16 unit, which RTF writes as a signed number. */
static void add_unit(reader *r, int number)
{
    unsigned unit = (unsigned)number & 0xFFFF;
    if (top(r)->is_dropped) {
        return;
    }
    flush(r);
    if (r->lead != 0 && unit >= 0xDC00 && unit <= 0xDFFF) {
        g_string_append_unichar(r->out, 0x10000 + ((r->lead - 0xD800) << 10) + (unit - 0xDC00));
        r->lead = 0;
        return;
    }
    flush_lead(r);
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        r->lead = unit;
    } else {
        bool is_character = unit != 0 && !(unit >= 0xDC00 && unit <= 0xDFFF);
        g_string_append_unichar(r->out, is_character ? unit : 0xFFFD);
    }
}

static unsigned charset_code_page(int charset)
{
    static const struct {
        int charset;
        unsigned code_page;
    } pages[] = {
        { 77, 10000 }, { 128, 932 },  { 129, 949 },  { 130, 1361 }, { 134, 936 },  { 136, 950 },
        { 161, 1253 }, { 162, 1254 }, { 163, 1258 }, { 177, 1255 }, { 178, 1256 }, { 186, 1257 },
        { 204, 1251 }, { 222, 874 },  { 238, 1250 }, { 255, 850 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
        if (pages[i].charset == charset) {
            return pages[i].code_page;
        }
    }
    return 0;
}

typedef enum action {
    ACTION_NONE,
    ACTION_CHARACTER, /* `value` */
    ACTION_DROP,      /* the rest of the group */
    ACTION_FONT_TABLE,
    ACTION_FONT,
    ACTION_FONT_CHARSET,
    ACTION_PLAIN,
    ACTION_CODE_PAGE,
    ACTION_UNICODE,
    ACTION_FALLBACK,
} action;

typedef struct word {
    const char *name;
    action action;
    int value;
} word;

static const word WORDS[] = {
    { "f", ACTION_FONT, 0 },
    { "u", ACTION_UNICODE, 0 },
    { "par", ACTION_CHARACTER, '\n' },
    { "line", ACTION_CHARACTER, '\n' },
    { "row", ACTION_CHARACTER, '\n' },
    { "nestrow", ACTION_CHARACTER, '\n' },
    { "page", ACTION_CHARACTER, '\n' },
    { "sect", ACTION_CHARACTER, '\n' },
    { "tab", ACTION_CHARACTER, '\t' },
    { "cell", ACTION_CHARACTER, '\t' },
    { "nestcell", ACTION_CHARACTER, '\t' },
    { "emdash", ACTION_CHARACTER, 0x2014 },
    { "endash", ACTION_CHARACTER, 0x2013 },
    { "lquote", ACTION_CHARACTER, 0x2018 },
    { "rquote", ACTION_CHARACTER, 0x2019 },
    { "ldblquote", ACTION_CHARACTER, 0x201C },
    { "rdblquote", ACTION_CHARACTER, 0x201D },
    { "bullet", ACTION_CHARACTER, 0x2022 },
    { "fonttbl", ACTION_FONT_TABLE, 0 },
    { "fcharset", ACTION_FONT_CHARSET, 0 },
    { "plain", ACTION_PLAIN, 0 },
    { "ansicpg", ACTION_CODE_PAGE, 0 },
    { "uc", ACTION_FALLBACK, 0 },
    { "colortbl", ACTION_DROP, 0 },
    { "stylesheet", ACTION_DROP, 0 },
    { "info", ACTION_DROP, 0 },
    { "pict", ACTION_DROP, 0 },
    { "object", ACTION_DROP, 0 },
    { "header", ACTION_DROP, 0 },
    { "footer", ACTION_DROP, 0 },
    { "listtable", ACTION_DROP, 0 },
};

static void select_font(reader *r, int number)
{
    group *g = top(r);
    unsigned font = number >= 0 && number < FONTS ? (unsigned)number : 0;
    if (g->is_font_table) {
        r->font = font;
        return;
    }
    g->code_page = r->font_code_pages[font] != 0 ? r->font_code_pages[font] : r->document_code_page;
}

/* Acts on the control word `name`. `number` is what stands behind it, 0 if nothing does. */
static void apply_word(reader *r, const char *name, int number)
{
    const word *w = NULL;
    group *g = top(r);
    for (size_t i = 0; i < G_N_ELEMENTS(WORDS) && w == NULL; i++) {
        w = strcmp(WORDS[i].name, name) == 0 ? &WORDS[i] : NULL;
    }
    switch (w == NULL ? ACTION_NONE : w->action) {
    case ACTION_NONE:
        break;
    case ACTION_CHARACTER:
        add_unit(r, w->value);
        break;
    case ACTION_FONT_TABLE:
        g->is_font_table = true;
        G_GNUC_FALLTHROUGH;
    case ACTION_DROP:
        g->is_dropped = true;
        break;
    case ACTION_FONT:
        select_font(r, number);
        break;
    case ACTION_FONT_CHARSET:
        if (g->is_font_table) {
            r->font_code_pages[r->font] = (uint16_t)charset_code_page(number);
        }
        break;
    case ACTION_PLAIN:
        g->code_page = r->document_code_page;
        break;
    case ACTION_CODE_PAGE:
        r->document_code_page = number > 0 ? (unsigned)number : r->document_code_page;
        g->code_page = r->document_code_page;
        break;
    case ACTION_UNICODE:
        add_unit(r, number);
        r->skip = g->fallback;
        break;
    case ACTION_FALLBACK:
        g->fallback = number >= 0 ? (size_t)number : 0;
        break;
    }
}

/* A control word: letters, a number or none, and one space that belongs to it. `s` starts behind
 * the backslash; returns the bytes read. */
static size_t read_word(reader *r, span s)
{
    char name[WORD_BYTES];
    size_t n = 0;
    unsigned number = 0;
    while (n < s.len && n < WORD_BYTES - 1 && ascii_is_alpha(s.ptr[n])) {
        name[n] = s.ptr[n];
        n++;
    }
    name[n] = '\0';
    bool is_negative = n < s.len && s.ptr[n] == '-';
    n += is_negative ? 1 : 0;
    n += span_read_number(span_skip(s, n), 9, &number);
    n += n < s.len && s.ptr[n] == ' ' ? 1 : 0;
    if (strcmp(name, "bin") == 0) {
        return n + MIN(number, s.len - n);
    }
    if (r->skip > 0) {
        r->skip--;
    } else {
        apply_word(r, name, is_negative ? -(int)number : (int)number);
    }
    return n;
}

/* What a backslash begins; `s` starts behind it. Returns the bytes read. */
static size_t read_control(reader *r, span s)
{
    if (s.len == 0) {
        return 0;
    }
    char c = s.ptr[0];
    if (ascii_is_alpha(c)) {
        return read_word(r, s);
    }
    if (c == '\'') {
        int high = s.len > 2 ? g_ascii_xdigit_value(s.ptr[1]) : -1;
        int low = s.len > 2 ? g_ascii_xdigit_value(s.ptr[2]) : -1;
        if (high < 0 || low < 0) {
            return 1;
        }
        add_byte(r, (char)(high << 4 | low));
        return 3;
    }
    if (c == '*') {
        top(r)->is_dropped = true; /* a destination that readers may ignore */
    } else if (c == '\n' || c == '\r') {
        add_unit(r, '\n');
    } else if (c != '-') {
        add_byte(r, c == '~' ? ' ' : c == '_' ? '-' : c);
    }
    return 1;
}

static void open_group(reader *r)
{
    group outer = *top(r);
    r->depth++;
    *top(r) = outer;
    r->skip = 0;
}

static void close_group(reader *r)
{
    r->depth -= r->depth > 0 ? 1 : 0;
    r->skip = 0;
}

void rtf_to_text(span rtf, size_t max_bytes, GString *out)
{
    reader r = {
        .out = g_string_new(NULL),
        .bytes = g_string_new(NULL),
        .bytes_code_page = 1252,
        .document_code_page = 1252,
        .groups = { { .code_page = 1252, .fallback = 1 } },
    };
    while (rtf.len > 0 && r.out->len + r.bytes->len / 2 <= max_bytes) {
        char c = rtf.ptr[0];
        rtf = span_skip(rtf, 1);
        if (c == '\\') {
            rtf = span_skip(rtf, read_control(&r, rtf));
        } else if (c == '{') {
            open_group(&r);
        } else if (c == '}') {
            close_group(&r);
        } else if (c != '\r' && c != '\n' && c != '\0') {
            add_byte(&r, c);
        }
    }
    flush(&r);
    flush_lead(&r);
    size_t len = MIN(r.out->len, max_bytes);
    while (len < r.out->len && len > 0 && (r.out->str[len] & 0xC0) == 0x80) {
        len--;
    }
    g_string_append_len(out, r.out->str, (gssize)len);
    g_string_free(r.out, TRUE);
    g_string_free(r.bytes, TRUE);
}
