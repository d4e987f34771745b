/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "store/sqlite_file.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file and its companions. */
static const char *const endings[] = { "", "-wal", "-shm" };

static backstop_status fail_making(const char *path, int cause, backstop_error *error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    if (cause == ENOENT) {
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "%s: its folder does not exist: mkdir -p -m 700 %s", path, folder);
    }
    if (cause == EACCES || cause == EPERM || cause == EROFS) {
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "%s: cannot be reached or made: run this as a user who can write to %s",
                          path, folder);
    }
    return error_fail(error, BACKSTOP_ERROR_STORE, "%s: cannot be made: %s", path,
                      g_strerror(cause));
}

static backstop_status check_type(const char *path, mode_t mode, backstop_error *error)
{
    if (S_ISLNK(mode)) {
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "%s: is a symbolic link: name the file that it leads to", path);
    }
    if (!S_ISREG(mode)) {
        return error_fail(error, BACKSTOP_ERROR_STORE, "%s: is no regular file: name another",
                          path);
    }
    return BACKSTOP_OK;
}

backstop_status sqlite_file_make(const char *path, backstop_error *error)
{
    struct stat about;
    int fd = -1;
    if (lstat(path, &about) == 0) {
        return check_type(path, about.st_mode, error);
    }
    if (errno == ENOENT) {
        fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }
    if (fd >= 0) {
        close(fd); /* nobody can have locked it before */
        return BACKSTOP_OK;
    }
    if (errno == EEXIST && lstat(path, &about) == 0) {
        return check_type(path, about.st_mode, error); /* somebody else was faster */
    }
    return fail_making(path, errno, error);
}

backstop_status sqlite_file_close_to_others(const char *path, backstop_error *error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *file = g_strconcat(path, endings[i], NULL);
        struct stat about;
        if (lstat(file, &about) != 0 || (about.st_mode & (S_IRWXG | S_IRWXO)) == 0) {
            continue;
        }
        if (about.st_uid != geteuid() || chmod(file, about.st_mode & S_IRWXU) != 0) {
            return error_fail(error, BACKSTOP_ERROR_STORE,
                              "%s: others than its owner can read or write it: chmod 600 %s, as "
                              "its owner",
                              file, file);
        }
    }
    return BACKSTOP_OK;
}

bool sqlite_file_identify(const char *path, sqlite_file_id *out)
{
    struct stat about;
    if (lstat(path, &about) != 0) {
        return false;
    }
    *out = (sqlite_file_id){ .device = about.st_dev, .inode = about.st_ino };
    return true;
}

backstop_status sqlite_file_check(const char *path, const sqlite_file_id *id, backstop_error *error)
{
    sqlite_file_id present;
    if (sqlite_file_identify(path, &present) && present.device == id->device &&
        present.inode == id->inode) {
        return BACKSTOP_OK;
    }
    return error_fail(error, BACKSTOP_ERROR_STORE,
                      "%s: was moved away or replaced while it was in use: end what uses it, and "
                      "start it again",
                      path);
}

uint64_t sqlite_file_bytes(const char *path)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *file = g_strconcat(path, endings[i], NULL);
        struct stat about;
        if (lstat(file, &about) == 0) {
            bytes += (uint64_t)about.st_blocks * 512;
        }
    }
    return bytes;
}
