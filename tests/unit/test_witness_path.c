/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The witness of the way: whom the reporting side had the mail from, and who can only say so. */
#include "witness/witness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "witness_fixture.h"

/* One Received field. */
#define R(text) "Received: " text "; " MAIL_DATE "\n"
#define OURS "from out.our.example (out.our.example [192.0.2.5])"
#define SPAMMER "from out.our.example (dial.isp.example [203.0.113.66])"

typedef struct path_case {
    const char *hops;
    const char *expected;
} path_case;

/* Hosts 192.0.2.0/28 and mx.our.example of ours, relay.provider.example and 198.51.100.9 shared. */
static scene path_scene(void)
{
    scene s = scene_new();
    static const struct {
        const char *host;
        bool is_shared;
    } hosts[] = { { "192.0.2.0/28", false },
                  { "mx.our.example", false },
                  { "relay.provider.example", true },
                  { "198.51.100.9", true } };
    for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
        assert_int_equal(BACKSTOP_OK, backstop_site_add_outbound_host(s.site, hosts[i].host,
                                                                      hosts[i].is_shared, NULL));
    }
    return s;
}

static void check_paths(const scene *s, const path_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_autofree char *header = g_strconcat(cases[i].hops, MAIL_FIELDS, NULL);
        EXPECT(s, "path", PARTS(.header = header), cases[i].expected, NULL);
    }
}

#define CHECK_PATHS(cases)                                                                         \
    do {                                                                                           \
        scene s = path_scene();                                                                    \
        check_paths(&s, cases, G_N_ELEMENTS(cases));                                               \
        scene_free(&s);                                                                            \
    } while (0)

static void test_handed_over_by_us(void **state)
{
    (void)state;
    static const path_case cases[] = {
        { R(OURS " by mx.remote.example with ESMTP id 1"), "genuine likely" },
        { R("from helo.example (unknown [192.0.2.15]) by mx.remote.example"), "genuine likely" },
        { R("from helo.example (unknown [192.0.2.16]) by mx.remote.example"), "forged likely" },
        { R("from helo.example (unknown [IPv6:::ffff:192.0.2.5]) by mx.remote.example"),
          "genuine likely" },
        /* by a looked-up name alone */
        { R("from x (mx.our.example [203.0.113.7]) by mx.remote.example (Postfix)"),
          "genuine likely" },
        /* Exim, with and without helo= */
        { R("from mx.our.example ([203.0.113.7] helo=x)\n\tby mx.remote.example with esmtps (Exim "
            "4.96)"),
          "genuine likely" },
        { R("from mx.our.example ([203.0.113.7])\n\tby mx.remote.example with esmtps (Exim 4.96)"),
          "genuine likely" },
        /* our own fields below */
        { R(OURS " by mx.remote.example") R("by out.our.example (Postfix, from userid 1000) id 2"),
          "genuine likely" },
        { R(OURS " by mx.remote.example")
              R("from pc (unknown [203.0.113.9]) by out.our.example with ESMTPSA id 3"),
          "genuine likely" },
        { R(OURS " by mx.remote.example") R("from pc (unknown [10.1.2.3]) by out.our.example"),
          "genuine likely" },
        { R(OURS " by mx.remote.example")
              R("from localhost (localhost [127.0.0.1]) by out.our.example")
                  R("from pc.our.example (pc.our.example [203.0.113.80]) by out.our.example"),
          "genuine likely" },
        { R(OURS " by mx.remote.example") R("from 203.0.113.9 by webmail.our.example with HTTP"),
          "genuine likely" },
        { R(OURS " by mx.remote.example") R("from x (x [203.0.113.9]) by elsewhere.example"),
          "genuine likely" },
    };
    CHECK_PATHS(cases);
}

