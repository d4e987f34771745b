/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Keyed hashes against published vectors, and base64 read strictly. */
#include "proof/secret.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static char *hex(const unsigned char *bytes, size_t len)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < len; i++) {
        g_string_append_printf(out, "%02x", bytes[i]);
    }
    return g_string_free(out, FALSE);
}

static void check_mac(const char *key, const span *pieces, size_t count, const char *expected)
{
    unsigned char mac[SECRET_MAC_BYTES];
    secret_mac *m = secret_mac_new((const unsigned char *)key, strlen(key));
    assert_non_null(m);
    for (unsigned again = 0; again < 2; again++) {
        secret_mac_compute(m, pieces, count, mac);
        g_autofree char *text = hex(mac, sizeof mac);
        assert_string_equal(text, expected);
    }
    secret_mac_free(m);
}

static void test_mac(void **state)
{
    (void)state;
    /* RFC 4231, test case 2. */
    const span whole[] = { SPAN("what do ya want for nothing?") };
    check_mac("Jefe", whole, 1, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    /* The same with NULs between the pieces, one of them empty. */
    const span pieces[] = { SPAN("what"), { NULL, 0 }, SPAN("do") };
    const span joined[] = { SPAN("what\0\0do") };
    unsigned char one[SECRET_MAC_BYTES];
    unsigned char other[SECRET_MAC_BYTES];
    secret_mac *m = secret_mac_new((const unsigned char *)"Jefe", 4);
    secret_mac_compute(m, pieces, 3, one);
    secret_mac_compute(m, joined, 1, other);
    assert_memory_equal(one, other, sizeof one);
    secret_mac_free(m);
    secret_mac_free(NULL);
}

static void *compute_often(void *data)
{
    secret_mac *m = data;
    const span pieces[] = { SPAN("what do ya want for nothing?") };
    for (unsigned i = 0; i < 2000; i++) {
        unsigned char mac[SECRET_MAC_BYTES];
        secret_mac_compute(m, pieces, 1, mac);
        if (mac[0] != 0x5b || mac[31] != 0x43) {
            return data;
        }
    }
    return NULL;
}

static void test_threads_share_a_mac(void **state)
{
    (void)state;
    pthread_t threads[4];
    secret_mac *m = secret_mac_new((const unsigned char *)"Jefe", 4);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, compute_often, m), 0);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    secret_mac_free(m);
}

static void test_sha1(void **state)
{
    (void)state;
    /* RFC 2202, 3, test case 2. */
    unsigned char mac[SECRET_SHA1_BYTES];
    assert_true(secret_hmac_sha1((const unsigned char *)"Jefe", 4,
                                 SPAN("what do ya want for nothing?"), mac));
    g_autofree char *text = hex(mac, sizeof mac);
    assert_string_equal(text, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

static void test_equal(void **state)
{
    (void)state;
    assert_true(secret_equal("abc", "abc", 3));
    assert_false(secret_equal("abc", "abd", 3));
    assert_false(secret_equal("bbc", "abc", 3));
    assert_true(secret_equal("abc", "xyz", 0));
}

static void test_random(void **state)
{
    (void)state;
    unsigned char one[16] = { 0 };
    unsigned char other[16] = { 0 };
    assert_true(secret_random(one, sizeof one));
    assert_true(secret_random(other, sizeof other));
    assert_memory_not_equal(one, other, sizeof one);
}

static void test_base64(void **state)
{
    (void)state;
    /* RFC 4648, 10, and the two alphabets. */
    static const struct {
        const char *bytes;
        const char *text;
        const char *padded;
    } cases[] = {
        { "", "", "" },
        { "f", "Zg", "Zg==" },
        { "fo", "Zm8", "Zm8=" },
        { "foo", "Zm9v", "Zm9v" },
        { "foob", "Zm9vYg", "Zm9v Yg==" },
        { "\xfb\xff\xbf", "-_-_", "+/+/" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        size_t len = strlen(cases[i].bytes);
        unsigned char out[8];
        g_autoptr(GString) text = g_string_new(">");
        secret_append_base64url(text, (const unsigned char *)cases[i].bytes, len);
        assert_string_equal(text->str + 1, cases[i].text);
        assert_true(secret_read_base64url(span_from_string(cases[i].text), out, len));
        assert_memory_equal(out, cases[i].bytes, len);
        assert_true(secret_read_base64url(span_from_string(cases[i].padded), out, len));
        assert_memory_equal(out, cases[i].bytes, len);
    }
}

static void test_base64_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
    } cases[] = {
        { "Zm9v", 2 },     { "Zm9v", 4 },    { "Zh", 1 },   { "Zm9", 2 },   { "Z", 0 },
        { "Zg=", 1 },      { "Zg===", 1 },   { "Z=g=", 1 }, { "=", 0 },     { "====", 0 },
        { "Zm9v====", 3 }, { "Zm\x80v", 3 }, { "Zm.v", 3 }, { "Zm9vA", 3 }, { "=Zg=", 1 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        unsigned char out[8];
        if (secret_read_base64url(span_from_string(cases[i].text), out, cases[i].len)) {
            fail_msg("%s was read as %zu bytes", cases[i].text, cases[i].len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mac),
        cmocka_unit_test(test_threads_share_a_mac),
        cmocka_unit_test(test_sha1),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_base64_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
