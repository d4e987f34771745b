/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Changing an mbox in place: what is taken out and put in, what is left of every interruption and
 * every failure, and that mail which others append in between stays.
 */
#include "app/mbox_edit.h"

#include "interrupt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>

typedef struct place {
    char *folder, *mbox, *aside, *source;
} place;

static int make_place(void **state)
{
    place *p = g_new0(place, 1);
    p->folder = g_dir_make_tmp("backstop-XXXXXX", NULL);
    assert_non_null(p->folder);
    p->mbox = g_build_filename(p->folder, "mbox", NULL);
    p->aside = g_build_filename(p->folder, "aside", NULL);
    p->source = g_build_filename(p->folder, "source", NULL);
    *state = p;
    return 0;
}

static int remove_place(void **state)
{
    place *p = *state;
    GDir *folder = g_dir_open(p->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(folder)) != NULL;) {
        g_autofree char *path = g_build_filename(p->folder, name, NULL);
        g_unlink(path);
    }
    g_dir_close(folder);
    g_rmdir(p->folder);
    g_free(p->folder);
    g_free(p->mbox);
    g_free(p->aside);
    g_free(p->source);
    g_free(p);
    return 0;
}

static void put(const char *path, const char *content)
{
    assert_true(g_file_set_contents(path, content, -1, NULL));
}

static char *get(const char *path)
{
    char *content = NULL;
    assert_true(g_file_get_contents(path, &content, NULL, NULL));
    return content;
}

static void assert_content(const char *path, const char *expected)
{
    g_autofree char *content = get(path);
    assert_string_equal(content, expected);
}

/* Removes the ranges, in pairs of offsets that end with -1; or puts in pieces of the source. */
typedef struct edit_case {
    const char *before;
    bool inserts;
    int numbers[9]; /* removal: begin, end; insertion: at, begin, end */
    const char *after;
} edit_case;

static const char pieces[] = "[one][two]";

static const edit_case cases[] = {
    { "aaBBccDDee", false, { 2, 4, 6, 8, -1 }, "aaccee" },
    { "aaBB", false, { 2, 4, -1 }, "aa" },
    { "BBaa", false, { 0, 2, -1 }, "aa" },
    { "BB", false, { 0, 2, -1 }, "" },
    { "aBcccccccccccccc", false, { 1, 2, -1 }, "acccccccccccccc" },
    { "aBBBBBBBBBBBBBBc", false, { 1, 15, -1 }, "ac" },
    { "aabb", true, { 2, 0, 5, -1 }, "aa[one]bb" },
    { "aabb", true, { 4, 0, 5, 4, 5, 10, -1 }, "aabb[one][two]" },
    { "aabb", true, { 0, 5, 10, 2, 0, 5, -1 }, "[two]aa[one]bb" },
    { "", true, { 0, 0, 10, -1 }, "[one][two]" },
};

static backstop_status commit(const place *p, const edit_case *c, backstop_error *error)
{
    int fd = open(p->mbox, O_RDWR);
    int source = open(p->source, O_RDONLY);
    struct stat info;
    assert_int_equal(fstat(fd, &info), 0);
    mbox_edit *edit = mbox_edit_new(p->mbox, fd, info.st_size);
    for (const int *n = c->numbers; *n >= 0; n += c->inserts ? 3 : 2) {
        mbox_piece piece = { "", source, n[1], n[2], "" };
        if (c->inserts) {
            mbox_edit_insert(edit, n[0], &piece);
        } else {
            mbox_edit_remove(edit, n[0], n[1]);
        }
    }
    backstop_status status = mbox_edit_commit(edit, p->aside, true, error);
    mbox_edit_free(edit);
    close(source);
    close(fd);
    return status;
}

/* Runs it in a child, which is interrupted at call number `at`. Whether it ended by itself. */
static bool commit_in_child(const place *p, const edit_case *c, long at, interrupt_how how,
                            backstop_status *status)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        interrupt_count = 0;
        interrupt_at = at;
        interrupt_mode = how;
        _exit((int)commit(p, c, NULL));
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    if (WIFSIGNALED(result)) {
        assert_int_equal(WTERMSIG(result), SIGKILL);
        return false;
    }
    *status = (backstop_status)WEXITSTATUS(result);
    return true;
}

static mbox_recovery recover(const place *p)
{
    mbox_recovery result;
    char *kept;
    int fd = open(p->mbox, O_RDWR);
    assert_int_equal(mbox_edit_recover(p->mbox, fd, p->aside, &result, &kept, NULL), BACKSTOP_OK);
    assert_true((kept != NULL) == (result == MBOX_CHANGED));
    g_free(kept);
    close(fd);
    return result;
}

static void start(const place *p, const edit_case *c)
{
    put(p->mbox, c->before);
    put(p->source, pieces);
    g_unlink(p->aside);
}

