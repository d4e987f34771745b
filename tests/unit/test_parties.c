/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What judging needs of a notice: who wrote it to whom, in answer to what, and the returned header
 * as its bytes stood. */
#include "notice/parties.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "notice_fixture.h"

#define TOP                                                                                        \
    "Return-Path: <>\nFrom: Mail Delivery <MAILER-DAEMON@mx.example>\nTo: Alice "                  \
    "<alice@our.example>\n"
#define REPORT(boundary)                                                                           \
    "Subject: Undelivered Mail Returned to Sender\n"                                               \
    "Content-Type: multipart/report; report-type=delivery-status; boundary=" boundary "\n\n"       \
    "--b\nContent-Type: message/delivery-status\n\n"                                               \
    "X-Postfix-Sender: rfc822; news@our.example\n\n"                                               \
    "Final-Recipient: rfc822; nobody@mail.example\nAction: failed\nStatus: 5.1.1\n\n"
#define HEADER "From: alice@our.example\nSubject: one \n two\t \nMessage-ID: <1@our.example>\n"

static char *joined(const GPtrArray *texts)
{
    GString *all = g_string_new(NULL);
    for (unsigned i = 0; i < texts->len; i++) {
        g_string_append_printf(all, "%s%s", i > 0 ? " " : "",
                               (const char *)g_ptr_array_index(texts, i));
    }
    return g_string_free(all, FALSE);
}

static void check_parties(const char *head, const backstop_envelope *envelope, const char *notified,
                          const char *replied_to)
{
    g_autofree char *text = g_strconcat(head, REPORT("b") "--b--\n", NULL);
    fixture f = fixture_notice_from(text, "\n", envelope);
    g_autofree char *to = joined(f.notice->notified);
    g_autofree char *ids = joined(f.notice->replied_to);
    assert_string_equal(to, notified);
    assert_string_equal(ids, replied_to);
    assert_string_equal(f.notice->author, "MAILER-DAEMON@mx.example");
    assert_string_equal(f.notice->original_sender, "news@our.example");
    fixture_free(&f);
}

static void test_parties(void **state)
{
    (void)state;
    static const char *const rcpt[] = { "a@our.example", "b@our.example" };
    const backstop_envelope envelope = { .recipients = rcpt, .recipient_count = 2 };
    check_parties(TOP, NULL, "alice@our.example", "");
    check_parties(TOP, &envelope, "a@our.example b@our.example", "");
    check_parties(TOP "Delivered-To: bob@our.example\n", NULL, "bob@our.example alice@our.example",
                  "");
    check_parties(TOP "In-Reply-To: Your mail <1@our.example> of today\n", NULL,
                  "alice@our.example", "<1@our.example>");
    /* The author of the answered message chose what stands before it. */
    check_parties(TOP "References: <stolen@our.example>\n <1@our.example>\n", NULL,
                  "alice@our.example", "<1@our.example>");
    check_parties(TOP "In-Reply-To: <1@our.example>\nReferences: <0@x> <1@our.example>\n", NULL,
                  "alice@our.example", "<1@our.example>");
    check_parties(TOP "In-Reply-To: <1@our.example\nReferences: none\n", NULL, "alice@our.example",
                  "");
}

static void test_notified_are_bounded(void **state)
{
    (void)state;
    g_autoptr(GString) head = g_string_new("Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: ");
    for (unsigned i = 0; i < 1000; i++) {
        g_string_append_printf(head, "a%u@our.example, ", i);
    }
    g_string_append(head, "z@our.example\n" REPORT("b") "--b--\n");
    fixture f = fixture_notice(head->str);
    assert_int_equal(f.notice->notified->len, 8);
    fixture_free(&f);
}

