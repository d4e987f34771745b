/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The quarantine of copies: delivery into a Maildir (maildir(5)). */
#include "backstopd/quarantine.h"

#include <backstop/seen.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERDICT_FIELD "Backstop-Verdict"

enum { FOLDER_MODE = 0700, FILE_MODE = 0600 };

static bool make_folder(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return mkdir(path, FOLDER_MODE) == 0 || errno == EEXIST;
}

static bool make_folders(const char *folder)
{
    return make_folder(folder, "") && make_folder(folder, "tmp") && make_folder(folder, "new") &&
           make_folder(folder, "cur");
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
    return true;
}

/* No address of SMTP's holds a line end; one that does has another way in mind. */
static void append_field(GString *out, const char *name, const char *value)
{
    if (strpbrk(value, "\r\n") == NULL) {
        g_string_append_printf(out, "%s: %s\n", name, value);
    }
}

static bool is_name(const char *line, size_t len, const char *name)
{
    size_t name_len = strlen(name);
    if (len <= name_len || g_ascii_strncasecmp(line, name, name_len) != 0) {
        return false;
    }
    size_t at = name_len;
    while (at < len && (line[at] == ' ' || line[at] == '\t')) {
        at++;
    }
    return at < len && line[at] == ':';
}

/* Lines end as files have it: readers of Maildirs expect no CR. */
static void append_lines(GString *out, const char *at, const char *end)
{
    while (at < end) {
        const char *cr = memchr(at, '\r', (size_t)(end - at));
        const char *stop = cr == NULL ? end : cr;
        g_string_append_len(out, at, stop - at);
        if (cr != NULL && (cr + 1 == end || cr[1] != '\n')) {
            g_string_append_c(out, '\r');
        }
        at = cr == NULL ? end : cr + 1;
    }
}

/* All but the fields that only we write: a stranger's would stand right below ours. Returns where
 * the header ends. */
static const char *append_header(GString *out, const char *at, const char *end)
{
    bool is_ours = false;
    while (at < end && at[0] != '\n' && at[0] != '\r') {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        const char *next = lf == NULL ? end : lf + 1;
        if (at[0] != ' ' && at[0] != '\t') {
            is_ours = is_name(at, (size_t)(next - at), VERDICT_FIELD) ||
                      is_name(at, (size_t)(next - at), BACKSTOP_SEEN_FIELD);
        }
        if (!is_ours) {
            append_lines(out, at, next);
        }
        at = next;
    }
    return at;
}

static GString *compose(const GString *bytes, const GPtrArray *recipients, const char *verdict)
{
    GString *out = g_string_sized_new(bytes->len + 1024);
    append_field(out, "Return-Path", "<>");
    for (unsigned i = 0; i < recipients->len; i++) {
        append_field(out, "Delivered-To", g_ptr_array_index(recipients, i));
    }
    append_field(out, VERDICT_FIELD, verdict);
    const char *end = bytes->str + bytes->len;
    append_lines(out, append_header(out, bytes->str, end), end);
    return out;
}

static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool is_done = fsync(fd) == 0;
    close(fd);
    return is_done;
}

/* Its tmp/ file is whole and on the disk, then it is renamed. */
static bool deliver(const char *folder, const char *name, const GString *text)
{
    g_autofree char *new_folder = g_build_filename(folder, "new", NULL);
    g_autofree char *tmp = g_build_filename(folder, "tmp", name, NULL);
    g_autofree char *final = g_build_filename(new_folder, name, NULL);
    int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd < 0) {
        return false;
    }
    bool is_written = write_all(fd, text->str, text->len) && fsync(fd) == 0;
    if (close(fd) != 0 || !is_written || rename(tmp, final) != 0) {
        int error = errno;
        unlink(tmp);
        errno = error;
        return false;
    }
    if (!sync_folder(new_folder)) {
        int error = errno;
        unlink(final);
        errno = error;
        return false;
    }
    return true;
}

bool quarantine_keep(const char *folder, const GString *bytes, const GPtrArray *recipients,
                     const char *verdict, int64_t now_sec, char **problem)
{
    uint64_t unique = 0;
    *problem = NULL;
    if (getrandom(&unique, sizeof(unique), 0) == (ssize_t)sizeof(unique) && make_folders(folder)) {
        g_autofree char *name =
            g_strdup_printf("%" PRId64 ".R%016" PRIx64 ".backstop", now_sec, unique);
        g_autoptr(GString) text = compose(bytes, recipients, verdict);
        if (deliver(folder, name, text)) {
            return true;
        }
    }
    *problem = g_strdup_printf("%s: %s", folder, g_strerror(errno));
    return false;
}
