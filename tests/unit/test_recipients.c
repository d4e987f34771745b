/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* About whom a notice speaks, and why it failed for each. */
#include "notice/recipients.h"

#include "message/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notice_fixture.h"

#define DAEMON                                                                                     \
    "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\n"                     \
    "To: alice@our.example\nSubject: Undelivered Mail Returned to Sender\n"
#define REPORT(type)                                                                               \
    DAEMON "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"           \
           "--b\nContent-Type: message/" type "delivery-status\n\n"
#define DSN(fields) REPORT("") fields "\n--b--\n"
#define FAILED "Action: failed\nStatus: 5.1.1\n"
#define TEXT(text) DAEMON "\nYour message could not be delivered.\n\n" text

static void check_addresses(const fixture_case *cases, size_t count)
{
    fixture_check_cases(cases, count, fixture_tell_addresses);
}

static void check_recipients(const fixture_case *cases, size_t count)
{
    fixture_check_cases(cases, count, fixture_tell_recipients);
}

#define CHECK_ADDRESSES(cases) check_addresses(cases, G_N_ELEMENTS(cases))
#define CHECK_RECIPIENTS(cases) check_recipients(cases, G_N_ELEMENTS(cases))

static void test_final_and_original(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { DSN("Final-Recipient: rfc822; f@mail.example\n" FAILED),
          "f@mail.example|f@mail.example|-" },
        { DSN("Original-Recipient: rfc822; o@mail.example\nFinal-Recipient: rfc822; "
              "f@mail.example\n" FAILED),
          "o@mail.example|f@mail.example|o@mail.example" },
        { DSN("Original-Recipient: rfc822; o@mail.example\n" FAILED),
          "o@mail.example|-|o@mail.example" },
        /* an Original-Recipient that is no address */
        { DSN("Original-Recipient: rfc822; unknown\nFinal-Recipient: rfc822; "
              "f@mail.example\n" FAILED),
          "f@mail.example|f@mail.example|unknown" },
        { DSN("Final-Recipient: rfc822; <f@mail.example>\n" FAILED),
          "f@mail.example|f@mail.example|-" },
        { DSN("Final-Recipient: rfc822; smtp:f@mail.example\n" FAILED),
          "f@mail.example|f@mail.example|-" },
        { DSN("Final-Recipient: rfc822; Name <f@mail.example> (comment)\n" FAILED),
          "f@mail.example|f@mail.example|-" },
        { DSN("Final-Recipient: local; f\n" FAILED), "f|f|-" },
        /* one group without a recipient */
        { DSN("Final-Recipient: rfc822; f@mail.example\n" FAILED "\n" FAILED),
          "f@mail.example|f@mail.example|-" },
        /* the same one twice */
        { DSN("Final-Recipient: rfc822; f@mail.example\n" FAILED "\nFinal-Recipient: rfc822; "
              "F@MAIL.example\n" FAILED),
          "f@mail.example|f@mail.example|-" },
    };
    CHECK_ADDRESSES(cases);
}

/* Pipes, files and X.400 names are recipients, too. */
static void test_not_addresses(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { DSN("Original-Recipient: rfc822; o@mail.example\nFinal-Recipient: x-unix; "
              "|/usr/bin/filter -x\n" FAILED),
          "o@mail.example||/usr/bin/filter -x|o@mail.example" },
        { DSN("Final-Recipient: X400; /c=de/a= /p=org/o=x/s=smith/\n" FAILED),
          "/c=de/a= /p=org/o=x/s=smith/|/c=de/a= /p=org/o=x/s=smith/|-" },
        { DSN("Final-Recipient: X400; /c=de/s=a b@mail.example/\n" FAILED),
          "/c=de/s=a b@mail.example/|/c=de/s=a b@mail.example/|-" },
        { DSN("Final-Recipient: rfc822; /var/mail/x y\n" FAILED), "/var/mail/x y|/var/mail/x y|-" },
    };
    CHECK_ADDRESSES(cases);
}

