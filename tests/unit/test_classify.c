/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Each kind of notice, from its structure and from its words, and the mail that is none. */
#include "notice/classify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notice_fixture.h"

#define DAEMON                                                                                     \
    "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\n"                     \
    "To: alice@our.example\n"
#define PERSON                                                                                     \
    "Return-Path: <bob@mail.example>\nFrom: Bob <bob@mail.example>\nTo: alice@our.example\n"
#define REPORT(type) "Content-Type: multipart/report; report-type=" type "; boundary=b\n\n"
#define PART(type) "--b\nContent-Type: " type "\n\n"
#define STATUS(action, code)                                                                       \
    PART("message/delivery-status")                                                                \
    "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; nobody@mail.example\n"             \
    "Action: " action "\nStatus: " code "\n\n"
#define RETURNED                                                                                   \
    "Received: from a.example by mx.example; Mon, 23 Nov 2026 20:24:50 +0000\n"                    \
    "From: alice@our.example\nTo: nobody@mail.example\nSubject: Offer\n"                           \
    "Message-ID: <1@our.example>\nDate: Mon, 23 Nov 2026 20:24:50 +0000\n\nHi\n"
#define RETURNED_PART PART("message/rfc822") RETURNED

static void check_kinds(const fixture_case *cases, size_t count)
{
    fixture_check_cases(cases, count, fixture_tell_kind);
}

#define CHECK_KINDS(cases) check_kinds(cases, G_N_ELEMENTS(cases))

static void test_delivery_status(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { DAEMON REPORT("delivery-status") STATUS("failed", "5.1.1") "--b--\n", "failure" },
        { DAEMON REPORT("delivery-status") STATUS("failure", "553 no") "--b--\n", "failure" },
        { DAEMON REPORT("delivery-status") STATUS("delayed", "4.4.1") "--b--\n", "delay" },
        { DAEMON REPORT("delivery-status") STATUS("delivered", "2.0.0") "--b--\n", "success" },
        { DAEMON REPORT("delivery-status") STATUS("relayed", "2.0.0") "--b--\n", "success" },
        { DAEMON REPORT("delivery-status") STATUS("expanded", "2.0.0") "--b--\n", "success" },
        /* without an action the status tells, whatever the subject says */
        { DAEMON "Subject: Warning: message delayed 24 hours\n" REPORT("delivery-status")
              STATUS("", "5.1.1") "--b--\n",
          "failure" },
        { DAEMON REPORT("delivery-status") STATUS("", "5.1.1") "--b--\n", "failure" },
        { DAEMON REPORT("delivery-status") STATUS("", "4.4.1") "--b--\n", "delay" },
        { DAEMON REPORT("delivery-status") STATUS("", "2.0.0") "--b--\n", "success" },
        /* one failed recipient among others */
        { DAEMON REPORT("delivery-status")
              PART("message/delivery-status") "Final-Recipient: rfc822; a@b.example\nAction: "
                                              "delivered\n\n"
                                              "Final-Recipient: rfc822; c@b.example\nAction: "
                                              "failed\n--b--\n",
          "failure" },
        { DAEMON REPORT("delivery-status")
              PART("message/delivery-status") "Final-Recipient: rfc822; a@b.example\nAction: "
                                              "delivered\n\n"
                                              "Final-Recipient: rfc822; c@b.example\nAction: "
                                              "delayed\n--b--\n",
          "delay" },
        /* whoever wrote it */
        { PERSON REPORT("delivery-status") STATUS("failed", "5.1.1") "--b--\n", "failure" },
    };
    CHECK_KINDS(cases);
}

/* A status of class 4 alone is a delay, unless the words say that nobody tries again. */
static void test_temporary_status(void **state)
{
    (void)state;
#define SAYING(words)                                                                              \
    DAEMON "Subject: Undelivered Mail Returned to Sender\n" REPORT("delivery-status")              \
        PART("text/plain") words STATUS("", "4.4.1") "--b--\n"
    static const fixture_case cases[] = {
        { SAYING("It could not be delivered.\n"), "delay" },
        { SAYING("It could not be delivered. I have given up.\n"), "failure" },
    };
    CHECK_KINDS(cases);
#undef SAYING
}

