/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Received fields as the servers of the world write them. */
#include "message/received.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <glib.h>

/* `expected`: from, rdns, ip, by, with, id, recipient, each behind a "|"; NULL if it is no hop. */
typedef struct received_case {
    const char *value;
    const char *expected;
} received_case;

#define DATE "; Mon, 23 Nov 2026 20:24:50 +0100 (CET)"
enum { DATE_SEC = 1795461890 };

static char *describe(span value)
{
    received r;
    if (!received_read(value, &r)) {
        return NULL;
    }
    return g_strdup_printf("%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|%.*s", SPAN_ARG(r.from),
                           SPAN_ARG(r.from_rdns), SPAN_ARG(r.ip), SPAN_ARG(r.by), SPAN_ARG(r.with),
                           SPAN_ARG(r.id), SPAN_ARG(r.recipient));
}

static void check_cases(const received_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        span value = span_from_string(cases[i].value);
        received r;
        g_autofree char *text = describe(value);
        if (g_strcmp0(text, cases[i].expected) != 0) {
            fail_msg("\"%s\":\n got %s\nwant %s", cases[i].value, text, cases[i].expected);
        }
        bool dated = strstr(cases[i].value, ":24:50") != NULL;
        received_read(value, &r);
        if (r.has_date != dated || r.date_sec != (dated ? DATE_SEC : 0)) {
            fail_msg("\"%s\": date %ld", cases[i].value, (long)r.date_sec);
        }
    }
}

#define CHECK_CASES(cases) check_cases(cases, G_N_ELEMENTS(cases))

