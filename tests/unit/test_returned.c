/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What came back of the original: its form, its fields, and whether its header is complete. */
#include "notice/returned.h"

#include "message/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notice_fixture.h"

#define DAEMON                                                                                     \
    "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: alice@our.example\n"                     \
    "Subject: Undelivered Mail Returned to Sender\n"
#define REPORT                                                                                     \
    DAEMON "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"           \
           "--b\nContent-Type: message/delivery-status\n\n"                                        \
           "Final-Recipient: rfc822; nobody@mail.example\nAction: failed\nStatus: 5.1.1\n\n"
#define PART(type) "--b\nContent-Type: " type "\n\n"
#define TEXT                                                                                       \
    DAEMON "\nYour message could not be delivered to\n\n<nobody@mail.example>: user unknown\n\n"

#define PATH "Return-Path: <alice@our.example>\n"
#define HOP1                                                                                       \
    "Received: from out.our.example (relay.our.example [192.0.2.5]) by mx.example; " DATE_VALUE "\n"
#define HOP2 "Received: by out.our.example; " DATE_VALUE "\n"
#define DATE_VALUE "Mon, 23 Nov 2026 20:24:50 +0000"
#define FROM "From: Alice <alice@our.example>\n"
#define TO "To: nobody@mail.example,\n Other <other@mail.example>\n"
#define SUBJECT "Subject: =?UTF-8?Q?Offer=21?=\n"
#define DATE "Date: " DATE_VALUE "\n"
#define ID "Message-ID: <1@our.example>\n"
#define EXTRA "X-Mailer: mailer\n"
#define HEADER PATH HOP1 HOP2 FROM TO SUBJECT DATE ID EXTRA

#define TOLD                                                                                       \
    "|<1@our.example>|alice@our.example|alice@our.example|nobody@mail.example,"                    \
    "other@mail.example|Offer!|1795465490|2"

static void check_returned(const fixture_case *cases, size_t count)
{
    fixture_check_cases(cases, count, fixture_tell_returned);
}

#define CHECK_RETURNED(cases) check_returned(cases, G_N_ELEMENTS(cases))

static void test_forms(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { REPORT PART("message/rfc822") HEADER "\nHi\n--b--\n", "full complete" TOLD },
        { REPORT PART("message/global") HEADER "\nHi\n--b--\n", "full complete" TOLD },
        { REPORT PART("message/rfc822") HEADER "\n--b--\n", "headers complete" TOLD },
        { REPORT PART("message/rfc822") HEADER "--b--\n", "headers complete" TOLD },
        { REPORT PART("text/rfc822-headers") HEADER "\n--b--\n", "headers complete" TOLD },
        { REPORT PART("text/rfc822-headers") HEADER "--b--\n", "headers complete" TOLD },
        { REPORT PART("message/global-headers") HEADER "--b--\n", "headers complete" TOLD },
        { REPORT PART(
              "text/rfc822-headers") "From alice@our.example Mon Nov 23 20:24:50 2026\n" HEADER
                                     "--b--\n",
          "headers complete" TOLD },
        /* some put the body there, too */
        { REPORT PART("text/rfc822-headers") HEADER "\nHi\n--b--\n", "full complete" TOLD },
        { REPORT "--b--\n", "none|-|-|-||-|-|0" },
        { REPORT PART("text/rfc822-headers") "Subject: Offer\n--b--\n",
          "fragment|-|-|-||Offer|-|0" },
    };
    CHECK_RETURNED(cases);
}

static void test_in_text(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { TEXT "Copy of your message follows:\n\n" HEADER "\nHi\n", "full complete" TOLD },
        { TEXT "Copy of your message follows:\n" HEADER "\nHi\n", "full complete" TOLD },
        { TEXT HEADER "\n", "headers complete" TOLD },
        { TEXT "From alice@our.example Mon Nov 23 20:24:50 2026\n" HEADER "\nHi\n",
          "full complete" TOLD },
        { TEXT "> Return-Path: <alice@our.example>\n> From: alice@our.example\n> Subject: Offer\n"
               "> Message-ID:\n>  <1@our.example>\n>\n> Hi\n",
          "full|<1@our.example>|alice@our.example|alice@our.example||Offer|-|0" },
        { TEXT "   From: alice@our.example\n   Subject: Offer\n   Message-ID: <1@our.example>\n",
          "headers|<1@our.example>|-|alice@our.example||Offer|-|0" },
    };
    CHECK_RETURNED(cases);
}

