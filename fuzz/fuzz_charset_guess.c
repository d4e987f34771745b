/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The guess of a charset: always a label that charset_to_utf8() takes at its word. */
#include "message/charset_guess.h"

#include "message/charset.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    span bytes = { (const char *)data, size };
    const char *label = charset_guess_label(bytes);
    g_assert_nonnull(label);
    GString *out = g_string_new(NULL);
    charset_to_utf8(span_from_string(label), bytes, out);
    g_assert_true(g_utf8_validate_len(out->str, out->len, NULL));
    g_assert_cmpuint(out->len, <=, 3 * size);
    g_string_free(out, TRUE);
    return 0;
}
