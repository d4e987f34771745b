/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The key file read strictly; which key signs and verifies when. */
#include "proof/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define DAY INT64_C(86400)

static backstop_keys *read_keys(const char *text)
{
    backstop_keys *keys;
    backstop_error error = { "" };
    if (keys_read(span_from_string(text), "keys", &keys, &error) != BACKSTOP_OK) {
        fail_msg("%s", error.text);
    }
    return keys;
}

static void test_read(void **state)
{
    (void)state;
    backstop_keys *keys = read_keys("version 1\r\n\r\n"
                                    "a1 1790000000 1800000000 tag " SECRET "\r\n"
                                    "b2\t1790000001  -  ledger   -_-_-_-_-_-_-_-_-_-_-w\n"
                                    "\n"
                                    "abcdefghijklmn12 0 - prvs7 " SECRET);
    assert_int_equal(backstop_keys_count(keys), 3);
    const key *k = keys_at(keys, 0);
    assert_string_equal(k->id, "a1");
    assert_true(k->created_sec == 1790000000 && k->has_expiry && k->expires_sec == 1800000000);
    assert_int_equal(k->purpose, KEY_TAG);
    assert_int_equal(k->secret_len, 32);
    for (unsigned i = 0; i < 32; i++) {
        assert_int_equal(k->secret[i], i);
    }
    assert_ptr_equal(keys_ledger(keys), keys_at(keys, 1));
    assert_int_equal(keys_at(keys, 1)->secret_len, 16);
    assert_int_equal(keys_at(keys, 2)->purpose, KEY_PRVS);
    assert_int_equal(keys_at(keys, 2)->prvs_digit, 7);
    backstop_keys_free(keys);
    backstop_keys_free(NULL);
}

/* Each names its line and what is wrong, and never what stands there. */
static void test_broken_files(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        { "", "line 1: this is no key file" },
        { "\n\n", "line 1: this is no key file" },
        { "a1 0 - tag " SECRET "\n", "line 1: this is no key file" },
        { "version 1 2\n", "line 1: this is no key file" },
        { "version\n", "line 1: this is no key file" },
        { "version 2\na1 0 - tag " SECRET "\n", "line 1: the file is of a version" },
        { "version 01\n", "line 1: the file is of a version" },
        { "version 1\na1 0 - tag\n", "line 2: a key has five columns" },
        { "version 1\na1 0 - tag " SECRET " x\n", "line 2: a key has five columns" },
        { "version 1\n# a comment\n", "line 2: a key has five columns" },
        { "version 1\nversion 1\n", "line 2: a key has five columns" },
        { "version 1\n\nA1 0 - tag " SECRET "\n", "line 3: the first column" },
        { "version 1\na-1 0 - tag " SECRET "\n", "line 2: the first column" },
        { "version 1\nabcdefghijklmnopq 0 - tag " SECRET "\n", "line 2: the first column" },
        { "version 1\na1 2026-11-23 - tag " SECRET "\n", "line 2: the second column" },
        { "version 1\na1 -1 - tag " SECRET "\n", "line 2: the second column" },
        { "version 1\na1 1000000000000 - tag " SECRET "\n", "line 2: the second column" },
        { "version 1\na1 0 never tag " SECRET "\n", "line 2: the third column" },
        { "version 1\na1 0 -- tag " SECRET "\n", "line 2: the third column" },
        { "version 1\na1 0 - Tag " SECRET "\n", "line 2: the fourth column" },
        { "version 1\na1 0 - prvs " SECRET "\n", "line 2: the fourth column" },
        { "version 1\na1 0 - prvs10 " SECRET "\n", "line 2: the fourth column" },
        { "version 1\na1 0 - prvsx " SECRET "\n", "line 2: the fourth column" },
        { "version 1\na1 0 - tag AAECAwQFBgcICQoLDA0O\n", "line 2: the secret is shorter" },
        { "version 1\na1 0 - tag AAECAwQFBgcICQoLDA0ODx\n", "line 2: the fifth column" },
        { "version 1\na1 0 - tag not*base64*not*base64*not*b\n", "line 2: the fifth column" },
        { "version 1\na1 0 - tag " SECRET SECRET "\n", "line 2: the fifth column" },
        { "version 1\na1 0 - tag " SECRET "\na1 0 - prvs1 " SECRET "\n",
          "line 3: a line above has the same id" },
        { "version 1\na1 0 - ledger " SECRET "\na2 0 - ledger " SECRET "\n",
          "line 3: there are two ledger keys" },
        { "version 1\na1 0 5 ledger " SECRET "\n", "line 2: a ledger key must not expire" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        backstop_keys *keys = (backstop_keys *)"x";
        backstop_error error = { "" };
        backstop_status status =
            keys_read(span_from_string(cases[i].text), "/etc/keys", &keys, &error);
        if (status != BACKSTOP_ERROR_KEYS || keys != NULL ||
            !g_str_has_prefix(error.text, "/etc/keys: line ") ||
            strstr(error.text, cases[i].says) == NULL) {
            fail_msg("%s\n gives %d \"%s\"", cases[i].text, (int)status, error.text);
        }
        assert_null(strstr(error.text, "AAEC"));
        assert_int_equal(keys_read(span_from_string(cases[i].text), "k", &keys, NULL),
                         BACKSTOP_ERROR_KEYS);
    }
}

