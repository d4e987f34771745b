/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "verdict/judge.h"

#include "message/address_form.h"
#include "notice/explain.h"
#include "notice/notice.h"
#include "store/ledger.h"
#include "witness/recall.h"
#include "witness/tag.h"

#include <string.h>

/* Absence is never proof by itself: so many witnesses must miss it, independently. */
enum { ABSENCES_THAT_PROVE = 2 };

/* What all evidence comes to. */
typedef struct weights {
    backstop_strength genuine, forged;
    unsigned absences; /* of the witnesses whose absences prove when they agree */
    unsigned forged_claims;
    bool has_mute; /* a witness could not answer: what he would have said is missing */
} weights;

/* PRVS is none of these: it misses exactly what a tag misses, the mark of a signing host. */
static bool counts_for_proof(const evidence *e)
{
    static const char *const names[] = { "tag", "path", "dkim", "ledger" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(e->witness, names[i]) == 0) {
            return e->is_absence;
        }
    }
    return false;
}

static weights weigh(const GArray *all)
{
    weights w = { .genuine = BACKSTOP_STRENGTH_NONE, .forged = BACKSTOP_STRENGTH_NONE };
    for (unsigned i = 0; i < all->len; i++) {
        const evidence *e = &g_array_index(all, evidence, i);
        if (e->claim == BACKSTOP_CLAIM_GENUINE) {
            w.genuine = MAX(w.genuine, e->strength);
        } else if (e->claim == BACKSTOP_CLAIM_FORGED) {
            w.forged = MAX(w.forged, e->strength);
            w.forged_claims += e->strength >= BACKSTOP_STRENGTH_LIKELY;
            w.absences += e->strength >= BACKSTOP_STRENGTH_LIKELY && counts_for_proof(e);
        } else {
            w.has_mute = true;
        }
    }
    return w;
}

static void hear_all(const hearing *h, GArray *all)
{
    for (size_t i = 0; i < witness_count; i++) {
        evidence e = { .witness = witnesses[i].name };
        witnesses[i].testify(h, &e);
        if (e.claim != BACKSTOP_CLAIM_NONE || e.why[0] != '\0') {
            g_array_append_val(all, e);
        }
    }
}

/* Whether a witness besides that one has proof that it is genuine. */
static bool has_proof_besides(const GArray *all, const char *one)
{
    for (unsigned i = 0; i < all->len; i++) {
        const evidence *e = &g_array_index(all, evidence, i);
        if (e->claim == BACKSTOP_CLAIM_GENUINE && e->strength == BACKSTOP_STRENGTH_PROOF &&
            strcmp(e->witness, one) != 0) {
            return true;
        }
    }
    return false;
}

/* Whoever has seen a mail knows its Message-ID and who got it. Where a header came back that lacks
 * the tag which our mail bears, whole or cut as the forger wanted it, that is no proof. */
static bool rests_on_copied_id(const hearing *h, const GArray *all)
{
    return !has_proof_besides(all, "ledger") && recall_should_bear_tag(h) &&
           !tag_is_of_this_mail(h);
}

/* A forger can put real mail of ours beside his own: proof holds only if it holds for each. */
static bool all_others_are_proven(const hearing *first)
{
    const GArray *others = first->notice->others;
    bool proven = !first->notice->has_more_others;
    for (unsigned i = 0; proven && others != NULL && i < others->len; i++) {
        g_autoptr(GArray) said = g_array_new(FALSE, FALSE, sizeof(evidence));
        hearing *h = hearing_open(first->notice, i + 1, first->site, first->keys, first->store,
                                  first->now_sec);
        hear_all(h, said);
        proven = weigh(said).genuine == BACKSTOP_STRENGTH_PROOF && !rests_on_copied_id(h, said);
        hearing_close(h);
    }
    return proven;
}

/* What must be heard whatever it returns. */
static bool must_be_heard(const hearing *h)
{
    if (h->notice->kind == BACKSTOP_KIND_FEEDBACK) {
        return true;
    }
    for (unsigned i = 0; i < h->notified->len; i++) {
        if (address_form_is_role(span_from_string(g_ptr_array_index(h->notified, i)))) {
            return true;
        }
    }
    return false;
}

