/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The witness of our DKIM signatures: what a good one proves, and what it does not. */
#include "witness/witness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dkim_fixture.h"
#include "failing_store.h"
#include "witness_fixture.h"

enum { LIFE_SEC = 336 * HOUR_SEC };

#define ALL_NAMES "From:To:Subject:Date:Message-ID"
#define T_NOW "; t=1795465490"

static EVP_PKEY *pkey;

/* What is signed; NULL: the usual. */
typedef struct signing {
    const char *domain, *selector, *names, *tags, *fields, *body;
} signing;

/* Appends the line of that field, relaxed (RFC 6376, 3.4.2): the fields here have no folding. */
static void append_relaxed(GString *out, const char *fields, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(fields, "\n", -1);
    g_autofree char *start = g_strconcat(name, ": ", NULL);
    g_autofree char *lower = g_ascii_strdown(name, -1);
    for (size_t i = 0; lines[i] != NULL; i++) {
        if (g_str_has_prefix(lines[i], start)) {
            g_string_append_printf(out, "%s:%s\r\n", lower, lines[i] + strlen(start));
        }
    }
}

/* The field as a line. */
static char *dkim_field(signing s)
{
    const char *fields = or_usual(s.fields, MAIL_FIELDS);
    const char *names = or_usual(s.names, ALL_NAMES);
    g_autoptr(GString) canonical = g_string_new(NULL);
    g_auto(GStrv) list = g_strsplit(names, ":", -1);
    for (size_t i = 0; list[i] != NULL; i++) {
        append_relaxed(canonical, fields, list[i]);
    }
    const char *body = or_usual(s.body, "Hi\r\n");
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned hash_len;
    assert_true(EVP_Digest(body, strlen(body), hash, &hash_len, EVP_sha256(), NULL));
    g_autofree char *body_hash = g_base64_encode(hash, hash_len);
    g_autofree char *value =
        g_strdup_printf("v=1; a=ed25519-sha256; c=relaxed/simple; d=%s; s=%s; h=%s; bh=%s%s; b=",
                        or_usual(s.domain, "our.example"), or_usual(s.selector, "sel1"), names,
                        body_hash, or_usual(s.tags, T_NOW));
    g_string_append_printf(canonical, "dkim-signature:%s", value);
    g_autofree char *data = fixture_sign(pkey, (span){ canonical->str, canonical->len });
    return g_strconcat("DKIM-Signature: ", value, data, "\n", NULL);
}

static char *signed_header(signing s)
{
    g_autofree char *field = dkim_field(s);
    return g_strconcat(PATH_FIELD HOP_FIELD, field, or_usual(s.fields, MAIL_FIELDS), NULL);
}

#define SIGNED(...) signed_header((signing){ __VA_ARGS__ })

static void add_key(backstop_domain *domain, const char *selector)
{
    g_autofree char *base64 = fixture_public_key(pkey);
    g_autofree char *record = g_strdup_printf("v=DKIM1; k=ed25519; p=%s", base64);
    assert_int_equal(BACKSTOP_OK, backstop_domain_add_dkim_key(domain, selector, record, NULL));
}

static scene dkim_scene(void)
{
    scene s = scene_new();
    add_key(s.domain, "sel1");
    return s;
}

static void expect_signed(const scene *s, signing how, notice_parts parts, const char *expected,
                          const char *why, int line)
{
    g_autofree char *header = signed_header(how);
    parts.header = header;
    scene_expect_parts(s, "dkim", parts, expected, why, __FILE__, line);
}

#define EXPECT_SIGNED(how, parts, expected, why)                                                   \
    expect_signed(&s, how, parts, expected, why, __LINE__)
#define HOW(...) ((signing){ __VA_ARGS__ })

static void test_proof(void **state)
{
    (void)state;
    scene s = dkim_scene();
    EXPECT_SIGNED(HOW(.names = ALL_NAMES), USUAL, "genuine proof", "our.example");
    EXPECT_SIGNED(HOW(.domain = "OUR.example", .selector = "SEL1"), USUAL, "genuine proof", NULL);
    EXPECT_SIGNED(HOW(.names = ALL_NAMES), PARTS(.action = "delayed"), "genuine proof", NULL);
    /* the header alone came back */
    g_autofree char *header = SIGNED(.names = ALL_NAMES);
    EXPECT(&s, "dkim", PARTS(.header = header, .body = ""), "genuine proof", NULL);
    /* no trace fields */
    g_autofree char *field = dkim_field(HOW(.names = ALL_NAMES));
    g_autofree char *bare = g_strconcat(MAIL_FIELDS, field, NULL);
    EXPECT(&s, "dkim", PARTS(.header = bare), "genuine proof", NULL);
    scene_free(&s);
}