/* A summary is a fragment, and no more complete for that. */
static void test_summaries(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { TEXT "Your message\n\n  To:      nobody@mail.example\n  Subject: Offer\n"
               "  Sent:    " DATE_VALUE "\n\nwas not delivered.\n",
          "fragment|-|-|-|nobody@mail.example|Offer|1795465490|0" },
        { TEXT "Your message\n\nTo: nobody@mail.example\nSubject: Offer\nDate: " DATE_VALUE "\n\n"
               "Hi\n",
          "fragment|-|-|-|nobody@mail.example|Offer|1795465490|0" },
    };
    CHECK_RETURNED(cases);
}

/* One thing at a time that makes a header block incomplete. */
static void test_incomplete(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        /* no Received */
        { REPORT PART("message/rfc822") PATH FROM DATE ID EXTRA "\nHi\n--b--\n",
          "full|<1@our.example>|alice@our.example|alice@our.example||-|1795465490|0" },
        /* not the reporting side's own on top */
        { REPORT PART("message/rfc822") FROM HOP1 DATE ID EXTRA "\nHi\n--b--\n",
          "full|<1@our.example>|-|alice@our.example||-|1795465490|1" },
        { REPORT PART("message/rfc822") SUBJECT HOP1 FROM DATE ID EXTRA "\nHi\n--b--\n",
          "full|<1@our.example>|-|alice@our.example||Offer!|1795465490|1" },
        /* a Received that is no hop breaks the chain */
        { REPORT PART("message/rfc822") HOP1 "Received: nonsense\n" FROM DATE ID EXTRA
                                             "\nHi\n--b--\n",
          "full|<1@our.example>|-|alice@our.example||-|1795465490|1" },
        /* nothing besides what every gateway keeps */
        { REPORT PART("message/rfc822") PATH HOP1 FROM TO SUBJECT DATE ID
          "MIME-Version: 1.0\n"
          "Content-Type: text/plain\n\nHi\n--b--\n",
          "full|<1@our.example>|alice@our.example|alice@our.example|nobody@mail.example,"
          "other@mail.example|Offer!|1795465490|1" },
        /* no From, no Date, no Message-ID */
        { REPORT PART("message/rfc822") HOP1 DATE ID EXTRA "\nHi\n--b--\n",
          "full|<1@our.example>|-|-||-|1795465490|1" },
        { REPORT PART("message/rfc822") HOP1 FROM ID EXTRA "\nHi\n--b--\n",
          "full|<1@our.example>|-|alice@our.example||-|-|1" },
        { REPORT PART("message/rfc822") HOP1 FROM DATE EXTRA "\nHi\n--b--\n",
          "full|-|-|alice@our.example||-|1795465490|1" },
        /* and this is what they all lack one thing of */
        { REPORT PART("message/rfc822") HOP1 FROM DATE ID EXTRA "\nHi\n--b--\n",
          "full complete|<1@our.example>|-|alice@our.example||-|1795465490|1" },
    };
    CHECK_RETURNED(cases);
}

#define HOP_OF(date) "Received: from a.example by b.example; " date " 20:24:50 +0000\n"
#define TOLD_OF_TWO "|<1@our.example>|-|alice@our.example||-|1795465490|2"

/* From hop to hop a clock may be wrong by a day, and a queue hold mail for 30. */
static void test_times(void **state)
{
    (void)state;
#define HOPS(upper, lower)                                                                         \
    REPORT PART("message/rfc822") HOP_OF(upper) HOP_OF(lower) FROM DATE ID EXTRA "\nHi\n--b--\n"
    static const fixture_case cases[] = {
        { HOPS("Mon, 23 Nov 2026", "Tue, 24 Nov 2026"), "full complete" TOLD_OF_TWO },
        { HOPS("Mon, 23 Nov 2026", "Wed, 25 Nov 2026"), "full" TOLD_OF_TWO },
        { HOPS("Mon, 23 Nov 2026", "Sat, 24 Oct 2026"), "full complete" TOLD_OF_TWO },
        { HOPS("Mon, 23 Nov 2026", "Fri, 23 Oct 2026"), "full" TOLD_OF_TWO },
    };
    CHECK_RETURNED(cases);
#undef HOPS
}