/* Hosts of providers, and mail of strangers that goes on through us. */
static void test_handed_over_weakly(void **state)
{
    (void)state;
    static const path_case cases[] = {
        { R("from x (relay.provider.example [203.0.113.7]) by mx.remote.example"), "genuine hint" },
        { R("from x (unknown [198.51.100.9]) by mx.remote.example"), "genuine hint" },
        { R(OURS " by mx.remote.example")
              R("from x (unknown [203.0.113.66]) by out.our.example with ESMTP"),
          "genuine hint" },
        { R(OURS " by mx.remote.example")
              R("from localhost (localhost [127.0.0.1]) by out.our.example")
                  R("from x (spam.example [203.0.113.66]) by mx.our.example with ESMTP"),
          "genuine hint" },
    };
    CHECK_PATHS(cases);
}

/* Hops inside the reporting side are passed. */
static void test_inside_the_reporting_side(void **state)
{
    (void)state;
    static const path_case cases[] = {
        { R("by store.remote.example with LMTP id 1") R(OURS " by mx.remote.example"),
          "genuine likely" },
        { R("from filter (localhost [127.0.0.1]) by mx.remote.example with ESMTP")
              R(OURS " by mx.remote.example with ESMTP"),
          "genuine likely" },
        { R("from mx.remote.example (mx.remote.example [10.0.0.7]) by store.remote.example")
              R(OURS " by mx.remote.example"),
          "genuine likely" },
        { R("from mx1.remote.example (mx1.remote.example [203.0.113.40]) by store.remote.example")
              R(OURS " by mx1.remote.example"),
          "genuine likely" },
        { R("from x (unknown [10.0.0.7]) by mx.remote.example") R(OURS " by edge01"),
          "genuine likely" },
        { R("from x (unknown [10.0.0.7]) by mx.remote.example") R(OURS " by edge01.corp.local"),
          "genuine likely" },
        /* qmail */
        { R("(qmail 123 invoked from network)")
              R("from unknown (HELO out.our.example) (192.0.2.5) by mx.remote.example with SMTP"),
          "genuine likely" },
        { R("from mx.remote.example by store.remote.example (8.9.3)")
              R(OURS " by mx.remote.example"),
          "genuine hint" },
        { R("from EDGE01 by store.remote.example with ESMTP") R(OURS " by edge01"),
          "genuine hint" },
        /* somebody else's names */
        { R("from mx.forward.example (mx.forward.example [203.0.113.40]) by mx.remote.example")
              R(OURS " by mx.forward.example"),
          "" },
        /* he may have had it from us */
        { R("from x (unknown [10.0.0.7]) by mx.remote.example") R(OURS " by mx.forward.example"),
          "genuine hint" },
        { R("from mx.forward.example by mx.remote.example") R(OURS " by mx.forward.example"),
          "genuine hint" },
    };
    CHECK_PATHS(cases);
}

