/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Delivery status fields as RFC 3464 has them, and as systems really write them. */
#include "notice/delivery_status.h"

#include "message/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct status_case {
    const char *text;
    const char *expected; /* "final|original|action|status|diagnostic", by "; " */
} status_case;

/* Folding is told as "_". */
static void append_group(GString *out, const delivery_group *g)
{
    const char *action = delivery_action_name(g->action);
    g_string_append_printf(out, "%s%.*s|%.*s|%s|%.*s|%.*s", out->len > 0 ? "; " : "",
                           SPAN_ARG(g->final), SPAN_ARG(g->original), action != NULL ? action : "",
                           SPAN_ARG(g->status), SPAN_ARG(g->diagnostic));
    g_strdelimit(out->str, "\r\n\t", '_');
}

static delivery_status read_status(span text)
{
    delivery_status status = { .groups = g_array_new(FALSE, FALSE, sizeof(delivery_group)) };
    delivery_status_read(text, &status);
    return status;
}

static void check_groups(const char *text, const char *expected)
{
    size_t len = strlen(text);
    char *copy = len == 0 ? NULL : g_memdup2(text, len);
    delivery_status status = read_status((span){ copy, len });
    GString *told = g_string_new(NULL);
    for (unsigned i = 0; i < status.groups->len; i++) {
        append_group(told, &g_array_index(status.groups, delivery_group, i));
    }
    if (strcmp(told->str, expected) != 0) {
        fail_msg("%s\n got \"%s\"\nwant \"%s\"", text, told->str, expected);
    }
    g_string_free(told, TRUE);
    g_array_free(status.groups, TRUE);
    g_free(copy);
}

static void check_cases(const status_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_groups(cases[i].text, cases[i].expected);
    }
}

#define CHECK_CASES(cases) check_cases(cases, G_N_ELEMENTS(cases))

static void test_message_fields(void **state)
{
    (void)state;
    delivery_status s = read_status(SPAN("Reporting-MTA: dns; mx.example.org\r\n"
                                         "X-Postfix-Queue-ID: 4711\r\n"
                                         "X-Postfix-Sender: rfc822; alice@our.example\r\n"
                                         "Arrival-Date: Mon, 23 Nov 2026\r\n 20:24:50 +0000\r\n"
                                         "Original-Envelope-Id: 1\r\n"
                                         "Received-From-MTA: dns; our.example\r\n"));
    assert_true(span_equal(s.reporting_mta, SPAN("mx.example.org")));
    assert_true(span_equal(s.original_sender, SPAN("alice@our.example")));
    assert_true(span_equal(s.arrival_date, SPAN("Mon, 23 Nov 2026\r\n 20:24:50 +0000")));
    assert_int_equal(s.known_fields, 5);
    assert_int_equal(s.groups->len, 0);
    g_array_free(s.groups, TRUE);
}

