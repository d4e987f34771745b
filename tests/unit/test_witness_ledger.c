/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The witness of the ledger: what it knows of a mail, and when it counts that it knows nothing. */
#include "witness/witness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_store.h"
#include "witness_fixture.h"

#define ALICE "alice@our.example"
#define BOB "bob@remote.example"
#define ID "<1@our.example>"

static scene ledger_scene(void)
{
    scene s = scene_new();
    scene_open_store(&s);
    return s;
}

static void test_known(void **state)
{
    (void)state;
    scene s = ledger_scene();
    EXPECT(&s, "ledger", USUAL, "", NULL);
    scene_record(&s, "carol@our.example", "x@remote.example", ID, MAIL_SEC);
    EXPECT(&s, "ledger", USUAL, "genuine likely", "another address");
    scene_record(&s, ALICE, BOB, "<2@our.example>", MAIL_SEC - DAY_SEC);
    EXPECT(&s, "ledger", USUAL, "genuine likely", "wrote to bob@remote.example");
    scene_record(&s, ALICE, "dora@remote.example", ID, MAIL_SEC);
    EXPECT(&s, "ledger", USUAL, "genuine likely", "not sure that it went to bob@remote.example");
    scene_record(&s, ALICE, BOB, ID, MAIL_SEC);
    EXPECT(&s, "ledger", USUAL, "genuine proof", "to bob@remote.example");
    EXPECT(&s, "ledger", PARTS(.action = "delayed"), "genuine proof", NULL);
    EXPECT(&s, "ledger", PARTS(.action = "delivered"), "genuine proof", NULL);
    scene_free(&s);
}

static void test_senders_and_recipients(void **state)
{
    (void)state;
    scene s = ledger_scene();
    scene_record(&s, ALICE, BOB, ID, MAIL_SEC);
    static const char *const to[] = { "prvs=0123abcdef=alice@our.example", "alice+x@our.example",
                                      "ALICE@OUR.EXAMPLE", "carol@our.example" };
    for (size_t i = 0; i < G_N_ELEMENTS(to); i++) {
        /* carol's notice returns alice's mail: its Return-Path says so */
        EXPECT(&s, "ledger", PARTS(.to = to[i]), "genuine proof", NULL);
    }
    EXPECT(&s, "ledger",
           PARTS(.to = "carol@our.example",
                 .header = HOP_FIELD "From: carol@our.example\nMessage-ID: " ID "\n"),
           "genuine likely", "another address");
    /* it was sent on to another address, as the client said: anybody can (RFC 3461, 4.2) */
    EXPECT(&s, "ledger",
           PARTS(.recipient = "b2@store.remote.example\nOriginal-Recipient: rfc822; " BOB),
           "genuine likely", "not sure");
    EXPECT(&s, "ledger", PARTS(.recipient = "b2@store.remote.example"), "genuine likely", NULL);
    EXPECT(&s, "ledger",
           PARTS(.recipient = "x@remote.example\nAction: failed\nStatus: 5.1.1\n\n"
                              "Final-Recipient: rfc822; " BOB),
           "genuine likely", "somebody");
    /* a Message-ID that was rewritten, and one with white space in it */
    EXPECT(&s, "ledger",
           PARTS(.recipient = "x@y.example",
                 .header = HOP_FIELD "From: " ALICE "\nMessage-ID: <ses-1@mail.example>\n"),
           "", NULL);
    EXPECT(&s, "ledger", PARTS(.header = "From: " ALICE "\nMessage-ID: < 1@our.\n example >\n"),
           "genuine proof", NULL);
    scene_free(&s);
}

/* Whoever wrote the returned mail chose its To and its Subject, which texts cite. */
static void test_named_by_strangers(void **state)
{
    (void)state;
    scene s = ledger_scene();
    scene_record(&s, ALICE, BOB, ID, MAIL_SEC);
    EXPECT_TEXT(&s, "ledger",
                "Return-Path: <>\nFrom: MAILER-DAEMON@mx.remote.example\nTo: " ALICE "\n"
                "Subject: failure notice\n\nYour message could not be delivered.\n\n<" BOB
                ">: user unknown\n\n--- Below this line is a copy of the message.\n\n" HOP_FIELD
                "From: " ALICE "\nTo: " BOB "\nSubject: Buy\nDate: " MAIL_DATE "\nMessage-ID: " ID
                "\n\nBuy.\n",
                "genuine likely", "not sure");
    scene_free(&s);
}

