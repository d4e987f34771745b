/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/mail_stream.h"

#include "app/from_line.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

/* The least that is read at once. Most notices are smaller: one read() each. */
static const size_t read_bytes = (size_t)64 * 1024;

/* The most: what is read beyond a message's limit takes memory for nothing. */
static const size_t most_bytes = (size_t)1024 * 1024;

mail_stream mail_stream_new(size_t max_bytes)
{
    mail_stream s = { .max_bytes = max_bytes, .capacity = 2 * read_bytes };
    s.buffer = g_malloc(s.capacity);
    return s;
}

void mail_stream_free(mail_stream *s)
{
    g_free(s->buffer);
    s->buffer = NULL;
}

void mail_stream_open(mail_stream *s, int fd, int64_t size)
{
    *s = (mail_stream){ .max_bytes = s->max_bytes,
                        .fd = fd,
                        .size = size,
                        .buffer = s->buffer,
                        .capacity = s->capacity };
}

/* Makes room for read_bytes more. What is moved is never more than what was handed on since the
 * last move, so that the work stays linear; after a long message the buffer's rest is left alone.
 */
static void make_room(mail_stream *s)
{
    size_t kept = s->end - s->begin;
    bool is_short = s->capacity - s->end < read_bytes;
    if (kept <= s->begin && (is_short || s->begin >= most_bytes)) {
        memmove(s->buffer, s->buffer + s->begin, kept);
        s->scan -= s->begin;
        s->begin = 0;
        s->end = kept;
    }
    if (s->capacity - s->end < read_bytes) {
        s->capacity *= 2;
        s->buffer = g_realloc(s->buffer, s->capacity);
    }
}

/* Reads some more. False, and s->at_end, if there is no more; true may come with s->at_end too. */
static bool fill(mail_stream *s)
{
    if (s->at_end) {
        return false;
    }
    make_room(s);
    ssize_t n;
    do {
        n = read(s->fd, s->buffer + s->end, MIN(s->capacity - s->end, most_bytes));
    } while (n < 0 && errno == EINTR);
    if (n <= 0) {
        s->error = n < 0 ? errno : 0;
        s->at_end = true;
        return false;
    }
    s->end += (size_t)n;
    s->position += n;
    /* Saves the read() that would return 0: for small files half of the calls. */
    s->at_end = s->position == s->size;
    return true;
}

static span unread(const mail_stream *s)
{
    return (span){ s->buffer + s->begin, s->end - s->begin };
}

/* Whether it begins as an mbox does; "From : " is a header field with obsolete blanks. */
static bool starts_as_mbox(span head)
{
    return span_starts(head, SPAN("From ")) && !span_starts(head, SPAN("From :"));
}

/* Passes over the separator line that the input starts with, and learns how lines end. */
static void pass_first_separator(mail_stream *s, size_t line_len)
{
    span rest = span_skip(unread(s), line_len);
    bool has_cr = span_starts(rest, SPAN("\r"));
    bool has_crlf = span_starts(rest, SPAN("\r\n"));
    s->line_end = has_cr && !has_crlf ? '\r' : '\n';
    s->begin += line_len + MIN(has_crlf ? 2 : 1, rest.len);
    s->scan = s->begin;
}

/* Looks at the first line: is this an mbox? */
static void begin_reading(mail_stream *s)
{
    while (true) {
        span head = span_head(unread(s), FROM_LINE_BYTES);
        if (head.len > strlen("From :") && !starts_as_mbox(head)) {
            return;
        }
        size_t len = MIN(span_find_char(head, '\n'), span_find_char(head, '\r'));
        /* A CR at the end of what has been read may be half of a CRLF. */
        bool is_whole = len + 2 <= head.len || (s->at_end && head.len < FROM_LINE_BYTES);
        if (is_whole && starts_as_mbox(head)) {
            s->is_mbox = true;
            pass_first_separator(s, len);
        }
        if (s->is_mbox || s->at_end || head.len == FROM_LINE_BYTES) {
            return;
        }
        fill(s);
    }
}

/* Where the message ends whose separator follows the line end at `at`; `at` + 1 if no empty line
 * stands there, so that it is no separator. */
static size_t end_before_empty_line(const mail_stream *s, size_t at)
{
    const char *b = s->buffer;
    size_t floor = s->begin;
    if ((at == floor && !s->is_skipping) || (at > floor && b[at - 1] == s->line_end)) {
        return at;
    }
    if (s->line_end == '\n' && at > floor && b[at - 1] == '\r') {
        bool is_first = at - 1 == floor && !s->is_skipping;
        if (is_first || (at - 1 > floor && b[at - 2] == '\n')) {
            return at - 1;
        }
    }
    return at + 1;
}

