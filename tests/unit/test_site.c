/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What a site may be told, and which domains, addresses and hosts are then ours. */
#include "witness/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S(text) span_from_string(text)

static backstop_site *site_with_hosts(const char *const *hosts, bool are_shared)
{
    backstop_site *site = backstop_site_new();
    for (size_t i = 0; hosts[i] != NULL; i++) {
        assert_int_equal(BACKSTOP_OK,
                         backstop_site_add_outbound_host(site, hosts[i], are_shared, NULL));
    }
    return site;
}

static void test_hosts_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        ".",
        "..",
        "/",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.1.5",
        "192.0.2.0/",
        "192.0.2.0/33",
        "192.0.2.0/-1",
        "192.0.2.0/24x",
        "192.0.2.0/ 24",
        "192.0.2.5/24",
        "2001:db8::/129",
        "2001:db8::1/32",
        "2001:db8:1::/47",
        "2001:db8:::",
        "0.0.0.0/0",
        "::/0",
        "host name.example",
        "a@our.example",
        "-a.example",
        "a..example",
        "[192.0.2.1]",
        "1234",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        backstop_site *site = backstop_site_new();
        backstop_error error = { "" };
        if (backstop_site_add_outbound_host(site, bad[i], false, &error) !=
            BACKSTOP_ERROR_INVALID) {
            fail_msg("\"%s\" was taken", bad[i]);
        }
        assert_non_null(strstr(error.text, bad[i]));
        assert_false(site_has_hosts(site));
        backstop_site_free(site);
    }
}

static void test_ip_matching(void **state)
{
    (void)state;
    static const char *const hosts[] = { "2001:db8::/47", "192.0.2.0/25", "198.51.100.7", NULL };
    static const struct {
        const char *ip;
        site_match match;
    } cases[] = {
        { "192.0.2.0", SITE_OURS },
        { "192.0.2.127", SITE_OURS },
        { "192.0.2.128", SITE_NOT_OURS },
        { "192.0.1.255", SITE_NOT_OURS },
        { "::ffff:192.0.2.9", SITE_OURS },
        { "::192.0.2.9", SITE_NOT_OURS },
        { "198.51.100.7", SITE_OURS },
        { "198.51.100.6", SITE_NOT_OURS },
        { "2001:db8:0:ffff::1", SITE_OURS },
        { "2001:db8:1:ffff::1", SITE_OURS },
        { "2001:db8:2::1", SITE_NOT_OURS },
        { "192.0.2.1x", SITE_NOT_OURS },
        { "", SITE_NOT_OURS },
        { "mx.our.example", SITE_NOT_OURS },
    };
    backstop_site *site = site_with_hosts(hosts, false);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (site_match_ip(site, S(cases[i].ip)) != cases[i].match) {
            fail_msg("%s: not %d", cases[i].ip, cases[i].match);
        }
    }
    assert_int_equal(SITE_NOT_OURS, site_match_ip(site, (span){ "192.0.2.1\0", 10 }));
    backstop_site_free(site);
}

/* A relay of a provider in a network of ours, and a host of ours in a network of a provider's. */
static void test_narrower_network_counts(void **state)
{
    (void)state;
    backstop_site *site = backstop_site_new();
    static const struct {
        const char *host;
        bool is_shared;
    } hosts[] = {
        { "192.0.2.0/24", false }, { "192.0.2.64/26", true },   { "192.0.2.65", false },
        { "198.51.100.1", false }, { "198.51.100.1/32", true },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
        assert_int_equal(BACKSTOP_OK, backstop_site_add_outbound_host(site, hosts[i].host,
                                                                      hosts[i].is_shared, NULL));
    }
    assert_int_equal(SITE_OURS, site_match_ip(site, S("192.0.2.1")));
    assert_int_equal(SITE_SHARED, site_match_ip(site, S("192.0.2.64")));
    assert_int_equal(SITE_OURS, site_match_ip(site, S("192.0.2.65")));
    assert_int_equal(SITE_SHARED, site_match_ip(site, S("198.51.100.1")));
    backstop_site_free(site);
}