static void test_unix_servers(void **state)
{
    (void)state;
    static const received_case cases[] = {
        /* Sendmail */
        { "from helo.example (rdns.example [192.0.2.1])\r\n\tby mx.example.org (8.17.1/8.17.1) "
          "with ESMTP "
          "id 2ANKOo1\r\n\tfor <user@example.org>" DATE,
          "helo.example|rdns.example|192.0.2.1|mx.example.org|ESMTP|2ANKOo1|user@example.org" },
        { "from helo.example (rdns.example [192.0.2.1] (may be forged)) by mx.example.org" DATE,
          "helo.example|rdns.example|192.0.2.1|mx.example.org|||" },
        { "from helo.example (IDENT:who@rdns.example [192.0.2.1]) by mx.example.org" DATE,
          "helo.example|rdns.example|192.0.2.1|mx.example.org|||" },
        { "from helo.example ([192.0.2.1]) by mx.example.org (8.9.3/8.9.3) with SMTP" DATE,
          "helo.example||192.0.2.1|mx.example.org|SMTP||" },
        { "(from root@localhost) by mx.example.org (8.9.3/8.9.3) id UAA01" DATE,
          "|||mx.example.org||UAA01|" },
        { "from helo.example(rdns.example[192.0.2.1]) by mx.example.org" DATE,
          "helo.example|rdns.example|192.0.2.1|mx.example.org|||" },
        /* Postfix */
        { "from helo.example (unknown [192.0.2.1])\n by mx.example.org (Postfix) with ESMTPS id "
          "4Xy "
          "for <user@example.org>" DATE,
          "helo.example||192.0.2.1|mx.example.org|ESMTPS|4Xy|user@example.org" },
        { "from helo.example (rdns.example [IPv6:2001:db8::1]) (using TLSv1.3 with cipher X "
          "(256/256 "
          "bits)) (No client certificate requested) by mx.example.org (Postfix) with ESMTPS id "
          "4Xy" DATE,
          "helo.example|rdns.example|2001:db8::1|mx.example.org|ESMTPS|4Xy|" },
        { "by mx.example.org (Postfix, from userid 0)\n\tid 4Xy" DATE, "|||mx.example.org||4Xy|" },
        { "from localhost (localhost [127.0.0.1]:10025) by mx.example.org (Postfix) with LMTP" DATE,
          "localhost|localhost|127.0.0.1|mx.example.org|LMTP||" },
        { "from [198.51.100.9] (rdns.example [192.0.2.1]) by mx.example.org (Postfix)" DATE,
          "[198.51.100.9]|rdns.example|192.0.2.1|mx.example.org|||" },
        /* Exim */
        { "from [192.0.2.1] (helo=helo.example)\n\tby mx.example.org with esmtp (Exim 4.96)\n\t"
          "(envelope-from <a@example.net>)\n\tid 1abc-00\n\tfor user@example.org" DATE,
          "helo.example||192.0.2.1|mx.example.org|esmtp|1abc-00|user@example.org" },
        { "from rdns.example ([192.0.2.1] helo=helo.example) by mx.example.org with smtp (Exim "
          "3.35 #1 "
          "(Debian)) id 1abc-00" DATE,
          "helo.example|rdns.example|192.0.2.1|mx.example.org|smtp|1abc-00|" },
        { "from rdns.example ([192.0.2.1]:4321 helo=[10.0.0.1] ident=x) by mx.example.org" DATE,
          "[10.0.0.1]|rdns.example|192.0.2.1|mx.example.org|||" },
        { "from rdns.example ([192.0.2.1]) by mx.example.org with esmtps (TLS1.3) tls X (Exim "
          "4.96) id 1" DATE,
          "rdns.example||192.0.2.1|mx.example.org|esmtps|1|" },
        { "from rdns.example ([192.0.2.1]) by mx.example.org with esmtp (Exim 4.96) id 1" DATE,
          "rdns.example|rdns.example|192.0.2.1|mx.example.org|esmtp|1|" },
        { "from [192.0.2.1] (port=123 helo=helo.example) by mx.example.org with esmtpa" DATE,
          "helo.example||192.0.2.1|mx.example.org|esmtpa||" },
        { "from user by mx.example.org with local (Exim 4.96) (envelope-from <u@example.org>) id "
          "1" DATE,
          "user|||mx.example.org|local|1|" },
        /* qmail */
        { "from unknown (HELO helo.example) (192.0.2.1)\n  by mx.example.org with SMTP" DATE,
          "helo.example||192.0.2.1|mx.example.org|SMTP||" },
        { "from rdns.example (HELO helo.example) (who@192.0.2.1)\n  by mx.example.org with "
          "SMTP" DATE,
          "helo.example|rdns.example|192.0.2.1|mx.example.org|SMTP||" },
        { "from by (unknown [203.0.113.66]) by mx.example.org (Postfix) with ESMTP id 4A" DATE,
          "by||203.0.113.66|mx.example.org|ESMTP|4A|" },
        { "from for by mx.example.org with SMTP" DATE, "for|||mx.example.org|SMTP||" },
        { "from by mx.example.org with SMTP" DATE, "|||mx.example.org|SMTP||" },
        /* what the client answers when it is asked who it is */
        { "from unknown (HELO x) (192.0.2.10:25@203.0.113.66) by mx.example.org with SMTP" DATE,
          "x||203.0.113.66|mx.example.org|SMTP||" },
        { "from unknown (192.0.2.10:25@203.0.113.66) by mx.example.org with SMTP" DATE,
          "||203.0.113.66|mx.example.org|SMTP||" },
        { "from unknown (HELO [10.1.1.1]) (192.0.2.1) by 0 with SMTP" DATE,
          "[10.1.1.1]||192.0.2.1|0|SMTP||" },
        { "from unknown (HELO x (y [10.1.1.1])) (192.0.2.1) by 0 with SMTP" DATE,
          "x||192.0.2.1|0|SMTP||" },
        { "from unknown (192.0.2.1) by mx.example.org with QMQP" DATE,
          "||192.0.2.1|mx.example.org|QMQP||" },
        { "(qmail 123 invoked from network)" DATE, "||||||" },
        { "(qmail 123 invoked by uid 1)" DATE, "||||||" },
        { "(qmail 123 invoked for bounce); 23 Nov 2026 19:24:50 -0000", "||||||" },
        /* Courier, Smail, smap, OpenSMTPD */
        { "from helo.example (rdns.example [::ffff:192.0.2.1])\n  (AUTH: LOGIN u@example.org)\n  "
          "by "
          "mx.example.org with esmtp; Mon, 23 Nov 2026 20:24:50 +0100\n  id 000A.11",
          "helo.example|rdns.example|192.0.2.1|mx.example.org|esmtp|000A.11|" },
        { "from helo.example from [192.0.2.1] by mx.example.org (Smail3.1 #30) with esmtp" DATE,
          "helo.example||192.0.2.1|mx.example.org|esmtp||" },
        { "from helo.example(192.0.2.1) by gw.example.org via smap (V2.0)\n\tid xma1" DATE,
          "helo.example||192.0.2.1|gw.example.org||xma1|" },
        { "from helo.example (rdns.example [192.0.2.1])\n by mx.example.org (OpenSMTPD) with ESMTP "
          "id 1f "
          "for <user@example.org>" DATE,
          "helo.example|rdns.example|192.0.2.1|mx.example.org|ESMTP|1f|user@example.org" },
    };
    CHECK_CASES(cases);
}