/* VERP: each mail of a list has a sender of its own. */
static void test_verp(void **state)
{
    (void)state;
    scene s = ledger_scene();
    scene_record(&s, "news+bob=remote.example@our.example", BOB, ID, MAIL_SEC);
    EXPECT(&s, "ledger", PARTS(.to = "news+bob=remote.example@our.example"), "genuine proof", NULL);
    EXPECT(&s, "ledger", PARTS(.to = "news+eve=remote.example@our.example"), "genuine likely",
           "another address");
    scene_free(&s);
}

/* Nothing of the mail came back. */
static void test_no_original(void **state)
{
    (void)state;
    static const char text[] =
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.remote.example\nTo: " ALICE "\n"
        "Subject: Undelivered Mail Returned to Sender\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; "
        "x\nArrival-Date: " MAIL_DATE "\n\nFinal-Recipient: rfc822; " BOB
        "\nAction: failed\nStatus: 5.1.1\n\n--b--\n";
    scene s = ledger_scene();
    backstop_site_set_ledger_complete(s.site, true);
    scene_record(&s, ALICE, "dora@remote.example", "<2@our.example>", MAIL_SEC - DAY_SEC);
    EXPECT_TEXT(&s, "ledger", text, "", NULL);
    scene_record(&s, ALICE, BOB, "<3@our.example>", MAIL_SEC - DAY_SEC);
    EXPECT_TEXT(&s, "ledger", text, "genuine likely", NULL);
    s.now_sec = MAIL_SEC + 30 * DAY_SEC;
    EXPECT_TEXT(&s, "ledger", text, "", NULL);
    scene_free(&s);
}

static char *reply(const char *author, const char *fields)
{
    return g_strconcat("From: ", author,
                       "\nTo: " ALICE "\nSubject: Out of office: Offer\n"
                       "Auto-Submitted: auto-replied\nDate: " MAIL_DATE "\n",
                       fields, "\nI am out of the office until Monday.\n", NULL);
}

static void expect_reply(const scene *s, const char *author, const char *fields,
                         const char *expected, int line)
{
    g_autofree char *text = reply(author, fields);
    scene_expect_text(s, "ledger", text, expected, NULL, __FILE__, line);
}

static void test_automatic_replies(void **state)
{
    (void)state;
    scene s = ledger_scene();
    backstop_site_set_ledger_complete(s.site, true);
    expect_reply(&s, BOB, "In-Reply-To: " ID "\n", "", __LINE__);
    scene_record(&s, ALICE, BOB, ID, MAIL_SEC);
    expect_reply(&s, BOB, "In-Reply-To: " ID "\n", "genuine proof", __LINE__);
    expect_reply(&s, "Bob <bob+x@remote.example>", "In-Reply-To: " ID "\n", "genuine proof",
                 __LINE__);
    expect_reply(&s, BOB, "References: <0@x> " ID "\n", "genuine proof", __LINE__);
    expect_reply(&s, BOB, "", "genuine likely", __LINE__);
    expect_reply(&s, "eve@remote.example", "In-Reply-To: " ID "\n", "genuine likely", __LINE__);
    expect_reply(&s, "eve@remote.example", "", "", __LINE__);
    expect_reply(&s, "eve@remote.example", "In-Reply-To: <9@x>\n", "", __LINE__);
    /* an answer to a forger's mail cites what that cites */
    expect_reply(&s, BOB, "In-Reply-To: <9@x>\nReferences: <9@x> " ID "\n", "genuine likely",
                 __LINE__);
    scene_free(&s);
}

