/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The witness of our tag: bound, ours at least, or missing; and all that only looks like it. */
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

enum { LIFE_SEC = 336 * HOUR_SEC };

/* MAIL_FIELDS with a tag above them. */
static char *tagged_by(const scene *s, const char *key_id, int64_t time_sec, const char *sender,
                       const char *top)
{
    g_autofree char *value = scene_tag(s, key_id, time_sec, sender, MAIL_FIELDS);
    return g_strconcat(top, "Backstop-Tag: ", value, "\n", MAIL_FIELDS, NULL);
}

static char *tagged(const scene *s)
{
    return tagged_by(s, "t3", MAIL_SEC, "alice@our.example", PATH_FIELD HOP_FIELD);
}

static void test_bound(void **state)
{
    (void)state;
    scene s = scene_new();
    g_autofree char *header = tagged(&s);
    EXPECT(&s, "tag", PARTS(.header = header), "genuine proof", "2026-11-23");
    EXPECT(&s, "tag", PARTS(.header = header, .action = "delayed"), "genuine proof", NULL);
    /* an older key that still signs elsewhere */
    g_autofree char *other = tagged_by(&s, "t2", MAIL_SEC, "alice@our.example", HOP_FIELD);
    EXPECT(&s, "tag", PARTS(.header = other), "genuine proof", NULL);
    /* the header need not be whole */
    g_autofree char *value = scene_tag(&s, "t3", MAIL_SEC, "alice@our.example", MAIL_FIELDS);
    g_autofree char *last = g_strconcat(MAIL_FIELDS, "Backstop-Tag: ", value, "\n", NULL);
    EXPECT(&s, "tag", PARTS(.header = last), "genuine proof", NULL);
    scene_free(&s);
}

/* Folding anywhere, as gateways fold. */
static void test_folded(void **state)
{
    (void)state;
    scene s = scene_new();
    g_autofree char *value = scene_tag(&s, "t3", MAIL_SEC, "alice@our.example", MAIL_FIELDS);
    g_autoptr(GString) folded = g_string_new(HOP_FIELD "Backstop-Tag:");
    for (const char *c = value; *c != '\0'; c++) {
        g_string_append_c(folded, *c);
        g_string_append(folded, (c - value) % 20 == 0 ? "\n\t" : "");
    }
    g_string_append(folded, "\n" MAIL_FIELDS);
    EXPECT(&s, "tag", PARTS(.header = folded->str), "genuine proof", NULL);
    scene_free(&s);
}

static void test_senders(void **state)
{
    (void)state;
    static const struct {
        const char *sender, *to, *top, *expected;
    } cases[] = {
        { "alice@our.example", "ALICE@our.example", HOP_FIELD, "genuine proof" },
        { "alice@our.example", "prvs=0123abcdef=alice@our.example", HOP_FIELD, "genuine proof" },
        { "alice@our.example", "alice+prvs=0123abcdef@our.example", HOP_FIELD, "genuine proof" },
        { "alice@our.example", "alice+x@our.example", HOP_FIELD, "genuine proof" },
        { "alice+bob=remote.example@our.example", "alice+bob=remote.example@our.example", HOP_FIELD,
          "genuine proof" },
        /* an alias was expanded before the notice was filtered */
        { "team@our.example", "alice@our.example", "Return-Path: <team@our.example>\n" HOP_FIELD,
          "genuine proof" },
        /* the envelope's sender was rewritten, and the From was not */
        { "alice@our.example", "carol@our.example", "Return-Path: <carol@our.example>\n" HOP_FIELD,
          "genuine proof" },
        { "alice@our.example", "SRS0=ab=cd=remote.example=x@our.example", HOP_FIELD,
          "genuine proof" },
        /* by one whom nothing names */
        { "root@our.example", "alice@our.example", PATH_FIELD HOP_FIELD, "genuine likely" },
        { "", "alice@our.example", PATH_FIELD HOP_FIELD, "genuine likely" },
        /* the tag cannot be bound to a stranger */
        { "eve@evil.example", "alice@our.example", "Return-Path: <eve@evil.example>\n" HOP_FIELD,
          "genuine likely" },
    };
    scene s = scene_new();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *header = tagged_by(&s, "t3", MAIL_SEC, cases[i].sender, cases[i].top);
        EXPECT(&s, "tag", PARTS(.header = header, .to = cases[i].to), cases[i].expected, NULL);
    }
    scene_free(&s);
}

