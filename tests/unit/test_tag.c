/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The Backstop-Tag: bytes as docs/tag.md has them, and every way in which a tag is not ours. */
#include "proof/tag.h"

#include "message/limits.h"
#include "message/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1795465490)
/* The bytes 0 to 31, and the same with the last one changed. */
#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define OTHER_SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh4="

/* Computed with Python's hmac, not with this code: the mail is that of MAIL. */
#define NONCE "ZGVmZ2hpamtsbW5v"
#define OURS "MSO0hj7OqYXclJLsp0mH9g"
#define BOUND "wqAYlB24wYoEk6BbIzGxTQ"
#define VALUE "v=1; k=t1; t=1795465490; n=" NONCE "; a=" OURS "; h=" BOUND

#define MAIL                                                                                       \
    "From: Alice <Alice@Our.Example>\n"                                                            \
    "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= aus\n"                                                   \
    "  =?iso-8859-1?b?S/ZsbiA=?=\n"                                                                \
    "Message-ID: <1@our.example>\n"                                                                \
    "\n"

static const char sender[] = "alice@our.example";

static backstop_keys *keys;

static int make_keys(void **state)
{
    (void)state;
    static const char text[] = "version 1\n"
                               "t1 1000 - tag " SECRET "\n"
                               "t2 1000 - tag " OTHER_SECRET "\n"
                               "t3 1000 - tag " SECRET "\n";
    return keys_read(span_from_string(text), "keys", &keys, NULL) == BACKSTOP_OK ? 0 : 1;
}

static int free_keys(void **state)
{
    (void)state;
    backstop_keys_free(keys);
    return 0;
}

/* A header, and what the tag takes from it. */
typedef struct mail {
    backstop_message *message;
    GStringChunk *strings;
    tag_mail read;
} mail;

static mail read_mail(const char *text)
{
    mail m = { .strings = g_string_chunk_new(256) };
    assert_int_equal(backstop_message_read(text, strlen(text), NULL, &m.message), BACKSTOP_OK);
    tag_mail_read(message_header(m.message), m.strings, &m.read);
    return m;
}

static void free_mail(mail *m)
{
    g_string_chunk_free(m->strings);
    backstop_message_free(m->message);
}

static bool is_ours(const char *value, unsigned key_index)
{
    tag t;
    return tag_read(TAG_ORIGIN, span_from_string(value), &t) &&
           tag_is_ours(&t, keys_at(keys, key_index));
}

static bool is_bound_to(const char *value, const char *from, const char *text)
{
    tag t;
    mail m = read_mail(text);
    bool is_bound = tag_read(TAG_ORIGIN, span_from_string(value), &t) &&
                    tag_is_bound(&t, keys_at(keys, 0), span_from_string(from), &m.read);
    free_mail(&m);
    return is_bound;
}

static void test_write(void **state)
{
    (void)state;
    unsigned char nonce[TAG_NONCE_BYTES];
    for (unsigned i = 0; i < sizeof nonce; i++) {
        nonce[i] = (unsigned char)(100 + i);
    }
    g_autoptr(GString) out = g_string_new("left over");
    mail m = read_mail(MAIL);
    tag_write(TAG_ORIGIN, keys_at(keys, 0), NOW, nonce, span_from_string(sender), &m.read, out);
    assert_string_equal(out->str, VALUE);
    free_mail(&m);
}

static void test_read(void **state)
{
    (void)state;
    tag t;
    assert_true(tag_read(TAG_ORIGIN, SPAN(VALUE), &t));
    assert_string_equal(t.key_id, "t1");
    assert_string_equal(t.time_text, "1795465490");
    assert_string_equal(t.nonce, NONCE);
    assert_true(t.time_sec == NOW);
    assert_true(is_ours(VALUE, 0));
    assert_true(is_bound_to(VALUE, sender, MAIL));
}

