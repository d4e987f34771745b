/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The key file written so that nothing is lost, and what is refused as one. */
#include "proof/keys.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "temporary_folder.h"

#define NOW INT64_C(1795465490)

/* The folder of one test, and the key file in it. */
typedef struct place {
    char *folder;
    char *path;
} place;

static int make_place(void **state)
{
    place *p = g_new0(place, 1);
    *state = p;
    void *folder;
    int status = temporary_folder_make(&folder);
    p->folder = folder;
    p->path = g_build_filename(p->folder, "keys", NULL);
    return status;
}

static int remove_place(void **state)
{
    place *p = *state;
    void *folder = p->folder;
    temporary_folder_remove(&folder);
    g_free(p->path);
    g_free(p);
    return 0;
}

static unsigned count_files(const place *p)
{
    unsigned count = 0;
    GDir *folder = g_dir_open(p->folder, 0, NULL);
    while (g_dir_read_name(folder) != NULL) {
        count++;
    }
    g_dir_close(folder);
    return count;
}

static void add(const place *p, const char *purpose, int64_t now_sec, char *id)
{
    backstop_error error = { "" };
    if (backstop_keys_add(p->path, purpose, now_sec, id, &error) != BACKSTOP_OK) {
        fail_msg("%s", error.text);
    }
}

static backstop_keys *load(const place *p)
{
    backstop_keys *keys;
    backstop_error error = { "" };
    if (backstop_keys_load(p->path, &keys, &error) != BACKSTOP_OK) {
        fail_msg("%s", error.text);
    }
    return keys;
}

static mode_t mode_of(const char *path)
{
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    return about.st_mode & 07777;
}

static void test_new_file(void **state)
{
    const place *p = *state;
    char id[BACKSTOP_KEY_ID_SIZE];
    mode_t old = umask(0);
    add(p, "tag", NOW, id);
    umask(old);
    assert_int_equal(mode_of(p->path), 0600);
    assert_int_equal(count_files(p), 1);
    assert_int_equal(strlen(id), 12);
    assert_true(g_str_has_prefix(id, "20261123"));
    backstop_keys *keys = load(p);
    assert_int_equal(keys->all->len, 2);
    assert_string_equal(keys_at(keys, 0)->id, id);
    assert_int_equal(keys_at(keys, 0)->purpose, KEY_TAG);
    assert_int_equal(keys_at(keys, 0)->secret_len, 32);
    assert_int_equal(keys_at(keys, 1)->purpose, KEY_LEDGER);
    assert_memory_not_equal(keys_at(keys, 0)->secret, keys_at(keys, 1)->secret, 32);
    backstop_keys_free(keys);
}

/* Whatever is asked for first, a new file can sign and remember. */
static void test_new_file_for_others(void **state)
{
    const place *p = *state;
    char id[BACKSTOP_KEY_ID_SIZE];
    add(p, "prvs4", NOW, id);
    backstop_keys *keys = load(p);
    assert_int_equal(keys->all->len, 3);
    assert_int_equal(keys_at(keys, 0)->purpose, KEY_TAG);
    assert_int_equal(keys_at(keys, 1)->prvs_digit, 4);
    assert_string_equal(keys_at(keys, 1)->id, id);
    assert_non_null(keys_ledger(keys));
    backstop_keys_free(keys);

    assert_int_equal(unlink(p->path), 0);
    add(p, "ledger", NOW, id);
    keys = load(p);
    assert_int_equal(keys->all->len, 2);
    assert_string_equal(keys_ledger(keys)->id, id);
    backstop_keys_free(keys);
}

