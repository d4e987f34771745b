/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "witness/candidates.h"

#include "message/address.h"
#include "message/address_form.h"
#include "notice/notice.h"
#include "store/ledger.h"

/* An address as it stands, and what is left as one wrapping after the other comes off. */
enum { FORMS_MAX = 4 };

/* "SRS1=HASH=FORWARDER==HASH=DAY=DOMAIN=LOCAL" has eight. */
enum { WRAPPED_PARTS_MAX = 8 };

typedef struct forms {
    span list[FORMS_MAX];
    unsigned count;
    bool is_signed; /* the outermost wrapping is BATV */
} forms;

typedef struct builder {
    hearing *h;
    GString *form, *inner; /* buffers */
    bool names_us;         /* the envelope sender that is told, else the notice's To or From */
    span addressed;        /* the first in the notice's To that is ours; empty: none */
} builder;

static span keep(const builder *b, const GString *text)
{
    const char *kept = g_string_chunk_insert_len(b->h->strings, text->str, (gssize)text->len);
    return (span){ kept, text->len };
}

/* What stands in the list already, letter by letter, is canonical, and so are the forms that were
 * added with it: most notices name one address five times. NULL if it does not. */
static const char *find_text(const GPtrArray *list, span raw)
{
    for (unsigned i = 0; i < list->len; i++) {
        if (span_equal(hearing_text_at(list, i), raw)) {
            return hearing_text_at(list, i).ptr;
        }
    }
    return NULL;
}

/* What stands in hearings is NUL-terminated, and a NUL in an address names nobody. */
static void add_once(GPtrArray *list, span text, unsigned most)
{
    if (text.len == 0 || list->len >= most) {
        return;
    }
    if (find_text(list, text) == NULL) {
        g_ptr_array_add(list, (gpointer)text.ptr);
    }
}

static forms forms_of(builder *b, span raw)
{
    forms f = { .count = 0 };
    address_form_canonical(raw, b->form);
    if (b->form->len == 0) {
        return f;
    }
    f.list[f.count++] = keep(b, b->form);
    address_wrapping layer;
    while (f.count < FORMS_MAX && address_form_unwrap(f.list[f.count - 1], b->inner, &layer)) {
        f.is_signed = f.is_signed || (f.count == 1 && layer == WRAPPED_BATV);
        f.list[f.count++] = keep(b, b->inner);
    }
    return f;
}

/* Who chose an address, and so what it tells of mail of strangers that goes on through us. */
typedef enum source {
    BY_REPORT, /* the side that reports: what the address looks like counts */
    BY_AUTHOR, /* a From: it looks like an SRS or a bounce address only where a forger wants it to,
                  and counts as what the owner says of it */
    BY_SENDER, /* a Return-Path that came with the mail: nothing */
} source;

static void note_passage(hearing *h, span form, source by)
{
    bool looks_like_one = address_form_is_srs(form) || address_form_is_list_bounce(form);
    h->may_be_of_strangers = h->may_be_of_strangers || (looks_like_one && by == BY_REPORT) ||
                             (by != BY_SENDER && site_is_forwarder(h->site, form));
}

/* Whether a forwarder wrapped an address of ours: SRS0=HASH=DAY=DOMAIN=LOCAL@FORWARDER, and what
 * is like it. LOCAL=DOMAIN is how lists write to whom they sent. */
static bool is_wrapped_of_ours(builder *b, span form)
{
    span rest = address_local(form);
    for (unsigned i = 0; i < WRAPPED_PARTS_MAX && rest.len > 0; i++) {
        span part = span_head(rest, span_find_char(rest, '='));
        rest = span_skip(rest, part.len + 1);
        g_string_printf(b->inner, "%.*s@%.*s", SPAN_ARG(rest), SPAN_ARG(part));
        if (part.len > 0 && rest.len > 0 &&
            site_owns(b->h->site, (span){ b->inner->str, b->inner->len })) {
            return true;
        }
    }
    return false;
}

/* We sign senders without our BATV, but with their VERP and sub-address: so a signed form comes
 * last, others first. Returns whether the address is of ours. */
static bool add_senders(builder *b, const forms *f, source by)
{
    hearing *h = b->h;
    unsigned first = f->is_signed ? 1 : 0;
    bool is_ours = false;
    for (unsigned i = 0; i < f->count; i++) {
        span form = f->list[(first + i) % f->count];
        if (site_owns(h->site, form)) {
            add_once(h->senders, form, HEARING_SENDERS_MAX);
            note_passage(h, form, by);
            is_ours = true;
        }
    }
    if (by == BY_REPORT) {
        h->reported_sender_count = h->senders->len;
    }
    return is_ours || (f->count > 0 && is_wrapped_of_ours(b, f->list[0]));
}

static void fill_notified(builder *b)
{
    hearing *h = b->h;
    const GPtrArray *raw = h->notice->notified;
    for (unsigned i = 0; i < raw->len && h->notified->len < HEARING_NOTIFIED_MAX; i++) {
        forms f = forms_of(b, hearing_text_at(raw, i));
        for (unsigned k = 0; k < f.count; k++) {
            add_once(h->notified, f.list[k], HEARING_NOTIFIED_MAX);
            note_passage(h, f.list[k], BY_REPORT);
        }
        (void)add_senders(b, &f, BY_REPORT);
    }
    h->notified_sender_count = h->senders->len;
}