static void test_name_matching(void **state)
{
    (void)state;
    backstop_site *site = backstop_site_new();
    static const char *const own[] = { "MX.our.example.", ".out.our.example",
                                       "\xc3\xa4.our.example" };
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++) {
        assert_int_equal(BACKSTOP_OK, backstop_site_add_outbound_host(site, own[i], false, NULL));
    }
    assert_int_equal(BACKSTOP_OK,
                     backstop_site_add_outbound_host(site, "relay.out.our.example", true, NULL));
    static const struct {
        const char *name;
        site_match match;
    } cases[] = {
        { "mx.our.example", SITE_OURS },
        { "Mx.Our.Example.", SITE_OURS },
        { "amx.our.example", SITE_NOT_OURS },
        { "a.mx.our.example", SITE_NOT_OURS },
        { "our.example", SITE_NOT_OURS },
        { "out.our.example", SITE_NOT_OURS },
        { ".out.our.example", SITE_NOT_OURS },
        { "a.out.our.example", SITE_OURS },
        { "a.b.OUT.our.example", SITE_OURS },
        { "xout.our.example", SITE_NOT_OURS },
        { "relay.out.our.example", SITE_SHARED },
        { "a.relay.out.our.example", SITE_OURS },
        { "xn--4ca.our.example", SITE_OURS },
        { "", SITE_NOT_OURS },
        { ".", SITE_NOT_OURS },
        { "192.0.2.1", SITE_NOT_OURS },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (site_match_name(site, S(cases[i].name)) != cases[i].match) {
            fail_msg("%s: not %d", cases[i].name, cases[i].match);
        }
    }
    backstop_site_free(site);
}

static void test_internal_networks(void **state)
{
    (void)state;
    backstop_site *site = backstop_site_new();
    backstop_error error;
    assert_false(backstop_site_is_internal(site, "198.51.100.1"));
    assert_int_equal(BACKSTOP_OK,
                     backstop_site_add_internal_network(site, "198.51.100.0/24", NULL));
    assert_int_equal(BACKSTOP_ERROR_INVALID,
                     backstop_site_add_internal_network(site, "mx.our.example", &error));
    assert_non_null(strstr(error.text, "mx.our.example"));
    assert_int_equal(BACKSTOP_ERROR_INVALID,
                     backstop_site_add_internal_network(site, "198.51.100.0/x", NULL));
    assert_true(backstop_site_is_internal(site, "198.51.100.1"));
    assert_false(backstop_site_is_internal(site, "198.51.101.1"));
    assert_false(site_has_hosts(site));
    backstop_site_free(site);
}

