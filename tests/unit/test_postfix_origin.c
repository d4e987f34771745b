/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Mail of ours in Postfix's log told from mail that came from outside in our name. */
#include "postfix_log_fixture.h"

static void test_forged_mail_from_outside(void **state)
{
    assert_mails(state, STRANGER MESSAGE_ID SENDER INBOX REMOVED, "");
    assert_int_equal(((fixture *)*state)->counts.from_outside, 1);
    /* A gateway hands it to the server inside. */
    assert_mails(state,
                 STRANGER MESSAGE_ID SENDER TO("smtp", "bob@our.example",
                                               "relay=in[10.0.0.2]:25, status=sent (ok)") "\n",
                 "");
    assert_mails(state,
                 STRANGER MESSAGE_ID SENDER TO("smtp", "bob@our.example",
                                               "relay=none, status=deferred (refused)") "\n",
                 "");
    /* An alias sends it on to a host outside. */
    assert_mails(state,
                 STRANGER MESSAGE_ID SENDER TO(
                     "smtp", "bob@remote.example",
                     "orig_to=<bob@our.example>, relay=r[203.0.113.1]:25, status=sent (ok)") "\n",
                 "");
    add_domain(*state);
    assert_mails(state,
                 STRANGER MESSAGE_ID SENDER TO("smtp", "bob@our.example",
                                               "relay=in[198.51.100.2]:25, status=sent (o)") "\n",
                 "");
}

/* Postfix sends on for its own clients alone, however it knows them. */
static void test_a_client_that_may_send(void **state)
{
    static const char one[] =
        "2026-11-24T08:00:00 <1@our.example> alice@our.example > bob@remote.example\n";
    assert_mails(state, STRANGER MESSAGE_ID SENDER SENT REMOVED, one);
    assert_mails(state, STRANGER MESSAGE_ID SENDER SENT INBOX REMOVED, one);
    static const char nowhere[] = STRANGER MESSAGE_ID SENDER TO(
        "smtp", "x@nowhere.example", "relay=none, status=bounced (not found)") "\n";
    assert_mails(state, nowhere, "");
    add_domain(*state);
    assert_mails(state, nowhere,
                 "2026-11-24T08:00:00 <1@our.example> alice@our.example > x@nowhere.example\n");
}

static void test_internal_networks(void **state)
{
    fixture *f = *state;
    static const char mail[] = STRANGER MESSAGE_ID SENDER INBOX REMOVED;
    add_internal_network(f, "203.0.113.67");
    assert_mails(state, mail, "");
    add_internal_network(f, "203.0.113.64/28");
    assert_mails(state, mail,
                 "2026-11-24T08:00:00 <1@our.example> alice@our.example > bob@our.example\n");
}

/* Who names the networks has named all of them: this host may be another's backup. */
static void test_clients_outside_the_networks(void **state)
{
    add_internal_network(*state, "198.51.100.0/24");
    assert_mails(state, STRANGER MESSAGE_ID SENDER SENT REMOVED, "");
    assert_mails(state, LOGIN MESSAGE_ID SENDER SENT REMOVED,
                 "2026-11-24T08:00:00 <1@our.example> alice@our.example > bob@remote.example\n");
}

/* The same mail once more, from a content filter on this host. */
#define AGAIN(client)                                                                                        \
    HEAD("08:00:02", "smtpd")                                                                                \
    "4Rk2ZZ0hTSz9: client=" client                                                                           \
    "\n" HEAD("08:00:02", "cleanup") "4Rk2ZZ0hTSz9: message-id=<1@our.example>\n" HEAD(                      \
        "08:00:02",                                                                                          \
        "qmgr") "4Rk2ZZ0hTSz9: from=<alice@our.example>, size=1, nrcpt=1 (q)\n" HEAD("08:00:02",             \
                                                                                     "smtp") "4Rk"           \
                                                                                             "2ZZ"           \
                                                                                             "0hT"           \
                                                                                             "Sz9"           \
                                                                                             ": "            \
                                                                                             "to="           \
                                                                                             "<bo"           \
                                                                                             "b@"            \
                                                                                             "rem"           \
                                                                                             "ote"           \
                                                                                             ".ex"           \
                                                                                             "amp"           \
                                                                                             "le>"           \
                                                                                             ", "            \
                                                                                             "rel"           \
                                                                                             "ay="           \
                                                                                             "r["            \
                                                                                             "203"           \
                                                                                             ".0."           \
                                                                                             "113"           \
                                                                                             ".1]"           \
                                                                                             ":25"           \
                                                                                             ", "            \
                                                                                             "s"             \
                                                                                             "\n" HEAD(      \
                                                                                                 "08:00:02", \
                                                                                                 "lmtp") "4Rk2ZZ0hTSz9: to=<bob@our.example>, relay=o[private/lmtp], s\n"