/* The reporting side writes to whom it takes for the sender, and others may send that on to us. */
static void fill_addressed(builder *b)
{
    const GPtrArray *raw = b->h->notice->addressed;
    for (unsigned i = 0; i < raw->len; i++) {
        bool is_ours = find_text(b->h->senders, hearing_text_at(raw, i)) != NULL;
        if (!is_ours) {
            forms f = forms_of(b, hearing_text_at(raw, i));
            is_ours = add_senders(b, &f, BY_REPORT);
        }
        b->addressed = is_ours && !b->names_us ? hearing_text_at(raw, i) : b->addressed;
        b->names_us = b->names_us || is_ours;
    }
}

/* Of the returned mail. */
static void add_envelope_sender(builder *b, span raw, source by)
{
    hearing *h = b->h;
    const char *known = find_text(h->senders, raw);
    bool is_ours = known != NULL;
    if (known == NULL) {
        forms f = forms_of(b, raw);
        known = f.count > 0 ? f.list[0].ptr : NULL;
        is_ours = add_senders(b, &f, by);
    }
    if (h->envelope_sender == NULL) {
        h->envelope_sender = known;
        h->envelope_sender_is_told = by == BY_REPORT && known != NULL;
        b->names_us = h->envelope_sender_is_told ? is_ours : b->names_us;
    }
}

