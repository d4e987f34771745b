/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/postfix_line.h"

#include <glib.h>

enum {
    /* A short one is time and inode in hexadecimal, a long one the same to the base of 52
     * (enable_long_queue_ids). */
    QUEUE_ID_BYTES_MIN = 5,
    QUEUE_ID_BYTES_MAX = 30,
};

/* Offset of the first or the last place of `needle`, or s.len. */
static size_t find(span s, span needle)
{
    const char *at = s.len == 0 ? NULL : memmem(s.ptr, s.len, needle.ptr, needle.len);
    return at == NULL ? s.len : (size_t)(at - s.ptr);
}

static size_t find_last(span s, span needle)
{
    for (size_t i = s.len + 1; i-- > needle.len;) {
        size_t at = i - needle.len;
        if (memcmp(s.ptr + at, needle.ptr, needle.len) == 0) {
            return at;
        }
    }
    return s.len;
}

/* Cuts `prefix` off. */
static bool take(span *s, span prefix)
{
    if (!span_starts(*s, prefix)) {
        return false;
    }
    *s = span_skip(*s, prefix.len);
    return true;
}

/* What stands in the first brackets: "mx.our.example[192.0.2.5]:25". Empty if there are none. */
static span in_brackets(span s)
{
    s = span_skip(s, span_find_char(s, '[') + 1);
    size_t end = span_find_char(s, ']');
    return end == s.len ? SPAN("") : span_head(s, end);
}

/* "client=unknown[192.0.2.7], sasl_method=PLAIN, sasl_username=alice" */
static bool read_client(span text, postfix_event *out)
{
    if (!take(&text, SPAN("client="))) {
        return false;
    }
    span behind = span_skip(text, span_find_char(text, ']'));
    size_t original = find(behind, SPAN(", orig_client="));
    out->kind = POSTFIX_CLIENT;
    out->ip = in_brackets(text);
    out->is_logged_in = find(behind, SPAN(", sasl_username=")) < behind.len;
    /* A proxy in front of the queue tells whose mail it hands in. One behind the queue does too,
     * but then the mail was in this log before. */
    if (original < behind.len && find(behind, SPAN(", orig_queue_id=")) == behind.len) {
        out->ip = in_brackets(span_skip(behind, original));
    }
    return true;
}

static bool read_pickup(span text, postfix_event *out)
{
    out->kind = POSTFIX_PICKUP;
    return span_starts(text, SPAN("uid="));
}

static bool read_message_id(span text, postfix_event *out)
{
    out->kind = POSTFIX_MESSAGE_ID;
    if (!take(&text, SPAN("message-id="))) {
        return false;
    }
    out->value = span_trim(text);
    return true;
}

/* "from=<alice@our.example>, size=2000, nrcpt=1 (queue active)". What follows the sender is
 * Postfix's own, so the sender ends at the last place where it can. */
static bool read_queue_manager(span text, postfix_event *out)
{
    if (span_equal(text, SPAN("removed"))) {
        out->kind = POSTFIX_REMOVED;
        return true;
    }
    out->kind = POSTFIX_SENDER;
    if (!take(&text, SPAN("from=<"))) {
        return false;
    }
    size_t end = find_last(text, SPAN(">, size="));
    if (end == text.len) {
        end = find_last(text, SPAN(">, status="));
    }
    out->value = span_head(text, end);
    return end < text.len;
}

/* "to=<nobody@remote.example>, orig_to=<bob>, relay=mx.remote.example[192.0.2.9]:25, delay=1,
 * status=bounced (host ... said: 550 ...)". The end is the remote server's, so each value ends at
 * the first place where it can. */
static bool read_attempt(span text, postfix_event *out)
{
    out->kind = POSTFIX_RECIPIENT;
    if (!take(&text, SPAN("to=<"))) {
        return false;
    }
    size_t end = find(text, SPAN(">, relay="));
    size_t original = find(span_head(text, end), SPAN(">, orig_to=<"));
    if (end == text.len) {
        return false;
    }
    out->value = span_head(text, original);
    if (original < end) {
        size_t start = original + strlen(">, orig_to=<");
        out->original = (span){ text.ptr + start, end - start };
    }
    text = span_skip(text, end + strlen(">, relay="));
    size_t relay_len = find(text, SPAN(", "));
    out->ip = in_brackets(span_head(text, relay_len));
    text = span_skip(text, relay_len);
    /* Of a probe whether an address exists, no mail was sent. */
    span status = span_skip(text, find(text, SPAN(", status=")) + strlen(", status="));
    return !span_starts(status, SPAN("deliverable")) && !span_starts(status, SPAN("undeliverable"));
}

static bool read_smtp(span text, postfix_event *out)
{
    out->is_smtp = true;
    return read_attempt(text, out);
}

/* By the superuser's hand. */
static bool read_postsuper(span text, postfix_event *out)
{
    out->kind = POSTFIX_REMOVED;
    return span_equal(text, SPAN("removed")) || span_equal(text, SPAN("requeued"));
}

static const struct {
    const char *program;
    bool (*read)(span text, postfix_event *out);
} programs[] = {
    { "qmgr", read_queue_manager },  { "smtp", read_smtp },
    { "cleanup", read_message_id },  { "smtpd", read_client },
    { "lmtp", read_attempt },        { "local", read_attempt },
    { "virtual", read_attempt },     { "pipe", read_attempt },
    { "error", read_attempt },       { "retry", read_attempt },
    { "discard", read_attempt },     { "pickup", read_pickup },
    { "qmqpd", read_client },        { "nqmgr", read_queue_manager },
    { "postsuper", read_postsuper },
};

/* "4A5F02C1D3: " at the start of `*text`, which is cut off. */
static bool take_queue_id(span *text, span *out)
{
    size_t len = 0;
    while (len < text->len && ascii_is_alnum(text->ptr[len])) {
        len++;
    }
    *out = span_head(*text, len);
    *text = span_skip(*text, len);
    return len >= QUEUE_ID_BYTES_MIN && len <= QUEUE_ID_BYTES_MAX && take(text, SPAN(": ")) &&
           !span_equal(*out, SPAN("NOQUEUE"));
}

bool postfix_line_read(const syslog_line *line, postfix_event *out)
{
    *out =
        (postfix_event){ .instance = span_head(line->program, span_find_char(line->program, '/')) };
    span program = line->program;
    size_t slash;
    while ((slash = span_find_char(program, '/')) < program.len) {
        program = span_skip(program, slash + 1);
    }
    span text = span_trim(line->text);
    if (out->instance.len == line->program.len || !take_queue_id(&text, &out->queue_id)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        if (span_equal(program, span_from_string(programs[i].program))) {
            return programs[i].read(text, out);
        }
    }
    return false;
}
