/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "message/message.h"

#include "message/charset.h"
#include "message/date.h"
#include "message/encoded_word.h"
#include "message/received.h"

#include <stdint.h>
#include <string.h>

/* One block of the string store: room for the envelope and some boundaries. */
enum { STORE_BLOCK_BYTES = 1024 };

const part *message_part(const backstop_message *message, unsigned index)
{
    return &g_array_index(message->parts, part, index);
}

unsigned message_part_count(const backstop_message *message)
{
    return message->parts->len;
}

field_block message_header(const backstop_message *message)
{
    return message_part(message, 0)->fields;
}

void message_share_envelope(const backstop_message *outer, backstop_message *inner)
{
    inner->knows_mail_from = outer->knows_mail_from;
    inner->mail_from = outer->mail_from;
    g_free(inner->recipients);
    inner->recipients = g_memdup2(outer->recipients, outer->recipient_count * sizeof(span));
    inner->recipient_count = outer->recipient_count;
}

bool part_is_text(const part *p)
{
    return !p->has_parts &&
           (p->type.type.len == 0 || span_equal_nocase(p->type.type, SPAN("text")));
}

static span declared_charset(const part *p, GString *scratch)
{
    g_string_truncate(scratch, 0);
    param_read(field_value(p->fields, "Content-Type"), "charset", scratch);
    return (span){ scratch->str, scratch->len };
}

/* Charsets in which ASCII bytes do not stand for ASCII characters. */
static bool hides_ascii(span charset)
{
    return span_starts_nocase(charset, SPAN("utf-16")) ||
           span_starts_nocase(charset, SPAN("utf-32")) ||
           span_starts_nocase(charset, SPAN("utf-7")) || span_starts_nocase(charset, SPAN("hz")) ||
           span_starts_nocase(charset, SPAN("ibm")) || span_starts_nocase(charset, SPAN("ucs"));
}

span part_text(const part *p, size_t max_bytes, GString *scratch, bool *cut)
{
    GString *decoded = NULL;
    span bytes = p->body;
    if (p->encoding == TRANSFER_IDENTITY) {
        *cut = *cut || bytes.len > max_bytes;
        bytes = span_head(bytes, max_bytes);
        if (charset_is_plain(bytes) && !hides_ascii(declared_charset(p, scratch))) {
            return bytes;
        }
    } else {
        decoded = g_string_sized_new(bytes.len < max_bytes ? bytes.len : max_bytes);
        if (!transfer_decode(p->encoding, bytes, max_bytes, decoded)) {
            *cut = true;
        }
        bytes = (span){ decoded->str, decoded->len };
    }
    GString *charset = g_string_new(NULL);
    span label = declared_charset(p, charset);
    g_string_truncate(scratch, 0);
    charset_to_utf8(label, bytes, scratch);
    g_string_free(charset, TRUE);
    if (decoded != NULL) {
        g_string_free(decoded, TRUE);
    }
    return (span){ scratch->str, scratch->len };
}

static span copy_text(backstop_message *message, const char *text)
{
    span s = span_from_string(text);
    if (s.len == 0) {
        return SPAN("");
    }
    return (span){ g_string_chunk_insert_len(message->store, s.ptr, (gssize)s.len), s.len };
}

static void copy_envelope(backstop_message *message, const backstop_envelope *envelope)
{
    message->knows_mail_from = envelope->mail_from != NULL;
    message->client_ip = copy_text(message, envelope->client_ip);
    message->helo = copy_text(message, envelope->helo);
    message->mail_from = copy_text(message, envelope->mail_from);
    message->recipient_count = envelope->recipient_count;
    message->recipients = g_new0(span, envelope->recipient_count);
    for (size_t i = 0; i < envelope->recipient_count; i++) {
        message->recipients[i] = copy_text(message, envelope->recipients[i]);
    }
}

backstop_status backstop_message_read(const char *bytes, size_t len,
                                      const backstop_envelope *envelope, backstop_message **out)
{
    *out = NULL;
    if (len == 0 || span_trim((span){ bytes, len }).len == 0) {
        return BACKSTOP_ERROR_EMPTY;
    }
    backstop_message *message = g_new0(backstop_message, 1);
    message->input = (span){ bytes, len };
    message->fields = g_array_sized_new(FALSE, FALSE, sizeof(header_field), 64);
    message->parts = g_array_sized_new(FALSE, FALSE, sizeof(part), 8);
    message->store = g_string_chunk_new(STORE_BLOCK_BYTES);
    if (envelope != NULL) {
        copy_envelope(message, envelope);
    }
    reader_run(message);
    *out = message;
    return BACKSTOP_OK;
}

