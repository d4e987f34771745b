/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Sent mail out of Postfix's log: the lines of a mail joined, and logs that are broken, endless, or
 * made by an enemy.
 */
#include "postfix_log_fixture.h"

static void test_one_mail(void **state)
{
    assert_mails(state, LOGIN MESSAGE_ID SENDER SENT REMOVED,
                 "2026-11-24T08:00:00 <1@our.example> alice@our.example > bob@remote.example\n");
}

static void test_still_in_the_queue(void **state)
{
    assert_mails(state, LOGIN MESSAGE_ID SENDER SENT,
                 "2026-11-24T08:00:00 <1@our.example> alice@our.example > bob@remote.example\n");
    assert_mails(state, LOGIN MESSAGE_ID SENDER,
                 "2026-11-24T08:00:00 <1@our.example> alice@our.example >\n");
}

/* Whoever has only these lines of a log. */
static void test_without_the_client(void **state)
{
    assert_mails(state, MESSAGE_ID SENDER SENT REMOVED,
                 "2026-11-24T08:00:00 <1@our.example> alice@our.example > bob@remote.example\n");
    assert_mails(state, SENDER SENT REMOVED,
                 "2026-11-24T08:00:00 - alice@our.example > bob@remote.example\n");
}

static void test_without_the_sender(void **state)
{
    assert_mails(state, LOGIN MESSAGE_ID SENT REMOVED, "");
    assert_int_equal(((fixture *)*state)->counts.no_sender, 1);
    /* A client that went away says nothing about a mail. */
    assert_mails(state, LOGIN, "");
    assert_int_equal(((fixture *)*state)->counts.no_sender, 0);
}

/* Every delivery agent, every outcome. */
static void test_agents(void **state)
{
    assert_mails(
        state,
        LOGIN MESSAGE_ID
            SENDER
                TO(
                    "smtp", "a@remote.example",
                    "relay=none, delay=0, dsn=5.4.4, status=bounced (Host "
                    "not found)") "\n" TO("lmtp", "b@our.example",
                                          "relay=mx.our.example[private/lmtp], dsn=2.0.0, "
                                          "status=sent "
                                          "(250 OK)") "\n" TO("local", "c@our.example",
                                                              "relay=local, status=sent (delivered "
                                                              "to "
                                                              "maildir)") "\n" TO("virtual",
                                                                                  "d@our.example",
                                                                                  "relay=virtual, "
                                                                                  "status=sent "
                                                                                  "(delivered)") "\n" TO("pipe",
                                                                                                         "e@our.example",
                                                                                                         "relay=dovecot, status=deferred (temporary)") "\n" TO("error", "f@remote.example", "relay=none, status=bounced (unreachable)") "\n" TO("retry", "g@remote.example", "relay=none, status=deferred (later)") "\n" TO("relay/smtp", "h@remote.example", "relay=r.example[203.0.113.1]:25, conn_use=2, status=bounced (host said: 550)") "\n" TO("smtp",
                                                                                                                                                                                                                                                                                                                                                                                                                                                      "probe@remote.example",
                                                                                                                                                                                                                                                                                                                                                                                                                                                      "relay=r[203.0.113.1], status=deliverable (250)") "\n" TO("smtp",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                "probe@remote.example",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                "relay=r[203.0.113.1], status=undeliverable (5)") "\n" TO("smtp",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                          "a@remote.example",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                          "relay=none, status=bounced (again)") "\n" REMOVED,
        "2026-11-24T08:00:00 <1@our.example> alice@our.example > a@remote.example "
        "b@our.example "
        "c@our.example d@our.example e@our.example f@remote.example g@remote.example "
        "h@remote.example\n");
}

static void test_original_recipient(void **state)
{
    assert_mails(state,
                 LOGIN MESSAGE_ID SENDER TO(
                     "smtp", "bob@remote.example",
                     "orig_to=<team@our.example>, relay=r[203.0.113.1]:25, status=sent (ok)") "\n",
                 "2026-11-24T08:00:00 <1@our.example> alice@our.example > bob@remote.example "
                 "team@our.example\n");
}

