/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The witness of signed addresses: to which one the notice came, and which one it should have. */
#include "proof/prvs.h"

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

static char *signed_at(const scene *s, int64_t when_sec, const char *spec, prvs_form form)
{
    g_autoptr(GString) out = g_string_new(NULL);
    assert_true(prvs_write(s->keys, when_sec, span_from_string(spec), form, out));
    return g_strdup(out->str);
}

static void test_signed(void **state)
{
    (void)state;
    scene s = scene_new();
    g_autofree char *prefix = signed_at(&s, MAIL_SEC, "alice@our.example", PRVS_PREFIX);
    g_autofree char *detail = signed_at(&s, MAIL_SEC, "alice@our.example", PRVS_SUBADDRESS);
    g_autofree char *upper = g_ascii_strup(prefix, -1);
    const char *const to[] = { prefix, detail, upper };
    for (size_t i = 0; i < G_N_ELEMENTS(to); i++) {
        EXPECT(&s, "prvs", PARTS(.to = to[i]), "genuine proof", NULL);
    }
    /* whatever came back, of whatever kind */
    EXPECT(&s, "prvs", PARTS(.to = prefix, .header = "Subject: x\n", .action = "delayed"),
           "genuine proof", NULL);
    /* the envelope tells it, though the field does not */
    const char *rcpt[] = { prefix };
    const backstop_envelope envelope = { .recipients = rcpt, .recipient_count = 1 };
    s.envelope = &envelope;
    EXPECT(&s, "prvs", USUAL, "genuine proof", NULL);
    rcpt[0] = "alice@our.example";
    EXPECT(&s, "prvs", PARTS(.to = prefix), "", NULL);
    scene_free(&s);
}

static void test_expired(void **state)
{
    (void)state;
    scene s = scene_new();
    g_autofree char *to = signed_at(&s, MAIL_SEC, "alice@our.example", PRVS_PREFIX);
    s.now_sec = MAIL_SEC + (int64_t)PRVS_LIFETIME_DAYS * DAY_SEC;
    EXPECT(&s, "prvs", PARTS(.to = to), "genuine proof", NULL);
    s.now_sec += 2 * DAY_SEC;
    EXPECT(&s, "prvs", PARTS(.to = to), "genuine likely", "long ago");
    scene_free(&s);
}

/* Other people's signatures, and those that somebody guessed. */
static void test_not_ours(void **state)
{
    (void)state;
    static const char *const to[] = {
        "prvs=0123abcdef=alice@our.example",    "prvs=9123abcdef=alice@our.example",
        "alice+prvs=0123abcdef@our.example",    "btv1==0123abcdef==alice@our.example",
        "msprvs1=0123abcdef=alice@our.example",
    };
    scene s = scene_new();
    scene_open_store(&s);
    scene_record_as(&s, "alice@our.example", "x@remote.example", "<0@our.example>",
                    MAIL_SEC - DAY_SEC, true);
    for (size_t i = 0; i < G_N_ELEMENTS(to); i++) {
        EXPECT(&s, "prvs", PARTS(.to = to[i]), "silent", "no key here made");
    }
    g_autofree char *bob = signed_at(&s, MAIL_SEC, "bob@our.example", PRVS_PREFIX);
    g_autoptr(GString) stolen = g_string_new(bob);
    g_string_replace(stolen, "bob", "alice", 1);
    EXPECT(&s, "prvs", PARTS(.to = stolen->str), "silent", NULL);
    /* a valid one, but in the returned header alone */
    g_autofree char *ours = signed_at(&s, MAIL_SEC, "alice@our.example", PRVS_PREFIX);
    g_autofree char *header = g_strdup_printf("Return-Path: <%s>\n" HOP_FIELD MAIL_FIELDS, ours);
    EXPECT(&s, "prvs", PARTS(.header = header), "", NULL);
    backstop_keys *keys = s.keys;
    s.keys = NULL;
    EXPECT(&s, "prvs", PARTS(.to = ours), "silent", "no keys");
    EXPECT(&s, "prvs", USUAL, "forged likely", NULL);
    s.keys = keys;
    scene_free(&s);
}

