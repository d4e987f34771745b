/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What the public header hands out of a notice, and the names of its values. */
#include "notice/notice.h"

static const char *name_at(const char *const *names, size_t count, unsigned value)
{
    return value < count ? names[value] : NULL;
}

const char *backstop_status_text(backstop_status status)
{
    static const char *const texts[] = {
        [BACKSTOP_OK] = "done",
        [BACKSTOP_ERROR_EMPTY] = "the message is empty",
        [BACKSTOP_ERROR_INVALID] = "a setting or an argument is not valid",
        [BACKSTOP_ERROR_KEYS] = "the key file cannot be used",
        [BACKSTOP_ERROR_BUSY] = "the store is locked",
        [BACKSTOP_ERROR_STORE] = "the store cannot be read or written",
        [BACKSTOP_ERROR_NEWER] = "the store was written by a newer version",
    };
    const char *text = name_at(texts, G_N_ELEMENTS(texts), status);
    return text != NULL ? text : "unknown status";
}

const char *backstop_kind_name(backstop_kind kind)
{
    static const char *const names[] = {
        [BACKSTOP_KIND_NONE] = "none",
        [BACKSTOP_KIND_FAILURE] = "failure",
        [BACKSTOP_KIND_DELAY] = "delay",
        [BACKSTOP_KIND_SUCCESS] = "success",
        [BACKSTOP_KIND_AUTO_REPLY] = "auto_reply",
        [BACKSTOP_KIND_LIST_REPLY] = "list_reply",
        [BACKSTOP_KIND_CHALLENGE] = "challenge",
        [BACKSTOP_KIND_CONTENT_WARNING] = "content_warning",
        [BACKSTOP_KIND_READ_RECEIPT] = "read_receipt",
        [BACKSTOP_KIND_FEEDBACK] = "feedback",
    };
    return name_at(names, G_N_ELEMENTS(names), kind);
}

const char *backstop_reason_name(backstop_reason reason)
{
    static const char *const names[] = {
        [BACKSTOP_REASON_NONE] = NULL,
        [BACKSTOP_REASON_USER_UNKNOWN] = "user_unknown",
        [BACKSTOP_REASON_HOST_UNKNOWN] = "host_unknown",
        [BACKSTOP_REASON_MAILBOX_FULL] = "mailbox_full",
        [BACKSTOP_REASON_MAILBOX_DISABLED] = "mailbox_disabled",
        [BACKSTOP_REASON_MOVED] = "moved",
        [BACKSTOP_REASON_TOO_LARGE] = "too_large",
        [BACKSTOP_REASON_CONTENT_REJECTED] = "content_rejected",
        [BACKSTOP_REASON_SENDER_REJECTED] = "sender_rejected",
        [BACKSTOP_REASON_RELAY_DENIED] = "relay_denied",
        [BACKSTOP_REASON_RATE_LIMITED] = "rate_limited",
        [BACKSTOP_REASON_EXPIRED] = "expired",
        [BACKSTOP_REASON_NETWORK] = "network",
        [BACKSTOP_REASON_SYSTEM] = "system",
        [BACKSTOP_REASON_SECURITY] = "security",
        [BACKSTOP_REASON_SYNTAX] = "syntax",
        [BACKSTOP_REASON_OTHER] = "other",
    };
    return name_at(names, G_N_ELEMENTS(names), reason);
}

const char *backstop_form_name(backstop_form form)
{
    static const char *const names[] = {
        [BACKSTOP_FORM_NONE] = "none",
        [BACKSTOP_FORM_FRAGMENT] = "fragment",
        [BACKSTOP_FORM_HEADERS] = "headers",
        [BACKSTOP_FORM_FULL] = "full",
    };
    return name_at(names, G_N_ELEMENTS(names), form);
}

backstop_kind backstop_notice_kind(const backstop_notice *notice)
{
    return notice->kind;
}

/* The first that failed speaks for the notice; where none failed, the first. */
static const backstop_recipient *leading_recipient(const backstop_notice *notice)
{
    for (unsigned i = 0; i < notice->recipients->len; i++) {
        const backstop_recipient *r = &g_array_index(notice->recipients, backstop_recipient, i);
        if (r->action != NULL && g_str_equal(r->action, "failed")) {
            return r;
        }
    }
    return backstop_notice_recipient(notice, 0);
}

backstop_reason backstop_notice_reason(const backstop_notice *notice)
{
    const backstop_recipient *r = leading_recipient(notice);
    return r == NULL ? notice->reason : r->reason;
}

