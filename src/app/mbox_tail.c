/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/mbox_tail.h"

#include "app/safe_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic_line[] = "backstop-mbox-tail 1";

void mbox_tail_print_head(const mbox_tail *tail, GString *out)
{
    g_string_append_printf(out, "%s\n%s\nbegin %" PRId64 "\nbytes %" PRId64 "\n", magic_line,
                           tail->is_removal ? "remove" : "insert", tail->begin, tail->long_len);
    for (unsigned i = 0; i < tail->kept->len; i++) {
        const mbox_range *r = &g_array_index(tail->kept, mbox_range, i);
        g_string_append_printf(out, "keep %" PRId64 " %" PRId64 "\n", r->begin, r->end);
    }
    g_string_append_c(out, '\n');
}

/* The next range, if it lies behind the others and inside the bytes. */
static bool add_range(mbox_tail *tail, int64_t begin, int64_t end)
{
    int64_t floor = 0;
    if (tail->kept->len > 0) {
        floor = g_array_index(tail->kept, mbox_range, tail->kept->len - 1).end;
    }
    if (begin < floor || end < begin || end > tail->long_len) {
        return false;
    }
    mbox_range r = { begin, end };
    g_array_append_val(tail->kept, r);
    tail->short_len += end - begin;
    return true;
}

/* Reads a line of a word and `count` numbers, nothing else. */
static bool read_line(FILE *file, const char *word, int64_t *numbers, size_t count)
{
    char line[128];
    if (fgets(line, sizeof line, file) == NULL || !g_str_has_prefix(line, word)) {
        return false;
    }
    char *at = line + strlen(word);
    for (size_t i = 0; i < count; i++) {
        if (at[0] != ' ' || !g_ascii_isdigit(at[1])) {
            return false;
        }
        numbers[i] = g_ascii_strtoll(at, &at, 10);
    }
    return strcmp(at, "\n") == 0;
}

static bool read_head(FILE *file, mbox_tail *tail)
{
    int64_t numbers[2];
    if (!read_line(file, magic_line, NULL, 0)) {
        return false;
    }
    long at = ftell(file);
    tail->is_removal = read_line(file, "remove", NULL, 0);
    if (!tail->is_removal &&
        (fseek(file, at, SEEK_SET) != 0 || !read_line(file, "insert", NULL, 0))) {
        return false;
    }
    if (!read_line(file, "begin", &tail->begin, 1) ||
        !read_line(file, "bytes", &tail->long_len, 1)) {
        return false;
    }
    while ((at = ftell(file)) > 0 && read_line(file, "keep", numbers, 2)) {
        if (!add_range(tail, numbers[0], numbers[1])) {
            return false;
        }
    }
    if (at <= 0 || fseek(file, at, SEEK_SET) != 0 || !read_line(file, "", NULL, 0)) {
        return false;
    }
    tail->offset = ftell(file);
    return tail->offset > 0;
}

bool mbox_tail_open(const char *path, mbox_tail *out)
{
    *out = (mbox_tail){ .fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) };
    if (out->fd < 0) {
        return false;
    }
    out->kept = g_array_new(FALSE, FALSE, sizeof(mbox_range));
    int copy = fcntl(out->fd, F_DUPFD_CLOEXEC, 0);
    FILE *file = copy < 0 ? NULL : fdopen(copy, "r");
    struct stat info;
    bool is_whole = file != NULL && read_head(file, out) && fstat(out->fd, &info) == 0 &&
                    info.st_size == out->offset + out->long_len;
    if (file != NULL) {
        fclose(file);
    }
    if (!is_whole) {
        mbox_tail_close(out);
        errno = EBADMSG;
    }
    return is_whole;
}

void mbox_tail_close(mbox_tail *tail)
{
    close(tail->fd);
    g_array_free(tail->kept, TRUE);
    *tail = (mbox_tail){ .fd = -1 };
}

bool mbox_tail_write_long(const mbox_tail *tail, int mbox)
{
    return safe_file_copy(tail->fd, tail->offset, tail->long_len, mbox, tail->begin);
}

bool mbox_tail_write_short(const mbox_tail *tail, int mbox)
{
    int64_t at = tail->begin;
    for (unsigned i = 0; i < tail->kept->len; i++) {
        const mbox_range *r = &g_array_index(tail->kept, mbox_range, i);
        if (!safe_file_copy(tail->fd, tail->offset + r->begin, r->end - r->begin, mbox, at)) {
            return false;
        }
        at += r->end - r->begin;
    }
    return true;
}

/* Compares one range of the shorter form, which stands at `at` in it. False, and errno. */
static bool compare_range(const mbox_tail *tail, int mbox, const mbox_range *r, int64_t at,
                          mbox_tail_match *out)
{
    enum { STEP = SAFE_FILE_BUFFER_BYTES / 4 };
    char in_mbox[STEP], in_short[STEP], in_long[STEP];
    int64_t len = r->end - r->begin;
    for (int64_t done = 0; done < len; done += STEP) {
        size_t n = (size_t)MIN(len - done, STEP);
        int64_t got = safe_file_read_at(mbox, in_mbox, n, tail->begin + at + done);
        if (got < 0 ||
            safe_file_read_at(tail->fd, in_short, n, tail->offset + r->begin + done) !=
                (int64_t)n ||
            safe_file_read_at(tail->fd, in_long, n, tail->offset + at + done) != (int64_t)n) {
            errno = got < 0 ? errno : EIO;
            return false;
        }
        bool is_whole = got == (int64_t)n;
        out->is_short = out->is_short && is_whole && memcmp(in_mbox, in_short, n) == 0;
        for (size_t i = 0; i < n && is_whole && !out->is_short && out->is_mixed; i++) {
            out->is_mixed = in_mbox[i] == in_short[i] || in_mbox[i] == in_long[i];
        }
        out->is_mixed = out->is_mixed && is_whole;
    }
    return true;
}

/* Compares what lies behind the shorter form. */
static bool compare_behind(const mbox_tail *tail, int mbox, mbox_tail_match *out)
{
    enum { STEP = SAFE_FILE_BUFFER_BYTES / 4 };
    char in_mbox[STEP], in_long[STEP];
    for (int64_t at = tail->short_len; at < tail->long_len; at += STEP) {
        size_t n = (size_t)MIN(tail->long_len - at, STEP);
        int64_t got = safe_file_read_at(mbox, in_mbox, n, tail->begin + at);
        if (got < 0 || safe_file_read_at(tail->fd, in_long, n, tail->offset + at) != (int64_t)n) {
            errno = got < 0 ? errno : EIO;
            return false;
        }
        out->is_long = out->is_long && got == (int64_t)n;
        out->is_reserved = out->is_reserved && got == (int64_t)n;
        for (size_t i = 0; i < (size_t)got; i++) {
            out->is_long = out->is_long && in_mbox[i] == in_long[i];
            out->is_reserved = out->is_reserved && (in_mbox[i] == '\0' || in_mbox[i] == in_long[i]);
            out->is_all_blank = out->is_all_blank && in_mbox[i] == '\0';
        }
    }
    return true;
}

bool mbox_tail_compare(const mbox_tail *tail, int mbox, mbox_tail_match *out)
{
    *out = (mbox_tail_match){ true, true, true, true, true };
    int64_t at = 0;
    for (unsigned i = 0; i < tail->kept->len; i++) {
        const mbox_range *r = &g_array_index(tail->kept, mbox_range, i);
        if (!compare_range(tail, mbox, r, at, out)) {
            return false;
        }
        at += r->end - r->begin;
    }
    return compare_behind(tail, mbox, out);
}
