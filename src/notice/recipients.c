/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/recipients.h"

#include "message/address.h"
#include "message/encoded_word.h"
#include "message/limits.h"
#include "notice/diagnose.h"
#include "notice/recipient_list.h"
#include "notice/reported.h"

#include <string.h>

/* How sure it is that an address in the text is a recipient the notice speaks of. */
typedef enum mention_rank {
    MENTION_NONE,
    MENTION_SENDER,    /* would be one, but is whom the notice was sent to */
    MENTION_SOMEWHERE, /* no more than that it stands there */
    MENTION_NEARBY,    /* in a paragraph that says why */
    MENTION_BESIDE,    /* on a line that says why, or after a label such as "To:" */
    MENTION_LABELLED,  /* after a label such as "failed recipient" */
    MENTION_ENTRY,     /* begins its line, and what follows says why; or stands alone on it */
} mention_rank;

/* ---- from header fields and text ---- */

static void add_address(backstop_notice *notice, span spec)
{
    if (spec.len == 0 || recipient_find(notice, spec) != NULL) {
        return;
    }
    struct backstop_recipient r = {
        .address = notice_keep_text(notice, spec),
        .action = recipient_action_of(notice->kind),
    };
    recipient_add(notice, &r);
}

/* X-Failed-Recipients names all, the text may name fewer; where it names as many, it is the
 * text that names the addresses as they were written to. */
static void prefer_failed_field(const clues *c, backstop_notice *notice)
{
    address_reader reader;
    address a;
    unsigned count = 0;
    address_reader_init(&reader, c->failed_field);
    while (address_next(&reader, notice->store, &a)) {
        count++;
    }
    if (count <= notice->recipients->len) {
        return;
    }
    g_array_set_size(notice->recipients, 0);
    address_reader_init(&reader, c->failed_field);
    while (address_next(&reader, notice->store, &a)) {
        add_address(notice, a.spec);
    }
}

/* Addresses of offices, which notices name as author or as whom to ask. */
static bool is_office(span spec)
{
    static const span locals[] = { SPAN_OF("postmaster"), SPAN_OF("mailer-daemon"),
                                   SPAN_OF("abuse"),      SPAN_OF("hostmaster"),
                                   SPAN_OF("helpdesk"),   SPAN_OF("support"),
                                   SPAN_OF("no-reply"),   SPAN_OF("noreply") };
    span local = address_local(spec);
    for (size_t i = 0; i < G_N_ELEMENTS(locals); i++) {
        if (span_equal_nocase(local, locals[i])) {
            return true;
        }
    }
    return false;
}

static bool text_before_ends(const clues *c, const normal_address *a, const span *ends,
                             size_t count)
{
    span before = { c->normal->text->str, a->start };
    while (before.len > 0 &&
           (before.ptr[before.len - 1] == ' ' || before.ptr[before.len - 1] == '\n')) {
        before.len--;
    }
    for (size_t i = 0; i < count; i++) {
        span end = ends[i];
        bool is_word =
            before.len <= end.len || !ascii_is_alnum(before.ptr[before.len - end.len - 1]);
        if (is_word && span_ends_nocase(before, end)) {
            return true;
        }
    }
    return false;
}

/* An alias was "expanded from" the address that was written to, a list or forwarding address
 * "generated from" it. */
static bool follows_origin_words(const clues *c, const normal_address *a)
{
    static const span words[] = { SPAN_OF("expanded from:"), SPAN_OF("expanded from"),
                                  SPAN_OF("generated from"), SPAN_OF("originally addressed to"),
                                  SPAN_OF("forwarded from") };
    return text_before_ends(c, a, words, G_N_ELEMENTS(words));
}

static bool names_other_role(const clues *c, const normal_address *a)
{
    static const span roles[] = {
        SPAN_OF("from:"),        SPAN_OF("from"),          SPAN_OF("sender:"),
        SPAN_OF("id:"),          SPAN_OF("message-id:"),   SPAN_OF("mailto:"),
        SPAN_OF("contact"),      SPAN_OF("mail from:"),    SPAN_OF("reply-to:"),
        SPAN_OF("return-path:"), SPAN_OF("envelope-from"), SPAN_OF("sender"),
        SPAN_OF("message id"),   SPAN_OF("e-mail to"),     SPAN_OF("email to"),
    };
    return text_before_ends(c, a, roles, G_N_ELEMENTS(roles));
}

static bool follows_to_label(const clues *c, const normal_address *a)
{
    static const span labels[] = { SPAN_OF("to:"),        SPAN_OF("rcpt to:"),
                                   SPAN_OF("recipient:"), SPAN_OF("recipients:"),
                                   SPAN_OF("user:"),      SPAN_OF("mailbox:"),
                                   SPAN_OF("address:"),   SPAN_OF("for:"),
                                   SPAN_OF("for") };
    return text_before_ends(c, a, labels, G_N_ELEMENTS(labels));
}