static void test_edits(void **state)
{
    const place *p = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        start(p, &cases[i]);
        assert_int_equal(commit(p, &cases[i], NULL), BACKSTOP_OK);
        assert_content(p->mbox, cases[i].after);
        assert_false(g_file_test(p->aside, G_FILE_TEST_EXISTS));
        assert_int_equal(recover(p), MBOX_WAS_WHOLE);
        assert_content(p->mbox, cases[i].after);
    }
}

/* At every call that changes a file: after the next start it is as before or as wanted. */
static void test_is_killed_anywhere(void **state)
{
    const place *p = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        bool is_done = false;
        unsigned kills = 0;
        for (long at = 1; !is_done; at++) {
            backstop_status status;
            start(p, &cases[i]);
            is_done = commit_in_child(p, &cases[i], at, INTERRUPT_KILL, &status);
            kills += !is_done;
            assert_int_not_equal(recover(p), MBOX_CHANGED);
            assert_false(g_file_test(p->aside, G_FILE_TEST_EXISTS));
            g_autofree char *content = get(p->mbox);
            if (strcmp(content, cases[i].before) != 0) {
                assert_string_equal(content, cases[i].after);
            }
        }
        assert_true(kills >= 6);
    }
}

/* The same, and a server appends mail before somebody mends it. */
static void test_keeps_what_is_appended_after_a_kill(void **state)
{
    const place *p = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        bool is_done = false;
        for (long at = 1; !is_done; at++) {
            static const char mail[] = "{a mail that is longer than all that was taken out}";
            backstop_status status;
            start(p, &cases[i]);
            is_done = commit_in_child(p, &cases[i], at, INTERRUPT_KILL, &status);
            FILE *file = fopen(p->mbox, "a");
            fputs(mail, file);
            fclose(file);
            assert_int_not_equal(recover(p), MBOX_CHANGED);
            g_autofree char *content = get(p->mbox);
            g_autofree char *undone = g_strconcat(cases[i].before, mail, NULL);
            g_autofree char *done = g_strconcat(cases[i].after, mail, NULL);
            if (strcmp(content, undone) != 0) {
                assert_string_equal(content, done);
            }
        }
    }
}

/* One call fails: then it says so and nothing has changed, or it was no call that matters. */
static void test_fails_anywhere(void **state)
{
    const place *p = *state;
    static const interrupt_how ways[] = { INTERRUPT_FAIL, INTERRUPT_FULL };
    for (size_t i = 0; i < G_N_ELEMENTS(cases) * G_N_ELEMENTS(ways); i++) {
        const edit_case *c = &cases[i / G_N_ELEMENTS(ways)];
        unsigned failures = 0;
        for (long at = 1; at < 40; at++) {
            backstop_status status = BACKSTOP_OK;
            start(p, c);
            assert_true(commit_in_child(p, c, at, ways[i % G_N_ELEMENTS(ways)], &status));
            g_autofree char *early = get(p->mbox);
            bool is_left = g_file_test(p->aside, G_FILE_TEST_EXISTS);
            assert_int_not_equal(recover(p), MBOX_CHANGED);
            g_autofree char *content = get(p->mbox);
            failures += status != BACKSTOP_OK;
            assert_string_equal(content, status == BACKSTOP_OK ? c->after : content);
            if (status != BACKSTOP_OK && strcmp(content, c->after) != 0) {
                assert_string_equal(content, c->before);
                assert_true(is_left || strcmp(early, c->before) == 0);
            }
        }
        assert_true(failures >= 3);
    }
}

/* Changed by others after an interruption: left alone, and what was put aside is kept. */
static void test_leaves_alone_what_others_changed(void **state)
{
    const place *p = *state;
    const edit_case *c = &cases[0];
    unsigned kept = 0;
    bool is_done = false;
    for (long at = 1; !is_done; at++) {
        backstop_status status;
        start(p, c);
        is_done = commit_in_child(p, c, at, INTERRUPT_KILL, &status);
        put(p->mbox, "something else entirely");
        kept += recover(p) == MBOX_CHANGED;
        assert_content(p->mbox, "something else entirely");
        assert_false(g_file_test(p->aside, G_FILE_TEST_EXISTS));
    }
    assert_true(kept > 1);
    g_autofree char *first = g_strconcat(p->aside, ".kept.1", NULL);
    g_autofree char *content = get(first);
    assert_non_null(strstr(content, "\n\nBBccDDee"));
}

