/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/header_block.h"

#include "message/field.h"
#include "message/message.h"

#include <glib.h>

enum {
    SEEN_FROM = 1 << 0,
    SEEN_TO = 1 << 1,
    SEEN_SUBJECT = 1 << 2,
    SEEN_DATE = 1 << 3,
    SEEN_MESSAGE_ID = 1 << 4,
    SEEN_MIME = 1 << 5,
    SEEN_OTHER = 1 << 6,
    /* Nobody writes these by hand. */
    SEEN_RECEIVED = 1 << 7,
    SEEN_RETURN_PATH = 1 << 8,
    SEEN_SIGNATURE = 1 << 9,
    SEEN_TRACE = SEEN_RECEIVED | SEEN_RETURN_PATH | SEEN_SIGNATURE,
};

static unsigned kind_of(span name)
{
    static const struct {
        span name;
        unsigned seen;
    } names[] = {
        { SPAN_OF("From"), SEEN_FROM },
        { SPAN_OF("To"), SEEN_TO },
        { SPAN_OF("Subject"), SEEN_SUBJECT },
        { SPAN_OF("Date"), SEEN_DATE },
        { SPAN_OF("Sent"), SEEN_DATE },
        { SPAN_OF("Message-ID"), SEEN_MESSAGE_ID },
        { SPAN_OF("Received"), SEEN_RECEIVED },
        { SPAN_OF("Return-Path"), SEEN_RETURN_PATH },
        { SPAN_OF("DKIM-Signature"), SEEN_SIGNATURE },
        { SPAN_OF("MIME-Version"), SEEN_MIME },
        { SPAN_OF("Content-Type"), SEEN_MIME },
        { SPAN_OF("Content-Transfer-Encoding"), SEEN_MIME },
        { SPAN_OF("Sender"), SEEN_OTHER },
        { SPAN_OF("Reply-To"), SEEN_OTHER },
        { SPAN_OF("Cc"), SEEN_OTHER },
        { SPAN_OF("X-Mailer"), SEEN_OTHER },
        { SPAN_OF("In-Reply-To"), SEEN_OTHER },
        { SPAN_OF("References"), SEEN_OTHER },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (span_equal_nocase(name, names[i].name)) {
            return names[i].seen;
        }
    }
    return 0;
}

static unsigned count_bits(unsigned bits)
{
    return (unsigned)__builtin_popcount(bits);
}

static header_block_quality quality_of(unsigned seen)
{
    unsigned address_fields = seen & (SEEN_FROM | SEEN_TO | SEEN_SUBJECT | SEEN_DATE);
    if ((seen & SEEN_TRACE) != 0 && count_bits(seen) >= 2) {
        return BLOCK_HEADER;
    }
    if ((seen & (SEEN_MESSAGE_ID | SEEN_MIME)) != 0 && count_bits(address_fields) >= 2) {
        return BLOCK_HEADER;
    }
    return count_bits(address_fields) >= 2 ? BLOCK_SUMMARY : BLOCK_NONE;
}

static size_t indent_of(span line)
{
    size_t n = 0;
    while (n < line.len && (line.ptr[n] == ' ' || line.ptr[n] == '\t' || line.ptr[n] == '>')) {
        n++;
    }
    return n;
}

/* What can be the first field of a header: "Headers:" above one is prose. */
static bool may_begin(span name)
{
    return kind_of(name) != 0 || span_find_char(name, '-') < name.len;
}

typedef struct block_run {
    bool is_open;
    unsigned seen;
    size_t indent;
    span from_here;
} block_run;

/* Takes the run if it is better than what was found. False if nothing behind it is wanted. */
static bool consider(header_block *best, const block_run *run)
{
    header_block_quality quality = run->is_open ? quality_of(run->seen) : BLOCK_NONE;
    if (quality > best->quality) {
        bool is_inside = best->quality != BLOCK_NONE;
        bool names_author = (run->seen & SEEN_FROM) != 0;
        *best = (header_block){ quality, run->from_here, run->indent, names_author, is_inside };
        return quality != BLOCK_HEADER && !names_author;
    }
    return true;
}

header_block header_block_find(span text, char line_end)
{
    header_block best = { .quality = BLOCK_NONE };
    block_run run = { .is_open = false };
    span rest = text, line;
    bool goes_on = true;
    for (;;) {
        span here = rest;
        if (!goes_on || !reader_next_line(&rest, line_end, &line)) {
            break;
        }
        size_t indent = indent_of(line), name_len;
        span content = span_skip(line, indent);
        bool is_continuation = run.is_open && indent > run.indent && content.len > 0;
        bool is_field = field_starts_line(content, &name_len);
        is_field = is_field && (run.is_open || may_begin(span_head(content, name_len)));
        if (is_field && !is_continuation && (!run.is_open || indent == run.indent)) {
            if (!run.is_open) {
                run = (block_run){ true, 0, indent, here };
            }
            run.seen |= kind_of(span_head(content, name_len));
        } else if (!is_continuation) {
            goes_on = consider(&best, &run);
            run.is_open = false;
            if (is_field && may_begin(span_head(content, name_len))) {
                run = (block_run){ true, kind_of(span_head(content, name_len)), indent, here };
            }
        }
    }
    if (goes_on) {
        consider(&best, &run);
    }
    return best;
}