/* All that a spammer can write is below the hop that shows where he came from, or in his HELO. */
static void test_forged_fields(void **state)
{
    (void)state;
    static const path_case cases[] = {
        /* HELO */
        { R("from mx.our.example (unknown [203.0.113.66]) by mx.remote.example"), "" },
        { R("from mx.our.example ([203.0.113.66]) by mx.remote.example"), "" },
        { R("from [192.0.2.5] (unknown [203.0.113.66]) by mx.remote.example"), "" },
        { R("from unknown (HELO mx.our.example) (203.0.113.66) by mx.remote.example"), "" },
        { R("from dial.example ([203.0.113.66] helo=mx.our.example) by mx.remote.example with "
            "esmtp (Exim 4.96)"),
          "" },
        { R("from dial.example ([203.0.113.66] helo=[192.0.2.5]) by mx.remote.example with esmtp "
            "(Exim 4.96)"),
          "" },
        /* where nobody saw the address, it may be true */
        { R("from mx.our.example by mx.remote.example"), "genuine hint" },
        { R("from [192.0.2.5] by mx.remote.example"), "genuine hint" },
        { R("from [203.0.113.66] by mx.remote.example"), "" },
        { R("from [192.0.2.5] by mx.our.example"), "genuine hint" },
        /* names that nobody looked up and back */
        { R("from x (mx.our.example [203.0.113.66] (may be forged)) by mx.remote.example"), "" },
        { R("from mx.our.example (HELO x) (203.0.113.66) by mx.remote.example with SMTP"), "" },
        /* fields below */
        { R(SPAMMER " by mx.remote.example") R(OURS " by mx.remote.example with ESMTP"), "" },
        { R("from dial.isp.example (dial.isp.example [203.0.113.66]) by mx.remote.example")
              R(OURS " by dial.isp.example"),
          "" },
        /* fields within the HELO, as servers have written it that do not look at it */
        { R("from x (mx.our.example [192.0.2.5]) (unknown [203.0.113.66]) by mx.remote.example"),
          "" },
        { R("from x ([192.0.2.5]) ([203.0.113.66]) by mx.remote.example"), "" },
        { R("from x by mx.our.example with ESMTPSA (unknown [203.0.113.66]) by mx.remote.example"),
          "" },
        { R("from x (unknown [10.0.0.7]) by mx.remote.example")
              R("from x (mx.our.example [192.0.2.5]) (unknown [203.0.113.66]) by "
                "edge.remote.example") R(OURS " by mx.gateway.example"),
          "" },
        /* a customer of the reporting provider, named after his address */
        { R("from x (h-203-0-113-66.isp.example [203.0.113.66]) by mx.isp.example")
              R(OURS " by h-203-0-113-66.isp.example"),
          "" },
        { R("from x (cb007142.isp.example [203.0.113.66]) by mx.isp.example")
              R(OURS " by mx.isp.example"),
          "" },
        { R("from x (66.113.isp.example [203.0.113.66]) by mx.isp.example")
              R(OURS " by mx.isp.example"),
          "" },
        /* under a registry's name, nobody is beside anybody */
        { R("from x (evil.co.uk [203.0.113.66]) by remote.co.uk") R(OURS " by mx.remote.co.uk"),
          "" },
        { R("from x (evil.example [203.0.113.66]) by remote.example") R(OURS " by remote.example"),
          "" },
    };
    CHECK_PATHS(cases);
}

static void test_none_of_ours(void **state)
{
    (void)state;
    static const path_case cases[] = {
        { R("from x (dial.isp.example [203.0.113.66]) by mx.remote.example"), "forged likely" },
        { R("from x (unknown [203.0.113.66]) by mx.remote.example")
              R("from a (a [198.51.100.1]) by b.example"),
          "forged likely" },
        { R("from mx.remote.example (mx.remote.example [10.0.0.7]) by store.remote.example")
              R("from x (unknown [203.0.113.66]) by mx.remote.example"),
          "forged likely" },
        /* our domain's name in a HELO is no host of ours */
        { R("from our.example (unknown [203.0.113.66]) by mx.remote.example"), "forged likely" },
        { R("from mail.our.example (unknown [203.0.113.66]) by mx.remote.example"),
          "forged likely" },
        /* anywhere, true or not */
        { R("from x (unknown [203.0.113.66]) by mx.remote.example")
              R("from y (y [203.0.113.1]) by mx.our.example"),
          "" },
        { R("from x (unknown [203.0.113.66]) by mx.remote.example")
              R("from y (y [192.0.2.9]) by z.example"),
          "" },
        { R("from x (unknown [203.0.113.66]) by mx.remote.example")
              R("from y (mx.our.example [203.0.113.1]) by z.example"),
          "" },
        /* a host that nobody named, but with our name */
        { R("from x (new.our.example [203.0.113.66]) by mx.remote.example"), "" },
        /* who handed it in is not said */
        { R("from x by mx.remote.example"), "" },
        { R("by mx.remote.example (Postfix, from userid 33) id 1"), "" },
        { R("from x (unknown [10.0.0.66]) by mx.remote.example"), "" },
        { R("from x (unknown [203.0.113.66]) by mx.remote.example with ESMTPSA"), "" },
    };
    CHECK_PATHS(cases);
}

/* Who gave the mail to the reporting side is not said: a host of ours below may be true. Where a
 * stranger was seen to hand it in, one proves nothing, though he may have forwarded our mail. Names
 * below our domain that are none of our hosts do not hide him. */