/* What no mail system passes on with a header. */
static void test_incomplete_source(void **state)
{
    (void)state;
#define SHORT HOP1 FROM DATE ID EXTRA
#define TOLD_OF_SHORT "|<1@our.example>|-|alice@our.example||-|1795465490|1"
    static const fixture_case cases[] = {
        { TEXT SHORT "\n", "headers complete" TOLD_OF_SHORT },
        /* in a text only the blank line ends it */
        { TEXT SHORT, "headers" TOLD_OF_SHORT },
        { DAEMON "Content-Type: multipart/mixed; boundary=b\n\n" PART(
              "text/plain") "It could not be delivered.\n\n" SHORT "--b--\n",
          "headers" TOLD_OF_SHORT },
        /* a line that is no field */
        { REPORT PART("message/rfc822") HOP1 "[removed]\n" FROM DATE ID EXTRA "\nHi\n--b--\n",
          "full" TOLD_OF_SHORT },
        /* behind something that is cited */
        { TEXT "To: nobody@mail.example\nSubject: Offer\n\n" SHORT "\nHi\n",
          "fragment|<1@our.example>|-|alice@our.example|nobody@mail.example|Offer|1795465490|1" },
        /* the reporting side may have added it */
        { REPORT PART("message/rfc822") EXTRA HOP1 FROM DATE ID "\nHi\n--b--\n",
          "full" TOLD_OF_SHORT },
    };
    CHECK_RETURNED(cases);
#undef TOLD_OF_SHORT
#undef SHORT
}

/* Words that came back without a header are a fragment. */
static void test_words_alone(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { TEXT "Your message follows:\n\nHi\n", "fragment|-|-|-||-|-|0" },
        { TEXT "Your message follows:\n\n---\n", "none|-|-|-||-|-|0" },
        { TEXT, "none|-|-|-||-|-|0" },
    };
    CHECK_RETURNED(cases);
}

/* A header that the end of the message or a line that is no field cuts off. */
static void test_cut(void **state)
{
    (void)state;
#define SHORT HOP1 FROM DATE ID EXTRA
    static const fixture_case cases[] = {
        { REPORT PART("message/rfc822") SHORT "X-Cut: he",
          "headers|<1@our.example>|-|alice@our.example||-|1795465490|1" },
        { REPORT PART("text/rfc822-headers") SHORT "X-Cut: he",
          "headers|<1@our.example>|-|alice@our.example||-|1795465490|1" },
        { REPORT PART("text/rfc822-headers") SHORT "[truncated]\n--b--\n",
          "headers|<1@our.example>|-|alice@our.example||-|1795465490|1" },
        { TEXT SHORT "X-Cut: he", "headers|<1@our.example>|-|alice@our.example||-|1795465490|1" },
    };
    CHECK_RETURNED(cases);
#undef SHORT
}

static void test_fields(void **state)
{
    (void)state;
#define SHORT HOP1 FROM DATE EXTRA
    static const fixture_case cases[] = {
        /* Message-ID: the first in brackets, else the whole value */
        { REPORT PART("message/rfc822") SHORT "Message-ID: x <1@our.example> <2@our.example>\n\n"
                                              "--b--\n",
          "headers complete|<1@our.example>|-|alice@our.example||-|1795465490|1" },
        { REPORT PART("message/rfc822") SHORT "Message-ID: 1@our.example\n\n--b--\n",
          "headers complete|1@our.example|-|alice@our.example||-|1795465490|1" },
        { REPORT PART("message/rfc822") SHORT "Message-ID:\n\t<1@our.example>\n\n--b--\n",
          "headers complete|<1@our.example>|-|alice@our.example||-|1795465490|1" },
        /* the null sender, which is not the same as none */
        { REPORT PART("message/rfc822") "Return-Path: <>\n" SHORT ID "\n--b--\n",
          "headers complete|<1@our.example>||alice@our.example||-|1795465490|1" },
        /* the one that stands above all Received fields counts first */
        { REPORT PART("message/rfc822") PATH HOP1
          "Return-Path: <x@forger.example>\n" FROM DATE EXTRA ID "\n--b--\n",
          "headers complete|<1@our.example>|alice@our.example|alice@our.example||-|1795465490|1" },
        /* a Return-Path among the sender's own fields is the sender's */
        { REPORT PART("message/rfc822") HOP1 PATH FROM DATE EXTRA ID "\n--b--\n",
          "headers complete|<1@our.example>|alice@our.example|alice@our.example||-|1795465490|1" },
        { REPORT PART("message/rfc822") HOP1 FROM PATH DATE EXTRA ID "\n--b--\n",
          "headers complete|<1@our.example>|-|alice@our.example||-|1795465490|1" },
        /* a date that nobody can read */
        { REPORT PART("message/rfc822") HOP1 FROM ID EXTRA "Date: yesterday\n\n--b--\n",
          "headers complete|<1@our.example>|-|alice@our.example||-|-|1" },
    };
    CHECK_RETURNED(cases);
#undef SHORT
}

