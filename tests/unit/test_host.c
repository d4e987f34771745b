/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What can be believed of the hosts in a Received field. */
#include "witness/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(text) span_from_string(text)

static hearing_hop hop_of(const char *value)
{
    hearing_hop hop = { .value = S(value) };
    assert_true(received_read(hop.value, &hop.read));
    return hop;
}

static void test_clear(void **state)
{
    (void)state;
    static const char *const clear[] = {
        "from x (y [192.0.2.1]) by z with ESMTP id 1 for <a@b>; Mon, 23 Nov 2026 20:24:50 +0000",
        "from [198.51.100.9] (y [192.0.2.1]) by z with ESMTP",
        "from x (y [IPv6:2001:db8::1]) (using TLSv1.3 (256/256 bits)) by z (Postfix)",
        "from [192.0.2.1] (port=1234 helo=[198.51.100.9]) by z with esmtp (Exim 4.96)",
        "from y ([192.0.2.1]:4567 helo=x) by z with esmtps (Exim 4.96)",
        "from x (192.0.2.1) by z (10.0.0.3) with Microsoft SMTP Server id 15.1",
        "from unknown (HELO [198.51.100.9]) (192.0.2.1) by z with SMTP",
        "from x ([192.0.2.1]) by z ([10.0.0.3]) with ESMTP (by and by)",
        "from x by z",
        "by z (Postfix, from userid 1) id 2",
        "from mail pickup service by z with Microsoft SMTPSVC",
        "from x [192.0.2.1] by z with ESMTP (SMTPD32-7.07) id A",
        "by z via TCP with SMTP id 1",
        "from x ([192.0.2.1]) via tcp by z",
        "from x (y [192.0.2.1]) id 1 by z; Mon, 23 Nov 2026 20:24:50 +0000",
        "from x (y [192.0.2.1]); by z",
        "from [192.0.2.1] [192.0.2.1] by z",
        "(qmail 123 invoked by uid 0); 23 Nov 2026 20:24:50 -0000",
        "from x (192.0.2.1) by",
    };
    static const char *const unclear[] = {
        "from x (y [198.51.100.9]) (unknown [192.0.2.1]) by z",
        "from x ([198.51.100.9]) ([192.0.2.1]) by z",
        "from x (198.51.100.9) (192.0.2.1) by z",
        "from x (y [2001:db8::1]) (unknown [::ffff:192.0.2.1]) by z",
        "from x (y [192.0.2.1]) (unknown [2001:db8::1]) by z",
        "from x by y with ESMTPSA (unknown [192.0.2.1]) by z",
        "from x by y id 1 by z",
        "by y from x (z [192.0.2.1])",
        /* a client that calls itself "x with ESMTPA", "a b id c", "a b;", "x) [192.0.2.1" */
        "from x with ESMTPA (unknown [198.51.100.9]) by z with ESMTP",
        "from a b id c (unknown [198.51.100.9]) by z with ESMTP",
        "from a via b (unknown [198.51.100.9]) by z",
        "from a for b (unknown [198.51.100.9]) by z",
        "from y ([198.51.100.9] helo=x) with ESMTPA () by z with esmtp (Exim 4.96)",
        "from y ([198.51.100.9] helo=x); by z with esmtp (Exim 4.96)",
        "from a b; (unknown [198.51.100.9]) by z",
        "from [198.51.100.9] (helo=x) [192.0.2.1 by z with esmtp (Exim 4.96)",
        "from [198.51.100.9] (HELO x) [192.0.2.1] by z (CommuniGate Pro SMTP 6.2) with ESMTP",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(clear); i++) {
        hearing_hop hop = hop_of(clear[i]);
        if (!host_is_clear(&hop)) {
            fail_msg("%s", clear[i]);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(unclear); i++) {
        hearing_hop hop = hop_of(unclear[i]);
        if (host_is_clear(&hop)) {
            fail_msg("%s", unclear[i]);
        }
    }
}

static void test_seen_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool is_seen;
    } cases[] = {
        { "from x (y [192.0.2.1]) by z", true },
        { "from [192.0.2.1] (helo=x) by z with esmtp (Exim 4.96)", true },
        { "from unknown (HELO x) (192.0.2.1) by z", true },
        { "from [192.0.2.1] by z (Postfix) with SMTP", false },
        { "from x [192.0.2.1] by z", false },
        { "from x (y) by z", false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        hearing_hop hop = hop_of(cases[i].value);
        if (host_ip_is_seen(&hop) != cases[i].is_seen) {
            fail_msg("%s", cases[i].value);
        }
    }
}

static void test_verified_names(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool is_verified;
    } cases[] = {
        { "from x (y.example [192.0.2.1]) by z", true },
        { "from y.example ([192.0.2.1] helo=x) by z with esmtp (Exim 4.96)", true },
        { "from x (unknown [192.0.2.1]) by z", false },
        { "from x ([192.0.2.1]) by z", false },
        { "from x (y.example [192.0.2.1] (may be forged)) by z", false },
        { "from y.example (helo=x) by z", false },
        { "from y.example (HELO x) (192.0.2.1) by z", false },
        { "from y.example (EHLO x) (192.0.2.1) by z", false },
        { "from x (y.example [192.0.2.1]) by z (OpenSMTPD) with ESMTP id 1", false },
        { "from x by z", false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        hearing_hop hop = hop_of(cases[i].value);
        if (host_name_is_verified(&hop) != cases[i].is_verified) {
            fail_msg("%s", cases[i].value);
        }
    }
}

