/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* BATV addresses for mail servers: include/backstop/batv.h. */
#include <backstop/batv.h>

#include "proof/prvs.h"

/* What backstop_text_free() frees. NULL for an empty text. */
static char *hand_out(const GString *text)
{
    return text->len == 0 ? NULL : g_strndup(text->str, text->len);
}

char *backstop_batv_sign(const backstop_keys *keys, const char *address, backstop_batv_form form,
                         int64_t now_sec)
{
    g_autoptr(GString) out = g_string_new(NULL);
    bool is_signed = prvs_write(keys, now_sec, span_from_string(address),
                                form == BACKSTOP_BATV_PREFIX ? PRVS_PREFIX : PRVS_SUBADDRESS, out);
    return is_signed ? hand_out(out) : NULL;
}

char *backstop_batv_restore(const backstop_keys *keys, const char *address, int64_t now_sec)
{
    g_autoptr(GString) plain = g_string_new(NULL);
    prvs_state state = prvs_read(keys, now_sec, span_from_string(address), plain);
    return state == PRVS_NONE ? NULL : hand_out(plain);
}