static void test_too_many_keys(void **state)
{
    (void)state;
    g_autoptr(GString) text = g_string_new("version 1\n");
    for (unsigned i = 0; i < KEYS_MAX; i++) {
        g_string_append_printf(text, "k%u %u - tag %s\n", i, i, SECRET);
    }
    backstop_keys_free(read_keys(text->str));
    g_string_append(text, "one 0 - tag " SECRET "\n");
    backstop_keys *keys;
    backstop_error error;
    assert_int_equal(keys_read((span){ text->str, text->len }, "keys", &keys, &error),
                     BACKSTOP_ERROR_KEYS);
    assert_non_null(strstr(error.text, "line 1002: there are more than 1,000 keys"));
}

static const char *signer(const backstop_keys *keys, int64_t now_sec)
{
    const key *k = keys_to_sign(keys, KEY_TAG, now_sec);
    return k == NULL ? NULL : k->id;
}

static void test_who_signs(void **state)
{
    (void)state;
    backstop_keys *keys = read_keys("version 1\n"
                                    "new 2000 - tag " SECRET "\n"
                                    "old 1000 - tag " SECRET "\n"
                                    "gone 3000 3500 tag " SECRET "\n"
                                    "later 9000 - tag " SECRET "\n"
                                    "twin 9000 - tag " SECRET "\n"
                                    "other 9999 - ledger " SECRET "\n");
    assert_string_equal(signer(keys, 1500), "old");
    assert_string_equal(signer(keys, 2000), "new");
    assert_string_equal(signer(keys, 3499), "gone");
    assert_string_equal(signer(keys, 3500), "new");
    assert_string_equal(signer(keys, 9000), "twin");
    /* The clock was set back before the first of them: better that one than none. */
    assert_string_equal(signer(keys, 0), "old");
    assert_null(keys_to_sign(keys, KEY_PRVS, 2000));
    backstop_keys_free(keys);

    keys = read_keys("version 1\na 1000 2000 tag " SECRET "\n");
    assert_string_equal(signer(keys, 1999), "a");
    /* The clock jumps behind its expiry: nothing signs. */
    assert_null(signer(keys, 2000));
    backstop_keys_free(keys);
}

static void check_verifier(const backstop_keys *keys, const char *id, int64_t now_sec, bool does,
                           bool is_retired)
{
    bool retired;
    const key *k = keys_to_verify(keys, KEY_TAG, span_from_string(id), now_sec, &retired);
    if ((k != NULL) != does || (does && retired != is_retired)) {
        fail_msg("%s at %ld: %d, retired %d", id, (long)now_sec, k != NULL, retired);
    }
}

static void test_who_verifies(void **state)
{
    (void)state;
    backstop_keys *keys = read_keys("version 1\n"
                                    "old 1000 2000 tag " SECRET "\n"
                                    "new 2000 - tag " SECRET "\n"
                                    "book 0 - ledger " SECRET "\n");
    check_verifier(keys, "new", 3000, true, false);
    check_verifier(keys, "new", 0, true, false); /* made in the future: the clock is wrong */
    check_verifier(keys, "old", 1999, true, false);
    check_verifier(keys, "old", 2000, true, true);
    check_verifier(keys, "old", 2000 + 30 * DAY - 1, true, true);
    check_verifier(keys, "old", 2000 + 30 * DAY, false, true);
    check_verifier(keys, "book", 3000, false, false);
    check_verifier(keys, "ol", 1999, false, false);
    check_verifier(keys, "", 1999, false, false);
    backstop_keys_free(keys);
}

static void check_state(const backstop_keys *keys, size_t index, int64_t now_sec,
                        backstop_key_state expected)
{
    backstop_key k;
    backstop_keys_get(keys, index, now_sec, &k);
    if (k.state != expected) {
        fail_msg("%s at %ld: %d", k.id, (long)now_sec, (int)k.state);
    }
}

static void test_accessors(void **state)
{
    (void)state;
    backstop_keys *keys = read_keys("version 1\n"
                                    "old 1000 5000 tag " SECRET "\n"
                                    "new 2000 - tag " SECRET "\n"
                                    "next 6000 - tag " SECRET "\n"
                                    "book 0 - ledger " SECRET "\n"
                                    "p 0 - prvs3 " SECRET "\n");
    backstop_key k;
    backstop_keys_get(keys, 0, 3000, &k);
    assert_string_equal(k.id, "old");
    assert_string_equal(k.purpose, "tag");
    assert_true(k.created_sec == 1000 && k.has_expiry && k.expires_sec == 5000 &&
                k.verifies_until_sec == 5000 + 30 * DAY);
    backstop_keys_get(keys, 4, 3000, &k);
    assert_string_equal(k.purpose, "prvs3");
    assert_false(k.has_expiry);
    check_state(keys, 0, 1500, BACKSTOP_KEY_SIGNS);
    check_state(keys, 1, 1500, BACKSTOP_KEY_WAITS);
    check_state(keys, 0, 3000, BACKSTOP_KEY_VERIFIES);
    check_state(keys, 1, 3000, BACKSTOP_KEY_SIGNS);
    check_state(keys, 2, 3000, BACKSTOP_KEY_WAITS);
    check_state(keys, 3, 3000, BACKSTOP_KEY_SIGNS);
    check_state(keys, 4, 3000, BACKSTOP_KEY_SIGNS);
    check_state(keys, 0, 5000, BACKSTOP_KEY_VERIFIES);
    check_state(keys, 0, 5000 + 30 * DAY, BACKSTOP_KEY_EXPIRED);
    check_state(keys, 1, 6000, BACKSTOP_KEY_VERIFIES);
    backstop_keys_get(keys, 5, 3000, &k);
    assert_string_equal(k.id, "");
    backstop_keys_free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),          cmocka_unit_test(test_broken_files),
        cmocka_unit_test(test_too_many_keys), cmocka_unit_test(test_who_signs),
        cmocka_unit_test(test_who_verifies),  cmocka_unit_test(test_accessors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
