/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstopd/event_queue.h"

#include <string.h>
#include <time.h>

enum { TEXT_BYTES = 256 }; /* as the history keeps of any text but the explanation */

static const char *copy_text(const char *text, size_t most)
{
    return text == NULL ? NULL : g_strndup(text, most);
}

static backstop_event *event_copy(const backstop_event *from)
{
    backstop_event *e = g_new(backstop_event, 1);
    *e = *from;
    e->queue_id = copy_text(from->queue_id, TEXT_BYTES);
    e->by = copy_text(from->by, TEXT_BYTES);
    e->kind = copy_text(from->kind, TEXT_BYTES);
    e->reason = copy_text(from->reason, TEXT_BYTES);
    e->recipient = copy_text(from->recipient, TEXT_BYTES);
    e->client_ip = copy_text(from->client_ip, TEXT_BYTES);
    e->outbound_path = copy_text(from->outbound_path, TEXT_BYTES);
    e->message_id = copy_text(from->message_id, TEXT_BYTES);
    e->explanation = copy_text(from->explanation, BACKSTOP_EXPLANATION_BYTES);
    return e;
}

static void free_text(const char *text)
{
    g_free((void *)text);
}

static void event_free(backstop_event *e)
{
    free_text(e->queue_id);
    free_text(e->by);
    free_text(e->kind);
    free_text(e->reason);
    free_text(e->recipient);
    free_text(e->client_ip);
    free_text(e->outbound_path);
    free_text(e->message_id);
    free_text(e->explanation);
    g_free(e);
}

static void free_item(void *item)
{
    event_free(item);
}

void event_queue_open(event_queue *q)
{
    *q = (event_queue){ .events = G_QUEUE_INIT };
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    /* Else a step of the clock would stop the thread for its length. */
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&q->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&q->lock, NULL);
}

void event_queue_close(event_queue *q)
{
    g_queue_clear_full(&q->events, free_item);
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
}

/* The lock is held. */
static void drop_surplus(event_queue *q)
{
    while (q->events.length > EVENT_QUEUE_MAX) {
        event_free(g_queue_pop_head(&q->events));
        q->dropped++;
    }
}

void event_queue_put(event_queue *q, const backstop_event *event)
{
    backstop_event *copy = event_copy(event);
    pthread_mutex_lock(&q->lock);
    g_queue_push_tail(&q->events, copy);
    drop_surplus(q);
    if (q->events.length == EVENT_QUEUE_BATCH) {
        pthread_cond_signal(&q->changed);
    }
    pthread_mutex_unlock(&q->lock);
}

bool event_queue_wait(event_queue *q)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec++;
    pthread_mutex_lock(&q->lock);
    if (!q->is_closed) {
        pthread_cond_timedwait(&q->changed, &q->lock, &until);
    }
    bool goes_on = !q->is_closed;
    pthread_mutex_unlock(&q->lock);
    return goes_on;
}

void event_queue_end(event_queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->is_closed = true;
    pthread_cond_signal(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

static size_t take_batch(event_queue *q, backstop_event *batch[EVENT_QUEUE_BATCH])
{
    size_t count = 0;
    pthread_mutex_lock(&q->lock);
    while (count < EVENT_QUEUE_BATCH && q->events.length > 0) {
        batch[count++] = g_queue_pop_head(&q->events);
    }
    pthread_mutex_unlock(&q->lock);
    return count;
}

static void put_back(event_queue *q, backstop_event *batch[EVENT_QUEUE_BATCH], size_t count)
{
    pthread_mutex_lock(&q->lock);
    while (count > 0) {
        g_queue_push_head(&q->events, batch[--count]);
    }
    drop_surplus(q);
    pthread_mutex_unlock(&q->lock);
}

backstop_status event_queue_flush(event_queue *q, backstop_store *store, int64_t now_sec,
                                  backstop_error *error)
{
    backstop_event *batch[EVENT_QUEUE_BATCH];
    backstop_event events[EVENT_QUEUE_BATCH];
    size_t count;
    while ((count = take_batch(q, batch)) > 0) {
        for (size_t i = 0; i < count; i++) {
            events[i] = *batch[i];
        }
        backstop_status status = backstop_store_add_events(store, events, count, now_sec, error);
        if (status != BACKSTOP_OK) {
            put_back(q, batch, count);
            return status;
        }
        for (size_t i = 0; i < count; i++) {
            event_free(batch[i]);
        }
    }
    return BACKSTOP_OK;
}

uint64_t event_queue_take_dropped(event_queue *q)
{
    pthread_mutex_lock(&q->lock);
    uint64_t dropped = q->dropped;
    q->dropped = 0;
    pthread_mutex_unlock(&q->lock);
    return dropped;
}

unsigned event_queue_length(event_queue *q)
{
    pthread_mutex_lock(&q->lock);
    unsigned length = q->events.length;
    pthread_mutex_unlock(&q->lock);
    return length;
}
