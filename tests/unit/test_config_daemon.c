/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The settings of the daemon in the configuration file, and the rules for domains and addresses. */
#include "app/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_fixture.h"

static void assert_rules(const config_rules *rules, backstop_disposition proven,
                         backstop_disposition likely, backstop_disposition unverified,
                         const char *reply)
{
    assert_int_equal(rules->dispositions.proven, proven);
    assert_int_equal(rules->dispositions.likely, likely);
    assert_int_equal(rules->dispositions.unverified, unverified);
    assert_string_equal(rules->reject_reply, reply);
}

#define STANDARD_REPLY "550 5.7.1 This is a notice about a message that we did not send"

static void test_defaults_of_the_daemon(void **state)
{
    const config *c = load(*state, "[backstop]\n");
    assert_false(c->enforces);
    assert_false(c->enforces_anyway);
    assert_string_equal(c->milter, "unix:/run/backstop/milter.sock");
    assert_string_equal(c->milter_group, "");
    assert_string_equal(c->user, "backstop");
    assert_false(c->tempfails_on_error);
    assert_false(c->logs_to_stderr);
    assert_int_equal(c->outgoing_notices, BACKSTOP_DISPOSITION_DELIVER);
    assert_string_equal(c->quarantine_folder, "/var/lib/backstop/quarantine");
    assert_int_equal(c->history_days, 30);
    const GPtrArray *const lists[] = { c->outgoing_daemons, c->batv_not_to,   c->batv_not_from,
                                       c->always_notices,   c->never_notices, c->refuse_at_data,
                                       c->allow_subject,    c->allow_sender,  c->allow_client,
                                       c->authserv_ids };
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        assert_list(lists[i], "");
    }
    assert_rules(&c->rules, BACKSTOP_DISPOSITION_REJECT, BACKSTOP_DISPOSITION_QUARANTINE,
                 BACKSTOP_DISPOSITION_MARK, STANDARD_REPLY);
    assert_int_equal(c->addresses->len, 0);
}

static void test_settings_of_the_daemon(void **state)
{
    const config *c = load(*state, "[backstop]\n"
                                   "mode = Enforce\n"
                                   "enforce-anyway = yes\n"
                                   "milter = inet6:8891@::1\n"
                                   "milter-group = postfix\n"
                                   "user = mail\n"
                                   "on-error = tempfail\n"
                                   "outgoing-daemons = ORIGINATING\n"
                                   "batv-not-to = @lists.remote.example\n"
                                   "batv-not-from = news@our.example\n"
                                   "outgoing-notices = discard\n"
                                   "authserv-ids = mx.our.example, mx2.our.example\n"
                                   "quarantine-folder = /srv/quarantine\n"
                                   "history-days = 400\n"
                                   "log = stderr\n"
                                   "always-notices = postmaster@our.example\n"
                                   "never-notices = @noreply.our.example\n"
                                   "refuse-at-data = noreply@our.example\n"
                                   "allow-subject = Voicemail *, Scan ?\n"
                                   "allow-sender = pbx@our.example\n"
                                   "allow-client = 192.0.2.1, 2001:db8::/32\n");
    assert_true(c->enforces);
    assert_true(c->enforces_anyway);
    assert_string_equal(c->milter, "inet6:8891@::1");
    assert_string_equal(c->milter_group, "postfix");
    assert_string_equal(c->user, "mail");
    assert_true(c->tempfails_on_error);
    assert_list(c->outgoing_daemons, "ORIGINATING|");
    assert_list(c->batv_not_to, "@lists.remote.example|");
    assert_list(c->batv_not_from, "news@our.example|");
    assert_int_equal(c->outgoing_notices, BACKSTOP_DISPOSITION_DISCARD);
    assert_list(c->authserv_ids, "mx.our.example|mx2.our.example|");
    assert_string_equal(c->quarantine_folder, "/srv/quarantine");
    assert_int_equal(c->history_days, 400);
    assert_true(c->logs_to_stderr);
    assert_list(c->always_notices, "postmaster@our.example|");
    assert_list(c->never_notices, "@noreply.our.example|");
    assert_list(c->refuse_at_data, "noreply@our.example|");
    assert_list(c->allow_subject, "Voicemail *|Scan ?|");
    assert_list(c->allow_sender, "pbx@our.example|");
    assert_list(c->allow_client, "192.0.2.1|2001:db8::/32|");
}

