/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* TNEF, compressed RTF and RTF, the bytes taken as each of them. */
#include "message/tnef.h"

#include "message/rtf.h"

#include <stdint.h>

static void check(GString *out, size_t max)
{
    g_assert_true(g_utf8_validate_len(out->str, out->len, NULL));
    g_assert_cmpuint(out->len, <=, max);
    g_string_truncate(out, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t limits[] = { 0, 1, 100, 1 << 20 };
    span bytes = { (const char *)data, size };
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        if (!tnef_to_text(bytes, limits[i], out)) {
            g_assert_cmpuint(out->len, ==, 0);
        }
        check(out, limits[i]);
        rtf_to_text(bytes, limits[i], out);
        check(out, limits[i]);
        rtf_decompress(bytes, limits[i], out);
        g_assert_cmpuint(out->len, <=, limits[i]);
        g_string_truncate(out, 0);
    }
    g_string_free(out, TRUE);
    return 0;
}
