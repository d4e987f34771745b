/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What goes: by age, by a clock that jumps, by wish. */
#include "store_fixture.h"

#define ALICE "alice@our.example"
#define NOBODY "nobody@remote.example"

static void add_gap(backstop_store *store, int64_t from_sec, int64_t until_sec)
{
    assert_int_equal(backstop_store_add_gap(store, from_sec, until_sec, NULL), BACKSTOP_OK);
}

static uint64_t expire(backstop_store *store, int64_t now_sec)
{
    uint64_t removed = 12345;
    backstop_error error = { "" };
    if (backstop_store_expire(store, now_sec, &removed, &error) != BACKSTOP_OK) {
        fail_msg("%s", error.text);
    }
    return removed;
}

static void test_expire(void **state)
{
    fixture *f = *state;
    backstop_store *store = fixture_open(f);
    for (int day = 0; day < 5; day++) {
        g_autofree char *id = g_strdup_printf("<%d@our.example>", day);
        g_autofree char *to = g_strdup_printf("%d@remote.example", day);
        fixture_record(store, id, ALICE, to, NOW_SEC + day * DAY_SEC);
    }
    const span id = SPAN("<0@our.example>"), to = SPAN("0@remote.example");
    assert_int_equal(ledger_count_return(store, id, to, false, NOW_SEC, NULL), BACKSTOP_OK);
    add_gap(store, NOW_SEC, NOW_SEC + 10);
    assert_int_equal(expire(store, NOW_SEC + 21 * DAY_SEC), 0);
    assert_true(fixture_has_gap(store, NOW_SEC - 2 * DAY_SEC, NOW_SEC - 2 * DAY_SEC));
    assert_int_equal(expire(store, NOW_SEC + 23 * DAY_SEC), 2 * 4);
    assert_string_equal(fixture_find(store, "<1@our.example>", ALICE, "1@remote.example", NOW_SEC),
                        "");
    assert_string_equal(fixture_find(store, "<2@our.example>", ALICE, "2@remote.example", NOW_SEC),
                        "mdpe");
    backstop_store_stats stats = fixture_stats(store);
    assert_int_equal(stats.ledger_rows, 3 * 4);
    assert_int_equal(stats.oldest_sec, NOW_SEC + 2 * DAY_SEC);
    assert_int_equal(stats.newest_sec, NOW_SEC + 4 * DAY_SEC);
    assert_int_equal(stats.gaps, 0);
    ledger_returns returns;
    assert_int_equal(ledger_returns_of(store, id, to, &returns, NULL), BACKSTOP_OK);
    assert_int_equal(returns.about_recipient, 0);
    /* What is gone cannot be told from what never was: that time is a gap from now on. */
    const int64_t first_kept = ((int64_t)TODAY + 2) * DAY_SEC;
    assert_true(fixture_has_gap(store, first_kept - 1, first_kept - 1));
    assert_true(fixture_has_gap(store, first_kept - 1, first_kept + 100));
    assert_false(fixture_has_gap(store, first_kept, first_kept + 100));
    /* Marks stay. */
    assert_int_equal(fixture_since(store, ALICE, SINCE_TAGGED), NOW_SEC);
    assert_int_equal(backstop_store_expire(store, NOW_SEC + 23 * DAY_SEC, NULL, NULL), BACKSTOP_OK);
}

/* In many slices, with rows of both kinds in each. */
static void test_expire_many(void **state)
{
    fixture *f = *state;
    backstop_store *store = fixture_open(f);
    fixture_fill(store, 10000);
    for (int i = 0; i < 20; i++) {
        g_autofree char *id = g_strdup_printf("<new%d@our.example>", i);
        fixture_record(store, id, ALICE, NOBODY, NOW_SEC + DAY_SEC);
    }
    /* Of each old mail three rows; the pair was renewed. */
    assert_int_equal(expire(store, NOW_SEC + 22 * DAY_SEC), 30000);
    assert_int_equal(fixture_stats(store).ledger_rows, 20 * 3 + 1);
    assert_int_equal(expire(store, NOW_SEC + 23 * DAY_SEC), 20 * 3 + 1);
    backstop_store_stats stats = fixture_stats(store);
    assert_int_equal(stats.ledger_rows, 0);
    assert_int_equal(stats.oldest_sec, 0);
    assert_int_equal(stats.newest_sec, 0);
}