static void test_internationalised(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { REPORT("global-") "Final-Recipient: utf-8; почта@пример.example\n" FAILED "\n--b--\n",
          "почта@пример.example|почта@пример.example|-" },
        { REPORT("global-") "Original-Recipient: utf-8; \\x{E9}t\\x{00e9}@mail.example\n"
                            "Final-Recipient: rfc822; f@mail.example\n" FAILED "\n--b--\n",
          "\xC3\xA9t\xC3\xA9@mail.example|f@mail.example|\xC3\xA9t\xC3\xA9@mail.example" },
        /* what is no character stays as it is */
        { DSN("Final-Recipient: utf-8; a\\x{D800}\\x{}\\x{zz}\\x{110000}@mail.example\n" FAILED),
          "a\\x{D800}\\x{}\\x{zz}\\x{110000}@mail.example|"
          "a\\x{D800}\\x{}\\x{zz}\\x{110000}@mail.example|-" },
        { DSN("Final-Recipient: utf-8; a\\x{1F4E7}@mail.example\n" FAILED),
          "a\xF0\x9F\x93\xA7@mail.example|a\xF0\x9F\x93\xA7@mail.example|-" },
    };
    CHECK_ADDRESSES(cases);
}

static void test_actions_and_codes(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { DSN("Final-Recipient: rfc822; f@mail.example\nAction: failed\nStatus: 5.2.2\n"
              "Diagnostic-Code: smtp; 552 5.2.2 mailbox full\n"),
          "f@mail.example failed mailbox_full 5.2.2 552" },
        /* X.0.0 says less than what the failing system said */
        { DSN("Final-Recipient: rfc822; f@mail.example\nAction: failed\nStatus: 5.0.0\n"
              "Diagnostic-Code: smtp; 550 5.1.1 user unknown\n"),
          "f@mail.example failed user_unknown 5.1.1 550" },
        { DSN("Final-Recipient: rfc822; f@mail.example\nAction: failed\nStatus: 5.0.0\n"
              "Diagnostic-Code: smtp; 550 go away\n"),
          "f@mail.example failed other 5.0.0 550" },
        { DSN("Final-Recipient: rfc822; f@mail.example\nAction: failed\nStatus: 553 5.1.3 (bad "
              "address syntax)\n"),
          "f@mail.example failed syntax 5.1.3 553" },
        /* words come before codes that systems set carelessly */
        { DSN("Final-Recipient: rfc822; f@mail.example\nAction: failed\nStatus: 5.1.1\n"
              "Diagnostic-Code: smtp; 550 5.1.1 mailbox is full\n"),
          "f@mail.example failed mailbox_full 5.1.1 550" },
        /* not before those that they set on purpose */
        { DSN("Final-Recipient: rfc822; f@mail.example\nAction: failed\nStatus: 5.7.23\n"
              "Diagnostic-Code: smtp; 550 5.7.23 user unknown\n"),
          "f@mail.example failed sender_rejected 5.7.23 550" },
        { DSN("Final-Recipient: rfc822; f@mail.example\nAction: failed\n"),
          "f@mail.example failed other - -" },
        /* the refused command */
        { DSN("Final-Recipient: rfc822; f@mail.example\nAction: failed\nStatus: 5.0.0\n"
              "Diagnostic-Code: smtp; 550 no (in reply to MAIL FROM command)\n"),
          "f@mail.example failed sender_rejected 5.0.0 550" },
        /* out of time */
        { DSN("Final-Recipient: rfc822; f@mail.example\nAction: delayed\nStatus: 4.4.1\n"
              "Diagnostic-Code: smtp; connection timed out\n"),
          "f@mail.example delayed expired 4.4.1 -" },
        { DSN("Final-Recipient: rfc822; f@mail.example\nAction: failed\nStatus: 4.0.0\n"),
          "f@mail.example failed expired 4.0.0 -" },
        { DSN("Final-Recipient: rfc822; f@mail.example\nAction: delivered\nStatus: 2.0.0\n"),
          "f@mail.example delivered - 2.0.0 -" },
    };
    CHECK_RECIPIENTS(cases);
}