/* What a reply quotes comes after what its header says, and alone is no more than cited. */
static void test_cited_message_ids(void **state)
{
    (void)state;
    static const struct {
        const char *top, *text, *expected;
        bool is_cited, is_failure;
    } cases[] = {
        { "", "> Message-ID: " ID "\n", ID, true, false },
        { "In-Reply-To: <9@x>\n", "> Message-ID: " ID "\n", "<9@x> " ID, false, false },
        { "References: <8@x> <9@x>\n", "Message-ID: " ID "\n", "<9@x> " ID, false, false },
        /* a whole header block of ours in the quoted text */
        { "In-Reply-To: <9@x>\n", MAIL_HEADER "\nHi\n", "<9@x> " ID, false, false },
        { "", MAIL_HEADER "\nHi\n", ID, true, false },
        { "", "", "", false, false },
        /* a failure notice that returned nothing */
        { "", "Message-ID: " ID "\n", ID, true, true },
        { "In-Reply-To: <9@x>\n", "Message-ID: " ID "\n", "<9@x> " ID, false, true },
        /* what came back counts alone */
        { "In-Reply-To: <9@x>\n", MAIL_HEADER "\nHi\n", ID, false, true },
    };
    scene s = ledger_scene();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *head =
            cases[i].is_failure
                ? g_strconcat("Return-Path: <>\nFrom: MAILER-DAEMON@mx.remote.example\nTo: " ALICE
                              "\nSubject: failure notice\n",
                              cases[i].top,
                              "\nYour message could not be delivered to\n<" BOB ">: user unknown\n",
                              NULL)
                : reply(BOB, cases[i].top);
        g_autofree char *text = g_strconcat(head, "\n", cases[i].text, NULL);
        backstop_message *message;
        assert_int_equal(BACKSTOP_OK, backstop_message_read(text, strlen(text), NULL, &message));
        backstop_notice *notice = backstop_notice_read(message);
        hearing *h = hearing_open(notice, 0, s.site, s.keys, s.store, s.now_sec);
        g_autoptr(GString) ids = g_string_new(NULL);
        for (unsigned k = 0; k < h->message_ids->len; k++) {
            g_string_append_printf(ids, "%s%s", k > 0 ? " " : "",
                                   hearing_text_at(h->message_ids, k).ptr);
        }
        assert_string_equal(ids->str, cases[i].expected);
        assert_int_equal(h->first_id_is_cited, cases[i].is_cited);
        hearing_close(h);
        backstop_notice_free(notice);
        backstop_message_free(message);
    }
    scene_free(&s);
}

static void test_replays(void **state)
{
    (void)state;
    scene s = ledger_scene();
    scene_record(&s, ALICE, BOB, ID, MAIL_SEC);
    scene_record(&s, ALICE, "carol@remote.example", ID, MAIL_SEC);
    scene_count_returns(&s, "carol@remote.example", false, 1000);
    scene_count_returns(&s, "x@remote.example", true, 1000);
    scene_count_returns(&s, BOB, false, 7);
    EXPECT(&s, "ledger", USUAL, "genuine proof", NULL);
    scene_count_returns(&s, BOB, false, 1);
    EXPECT(&s, "ledger", USUAL, "genuine likely", "more notices");
    /* one who is named with him is not worn */
    scene_record(&s, ALICE, "dora@remote.example", ID, MAIL_SEC);
    EXPECT(&s, "ledger",
           PARTS(.recipient = BOB "\nAction: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822; "
                                  "dora@remote.example"),
           "genuine proof", NULL);
    EXPECT(&s, "ledger",
           PARTS(.recipient = BOB "\nAction: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822; "
                                  "x@remote.example"),
           "genuine likely", NULL);
    scene_free(&s);
}

static scene complete_scene(int64_t since_sec)
{
    scene s = ledger_scene();
    backstop_site_set_ledger_complete(s.site, true);
    scene_record(&s, "carol@our.example", "x@remote.example", "<0@our.example>", since_sec);
    return s;
}

static void test_complete_absence(void **state)
{
    (void)state;
    scene s = complete_scene(MAIL_SEC - HEARING_DATE_SKEW_SEC);
    EXPECT(&s, "ledger", USUAL, "forged likely", "2026-11-23");
    EXPECT(&s, "ledger", PARTS(.header = MAIL_FIELDS), "", NULL);
    EXPECT(&s, "ledger", PARTS(.to = "SRS0=ab=cd=x.example=y@our.example"), "", NULL);
    EXPECT(&s, "ledger", PARTS(.to = ALICE ", dora@other.example"), "forged likely", NULL);
    backstop_site_set_ledger_complete(s.site, false);
    EXPECT(&s, "ledger", USUAL, "", NULL);
    backstop_site_set_ledger_complete(s.site, true);
    /* our own server reports what it took from within: a program's mail need not be recorded */
    EXPECT(&s, "ledger",
           PARTS(.header = "Received: by mx.our.example (Postfix, from userid 33); " MAIL_DATE
                           "\n" MAIL_FIELDS),
           "", NULL);
    EXPECT(&s, "ledger",
           PARTS(.header = "Received: from x (unknown [203.0.113.66]) by mx.our.example; " MAIL_DATE
                           "\n" MAIL_FIELDS),
           "forged likely", NULL);
    /* what another host of ours sent is known, though not from here */
    scene_record(&s, "dora@our.example", "x@remote.example", ID, MAIL_SEC);
    EXPECT(&s, "ledger", USUAL, "genuine likely", NULL);
    scene_free(&s);
    s = complete_scene(MAIL_SEC - HEARING_DATE_SKEW_SEC + 1);
    EXPECT(&s, "ledger", USUAL, "", NULL);
    scene_free(&s);
    s = complete_scene(MAIL_SEC - DAY_SEC);
    assert_int_equal(BACKSTOP_OK, backstop_store_add_gap(s.store, MAIL_SEC, MAIL_SEC, NULL));
    EXPECT(&s, "ledger", USUAL, "", NULL);
    scene_free(&s);
}

