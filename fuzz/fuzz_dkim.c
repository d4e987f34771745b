/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Any bytes as a key, up to the first blank line, and a mail under it: each DKIM-Signature is read
 * and checked. What holds must still do so below a field that it does not sign.
 */
#include "message/message.h"
#include "proof/dkim.h"

#include <stdint.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

static void check_span(span s, span outer)
{
    check(s.len == 0 || (s.ptr >= outer.ptr && s.ptr + s.len <= outer.ptr + outer.len));
}

static void check_signature(const dkim_signature *s, span value)
{
    const span spans[] = { s->domain, s->selector, s->identity, s->signed_names, s->data_text };
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        check_span(spans[i], value);
    }
    check(s->domain.len > 0 && s->selector.len > 0);
    check(s->data_len > 0 && s->data_len <= sizeof s->data);
    check(dkim_signed_count(s, SPAN("from")) > 0);
    check(s->time_sec >= 0 && s->expiry_sec >= 0);
}

/* The same header with one more field on top. */
static bool holds_below(const dkim_signature *s, const dkim_key *k, span text, unsigned index,
                        char line_end)
{
    g_autoptr(GString) longer = g_string_new("X-Above: 1");
    g_autoptr(GArray) fields = g_array_new(FALSE, FALSE, sizeof(header_field));
    header_shape shape;
    g_string_append_c(longer, line_end);
    g_string_append_len(longer, text.ptr, (gssize)text.len);
    span whole = { longer->str, longer->len }, rest = whole;
    unsigned count = reader_header_block(&rest, line_end, fields, G_MAXUINT, &shape);
    field_block block = { fields, 0, count };
    dkim_signature again;
    check(index + 1 < count);
    return dkim_signature_read(field_at(block, index + 1)->value, &again) &&
           again.data_len == s->data_len && dkim_verify_header(&again, k, block, index + 1, whole);
}

static void check_field(const dkim_key *k, field_block block, unsigned index, span text,
                        char line_end)
{
    span value = field_at(block, index)->value, selector;
    dkim_signature s;
    check_span(dkim_signature_domain(value, &selector), value);
    check_span(selector, value);
    if (!dkim_signature_read(value, &s)) {
        return;
    }
    check_signature(&s, value);
    if (k == NULL) {
        return;
    }
    dkim_verify_header(&s, k, block, index, span_head(text, text.len / 2));
    bool begins = field_at(block, 0)->name.ptr == text.ptr;
    if (dkim_verify_header(&s, k, block, index, text) && begins &&
        dkim_signed_count(&s, SPAN("X-Above")) == 0) {
        check(holds_below(&s, k, text, index, line_end));
    }
    dkim_verify_body(&s, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    span input = { (const char *)data, size };
    size_t key_len = 0;
    while (key_len < size &&
           !(data[key_len] == '\n' && key_len + 1 < size && data[key_len + 1] == '\n')) {
        key_len++;
    }
    dkim_key *k = NULL;
    backstop_error error = { "" };
    bool is_key = dkim_key_read(span_head(input, key_len), &k, &error) == BACKSTOP_OK;
    check(is_key == (k != NULL) && is_key == (error.text[0] == '\0'));

    span text = span_skip(input, key_len + 2), rest = text;
    char line_end = reader_line_end(text);
    g_autoptr(GArray) fields = g_array_new(FALSE, FALSE, sizeof(header_field));
    header_shape shape;
    unsigned count = reader_header_block(&rest, line_end, fields, G_MAXUINT, &shape);
    field_block block = { fields, 0, count };
    unsigned tried = 0;
    for (unsigned i = 0; i < count && tried < DKIM_SIGNATURES_TRIED; i++) {
        if (span_equal_nocase(field_at(block, i)->name, SPAN("DKIM-Signature"))) {
            check_field(k, block, i, text, line_end);
            tried++;
        }
    }
    dkim_key_free(k);
    return 0;
}