static void test_hosts_named_below(void **state)
{
    (void)state;
    static const path_case cases[] = {
        /* a gateway that says nothing of its client, and one whose words cannot be read */
        { R("from gateway by mx.remote.example with ESMTP") R(OURS " by mx.gateway.example"),
          "genuine hint" },
        { R("from x (unknown [10.0.0.7]) by mx.remote.example")
              R("from mx.our.example by mx.gateway.example"),
          "genuine hint" },
        { R("from x (unknown [10.0.0.7]) by mx.remote.example")
              R("from pc by mx.our.example with ESMTPSA"),
          "genuine hint" },
        { R(SPAMMER " by mx.remote.example with ESMTPSA") R(OURS " by mx.remote.example"),
          "genuine hint" },
        { R("from gateway by mx.remote.example with ESMTP")
              R("from x (x [203.0.113.7]) by mx.gateway.example"),
          "" },
        /* a stranger was seen */
        { R("from x (unknown [203.0.113.66]) by mx.remote.example")
              R(OURS " by mx.gateway.example"),
          "" },
        { R("from x (unknown [203.0.113.66]) by mx.remote.example")
              R("from pc by mx.our.example with ESMTPSA"),
          "" },
        { R("from x (unknown [203.0.113.66]) by mx.remote.example")
              R("from pc (pc [10.1.2.3]) by www.our.example with ESMTPSA"),
          "forged likely" },
        { R("from x (unknown [203.0.113.66]) by mx.remote.example")
              R("from our.example (unknown [203.0.113.7]) by mail.our.example"),
          "forged likely" },
    };
    CHECK_PATHS(cases);
    /* who named no hosts knows none */
    scene s = scene_new();
    EXPECT(&s, "path",
           PARTS(.header = R("from x by mx.remote.example") R(OURS " by x.example") MAIL_FIELDS),
           "", NULL);
    scene_free(&s);
}

/* Our own host gave the mail up, or refused to. */
static void test_reported_by_us(void **state)
{
    (void)state;
    static const path_case cases[] = {
        { R("by mx.our.example (Postfix, from userid 1000) id 1"), "genuine likely" },
        { R("from pc (unknown [10.0.0.5]) by mx.our.example with ESMTP"), "genuine likely" },
        { R("from pc (unknown [203.0.113.5]) by mx.our.example with ESMTPSA"), "genuine likely" },
        { R("from localhost (localhost [127.0.0.1]) by mx.our.example")
              R("from pc (unknown [203.0.113.5]) by mx.our.example with esmtpsa (Exim 4.96)"),
          "genuine likely" },
        { R("from out.our.example (out.our.example [192.0.2.5]) by mx.our.example")
              R("by out.our.example (Postfix, from userid 1000)"),
          "genuine likely" },
        /* a stranger's, taken in and then not delivered */
        { R("from x (unknown [203.0.113.66]) by mx.our.example with ESMTP"), "" },
        { R("from localhost (localhost [127.0.0.1]) by mx.our.example")
              R("from x (unknown [203.0.113.66]) by mx.our.example with ESMTP"),
          "" },
        { R("from x (unknown [192.0.2.5]) by mx.our.example")
              R("from x (unknown [203.0.113.66]) by out.our.example with ESMTP")
                  R("from y (y [203.0.113.1]) by z.example with ESMTPSA"),
          "" },
        { R("from mx.our.example by mx.our.example with ESMTP"), "genuine hint" },
        { R("by mx.our.example (Postfix, from userid 1000) id 1") "Received: (nobody knows)\n",
          "genuine hint" },
        /* one that nobody named */
        { R("by new.our.example (Postfix, from userid 1000) id 1"), "genuine hint" },
        { R("from pc (unknown [203.0.113.5]) by new.our.example with ESMTPSA"), "genuine hint" },
        { R("from x (unknown [203.0.113.66]) by new.our.example with ESMTP"), "" },
        /* a provider's */
        { R("from pc (unknown [203.0.113.5]) by relay.provider.example with ESMTPSA"),
          "genuine hint" },
    };
    CHECK_PATHS(cases);
}

