/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Sent mail out of a Sent folder: a Maildir, an mbox, a folder of messages or one message. */
#ifndef BACKSTOP_APP_SENT_MAIL_H
#define BACKSTOP_APP_SENT_MAIL_H

#include <backstop/sent.h>

#include <stdbool.h>

typedef struct sent_mail_handler {
    /* A mail; `share` is how much of the path has been read, as in mailbox.h. What it points to is
     * borrowed until it returns. Returns false to stop reading. */
    bool (*mail)(const backstop_sent_copy *copy, double share, void *context);
    /* What could not be read, and why. The rest is still read. */
    void (*error)(const char *file, const char *why, void *context);
    void *context;
} sent_mail_handler;

/* Reads all mail that `path` names (mailbox.h). False if the handler stopped it. */
bool sent_mail_read(const char *path, const sent_mail_handler *handler);

#endif
