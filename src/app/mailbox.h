/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Reads the messages that a PATH names, one after the other, never more than one in memory:
 * - "-": standard input, a message or an mbox;
 * - a file: a message, or an mbox if it starts with "From " (mail_stream.h);
 * - a Maildir (a folder that holds "new" and "cur"): the files in both, by name. A Maildir++
 *   subfolder is read if it is given itself;
 * - another folder: its files, by name. Hidden files and folders inside it are passed over.
 * Links to files are followed, folders never deeper than said. Input is read(), not mapped: a
 * file that is cut while it is read gives a short message, not a signal.
 */
#ifndef BACKSTOP_APP_MAILBOX_H
#define BACKSTOP_APP_MAILBOX_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* Of a longer message this many bytes are handed on. The largest servers take 150 MB, notices
 * have their text and the returned header far above that. */
enum { MAILBOX_MESSAGE_BYTES = 64 * 1024 * 1024 };

/* All borrowed until the callback returns. */
typedef struct mailbox_message {
    const char *file;  /* as the path was given, or that and the name in the folder */
    uint64_t index;    /* among the messages of the file */
    bool has_siblings; /* the file holds other messages */
    bool cut;
    span bytes;
    double share; /* how much of the path has been read by now, 0 to 1; negative: unknown */
} mailbox_message;

/* "FILE", or "FILE#INDEX" if it has siblings. To be freed with g_free(). */
char *mailbox_message_name(const mailbox_message *message);

typedef struct mailbox_handler {
    /* Returns false to stop reading. */
    bool (*message)(const mailbox_message *message, void *context);
    /* What could not be read, and why: one call a file, the others are still read. */
    void (*error)(const char *file, const char *why, void *context);
    void *context;
} mailbox_handler;

typedef struct mailbox mailbox;

mailbox *mailbox_new(const mailbox_handler *handler);

/* Takes NULL. */
void mailbox_free(mailbox *box);

/* False if the handler stopped it. Its buffers serve the next path again. */
bool mailbox_read(mailbox *box, const char *path);

#endif
