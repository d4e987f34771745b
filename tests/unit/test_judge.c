/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Whole judgements: which notices are counted against a mail, and what must be heard. */
#include "verdict/judge.h"

#include "witness/recall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "witness_fixture.h"

#define ALICE "alice@our.example"
#define BOB "bob@remote.example"
#define ID "<1@our.example>"

typedef struct outcome {
    backstop_kind kind;
    backstop_verdict verdict;
    backstop_confidence confidence;
} outcome;

static outcome judge(const scene *s, const char *text, bool counts)
{
    backstop_message *message;
    assert_int_equal(BACKSTOP_OK, backstop_message_read(text, strlen(text), s->envelope, &message));
    backstop_notice *notice = backstop_notice_read(message);
    backstop_judgement *j = backstop_judge(notice, s->site, s->keys, s->store, s->now_sec);
    if (counts) {
        assert_int_equal(BACKSTOP_OK, backstop_judgement_count(j, s->store, s->now_sec, NULL));
    }
    outcome o = { notice->kind, backstop_judgement_verdict(j), backstop_judgement_confidence(j) };
    backstop_judgement_free(j);
    backstop_notice_free(notice);
    backstop_message_free(message);
    return o;
}

/* As for a notice that came in. */
static outcome judge_and_count(const scene *s, const char *text)
{
    return judge(s, text, true);
}

/* The returned header as it left, with its tag. */
static char *tagged_header(const scene *s, const char *fields)
{
    g_autofree char *value = scene_tag(s, "t3", MAIL_SEC, ALICE, fields);
    return g_strconcat(HOP_FIELD "Backstop-Tag: ", value, "\n", fields, NULL);
}

static char *text_of_kind(const scene *s, backstop_kind kind)
{
    g_autofree char *header = tagged_header(s, MAIL_FIELDS);
    switch (kind) {
    case BACKSTOP_KIND_DELAY:
        return notice_text(PARTS(.action = "delayed", .header = header));
    case BACKSTOP_KIND_SUCCESS:
        return notice_text(PARTS(.action = "delivered", .header = header));
    case BACKSTOP_KIND_READ_RECEIPT:
        return g_strdup("From: " BOB "\nTo: " ALICE "\nSubject: Read: Offer\nDate: " MAIL_DATE "\n"
                        "Content-Type: multipart/report; report-type=disposition-notification; "
                        "boundary=b\n\n--b\n\nYour message was read.\n--b\nContent-Type: "
                        "message/disposition-notification\n\nFinal-Recipient: rfc822; " BOB
                        "\nOriginal-Message-ID: " ID "\nDisposition: "
                        "manual-action/MDN-sent-manually; displayed\n\n--b--\n");
    case BACKSTOP_KIND_AUTO_REPLY:
        return g_strdup("From: " BOB "\nTo: " ALICE "\nSubject: Out of office: Offer\n"
                        "Auto-Submitted: auto-replied\nDate: " MAIL_DATE "\nIn-Reply-To: " ID
                        "\n\nI am out of the office until Monday.\n");
    default:
        return notice_text(PARTS(.header = header));
    }
}

/* Many warnings of delay, or receipts, must not wear a mail's proof. What wears it is for all. */
static void test_what_is_counted(void **state)
{
    (void)state;
    static const struct {
        backstop_kind kind;
        bool is_counted;
    } cases[] = {
        { BACKSTOP_KIND_DELAY, false },        { BACKSTOP_KIND_SUCCESS, false },
        { BACKSTOP_KIND_READ_RECEIPT, false }, { BACKSTOP_KIND_AUTO_REPLY, true },
        { BACKSTOP_KIND_FAILURE, true },
    };
    enum { NOTICES = 12 };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        scene s = scene_new();
        scene_open_store(&s);
        scene_record(&s, ALICE, BOB, ID, MAIL_SEC);
        g_autofree char *text = text_of_kind(&s, cases[i].kind);
        outcome o;
        for (unsigned k = 0; k < NOTICES; k++) {
            o = judge_and_count(&s, text);
            assert_int_equal(cases[i].kind, o.kind);
            assert_int_equal(BACKSTOP_VERDICT_GENUINE, o.verdict);
        }
        backstop_confidence expected =
            cases[i].is_counted ? BACKSTOP_CONFIDENCE_LIKELY : BACKSTOP_CONFIDENCE_PROVEN;
        assert_int_equal(expected, o.confidence);
        /* and so for whatever comes next */
        for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
            g_autofree char *next = text_of_kind(&s, cases[k].kind);
            assert_int_equal(expected, judge_and_count(&s, next).confidence);
        }
        scene_free(&s);
    }
}