/* Looks for the next separator in what has been read: the message's end into `*end`, the next
 * one's begin into `*next`. Else s->scan is where to go on when more is there. */
static bool find_separator(mail_stream *s, size_t *end, size_t *next)
{
    const char needle[] = { s->line_end, 'F', 'r', 'o', 'm', ' ' };
    while (s->scan < s->end) {
        const char *from = s->buffer + s->scan;
        const char *found = memmem(from, s->end - s->scan, needle, sizeof needle);
        if (found == NULL) {
            size_t tail = s->end - MIN(s->end, sizeof needle - 1);
            s->scan = MAX(s->scan, tail);
            return false;
        }
        size_t at = (size_t)(found - s->buffer);
        s->scan = at;
        span line = span_head((span){ found + 1, s->end - at - 1 }, FROM_LINE_BYTES + 1);
        size_t len = span_find_char(line, s->line_end);
        if (len == line.len && len <= FROM_LINE_BYTES && !s->at_end) {
            return false;
        }
        *end = end_before_empty_line(s, at);
        if (*end <= at && from_line_is_separator(span_head(line, len))) {
            *next = MIN(at + 1 + len + 1, s->end);
            return true;
        }
        s->scan = at + 1;
    }
    return false;
}

/* Where a place in the buffer lies in the file. */
static int64_t position_of(const mail_stream *s, size_t at)
{
    return s->position - (int64_t)(s->end - at);
}

/* The message's bytes end at `end`, what belongs to it in the file at `behind`. */
static void hand_on(mail_stream *s, size_t end, size_t behind, mail_stream_message *message)
{
    span bytes = { s->buffer + s->begin, end - s->begin };
    bool cut = bytes.len > s->max_bytes;
    *message = (mail_stream_message){ .bytes = span_head(bytes, s->max_bytes),
                                      .index = s->count++,
                                      .cut = cut,
                                      .begin = s->begin_position,
                                      .end = cut ? 0 : position_of(s, behind) };
    s->begin_position = position_of(s, behind);
}

static bool next_single(mail_stream *s, mail_stream_message *message)
{
    while (unread(s).len <= s->max_bytes && fill(s)) {
    }
    s->is_done = true;
    hand_on(s, s->end, s->end, message);
    return s->error == 0;
}

/* Passes over the rest of a message of which all that may be was handed on. False at the end. */
static bool skip_rest(mail_stream *s)
{
    size_t end, next;
    while (!find_separator(s, &end, &next)) {
        if (s->at_end) {
            return false;
        }
        /* Two bytes before tell whether an empty line stands there. */
        s->begin = s->scan - 2;
        fill(s);
    }
    s->is_skipping = false;
    s->begin_position = position_of(s, s->scan + 1);
    s->begin = s->scan = next;
    return true;
}

/* The empty line at the end of an mbox belongs to its form. */
static size_t end_of_last(const mail_stream *s)
{
    size_t at = s->end - 1;
    if (s->end == s->begin || s->buffer[at] != s->line_end) {
        return s->end;
    }
    return MIN(end_before_empty_line(s, at), s->end);
}

static bool next_in_mbox(mail_stream *s, mail_stream_message *message)
{
    if (s->is_skipping && !skip_rest(s)) {
        return false;
    }
    size_t end = 0;
    size_t next = 0;
    bool has_next;
    while (!(has_next = find_separator(s, &end, &next)) && !s->at_end) {
        if (unread(s).len > s->max_bytes + FROM_LINE_BYTES) {
            hand_on(s, s->end, s->end, message);
            message->has_siblings = message->index > 0;
            s->is_skipping = true;
            return true;
        }
        fill(s);
    }
    if (s->error != 0) {
        return false;
    }
    s->is_done = !has_next;
    /* The separator was found behind the line end at s->scan. */
    size_t behind = has_next ? s->scan + 1 : s->end;
    hand_on(s, has_next ? end : end_of_last(s), behind, message);
    message->has_siblings = message->index > 0 || has_next;
    s->begin = s->scan = has_next ? next : s->end;
    return true;
}

bool mail_stream_next(mail_stream *s, mail_stream_message *message)
{
    if (s->is_done || s->error != 0) {
        return false;
    }
    if (s->count == 0) {
        fill(s);
        begin_reading(s);
    }
    return s->is_mbox ? next_in_mbox(s, message) : next_single(s, message);
}