static void test_several_groups(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { DSN("Final-Recipient: rfc822; a@mail.example\nAction: failed\nStatus: 5.1.1\n"
              "Diagnostic-Code: smtp; 550 5.1.1 user unknown\n\n"
              "Final-Recipient: rfc822; b@mail.example\nAction: failed\nStatus: 5.2.2\n"
              "Diagnostic-Code: smtp; 552 5.2.2 mailbox full\n\n"
              "Final-Recipient: rfc822; c@mail.example\nAction: delivered\nStatus: 2.0.0\n"),
          "a@mail.example failed user_unknown 5.1.1 550; b@mail.example failed mailbox_full 5.2.2 "
          "552; c@mail.example delivered - 2.0.0 -" },
    };
    CHECK_RECIPIENTS(cases);
}

/* What the fields leave open, the text beside them tells. */
static void test_text_beside_fields(void **state)
{
    (void)state;
#define BOTH(text, fields)                                                                         \
    DAEMON "Content-Type: multipart/report; boundary=b\n\n--b\n\n" text                            \
           "\n--b\nContent-Type: message/delivery-status\n\n" fields "\n--b--\n"
    fixture_check(BOTH("<f@mail.example>: 552 5.2.2 the mailbox is full\n",
                       "Final-Recipient: rfc822; f@mail.example\nAction: failed\n"),
                  fixture_tell_recipients, "f@mail.example failed mailbox_full 5.2.2 552");
    fixture_check(BOTH("<f@mail.example> (expanded from <list@our.example>): user unknown\n",
                       "Final-Recipient: rfc822; f@mail.example\n" FAILED),
                  fixture_tell_addresses, "list@our.example|f@mail.example|list@our.example");
    /* It may name the recipient as it was at last. */
    fixture_check(BOTH("<f@mail.example>: 552 5.2.2 the mailbox is full\n",
                       "Original-Recipient: rfc822; o@mail.example\n"
                       "Final-Recipient: rfc822; f@mail.example\nAction: failed\n"),
                  fixture_tell_recipients, "o@mail.example failed mailbox_full 5.2.2 552");
#undef BOTH
}

static void test_diagnostic(void **state)
{
    (void)state;
    fixture f = fixture_notice(DSN("Final-Recipient: rfc822; f@mail.example\n" FAILED
                                   "Diagnostic-Code: smtp; 550-5.1.1 The user\n\t550 5.1.1 is "
                                   "\x07 unknown\n"));
    const backstop_recipient *r = backstop_notice_recipient(f.notice, 0);
    assert_string_equal(backstop_recipient_diagnostic(r),
                        "550-5.1.1 The user 550 5.1.1 is unknown");
    fixture_free(&f);
    f = fixture_notice(TEXT("<f@mail.example>: host mx.mail.example said:\n    550 5.1.1 user\n"
                            "    unknown\n\nBye\n"));
    r = backstop_notice_recipient(f.notice, 0);
    assert_string_equal(backstop_recipient_diagnostic(r),
                        "host mx.mail.example said: 550 5.1.1 user unknown");
    fixture_free(&f);
}

static void test_in_text(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { TEXT("<f@mail.example>: user unknown\n"), "f@mail.example failed user_unknown - -" },
        { TEXT("f@mail.example\n    550 5.1.1 user unknown\n"),
          "f@mail.example failed user_unknown 5.1.1 550" },
        { TEXT("It was for f@mail.example, mailbox full, alas.\n"),
          "f@mail.example failed mailbox_full - -" },
        { TEXT("Failed recipient: f@mail.example\n"), "f@mail.example failed other - -" },
        { TEXT("To: f@mail.example\nSubject: Offer\n"), "f@mail.example failed other - -" },
        /* several with their reasons */
        { TEXT("<a@mail.example>: user unknown\n\n<b@mail.example>: mailbox full\n"),
          "a@mail.example failed user_unknown - -; b@mail.example failed mailbox_full - -" },
        { TEXT("a@mail.example: 550 5.1.1 user unknown\nb@mail.example: 552 mailbox full\n"),
          "a@mail.example failed user_unknown 5.1.1 550; b@mail.example failed mailbox_full - "
          "552" },
        /* a list whose reason stands behind its last */
        { TEXT("a@mail.example\nb@mail.example\nc@mail.example\n    550 user unknown\n"),
          "a@mail.example failed user_unknown - 550; b@mail.example failed user_unknown - 550; "
          "c@mail.example failed user_unknown - 550" },
        /* entries of a list come before addresses in sentences */
        { TEXT("Sorry, other@mail.example wrote this.\n\n<f@mail.example>: user unknown\n"),
          "f@mail.example failed user_unknown - -" },
    };
    CHECK_RECIPIENTS(cases);
}

