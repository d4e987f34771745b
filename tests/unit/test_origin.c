/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Whether one of our hosts took a mail from a stranger. */
#include <backstop/origin.h>

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define R(text) "Received: " text "; Mon, 23 Nov 2026 20:24:50 +0000\n"
#define FILTER                                                                                     \
    R("from mx.our.example (localhost [127.0.0.1]) by filter.our.example (Postfix) with ESMTP")
#define STRANGER                                                                                   \
    R("from bulk.stranger.example (bulk.stranger.example [203.0.113.99]) by mx.our.example "       \
      "(Postfix) with ESMTP id 4Abc")
#define USER                                                                                       \
    R("from home (dial.isp.example [203.0.113.7]) (Authenticated sender: alice) by "               \
      "mx.our.example (Postfix) with ESMTPSA id 4Abc")

static bool is_from_outside(const char *header)
{
    backstop_message *message;
    backstop_site *site = backstop_site_new();
    g_autofree char *text = g_strconcat(header, "Subject: x\n\n", NULL);
    assert_int_equal(backstop_site_add_internal_network(site, "198.51.100.0/24", NULL),
                     BACKSTOP_OK);
    assert_int_equal(backstop_site_add_outbound_host(site, "192.0.2.25", false, NULL), BACKSTOP_OK);
    assert_int_equal(backstop_site_add_outbound_host(site, "192.0.2.77", true, NULL), BACKSTOP_OK);
    assert_int_equal(backstop_message_read(text, strlen(text), NULL, &message), BACKSTOP_OK);
    bool answer = backstop_message_is_from_outside(message, site);
    backstop_message_free(message);
    backstop_site_free(site);
    return answer;
}

static void test_inside(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "",
        "Received: (qmail 123 invoked by uid 1000)\n",
        R("by mx.our.example (Postfix, from userid 1000) id 4Abc"),
        R("from pc (pc.our.example [198.51.100.7]) by mx.our.example with ESMTP"),
        R("from mx.our.example (mx.our.example [192.0.2.25]) by store.our.example with ESMTP"),
        FILTER,
        USER,
        FILTER USER,
        /* Below a login stands what the user's own program wrote. */
        USER STRANGER,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(headers); i++) {
        assert_false(is_from_outside(headers[i]));
    }
}

static void test_outside(void **state)
{
    (void)state;
    static const char *const headers[] = {
        STRANGER,
        FILTER STRANGER,
        /* What a stranger writes below does not help him. */
        FILTER STRANGER USER,
        FILTER STRANGER R("by mx.our.example (Postfix, from userid 1000) id 4Abc"),
        R("from x (unknown [IPv6:2001:db8::7]) by mx.our.example with ESMTPS"),
        /* What a client calls itself hides him not. */
        FILTER R("from by (unknown [203.0.113.66]) by mx.our.example (Postfix) with ESMTP id 4A"),
        FILTER R("from with (unknown [203.0.113.66]) by mx.our.example (Postfix) with ESMTP"),
        FILTER R("from via (unknown [203.0.113.66]) by mx.our.example (Postfix) with ESMTP"),
        FILTER R("from id (unknown [203.0.113.66]) by mx.our.example (Postfix) with ESMTP"),
        FILTER R("from for (unknown [203.0.113.66]) by mx.our.example (Postfix) with ESMTP"),
        FILTER R("from from (unknown [203.0.113.66]) by mx.our.example (Postfix) with ESMTP"),
        /* The host of others as well, and what stands before a container. */
        R("from relay (relay.isp.example [192.0.2.77]) by mx.our.example with ESMTP") USER,
        R("from pc (unknown [172.17.0.1]) by mx.our.example with ESMTP"),
    };
    for (size_t i = 0; i < G_N_ELEMENTS(headers); i++) {
        assert_true(is_from_outside(headers[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inside),
        cmocka_unit_test(test_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
