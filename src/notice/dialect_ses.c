/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/dialect_ses.h"

#include "message/limits.h"

#include <string.h>

typedef struct report {
    dialect_ses_type type;
    const char *action;
    unsigned recipients;
    bool skips_recipient; /* its status and diagnostic, too */
    unsigned fields;      /* of the original's header */
    GString *mta;
    GString *groups;  /* per-recipient fields */
    GString *headers; /* the original's header fields */
    GString *name;    /* of the header field whose value comes next */
    GString *common;  /* header fields of "commonHeaders": for reports without "headers" */
    GString *key;     /* the last key */
    GString *value;
    GString *inner; /* the report that SNS put into a string */
} report;

static size_t read_hex(span s, gunichar *code)
{
    size_t n = 0;
    *code = 0;
    while (n < 4 && n < s.len && g_ascii_isxdigit(s.ptr[n])) {
        *code = *code * 16 + (gunichar)g_ascii_xdigit_value(s.ptr[n++]);
    }
    return n;
}

/* The four digits behind "\\u", and those of the other half of a surrogate pair (RFC 8259, 7). */
static size_t read_escape(span s, gunichar *code)
{
    gunichar low;
    size_t n = read_hex(s, code);
    span rest = span_skip(s, n);
    if (*code >= 0xD800 && *code < 0xDC00 && span_starts(rest, SPAN("\\u"))) {
        size_t more = read_hex(span_skip(rest, 2), &low);
        if (low >= 0xDC00 && low < 0xE000) {
            *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
            n += 2 + more;
        }
    }
    return n;
}

/* Unescapes the JSON string that starts at its opening quote; returns how long it is with both
 * quotes. White space and control characters become spaces: the result goes into a field. */
static size_t read_string(span s, GString *out)
{
    size_t i = 1;
    g_string_truncate(out, 0);
    while (i < s.len && s.ptr[i] != '"') {
        char c = s.ptr[i++];
        if (c == '\\' && i < s.len) {
            c = s.ptr[i++];
            if (c == 'u') {
                gunichar code;
                i += read_escape(span_skip(s, i), &code);
                g_string_append_unichar(out, g_unichar_validate(code) && code > ' ' ? code : ' ');
                continue;
            }
            c = c == 'n' || c == 'r' || c == 't' || c == 'b' || c == 'f' ? ' ' : c;
        }
        g_string_append_c(out, (unsigned char)c < ' ' ? ' ' : c);
    }
    return i < s.len ? i + 1 : i;
}

static bool key_is(const report *r, const char *name)
{
    return strcmp(r->key->str, name) == 0;
}

static void set_type(report *r, const char *name)
{
    static const struct {
        const char *name;
        dialect_ses_type type;
        const char *action;
    } types[] = {
        { "Bounce", SES_DELIVERY, "failed" },
        { "DeliveryDelay", SES_DELIVERY, "delayed" },
        { "Delivery", SES_DELIVERY, "delivered" },
        { "Complaint", SES_COMPLAINT, NULL },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (strcmp(types[i].name, name) == 0) {
            r->type = types[i].type;
            r->action = types[i].action;
        }
    }
}

static void add_recipient(report *r, const char *spec)
{
    r->skips_recipient = spec[0] == '\0' || r->recipients >= LIMIT_RECIPIENTS;
    if (r->skips_recipient) {
        return;
    }
    r->recipients++;
    g_string_append_printf(r->groups, "\nFinal-Recipient: rfc822; %s\nAction: %s\n", spec,
                           r->action != NULL ? r->action : "failed");
}

static void add_common(report *r, const char *name)
{
    g_string_append_printf(r->common, "%s: %s\n", name, r->value->str);
}