static void test_other_servers(void **state)
{
    (void)state;
    static const received_case cases[] = {
        /* Exchange */
        { "from ex1.example (192.0.2.1) by ex2.example (198.51.100.1) with Microsoft SMTP Server "
          "(TLS) "
          "id 15.0.1.2" DATE,
          "ex1.example||192.0.2.1|ex2.example|Microsoft SMTP Server|15.0.1.2|" },
        { "from A.outlook.example (2001:db8:1:2::3) by B.outlook.example (2001:db8::2) with "
          "Microsoft "
          "SMTP Server (version=TLS1_2, cipher=X) id 15.20.1.2" DATE,
          "A.outlook.example||2001:db8:1:2::3|B.outlook.example|Microsoft SMTP Server|15.20.1.2|" },
        { "from A ([fe80::1:2%12]) by B ([fe80::1%3]) with mapi id 15.0.1" DATE,
          "A||fe80::1:2|B|mapi|15.0.1|" },
        { "from helo.example ([192.0.2.1]) by x.example over TLS secured channel with Microsoft "
          "SMTPSVC(6.0.3790.1830)" DATE,
          "helo.example||192.0.2.1|x.example|Microsoft SMTPSVC||" },
        { "from mail pickup service by x.example with Microsoft SMTPSVC" DATE,
          "|||x.example|Microsoft SMTPSVC||" },
        /* Gmail, Yahoo */
        { "by 10.1.1.1 with SMTP id a1mr1" DATE, "|||10.1.1.1|SMTP|a1mr1|" },
        { "from mail.example (mail.example. [192.0.2.1])\r\n        by mx.google.example with "
          "ESMTPS id "
          "x1si1\r\n        for <user@example.org>\r\n        (version=TLS1_3)" DATE,
          "mail.example|mail.example|192.0.2.1|mx.google.example|ESMTPS|x1si1|user@example.org" },
        { "from [192.0.2.1] by web1.mail.example via HTTP" DATE,
          "[192.0.2.1]||192.0.2.1|web1.mail.example|||" },
        /* Domino, GroupWise and IMail, MDaemon, CommuniGate, NetMail */
        { "from helo.example ([192.0.2.1])\n by dom.example (Lotus Domino Release 8.5.3)\n with "
          "ESMTP id "
          "2026112320245000-123" DATE,
          "helo.example||192.0.2.1|dom.example|ESMTP|2026112320245000-123|" },
        { "from helo.example [192.0.2.1] by mx.example.org with ESMTP\n  (SMTPD32-7.07) id A1" DATE,
          "helo.example||192.0.2.1|mx.example.org|ESMTP|A1|" },
        { "from helo.example ([192.0.2.1])\n by mx.example.org (MDaemon PRO v10.0)\n with ESMTP id "
          "md500.msg\n for <user@example.org>" DATE,
          "helo.example||192.0.2.1|mx.example.org|ESMTP|md500.msg|user@example.org" },
        { "from [192.0.2.1] (account u@example.org HELO helo.example) by mx.example.org with "
          "ESMTPSA" DATE,
          "helo.example||192.0.2.1|mx.example.org|ESMTPSA||" },
        { "from helo.example u@smtp.example [192.0.2.1] by smtp.example with NetMail" DATE,
          "helo.example||192.0.2.1|smtp.example|NetMail||" },
        { "from helo.example - 192.0.2.1 by x.example with Microsoft SMTPSVC(5.5.1775.675.6)" DATE,
          "helo.example||192.0.2.1|x.example|Microsoft SMTPSVC||" },
        /* Bare forms */
        { "from a.example by b.example" DATE, "a.example|||b.example|||" },
        { "from ([192.0.2.1]) by b.example with ESMTP" DATE, "||192.0.2.1|b.example|ESMTP||" },
        { "FROM a.example BY b.example WITH smtp ID 5 FOR <u@example.org>" DATE,
          "a.example|||b.example|smtp|5|u@example.org" },
        { "from a.example by b.example id <5@b.example> for multiple recipients" DATE,
          "a.example|||b.example||5@b.example|" },
        { "from a.example by b.example for user@example.org (list)" DATE,
          "a.example|||b.example|||user@example.org" },
        { "from a.example by b.example (envelope-from a@b) with SMTP" DATE,
          "a.example|||b.example|SMTP||" },
        { "from a.example by b.example with SMTP id 5 Mon, 23 Nov 2026 20:24:50 +0100",
          "a.example|||b.example|SMTP|5|" },
        { "(Scanned by Filter)23 Nov 2026 20:24:50 +0100", "||||||" },
        { "from a.example by b.example" DATE ";", "a.example|||b.example|||" },
        { "from a.example by b.example", "a.example|||b.example|||" },
    };
    CHECK_CASES(cases);
}