static void test_notices(void **state)
{
    assert_mails(
        state,
        MESSAGE_ID HEAD(
            "08:00:00",
            "qmgr") "4Rk1Zq0hTSz9: from=<>, size=3000, nrcpt=1 (queue active)\n" SENT REMOVED,
        "");
    assert_int_equal(((fixture *)*state)->counts.null_sender, 1);
}

static void test_mails_are_not_mixed_up(void **state)
{
    assert_mails(
        state,
        "Nov 24 08:00:00 mx1 postfix/cleanup[1]: 4A5F02C1D3: message-id=<a@our.example>\n"
        "Nov 24 08:00:00 mx2 postfix/cleanup[1]: 4A5F02C1D3: message-id=<b@our.example>\n"
        "Nov 24 08:00:00 mx1 postfix-out/cleanup[1]: 4A5F02C1D3: message-id=<c@our.example>\n"
        "Nov 24 08:00:00 mx1 postfix/cleanup[1]: 4A5F02C1D4: message-id=<d@our.example>\n"
        "Nov 24 08:00:01 mx1 postfix-out/qmgr[1]: 4A5F02C1D3: from=<c@our.example>, size=1\n"
        "Nov 24 08:00:01 mx2 postfix/nqmgr[1]: 4A5F02C1D3: from=<b@our.example>, size=1\n"
        "Nov 24 08:00:01 mx1 postfix/qmgr[1]: 4A5F02C1D3: from=<a@our.example>, size=1\n"
        "Nov 24 08:00:01 mx1 postfix/qmgr[1]: 4A5F02C1D4: from=<d@our.example>, size=1\n"
        "Nov 24 08:00:02 mx2 postfix/smtp[1]: 4A5F02C1D3: to=<x@b.example>, relay=none, delay=1\n"
        "Nov 24 08:00:02 mx1 postfix/smtp[1]: 4A5F02C1D3: to=<x@a.example>, relay=none, delay=1\n"
        "Nov 24 08:00:02 mx1 postfix-out/smtp[1]: 4A5F02C1D3: to=<x@c.example>, relay=none, d\n",
        "2026-11-24T08:00:00 <d@our.example> d@our.example >\n"
        "2026-11-24T08:00:00 <b@our.example> b@our.example > x@b.example\n"
        "2026-11-24T08:00:00 <a@our.example> a@our.example > x@a.example\n"
        "2026-11-24T08:00:00 <c@our.example> c@our.example > x@c.example\n");
}

#define SECOND                                                                                     \
    HEAD("09:00:00", "cleanup")                                                                    \
    "4Rk1Zq0hTSz9: message-id=<2@our.example>\n" HEAD(                                             \
        "09:00:00",                                                                                \
        "qmgr") "4Rk1Zq0hTSz9: from=<carol@our.example>, size=1, nrcpt=1 (q)\n" TO("smtp",         \
                                                                                   "dave@other."   \
                                                                                   "example",      \
                                                                                   "relay=o."      \
                                                                                   "example[203."  \
                                                                                   "0.113.8]:25, " \
                                                                                   "status=sent "  \
                                                                                   "(ok)") "\n"

static const char two_mails[] =
    "2026-11-24T08:00:00 <1@our.example> alice@our.example > bob@remote.example\n"
    "2026-11-24T09:00:00 <2@our.example> carol@our.example > dave@other.example\n";

/* With the end of the first mail in the log, and without. */
static void test_queue_id_used_again(void **state)
{
    assert_mails(state, LOGIN MESSAGE_ID SENDER SENT REMOVED SECOND, two_mails);
    assert_mails(state, LOGIN MESSAGE_ID SENDER SENT SECOND, two_mails);
    assert_mails(state,
                 LOGIN MESSAGE_ID SENDER SENT HEAD(
                     "09:00:00", "pickup") "4Rk1Zq0hTSz9: uid=1000 from=<carol>\n" SECOND,
                 two_mails);
    /* Of the second mail, only the sender's line is there. */
    assert_mails(
        state,
        LOGIN MESSAGE_ID SENDER SENT HEAD(
            "09:00:00", "qmgr") "4Rk1Zq0hTSz9: from=<carol@our.example>, size=1, nrcpt=1 (q)\n",
        "2026-11-24T08:00:00 <1@our.example> alice@our.example > bob@remote.example\n"
        "2026-11-24T09:00:00 - carol@our.example >\n");
}