static void test_private_addresses(void **state)
{
    (void)state;
    static const char *const private[] = {
        "127.0.0.1",       "127.255.0.9", "10.0.0.1",  "172.16.0.1", "172.31.255.255",
        "192.168.1.1",     "169.254.9.9", "::1",       "fe80::1",    "febf::1",
        "::ffff:10.1.2.3", "fd00::1",     "fc12::3:4",
    };
    static const char *const public[] = {
        "128.0.0.1",   "11.0.0.1",    "172.32.0.1", "172.15.0.1",
        "192.169.0.1", "192.0.2.1",   "100.64.0.1", "::2",
        "fec0::1",     "2001:db8::1", "",           "localhost",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(private); i++) {
        if (!backstop_ip_is_private(private[i])) {
            fail_msg("%s", private[i]);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(public); i++) {
        if (backstop_ip_is_private(public[i])) {
            fail_msg("%s", public[i]);
        }
    }
}

static void test_domains(void **state)
{
    (void)state;
    backstop_site *site = backstop_site_new();
    backstop_domain *domain, *again;
    backstop_error error;
    assert_true(backstop_site_owns(site, "anybody@anywhere.example"));
    assert_int_equal(BACKSTOP_OK, backstop_site_add_domain(site, "OUR.example.", &domain, NULL));
    backstop_domain_set_closed(domain, true);
    assert_int_equal(BACKSTOP_ERROR_INVALID,
                     backstop_site_add_domain(site, "our.Example", &again, &error));
    assert_null(again);
    assert_non_null(strstr(error.text, "our.example"));
    static const char *const bad[] = { "", "a b.example", "a@b.example", ".example", "192.0.2.1" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        assert_int_equal(BACKSTOP_ERROR_INVALID,
                         backstop_site_add_domain(site, bad[i], &again, &error));
    }
    assert_ptr_equal(domain, site_domain_of(site, S("alice@our.example")));
    assert_ptr_equal(domain, site_domain_of(site, S("\"a@b\"@our.example")));
    assert_ptr_equal(domain, site_domain_of(site, S("our.example")));
    assert_null(site_domain_of(site, S("alice@mail.our.example")));
    assert_null(site_domain_of(site, S("alice@your.example")));
    assert_null(site_domain_of(site, S("")));
    assert_null(site_domain_of(site, S("alice@")));
    assert_true(backstop_site_owns(site, "Alice@Our.Example"));
    assert_false(backstop_site_owns(site, "alice@remote.example"));
    assert_true(site_is_below_domain(site, S("a.b.Our.example")));
    assert_true(site_is_below_domain(site, S("our.example")));
    assert_false(site_is_below_domain(site, S("your.example")));
    assert_false(site_is_below_domain(site, S("our.example.net")));
    g_autofree char *long_name = g_strnfill(100000, 'a');
    assert_null(site_domain_of(site, S(long_name)));
    assert_false(site_is_below_domain(site, S(long_name)));
    backstop_site_free(site);
    backstop_site_free(NULL);
}

static void test_forwarders(void **state)
{
    (void)state;
    backstop_site *site = backstop_site_new();
    backstop_error error;
    assert_false(site_is_forwarder(site, S("list@our.example")));
    static const char *const bad[] = { "", "list", "@", "list@", "@a b", "our.example" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        assert_int_equal(BACKSTOP_ERROR_INVALID, backstop_site_add_forwarder(site, bad[i], &error));
    }
    assert_int_equal(BACKSTOP_OK, backstop_site_add_forwarder(site, "List@Our.example", NULL));
    assert_int_equal(BACKSTOP_OK, backstop_site_add_forwarder(site, "@lists.our.example", NULL));
    assert_true(site_is_forwarder(site, S("list@our.example")));
    assert_true(site_is_forwarder(site, S("any@lists.our.example")));
    assert_false(site_is_forwarder(site, S("alice@our.example")));
    assert_false(site_is_forwarder(site, S("any@a.lists.our.example")));
    assert_false(site_is_forwarder(site, S("")));
    backstop_site_free(site);
}

static void test_tag_lifetime(void **state)
{
    (void)state;
    backstop_site *site = backstop_site_new();
    backstop_error error;
    assert_int_equal(336 * 3600, site->tag_lifetime_sec);
    assert_int_equal(BACKSTOP_OK, backstop_site_set_tag_lifetime(site, 3600, NULL));
    assert_int_equal(BACKSTOP_OK, backstop_site_set_tag_lifetime(site, 720L * 3600, NULL));
    assert_int_equal(BACKSTOP_ERROR_INVALID, backstop_site_set_tag_lifetime(site, 3599, &error));
    assert_int_equal(BACKSTOP_ERROR_INVALID,
                     backstop_site_set_tag_lifetime(site, 720L * 3600 + 1, &error));
    assert_non_null(strstr(error.text, "720"));
    assert_int_equal(720 * 3600, site->tag_lifetime_sec);
    backstop_site_free(site);
}

static void test_dkim_keys(void **state)
{
    (void)state;
    static const char text[] =
        "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="; /* RFC 8463, A.2 */
    backstop_site *site = backstop_site_new();
    backstop_domain *domain;
    backstop_error error;
    assert_int_equal(BACKSTOP_OK, backstop_site_add_domain(site, "our.example", &domain, NULL));
    assert_null(site_dkim_key_of(domain, S("sel1")));
    assert_int_equal(BACKSTOP_OK, backstop_domain_add_dkim_key(domain, "Sel1", text, NULL));
    assert_int_equal(BACKSTOP_OK, backstop_domain_add_dkim_key(domain, "2026", text, NULL));
    assert_int_equal(BACKSTOP_OK, backstop_domain_add_dkim_key(domain, "a.mail", text, NULL));
    assert_non_null(site_dkim_key_of(domain, S("SEL1")));
    assert_ptr_not_equal(site_dkim_key_of(domain, S("sel1")), site_dkim_key_of(domain, S("2026")));
    assert_int_equal(BACKSTOP_ERROR_INVALID,
                     backstop_domain_add_dkim_key(domain, "sel1", text, &error));
    assert_non_null(strstr(error.text, "sel1"));
    assert_int_equal(BACKSTOP_ERROR_INVALID,
                     backstop_domain_add_dkim_key(domain, "a b", text, &error));
    assert_int_equal(BACKSTOP_ERROR_INVALID,
                     backstop_domain_add_dkim_key(domain, "sel3", "v=DKIM1; p=", &error));
    assert_null(site_dkim_key_of(domain, S("sel3")));
    backstop_site_free(site);
}

/* Of a provider's domain, one address alone is ours. */
static void test_addresses(void **state)
{
    (void)state;
    backstop_error error;
    backstop_site *site = backstop_site_new();
    assert_true(backstop_site_owns(site, "bob@provider.example"));
    assert_int_equal(BACKSTOP_OK,
                     backstop_site_add_address(site, "Alice@Provider.example", &error));
    assert_true(backstop_site_owns(site, "alice@provider.EXAMPLE"));
    assert_false(backstop_site_owns(site, "bob@provider.example"));
    assert_false(backstop_site_owns(site, "provider.example"));
    backstop_domain *domain;
    assert_int_equal(BACKSTOP_OK, backstop_site_add_domain(site, "our.example", &domain, NULL));
    assert_true(backstop_site_owns(site, "bob@our.example"));
    assert_true(backstop_site_owns(site, "alice@provider.example"));
    static const char *const refused[] = { "", "alice", "@provider.example", "alice@" };
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        assert_int_equal(BACKSTOP_ERROR_INVALID,
                         backstop_site_add_address(site, refused[i], &error));
        assert_non_null(strstr(error.text, "no address"));
    }
    backstop_site_free(site);
}