static void test_origin_in_text(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { TEXT("<f@mail.example> (expanded from <list@our.example>): user unknown\n"),
          "list@our.example|f@mail.example|list@our.example" },
        { TEXT("<f@mail.example> (expanded from: <list@our.example>): user unknown\n"),
          "list@our.example|f@mail.example|list@our.example" },
        { TEXT("f@mail.example\n    (generated from list@our.example)\n    user unknown\n"),
          "list@our.example|f@mail.example|list@our.example" },
    };
    CHECK_ADDRESSES(cases);
}

/* Addresses with another role are no recipients. */
static void test_excluded(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        /* offices, to ask */
        { TEXT("<f@mail.example>: user unknown\n\npostmaster@mx.example\n"), "f@mail.example|-|-" },
        { TEXT("MAILER-DAEMON@mx.example\n\nsupport@mx.example: user unknown\n"), "" },
        /* whom the notice is sent to */
        { TEXT("<alice@our.example>: user unknown\n<f@mail.example>: user unknown\n"),
          "f@mail.example|-|-" },
        { TEXT("Dear alice@our.example, your mail to f@mail.example: user unknown\n"),
          "f@mail.example|-|-" },
        /* unless there is no other, and it stands as one */
        { TEXT("<alice@our.example>: user unknown\n"), "alice@our.example|-|-" },
        /* senders and identifiers */
        { TEXT("From: other@our.example\n\n<f@mail.example>: user unknown\n"),
          "f@mail.example|-|-" },
        { TEXT("Message-ID: <1@our.example>\nsender: other@our.example\nfor f@mail.example\n"),
          "f@mail.example|-|-" },
        /* what stands behind the line that introduces the original */
        { TEXT("<f@mail.example>: user unknown\n\n--- Below is a copy of the message.\n\n"
               "<g@mail.example>: user unknown\n"),
          "f@mail.example|-|-" },
        /* many, none of which stands out */
        { TEXT("We know a@mail.example and b@mail.example and others.\n"), "" },
        { TEXT("We know a@mail.example.\n"), "a@mail.example|-|-" },
    };
    CHECK_ADDRESSES(cases);
}

static void test_failed_field(void **state)
{
    (void)state;
#define FIELD(list, text)                                                                          \
    "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: alice@our.example\nX-Failed-Recipients:" \
    " " list "\n\nThis message could not be delivered.\n\n" text
    static const fixture_case cases[] = {
        { FIELD("f@mail.example", "Sorry.\n"), "f@mail.example failed other - -" },
        { FIELD("a@mail.example, b@mail.example", "  a@mail.example\n    user unknown\n"),
          "a@mail.example failed user_unknown - -; b@mail.example failed other - -" },
        /* The text names as many: as they were written to. */
        { FIELD("a@inner.example", "  a@mail.example\n    user unknown\n"),
          "a@mail.example failed user_unknown - -" },
    };
    CHECK_RECIPIENTS(cases);
#undef FIELD
}

#define RETURNED(to)                                                                               \
    "Received: from a.example by mx.example; Mon, 23 Nov 2026 20:24:50 +0000\n"                    \
    "From: alice@our.example\nTo: " to "\nMessage-ID: <1@our.example>\n\nHi\n"

static void test_returned_to(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { TEXT("550 5.1.1 user unknown\n\n" RETURNED("f@mail.example")),
          "f@mail.example failed user_unknown 5.1.1 550" },
        /* one of several: nobody knows which */
        { TEXT("user unknown\n\n" RETURNED("f@mail.example, g@mail.example")), "" },
        /* a mail to oneself, or a forged one */
        { TEXT("user unknown\n\n" RETURNED("alice@our.example")), "" },
    };
    CHECK_RECIPIENTS(cases);
}

