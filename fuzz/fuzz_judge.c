/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The whole way from bytes to a verdict, before two sites that declare all they can. To one of them
 * the seeds' tags, signatures and mails are its own. The other has other secrets under the same
 * names, and has sent nothing that an input could know: nothing is ever proven to be its mail.
 */
#include "notice/notice.h"
#include "proof/keys.h"
#include "store/ledger.h"
#include "verdict/judge.h"

#include <backstop/judge.h>

#include <glib.h>
#include <string.h>

/* Some hours after the seeds. */
enum { NOW_SEC = 1795513100, SENT_SEC = 1795465490, DAY_SEC = 86400 };

/* By what the two differ. */
typedef struct secrets {
    const char *keys;
    const char *dkim_key;
    const char *message_ids[2];
    const char *recipient;
} secrets;

static const secrets ours = {
    .keys = "version 1\n"
            "t0 1780000000 1795400000 tag NTEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"
            "t1 1790000000 - tag MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"
            "l1 1790000000 - ledger MzEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"
            "p1 1790000000 - prvs0 NDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n",
    /* Of RFC 8463, A.2. */
    .dkim_key = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    .message_ids = { "<1@our.example>", "<2@our.example>" },
    .recipient = "bob@remote.example",
};

static const secrets theirs = {
    .keys = "version 1\n"
            "t0 1780000000 1795400000 tag c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MDE=\n"
            "t1 1790000000 - tag c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MDI=\n"
            "l1 1790000000 - ledger c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MDM=\n"
            "p1 1790000000 - prvs0 c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MDQ=\n",
    .dkim_key = "v=DKIM1; k=ed25519; p=uhqh/DS2yCXdO8pdB+7YQ4Z22CKLrmqrLomypuGT4MI=",
    .message_ids = { "<known to nobody>", "<not to be guessed>" },
    .recipient = "nobody@nowhere.invalid",
};

typedef struct scene {
    backstop_site *site;
    backstop_keys *keys;
    backstop_store *store;
} scene;