/* X-Postfix-Sender names the sender, whatever the header says. */
static void test_sender_from_status(void **state)
{
    (void)state;
#define STATUS                                                                                     \
    DAEMON "Content-Type: multipart/report; boundary=b\n\n" PART(                                  \
        "message/delivery-status") "X-Postfix-Sender: rfc822; bounces@our.example\n\n"             \
                                   "Final-Recipient: rfc822; nobody@mail.example\nAction: "        \
                                   "failed\n\n"
    fixture_check(STATUS PART("message/rfc822") HOP1 FROM "\nHi\n--b--\n", fixture_tell_returned,
                  "full|-|bounces@our.example|alice@our.example||-|-|1");
    fixture_check(STATUS PART("message/rfc822") PATH HOP1 FROM "\nHi\n--b--\n",
                  fixture_tell_returned, "full|-|bounces@our.example|alice@our.example||-|-|1");
#undef STATUS
}

static void test_outermost_only(void **state)
{
    (void)state;
    fixture_check(REPORT PART("message/rfc822") HOP1
                  "From: forger@spam.example\n" DATE "Message-ID: <2@spam.example>\n" EXTRA
                  "Content-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: message/rfc822\n"
                  "\n" HEADER "\nHi\n--c--\n--b--\n",
                  fixture_tell_returned,
                  "full complete|<2@spam.example>|-|forger@spam.example||-|1795465490|1");
}

static void check_body(const char *text, const char *expected)
{
    fixture f = fixture_notice(text);
    size_t len = 77;
    const char *body = backstop_returned_body(backstop_notice_returned(f.notice), &len);
    if (expected == NULL) {
        assert_null(body);
        assert_int_equal(len, 0);
    } else {
        assert_non_null(body);
        assert_true(body >= f.bytes && body + len <= f.bytes + f.len);
        assert_true(span_equal((span){ body, len }, span_from_string(expected)));
    }
    fixture_free(&f);
}

static void test_body(void **state)
{
    (void)state;
    check_body(REPORT PART("message/rfc822") HEADER "\nHi\nyou\n--b--\n", "Hi\nyou");
    check_body(REPORT PART("text/rfc822-headers") HEADER "\nHi\n--b--\n", "Hi");
    check_body(TEXT HEADER "\nHi\n", "Hi\n");
    check_body(REPORT PART("message/rfc822") HEADER "\n--b--\n", NULL);
    check_body(REPORT "--b--\n", NULL);
    /* A quoted body is not there as it stands. */
    check_body(TEXT "> From: alice@our.example\n> To: nobody@mail.example\n> Message-ID: <1@x>\n"
                    ">\n> Hi\n",
               NULL);
}

/* Against RFC 2046, 5.2.1, some encode the whole message. */
static void test_encoded_message(void **state)
{
    (void)state;
    char *encoded = g_base64_encode((const guchar *)HEADER "\nHi\n", strlen(HEADER "\nHi\n"));
    char *text = g_strconcat(REPORT "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: "
                                    "base64\n\n",
                             encoded, "\n--b--\n", NULL);
    fixture_check(text, fixture_tell_returned, "full complete" TOLD);
    check_body(text, NULL);
    g_free(text);
    g_free(encoded);
}