/* Each section has what it sets, and of the rest what the one above it has. */
static void test_rules_are_inherited(void **state)
{
    const config *c = load(*state, "[address alice@OUR.example]\n"
                                   "unverified = quarantine\n"
                                   "[address bob@other.example]\n"
                                   "likely-backscatter = deliver\n"
                                   "[address eve@xn--bcher-kva.example]\n"
                                   "[domain our.example.]\n"
                                   "batv = yes\n"
                                   "proven-backscatter = discard\n"
                                   "[domain b\xc3\xbc"
                                   "cher.example]\n"
                                   "unverified = deliver\n"
                                   "[backstop]\n"
                                   "likely-backscatter = mark\n"
                                   "reject-reply = 451 4.7.1 Later\n");
    static const char reply[] = "451 4.7.1 Later";
    assert_rules(&c->rules, BACKSTOP_DISPOSITION_REJECT, BACKSTOP_DISPOSITION_MARK,
                 BACKSTOP_DISPOSITION_MARK, reply);
    const config_domain *domain = g_ptr_array_index(c->domains, 0);
    assert_true(domain->uses_batv);
    assert_rules(&domain->rules, BACKSTOP_DISPOSITION_DISCARD, BACKSTOP_DISPOSITION_MARK,
                 BACKSTOP_DISPOSITION_MARK, reply);
    const config_address *address = g_ptr_array_index(c->addresses, 0);
    assert_string_equal(address->name, "alice@OUR.example");
    assert_int_equal(address->line, 1);
    assert_rules(&address->rules, BACKSTOP_DISPOSITION_DISCARD, BACKSTOP_DISPOSITION_MARK,
                 BACKSTOP_DISPOSITION_QUARANTINE, reply);
    address = g_ptr_array_index(c->addresses, 1);
    assert_rules(&address->rules, BACKSTOP_DISPOSITION_REJECT, BACKSTOP_DISPOSITION_DELIVER,
                 BACKSTOP_DISPOSITION_MARK, reply);
    address = g_ptr_array_index(c->addresses, 2);
    assert_rules(&address->rules, BACKSTOP_DISPOSITION_REJECT, BACKSTOP_DISPOSITION_MARK,
                 BACKSTOP_DISPOSITION_DELIVER, reply);
}