static bool is_one_of(phrase_class class, unsigned classes)
{
    return (classes & (1u << class)) != 0;
}

/* Whether a phrase of one of those classes (a set of bits) overlaps the region. */
static bool hit_overlaps(const clues *c, unsigned start, unsigned end, unsigned classes)
{
    unsigned from = start > PHRASE_BYTES_MAX ? start - PHRASE_BYTES_MAX : 0;
    for (unsigned i = phrases_first_at(c->hits, from); i < c->hits->len; i++) {
        const phrase_hit *hit = &g_array_index(c->hits, phrase_hit, i);
        if (hit->last_start > end + PHRASE_BYTES_MAX) {
            return false;
        }
        if (is_one_of(hit->class, classes) && hit->end > start && hit->start < end) {
            return true;
        }
    }
    return false;
}

enum {
    SAYS_WHY = 1u << PHRASE_REASON | 1u << PHRASE_FAILED,
    SAYS_THAT = 1u << PHRASE_FAILED | 1u << PHRASE_LABEL | 1u << PHRASE_DELAYED,
};

/* A label phrase that ends shortly before the address. */
static bool follows_label_phrase(const clues *c, const normal_address *a)
{
    enum { LABEL_DISTANCE_BYTES = 6 };
    unsigned from = a->start > LABEL_DISTANCE_BYTES ? a->start - LABEL_DISTANCE_BYTES : 0;
    return hit_overlaps(c, from > 0 ? from - 1 : 0, a->start, 1u << PHRASE_LABEL);
}

/* Whether another address stands before this one in its paragraph. */
static bool is_behind_other(const clues *c, const normal_address *a, unsigned paragraph)
{
    return a > normal_address_at(c->normal, 0) && (a - 1)->start >= paragraph;
}

/* The paragraph before this one ends with a colon and says that a delivery failed. */
static bool follows_failed_list(const clues *c, const normal_address *a)
{
    span before = { c->normal->text->str, a->start };
    size_t paragraph = before.len;
    while (paragraph > 0 && before.ptr[paragraph - 1] != '\n') {
        paragraph--;
    }
    if (paragraph < 2 || before.ptr[paragraph - 2] != ':') {
        return false;
    }
    size_t intro = paragraph - 1;
    while (intro > 0 && before.ptr[intro - 1] != '\n') {
        intro--;
    }
    if (!a->is_first && is_behind_other(c, a, (unsigned)paragraph)) {
        return false;
    }
    return hit_overlaps(c, (unsigned)intro, (unsigned)paragraph, SAYS_THAT);
}

static unsigned line_end_offset(const clues *c, unsigned line)
{
    return line + 1 < c->normal->lines->len ? normal_line_at(c->normal, line + 1)->start
                                            : (unsigned)c->normal->text->len;
}

static mention_rank rank_place(const clues *c, unsigned index)
{
    const normal_address *a = normal_address_at(c->normal, index);
    diagnosis d = diagnose_mention(c, index);
    bool says_why = d.reason != BACKSTOP_REASON_NONE || reason_has_codes(&d.codes);
    if ((a->is_first && (a->is_last || says_why)) || follows_failed_list(c, a)) {
        return MENTION_ENTRY;
    }
    if (follows_label_phrase(c, a)) {
        return MENTION_LABELLED;
    }
    const normal_line *line = normal_line_at(c->normal, a->line);
    if (follows_to_label(c, a) ||
        hit_overlaps(c, line->start, line_end_offset(c, a->line), SAYS_WHY)) {
        return MENTION_BESIDE;
    }
    return says_why ? MENTION_NEARBY : MENTION_SOMEWHERE;
}

static mention_rank rank_mention(const clues *c, unsigned index)
{
    const normal_address *a = normal_address_at(c->normal, index);
    if (follows_origin_words(c, a)) {
        return MENTION_LABELLED;
    }
    if (is_office(a->spec) || names_other_role(c, a)) {
        return MENTION_NONE;
    }
    mention_rank rank = rank_place(c, index);
    if (address_equal(a->spec, c->notified)) {
        return rank == MENTION_ENTRY ? MENTION_SENDER : MENTION_NONE;
    }
    return rank;
}

