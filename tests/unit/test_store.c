/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The store's file: made, opened, refused, damaged, locked. */
#include "store_fixture.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALICE "alice@our.example"
#define NOBODY "nobody@remote.example"

/* ---- the file ---- */

/* Opening fails with that status, and says so with all of these words. */
static void check_refused(fixture *f, const char *path, backstop_status expected, const char *words)
{
    backstop_store *store = (backstop_store *)f;
    backstop_error error = { "" };
    assert_int_equal(backstop_store_open(path, f->keys, &store, &error), expected);
    assert_null(store);
    g_auto(GStrv) list = g_strsplit(words, "|", 0);
    for (char **word = list; *word != NULL; word++) {
        if (strstr(error.text, *word) == NULL) {
            fail_msg("\"%s\" is missing in: %s", *word, error.text);
        }
    }
    assert_int_equal(backstop_store_open(path, f->keys, &store, NULL), expected);
}

static void test_made(void **state)
{
    fixture *f = *state;
    mode_t before = umask(0);
    fixture_open(f);
    fixture_record(f->store, "<1@our.example>", ALICE, NOBODY, NOW_SEC);
    umask(before);
    assert_int_equal(fixture_mode(f->path, ""), 0600);
    assert_int_equal(fixture_mode(f->path, "-wal"), 0600);
    assert_int_equal(fixture_mode(f->path, "-shm"), 0600);
    fixture_open(f);
    assert_string_equal(fixture_find(f->store, "<1@our.example>", ALICE, NOBODY, NOW_SEC), "mdpe");
    assert_true(fixture_stats(f->store).file_bytes > 0);
}

static void test_memory(void **state)
{
    fixture *f = *state;
    fixture_open_memory(f);
    fixture_record(f->store, "<1@our.example>", ALICE, NOBODY, NOW_SEC);
    backstop_store *other;
    assert_int_equal(backstop_store_open(NULL, f->keys, &other, NULL), BACKSTOP_OK);
    assert_string_equal(fixture_find(other, "<1@our.example>", ALICE, NOBODY, NOW_SEC), "");
    assert_string_equal(fixture_find(f->store, "<1@our.example>", ALICE, NOBODY, NOW_SEC), "mdpe");
    assert_true(fixture_stats(other).file_bytes > 0);
    backstop_store_close(other);
    backstop_store_close(NULL);
}

/* A relative path stays where it was, though the process goes elsewhere. */
static void test_relative_path(void **state)
{
    fixture *f = *state;
    g_autofree char *before = g_get_current_dir();
    /* SQLite would take such a name for a URI. */
    const char *names[] = { "plain.db", "file:name?mode=memory", ":memory:", "a%20b#c" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        backstop_store *store;
        assert_int_equal(chdir(f->folder), 0);
        assert_int_equal(backstop_store_open(names[i], f->keys, &store, NULL), BACKSTOP_OK);
        assert_int_equal(chdir(before), 0);
        fixture_record(store, "<1@our.example>", ALICE, NOBODY, NOW_SEC);
        assert_string_equal(fixture_find(store, "<1@our.example>", ALICE, NOBODY, NOW_SEC), "mdpe");
        backstop_store_close(store);
        g_autofree char *path = g_build_filename(f->folder, names[i], NULL);
        assert_int_equal(access(path, F_OK), 0);
    }
}

static void test_closed_to_others(void **state)
{
    fixture *f = *state;
    fixture_open(f);
    fixture_record(f->store, "<1@our.example>", ALICE, NOBODY, NOW_SEC);
    assert_int_equal(chmod(f->path, 0644), 0);
    backstop_store *second;
    assert_int_equal(backstop_store_open(f->path, f->keys, &second, NULL), BACKSTOP_OK);
    assert_int_equal(fixture_mode(f->path, ""), 0600);
    assert_int_equal(fixture_mode(f->path, "-wal"), 0600);
    backstop_store_close(second);
    /* The first one still has its locks: it can be written and read. */
    fixture_record(f->store, "<2@our.example>", ALICE, NOBODY, NOW_SEC);
    assert_string_equal(fixture_find(f->store, "<2@our.example>", ALICE, NOBODY, NOW_SEC), "mdpe");
}

