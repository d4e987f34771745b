/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* backstop/address.h, on top of address_form.h. */
#include "message/address_form.h"

#include <backstop/address.h>

static bool hand_out(const GString *text, char *out)
{
    if (text->len >= BACKSTOP_ADDRESS_SIZE) {
        out[0] = '\0';
        return false;
    }
    memcpy(out, text->str, text->len + 1);
    return true;
}

bool backstop_address_canonical(const char *spec, char out[BACKSTOP_ADDRESS_SIZE])
{
    g_autoptr(GString) canonical = g_string_new(NULL);
    address_form_canonical(span_from_string(spec), canonical);
    return hand_out(canonical, out);
}

bool backstop_address_unwrap(const char *canonical, char out[BACKSTOP_ADDRESS_SIZE])
{
    g_autoptr(GString) inner = g_string_new(NULL);
    address_wrapping layer;
    if (!address_form_unwrap(span_from_string(canonical), inner, &layer)) {
        out[0] = '\0';
        return false;
    }
    return hand_out(inner, out);
}

bool backstop_address_is_role(const char *address)
{
    return address_form_is_role(span_from_string(address));
}