size_t backstop_notice_notified_count(const backstop_notice *notice)
{
    return notice->notified->len;
}

const char *backstop_notice_notified(const backstop_notice *notice, size_t index)
{
    return index < notice->notified->len ? g_ptr_array_index(notice->notified, index) : NULL;
}

const char *backstop_notice_status(const backstop_notice *notice)
{
    const backstop_recipient *r = leading_recipient(notice);
    return r == NULL ? notice->status : r->status;
}

const char *backstop_notice_reply(const backstop_notice *notice)
{
    const backstop_recipient *r = leading_recipient(notice);
    return r == NULL ? notice->reply : r->reply;
}

const char *backstop_notice_reporting_mta(const backstop_notice *notice)
{
    return notice->reporting_mta;
}

bool backstop_notice_arrival_date(const backstop_notice *notice, int64_t *unix_sec)
{
    *unix_sec = notice->arrival_sec;
    return notice->has_arrival;
}

bool backstop_notice_is_cut(const backstop_notice *notice)
{
    return notice->cut;
}

size_t backstop_notice_recipient_count(const backstop_notice *notice)
{
    return notice->recipients->len;
}

const backstop_recipient *backstop_notice_recipient(const backstop_notice *notice, size_t index)
{
    return index < notice->recipients->len
               ? &g_array_index(notice->recipients, backstop_recipient, index)
               : NULL;
}

const char *backstop_recipient_address(const backstop_recipient *recipient)
{
    return recipient->address;
}

const char *backstop_recipient_final(const backstop_recipient *recipient)
{
    return recipient->final;
}

const char *backstop_recipient_original(const backstop_recipient *recipient)
{
    return recipient->original;
}

const char *backstop_recipient_action(const backstop_recipient *recipient)
{
    return recipient->action;
}

backstop_reason backstop_recipient_reason(const backstop_recipient *recipient)
{
    return recipient->reason;
}

const char *backstop_recipient_status(const backstop_recipient *recipient)
{
    return recipient->status;
}

const char *backstop_recipient_reply(const backstop_recipient *recipient)
{
    return recipient->reply;
}

const char *backstop_recipient_diagnostic(const backstop_recipient *recipient)
{
    return recipient->diagnostic;
}

const backstop_returned *backstop_notice_returned(const backstop_notice *notice)
{
    return &notice->returned;
}

backstop_form backstop_returned_form(const backstop_returned *returned)
{
    return returned->form;
}

bool backstop_returned_is_complete(const backstop_returned *returned)
{
    return returned->is_complete;
}

const char *backstop_returned_message_id(const backstop_returned *returned)
{
    return returned->message_id;
}

const char *backstop_returned_sender(const backstop_returned *returned)
{
    return returned->sender;
}

const char *backstop_returned_from(const backstop_returned *returned)
{
    return returned->from;
}

size_t backstop_returned_to_count(const backstop_returned *returned)
{
    return returned->to->len;
}

const char *backstop_returned_to(const backstop_returned *returned, size_t index)
{
    return index < returned->to->len ? g_ptr_array_index(returned->to, index) : NULL;
}

const char *backstop_returned_subject(const backstop_returned *returned)
{
    return returned->subject;
}

bool backstop_returned_date(const backstop_returned *returned, int64_t *unix_sec)
{
    *unix_sec = returned->date_sec;
    return returned->has_date;
}

size_t backstop_returned_hop_count(const backstop_returned *returned)
{
    return returned->hops->len;
}

const backstop_hop *backstop_returned_hop(const backstop_returned *returned, size_t index)
{
    return index < returned->hops->len ? &g_array_index(returned->hops, backstop_hop, index) : NULL;
}

const char *backstop_hop_from(const backstop_hop *hop)
{
    return hop->from;
}

const char *backstop_hop_name(const backstop_hop *hop)
{
    return hop->name;
}

const char *backstop_hop_ip(const backstop_hop *hop)
{
    return hop->ip;
}

const char *backstop_hop_by(const backstop_hop *hop)
{
    return hop->by;
}

bool backstop_hop_date(const backstop_hop *hop, int64_t *unix_sec)
{
    *unix_sec = hop->date_sec;
    return hop->has_date;
}

const char *backstop_returned_body(const backstop_returned *returned, size_t *len)
{
    *len = returned->body.len;
    return returned->body.ptr;
}