static void check(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

static void check_text(const char *text)
{
    check(text != NULL && g_utf8_validate(text, -1, NULL));
}

static void fill_site(const secrets *known, backstop_site *site)
{
    backstop_domain *domain;
    check(backstop_site_add_domain(site, "our.example", &domain, NULL) == BACKSTOP_OK);
    backstop_domain_set_closed(domain, true);
    backstop_domain_set_dkim_signs_all(domain, true);
    check(backstop_domain_add_dkim_key(domain, "sel1", known->dkim_key, NULL) == BACKSTOP_OK);
    check(backstop_site_add_outbound_host(site, "192.0.2.0/28", false, NULL) == BACKSTOP_OK);
    check(backstop_site_add_outbound_host(site, "mx.our.example", true, NULL) == BACKSTOP_OK);
    check(backstop_site_add_forwarder(site, "info@our.example", NULL) == BACKSTOP_OK);
    backstop_site_set_ledger_complete(site, true);
}

/* Alice has been sending for weeks, Carol writes from signed addresses. */
static void fill_store(const secrets *known, backstop_store *store)
{
    static const char *const senders[] = { "alice@our.example", "carol@our.example" };
    const span to = span_from_string(known->recipient);
    for (size_t i = 0; i < G_N_ELEMENTS(senders); i++) {
        ledger_mail mail = { .message_id = SPAN("<before>"),
                             .sender = span_from_string(senders[i]),
                             .recipients = &to,
                             .recipient_count = 1,
                             .has_batv = i == 1 };
        check(ledger_record(store, &mail, SENT_SEC - 20 * DAY_SEC, NULL) == BACKSTOP_OK);
        mail.message_id = span_from_string(known->message_ids[i]);
        check(ledger_record(store, &mail, SENT_SEC, NULL) == BACKSTOP_OK);
    }
}

/* Made for the first notice only, so that an input that is none reaches little. */
static const scene *get_scene(const secrets *known, scene *s)
{
    if (s->site == NULL) {
        check(keys_read(span_from_string(known->keys), "keys", &s->keys, NULL) == BACKSTOP_OK);
        s->site = backstop_site_new();
        fill_site(known, s->site);
        check(backstop_store_open(NULL, s->keys, &s->store, NULL) == BACKSTOP_OK);
        fill_store(known, s->store);
    }
    return s;
}

/* How many of the witnesses say `claim`; `*strongest` is the strongest of them. */
static unsigned count_claims(const backstop_judgement *j, backstop_claim claim,
                             backstop_strength *strongest)
{
    unsigned count = 0;
    *strongest = BACKSTOP_STRENGTH_NONE;
    for (size_t i = 0; i < backstop_judgement_evidence_count(j); i++) {
        if (backstop_evidence_claim(j, i) == claim) {
            count++;
            *strongest = MAX(*strongest, backstop_evidence_strength(j, i));
        }
    }
    return count;
}

/* Whether a proof was taken as likely, and the verdict says why. */
static bool is_reserved_proof(const backstop_judgement *j)
{
    return j->reserve == RESERVE_OTHERS || j->reserve == RESERVE_CITED ||
           j->reserve == RESERVE_UNTAGGED;
}

/* What holds of every verdict. */
static void check_verdict(const backstop_judgement *j, const backstop_notice *notice)
{
    backstop_strength genuine, forged;
    unsigned for_us = count_claims(j, BACKSTOP_CLAIM_GENUINE, &genuine);
    unsigned against = count_claims(j, BACKSTOP_CLAIM_FORGED, &forged);
    bool is_proven = backstop_judgement_confidence(j) == BACKSTOP_CONFIDENCE_PROVEN;
    check(forged < BACKSTOP_STRENGTH_PROOF);
    switch (backstop_judgement_verdict(j)) {
    case BACKSTOP_VERDICT_GENUINE:
        check(genuine >= BACKSTOP_STRENGTH_LIKELY);
        check(!is_proven || genuine == BACKSTOP_STRENGTH_PROOF);
        break;
    case BACKSTOP_VERDICT_BACKSCATTER:
        check(genuine < BACKSTOP_STRENGTH_LIKELY && against > 0);
        check(backstop_notice_kind(notice) != BACKSTOP_KIND_FEEDBACK);
        check(!is_proven || (for_us == 0 && against >= 2 && notice->returned.is_complete));
        break;
    case BACKSTOP_VERDICT_UNVERIFIED:
        check(backstop_judgement_confidence(j) == BACKSTOP_CONFIDENCE_NONE);
        check(genuine < BACKSTOP_STRENGTH_PROOF || is_reserved_proof(j));
        break;
    default:
        check(false);
    }
}

static void check_words(const backstop_judgement *j)
{
    for (size_t i = 0; i < backstop_judgement_evidence_count(j); i++) {
        check_text(backstop_evidence_why(j, i));
    }
    check_text(backstop_judgement_explanation(j));
    for (const char *c = backstop_judgement_field(j); *c != '\0'; c++) {
        check(*c >= ' ' && *c < 127);
    }
}

static void judge(const backstop_notice *notice, const scene *s, bool may_be_proven)
{
    backstop_strength genuine;
    backstop_judgement *j = backstop_judge(notice, s->site, s->keys, s->store, NOW_SEC);
    count_claims(j, BACKSTOP_CLAIM_GENUINE, &genuine);
    check(may_be_proven || genuine < BACKSTOP_STRENGTH_PROOF);
    check_verdict(j, notice);
    check_words(j);
    backstop_judgement_free(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static scene owner, stranger;
    backstop_message *message;
    if (backstop_message_read((const char *)data, size, NULL, &message) != BACKSTOP_OK) {
        return 0;
    }
    backstop_notice *notice = backstop_notice_read(message);
    if (backstop_notice_kind(notice) != BACKSTOP_KIND_NONE) {
        judge(notice, get_scene(&ours, &owner), true);
        judge(notice, get_scene(&theirs, &stranger), false);
    }
    backstop_notice_free(notice);
    backstop_message_free(message);
    return 0;
}
