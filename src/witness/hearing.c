/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "witness/hearing.h"

#include "message/date.h"
#include "message/limits.h"
#include "notice/notice.h"
#include "witness/candidates.h"
#include "witness/path.h"
#include "witness/recall.h"

/* One block of a hearing's strings: most need one. */
enum { STRINGS_BLOCK_BYTES = 1024 };

span hearing_text_at(const GPtrArray *list, unsigned index)
{
    return span_from_string(g_ptr_array_index(list, index));
}

const hearing_hop *hearing_hop_at(const hearing *h, unsigned index)
{
    return &g_array_index(h->hops, hearing_hop, index);
}

static void take_header(hearing *h, unsigned which)
{
    const backstop_notice *n = h->notice;
    const returned_header *r =
        which == 0 ? &n->returned.header : &g_array_index(n->others, returned_header, which - 1);
    h->header = (field_block){ r->fields, 0, r->fields == NULL ? 0 : r->fields->len };
    h->header_text = r->text;
    h->is_complete = r->is_complete;
    bool has_body = which > 0 || n->returned.form == BACKSTOP_FORM_FULL;
    h->body = has_body && span_trim(r->body).len > 0 ? r->body : SPAN("");
    h->has_date = which == 0 && n->returned.has_date;
    h->date_sec = h->has_date ? n->returned.date_sec : 0;
    if (!h->has_date) {
        span date = field_value(h->header, "Date");
        h->has_date = date.len > 0 && date_read(date, &h->date_sec);
    }
}

static bool is_written_by_sender(span name)
{
    static const char *const fields[] = { "From", "To", "Subject", "Date", "Message-ID" };
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (span_equal_nocase(name, span_from_string(fields[i]))) {
            return true;
        }
    }
    return false;
}

static void read_hop(hearing *h, span value)
{
    hearing_hop hop = { .value = span_head(value, LIMIT_VALUE_BYTES) };
    if (h->hops_are_all && h->hops->len < LIMIT_HOPS && received_read(hop.value, &hop.read)) {
        g_array_append_val(h->hops, hop);
    } else {
        h->hops_are_all = false;
    }
}

/* The fields that servers add on top. A Return-Path below what the sender writes is the sender's
 * to choose. One below a Received field is that of him who handed the mail in, or of a server
 * before him. */
static void read_trace(hearing *h)
{
    bool is_trace = true, was_received = false;
    h->hops_are_all = true;
    h->return_path = SPAN("");
    for (unsigned i = 0; i < h->header.count; i++) {
        const header_field *f = field_at(h->header, i);
        if (span_equal_nocase(f->name, SPAN("Received"))) {
            h->hops_are_on_top = h->hops_are_on_top || (is_trace && h->hops->len == 0);
            read_hop(h, f->value);
            was_received = true;
        } else if (is_trace && span_equal_nocase(f->name, SPAN("Return-Path"))) {
            if (h->return_path.len == 0) {
                h->return_path = f->value;
                h->return_path_is_told = !was_received;
            }
        } else if (is_trace && is_written_by_sender(f->name)) {
            is_trace = false;
        }
    }
}

static bool is_past(const hearing *h, int64_t time_sec)
{
    return time_sec > 0 && time_sec <= h->now_sec + HEARING_CLOCK_SKEW_SEC;
}

/* The earliest time that the header tells, as far as it can be true. Whoever wrote the mail chose
 * its Date, and the Received fields below those that we can trust: he can move the time by as long
 * as a queue may hold a mail. */
static int64_t earliest_time(const hearing *h)
{
    int64_t latest = h->sent_until_sec, oldest = latest - HEARING_QUEUE_SEC;
    if (!h->has_date || h->date_sec < oldest || h->date_sec > latest + HEARING_DATE_SKEW_SEC) {
        return oldest;
    }
    int64_t earliest = MIN(h->date_sec, latest);
    for (unsigned i = 0; i < h->hops->len; i++) {
        const received *r = &hearing_hop_at(h, i)->read;
        if (r->has_date && r->date_sec >= oldest && r->date_sec < earliest) {
            earliest = r->date_sec;
        }
    }
    return earliest;
}

static void find_time(hearing *h)
{
    const backstop_notice *n = h->notice;
    const received *top = h->hops->len > 0 ? &hearing_hop_at(h, 0)->read : NULL;
    if (n->has_arrival && is_past(h, n->arrival_sec)) {
        h->sent_until_sec = n->arrival_sec;
    } else if (h->is_complete && top != NULL && top->has_date && is_past(h, top->date_sec)) {
        h->sent_until_sec = top->date_sec;
    } else {
        return;
    }
    h->sent_from_sec = earliest_time(h);
    /* The clock of the reporting side may be slow, or its time zone wrong. */
    if (h->has_date && h->date_sec > h->sent_until_sec &&
        h->date_sec - h->sent_until_sec <= HEARING_CLOCK_SKEW_SEC) {
        h->sent_until_sec = h->date_sec;
    }
}

static const char *why_absence_is_silent(const hearing *h)
{
    if (h->may_be_of_strangers) {
        return "mail of strangers may go on through the address that the notice was sent to";
    }
    if (!h->is_in_our_name) {
        return "nothing shows that the returned message was sent in the name of an address here";
    }
    if (!h->is_complete) {
        return "the header of the returned message did not come back whole";
    }
    if (h->site->has_unknown_exits) {
        return "mail of ours is known to leave by ways that nobody configured";
    }
    if (path_began_with_us(h)) {
        return "a server of ours reports about mail that it took from within";
    }
    return h->sent_until_sec == 0 ? "nothing tells when the returned message was sent" : NULL;
}

hearing *hearing_open(const backstop_notice *notice, unsigned which, const backstop_site *site,
                      const backstop_keys *keys, backstop_store *store, int64_t now_sec)
{
    hearing *h = g_new0(hearing, 1);
    h->notice = notice;
    h->site = site;
    h->keys = keys;
    h->store = store;
    h->now_sec = now_sec;
    h->hops = g_array_new(FALSE, FALSE, sizeof(hearing_hop));
    h->notified = g_ptr_array_new();
    h->senders = g_ptr_array_new();
    h->claimed = g_ptr_array_new();
    h->recipients = g_ptr_array_new();
    h->message_ids = g_ptr_array_new();
    h->strings = g_string_chunk_new(STRINGS_BLOCK_BYTES);
    h->recall = g_new0(recall, 1);
    take_header(h, which);
    read_trace(h);
    candidates_fill(h, which == 0);
    find_time(h);
    h->absence_is_silent = why_absence_is_silent(h);
    return h;
}

void hearing_close(hearing *h)
{
    if (h == NULL) {
        return;
    }
    g_array_free(h->hops, TRUE);
    g_ptr_array_free(h->notified, TRUE);
    g_ptr_array_free(h->senders, TRUE);
    g_ptr_array_free(h->claimed, TRUE);
    g_ptr_array_free(h->recipients, TRUE);
    g_ptr_array_free(h->message_ids, TRUE);
    g_string_chunk_free(h->strings);
    g_free(h->recall);
    g_free(h);
}
