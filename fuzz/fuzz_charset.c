/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Charsets: the label up to the first line end, then the bytes. Always valid UTF-8, no NUL. */
#include "message/charset.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    span rest = { (const char *)data, size };
    span label;
    GString *out = g_string_new(NULL);
    if (span_next_line(&rest, &label)) {
        charset_to_utf8(label, rest, out);
        g_assert_true(g_utf8_validate_len(out->str, out->len, NULL));
        /* TSCII writes up to three characters for a byte. */
        g_assert_cmpuint(out->len, <=, 9 * size);
        g_string_truncate(out, 0);
        charset_scrub_utf8(rest, out);
        g_assert_true(g_utf8_validate_len(out->str, out->len, NULL));
        g_assert_cmpuint(out->len, <=, 3 * size);
    }
    g_string_free(out, TRUE);
    return 0;
}