/* One bound field after the other is not what it was. */
static void test_rewritten(void **state)
{
    (void)state;
    static const struct {
        const char *was, *is, *expected;
    } cases[] = {
        { "Subject: Offer\n", "Subject: [EXTERNAL] Offer\n", "genuine likely" },
        { "Subject: Offer\n", "", "genuine likely" },
        { "Subject: Offer\n", "Subject:  =?utf-8?q?Off?=\n =?utf-8?q?er?= \n", "genuine proof" },
        { "Message-ID: <1@our.example>", "Message-ID: <ses-1@mail.example>", "genuine likely" },
        { "Message-ID: <1@our.example>", "Message-ID: (rewritten) < 1@our.example >\n (x)",
          "genuine proof" },
        { "From: Alice <alice@our.example>", "From: \"A.\" <ALICE@our.Example>", "genuine proof" },
        { "From: Alice <alice@our.example>", "From: Alice <alice@list.example>", "genuine likely" },
        /* a forger's field above ours: the first counts */
        { "Subject: Offer\n", "Subject: Pills\nSubject: Offer\n", "genuine likely" },
        { "From: Alice <alice@our.example>",
          "From: Eve <eve@evil.example>\nFrom: Alice <alice@our.example>", "genuine likely" },
        /* or below it: other readers show that one */
        { "Subject: Offer\n", "Subject: Offer\nSubject: Pills\n", "genuine likely" },
        { "From: Alice <alice@our.example>", "From: Pills: alice@our.example, eve@evil.example;",
          "genuine likely" },
        /* what is not bound */
        { "To: bob@remote.example", "To: undisclosed-recipients:;", "genuine proof" },
        { "Date: " MAIL_DATE, "Date: Tue, 24 Nov 2026 00:00:00 +0000", "genuine proof" },
    };
    scene s = scene_new();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *header = tagged(&s);
        char *at = strstr(header, cases[i].was);
        assert_non_null(at);
        g_autofree char *changed = g_strdup_printf("%.*s%s%s", (int)(at - header), header,
                                                   cases[i].is, at + strlen(cases[i].was));
        EXPECT(&s, "tag", PARTS(.header = changed), cases[i].expected, NULL);
    }
    scene_free(&s);
}

static void test_age(void **state)
{
    (void)state;
    static const struct {
        const char *key_id;
        int64_t time_sec;
        const char *expected, *why;
    } cases[] = {
        { "t3", NOW_SEC - LIFE_SEC, "genuine proof", NULL },
        { "t3", NOW_SEC - LIFE_SEC - 1, "genuine likely", "long ago" },
        { "t3", 1, "genuine likely", "1970-01-01" },
        { "t3", NOW_SEC + HEARING_CLOCK_SKEW_SEC, "genuine proof", NULL },
        { "t3", NOW_SEC + HEARING_CLOCK_SKEW_SEC + 1, "genuine likely", "clock" },
        { "t1", MAIL_SEC, "genuine likely", "no longer used" },
        { "t1", NOW_SEC - LIFE_SEC - 1, "genuine likely", "long ago" },
    };
    scene s = scene_new();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *header = tagged_by(&s, cases[i].key_id, cases[i].time_sec,
                                            "alice@our.example", PATH_FIELD HOP_FIELD);
        EXPECT(&s, "tag", PARTS(.header = header), cases[i].expected, cases[i].why);
    }
    g_autofree char *header = tagged_by(&s, "t3", NOW_SEC - 2 * HOUR_SEC, "alice@our.example", "");
    assert_int_equal(BACKSTOP_OK, backstop_site_set_tag_lifetime(s.site, HOUR_SEC, NULL));
    EXPECT(&s, "tag", PARTS(.header = header), "genuine likely", "long ago");
    scene_free(&s);
}

