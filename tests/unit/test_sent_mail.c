/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Sent mail out of a Sent folder: who may have been the sender, to whom, and when; out of
 * messages, mboxes and Maildirs; and what is brought into the store of it.
 */
#include "app/sent_batch.h"
#include "app/sent_mail.h"

#include <backstop/keys.h>
#include <backstop/message.h>
#include <backstop/sent.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>

/* 2026-11-24T12:00:00Z */
static const int64_t now_sec = INT64_C(1795521600);
enum { DAY_SEC = 86400 };

/* "SEC ID SENDER > RECIPIENT ..." for each sender. */
static void append_copy(GString *out, const backstop_sent_copy *copy)
{
    backstop_sent sent;
    for (size_t i = 0; i < backstop_sent_copy_count(copy); i++) {
        backstop_sent_copy_get(copy, i, &sent);
        g_string_append_printf(out, "%lld %s %s >", (long long)sent.sent_sec, sent.message_id,
                               sent.sender);
        for (size_t j = 0; j < sent.recipient_count; j++) {
            g_string_append_printf(out, " %s", sent.recipients[j]);
        }
        g_string_append_c(out, '\n');
    }
    backstop_sent_copy_get(copy, backstop_sent_copy_count(copy), &sent);
    assert_null(sent.sender);
    assert_int_equal(sent.recipient_count, 0);
}

static void assert_copy(const char *text, const char *expected)
{
    backstop_message *message;
    assert_int_equal(backstop_message_read(text, strlen(text), NULL, &message), BACKSTOP_OK);
    backstop_sent_copy *copy = backstop_sent_copy_read(message);
    backstop_message_free(message);
    GString *got = g_string_new(NULL);
    append_copy(got, copy);
    assert_string_equal(got->str, expected);
    g_string_free(got, TRUE);
    backstop_sent_copy_free(copy);
}

#define DATE "Date: Mon, 23 Nov 2026 20:24:50 +0000\n" /* 1795465490 */

static void test_one_mail(void **state)
{
    (void)state;
    assert_copy("From: Alice <alice@our.example>\n"
                "To: Bob <bob@remote.example>, \"Dave, Carol\" <carol@remote.example>\n"
                "Cc: undisclosed: eve@other.example;\n"
                "Bcc: frank@other.example\n" DATE "Message-ID: <1@our.example>\n"
                "Subject: Offer\n\nTo: nobody@remote.example\n",
                "1795465490 <1@our.example> alice@our.example > bob@remote.example "
                "carol@remote.example eve@other.example frank@other.example\n");
}

static void test_several_senders(void **state)
{
    (void)state;
    assert_copy("Return-Path: <bounces@our.example>\n"
                "From: alice@our.example, bob@our.example\n"
                "Sender: secretary@our.example\n"
                "To: x@remote.example\n" DATE "Message-ID: <1@our.example>\n\n",
                "1795465490 <1@our.example> alice@our.example > x@remote.example\n"
                "1795465490 <1@our.example> bob@our.example > x@remote.example\n"
                "1795465490 <1@our.example> secretary@our.example > x@remote.example\n"
                "1795465490 <1@our.example> bounces@our.example > x@remote.example\n");
    /* The same address in two fields is one. */
    assert_copy("From: alice@our.example\nSender: Alice <alice@our.example>\n"
                "To: x@remote.example, x@remote.example\nCc: x@remote.example\n\n",
                "0  alice@our.example > x@remote.example\n");
}

static void test_resent(void **state)
{
    (void)state;
    assert_copy("Resent-From: alice@our.example\n"
                "Resent-To: carol@remote.example\n"
                "Resent-Date: Tue, 24 Nov 2026 08:00:00 +0000\n"
                "From: bob@remote.example\n"
                "To: alice@our.example\n" DATE "Message-ID: <1@remote.example>\n\n",
                "1795507200 <1@remote.example> bob@remote.example > alice@our.example "
                "carol@remote.example\n"
                "1795507200 <1@remote.example> alice@our.example > alice@our.example "
                "carol@remote.example\n");
}

static void test_what_is_missing(void **state)
{
    (void)state;
    assert_copy("Subject: nobody sent this\n\n", "");
    assert_copy("From: alice\nTo: bob\n\n", "");
    assert_copy("From: <>\nTo: x@remote.example\n\n", "");
    assert_copy("From: alice@our.example\n\n", "0  alice@our.example >\n");
    assert_copy("From: alice@our.example\nDate: yesterday\nMessage-ID:\n <1@our.example>\n\n",
                "0 <1@our.example> alice@our.example >\n");
}

