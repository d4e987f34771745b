/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Locking an mbox: both ways, against others who use either, and locks that were left over. */
#include "app/mbox_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "temporary_folder.h"

static char *mbox_in(const char *folder)
{
    temporary_folder_put(folder, "mbox", "content");
    return g_build_filename(folder, "mbox", NULL);
}

/* Runs `what` in another process, which keeps what it locks until told to end. */
typedef struct other {
    pid_t process;
    int to_it;
} other;

static other start_other(bool (*what)(const char *path), const char *path)
{
    int go[2], ready[2];
    char byte = 0;
    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(ready), 0);
    other o = { fork(), go[1] };
    if (o.process == 0) {
        close(go[1]);
        bool is_done = what(path) && write(ready[1], "x", 1) == 1 && read(go[0], &byte, 1) >= 0;
        _exit(is_done ? 0 : 1);
    }
    close(go[0]);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return o;
}

static void end_other(other *o)
{
    int status;
    close(o->to_it);
    assert_int_equal(waitpid(o->process, &status, 0), o->process);
    assert_int_equal(status, 0);
}

static bool lock_with_fcntl(const char *path)
{
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int fd = open(path, O_RDWR);
    return fd >= 0 && fcntl(fd, F_SETLK, &whole) == 0;
}

static bool lock_as_we_do(const char *path)
{
    mbox_lock lock;
    return mbox_lock_take(path, NULL, 0, &lock, NULL) == BACKSTOP_OK;
}

static void test_takes_and_releases(void **state)
{
    const char *folder = *state;
    g_autofree char *path = mbox_in(folder);
    mbox_lock lock;
    assert_int_equal(mbox_lock_take(path, NULL, 0, &lock, NULL), BACKSTOP_OK);
    g_autofree char *text = temporary_folder_get(folder, "mbox.lock");
    g_autofree char *pid = g_strdup_printf("%ld\n", (long)getpid());
    assert_true(g_str_has_prefix(text, pid));
    mbox_lock_release(&lock);
    assert_false(temporary_folder_has(folder, "mbox.lock"));
    mbox_lock_release(&lock); /* harmless */
    assert_int_equal(mbox_lock_take(path, NULL, 0, &lock, NULL), BACKSTOP_OK);
    mbox_lock_release(&lock);
    g_autofree char *content = temporary_folder_get(folder, "mbox");
    assert_string_equal(content, "content");
}

static void test_waits_for_who_locks_with_fcntl(void **state)
{
    const char *folder = *state;
    g_autofree char *path = mbox_in(folder);
    mbox_lock lock;
    backstop_error error;
    other o = start_other(lock_with_fcntl, path);
    assert_int_equal(mbox_lock_take(path, NULL, 100, &lock, &error), BACKSTOP_ERROR_BUSY);
    assert_non_null(strstr(error.text, "is locked by another program"));
    assert_true(lock.fd < 0);
    assert_false(temporary_folder_has(folder, "mbox.lock"));
    end_other(&o);
    assert_int_equal(mbox_lock_take(path, NULL, 0, &lock, &error), BACKSTOP_OK);
    mbox_lock_release(&lock);
}

static void test_waits_for_who_locks_as_we_do(void **state)
{
    const char *folder = *state;
    g_autofree char *path = mbox_in(folder);
    mbox_lock lock;
    other o = start_other(lock_as_we_do, path);
    assert_int_equal(mbox_lock_take(path, NULL, 60, &lock, NULL), BACKSTOP_ERROR_BUSY);
    assert_true(temporary_folder_has(folder, "mbox.lock"));
    end_other(&o);
    /* It ended without taking its file away. */
    assert_true(temporary_folder_has(folder, "mbox.lock"));
    assert_int_equal(mbox_lock_take(path, NULL, 200, &lock, NULL), BACKSTOP_OK);
    mbox_lock_release(&lock);
}

static void test_respects_lock_files_of_others(void **state)
{
    const char *folder = *state;
    g_autofree char *path = mbox_in(folder);
    static const char *const texts[] = { "", "0", "4711\n", "999999999\n", "no number\n" };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        mbox_lock lock;
        backstop_error error;
        temporary_folder_put(folder, "mbox.lock", texts[i]);
        assert_int_equal(mbox_lock_take(path, NULL, 100, &lock, &error), BACKSTOP_ERROR_BUSY);
        assert_non_null(strstr(error.text, "mbox.lock is there"));
        g_autofree char *text = temporary_folder_get(folder, "mbox.lock");
        assert_string_equal(text, texts[i]);
        /* And the other lock was given back. */
        assert_true(lock_with_fcntl(path));
    }
}

static void test_makes_a_missing_one(void **state)
{
    const char *folder = *state;
    g_autofree char *path = g_build_filename(folder, "new", NULL);
    struct stat like = { .st_mode = 0640, .st_uid = getuid(), .st_gid = getgid() };
    struct stat info;
    mbox_lock lock;
    backstop_error error;
    assert_int_equal(mbox_lock_take(path, NULL, 0, &lock, &error), BACKSTOP_ERROR_STORE);
    assert_non_null(strstr(error.text, "cannot be opened: No such file"));
    assert_int_equal(mbox_lock_take(path, &like, 0, &lock, &error), BACKSTOP_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    assert_int_equal(info.st_size, 0);
    mbox_lock_release(&lock);
}

static void test_opens_no_links_and_no_folders(void **state)
{
    const char *folder = *state;
    g_autofree char *path = mbox_in(folder);
    g_autofree char *link_path = g_build_filename(folder, "link", NULL);
    mbox_lock lock;
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(mbox_lock_take(link_path, NULL, 0, &lock, NULL), BACKSTOP_ERROR_STORE);
    assert_int_equal(mbox_lock_take(folder, NULL, 0, &lock, NULL), BACKSTOP_ERROR_STORE);
    g_autofree char *fifo = g_build_filename(folder, "fifo", NULL);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(mbox_lock_take(fifo, NULL, 0, &lock, NULL), BACKSTOP_ERROR_STORE);
}

int main(void)
{
#define WITH_FOLDER(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, temporary_folder_make, temporary_folder_remove)
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_takes_and_releases),
        WITH_FOLDER(test_waits_for_who_locks_with_fcntl),
        WITH_FOLDER(test_waits_for_who_locks_as_we_do),
        WITH_FOLDER(test_respects_lock_files_of_others),
        WITH_FOLDER(test_makes_a_missing_one),
        WITH_FOLDER(test_opens_no_links_and_no_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
