/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The quarantine of copies: delivery into a Maildir (maildir(5)). */
#include "backstopd/quarantine.h"

#include <backstop/judge.h>
#include <backstop/seen.h>

#include "app/descriptor.h"
#include "app/header_edit.h"
#include "app/safe_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* No address of SMTP's holds a line end; one that does has another way in mind. */
static void append_field(GString *out, const char *name, const char *value)
{
    if (strpbrk(value, "\r\n") == NULL) {
        g_string_append_printf(out, "%s: %s\n", name, value);
    }
}

/* Lines end as files have it: readers of Maildirs expect no CR. */
static GString *with_lf(const GString *bytes)
{
    GString *out = g_string_sized_new(bytes->len);
    const char *end = bytes->str + bytes->len;
    for (const char *at = bytes->str; at < end;) {
        const char *cr = memchr(at, '\r', (size_t)(end - at));
        const char *stop = cr == NULL ? end : cr;
        g_string_append_len(out, at, stop - at);
        if (cr != NULL && (cr + 1 == end || cr[1] != '\n')) {
            g_string_append_c(out, '\r');
        }
        at = cr == NULL ? end : cr + 1;
    }
    return out;
}

/* Replaces `text` by the message without the fields of that name, and with the lines `added` on
 * top. */
static void edit_header(GString *text, span name, const char *added)
{
    header_edit edit = header_edit_start((span){ text->str, text->len });
    span body = span_skip(edit.rest, edit.header_len);
    g_autoptr(GString) out = g_string_sized_new(text->len + strlen(added));
    header_edit_append(&edit, name, added, out);
    g_string_append_len(out, body.ptr, (gssize)body.len);
    g_string_truncate(text, 0);
    g_string_append_len(text, out->str, (gssize)out->len);
}

/* The fields that only we write are taken out: a stranger's would stand right below ours. */
static GString *compose(const GString *bytes, const GPtrArray *recipients, const char *verdict)
{
    GString *out = with_lf(bytes);
    g_autoptr(GString) top = g_string_new(NULL);
    append_field(top, "Return-Path", "<>");
    for (unsigned i = 0; i < recipients->len; i++) {
        append_field(top, "Delivered-To", g_ptr_array_index(recipients, i));
    }
    append_field(top, BACKSTOP_VERDICT_FIELD, verdict);
    edit_header(out, SPAN(BACKSTOP_SEEN_FIELD), "");
    edit_header(out, SPAN(BACKSTOP_VERDICT_FIELD), top->str);
    return out;
}

/* Its tmp/ file is whole and on the disk, then it is renamed. */
static bool deliver(const char *folder, const char *name, const GString *text)
{
    g_autofree char *tmp = g_build_filename(folder, "tmp", name, NULL);
    g_autofree char *final = g_build_filename(folder, "new", name, NULL);
    int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd < 0) {
        return false;
    }
    bool is_written = descriptor_write(fd, text->str, text->len) && fsync(fd) == 0;
    if (close(fd) != 0 || !is_written || rename(tmp, final) != 0) {
        int error = errno;
        unlink(tmp);
        errno = error;
        return false;
    }
    if (!safe_file_sync_folder(final)) {
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