static void test_no_file(void **state)
{
    fixture *f = *state;
    check_refused(f, f->folder, BACKSTOP_ERROR_STORE, "is no regular file");
    check_refused(f, "/dev/null", BACKSTOP_ERROR_STORE, "/dev/null|is no regular file");
    assert_int_equal(mkfifo(f->path, 0600), 0);
    check_refused(f, f->path, BACKSTOP_ERROR_STORE, "is no regular file");
    unlink(f->path);
    g_autofree char *target = g_build_filename(f->folder, "target", NULL);
    assert_int_equal(symlink(target, f->path), 0);
    check_refused(f, f->path, BACKSTOP_ERROR_STORE, "is a symbolic link");
    assert_int_equal(access(target, F_OK), -1);
    unlink(f->path);
    g_autofree char *missing = g_build_filename(f->folder, "no/such/folder.db", NULL);
    check_refused(f, missing, BACKSTOP_ERROR_STORE, "its folder does not exist|mkdir -p");
    g_autofree char *below_file = g_build_filename(f->path, "x", NULL);
    assert_true(g_file_set_contents(f->path, "", 0, NULL));
    check_refused(f, below_file, BACKSTOP_ERROR_STORE, below_file);
    check_refused(f, "", BACKSTOP_ERROR_STORE, "is no regular file");
}

static void test_no_ledger_key(void **state)
{
    fixture *f = *state;
    backstop_keys_free(f->keys);
    assert_int_equal(
        keys_read(SPAN("version 1\nt1 1 - tag " FIXTURE_SECRET "\n"), "keys", &f->keys, NULL),
        BACKSTOP_OK);
    check_refused(f, f->path, BACKSTOP_ERROR_KEYS, "no ledger key|backstop key new ledger");
    assert_int_equal(access(f->path, F_OK), -1);
}

/* Under another key nothing would be found, and all seem forged. */
static void test_other_key(void **state)
{
    fixture *f = *state;
    fixture_open(f);
    backstop_store_close(f->store);
    f->store = NULL;
    backstop_keys_free(f->keys);
    f->keys = fixture_keys(FIXTURE_OTHER_SECRET);
    check_refused(f, f->path, BACKSTOP_ERROR_KEYS, "another ledger key|bring back the key file");
    backstop_keys_free(f->keys);
    f->keys = fixture_keys(FIXTURE_SECRET);
    fixture_open(f);
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_newer(void **state)
{
    fixture *f = *state;
    fixture_open(f);
    backstop_store_close(f->store);
    f->store = NULL;
    run_sql(f->path, "PRAGMA user_version = 999");
    check_refused(f, f->path, BACKSTOP_ERROR_NEWER, "newer Backstop|999");
    run_sql(f->path, "PRAGMA user_version = 2");
    fixture_open(f);
}

static void test_foreign_database(void **state)
{
    fixture *f = *state;
    run_sql(f->path, "CREATE TABLE t (x)");
    assert_int_equal(chmod(f->path, 0644), 0);
    check_refused(f, f->path, BACKSTOP_ERROR_STORE, "another program's database");
    assert_int_equal(fixture_mode(f->path, ""), 0644);
    unlink(f->path);
    run_sql(f->path, "CREATE TABLE t (x); PRAGMA user_version = 1; PRAGMA application_id = 7");
    check_refused(f, f->path, BACKSTOP_ERROR_STORE, "another program's database");
    unlink(f->path);
    /* Empty, as an earlier one that was killed at once leaves it. */
    assert_true(g_file_set_contents(f->path, "", 0, NULL));
    fixture_open(f);
}

static void overwrite(const char *path, off_t at, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, at), len);
    close(fd);
}

static void test_garbage(void **state)
{
    fixture *f = *state;
    char garbage[8192];
    memset(garbage, 'x', sizeof garbage);
    assert_true(g_file_set_contents(f->path, garbage, sizeof garbage, NULL));
    check_refused(f, f->path, BACKSTOP_ERROR_STORE, "is damaged, or no store|move it away");
    assert_true(g_file_set_contents(f->path, "xx", 2, NULL));
    check_refused(f, f->path, BACKSTOP_ERROR_STORE, "is damaged, or no store");
    /* A store that is cut off right behind its first page. */
    unlink(f->path);
    fixture_open(f);
    fixture_fill(f->store, 1000);
    backstop_store_close(f->store);
    f->store = NULL;
    assert_int_equal(truncate(f->path, 4096), 0);
    check_refused(f, f->path, BACKSTOP_ERROR_STORE, "is damaged");
}