/* A tag that cannot be checked may be ours: no claim, and no absence either. */
static void test_unchecked(void **state)
{
    (void)state;
    scene s = scene_new();
    scene_open_store(&s);
    scene_record(&s, "alice@our.example", "x@remote.example", "<0@our.example>",
                 MAIL_SEC - DAY_SEC);
    EXPECT(&s, "tag", USUAL, "forged likely", NULL);
    g_autofree char *header = tagged(&s);
    char *id = strstr(header, "k=t3");
    memcpy(id, "k=zz", 4);
    EXPECT(&s, "tag", PARTS(.header = header), "silent", "not known here");
    memcpy(id, "k=t3", 4);
    char *version = strstr(header, "v=1");
    version[2] = '2';
    EXPECT(&s, "tag", PARTS(.header = header), "silent", "cannot be read");
    version[2] = '1';
    EXPECT(&s, "tag", PARTS(.header = PATH_FIELD HOP_FIELD "Backstop-Tag: v=1\n" MAIL_FIELDS),
           "silent", "cannot be read");
    /* long after its key was retired */
    g_autofree char *old = tagged_by(&s, "t1", MAIL_SEC, "alice@our.example", HOP_FIELD);
    s.now_sec = 1795400000 + KEY_VERIFIES_AFTER_SEC + DAY_SEC;
    EXPECT(&s, "tag", PARTS(.header = old), "silent", "not known here");
    s.now_sec = NOW_SEC;
    const backstop_keys *keys = s.keys;
    s.keys = NULL;
    EXPECT(&s, "tag", PARTS(.header = header), "silent", "no keys");
    s.keys = (backstop_keys *)keys;
    EXPECT(&s, "tag", PARTS(.header = header), "genuine proof", NULL);
    scene_free(&s);
}

/* One that a key of ours shows to be false is no tag. */
static void test_false_tags(void **state)
{
    (void)state;
    static const char *const parts[] = { "; t=", "; n=", "; a=", "k=" };
    scene s = scene_new();
    scene_open_store(&s);
    scene_record(&s, "alice@our.example", "x@remote.example", "<0@our.example>",
                 MAIL_SEC - DAY_SEC);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *header = tagged(&s);
        char *at = strstr(strstr(header, "Backstop-Tag"), parts[i]) + strlen(parts[i]);
        if (i == 3) {
            at++; /* k=t3 made k=t2 */
            *at = '2';
        } else {
            *at = *at == '1' ? '2' : '1';
        }
        EXPECT(&s, "tag", PARTS(.header = header), "forged likely", "our.example");
    }
    g_autofree char *header = tagged(&s);
    char *bound = strstr(header, "; h=") + 4;
    *bound = *bound == 'A' ? 'B' : 'A';
    EXPECT(&s, "tag", PARTS(.header = header), "genuine likely", NULL);
    scene_free(&s);
}

static void test_several_tags(void **state)
{
    (void)state;
    scene s = scene_new();
    g_autofree char *ours = scene_tag(&s, "t3", MAIL_SEC, "alice@our.example", MAIL_FIELDS);
    g_autofree char *other =
        scene_tag(&s, "t3", MAIL_SEC, "alice@our.example", "Subject: another\n");
#define FOREIGN                                                                                    \
    "Backstop-Tag: v=1; k=zz; t=1795465490; n=MDEyMzQ1Njc4OWFh; a=MDEyMzQ1Njc4OWFhYWFhYQ; "        \
    "h=MDEyMzQ1Njc4OWFhYWFhYQ\n"
    g_autofree char *after_three = g_strconcat(FOREIGN FOREIGN "backstop-tag: ", other, "\n",
                                               "BACKSTOP-TAG: ", ours, "\n" MAIL_FIELDS, NULL);
    EXPECT(&s, "tag", PARTS(.header = after_three), "genuine proof", NULL);
    g_autofree char *after_four =
        g_strconcat(FOREIGN FOREIGN FOREIGN FOREIGN "Backstop-Tag: ", ours, "\n" MAIL_FIELDS, NULL);
    EXPECT(&s, "tag", PARTS(.header = after_four), "silent", NULL);
    g_autofree char *unbound = g_strconcat(FOREIGN "Backstop-Tag: ", other, "\n" MAIL_FIELDS, NULL);
    EXPECT(&s, "tag", PARTS(.header = unbound), "genuine likely", NULL);
    scene_free(&s);
}