static void take_value(report *r)
{
    const char *value = r->value->str;
    if (key_is(r, "notificationType") || key_is(r, "eventType")) {
        set_type(r, value);
    } else if (key_is(r, "Message") && value[0] == '{') {
        g_string_assign(r->inner, value);
    } else if (key_is(r, "emailAddress") || key_is(r, "recipients")) {
        add_recipient(r, value);
    } else if (key_is(r, "status") && !r->skips_recipient) {
        g_string_append_printf(r->groups, "Status: %s\n", value);
    } else if (key_is(r, "diagnosticCode") && !r->skips_recipient) {
        g_string_append_printf(r->groups, "Diagnostic-Code: %s\n", value);
    } else if (key_is(r, "reportingMTA")) {
        const char *bare = g_str_has_prefix(value, "dsn; ") ? value + 5 : value;
        g_string_printf(r->mta, "Reporting-MTA: dns; %s\n", bare);
    } else if (key_is(r, "source")) {
        g_string_append_printf(r->headers, "Return-Path: <%s>\n", value);
    } else if (key_is(r, "name")) {
        g_string_assign(r->name, value);
    } else if (key_is(r, "value") && r->name->len > 0 && r->fields < LIMIT_FIELDS_PER_BLOCK) {
        r->fields++;
        g_string_append_printf(r->headers, "%s: %s\n", r->name->str, value);
        g_string_truncate(r->name, 0);
    } else if (key_is(r, "from") || key_is(r, "to") || key_is(r, "date") || key_is(r, "subject")) {
        add_common(r, r->key->str);
    } else if (key_is(r, "messageId") && value[0] == '<') {
        add_common(r, "Message-ID");
    }
}

/* Takes the strings as they come: one before a colon is a key, any other a value of the last key.
 */
static void scan(report *r, span text)
{
    while (text.len > 0) {
        text = span_skip(text, span_find_char(text, '"'));
        if (text.len == 0) {
            return;
        }
        text = span_skip(text, read_string(text, r->value));
        span after = span_trim(span_head(text, 16));
        if (after.len > 0 && after.ptr[0] == ':') {
            g_string_assign(r->key, r->value->str);
        } else {
            take_value(r);
        }
    }
}

static void start(report *r)
{
    *r = (report){ .type = SES_NONE };
    GString **buffers[] = { &r->mta,    &r->groups, &r->headers, &r->name,
                            &r->common, &r->key,    &r->value,   &r->inner };
    for (size_t i = 0; i < G_N_ELEMENTS(buffers); i++) {
        *buffers[i] = g_string_new(NULL);
    }
}

static void finish(report *r)
{
    GString *buffers[] = { r->mta,    r->groups, r->headers, r->name,
                           r->common, r->key,    r->value,   r->inner };
    for (size_t i = 0; i < G_N_ELEMENTS(buffers); i++) {
        g_string_free(buffers[i], TRUE);
    }
}

/* The JSON up to its last brace, empty if prose follows it: behind a report stands nothing, or the
 * footer of SNS. Developers write on. */
static span cut_report(span text)
{
    size_t end = text.len;
    while (end > 0 && text.ptr[end - 1] != '}') {
        end--;
    }
    span rest = span_trim(span_skip(text, end));
    bool is_all = rest.len == 0 || span_starts(rest, SPAN("--"));
    return span_head(text, is_all ? end : 0);
}

dialect_ses_type dialect_ses_rewrite(span text, GString *out)
{
    report r;
    text = span_trim(text);
    if (text.len == 0 || text.ptr[0] != '{') {
        return SES_NONE;
    }
    text = cut_report(text);
    start(&r);
    scan(&r, text);
    if (r.type == SES_NONE && r.inner->len > 0) {
        GString *inner = g_string_new_len(r.inner->str, (gssize)r.inner->len);
        scan(&r, (span){ inner->str, inner->len });
        g_string_free(inner, TRUE);
    }
    if (r.type != SES_NONE) {
        bool has_headers = strstr(r.headers->str, "\nMessage-ID:") != NULL;
        g_string_append_printf(out, "%s%s\n%s%s\n", r.mta->str,
                               r.type == SES_DELIVERY ? r.groups->str : "", r.headers->str,
                               has_headers ? "" : r.common->str);
    }
    dialect_ses_type type = r.type;
    finish(&r);
    return type;
}
