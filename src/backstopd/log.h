/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The daemon's log: to syslog (facility mail) or standard error. One line, whatever is in it: what
 * strangers wrote is escaped, so that it can neither begin a line nor look like another pair.
 */
#ifndef BACKSTOP_BACKSTOPD_LOG_H
#define BACKSTOP_BACKSTOPD_LOG_H

#include <glib.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Bytes of a line; what is longer is cut. */
enum { LOG_LINE_MAX = 2000 };

/* Several threads may write at once. */
typedef struct daemon_log {
    atomic_bool to_syslog;
} daemon_log;

void log_open(daemon_log *l, bool to_syslog);

/* Turns to the other target from the next line on. */
void log_direct(daemon_log *l, bool to_syslog);

/* Writes "QUEUE-ID: TEXT"; `queue_id` may be NULL. `priority` is syslog(3)'s. Keeps errno. */
void log_write(daemon_log *l, int priority, const char *queue_id, const char *text);

/* Appends "key=value", with a blank before it if `line` is not empty; nothing if `value` is NULL.
 * A value that is empty or holds white space, quotes or backslashes stands in quotes, with a
 * backslash before each quote and backslash of its own. */
void log_append_pair(GString *line, const char *key, const char *value);

#endif