static void test_notified_mailbox(void **state)
{
    (void)state;
    scene s = dkim_scene();
    EXPECT_SIGNED(HOW(.tags = T_NOW), PARTS(.to = "ALICE@our.example"), "genuine proof", NULL);
    EXPECT_SIGNED(HOW(.tags = T_NOW), PARTS(.to = "prvs=0123abcdef=alice@our.example"),
                  "genuine proof", NULL);
    EXPECT_SIGNED(HOW(.tags = T_NOW), PARTS(.to = "alice+bob=remote.example@our.example"),
                  "genuine proof", NULL);
    EXPECT_SIGNED(HOW(.tags = T_NOW), PARTS(.to = "carol@our.example"), "genuine likely",
                  "not the address");
    /* a sub-address in From */
    EXPECT_SIGNED(HOW(.fields = "From: alice+offers@our.example\nTo: bob@remote.example\nSubject: "
                                "Offer\nDate: " MAIL_DATE "\nMessage-ID: <1@our.example>\n"),
                  USUAL, "genuine proof", NULL);
    scene_free(&s);
}

static void test_fields(void **state)
{
    (void)state;
    static const char *const too_few[] = {
        "From:To:Subject:Date",
        "From:To:Subject:Message-ID",
        "From:To:Date:Message-ID",
        "From:Subject:Date:Message-ID",
        "From",
    };
    scene s = dkim_scene();
    for (size_t i = 0; i < G_N_ELEMENTS(too_few); i++) {
        EXPECT_SIGNED(HOW(.names = too_few[i]), USUAL, "genuine likely", "each field");
    }
    /* one more on top is shown, and not signed */
    g_autofree char *field = dkim_field(HOW(.names = ALL_NAMES));
    static const char *const more[] = { "Subject: Pills\n", "From: eve@evil.example\n",
                                        "To: x@y.example\n", "Date: " MAIL_DATE "\n",
                                        "Message-ID: <9@x>\n" };
    for (size_t i = 0; i < G_N_ELEMENTS(more); i++) {
        g_autofree char *header = g_strconcat(HOP_FIELD, more[i], field, MAIL_FIELDS, NULL);
        bool is_from = i == 1;
        EXPECT(&s, "dkim", PARTS(.header = header), "genuine likely",
               is_from ? "not the address" : "each field");
    }
    scene_free(&s);
}

static void test_age(void **state)
{
    (void)state;
    static const struct {
        int64_t time_sec;
        const char *expected, *why;
    } cases[] = {
        { NOW_SEC - LIFE_SEC, "genuine proof", NULL },
        { NOW_SEC - LIFE_SEC - 1, "genuine likely", "so old" },
        { NOW_SEC + HEARING_CLOCK_SKEW_SEC, "genuine proof", NULL },
        { NOW_SEC + HEARING_CLOCK_SKEW_SEC + 1, "genuine likely", "clock" },
    };
    scene s = dkim_scene();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *tags = g_strdup_printf("; t=%ld", (long)cases[i].time_sec);
        EXPECT_SIGNED(HOW(.tags = tags), USUAL, cases[i].expected, cases[i].why);
    }
    /* without t=, the signed Date tells */
    EXPECT_SIGNED(HOW(.tags = ""), USUAL, "genuine proof", NULL);
    s.now_sec = MAIL_SEC + LIFE_SEC + 1;
    EXPECT_SIGNED(HOW(.tags = ""), USUAL, "genuine likely", "so old");
    s.now_sec = NOW_SEC;
    EXPECT_SIGNED(HOW(.tags = "", .fields = "From: alice@our.example\nTo: bob@remote.example\n"
                                            "Subject: Offer\nDate: soon\n"
                                            "Message-ID: <1@our.example>\n"),
                  USUAL, "genuine likely", "so old");
    scene_free(&s);
}

/* x= must not be past when the mail was under way; that it is when the notice comes is usual. */
static void test_expiry(void **state)
{
    (void)state;
    scene s = dkim_scene();
    EXPECT_SIGNED(HOW(.tags = "; t=1795460000; x=1795465490"), USUAL, "genuine proof", NULL);
    EXPECT_SIGNED(HOW(.tags = "; t=1795460000; x=1795465489"), USUAL, "genuine likely", "expired");
    /* nothing tells when that was: so it is now */
    EXPECT_SIGNED(HOW(.tags = "; t=1795460000; x=1795469090", .fields = MAIL_FIELDS),
                  PARTS(.arrival = "Fri, 27 Nov 2026 20:24:50 +0000"), "genuine proof", NULL);
    scene_free(&s);
}

