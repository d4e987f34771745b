/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "store/sqlite_writer.h"

#include "base/error.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

/* What is held when the store is closed gets one more try, and nobody waits long for it. */
enum { CLOSING_WAIT_MS = 1000 };

static struct timespec time_at(int64_t at_us)
{
    return (struct timespec){ .tv_sec = (time_t)(at_us / 1000000),
                              .tv_nsec = (long)(at_us % 1000000) * 1000 };
}

static int apply_gaps(const gap_taking *taking, sqlite_writing *writing)
{
    int code = SQLITE_OK;
    for (unsigned i = 0; taking->gaps != NULL && i < taking->gaps->len && code == SQLITE_OK; i++) {
        const store_gap *gap = &g_array_index(taking->gaps, store_gap, i);
        code = rows_add_gap(writing, gap->from_sec, gap->until_sec);
    }
    return code;
}

/* From behind the begin to before the commit. */
static int apply_all(const gap_taking *taking, writer_job *jobs, sqlite_writing *writing)
{
    int code = apply_gaps(taking, writing);
    for (writer_job *job = jobs; job != NULL && code == SQLITE_OK; job = job->next) {
        code = job->apply(job, writing);
    }
    return code == SQLITE_OK ? rows_settle(writing) : code;
}

static backstop_status write_on(sqlite_writer *w, sqlite_connection *c, writer_job *jobs,
                                backstop_error *error)
{
    sqlite_writing writing;
    gap_taking taking;
    int code = connection_run(c, SQL_BEGIN_WRITING, NULL, 0);
    if (code != SQLITE_OK) {
        return connection_fail(c, code, error);
    }
    rows_begin(&writing, c);
    gap_keeper_take(w->gaps, &taking);
    code = apply_all(&taking, jobs, &writing);
    if (code == SQLITE_OK) {
        code = connection_run(c, SQL_COMMIT, NULL, 0);
    }
    backstop_status status = code == SQLITE_OK ? BACKSTOP_OK : connection_fail(c, code, error);
    /* SQLite has rolled back by itself after some errors. */
    if (!sqlite3_get_autocommit(c->db)) {
        (void)connection_run(c, SQL_ROLLBACK, NULL, 0);
    }
    gap_keeper_settle(w->gaps, &taking, status == BACKSTOP_OK);
    rows_end(&writing);
    return status;
}

static backstop_status write_jobs(sqlite_writer *w, writer_job *jobs, unsigned wait_ms,
                                  backstop_error *error)
{
    backstop_status status;
    if (w->connection != NULL) {
        connection_set_patience(w->connection, wait_ms);
        status = sqlite_file_check(w->readers->path, &w->readers->id, error);
        return status == BACKSTOP_OK ? write_on(w, w->connection, jobs, error) : status;
    }
    sqlite_connection *c;
    status = readers_take_for_writer(w->readers, wait_ms, &c, error);
    if (status == BACKSTOP_OK) {
        status = write_on(w, c, jobs, error);
        readers_give(w->readers, c);
    }
    return status;
}

/* How long the jobs' callers will wait on; they have waited for some time already. */
static unsigned patience_of(const writer_job *jobs)
{
    int64_t now_us = connection_clock_us();
    int64_t until_us = now_us;
    for (const writer_job *job = jobs; job != NULL; job = job->next) {
        until_us = MAX(until_us, job->since_us + (int64_t)job->wait_ms * 1000);
    }
    return (unsigned)((until_us - now_us) / 1000);
}

/* Cuts the jobs of the next transaction off the queue. */
static writer_job *cut_jobs(sqlite_writer *w)
{
    writer_job *jobs = w->first;
    writer_job **end = &w->first;
    size_t taken = 0;
    while (*end != NULL && taken < WRITER_JOBS_MAX && (taken == 0 || !(*end)->is_alone)) {
        bool is_alone = (*end)->is_alone;
        end = &(*end)->next;
        taken++;
        if (is_alone) {
            break;
        }
    }
    w->first = *end;
    *end = NULL;
    w->count -= taken;
    if (w->first == NULL) {
        w->last = &w->first;
    }
    return jobs;
}

