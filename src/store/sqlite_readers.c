/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "store/sqlite_readers.h"

#include "base/error.h"

#include <errno.h>
#include <glib.h>
#include <time.h>

/* For each: enough for all that stands above the leaves of a table of 25 million rows. */
enum { CACHE_KIB = 12 * 1024 };

void readers_open(sqlite_readers *r, const char *path, sqlite_file_id id, sqlite_connection *only)
{
    *r = (sqlite_readers){ .path = path, .id = id, .made_max = READERS_MAX };
    if (only != NULL) {
        r->idle[0] = only;
        r->idle_count = r->made_count = r->made_max = 1;
    }
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->has_idle, &attributes);
    pthread_condattr_destroy(&attributes);
}

void readers_close(sqlite_readers *r)
{
    for (unsigned i = 0; i < r->idle_count; i++) {
        connection_close(r->idle[i]);
    }
    pthread_cond_destroy(&r->has_idle);
    pthread_mutex_destroy(&r->lock);
}

static backstop_status make(sqlite_readers *r, sqlite_connection **out, backstop_error *error)
{
    backstop_status status = connection_open(r->path, CACHE_KIB, READERS_WAIT_MS, out, error);
    if (status == BACKSTOP_OK) {
        status = sqlite_file_check(r->path, &r->id, error);
    }
    if (status != BACKSTOP_OK) {
        g_clear_pointer(out, connection_close);
        pthread_mutex_lock(&r->lock);
        r->made_count--;
        pthread_cond_signal(&r->has_idle);
        pthread_mutex_unlock(&r->lock);
    }
    return status;
}

static bool may_take(const sqlite_readers *r, bool is_writer)
{
    bool has_one = r->idle_count > 0 || r->made_count < r->made_max;
    return has_one && (is_writer || !r->writer_waits);
}

/* An idle one, or NULL where one may be made or none got free. Called and left with the lock. */
static sqlite_connection *wait_for_idle(sqlite_readers *r, unsigned wait_ms, bool is_writer,
                                        bool *may_make)
{
    int64_t until_us = connection_clock_us() + (int64_t)wait_ms * 1000;
    struct timespec until = { .tv_sec = (time_t)(until_us / 1000000),
                              .tv_nsec = (long)(until_us % 1000000) * 1000 };
    int waited = 0;
    while (!may_take(r, is_writer) && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&r->has_idle, &r->lock, &until);
    }
    bool may = may_take(r, is_writer);
    *may_make = may && r->idle_count == 0;
    return may && r->idle_count > 0 ? r->idle[--r->idle_count] : NULL;
}

static backstop_status take(sqlite_readers *r, unsigned wait_ms, bool is_writer,
                            sqlite_connection **out, backstop_error *error)
{
    bool may_make;
    pthread_mutex_lock(&r->lock);
    if (is_writer) {
        r->writer_waits = true;
    }
    *out = wait_for_idle(r, wait_ms, is_writer, &may_make);
    if (is_writer) {
        r->writer_waits = false;
    }
    if (may_make) {
        r->made_count++;
    }
    pthread_mutex_unlock(&r->lock);
    if (may_make) {
        return make(r, out, error);
    }
    if (*out == NULL) {
        return error_fail(error, BACKSTOP_ERROR_BUSY,
                          "%s: too much is asked of it at once: try again",
                          r->path == NULL ? "the store in memory" : r->path);
    }
    connection_set_patience(*out, wait_ms);
    return BACKSTOP_OK;
}

backstop_status readers_take(sqlite_readers *r, unsigned wait_ms, sqlite_connection **out,
                             backstop_error *error)
{
    return take(r, wait_ms, false, out, error);
}

backstop_status readers_take_for_writer(sqlite_readers *r, unsigned wait_ms,
                                        sqlite_connection **out, backstop_error *error)
{
    return take(r, wait_ms, true, out, error);
}

void readers_give(sqlite_readers *r, sqlite_connection *c)
{
    pthread_mutex_lock(&r->lock);
    r->idle[r->idle_count++] = c;
    /* One who is woken may have to let the writer go first. */
    if (r->writer_waits) {
        pthread_cond_broadcast(&r->has_idle);
    } else {
        pthread_cond_signal(&r->has_idle);
    }
    pthread_mutex_unlock(&r->lock);
}
