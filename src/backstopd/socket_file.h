/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The milter's unix socket as a file: whether it may be made, and who may connect to it. `milter`
 * is the setting, as config_load() takes it; an inet socket is no file, and all is well with it.
 */
#ifndef BACKSTOP_BACKSTOPD_SOCKET_FILE_H
#define BACKSTOP_BACKSTOPD_SOCKET_FILE_H

#include <stdbool.h>
#include <sys/types.h>

/* The path in "unix:/path"; NULL for an inet socket. */
const char *socket_file_path(const char *milter);

/* Removes the socket if nobody listens on it: a daemon that was killed left it. False, and why in
 * `*problem` (to be freed with g_free()): somebody listens, or it is another kind of file. */
bool socket_file_clear(const char *milter, char **problem);

/* Lets the socket's owner and group connect, nobody else. `group` -1: it keeps its group. False as
 * above: it is not the daemon's to give. */
bool socket_file_grant(const char *milter, gid_t group, char **problem);

#endif