static void test_body(void **state)
{
    (void)state;
    scene s = dkim_scene();
    EXPECT_SIGNED(HOW(.body = "Hi\r\n"), PARTS(.body = "Hi\n"), "genuine proof", NULL);
    EXPECT_SIGNED(HOW(.body = "Hi\r\n"), PARTS(.body = "Buy pills!\n"), "genuine likely",
                  "not what was signed");
    EXPECT_SIGNED(HOW(.body = "Hi\r\n"), PARTS(.body = "Hi\nBuy pills!\n"), "genuine likely", NULL);
    /* l= allows text below what was signed: it does not count here */
    EXPECT_SIGNED(HOW(.body = "Hi\r\n", .tags = T_NOW "; l=4"), PARTS(.body = "Hi\nBuy pills!\n"),
                  "genuine likely", NULL);
    EXPECT_SIGNED(HOW(.body = "Hi\r\n"), PARTS(.body = "-- Buy pills!\n-- now\n"), "genuine likely",
                  "not what was signed");
    EXPECT_SIGNED(HOW(.body = "-- Alice\r\n"), PARTS(.body = "-- Alice\n"), "genuine proof", NULL);
    scene_free(&s);
}

/* The bytes of a body are not there to be checked: it came back encoded, or in a text. */
static void test_body_not_at_hand(void **state)
{
    (void)state;
    static const struct {
        const char *body, *expected;
    } cases[] = {
        { "", "genuine proof" },
        { "----\n", "genuine proof" },
        { "Buy pills!\n", "genuine likely" },
        { "--Buy pills!\n", "genuine likely" },
    };
    scene s = dkim_scene();
    g_autofree char *header = SIGNED(.names = ALL_NAMES);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat(
            "Return-Path: <>\nFrom: MAILER-DAEMON@mx.remote.example\nTo: alice@our.example\n"
            "Subject: failure notice\n\nYour message could not be delivered to\n"
            "<bob@remote.example>: user unknown\n\n",
            header, "\n", cases[i].body, NULL);
        EXPECT_TEXT(&s, "dkim", text, cases[i].expected, NULL);
    }
    g_autofree char *whole = g_strconcat(header, "\nBuy pills!\n", NULL);
    g_autofree char *base64 = g_base64_encode((const guchar *)whole, strlen(whole));
    g_autofree char *more = g_strconcat("--b\nContent-Type: message/rfc822\n"
                                        "Content-Transfer-Encoding: base64\n\n",
                                        base64, "\n", NULL);
    g_autofree char *text = notice_text(PARTS(.more = more));
    evidence said = scene_ask_about(&s, "dkim", text, 1);
    assert_string_equal(evidence_text(&said), "genuine likely");
    scene_free(&s);
}

static void test_bad_signatures(void **state)
{
    (void)state;
    scene s = dkim_scene();
    backstop_domain_set_dkim_signs_all(s.domain, true);
    g_autofree char *field = dkim_field(HOW(.names = ALL_NAMES));
    g_autofree char *changed = g_strconcat(
        HOP_FIELD, field,
        "From: Alice <alice@our.example>\nTo: bob@remote.example\n"
        "Subject: Pills\nDate: " MAIL_DATE "\nMessage-ID: <1@our.example>\nX-Mailer: m\n",
        NULL);
    EXPECT(&s, "dkim", PARTS(.header = changed), "", NULL);
    /* an unknown selector, and what cannot be read */
    EXPECT_SIGNED(HOW(.selector = "sel2"), USUAL, "", NULL);
    EXPECT(&s, "dkim",
           PARTS(.header = HOP_FIELD "DKIM-Signature: v=1; a=rsa-sha1; d=our.example; s=sel1; "
                                     "h=From; bh=x; b=y\n" MAIL_FIELDS),
           "", NULL);
    EXPECT(&s, "dkim", PARTS(.header = HOP_FIELD "DKIM-Signature: nonsense\n" MAIL_FIELDS), "",
           NULL);
    /* a key of ours under a stranger's name */
    EXPECT_SIGNED(HOW(.domain = "evil.example"), USUAL, "forged likely", NULL);
    scene_free(&s);
}

static void test_several_signatures(void **state)
{
    (void)state;
    scene s = dkim_scene();
    g_autofree char *good = dkim_field(HOW(.names = ALL_NAMES));
    g_autofree char *weak = dkim_field(HOW(.names = "From"));
    g_autofree char *bad = dkim_field(HOW(.fields = "From: alice@our.example\n"));
    g_autofree char *foreign = dkim_field(HOW(.domain = "list.example"));
    g_autoptr(GString) header = g_string_new(HOP_FIELD);
    for (unsigned i = 0; i < 20; i++) {
        g_string_append(header, foreign);
    }
    for (unsigned i = 0; i < 3; i++) {
        g_string_append(header, bad);
    }
    g_string_append(header, weak);
    g_autofree char *fifth = g_strconcat(header->str, good, MAIL_FIELDS, NULL);
    EXPECT(&s, "dkim", PARTS(.header = fifth), "genuine proof", NULL);
    g_autofree char *sixth = g_strconcat(header->str, weak, good, MAIL_FIELDS, NULL);
    EXPECT(&s, "dkim", PARTS(.header = sixth), "genuine likely", NULL);
    scene_free(&s);
}

