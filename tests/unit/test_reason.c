/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Reasons from codes, from the refused command, and from phrases. */
#include "notice/reason.h"

#include "notice/phrases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct code_case {
    const char *text;
    const char *status;
    const char *reply;
} code_case;

static void check_codes(const code_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(cases[i].text);
        char *copy = len == 0 ? NULL : g_memdup2(cases[i].text, len);
        reason_codes codes = reason_find_codes((span){ copy, len });
        if (strcmp(codes.status, cases[i].status) != 0 ||
            strcmp(codes.reply, cases[i].reply) != 0) {
            fail_msg("\"%s\": got \"%s\" and \"%s\", want \"%s\" and \"%s\"", cases[i].text,
                     codes.status, codes.reply, cases[i].status, cases[i].reply);
        }
        assert_int_equal(reason_has_codes(&codes),
                         *cases[i].status != '\0' || *cases[i].reply != '\0');
        g_free(copy);
    }
}

#define CHECK_CODES(cases) check_codes(cases, G_N_ELEMENTS(cases))

static void test_codes_in_text(void **state)
{
    (void)state;
    static const code_case cases[] = {
        { "550 5.1.1 user unknown", "5.1.1", "550" },
        { "550-5.1.1 user unknown", "5.1.1", "550" },
        { "5.1.1", "5.1.1", "" },
        { "550", "", "550" },
        { "(#5.1.1)", "5.1.1", "" },
        { "said: 421 4.7.0 later", "4.7.0", "421" },
        { "error 5.1.1.", "5.1.1", "" },
        { "status=5.7.26,", "5.7.26", "" },
        { "[5.1.10]", "5.1.10", "" },
        { "<x>: 5.1.1; 550", "5.1.1", "550" },
        { "5.1.1 then 4.2.2, 550 then 452", "5.1.1", "550" },
        { "2.1.5 ok", "2.1.5", "" },
        { "5.7.606", "5.7.606", "" },
        { "\xE9\x94\x99\xE8\xAF\xAF"
          "550",
          "", "550" },
    };
    CHECK_CODES(cases);
}

static void test_numbers_that_are_no_codes(void **state)
{
    (void)state;
    static const code_case cases[] = {
        { "", "", "" },
        { "5", "", "" },
        { "55", "", "" },
        { "5.1", "", "" },
        { "5.1.", "", "" },
        { "3.1.1 6.1.1 1.1.1", "", "" },
        { "5.8.1 5.9.9", "", "" },
        { "5.1.1111", "", "" },
        { "5.1.1.2 and 4.3.2.1", "", "" },
        { "192.0.2.5 203.0.113.4", "", "" },
        { "v5.1.1 x5.1.1y 5.1.1b", "", "" },
        { "15.1.1", "", "" },
        { "size 5500 or 1550 bytes", "", "" },
        { "550kB 550x x550 550@ 550.5", "", "" },
        { "580 590 655 350 250", "", "" },
        { "a_550 a.550 a@550", "", "" },
    };
    CHECK_CODES(cases);
}

static reason_codes codes_of(const char *status, const char *reply)
{
    reason_codes codes;
    g_strlcpy(codes.status, status, sizeof codes.status);
    g_strlcpy(codes.reply, reply, sizeof codes.reply);
    return codes;
}

