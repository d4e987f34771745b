/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What the header alone says must never contradict what the whole message is:
 * made-up cases, and every message that is at hand. */
#include "notice/early.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool header_may_be_notice(const char *header, const char *mail_from)
{
    backstop_envelope envelope = { .mail_from = mail_from };
    backstop_message *message;
    char *copy = g_memdup2(header, strlen(header));
    assert_int_equal(BACKSTOP_OK, backstop_message_read(copy, strlen(header), &envelope, &message));
    bool may_be = backstop_may_be_notice(message);
    backstop_message_free(message);
    g_free(copy);
    return may_be;
}

static void test_headers(void **state)
{
    (void)state;
    static const struct {
        const char *header, *mail_from;
        bool may_be;
    } cases[] = {
        { "From: a@there.example\nSubject: Photo\nContent-Type: image/png\n", "a@there.example",
          false },
        { "From: a@there.example\nContent-Type: text/calendar\n", "a@there.example", false },
        { "From: a@there.example\nSubject: Re: Lunch\n", "a@there.example", false },
        { "From: a@there.example\nContent-Type: multipart/alternative\n", "a@there.example",
          false },
        /* no body is needed to say it */
        { "From: a@there.example\nAuto-Submitted: auto-replied\nContent-Type: "
          "image/png\n",
          "a@there.example", true },
        { "From: a@there.example\nSubject: Out of office: Photo\nX-Autoreply: "
          "yes\n"
          "Content-Type: application/pdf\n",
          "a@there.example", true },
        /* what can hold words or parts */
        { "From: MAILER-DAEMON@there.example\nSubject: Undelivered Mail\n", "", true },
        { "From: a@there.example\nContent-Type: multipart/report\n", "a@there.example", true },
        { "From: a@there.example\nContent-Type: multipart/mixed\n", "a@there.example", true },
        { "From: a@there.example\nContent-Type: message/delivery-status\n", NULL, true },
        { "From: a@there.example\nContent-Type: application/ms-tnef\n", NULL, false },
        { "Subject: no more than this\n", NULL, true },
        { "From: AWS Notifications <no-reply@sns.there.example>\nContent-Type: "
          "text/plain\n",
          "no-reply@there.example", true },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (header_may_be_notice(cases[i].header, cases[i].mail_from) != cases[i].may_be) {
            fail_msg("case %zu: %s", i, cases[i].header);
        }
    }
}

/* How many mails with a sender are no notices, and of how many of them the
 * header says so. */
typedef struct tally {
    unsigned messages, ordinary, excluded;
} tally;

static void check_under(const char *bytes, size_t len, const backstop_envelope *envelope,
                        const char *path, tally *t)
{
    backstop_message *whole, *header;
    if (backstop_message_read(bytes, len, envelope, &whole) != BACKSTOP_OK) {
        return;
    }
    size_t header_len = (size_t)(message_part(whole, 0)->body.ptr - bytes);
    /* Without any header there is nothing to ask about. */
    if (backstop_message_read(bytes, header_len, envelope, &header) == BACKSTOP_OK) {
        backstop_notice *notice = backstop_notice_read(whole);
        bool is_notice = backstop_notice_kind(notice) != BACKSTOP_KIND_NONE;
        bool may_be = backstop_may_be_notice(header);
        if (is_notice && !may_be) {
            fail_msg("%s is a notice, and its header says that it cannot be", path);
        }
        bool counts = !is_notice && envelope->mail_from != NULL && envelope->mail_from[0] != '\0';
        t->ordinary += counts;
        t->excluded += counts && !may_be;
        backstop_notice_free(notice);
        backstop_message_free(header);
    }
    backstop_message_free(whole);
}

static void check_file(const char *path, tally *t)
{
    static const char *const recipients[] = { "reader@our.example" };
    static const backstop_envelope envelopes[] = {
        { .mail_from = NULL },
        { .mail_from = "" },
        { .mail_from = "a@there.example" },
        { .mail_from = "a@there.example", .recipients = recipients, .recipient_count = 1 },
    };
    char *bytes;
    gsize len;
    if (!g_file_get_contents(path, &bytes, &len, NULL)) {
        fail_msg("%s cannot be read", path);
    }
    t->messages++;
    for (size_t i = 0; i < G_N_ELEMENTS(envelopes); i++) {
        check_under(bytes, len, &envelopes[i], path, t);
    }
    g_free(bytes);
}

static bool is_mail(const char *name)
{
    return g_str_has_suffix(name, ".eml") || g_str_has_suffix(name, ".txt");
}

/* All mails in the folder and in the folders in it. */
static tally check_tree(const char *root)
{
    tally t = { 0 };
    GQueue *folders = g_queue_new();
    g_queue_push_tail(folders, g_strdup(root));
    for (char *folder; (folder = g_queue_pop_head(folders)) != NULL; g_free(folder)) {
        GDir *dir = g_dir_open(folder, 0, NULL);
        for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
            char *path = g_build_filename(folder, name, NULL);
            if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
                g_queue_push_tail(folders, g_strdup(path));
            } else if (is_mail(name)) {
                check_file(path, &t);
            }
            g_free(path);
        }
        if (dir != NULL) {
            g_dir_close(dir);
        }
    }
    g_queue_free(folders);
    return t;
}

static void test_fixtures(void **state)
{
    (void)state;
    assert_true(check_tree(SOURCE_DIR "/tests/fixtures").messages > 300);
}

static void test_examples(void **state)
{
    (void)state;
    assert_true(check_tree(SOURCE_DIR "/examples").messages > 40);
}

static void test_shared_corpus(void **state)
{
    (void)state;
    if (check_tree(SOURCE_DIR "/../shared/corpus").messages == 0) {
        skip();
    }
}

static void test_ham(void **state)
{
    (void)state;
    const char *folder = g_getenv("BACKSTOP_HAM");
    if (folder == NULL) {
        skip();
    }
    tally t = check_tree(folder);
    assert_true(t.messages > 6000);
    assert_true(t.excluded * 10 > t.ordinary * 8);
    print_message("# of ordinary mail with a sender, the header excludes %u of %u\n", t.excluded,
                  t.ordinary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),  cmocka_unit_test(test_fixtures),
        cmocka_unit_test(test_examples), cmocka_unit_test(test_shared_corpus),
        cmocka_unit_test(test_ham),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
