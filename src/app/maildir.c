/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/maildir.h"

#include "app/mail_digest.h"
#include "app/mail_stream.h"
#include "app/mailbox.h"
#include "app/safe_file.h"
#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static const char *const halves[] = { "cur", "new" };

struct maildir {
    int fd;
    int half_fds[G_N_ELEMENTS(halves)];
    GHashTable *names; /* base to name, both owned; NULL: not read yet */
    mail_stream stream;
};

static bool has_folder(int fd, const char *name)
{
    struct stat info;
    return fstatat(fd, name, &info, 0) == 0 && S_ISDIR(info.st_mode);
}

bool maildir_is_at(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool is_one = has_folder(fd, "cur") && has_folder(fd, "new");
    close(fd);
    return is_one;
}

backstop_status maildir_open(const char *path, maildir **out, backstop_error *error)
{
    *out = NULL;
    maildir *box = g_new0(maildir, 1);
    box->stream = mail_stream_new(MAILBOX_MESSAGE_BYTES);
    for (size_t i = 0; i < G_N_ELEMENTS(halves); i++) {
        box->half_fds[i] = -1;
    }
    box->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_open = box->fd >= 0;
    for (size_t i = 0; is_open && i < G_N_ELEMENTS(halves); i++) {
        box->half_fds[i] = openat(box->fd, halves[i], FOLDER_FLAGS);
        is_open = box->half_fds[i] >= 0;
    }
    if (!is_open) {
        int number = errno;
        maildir_close(box);
        return error_fail(error, BACKSTOP_ERROR_STORE, "%s cannot be opened as a Maildir: %s", path,
                          g_strerror(number));
    }
    *out = box;
    return BACKSTOP_OK;
}

static void close_if_open(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

void maildir_close(maildir *box)
{
    if (box == NULL) {
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(halves); i++) {
        close_if_open(box->half_fds[i]);
    }
    close_if_open(box->fd);
    g_clear_pointer(&box->names, g_hash_table_destroy);
    mail_stream_free(&box->stream);
    g_free(box);
}

/* Whether the folder holds nothing but what a Maildir holds. */
static bool is_maildir_in_the_making(int fd)
{
    static const char *const parts[] = { ".", "..", "cur", "new", "tmp", "maildirfolder", NULL };
    int copy = openat(fd, ".", FOLDER_FLAGS);
    DIR *folder = copy < 0 ? NULL : fdopendir(copy);
    if (folder == NULL) {
        close_if_open(copy);
        return false;
    }
    bool is_one = true;
    for (struct dirent *entry; is_one && (entry = readdir(folder)) != NULL;) {
        is_one = g_strv_contains(parts, entry->d_name);
    }
    closedir(folder);
    return is_one;
}

/* Makes `name` in the folder `fd`, or takes it as it is. */
static bool make_folder(int fd, const char *name, const struct stat *like)
{
    if (mkdirat(fd, name, like->st_mode & 0777) != 0) {
        return errno == EEXIST;
    }
    return geteuid() != 0 ||
           fchownat(fd, name, like->st_uid, like->st_gid, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Maildir++ marks its folders with an empty file. */
static bool make_mark(int fd, const char *path, const struct stat *like)
{
    g_autofree char *name = g_path_get_basename(path);
    if (name[0] != '.') {
        return true;
    }
    int mark =
        openat(fd, "maildirfolder", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, like->st_mode & 0666);
    if (mark < 0) {
        return errno == EEXIST;
    }
    bool is_owned = geteuid() != 0 || fchown(mark, like->st_uid, like->st_gid) == 0;
    close(mark);
    return is_owned;
}

static bool make_parts(int fd, const char *path, const struct stat *like)
{
    return make_folder(fd, "tmp", like) && make_folder(fd, "cur", like) &&
           make_folder(fd, "new", like) && make_mark(fd, path, like) && fsync(fd) == 0;
}

backstop_status maildir_make(const char *path, const char *like, backstop_error *error)
{
    struct stat model;
    bool is_there = stat(like, &model) == 0 && make_folder(AT_FDCWD, path, &model);
    int fd = is_there ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0 || (has_folder(fd, "cur") && has_folder(fd, "new"))) {
        int number = errno;
        close_if_open(fd);
        return fd >= 0 ? BACKSTOP_OK
                       : error_fail(error, BACKSTOP_ERROR_STORE, "%s cannot be made: %s", path,
                                    g_strerror(number));
    }
    if (!is_maildir_in_the_making(fd)) {
        close(fd);
        return error_fail(error, BACKSTOP_ERROR_INVALID,
                          "%s is there, and is no Maildir: name a Maildir, or a folder that is to "
                          "be made",
                          path);
    }
    bool is_made = make_parts(fd, path, &model) && safe_file_sync_folder(path);
    int number = errno;
    close(fd);
    if (!is_made) {
        return error_fail(error, BACKSTOP_ERROR_STORE, "%s cannot be made a Maildir: %s", path,
                          g_strerror(number));
    }
    return BACKSTOP_OK;
}

char *maildir_folder_of(const char *path, const char *name)
{
    g_autofree char *own = g_path_get_basename(path);
    g_autofree char *parent = g_path_get_dirname(path);
    bool is_subfolder = own[0] == '.' && maildir_is_at(parent);
    return g_strdup_printf("%s/.%s", is_subfolder ? parent : path, name);
}

/* What stands behind "cur/" or "new/". */
static const char *file_part(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash == NULL ? name : slash + 1;
}

char *maildir_base(const char *name)
{
    const char *file = file_part(name);
    return g_strndup(file, strcspn(file, ":"));
}

static void read_names(maildir *box, size_t half)
{
    int copy = openat(box->half_fds[half], ".", FOLDER_FLAGS);
    DIR *folder = copy < 0 ? NULL : fdopendir(copy);
    if (folder == NULL) {
        close_if_open(copy);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.') {
            g_hash_table_replace(box->names, maildir_base(entry->d_name),
                                 g_strdup_printf("%s/%s", halves[half], entry->d_name));
        }
    }
    closedir(folder);
}

void maildir_reread(maildir *box)
{
    g_clear_pointer(&box->names, g_hash_table_destroy);
    box->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (size_t i = 0; i < G_N_ELEMENTS(halves); i++) {
        read_names(box, i);
    }
}

const char *maildir_find(maildir *box, const char *base)
{
    if (box->names == NULL) {
        maildir_reread(box);
    }
    return g_hash_table_lookup(box->names, base);
}

char *maildir_unused_base(maildir *box, const char *base)
{
    g_autofree char *candidate = g_strdup(base);
    /* Before the ",S=SIZE" of Maildir++, which readers look for. */
    size_t head = strcspn(base, ",");
    for (unsigned n = 1; maildir_find(box, candidate) != NULL; n++) {
        g_free(candidate);
        candidate = g_strdup_printf("%.*s-%u%s", (int)head, base, n, base + head);
    }
    g_hash_table_insert(box->names, g_strdup(candidate), g_strdup(""));
    return g_steal_pointer(&candidate);
}

/* Whether the file is the one message that the digest is of; with NULL: a plain file. MAILDIR_MOVED
 * stands for yes. */
static maildir_result look_at(maildir *box, const char *name, const char *digest)
{
    int fd = openat(box->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? MAILDIR_GONE : errno == ELOOP ? MAILDIR_CHANGED : MAILDIR_FAILED;
    }
    struct stat info;
    maildir_result result = MAILDIR_CHANGED;
    mail_stream_message message;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
        mail_stream_open(&box->stream, fd, info.st_size);
        result = digest == NULL ? MAILDIR_MOVED : MAILDIR_CHANGED;
        if (digest != NULL && mail_stream_next(&box->stream, &message) && !message.has_siblings) {
            char found[MAIL_DIGEST_SIZE];
            mail_digest(message.bytes, found);
            result = g_str_equal(found, digest) ? MAILDIR_MOVED : MAILDIR_CHANGED;
        }
    }
    close(fd);
    return result;
}