static void test_keeps_mode_and_times(void **state)
{
    const place *p = *state;
    struct stat info;
    const struct timespec times[] = { { 1000, 5 }, { 2000, 7 } };
    start(p, &cases[0]);
    assert_int_equal(chmod(p->mbox, 0640), 0);
    assert_int_equal(utimensat(AT_FDCWD, p->mbox, times, 0), 0);
    assert_int_equal(stat(p->mbox, &info), 0);
    ino_t inode = info.st_ino;
    assert_int_equal(commit(p, &cases[0], NULL), BACKSTOP_OK);
    assert_int_equal(stat(p->mbox, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    assert_int_equal(info.st_ino, inode);
    assert_int_equal(info.st_mtim.tv_sec, 2000);
    assert_int_equal(info.st_mtim.tv_nsec, 7);
    assert_int_equal(info.st_atim.tv_sec, 1000);
}

static void test_notices_that_the_size_is_another(void **state)
{
    const place *p = *state;
    backstop_error error;
    start(p, &cases[0]);
    int fd = open(p->mbox, O_RDWR);
    mbox_edit *edit = mbox_edit_new(p->mbox, fd, 9);
    mbox_edit_remove(edit, 2, 4);
    assert_int_equal(mbox_edit_commit(edit, p->aside, true, &error), BACKSTOP_ERROR_STORE);
    assert_non_null(strstr(error.text, "was not changed"));
    assert_content(p->mbox, cases[0].before);
    mbox_edit_free(edit);
    close(fd);
}

/* Longer than what is copied at once. */
static void test_large(void **state)
{
    const place *p = *state;
    GString *before = g_string_new(NULL), *after = g_string_new(NULL);
    GArray *ends = g_array_new(FALSE, FALSE, sizeof(gsize));
    for (unsigned i = 0; i < 300; i++) {
        g_autofree char *text = g_strnfill(1000 + i * 7, (char)('a' + i % 26));
        g_string_append(before, text);
        g_array_append_val(ends, before->len);
        if (i % 3 != 1) {
            g_string_append(after, text);
        }
    }
    bool is_done = false;
    for (long at = 1; !is_done; at += 3) {
        put(p->mbox, before->str);
        pid_t child = fork();
        if (child == 0) {
            interrupt_count = 0;
            interrupt_at = at;
            int fd = open(p->mbox, O_RDWR);
            mbox_edit *edit = mbox_edit_new(p->mbox, fd, (int64_t)before->len);
            for (unsigned i = 1; i < 300; i += 3) {
                mbox_edit_remove(edit, (int64_t)g_array_index(ends, gsize, i - 1),
                                 (int64_t)g_array_index(ends, gsize, i));
            }
            _exit((int)mbox_edit_commit(edit, p->aside, true, NULL));
        }
        int result;
        assert_int_equal(waitpid(child, &result, 0), child);
        is_done = WIFEXITED(result) && WEXITSTATUS(result) == 0;
        assert_int_not_equal(recover(p), MBOX_CHANGED);
        g_autofree char *content = get(p->mbox);
        assert_true(strcmp(content, before->str) == 0 || strcmp(content, after->str) == 0);
        assert_true(!is_done || strcmp(content, after->str) == 0);
    }
    g_array_free(ends, TRUE);
    g_string_free(before, TRUE);
    g_string_free(after, TRUE);
}

/* What lies there is no file of ours: nothing is written into the mailbox. */
static void test_refuses_damaged_files_aside(void **state)
{
    const place *p = *state;
    static const char *const damaged[] = {
        "",
        "backstop-mbox-tail 2\nremove\nbegin 2\nbytes 4\n\nabcd",
        "backstop-mbox-tail 1\nremove\nbegin 2\nbytes 4\n\nabc",
        "backstop-mbox-tail 1\nremove\nbegin 2\nbytes 4\nkeep 3 2\n\nabcd",
        "backstop-mbox-tail 1\nremove\nbegin 2\nbytes 4\nkeep 0 5\n\nabcd",
        "backstop-mbox-tail 1\nremove\nbegin 2\nbytes 4\nkeep 2 3\nkeep 1 2\n\nabcd",
        "backstop-mbox-tail 1\nreplace\nbegin 2\nbytes 4\n\nabcd",
        "backstop-mbox-tail 1\nremove\nbegin -2\nbytes 4\n\nabcd",
        "backstop-mbox-tail 1\nremove\nbegin 2\nbytes 4 4\n\nabcd",
        "backstop-mbox-tail 1\nremove\nbytes 4\n\nabcd",
        "backstop-mbox-tail 1\nremove\nbegin 2\nbytes 4\nkeep 0 1",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(damaged); i++) {
        mbox_recovery result;
        char *kept;
        put(p->mbox, "aaBBccDDee");
        put(p->aside, damaged[i]);
        int fd = open(p->mbox, O_RDWR);
        assert_int_equal(mbox_edit_recover(p->mbox, fd, p->aside, &result, &kept, NULL),
                         BACKSTOP_ERROR_STORE);
        close(fd);
        assert_content(p->mbox, "aaBBccDDee");
        assert_content(p->aside, damaged[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_edits, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_is_killed_anywhere, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_keeps_what_is_appended_after_a_kill, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(test_fails_anywhere, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_leaves_alone_what_others_changed, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(test_keeps_mode_and_times, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_notices_that_the_size_is_another, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(test_large, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_refuses_damaged_files_aside, make_place, remove_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