/* A client that names somebody in ORCPT wears no proof of a mail to him. */
static void test_named_is_not_counted(void **state)
{
    (void)state;
    enum { NOTICES = 12 };
    scene s = scene_new();
    scene_open_store(&s);
    scene_record(&s, ALICE, BOB, ID, MAIL_SEC);
    g_autofree char *forged =
        notice_text(PARTS(.recipient = "carol@x.example\nOriginal-Recipient: rfc822; " BOB));
    g_autofree char *usual = text_of_kind(&s, BACKSTOP_KIND_FAILURE);
    for (unsigned i = 0; i < NOTICES; i++) {
        judge_and_count(&s, forged);
    }
    assert_int_equal(BACKSTOP_CONFIDENCE_PROVEN, judge_and_count(&s, usual).confidence);
    scene_free(&s);
}

#define STRANGE                                                                                    \
    "Received: from x (unknown [203.0.113.66]) by mx.remote.example; " MAIL_DATE "\n" MAIL_FIELDS

/* All groups of a report are about one mail, of which a forger may send a copy to whom he likes. */
static void test_copied_message_id(void **state)
{
    (void)state;
    scene s = scene_new();
    scene_open_store(&s);
    scene_record(&s, ALICE, BOB, ID, MAIL_SEC);
    g_autofree char *several =
        notice_text(PARTS(.recipient = "carol@x.example\nAction: failed\nStatus: 5.1.1\n\n"
                                       "Final-Recipient: rfc822; " BOB));
    assert_int_equal(BACKSTOP_CONFIDENCE_LIKELY, judge_and_count(&s, several).confidence);
    scene_free(&s);

    s = scene_new();
    scene_open_store(&s);
    /* Since then mail of hers bears a tag. */
    scene_record(&s, ALICE, "dora@remote.example", "<2@our.example>", MAIL_SEC - 30 * DAY_SEC);
    scene_record(&s, ALICE, BOB, ID, MAIL_SEC);
    g_autofree char *untagged = notice_text(PARTS(.header = STRANGE));
    assert_int_equal(BACKSTOP_VERDICT_UNVERIFIED, judge_and_count(&s, untagged).verdict);
    scene_free(&s);
}

/* One more returned message. */
#define BESIDE(header) "--b\nContent-Type: message/rfc822\n\n" header

/* Nor does it help to put any tag above it, or to leave out what makes a header complete. */
static void test_copied_message_id_in_disguise(void **state)
{
    (void)state;
    scene s = scene_new();
    scene_open_store(&s);
    scene_record(&s, ALICE, "dora@remote.example", "<2@our.example>", MAIL_SEC - 30 * DAY_SEC);
    scene_record(&s, ALICE, BOB, ID, MAIL_SEC);
    g_autofree char *honest = text_of_kind(&s, BACKSTOP_KIND_FAILURE);
    assert_int_equal(BACKSTOP_CONFIDENCE_PROVEN, judge(&s, honest, false).confidence);
    g_autofree char *of_other = scene_tag(&s, "t3", MAIL_SEC, ALICE, "Message-ID: <3@x>\n");
    g_autofree char *other = g_strconcat("Backstop-Tag: ", of_other, "\n" STRANGE, NULL);
    const char *headers[] = {
        "Backstop-Tag: v=2; whatever\n" STRANGE,
        "Backstop-Tag: v=1; k=zz9; t=1795465490; n=AAAAAAAAAAAAAAAA; a=AAAAAAAAAAAAAAAAAAAAAA; "
        "h=AAAAAAAAAAAAAAAAAAAAAA\n" STRANGE,
        other,
        "From: " ALICE "\nMessage-ID: " ID "\n",
        "Received: x\n" STRANGE,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(headers); i++) {
        g_autofree char *text = notice_text(PARTS(.header = headers[i]));
        assert_int_not_equal(BACKSTOP_CONFIDENCE_PROVEN, judge(&s, text, false).confidence);
    }
    /* The envelope sender is the forger's to choose, among those of ours whose mail bears no tag.
     */
    g_autofree char *to_carol = notice_text(
        PARTS(.to = "carol@our.example", .header = "Return-Path: <carol@our.example>\n" STRANGE));
    assert_int_not_equal(BACKSTOP_CONFIDENCE_PROVEN, judge(&s, to_carol, false).confidence);
    /* Real mail beside it proves that alone. */
    g_autofree char *ours = tagged_header(&s, MAIL_FIELDS);
    g_autofree char *both = notice_text(PARTS(.header = ours, .more = BESIDE(STRANGE) "\nHi\n"));
    assert_int_equal(BACKSTOP_CONFIDENCE_LIKELY, judge(&s, both, false).confidence);
    g_autofree char *own = g_strconcat(BESIDE(""), ours, "\nHi\n", NULL);
    g_autofree char *twice = notice_text(PARTS(.header = ours, .more = own));
    assert_int_equal(BACKSTOP_CONFIDENCE_PROVEN, judge(&s, twice, false).confidence);
    scene_free(&s);
}

