/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What the tests of the log reader share: lines as Postfix 3.7 writes them, and what is read of
 * them as text. */
#ifndef BACKSTOP_TESTS_UNIT_POSTFIX_LOG_FIXTURE_H
#define BACKSTOP_TESTS_UNIT_POSTFIX_LOG_FIXTURE_H

#include "app/postfix_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <glib.h>

/* 2026-11-24T12:00:00Z */
static const int64_t now_sec = INT64_C(1795521600);

static inline int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "TIME ID SENDER > RECIPIENT ..." */
static inline void keep_mail(const backstop_sent *mail, void *context)
{
    GString *seen = context;
    time_t sec = (time_t)mail->sent_sec;
    struct tm utc;
    gmtime_r(&sec, &utc);
    char date[64];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    g_string_append_printf(seen, "%s %s %s >", date,
                           mail->message_id == NULL ? "-" : mail->message_id, mail->sender);
    g_autoptr(GPtrArray) recipients = g_ptr_array_new();
    for (size_t i = 0; i < mail->recipient_count; i++) {
        g_ptr_array_add(recipients, (gpointer)mail->recipients[i]);
    }
    g_ptr_array_sort(recipients, compare_texts);
    for (unsigned i = 0; i < recipients->len; i++) {
        g_string_append_printf(seen, " %s", (const char *)g_ptr_array_index(recipients, i));
    }
    g_string_append_c(seen, '\n');
}

typedef struct fixture {
    backstop_site *site;
    postfix_log_site ours;
    postfix_log_counts counts;
} fixture;

static inline int set_up(void **state)
{
    fixture *f = g_new0(fixture, 1);
    f->site = backstop_site_new();
    f->ours.site = f->site;
    *state = f;
    return 0;
}

static inline int tear_down(void **state)
{
    fixture *f = *state;
    backstop_site_free(f->site);
    g_free(f);
    return 0;
}

static inline void add_domain(fixture *f)
{
    backstop_domain *unused;
    assert_int_equal(backstop_site_add_domain(f->site, "our.example", &unused, NULL), BACKSTOP_OK);
    f->ours.has_domains = true;
}

static inline void add_internal_network(fixture *f, const char *network)
{
    assert_int_equal(backstop_site_add_internal_network(f->site, network, NULL), BACKSTOP_OK);
    f->ours.has_internal_networks = true;
}

static inline void add_all(postfix_log *log, const char *text, size_t len)
{
    span rest = { text, len };
    while (rest.len > 0) {
        size_t end = span_find_char(rest, '\n');
        postfix_log_add(log, span_head(rest, end));
        rest = span_skip(rest, end + 1);
    }
}

static inline GString *read_log(fixture *f, const char *text)
{
    GString *seen = g_string_new(NULL);
    const postfix_log_handler handler = { keep_mail, seen };
    postfix_log *log = postfix_log_new(&f->ours, &handler);
    postfix_log_begin(log, now_sec);
    add_all(log, text, strlen(text));
    postfix_log_finish(log);
    f->counts = postfix_log_get_counts(log);
    postfix_log_free(log);
    return seen;
}

static inline void assert_mails(void **state, const char *text, const char *expected)
{
    GString *seen = read_log(*state, text);
    assert_string_equal(seen->str, expected);
    g_string_free(seen, TRUE);
}

/* Lines as Postfix 3.7 writes them to a file of its own. */
#define HEAD(time, program) "Nov 24 " time " mx postfix/" program "[123]: "
#define LOGIN                                                                                      \
    HEAD("08:00:00", "submission/smtpd")                                                           \
    "4Rk1Zq0hTSz9: client=client.our.example[203.0.113.77], sasl_method=PLAIN, "                   \
    "sasl_username=alice\n"
#define MESSAGE_ID HEAD("08:00:00", "cleanup") "4Rk1Zq0hTSz9: message-id=<1@our.example>\n"
#define SENDER                                                                                     \
    HEAD("08:00:00", "qmgr")                                                                       \
    "4Rk1Zq0hTSz9: from=<alice@our.example>, size=2000, nrcpt=1 (queue active)\n"
#define SENT                                                                                       \
    HEAD("08:00:01", "smtp")                                                                       \
    "4Rk1Zq0hTSz9: to=<bob@remote.example>, relay=mx.remote.example[203.0.113.9]:25, delay=1, "    \
    "delays=0/0/1/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)\n"
#define REMOVED HEAD("08:00:01", "qmgr") "4Rk1Zq0hTSz9: removed\n"

#define TO(program, address, more) HEAD("08:00:01", program) "4Rk1Zq0hTSz9: to=<" address ">, " more

/* A stranger hands in a mail, with one of us as its sender. */
#define STRANGER HEAD("08:00:00", "smtpd") "4Rk1Zq0hTSz9: client=unknown[203.0.113.66]\n"
#define INBOX TO("lmtp", "bob@our.example", "relay=our[private/lmtp], status=sent (ok)") "\n"

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