static void test_rotate(void **state)
{
    const place *p = *state;
    char first[BACKSTOP_KEY_ID_SIZE];
    char second[BACKSTOP_KEY_ID_SIZE];
    backstop_error error;
    add(p, "tag", NOW, first);
    assert_int_equal(backstop_keys_retire(p->path, first, NOW, &error), BACKSTOP_ERROR_INVALID);
    assert_non_null(strstr(error.text, "`backstop key new tag`"));
    add(p, "tag", NOW + 100, second);
    assert_string_not_equal(first, second);

    backstop_keys *before = load(p);
    assert_string_equal(keys_to_sign(before, KEY_TAG, NOW + 100)->id, second);
    assert_int_equal(backstop_keys_retire(p->path, first, NOW + 200, &error), BACKSTOP_OK);
    backstop_keys *after = load(p);
    assert_int_equal(after->all->len, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_memory_equal(keys_at(before, i)->secret, keys_at(after, i)->secret, 32);
        assert_string_equal(keys_at(before, i)->id, keys_at(after, i)->id);
    }
    bool is_retired;
    assert_non_null(
        keys_to_verify(after, KEY_TAG, span_from_string(first), NOW + 200, &is_retired));
    assert_true(is_retired);
    assert_non_null(
        keys_to_verify(after, KEY_TAG, span_from_string(second), NOW + 200, &is_retired));
    assert_false(is_retired);
    backstop_keys_free(before);
    backstop_keys_free(after);

    assert_int_equal(backstop_keys_retire(p->path, first, NOW + 300, &error),
                     BACKSTOP_ERROR_INVALID);
    assert_non_null(strstr(error.text, "is retired already"));
}

static void test_refused_changes(void **state)
{
    const place *p = *state;
    char id[BACKSTOP_KEY_ID_SIZE];
    backstop_error error;
    assert_int_equal(backstop_keys_retire(p->path, "a", NOW, &error), BACKSTOP_ERROR_KEYS);
    assert_non_null(strstr(error.text, "there is no such key file"));
    assert_int_equal(count_files(p), 0);
    assert_int_equal(backstop_keys_add(p->path, "tags", NOW, id, &error), BACKSTOP_ERROR_INVALID);
    assert_int_equal(backstop_keys_add(p->path, "", NOW, id, &error), BACKSTOP_ERROR_INVALID);
    assert_int_equal(backstop_keys_add(p->path, "tag", -1, id, &error), BACKSTOP_ERROR_INVALID);
    assert_int_equal(count_files(p), 0);

    add(p, "ledger", NOW, id);
    char second[BACKSTOP_KEY_ID_SIZE] = "x";
    assert_int_equal(backstop_keys_add(p->path, "ledger", NOW, second, &error),
                     BACKSTOP_ERROR_INVALID);
    assert_string_equal(second, "");
    assert_non_null(strstr(error.text, "there is a ledger key"));
    assert_int_equal(backstop_keys_retire(p->path, id, NOW, &error), BACKSTOP_ERROR_INVALID);
    assert_non_null(strstr(error.text, "is the ledger's key"));
    assert_int_equal(backstop_keys_retire(p->path, "nosuch", NOW, &error), BACKSTOP_ERROR_INVALID);
    assert_non_null(strstr(error.text, "there is no key nosuch"));
    backstop_keys_free(load(p));
}

/* A file that others can read, and what is no file at all. */
static void test_open_files(void **state)
{
    const place *p = *state;
    static const mode_t modes[] = { 0640, 0620, 0604, 0602, 0610, 0601, 0666 };
    char id[BACKSTOP_KEY_ID_SIZE];
    backstop_keys *keys;
    backstop_error error;
    add(p, "tag", NOW, id);
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        assert_int_equal(chmod(p->path, modes[i]), 0);
        assert_int_equal(backstop_keys_load(p->path, &keys, &error), BACKSTOP_ERROR_KEYS);
        assert_null(keys);
        g_autofree char *cure = g_strdup_printf("chmod 600 %s", p->path);
        assert_non_null(strstr(error.text, cure));
        assert_int_equal(backstop_keys_add(p->path, "tag", NOW, id, &error), BACKSTOP_ERROR_KEYS);
        assert_int_equal(backstop_keys_load(p->path, &keys, NULL), BACKSTOP_ERROR_KEYS);
    }
    assert_int_equal(chmod(p->path, 0400), 0);
    backstop_keys_free(load(p));

    assert_int_equal(backstop_keys_load(p->folder, &keys, &error), BACKSTOP_ERROR_KEYS);
    assert_int_equal(unlink(p->path), 0);
    assert_int_equal(backstop_keys_load(p->path, &keys, &error), BACKSTOP_ERROR_KEYS);
    assert_non_null(strstr(error.text, "`backstop key new --key-file "));
    assert_int_equal(mkfifo(p->path, 0600), 0);
    assert_int_equal(backstop_keys_load(p->path, &keys, &error), BACKSTOP_ERROR_KEYS);
    assert_non_null(strstr(error.text, "is no file"));
}

