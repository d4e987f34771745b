/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "store/gap_journal.h"

#include "base/error.h"
#include "base/span.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often a line is added anew because the file was taken meanwhile. */
enum { TRIES_MAX = 5 };

enum { DIGITS_MAX = 18, LINE_BYTES_MAX = 2 * DIGITS_MAX + 4, MINUTE_SEC = 60 };

store_gap gap_between(int64_t from_sec, int64_t until_sec)
{
    const int64_t last_sec = 253402300799; /* of the year 9999; no sum with it overflows */
    return (store_gap){ CLAMP(MIN(from_sec, until_sec), 0, last_sec),
                        CLAMP(MAX(from_sec, until_sec), 0, last_sec) };
}

static char *waiting_path(const char *store_path)
{
    return g_strconcat(store_path, "-gaps", NULL);
}

static char *taken_path(const char *store_path)
{
    return g_strconcat(store_path, "-gaps-taken", NULL);
}

/* Not through links, and not to hang on a pipe. -1 with errno if it is no regular file. */
static int open_file(const char *path, int flags)
{
    struct stat about;
    int fd = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    if (fd >= 0 && (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

/* Whether the open file still stands at `path`: what was written to it will be read. */
static bool is_in_place(int fd, const char *path)
{
    struct stat open_one, named;
    return fstat(fd, &open_one) == 0 && lstat(path, &named) == 0 &&
           open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

/* A decimal number at the start of `*rest`, and cuts it off. */
static bool read_number(span *rest, int64_t *number)
{
    size_t len = 0;
    *number = 0;
    while (len < rest->len && len < DIGITS_MAX && ascii_is_digit(rest->ptr[len])) {
        *number = *number * 10 + (rest->ptr[len] - '0');
        len++;
    }
    *rest = span_skip(*rest, len);
    return len > 0;
}

/* Lines that are cut off are passed over: who wrote them knows that they are not there. */
static void read_lines(span text, GArray *out)
{
    span line;
    while (span_next_line(&text, &line)) {
        store_gap gap;
        bool is_whole = read_number(&line, &gap.from_sec) && span_starts(line, SPAN(" "));
        line = span_skip(line, 1);
        if (is_whole && read_number(&line, &gap.until_sec) && line.len == 0 &&
            gap.until_sec >= gap.from_sec) {
            g_array_append_val(out, gap);
        }
    }
}

/* Root may be who writes, and the store another's, who is to read this. */
static void give_to_owner(int fd, const char *store_path)
{
    struct stat journal, store;
    g_autofree char *folder = g_path_get_dirname(store_path);
    bool is_there = lstat(store_path, &store) == 0 || stat(folder, &store) == 0;
    if (geteuid() == 0 && is_there && fstat(fd, &journal) == 0 && journal.st_uid != store.st_uid) {
        /* If that fails, the next who opens the file tries again. */
        int result = fchown(fd, store.st_uid, store.st_gid);
        (void)result;
    }
}

/* Whether the last line holds the gap already. */
static bool holds_already(int fd, off_t size, const store_gap *gap)
{
    char tail[2 * LINE_BYTES_MAX];
    off_t start = MAX(size - (off_t)sizeof tail, 0);
    ssize_t got = pread(fd, tail, sizeof tail, start);
    span text = { tail, got > 0 ? (size_t)got : 0 };
    /* The first line may have lost its beginning. */
    text = span_skip(text, span_find_char(text, '\n'));
    g_autoptr(GArray) gaps = g_array_new(FALSE, FALSE, sizeof(store_gap));
    read_lines(text, gaps);
    const store_gap *last = gaps->len == 0 ? NULL : &g_array_index(gaps, store_gap, gaps->len - 1);
    return last != NULL && last->from_sec <= gap->from_sec && last->until_sec >= gap->until_sec;
}

static bool write_line(int fd, const store_gap *gap)
{
    struct stat about;
    if (fstat(fd, &about) != 0) {
        return false;
    }
    if (holds_already(fd, about.st_size, gap)) {
        return fsync(fd) == 0;
    }
    if (about.st_size > GAP_JOURNAL_BYTES_MAX) {
        errno = EFBIG;
        return false;
    }
    char line[LINE_BYTES_MAX];
    int len =
        snprintf(line, sizeof line, "\n%" PRId64 " %" PRId64 "\n", gap->from_sec, gap->until_sec);
    ssize_t written = write(fd, line, (size_t)len);
    if (written >= 0 && written < len) {
        errno = ENOSPC;
    }
    return written == len && fsync(fd) == 0;
}

/* So that the name of a new file is on the disk as well. */
static void sync_folder(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

backstop_status gap_journal_add(const char *store_path, store_gap gap, backstop_error *error)
{
    g_autofree char *path = waiting_path(store_path);
    gap.from_sec -= gap.from_sec % MINUTE_SEC;
    gap.until_sec += MINUTE_SEC - 1 - gap.until_sec % MINUTE_SEC;
    bool is_done = false;
    errno = EAGAIN;
    for (unsigned tries = 0; !is_done && tries < TRIES_MAX; tries++) {
        int fd = open_file(path, O_RDWR | O_APPEND | O_CREAT);
        if (fd >= 0) {
            give_to_owner(fd, store_path);
        }
        if (fd < 0 || !write_line(fd, &gap)) {
            int cause = errno;
            if (fd >= 0) {
                close(fd);
            }
            errno = cause;
            break;
        }
        is_done = is_in_place(fd, path);
        close(fd);
    }
    if (!is_done) {
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "%s: cannot be written, so that it is nowhere on record that mail went "
                          "out unremembered: %s",
                          path, g_strerror(errno));
    }
    sync_folder(path);
    return BACKSTOP_OK;
}

/* True as well if there is no such file. */
static bool read_file(const char *path, GArray *out)
{
    int fd = open_file(path, O_RDONLY);
    if (fd < 0) {
        return errno == ENOENT;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    char buffer[4096];
    ssize_t got = 0;
    /* The last writer may have begun just below the limit. */
    while (text->len < GAP_JOURNAL_BYTES_MAX + sizeof buffer &&
           (got = read(fd, buffer, sizeof buffer)) > 0) {
        g_string_append_len(text, buffer, got);
    }
    bool is_read = got >= 0;
    close(fd);
    read_lines((span){ text->str, text->len }, out);
    return is_read;
}

backstop_status gap_journal_read(const char *store_path, GArray *out, backstop_error *error)
{
    g_autofree char *waiting = waiting_path(store_path);
    g_autofree char *taken = taken_path(store_path);
    /* In this order: a file that is renamed in between is met under its new name. */
    if (!read_file(waiting, out) || !read_file(taken, out)) {
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "%s: cannot be read: %s: chown it to the "
                          "store's owner",
                          waiting, g_strerror(errno));
    }
    return BACKSTOP_OK;
}

static bool exists(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0;
}

bool gap_journal_exists(const char *store_path)
{
    g_autofree char *waiting = waiting_path(store_path);
    g_autofree char *taken = taken_path(store_path);
    return exists(waiting) || exists(taken);
}

static bool identify(const char *path, gap_journal_taken *out)
{
    struct stat about;
    if (lstat(path, &about) != 0) {
        return false;
    }
    *out = (gap_journal_taken){
        .inode = about.st_ino,
        .changed_sec = about.st_ctim.tv_sec,
        .changed_ns = about.st_ctim.tv_nsec,
    };
    return true;
}

bool gap_journal_take(const char *store_path, GArray *out, gap_journal_taken *taken)
{
    g_autofree char *from = waiting_path(store_path);
    g_autofree char *to = taken_path(store_path);
    /* What somebody put aside and did not commit comes first. */
    bool has_some = exists(to) || rename(from, to) == 0;
    return has_some && identify(to, taken) && read_file(to, out);
}

void gap_journal_drop(const char *store_path, const gap_journal_taken *taken)
{
    g_autofree char *path = taken_path(store_path);
    gap_journal_taken present;
    if (identify(path, &present) && present.inode == taken->inode &&
        present.changed_sec == taken->changed_sec && present.changed_ns == taken->changed_ns) {
        (void)unlink(path);
    }
}