/* By which addresses a host of ours would be known, so that a stranger's tells something. */
static void test_networks_that_tell(void **state)
{
    (void)state;
    static const struct {
        const char *own, *shared;
        bool tells_v4, tells_v6;
    } cases[] = {
        { "192.0.2.0/28", NULL, true, false },
        { "2001:db8:1::/48", NULL, false, true },
        { NULL, "198.51.100.9", true, false },
        { "192.0.2.0/28", "relay.provider.example", true, false },
        { "mx.our.example", NULL, false, false },
        { NULL, "relay.provider.example", false, false },
        /* the provider's addresses are not that of our host */
        { "mx.our.example", "198.51.100.9", false, false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        backstop_site *site = backstop_site_new();
        assert_true(cases[i].own == NULL || backstop_site_add_outbound_host(
                                                site, cases[i].own, false, NULL) == BACKSTOP_OK);
        assert_true(cases[i].shared == NULL ||
                    backstop_site_add_outbound_host(site, cases[i].shared, true, NULL) ==
                        BACKSTOP_OK);
        assert_int_equal(cases[i].tells_v4, site_has_network_like(site, SPAN("203.0.113.66")));
        assert_int_equal(cases[i].tells_v6, site_has_network_like(site, SPAN("2001:db8::66")));
        assert_false(site_has_network_like(site, SPAN("x")));
        backstop_site_free(site);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts_refused),
        cmocka_unit_test(test_ip_matching),
        cmocka_unit_test(test_narrower_network_counts),
        cmocka_unit_test(test_name_matching),
        cmocka_unit_test(test_internal_networks),
        cmocka_unit_test(test_private_addresses),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_forwarders),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_tag_lifetime),
        cmocka_unit_test(test_dkim_keys),
        cmocka_unit_test(test_networks_that_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