#define TO_FILTER                                                                                  \
    TO("smtp", "bob@our.example", "relay=127.0.0.1[127.0.0.1]:10024, status=sent (ok)") "\n" REMOVED

static void test_content_filter(void **state)
{
    static const char forged[] = STRANGER MESSAGE_ID SENDER TO_FILTER AGAIN("localhost[127.0.0.1]");
    assert_mails(state, forged, "");
    assert_int_equal(((fixture *)*state)->counts.from_outside, 2);
    assert_mails(state, STRANGER MESSAGE_ID SENDER TO_FILTER AGAIN("localhost[::1]"), "");
    assert_mails(state,
                 STRANGER MESSAGE_ID SENDER TO_FILTER AGAIN(
                     "localhost[127.0.0.1], orig_queue_id=4Rk1Zq0hTSz9, "
                     "orig_client=unknown[203.0.113.66]"),
                 "");
    /* Ours, by the same way. */
    assert_mails(state, LOGIN MESSAGE_ID SENDER TO_FILTER AGAIN("localhost[127.0.0.1]"),
                 "2026-11-24T08:00:00 <1@our.example> alice@our.example > bob@our.example\n"
                 "2026-11-24T08:00:02 <1@our.example> alice@our.example > bob@our.example "
                 "bob@remote.example\n");
    /* A script: sendmail(1) hands it in again. */
    assert_mails(
        state,
        STRANGER MESSAGE_ID SENDER REMOVED HEAD(
            "08:00:02",
            "pickup") "4Rk1Zq0hTSz9: uid=100 from=<alice@our.example>\n" MESSAGE_ID SENDER INBOX,
        "");
}

/* A proxy in front of the queue: there is no first queue id, but it tells whose mail it is. */
static void test_proxy(void **state)
{
    assert_mails(state, AGAIN("localhost[127.0.0.1], orig_client=unknown[203.0.113.66]"),
                 "2026-11-24T08:00:02 <1@our.example> alice@our.example > bob@remote.example\n");
}

/* A list sends our mail back to us: what it went through first stays ours. */
static void test_our_mail_comes_back(void **state)
{
    assert_mails(
        state,
        LOGIN MESSAGE_ID SENDER HEAD(
            "08:00:02",
            "smtpd") "4Rk2ZZ0hTSz9: "
                     "client=list.example[203.0.113.5]\n" HEAD(
                         "08:00:02",
                         "cleanup") "4Rk2ZZ0hTSz9: "
                                    "message-id=<1@our.example>"
                                    "\n" HEAD(
                                        "08:00:02",
                                        "qmgr") "4Rk2ZZ0hTSz9: "
                                                "from=<list@"
                                                "list.example>,"
                                                " size="
                                                "1\n" HEAD(
                                                    "08:"
                                                    "00:"
                                                    "02",
                                                    "lmt"
                                                    "p") "4Rk2ZZ0hTSz9: to=<bob@our.example>, "
                                                         "relay=l, x\n" SENT,
        "2026-11-24T08:00:00 <1@our.example> alice@our.example > bob@remote.example\n");
}

static void test_sent_on_by_local(void **state)
{
    /* The copy that local(8) makes for an alias has no client of its own. */
    assert_mails(
        state,
        STRANGER MESSAGE_ID SENDER HEAD(
            "08:00:01",
            "cleanup") "4Rk2ZZ0hTSz9: "
                       "message-id=<1@our.example>\n" TO(
                           "local", "bob@our.example",
                           "relay=local, status=sent (forwarded as "
                           "4Rk2ZZ)") "\n" HEAD("08:00:01",
                                                "qmgr") "4Rk2ZZ0hTSz9"
                                                        ": "
                                                        "from=<alice@"
                                                        "our.example>"
                                                        ", "
                                                        "size="
                                                        "1\n" HEAD("0"
                                                                   "8"
                                                                   ":"
                                                                   "0"
                                                                   "0"
                                                                   ":"
                                                                   "0"
                                                                   "1",
                                                                   "s"
                                                                   "m"
                                                                   "t"
                                                                   "p") "4Rk2ZZ0hTSz9: "
                                                                        "to=<bob@remote.example>, "
                                                                        "relay=r[203.0.113.1], s\n",
        "");
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        TEST(test_forged_mail_from_outside), TEST(test_a_client_that_may_send),
        TEST(test_internal_networks),        TEST(test_clients_outside_the_networks),
        TEST(test_content_filter),           TEST(test_proxy),
        TEST(test_our_mail_comes_back),      TEST(test_sent_on_by_local),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