/* A person who attaches the parts of a notice sends none; one sign of a mail system will do. */
static void test_attached_by_a_person(void **state)
{
    (void)state;
#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"
#define PARTS MIXED STATUS("failed", "5.1.1") RETURNED_PART "--b--\n"
#define MDN                                                                                        \
    PART("message/disposition-notification")                                                       \
    "Final-Recipient: rfc822; bob@mail.example\nDisposition: manual-action/MDN-sent-manually; "    \
    "displayed\n--b--\n"
    static const fixture_case cases[] = {
        { "From: bob@mail.example\nTo: carol@our.example\n" PARTS, "none" },
        { "From: bob@mail.example\nTo: carol@our.example\nSubject: Re: Undelivered Mail Returned "
          "to Sender\n" PARTS,
          "none" },
        { "From: bob@mail.example\nTo: carol@our.example\nSubject: Undelivered Mail Returned to "
          "Sender\n" PARTS,
          "failure" },
        { DAEMON PARTS, "failure" },
        { "Return-Path: <>\nFrom: bob@mail.example\nTo: carol@our.example\n" PARTS, "failure" },
        { "From: bob@mail.example\nTo: carol@our.example\nAuto-Submitted: auto-generated\n" PARTS,
          "failure" },
        { "From: bob@mail.example\nTo: carol@our.example\n"
          "X-Failed-Recipients: nobody@mail.example\n" PARTS,
          "failure" },
        { "From: bob@mail.example\nTo: carol@our.example\n" REPORT("delivery-status")
              STATUS("failed", "5.1.1") "--b--\n",
          "failure" },
        /* the mail that came back is the reader's own */
        { "From: bob@mail.example\nTo: alice@our.example\n" PARTS, "failure" },
        { PERSON MIXED MDN, "none" },
        { PERSON "Auto-Submitted: auto-replied\n" MIXED MDN, "read_receipt" },
    };
    CHECK_KINDS(cases);
#undef MDN
#undef PARTS
#undef MIXED
}

static void test_other_structures(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        /* A scanner may report in the form of a failure. */
        { DAEMON "Subject: Virus alert\n" REPORT("delivery-status")
              PART("text/plain") "Virus alert: a virus has been detected.\n" STATUS(
                  "failed", "5.7.0") "--b--\n",
          "content_warning" },
        { PERSON REPORT("disposition-notification") PART(
              "message/disposition-notification") "Final-Recipient: rfc822; "
                                                  "bob@mail.example\nDisposition: manual-action/"
                                                  "MDN-sent-manually; displayed\n--b--\n",
          "read_receipt" },
        /* Sieve refuses in the form of a disposition (RFC 5429, 2.2) */
        { PERSON REPORT("disposition-notification")
              PART("text/plain") "Your message could not be delivered.\n" PART(
                  "message/disposition-notification") "Final-Recipient: rfc822; "
                                                      "bob@mail.example\nDisposition: "
                                                      "automatic-action/"
                                                      "MDN-sent-automatically; deleted\n--b--\n",
          "failure" },
        { PERSON REPORT("feedback-report")
              PART("message/feedback-report") "Feedback-Type: abuse\nUser-Agent: x/1\nVersion: "
                                              "1\n" RETURNED_PART "--b--\n",
          "feedback" },
    };
    CHECK_KINDS(cases);
}

static void test_status_fields_in_text(void **state)
{
    (void)state;
#define FIELDS "Final-Recipient: rfc822; nobody@mail.example\nAction: failed\nStatus: 5.1.1\n"
    static const fixture_case cases[] = {
        { DAEMON "\nSorry.\n\n" FIELDS, "failure" },
        /* a person quotes them */
        { PERSON "Subject: what is this?\n\nDo you know this?\n\n" FIELDS, "none" },
        { PERSON "Subject: Re: Undelivered Mail Returned to Sender\n\nWhat is this?\n\n" FIELDS,
          "none" },
        { PERSON "Auto-Submitted: auto-generated\nList-Post: <mailto:l@l.example>\n\n" FIELDS,
          "none" },
    };
    CHECK_KINDS(cases);
#undef FIELDS
}