static void test_tried_again_for_days(void **state)
{
    assert_mails(state,
                 LOGIN MESSAGE_ID SENDER SENT SENDER SENT HEAD(
                     "08:00:02", "qmgr") "4Rk1Zq0hTSz9: from=<alice@our.example>, status=expired, "
                                         "returned to sender\n" SENT REMOVED,
                 "2026-11-24T08:00:00 <1@our.example> alice@our.example > bob@remote.example\n");
}

static void test_requeued(void **state)
{
    assert_mails(
        state,
        LOGIN MESSAGE_ID SENDER SENT HEAD("08:30:00", "postsuper") "4Rk1Zq0hTSz9: requeued\n" HEAD(
            "08:30:00", "pickup") "4Rk2ZZ0hTSz9: uid=0 from=<alice@our.example> "
                                  "orig_id=4Rk1Zq0hT\n" HEAD(
                                      "08:30:00", "cleanup") "4Rk2ZZ0hTSz9: "
                                                             "message-id=<1@our.example>"
                                                             "\n" HEAD("08:30:00",
                                                                       "qmgr") "4Rk2ZZ0hTSz9"
                                                                               ": "
                                                                               "from=<alice@"
                                                                               "our.example>"
                                                                               ", size=1, "
                                                                               "nrcpt=1 "
                                                                               "(q)\n",
        "2026-11-24T08:00:00 <1@our.example> alice@our.example > bob@remote.example\n"
        "2026-11-24T08:30:00 <1@our.example> alice@our.example >\n");
}

/* One log over New Year, with a line from each year in one clock. */
static void test_new_year(void **state)
{
    fixture *f = *state;
    GString *seen = g_string_new(NULL);
    const postfix_log_handler handler = { keep_mail, seen };
    postfix_log *log = postfix_log_new(&f->ours, &handler);
    postfix_log_begin(log, INT64_C(1798761600) + 3600);
    static const char text[] =
        "Dec 31 23:59:58 mx postfix/cleanup[9]: 4A5F02C1D3: message-id=<1@our.example>\n"
        "Dec 31 23:59:59 mx postfix/qmgr[9]: 4A5F02C1D3: from=<a@our.example>, size=1\n"
        "Jan  1 00:00:01 mx postfix/smtp[9]: 4A5F02C1D3: to=<b@remote.example>, relay=none, d\n"
        "Jan  1 00:00:02 mx postfix/qmgr[9]: 4A5F02C1D3: removed\n"
        "Jan  1 00:00:03 mx postfix/qmgr[9]: 4A5F02C1D3: from=<c@our.example>, size=1\n";
    add_all(log, text, strlen(text));
    postfix_log_finish(log);
    assert_string_equal(seen->str,
                        "2026-12-31T23:59:58 <1@our.example> a@our.example > b@remote.example\n"
                        "2027-01-01T00:00:03 - c@our.example >\n");
    postfix_log_free(log);
    g_string_free(seen, TRUE);
}

