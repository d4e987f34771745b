/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/sent_mail.h"

#include "app/mailbox.h"

#include <backstop/message.h>

#include <string.h>

/* The header with its blank line, all of the message if it has none: what is attached to sent mail
 * need not be read. */
static span header_of(span message)
{
    for (size_t i = 0; i + 1 < message.len; i++) {
        const char *end = memchr(message.ptr + i, '\n', message.len - i - 1);
        if (end == NULL) {
            break;
        }
        i = (size_t)(end - message.ptr);
        size_t next = i + 1 + (message.ptr[i + 1] == '\r' && i + 2 < message.len);
        if (message.ptr[next] == '\n') {
            return span_head(message, next + 1);
        }
    }
    return message;
}

static bool read_message(const mailbox_message *found, void *context)
{
    const sent_mail_handler *handler = context;
    span header = header_of(found->bytes);
    backstop_message *message;
    if (backstop_message_read(header.ptr, header.len, NULL, &message) != BACKSTOP_OK) {
        return true; /* an empty file is no mail */
    }
    backstop_sent_copy *copy = backstop_sent_copy_read(message);
    bool goes_on = handler->mail(copy, found->share, handler->context);
    backstop_sent_copy_free(copy);
    backstop_message_free(message);
    return goes_on;
}

static void tell_error(const char *file, const char *why, void *context)
{
    const sent_mail_handler *handler = context;
    handler->error(file, why, handler->context);
}

bool sent_mail_read(const char *path, const sent_mail_handler *handler)
{
    sent_mail_handler ours = *handler;
    const mailbox_handler reading = {
        .message = read_message,
        .error = tell_error,
        .context = &ours,
    };
    mailbox *box = mailbox_new(&reading);
    bool goes_on = mailbox_read(box, path);
    mailbox_free(box);
    return goes_on;
}