static void test_failures_in_words(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { DAEMON "Subject: Undelivered Mail Returned to Sender\n\nYour message could not be "
                 "delivered to\n\n<nobody@mail.example>: user unknown\n\n" RETURNED,
          "failure" },
        { DAEMON "\nYour message could not be delivered to nobody@mail.example: user unknown\n",
          "failure" },
        { DAEMON "\n<nobody@mail.example>:\n550 5.1.1 user unknown\n", "failure" },
        { "From: alice@mx.example\nSubject: Undelivered Mail Returned to Sender\n\n"
          "<nobody@mail.example>:\nuser unknown\n\n" RETURNED,
          "failure" },
        { "From: x@mx.example\nX-Failed-Recipients: nobody@mail.example\n\nThis message could not "
          "be delivered.\n",
          "failure" },
        /* in another language */
        { DAEMON
          "Content-Type: text/plain; charset=utf-8\n\nIhre Nachricht konnte nicht zugestellt "
          "werden:\n\nnobody@mail.example\n\n" RETURNED,
          "failure" },
        /* one word beside what it returns */
        { DAEMON "Content-Type: multipart/mixed; boundary=b\n\n" PART(
              "text/plain") "User unknown.\n" RETURNED_PART "--b--\n",
          "failure" },
    };
    CHECK_KINDS(cases);
}

static void test_delays_and_successes_in_words(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { DAEMON "Subject: Warning: message delayed 24 hours\n\nYour message to "
                 "nobody@mail.example has not yet been delivered.\n",
          "delay" },
        { DAEMON "\nYour message to nobody@mail.example has not yet been delivered. We will "
                 "continue to try.\n",
          "delay" },
        /* final after all */
        { DAEMON "\nYour message to nobody@mail.example could not be delivered. It has not yet "
                 "been delivered. I have given up.\n",
          "failure" },
        { DAEMON "\nYour message was successfully delivered to the following:\n\n"
                 "nobody@mail.example: 2.1.5 OK\n\n" RETURNED,
          "success" },
    };
    CHECK_KINDS(cases);
}

static void test_answers_of_programs(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { PERSON "Subject: Out of office: Offer\nAuto-Submitted: auto-replied\n\n"
                 "I am out of the office until Monday.\n",
          "auto_reply" },
        { PERSON "Subject: Re: Offer\nX-Autoreply: yes\n\nThank you.\n", "auto_reply" },
        { PERSON "Subject: Re: Offer\nPrecedence: bulk\n\nI am out of the office.\n",
          "auto_reply" },
        /* no sign of a program, and none of a bulk mailer either */
        { PERSON "Subject: Out of office\n\nI am out of the office until Monday.\n", "auto_reply" },
        { PERSON "Subject: Out of office\n\nI am out of the office until Monday. Unsubscribe\n",
          "none" },
        { "From: list-owner@l.example\nPrecedence: bulk\nSubject: Your message to list\n\n"
          "Your message awaits moderator approval. It is held for approval.\n",
          "list_reply" },
        { PERSON "Auto-Submitted: auto-replied\nSubject: Please confirm your message\n\n"
                 "This mail requires confirmation: please confirm that you sent it.\n",
          "challenge" },
        { DAEMON "Subject: Virus alert\n\nA virus has been detected in an attachment you sent. "
                 "Virus alert.\n",
          "content_warning" },
        { PERSON "Auto-Submitted: auto-replied\nSubject: Read: Offer\n\n"
                 "This is a return receipt. Your message has been read.\n",
          "read_receipt" },
    };
    CHECK_KINDS(cases);
}

