/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Transfer encodings: one byte for the encoding, one for the limit, then the body. */
#include "message/transfer.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    transfer_encoding encoding = (transfer_encoding)(data[0] % (TRANSFER_UUENCODE + 1));
    span body = { (const char *)data + 2, size - 2 };
    GString *whole = g_string_new(NULL);
    GString *part = g_string_new(NULL);
    g_assert_true(transfer_decode(encoding, body, SIZE_MAX, whole));
    g_assert_cmpuint(whole->len, <=, size);
    /* A limit gives the head of the same. */
    size_t max = (size_t)data[1] * 4;
    bool is_whole = transfer_decode(encoding, body, max, part);
    g_assert_true(is_whole == (whole->len <= max));
    g_assert_cmpuint(part->len, ==, MIN(whole->len, max));
    g_assert_true(memcmp(part->str, whole->str, part->len) == 0);
    g_string_free(whole, TRUE);
    g_string_free(part, TRUE);
    transfer_encoding_read(body);
    return 0;
}