static void test_many_senders_are_cut(void **state)
{
    (void)state;
    GString *text = g_string_new("From: a@our.example");
    for (unsigned i = 0; i < 500; i++) {
        g_string_append_printf(text, ", a%u@our.example", i);
    }
    g_string_append(text, "\nTo: x@remote.example\n\n");
    backstop_message *message;
    assert_int_equal(backstop_message_read(text->str, text->len, NULL, &message), BACKSTOP_OK);
    backstop_sent_copy *copy = backstop_sent_copy_read(message);
    assert_int_equal(backstop_sent_copy_count(copy), 8);
    backstop_sent_copy_free(copy);
    backstop_message_free(message);
    g_string_free(text, TRUE);
}

/* A folder with files, taken away at the end. */
typedef struct fixture {
    char *folder;
    GPtrArray *files;
    GString *seen;
    unsigned errors;
    unsigned most; /* mails to read before it is stopped; 0: all */
} fixture;

static int set_up(void **state)
{
    fixture *f = g_new0(fixture, 1);
    f->folder = g_dir_make_tmp("test-sent-XXXXXX", NULL);
    f->files = g_ptr_array_new_with_free_func(g_free);
    f->seen = g_string_new(NULL);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    for (unsigned i = f->files->len; i > 0; i--) {
        remove(g_ptr_array_index(f->files, i - 1));
    }
    remove(f->folder);
    g_free(f->folder);
    g_ptr_array_unref(f->files);
    g_string_free(f->seen, TRUE);
    g_free(f);
    return 0;
}

static const char *make_folder(fixture *f, const char *name)
{
    char *path = g_build_filename(f->folder, name, NULL);
    assert_int_equal(mkdir(path, 0700), 0);
    g_ptr_array_add(f->files, path);
    return path;
}

static const char *make_file(fixture *f, const char *name, const char *content)
{
    char *path = g_build_filename(f->folder, name, NULL);
    assert_true(g_file_set_contents(path, content, -1, NULL));
    g_ptr_array_add(f->files, path);
    return path;
}

static bool keep_copy(const backstop_sent_copy *copy, double share, void *context)
{
    fixture *f = context;
    assert_true(share > 0 && share <= 1);
    append_copy(f->seen, copy);
    return f->most == 0 || --f->most > 0;
}

static void count_error(const char *file, const char *why, void *context)
{
    (void)file;
    (void)why;
    ((fixture *)context)->errors++;
}

static bool read_path(fixture *f, const char *path)
{
    const sent_mail_handler handler = { keep_copy, count_error, f };
    return sent_mail_read(path, &handler);
}

#define MAIL(id) "From: a@our.example\nTo: b@remote.example\n" DATE "Message-ID: <" id ">\n\nText\n"
#define SEEN(id) "1795465490 <" id "> a@our.example > b@remote.example\n"

static void test_mbox(void **state)
{
    fixture *f = *state;
    const char *path =
        make_file(f, "Sent",
                  "From - Mon Nov 23 20:25:00 2026\n" MAIL(
                      "1@our.example") "\nFrom - Mon Nov 23 20:26:00 2026\n" MAIL("2@our.example"));
    assert_true(read_path(f, path));
    assert_string_equal(f->seen->str, SEEN("1@our.example") SEEN("2@our.example"));
    g_string_truncate(f->seen, 0);
    f->most = 1;
    assert_false(read_path(f, path));
    assert_string_equal(f->seen->str, SEEN("1@our.example"));
}

static void test_maildir(void **state)
{
    fixture *f = *state;
    const char *box = make_folder(f, "Maildir");
    make_folder(f, "Maildir/cur");
    make_folder(f, "Maildir/new");
    make_file(f, "Maildir/cur/1:2,S", MAIL("1@our.example"));
    make_file(f, "Maildir/cur/2:2,S", "");
    make_file(f, "Maildir/new/3", MAIL("3@our.example"));
    assert_true(read_path(f, box));
    assert_string_equal(f->seen->str, SEEN("1@our.example") SEEN("3@our.example"));
    assert_int_equal(f->errors, 0);
}

static void test_nothing_there(void **state)
{
    fixture *f = *state;
    assert_true(read_path(f, "/nowhere/Sent"));
    assert_int_equal(f->errors, 1);
}

/* What is attached is not looked at, in any line end; the header is found by its blank line. */
static void test_only_the_header(void **state)
{
    fixture *f = *state;
    GString *text = g_string_new("From: a@our.example\r\nTo: b@remote.example\r\n"
                                 "Date: Mon, 23 Nov 2026 20:24:50 +0000\r\n"
                                 "Message-ID: <1@our.example>\r\n\r\n");
    for (unsigned i = 0; i < 100000; i++) {
        g_string_append(text, "To: c@remote.example\r\n");
    }
    assert_true(read_path(f, make_file(f, "crlf", text->str)));
    assert_true(read_path(f, make_file(f, "cut",
                                       "From: a@our.example\nTo: b@remote.example\n" DATE
                                       "Message-ID: <2@our.example>")));
    assert_true(read_path(f, make_file(f, "cr",
                                       "From: a@our.example\rTo: b@remote.example\r"
                                       "Date: Mon, 23 Nov 2026 20:24:50 +0000\r"
                                       "Message-ID: <3@our.example>\r\rText\r")));
    assert_string_equal(f->seen->str,
                        SEEN("1@our.example") SEEN("2@our.example") SEEN("3@our.example"));
    g_string_free(text, TRUE);
}

