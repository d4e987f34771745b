/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The store's file itself: made for its owner alone, and kept so.
 *
 * SQLite holds POSIX locks on the file, and a process loses all of them when it closes any
 * descriptor of it. So nothing here opens a file that may be in use.
 */
#ifndef BACKSTOP_STORE_SQLITE_FILE_H
#define BACKSTOP_STORE_SQLITE_FILE_H

#include <backstop/error.h>

#include <stdbool.h>
#include <stdint.h>

/* Makes the file (empty, mode 0600) if there is none at `path`. BACKSTOP_ERROR_STORE: it cannot be
 * made, or what is there is no regular file; a symbolic link is refused as well, for root must not
 * be led to other files. */
backstop_status sqlite_file_make(const char *path, backstop_error *error);

/* Takes the rights of group and others from the file and from those that SQLite keeps beside it.
 * BACKSTOP_ERROR_STORE: they have some, and the file is not ours. */
backstop_status sqlite_file_close_to_others(const char *path, backstop_error *error);

/* Which file stands at a path. */
typedef struct sqlite_file_id {
    uint64_t device, inode;
} sqlite_file_id;

/* False if there is none. */
bool sqlite_file_identify(const char *path, sqlite_file_id *out);

/* BACKSTOP_ERROR_STORE: another file stands there now, or none. What is written to the one that was
 * moved away would be lost. */
backstop_status sqlite_file_check(const char *path, const sqlite_file_id *id,
                                  backstop_error *error);

/* How much disk it takes, with what SQLite keeps beside it. */
uint64_t sqlite_file_bytes(const char *path);

#endif