/* Waits for jobs, and until enough have gathered. NULL: the end. Called and left with the lock. */
static writer_job *next_jobs(sqlite_writer *w)
{
    while (w->first == NULL && !w->is_closing) {
        pthread_cond_wait(&w->has_job, &w->lock);
    }
    if (w->first == NULL) {
        return NULL;
    }
    /* A large job waits as well: other processes write in the meantime. */
    struct timespec until = time_at(w->first->since_us + w->gather_us);
    int waited = 0;
    while (w->gather_us > 0 && w->count < WRITER_JOBS_MAX && !w->is_closing &&
           waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&w->has_job, &w->lock, &until);
    }
    return cut_jobs(w);
}

/* Tells the callers. Their jobs are gone as soon as they know. */
static void report(sqlite_writer *w, writer_job *jobs, backstop_status status,
                   const backstop_error *error)
{
    while (jobs != NULL) {
        writer_job *job = jobs;
        jobs = job->next;
        job->status = status;
        job->error = *error;
        job->is_done = true;
    }
    pthread_cond_broadcast(&w->has_result);
}

static void write_last_gaps(sqlite_writer *w)
{
    if (gap_keeper_holds(w->gaps) && write_jobs(w, NULL, CLOSING_WAIT_MS, NULL) != BACKSTOP_OK) {
        gap_keeper_flush(w->gaps);
    }
}

static void *run(void *data)
{
    sqlite_writer *w = data;
    writer_job *jobs;
    pthread_mutex_lock(&w->lock);
    while ((jobs = next_jobs(w)) != NULL) {
        pthread_mutex_unlock(&w->lock);
        backstop_error error = { "" };
        backstop_status status = write_jobs(w, jobs, patience_of(jobs), &error);
        pthread_mutex_lock(&w->lock);
        report(w, jobs, status, &error);
    }
    pthread_mutex_unlock(&w->lock);
    write_last_gaps(w);
    return NULL;
}

/* Signals are for the program's own threads. */
static int start_thread(sqlite_writer *w)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&w->thread, NULL, run, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

static void destroy(sqlite_writer *w)
{
    pthread_cond_destroy(&w->has_result);
    pthread_cond_destroy(&w->has_job);
    pthread_mutex_destroy(&w->lock);
    connection_close(w->connection);
}

backstop_status writer_open(sqlite_writer *w, sqlite_connection *connection,
                            sqlite_readers *readers, gap_keeper *gaps, backstop_error *error)
{
    *w = (sqlite_writer){
        .connection = connection,
        .readers = readers,
        .gaps = gaps,
        .gather_us = connection == NULL ? 0 : WRITER_GATHER_US,
    };
    w->last = &w->first;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->has_job, &attributes);
    pthread_cond_init(&w->has_result, NULL);
    pthread_condattr_destroy(&attributes);
    int result = start_thread(w);
    if (result != 0) {
        destroy(w);
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "the store's writer cannot start: %s: raise the limit on processes",
                          g_strerror(result));
    }
    return BACKSTOP_OK;
}

void writer_close(sqlite_writer *w)
{
    pthread_mutex_lock(&w->lock);
    w->is_closing = true;
    pthread_cond_signal(&w->has_job);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    destroy(w);
}

backstop_status writer_run(sqlite_writer *w, writer_job *job, backstop_error *error)
{
    job->next = NULL;
    job->is_done = false;
    job->since_us = connection_clock_us();
    pthread_mutex_lock(&w->lock);
    *w->last = job;
    w->last = &job->next;
    w->count++;
    /* In between it gathers, and needs no waking. */
    if (w->first == job || w->count == WRITER_JOBS_MAX) {
        pthread_cond_signal(&w->has_job);
    }
    while (!job->is_done) {
        pthread_cond_wait(&w->has_result, &w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    if (job->status != BACKSTOP_OK && error != NULL) {
        *error = job->error;
    }
    return job->status;
}