static void test_bad_values_of_the_daemon(void **state)
{
    assert_errors(
        *state,
        "[backstop]\n"
        "mode = perhaps\n"
        "milter = /run/milter.sock\n"
        "mode = observe\n"
        "on-error = reject\n"
        "outgoing-notices = quarantine\n"
        "likely-backscatter = reject\n"
        "proven-backscatter = bounce\n"
        "user = \n"
        "never-notices = noreply\n"
        "refuse-at-data = @our.example\n"
        "allow-client = 192.0.2.0/24, mx.our.example\n"
        "[domain our.example]\n"
        "unverified = discard\n"
        "mode = observe\n"
        "[address alice@our.example]\n"
        "batv = yes\n"
        "user = mail\n"
        "[address our.example]\n"
        "unverified = reject\n",
        ":2: [backstop] mode: takes observe or enforce, not \"perhaps\"\n"
        ":3: [backstop] milter: takes unix:/PATH, inet:PORT@HOST or inet6:PORT@HOST, not "
        "\"/run/milter.sock\"\n"
        ":4: [backstop] mode: is set twice, first in line 2\n"
        ":5: [backstop] on-error: takes pass or tempfail, not \"reject\"\n"
        ":6: [backstop] outgoing-notices: takes deliver, mark or discard, not "
        "\"quarantine\"\n"
        ":7: [backstop] likely-backscatter: takes deliver, mark or quarantine, not "
        "\"reject\"\n"
        ":8: [backstop] proven-backscatter: takes deliver, mark, quarantine, reject or "
        "discard, not \"bounce\"\n"
        ":9: [backstop] user: takes the name of a user, not \"\"\n"
        ":10: [backstop] never-notices: takes local@domain or @domain, not \"noreply\"\n"
        ":11: [backstop] refuse-at-data: takes local@domain, not \"@our.example\"\n"
        ":12: [backstop] allow-client: takes an IP address, or a network as 192.0.2.0/24, "
        "not \"mx.our.example\"\n"
        ":14: [domain our.example] unverified: takes deliver, mark or quarantine, not "
        "\"discard\"\n"
        ":15: [domain our.example] mode: belongs into [backstop]\n"
        ":17: [address alice@our.example] batv: belongs into a section [domain NAME]\n"
        ":18: [address alice@our.example] user: belongs into [backstop]\n"
        ":19: [address our.example]: \"our.example\" is no address as "
        "alice@our.example\n"
        ":20: [address our.example] unverified: takes deliver, mark or quarantine, not "
        "\"reject\"\n");
}

/* Whether each of the values is taken, each alone in a file. */
static void assert_takes(fixture *f, const char *name, const char *const *values, bool is_taken)
{
    for (size_t i = 0; values[i] != NULL; i++) {
        g_autofree char *text = g_strdup_printf("[backstop]\n%s = %s\n", name, values[i]);
        load_bytes(f, text, strlen(text));
        if ((f->loaded != NULL) != is_taken) {
            fail_msg("%s = %s", name, values[i]);
        }
    }
}

static void test_replies(void **state)
{
    static const char *const good[] = { "550 5.7.1 No", "450 4.7.10 Later, please", "554 5.0.0 x",
                                        "559 5.999.999 (<~>)", NULL };
    static const char *const bad[] = { "",
                                       "550",
                                       "550 ",
                                       "550 No",
                                       "550 5.7.1",
                                       "550 5.7.1 ",
                                       "550 4.7.1 No",
                                       "450 5.7.1 No",
                                       "250 2.0.0 Yes",
                                       "421 4.7.1 No",
                                       "650 6.1.1 x",
                                       "550 5.7 No",
                                       "550 5.7.1x No",
                                       "550 5.7.1.2 No",
                                       "550 5.7.1000 No",
                                       "550-5.7.1 No",
                                       "550 5..1 No",
                                       "550 55.7.1 No",
                                       "550 5.7.1 50 % off",
                                       "550 5.7.1 N\xc3\xb3",
                                       "550 5.7.1 a\x01z",
                                       NULL };
    assert_takes(*state, "reject-reply", good, true);
    assert_takes(*state, "reject-reply", bad, false);
}

static void test_sockets(void **state)
{
    g_autofree char *longest = g_strnfill(106, 'x');
    g_autofree char *fits = g_strconcat("unix:/", longest, NULL);
    g_autofree char *too_long = g_strconcat("unix:/x", longest, NULL);
    const char *const good[] = { "unix:/x",          fits,
                                 "inet:1@127.0.0.1", "inet:65535@mx.our.example",
                                 "inet6:8891@::1",   NULL };
    const char *const bad[] = { "",          "unix:x",       "local:/x",     "inet:8891",
                                "inet:@::1", "inet:0@host",  "inet:65536@h", "inet:8891@",
                                "inet6:x@y", "inet:-1@host", "inet:1 @host", too_long,
                                NULL };
    assert_takes(*state, "milter", good, true);
    assert_takes(*state, "milter", bad, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_defaults_of_the_daemon),
        TEST(test_settings_of_the_daemon),
        TEST(test_rules_are_inherited),
        TEST(test_bad_values_of_the_daemon),
        TEST(test_replies),
        TEST(test_sockets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
