/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "witness/recall.h"

#include "message/address.h"
#include "notice/notice.h"
#include "witness/candidates.h"

/* Notices go to one mailbox; who names many domains gets no answer. */
enum { DOMAINS_MAX = 4 };

typedef struct text_list {
    span list[MAX(HEARING_SENDERS_MAX, MAX(HEARING_RECIPIENTS_MAX, HEARING_MESSAGE_IDS_MAX))];
    size_t count;
} text_list;

static text_list texts_of(const GPtrArray *from)
{
    text_list t = { .count = 0 };
    while (t.count < MIN(from->len, G_N_ELEMENTS(t.list))) {
        t.list[t.count] = hearing_text_at(from, (unsigned)t.count);
        t.count++;
    }
    return t;
}

/* How many rows ledger_find() looks for. */
static size_t question_count(size_t senders, size_t ids, size_t recipients)
{
    return ids + senders * (ids + ids * recipients + recipients);
}

static backstop_status find(const hearing *h, const text_list *senders, const span *ids,
                            size_t id_count, const text_list *recipients, ledger_answer *out,
                            backstop_error *error)
{
    return ledger_find(h->store, senders->list, senders->count, ids, id_count, recipients->list,
                       recipients->count, h->now_sec, out, error);
}

/* The recipients from `first` on, up to `end`. */
static text_list recipients_between(const hearing *h, unsigned first, unsigned end)
{
    text_list t = { .count = 0 };
    for (unsigned i = first; i < end && t.count < G_N_ELEMENTS(t.list); i++) {
        t.list[t.count++] = hearing_text_at(h->recipients, i);
    }
    return t;
}

static bool is_recorded(const hearing *h, const text_list *senders, span id, span recipient)
{
    ledger_answer known;
    return ledger_find(h->store, senders->list, senders->count, &id, 1, &recipient, 1, h->now_sec,
                       &known, NULL) == BACKSTOP_OK &&
           known.knows_delivery;
}

/* A report proves a delivery if all that it names are recorded: a forger's mail may have a
 * recipient of ours among its own. */
static bool went_to_all(const hearing *h, const text_list *senders, span id, const text_list *sure)
{
    bool is_report = !candidates_are_replies(h->notice->kind);
    if (is_report && (h->has_more_sure_recipients || sure->count < h->sure_recipient_count)) {
        return false;
    }
    for (size_t i = 0; is_report && sure->count > 1 && i < sure->count; i++) {
        if (!is_recorded(h, senders, id, sure->list[i])) {
            return false;
        }
    }
    return true;
}

/* The first Message-ID is the mail's, and it went to those of whom that is sure: who else is named
 * was perhaps written to lately, and no more. The other Message-IDs are asked for only where the
 * first is not known, and never prove a delivery: answers to a forger's mail cite what that cites.
 */
static backstop_status ask(const hearing *h, recall_answer *out, backstop_error *error)
{
    text_list senders = texts_of(h->senders), ids = texts_of(h->message_ids), none = { .count = 0 };
    text_list sure = recipients_between(h, 0, h->sure_recipient_count);
    text_list others = recipients_between(h, h->sure_recipient_count, h->recipients->len);
    ledger_answer first, named = { 0 }, cited = { 0 };
    while (question_count(senders.count, MIN(ids.count, 1), sure.count) > LEDGER_QUESTIONS_MAX) {
        sure.count /= 2;
        out->was_cut = true;
    }
    while (question_count(senders.count, 0, others.count) > LEDGER_QUESTIONS_MAX) {
        others.count /= 2;
        out->was_cut = true;
    }
    backstop_status status = find(h, &senders, ids.list, MIN(ids.count, 1), &sure, &first, error);
    if (status == BACKSTOP_OK && others.count > 0 && !first.knows_pair) {
        status = find(h, &senders, NULL, 0, &others, &named, error);
    }
    if (status == BACKSTOP_OK && ids.count > 1 && !first.knows_message) {
        status = find(h, &senders, ids.list + 1, ids.count - 1, &none, &cited, error);
    }
    out->knows_delivery = first.knows_delivery && went_to_all(h, &senders, ids.list[0], &sure);
    out->knows_message = first.knows_message || cited.knows_message;
    out->knows_pair = first.knows_pair || named.knows_pair;
    out->knows_elsewhere = first.knows_elsewhere;
    return status;
}

static backstop_status give(backstop_status status, const backstop_error *from, backstop_error *to)
{
    if (status != BACKSTOP_OK && to != NULL) {
        *to = *from;
    }
    return status;
}

backstop_status recall_mail(const hearing *h, recall_answer *out, backstop_error *error)
{
    recall *r = h->recall;
    if (!r->has_answer) {
        r->status = ask(h, &r->answer, &r->error);
        r->has_answer = true;
    }
    *out = r->answer;
    return give(r->status, &r->error, error);
}

/* The domains that the mail would be of, each once; 0: none, or too many. */
static unsigned domains_of(const hearing *h, span out[DOMAINS_MAX])
{
    unsigned count = 0, senders = MAX(h->reported_sender_count, MIN(h->senders->len, 1));
    for (unsigned i = 0; i < senders; i++) {
        span domain = address_domain(hearing_text_at(h->senders, i));
        bool is_new = true;
        for (unsigned k = 0; k < count; k++) {
            is_new = is_new && !span_equal(out[k], domain);
        }
        if (is_new && count == DOMAINS_MAX) {
            return 0;
        }
        if (is_new) {
            out[count++] = domain;
        }
    }
    return count;
}