/* Asks for all, and counts: what is known, what is not, and what nobody can tell. */
static void ask_all(backstop_store *store, unsigned count, unsigned *known, unsigned *unknown,
                    unsigned *failed)
{
    const span sender = SPAN(ALICE), recipient = SPAN(NOBODY);
    *known = *unknown = *failed = 0;
    for (unsigned i = 0; i < count; i++) {
        char text[32];
        g_snprintf(text, sizeof text, "<%u@our.example>", i);
        const span id = span_from_string(text);
        ledger_answer answer;
        backstop_error error = { "" };
        backstop_status status =
            ledger_find(store, &sender, 1, &id, 1, &recipient, 1, NOW_SEC, &answer, &error);
        if (status == BACKSTOP_OK) {
            *(answer.knows_delivery ? known : unknown) += 1;
        } else {
            assert_int_equal(status, BACKSTOP_ERROR_STORE);
            assert_non_null(strstr(error.text, "is damaged"));
            assert_false(answer.knows_elsewhere || answer.knows_pair);
            *failed += 1;
        }
    }
}

/* What stands on a page that is damaged is not "unknown": nobody can tell. */
static void test_damaged_pages(void **state)
{
    fixture *f = *state;
    enum { MAILS = 3000 };
    unsigned known, unknown, failed;
    fixture_open(f);
    fixture_fill(f->store, MAILS);
    backstop_store_close(f->store);
    f->store = NULL;
    struct stat about;
    assert_int_equal(stat(f->path, &about), 0);
    unsigned char page[4096];
    static const int patterns[] = { 0x00, 0xff, 0x0a, 'x' };
    for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++) {
        memset(page, patterns[i], sizeof page);
        overwrite(f->path, (off_t)(about.st_size / 4096 / 2 + (off_t)i * 3) * 4096, page,
                  sizeof page);
    }
    fixture_open(f);
    ask_all(f->store, MAILS, &known, &unknown, &failed);
    assert_int_equal(unknown, 0);
    assert_true(failed > 0);
    assert_true(known > 0);
}

static void test_truncated_while_open(void **state)
{
    fixture *f = *state;
    enum { MAILS = 3000 };
    unsigned known, unknown, failed;
    fixture_open(f);
    fixture_fill(f->store, MAILS);
    fixture_open(f);
    struct stat about;
    assert_int_equal(stat(f->path, &about), 0);
    assert_int_equal(truncate(f->path, about.st_size / 4096 / 2 * 4096), 0);
    ask_all(f->store, MAILS, &known, &unknown, &failed);
    assert_int_equal(unknown, 0);
    assert_true(failed > 0);
}

/* What would be written to a file that is not there any more is lost: so it is an error. */
static void test_moved_away(void **state)
{
    fixture *f = *state;
    g_autofree char *elsewhere = g_build_filename(f->folder, "elsewhere.db", NULL);
    const ledger_mail mail = { SPAN("<2@our.example>"), SPAN(ALICE), NULL, 0, false };
    backstop_error error = { "" };
    fixture_open(f);
    fixture_record(f->store, "<1@our.example>", ALICE, NOBODY, NOW_SEC);
    assert_int_equal(rename(f->path, elsewhere), 0);
    assert_int_equal(ledger_record(f->store, &mail, NOW_SEC, &error), BACKSTOP_ERROR_STORE);
    assert_non_null(strstr(error.text, "was moved away"));
    assert_true(g_file_set_contents(f->path, "", 0, NULL));
    assert_int_equal(ledger_record(f->store, &mail, NOW_SEC, &error), BACKSTOP_ERROR_STORE);
    /* The gap is there for the new one. */
    assert_int_equal(backstop_store_add_gap(f->store, NOW_SEC, NOW_SEC, NULL), BACKSTOP_OK);
    fixture_open(f);
    fixture_record(f->store, "<3@our.example>", ALICE, NOBODY, NOW_SEC);
    assert_true(fixture_has_gap(f->store, NOW_SEC, NOW_SEC));
}

/* ---- locks ---- */

