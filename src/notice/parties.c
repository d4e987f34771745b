/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/parties.h"

#include "message/address.h"
#include "message/address_form.h"

/* A mailbox has few names; a To field that lists more tells nothing, save that a role which must
 * hear of everything is among them. There is a place left for one. */
enum { ADDRESSES_MAX = 8 };

static void add_address(backstop_notice *notice, span spec, GPtrArray *list)
{
    bool has_place =
        list->len < ADDRESSES_MAX || (list->len == ADDRESSES_MAX && address_form_is_role(spec));
    const char *kept = has_place ? notice_keep_text(notice, spec) : NULL;
    if (kept != NULL) {
        g_ptr_array_add(list, (gpointer)kept);
    }
}

static void add_addresses_of(backstop_notice *notice, span value, GPtrArray *list)
{
    address_reader reader;
    address a;
    address_reader_init(&reader, value);
    while (list->len <= ADDRESSES_MAX && address_next(&reader, notice->store, &a)) {
        add_address(notice, a.spec, list);
    }
}

static void read_notified(const clues *c, backstop_notice *notice)
{
    static const char *const names[] = { "Delivered-To", "X-Original-To", "Envelope-To", "To" };
    for (size_t i = 0; i < c->message->recipient_count; i++) {
        add_address(notice, c->message->recipients[i], notice->notified);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(names) && c->message->recipient_count == 0; i++) {
        add_addresses_of(notice, field_value(c->header, names[i]), notice->notified);
    }
}

static void add_replied_to(backstop_notice *notice, span id)
{
    const char *kept = notice_keep_text(notice, id);
    if (kept != NULL) {
        g_ptr_array_add(notice->replied_to, (gpointer)kept);
    }
}

/* The first Message-ID in a field's value, with its brackets; empty if there is none. */
static span first_id(span value)
{
    span from_open = span_skip(value, span_find_char(value, '<'));
    size_t len = span_find_char(from_open, '>');
    return len < from_open.len ? span_head(from_open, len + 1) : (span){ "", 0 };
}

/* The last one: References ends with the message that is answered (RFC 5322, 3.6.4), and begins
 * with what the author of that message chose. */
static span last_id(span value)
{
    for (size_t i = value.len; i > 0; i--) {
        if (value.ptr[i - 1] == '<') {
            return first_id(span_skip(value, i - 1));
        }
    }
    return (span){ "", 0 };
}

void parties_read(const clues *c, backstop_notice *notice)
{
    address a;
    if (address_first(field_value(c->header, "From"), notice->store, &a)) {
        notice->author = notice_keep_text(notice, a.spec);
    }
    read_notified(c, notice);
    /* To whom the side that sent it wrote: servers on its way here may have sent it on. */
    add_addresses_of(notice, field_value(c->header, "To"), notice->addressed);
    span answered = first_id(field_value(c->header, "In-Reply-To"));
    span referred = last_id(field_value(c->header, "References"));
    add_replied_to(notice, answered);
    if (!span_equal(answered, referred)) {
        add_replied_to(notice, referred);
    }
}