/* The bytes of each field, from its name to the end of its value. */
static void check_raw(const char *text, const char *line_end, const char *expected, bool is_raw)
{
    fixture f = fixture_notice_from(text, line_end, NULL);
    const returned_header *h = &f.notice->returned.header;
    g_autoptr(GString) all = g_string_new(NULL);
    for (unsigned i = 0; i < h->fields->len; i++) {
        const header_field *field = &g_array_index(h->fields, header_field, i);
        const char *end = field->value.ptr + field->value.len;
        assert_true(field->name.ptr >= h->text.ptr && end <= h->text.ptr + h->text.len);
        g_string_append_len(all, field->name.ptr, end - field->name.ptr);
        g_string_append_c(all, '|');
    }
    assert_string_equal(all->str, expected);
    assert_int_equal(h->is_raw, is_raw);
    fixture_free(&f);
}

static void test_returned_header_as_it_stood(void **state)
{
    (void)state;
    static const char *const told =
        "From: alice@our.example|Subject: one \n two|Message-ID: <1@our.example>|";
    check_raw(TOP REPORT("b") "--b\nContent-Type: message/rfc822\n\n" HEADER "\nHi\n--b--\n", "\n",
              told, true);
    check_raw(TOP REPORT("b") "--b\nContent-Type: text/rfc822-headers\n\n" HEADER "\n--b--\n", "\n",
              told, true);
    check_raw(TOP REPORT("b") "--b\nContent-Type: text/rfc822-headers\n"
                              "Content-Transfer-Encoding: quoted-printable\n\n"
                              "From: alice=40our.example\nSubject: one=20\n two=09=20\n"
                              "Message-ID: <1@our.example>\n\n--b--\n",
              "\n", told, true);
    check_raw(TOP "Subject: Undelivered mail\n\nYour message could not be delivered to\n"
                  "nobody@mail.example: user unknown\n\n    From: alice@our.example\n"
                  "    Message-ID: <1@our.example>\n    Subject: one\n    Received: by a; "
                  "Mon, 23 Nov 2026 20:24:50 +0000\n",
              "\n",
              "From: alice@our.example|Message-ID: <1@our.example>|Subject: one|Received: by a; "
              "Mon, 23 Nov 2026 20:24:50 +0000|",
              false);
}

static void test_other_returned_messages(void **state)
{
    (void)state;
    fixture f = fixture_notice(TOP REPORT("b") "--b\nContent-Type: message/rfc822\n\n" HEADER
                                               "\nHi\n--b\nContent-Type: message/rfc822\n\n"
                                               "From: x@y.example\nSubject: other\n\nHi\n--b--\n");
    assert_non_null(f.notice->others);
    assert_int_equal(f.notice->others->len, 1);
    const returned_header *other = &g_array_index(f.notice->others, returned_header, 0);
    assert_int_equal(other->fields->len, 2);
    fixture_free(&f);
    /* One inside the returned message is the author's attachment. */
    f = fixture_notice(TOP REPORT("b") "--b\nContent-Type: message/rfc822\n\n" HEADER
                                       "Content-Type: message/rfc822\n\nFrom: x@y.example\n\nHi\n"
                                       "--b--\n");
    assert_null(f.notice->others);
    fixture_free(&f);
}

static void test_more_returned_messages(void **state)
{
    (void)state;
    for (unsigned count = 3; count < 6; count++) {
        g_autoptr(GString) text = g_string_new(TOP REPORT("b"));
        for (unsigned i = 0; i <= count; i++) {
            g_string_append(text, "--b\nContent-Type: message/rfc822\n\n" HEADER "\nHi\n");
        }
        g_string_append(text, "--b--\n");
        fixture f = fixture_notice(text->str);
        assert_int_equal(f.notice->others->len, 3);
        assert_int_equal(f.notice->has_more_others, count > 3);
        fixture_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parties),
        cmocka_unit_test(test_notified_are_bounded),
        cmocka_unit_test(test_returned_header_as_it_stood),
        cmocka_unit_test(test_other_returned_messages),
        cmocka_unit_test(test_more_returned_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
