/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* BATV addresses: made, checked, expired, and those of others. */
#include "proof/prvs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define DAY INT64_C(86400)
/* The day 20780, so that addresses of now expire on the day 787. */
#define NOW INT64_C(1795465490)
#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define OTHER_SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh4="

/* Computed with Python's hmac, not with this code. */
#define SIGNED "prvs=3787cb6530=alice@our.example"

static backstop_keys *read_keys(const char *text)
{
    backstop_keys *keys;
    assert_int_equal(keys_read(span_from_string(text), "keys", &keys, NULL), BACKSTOP_OK);
    return keys;
}

static backstop_keys *one_key(void)
{
    return read_keys("version 1\np1 1000 - prvs3 " SECRET "\n");
}

static void check_write(const backstop_keys *keys, const char *given, prvs_form form,
                        const char *expected)
{
    g_autoptr(GString) out = g_string_new("left over");
    bool works = prvs_write(keys, NOW, span_from_string(given), form, out);
    if (works != (expected != NULL) || strcmp(out->str, works ? expected : "") != 0) {
        fail_msg("%s gives %s", given, out->str);
    }
}

static void check_read(const backstop_keys *keys, int64_t now_sec, const char *given,
                       prvs_state expected, const char *plain)
{
    g_autoptr(GString) out = g_string_new("left over");
    prvs_state got = prvs_read(keys, now_sec, span_from_string(given), out);
    if (got != expected || strcmp(out->str, got == PRVS_NONE ? "left over" : plain) != 0) {
        fail_msg("%s at %ld is %d, of %s", given, (long)now_sec, (int)got, out->str);
    }
    assert_int_equal(prvs_read(keys, now_sec, span_from_string(given), NULL), expected);
}

static void test_write(void **state)
{
    (void)state;
    backstop_keys *keys = one_key();
    check_write(keys, "alice@our.example", PRVS_PREFIX, SIGNED);
    check_write(keys, "alice@our.example", PRVS_SUBADDRESS, "alice+prvs=3787cb6530@our.example");
    /* Letters keep their case; the hash is the same. */
    check_write(keys, "Alice@Our.Example", PRVS_PREFIX, "prvs=3787cb6530=Alice@Our.Example");
    backstop_keys_free(keys);
}