static void from_text(const clues *c, backstop_notice *notice)
{
    unsigned count = c->normal->addresses->len;
    guint8 *ranks = g_new0(guint8, count + 1);
    guint8 best = MENTION_NONE;
    for (unsigned i = 0; i < count; i++) {
        ranks[i] = (guint8)rank_mention(c, i);
        best = MAX(best, ranks[i]);
    }
    for (unsigned i = 0; i < count && best > MENTION_NONE; i++) {
        if (ranks[i] == best) {
            add_address(notice, normal_address_at(c->normal, i)->spec);
        }
    }
    /* Addresses that only stand somewhere are many things; a single one is the recipient. */
    if (best == MENTION_SOMEWHERE && notice->recipients->len > 1) {
        g_array_set_size(notice->recipients, 0);
    }
    g_free(ranks);
}

/* The address that was written to, where the text names one behind the one that failed. */
static void read_origin(clues *c, backstop_notice *notice, struct backstop_recipient *r)
{
    clues_read_words(c);
    enum { ORIGIN_LINES_MAX = 3 };
    const normal_address *last = NULL;
    for (unsigned i = 0; i < c->normal->addresses->len; i++) {
        const normal_address *a = normal_address_at(c->normal, i);
        if (address_equal(a->spec, span_from_string(r->address))) {
            last = a;
        } else if (last != NULL && a->line - last->line <= ORIGIN_LINES_MAX &&
                   follows_origin_words(c, a)) {
            r->final = r->final != NULL ? r->final : r->address;
            r->original = notice_keep_text(notice, a->spec);
            r->address = r->original;
            return;
        } else if (a->is_first) {
            last = NULL; /* the next entry has begun: what follows is said of that */
        }
    }
}

/* Only a single address can be the one that failed. */
static void from_returned(const clues *c, backstop_notice *notice)
{
    if (notice->returned.to->len == 1) {
        const char *to = g_ptr_array_index(notice->returned.to, 0);
        if (!address_equal(span_from_string(to), c->notified)) {
            add_address(notice, span_from_string(to));
        }
    }
}

/* ---- why ---- */

static const char *keep_said(const clues *c, backstop_notice *notice, const diagnosis *d)
{
    const char *start = d->first_text.ptr;
    size_t n = span_find_char(d->first_text, ' ');
    if (n == d->first_text.len && d->first_text.len <= 2) {
        start = d->first_text.ptr + d->first_text.len;
    }
    while (start < c->own_text.ptr + c->own_text.len && strchr(">:;,.\"' ", *start) != NULL) {
        start++;
    }
    const char *end = d->end_line < c->normal->lines->len
                          ? normal_line_at(c->normal, d->end_line)->source.ptr
                          : c->own_text.ptr + c->own_text.len;
    return end > start ? notice_keep_text(notice, (span){ start, (size_t)(end - start) }) : NULL;
}

static void read_said(clues *c, backstop_notice *notice, struct backstop_recipient *r)
{
    clues_read_words(c);
    diagnosis d = diagnose_address(c, span_from_string(r->address));
    if (d.end_line == d.first_line && r->final != NULL) {
        d = diagnose_address(c, span_from_string(r->final));
    }
    if (d.end_line == d.first_line) {
        return;
    }
    if (r->diagnostic == NULL) {
        r->diagnostic = keep_said(c, notice, &d);
        recipient_set_codes(notice, r, &d.codes);
    }
    recipient_take_better(&r->reason, d.reason);
    recipient_take_better(&r->hint, d.hint);
}

static reason_codes codes_of(const struct backstop_recipient *r)
{
    reason_codes codes = { "", "" };
    g_strlcpy(codes.status, r->status != NULL ? r->status : "", STATUS_SIZE);
    g_strlcpy(codes.reply, r->reply != NULL ? r->reply : "", REPLY_SIZE);
    return codes;
}

/* A delay is over time whatever keeps it waiting; so is a failure that is called temporary and
 * says nothing else. */
static bool ran_out_of_time(const backstop_notice *notice, const struct backstop_recipient *r)
{
    bool is_temporary = r->status != NULL && r->status[0] == '4';
    bool says_nothing = reason_rank(r->reason) <= 1;
    if (notice->kind == BACKSTOP_KIND_DELAY) {
        return says_nothing || r->reason == BACKSTOP_REASON_NETWORK;
    }
    return says_nothing && is_temporary;
}