/* A mailbox of two domains of ours: the ledger must have been complete for both. */
static void test_absence_of_several_domains(void **state)
{
    (void)state;
    scene s = complete_scene(MAIL_SEC - DAY_SEC);
    backstop_domain *other;
    assert_int_equal(BACKSTOP_OK, backstop_site_add_domain(s.site, "other.example", &other, NULL));
    EXPECT(&s, "ledger", USUAL, "forged likely", NULL);
    EXPECT(&s, "ledger", PARTS(.to = ALICE ", alice@other.example"), "", NULL);
    scene_record(&s, "x@other.example", "y@remote.example", "<5@our.example>", MAIL_SEC - DAY_SEC);
    EXPECT(&s, "ledger", PARTS(.to = ALICE ", alice@other.example"), "forged likely", NULL);
    scene_free(&s);
}

/* Rows go when they are old, and a clock that jumps ahead makes them old. */
static void test_absence_of_what_is_forgotten(void **state)
{
    (void)state;
    scene s = complete_scene(MAIL_SEC - DAY_SEC);
    s.now_sec = MAIL_SEC + (BACKSTOP_LEDGER_DAYS - 1) * DAY_SEC;
    EXPECT(&s, "ledger", USUAL, "forged likely", NULL);
    s.now_sec++;
    EXPECT(&s, "ledger", USUAL, "", NULL);
    backstop_store_set_days(s.store, BACKSTOP_LEDGER_DAYS + 1);
    EXPECT(&s, "ledger", USUAL, "forged likely", NULL);
    scene_free(&s);
}

/* The Date is older than a queue holds a mail: it may have been recorded then, and forgotten.
 * Whoever makes such a Date up gains the silence of the ledger alone. */
static void test_absence_of_an_old_date(void **state)
{
    (void)state;
    static const char header[] =
        PATH_FIELD HOP_FIELD "From: " ALICE "\nDate: Mon, 09 Nov 2026 20:24:50 +0000\n"
                             "Message-ID: " ID "\nX-Mailer: m\n";
    scene s = complete_scene(MAIL_SEC - 30 * DAY_SEC);
    s.now_sec = MAIL_SEC + (BACKSTOP_LEDGER_DAYS - 15) * DAY_SEC;
    EXPECT(&s, "ledger", PARTS(.header = header), "forged likely", NULL);
    s.now_sec++;
    EXPECT(&s, "ledger", PARTS(.header = header), "", NULL);
    EXPECT(&s, "ledger", USUAL, "forged likely", NULL);
    scene_free(&s);
}

/* An import says nothing of what is not in it. */
static void test_imported(void **state)
{
    (void)state;
    scene s = ledger_scene();
    backstop_site_set_ledger_complete(s.site, true);
    const char *to[] = { BOB };
    const backstop_sent sent = { .message_id = "<2@our.example>",
                                 .sender = ALICE,
                                 .recipients = to,
                                 .recipient_count = 1,
                                 .sent_sec = MAIL_SEC - DAY_SEC };
    assert_int_equal(BACKSTOP_OK, backstop_store_import(s.store, &sent, 1, NOW_SEC, NULL));
    EXPECT(&s, "ledger", PARTS(.recipient = "x@remote.example"), "", NULL);
    EXPECT(&s, "ledger", USUAL, "genuine likely", NULL);
    scene_free(&s);
}

#define OTHER_DATE(date)                                                                           \
    PATH_FIELD "From: " ALICE "\nDate: " date "\nMessage-ID: " ID "\nSubject: x\n"