static void test_left_alone(void **state)
{
    (void)state;
    static const char *const given[] = {
        SIGNED,
        "alice+prvs=3787cb6530@our.example",
        "btv1==3787cb6530==alice@our.example",
        "SRS0=hhhh=tt=remote.example=bob@our.example",
        "\"alice b\"@our.example",
        "prvs=3787cb6530=@our.example",
        "PRVS=alice@our.example",
        "alice",
        "@our.example",
        "alice@",
        "",
    };
    backstop_keys *keys = one_key();
    for (size_t i = 0; i < G_N_ELEMENTS(given); i++) {
        check_write(keys, given[i], PRVS_PREFIX, NULL);
        check_write(keys, given[i], PRVS_SUBADDRESS, NULL);
    }
    /* 64 bytes are the most that a local part may have. */
    g_autofree char *most = g_strnfill(64 - 16, 'a');
    g_autofree char *fits = g_strconcat(most, "@our.example", NULL);
    g_autofree char *too_long = g_strconcat("a", fits, NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    assert_true(prvs_write(keys, NOW, span_from_string(fits), PRVS_PREFIX, out));
    assert_false(prvs_write(keys, NOW, span_from_string(too_long), PRVS_PREFIX, out));
    backstop_keys_free(keys);

    keys = read_keys("version 1\nt 1000 - tag " SECRET "\np 0 5000 prvs1 " SECRET "\n");
    check_write(keys, "alice@our.example", PRVS_PREFIX, NULL);
    backstop_keys_free(keys);
}

static void test_read(void **state)
{
    (void)state;
    backstop_keys *keys = one_key();
    check_read(keys, NOW, SIGNED, PRVS_VALID, "alice@our.example");
    check_read(keys, NOW, "PRVS=3787CB6530=ALICE@OUR.EXAMPLE", PRVS_VALID, "ALICE@OUR.EXAMPLE");
    check_read(keys, NOW, "alice+prvs=3787cb6530@our.example", PRVS_VALID, "alice@our.example");
    backstop_keys_free(keys);
}

static void test_not_ours(void **state)
{
    (void)state;
    static const char *const given[] = {
        "alice@our.example",
        "prvs=3787cb6531=alice@our.example",
        "prvs=3788cb6530=alice@our.example",
        "prvs=2787cb6530=alice@our.example",
        "prvs=3787cb6530=bob@our.example",
        "prvs=3787cb6530=alice@other.example",
        "prvs=3787cb653=alice@our.example",
        "prvs=3787cb65300=alice@our.example",
        "prvs=3787cb653g=alice@our.example",
        "prvs=x787cb6530=alice@our.example",
        "prvs=3787cb6530=alice",
        "prvs=3787cb6530=@our.example",
        "prvs=3787cb6530@our.example",
        "+prvs=3787cb6530@our.example",
        "alice+prvs=3787cb6530x@our.example",
        "btv1==3787cb6530==alice@our.example",
        "prvs=3787cb6530=",
        "",
    };
    backstop_keys *keys = one_key();
    for (size_t i = 0; i < G_N_ELEMENTS(given); i++) {
        check_read(keys, NOW, given[i], PRVS_NONE, NULL);
    }
    g_autofree char *long_local = g_strnfill(100000, 'a');
    g_autofree char *long_one = g_strconcat("prvs=3787cb6530=", long_local, "@our.example", NULL);
    check_read(keys, NOW, long_one, PRVS_NONE, NULL);
    backstop_keys_free(keys);

    keys = read_keys("version 1\np1 1000 - prvs3 " OTHER_SECRET "\nt 1000 - tag " SECRET "\n");
    check_read(keys, NOW, SIGNED, PRVS_NONE, NULL);
    backstop_keys_free(keys);
}

static void test_days(void **state)
{
    (void)state;
    backstop_keys *keys = one_key();
    int64_t midnight = NOW - NOW % DAY;
    check_read(keys, midnight + 8 * DAY - 1, SIGNED, PRVS_VALID, "alice@our.example");
    check_read(keys, midnight + 8 * DAY, SIGNED, PRVS_EXPIRED, "alice@our.example");
    check_read(keys, NOW + 500 * DAY, SIGNED, PRVS_EXPIRED, "alice@our.example");
    /* Another host's clock may be a day ahead; ten days are another thing. */
    check_read(keys, midnight - DAY, SIGNED, PRVS_VALID, "alice@our.example");
    check_read(keys, midnight - DAY - 1, SIGNED, PRVS_EXPIRED, "alice@our.example");
    check_read(keys, -1, SIGNED, PRVS_EXPIRED, "alice@our.example");
    backstop_keys_free(keys);
}

static void test_wrap_around(void **state)
{
    (void)state;
    backstop_keys *keys = one_key();
    g_autoptr(GString) out = g_string_new(NULL);
    /* On the day 20996 an address expires on the day 21003. */
    int64_t then = 20996 * DAY;
    assert_true(prvs_write(keys, then, SPAN("alice@our.example"), PRVS_PREFIX, out));
    assert_memory_equal(out->str, "prvs=3003", 9);
    check_read(keys, then, out->str, PRVS_VALID, "alice@our.example");
    check_read(keys, then + 7 * DAY, out->str, PRVS_VALID, "alice@our.example");
    check_read(keys, then + 8 * DAY, out->str, PRVS_EXPIRED, "alice@our.example");
    backstop_keys_free(keys);
}

static void test_retired_keys(void **state)
{
    (void)state;
    /* Two of one digit, ten years of rotation later. */
    backstop_keys *keys = read_keys("version 1\n"
                                    "p1 1000 1795465500 prvs3 " SECRET "\n"
                                    "p2 1795465490 - prvs3 " OTHER_SECRET "\n");
    check_read(keys, NOW + DAY, SIGNED, PRVS_VALID, "alice@our.example");
    check_read(keys, NOW + 30 * DAY, SIGNED, PRVS_EXPIRED, "alice@our.example");
    check_read(keys, NOW + 31 * DAY, SIGNED, PRVS_NONE, NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    assert_true(prvs_write(keys, NOW, SPAN("alice@our.example"), PRVS_PREFIX, out));
    assert_string_not_equal(out->str, SIGNED);
    check_read(keys, NOW, out->str, PRVS_VALID, "alice@our.example");
    backstop_keys_free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write),        cmocka_unit_test(test_left_alone),
        cmocka_unit_test(test_read),         cmocka_unit_test(test_not_ours),
        cmocka_unit_test(test_days),         cmocka_unit_test(test_wrap_around),
        cmocka_unit_test(test_retired_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
