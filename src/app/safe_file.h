/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Files that must be whole whatever happens: written under another name, brought to the disk, then
 * renamed. And pieces of files, read, written and
 * copied whole.
 */
#ifndef BACKSTOP_APP_SAFE_FILE_H
#define BACKSTOP_APP_SAFE_FILE_H

#include <backstop/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How much is read and written at once. */
enum { SAFE_FILE_BUFFER_BYTES = 64 * 1024 };

/* Writes all `len` bytes at `offset`. False, and errno, if they do not go. */
bool safe_file_write_at(int fd, const void *bytes, size_t len, int64_t offset);

/* Reads up to `len` bytes at `offset`, less at the file's end alone. Negative, and errno, if it
 * cannot be read. */
int64_t safe_file_read_at(int fd, void *bytes, size_t len, int64_t offset);

/* Copies `len` bytes at `from_offset` in one file to `to_offset` in another. False, and errno; EIO
 * if there are not so many. */
bool safe_file_copy(int from, int64_t from_offset, int64_t len, int to, int64_t to_offset);

/* The same, behind what was written last. */
bool safe_file_append(int from, int64_t from_offset, int64_t len, int to);

/* Opens "PATH.new", mode 0600, empty, to be written. Negative, and errno. */
int safe_file_begin(const char *path);

/* Brings what was written to the disk, and renames it to PATH. Closes `fd`. False, and errno: then
 * PATH is as it was before and the other file is gone, or its new name may not be on the disk. */
bool safe_file_finish(int fd, const char *path);

/* Closes `fd` and takes "PATH.new" away. */
void safe_file_abandon(int fd, const char *path);

/* Brings the names in the folder that holds `path` to the disk. */
bool safe_file_sync_folder(const char *path);

#endif
