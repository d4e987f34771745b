/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Any bytes as an address: what is signed is valid, and the address behind it is the same. */
#include "proof/prvs.h"

static const char key_file[] =
    "version 1\np1 1000 - prvs3 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";

enum { NOW = 1795465490 };

static void check(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

/* Made once, so that reading them does not count as code that the input reaches. */
static backstop_keys *keys;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    check(keys_read(span_from_string(key_file), "keys", &keys, NULL) == BACKSTOP_OK);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    span spec = { (const char *)data, size };
    g_autoptr(GString) plain = g_string_new(NULL);
    g_autoptr(GString) written = g_string_new(NULL);
    prvs_state state = prvs_read(keys, NOW, spec, plain);
    check(state == PRVS_NONE || plain->len < size);
    for (prvs_form form = PRVS_PREFIX; form <= PRVS_SUBADDRESS; form++) {
        if (prvs_write(keys, NOW, spec, form, written)) {
            span given = { written->str, written->len };
            check(state == PRVS_NONE);
            check(prvs_read(keys, NOW, given, plain) == PRVS_VALID);
            check(span_equal((span){ plain->str, plain->len }, spec));
            check(!prvs_write(keys, NOW, given, form, plain));
        }
    }
    return 0;
}