static void test_marks_expire(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    fixture_record(store, "<1@our.example>", ALICE, NOBODY, NOW_SEC);
    fixture_record(store, "<2@our.example>", "bob@our.example", NOBODY, NOW_SEC + 100 * DAY_SEC);
    for (int day = 21; day <= 21 + 181; day += 7) {
        expire(store, NOW_SEC + day * DAY_SEC);
    }
    /* The domain's mark was used by both. */
    assert_int_equal(fixture_since(store, "our.example", SINCE_TAGGED), NOW_SEC);
    assert_int_equal(fixture_since(store, ALICE, SINCE_TAGGED), NOW_SEC);
    expire(store, NOW_SEC + (21 + 182) * DAY_SEC);
    assert_int_equal(fixture_since(store, ALICE, SINCE_TAGGED), 0);
    assert_int_equal(fixture_since(store, "our.example", SINCE_TAGGED), NOW_SEC);
}

static void check_put_off(backstop_store *store, int64_t now_sec)
{
    uint64_t removed = 12345;
    backstop_error error = { "" };
    assert_int_equal(backstop_store_expire(store, now_sec, &removed, &error),
                     BACKSTOP_ERROR_INVALID);
    assert_int_equal(removed, 0);
    assert_non_null(strstr(error.text, "clock"));
}

/* A clock that jumps ahead does not empty the ledger. */
static void test_clock_ahead(void **state)
{
    fixture *f = *state;
    backstop_store *store = fixture_open(f);
    const int64_t ahead_sec = NOW_SEC + (int64_t)12 * 365 * DAY_SEC;
    fixture_record(store, "<1@our.example>", ALICE, NOBODY, NOW_SEC);
    check_put_off(store, ahead_sec);
    fixture_record(store, "<2@our.example>", ALICE, NOBODY, ahead_sec + 5);
    check_put_off(store, ahead_sec + 3600);
    check_put_off(store, ahead_sec + DAY_SEC - 1);
    /* It is right again: nothing was lost, and the rest goes on as before. */
    assert_int_equal(expire(store, NOW_SEC + 3600), 0);
    assert_string_equal(fixture_find(store, "<1@our.example>", ALICE, NOBODY, NOW_SEC + 3600),
                        "mdpe");
    assert_string_equal(fixture_find(store, "<2@our.example>", ALICE, NOBODY, NOW_SEC + 3600),
                        "mdpe");
    assert_int_equal(expire(store, NOW_SEC + 21 * DAY_SEC), 0);
    check_put_off(store, ahead_sec + 2 * DAY_SEC);
    assert_int_equal(expire(store, NOW_SEC + 22 * DAY_SEC), 3); /* not the pair */
}

/* Who really did not expire for long has it done a day later. */
static void test_long_pause(void **state)
{
    fixture *f = *state;
    backstop_store *store = fixture_open(f);
    fixture_record(store, "<1@our.example>", ALICE, NOBODY, NOW_SEC);
    check_put_off(store, NOW_SEC + 100 * DAY_SEC);
    assert_string_equal(
        fixture_find(store, "<1@our.example>", ALICE, NOBODY, NOW_SEC + 100 * DAY_SEC), "");
    assert_int_equal(expire(store, NOW_SEC + 101 * DAY_SEC), 4);
    /* An empty store has nothing to lose. */
    assert_int_equal(expire(store, NOW_SEC + 1000 * DAY_SEC), 0);
}

/* A clock that jumps back: what is recorded then bears wrong days, and that time becomes a gap. */
static void test_clock_back(void **state)
{
    fixture *f = *state;
    backstop_store *store = fixture_open(f);
    fixture_record(store, "<1@our.example>", ALICE, NOBODY, NOW_SEC);
    fixture_record(store, "<2@our.example>", ALICE, NOBODY, NOW_SEC - DAY_SEC / 2);
    fixture_record(store, "<3@our.example>", ALICE, NOBODY, NOW_SEC + 60);
    assert_int_equal(fixture_stats(store).gaps, 0);
    fixture_record(store, "<4@our.example>", ALICE, NOBODY, 100);
    store = fixture_open(f);
    fixture_record(store, "<5@our.example>", ALICE, NOBODY, -5);
    assert_int_equal(fixture_stats(store).gaps, 0);
    assert_string_equal(fixture_find(store, "<4@our.example>", ALICE, NOBODY, 200), "mdpe");
    store = fixture_open(f);
    fixture_record(store, "<6@our.example>", ALICE, NOBODY, NOW_SEC + 7200);
    assert_int_equal(fixture_stats(store).gaps, 1);
    assert_true(fixture_has_gap(store, NOW_SEC + 60, NOW_SEC + 60));
    assert_true(fixture_has_gap(store, NOW_SEC + 7200, NOW_SEC + 7200));
    assert_false(fixture_has_gap(store, NOW_SEC + 7201, NOW_SEC + 9999));
    fixture_record(store, "<7@our.example>", ALICE, NOBODY, NOW_SEC + 9000);
    assert_int_equal(fixture_stats(store).gaps, 1);
    /* No expiry goes by such a clock. */
    assert_int_equal(expire(store, 100), 0);
    assert_int_equal(fixture_since(store, ALICE, SINCE_TAGGED), NOW_SEC);
}

