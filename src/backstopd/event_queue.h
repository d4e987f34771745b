/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Events on their way to the store's history. A mail does not wait for the store: a thread writes
 * what has gathered, each second. Bounded: while the store takes none, the oldest are dropped.
 */
#ifndef BACKSTOP_BACKSTOPD_EVENT_QUEUE_H
#define BACKSTOP_BACKSTOPD_EVENT_QUEUE_H

#include <backstop/error.h>
#include <backstop/history.h>
#include <backstop/store.h>

#include <glib.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    EVENT_QUEUE_MAX = 8192,  /* events; none has more than 4 KiB of text */
    EVENT_QUEUE_BATCH = 512, /* so many are written before the second is over */
};

typedef struct event_queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    GQueue events; /* of owned backstop_event */
    uint64_t dropped;
    bool is_closed;
} event_queue;

void event_queue_open(event_queue *q);

/* Frees what is left. No thread may be using it. */
void event_queue_close(event_queue *q);

/* Copies the event; texts longer than the history keeps are cut. */
void event_queue_put(event_queue *q, const backstop_event *event);

/* Waits for a second, for a batch, or for event_queue_end(); false after that. */
bool event_queue_wait(event_queue *q);
void event_queue_end(event_queue *q);

/* Writes all that is there, some hundred at a time; what cannot be written stays, in its order.
 * The store's error then. */
backstop_status event_queue_flush(event_queue *q, backstop_store *store, int64_t now_sec,
                                  backstop_error *error);

/* How many were dropped since the last call. */
uint64_t event_queue_take_dropped(event_queue *q);

/* How many wait. */
unsigned event_queue_length(event_queue *q);

#endif
