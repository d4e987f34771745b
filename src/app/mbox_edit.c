/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/mbox_edit.h"

#include "app/descriptor.h"
#include "app/mbox_tail.h"
#include "app/safe_file.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A message to be put in, and where. */
typedef struct insertion {
    int64_t at;
    mbox_piece piece;
} insertion;

struct mbox_edit {
    const char *path;
    int fd;
    int64_t size;
    GArray *removals;   /* of mbox_range */
    GArray *insertions; /* of insertion */
};

mbox_edit *mbox_edit_new(const char *path, int fd, int64_t size)
{
    mbox_edit *edit = g_new0(mbox_edit, 1);
    edit->path = path;
    edit->fd = fd;
    edit->size = size;
    edit->removals = g_array_new(FALSE, FALSE, sizeof(mbox_range));
    edit->insertions = g_array_new(FALSE, FALSE, sizeof(insertion));
    return edit;
}

void mbox_edit_free(mbox_edit *edit)
{
    if (edit == NULL) {
        return;
    }
    g_array_free(edit->removals, TRUE);
    g_array_free(edit->insertions, TRUE);
    g_free(edit);
}

void mbox_edit_remove(mbox_edit *edit, int64_t begin, int64_t end)
{
    mbox_range r = { begin, end };
    g_array_append_val(edit->removals, r);
}

void mbox_edit_insert(mbox_edit *edit, int64_t at, const mbox_piece *piece)
{
    insertion i = { at, *piece };
    g_array_append_val(edit->insertions, i);
}

static void keep(mbox_tail *tail, int64_t begin, int64_t end)
{
    mbox_range r = { begin, end };
    if (end > begin) {
        g_array_append_val(tail->kept, r);
        tail->short_len += end - begin;
    }
}

/* The old end is the longer form: kept is what lies between the messages that go. */
static void plan_removal(const mbox_edit *edit, mbox_tail *tail)
{
    const mbox_range *all = (const mbox_range *)(void *)edit->removals->data;
    int64_t from = 0;
    tail->is_removal = true;
    tail->begin = all[0].begin;
    tail->long_len = edit->size - tail->begin;
    for (unsigned i = 0; i < edit->removals->len; i++) {
        keep(tail, from, all[i].begin - tail->begin);
        from = all[i].end - tail->begin;
    }
    keep(tail, from, tail->long_len);
}

static int64_t piece_len(const mbox_piece *p)
{
    return (int64_t)strlen(p->before) + p->end - p->begin + (int64_t)strlen(p->after);
}

/* The new end is the longer form: kept is what lies between the messages that come. */
static void plan_insertion(const mbox_edit *edit, mbox_tail *tail)
{
    const insertion *all = (const insertion *)(void *)edit->insertions->data;
    int64_t done = tail->begin = all[0].at;
    for (unsigned i = 0; i < edit->insertions->len; i++) {
        keep(tail, tail->long_len, tail->long_len + all[i].at - done);
        tail->long_len += all[i].at - done + piece_len(&all[i].piece);
        done = all[i].at;
    }
    keep(tail, tail->long_len, tail->long_len + edit->size - done);
    tail->long_len += edit->size - done;
}

static bool write_inserted(const mbox_edit *edit, const mbox_tail *tail, int to)
{
    int64_t done = tail->begin;
    for (unsigned i = 0; i < edit->insertions->len; i++) {
        const insertion *in = &g_array_index(edit->insertions, insertion, i);
        const mbox_piece *p = &in->piece;
        if (!safe_file_append(edit->fd, done, in->at - done, to) ||
            !descriptor_write(to, p->before, strlen(p->before)) ||
            !safe_file_append(p->fd, p->begin, p->end - p->begin, to) ||
            !descriptor_write(to, p->after, strlen(p->after))) {
            return false;
        }
        done = in->at;
    }
    return safe_file_append(edit->fd, done, edit->size - done, to);
}

/* Writes the file aside, and brings it to the disk. False, and errno. */
static bool put_aside(const mbox_edit *edit, const mbox_tail *tail, const char *aside)
{
    int to = safe_file_begin(aside);
    if (to < 0) {
        return false;
    }
    g_autoptr(GString) head = g_string_new(NULL);
    mbox_tail_print_head(tail, head);
    bool is_written = descriptor_write(to, head->str, head->len);
    if (is_written && tail->is_removal) {
        is_written = safe_file_append(edit->fd, tail->begin, tail->long_len, to);
    } else if (is_written) {
        is_written = write_inserted(edit, tail, to);
    }
    if (!is_written) {
        int error = errno;
        safe_file_abandon(to, aside);
        errno = error;
        return false;
    }
    return safe_file_finish(to, aside);
}

static int64_t size_of(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 ? info.st_size : -1;
}

/* The changed end, then the cut. False, and errno; then it can be put back. */
static bool write_removal(const mbox_tail *tail, int fd, int64_t size)
{
    if (!mbox_tail_write_short(tail, fd) || fsync(fd) != 0) {
        return false;
    }
    /* What somebody appended without asking for the lock must not be cut off. */
    if (size_of(fd) != size) {
        errno = ETXTBSY;
        return false;
    }
    return ftruncate(fd, tail->begin + tail->short_len) == 0 && fsync(fd) == 0;
}

/* Room for it, then the changed end. posix_fallocate() returns what others leave in errno. */
static bool write_insertion(const mbox_tail *tail, int fd)
{
    int64_t more = tail->long_len - tail->short_len;
    do {
        errno = posix_fallocate(fd, tail->begin + tail->short_len, more);
    } while (errno == EINTR);
    return errno == 0 && mbox_tail_write_long(tail, fd) && fsync(fd) == 0;
}

