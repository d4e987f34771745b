/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The witness of our DKIM signatures (proof/dkim.h), checked over the returned header alone.
 */
#include "proof/dkim.h"

#include "message/address.h"
#include "message/address_form.h"
#include "notice/notice.h"
#include "witness/recall.h"
#include "witness/witness.h"

/* Why a good signature is no proof; the first that holds. */
typedef enum dkim_flaw {
    FLAW_NONE,
    FLAW_BODY, /* another one, cut off, or not at hand: that cannot be told apart */
    FLAW_EXPIRED,
    FLAW_AGE,
    FLAW_FUTURE,
    FLAW_FIELDS,
    FLAW_FROM,
    FLAW_UNSIGNED, /* no good signature of ours */
} dkim_flaw;

typedef struct dkim_search {
    const hearing *h;
    dkim_flaw flaw;                /* of the best one */
    const backstop_domain *domain; /* of the best one */
    unsigned tried;
    bool has_ours; /* there is one in our name, or that may be in our name */
} dkim_search;

static bool signs_what_matters(const dkim_signature *s, field_block header)
{
    static const char *const names[] = { "From", "To", "Subject", "Date", "Message-ID" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!dkim_signs_the_only(s, header, names[i])) {
            return false;
        }
    }
    return true;
}

static dkim_flaw age_flaw(const hearing *h, const dkim_signature *s)
{
    int64_t made = s->has_time ? s->time_sec : h->date_sec;
    /* It must have been good when the mail was under way; that is over when the notice comes. */
    int64_t seen = h->sent_until_sec != 0 ? h->sent_until_sec : h->now_sec;
    if (!s->has_time && !h->has_date) {
        return FLAW_AGE;
    }
    if (made > h->now_sec + HEARING_CLOCK_SKEW_SEC) {
        return FLAW_FUTURE;
    }
    if (made < h->now_sec - h->site->tag_lifetime_sec) {
        return FLAW_AGE;
    }
    return s->has_expiry && s->expiry_sec < seen ? FLAW_EXPIRED : FLAW_NONE;
}

/* A body came back that is not at hand as it was sent: encoded, indented, or taken for no body. */
static bool lacks_body(const hearing *h)
{
    const backstop_notice *n = h->notice;
    const returned_header *r = &n->returned.header;
    for (unsigned i = 0; n->others != NULL && i < n->others->len && r->fields != h->header.fields;
         i++) {
        r = &g_array_index(n->others, returned_header, i);
    }
    return r->has_body && h->body.len == 0;
}

static dkim_flaw flaw_of(const hearing *h, const dkim_signature *s)
{
    if (!h->from_is_notified) {
        return FLAW_FROM;
    }
    if (!signs_what_matters(s, h->header)) {
        return FLAW_FIELDS;
    }
    dkim_flaw flaw = age_flaw(h, s);
    bool is_checked = h->body.len > 0 ? dkim_verify_body(s, h->body) : !lacks_body(h);
    if (flaw == FLAW_NONE && !is_checked) {
        flaw = FLAW_BODY;
    }
    return flaw;
}

/* The domain of ours in whose name a signature is; `*is_near`: it is below one of ours, or above
 * that of From, so that it may be meant for ours. */
static const backstop_domain *signing_domain(const hearing *h, span name, bool *is_near)
{
    span from = span_from_string(h->from);
    span own = address_domain(from);
    bool is_above =
        own.len > name.len && span_ends_nocase(own, name) && own.ptr[own.len - name.len - 1] == '.';
    *is_near = name.len == 0 || is_above || site_is_below_domain(h->site, name);
    return site_domain_of(h->site, name);
}

static void examine(dkim_search *s, unsigned index, span value)
{
    const hearing *h = s->h;
    span selector;
    bool is_near;
    const backstop_domain *domain =
        signing_domain(h, dkim_signature_domain(value, &selector), &is_near);
    s->has_ours = s->has_ours || domain != NULL || is_near;
    const dkim_key *key = domain == NULL ? NULL : site_dkim_key_of(domain, selector);
    dkim_signature signature;
    /* Signatures of others cost no check, and take no place among those that are tried. */
    if (key == NULL || s->tried++ >= DKIM_SIGNATURES_TRIED ||
        !dkim_signature_read(value, &signature) ||
        !dkim_verify_header(&signature, key, h->header, index, h->header_text)) {
        return;
    }
    dkim_flaw flaw = flaw_of(h, &signature);
    if (flaw < s->flaw) {
        s->flaw = flaw;
        s->domain = domain;
    }
}

static void search(dkim_search *s)
{
    for (unsigned i = 0; i < s->h->header.count && s->flaw != FLAW_NONE; i++) {
        const header_field *f = field_at(s->h->header, i);
        if (span_equal_nocase(f->name, SPAN("DKIM-Signature"))) {
            examine(s, i, f->value);
        }
    }
}

static void testify_good(const dkim_search *s, evidence *out)
{
    static const char *const reserves[] = {
        [FLAW_NONE] = "",
        [FLAW_BODY] = ", but the text that came back is not what was signed, or cannot be compared",
        [FLAW_EXPIRED] = ", but it had expired when the message was under way",
        [FLAW_AGE] = ", but it is so old that somebody may have copied it since",
        [FLAW_FUTURE] = ", but it is of a day that is still to come by the clock here",
        [FLAW_FIELDS] = ", but not each field that matters is signed and there once",
        [FLAW_FROM] = ", but its From is not the address that the notice came to",
    };
    const char *reserve = reserves[s->flaw];
    bool is_proof = s->flaw == FLAW_NONE;
    if (is_proof && recall_is_worn(s->h)) {
        is_proof = false;
        reserve = ", but more notices came back about that mail than can be true";
    }
    evidence_say(
        out, BACKSTOP_CLAIM_GENUINE, is_proof ? BACKSTOP_STRENGTH_PROOF : BACKSTOP_STRENGTH_LIKELY,
        "the returned message bears a DKIM signature of %s that holds%s", s->domain->name, reserve);
}

static void testify_absence(const hearing *h, evidence *out)
{
    if (h->absence_is_silent != NULL || h->from == NULL) {
        return;
    }
    const backstop_domain *domain = site_domain_of(h->site, span_from_string(h->from));
    if (domain != NULL && domain->dkim_signs_all) {
        evidence_say_absent(out,
                            "all mail of %s bears its DKIM signature, and the returned message "
                            "bears none",
                            domain->name);
    }
}

void dkim_testify(const hearing *h, evidence *out)
{
    dkim_search s = { .h = h, .flaw = FLAW_UNSIGNED };
    search(&s);
    if (s.flaw != FLAW_UNSIGNED) {
        testify_good(&s, out);
    } else if (!s.has_ours) {
        testify_absence(h, out);
    }
}