static void test_internal_network(void **state)
{
    (void)state;
    scene s = path_scene();
    assert_int_equal(BACKSTOP_OK,
                     backstop_site_add_internal_network(s.site, "203.0.113.0/26", NULL));
    static const path_case cases[] = {
        { R("from pc (unknown [203.0.113.5]) by mx.our.example with ESMTP"), "genuine likely" },
        { R("from pc (unknown [203.0.113.66]) by mx.our.example with ESMTP"), "" },
        { R(OURS " by mx.remote.example") R("from pc (pc [203.0.113.5]) by out.our.example"),
          "genuine likely" },
        { R("from pc (unknown [203.0.113.5]) by mx.remote.example"), "" },
        { R("from pc (unknown [203.0.113.5]) by mx.remote.example") R(OURS " by mx.remote.example"),
          "" },
    };
    check_paths(&s, cases, G_N_ELEMENTS(cases));
    scene_free(&s);
}

/* What absence needs, one thing taken away at a time. */
static void test_absence_silenced(void **state)
{
    (void)state;
#define STRANGE R("from x (unknown [203.0.113.66]) by mx.remote.example")
    scene s = path_scene();
    EXPECT(&s, "path", PARTS(.header = STRANGE MAIL_FIELDS), "forged likely", "203.0.113.66");
    EXPECT(&s, "path", PARTS(.header = STRANGE "From: alice@our.example\n"), "", NULL);
    EXPECT(&s, "path", PARTS(.header = MAIL_FIELDS STRANGE), "", NULL);
    EXPECT(&s, "path",
           PARTS(.header = STRANGE MAIL_FIELDS, .to = "SRS0=ab=cd=x.example=y@our.example"), "",
           NULL);
    EXPECT(&s, "path", PARTS(.header = STRANGE MAIL_FIELDS, .to = "list-bounces@our.example"), "",
           NULL);
    EXPECT(
        &s, "path",
        PARTS(.header = "Return-Path: <SRS0=ab=cd=x.example=y@our.example>\n" STRANGE MAIL_FIELDS),
        "", NULL);
    EXPECT(
        &s, "path",
        PARTS(.header = STRANGE MAIL_FIELDS, .report = "X-Postfix-Sender: rfc822; x@our.example\n"),
        "forged likely", NULL);
    /* nobody of ours is named */
    EXPECT(&s, "path",
           PARTS(.header = STRANGE "From: a@b.example\nDate: " MAIL_DATE
                                   "\nMessage-ID: <1@x>\nX-Mailer: y\n",
                 .to = "c@d.example"),
           "", NULL);
    /* a report of our own host, though the header looks like a stranger's */
    g_autofree char *text = notice_text(PARTS(.header = STRANGE MAIL_FIELDS));
    char *mta = strstr(text, "dns; mx.remote.example");
    memcpy(mta, "dns; new.our.example. ", strlen("dns; mx.remote.example"));
    EXPECT_TEXT(&s, "path", text, "", NULL);
    backstop_site_set_unknown_exits(s.site, true);
    EXPECT(&s, "path", PARTS(.header = STRANGE MAIL_FIELDS), "", NULL);
    scene_free(&s);
    s = scene_new();
    EXPECT(&s, "path", PARTS(.header = STRANGE MAIL_FIELDS), "", NULL);
    EXPECT(&s, "path", PARTS(.header = MAIL_HEADER), "", NULL);
    scene_free(&s);
}

/* A clock that is wrong by more than a day makes the time of the mail unknown. */
static void test_time_of_absence(void **state)
{
    (void)state;
    scene s = path_scene();
    notice_parts parts = { .header = STRANGE MAIL_FIELDS };
    s.now_sec = MAIL_SEC - HEARING_CLOCK_SKEW_SEC;
    EXPECT(&s, "path", parts, "forged likely", NULL);
    s.now_sec--;
    EXPECT(&s, "path", parts, "", NULL);
    parts.arrival = "";
    EXPECT(&s, "path", parts, "", NULL);
    s.now_sec++;
    EXPECT(&s, "path", parts, "forged likely", NULL);
    scene_free(&s);
}