void backstop_message_free(backstop_message *message)
{
    if (message == NULL) {
        return;
    }
    g_array_free(message->fields, TRUE);
    g_array_free(message->parts, TRUE);
    g_string_chunk_free(message->store);
    g_free(message->recipients);
    g_free(message);
}

bool backstop_message_is_cut(const backstop_message *message)
{
    return message->cut;
}

size_t backstop_message_field_count(const backstop_message *message)
{
    return message_header(message).count;
}

static const char *hand_out(span s, size_t *len)
{
    *len = s.len;
    return s.ptr;
}

const char *backstop_message_field_name(const backstop_message *message, size_t index, size_t *len)
{
    field_block header = message_header(message);
    if (index >= header.count) {
        *len = 0;
        return NULL;
    }
    return hand_out(field_at(header, (unsigned)index)->name, len);
}

const char *backstop_message_field_value(const backstop_message *message, size_t index, size_t *len)
{
    field_block header = message_header(message);
    if (index >= header.count) {
        *len = 0;
        return NULL;
    }
    return hand_out(field_at(header, (unsigned)index)->value, len);
}

char *backstop_message_field_text(const backstop_message *message, const char *name)
{
    const header_field *found = field_find(message_header(message), span_from_string(name), 0);
    if (found == NULL) {
        return NULL;
    }
    GString *text = g_string_sized_new(found->value.len);
    encoded_word_decode(found->value, text);
    return g_string_free(text, FALSE);
}

bool backstop_message_date(const backstop_message *message, int64_t *unix_sec)
{
    const header_field *top = field_find(message_header(message), SPAN("Received"), 0);
    received hop;
    if (top != NULL && received_read(top->value, &hop) && hop.has_date) {
        *unix_sec = hop.date_sec;
        return true;
    }
    const header_field *date = field_find(message_header(message), SPAN("Date"), 0);
    return date != NULL && date_read(date->value, unix_sec);
}

size_t backstop_message_part_count(const backstop_message *message)
{
    return message->parts->len;
}

int backstop_message_part_parent(const backstop_message *message, size_t index)
{
    return index < message->parts->len ? message_part(message, (unsigned)index)->parent : PART_NONE;
}

char *backstop_message_part_type(const backstop_message *message, size_t index)
{
    if (index >= message->parts->len) {
        return NULL;
    }
    media_type type = message_part(message, (unsigned)index)->type;
    if (type.type.len == 0) {
        return g_strdup("text/plain");
    }
    GString *text = g_string_new_len(type.type.ptr, (gssize)type.type.len);
    g_string_append_c(text, '/');
    g_string_append_len(text, type.subtype.ptr, (gssize)type.subtype.len);
    g_string_ascii_down(text);
    return g_string_free(text, FALSE);
}

/* Writes `text` with LF for each line end, CRLF (with any number of CRs) or a lone CR, to `out`,
 * which has room for as much and may be text.ptr itself. Returns how much was written. */
static size_t write_unix_lines(span text, char *out)
{
    const char *end = text.ptr + text.len;
    char *to = out;
    for (const char *at = text.ptr; at < end;) {
        const char *cr = memchr(at, '\r', (size_t)(end - at));
        const char *stop = cr == NULL ? end : cr;
        memmove(to, at, (size_t)(stop - at));
        to += stop - at;
        for (at = stop; at < end && *at == '\r'; at++) {
        }
        if (at < end && *at == '\n') {
            continue;
        }
        memset(to, '\n', (size_t)(at - stop));
        to += at - stop;
    }
    return (size_t)(to - out);
}

/* The text of a part with Unix line ends. It is changed where it stands if it had to be decoded,
 * so that there are never two copies of a large one. */
static GString *read_unix_text(const part *p)
{
    GString *scratch = g_string_new(NULL);
    bool cut = false;
    span text = part_text(p, SIZE_MAX, scratch, &cut);
    if (text.ptr != scratch->str) {
        g_string_set_size(scratch, text.len);
    }
    g_string_set_size(scratch, write_unix_lines(text, scratch->str));
    return scratch;
}

char *backstop_message_part_body(const backstop_message *message, size_t index, size_t *len)
{
    if (index >= message->parts->len || message_part(message, (unsigned)index)->has_parts) {
        return NULL;
    }
    const part *p = message_part(message, (unsigned)index);
    GString *out;
    if (part_is_text(p)) {
        out = read_unix_text(p);
    } else {
        out = g_string_sized_new(p->body.len + 1);
        transfer_decode(p->encoding, p->body, SIZE_MAX, out);
    }
    if (len != NULL) {
        *len = out->len;
    }
    return g_string_free(out, FALSE);
}

void backstop_text_free(char *text)
{
    g_free(text);
}
