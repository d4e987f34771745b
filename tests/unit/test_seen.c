/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The mark of a notice that was judged already, and BATV for mail servers. */
#include "message/message.h"
#include "proof/keys.h"
#include "proof/tag.h"

#include <backstop/batv.h>
#include <backstop/seen.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1795465490)
#define DAY INT64_C(86400)
#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define OTHER_SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh4="
#define KEY_FILE                                                                                   \
    "version 1\n"                                                                                  \
    "t1 1000 - tag " SECRET "\n"                                                                   \
    "p1 1000 - prvs3 " SECRET "\n"
#define NOTICE(subject)                                                                            \
    "From: MAILER-DAEMON@mx.remote.example\nMessage-ID: <n@mx>\nSubject: " subject "\n"

static backstop_keys *read_keys(const char *text)
{
    backstop_keys *keys;
    assert_int_equal(keys_read(span_from_string(text), "keys", &keys, NULL), BACKSTOP_OK);
    return keys;
}

static bool check(const char *fields, const char *mail, const backstop_keys *keys, int64_t now_sec)
{
    backstop_message *m;
    g_autofree char *text = g_strconcat(fields, mail, "\nbody\n", NULL);
    assert_int_equal(backstop_message_read(text, strlen(text), NULL, &m), BACKSTOP_OK);
    bool answer = backstop_seen_check(m, keys, now_sec);
    backstop_message_free(m);
    return answer;
}

static char *write_field_beside(const char *mail, const char *verdict, const backstop_keys *keys)
{
    backstop_message *m;
    char value[BACKSTOP_SEEN_SIZE];
    g_autofree char *text = g_strconcat(mail, "\n", NULL);
    assert_int_equal(backstop_message_read(text, strlen(text), NULL, &m), BACKSTOP_OK);
    assert_true(backstop_seen_write(m, verdict, keys, NOW, value));
    backstop_message_free(m);
    return g_strconcat("Backstop-Seen: ", value, "\n", NULL);
}

static char *write_field(const char *mail, const backstop_keys *keys)
{
    return write_field_beside(mail, NULL, keys);
}

static void test_seen(void **state)
{
    (void)state;
    backstop_keys *keys = read_keys(KEY_FILE);
    backstop_keys *others = read_keys("version 1\nt1 1000 - tag " OTHER_SECRET "\n");
    g_autofree char *field = write_field(NOTICE("Undelivered"), keys);
    assert_true(check(field, NOTICE("Undelivered"), keys, NOW));
    assert_true(check(field, NOTICE("Undelivered"), keys, NOW + 5 * DAY - 1));
    assert_false(check(field, NOTICE("Undelivered"), keys, NOW + 5 * DAY));
    assert_false(check(field, NOTICE("Another"), keys, NOW));
    assert_false(check(field, NOTICE("Undelivered"), others, NOW));
    assert_false(check("", NOTICE("Undelivered"), keys, NOW));
    /* Some program put one of its own above. */
    g_autofree char *two = g_strconcat("Backstop-Seen: yes\n", field, NULL);
    assert_true(check(two, NOTICE("Undelivered"), keys, NOW));
    g_autofree char *five = g_strconcat("Backstop-Seen: 1\nBackstop-Seen: 2\nBackstop-Seen: 3\n"
                                        "Backstop-Seen: 4\n",
                                        field, NULL);
    assert_false(check(five, NOTICE("Undelivered"), keys, NOW));
    backstop_keys_free(keys);
    backstop_keys_free(others);
}

/* To such mail no tag is bound; a loop is to end all the same. */
static void test_ambiguous_notice(void **state)
{
    (void)state;
    static const char notice[] = NOTICE("Undelivered") "Subject: Another\n";
    backstop_keys *keys = read_keys(KEY_FILE);
    g_autofree char *field = write_field(notice, keys);
    assert_true(check(field, notice, keys, NOW));
    backstop_keys_free(keys);
}

/* Whoever gets hold of the field cannot bring a verdict of his own with it. */
static void test_verdict(void **state)
{
    (void)state;
    static const struct {
        const char *written, *borne;
        bool is_seen;
    } rows[] = {
        { "genuine; by=tag", "Backstop-Verdict: genuine; by=tag\n", true },
        { "genuine; by=tag", "Backstop-Verdict:genuine;\n\tby=tag\n", true },
        { "genuine; by=tag", "", false },
        { "unverified", "Backstop-Verdict: genuine; by=tag\n", false },
        { "unverified", "Backstop-Verdict: genuine\nBackstop-Verdict: unverified\n", false },
        { "unverified", "Backstop-Verdict: unverified\nBackstop-Verdict: genuine\n", false },
        { NULL, "", true },
        { NULL, "Backstop-Verdict: genuine\n", false },
    };
    backstop_keys *keys = read_keys(KEY_FILE);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *field = write_field_beside(NOTICE("x"), rows[i].written, keys);
        g_autofree char *fields = g_strconcat(rows[i].borne, field, NULL);
        assert_int_equal(check(fields, NOTICE("x"), keys, NOW), rows[i].is_seen);
    }
    backstop_keys_free(keys);
}

