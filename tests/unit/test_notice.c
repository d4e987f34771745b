/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Whole notices, and how their strings are kept. */
#include "notice/notice.h"

#include "message/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notice_fixture.h"

static void check_kept(const char *(*keep)(backstop_notice *, span), const char *bytes,
                       const char *expected)
{
    fixture f = fixture_notice("From: x\n\nx\n");
    size_t len = strlen(bytes);
    char *copy = len == 0 ? NULL : g_memdup2(bytes, len);
    const char *kept = keep(f.notice, (span){ copy, len });
    g_free(copy);
    if (g_strcmp0(kept, expected) != 0) {
        fail_msg("\"%s\": got \"%s\", want \"%s\"", bytes, kept, expected);
    }
    fixture_free(&f);
}

static void test_keep_text(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        const char *expected;
    } cases[] = {
        { "", NULL },
        { " \t\r\n", NULL },
        { "\x01\x02", NULL },
        { "one", "one" },
        { " one  two\r\n\tthree ", "one two three" },
        { "one\x01\x7Ftwo", "one two" },
        { "\x01one\x01", "one" },
        { "\xC3\xA9t\xC3\xA9", "\xC3\xA9t\xC3\xA9" },
        { "a\xFF"
          "b",
          "a\xEF\xBF\xBD"
          "b" },
        { "=?UTF-8?Q?a?=", "=?UTF-8?Q?a?=" },
        /* C1 controls, line and paragraph separators, what turns the direction of text */
        { "\xC2\x80one\xC2\x85\xC2\x9Ftwo", "one two" },
        { "one\xE2\x80\xA8two\xE2\x80\xA9", "one two" },
        { "one\xE2\x80\xAAtwo\xE2\x80\xAEthree", "one two three" },
        { "one\xE2\x81\xA6two\xE2\x81\xA9three", "one two three" },
        /* their neighbours */
        { "one\xC2\xA0two\xE2\x80\xA7three", "one\xC2\xA0two\xE2\x80\xA7three" },
        { "one\xE2\x80\xAFtwo\xE2\x81\xAAthree", "one\xE2\x80\xAFtwo\xE2\x81\xAAthree" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_kept(notice_keep_text, cases[i].bytes, cases[i].expected);
    }
}

static void test_keep_header_text(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        const char *expected;
    } cases[] = {
        { "", NULL },
        { " \n ", NULL },
        { "one\r\n two", "one two" },
        { "=?UTF-8?Q?=C3=A9t=C3=A9?=\n =?UTF-8?Q?_x?=", "\xC3\xA9t\xC3\xA9 x" },
        { "=?UTF-8?Q?a=0D=0Ab=01c?=", "a b c" },
        { "=?UTF-8?Q?a=C2=85b=E2=80=AEc?=", "a b c" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_kept(notice_keep_header_text, cases[i].bytes, cases[i].expected);
    }
}

static void test_keep_limits(void **state)
{
    (void)state;
    char *longer = g_strnfill(LIMIT_DIAGNOSTIC_BYTES + 100, 'x');
    char *longest = g_strndup(longer, LIMIT_DIAGNOSTIC_BYTES);
    check_kept(notice_keep_text, longer, longest);
    check_kept(notice_keep_header_text, longer, longest);
    g_free(longest);
    g_free(longer);
}

#define DSN DSN_OF("Message-ID: <9@mx.example>\n")
#define DSN_OF(id)                                                                                 \
    "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: alice@our.example\n"                     \
    "Subject: Undelivered Mail Returned to Sender\n" id                                            \
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"                  \
    "--b\n\nIt could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n"            \
    "Reporting-MTA: dns;mx.example\nArrival-Date: Mon, 23 Nov 2026 20:24:50 +0000\n\n"             \
    "Final-Recipient: rfc822; nobody@mail.example\nAction: failed\nStatus: 5.1.1\n"                \
    "Diagnostic-Code: smtp; 550 5.1.1 user unknown\n\n"                                            \
    "--b\nContent-Type: message/rfc822\n\nReceived: from a.example by mx.example;\n"               \
    " Mon, 23 Nov 2026 20:24:50 +0000\nFrom: alice@our.example\nTo: nobody@mail.example\n"         \
    "Message-ID: <1@our.example>\nDate: Mon, 23 Nov 2026 20:24:50 +0000\nX-Mailer: x\n\nHi\n"      \
    "--b--\n"