/* The owner's Sent folder counts between its oldest and its newest mail. */
static void test_personal_absence(void **state)
{
    (void)state;
    scene s = ledger_scene();
    backstop_site_set_personal(s.site, MAIL_SEC - DAY_SEC, MAIL_SEC);
    EXPECT(&s, "ledger", USUAL, "forged likely", "sent mail");
    EXPECT(&s, "ledger", PARTS(.header = MAIL_FIELDS), "forged likely", NULL);
    /* what was sent in another's name is not missing */
    EXPECT(&s, "ledger",
           PARTS(.header = MAIL_FIELDS, .report = "X-Postfix-Sender: rfc822; a@uni.example\n"), "",
           NULL);
    /* the arrival, from the Date on, else from as long ago as a queue holds a mail */
    backstop_site_set_personal(s.site, MAIL_SEC - DAY_SEC, MAIL_SEC - 1);
    EXPECT(&s, "ledger", USUAL, "", NULL);
    backstop_site_set_personal(s.site, MAIL_SEC, MAIL_SEC);
    EXPECT(&s, "ledger", USUAL, "forged likely", NULL);
    backstop_site_set_personal(s.site, MAIL_SEC + 1, MAIL_SEC + 2);
    EXPECT(&s, "ledger", USUAL, "", NULL);
    backstop_site_set_personal(s.site, MAIL_SEC - DAY_SEC, MAIL_SEC);
    EXPECT(&s, "ledger", PARTS(.header = OTHER_DATE("Mon, 09 Nov 2026 20:24:50 +0000")), "", NULL);
    /* the Date alone */
    EXPECT(&s, "ledger",
           PARTS(.arrival = "", .header = OTHER_DATE("Mon, 23 Nov 2026 19:24:50 +0000")),
           "forged likely", NULL);
    EXPECT(&s, "ledger",
           PARTS(.arrival = "", .header = OTHER_DATE("Tue, 24 Nov 2026 19:24:50 +0000")), "", NULL);
    EXPECT(&s, "ledger",
           PARTS(.arrival = "", .header = OTHER_DATE("Sun, 22 Nov 2026 19:24:50 +0000")), "", NULL);
    EXPECT(&s, "ledger", PARTS(.arrival = "", .header = OTHER_DATE("once")), "", NULL);
    /* no Message-ID to look for; addresses of strangers' mail */
    EXPECT(&s, "ledger", PARTS(.header = "From: " ALICE "\nSubject: x\nDate: " MAIL_DATE "\n"), "",
           NULL);
    EXPECT(&s, "ledger", PARTS(.to = "owner-list@our.example"), "", NULL);
    scene_record(&s, ALICE, BOB, ID, MAIL_SEC);
    EXPECT(&s, "ledger", USUAL, "genuine proof", NULL);
    scene_free(&s);
}

/* So many questions that not all are asked: what is not known is then no absence. */
static void test_too_many_questions(void **state)
{
    (void)state;
    scene s = complete_scene(MAIL_SEC - DAY_SEC);
    g_autoptr(GString) to = g_string_new("a@our.example");
    g_autoptr(GString) recipients = g_string_new("x@remote.example");
    for (unsigned i = 0; i < 30; i++) {
        g_string_append_printf(to, ", a%u+x@our.example", i);
        g_string_append_printf(recipients,
                               "\nAction: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822; "
                               "x%u@remote.example",
                               i);
    }
    EXPECT(&s, "ledger", PARTS(.to = to->str), "forged likely", NULL);
    EXPECT(&s, "ledger", PARTS(.to = to->str, .recipient = recipients->str), "", NULL);
    scene_record(&s, "a@our.example", "x@remote.example", ID, MAIL_SEC);
    EXPECT(&s, "ledger", PARTS(.to = to->str, .recipient = recipients->str), "genuine likely",
           NULL);
    scene_free(&s);
}

static void test_store_fails(void **state)
{
    (void)state;
    scene s = scene_new();
    backstop_site_set_ledger_complete(s.site, true);
    EXPECT(&s, "ledger", USUAL, "silent", NULL);
    backstop_store broken = failing_store(s.keys);
    s.store = &broken;
    EXPECT(&s, "ledger", USUAL, "silent", "the store is locked");
    s.store = NULL;
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_senders_and_recipients),
        cmocka_unit_test(test_named_by_strangers),
        cmocka_unit_test(test_verp),
        cmocka_unit_test(test_no_original),
        cmocka_unit_test(test_automatic_replies),
        cmocka_unit_test(test_cited_message_ids),
        cmocka_unit_test(test_replays),
        cmocka_unit_test(test_complete_absence),
        cmocka_unit_test(test_absence_of_several_domains),
        cmocka_unit_test(test_absence_of_what_is_forgotten),
        cmocka_unit_test(test_absence_of_an_old_date),
        cmocka_unit_test(test_imported),
        cmocka_unit_test(test_personal_absence),
        cmocka_unit_test(test_too_many_questions),
        cmocka_unit_test(test_store_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
