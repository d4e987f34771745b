/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The public accessors: names of values, indices, and which recipient speaks for the notice. */
#include "notice/notice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notice_fixture.h"

static void test_kind_names(void **state)
{
    (void)state;
    static const char *const names[] = { "none",      "failure",         "delay",
                                         "success",   "auto_reply",      "list_reply",
                                         "challenge", "content_warning", "read_receipt",
                                         "feedback" };
    assert_int_equal(G_N_ELEMENTS(names), BACKSTOP_KIND_FEEDBACK + 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        assert_string_equal(backstop_kind_name((backstop_kind)i), names[i]);
    }
    assert_null(backstop_kind_name((backstop_kind)G_N_ELEMENTS(names)));
}

static void test_reason_names(void **state)
{
    (void)state;
    static const char *const names[] = {
        NULL,           "user_unknown", "host_unknown",     "mailbox_full",    "mailbox_disabled",
        "moved",        "too_large",    "content_rejected", "sender_rejected", "relay_denied",
        "rate_limited", "expired",      "network",          "system",          "security",
        "syntax",       "other",
    };
    assert_int_equal(G_N_ELEMENTS(names), BACKSTOP_REASON_OTHER + 1);
    assert_null(backstop_reason_name(BACKSTOP_REASON_NONE));
    for (unsigned i = 1; i < G_N_ELEMENTS(names); i++) {
        assert_string_equal(backstop_reason_name((backstop_reason)i), names[i]);
    }
    assert_null(backstop_reason_name((backstop_reason)G_N_ELEMENTS(names)));
}

static void test_form_names(void **state)
{
    (void)state;
    static const char *const names[] = { "none", "fragment", "headers", "full" };
    assert_int_equal(G_N_ELEMENTS(names), BACKSTOP_FORM_FULL + 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        assert_string_equal(backstop_form_name((backstop_form)i), names[i]);
    }
    assert_null(backstop_form_name((backstop_form)G_N_ELEMENTS(names)));
}

static void test_status_texts(void **state)
{
    (void)state;
    assert_string_equal(backstop_status_text(BACKSTOP_OK), "done");
    assert_string_equal(backstop_status_text(BACKSTOP_ERROR_EMPTY), "the message is empty");
    assert_non_null(backstop_status_text((backstop_status)99));
}

/* Sixteen fill the array that holds them, so that AddressSanitizer sees a step beyond. */
#define FIVE_MORE ", a@b.example, a@b.example, a@b.example, a@b.example, a@b.example"
#define FIFTEEN_MORE FIVE_MORE FIVE_MORE FIVE_MORE

#define DSN(groups)                                                                                \
    "From: MAILER-DAEMON@mx.example\nTo: alice@our.example\nContent-Type: multipart/report; "      \
    "boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n" groups                          \
    "\n--b\nContent-Type: message/rfc822\n\nReceived: by a.example; Mon, 23 Nov 2026 20:24:50 "    \
    "+0000\nTo: nobody@mail.example" FIFTEEN_MORE "\nFrom: alice@our.example\n\nHi\n--b--\n"

#define DELIVERED "Final-Recipient: rfc822; d@mail.example\nAction: delivered\nStatus: 2.0.0\n\n"
#define DELAYED "Final-Recipient: rfc822; w@mail.example\nAction: delayed\nStatus: 4.4.1\n\n"
#define FAILED                                                                                     \
    "Final-Recipient: rfc822; f@mail.example\nAction: failed\nStatus: 5.1.1\n"                     \
    "Diagnostic-Code: smtp; 550 5.1.1 no\n\n"
#define FULL "Final-Recipient: rfc822; g@mail.example\nAction: failed\nStatus: 5.2.2\n\n"

static void check_leader(const char *text, const char *reason, const char *status,
                         const char *reply)
{
    fixture f = fixture_notice(text);
    const char *name = backstop_reason_name(backstop_notice_reason(f.notice));
    assert_string_equal(fixture_or_dash(name), reason);
    assert_string_equal(fixture_or_dash(backstop_notice_status(f.notice)), status);
    assert_string_equal(fixture_or_dash(backstop_notice_reply(f.notice)), reply);
    fixture_free(&f);
}

static void test_leading_recipient(void **state)
{
    (void)state;
    check_leader(DSN(DELIVERED DELAYED FAILED FULL), "user_unknown", "5.1.1", "550");
    check_leader(DSN(FULL FAILED), "mailbox_full", "5.2.2", "-");
    check_leader(DSN(DELIVERED), "-", "2.0.0", "-");
    check_leader(DSN(DELAYED DELIVERED), "expired", "4.4.1", "-");
}

static void test_indices(void **state)
{
    (void)state;
    fixture f = fixture_notice(DSN(FAILED DELIVERED));
    const backstop_returned *r = backstop_notice_returned(f.notice);
    assert_int_equal(backstop_notice_recipient_count(f.notice), 2);
    assert_string_equal(backstop_recipient_address(backstop_notice_recipient(f.notice, 1)),
                        "d@mail.example");
    assert_null(backstop_notice_recipient(f.notice, 2));
    assert_null(backstop_notice_recipient(f.notice, SIZE_MAX));
    assert_int_equal(backstop_returned_to_count(r), 16);
    assert_string_equal(backstop_returned_to(r, 0), "nobody@mail.example");
    assert_string_equal(backstop_returned_to(r, 15), "a@b.example");
    assert_null(backstop_returned_to(r, 16));
    assert_null(backstop_returned_to(r, SIZE_MAX));
    assert_int_equal(backstop_returned_hop_count(r), 1);
    assert_non_null(backstop_returned_hop(r, 0));
    assert_null(backstop_returned_hop(r, 1));
    assert_null(backstop_returned_hop(r, SIZE_MAX));
    fixture_free(&f);
}

static void test_recipient(void **state)
{
    (void)state;
    fixture f = fixture_notice(DSN("Original-Recipient: rfc822; o@mail.example\n" FAILED));
    const backstop_recipient *r = backstop_notice_recipient(f.notice, 0);
    assert_string_equal(backstop_recipient_address(r), "o@mail.example");
    assert_string_equal(backstop_recipient_final(r), "f@mail.example");
    assert_string_equal(backstop_recipient_original(r), "o@mail.example");
    assert_string_equal(backstop_recipient_action(r), "failed");
    assert_string_equal(backstop_recipient_status(r), "5.1.1");
    assert_string_equal(backstop_recipient_reply(r), "550");
    assert_string_equal(backstop_recipient_diagnostic(r), "550 5.1.1 no");
    assert_int_equal(backstop_recipient_reason(r), BACKSTOP_REASON_USER_UNKNOWN);
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kind_names),        cmocka_unit_test(test_reason_names),
        cmocka_unit_test(test_form_names),        cmocka_unit_test(test_status_texts),
        cmocka_unit_test(test_leading_recipient), cmocka_unit_test(test_indices),
        cmocka_unit_test(test_recipient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