/* Our newsletter's header pasted over spam, and real mail of ours inside a forger's. */
static void test_wrong_places(void **state)
{
    (void)state;
    scene s = dkim_scene();
    g_autofree char *real = SIGNED(.names = ALL_NAMES);
    g_autofree char *field = dkim_field(HOW(.names = ALL_NAMES));
    EXPECT(&s, "dkim", PARTS(.header = real, .body = "Buy pills!\n"), "genuine likely", NULL);
    EXPECT(&s, "dkim", PARTS(.header = real, .to = "victim@our.example", .body = "Buy pills!\n"),
           "genuine likely", NULL);
    EXPECT(&s, "dkim", PARTS(.top = field), "", NULL);
    EXPECT(&s, "dkim", PARTS(.body = real), "", NULL);
    g_autofree char *inside =
        g_strconcat("--c\nContent-Type: message/rfc822\n\n", real, "\nHi\n--c--\n", NULL);
    EXPECT(&s, "dkim",
           PARTS(.header = HOP_FIELD "Content-Type: multipart/mixed; boundary=c\n" MAIL_FIELDS,
                 .body = inside),
           "", NULL);
    scene_free(&s);
}

static void test_absence(void **state)
{
    (void)state;
    scene s = dkim_scene();
    EXPECT(&s, "dkim", USUAL, "", NULL);
    backstop_domain_set_dkim_signs_all(s.domain, true);
    EXPECT(&s, "dkim", USUAL, "forged likely", "our.example");
    EXPECT(&s, "dkim", PARTS(.header = MAIL_FIELDS), "", NULL);
    EXPECT(&s, "dkim", PARTS(.to = "news-bounces@our.example"), "", NULL);
    EXPECT(&s, "dkim", PARTS(.arrival = "", .header = "Received: by x\n" MAIL_FIELDS), "", NULL);
    /* it is the From's domain that signs */
    EXPECT(&s, "dkim",
           PARTS(.header = PATH_FIELD HOP_FIELD "From: a@b.example\nDate: " MAIL_DATE
                                                "\nMessage-ID: <1@x>\nX-Mailer: m\n"),
           "", NULL);
    /* signatures above or below the domain may be meant for it */
    EXPECT_SIGNED(HOW(.domain = "mail.our.example"), USUAL, "", NULL);
    EXPECT_SIGNED(HOW(.domain = "example"), USUAL, "", NULL);
    EXPECT_SIGNED(HOW(.domain = "your.example"), USUAL, "forged likely", NULL);
    EXPECT_SIGNED(HOW(.domain = "ur.example"), USUAL, "forged likely", NULL);
    scene_free(&s);
}

static void test_replays(void **state)
{
    (void)state;
    scene s = dkim_scene();
    scene_open_store(&s);
    scene_record(&s, "alice@our.example", "bob@remote.example", "<1@our.example>", MAIL_SEC);
    scene_count_returns(&s, "bob@remote.example", false, 7);
    EXPECT_SIGNED(HOW(.names = ALL_NAMES), USUAL, "genuine proof", NULL);
    scene_count_returns(&s, "bob@remote.example", false, 1);
    EXPECT_SIGNED(HOW(.names = ALL_NAMES), USUAL, "genuine likely", "more notices");
    backstop_store_close(s.store);
    backstop_store broken = failing_store(s.keys);
    s.store = &broken;
    EXPECT_SIGNED(HOW(.names = ALL_NAMES), USUAL, "genuine proof", NULL);
    s.store = NULL;
    scene_free(&s);
}

static int make_key(void **state)
{
    (void)state;
    pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    return pkey == NULL;
}

static int free_key(void **state)
{
    (void)state;
    EVP_PKEY_free(pkey);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proof),          cmocka_unit_test(test_notified_mailbox),
        cmocka_unit_test(test_fields),         cmocka_unit_test(test_age),
        cmocka_unit_test(test_expiry),         cmocka_unit_test(test_body),
        cmocka_unit_test(test_bad_signatures), cmocka_unit_test(test_several_signatures),
        cmocka_unit_test(test_wrong_places),   cmocka_unit_test(test_absence),
        cmocka_unit_test(test_replays),        cmocka_unit_test(test_body_not_at_hand),
    };
    return cmocka_run_group_tests(tests, make_key, free_key);
}
