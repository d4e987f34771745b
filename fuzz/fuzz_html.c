/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* HTML to text: one byte for the limit, then HTML, made valid UTF-8 as callers do. */
#include "message/html.h"

#include "message/charset.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    GString *html = g_string_new(NULL);
    GString *whole = g_string_new(NULL);
    GString *part = g_string_new(NULL);
    charset_scrub_utf8((span){ (const char *)data + 1, size - 1 }, html);
    html_to_text((span){ html->str, html->len }, SIZE_MAX, whole);
    g_assert_true(g_utf8_validate_len(whole->str, whole->len, NULL));
    /* A mailto: link gains at most the letters around its address. */
    g_assert_cmpuint(whole->len, <=, 2 * html->len + 11);
    size_t max = data[0];
    html_to_text((span){ html->str, html->len }, max, part);
    g_assert_true(g_utf8_validate_len(part->str, part->len, NULL));
    g_assert_cmpuint(part->len, <=, max);
    g_string_free(html, TRUE);
    g_string_free(whole, TRUE);
    g_string_free(part, TRUE);
    return 0;
}