/* The store, with a key file of its own. */
static backstop_store *open_store(fixture *f, backstop_keys **keys)
{
    char id[BACKSTOP_KEY_ID_SIZE];
    g_autofree char *path = g_build_filename(f->folder, "keys", NULL);
    backstop_store *store;
    assert_int_equal(backstop_keys_add(path, "tag", now_sec, id, NULL), BACKSTOP_OK);
    assert_int_equal(backstop_keys_load(path, keys, NULL), BACKSTOP_OK);
    assert_int_equal(backstop_store_open(NULL, *keys, &store, NULL), BACKSTOP_OK);
    unlink(path);
    return store;
}

static sent_fate add(sent_batch *batch, const char *sender, int64_t sent_sec)
{
    static const char *const recipients[] = { "b@remote.example", "c@remote.example" };
    const backstop_sent sent = { "<1@our.example>", sender, recipients, 2, sent_sec };
    sent_fate fate;
    assert_int_equal(sent_batch_add(batch, &sent, &fate, NULL), BACKSTOP_OK);
    return fate;
}

static void test_what_is_imported(void **state)
{
    backstop_keys *keys;
    backstop_store *store = open_store(*state, &keys);
    backstop_site *site = backstop_site_new();
    backstop_domain *unused;
    assert_int_equal(backstop_site_add_domain(site, "our.example", &unused, NULL), BACKSTOP_OK);
    sent_batch *batch = sent_batch_new(store, site, 21, now_sec);
    assert_int_equal(add(batch, "a@our.example", now_sec), SENT_TAKEN);
    assert_int_equal(add(batch, "B@OUR.example", now_sec - 21 * DAY_SEC), SENT_TAKEN);
    assert_int_equal(add(batch, "a@our.example", now_sec - 21 * DAY_SEC - 1), SENT_OLD);
    assert_int_equal(add(batch, "a@our.example", 0), SENT_UNDATED);
    assert_int_equal(add(batch, "a@other.example", now_sec), SENT_FOREIGN);
    assert_int_equal(add(batch, "a@sub.our.example", now_sec), SENT_FOREIGN);
    /* A clock that is ahead does not keep a mail longer than others. */
    assert_int_equal(add(batch, "c@our.example", now_sec + 1000 * (int64_t)DAY_SEC), SENT_TAKEN);
    assert_int_equal(sent_batch_flush(batch, NULL), BACKSTOP_OK);
    backstop_store_stats stats;
    assert_int_equal(backstop_store_get_stats(store, &stats, NULL), BACKSTOP_OK);
    /* For each sender: the id, and two recipients with it and without; and the id alone. */
    assert_int_equal(stats.ledger_rows, 3 * 5 + 1);
    assert_int_equal(stats.newest_sec, now_sec);
    assert_int_equal(stats.oldest_sec, now_sec - 21 * DAY_SEC);
    sent_batch_free(batch);
    backstop_site_free(site);
    backstop_store_close(store);
    backstop_keys_free(keys);
}

/* More than one batch holds. */
static void test_many(void **state)
{
    backstop_keys *keys;
    backstop_store *store = open_store(*state, &keys);
    backstop_site *site = backstop_site_new();
    sent_batch *batch = sent_batch_new(store, site, 21, now_sec);
    for (unsigned i = 0; i < 120000; i++) {
        g_autofree char *id = g_strdup_printf("<%u@our.example>", i);
        const backstop_sent sent = { id, "a@our.example", NULL, 0, now_sec };
        sent_fate fate;
        assert_int_equal(sent_batch_add(batch, &sent, &fate, NULL), BACKSTOP_OK);
        assert_int_equal(fate, SENT_TAKEN);
    }
    backstop_store_stats stats;
    assert_int_equal(backstop_store_get_stats(store, &stats, NULL), BACKSTOP_OK);
    assert_in_range(stats.ledger_rows, 1, 2 * 120000 - 1);
    assert_int_equal(sent_batch_flush(batch, NULL), BACKSTOP_OK);
    assert_int_equal(backstop_store_get_stats(store, &stats, NULL), BACKSTOP_OK);
    assert_int_equal(stats.ledger_rows, 2 * 120000);
    sent_batch_free(batch);
    backstop_site_free(site);
    backstop_store_close(store);
    backstop_keys_free(keys);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_mail),
        cmocka_unit_test(test_several_senders),
        cmocka_unit_test(test_resent),
        cmocka_unit_test(test_what_is_missing),
        cmocka_unit_test(test_many_senders_are_cut),
        TEST(test_mbox),
        TEST(test_maildir),
        TEST(test_nothing_there),
        TEST(test_only_the_header),
        TEST(test_what_is_imported),
        TEST(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
