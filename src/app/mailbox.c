/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/mailbox.h"

#include "app/mail_stream.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* O_NONBLOCK: a FIFO that took a file's place since we looked must not make us wait. */
enum { OPEN_FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };

static const char not_regular[] = "not a regular file";

struct mailbox {
    mailbox_handler handler;
    mail_stream stream;
    GString *file;  /* the path of the file being read */
    GString *names; /* of a folder's files, each with its NUL */
    GArray *order;  /* of size_t: where each name starts, sorted */
};

/* Which of the path's files is being read. */
typedef struct place {
    size_t step;
    size_t steps;
} place;

mailbox *mailbox_new(const mailbox_handler *handler)
{
    mailbox *box = g_new0(mailbox, 1);
    box->handler = *handler;
    box->stream = mail_stream_new(MAILBOX_MESSAGE_BYTES);
    box->file = g_string_new(NULL);
    box->names = g_string_new(NULL);
    box->order = g_array_new(FALSE, FALSE, sizeof(size_t));
    return box;
}

void mailbox_free(mailbox *box)
{
    if (box == NULL) {
        return;
    }
    mail_stream_free(&box->stream);
    g_string_free(box->file, TRUE);
    g_string_free(box->names, TRUE);
    g_array_free(box->order, TRUE);
    g_free(box);
}

char *mailbox_message_name(const mailbox_message *message)
{
    return message->has_siblings ? g_strdup_printf("%s#%" PRIu64, message->file, message->index)
                                 : g_strdup(message->file);
}

static void report(const mailbox *box, const char *why)
{
    box->handler.error(box->file->str, why, box->handler.context);
}

/* How much of the path is done when the message has been handled. */
static double share_done(const mail_stream *s, place at)
{
    if (s->size < 0) {
        return -1;
    }
    int64_t done = s->position - (int64_t)(s->end - s->begin);
    double inside = s->is_done || s->size == 0 ? 1 : (double)done / (double)s->size;
    return ((double)at.step + inside) / (double)at.steps;
}

/* Reads all messages of an open file. False if the handler stopped it. */
static bool read_stream(mailbox *box, int fd, int64_t size, place at)
{
    mail_stream *s = &box->stream;
    mail_stream_open(s, fd, size);
    mail_stream_message found;
    while (mail_stream_next(s, &found)) {
        mailbox_message message = {
            .file = box->file->str,
            .index = found.index,
            .has_siblings = found.has_siblings,
            .cut = found.cut,
            .bytes = found.bytes,
            .share = share_done(s, at),
        };
        if (!box->handler.message(&message, box->handler.context)) {
            return false;
        }
    }
    if (s->error != 0) {
        report(box, g_strerror(s->error));
    }
    return true;
}

/* Reads the file `name` in `folder`; box->file is its path. False if the handler stopped it. */
static bool read_file(mailbox *box, int folder, const char *name, place at)
{
    int fd = openat(folder, name, OPEN_FLAGS);
    if (fd < 0) {
        report(box, g_strerror(errno));
        return true;
    }
    bool goes_on = true;
    struct stat info;
    if (fstat(fd, &info) != 0) {
        report(box, g_strerror(errno));
    } else if (!S_ISREG(info.st_mode)) {
        report(box, not_regular);
    } else {
        goes_on = read_stream(box, fd, info.st_size, at);
    }
    close(fd);
    return goes_on;
}

/* Whether an entry of `folder` is to be opened. Special files are reported, not opened: that alone
 * can do something to a device. What cannot be looked at is told by opening it. */
static bool is_wanted(mailbox *box, int folder, const struct dirent *entry)
{
    if (entry->d_name[0] == '.') {
        return false;
    }
    struct stat info;
    if (entry->d_type == DT_REG || fstatat(folder, entry->d_name, &info, 0) != 0) {
        return true;
    }
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
        report(box, not_regular);
    }
    return S_ISREG(info.st_mode);
}

/* Adds the names of the files in `folder`, which lies at `prefix` inside the path. */
static void list_folder(mailbox *box, DIR *folder, const char *prefix)
{
    size_t base_len = box->file->len;
    errno = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL; errno = 0) {
        g_string_append(box->file, prefix);
        g_string_append(box->file, entry->d_name);
        if (is_wanted(box, dirfd(folder), entry)) {
            size_t start = box->names->len;
            g_string_append(box->names, box->file->str + base_len);
            g_string_append_c(box->names, '\0');
            g_array_append_val(box->order, start);
        }
        g_string_truncate(box->file, base_len);
    }
    if (errno != 0) {
        report(box, g_strerror(errno));
    }
}

static bool has_folder(int folder, const char *name)
{
    struct stat info;
    return fstatat(folder, name, &info, 0) == 0 && S_ISDIR(info.st_mode);
}

static void list_subfolder(mailbox *box, int folder, const char *name)
{
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *subfolder = fd < 0 ? NULL : fdopendir(fd);
    if (subfolder == NULL) {
        size_t base_len = box->file->len;
        int error = errno;
        g_string_append(box->file, name);
        report(box, g_strerror(error));
        g_string_truncate(box->file, base_len);
        return;
    }
    list_folder(box, subfolder, name);
    closedir(subfolder);
}

static int compare_names(gconstpointer a, gconstpointer b, gpointer names)
{
    const char *base = names;
    return strcmp(base + *(const size_t *)a, base + *(const size_t *)b);
}

/* Reads all files whose names were listed. False if the handler stopped it. */
static bool read_listed(mailbox *box, int folder)
{
    g_array_sort_with_data(box->order, compare_names, box->names->str);
    size_t base_len = box->file->len;
    for (unsigned i = 0; i < box->order->len; i++) {
        const char *name = box->names->str + g_array_index(box->order, size_t, i);
        g_string_append(box->file, name);
        if (!read_file(box, folder, name, (place){ i, box->order->len })) {
            return false;
        }
        g_string_truncate(box->file, base_len);
    }
    return true;
}

static bool read_folder(mailbox *box, const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        report(box, g_strerror(errno));
        return true;
    }
    g_string_truncate(box->names, 0);
    g_array_set_size(box->order, 0);
    if (!g_str_has_suffix(path, "/")) {
        g_string_append_c(box->file, '/');
    }
    int fd = dirfd(folder);
    if (has_folder(fd, "cur") && has_folder(fd, "new")) {
        list_subfolder(box, fd, "cur/");
        list_subfolder(box, fd, "new/");
    } else {
        list_folder(box, folder, "");
    }
    bool goes_on = read_listed(box, fd);
    closedir(folder);
    return goes_on;
}

bool mailbox_read(mailbox *box, const char *path)
{
    g_string_assign(box->file, path);
    if (g_str_equal(path, "-")) {
        return read_stream(box, STDIN_FILENO, -1, (place){ 0, 1 });
    }
    struct stat info;
    if (stat(path, &info) != 0) {
        report(box, g_strerror(errno));
        return true;
    }
    if (S_ISDIR(info.st_mode)) {
        return read_folder(box, path);
    }
    if (!S_ISREG(info.st_mode)) {
        report(box, not_regular);
        return true;
    }
    return read_file(box, AT_FDCWD, path, (place){ 0, 1 });
}
