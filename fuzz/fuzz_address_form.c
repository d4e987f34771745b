/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Any bytes as an address: one canonical form, without NUL, that stays as it is; and layers come
 * off until there are none. */
#include "message/address.h"
#include "message/address_form.h"

#include <stdint.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

static span bytes_of(const GString *text)
{
    return (span){ text->str, text->len };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    span spec = { (const char *)data, size };
    g_autoptr(GString) once = g_string_new(NULL);
    g_autoptr(GString) again = g_string_new(NULL);
    address_form_canonical(spec, once);
    address_form_canonical(bytes_of(once), again);
    check(g_string_equal(once, again));
    check(span_find_char(bytes_of(once), '\0') == once->len);

    address_form_domain(address_domain(bytes_of(once)), again);
    check(span_equal(bytes_of(again), address_domain(bytes_of(once))));

    address_wrapping layer;
    span domain = address_domain(bytes_of(once));
    while (address_form_unwrap(bytes_of(once), again, &layer)) {
        check(again->len < once->len && again->len > domain.len);
        check(span_ends_nocase(bytes_of(again), domain));
        g_string_assign(once, again->str);
        domain = address_domain(bytes_of(once));
    }
    check(!address_form_is_srs(spec) || (size > 5 && (data[0] | 0x20) == 's'));
    bool has_mark = span_find_char(spec, '-') < size || span_find_char(spec, '+') < size;
    check(!address_form_is_list_bounce(spec) || has_mark);
    check(!address_form_is_role(spec) || size >= strlen("abuse"));
    return 0;
}
