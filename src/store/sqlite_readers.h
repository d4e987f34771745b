/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A bounded pool of connections that read. A store in memory has one connection in all, which its
 * writer takes from here as well.
 */
#ifndef BACKSTOP_STORE_SQLITE_READERS_H
#define BACKSTOP_STORE_SQLITE_READERS_H

#include "store/sqlite_connection.h"
#include "store/sqlite_file.h"

#include <pthread.h>

enum {
    READERS_MAX = 8,
    READERS_WAIT_MS = 50, /* for a free one, and for locks */
};

typedef struct sqlite_readers {
    const char *path;  /* borrowed; NULL: in memory */
    sqlite_file_id id; /* of the file at `path` */
    pthread_mutex_t lock;
    pthread_cond_t has_idle;
    sqlite_connection *idle[READERS_MAX];
    unsigned idle_count;
    unsigned made_count; /* idle or in use */
    unsigned made_max;
    bool writer_waits; /* then readers let it go first */
} sqlite_readers;

/* `only` (may be NULL) is the only connection there will ever be; the pool takes it over. */
void readers_open(sqlite_readers *r, const char *path, sqlite_file_id id, sqlite_connection *only);

/* All must have been given back. */
void readers_close(sqlite_readers *r);

/* A connection for the calling thread alone, until readers_give(). BACKSTOP_ERROR_BUSY: none got
 * free in `wait_ms`. BACKSTOP_ERROR_STORE: the file cannot be opened any more. */
backstop_status readers_take(sqlite_readers *r, unsigned wait_ms, sqlite_connection **out,
                             backstop_error *error);

/* The same for the writer of a store in memory, which readers must not keep out. */
backstop_status readers_take_for_writer(sqlite_readers *r, unsigned wait_ms,
                                        sqlite_connection **out, backstop_error *error);

void readers_give(sqlite_readers *r, sqlite_connection *c);

#endif