/* Of the mailbox in whose name it was sent: the earliest of its forms. */
static backstop_status since_of_mailbox(const hearing *h, store_since what, int64_t *since_sec,
                                        backstop_error *error)
{
    backstop_status status = BACKSTOP_OK;
    *since_sec = 0;
    for (unsigned i = 0; i < h->claimed->len && status == BACKSTOP_OK; i++) {
        int64_t since = 0;
        status = ledger_since(h->store, hearing_text_at(h->claimed, i), what, &since, error);
        bool is_earlier = since != 0 && (*since_sec == 0 || since < *since_sec);
        *since_sec = is_earlier ? since : *since_sec;
    }
    return status;
}

backstop_status recall_tagged_since(const hearing *h, int64_t *since_sec, backstop_error *error)
{
    bool is_closed = h->domain != NULL && h->domain->is_closed;
    return is_closed ? recall_since(h, SINCE_TAGGED, since_sec, error)
                     : since_of_mailbox(h, SINCE_TAGGED, since_sec, error);
}

/* By the time at which the mail was sent, where that is known. */
static bool was_tagged(const hearing *h, span address_or_domain)
{
    int64_t since = 0;
    return ledger_since(h->store, address_or_domain, SINCE_TAGGED, &since, NULL) == BACKSTOP_OK &&
           since != 0 && (h->sent_until_sec == 0 || since <= h->sent_until_sec);
}

bool recall_should_bear_tag(const hearing *h)
{
    for (unsigned i = 0; h->store != NULL && h->header.count > 0 && i < h->senders->len; i++) {
        span sender = hearing_text_at(h->senders, i);
        const backstop_domain *d = site_domain_of(h->site, sender);
        bool is_closed = d != NULL && d->is_closed;
        if (was_tagged(h, sender) || (is_closed && was_tagged(h, address_domain(sender)))) {
            return true;
        }
    }
    return false;
}

backstop_status recall_since(const hearing *h, store_since what, int64_t *since_sec,
                             backstop_error *error)
{
    span domains[DOMAINS_MAX];
    unsigned count = domains_of(h, domains);
    backstop_status status = BACKSTOP_OK;
    *since_sec = 0;
    for (unsigned i = 0; i < count; i++) {
        int64_t since = 0;
        status = ledger_since(h->store, domains[i], what, &since, error);
        *since_sec = since == 0 ? 0 : MAX(*since_sec, since);
        if (status != BACKSTOP_OK || since == 0) {
            break;
        }
    }
    return status;
}

backstop_status recall_covers(const hearing *h, int64_t since_sec, bool *covers,
                              backstop_error *error)
{
    recall *r = h->recall;
    *covers = false;
    /* Who wrote the mail dated it, and clocks on desks are fast. */
    int64_t from_sec = h->sent_from_sec - HEARING_DATE_SKEW_SEC;
    if (since_sec == 0 || since_sec > from_sec) {
        return BACKSTOP_OK;
    }
    if (!r->has_gap_answer) {
        r->gap_status = h->store->operations->has_gap(h->store, from_sec, h->sent_until_sec,
                                                      &r->has_gap, &r->gap_error);
        r->has_gap_answer = true;
    }
    *covers = r->gap_status == BACKSTOP_OK && !r->has_gap;
    return give(r->gap_status, &r->gap_error, error);
}

static bool are_strangers_worn(const hearing *h, span id)
{
    ledger_returns returns;
    return ledger_returns_of(h->store, id, SPAN(""), &returns, NULL) == BACKSTOP_OK &&
           returns.about_strangers >= RECALL_STRANGER_RETURNS_MAX;
}

/* Whether the notices about each recipient that the mail went to are too many; where it went to
 * none of those named, those about strangers. */
static bool find_wear(const hearing *h)
{
    text_list senders = texts_of(h->senders);
    ledger_returns returns;
    bool has_recorded = false;
    if (h->store == NULL || h->message_ids->len == 0) {
        return false;
    }
    span id = hearing_text_at(h->message_ids, 0);
    for (unsigned i = 0; i < recall_counted_recipients(h); i++) {
        span recipient = hearing_text_at(h->recipients, i);
        if (!is_recorded(h, &senders, id, recipient)) {
            continue;
        }
        if (ledger_returns_of(h->store, id, recipient, &returns, NULL) != BACKSTOP_OK ||
            returns.about_recipient < RECALL_RETURNS_MAX) {
            return false;
        }
        has_recorded = true;
    }
    return has_recorded || are_strangers_worn(h, id);
}

unsigned recall_counted_recipients(const hearing *h)
{
    return h->sure_recipient_count > 0 ? h->sure_recipient_count : h->recipients->len;
}

bool recall_is_worn(const hearing *h)
{
    recall *r = h->recall;
    if (!r->has_wear) {
        r->is_worn = find_wear(h);
        r->has_wear = true;
    }
    return r->is_worn;
}
