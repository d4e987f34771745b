/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/reported.h"

#include "message/address.h"
#include "notice/diagnose.h"
#include "notice/recipient_list.h"

#include <string.h>

/* "\x{E9}" of RFC 6533, 3 (utf-8-addr-unitext is plain). */
static span decode_unitext(backstop_notice *notice, span s)
{
    if (span_find_nocase(s, SPAN("\\x{")) == s.len) {
        return s;
    }
    GString *out = g_string_sized_new(s.len);
    for (size_t i = 0; i < s.len; i++) {
        span rest = span_skip(s, i);
        size_t close = span_find_char(span_head(rest, 11), '}');
        gunichar c = 0;
        if (span_starts_nocase(rest, SPAN("\\x{")) && close > 3 && close < rest.len) {
            for (size_t k = 3; k < close && c < 0x110000; k++) {
                c = c * 16 + (gunichar)g_ascii_xdigit_value(rest.ptr[k]);
            }
        }
        if (c > 0 && g_unichar_validate(c)) {
            g_string_append_unichar(out, c);
            i += close;
        } else {
            g_string_append_c(out, s.ptr[i]);
        }
    }
    span kept = { g_string_chunk_insert_len(notice->store, out->str, (gssize)out->len), out->len };
    g_string_free(out, TRUE);
    return kept;
}

/* The address in a recipient field's value, without "<>", "smtp:" and comments. */
static span clean_address(backstop_notice *notice, span value)
{
    address a;
    value = decode_unitext(notice, value);
    if (span_starts_nocase(value, SPAN("smtp:"))) {
        value = span_skip(value, 5);
    }
    if (value.len > 0 && value.ptr[0] == '/') {
        return value; /* an X.400 name or a path: slashes and blanks are its own */
    }
    return address_first(value, notice->store, &a) && a.spec.len > 0 ? a.spec : value;
}

static bool has_at(span s)
{
    return span_find_char(s, '@') < s.len;
}

/* "X.0.0" says no more than the action does; the failing system's own code is better. */
static bool is_generic(const char *status)
{
    return status != NULL && strcmp(status + 1, ".0.0") == 0;
}

/* An alias that stands for several addresses is named with each: those are kept apart. */
static bool is_repeated(const backstop_notice *notice, const struct backstop_recipient *r)
{
    for (unsigned i = 0; i < notice->recipients->len; i++) {
        const struct backstop_recipient *other =
            &g_array_index(notice->recipients, struct backstop_recipient, i);
        if (address_equal(span_from_string(other->address), span_from_string(r->address)) &&
            address_equal(span_from_string(other->final), span_from_string(r->final))) {
            return true;
        }
    }
    return false;
}

static void read_group(clues *c, const delivery_group *g, backstop_notice *notice)
{
    span final = clean_address(notice, g->final);
    span original = clean_address(notice, g->original);
    struct backstop_recipient r = {
        .final = notice_keep_text(notice, final),
        .original = notice_keep_text(notice, original),
        .action = g->action != ACTION_NONE ? delivery_action_name(g->action)
                                           : recipient_action_of(notice->kind),
        .diagnostic = notice_keep_header_text(notice, g->diagnostic),
        .is_final_reported = c->status_part != NULL || c->mdn_part != NULL,
    };
    r.address = has_at(original) || r.final == NULL ? r.original : r.final;
    if (r.address == NULL || is_repeated(notice, &r)) {
        return;
    }
    diagnosis stated = diagnose_text(c, g->status), said = diagnose_text(c, g->diagnostic);
    r.reason = said.reason;
    r.hint = said.hint;
    recipient_take_better(&r.reason, stated.reason);
    recipient_take_better(&r.hint, stated.hint);
    if (!is_generic(stated.codes.status) || said.codes.status[0] == '\0') {
        recipient_set_codes(notice, &r, &stated.codes);
    }
    recipient_set_codes(notice, &r, &said.codes);
    recipient_add(notice, &r);
}

void reported_read(clues *c, backstop_notice *notice)
{
    for (unsigned i = 0; i < c->status.groups->len; i++) {
        read_group(c, &g_array_index(c->status.groups, delivery_group, i), notice);
    }
}
