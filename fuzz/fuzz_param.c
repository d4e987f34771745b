/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Any bytes as a Content-Type: spans lie in the input, results are bounded and stable. */
#include "message/param.h"

#include <stdint.h>

static void check(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

static void check_span(span s, span value)
{
    check(s.len == 0 || (s.ptr >= value.ptr && s.ptr + s.len <= value.ptr + value.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "boundary", "charset", "name" };
    span value = { (const char *)data, size };
    media_type type = media_type_read(value);
    check_span(type.type, value);
    check_span(type.subtype, value);
    check(type.type.len > 0 || type.subtype.len == 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        GString *out = g_string_new("x");
        GString *again = g_string_new("x");
        bool found = param_read(value, names[i], out);
        check(found || out->len == 1);
        check(out->str[0] == 'x' && out->len <= 8 * size + 16);
        check(param_read(value, names[i], again) == found && g_string_equal(out, again));
        g_string_free(out, TRUE);
        g_string_free(again, TRUE);
    }
    return 0;
}
