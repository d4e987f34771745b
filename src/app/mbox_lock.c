/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/mbox_lock.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { RETRY_MSEC = 50, LOCK_TEXT_BYTES = 512 };

/* How one try to lock went. */
typedef enum attempt { LOCKED, HELD_BY_OTHERS, NOT_ALLOWED, FAILED } attempt;

/* Behind the process id: whose lock this is, and where that id means something. */
static char *mark_of_ours(void)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    return g_strdup_printf("backstop %s\n", host);
}

/* Whether the lock file is one of ours whose process ended without taking it away. */
static bool is_left_over(const char *lock_file, long *holder)
{
    char text[LOCK_TEXT_BYTES + 1] = "";
    *holder = 0;
    int fd = open(lock_file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t len = read(fd, text, LOCK_TEXT_BYTES);
    close(fd);
    text[MAX(len, 0)] = '\0';
    char *behind;
    *holder = strtol(text, &behind, 10);
    g_autofree char *mark = mark_of_ours();
    bool is_ours = *holder > 0 && *behind == '\n' && g_str_equal(behind + 1, mark);
    return is_ours && kill((pid_t)*holder, 0) != 0 && errno == ESRCH;
}

static bool write_mark(int fd)
{
    g_autofree char *mark = mark_of_ours();
    g_autofree char *text = g_strdup_printf("%ld\n%s", (long)getpid(), mark);
    size_t len = strlen(text);
    return write(fd, text, len) == (ssize_t)len;
}

/* Makes the lock file: under a name of its own first, then link(), which fails if it is there. On
 * NFS too that is safe, as open() with O_EXCL is not everywhere. */
static attempt make_lock_file(const char *lock_file)
{
    g_autofree char *own = g_strdup_printf("%s.%ld", lock_file, (long)getpid());
    unlink(own);
    int fd = open(own, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        return errno == EACCES || errno == EPERM ? NOT_ALLOWED : FAILED;
    }
    bool is_written = write_mark(fd);
    int error = errno;
    close(fd);
    attempt result = FAILED;
    if (is_written) {
        /* What link() returns may be wrong on NFS, the count of links is not. */
        struct stat info = { .st_nlink = 0 };
        bool is_linked = link(own, lock_file) == 0;
        error = errno;
        is_linked = is_linked || (stat(own, &info) == 0 && info.st_nlink == 2);
        result = is_linked ? LOCKED : error == EEXIST ? HELD_BY_OTHERS : FAILED;
    }
    unlink(own);
    errno = error;
    return result;
}

/* Runs "dotlockfile OPTION... FILE"; its exit status, or -1 if there is no such program. */
static int run_dotlockfile(const char *const *options, const char *lock_file)
{
    const char *arguments[8] = { "dotlockfile" };
    size_t count = 1;
    for (; options[count - 1] != NULL; count++) {
        arguments[count] = options[count - 1];
    }
    arguments[count] = lock_file;
    int status = -1;
    GSpawnFlags flags =
        G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL;
    if (!g_spawn_sync(NULL, (char **)arguments, NULL, flags, NULL, NULL, NULL, NULL, &status,
                      NULL)) {
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static attempt lock_by_program(const char *lock_file)
{
    enum { PROGRAM_SAYS_HELD = 4 }; /* after the retries: dotlockfile(1) */
    static const char *const options[] = { "-l", "-r", "0", NULL };
    int status = run_dotlockfile(options, lock_file);
    errno = EACCES;
    return status == 0 ? LOCKED : status == PROGRAM_SAYS_HELD ? HELD_BY_OTHERS : NOT_ALLOWED;
}

static attempt lock_with_file(mbox_lock *lock)
{
    attempt result = make_lock_file(lock->lock_file);
    if (result == NOT_ALLOWED) {
        result = lock_by_program(lock->lock_file);
        lock->by_program = result == LOCKED;
    }
    long holder;
    if (result == HELD_BY_OTHERS && is_left_over(lock->lock_file, &holder)) {
        unlink(lock->lock_file);
    }
    return result;
}

static attempt lock_with_fcntl(int fd)
{
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (fcntl(fd, F_SETLK, &whole) == 0) {
        return LOCKED;
    }
    return errno == EACCES || errno == EAGAIN ? HELD_BY_OTHERS : FAILED;
}

/* Whether the path still names the open file: whoever held the lock may have replaced it. */
static bool is_still_there(const char *path, int fd)
{
    struct stat named, opened;
    return lstat(path, &named) == 0 && fstat(fd, &opened) == 0 && named.st_dev == opened.st_dev &&
           named.st_ino == opened.st_ino;
}

/* Opens the mbox, or makes it; the descriptor, or -1 and errno. */
static int open_mbox(const char *path, const struct stat *like)
{
    enum { FLAGS = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };
    int fd = open(path, FLAGS);
    if (fd < 0 && errno == ENOENT && like != NULL) {
        fd = open(path, FLAGS | O_CREAT | O_EXCL, 0600);
        bool is_owners = fd < 0 || geteuid() != 0 || fchown(fd, like->st_uid, like->st_gid) == 0;
        if (fd >= 0 && (!is_owners || fchmod(fd, like->st_mode & 0777) != 0)) {
            int error = errno;
            close(fd);
            unlink(path);
            errno = error;
            return -1;
        }
    }
    struct stat info;
    if (fd >= 0 && fstat(fd, &info) == 0 && !S_ISREG(info.st_mode)) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

/* One try at all of it. If it fails nothing is held, and `*why` says what failed. */
static attempt try_to_lock(const char *path, const struct stat *like, mbox_lock *lock,
                           const char **why)
{
    *why = "cannot be opened";
    lock->fd = open_mbox(path, like);
    if (lock->fd < 0) {
        return FAILED;
    }
    *why = "cannot be locked with fcntl()";
    attempt result = lock_with_fcntl(lock->fd);
    if (result == LOCKED) {
        *why = "cannot be locked";
        result = lock_with_file(lock);
    }
    if (result == LOCKED && !is_still_there(path, lock->fd)) {
        *why = "is being replaced";
        mbox_lock taken = *lock;
        taken.lock_file = g_strdup(lock->lock_file);
        mbox_lock_release(&taken);
        lock->fd = -1;
        return HELD_BY_OTHERS;
    }
    if (result != LOCKED) {
        int error = errno;
        close(lock->fd);
        lock->fd = -1;
        errno = error;
    }
    return result;
}

static backstop_status fail_busy(const mbox_lock *lock, const char *path, backstop_error *error)
{
    long holder = 0;
    if (access(lock->lock_file, F_OK) != 0) {
        return error_fail(error, BACKSTOP_ERROR_BUSY,
                          "%s is locked by another program; try again in a moment", path);
    }
    is_left_over(lock->lock_file, &holder);
    g_autofree char *who = holder > 0 ? g_strdup_printf(" (by process %ld)", holder) : g_strdup("");
    return error_fail(error, BACKSTOP_ERROR_BUSY,
                      "%s is there%s: another program is at work on the mailbox; try again in a "
                      "moment, and if no program is, remove that file",
                      lock->lock_file, who);
}

static backstop_status fail(attempt result, const mbox_lock *lock, const char *path,
                            const char *why, backstop_error *error)
{
    if (result == HELD_BY_OTHERS) {
        return fail_busy(lock, path, error);
    }
    if (result == NOT_ALLOWED) {
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "%s cannot be made, so the mailbox cannot be locked: permission denied; "
                          "install liblockfile-bin, whose program dotlockfile may",
                          lock->lock_file);
    }
    return error_fail(error, BACKSTOP_ERROR_STORE, "%s %s: %s", path, why, g_strerror(errno));
}

backstop_status mbox_lock_take(const char *path, const struct stat *like, int wait_msec,
                               mbox_lock *out, backstop_error *error)
{
    mbox_lock lock = { .fd = -1, .lock_file = g_strconcat(path, ".lock", NULL) };
    const char *why = NULL;
    attempt result;
    while ((result = try_to_lock(path, like, &lock, &why)) == HELD_BY_OTHERS && wait_msec > 0) {
        g_usleep((gulong)RETRY_MSEC * 1000);
        wait_msec -= RETRY_MSEC;
    }
    if (result == LOCKED) {
        *out = lock;
        return BACKSTOP_OK;
    }
    backstop_status status = fail(result, &lock, path, why, error);
    g_free(lock.lock_file);
    *out = (mbox_lock){ .fd = -1 };
    return status;
}

void mbox_lock_release(mbox_lock *lock)
{
    if (lock->fd < 0) {
        return;
    }
    static const char *const options[] = { "-u", NULL };
    if (lock->by_program) {
        run_dotlockfile(options, lock->lock_file);
    } else {
        unlink(lock->lock_file);
    }
    close(lock->fd);
    g_free(lock->lock_file);
    *lock = (mbox_lock){ .fd = -1 };
}
