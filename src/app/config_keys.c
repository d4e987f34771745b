/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/config_keys.h"

/* Whether a key whose purpose begins so would sign now. */
static bool has_signer(const backstop_keys *keys, const char *purpose, int64_t now_sec)
{
    for (size_t i = 0; i < backstop_keys_count(keys); i++) {
        backstop_key key;
        backstop_keys_get(keys, i, now_sec, &key);
        if (key.state == BACKSTOP_KEY_SIGNS && g_str_has_prefix(key.purpose, purpose)) {
            return true;
        }
    }
    return false;
}

static bool uses_batv(const config *c)
{
    for (unsigned i = 0; i < c->domains->len; i++) {
        if (((const config_domain *)g_ptr_array_index(c->domains, i))->uses_batv) {
            return true;
        }
    }
    return false;
}

backstop_keys *config_keys_load(const config *c, int64_t now_sec, GPtrArray *errors)
{
    const struct {
        const char *purpose, *why;
        bool is_needed;
    } uses[] = {
        { "tag", "no key for tags signs now: `backstop key new tag` makes one", true },
        { "ledger", "there is no key for the ledger: `backstop key new ledger` makes one", true },
        { "prvs",
          "a domain has batv, and no key for it signs now: `backstop key new prvs0` makes one",
          uses_batv(c) },
    };
    backstop_keys *keys;
    backstop_error error;
    bool has_all = true;
    if (backstop_keys_load(c->key_file, &keys, &error) != BACKSTOP_OK) {
        config_add_error(c, "key-file", error.text, errors);
        return NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(uses); i++) {
        if (uses[i].is_needed && !has_signer(keys, uses[i].purpose, now_sec)) {
            config_add_error(c, "key-file", uses[i].why, errors);
            has_all = false;
        }
    }
    if (!has_all) {
        g_clear_pointer(&keys, backstop_keys_free);
    }
    return keys;
}
