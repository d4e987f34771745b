/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * TNEF: a run of attributes with lengths, one of which holds MAPI properties. Lengths are not
 * trusted and checksums not looked at: what breaks off yields what came before.
 */
#include "message/tnef.h"

#include "message/charset.h"
#include "message/html.h"
#include "message/limits.h"
#include "message/rtf.h"

#include <stdint.h>
#include <stdio.h>

enum {
    SIGNATURE = 0x223E9F78,
    LEVEL_MESSAGE = 1,
    ATT_BODY = 0x0002800C,
    ATT_RECIP_TABLE = 0x00069004,
    ATT_MSG_PROPS = 0x00069003,
    ATT_OEM_CODEPAGE = 0x00069007,
};

enum {
    PR_BODY = 0x1000,
    PR_REPORT_TEXT = 0x1001,
    PR_RTF_COMPRESSED = 0x1009,
    PR_BODY_HTML = 0x1013,
    PR_DISPLAY_NAME = 0x3001,
    PR_EMAIL_ADDRESS = 0x3003,
    PR_SMTP_ADDRESS = 0x39FE,
    PR_INTERNET_CPID = 0x3FDE,
    PR_MESSAGE_CODEPAGE = 0x3FFD,
    FIRST_NAMED_PROPERTY = 0x8000,
};

enum {
    PT_I2 = 0x0002,
    PT_LONG = 0x0003,
    PT_R4 = 0x0004,
    PT_DOUBLE = 0x0005,
    PT_CURRENCY = 0x0006,
    PT_APPTIME = 0x0007,
    PT_ERROR = 0x000A,
    PT_BOOLEAN = 0x000B,
    PT_OBJECT = 0x000D,
    PT_I8 = 0x0014,
    PT_STRING8 = 0x001E,
    PT_UNICODE = 0x001F,
    PT_SYSTIME = 0x0040,
    PT_CLSID = 0x0048,
    PT_BINARY = 0x0102,
    PT_MULTIPLE = 0x1000, /* a flag */
};

typedef struct property {
    unsigned id;
    unsigned type;
    span value; /* the first one, of several */
} property;

static const property NO_PROPERTY = { 0, 0, { "", 0 } };

typedef struct texts {
    span body; /* attBody, in the OEM code page */
    property mapi_body;
    property html;
    property rtf;
    property report; /* the report's text, of which Exchange writes one per recipient too */
    span recipients; /* attRecipTable */
    unsigned oem_code_page;
    unsigned message_code_page;
    unsigned internet_code_page;
} texts;

static unsigned read_number(span s, size_t bytes)
{
    unsigned value = 0;
    for (size_t i = bytes; i > 0; i--) {
        value = value << 8 | (unsigned char)s.ptr[i - 1];
    }
    return value;
}

/* Cuts `bytes` (at most 4) little-endian bytes off `*rest`; false if they are not there. */
static bool take_number(span *rest, size_t bytes, unsigned *value)
{
    if (rest->len < bytes) {
        return false;
    }
    *value = read_number(*rest, bytes);
    *rest = span_skip(*rest, bytes);
    return true;
}

/* Bytes of a value of fixed size with its padding, 0 for the others. */
static size_t fixed_size(unsigned type)
{
    switch (type) {
    case PT_I2:
    case PT_LONG:
    case PT_R4:
    case PT_ERROR:
    case PT_BOOLEAN:
        return 4;
    case PT_DOUBLE:
    case PT_CURRENCY:
    case PT_APPTIME:
    case PT_I8:
    case PT_SYSTIME:
        return 8;
    case PT_CLSID:
        return 16;
    default:
        return 0;
    }
}

/* A length and so many bytes, padded to 4. One that is longer than what is left gets the rest. */
static bool take_sized(span *rest, span *value)
{
    unsigned len;
    if (!take_number(rest, 4, &len)) {
        return false;
    }
    *value = span_head(*rest, len);
    *rest = span_skip(*rest, ((size_t)len + 3) / 4 * 4);
    return true;
}

/* The GUID of a named property, and its number or name. */
static bool skip_name(span *rest)
{
    unsigned kind;
    unsigned number;
    span name;
    *rest = span_skip(*rest, 16);
    if (!take_number(rest, 4, &kind)) {
        return false;
    }
    return kind == 0 ? take_number(rest, 4, &number) : take_sized(rest, &name);
}

