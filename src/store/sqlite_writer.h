/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The thread that writes. Others hand it jobs and wait; what comes within 5 ms is committed
 * together, for a commit waits for the disk whether it holds one row or thousands.
 */
#ifndef BACKSTOP_STORE_SQLITE_WRITER_H
#define BACKSTOP_STORE_SQLITE_WRITER_H

#include "store/gap_keeper.h"
#include "store/sqlite_readers.h"
#include "store/sqlite_rows.h"

enum {
    WRITER_GATHER_US = 5000,
    WRITER_JOBS_MAX = 1000, /* committed together */
    WRITER_WAIT_MS = 5000,  /* for other processes' locks */
};

typedef struct writer_job writer_job;

/* Does the job inside a transaction. After an error, here or later, all that it did is undone, and
 * it is not called again: so what it hands out must not be looked at then. */
typedef int writer_apply(writer_job *job, sqlite_writing *w);

/* The first member of a job's own struct, on its caller's stack. */
struct writer_job {
    writer_apply *apply;
    bool is_alone;    /* in a transaction of its own: it is large, and may fail for that */
    unsigned wait_ms; /* for other processes' locks */

    /* The writer's own. */
    writer_job *next;
    int64_t since_us;
    bool is_done;
    backstop_status status;
    backstop_error error;
};

typedef struct sqlite_writer {
    sqlite_connection *connection; /* NULL: one of `readers` is taken each time */
    sqlite_readers *readers;
    gap_keeper *gaps;
    unsigned gather_us;

    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t has_job, has_result;
    writer_job *first, **last;
    size_t count;
    bool is_closing;
} sqlite_writer;

/* Starts the thread; takes over the connection if it is opened. In memory (`connection` NULL) there
 * is no disk to wait for, and nothing is gathered. */
backstop_status writer_open(sqlite_writer *w, sqlite_connection *connection,
                            sqlite_readers *readers, gap_keeper *gaps, backstop_error *error);

/* Ends the thread, when all jobs are done and gaps that are held are written, if that is possible
 * now. */
void writer_close(sqlite_writer *w);

/* Has the job done. BACKSTOP_OK: it is committed, and on the disk. BACKSTOP_ERROR_BUSY, _STORE, and
 * what else the file may say. */
backstop_status writer_run(sqlite_writer *w, writer_job *job, backstop_error *error);

#endif