/* As it was before the edit. */
static bool put_back(const mbox_tail *tail, int fd, int64_t size)
{
    if (tail->is_removal) {
        return mbox_tail_write_long(tail, fd) && fsync(fd) == 0;
    }
    return size_of(fd) <= tail->begin + tail->long_len && mbox_tail_write_short(tail, fd) &&
           ftruncate(fd, size) == 0 && fsync(fd) == 0;
}

static const char *reason(int number)
{
    return number == ETXTBSY ? "somebody writes to it without locking it" : g_strerror(number);
}

static backstop_status change(const mbox_edit *edit, const char *aside, backstop_error *error)
{
    mbox_tail tail;
    if (!mbox_tail_open(aside, &tail)) {
        return error_fail(error, BACKSTOP_ERROR_STORE, "%s: %s", aside, g_strerror(errno));
    }
    bool is_done = tail.is_removal ? write_removal(&tail, edit->fd, edit->size)
                                   : write_insertion(&tail, edit->fd);
    int number = errno;
    bool is_as_before = !is_done && put_back(&tail, edit->fd, edit->size);
    mbox_tail_close(&tail);
    if (!is_done && !is_as_before) {
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "%s could not be changed (%s), nor put back as it was; the next sweep "
                          "mends it with what is put aside in %s",
                          edit->path, reason(number), aside);
    }
    unlink(aside);
    if (!is_done) {
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "%s could not be changed, and is as it was: %s", edit->path,
                          reason(number));
    }
    safe_file_sync_folder(aside);
    return BACKSTOP_OK;
}

backstop_status mbox_edit_commit(mbox_edit *edit, const char *aside, bool keep_times,
                                 backstop_error *error)
{
    if (edit->removals->len + edit->insertions->len == 0) {
        return BACKSTOP_OK;
    }
    struct stat before;
    if (fstat(edit->fd, &before) != 0 || before.st_size != edit->size) {
        return error_fail(error, BACKSTOP_ERROR_STORE, "%s was not changed: %s", edit->path,
                          reason(ETXTBSY));
    }
    mbox_tail tail = { .kept = g_array_new(FALSE, FALSE, sizeof(mbox_range)) };
    if (edit->removals->len > 0) {
        plan_removal(edit, &tail);
    } else {
        plan_insertion(edit, &tail);
    }
    bool is_aside = put_aside(edit, &tail, aside);
    int number = errno;
    g_array_free(tail.kept, TRUE);
    if (!is_aside) {
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "%s was not changed, for nothing could be put aside in %s: %s",
                          edit->path, aside, g_strerror(number));
    }
    backstop_status status = change(edit, aside, error);
    if (status == BACKSTOP_OK && keep_times) {
        struct timespec times[] = { before.st_atim, before.st_mtim };
        futimens(edit->fd, times);
    }
    return status;
}

static char *keep_aside(const char *aside)
{
    for (unsigned n = 1; n < 1000; n++) {
        g_autofree char *name = g_strdup_printf("%s.kept.%u", aside, n);
        if (link(aside, name) == 0) {
            unlink(aside);
            return g_steal_pointer(&name);
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return NULL;
}

/* What the interrupted edit needs to be whole again. False, and errno, if it cannot be given. */
static bool mend(const mbox_tail *tail, int fd, mbox_recovery *out)
{
    mbox_tail_match match;
    if (!mbox_tail_compare(tail, fd, &match)) {
        return false;
    }
    *out = MBOX_RESTORED;
    if (tail->is_removal && match.is_mixed && match.is_long) {
        return mbox_tail_write_long(tail, fd) && fsync(fd) == 0;
    }
    if (!tail->is_removal && match.is_mixed && match.is_reserved) {
        return mbox_tail_write_long(tail, fd) && fsync(fd) == 0;
    }
    /* Only part of the room was there yet. */
    int64_t size = size_of(fd);
    int64_t short_end = tail->begin + tail->short_len;
    if (match.is_short && !tail->is_removal && match.is_all_blank && size > short_end &&
        size < tail->begin + tail->long_len) {
        return ftruncate(fd, short_end) == 0 && fsync(fd) == 0;
    }
    *out = match.is_short ? MBOX_RESTORED : MBOX_CHANGED;
    return true;
}

backstop_status mbox_edit_recover(const char *path, int fd, const char *aside, mbox_recovery *out,
                                  char **kept, backstop_error *error)
{
    *out = MBOX_WAS_WHOLE;
    *kept = NULL;
    mbox_tail tail;
    if (!mbox_tail_open(aside, &tail)) {
        return errno == ENOENT
                   ? BACKSTOP_OK
                   : error_fail(error, BACKSTOP_ERROR_STORE, "%s: %s", aside, g_strerror(errno));
    }
    bool is_mended = mend(&tail, fd, out);
    int number = errno;
    mbox_tail_close(&tail);
    if (!is_mended) {
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "%s cannot be mended after an interrupted sweep: %s; what its end was is "
                          "in %s",
                          path, g_strerror(number), aside);
    }
    if (*out == MBOX_CHANGED) {
        *kept = keep_aside(aside);
    }
    if (*out == MBOX_CHANGED ? *kept == NULL : unlink(aside) != 0) {
        return error_fail(error, BACKSTOP_ERROR_STORE, "%s cannot be put away: %s", aside,
                          g_strerror(errno));
    }
    return BACKSTOP_OK;
}
