/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The lines of a log file, which may be compressed with gzip (RFC 1952). Whatever its bytes are, it
 * takes the same memory: of a longer line the first LOG_LINE_BYTES are handed on.
 */
#ifndef BACKSTOP_APP_LOG_FILE_H
#define BACKSTOP_APP_LOG_FILE_H

#include "base/span.h"

#include <stdint.h>

/* Postfix writes at most 2,000 bytes, rsyslog 8,192 unless it is told otherwise. */
enum { LOG_LINE_BYTES = 16 * 1024 };

typedef struct log_file log_file;

/* "-" is standard input. NULL, and why in `*problem` (to be freed with g_free()), if it cannot be
 * opened. */
log_file *log_file_open(const char *path, char **problem);

/* Takes NULL. */
void log_file_close(log_file *file);

/* The file's first bytes as they are unpacked, at least LOG_LINE_BYTES if there are so many; before
 * the first line is read. Borrowed until then. */
span log_file_begin(log_file *file);

/* Whether the file is compressed with gzip; after log_file_begin(). */
bool log_file_is_packed(const log_file *file);

/* When it was last changed; the `now_sec` given if that is not known, as of a pipe. */
int64_t log_file_changed_sec(const log_file *file, int64_t now_sec);

/* The next line without its LF, borrowed until the next call. False at the end and on an error. */
bool log_file_next(log_file *file, span *line);

/* What went wrong, borrowed; NULL: nothing. The lines before it were good. */
const char *log_file_problem(const log_file *file);

/* How much has been read, 0 to 1; negative: unknown. */
double log_file_share(const log_file *file);

#endif