static bool is_notified(const hearing *h, const forms *f)
{
    for (unsigned i = 0; i < f->count; i++) {
        if (find_text(h->notified, f->list[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static void add_from(builder *b, span raw)
{
    hearing *h = b->h;
    bool is_ours = find_text(h->senders, raw) != NULL;
    h->from = find_text(h->notified, raw);
    h->from_is_notified = h->from != NULL;
    if (!h->from_is_notified) {
        forms f = forms_of(b, raw);
        h->from = f.count > 0 ? f.list[0].ptr : NULL;
        h->from_is_notified = is_notified(h, &f);
        is_ours = add_senders(b, &f, BY_AUTHOR);
    }
    b->names_us = b->names_us || (is_ours && !h->envelope_sender_is_told);
}

static void fill_senders(builder *b, bool is_own)
{
    hearing *h = b->h;
    address a;
    span told = span_from_string(is_own ? h->notice->original_sender : NULL);
    if (told.len > 0 && address_first(told, h->strings, &a)) {
        add_envelope_sender(b, a.spec, BY_REPORT);
    }
    if (h->return_path.len > 0 && address_first(h->return_path, h->strings, &a)) {
        add_envelope_sender(b, a.spec, h->return_path_is_told ? BY_REPORT : BY_SENDER);
    }
    span from = field_value(h->header, "From");
    if (from.len > 0 && address_first(from, h->strings, &a)) {
        add_from(b, a.spec);
    } else if (is_own) {
        add_from(b, span_from_string(h->notice->returned.from));
    }
}

/* Returns false if there is no place left for it. */
static bool add_recipient(builder *b, const char *raw)
{
    GPtrArray *list = b->h->recipients;
    span text = span_from_string(raw);
    if (text.len == 0 || find_text(list, text) != NULL) {
        return true;
    }
    if (list->len == HEARING_RECIPIENTS_MAX) {
        return false;
    }
    address_form_canonical(text, b->form);
    add_once(list, keep(b, b->form), HEARING_RECIPIENTS_MAX);
    return true;
}

bool candidates_are_replies(backstop_kind kind)
{
    return kind == BACKSTOP_KIND_AUTO_REPLY || kind == BACKSTOP_KIND_LIST_REPLY ||
           kind == BACKSTOP_KIND_CHALLENGE || kind == BACKSTOP_KIND_READ_RECEIPT;
}

/* List managers answer as LIST-bounces@, LIST-owner@, LIST-request@ or owner-LIST@ what was written
 * to LIST@. */
static void add_list_behind(builder *b, span author)
{
    static const char *const endings[] = { "-bounces", "-bounce",  "-owner",
                                           "-request", "-confirm", "-admin" };
    span local = address_local(author), domain = span_skip(author, local.len);
    span base = span_head(local, span_find_char(local, '+'));
    span owner = SPAN("owner-");
    if (base.len > owner.len && span_starts_nocase(base, owner)) {
        base = span_skip(base, owner.len);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        span ending = span_from_string(endings[i]);
        if (base.len > ending.len && span_ends_nocase(base, ending)) {
            base = span_head(base, base.len - ending.len);
            break;
        }
    }
    g_string_truncate(b->form, 0);
    g_string_append_len(b->form, base.ptr, (gssize)base.len);
    g_string_append_len(b->form, domain.ptr, (gssize)domain.len);
    add_once(b->h->recipients, keep(b, b->form), HEARING_RECIPIENTS_MAX);
}

/* Whoever answers got the mail. */
static void add_author(builder *b)
{
    const backstop_notice *n = b->h->notice;
    forms f = forms_of(b, span_from_string(n->author));
    for (unsigned i = 0; i < f.count; i++) {
        add_once(b->h->recipients, f.list[i], HEARING_RECIPIENTS_MAX);
    }
    if (f.count > 0 && n->kind == BACKSTOP_KIND_LIST_REPLY) {
        add_list_behind(b, f.list[0]);
    }
}

static void fill_recipients(builder *b)
{
    const backstop_notice *n = b->h->notice;
    bool is_reply = candidates_are_replies(n->kind);
    /* A receipt names the mailbox that it is about in a field of its own (RFC 8098, 3.2.4). */
    bool are_told = !is_reply || n->kind == BACKSTOP_KIND_READ_RECEIPT;
    if (is_reply && n->author != NULL) {
        add_author(b);
    }
    for (unsigned i = 0; are_told && i < n->recipients->len; i++) {
        const backstop_recipient *r = &g_array_index(n->recipients, backstop_recipient, i);
        if (!add_recipient(b, r->is_final_reported ? r->final : NULL)) {
            b->h->has_more_sure_recipients = true;
            break;
        }
    }
    b->h->sure_recipient_count = b->h->recipients->len;
    for (unsigned i = 0; are_told && i < n->recipients->len; i++) {
        const backstop_recipient *r = &g_array_index(n->recipients, backstop_recipient, i);
        (void)add_recipient(b, r->address);
        (void)add_recipient(b, r->original);
        (void)add_recipient(b, r->final);
    }
}

static void add_message_id(builder *b, span value)
{
    g_string_truncate(b->form, 0);
    span id = ledger_message_id(value, b->form);
    if (id.len > 0) {
        const char *kept = g_string_chunk_insert_len(b->h->strings, id.ptr, (gssize)id.len);
        add_once(b->h->message_ids, (span){ kept, id.len }, HEARING_MESSAGE_IDS_MAX);
    }
}

static void add_replied_to(builder *b)
{
    const GPtrArray *ids = b->h->notice->replied_to;
    for (unsigned i = 0; i < ids->len; i++) {
        add_message_id(b, hearing_text_at(ids, i));
    }
}

/* Where a header came back, what it says counts alone: a notice about a forger's mail may bear the
 * Message-ID of a mail of ours in its own References. What a reply quotes, and what is cited in a
 * text, may be the forger's words, and comes last. */
static void fill_message_ids(builder *b, bool is_own)
{
    hearing *h = b->h;
    const backstop_notice *n = h->notice;
    const struct backstop_returned *r = &n->returned;
    bool is_reply = candidates_are_replies(n->kind);
    span value = field_value(h->header, "Message-ID"), cited = SPAN("");
    if (value.len == 0 && is_own) {
        value = span_from_string(r->message_id);
    }
    if (is_own && (r->message_id_is_cited || (is_reply && r->header.is_cited))) {
        cited = value;
        value = SPAN("");
    }
    add_message_id(b, value);
    bool has_none = h->message_ids->len == 0 && h->header.count == 0;
    if (is_own && (has_none || is_reply)) {
        add_replied_to(b);
    }
    h->first_id_is_cited = h->message_ids->len == 0;
    add_message_id(b, cited);
    h->first_id_is_cited = h->first_id_is_cited && h->message_ids->len > 0;
}

static void fill_claimed(builder *b)
{
    hearing *h = b->h;
    forms f = forms_of(b, h->envelope_sender_is_told ? span_from_string(h->envelope_sender)
                                                     : b->addressed);
    for (unsigned i = 0; i < f.count; i++) {
        if (site_owns(h->site, f.list[i])) {
            add_once(h->claimed, f.list[i], FORMS_MAX);
        }
    }
    for (unsigned i = 0; f.count == 0 && i < h->notified_sender_count; i++) {
        add_once(h->claimed, hearing_text_at(h->senders, i), HEARING_SENDERS_MAX);
    }
}

/* An owner who declares one domain closed has said nothing of his others. */
static void choose_domain(hearing *h)
{
    unsigned count = MAX(h->reported_sender_count, MIN(h->senders->len, 1));
    for (unsigned i = 0; i < count; i++) {
        const backstop_domain *d = site_domain_of(h->site, hearing_text_at(h->senders, i));
        if (d != NULL && (h->domain == NULL || (h->domain->is_closed && !d->is_closed))) {
            h->domain = d;
        }
    }
}

void candidates_fill(hearing *h, bool is_own)
{
    builder b = { h, g_string_new(NULL), g_string_new(NULL), false, SPAN("") };
    fill_notified(&b);
    fill_addressed(&b);
    fill_senders(&b, is_own);
    fill_claimed(&b);
    h->is_in_our_name = b.names_us;
    fill_recipients(&b);
    fill_message_ids(&b, is_own);
    choose_domain(h);
    h->may_be_of_strangers = h->may_be_of_strangers || h->senders->len == 0;
    g_string_free(b.form, TRUE);
    g_string_free(b.inner, TRUE);
}