static void test_absence(void **state)
{
    (void)state;
    scene s = scene_new();
    EXPECT(&s, "prvs", USUAL, "", NULL);
    scene_open_store(&s);
    scene_record(&s, "alice@our.example", "x@remote.example", "<0@our.example>",
                 MAIL_SEC - DAY_SEC);
    EXPECT(&s, "prvs", USUAL, "", NULL);
    /* MAIL_FIELDS are dated MAIL_SEC, by a clock that may be fast */
    scene_record_as(&s, "alice@our.example", "x@remote.example", "<0@our.example>",
                    MAIL_SEC - HEARING_DATE_SKEW_SEC, true);
    EXPECT(&s, "prvs", USUAL, "forged likely", "alice@our.example");
    EXPECT(&s, "prvs", PARTS(.action = "delayed"), "forged likely", NULL);
    EXPECT(&s, "prvs", PARTS(.to = "alice+x@our.example"), "forged likely", NULL);
    /* a receipt may be asked for at any address */
    EXPECT(&s, "prvs", PARTS(.action = "delivered"), "", NULL);
    /* another mailbox of the domain may do without */
    EXPECT(&s, "prvs", PARTS(.to = "carol@our.example"), "", NULL);
    EXPECT(&s, "prvs", PARTS(.to = "alice@our.example, carol@our.example"), "", NULL);
    /* nothing shows from which address the mail was sent */
    EXPECT(&s, "prvs", PARTS(.header = HOP_FIELD MAIL_FIELDS), "", NULL);
    EXPECT(&s, "prvs",
           PARTS(.header = HOP_FIELD MAIL_FIELDS,
                 .report = "X-Postfix-Sender: rfc822; alice@our.example\n"),
           "forged likely", NULL);
    /* nor does what a server before it noted, perhaps one of ours before the signing one */
    EXPECT(&s, "prvs", PARTS(.header = HOP_FIELD PATH_FIELD MAIL_FIELDS), "", NULL);
    EXPECT(&s, "prvs",
           PARTS(.header = HOP_FIELD PATH_FIELD MAIL_FIELDS,
                 .report = "X-Postfix-Sender: rfc822; alice@our.example\n"),
           "forged likely", NULL);
    /* it shows that a signature was taken off on the way in */
    EXPECT(
        &s, "prvs",
        PARTS(.header = "Return-Path: <prvs=0123abcdef=alice@our.example>\n" HOP_FIELD MAIL_FIELDS),
        "", NULL);
    EXPECT(&s, "prvs",
           PARTS(.header = "Return-Path: <alice@elsewhere.example>\n" HOP_FIELD MAIL_FIELDS), "",
           NULL);
    EXPECT(&s, "prvs", PARTS(.header = PATH_FIELD MAIL_FIELDS), "", NULL);
    EXPECT(&s, "prvs", PARTS(.to = "owner-alice@our.example"), "", NULL);
    assert_int_equal(BACKSTOP_OK, backstop_store_add_gap(s.store, MAIL_SEC, MAIL_SEC, NULL));
    EXPECT(&s, "prvs", USUAL, "", NULL);
    scene_free(&s);
    s = scene_new();
    scene_open_store(&s);
    scene_record_as(&s, "alice@our.example", "x@remote.example", "<0@our.example>",
                    MAIL_SEC - HEARING_DATE_SKEW_SEC + 1, true);
    EXPECT(&s, "prvs", USUAL, "", NULL);
    scene_free(&s);
}

