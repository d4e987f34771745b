/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What all of the daemon shares: the settings with what is made of them, the store, the clock, the
 * log and the history. The mail side (milter.h) asks it, and knows nothing of signals and files.
 *
 * A mail takes the settings once and uses them to its end, so that a reload in between does not mix
 * old and new:
 *
 *     const service_settings *settings = service_take(s);
 *     backstop_store *store = service_store(settings);
 *     ...
 *     service_give(settings);
 *
 * All calls may come from several threads at once, if nothing else is said.
 */
#ifndef BACKSTOP_BACKSTOPD_SERVICE_H
#define BACKSTOP_BACKSTOPD_SERVICE_H

#include "backstopd/settings.h"

#include <backstop/history.h>
#include <backstop/store.h>

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

typedef struct service service;

/* For the mail side. */

/* The settings in force; to be given back with service_give(). Never NULL. Whoever has some is
 * waited for when the daemon ends: a mail in flight has, a connection between mails has not. */
const service_settings *service_take(service *s);

/* Takes NULL. */
void service_give(const service_settings *settings);

/* The store of these settings, borrowed until they are given back. NULL while it cannot be opened,
 * which is tried every 10 seconds. */
backstop_store *service_store(const service_settings *settings);

/* The only clock: seconds since 1970. */
int64_t service_now(service *s);

/* Whether dispositions are carried out now: the settings say so, and nothing speaks against it
 * (gate.h). To be asked once for each mail. */
bool service_enforces(service *s);

/* Mail went out at that time unsigned or unrecorded. Goes into the store, or the file beside it;
 * failing that, it is logged. To be called as well where backstop_sign() has recorded the gap: it
 * makes enforce pause. */
void service_note_gap(service *s, const service_settings *settings, int64_t from_sec,
                      int64_t until_sec);

/* Logs the event at once, in one line, and queues it for the store's history. Everything is
 * copied. If the store takes no events for so long that the queue is full, the oldest are dropped,
 * counted, and that is logged. */
void service_log_event(service *s, const backstop_event *event);

/* One line: "QUEUE-ID: TEXT", the format as printf()'s. `queue_id` may be NULL. Control characters
 * and what is not UTF-8 are escaped, long lines cut. What strangers wrote goes through
 * log_append_pair() (log.h) first, so that it cannot look like another pair. Keeps errno. */
void service_log(service *s, int priority, const char *queue_id, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/*
 * For milter_run(), around smfi_opensocket(false). Before: a socket file that nobody listens on is
 * removed; false, and logged, if somebody does, or another file is in the way. After: gives the
 * socket its group and mode, records the time since a daemon last listened as a gap, and tells the
 * service manager that the daemon is ready; false, and logged, if the group cannot be given.
 */
bool service_before_listening(service *s);
bool service_after_listening(service *s);

/* Says in the store that observing ends: the gap until the next start begins here. To be called
 * right before nobody listens any more. Does nothing where nobody does. */
void service_end_listening(service *s);

/* For main.c and upkeep.c. */

/*
 * Readies a service under the settings, which it takes over, of the file `file`; opens the store.
 * The clock is the system's. A store that is locked or broken is logged, and tried again by
 * service_open_store().
 * NULL, and lines in `errors`: the store was filled under another key, or enforce may not begin.
 */
service *service_new(const char *file, service_settings *settings, GPtrArray *errors);

/* Starts the thread that writes events. False and errno: there is no thread to be had. */
bool service_start(service *s);

/* From service_after_listening(), if all was well, to service_end_listening(). */
bool service_is_listening(service *s);

/* When the milter has ended: writes the events that wait. True if every mail has given back its
 * settings; one that has not never will. */
bool service_finish(service *s);

/* After a service_finish() that was true, or before service_start(). Takes NULL. */
void service_free(service *s);

/* Reads the file again, and swaps if all of it is right; else keeps the old settings and logs
 * why. */
void service_reload(service *s);

/* Opens the store if it is not; until it is, all mail is a gap. Called each 10 seconds. */
void service_open_store(service *s);

/* Says in the store that notices are seen, if somebody listens, and looks whether enforce is to
 * pause. Called each minute. */
void service_observe(service *s);

/* Forgets what is old. Called at the start and then each hour. */
void service_expire(service *s);

/* The clock was set, by so many seconds. */
void service_note_step(service *s, int64_t by_sec);

#endif