/* Only the returned header counts. */
static void test_wrong_places(void **state)
{
    (void)state;
    scene s = scene_new();
    g_autofree char *value = scene_tag(&s, "t3", MAIL_SEC, "alice@our.example", MAIL_FIELDS);
    g_autofree char *field = g_strconcat("Backstop-Tag: ", value, "\n", NULL);
    g_autofree char *real = tagged(&s);
    g_autofree char *attached = g_strconcat("Content-Type: multipart/mixed; boundary=c\n", NULL);
    g_autofree char *spam = g_strconcat(HOP_FIELD, attached,
                                        "From: alice@our.example\nSubject: Pills\n"
                                        "Message-ID: <9@x>\nDate: " MAIL_DATE "\n",
                                        NULL);
    g_autofree char *inside =
        g_strconcat("--c\nContent-Type: message/rfc822\n\n", real, "\nHi\n--c--\n", NULL);
    g_autofree char *text_part = g_strconcat("--b\nContent-Type: text/plain\n\n", real, "\n", NULL);
    EXPECT(&s, "tag", PARTS(.top = field), "", NULL);
    EXPECT(&s, "tag", PARTS(.report = field), "", NULL);
    EXPECT(&s, "tag", PARTS(.body = field), "", NULL);
    EXPECT(&s, "tag", PARTS(.body = real), "", NULL);
    EXPECT(&s, "tag", PARTS(.header = spam, .body = inside), "", NULL);
    EXPECT(&s, "tag", PARTS(.more = text_part), "", NULL);
    scene_free(&s);
}

/* Real mail of ours beside a forger's: each is asked about by itself. */
static void test_several_messages(void **state)
{
    (void)state;
    scene s = scene_new();
    g_autofree char *real = tagged(&s);
    g_autofree char *more =
        g_strconcat("--b\nContent-Type: message/rfc822\n\n", real, "\nHi\n", NULL);
    g_autofree char *text =
        notice_text(PARTS(.header = real, .more = "--b\nContent-Type: "
                                                  "message/rfc822\n\n" MAIL_HEADER "\nHi\n"));
    g_autofree char *reversed = notice_text(PARTS(.more = more));
    evidence said = scene_ask_about(&s, "tag", text, 0);
    assert_string_equal("genuine proof", evidence_text(&said));
    said = scene_ask_about(&s, "tag", text, 1);
    assert_string_equal("", evidence_text(&said));
    said = scene_ask_about(&s, "tag", reversed, 0);
    assert_string_equal("", evidence_text(&said));
    said = scene_ask_about(&s, "tag", reversed, 1);
    assert_string_equal("genuine proof", evidence_text(&said));
    scene_free(&s);
}

/* In the header block of a notice without MIME. */
static void test_plain_text_notice(void **state)
{
    (void)state;
    scene s = scene_new();
    g_autofree char *real = tagged(&s);
    g_autofree char *text = g_strconcat(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.remote.example\nTo: alice@our.example\n"
        "Subject: failure notice\n\nI'm afraid I wasn't able to deliver your message to the "
        "following addresses.\n\n<bob@remote.example>:\nSorry, no mailbox here by that name.\n\n"
        "--- Below this line is a copy of the message.\n\n",
        real, "\nHi\n", NULL);
    EXPECT_TEXT(&s, "tag", text, "genuine proof", NULL);
    scene_free(&s);
}