/* Which tags keep the proof: those alone that a key of ours made, of whatever mail. */
static void check_tags(const scene *s, const char *to, const char *value)
{
    g_autofree char *other = scene_tag(s, "t2", MAIL_SEC, "carol@our.example", MAIL_FIELDS);
    g_autofree char *retired = scene_tag(s, "t1", MAIL_SEC, "alice@our.example", MAIL_FIELDS);
    g_autoptr(GString) version = g_string_new(value), unknown = g_string_new(value);
    g_autoptr(GString) false_one = g_string_new(value);
    assert_int_equal(1, g_string_replace(version, "v=1", "v=2", 0));
    assert_int_equal(1, g_string_replace(unknown, "k=t3", "k=t9", 0));
    assert_int_equal(1, g_string_replace(false_one, "k=t3", "k=t2", 0));
    const struct {
        const char *tag, *expected;
    } cases[] = {
        { other, "genuine proof" },           { retired, "genuine proof" },
        { version->str, "genuine likely" },   { unknown->str, "genuine likely" },
        { false_one->str, "genuine likely" }, { "junk", "genuine likely" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *header = g_strconcat(PATH_FIELD HOP_FIELD "Backstop-Tag: ", cases[i].tag,
                                              "\n" MAIL_FIELDS, NULL);
        EXPECT(s, "prvs", PARTS(.to = to, .header = header), cases[i].expected, NULL);
    }
}

/* Everybody who got a mail of ours has a signed address. On mail of a sender whose mail is tagged,
 * it proves nothing without the tag, if that would have come back. */
static void test_copied(void **state)
{
    (void)state;
    scene s = scene_new();
    g_autofree char *to = signed_at(&s, MAIL_SEC, "alice@our.example", PRVS_PREFIX);
    g_autofree char *value = scene_tag(&s, "t3", MAIL_SEC, "alice@our.example", MAIL_FIELDS);
    g_autofree char *tagged =
        g_strconcat(PATH_FIELD HOP_FIELD "Backstop-Tag: ", value, "\n" MAIL_FIELDS, NULL);
    scene_open_store(&s);
    EXPECT(&s, "prvs", PARTS(.to = to), "genuine proof", NULL);
    /* another's mail is tagged; that of this sender is, in a closed domain alone */
    scene_record(&s, "carol@our.example", "x@remote.example", "<0@our.example>",
                 MAIL_SEC - DAY_SEC);
    EXPECT(&s, "prvs", PARTS(.to = to), "genuine proof", NULL);
    backstop_domain_set_closed(s.domain, true);
    EXPECT(&s, "prvs", PARTS(.to = to), "genuine likely", NULL);
    backstop_domain_set_closed(s.domain, false);
    scene_record(&s, "alice@our.example", "x@remote.example", "<0@our.example>",
                 MAIL_SEC - HEARING_DATE_SKEW_SEC);
    EXPECT(&s, "prvs", PARTS(.to = to), "genuine likely", NULL);
    EXPECT(&s, "prvs", PARTS(.to = to, .header = tagged), "genuine proof", NULL);
    check_tags(&s, to, value);
    /* the tag may have stood in what did not come back, but a forger leaves out what he likes */
    EXPECT(&s, "prvs", PARTS(.to = to, .header = MAIL_FIELDS), "genuine likely", NULL);
    EXPECT(&s, "prvs", PARTS(.to = to, .header = "Subject: x\n"), "genuine likely", NULL);
    EXPECT(&s, "prvs", PARTS(.to = to, .header = ""), "genuine proof", NULL);
    scene_free(&s);
    /* tagged since it was sent only */
    s = scene_new();
    scene_open_store(&s);
    scene_record(&s, "alice@our.example", "x@remote.example", "<0@our.example>", MAIL_SEC + 1);
    EXPECT(&s, "prvs", PARTS(.to = to), "genuine proof", NULL);
    scene_free(&s);
}

static void test_store_fails(void **state)
{
    (void)state;
    scene s = scene_new();
    backstop_store broken = failing_store(s.keys);
    s.store = &broken;
    g_autofree char *to = signed_at(&s, MAIL_SEC, "alice@our.example", PRVS_PREFIX);
    EXPECT(&s, "prvs", PARTS(.to = to), "genuine proof", NULL);
    EXPECT(&s, "prvs", USUAL, "silent", "the store is locked");
    s.store = NULL;
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signed),   cmocka_unit_test(test_expired),
        cmocka_unit_test(test_not_ours), cmocka_unit_test(test_absence),
        cmocka_unit_test(test_copied),   cmocka_unit_test(test_store_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