static void test_locked_for_writing(void **state)
{
    fixture *f = *state;
    sqlite3 *holder;
    fixture_open(f);
    fixture_record(f->store, "<1@our.example>", ALICE, NOBODY, NOW_SEC);
    assert_int_equal(sqlite3_open(f->path, &holder), SQLITE_OK);
    assert_int_equal(sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    gint64 started = g_get_monotonic_time();
    const ledger_mail mail = { SPAN("<2@our.example>"), SPAN(ALICE), NULL, 0, false };
    backstop_error error = { "" };
    assert_int_equal(ledger_record(f->store, &mail, NOW_SEC, &error), BACKSTOP_ERROR_BUSY);
    gint64 waited_ms = (g_get_monotonic_time() - started) / 1000;
    assert_in_range(waited_ms, 4500, 8000);
    assert_non_null(strstr(error.text, "is locked by another process"));
    assert_non_null(strstr(error.text, f->path));
    /* Readers do not mind, nor does who opens it. */
    assert_string_equal(fixture_find(f->store, "<1@our.example>", ALICE, NOBODY, NOW_SEC), "mdpe");
    backstop_store *second;
    assert_int_equal(backstop_store_open(f->path, f->keys, &second, NULL), BACKSTOP_OK);
    assert_string_equal(fixture_find(second, "<2@our.example>", ALICE, NOBODY, NOW_SEC), "p");
    backstop_store_close(second);
    assert_int_equal(sqlite3_close(holder), SQLITE_OK);
    assert_int_equal(ledger_record(f->store, &mail, NOW_SEC, &error), BACKSTOP_OK);
}

static void test_locked_for_reading(void **state)
{
    fixture *f = *state;
    sqlite3 *holder;
    fixture_open(f);
    fixture_record(f->store, "<1@our.example>", ALICE, NOBODY, NOW_SEC);
    backstop_store_close(f->store);
    f->store = NULL;
    assert_int_equal(sqlite3_open(f->path, &holder), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(holder, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE", NULL, NULL, NULL),
        SQLITE_OK);
    gint64 started = g_get_monotonic_time();
    backstop_store *store;
    backstop_error error = { "" };
    assert_int_equal(backstop_store_open(f->path, f->keys, &store, &error), BACKSTOP_ERROR_BUSY);
    gint64 waited_ms = (g_get_monotonic_time() - started) / 1000;
    assert_in_range(waited_ms, 4500, 8000);
    assert_non_null(strstr(error.text, "try again"));
    assert_int_equal(sqlite3_close(holder), SQLITE_OK);
    fixture_open(f);
}

/* All readers are in use. */
static void test_no_reader_free(void **state)
{
    fixture *f = *state;
    backstop_store *views[64];
    size_t count = 0;
    backstop_error error = { "" };
    fixture_open(f);
    const store_operations *operations = f->store->operations;
    while (count < G_N_ELEMENTS(views) &&
           operations->open_view(f->store, &views[count], &error) == BACKSTOP_OK) {
        count++;
    }
    assert_in_range(count, 1, 32);
    assert_non_null(strstr(error.text, "too much is asked"));
    const span id = SPAN("<1@our.example>");
    ledger_answer answer;
    assert_int_equal(ledger_find(f->store, NULL, 0, &id, 1, NULL, 0, NOW_SEC, &answer, &error),
                     BACKSTOP_ERROR_BUSY);
    for (size_t i = 0; i < count; i++) {
        views[i]->operations->close(views[i]);
    }
    assert_string_equal(fixture_find(f->store, NULL, ALICE, NULL, NOW_SEC), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_made),
        FIXTURE_TEST(test_memory),
        FIXTURE_TEST(test_relative_path),
        FIXTURE_TEST(test_closed_to_others),
        FIXTURE_TEST(test_no_file),
        FIXTURE_TEST(test_no_ledger_key),
        FIXTURE_TEST(test_other_key),
        FIXTURE_TEST(test_newer),
        FIXTURE_TEST(test_foreign_database),
        FIXTURE_TEST(test_garbage),
        FIXTURE_TEST(test_damaged_pages),
        FIXTURE_TEST(test_truncated_while_open),
        FIXTURE_TEST(test_moved_away),
        FIXTURE_TEST(test_locked_for_writing),
        FIXTURE_TEST(test_locked_for_reading),
        FIXTURE_TEST(test_no_reader_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