/* From what says most surely why to what says least. */
static void settle_reason(clues *c, backstop_notice *notice, struct backstop_recipient *r)
{
    bool is_alone = notice->recipients->len <= 1;
    if (is_alone && r->status == NULL && r->reply == NULL) {
        clues_read_words(c);
        recipient_set_codes(notice, r, &c->codes);
    }
    reason_codes codes = codes_of(r);
    backstop_reason clear = reason_from_clear_status(codes.status);
    if (clear != BACKSTOP_REASON_NONE) {
        r->reason = clear;
    }
    if (is_alone && reason_rank(r->reason) <= 1) {
        clues_read_words(c);
        unsigned end = (unsigned)c->normal->text->len;
        recipient_take_better(&r->reason, reason_from_hits(c->hits, PHRASE_REASON, 0, end));
    }
    if (reason_rank(r->reason) <= 1) {
        recipient_take_better(&r->reason, reason_from_stage(span_from_string(r->diagnostic)));
        recipient_take_better(&r->reason,
                              is_alone ? reason_from_stage(c->own_text) : BACKSTOP_REASON_NONE);
    }
    if (reason_rank(r->reason) <= 1) {
        backstop_reason coded = reason_from_codes(&codes);
        bool is_sure = reason_rank(coded) == REASON_RANK_BEST;
        recipient_take_better(&r->reason, is_sure ? coded : r->hint);
        if (reason_rank(r->reason) <= 1) {
            recipient_take_better(&r->reason, coded);
        }
    }
    if (ran_out_of_time(notice, r)) {
        r->reason = BACKSTOP_REASON_EXPIRED;
    }
    recipient_take_better(&r->reason, BACKSTOP_REASON_OTHER);
}

/* Spares most notices a search for what an address was expanded from. */
static bool may_name_origin(clues *c)
{
    clues_read_text(c);
    span text = span_head(c->own_text, LIMIT_NOTICE_TEXT_BYTES);
    return memmem(text.ptr, text.len, "ed from", 7) != NULL ||
           memmem(text.ptr, text.len, "addressed to", 12) != NULL;
}

/* The text is asked only for what the delivery status leaves open. */
static void search_failure(clues *c, backstop_notice *notice, struct backstop_recipient *r,
                           bool may_have_origin)
{
    if (r->original == NULL && may_have_origin) {
        read_origin(c, notice, r);
    }
    if (r->diagnostic == NULL || reason_rank(r->reason) < REASON_RANK_BEST) {
        read_said(c, notice, r);
    }
}

static void read_reason_without_recipient(clues *c, backstop_notice *notice)
{
    struct backstop_recipient nobody = { .address = NULL };
    settle_reason(c, notice, &nobody);
    notice->reason = nobody.reason;
    notice->status = nobody.status;
    notice->reply = nobody.reply;
}

static bool failed(const struct backstop_recipient *r)
{
    return r->action == NULL || strcmp(r->action, "failed") == 0 ||
           strcmp(r->action, "delayed") == 0;
}

/* Addresses in a list share what is said after its last. */
static void share_reasons(backstop_notice *notice)
{
    for (unsigned i = notice->recipients->len; i-- > 1;) {
        struct backstop_recipient *r =
            &g_array_index(notice->recipients, struct backstop_recipient, i);
        struct backstop_recipient *above = r - 1;
        if (above->reason == BACKSTOP_REASON_OTHER && above->diagnostic == NULL &&
            above->status == NULL && above->reply == NULL) {
            above->reason = r->reason;
            above->status = r->status;
            above->reply = r->reply;
        }
    }
}

/* For so many recipients the text is searched; of further ones the delivery status alone tells. */
enum { SEARCHED_MAX = 300 };

static void explain_failures(clues *c, backstop_notice *notice)
{
    if (notice->recipients->len == 0) {
        read_reason_without_recipient(c, notice);
    }
    bool may_have_origin = may_name_origin(c);
    for (unsigned i = 0; i < notice->recipients->len; i++) {
        struct backstop_recipient *r =
            &g_array_index(notice->recipients, struct backstop_recipient, i);
        if (failed(r) && i < SEARCHED_MAX) {
            search_failure(c, notice, r, may_have_origin);
        }
        if (failed(r)) {
            settle_reason(c, notice, r);
        }
    }
    if (c->status.groups->len == 0) {
        share_reasons(notice);
    }
}

void recipients_read(clues *c, backstop_notice *notice)
{
    bool is_delivery = recipient_action_of(notice->kind) != NULL;
    if (c->mdn_part != NULL && c->status_part == NULL) {
        delivery_status_read(c->mdn_text, &c->status); /* RFC 8098, 3.2.3: the same fields */
    }
    reported_read(c, notice);
    if (notice->recipients->len == 0) {
        clues_read_words(c);
    }
    if (notice->recipients->len == 0 && is_delivery) {
        from_text(c, notice);
    }
    if (is_delivery && c->status.groups->len == 0) {
        prefer_failed_field(c, notice);
    }
    if (notice->recipients->len == 0 && is_delivery) {
        from_returned(c, notice);
    }
    if (notice->kind == BACKSTOP_KIND_FAILURE || notice->kind == BACKSTOP_KIND_DELAY) {
        explain_failures(c, notice);
    }
}
