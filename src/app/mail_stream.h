/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The messages of one open file or pipe, one at a time: a single message, or an mbox if it starts
 * with "From ". In an mbox a message begins behind each line that starts with "From " and ends with
 * a date (from_line.h), if it is the first or an empty line stands before it. Content-Length is not
 * believed: it is wrong too often. ">From " is left as it is.
 */
#ifndef BACKSTOP_APP_MAIL_STREAM_H
#define BACKSTOP_APP_MAIL_STREAM_H

#include "base/span.h"

#include <stdint.h>

typedef struct mail_stream {
    size_t max_bytes; /* of one message */
    int fd;
    int64_t size;     /* of the file, negative if not known */
    int64_t position; /* bytes read of it */
    int error;        /* errno of the read that failed */
    char *buffer;
    size_t capacity;
    size_t begin;           /* in the buffer: what has been handed on lies before it */
    size_t end;             /* in the buffer: the bytes read */
    size_t scan;            /* in the buffer: no message ends before it */
    uint64_t count;         /* messages handed on */
    int64_t begin_position; /* in the file: of the message, its separator line with it */
    bool at_end;            /* no more to be read */
    bool is_mbox;
    bool is_skipping; /* the rest of a message that was too long */
    bool is_done;
    char line_end; /* of an mbox: '\n', also where a CR stands before it, or '\r' */
} mail_stream;

typedef struct mail_stream_message {
    span bytes; /* valid until the next call */
    uint64_t index;
    bool has_siblings;
    bool cut;
    /* Where it stands in the file (if that was read from its begin), with its separator line and
     * the empty line behind it. The end is not known if it is cut: 0. */
    int64_t begin, end;
} mail_stream_message;

mail_stream mail_stream_new(size_t max_bytes);
void mail_stream_free(mail_stream *s);

/* Starts on a file, whose descriptor is borrowed. The buffer is used again. */
void mail_stream_open(mail_stream *s, int fd, int64_t size);

/* The next message; an empty file holds one, which is empty. False at the end and on an error,
 * which s->error tells. */
bool mail_stream_next(mail_stream *s, mail_stream_message *message);

#endif
