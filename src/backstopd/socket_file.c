/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstopd/socket_file.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { SOCKET_MODE = 0660 };

const char *socket_file_path(const char *milter)
{
    return g_str_has_prefix(milter, "unix:") ? milter + strlen("unix:") : NULL;
}

/* 0 if somebody answers, else why not. */
static int try_to_connect(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof(address.sun_path)) {
        return ENAMETOOLONG;
    }
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    /* A listener whose queue is full would let a connection wait. */
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return errno;
    }
    int error = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
    close(fd);
    return error;
}

bool socket_file_clear(const char *milter, char **problem)
{
    const char *path = socket_file_path(milter);
    struct stat info;
    if (path == NULL || (lstat(path, &info) != 0 && errno == ENOENT)) {
        return true;
    }
    if (lstat(path, &info) == 0 && !S_ISSOCK(info.st_mode)) {
        *problem = g_strdup_printf("%s: another file is in the way, which is no socket", path);
        return false;
    }
    int error = try_to_connect(path);
    if (error == 0 || error == EAGAIN) {
        *problem = g_strdup_printf("%s: another program listens there already", path);
        return false;
    }
    if (error == ECONNREFUSED) {
        error = unlink(path) == 0 ? 0 : errno;
    }
    if (error != 0 && error != ENOENT) {
        *problem = g_strdup_printf("%s: %s", path, g_strerror(error));
        return false;
    }
    return true;
}

bool socket_file_grant(const char *milter, gid_t group, char **problem)
{
    const char *path = socket_file_path(milter);
    if (path == NULL) {
        return true;
    }
    if (group != (gid_t)-1 && chown(path, (uid_t)-1, group) != 0) {
        *problem = g_strdup_printf("%s: cannot give it to its group: %s; the daemon's user must be "
                                   "a member of that group",
                                   path, g_strerror(errno));
        return false;
    }
    if (chmod(path, SOCKET_MODE) != 0) {
        *problem = g_strdup_printf("%s: cannot set its mode: %s", path, g_strerror(errno));
        return false;
    }
    return true;
}