static void test_large_file(void **state)
{
    const place *p = *state;
    static const char first[] = "version 1";
    g_autofree char *text = g_strnfill(KEYS_FILE_BYTES_MAX, '\n');
    memcpy(text, first, sizeof first - 1);
    assert_true(g_file_set_contents(p->path, text, KEYS_FILE_BYTES_MAX, NULL));
    assert_int_equal(chmod(p->path, 0600), 0);
    backstop_keys_free(load(p));
    FILE *file = fopen(p->path, "a");
    fputc('\n', file);
    fclose(file);
    backstop_keys *keys;
    backstop_error error;
    assert_int_equal(backstop_keys_load(p->path, &keys, &error), BACKSTOP_ERROR_KEYS);
    assert_non_null(strstr(error.text, "larger than 1 MiB"));
}

static void test_links(void **state)
{
    const place *p = *state;
    char id[BACKSTOP_KEY_ID_SIZE];
    backstop_error error;
    g_autofree char *link_path = g_build_filename(p->folder, "link", NULL);
    assert_int_equal(symlink("keys", link_path), 0);
    const place through_link = { p->folder, link_path };
    assert_int_equal(backstop_keys_add(link_path, "tag", NOW, id, &error), BACKSTOP_ERROR_KEYS);
    assert_non_null(strstr(error.text, "is a link to a file that is missing"));
    add(p, "tag", NOW, id);
    add(&through_link, "tag", NOW, id);
    struct stat about;
    assert_int_equal(lstat(link_path, &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    backstop_keys *keys = load(&through_link);
    assert_int_equal(keys->all->len, 3);
    backstop_keys_free(keys);
}

static void test_missing_folder(void **state)
{
    const place *p = *state;
    char id[BACKSTOP_KEY_ID_SIZE];
    backstop_error error;
    g_autofree char *path = g_build_filename(p->folder, "none", "keys", NULL);
    g_autofree char *cure = g_strdup_printf("mkdir -p %s/none", p->folder);
    assert_int_equal(backstop_keys_add(path, "tag", NOW, id, &error), BACKSTOP_ERROR_KEYS);
    assert_non_null(strstr(error.text, cure));
}

/* Somebody was cut off while he wrote: what he left behind is replaced. */
static void test_left_over(void **state)
{
    const place *p = *state;
    char id[BACKSTOP_KEY_ID_SIZE];
    g_autofree char *beside = g_strconcat(p->path, ".new", NULL);
    assert_true(g_file_set_contents(beside, "version 1\nhalf of a li", -1, NULL));
    add(p, "tag", NOW, id);
    assert_int_equal(count_files(p), 1);
    assert_int_equal(mode_of(p->path), 0600);
    backstop_keys_free(load(p));
}

/* A folder stands where the new file should: nothing is changed. */
static void test_cannot_write(void **state)
{
    const place *p = *state;
    char id[BACKSTOP_KEY_ID_SIZE];
    backstop_error error;
    add(p, "tag", NOW, id);
    g_autofree char *beside = g_strconcat(p->path, ".new", NULL);
    assert_int_equal(mkdir(beside, 0700), 0);
    assert_int_equal(backstop_keys_add(p->path, "tag", NOW, id, &error), BACKSTOP_ERROR_KEYS);
    assert_non_null(strstr(error.text, "cannot be written"));
    assert_non_null(strstr(error.text, "nothing is changed"));
    backstop_keys *keys = load(p);
    assert_int_equal(keys->all->len, 2);
    backstop_keys_free(keys);
}

static void test_busy(void **state)
{
    const place *p = *state;
    char id[BACKSTOP_KEY_ID_SIZE];
    backstop_error error;
    int folder = open(p->folder, O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(folder, LOCK_EX), 0);
    assert_int_equal(backstop_keys_add(p->path, "tag", NOW, id, &error), BACKSTOP_ERROR_BUSY);
    close(folder);
    add(p, "tag", NOW, id);
}

enum { WRITERS = 4, KEYS_EACH = 8 };

/* Several writers at once: every key is there afterwards, and every reader sees a whole file. */
static void test_writers_at_once(void **state)
{
    const place *p = *state;
    char id[BACKSTOP_KEY_ID_SIZE];
    pid_t writers[WRITERS];
    add(p, "tag", NOW, id);
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = fork();
        if (writers[i] == 0) {
            bool works = true;
            for (unsigned n = 0; works && n < KEYS_EACH; n++) {
                backstop_status status;
                do { /* on a busy machine the others may be in the way for long */
                    status = backstop_keys_add(p->path, "tag", NOW, id, NULL);
                } while (status == BACKSTOP_ERROR_BUSY);
                works = status == BACKSTOP_OK;
            }
            _exit(works ? 0 : 1);
        }
    }
    for (unsigned i = 0; i < 200; i++) {
        backstop_keys_free(load(p));
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        int status;
        assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
        assert_int_equal(status, 0);
    }
    backstop_keys *keys = load(p);
    assert_int_equal(keys->all->len, 2 + WRITERS * KEYS_EACH);
    backstop_keys_free(keys);
}

/* kill -9 in the middle of writing, again and again: the file is always whole. */
static void test_killed_writers(void **state)
{
    const place *p = *state;
    char id[BACKSTOP_KEY_ID_SIZE];
    add(p, "tag", NOW, id);
    for (unsigned i = 0; i < 30; i++) {
        pid_t writer = fork();
        if (writer == 0) {
            while (backstop_keys_add(p->path, "tag", NOW, id, NULL) == BACKSTOP_OK) {
            }
            _exit(0);
        }
        g_usleep(500 + i * 100);
        kill(writer, SIGKILL);
        waitpid(writer, NULL, 0);
        backstop_keys_free(load(p));
    }
    add(p, "tag", NOW, id);
    assert_int_equal(count_files(p), 1);
}

/* Two runs, two keys; a store in memory takes one. */
static void test_ephemeral(void **state)
{
    (void)state;
    backstop_keys *a, *b;
    assert_int_equal(backstop_keys_new_ephemeral(&a, NULL), BACKSTOP_OK);
    assert_int_equal(backstop_keys_new_ephemeral(&b, NULL), BACKSTOP_OK);
    assert_int_equal(backstop_keys_count(a), 1);
    const key *first = keys_ledger(a), *second = keys_ledger(b);
    assert_int_equal(first->secret_len, KEY_SECRET_BYTES);
    assert_memory_not_equal(first->secret, second->secret, KEY_SECRET_BYTES);
    assert_null(keys_to_sign(a, KEY_TAG, NOW));
    backstop_keys_free(a);
    backstop_keys_free(b);
}

#define PLACE_TEST(function) cmocka_unit_test_setup_teardown(function, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_new_file),       PLACE_TEST(test_new_file_for_others),
        PLACE_TEST(test_rotate),         PLACE_TEST(test_refused_changes),
        PLACE_TEST(test_open_files),     PLACE_TEST(test_large_file),
        PLACE_TEST(test_links),          PLACE_TEST(test_missing_folder),
        PLACE_TEST(test_left_over),      PLACE_TEST(test_cannot_write),
        PLACE_TEST(test_busy),           PLACE_TEST(test_writers_at_once),
        PLACE_TEST(test_killed_writers), cmocka_unit_test(test_ephemeral),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
