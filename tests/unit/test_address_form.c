/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* One spelling for each address, and what stands behind BATV, VERP and sub-addresses. */
#include "message/address_form.h"

#include "message/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef struct pair {
    const char *given;
    const char *expected;
} pair;

static void check_canonical(const char *given, const char *expected)
{
    g_autoptr(GString) out = g_string_new("left over");
    g_autoptr(GString) again = g_string_new(NULL);
    address_form_canonical(span_from_string(given), out);
    if (strcmp(out->str, expected) != 0) {
        fail_msg("\"%s\":\n got %s\nwant %s", given, out->str, expected);
    }
    address_form_canonical((span){ out->str, out->len }, again);
    assert_string_equal(again->str, out->str);
}

static void test_canonical(void **state)
{
    (void)state;
    static const pair cases[] = {
        { "alice@our.example", "alice@our.example" },
        { "Alice@Our.EXAMPLE", "alice@our.example" },
        { " alice@our.example. ", "alice@our.example" },
        { "MAILER-DAEMON", "mailer-daemon" },
        { "", "" },
        { "@our.example", "@our.example" },
        { "alice@ our.example\t.", "alice@our.example" },
        { "alice@\xe3\x80\x82", "alice@" },
        { "alice@", "alice@" },
        { "alice@[192.0.2.1]", "alice@[192.0.2.1]" },
        { "alice@[IPv6:2001:DB8::1]", "alice@[ipv6:2001:db8::1]" },
        /* Quotes only where they are needed. */
        { "\"alice\"@our.example", "alice@our.example" },
        { "\"Alice.B\"@our.example", "alice.b@our.example" },
        { "\"a..b\"@carrier.example", "a..b@carrier.example" },
        { "\"al\\ice\"@our.example", "alice@our.example" },
        { "\"alice b\"@our.example", "\"alice b\"@our.example" },
        { "alice b@our.example", "\"alice b\"@our.example" },
        { "\"a@b\"@our.example", "\"a@b\"@our.example" },
        { "a@b@our.example", "\"a@b\"@our.example" },
        { "\"a\\\"b\\\\c\"@our.example", "\"a\\\"b\\\\c\"@our.example" },
        { "\"\"@our.example", "\"\"@our.example" },
        { "al\r\nice@our.example", "alice@our.example" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_canonical(cases[i].given, cases[i].expected);
    }
}

static void test_beyond_ascii(void **state)
{
    (void)state;
    static const pair cases[] = {
        /* The local part in NFC; only ASCII letters are lowered. */
        { "bjo\xcc\x88rn@our.example", "bj\xc3\xb6rn@our.example" },
        { "\xc3\x96zg\xc3\xbcr@our.example", "\xc3\x96zg\xc3\xbcr@our.example" },
        /* The Kelvin sign is K; h and a line below are one letter, H and it are two. */
        { "\xe2\x84\xaa@our.example", "k@our.example" },
        { "H\xcc\xb1@our.example", "\xe1\xba\x96@our.example" },
        /* A-labels as registries have them. */
        { "a@b\xc3\xbc"
          "cher.example",
          "a@xn--bcher-kva.example" },
        { "a@B\xc3\x9c"
          "CHER.example",
          "a@xn--bcher-kva.example" },
        { "a@bu\xcc\x88"
          "cher.example",
          "a@xn--bcher-kva.example" },
        { "a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example" },
        { "a@stra\xc3\x9f"
          "e.example",
          "a@xn--strae-oqa.example" },
        { "a@\xe4\xbe\x8b\xe3\x81\x88\xe3\x80\x82\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88",
          "a@xn--r8jz45g.xn--zckzah" },
        { "a@\xd9\x8a\xd8\xa7\xd8\xb3\xd9\x8a\xd9\x86.example", "a@xn--mgby9cnc.example" },
        { "a@\xd0\xbf\xd1\x80\xd0\xb0\xd0\xb2\xd0\xb4\xd0\xb0.example", "a@xn--80aafi6cg.example" },
        { "a@\xef\xbd\x8f\xef\xbd\x95\xef\xbd\x92.example", "a@our.example" },
        /* A wide "@" must not make another address of it. */
        { "a@b\xef\xbc\xa0our.example", "a@b\xef\xbc\xa0our.example" },
        /* No UTF-8. */
        { "J\xfcrgen@Our.example", "j\xfcrgen@our.example" },
        { "A\xc0\x8d@our.example", "a\xc0\x8d@our.example" },
        { "a@M\xfcnchen.example", "a@m\xfcnchen.example" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_canonical(cases[i].given, cases[i].expected);
    }
}

static void test_domain(void **state)
{
    (void)state;
    g_autoptr(GString) out = g_string_new("left over");
    address_form_domain(SPAN(" Our.B\xc3\xbc"
                             "cher.Example.. "),
                        out);
    assert_string_equal(out->str, "our.xn--bcher-kva.example");
    address_form_domain(SPAN(""), out);
    assert_string_equal(out->str, "");
}

static void test_nul_is_dropped(void **state)
{
    (void)state;
    g_autoptr(GString) out = g_string_new(NULL);
    address_form_canonical(SPAN("al\0ice@o\0ur.example"), out);
    assert_int_equal(out->len, strlen("alice@our.example"));
    assert_string_equal(out->str, "alice@our.example");
}

/* Thousands of combining marks would take minutes to sort, a label of thousands of letters as long
 * to encode; what no mail system takes as an address is left as it is. */
static void test_too_long(void **state)
{
    (void)state;
    g_autoptr(GString) spec = g_string_new("A");
    g_autoptr(GString) out = g_string_new(NULL);
    for (unsigned i = 0; i < 100000; i++) {
        g_string_append(spec, i % 2 == 0 ? "\xcc\x81" : "\xcc\xa3");
    }
    g_string_append(spec, "@");
    for (unsigned i = 0; i < 100000; i++) {
        g_string_append(spec, "\xc3\xa4");
    }
    g_string_append(spec, ".Example");
    address_form_canonical((span){ spec->str, spec->len }, out);
    assert_int_equal(out->len, spec->len);
    assert_int_equal(out->str[0], 'a');
    assert_string_equal(out->str + out->len - 8, ".example");
    assert_memory_equal(out->str + 1, spec->str + 1, spec->len - 9);

    /* A label over 63 bytes as an A-label. */
    g_string_assign(spec, "a@");
    for (unsigned i = 0; i < 62; i++) {
        g_string_append(spec, "\xd0\xb6");
    }
    address_form_canonical((span){ spec->str, spec->len }, out);
    assert_string_equal(out->str, spec->str);
}

typedef struct unwrapping {
    const char *given;
    const char *expected; /* NULL: it bears no layer */
    address_wrapping layer;
} unwrapping;

static void test_unwrap(void **state)
{
    (void)state;
    static const unwrapping cases[] = {
        { "alice@our.example", NULL, 0 },
        { "prvs=3787cb6530=alice@our.example", "alice@our.example", WRAPPED_BATV },
        { "prvs=02459cbc3d7=alice@our.example", "alice@our.example", WRAPPED_BATV },
        { "btv1==3787cb6530==alice@our.example", "alice@our.example", WRAPPED_BATV },
        { "msprvs1=17fd0a2bc=alice@our.example", "alice@our.example", WRAPPED_BATV },
        { "alice+prvs=3787cb6530@our.example", "alice@our.example", WRAPPED_BATV },
        { "alice+news+prvs=3787cb6530@our.example", "alice+news@our.example", WRAPPED_BATV },
        { "prvs=3787cb6530=alice+news@our.example", "alice+news@our.example", WRAPPED_BATV },
        { "prvs=3787cb6530=", NULL, 0 },
        { "prvs==alice@our.example", NULL, 0 },
        { "btv1==3787cb6530=alice@our.example", NULL, 0 },
        { "news+bob=remote.example@our.example", "news@our.example", WRAPPED_VERP },
        { "news+bob-b=remote.example@our.example", "news@our.example", WRAPPED_VERP },
        { "news-bob=remote.example@our.example", "news@our.example", WRAPPED_VERP },
        { "news-letter-bob=remote.example@our.example", "news-letter@our.example", WRAPPED_VERP },
        { "alice+news+bob=remote.example@our.example", "alice+news@our.example", WRAPPED_VERP },
        { "list-return-17-bob=remote.example@our.example", "list-return-17@our.example",
          WRAPPED_VERP },
        { "news-a=b@our.example", NULL, 0 },
        { "news-=remote.example@our.example", NULL, 0 },
        { "-bob=remote.example@our.example", NULL, 0 },
        { "bob=remote.example@our.example", NULL, 0 },
        { "anna-maria@our.example", NULL, 0 },
        { "alice+news@our.example", "alice@our.example", WRAPPED_SUBADDRESS },
        { "alice+a+b@our.example", "alice@our.example", WRAPPED_SUBADDRESS },
        { "alice+", "alice", WRAPPED_SUBADDRESS },
        { "+news@our.example", NULL, 0 },
        { "\"alice+a b\"@our.example", NULL, 0 },
        /* The address inside is a stranger's. */
        { "srs0=hhhh=tt=remote.example=bob@our.example", NULL, 0 },
        { "srs0+hhhh=tt=remote.example=bob@our.example", NULL, 0 },
        { "", NULL, 0 },
    };
    g_autoptr(GString) out = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        address_wrapping layer = 0;
        bool found = address_form_unwrap(span_from_string(cases[i].given), out, &layer);
        if (found != (cases[i].expected != NULL) || layer != cases[i].layer ||
            (found && strcmp(out->str, cases[i].expected) != 0)) {
            fail_msg("\"%s\": got %d %s, layer %d", cases[i].given, found, out->str, (int)layer);
        }
    }
}

static void test_forwarders(void **state)
{
    (void)state;
    static const char *const srs[] = {
        "SRS0=hhhh=tt=remote.example=bob@our.example",
        "srs0+hhhh=tt=remote.example=bob@our.example",
        "SRS1-hhhh=first.example==hhhh=tt=remote.example=bob@our.example",
    };
    static const char *const no_srs[] = { "srs0@our.example", "srs0a=b@our.example", "srs@x", "" };
    static const char *const lists[] = {
        "owner-news@our.example",
        "news-owner@our.example",
        "news-bounces@our.example",
        "News-Bounces+bob=remote.example@our.example",
        "news-return-17-bob=remote.example@our.example",
        "news-request@our.example",
        "news+bncBAABB4AAAAAA@our.example",
        "bounce+17ab-bob=remote.example@our.example",
    };
    static const char *const no_lists[] = {
        "alice@our.example",  "news@our.example",          "-bounces@our.example",
        "bounce@our.example", "tax-return-@our.example",   "owner-@our.example",
        "alice+bn@x.example", "my-return-box@our.example", "",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(srs); i++) {
        assert_true(address_form_is_srs(span_from_string(srs[i])));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(no_srs); i++) {
        assert_false(address_form_is_srs(span_from_string(no_srs[i])));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        if (!address_form_is_list_bounce(span_from_string(lists[i]))) {
            fail_msg("%s is a list's", lists[i]);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(no_lists); i++) {
        if (address_form_is_list_bounce(span_from_string(no_lists[i]))) {
            fail_msg("%s is no list's", no_lists[i]);
        }
    }
}

static void test_roles(void **state)
{
    (void)state;
    assert_true(address_form_is_role(SPAN("abuse@our.example")));
    assert_true(address_form_is_role(SPAN("Postmaster@our.example")));
    assert_true(address_form_is_role(SPAN("postmaster")));
    assert_true(address_form_is_role(SPAN("abuse+mail@our.example")));
    assert_false(address_form_is_role(SPAN("postmaster.alice@our.example")));
    assert_false(address_form_is_role(SPAN("alice@abuse.example")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical),  cmocka_unit_test(test_beyond_ascii),
        cmocka_unit_test(test_domain),     cmocka_unit_test(test_nul_is_dropped),
        cmocka_unit_test(test_too_long),   cmocka_unit_test(test_unwrap),
        cmocka_unit_test(test_forwarders), cmocka_unit_test(test_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