static void test_groups(void **state)
{
    (void)state;
    static const status_case cases[] = {
        { "", "" },
        { "Final-Recipient: rfc822; a@b.example\nOriginal-Recipient: rfc822;o@b.example\n"
          "Action: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.b.example\n"
          "Diagnostic-Code: smtp; 550 5.1.1 unknown\n",
          "a@b.example|o@b.example|failed|5.1.1|550 5.1.1 unknown" },
        { "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\n\n"
          "Final-Recipient: rfc822; c@d.example\nAction: delayed\n",
          "a@b.example||failed||; c@d.example||delayed||" },
        { "final-recipient: RFC822; a@b.example\nACTION: Failed", "a@b.example||failed||" },
        /* without a blank line between */
        { "Reporting-MTA: dns; x\nFinal-Recipient: rfc822; a@b.example\nAction: failed\n"
          "Status: 5.1.1\nFinal-Recipient: rfc822; c@d.example\nAction: failed\nStatus: 5.2.2\n",
          "a@b.example||failed|5.1.1|; c@d.example||failed|5.2.2|" },
        { "Action: failed\nFinal-Recipient: rfc822; a@b.example\nAction: delayed\n"
          "Final-Recipient: rfc822; c@d.example",
          "a@b.example||failed||; c@d.example||delayed||" },
        /* with one after every field */
        { "Final-Recipient: rfc822; a@b.example\n\nAction: failed\n\n\nStatus: 5.1.1\n \n"
          "Diagnostic-Code: smtp; 550 no\n\nFinal-Recipient: rfc822; c@d.example\n\n"
          "Action: failed\n",
          "a@b.example||failed|5.1.1|550 no; c@d.example||failed||" },
        { "Original-Recipient: rfc822; o@b.example\nFinal-Recipient: rfc822; a@b.example\n"
          "Original-Recipient: rfc822; p@b.example\nFinal-Recipient: rfc822; c@b.example\n",
          "a@b.example|o@b.example|||; c@b.example|p@b.example|||" },
        /* the first recipient has no Original-Recipient, a blank line parts them */
        { "Final-Recipient: rfc822; a@b.example\nAction: failed\n\n"
          "Original-Recipient: rfc822; p@b.example\nFinal-Recipient: rfc822; c@b.example\n",
          "a@b.example||failed||; c@b.example|p@b.example|||" },
        /* before anything is told of the first, a blank line parts nothing */
        { "Final-Recipient: rfc822; a@b.example\n\nOriginal-Recipient: rfc822; p@b.example\n"
          "Final-Recipient: rfc822; c@b.example\n",
          "a@b.example|p@b.example|||; c@b.example||||" },
        /* a diagnostic behind a blank line belongs to the group before it, unless that has one */
        { "Final-Recipient: rfc822; a@b.example\nAction: failed\n\n"
          "Diagnostic-Code: smtp; 550 one\n\nDiagnostic-Code: smtp; 550 two\n"
          "Final-Recipient: rfc822; c@b.example\nAction: failed\n",
          "a@b.example||failed||550 one; c@b.example||failed||550 two" },
        /* several diagnostics: the first is the failing system's */
        { "Final-Recipient: rfc822; a@b.example\nDiagnostic-Code: smtp; 550 one\n"
          "Diagnostic-Code: x-local; two\n",
          "a@b.example||||550 one" },
    };
    CHECK_CASES(cases);
}

static void test_variants(void **state)
{
    (void)state;
    static const status_case cases[] = {
        { "Final-Recipient : rfc822 ; a@b.example\nAction : failed\nStatus : 5.1.1",
          "a@b.example||failed|5.1.1|" },
        { "Final-Recipient:rfc822;a@b.example\nAction:failed", "a@b.example||failed||" },
        { "Final-Recipient: a@b.example\nAction: failure\nStatus: 553 5.3.0 no such user",
          "a@b.example||failed|553 5.3.0 no such user|" },
        { "Final-Recipient: <a@b.example>\nStatus: 5.1.1 (bad destination)",
          "<a@b.example>|||5.1.1 (bad destination)|" },
        { "Final-Recipient: LOCAL; a\nRemote-MTA: mx.b.example", "a||||" },
        { "Final-Recipient: x-unix; |/usr/bin/filter x", "|/usr/bin/filter x||||" },
        { "Final-Recipient: X400; /c=de/a= /p=org/s=x/", "/c=de/a= /p=org/s=x/||||" },
        { "Action: failed (by the remote host)", "||failed||" },
        { "Action: none of these", "||||" },
        { "Action: delivered (to mailbox)\nAction: relayed\nAction: expanded\nAction: delayed",
          "||delivered||; ||relayed||; ||expanded||; ||delayed||" },
        { "Diagnostic-Code: 550 5.1.1 <a@b.example>: unknown; see below",
          "||||550 5.1.1 <a@b.example>: unknown; see below" },
        { "Diagnostic-Code: X-Postfix; unknown user", "||||unknown user" },
        { "Subject: not one\nStatus-Report: no\nX-Status: 5.1.1\n", "" },
        { "Final-Recipient:\nAction: failed", "||failed||" },
    };
    CHECK_CASES(cases);
}

