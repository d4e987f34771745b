/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/recipient_list.h"

#include "message/address.h"
#include "message/limits.h"

void recipient_add(backstop_notice *notice, const struct backstop_recipient *r)
{
    if (r->address == NULL || notice->recipients->len >= LIMIT_RECIPIENTS) {
        return;
    }
    g_array_append_vals(notice->recipients, r, 1);
}

struct backstop_recipient *recipient_find(const backstop_notice *notice, span spec)
{
    for (unsigned i = 0; i < notice->recipients->len; i++) {
        struct backstop_recipient *r =
            &g_array_index(notice->recipients, struct backstop_recipient, i);
        if (address_equal(span_from_string(r->address), spec)) {
            return r;
        }
    }
    return NULL;
}

const char *recipient_action_of(backstop_kind kind)
{
    switch (kind) {
    case BACKSTOP_KIND_FAILURE:
        return "failed";
    case BACKSTOP_KIND_DELAY:
        return "delayed";
    case BACKSTOP_KIND_SUCCESS:
        return "delivered";
    default:
        return NULL;
    }
}

void recipient_set_codes(backstop_notice *notice, struct backstop_recipient *r,
                         const reason_codes *codes)
{
    if (r->status == NULL) {
        r->status = notice_keep_text(notice, span_from_string(codes->status));
    }
    if (r->reply == NULL) {
        r->reply = notice_keep_text(notice, span_from_string(codes->reply));
    }
}

void recipient_take_better(backstop_reason *reason, backstop_reason candidate)
{
    if (reason_rank(candidate) > reason_rank(*reason)) {
        *reason = candidate;
    }
}