/* What mail systems do to fields: folding, other white space, other order, tags added. */
static void test_rewritten_values(void **state)
{
    (void)state;
    static const char *const values[] = {
        "v=1; k=t1; t=1795465490; n=" NONCE ";\r\n\ta=" OURS ";\n h=" BOUND,
        "v=1;k=t1;t=1795465490;n=" NONCE ";a=" OURS ";h=" BOUND ";",
        " v = 1 ; k= t1; t=179546\r\n\t5490; n=ZGVmZ2hp\n amtsbW5v; a=" OURS "; h= " BOUND " ; ; ",
        "h=" BOUND "; a=" OURS "; n=" NONCE "; t=1795465490; k=t1; v=1",
        "x=1; v=1; k=t1; t=1795465490; n=" NONCE "; note=; x=2; a=" OURS "; h=" BOUND "; V=2",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        if (!is_ours(values[i], 0) || !is_bound_to(values[i], sender, MAIL)) {
            fail_msg("%s", values[i]);
        }
    }
}

static void test_unreadable_values(void **state)
{
    (void)state;
#define REST "; n=" NONCE "; a=" OURS "; h=" BOUND
    static const char *const values[] = {
        "",
        ";",
        "v=1",
        "nonsense",
        "v=2; k=t1; t=1795465490" REST,
        "v=; k=t1; t=1795465490" REST,
        "k=t1; t=1795465490" REST,
        "v=1; t=1795465490" REST,
        "v=1; k=t1" REST,
        "v=1; k=t1; t=1795465490; a=" OURS "; h=" BOUND,
        "v=1; k=t1; t=1795465490; n=" NONCE "; h=" BOUND,
        "v=1; k=t1; t=1795465490; n=" NONCE "; a=" OURS,
        /* doubled */
        "v=1; v=1; k=t1; t=1795465490" REST,
        "v=1; k=t1; k=t1; t=1795465490" REST,
        "v=1; k=t1; t=1795465490; t=1795465491" REST,
        VALUE "; a=" OURS,
        VALUE "; h=" BOUND,
        VALUE "; n=" NONCE,
        /* foreign characters and wrong lengths */
        "v=1; k=T1; t=1795465490" REST,
        "v=1; k=; t=1795465490" REST,
        "v=1; k=abcdefghijklmnopq; t=1795465490" REST,
        "v=1; k=t1; t=" REST,
        "v=1; k=t1; t=-1" REST,
        "v=1; k=t1; t=1795465490.5" REST,
        "v=1; k=t1; t=1000000000000" REST,
        "v=1; k=t1; t=1795465490; n=ZGVmZ2hpamtsbW5; a=" OURS "; h=" BOUND,
        "v=1; k=t1; t=1795465490; n=" NONCE "A; a=" OURS "; h=" BOUND,
        "v=1; k=t1; t=1795465490; n=ZGVmZ2hpamtsbW5*; a=" OURS "; h=" BOUND,
        "v=1; k=t1; t=1795465490; n=" NONCE "; a=" OURS "==; h=" BOUND,
        "v=1; k=t1; t=1795465490; n=" NONCE "; a=MSO0hj7OqYXclJLsp0mH9; h=" BOUND,
        "v=1; k=t1; t=1795465490; n=" NONCE "; a=" OURS "; h=wqAYlB24wYoEk6BbIzGxT+",
        /* the last character holds bits that are not there */
        "v=1; k=t1; t=1795465490; n=" NONCE "; a=MSO0hj7OqYXclJLsp0mH9h; h=" BOUND,
        VALUE "; nonsense",
        VALUE "; =1",
    };
#undef REST
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        tag t;
        if (tag_read(TAG_ORIGIN, span_from_string(values[i]), &t)) {
            fail_msg("%s", values[i]);
        }
    }
    tag t;
    assert_true(tag_read(TAG_ORIGIN, SPAN(VALUE "\0"), &t)); /* trimmed as white space is */
    assert_false(tag_read(TAG_ORIGIN,
                          SPAN("v=1; k=t\0"
                               "1; t=1795465490; n=" NONCE "; a=" OURS "; h=" BOUND),
                          &t));
}

static void test_other_versions(void **state)
{
    (void)state;
    assert_true(tag_is_other_version(SPAN("v=2; k=t1")));
    assert_true(tag_is_other_version(SPAN("v=11")));
    assert_true(tag_is_other_version(SPAN("x=1; v = 2 ; z=(new)")));
    assert_false(tag_is_other_version(SPAN(VALUE)));
    assert_false(tag_is_other_version(SPAN("k=t1")));
    assert_false(tag_is_other_version(SPAN("nonsense")));
    assert_false(tag_is_other_version(SPAN("v=2; v=2")));
}