/* RFC 6533, 3. The unicode escapes are decoded by recipients.c. */
static void test_internationalised(void **state)
{
    (void)state;
    static const status_case cases[] = {
        { "Final-Recipient: utf-8; почта@пример.испытание\nAction: failed",
          "почта@пример.испытание||failed||" },
        { "Original-Recipient: utf-8; \\x{E9}t\\x{E9}@b.example", "|\\x{E9}t\\x{E9}@b.example|||" },
        { "Final-Recipient: utf-8-addr-xtext; x@b.example", "x@b.example||||" },
    };
    CHECK_CASES(cases);
}

static void test_folding(void **state)
{
    (void)state;
    static const status_case cases[] = {
        { "Diagnostic-Code: smtp; 550-one\n 550-two\n\t550 three\nStatus: 5.1.1",
          "|||5.1.1|550-one_ 550-two__550 three" },
        { "Diagnostic-Code: smtp;\r\n 550 one\r\n\r\nStatus: 5.1.1", "|||5.1.1|550 one" },
        { "Final-Recipient:\n rfc822;\n a@b.example\nAction:\n failed", "a@b.example||failed||" },
        { "Diagnostic-Code: smtp; 550 one\n \n two", "||||550 one" },
        { " Status: 5.1.1", "" },
        { "Unknown: x\n Status: 5.1.1", "" },
    };
    CHECK_CASES(cases);
}

/* Fields stand in the middle of free text, too. */
static void test_in_plain_text(void **state)
{
    (void)state;
    static const status_case cases[] = {
        { "Sorry, this failed.\n\nFinal-Recipient: rfc822; a@b.example\nit said so\n"
          "Action: failed\nBye: x\nStatus: 5.1.1\n",
          "a@b.example||failed|5.1.1|" },
        { "The action: failed.\nstatus 5.1.1\n", "" },
    };
    CHECK_CASES(cases);
    delivery_status s =
        read_status(SPAN("Text.\nWill-Retry-Until: x\nAction: failed\nStatus: 5\n"));
    assert_int_equal(s.known_fields, 3);
    g_array_free(s.groups, TRUE);
}

static void test_diagnostic_type(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "Diagnostic-Code: smtp; 550 x",
        "Diagnostic-Code: SMTP;550 x",
        "Diagnostic-Code: 550 x",
        "Diagnostic-Code: x-unix; 550 x",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        delivery_status s = read_status(span_from_string(cases[i]));
        assert_true(
            span_equal(g_array_index(s.groups, delivery_group, 0).diagnostic, SPAN("550 x")));
        g_array_free(s.groups, TRUE);
    }
}

static void test_limit(void **state)
{
    (void)state;
    GString *text = g_string_new(NULL);
    for (int i = 0; i < LIMIT_RECIPIENTS + 100; i++) {
        g_string_append_printf(text, "Final-Recipient: rfc822; u%d@b.example\n\n", i);
    }
    delivery_status s = read_status((span){ text->str, text->len });
    assert_int_equal(s.groups->len, LIMIT_RECIPIENTS);
    const delivery_group *last = &g_array_index(s.groups, delivery_group, LIMIT_RECIPIENTS - 1);
    assert_true(span_equal(last->final, SPAN("u1999@b.example")));
    g_array_free(s.groups, TRUE);
    g_string_free(text, TRUE);
}

static void test_action_names(void **state)
{
    (void)state;
    assert_null(delivery_action_name(ACTION_NONE));
    assert_string_equal(delivery_action_name(ACTION_FAILED), "failed");
    assert_string_equal(delivery_action_name(ACTION_DELAYED), "delayed");
    assert_string_equal(delivery_action_name(ACTION_DELIVERED), "delivered");
    assert_string_equal(delivery_action_name(ACTION_RELAYED), "relayed");
    assert_string_equal(delivery_action_name(ACTION_EXPANDED), "expanded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message_fields),  cmocka_unit_test(test_groups),
        cmocka_unit_test(test_variants),        cmocka_unit_test(test_internationalised),
        cmocka_unit_test(test_folding),         cmocka_unit_test(test_in_plain_text),
        cmocka_unit_test(test_diagnostic_type), cmocka_unit_test(test_limit),
        cmocka_unit_test(test_action_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