/* Values that look like more of the line. */
static void test_values_of_an_enemy(void **state)
{
    assert_mails(
        state,
        LOGIN HEAD("08:00:00", "cleanup") "4Rk1Zq0hTSz9: message-id=<1@our.example> "
                                          "from=<x>, size=1 4Rk1Zq0hTSz9: removed\n" HEAD(
                                              "08:00:00", "qmgr") "4Rk1Zq0hTSz9: "
                                                                  "from=<\"a>, size=1, "
                                                                  "nrcpt=1 (queue active) "
                                                                  "b\"@evil.example>, "
                                                                  "size=9\n" TO("smtp",
                                                                                "\"x>, "
                                                                                "y\"@remote."
                                                                                "example",
                                                                                "relay=r["
                                                                                "203.0.113."
                                                                                "1]:25, "
                                                                                "status="
                                                                                "bounced "
                                                                                "(550 "
                                                                                "to=<z@our."
                                                                                "example>, "
                                                                                "orig_to=<z@"
                                                                                "our."
                                                                                "example>, "
                                                                                "relay=r, "
                                                                                "status="
                                                                                "deliverabl"
                                                                                "e") "\n",
        "2026-11-24T08:00:00 <1@our.example> from=<x>, size=1 4Rk1Zq0hTSz9: removed "
        "\"a>, size=1, nrcpt=1 (queue active) b\"@evil.example > "
        "\"x>, y\"@remote.example\n");
    /* What others print is no event: the text behind the queue id must begin with it. */
    assert_mails(
        state,
        STRANGER MESSAGE_ID SENDER INBOX HEAD(
            "08:00:01",
            "smtpd") "4Rk1Zq0hTSz9: reject: RCPT from client=x[127.0.0.1], sasl_username=alice\n",
        "");
    /* The host's name is the stranger's to choose, as far as DNS lets him. */
    assert_mails(
        state,
        HEAD(
            "08:00:00",
            "smtpd") "4Rk1Zq0hTSz9: client=sasl_username=a[203.0.113.66]\n" MESSAGE_ID SENDER INBOX,
        "");
}

static void test_broken_lines(void **state)
{
    fixture *f = *state;
    GString *seen = g_string_new(NULL);
    const postfix_log_handler handler = { keep_mail, seen };
    postfix_log *log = postfix_log_new(&f->ours, &handler);
    postfix_log_begin(log, now_sec);
    static const char nul[] = HEAD("08:00:00", "cleanup") "4Rk1Zq0hTSz9: message-id=<\0@x>\n"
                                                          "\0\0\0" MESSAGE_ID SENDER;
    add_all(log, nul, sizeof nul - 1);
    /* Longer than any address or Message-ID may be. */
    g_autofree char *long_text = g_strnfill(5000, 'x');
    g_autofree char *long_to =
        g_strdup_printf(TO("smtp", "%s@remote.example", "relay=none, status=sent"), long_text);
    postfix_log_add(log, span_from_string(long_to));
    /* Each beginning of a line. */
    static const char whole[] =
        TO("smtp", "c@remote.example", "orig_to=<d@our.example>, relay=none, status=sent (x)");
    for (size_t len = 0; len < sizeof whole; len++) {
        postfix_log_add(log, (span){ whole, len });
    }
    postfix_log_finish(log);
    assert_string_equal(seen->str, "2026-11-24T08:00:00 <1@our.example> alice@our.example > "
                                   "c@remote.example d@our.example\n");
    postfix_log_free(log);
    g_string_free(seen, TRUE);
}

/* Real lines, of mail that was made for them: tests/fixtures/logs/README.md. The file has the year
 * of the test's clock. */
static void assert_real_log(void **state, const char *expected_file)
{
    g_autofree char *text = NULL;
    g_autofree char *expected = NULL;
    assert_true(g_file_get_contents(LOGS_DIR "/postfix.log", &text, NULL, NULL));
    assert_true(g_file_get_contents(expected_file, &expected, NULL, NULL));
    assert_mails(state, text, expected);
}

static void test_real_log(void **state)
{
    fixture *f = *state;
    assert_real_log(state, LOGS_DIR "/postfix.any-client.txt");
    add_domain(f);
    add_internal_network(f, "192.0.2.80");
    assert_real_log(state, LOGS_DIR "/postfix.internal-networks.txt");
}

/* Counts what is handed on, and the most at once. */
typedef struct tally {
    uint64_t mails, recipients;
    size_t most;
} tally;

static void count_mail(const backstop_sent *mail, void *context)
{
    tally *t = context;
    t->mails++;
    t->recipients += mail->recipient_count;
    t->most = MAX(t->most, mail->recipient_count);
}

