/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Sent mail out of Postfix's log. What is known of a mail stands in several lines that share its
 * queue id: the client (smtpd, pickup), the Message-ID (cleanup), the sender (qmgr), and each
 * recipient with each attempt (smtp, lmtp, local, virtual, pipe, error). Lines of several hosts and
 * instances may be mixed, and those of one mail may be spread over several logs, the oldest first.
 *
 * A log holds the mail that came in as well, and anybody can send us a mail that names one of us as
 * its sender. If it were taken for ours, notices that cite it would be proven genuine. So a mail
 * counts as sent by us only if
 * - its client logged in, or is in one of the internal networks; or
 * - it was made on the host itself (pickup, loopback), save when the same Message-ID was seen to
 *   come from outside just before: a content filter hands mail in once more; or
 * - of another client's, where no internal networks are named: to those recipients that it was sent
 *   on to over SMTP to a host outside, for Postfix does that for its own users alone; unless an
 *   alias made that recipient.
 */
#ifndef BACKSTOP_APP_POSTFIX_LOG_H
#define BACKSTOP_APP_POSTFIX_LOG_H

#include "base/span.h"

#include <backstop/site.h>
#include <backstop/store.h>

#include <stdbool.h>
#include <stdint.h>

typedef struct postfix_log_handler {
    /* A mail of ours, or some of its recipients. What it points to is borrowed until it returns. */
    void (*mail)(const backstop_sent *mail, void *context);
    void *context;
} postfix_log_handler;

/* What was read, and how many mails were not handed on, and why. */
typedef struct postfix_log_counts {
    uint64_t events; /* lines of Postfix's that say something about a mail */
    uint64_t from_outside;
    uint64_t null_sender;
    uint64_t no_sender; /* no line of the queue manager's: the log begins behind it */
} postfix_log_counts;

typedef struct postfix_log postfix_log;

/* Whose mail is ours. */
typedef struct postfix_log_site {
    const backstop_site *site;  /* borrowed */
    bool has_domains;           /* recipients at them are known to be inside */
    bool has_internal_networks; /* nobody else may send without login */
} postfix_log_site;

postfix_log *postfix_log_new(const postfix_log_site *site, const postfix_log_handler *handler);

/* Takes NULL. What postfix_log_finish() did not hand on is dropped. */
void postfix_log_free(postfix_log *log);

/* Whether the line has the head of a log line, whoever wrote it; and its time. */
bool postfix_log_recognise(span line, int64_t newest_sec, int64_t *unix_sec);

/* The next lines are of a log that was last changed then. */
void postfix_log_begin(postfix_log *log, int64_t newest_sec);

/* Any bytes, without their line end. */
void postfix_log_add(postfix_log *log, span line);

/* Hands on the mails that are still in the queue. */
void postfix_log_finish(postfix_log *log);

postfix_log_counts postfix_log_get_counts(const postfix_log *log);

#endif
