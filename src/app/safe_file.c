/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/safe_file.h"

#include "app/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <unistd.h>

bool safe_file_write_at(int fd, const void *bytes, size_t len, int64_t offset)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t n = pwrite(fd, at, len, offset);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return false;
        }
        at += n;
        len -= (size_t)n;
        offset += n;
    }
    return true;
}

int64_t safe_file_read_at(int fd, void *bytes, size_t len, int64_t offset)
{
    char *at = bytes;
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(fd, at + done, len - done, offset + (int64_t)done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -1;
        }
        if (n == 0) {
            break;
        }
        done += (size_t)n;
    }
    return (int64_t)done;
}

/* `to_offset` negative: behind what was written. */
static bool copy(int from, int64_t from_offset, int64_t len, int to, int64_t to_offset)
{
    char buffer[SAFE_FILE_BUFFER_BYTES];
    for (int64_t done = 0; done < len;) {
        int64_t wanted = MIN(len - done, (int64_t)sizeof buffer);
        int64_t n = safe_file_read_at(from, buffer, (size_t)wanted, from_offset + done);
        if (n < wanted) {
            errno = n < 0 ? errno : EIO;
            return false;
        }
        bool is_written = to_offset < 0
                              ? descriptor_write(to, buffer, (size_t)n)
                              : safe_file_write_at(to, buffer, (size_t)n, to_offset + done);
        if (!is_written) {
            return false;
        }
        done += n;
    }
    return true;
}

bool safe_file_copy(int from, int64_t from_offset, int64_t len, int to, int64_t to_offset)
{
    return copy(from, from_offset, len, to, to_offset);
}

bool safe_file_append(int from, int64_t from_offset, int64_t len, int to)
{
    return copy(from, from_offset, len, to, -1);
}

static char *name_of_new(const char *path)
{
    return g_strconcat(path, ".new", NULL);
}

int safe_file_begin(const char *path)
{
    g_autofree char *name = name_of_new(path);
    return open(name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
}

bool safe_file_sync_folder(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool is_synced = fsync(fd) == 0;
    int error = errno;
    close(fd);
    errno = error;
    return is_synced;
}

bool safe_file_finish(int fd, const char *path)
{
    g_autofree char *name = name_of_new(path);
    bool is_there = fsync(fd) == 0 && rename(name, path) == 0;
    int error = errno;
    close(fd);
    if (!is_there) {
        unlink(name);
        errno = error;
        return false;
    }
    return safe_file_sync_folder(path);
}

void safe_file_abandon(int fd, const char *path)
{
    g_autofree char *name = name_of_new(path);
    close(fd);
    unlink(name);
}
