/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Gaps, in the store, in the journal beside it, and in memory. */
#include "store_fixture.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALICE "alice@our.example"
#define NOBODY "nobody@remote.example"

static void add_gap(backstop_store *store, int64_t from_sec, int64_t until_sec)
{
    assert_int_equal(backstop_store_add_gap(store, from_sec, until_sec, NULL), BACKSTOP_OK);
}

static void check_gaps(backstop_store *store)
{
    static const struct {
        int64_t from_sec, until_sec;
        bool has_one;
    } cases[] = {
        { 0, 99, false },      { 0, 100, true },   { 150, 160, true },   { 200, 300, true },
        { 201, 299, false },   { 50, 250, true },  { 300, 300, true },   { 320, 330, true },
        { 351, 999, false },   { 350, 999, true }, { 1000, 1000, true }, { 1001, 1001, false },
        { 1001, 9999, false }, { 0, 9999, true },  { -5, -1, false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_int_equal(fixture_has_gap(store, cases[i].from_sec, cases[i].until_sec),
                         cases[i].has_one);
    }
    assert_int_equal(fixture_stats(store).gaps, 3);
}

static void test_gaps(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    assert_false(fixture_has_gap(store, 0, INT64_MAX));
    /* [100, 200], [300, 350], [1000]: by touching, overlapping, repeating, from either side. */
    add_gap(store, 150, 200);
    add_gap(store, 100, 149);
    add_gap(store, 310, 330);
    add_gap(store, 340, 350);
    add_gap(store, 300, 345);
    add_gap(store, 320, 321);
    add_gap(store, 1000, 1000);
    add_gap(store, 200, 110); /* the wrong way round */
    check_gaps(store);
    /* One that swallows many. */
    for (int i = 0; i < 50; i++) {
        add_gap(store, 2000 + 10 * i, 2001 + 10 * i);
    }
    assert_int_equal(fixture_stats(store).gaps, 53);
    add_gap(store, 1999, 2495);
    assert_int_equal(fixture_stats(store).gaps, 3 + 1);
    assert_true(fixture_has_gap(store, 2499, 2499 + 1) == false);
    assert_true(fixture_has_gap(store, 2495, 2495));
    add_gap(store, -100, -50);
    assert_true(fixture_has_gap(store, -70, -60)); /* all before 1970 is one moment */
}

static void test_gaps_in_file(void **state)
{
    fixture *f = *state;
    fixture_open(f);
    add_gap(f->store, 100, 200);
    fixture_open(f);
    add_gap(f->store, 300, 350);
    add_gap(f->store, 1000, 1000);
    fixture_open(f);
    check_gaps(f->store);
}

/* ---- the journal of gaps ---- */

static char *journal_of(const fixture *f)
{
    return g_strconcat(f->path, "-gaps", NULL);
}

static void test_noted_gaps(void **state)
{
    fixture *f = *state;
    g_autofree char *journal = journal_of(f);
    g_autofree char *taken = g_strconcat(journal, "-taken", NULL);
    assert_int_equal(backstop_store_note_gap(f->path, NOW_SEC, NOW_SEC + 5, NULL), BACKSTOP_OK);
    assert_int_equal(fixture_mode(journal, ""), 0600);
    fixture_open(f);
    /* It counts before it is taken in, and after. */
    assert_true(fixture_has_gap(f->store, NOW_SEC + 5, NOW_SEC + 5));
    assert_false(fixture_has_gap(f->store, NOW_SEC - 60, NOW_SEC - 60));
    assert_int_equal(fixture_stats(f->store).gaps, 1);
    fixture_record(f->store, "<1@our.example>", ALICE, NOBODY, NOW_SEC);
    assert_int_equal(access(journal, F_OK), -1);
    assert_int_equal(access(taken, F_OK), -1);
    assert_true(fixture_has_gap(f->store, NOW_SEC + 5, NOW_SEC + 5));
    assert_int_equal(fixture_stats(f->store).gaps, 1);
}

/* A process was killed between putting it aside and the commit. */
static void test_journal_left_aside(void **state)
{
    fixture *f = *state;
    g_autofree char *journal = journal_of(f);
    g_autofree char *taken = g_strconcat(journal, "-taken", NULL);
    assert_int_equal(backstop_store_note_gap(f->path, 1000, 1000, NULL), BACKSTOP_OK);
    assert_int_equal(rename(journal, taken), 0);
    assert_int_equal(backstop_store_note_gap(f->path, 5000, 5000, NULL), BACKSTOP_OK);
    fixture_open(f);
    assert_true(fixture_has_gap(f->store, 1000, 1000));
    assert_true(fixture_has_gap(f->store, 5000, 5000));
    add_gap(f->store, 9000, 9000);
    add_gap(f->store, 9000, 9000);
    assert_int_equal(access(journal, F_OK), -1);
    assert_int_equal(access(taken, F_OK), -1);
    assert_true(fixture_has_gap(f->store, 1000, 1000));
    assert_true(fixture_has_gap(f->store, 5000, 5000));
    assert_int_equal(fixture_stats(f->store).gaps, 3);
}

static void test_journal_lines(void **state)
{
    fixture *f = *state;
    g_autofree char *journal = journal_of(f);
    static const char lines[] = "\n600 659\n\n1000 10\n12\n12 \n x 7\n7 8 9\n-5 -4\n\n99999999999"
                                "9999999999999 9\n\n1200 12";
    assert_true(g_file_set_contents(journal, lines, -1, NULL));
    /* The last line was cut off by a full disk; the next one is whole. */
    assert_int_equal(backstop_store_note_gap(f->path, 1803, 1805, NULL), BACKSTOP_OK);
    g_autoptr(GArray) gaps = g_array_new(FALSE, FALSE, sizeof(store_gap));
    assert_int_equal(gap_journal_read(f->path, gaps, NULL), BACKSTOP_OK);
    assert_int_equal(gaps->len, 2);
    assert_int_equal(g_array_index(gaps, store_gap, 0).from_sec, 600);
    assert_int_equal(g_array_index(gaps, store_gap, 1).from_sec, 1800);
    assert_int_equal(g_array_index(gaps, store_gap, 1).until_sec, 1859);
}

static void test_journal_is_bounded(void **state)
{
    fixture *f = *state;
    g_autofree char *journal = journal_of(f);
    for (int i = 0; i < 600; i++) {
        assert_int_equal(backstop_store_note_gap(f->path, 6000 + i, 6000 + i, NULL), BACKSTOP_OK);
    }
    struct stat about;
    assert_int_equal(stat(journal, &about), 0);
    assert_true(about.st_size < 10 * 20); /* a line a minute */
    assert_int_equal(truncate(journal, GAP_JOURNAL_BYTES_MAX + 1), 0);
    backstop_error error;
    assert_int_equal(backstop_store_note_gap(f->path, 1, 1, &error), BACKSTOP_ERROR_STORE);
    assert_non_null(strstr(error.text, journal));
}

/* What root writes, the store's owner is to read. */
static void test_journal_owner(void **state)
{
    fixture *f = *state;
    g_autofree char *journal = journal_of(f);
    struct stat about;
    if (geteuid() != 0) {
        skip();
    }
    assert_true(g_file_set_contents(f->path, "", 0, NULL));
    assert_int_equal(chown(f->path, 65534, 65533), 0);
    assert_int_equal(backstop_store_note_gap(f->path, NOW_SEC, NOW_SEC, NULL), BACKSTOP_OK);
    assert_int_equal(stat(journal, &about), 0);
    assert_int_equal(about.st_uid, 65534);
    assert_int_equal(about.st_gid, 65533);
}

static void test_journal_that_cannot_be(void **state)
{
    fixture *f = *state;
    g_autofree char *journal = journal_of(f);
    fixture_open(f);
    assert_int_equal(mkfifo(journal, 0600), 0);
    bool has_one;
    backstop_error error = { "" };
    assert_int_equal(f->store->operations->has_gap(f->store, 1, 2, &has_one, &error),
                     BACKSTOP_ERROR_STORE);
    assert_non_null(strstr(error.text, journal));
    assert_int_equal(backstop_store_note_gap(f->path, 1, 1, NULL), BACKSTOP_ERROR_STORE);
    unlink(journal);
    g_autofree char *target = g_build_filename(f->folder, "target", NULL);
    assert_int_equal(symlink(target, journal), 0);
    assert_int_equal(backstop_store_note_gap(f->path, 1, 1, NULL), BACKSTOP_ERROR_STORE);
    assert_int_equal(access(target, F_OK), -1);
    assert_int_equal(backstop_store_note_gap("/no/such/folder/x", 1, 1, NULL),
                     BACKSTOP_ERROR_STORE);
}

/* Locked: the gap goes into the journal at once. And where there is none, the object holds it. */
static void test_gap_while_locked(void **state)
{
    fixture *f = *state;
    g_autofree char *journal = journal_of(f);
    fixture_open(f);
    fixture_record(f->store, "<1@our.example>", ALICE, NOBODY, NOW_SEC);
    sqlite3 *holder;
    assert_int_equal(sqlite3_open(f->path, &holder), SQLITE_OK);
    assert_int_equal(sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    add_gap(f->store, 1000, 1000);
    assert_int_equal(access(journal, F_OK), 0);
    assert_true(fixture_has_gap(f->store, 1000, 1000));
    unlink(journal);
    assert_int_equal(g_mkdir(journal, 0700), 0);
    backstop_error error = { "" };
    assert_int_equal(backstop_store_add_gap(f->store, 5000, 5000, &error), BACKSTOP_ERROR_STORE);
    assert_non_null(strstr(error.text, journal));
    assert_int_equal(backstop_store_add_gap(f->store, 5010, 5020, &error), BACKSTOP_ERROR_STORE);
    assert_true(fixture_has_gap(f->store, 5005, 5005)); /* and what lies between */
    g_rmdir(journal);
    assert_int_equal(sqlite3_close(holder), SQLITE_OK);
    fixture_record(f->store, "<2@our.example>", ALICE, NOBODY, NOW_SEC);
    fixture_open(f);
    assert_true(fixture_has_gap(f->store, 5000, 5000));
    assert_true(fixture_has_gap(f->store, 5020, 5020));
    assert_false(fixture_has_gap(f->store, 5021, 5021));
}

/* What is held is written when the store is closed. */
static void test_gap_at_close(void **state)
{
    fixture *f = *state;
    g_autofree char *journal = journal_of(f);
    sqlite3 *holder;
    fixture_open(f);
    assert_int_equal(sqlite3_open(f->path, &holder), SQLITE_OK);
    for (int is_locked_at_close = 0; is_locked_at_close < 2; is_locked_at_close++) {
        int64_t at_sec = 10000 * (is_locked_at_close + 1);
        assert_int_equal(sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(g_mkdir(journal, 0700), 0);
        assert_int_equal(backstop_store_add_gap(f->store, at_sec, at_sec, NULL),
                         BACKSTOP_ERROR_STORE);
        g_rmdir(journal);
        if (!is_locked_at_close) {
            assert_int_equal(sqlite3_exec(holder, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
        }
        backstop_store_close(f->store);
        f->store = NULL;
        assert_int_equal(access(journal, F_OK), is_locked_at_close ? 0 : -1);
        if (is_locked_at_close) {
            assert_int_equal(sqlite3_exec(holder, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
        }
        fixture_open(f);
        assert_true(fixture_has_gap(f->store, at_sec, at_sec));
    }
    assert_int_equal(sqlite3_close(holder), SQLITE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_gaps),
        FIXTURE_TEST(test_gaps_in_file),
        FIXTURE_TEST(test_noted_gaps),
        FIXTURE_TEST(test_journal_left_aside),
        FIXTURE_TEST(test_journal_lines),
        FIXTURE_TEST(test_journal_is_bounded),
        FIXTURE_TEST(test_journal_owner),
        FIXTURE_TEST(test_journal_that_cannot_be),
        FIXTURE_TEST(test_gap_while_locked),
        FIXTURE_TEST(test_gap_at_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