static bool is_same_file(maildir *a, const char *name_a, maildir *b, const char *name_b)
{
    struct stat in_a, in_b;
    return fstatat(a->fd, name_a, &in_a, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstatat(b->fd, name_b, &in_b, AT_SYMLINK_NOFOLLOW) == 0 && in_a.st_dev == in_b.st_dev &&
           in_a.st_ino == in_b.st_ino;
}

static maildir_result result_of(bool is_done)
{
    if (is_done) {
        return MAILDIR_MOVED;
    }
    return errno == ENOENT ? MAILDIR_GONE : errno == EEXIST ? MAILDIR_TAKEN : MAILDIR_FAILED;
}

/* Where files cannot be renamed with RENAME_NOREPLACE (NFS): link() takes no name that is there.
 * An interruption between leaves one file with two names, which is_same_file() finds. */
static maildir_result link_and_unlink(maildir *from, const char *name, maildir *to,
                                      const char *target)
{
    maildir_result result = result_of(linkat(from->fd, name, to->fd, target, 0) == 0);
    if (result == MAILDIR_MOVED) {
        return result_of(unlinkat(from->fd, name, 0) == 0);
    }
    return result;
}

maildir_result maildir_move(maildir *from, const char *name, maildir *to, const char *base,
                            const char *digest)
{
    maildir_result result = look_at(from, name, digest);
    if (result != MAILDIR_MOVED) {
        return result;
    }
    const char *file = file_part(name);
    const char *flags = file + strcspn(file, ":");
    g_autofree char *target = g_strdup_printf("%.*s%s%s", (int)(file - name), name, base, flags);
    result = result_of(renameat2(from->fd, name, to->fd, target, RENAME_NOREPLACE) == 0);
    if (result == MAILDIR_FAILED && (errno == EINVAL || errno == ENOSYS)) {
        result = link_and_unlink(from, name, to, target);
    }
    if (result == MAILDIR_TAKEN && is_same_file(from, name, to, target)) {
        result = result_of(unlinkat(from->fd, name, 0) == 0);
    }
    return result;
}

bool maildir_sync(maildir *box)
{
    return fsync(box->half_fds[0]) == 0 && fsync(box->half_fds[1]) == 0;
}