static void test_broken_fields(void **state)
{
    (void)state;
    static const received_case cases[] = {
        { "", NULL },
        { "nothing here", NULL },
        { "with SMTP id 5", NULL },
        { "; no date", NULL },
        { "(from a by b)", NULL },
        { "from", NULL },
        { "from by with id for", "by||||||" },
        /* Cut off, as notices return them; the literal is what the client claimed. */
        { "from a.example (rdns.example [192.0.2.1]", "a.example|rdns.example|192.0.2.1||||" },
        { "from [198.51.100.1] (rdns.example [192.0", "[198.51.100.1]||||||" },
        { "from a.example (rdns.exa", "a.example||||||" },
        { "from a.example (x [192.0.2.1] by b.example" DATE, "a.example|x|192.0.2.1|b.example|||" },
        { "from a.example (x [192.0.2.300]) by b.example" DATE, "a.example|||b.example|||" },
        { "from a.example (x [1.2.3]) by b.example" DATE, "a.example|||b.example|||" },
        { "from a.example (x [1.2.3.4.5]) by b.example" DATE, "a.example|||b.example|||" },
        { "from a.example (x [::::]) by b.example" DATE, "a.example|||b.example|||" },
        { "from a.example (8.9.3.1/8.9.3) by b.example" DATE, "a.example|||b.example|||" },
        { "from a.example by b.example (c [192.0.2.1])" DATE, "a.example|||b.example|||" },
        { "from a.example by b.example from [192.0.2.1] by c.example" DATE,
          "a.example|||b.example|||" },
    };
    CHECK_CASES(cases);
    received r;
    assert_true(received_read(SPAN("from a\0by b\0(x\0[192.0.2.1])"), &r));
    assert_true(span_equal(r.from, SPAN("a")));
    assert_true(span_equal(r.by, SPAN("b")));
    assert_false(received_read((span){ NULL, 0 }, &r));
}

static uint64_t time_of(const char *prefix, const char *unit, size_t len)
{
    GString *value = g_string_new(prefix);
    uint64_t best = UINT64_MAX;
    while (value->len < len) {
        g_string_append(value, unit);
    }
    for (int run = 0; run < 7; run++) {
        struct timespec a, b;
        received r;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
        received_read((span){ value->str, len }, &r);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
        int64_t ns = (b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec;
        best = MIN(best, (uint64_t)ns);
    }
    g_string_free(value, TRUE);
    return best;
}

static void test_hostile_values_are_linear(void **state)
{
    (void)state;
    static const char *const units[] = {
        "(",      "((a)",  ")",       ";",      "; 1 Jan 2026 ", "from ",     "by ",
        "[",      "a[",    "(a[",     "(helo ", "(helo=[",       "a@",        "(a@) ",
        "<",      "for <", "with a ", "Mon, ",  "; Mon, ",       "(1.2.3.4 ", "::",
        "\x1b$B", "\"",    "\\(",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        uint64_t half = time_of("from x ", units[i], 32 * 1024);
        uint64_t whole = time_of("from x ", units[i], 64 * 1024);
        if (whole > 3 * half && whole > 10 * 1000 * 1000) {
            fail_msg("\"%s\": %lu ns, twice as long %lu ns", units[i], (unsigned long)half,
                     (unsigned long)whole);
        }
    }
    assert_true(time_of("from x ", "((", 1 << 20) < 100 * 1000 * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unix_servers),
        cmocka_unit_test(test_other_servers),
        cmocka_unit_test(test_broken_fields),
        cmocka_unit_test(test_hostile_values_are_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
