/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Amazon SES' JSON reports become delivery status fields and a header block. */
#include "notice/dialect_ses.h"

#include "message/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notice_fixture.h"

#define MAIL                                                                                       \
    "\"mail\":{\"timestamp\":\"2026-11-23T20:24:50.000Z\",\"source\":\"alice@our.example\","       \
    "\"messageId\":\"0100\",\"destination\":[\"nobody@mail.example\"],\"headers\":["               \
    "{\"name\":\"From\",\"value\":\"alice@our.example\"},"                                         \
    "{\"name\":\"Message-ID\",\"value\":\"<1@our.example>\"},"                                     \
    "{\"name\":\"Subject\",\"value\":\"Offer\"}],"                                                 \
    "\"commonHeaders\":{\"from\":[\"alice@our.example\"],\"messageId\":\"<1@our.example>\","       \
    "\"subject\":\"Offer\"}}"

#define BOUNCE                                                                                     \
    "{\"notificationType\":\"Bounce\",\"bounce\":{\"bounceType\":\"Permanent\","                   \
    "\"bouncedRecipients\":[{\"emailAddress\":\"nobody@mail.example\",\"action\":\"failed\","      \
    "\"status\":\"5.1.1\",\"diagnosticCode\":\"smtp; 550 5.1.1 user unknown\"}],"                  \
    "\"reportingMTA\":\"dsn; a8-1.smtp-out.example\"}," MAIL "}"

static void check_rewrite(const char *json, dialect_ses_type type, const char *expected)
{
    size_t len = strlen(json);
    char *copy = len == 0 ? NULL : g_memdup2(json, len);
    GString *out = g_string_new("kept ");
    assert_int_equal(dialect_ses_rewrite((span){ copy, len }, out), type);
    if (strcmp(out->str + 5, expected) != 0) {
        fail_msg("%s\n got \"%s\"\nwant \"%s\"", json, out->str + 5, expected);
    }
    g_string_free(out, TRUE);
    g_free(copy);
}

#define HEADERS                                                                                    \
    "Return-Path: <alice@our.example>\nFrom: alice@our.example\nMessage-ID: <1@our.example>\n"     \
    "Subject: Offer\n\n"

static void test_bounce(void **state)
{
    (void)state;
    static const char expected[] = "Reporting-MTA: dns; a8-1.smtp-out.example\n"
                                   "\nFinal-Recipient: rfc822; nobody@mail.example\n"
                                   "Action: failed\nStatus: 5.1.1\n"
                                   "Diagnostic-Code: smtp; 550 5.1.1 user unknown\n\n" HEADERS;
    check_rewrite(BOUNCE, SES_DELIVERY, expected);
    check_rewrite("\r\n  " BOUNCE "\n\n--\nIf you wish to stop", SES_DELIVERY, expected);
}

static void test_delay_and_delivery(void **state)
{
    (void)state;
    check_rewrite("{\"eventType\":\"DeliveryDelay\"," MAIL ",\"deliveryDelay\":{"
                  "\"delayedRecipients\":[{\"emailAddress\":\"a@mail.example\","
                  "\"status\":\"4.4.1\"},{\"emailAddress\":\"b@mail.example\"}]}}",
                  SES_DELIVERY,
                  "\nFinal-Recipient: rfc822; a@mail.example\nAction: delayed\nStatus: 4.4.1\n"
                  "\nFinal-Recipient: rfc822; b@mail.example\nAction: delayed\n\n" HEADERS);
    check_rewrite("{\"notificationType\":\"Delivery\",\"delivery\":{\"recipients\":"
                  "[\"a@mail.example\",\"b@mail.example\"]}," MAIL "}",
                  SES_DELIVERY,
                  "\nFinal-Recipient: rfc822; a@mail.example\nAction: delivered\n"
                  "\nFinal-Recipient: rfc822; b@mail.example\nAction: delivered\n\n" HEADERS);
}

static void test_complaint(void **state)
{
    (void)state;
    check_rewrite("{\"notificationType\":\"Complaint\",\"complaint\":{\"complainedRecipients\":"
                  "[{\"emailAddress\":\"a@mail.example\"}]}," MAIL "}",
                  SES_COMPLAINT, "\n" HEADERS);
}

static void test_common_headers_alone(void **state)
{
    (void)state;
    check_rewrite("{\"notificationType\":\"Bounce\",\"mail\":{\"source\":\"alice@our.example\","
                  "\"commonHeaders\":{\"from\":[\"alice@our.example\"],\"date\":\"today\","
                  "\"messageId\":\"<1@our.example>\",\"subject\":\"Offer\"}}}",
                  SES_DELIVERY,
                  "\nReturn-Path: <alice@our.example>\nfrom: alice@our.example\ndate: today\n"
                  "Message-ID: <1@our.example>\nsubject: Offer\n\n");
}

