/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "message/field.h"

/* No field in use has a longer name; a line of prose with a colon far in is no field. */
enum { NAME_BYTES_MAX = 76 };

bool field_starts_line(span line, size_t *name_len)
{
    size_t n = 0;
    size_t limit = MIN(line.len, NAME_BYTES_MAX + 1);
    /* Printable ASCII (RFC 5322, 2.2): a text that starts with an 8-bit word is no field. The
     * subtraction takes what is below "!" above all. */
    while (n < limit && (unsigned char)(line.ptr[n] - '!') <= '~' - '!' && line.ptr[n] != ':') {
        n++;
    }
    *name_len = n;
    if (n == 0 || n > NAME_BYTES_MAX) {
        return false;
    }
    while (n < line.len && (line.ptr[n] == ' ' || line.ptr[n] == '\t')) {
        n++;
    }
    return n < line.len && line.ptr[n] == ':';
}

bool field_is_from_line(span line)
{
    return span_starts(line, SPAN("From ")) || span_starts(line, SPAN(">From "));
}

field_usage field_usage_of(span name)
{
    static const span once[] = { SPAN_OF("From"),
                                 SPAN_OF("To"),
                                 SPAN_OF("Cc"),
                                 SPAN_OF("Subject"),
                                 SPAN_OF("Date"),
                                 SPAN_OF("Sender"),
                                 SPAN_OF("Reply-To"),
                                 SPAN_OF("Message-ID"),
                                 SPAN_OF("References"),
                                 SPAN_OF("In-Reply-To"),
                                 SPAN_OF("MIME-Version"),
                                 SPAN_OF("Content-Type"),
                                 SPAN_OF("Content-Transfer-Encoding") };
    static const span often[] = { SPAN_OF("Received"),
                                  SPAN_OF("Return-Path"),
                                  SPAN_OF("Delivered-To"),
                                  SPAN_OF("DKIM-Signature"),
                                  SPAN_OF("Authentication-Results"),
                                  SPAN_OF("Received-SPF") };
    for (size_t i = 0; i < G_N_ELEMENTS(once); i++) {
        if (span_equal_nocase(name, once[i])) {
            return USAGE_ONCE;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(often); i++) {
        if (span_equal_nocase(name, often[i])) {
            return USAGE_OFTEN;
        }
    }
    return span_starts_nocase(name, SPAN("X-")) ? USAGE_OFTEN : USAGE_OTHER;
}

const header_field *field_at(field_block block, unsigned n)
{
    return &g_array_index(block.fields, header_field, block.first + n);
}

const header_field *field_find(field_block block, span name, unsigned from)
{
    for (unsigned i = from; i < block.count; i++) {
        const header_field *candidate = field_at(block, i);
        if (span_equal_nocase(candidate->name, name)) {
            return candidate;
        }
    }
    return NULL;
}