static void test_absence(void **state)
{
    (void)state;
    scene s = scene_new();
    EXPECT(&s, "tag", USUAL, "", NULL);
    scene_open_store(&s);
    EXPECT(&s, "tag", USUAL, "", NULL);
    /* A neighbour's mail was tagged: that tells of the others where the domain is closed alone. */
    scene_record(&s, "carol@our.example", "x@remote.example", "<0@our.example>",
                 MAIL_SEC - HEARING_DATE_SKEW_SEC);
    EXPECT(&s, "tag", USUAL, "", NULL);
    backstop_domain_set_closed(s.domain, true);
    EXPECT(&s, "tag", USUAL, "forged likely", "2026-11-23");
    backstop_domain_set_closed(s.domain, false);
    /* MAIL_FIELDS are dated MAIL_SEC, by a clock that may be fast */
    scene_record(&s, "alice@our.example", "x@remote.example", "<0@our.example>",
                 MAIL_SEC - HEARING_DATE_SKEW_SEC);
    EXPECT(&s, "tag", USUAL, "forged likely", "2026-11-23");
    EXPECT(&s, "tag", PARTS(.header = MAIL_FIELDS), "", NULL);
    EXPECT(&s, "tag", PARTS(.to = "news-bounces@our.example"), "", NULL);
    EXPECT(&s, "tag",
           PARTS(.to = "alice@other.example", .header = "Return-Path: <a@b.example>\n" HOP_FIELD
                                                        "From: c@d.example\nDate: " MAIL_DATE
                                                        "\nMessage-ID: <1@x>\nX-Mailer: m\n"),
           "", NULL);
    /* a Date that is a second too early, and one that nobody can believe */
    EXPECT(&s, "tag",
           PARTS(.header =
                     HOP_FIELD "From: alice@our.example\nDate: Mon, 23 Nov 2026 20:24:49 +0000\n"
                               "Message-ID: <1@our.example>\nX-Mailer: m\n"),
           "", NULL);
    EXPECT(&s, "tag",
           PARTS(.header =
                     HOP_FIELD "From: alice@our.example\nDate: Mon, 23 Nov 2020 20:24:49 +0000\n"
                               "Message-ID: <1@our.example>\nX-Mailer: m\n"),
           "", NULL);
    scene_free(&s);
    s = scene_new();
    scene_open_store(&s);
    scene_record(&s, "alice@our.example", "x@remote.example", "<0@our.example>",
                 MAIL_SEC - HEARING_DATE_SKEW_SEC + 1);
    EXPECT(&s, "tag", USUAL, "", NULL);
    scene_free(&s);
    s = scene_new();
    scene_open_store(&s);
    scene_record(&s, "alice@our.example", "x@remote.example", "<0@our.example>",
                 MAIL_SEC - HEARING_QUEUE_SEC - HEARING_DATE_SKEW_SEC);
    EXPECT(&s, "tag",
           PARTS(.header =
                     HOP_FIELD "From: alice@our.example\nDate: Mon, 23 Nov 2020 20:24:49 +0000\n"
                               "Message-ID: <1@our.example>\nX-Mailer: m\n"),
           "forged likely", NULL);
    scene_free(&s);
}

/* In a domain that is not closed, a mailbox is told by its own mail alone; in a closed one, by that
 * of any other. */
