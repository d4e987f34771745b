/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What one line of Postfix's log says of a mail, of Postfix 2.x and 3.x, with short and long queue
 * ids. Strangers choose much of a line: addresses, Message-IDs, what remote servers answer. So each
 * value is read from where Postfix puts it, not from where it is found.
 */
#ifndef BACKSTOP_APP_POSTFIX_LINE_H
#define BACKSTOP_APP_POSTFIX_LINE_H

#include "app/syslog_line.h"
#include "base/span.h"

#include <stdbool.h>

typedef enum postfix_event_kind {
    POSTFIX_CLIENT,     /* smtpd: a client hands it in */
    POSTFIX_PICKUP,     /* handed in on the host itself */
    POSTFIX_MESSAGE_ID, /* cleanup */
    POSTFIX_SENDER,     /* qmgr */
    POSTFIX_RECIPIENT,  /* an attempt to deliver it */
    POSTFIX_REMOVED,    /* it is gone, or goes on under another queue id */
} postfix_event_kind;

/* All borrowed from the line. */
typedef struct postfix_event {
    postfix_event_kind kind;
    span instance; /* "postfix", "postfix-out" */
    span queue_id;
    span value;        /* Message-ID, sender ("" for <>) or recipient */
    span original;     /* the recipient before aliases; empty: the same */
    span ip;           /* of the client, or of the host that a recipient's mail went to */
    bool is_logged_in; /* the client */
    bool is_smtp;      /* the recipient's mail goes on over SMTP */
} postfix_event;

/* False for a line that is not Postfix's or says none of this. */
bool postfix_line_read(const syslog_line *line, postfix_event *out);

#endif