/* The address that a notice came to is no part of what it carries. */
static bool rests_on_header(const GArray *all)
{
    for (unsigned i = 0; i < all->len; i++) {
        const evidence *e = &g_array_index(all, evidence, i);
        if (strcmp(e->witness, "prvs") == 0 && e->claim == BACKSTOP_CLAIM_GENUINE &&
            e->strength == BACKSTOP_STRENGTH_PROOF) {
            return false;
        }
    }
    return true;
}

static void settle(backstop_judgement *j, const hearing *h)
{
    weights w = weigh(j->evidence);
    if (w.genuine == BACKSTOP_STRENGTH_PROOF && !all_others_are_proven(h)) {
        w.genuine = BACKSTOP_STRENGTH_LIKELY;
        j->reserve = RESERVE_OTHERS;
    }
    if (w.genuine == BACKSTOP_STRENGTH_PROOF && h->notice->returned.header.is_cited &&
        rests_on_header(j->evidence)) {
        w.genuine = BACKSTOP_STRENGTH_LIKELY;
        j->reserve = RESERVE_CITED;
    }
    if (w.genuine == BACKSTOP_STRENGTH_PROOF && rests_on_copied_id(h, j->evidence)) {
        w.genuine = BACKSTOP_STRENGTH_LIKELY;
        j->reserve = RESERVE_UNTAGGED;
    }
    bool is_proven_forged = h->domain != NULL && h->domain->is_closed && h->is_complete &&
                            w.absences >= ABSENCES_THAT_PROVE && !w.has_mute &&
                            w.genuine == BACKSTOP_STRENGTH_NONE;
    if (h->site->is_personal && w.forged_claims == 1) {
        w.forged = BACKSTOP_STRENGTH_HINT;
        j->reserve = w.genuine == BACKSTOP_STRENGTH_NONE ? RESERVE_LONE_ABSENCE : j->reserve;
    }
    j->decision = decide(w.genuine, w.forged, is_proven_forged);
    if (j->decision.verdict == BACKSTOP_VERDICT_BACKSCATTER && must_be_heard(h)) {
        j->decision = (decision){ BACKSTOP_VERDICT_UNVERIFIED, BACKSTOP_CONFIDENCE_NONE };
        j->reserve = RESERVE_MUST_HEAR;
    }
}

/* The first of the strongest that speak for the verdict. */
static int deciding_evidence(const backstop_judgement *j)
{
    static const backstop_claim claims[] = {
        [BACKSTOP_VERDICT_GENUINE] = BACKSTOP_CLAIM_GENUINE,
        [BACKSTOP_VERDICT_BACKSCATTER] = BACKSTOP_CLAIM_FORGED,
        [BACKSTOP_VERDICT_UNVERIFIED] = BACKSTOP_CLAIM_NONE,
    };
    backstop_claim wanted = claims[j->decision.verdict];
    backstop_strength strongest = BACKSTOP_STRENGTH_NONE;
    int found = -1;
    for (unsigned i = 0; wanted != BACKSTOP_CLAIM_NONE && i < j->evidence->len; i++) {
        const evidence *e = &g_array_index(j->evidence, evidence, i);
        if (e->claim == wanted && e->strength > strongest) {
            strongest = e->strength;
            found = (int)i;
        }
    }
    return found;
}

/* The first `count`. */
static GPtrArray *copy_texts(const GPtrArray *texts, unsigned count)
{
    GPtrArray *copies = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < count; i++) {
        g_ptr_array_add(copies, g_strdup(g_ptr_array_index(texts, i)));
    }
    return copies;
}

/* Whether anything could make a witness speak. */
static bool knows_anything(const backstop_site *site, const backstop_keys *keys,
                           const backstop_store *store)
{
    return keys != NULL || store != NULL || g_hash_table_size(site->domains) > 0 ||
           site_has_hosts(site);
}