static bool check_bytes(span fields, span header, const backstop_keys *keys)
{
    backstop_message *m;
    g_autoptr(GString) text = g_string_new_len(fields.ptr, (gssize)fields.len);
    g_string_append_len(text, header.ptr, (gssize)header.len);
    assert_int_equal(backstop_message_read(text->str, text->len, NULL, &m), BACKSTOP_OK);
    bool is_seen = backstop_seen_check(m, keys, NOW);
    backstop_message_free(m);
    return is_seen;
}

/* A MAC is over pieces with a NUL between each two: a verdict that brings some of its own could
 * move the others up. */
static void test_verdict_with_nul(void **state)
{
    (void)state;
    static const span notice = SPAN_OF("Message-ID: a\0b\nSubject: s\n");
    static const span moved = SPAN_OF("Backstop-Verdict: genuine\0a\nMessage-ID: b\nSubject: s\n");
    backstop_message *m;
    char value[BACKSTOP_SEEN_SIZE];
    backstop_keys *keys = read_keys(KEY_FILE);
    assert_int_equal(backstop_message_read(notice.ptr, notice.len, NULL, &m), BACKSTOP_OK);
    assert_true(backstop_seen_write(m, "genuine", keys, NOW, value));
    backstop_message_free(m);
    g_autofree char *field = g_strconcat("Backstop-Seen: ", value, "\n", NULL);
    g_autofree char *both = g_strconcat(field, "Backstop-Verdict: genuine\n", NULL);
    assert_true(check_bytes(span_from_string(both), notice, keys));
    assert_false(check_bytes(span_from_string(field), moved, keys));
    backstop_keys_free(keys);
}

/* A tag is no such mark: mail of ours that comes in again bears one. */
static void test_tag_is_none(void **state)
{
    (void)state;
    static const unsigned char nonce[TAG_NONCE_BYTES];
    backstop_keys *keys = read_keys(KEY_FILE);
    GString *value = g_string_new(NULL);
    const tag_mail mail = { .message_id = SPAN("<n@mx>"),
                            .from = SPAN("mailer-daemon@mx.remote.example"),
                            .subject = SPAN("Undelivered") };
    tag_write(TAG_ORIGIN, keys_at(keys, 0), NOW, nonce, SPAN(""), &mail, value);
    g_autofree char *field = g_strconcat("Backstop-Seen: ", value->str, "\n", NULL);
    assert_false(check(field, NOTICE("Undelivered"), keys, NOW));
    g_string_free(value, TRUE);
    backstop_keys_free(keys);
}

static void test_no_key(void **state)
{
    (void)state;
    char value[BACKSTOP_SEEN_SIZE] = "x";
    backstop_message *m;
    backstop_keys *keys = read_keys("version 1\nl1 1000 - ledger " SECRET "\n");
    assert_int_equal(backstop_message_read("A: b\n\n", 6, NULL, &m), BACKSTOP_OK);
    assert_false(backstop_seen_write(m, NULL, keys, NOW, value));
    assert_string_equal(value, "");
    backstop_message_free(m);
    backstop_keys_free(keys);
}

static void test_batv(void **state)
{
    (void)state;
    backstop_keys *keys = read_keys(KEY_FILE);
    static const backstop_batv_form forms[] = { BACKSTOP_BATV_PREFIX, BACKSTOP_BATV_SUBADDRESS };
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        char *made = backstop_batv_sign(keys, "alice@our.example", forms[i], NOW);
        assert_non_null(made);
        assert_int_equal(forms[i] == BACKSTOP_BATV_PREFIX, g_str_has_prefix(made, "prvs="));
        assert_null(backstop_batv_sign(keys, made, forms[i], NOW));
        char *plain = backstop_batv_restore(keys, made, NOW);
        assert_string_equal(plain, "alice@our.example");
        backstop_text_free(plain);
        /* An old notice still finds its way. */
        plain = backstop_batv_restore(keys, made, NOW + 20 * DAY);
        assert_string_equal(plain, "alice@our.example");
        backstop_text_free(plain);
        backstop_text_free(made);
    }
    assert_null(backstop_batv_restore(keys, "alice@our.example", NOW));
    assert_null(backstop_batv_restore(keys, "prvs=3123abcdef=alice@our.example", NOW));
    backstop_keys_free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seen),        cmocka_unit_test(test_ambiguous_notice),
        cmocka_unit_test(test_verdict),     cmocka_unit_test(test_verdict_with_nul),
        cmocka_unit_test(test_tag_is_none), cmocka_unit_test(test_no_key),
        cmocka_unit_test(test_batv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