/* [MS-OXTNEF], 2.1.3.4. False at the end, or where the bytes make no sense. */
static bool take_property(span *rest, property *out)
{
    unsigned type;
    unsigned count = 1;
    out->value = (span){ "", 0 };
    if (!take_number(rest, 2, &type) || !take_number(rest, 2, &out->id) ||
        (out->id >= FIRST_NAMED_PROPERTY && !skip_name(rest))) {
        return false;
    }
    out->type = type & ~(unsigned)PT_MULTIPLE;
    size_t size = fixed_size(out->type);
    bool is_sized = out->type == PT_STRING8 || out->type == PT_UNICODE || out->type == PT_BINARY ||
                    out->type == PT_OBJECT;
    if ((size == 0 && !is_sized) ||
        ((is_sized || type != out->type) && !take_number(rest, 4, &count))) {
        return false;
    }
    if (!is_sized) {
        out->value = span_head(*rest, size);
        bool is_whole = count <= rest->len / size;
        *rest = span_skip(*rest, is_whole ? count * size : rest->len);
        return is_whole;
    }
    for (unsigned i = 0; i < count; i++) {
        span value;
        if (!take_sized(rest, &value)) {
            return i > 0;
        }
        out->value = i == 0 ? value : out->value;
    }
    return true;
}

static unsigned property_number(const property *p)
{
    return p->type == PT_LONG && p->value.len == 4 ? read_number(p->value, 4) : 0;
}

static void read_message_properties(span data, texts *found)
{
    unsigned count;
    property p;
    if (!take_number(&data, 4, &count)) {
        return;
    }
    for (; count > 0 && take_property(&data, &p); count--) {
        switch (p.id) {
        case PR_BODY:
            found->mapi_body = p;
            break;
        case PR_BODY_HTML:
            found->html = p;
            break;
        case PR_RTF_COMPRESSED:
            found->rtf = p;
            break;
        case PR_REPORT_TEXT:
            found->report = p;
            break;
        case PR_INTERNET_CPID:
            found->internet_code_page = property_number(&p);
            break;
        case PR_MESSAGE_CODEPAGE:
            found->message_code_page = property_number(&p);
            break;
        default:
            break;
        }
    }
}

static bool read_attributes(span bytes, texts *found)
{
    unsigned signature;
    if (!take_number(&bytes, 4, &signature) || signature != SIGNATURE) {
        return false;
    }
    bytes = span_skip(bytes, 2); /* a key */
    unsigned level;
    unsigned id;
    unsigned len;
    while (take_number(&bytes, 1, &level) && level == LEVEL_MESSAGE &&
           take_number(&bytes, 4, &id) && take_number(&bytes, 4, &len)) {
        span data = span_head(bytes, len);
        if (id == ATT_BODY) {
            found->body = data;
        } else if (id == ATT_MSG_PROPS) {
            read_message_properties(data, found);
        } else if (id == ATT_RECIP_TABLE) {
            found->recipients = data;
        } else if (id == ATT_OEM_CODEPAGE && data.len >= 4) {
            found->oem_code_page = read_number(data, 4);
        }
        bytes = span_skip(bytes, (size_t)len + 2); /* a checksum */
    }
    return true;
}

static void append_code_page(unsigned code_page, span bytes, GString *out)
{
    char label[16] = "";
    if (code_page != 0) {
        snprintf(label, sizeof label, "cp%u", code_page);
    }
    charset_to_utf8(span_from_string(label), bytes, out);
}

/* A string property without the NUL at its end. */
static void append_string(const property *p, const texts *found, GString *out)
{
    span value = span_head(p->value, LIMIT_TEXT_PART_BYTES);
    if (p->type == PT_UNICODE) {
        value.len -= value.len % 2;
        while (value.len >= 2 && read_number(span_skip(value, value.len - 2), 2) == 0) {
            value.len -= 2;
        }
        charset_to_utf8(SPAN("utf-16le"), value, out);
    } else if (p->type == PT_STRING8) {
        unsigned code_page =
            found->message_code_page != 0 ? found->message_code_page : found->oem_code_page;
        append_code_page(code_page, span_trim(value), out);
    }
}