/* What stands in the header before the trace fields, the sender wrote; so he wrote those, too. */
static void test_trace_is_not_on_top(void **state)
{
    (void)state;
    scene s = path_scene();
    EXPECT(&s, "path", PARTS(.header = "X-Filter: passed\n" HOP_FIELD MAIL_FIELDS),
           "genuine likely", NULL);
    EXPECT(&s, "path", PARTS(.header = "Subject: x\n" HOP_FIELD MAIL_FIELDS), "", NULL);
    EXPECT(&s, "path", PARTS(.header = HOP_FIELD "Subject: x\n"), "genuine likely", NULL);
    /* what cannot be read is no way */
    EXPECT(&s, "path", PARTS(.header = "Received: (nobody knows)\n" HOP_FIELD MAIL_FIELDS), "",
           NULL);
    scene_free(&s);
}

/* Nothing is missed that would not be known if it were there. */
static void test_hosts_that_could_not_be_known(void **state)
{
    (void)state;
    static const struct {
        const char *host, *hops, *expected;
    } cases[] = {
        /* hosts have IPv6 as well, whether somebody thought of it or not */
        { "192.0.2.0/28", R("from x (x.example [2001:db8::66]) by mx.remote.example"), "" },
        { "192.0.2.0/28", R("from x (unknown [203.0.113.66]) by mx.remote.example"),
          "forged likely" },
        { "2001:db8:1::/48", R("from x (x.example [2001:db8::66]) by mx.remote.example"),
          "forged likely" },
        { "2001:db8:1::/48", R("from x (unknown [203.0.113.66]) by mx.remote.example"), "" },
        /* hosts known by name: the names that are looked up may be a provider's */
        { "mx.our.example", R("from x (unknown [203.0.113.66]) by mx.remote.example"), "" },
        { "mx.our.example", R("from x (x.example [203.0.113.66]) by mx.remote.example"), "" },
        { "mx.our.example", R("from x (x.example [203.0.113.66] (may be forged)) by mx.r.example"),
          "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        scene s = scene_new();
        assert_int_equal(BACKSTOP_OK,
                         backstop_site_add_outbound_host(s.site, cases[i].host, false, NULL));
        g_autofree char *header = g_strconcat(cases[i].hops, MAIL_FIELDS, NULL);
        EXPECT(&s, "path", PARTS(.header = header), cases[i].expected, NULL);
        scene_free(&s);
    }
}

/* Every hop passes for one inside, and the fields are more than are read. */
static void test_long_chains(void **state)
{
    (void)state;
    scene s = path_scene();
    g_autoptr(GString) header = g_string_new(NULL);
    for (unsigned i = 0; i < 99; i++) {
        g_string_append(header, R("from x (x [10.0.0.1]) by mx.remote.example"));
    }
    g_autofree char *last =
        g_strconcat(header->str, R(OURS " by mx.remote.example"), MAIL_FIELDS, NULL);
    EXPECT(&s, "path", PARTS(.header = last), "genuine likely", NULL);
    g_string_append(header, R("from x (x [10.0.0.1]) by mx.remote.example"));
    g_autofree char *cut =
        g_strconcat(header->str, R(OURS " by mx.remote.example"), MAIL_FIELDS, NULL);
    EXPECT(&s, "path", PARTS(.header = cut), "", NULL);
    g_autofree char *strange =
        g_strconcat(STRANGE, header->str, R(OURS " by x"), MAIL_FIELDS, NULL);
    EXPECT(&s, "path", PARTS(.header = strange), "", NULL);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handed_over_by_us),
        cmocka_unit_test(test_handed_over_weakly),
        cmocka_unit_test(test_inside_the_reporting_side),
        cmocka_unit_test(test_forged_fields),
        cmocka_unit_test(test_none_of_ours),
        cmocka_unit_test(test_hosts_named_below),
        cmocka_unit_test(test_reported_by_us),
        cmocka_unit_test(test_internal_network),
        cmocka_unit_test(test_absence_silenced),
        cmocka_unit_test(test_time_of_absence),
        cmocka_unit_test(test_trace_is_not_on_top),
        cmocka_unit_test(test_hosts_that_could_not_be_known),
        cmocka_unit_test(test_long_chains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
