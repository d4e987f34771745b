/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Header text: valid UTF-8 without NUL, trimmed, no runs of white space; and what has been
 * decoded to plain words stays as it is. */
#include "message/encoded_word.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GString *out = g_string_new(NULL);
    encoded_word_decode((span){ (const char *)data, size }, out);
    g_assert_true(g_utf8_validate_len(out->str, out->len, NULL));
    g_assert_cmpuint(out->len, <=, 9 * size);
    g_assert_null(strpbrk(out->str, "\t\r\n"));
    g_assert_null(strstr(out->str, "  "));
    g_assert_true(out->len == 0 || (out->str[0] != ' ' && out->str[out->len - 1] != ' '));
    bool is_marked = g_str_has_prefix(out->str, "\xEF\xBB\xBF");
    if (strstr(out->str, "=?") == NULL && strchr(out->str, '\033') == NULL && !is_marked) {
        GString *again = g_string_new(NULL);
        encoded_word_decode((span){ out->str, out->len }, again);
        g_assert_cmpstr(again->str, ==, out->str);
        g_string_free(again, TRUE);
    }
    g_string_free(out, TRUE);
    return 0;
}