static void test_absence_of_a_mailbox(void **state)
{
    (void)state;
    static const struct {
        const char *tagged, *open, *closed;
    } cases[] = {
        { "alice@our.example", "forged likely", "forged likely" },
        { "carol@our.example", "", "forged likely" },
        { "alice+x@our.example", "", "forged likely" },
        { "alice@other.example", "", "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        scene s = scene_new();
        scene_open_store(&s);
        scene_record(&s, cases[i].tagged, "x@remote.example", "<0@our.example>",
                     MAIL_SEC - DAY_SEC);
        EXPECT(&s, "tag", USUAL, cases[i].open, NULL);
        backstop_domain_set_closed(s.domain, true);
        EXPECT(&s, "tag", USUAL, cases[i].closed, NULL);
        scene_free(&s);
    }
    scene s = scene_new();
    scene_open_store(&s);
    scene_record(&s, "alice@our.example", "x@remote.example", "<0@our.example>",
                 MAIL_SEC - DAY_SEC);
    EXPECT(&s, "tag", USUAL, "forged likely", "mail of alice@our.example");
    EXPECT(&s, "tag", PARTS(.to = "alice+x@our.example"), "forged likely", NULL);
    backstop_domain_set_closed(s.domain, true);
    EXPECT(&s, "tag", USUAL, "forged likely", "mail of our.example");
    scene_free(&s);
}

static void check_gap(int64_t from_sec, int64_t until_sec, const char *expected)
{
    scene s = scene_new();
    scene_open_store(&s);
    scene_record(&s, "alice@our.example", "x@remote.example", "<0@our.example>",
                 MAIL_SEC - DAY_SEC);
    assert_int_equal(BACKSTOP_OK, backstop_store_add_gap(s.store, from_sec, until_sec, NULL));
    g_autofree char *header =
        g_strconcat(HOP_FIELD "From: alice@our.example\nDate: Mon, 23 Nov 2026 19:24:50 +0000\n"
                              "Message-ID: <1@our.example>\nX-Mailer: m\n",
                    NULL);
    EXPECT(&s, "tag", PARTS(.header = header), expected, NULL);
    scene_free(&s);
}

/* The mail was sent from MAIL_SEC - 1 h to MAIL_SEC, or an hour earlier by a clock that is fast. */
static void test_gaps(void **state)
{
    (void)state;
    check_gap(MAIL_SEC - 3 * HOUR_SEC, MAIL_SEC - 2 * HOUR_SEC - 1, "forged likely");
    check_gap(MAIL_SEC - 3 * HOUR_SEC, MAIL_SEC - 2 * HOUR_SEC, "");
    check_gap(MAIL_SEC - 1800, MAIL_SEC - 1800, "");
    check_gap(MAIL_SEC, MAIL_SEC + HOUR_SEC, "");
    check_gap(MAIL_SEC + 1, MAIL_SEC + HOUR_SEC, "forged likely");
    check_gap(MAIL_SEC - 3 * HOUR_SEC, MAIL_SEC + HOUR_SEC, "");
}

/* Copies of a proof wear it out, for the recipient that they name alone. */
static void test_replays(void **state)
{
    (void)state;
    scene s = scene_new();
    g_autofree char *header = tagged(&s);
    scene_open_store(&s);
    scene_record(&s, "alice@our.example", "bob@remote.example", "<1@our.example>", MAIL_SEC);
    scene_record(&s, "alice@our.example", "carol@remote.example", "<1@our.example>", MAIL_SEC);
    scene_count_returns(&s, "carol@remote.example", false, 1000);
    scene_count_returns(&s, "x@remote.example", true, 99);
    scene_count_returns(&s, "bob@remote.example", false, 7);
    EXPECT(&s, "tag", PARTS(.header = header), "genuine proof", NULL);
    EXPECT(&s, "tag", PARTS(.header = header, .recipient = "y@remote.example"), "genuine proof",
           NULL);
    EXPECT(&s, "tag", PARTS(.header = header, .recipient = "carol@remote.example"),
           "genuine likely", "more notices");
    scene_count_returns(&s, "bob@remote.example", false, 1);
    scene_count_returns(&s, "x@remote.example", true, 1);
    EXPECT(&s, "tag", PARTS(.header = header), "genuine likely", "more notices");
    EXPECT(&s, "tag", PARTS(.header = header, .recipient = "y@remote.example"), "genuine likely",
           "more notices");
    scene_free(&s);
}

/* Nothing is lost by a store that cannot be asked. */
static void test_store_fails(void **state)
{
    (void)state;
    scene s = scene_new();
    g_autofree char *header = tagged(&s);
    backstop_store broken = failing_store(s.keys);
    s.store = &broken;
    EXPECT(&s, "tag", PARTS(.header = header), "genuine proof", NULL);
    EXPECT(&s, "tag", USUAL, "silent", "the store is locked");
    s.store = NULL;
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_folded),
        cmocka_unit_test(test_senders),
        cmocka_unit_test(test_rewritten),
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_unchecked),
        cmocka_unit_test(test_false_tags),
        cmocka_unit_test(test_several_tags),
        cmocka_unit_test(test_wrong_places),
        cmocka_unit_test(test_several_messages),
        cmocka_unit_test(test_plain_text_notice),
        cmocka_unit_test(test_absence),
        cmocka_unit_test(test_absence_of_a_mailbox),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_replays),
        cmocka_unit_test(test_store_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