static void test_long_values(void **state)
{
    (void)state;
    g_autoptr(GString) value = g_string_new(VALUE "; x=");
    tag t;
    while (value->len < TAG_VALUE_BYTES) {
        g_string_append_c(value, 'x');
    }
    assert_true(tag_read(TAG_ORIGIN, (span){ value->str, value->len }, &t));
    g_string_append_c(value, 'x');
    assert_false(tag_read(TAG_ORIGIN, (span){ value->str, value->len }, &t));
}

/* Everything that `a` covers, changed one at a time; and the right values under the wrong key. */
static void test_not_ours(void **state)
{
    (void)state;
    assert_false(is_ours(VALUE, 1)); /* another secret */
    /* Under t3 the secret is right and the id is not. */
    assert_false(is_ours("v=1; k=t3; t=1795465490; n=" NONCE "; a=" OURS "; h=" BOUND, 2));
    static const char *const values[] = {
        "v=1; k=t2; t=1795465490; n=" NONCE "; a=" OURS "; h=" BOUND,
        "v=1; k=t1; t=1795465491; n=" NONCE "; a=" OURS "; h=" BOUND,
        "v=1; k=t1; t=01795465490; n=" NONCE "; a=" OURS "; h=" BOUND,
        "v=1; k=t1; t=1795465490; n=aGVmZ2hpamtsbW5v; a=" OURS "; h=" BOUND,
        "v=1; k=t1; t=1795465490; n=" NONCE "; a=MSO0hj7OqYXclJLsp0mH9Q; h=" BOUND,
        "v=1; k=t1; t=1795465490; n=" NONCE "; a=" BOUND "; h=" OURS,
        "v=1; k=t1; t=1795465490; n=" NONCE "; a=AAAAAAAAAAAAAAAAAAAAAA; h=" BOUND,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        if (is_ours(values[i], 0)) {
            fail_msg("%s", values[i]);
        }
    }
}