/* Mail about bounces, by people, lists and tickets. */
static void test_no_notices(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { PERSON "Subject: Lunch\n\nMonday?\n", "none" },
        { "From: bob@mail.example\n\n", "none" },
        /* an answer to a bounce */
        { PERSON
          "Subject: Re: Undelivered Mail Returned to Sender\n\nWhat does that mean?\n\n"
          "> Your message could not be delivered to\n> <nobody@mail.example>: user unknown\n",
          "none" },
        { PERSON "Subject: Offer\n\n> Your message could not be delivered to\n>\n"
                 "> <nobody@mail.example>:\n> 550 5.1.1 user unknown\n> giving up\nHm?\n",
          "none" },
        { PERSON "Subject: Undelivered Mail Returned to Sender\n\n> Your message could not be "
                 "delivered to\n>\n> <nobody@mail.example>:\n> 550 5.1.1 user unknown\nHm?\n",
          "none" },
        { PERSON "Auto-Submitted: auto-generated\nSubject: Re: Offer\n\nYour message could not be "
                 "delivered to\n\n<nobody@mail.example>:\n550 5.1.1 user unknown\n",
          "none" },
        /* forwarded */
        { PERSON
          "Subject: Fwd: Undelivered Mail Returned to Sender\nContent-Type: "
          "multipart/mixed; boundary=b\n\n" PART("text/plain") "Look.\n" PART("message/rfc822")
              DAEMON REPORT("delivery-status") "--b\nContent-Type: "
                                               "message/delivery-status\n\nAction: failed\n--b--\n",
          "none" },
        { PERSON "Subject: look at this\nContent-Type: multipart/mixed; boundary=b\n\n" PART(
              "text/plain") "It could not be delivered, why?\n" RETURNED_PART "--b--\n",
          "none" },
        /* a list hands on talk about bounces */
        { "From: bob@mail.example\nPrecedence: list\nX-BeenThere: l@l.example\n"
          "List-Post: <mailto:l@l.example>\nSubject: mail server says no\n\nMy message could not "
          "be "
          "delivered to\n<nobody@mail.example>:\n550 5.1.1 user unknown\n",
          "none" },
        { "From: news@shop.example\nReturn-Path: <>\nList-Unsubscribe: <mailto:x@shop.example>\n"
          "Subject: Never again\n\nYour message could not be delivered? Buy at "
          "shop@shop.example, user unknown or not.\n",
          "none" },
        /* news of new mail (RFC 5436), and programs that are no mail systems */
        { PERSON "Auto-Submitted: auto-notified\nSubject: new mail\n\nOne.\n", "none" },
        { "From: desk@our.example\nAuto-Submitted: auto-generated\nSubject: [Help #4711] new "
          "ticket\n\nA new ticket was created.\n",
          "none" },
        { "From: desk@our.example\nAuto-Submitted: auto-replied\nSubject: [Help #4711] we got your "
          "request\n\nThank you.\n",
          "none" },
        { "From: cron@our.example\nAuto-Submitted: auto-generated\nSubject: backup\n\nIt is "
          "done.\n",
          "none" },
        { "From: bob@mail.example\nAuto-Submitted: auto-generated\nSubject: Invitation\n"
          "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\n",
          "none" },
        { "From: bob@mail.example\nAuto-Submitted: auto-replied\nSubject: Accepted: Lunch\n"
          "Content-Type: multipart/mixed; boundary=b\n\n" PART("text/plain") "Yes.\n" PART(
              "text/calendar") "BEGIN:VCALENDAR\n--b--\n",
          "none" },
        { "Return-Path: <>\nFrom: bob@mail.example\nSubject: Invitation\nContent-Type: "
          "multipart/mixed; boundary=b\n\n" PART(
              "text/plain") "It could not be delivered:\n\n"
                            "<nobody@mail.example>: user unknown\n" PART(
                                "text/calendar") "BEGIN:VCALENDAR\n--b--\n",
          "none" },
        /* a null sender or a subject alone */
        { "Return-Path: <>\nFrom: bob@mail.example\nSubject: cheap watches\n\nBuy now!\n", "none" },
        { "Return-Path: <>\nFrom: bob@mail.example\nSubject: Undelivered Mail\n\nBuy watches at "
          "our shop now!\n",
          "none" },
        /* a person who is away says so himself */
        { PERSON "Subject: Lunch\n\nI am out of the office until Monday, so no lunch. To "
                 "unsubscribe, call me.\n",
          "none" },
    };
    CHECK_KINDS(cases);
}

/* What shields from the traps does not hide real ones. */
static void test_notices_that_look_like_traps(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        /* behind the original's "Re:" */
        { "From: x@mx.example\nTo: alice@our.example\nSubject: Re: a lunch on Monday with them : "
          "undelivered mail\n\nYour message could not be delivered to\n\n<nobody@mail.example>:\n"
          "user unknown\n\n" RETURNED,
          "failure" },
        /* a daemon that quotes the original */
        { DAEMON "Subject: Undelivered Mail Returned to Sender\n\nYour message could not be "
                 "delivered to\n<nobody@mail.example>: user unknown\n\n> one\n> two\n> three\n"
                 "> four\n> five\n",
          "failure" },
        /* a list's own header around a notice */
        { DAEMON "Subject: Undelivered Mail Returned to Sender\nList-Unsubscribe: <mailto:x@l."
                 "example>\n\nYour message could not be delivered to\n<nobody@mail.example>: user "
                 "unknown\n",
          "failure" },
    };
    CHECK_KINDS(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delivery_status),
        cmocka_unit_test(test_temporary_status),
        cmocka_unit_test(test_attached_by_a_person),
        cmocka_unit_test(test_other_structures),
        cmocka_unit_test(test_status_fields_in_text),
        cmocka_unit_test(test_failures_in_words),
        cmocka_unit_test(test_delays_and_successes_in_words),
        cmocka_unit_test(test_answers_of_programs),
        cmocka_unit_test(test_no_notices),
        cmocka_unit_test(test_notices_that_look_like_traps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