static void test_inside_sns(void **state)
{
    (void)state;
    check_rewrite("{\"Type\":\"Notification\",\"Subject\":\"x\",\"Message\":\"{\\\"notificationType"
                  "\\\":\\\"Bounce\\\",\\\"bounce\\\":{\\\"bouncedRecipients\\\":[{\\\""
                  "emailAddress\\\":\\\"nobody@mail.example\\\",\\\"diagnosticCode\\\":\\\"smtp; "
                  "550 \\\\\\\"no\\\\\\\"\\\"}]}}\",\"Timestamp\":\"x\"}",
                  SES_DELIVERY,
                  "\nFinal-Recipient: rfc822; nobody@mail.example\nAction: failed\n"
                  "Diagnostic-Code: smtp; 550 \"no\"\n\n\n");
}

static void test_escapes(void **state)
{
    (void)state;
#define WITH(text)                                                                                 \
    "{\"notificationType\":\"Bounce\",\"emailAddress\":\"a@b.example\",\"diagnosticCode\":\"" text \
    "\"}"
#define GIVES(text)                                                                                \
    "\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nDiagnostic-Code: " text "\n\n\n"
    check_rewrite(WITH("a\\r\\nb\\tc"), SES_DELIVERY, GIVES("a  b c"));
    check_rewrite(WITH("a\nStatus: 5.1.1"), SES_DELIVERY, GIVES("a Status: 5.1.1"));
    check_rewrite(WITH("a\\u000aStatus: 5"), SES_DELIVERY, GIVES("a Status: 5"));
    check_rewrite(WITH("\\u003ca@b\\u003E \\u00fc"), SES_DELIVERY, GIVES("<a@b> \xC3\xBC"));
    check_rewrite(WITH("\\/ \\\\ \\\" \\x"), SES_DELIVERY, GIVES("/ \\ \" x"));
    /* both halves of a surrogate pair, or none */
    check_rewrite(WITH("\\ud83d\\uDE00!"), SES_DELIVERY, GIVES("\xF0\x9F\x98\x80!"));
    check_rewrite(WITH("\\ud800"), SES_DELIVERY, GIVES(" "));
    check_rewrite(WITH("\\ude00"), SES_DELIVERY, GIVES(" "));
    check_rewrite(WITH("\\ud83d\\u0041"), SES_DELIVERY, GIVES(" A"));
    check_rewrite(WITH("\xC3\xBC"), SES_DELIVERY, GIVES("\xC3\xBC"));
#undef GIVES
#undef WITH
}

/* Cut anywhere, it is a report only if some brace ends it; nothing is read past the end. */
static void test_cut(void **state)
{
    (void)state;
    static const char json[] = BOUNCE;
    for (size_t len = 0; len < sizeof json; len++) {
        char *copy = len == 0 ? NULL : g_memdup2(json, len);
        GString *out = g_string_new(NULL);
        dialect_ses_type type = dialect_ses_rewrite((span){ copy, len }, out);
        bool ends_in_brace = len > 0 && json[len - 1] == '}';
        assert_int_equal(type, ends_in_brace ? SES_DELIVERY : SES_NONE);
        assert_int_equal(out->len > 0, type != SES_NONE);
        g_string_free(out, TRUE);
        g_free(copy);
    }
    /* The brace may be one inside a string. */
    check_rewrite("{\"notificationType\":\"Bounce\",\"emailAddress\":\"a}", SES_DELIVERY,
                  "\nFinal-Recipient: rfc822; a}\nAction: failed\n\n\n");
    check_rewrite("{\"notificationType\":\"Bounce\",\"emailAddress\":\"a\\}", SES_DELIVERY,
                  "\nFinal-Recipient: rfc822; a}\nAction: failed\n\n\n");
    check_rewrite("{\"notificationType\":\"Bounce\",\"emailAddress\":\"a\\u00}", SES_DELIVERY,
                  "\nFinal-Recipient: rfc822; a }\nAction: failed\n\n\n");
    check_rewrite("{\"notificationType\":\"Bounce\",\"emailAddress\":\"a@b.example", SES_NONE, "");
}

/* An escape that the end of the footer cuts. */
static void test_cut_escape(void **state)
{
    (void)state;
    static const char *const footers[] = { "\n--\"x\\",        "\n--\"\\u",
                                           "\n--\"\\u00",      "\n--\"\\ud83d\\",
                                           "\n--\"\\ud83d\\u", "\n--\"\\ud83d\\ude" };
    for (size_t i = 0; i < G_N_ELEMENTS(footers); i++) {
        char *json = g_strconcat("{\"notificationType\":\"Complaint\"}", footers[i], NULL);
        check_rewrite(json, SES_COMPLAINT, "\n\n");
        g_free(json);
    }
}

/* How often `word` stands in what becomes of `json`. */
static unsigned count_in_rewritten(const char *json, const char *word)
{
    unsigned count = 0;
    GString *out = g_string_new(NULL);
    assert_int_equal(dialect_ses_rewrite(span_from_string(json), out), SES_DELIVERY);
    for (const char *at = out->str; (at = strstr(at, word)) != NULL; at++) {
        count++;
    }
    g_string_free(out, TRUE);
    return count;
}