static void test_reason_without_recipient(void **state)
{
    (void)state;
    fixture f =
        fixture_notice(TEXT("552 5.2.2 mailbox full\n\n" RETURNED("a@b.example, c@d.example")));
    assert_int_equal(backstop_notice_recipient_count(f.notice), 0);
    assert_int_equal(backstop_notice_reason(f.notice), BACKSTOP_REASON_MAILBOX_FULL);
    assert_string_equal(backstop_notice_status(f.notice), "5.2.2");
    assert_string_equal(backstop_notice_reply(f.notice), "552");
    fixture_free(&f);
}

/* Only deliveries have recipients that are read from the text. */
static void test_other_kinds(void **state)
{
    (void)state;
    fixture_check(
        "From: bob@mail.example\nTo: alice@our.example\nAuto-Submitted: auto-replied\n"
        "Subject: Out of office: Offer\n\nI am out of the office. Ask\n\nc@mail.example\n",
        fixture_tell_recipients, "");
}

static void test_limit(void **state)
{
    (void)state;
    GString *text = g_string_new(REPORT(""));
    for (int i = 0; i < LIMIT_RECIPIENTS + 10; i++) {
        g_string_append_printf(text,
                               "Final-Recipient: rfc822; u%d@mail.example\nAction: failed\n\n", i);
    }
    g_string_append(text, "--b--\n");
    fixture f = fixture_notice(text->str);
    assert_int_equal(backstop_notice_recipient_count(f.notice), LIMIT_RECIPIENTS);
    fixture_free(&f);
    g_string_free(text, TRUE);
}

/* The text is searched for the first ones only; the delivery status tells of all. */
static void test_many_have_reasons(void **state)
{
    (void)state;
    enum { MANY = 320 };
    GString *mail = g_string_new(REPORT(""));
    for (unsigned i = 0; i < MANY; i++) {
        g_string_append_printf(mail, "Final-Recipient: rfc822; u%u@mail.example\n" FAILED "\n", i);
    }
    g_string_append(mail, "--b--\n");
    backstop_message *message;
    assert_int_equal(backstop_message_read(mail->str, mail->len, NULL, &message), BACKSTOP_OK);
    backstop_notice *notice = backstop_notice_read(message);
    assert_int_equal(backstop_notice_recipient_count(notice), MANY);
    for (unsigned i = 0; i < MANY; i++) {
        const backstop_recipient *r = backstop_notice_recipient(notice, i);
        assert_int_equal(backstop_recipient_reason(r), BACKSTOP_REASON_USER_UNKNOWN);
    }
    backstop_notice_free(notice);
    backstop_message_free(message);
    g_string_free(mail, TRUE);
}

/* Nothing failed, so there is no reason, named recipient or not. */
static void test_success_has_no_reason(void **state)
{
    (void)state;
    const char mail[] = DSN("Reporting-MTA: dns; mx.example\n\nAction: delivered\nStatus: 2.0.0\n");
    backstop_message *message;
    assert_int_equal(backstop_message_read(mail, sizeof mail - 1, NULL, &message), BACKSTOP_OK);
    backstop_notice *notice = backstop_notice_read(message);
    assert_int_equal(backstop_notice_kind(notice), BACKSTOP_KIND_SUCCESS);
    assert_int_equal(backstop_notice_recipient_count(notice), 0);
    assert_int_equal(backstop_notice_reason(notice), BACKSTOP_REASON_NONE);
    backstop_notice_free(notice);
    backstop_message_free(message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_have_reasons),
        cmocka_unit_test(test_success_has_no_reason),
        cmocka_unit_test(test_final_and_original),
        cmocka_unit_test(test_not_addresses),
        cmocka_unit_test(test_internationalised),
        cmocka_unit_test(test_actions_and_codes),
        cmocka_unit_test(test_several_groups),
        cmocka_unit_test(test_text_beside_fields),
        cmocka_unit_test(test_diagnostic),
        cmocka_unit_test(test_in_text),
        cmocka_unit_test(test_origin_in_text),
        cmocka_unit_test(test_excluded),
        cmocka_unit_test(test_failed_field),
        cmocka_unit_test(test_returned_to),
        cmocka_unit_test(test_reason_without_recipient),
        cmocka_unit_test(test_other_kinds),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