static void test_from_codes(void **state)
{
    (void)state;
    static const struct {
        const char *status;
        const char *reply;
        backstop_reason reason;
    } cases[] = {
        { "", "", BACKSTOP_REASON_NONE },
        { "5.1.0", "", BACKSTOP_REASON_USER_UNKNOWN },
        { "5.1.1", "", BACKSTOP_REASON_USER_UNKNOWN },
        { "4.1.1", "", BACKSTOP_REASON_USER_UNKNOWN },
        { "5.1.2", "", BACKSTOP_REASON_HOST_UNKNOWN },
        { "5.1.3", "", BACKSTOP_REASON_SYNTAX },
        { "5.1.6", "", BACKSTOP_REASON_MOVED },
        { "5.1.8", "", BACKSTOP_REASON_SENDER_REJECTED },
        { "5.1.10", "", BACKSTOP_REASON_USER_UNKNOWN },
        { "5.2.1", "", BACKSTOP_REASON_MAILBOX_DISABLED },
        { "4.2.2", "", BACKSTOP_REASON_MAILBOX_FULL },
        { "5.2.3", "", BACKSTOP_REASON_TOO_LARGE },
        { "5.2.4", "", BACKSTOP_REASON_SYSTEM },
        { "4.3.2", "", BACKSTOP_REASON_SYSTEM },
        { "5.3.4", "", BACKSTOP_REASON_TOO_LARGE },
        { "4.4.1", "", BACKSTOP_REASON_NETWORK },
        { "5.4.4", "", BACKSTOP_REASON_HOST_UNKNOWN },
        { "4.4.5", "", BACKSTOP_REASON_RATE_LIMITED },
        { "5.4.6", "", BACKSTOP_REASON_NETWORK },
        { "5.4.7", "", BACKSTOP_REASON_EXPIRED },
        { "5.5.2", "", BACKSTOP_REASON_SYNTAX },
        { "4.5.3", "", BACKSTOP_REASON_RATE_LIMITED },
        { "5.6.0", "", BACKSTOP_REASON_CONTENT_REJECTED },
        { "5.7.13", "", BACKSTOP_REASON_MAILBOX_DISABLED },
        { "5.7.23", "", BACKSTOP_REASON_SENDER_REJECTED },
        { "5.7.26", "", BACKSTOP_REASON_SENDER_REJECTED },
        { "4.7.28", "", BACKSTOP_REASON_RATE_LIMITED },
        { "5.7.0", "", BACKSTOP_REASON_SECURITY },
        { "5.7.1", "", BACKSTOP_REASON_SECURITY },
        { "5.7.8", "", BACKSTOP_REASON_SECURITY },
        /* which say no more than that it failed */
        { "5.0.0", "", BACKSTOP_REASON_NONE },
        { "4.4.0", "", BACKSTOP_REASON_NONE },
        { "5.5.0", "", BACKSTOP_REASON_NONE },
        { "5.8.999", "", BACKSTOP_REASON_NONE },
        /* the reply where the status says nothing */
        { "", "552", BACKSTOP_REASON_MAILBOX_FULL },
        { "", "452", BACKSTOP_REASON_MAILBOX_FULL },
        { "", "551", BACKSTOP_REASON_USER_UNKNOWN },
        { "", "501", BACKSTOP_REASON_SYNTAX },
        { "", "521", BACKSTOP_REASON_SYSTEM },
        { "", "530", BACKSTOP_REASON_SECURITY },
        { "", "556", BACKSTOP_REASON_HOST_UNKNOWN },
        { "", "550", BACKSTOP_REASON_NONE },
        { "", "554", BACKSTOP_REASON_NONE },
        { "5.0.0", "552", BACKSTOP_REASON_MAILBOX_FULL },
        { "5.1.1", "552", BACKSTOP_REASON_USER_UNKNOWN },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        reason_codes codes = codes_of(cases[i].status, cases[i].reply);
        backstop_reason reason = reason_from_codes(&codes);
        if (reason != cases[i].reason) {
            fail_msg("\"%s\" \"%s\": got %d, want %d", cases[i].status, cases[i].reply, (int)reason,
                     (int)cases[i].reason);
        }
    }
}

static void test_clear_status(void **state)
{
    (void)state;
    assert_int_equal(reason_from_clear_status(""), BACKSTOP_REASON_NONE);
    assert_int_equal(reason_from_clear_status("5.1.1"), BACKSTOP_REASON_NONE);
    assert_int_equal(reason_from_clear_status("5.7.1"), BACKSTOP_REASON_NONE);
    assert_int_equal(reason_from_clear_status("5.1.6"), BACKSTOP_REASON_MOVED);
    assert_int_equal(reason_from_clear_status("4.2.2"), BACKSTOP_REASON_MAILBOX_FULL);
    assert_int_equal(reason_from_clear_status("5.7.13"), BACKSTOP_REASON_MAILBOX_DISABLED);
    assert_int_equal(reason_from_clear_status("5.7.20"), BACKSTOP_REASON_SENDER_REJECTED);
    assert_int_equal(reason_from_clear_status("5.7.29"), BACKSTOP_REASON_SENDER_REJECTED);
}

static void test_ranks(void **state)
{
    (void)state;
    static const unsigned ranks[] = {
        [BACKSTOP_REASON_NONE] = 0,     [BACKSTOP_REASON_OTHER] = 1,  [BACKSTOP_REASON_NETWORK] = 2,
        [BACKSTOP_REASON_SECURITY] = 2, [BACKSTOP_REASON_SYSTEM] = 2, [BACKSTOP_REASON_EXPIRED] = 3,
    };
    for (unsigned r = BACKSTOP_REASON_NONE; r <= BACKSTOP_REASON_OTHER; r++) {
        unsigned expected =
            r != BACKSTOP_REASON_NONE && ranks[r] == 0 ? REASON_RANK_BEST : ranks[r];
        assert_int_equal(reason_rank((backstop_reason)r), expected);
    }
}