static void test_limits(void **state)
{
    (void)state;
    GString *json = g_string_new("{\"notificationType\":\"Bounce\"");
    for (int i = 0; i < LIMIT_RECIPIENTS + 5; i++) {
        g_string_append(json, ",\"emailAddress\":\"a@b.example\"");
    }
    for (int i = 0; i < LIMIT_FIELDS_PER_BLOCK + 5; i++) {
        g_string_append(json, ",\"name\":\"X-A\",\"value\":\"b\"");
    }
    g_string_append_c(json, '}');
    assert_int_equal(count_in_rewritten(json->str, "Final-Recipient:"), LIMIT_RECIPIENTS);
    assert_int_equal(count_in_rewritten(json->str, "X-A: b"), LIMIT_FIELDS_PER_BLOCK);
    g_string_free(json, TRUE);
}

static void test_empty_addresses(void **state)
{
    (void)state;
    check_rewrite("{\"notificationType\":\"Bounce\",\"emailAddress\":\"\","
                  "\"recipients\":[\"\",\"a@b.example\"]}",
                  SES_DELIVERY, "\nFinal-Recipient: rfc822; a@b.example\nAction: failed\n\n\n");
}

static void test_not_ses(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "{}",
        "{\"",
        "Hello",
        "Hello " BOUNCE,
        BOUNCE "\nWhat does that mean?\n",
        BOUNCE "\n- What does that mean?\n",
        "\"notificationType\":\"Bounce\"",
        "{\"type\":\"Bounce\",\"emailAddress\":\"a@b.example\"}",
        "{\"notificationType\":\"bounce\"}",
        "{\"notificationType\":\"Open\",\"emailAddress\":\"a@b.example\"}",
        "{\"Message\":\"Bounce\"}",
        "{\"x\":[{\"emailAddress\":\"a@b.example\"}]}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        check_rewrite(texts[i], SES_NONE, "");
    }
}

/* Nested a hundred thousand deep, it is read like any other. */
static void test_nesting(void **state)
{
    (void)state;
    GString *json = g_string_new("{\"notificationType\":\"Bounce\",\"x\":");
    for (int i = 0; i < 100000; i++) {
        g_string_append(json, "[{\"a\":");
    }
    g_string_append_c(json, '}');
    GString *out = g_string_new(NULL);
    assert_int_equal(dialect_ses_rewrite((span){ json->str, json->len }, out), SES_DELIVERY);
    g_string_free(out, TRUE);
    g_string_free(json, TRUE);
}

/* ---- as a notice ---- */

#define FROM_SNS                                                                                   \
    "From: Notifications <no-reply@sns.example>\nTo: bounces@our.example\nSubject: x\n\n"

static void test_notice(void **state)
{
    (void)state;
    fixture_check(FROM_SNS BOUNCE "\n", fixture_tell_kind, "failure");
    fixture_check(FROM_SNS BOUNCE "\n", fixture_tell_recipients,
                  "nobody@mail.example failed user_unknown 5.1.1 550");
    fixture_check(FROM_SNS BOUNCE "\n", fixture_tell_returned,
                  "headers|<1@our.example>|alice@our.example|alice@our.example||Offer|-|0");
    fixture_check(FROM_SNS "{\"notificationType\":\"Complaint\"," MAIL "}", fixture_tell_kind,
                  "feedback");
}

/* It is told in fields of the original, but no mail system wrote them down: never complete. */
static void test_never_complete(void **state)
{
    (void)state;
#define FIELD(name, value) "{\"name\":\"" name "\",\"value\":\"" value "\"},"
    fixture_check(FROM_SNS "{\"notificationType\":\"Bounce\",\"emailAddress\":\"a@b.example\","
                           "\"headers\":[" FIELD("Received", "from a by b; Mon, 23 Nov 2026 "
                                                             "20:24:50 +0000")
                               FIELD("X-Mailer", "x") FIELD("From", "alice@our.example")
                                   FIELD("Date", "Mon, 23 Nov 2026 20:24:50 +0000")
                                       FIELD("Message-ID", "<1@our.example>") "{}]}\n",
                  fixture_tell_returned,
                  "headers|<1@our.example>|-|alice@our.example||-|1795465490|1");
#undef FIELD
}

static void test_without_dialects(void **state)
{
    (void)state;
    fixture f = fixture_message(FROM_SNS BOUNCE "\n");
    f.notice = notice_read(f.message, false);
    assert_int_equal(f.notice->recipients->len, 0);
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounce),
        cmocka_unit_test(test_delay_and_delivery),
        cmocka_unit_test(test_complaint),
        cmocka_unit_test(test_common_headers_alone),
        cmocka_unit_test(test_inside_sns),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_cut_escape),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_empty_addresses),
        cmocka_unit_test(test_not_ses),
        cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_notice),
        cmocka_unit_test(test_never_complete),
        cmocka_unit_test(test_without_dialects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
