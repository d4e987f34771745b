/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "message/field.h"

/* No field in use has a longer name; a line of prose with a colon far in is no field. */
enum { NAME_BYTES_MAX = 76 };

bool field_starts_line(span line, size_t *name_len)
{
    size_t n = 0;
    /* Printable ASCII (RFC 5322, 2.2): a text that starts with an 8-bit word is no field. */
    while (n < line.len && n <= NAME_BYTES_MAX && line.ptr[n] > ' ' && line.ptr[n] < 127 &&
           line.ptr[n] != ':') {
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
    static const char *const once[] = { "From",
                                        "To",
                                        "Cc",
                                        "Subject",
                                        "Date",
                                        "Sender",
                                        "Reply-To",
                                        "Message-ID",
                                        "References",
                                        "In-Reply-To",
                                        "MIME-Version",
                                        "Content-Type",
                                        "Content-Transfer-Encoding" };
    static const char *const often[] = {
        "Received",    "Return-Path", "Delivered-To", "DKIM-Signature", "Authentication-Results",
        "Received-SPF"
    };
    for (size_t i = 0; i < G_N_ELEMENTS(once); i++) {
        if (span_equal_nocase(name, span_from_string(once[i]))) {
            return USAGE_ONCE;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(often); i++) {
        if (span_equal_nocase(name, span_from_string(often[i]))) {
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

span field_value(field_block block, const char *name)
{
    const header_field *found = field_find(block, span_from_string(name), 0);
    return found == NULL ? (span){ "", 0 } : found->value;
}

bool field_exists(field_block block, const char *name)
{
    return field_find(block, span_from_string(name), 0) != NULL;
}