/* One mail may rightly have any number of warnings of delay, and receipts. They must not wear the
 * proof that its failure will need. */
static bool is_counted(backstop_kind kind)
{
    return kind != BACKSTOP_KIND_DELAY && kind != BACKSTOP_KIND_SUCCESS &&
           kind != BACKSTOP_KIND_READ_RECEIPT;
}

static void hear_and_settle(backstop_judgement *j, hearing *h)
{
    hear_all(h, j->evidence);
    settle(j, h);
    j->deciding = deciding_evidence(j);
    j->explanation = words_explain(j, h->notice);
    if (is_counted(h->notice->kind)) {
        j->senders = copy_texts(h->senders, h->senders->len);
        j->message_ids = copy_texts(h->message_ids, h->message_ids->len);
        j->recipients = copy_texts(h->recipients, recall_counted_recipients(h));
    }
}

backstop_judgement *backstop_judge(const backstop_notice *notice, const backstop_site *site,
                                   const backstop_keys *keys, backstop_store *store,
                                   int64_t now_sec)
{
    bool is_notice = notice->kind != BACKSTOP_KIND_NONE;
    backstop_judgement *j = g_new0(backstop_judgement, 1);
    j->deciding = -1;
    j->evidence = g_array_new(FALSE, FALSE, sizeof(evidence));
    j->decision.verdict = is_notice ? BACKSTOP_VERDICT_UNVERIFIED : BACKSTOP_VERDICT_NOT_A_NOTICE;
    if (is_notice && knows_anything(site, keys, store)) {
        backstop_store *view = store_view_open(store);
        hearing *h = hearing_open(notice, 0, site, keys, view, now_sec);
        hear_and_settle(j, h);
        hearing_close(h);
        store_view_close(view, store);
    } else {
        j->explanation = explain_notice(notice, false);
    }
    j->field = is_notice ? words_field(j, notice) : NULL;
    return j;
}

static void free_texts(GPtrArray *texts)
{
    if (texts != NULL) {
        g_ptr_array_free(texts, TRUE);
    }
}

void backstop_judgement_free(backstop_judgement *judgement)
{
    if (judgement == NULL) {
        return;
    }
    g_array_free(judgement->evidence, TRUE);
    g_free(judgement->explanation);
    g_free(judgement->field);
    free_texts(judgement->senders);
    free_texts(judgement->message_ids);
    free_texts(judgement->recipients);
    g_free(judgement);
}

static span *spans_of(const GPtrArray *texts)
{
    span *spans = g_new0(span, MAX(texts->len, 1));
    for (unsigned i = 0; i < texts->len; i++) {
        spans[i] = span_from_string(g_ptr_array_index(texts, i));
    }
    return spans;
}

backstop_status backstop_judgement_count(const backstop_judgement *judgement, backstop_store *store,
                                         int64_t now_sec, backstop_error *error)
{
    /* A signed address proves whatever Message-ID came to it. */
    if (judgement->message_ids == NULL || judgement->message_ids->len == 0 ||
        !has_proof_besides(judgement->evidence, "prvs")) {
        return BACKSTOP_OK;
    }
    g_autofree span *senders = spans_of(judgement->senders);
    span id = span_from_string(g_ptr_array_index(judgement->message_ids, 0));
    backstop_status status = BACKSTOP_OK;
    if (judgement->recipients->len == 0) {
        return ledger_count_return(store, id, SPAN(""), true, now_sec, error);
    }
    for (unsigned i = 0; status == BACKSTOP_OK && i < judgement->recipients->len; i++) {
        span recipient = span_from_string(g_ptr_array_index(judgement->recipients, i));
        ledger_answer known;
        status = ledger_find(store, senders, judgement->senders->len, &id, 1, &recipient, 1,
                             now_sec, &known, error);
        if (status == BACKSTOP_OK) {
            status =
                ledger_count_return(store, id, recipient, !known.knows_delivery, now_sec, error);
        }
    }
    return status;
}