/* Everything that `h` covers, changed one at a time. */
static void test_not_bound(void **state)
{
    (void)state;
#define FROM "From: Alice <Alice@Our.Example>\n"
#define SUBJECT "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= aus\n =?iso-8859-1?b?S/ZsbiA=?=\n"
#define ID "Message-ID: <1@our.example>\n"
    static const struct {
        const char *sender;
        const char *text;
    } mails[] = {
        { "bob@our.example", MAIL },
        { "", MAIL },
        { sender, "From: bob@our.example\n" SUBJECT ID "\n" },
        { sender, FROM "Subject: Offer\n" ID "\n" },
        { sender, FROM "Subject: [EXTERNAL] =?utf-8?q?Gr=C3=BC=C3=9Fe?= aus Koeln\n" ID "\n" },
        { sender, FROM SUBJECT "Message-ID: <2@our.example>\n\n" },
        { sender, SUBJECT ID "\n" },
        { sender, FROM ID "\n" },
        { sender, FROM SUBJECT "\n" },
        /* The first field counts: one put above ours is read. */
        { sender, "From: bob@our.example\n" MAIL },
        { sender, "Subject: Offer\n" MAIL },
        { sender, "Message-ID: <2@our.example>\n" MAIL },
        /* One put below is shown by others. */
        { sender, FROM SUBJECT ID "Subject: below\n\n" },
        { sender, FROM SUBJECT ID "Message-ID: <2@our.example>\n\n" },
        { sender, FROM SUBJECT ID "from: bob@our.example\n\n" },
        { sender, FROM SUBJECT ID FROM "\n" },
        { sender, FROM SUBJECT ID "Subject: \nSubject: below\n\n" },
        { sender, "From: alice@our.example, bob@our.example\n" SUBJECT ID "\n" },
        { sender, "From: Pills: alice@our.example, eve@evil.example;\n" SUBJECT ID "\n" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(mails); i++) {
        if (is_bound_to(VALUE, mails[i].sender, mails[i].text)) {
            fail_msg("%zu: %s", i, mails[i].text);
        }
    }
    assert_false(
        is_bound_to("v=1; k=t1; t=1795465490; n=" NONCE "; a=" OURS "; h=" OURS, sender, MAIL));
}

/* What does not change the mail does not unbind it. */
static void test_still_bound(void **state)
{
    (void)state;
    static const char *const mails[] = {
        /* re-encoded, refolded, other case, another name, moved, with a comment, more below */
        "Message-ID: <1@our.example>\r\nsubject: =?UTF-8?B?R3LDvMOfZSBhdXMgS8O2bG4=?=\r\n"
        "FROM: =?utf-8?q?A=2E?= <alice@OUR.example>\r\n\r\n",
        "From: alice@our.example (Alice)\nSubject: Gr\xc3\xbc\xc3\x9f"
        "e\n aus \n\t K\xc3\xb6ln\n"
        "Message-ID:\n <1@our.example> (added)\n\n",
        MAIL "Subject: body\n",
        "From: Doe, Alice <alice@our.example>\n" SUBJECT ID "\n",
        FROM SUBJECT ID "Message-ID: \n\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(mails); i++) {
        if (!is_bound_to(VALUE, sender, mails[i])) {
            fail_msg("%zu: %s", i, mails[i]);
        }
    }
#undef FROM
#undef SUBJECT
#undef ID
}

static void test_empty_mail(void **state)
{
    (void)state;
    unsigned char nonce[TAG_NONCE_BYTES] = { 0 };
    g_autoptr(GString) out = g_string_new(NULL);
    mail m = read_mail("X-Nothing: 1\n\n");
    assert_int_equal(m.read.message_id.len + m.read.from.len + m.read.subject.len, 0);
    tag_write(TAG_ORIGIN, keys_at(keys, 0), 0, nonce, SPAN(""), &m.read, out);
    free_mail(&m);
    assert_true(is_ours(out->str, 0));
    assert_true(is_bound_to(out->str, "", "X-Other: 2\n\n"));
    assert_false(is_bound_to(out->str, "", "Subject: x\n\n"));
}

/* A doubled field is signed, and never proved. */
static void test_ambiguous_mail(void **state)
{
    (void)state;
    unsigned char nonce[TAG_NONCE_BYTES] = { 0 };
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) long_from = g_string_new("From: alice@our.example");
    mail m = read_mail("Subject: one\n" MAIL);
    assert_true(m.read.is_ambiguous);
    tag_write(TAG_ORIGIN, keys_at(keys, 0), NOW, nonce, span_from_string(sender), &m.read, out);
    free_mail(&m);
    assert_true(is_ours(out->str, 0));
    assert_false(is_bound_to(out->str, sender, "Subject: one\n" MAIL));
    /* A second mailbox may stand behind what is read of it. */
    for (unsigned i = 0; i < LIMIT_VALUE_BYTES / 8; i++) {
        g_string_append(long_from, "\n (filler)");
    }
    g_string_append(long_from, ", bob@our.example\n\n");
    m = read_mail(long_from->str);
    assert_true(m.read.is_ambiguous);
    free_mail(&m);
}

static void test_in_time(void **state)
{
    (void)state;
    tag t = { .time_sec = NOW };
    assert_true(tag_is_in_time(&t, NOW, TAG_LIFETIME_SEC));
    assert_true(tag_is_in_time(&t, NOW + TAG_LIFETIME_SEC - 1, TAG_LIFETIME_SEC));
    assert_false(tag_is_in_time(&t, NOW + TAG_LIFETIME_SEC, TAG_LIFETIME_SEC));
    assert_false(tag_is_in_time(&t, NOW + 3600, 3600));
    /* Another host's clock is ahead; or it jumped by a year when the mail was sent. */
    assert_true(tag_is_in_time(&t, NOW - TAG_SKEW_SEC, TAG_LIFETIME_SEC));
    assert_false(tag_is_in_time(&t, NOW - TAG_SKEW_SEC - 1, TAG_LIFETIME_SEC));
    assert_false(tag_is_in_time(&t, 0, TAG_LIFETIME_SEC));
    assert_true(tag_read(TAG_ORIGIN,
                         SPAN("v=1; k=t1; t=999999999999; n=" NONCE "; a=" OURS "; h=" BOUND), &t));
    assert_false(tag_is_in_time(&t, NOW, TAG_LIFETIME_SEC));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_rewritten_values),
        cmocka_unit_test(test_unreadable_values),
        cmocka_unit_test(test_other_versions),
        cmocka_unit_test(test_long_values),
        cmocka_unit_test(test_not_ours),
        cmocka_unit_test(test_not_bound),
        cmocka_unit_test(test_still_bound),
        cmocka_unit_test(test_empty_mail),
        cmocka_unit_test(test_ambiguous_mail),
        cmocka_unit_test(test_in_time),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
