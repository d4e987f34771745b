/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* From root to the daemon's own user, for good. */
#ifndef BACKSTOP_BACKSTOPD_PRIVILEGES_H
#define BACKSTOP_BACKSTOPD_PRIVILEGES_H

#include <stdbool.h>

/* If the process is root's, it becomes `user`'s, with all of that user's groups. To be called
 * before there are threads and before files are made. False, and why in `*problem` (to be freed
 * with g_free()): there is no such user, it is root, or the kernel refuses. */
bool privileges_drop(const char *user, char **problem);

#endif