static void test_many_recipients(void **state)
{
    fixture *f = *state;
    tally t = { 0 };
    const postfix_log_handler handler = { count_mail, &t };
    postfix_log *log = postfix_log_new(&f->ours, &handler);
    postfix_log_begin(log, now_sec);
    add_all(log, LOGIN MESSAGE_ID SENDER, strlen(LOGIN MESSAGE_ID SENDER));
    for (unsigned i = 0; i < 2500; i++) {
        g_autofree char *line =
            g_strdup_printf(TO("smtp", "r%u@remote.example", "relay=none, status=sent"), i);
        postfix_log_add(log, span_from_string(line));
    }
    assert_int_equal(t.recipients, 2000);
    add_all(log, REMOVED, strlen(REMOVED));
    assert_int_equal(t.mails, 3);
    assert_int_equal(t.recipients, 2500);
    assert_int_equal(t.most, 1000);
    postfix_log_free(log);
}

/* A log in which no mail ever ends: the oldest are handed on. */
static void test_endless_queue(void **state)
{
    fixture *f = *state;
    tally t = { 0 };
    const postfix_log_handler handler = { count_mail, &t };
    postfix_log *log = postfix_log_new(&f->ours, &handler);
    postfix_log_begin(log, now_sec);
    for (unsigned i = 0; i < 200100; i++) {
        char line[160];
        snprintf(line, sizeof line,
                 HEAD("08:00:00", "qmgr") "%010X: from=<a%u@our.example>, size=1", i, i);
        postfix_log_add(log, span_from_string(line));
    }
    assert_int_equal(t.mails, 100);
    postfix_log_finish(log);
    assert_int_equal(t.mails, 200100);
    /* The same by bytes: 64 MB are fewer mails with long senders. */
    t.mails = 0;
    g_autofree char *long_text = g_strnfill(900, 'x');
    for (unsigned i = 0; i < 100000; i++) {
        g_autofree char *line = g_strdup_printf(
            HEAD("08:00:00", "qmgr") "%010X: from=<%s@our.example>, size=1", i, long_text);
        postfix_log_add(log, span_from_string(line));
    }
    assert_in_range(t.mails, 30000, 60000);
    postfix_log_free(log);
}

static void test_random_lines(void **state)
{
    static const char *const programs[] = { "qmgr", "smtp", "cleanup", "smtpd", "pickup", "local" };
    static const char *const pieces[] = {
        "from=<",  ">, size=", "to=<",      ">, relay=", "[",  "]", "message-id=",   "client=",
        "removed", "uid=",     "orig_to=<", ", status=", "\r", "<", "a@our.example", "\xff",
    };
    fixture *f = *state;
    tally t = { 0 };
    const postfix_log_handler handler = { count_mail, &t };
    postfix_log *log = postfix_log_new(&f->ours, &handler);
    postfix_log_begin(log, now_sec);
    GRand *random = g_rand_new_with_seed(1);
    GString *line = g_string_new(NULL);
    for (unsigned i = 0; i < 50000; i++) {
        g_string_printf(line, "Nov 24 08:00:00 mx postfix/%s[1]: 4A5F%d: ",
                        programs[g_rand_int_range(random, 0, G_N_ELEMENTS(programs))],
                        g_rand_int_range(random, 0, 5));
        for (int j = g_rand_int_range(random, 0, 8); j > 0; j--) {
            g_string_append(line, pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
        }
        postfix_log_add(log, (span){ line->str, line->len });
    }
    postfix_log_finish(log);
    assert_true(t.mails > 0);
    assert_true(t.recipients > 0);
    g_string_free(line, TRUE);
    g_rand_free(random);
    postfix_log_free(log);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        TEST(test_one_mail),
        TEST(test_still_in_the_queue),
        TEST(test_without_the_client),
        TEST(test_without_the_sender),
        TEST(test_agents),
        TEST(test_original_recipient),
        TEST(test_notices),
        TEST(test_mails_are_not_mixed_up),
        TEST(test_queue_id_used_again),
        TEST(test_tried_again_for_days),
        TEST(test_requeued),
        TEST(test_new_year),
        TEST(test_values_of_an_enemy),
        TEST(test_broken_lines),
        TEST(test_real_log),
        TEST(test_many_recipients),
        TEST(test_endless_queue),
        TEST(test_random_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
