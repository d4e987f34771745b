/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Stores for tests: in memory, or in a folder that is removed in the end. */
#ifndef BACKSTOP_TESTS_STORE_FIXTURE_H
#define BACKSTOP_TESTS_STORE_FIXTURE_H

#include "proof/keys.h"
#include "store/gap_journal.h"
#include "store/ledger.h"

#include <backstop/sign.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

/* 2026-11-23 20:24:50 UTC. */
enum { NOW_SEC = 1795465490, DAY_SEC = 86400, TODAY = NOW_SEC / DAY_SEC };

static inline backstop_keys *fixture_keys(const char *ledger_secret)
{
    g_autofree char *text = g_strdup_printf("version 1\nl1 1 - ledger %s\n", ledger_secret);
    backstop_keys *keys;
    assert_int_equal(keys_read(span_from_string(text), "keys", &keys, NULL), BACKSTOP_OK);
    return keys;
}

#define FIXTURE_SECRET "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
#define FIXTURE_OTHER_SECRET "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWU="

typedef struct fixture {
    char *folder;
    char *path; /* of the store */
    backstop_keys *keys;
    backstop_store *store; /* NULL until fixture_open() */
} fixture;

static inline int fixture_set_up(void **state)
{
    fixture *f = g_new0(fixture, 1);
    f->folder = g_dir_make_tmp("backstop-store-XXXXXX", NULL);
    assert_non_null(f->folder);
    f->path = g_build_filename(f->folder, "backstop.db", NULL);
    f->keys = fixture_keys(FIXTURE_SECRET);
    *state = f;
    return 0;
}

static inline void fixture_remove_all(const char *folder)
{
    const char *name;
    GDir *dir = g_dir_open(folder, 0, NULL);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_remove(path);
    }
    g_clear_pointer(&dir, g_dir_close);
    g_rmdir(folder);
}

static inline int fixture_tear_down(void **state)
{
    fixture *f = *state;
    backstop_store_close(f->store);
    backstop_keys_free(f->keys);
    fixture_remove_all(f->folder);
    g_free(f->folder);
    g_free(f->path);
    g_free(f);
    return 0;
}

#define FIXTURE_TEST(f) cmocka_unit_test_setup_teardown(f, fixture_set_up, fixture_tear_down)

/* Opens the store in memory. */
static inline backstop_store *fixture_open_memory(fixture *f)
{
    backstop_error error = { "" };
    if (backstop_store_open(NULL, f->keys, &f->store, &error) != BACKSTOP_OK) {
        fail_msg("%s", error.text);
    }
    return f->store;
}

/* Opens the file, or opens it again. */
static inline backstop_store *fixture_open(fixture *f)
{
    backstop_error error = { "" };
    backstop_store_close(f->store);
    f->store = NULL;
    if (backstop_store_open(f->path, f->keys, &f->store, &error) != BACKSTOP_OK) {
        fail_msg("%s", error.text);
    }
    return f->store;
}

/* A mail from one sender to at most one recipient (NULL: none). */
static inline void fixture_record(backstop_store *store, const char *id, const char *sender,
                                  const char *recipient, int64_t now_sec)
{
    const span recipients[] = { span_from_string(recipient) };
    const ledger_mail mail = {
        .message_id = span_from_string(id),
        .sender = span_from_string(sender),
        .recipients = recipients,
        .recipient_count = recipient == NULL ? 0 : 1,
    };
    backstop_error error = { "" };
    if (ledger_record(store, &mail, now_sec, &error) != BACKSTOP_OK) {
        fail_msg("%s", error.text);
    }
}

/* What is known, as letters: m(essage), d(elivery), p(air), e(lsewhere). NULL leaves a list empty.
 */
static inline const char *fixture_find(backstop_store *store, const char *id, const char *sender,
                                       const char *recipient, int64_t now_sec)
{
    static char letters[8];
    const span sender_span = span_from_string(sender), id_span = span_from_string(id);
    const span recipient_span = span_from_string(recipient);
    ledger_answer answer;
    backstop_error error = { "" };
    if (ledger_find(store, &sender_span, sender != NULL, &id_span, id != NULL, &recipient_span,
                    recipient != NULL, now_sec, &answer, &error) != BACKSTOP_OK) {
        fail_msg("%s", error.text);
    }
    g_snprintf(letters, sizeof letters, "%s%s%s%s", answer.knows_message ? "m" : "",
               answer.knows_delivery ? "d" : "", answer.knows_pair ? "p" : "",
               answer.knows_elsewhere ? "e" : "");
    return letters;
}

static inline bool fixture_has_gap(backstop_store *store, int64_t from_sec, int64_t until_sec)
{
    bool has_one = false;
    backstop_error error = { "" };
    if (store->operations->has_gap(store, from_sec, until_sec, &has_one, &error) != BACKSTOP_OK) {
        fail_msg("%s", error.text);
    }
    return has_one;
}

static inline int64_t fixture_since(backstop_store *store, const char *who, store_since what)
{
    int64_t since_sec;
    assert_int_equal(ledger_since(store, span_from_string(who), what, &since_sec, NULL),
                     BACKSTOP_OK);
    return since_sec;
}

static inline backstop_store_stats fixture_stats(backstop_store *store)
{
    backstop_store_stats stats;
    assert_int_equal(backstop_store_get_stats(store, &stats, NULL), BACKSTOP_OK);
    return stats;
}

/* Imports `count` mails of one sender to one recipient, sent now. */
static inline void fixture_fill(backstop_store *store, unsigned count)
{
    const char **recipients = g_new(const char *, 1);
    backstop_sent *mails = g_new(backstop_sent, count);
    GStringChunk *strings = g_string_chunk_new(4096);
    recipients[0] = "nobody@remote.example";
    for (unsigned i = 0; i < count; i++) {
        char id[32];
        g_snprintf(id, sizeof id, "<%u@our.example>", i);
        mails[i] = (backstop_sent){ g_string_chunk_insert(strings, id), "alice@our.example",
                                    recipients, 1, NOW_SEC };
    }
    assert_int_equal(backstop_store_import(store, mails, count, NOW_SEC, NULL), BACKSTOP_OK);
    g_string_chunk_free(strings);
    g_free(mails);
    g_free(recipients);
}

/* The rights on the file with that ending. */
static inline mode_t fixture_mode(const char *path, const char *ending)
{
    g_autofree char *file = g_strconcat(path, ending, NULL);
    struct stat about;
    assert_int_equal(stat(file, &about), 0);
    return about.st_mode & 0777;
}

#endif
