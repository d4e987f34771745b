/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The guess of a charset: always one of the labels that the header names, and what is decoded by
 * it is valid UTF-8. */
#include "message/charset_guess.h"

#include "message/charset.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const labels[] = {
        "utf-8",        "euc-jp",       "shift_jis",    "gb18030",      "big5",
        "euc-kr",       "koi8-r",       "koi8-u",       "windows-1250", "windows-1251",
        "windows-1252", "windows-1253", "windows-1254", "windows-1255", "windows-1256",
        "iso-8859-2",   "iso-8859-5",   "tis-620",      NULL,
    };
    span bytes = { (const char *)data, size };
    const char *label = charset_guess_label(bytes);
    g_assert_true(g_strv_contains(labels, label));
    GString *out = g_string_new(NULL);
    charset_to_utf8(span_from_string(label), bytes, out);
    g_assert_true(g_utf8_validate_len(out->str, out->len, NULL));
    g_string_free(out, TRUE);
    return 0;
}