static void test_logged_in(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool logged_in;
    } cases[] = {
        { "from x (y [192.0.2.1]) by z with ESMTPSA id 1", true },
        { "from x (y [192.0.2.1]) by z with esmtpa (Exim 4.96)", true },
        { "from x (y [192.0.2.1]) by z with UTF8SMTPSA id 1", true },
        { "from x by z with HTTP", true },
        { "from x by z with mapi id 15.1", true },
        { "from x (y [192.0.2.1]) by z with ESMTPS id 1", false },
        { "from ESMTPSA (y [192.0.2.1]) by z with ESMTP id ESMTPSA", false },
        { "from x (y [192.0.2.1]) by z with Microsoft SMTP Server", false },
        { "from x (authenticated [192.0.2.1]) by z", false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        hearing_hop hop = hop_of(cases[i].value);
        if (host_was_logged_in(&hop.read) != cases[i].logged_in) {
            fail_msg("%s", cases[i].value);
        }
    }
}

static void test_beside(void **state)
{
    (void)state;
    static const struct {
        const char *name, *other;
        bool is_beside;
    } cases[] = {
        { "a.remote.example", "b.remote.example", true },
        { "A.Remote.Example.", "b.remote.example.", true },
        { "a.b.remote.example", "c.remote.example", true },
        { "remote.example", "c.remote.example", true },
        { "a.remote.example", "remote.example", true },
        { "remote.example", "remote.example", true },
        { "aremote.example", "b.remote.example", false },
        { "a.remote.example", "b.c.remote.example", false },
        { "evil.example", "remote.example", false },
        { "evil.co.uk", "remote.co.uk", false },
        { "mx.remote.co.uk", "remote.co.uk", true },
        { "mx.evil.co.uk", "mx.remote.co.uk", false },
        { "a.remote.co.uk", "b.remote.co.uk", true },
        { "localhost", "localhost", false },
        { "", "mx.remote.example", false },
        { "a.remote.example", "", false },
        { ".", ".", false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (host_is_beside(S(cases[i].name), S(cases[i].other)) != cases[i].is_beside) {
            fail_msg("%s beside %s", cases[i].name, cases[i].other);
        }
    }
}

static void test_local(void **state)
{
    (void)state;
    static const char *const local[] = { "localhost", "EDGE01", "a.local", "a.b.LAN.",
                                         "localhost.localdomain" };
    static const char *const others[] = { "a.example", "alan", "a.locals", "", "[192" };
    for (size_t i = 0; i < G_N_ELEMENTS(local); i++) {
        assert_true(host_is_local(S(local[i])));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        /* "alan" is a single label */
        assert_int_equal(i == 1, host_is_local(S(others[i])));
    }
}

static void test_made_of_ip(void **state)
{
    (void)state;
    static const struct {
        const char *name, *ip;
        bool is_made;
    } cases[] = {
        { "h203-0-113-66.pool.example", "203.0.113.66", true },
        { "66.113.0.203.pool.example", "203.0.113.66", true },
        { "203.000.113.066.pool.example", "203.0.113.66", true },
        { "dsl-113-66.pool.example", "203.0.113.66", true },
        { "cb007142.pool.example", "203.0.113.66", true },
        { "CB007142.pool.example", "203.0.113.66", true },
        { "mx66.remote.example", "203.0.113.66", false },
        { "mx1.remote.example", "203.0.113.66", false },
        { "mx.remote.example", "203.0.113.66", false },
        { "mx2.remote.example", "2001:db8::2", false },
        { "mx.remote.example", "", false },
        { "", "203.0.113.66", false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (host_is_made_of_ip(S(cases[i].name), S(cases[i].ip)) != cases[i].is_made) {
            fail_msg("%s of %s", cases[i].name, cases[i].ip);
        }
    }
}

static void check_bare(const char *name, const char *expected)
{
    span bare = host_without_brackets(S(name));
    assert_true(span_equal(bare, S(expected)));
}

static void test_brackets(void **state)
{
    (void)state;
    check_bare("[192.0.2.1]", "192.0.2.1");
    check_bare("[IPv6:2001:db8::1]", "2001:db8::1");
    check_bare("[192.0.2.1", "192.0.2.1");
    check_bare("mx.example", "mx.example");
    check_bare("", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clear),          cmocka_unit_test(test_verified_names),
        cmocka_unit_test(test_seen_addresses), cmocka_unit_test(test_logged_in),
        cmocka_unit_test(test_beside),         cmocka_unit_test(test_local),
        cmocka_unit_test(test_made_of_ip),     cmocka_unit_test(test_brackets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
