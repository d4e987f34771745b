/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Any bytes as a key file: it is refused with a text, or all keys in it keep to their limits. */
#include "proof/keys.h"

#include <string.h>

static void check(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

static void check_key(const key *k)
{
    check(k->id[0] != '\0' && strlen(k->id) <= KEY_ID_BYTES_MAX);
    check(k->secret_len >= KEY_SECRET_BYTES_MIN && k->secret_len <= KEY_SECRET_BYTES_MAX);
    check(k->created_sec >= 0 && k->expires_sec >= 0 && k->prvs_digit <= 9);
    check(k->mac != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    backstop_keys *keys;
    backstop_error error = { "" };
    backstop_status status = keys_read((span){ (const char *)data, size }, "keys", &keys, &error);
    check((status == BACKSTOP_OK) == (keys != NULL));
    check((status == BACKSTOP_OK) == (error.text[0] == '\0'));
    if (keys == NULL) {
        return 0;
    }
    for (unsigned i = 0; i < keys->all->len; i++) {
        bool is_retired;
        check_key(keys_at(keys, i));
        const key *k =
            keys_to_verify(keys, keys_at(keys, i)->purpose, span_from_string(keys_at(keys, i)->id),
                           1795465490, &is_retired);
        check(k == NULL || k == keys_at(keys, i));
    }
    const key *signer = keys_to_sign(keys, KEY_TAG, 1795465490);
    check(signer == NULL || signer->purpose == KEY_TAG);
    backstop_keys_free(keys);
    return 0;
}
