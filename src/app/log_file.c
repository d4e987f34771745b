/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { BUFFER_BYTES = 256 * 1024 };

struct log_file {
    gzFile packed; /* reads what is not compressed as it is */
    int64_t size;  /* negative: unknown, a pipe */
    int64_t changed_sec;
    char *buffer;
    size_t begin, end; /* what is in the buffer and was not handed on */
    bool at_end;       /* nothing more to be read */
    bool is_skipping;  /* the rest of a line that is too long */
    const char *problem;
};

log_file *log_file_open(const char *path, char **problem)
{
    int fd = g_str_equal(path, "-") ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0) {
        *problem = g_strdup(g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    log_file *file = g_new0(log_file, 1);
    file->packed = gzdopen(fd, "rb");
    if (file->packed == NULL) {
        g_error("no memory to unpack %s", path);
    }
    gzbuffer(file->packed, BUFFER_BYTES);
    file->size = S_ISREG(info.st_mode) ? info.st_size : -1;
    file->changed_sec = info.st_mtime;
    file->buffer = g_malloc(BUFFER_BYTES);
    return file;
}

void log_file_close(log_file *file)
{
    if (file == NULL) {
        return;
    }
    gzclose(file->packed);
    g_free(file->buffer);
    g_free(file);
}

/* Moves what is left to the front and reads more behind it. */
static void fill(log_file *file)
{
    memmove(file->buffer, file->buffer + file->begin, file->end - file->begin);
    file->end -= file->begin;
    file->begin = 0;
    int n = gzread(file->packed, file->buffer + file->end, (unsigned)(BUFFER_BYTES - file->end));
    if (n > 0) {
        file->end += (size_t)n;
    }
    /* A file that was cut gives its bytes first and the error with the next call. */
    int error = Z_OK;
    const char *text = gzerror(file->packed, &error);
    if (n <= 0) {
        file->at_end = true;
        if (error == Z_ERRNO) {
            file->problem = g_strerror(errno);
        } else if (error == Z_BUF_ERROR) {
            file->problem = "the compressed file is cut";
        } else if (error != Z_OK && error != Z_STREAM_END) {
            file->problem = text;
        }
    }
}

span log_file_begin(log_file *file)
{
    while (file->end < LOG_LINE_BYTES && !file->at_end) {
        fill(file);
    }
    return (span){ file->buffer, file->end };
}

bool log_file_is_packed(const log_file *file)
{
    return gzdirect(file->packed) == 0;
}

int64_t log_file_changed_sec(const log_file *file, int64_t now_sec)
{
    return file->size < 0 ? now_sec : file->changed_sec;
}

/* A line or a piece of a long one, with its LF if the file has it. False at the end. */
static bool next_piece(log_file *file, span *piece)
{
    size_t known = 0;
    for (;;) {
        const char *start = file->buffer + file->begin;
        size_t len = file->end - file->begin;
        const char *lf = memchr(start + known, '\n', len - known);
        if (lf != NULL || len == BUFFER_BYTES || (file->at_end && len > 0)) {
            *piece = (span){ start, lf == NULL ? len : (size_t)(lf - start) + 1 };
            file->begin += piece->len;
            return true;
        }
        if (file->at_end) {
            return false;
        }
        known = len;
        fill(file);
    }
}

bool log_file_next(log_file *file, span *line)
{
    span piece;
    while (next_piece(file, &piece)) {
        bool is_rest = file->is_skipping;
        bool is_end = piece.ptr[piece.len - 1] == '\n';
        file->is_skipping = !is_end;
        if (!is_rest) {
            *line = span_head(span_head(piece, piece.len - is_end), LOG_LINE_BYTES);
            return true;
        }
    }
    return false;
}

const char *log_file_problem(const log_file *file)
{
    return file->problem;
}

double log_file_share(const log_file *file)
{
    if (file->size <= 0) {
        return -1;
    }
    return (double)gzoffset(file->packed) / (double)file->size;
}
