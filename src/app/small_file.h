/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Files that a person writes, whole in memory: configuration, public keys. */
#ifndef BACKSTOP_APP_SMALL_FILE_H
#define BACKSTOP_APP_SMALL_FILE_H

#include <stddef.h>

/* The bytes of the file, with a NUL behind them that `*len` does not count; to be freed with
 * g_free(). NULL if it cannot be read, is longer than `max_bytes`, or holds a NUL byte: `*problem`
 * (to be freed with g_free()) says which. */
char *small_file_read(const char *path, size_t max_bytes, size_t *len, char **problem);

#endif