static void test_stages(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        backstop_reason reason;
    } cases[] = {
        { "", BACKSTOP_REASON_NONE },
        { "SMTP error from remote mail server after RCPT TO:<x>", BACKSTOP_REASON_NONE },
        { "SMTP error from remote mail server after MAIL FROM:<x>",
          BACKSTOP_REASON_SENDER_REJECTED },
        { "SMTP error from remote mail server after EHLO x", BACKSTOP_REASON_SENDER_REJECTED },
        { "after initial connection", BACKSTOP_REASON_SENDER_REJECTED },
        { "550 no (in reply to MAIL FROM command)", BACKSTOP_REASON_SENDER_REJECTED },
        { "550 no (in reply to HELO command)", BACKSTOP_REASON_SENDER_REJECTED },
        { "550 no (in reply to RCPT TO command)", BACKSTOP_REASON_NONE },
        { "550 no (in reply to end of DATA command)", BACKSTOP_REASON_CONTENT_REJECTED },
        { "remote mail server after end of data", BACKSTOP_REASON_CONTENT_REJECTED },
        { "For MAIL FROM command", BACKSTOP_REASON_SENDER_REJECTED },
        { "for TEXT command", BACKSTOP_REASON_CONTENT_REJECTED },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_int_equal(reason_from_stage(span_from_string(cases[i].text)), cases[i].reason);
    }
}

#define HIT(reason, from, to)                                                                      \
    {                                                                                              \
        .class = PHRASE_REASON, .value = BACKSTOP_REASON_##reason, .weight = (to) - (from),        \
        .start = (from), .end = (to), .last_start = (from)                                         \
    }

static void check_hits(const phrase_hit *list, unsigned count, unsigned start, unsigned end,
                       backstop_reason expected)
{
    GArray *hits = g_array_new(FALSE, FALSE, sizeof(phrase_hit));
    if (count > 0) {
        g_array_append_vals(hits, list, count);
    }
    assert_int_equal(reason_from_hits(hits, PHRASE_REASON, start, end), expected);
    g_array_free(hits, TRUE);
}

static void test_from_hits(void **state)
{
    (void)state;
    static const phrase_hit longer[] = { HIT(MAILBOX_FULL, 0, 10), HIT(USER_UNKNOWN, 20, 40) };
    static const phrase_hit ranked[] = { HIT(SYSTEM, 0, 50), HIT(EXPIRED, 60, 70),
                                         HIT(OTHER, 80, 180) };
    static const phrase_hit best[] = { HIT(NETWORK, 0, 50), HIT(MOVED, 60, 65) };
    /* Two that overlap cover fewer bytes than the one further on. */
    static const phrase_hit overlap[] = { HIT(MAILBOX_FULL, 0, 12), HIT(MAILBOX_FULL, 3, 14),
                                          HIT(USER_UNKNOWN, 20, 36) };
    static const phrase_hit sum[] = { HIT(MAILBOX_FULL, 0, 10), HIT(USER_UNKNOWN, 20, 35),
                                      HIT(MAILBOX_FULL, 40, 50) };
    /* What stands in the gap is not the phrase's. */
    static const phrase_hit gap[] = {
        { PHRASE_REASON, BACKSTOP_REASON_MAILBOX_FULL, 12, 0, 60, 54 },
        HIT(USER_UNKNOWN, 20, 34),
    };
    static const phrase_hit other_class[] = {
        { PHRASE_HINT, BACKSTOP_REASON_MAILBOX_FULL, 12, 0, 12, 0 },
    };
    check_hits(NULL, 0, 0, 100, BACKSTOP_REASON_NONE);
    check_hits(longer, 2, 0, 100, BACKSTOP_REASON_USER_UNKNOWN);
    check_hits(longer, 2, 0, 40, BACKSTOP_REASON_USER_UNKNOWN);
    check_hits(longer, 2, 0, 39, BACKSTOP_REASON_MAILBOX_FULL);
    check_hits(longer, 2, 1, 39, BACKSTOP_REASON_NONE);
    check_hits(ranked, 3, 0, 200, BACKSTOP_REASON_EXPIRED);
    check_hits(ranked, 1, 0, 200, BACKSTOP_REASON_SYSTEM);
    check_hits(ranked + 2, 1, 0, 200, BACKSTOP_REASON_OTHER);
    check_hits(best, 2, 0, 200, BACKSTOP_REASON_MOVED);
    check_hits(overlap, 3, 0, 200, BACKSTOP_REASON_USER_UNKNOWN);
    check_hits(sum, 3, 0, 200, BACKSTOP_REASON_MAILBOX_FULL);
    check_hits(gap, 2, 0, 200, BACKSTOP_REASON_USER_UNKNOWN);
    check_hits(other_class, 1, 0, 200, BACKSTOP_REASON_NONE);
    GArray *hits = g_array_new(FALSE, FALSE, sizeof(phrase_hit));
    g_array_append_vals(hits, other_class, 1);
    assert_int_equal(reason_from_hits(hits, PHRASE_HINT, 0, 200), BACKSTOP_REASON_MAILBOX_FULL);
    g_array_free(hits, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes_in_text), cmocka_unit_test(test_numbers_that_are_no_codes),
        cmocka_unit_test(test_from_codes),    cmocka_unit_test(test_clear_status),
        cmocka_unit_test(test_ranks),         cmocka_unit_test(test_stages),
        cmocka_unit_test(test_from_hits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