/* A clock that was never set makes no marks, which would vouch for all that was sent before. */
static void test_clock_not_set(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    fixture_record(store, "<1@our.example>", ALICE, NOBODY, 100);
    assert_int_equal(fixture_since(store, ALICE, SINCE_RECORDED), 0);
    assert_string_equal(fixture_find(store, "<1@our.example>", ALICE, NOBODY, 100), "mdpe");
    fixture_record(store, "<2@our.example>", ALICE, NOBODY, NOW_SEC);
    assert_int_equal(fixture_since(store, ALICE, SINCE_RECORDED), NOW_SEC);
}

/* How often the owner's hash stands in the file or beside it. */
static unsigned count_traces(const char *path, const unsigned char owner[STORE_OWNER_BYTES])
{
    static const char *const endings[] = { "", "-wal" };
    unsigned count = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *file = g_strconcat(path, endings[i], NULL);
        g_autofree char *bytes = NULL;
        gsize len = 0;
        if (!g_file_get_contents(file, &bytes, &len, NULL)) {
            continue;
        }
        for (gsize at = 0; at + STORE_OWNER_BYTES <= len; at++) {
            count += memcmp(bytes + at, owner, STORE_OWNER_BYTES) == 0;
        }
    }
    return count;
}

/* Rows of many senders, in an order that splits pages again and again. */
static void fill_mixed(backstop_store *store)
{
    enum { BATCHES = 40, SENDERS = 50, MAILS = 200 };
    static const char *const recipients[] = { NOBODY };
    for (unsigned b = 0; b < BATCHES; b++) {
        backstop_sent mails[MAILS];
        GStringChunk *strings = g_string_chunk_new(4096);
        for (unsigned i = 0; i < MAILS; i++) {
            char id[32], sender[32];
            unsigned number = b * MAILS + i;
            g_snprintf(id, sizeof id, "<%u@our.example>", number);
            g_snprintf(sender, sizeof sender, "%u@our.example", number * 7 % SENDERS);
            mails[i] =
                (backstop_sent){ g_string_chunk_insert(strings, id),
                                 g_string_chunk_insert(strings, sender), recipients, 1, NOW_SEC };
        }
        assert_int_equal(backstop_store_import(store, mails, MAILS, NOW_SEC, NULL), BACKSTOP_OK);
        g_string_chunk_free(strings);
    }
}

static void test_forget_leaves_no_trace(void **state)
{
    fixture *f = *state;
    backstop_store *store = fixture_open(f);
    unsigned char owner[STORE_OWNER_BYTES];
    fill_mixed(store);
    fixture_record(store, "<a@other.example>", "7@our.example", NOBODY, NOW_SEC);
    ledger_owner(store, SPAN("7@our.example"), owner);
    assert_true(count_traces(f->path, owner) > 0);
    uint64_t removed;
    assert_int_equal(backstop_store_forget(store, "7@our.example", &removed, NULL), BACKSTOP_OK);
    assert_int_equal(removed, 160 * 2 + 2 + 1);
    assert_int_equal(count_traces(f->path, owner), 0);
    assert_string_equal(fixture_find(store, "<1@our.example>", "7@our.example", NOBODY, NOW_SEC),
                        "e");
    assert_string_equal(fixture_find(store, NULL, "8@our.example", NOBODY, NOW_SEC), "p");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_expire),        FIXTURE_TEST(test_expire_many),
        FIXTURE_TEST(test_marks_expire),  FIXTURE_TEST(test_clock_ahead),
        FIXTURE_TEST(test_long_pause),    FIXTURE_TEST(test_clock_back),
        FIXTURE_TEST(test_clock_not_set), FIXTURE_TEST(test_forget_leaves_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