/* Notices that name nobody wear a copied mail's proof as those about strangers do. */
static void test_nobody_is_named(void **state)
{
    (void)state;
    scene s = scene_new();
    scene_open_store(&s);
    scene_record(&s, ALICE, BOB, ID, MAIL_SEC);
    g_autofree char *header = tagged_header(
        &s, "From: " ALICE "\nTo: " BOB ", x@y.example\nDate: " MAIL_DATE "\nMessage-ID: " ID "\n");
    g_autofree char *text = g_strconcat(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.remote.example\nTo: " ALICE "\nSubject: "
        "Undelivered Mail Returned to Sender\nContent-Type: multipart/mixed; boundary=b\n\n"
        "--b\n\nYour message could not be delivered.\n--b\nContent-Type: message/rfc822\n\n",
        header, "\nSpam\n--b--\n", NULL);
    unsigned proven = 0;
    while (proven <= RECALL_STRANGER_RETURNS_MAX &&
           judge_and_count(&s, text).confidence == BACKSTOP_CONFIDENCE_PROVEN) {
        proven++;
    }
    assert_int_equal(RECALL_STRANGER_RETURNS_MAX, proven);
    g_autofree char *honest = text_of_kind(&s, BACKSTOP_KIND_FAILURE);
    assert_int_equal(BACKSTOP_CONFIDENCE_PROVEN, judge_and_count(&s, honest).confidence);
    scene_free(&s);
}

/* A report that names more than are asked about proves no delivery to all of them. */
static void test_more_recipients_than_are_asked_about(void **state)
{
    (void)state;
    scene s = scene_new();
    scene_open_store(&s);
    g_autoptr(GString) all = g_string_new(BOB);
    scene_record(&s, ALICE, BOB, ID, MAIL_SEC);
    for (unsigned i = 1; i <= HEARING_RECIPIENTS_MAX; i++) {
        g_autofree char *to = g_strdup_printf("u%u@remote.example", i);
        scene_record(&s, ALICE, to, ID, MAIL_SEC);
        g_string_append_printf(
            all, "\nAction: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822; %s", to);
    }
    g_autofree char *text = notice_text(PARTS(.recipient = all->str));
    assert_int_equal(BACKSTOP_STRENGTH_LIKELY, scene_ask_about(&s, "ledger", text, 0).strength);
    scene_free(&s);
}

static backstop_verdict verdict_to(const scene *s, const char *to)
{
    g_autofree char *text = notice_text(PARTS(.to = to, .header = STRANGE));
    return judge_and_count(s, text).verdict;
}

static void close_domain(scene *s)
{
    backstop_site_free(s->site);
    s->site = backstop_site_new();
    backstop_domain *domain;
    assert_int_equal(BACKSTOP_OK, backstop_site_add_domain(s->site, "our.example", &domain, NULL));
    backstop_domain_set_closed(domain, true);
    backstop_domain_set_dkim_signs_all(domain, true);
    assert_int_equal(BACKSTOP_OK,
                     backstop_site_add_outbound_host(s->site, "192.0.2.0/24", false, NULL));
}

/* Where one who could have known the mail cannot be asked, nothing is proven against it. */
static void test_mute_witness(void **state)
{
    (void)state;
    static const char unknown_key[] =
        "Backstop-Tag: v=1; k=zz9; t=1795465490; n=AAAAAAAAAAAAAAAA; a=AAAAAAAAAAAAAAAAAAAAAA; "
        "h=AAAAAAAAAAAAAAAAAAAAAA\n";
    scene s = scene_new();
    scene_open_store(&s);
    close_domain(&s);
    g_autofree char *forged = notice_text(PARTS(.header = STRANGE));
    g_autofree char *header = g_strconcat(STRANGE, unknown_key, NULL);
    g_autofree char *unchecked = notice_text(PARTS(.header = header));
    assert_int_equal(BACKSTOP_CONFIDENCE_PROVEN, judge_and_count(&s, forged).confidence);
    assert_int_equal(BACKSTOP_CONFIDENCE_LIKELY, judge_and_count(&s, unchecked).confidence);
    backstop_store *store = g_steal_pointer(&s.store);
    outcome o = judge_and_count(&s, forged);
    assert_int_equal(BACKSTOP_VERDICT_BACKSCATTER, o.verdict);
    assert_int_equal(BACKSTOP_CONFIDENCE_LIKELY, o.confidence);
    s.store = store;
    scene_free(&s);
}