static void check_dsn(const char *text)
{
    int64_t sec = 0;
    fixture_check(text, fixture_tell_kind, "failure");
    fixture_check(text, fixture_tell_recipients,
                  "nobody@mail.example failed user_unknown 5.1.1 550");
    fixture_check(text, fixture_tell_returned,
                  "full complete|<1@our.example>|-|alice@our.example|nobody@mail.example|-|"
                  "1795465490|1");
    fixture f = fixture_notice(text);
    assert_string_equal(backstop_notice_reporting_mta(f.notice), "mx.example");
    assert_true(backstop_notice_arrival_date(f.notice, &sec));
    assert_int_equal(sec, 1795465490);
    assert_false(backstop_notice_is_cut(f.notice));
    fixture_free(&f);
}

static void test_report(void **state)
{
    (void)state;
    check_dsn(DSN);
}

/* Some gateways wrap a notice whole into a new message with the same header. */
static void test_rewrapped(void **state)
{
    (void)state;
#define WRAPPED(subject, id, dsn)                                                                  \
    "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: alice@our.example\nSubject: " subject    \
    "\n" id "Content-Type: multipart/mixed; boundary=w\n\n--w\n\nScanned.\n"                       \
    "--w\nContent-Type: message/rfc822\n\n" dsn "\n--w--\n"
#define SUBJECT "Undelivered Mail Returned to Sender"
    check_dsn(WRAPPED(SUBJECT, "Message-ID: <9@mx.example>\n", DSN));
    /* Otherwise it is a message that returns a notice, not that notice. */
    fixture_check(WRAPPED(SUBJECT, "Message-ID: <8@mx.example>\n", DSN), fixture_tell_recipients,
                  "");
    fixture_check(WRAPPED("Mail Returned", "Message-ID: <9@mx.example>\n", DSN),
                  fixture_tell_recipients, "");
    fixture_check(WRAPPED(SUBJECT, "", DSN_OF("")), fixture_tell_recipients, "");
#undef SUBJECT
#undef WRAPPED
}

static void test_no_notice(void **state)
{
    (void)state;
    fixture f = fixture_notice("From: bob@mail.example\nTo: alice@our.example\nSubject: Lunch\n\n"
                               "Write to c@mail.example\n\nTo: x@y.example\nSubject: Offer\n");
    int64_t sec;
    assert_int_equal(backstop_notice_kind(f.notice), BACKSTOP_KIND_NONE);
    assert_int_equal(backstop_notice_reason(f.notice), BACKSTOP_REASON_NONE);
    assert_null(backstop_notice_status(f.notice));
    assert_null(backstop_notice_reply(f.notice));
    assert_null(backstop_notice_reporting_mta(f.notice));
    assert_false(backstop_notice_arrival_date(f.notice, &sec));
    assert_int_equal(backstop_notice_recipient_count(f.notice), 0);
    fixture_free(&f);
    fixture_check("From: bob@mail.example\nSubject: Lunch\n\nTo: x@y.example\nSubject: Offer\n",
                  fixture_tell_returned, "none|-|-|-||-|-|0");
    backstop_notice_free(NULL);
}

/* Cut anywhere, a notice is read as far as it goes. */
static void test_truncated(void **state)
{
    (void)state;
    static const char text[] = DSN;
    for (size_t len = 1; len < sizeof text; len++) {
        char *cut = g_strndup(text, len);
        fixture f = fixture_notice(cut);
        const backstop_returned *r = backstop_notice_returned(f.notice);
        bool is_whole_header = strstr(cut, "X-Mailer: x\n\n") != NULL;
        /* A header that may go on is not complete. */
        if (!is_whole_header) {
            assert_false(backstop_returned_is_complete(r));
        }
        if (strstr(cut, "Action: failed") != NULL) {
            assert_int_equal(backstop_notice_kind(f.notice), BACKSTOP_KIND_FAILURE);
        }
        fixture_free(&f);
        g_free(cut);
    }
}

/* Parts behind the limit are not read, and the notice says so. */
static void test_is_cut(void **state)
{
    (void)state;
    for (unsigned parts = LIMIT_PARTS - 1; parts <= LIMIT_PARTS; parts++) {
        GString *text = g_string_new("Content-Type: multipart/mixed; boundary=b\n\n");
        for (unsigned i = 0; i < parts; i++) {
            g_string_append(text, "--b\n\nx\n");
        }
        g_string_append(text, "--b--\n");
        fixture f = fixture_notice(text->str);
        assert_int_equal(backstop_notice_is_cut(f.notice), parts == LIMIT_PARTS);
        fixture_free(&f);
        g_string_free(text, TRUE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep_text),   cmocka_unit_test(test_keep_header_text),
        cmocka_unit_test(test_keep_limits), cmocka_unit_test(test_report),
        cmocka_unit_test(test_rewrapped),   cmocka_unit_test(test_no_notice),
        cmocka_unit_test(test_truncated),   cmocka_unit_test(test_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