static void append_html(const texts *found, GString *out)
{
    GString *source = g_string_new(NULL);
    if (found->html.type == PT_BINARY) {
        append_code_page(found->internet_code_page,
                         span_trim(span_head(found->html.value, LIMIT_TEXT_PART_BYTES)), source);
    } else {
        append_string(&found->html, found, source);
    }
    html_to_text((span){ source->str, source->len }, LIMIT_TEXT_PART_BYTES, out);
    g_string_free(source, TRUE);
}

static void append_rtf(const texts *found, GString *out)
{
    GString *source = g_string_new(NULL);
    if (rtf_decompress(found->rtf.value, LIMIT_TEXT_PART_BYTES, source)) {
        rtf_to_text((span){ source->str, source->len }, LIMIT_TEXT_PART_BYTES, out);
    }
    g_string_free(source, TRUE);
}

static bool is_blank(const GString *text)
{
    return span_trim((span){ text->str, text->len }).len == 0;
}

/* The body, from the first place that holds one. */
static void append_body(const texts *found, GString *out)
{
    append_code_page(found->oem_code_page, span_trim(span_head(found->body, LIMIT_TEXT_PART_BYTES)),
                     out);
    if (is_blank(out)) {
        append_string(&found->mapi_body, found, out);
    }
    if (is_blank(out)) {
        append_html(found, out);
    }
    if (is_blank(out)) {
        append_rtf(found, out);
    }
}

static void append_line(const property *p, const texts *found, GString *out)
{
    if (p->value.len > 0) {
        append_string(p, found, out);
        g_string_append_c(out, '\n');
    }
}

/* One row of the recipient table: its address and what the report says of it. */
static bool append_recipient(span *rest, const texts *found, GString *out)
{
    unsigned count;
    property name = NO_PROPERTY;
    property address = NO_PROPERTY;
    property report = NO_PROPERTY;
    property p;
    if (!take_number(rest, 4, &count)) {
        return false;
    }
    for (; count > 0; count--) {
        if (!take_property(rest, &p)) {
            return false;
        }
        if (p.id == PR_DISPLAY_NAME) {
            name = p;
        } else if (p.id == PR_SMTP_ADDRESS ||
                   (p.id == PR_EMAIL_ADDRESS && address.id != PR_SMTP_ADDRESS)) {
            address = p;
        } else if (p.id == PR_REPORT_TEXT) {
            report = p;
        }
    }
    if (report.value.len > 0) {
        append_line(address.value.len > 0 ? &address : &name, found, out);
        append_line(&report, found, out);
    }
    return true;
}

/* A non-delivery report may have no body: Outlook makes up its text from these. */
static void append_reports(const texts *found, GString *out)
{
    span rest = found->recipients;
    unsigned rows;
    if (out->len > 0 && (found->report.value.len > 0 || rest.len > 0)) {
        g_string_append(out, "\n\n");
    }
    append_line(&found->report, found, out);
    if (take_number(&rest, 4, &rows)) {
        while (rows > 0 && out->len < LIMIT_TEXT_PART_BYTES &&
               append_recipient(&rest, found, out)) {
            rows--;
        }
    }
}

bool tnef_to_text(span bytes, size_t max_bytes, GString *out)
{
    texts found = { .body = { "", 0 },
                    .mapi_body = NO_PROPERTY,
                    .html = NO_PROPERTY,
                    .rtf = NO_PROPERTY,
                    .report = NO_PROPERTY,
                    .recipients = { "", 0 } };
    if (!read_attributes(bytes, &found)) {
        return false;
    }
    GString *text = g_string_new(NULL);
    append_body(&found, text);
    append_reports(&found, text);
    span trimmed = span_trim((span){ text->str, text->len });
    size_t len = MIN(trimmed.len, max_bytes);
    while (len < trimmed.len && len > 0 && (trimmed.ptr[len] & 0xC0) == 0x80) {
        len--; /* not in the middle of a character */
    }
    g_string_append_len(out, trimmed.ptr, (gssize)len);
    g_string_free(text, TRUE);
    return trimmed.len > 0;
}