/* What is closed tells nothing of mail that another, open domain's address sent. */
static void test_open_domain_behind_closed_address(void **state)
{
    (void)state;
    static const char *const recipients[] = { ALICE };
    static const backstop_envelope envelope = { .recipients = recipients, .recipient_count = 1 };
    scene s = scene_new();
    scene_open_store(&s);
    close_domain(&s);
    backstop_domain *open;
    assert_int_equal(BACKSTOP_OK, backstop_site_add_domain(s.site, "open.example", &open, NULL));
    s.envelope = &envelope;
    g_autofree char *closed = notice_text(PARTS(.header = STRANGE));
    g_autofree char *other = notice_text(PARTS(.to = "alice@open.example", .header = STRANGE));
    assert_int_equal(BACKSTOP_CONFIDENCE_PROVEN, judge_and_count(&s, closed).confidence);
    assert_int_equal(BACKSTOP_CONFIDENCE_LIKELY, judge_and_count(&s, other).confidence);
    /* Nor is what hers bears missing from it. */
    scene_record(&s, ALICE, "dora@x.example", "<2@our.example>", MAIL_SEC - 10 * DAY_SEC);
    assert_int_equal(BACKSTOP_CLAIM_FORGED, scene_ask_about(&s, "tag", closed, 0).claim);
    assert_int_equal(BACKSTOP_CLAIM_NONE, scene_ask_about(&s, "tag", other, 0).claim);
    backstop_site_set_ledger_complete(s.site, true);
    assert_int_equal(BACKSTOP_CLAIM_FORGED, scene_ask_about(&s, "ledger", closed, 0).claim);
    assert_int_equal(BACKSTOP_CLAIM_NONE, scene_ask_about(&s, "ledger", other, 0).claim);
    /* Another of her own domain, open now. */
    backstop_site_free(s.site);
    s.site = backstop_site_new();
    assert_int_equal(BACKSTOP_OK, backstop_site_add_domain(s.site, "our.example", &open, NULL));
    g_autofree char *sales = notice_text(PARTS(.header = STRANGE, .to = "sales@our.example"));
    assert_int_equal(BACKSTOP_CLAIM_FORGED, scene_ask_about(&s, "tag", closed, 0).claim);
    assert_int_equal(BACKSTOP_CLAIM_NONE, scene_ask_about(&s, "tag", sales, 0).claim);
    scene_free(&s);
}

/* abuse@ and postmaster@ hear of everything, wherever they stand among those notified. */
static void test_roles(void **state)
{
    (void)state;
    scene s = scene_new();
    scene_open_store(&s);
    assert_int_equal(BACKSTOP_OK,
                     backstop_site_add_outbound_host(s.site, "192.0.2.0/24", false, NULL));
    assert_int_equal(BACKSTOP_VERDICT_BACKSCATTER, verdict_to(&s, ALICE));
    assert_int_equal(BACKSTOP_VERDICT_UNVERIFIED, verdict_to(&s, "Abuse@our.example"));
    assert_int_equal(BACKSTOP_VERDICT_UNVERIFIED, verdict_to(&s, "postmaster+x@our.example"));
    g_autoptr(GString) to = g_string_new(ALICE);
    for (unsigned i = 0; i < 6; i++) {
        g_string_append_printf(to, ", a%u@our.example", i);
    }
    assert_int_equal(BACKSTOP_VERDICT_BACKSCATTER, verdict_to(&s, to->str));
    g_string_append(to, ", abuse@our.example");
    assert_int_equal(BACKSTOP_VERDICT_UNVERIFIED, verdict_to(&s, to->str));
    g_string_truncate(to, 0);
    for (unsigned i = 0; i < 30; i++) {
        g_string_append_printf(to, "a%u@our.example, ", i);
    }
    g_string_append(to, "abuse@our.example");
    assert_int_equal(BACKSTOP_VERDICT_UNVERIFIED, verdict_to(&s, to->str));
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_counted),
        cmocka_unit_test(test_named_is_not_counted),
        cmocka_unit_test(test_mute_witness),
        cmocka_unit_test(test_copied_message_id),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_copied_message_id_in_disguise),
        cmocka_unit_test(test_nobody_is_named),
        cmocka_unit_test(test_more_recipients_than_are_asked_about),
        cmocka_unit_test(test_open_domain_behind_closed_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