/* Where the header stood, and what else came back: what it may prove depends on it. */
static void test_trust(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_cited, has_body, id_is_cited;
    } cases[] = {
        { REPORT PART("message/rfc822") HEADER "\nHi\n--b--\n", false, true, false },
        { REPORT PART("message/rfc822") HEADER "\n-- Hi\n--b--\n", false, true, false },
        { REPORT PART("text/rfc822-headers") HEADER "\n--b--\n", false, false, false },
        { TEXT HEADER "\nHi\n", false, true, false },
        { TEXT HEADER "\n----\n", false, false, false },
        { TEXT HEADER "\n--Hi\n", false, true, false },
        { TEXT "To: nobody@mail.example\nSubject: Offer\n\nHi\n\n" HEADER "\nHi\n", true, true,
          false },
        { TEXT "From: alice@our.example\nTo: nobody@mail.example\nSubject: Offer\n\nHi\n\n" HEADER
               "\nHi\n",
          true, true, false },
        { TEXT "Message-ID: <1@our.example>\n", false, false, true },
        /* an automatic reply quotes the text, and no header */
        { "From: bob@mail.example\nTo: alice@our.example\nSubject: Out of office: Offer\n"
          "Auto-Submitted: auto-replied\n\nI am out of the office until Monday.\n\n" HEADER
          "\nHi\n",
          true, true, false },
        { "From: bob@mail.example\nTo: alice@our.example\nSubject: Read: Offer\n"
          "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n"
          "--b\n\nIt was read.\n" PART(
              "message/disposition-notification") "Final-Recipient: rfc822; "
                                                  "bob@mail.example\nOriginal-Message-ID: "
                                                  "<1@our.example>\n"
                                                  "Disposition: manual-action/MDN-sent-manually; "
                                                  "displayed\n\n--b--\n",
          false, false, false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        fixture f = fixture_notice(cases[i].text);
        const struct backstop_returned *r = &f.notice->returned;
        if (r->header.is_cited != cases[i].is_cited || r->header.has_body != cases[i].has_body ||
            r->message_id_is_cited != cases[i].id_is_cited) {
            fail_msg("%zu: %d %d %d: %s", i, r->header.is_cited, r->header.has_body,
                     r->message_id_is_cited, cases[i].text);
        }
        fixture_free(&f);
    }
}

static void test_hops(void **state)
{
    (void)state;
    fixture f = fixture_notice(REPORT PART("message/rfc822") HEADER "\nHi\n--b--\n");
    const backstop_returned *r = backstop_notice_returned(f.notice);
    const backstop_hop *hop = backstop_returned_hop(r, 0);
    int64_t sec = 0;
    assert_string_equal(backstop_hop_from(hop), "out.our.example");
    assert_string_equal(backstop_hop_name(hop), "relay.our.example");
    assert_string_equal(backstop_hop_ip(hop), "192.0.2.5");
    assert_string_equal(backstop_hop_by(hop), "mx.example");
    assert_true(backstop_hop_date(hop, &sec));
    assert_int_equal(sec, 1795465490);
    hop = backstop_returned_hop(r, 1);
    assert_null(backstop_hop_from(hop));
    assert_null(backstop_hop_ip(hop));
    assert_string_equal(backstop_hop_by(hop), "out.our.example");
    assert_null(backstop_returned_hop(r, 2));
    fixture_free(&f);
}

static void test_hop_limit(void **state)
{
    (void)state;
    GString *text = g_string_new(REPORT PART("message/rfc822"));
    for (int i = 0; i < LIMIT_HOPS + 10; i++) {
        g_string_append(text, HOP2);
    }
    g_string_append(text, FROM "\nHi\n--b--\n");
    fixture f = fixture_notice(text->str);
    assert_int_equal(backstop_returned_hop_count(backstop_notice_returned(f.notice)), LIMIT_HOPS);
    fixture_free(&f);
    g_string_free(text, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),           cmocka_unit_test(test_in_text),
        cmocka_unit_test(test_summaries),       cmocka_unit_test(test_incomplete),
        cmocka_unit_test(test_times),           cmocka_unit_test(test_incomplete_source),
        cmocka_unit_test(test_words_alone),     cmocka_unit_test(test_cut),
        cmocka_unit_test(test_fields),          cmocka_unit_test(test_sender_from_status),
        cmocka_unit_test(test_outermost_only),  cmocka_unit_test(test_body),
        cmocka_unit_test(test_encoded_message), cmocka_unit_test(test_hops),
        cmocka_unit_test(test_hop_limit),       cmocka_unit_test(test_trust),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
