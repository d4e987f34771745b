/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "store/sqlite_removal.h"

#include "base/error.h"

#include <string.h>

enum {
    /* An expiry that leaps by more days than this is put off for a day. */
    EXPIRY_LEAP_DAYS = 7,
    /* Marks live longer than rows: a domain that rests over a holiday is still tagged. */
    MARK_DAYS = 180,
};

typedef struct purge_job {
    writer_job job;
    rows_table table;
    rows_bound from, end;
    uint32_t before_day;
    bool is_last;
    uint64_t removed;
} purge_job;

static int apply_purge(writer_job *job, sqlite_writing *w)
{
    purge_job *p = (purge_job *)job;
    return rows_purge_slice(w, p->table, &p->from, &p->end, p->before_day, &p->is_last,
                            &p->removed);
}

static backstop_status purge(sqlite_writer *w, rows_table table, const rows_bound *from,
                             const rows_bound *end, uint32_t before_day, uint64_t *removed,
                             backstop_error *error)
{
    purge_job job = {
        .job = { .apply = apply_purge, .wait_ms = WRITER_WAIT_MS },
        .table = table,
        .from = *from,
        .end = *end,
        .before_day = before_day,
    };
    backstop_status status = BACKSTOP_OK;
    while (status == BACKSTOP_OK && !job.is_last) {
        job.removed = 0;
        status = writer_run(w, &job.job, error);
        *removed += status == BACKSTOP_OK ? job.removed : 0;
    }
    return status;
}

backstop_status removal_forget(sqlite_writer *w, const unsigned char owner[STORE_OWNER_BYTES],
                               uint64_t *removed, backstop_error *error)
{
    rows_bound from = { .len = STORE_OWNER_BYTES };
    rows_bound end = { .len = STORE_OWNER_BYTES + STORE_KEY_BYTES };
    uint64_t marks = 0;
    memcpy(from.bytes, owner, STORE_OWNER_BYTES);
    /* No key with this beginning comes after that. */
    memset(end.bytes, 0xff, end.len);
    memcpy(end.bytes, owner, STORE_OWNER_BYTES);
    backstop_status status = purge(w, TABLE_LEDGER, &from, &end, UINT32_MAX, removed, error);
    if (status == BACKSTOP_OK) {
        status = purge(w, TABLE_MARKS, &from, &end, UINT32_MAX, &marks, error);
    }
    return status;
}

typedef struct leap_job {
    writer_job job;
    int64_t now_sec;
    uint32_t oldest_day;
    bool is_leap;
} leap_job;

/* A clock that jumps ahead must not empty the ledger: a leap is done when the clock still says so a
 * day after it was asked for. */
static int apply_leap(writer_job *job, sqlite_writing *w)
{
    leap_job *leap = (leap_job *)job;
    int64_t expired_day, asked_sec, oldest_day;
    bool found;
    int code = rows_get_state(w->connection, STATE_EXPIRED_DAY, &expired_day);
    if (code == SQLITE_OK) {
        code = rows_get_state(w->connection, STATE_EXPIRY_ASKED, &asked_sec);
    }
    if (code == SQLITE_OK) {
        code = connection_ask(w->connection, SQL_DAY_OLDEST, NULL, 0, &oldest_day, 1, &found);
    }
    if (code != SQLITE_OK) {
        return code;
    }
    int64_t waited_sec = leap->now_sec - asked_sec;
    bool has_waited = asked_sec != 0 && waited_sec >= STORE_DAY_SEC;
    leap->is_leap =
        found && !has_waited && leap->oldest_day > MAX(oldest_day, expired_day) + EXPIRY_LEAP_DAYS;
    if (leap->is_leap) {
        bool is_asked = asked_sec != 0 && waited_sec >= 0 && waited_sec < STORE_DAY_SEC;
        return is_asked ? SQLITE_OK : rows_set_state(w, STATE_EXPIRY_ASKED, leap->now_sec);
    }
    code = asked_sec == 0 ? SQLITE_OK : rows_set_state(w, STATE_EXPIRY_ASKED, 0);
    /* Before the first row goes: from then on that time is a gap. */
    if (code == SQLITE_OK && leap->oldest_day > expired_day) {
        code = rows_set_state(w, STATE_EXPIRED_DAY, leap->oldest_day);
    }
    const sql_value oldest[] = { SQL_NUMBER((int64_t)leap->oldest_day * STORE_DAY_SEC) };
    return code == SQLITE_OK ? connection_run(w->connection, SQL_GAP_EXPIRE, oldest, 1) : code;
}

static backstop_status begin_expiry(sqlite_writer *w, const char *name, int64_t now_sec,
                                    uint32_t oldest_day, backstop_error *error)
{
    leap_job job = {
        .job = { .apply = apply_leap, .wait_ms = WRITER_WAIT_MS },
        .now_sec = now_sec,
        .oldest_day = oldest_day,
    };
    backstop_status status = writer_run(w, &job.job, error);
    if (status == BACKSTOP_OK && job.is_leap) {
        return error_fail(
            error, BACKSTOP_ERROR_INVALID,
            "%s: more than a week of the ledger would go at once, as if the clock had "
            "jumped: nothing is removed now; if clock and ledger-days are right, "
            "expire again in a day",
            name);
    }
    return status;
}

backstop_status removal_expire(sqlite_writer *w, const char *name, int64_t now_sec,
                               uint32_t oldest_day, uint64_t *removed, backstop_error *error)
{
    rows_bound from = { .len = 0 };
    rows_bound end = { .len = STORE_KEY_BYTES + 1 };
    uint64_t others = 0;
    memset(end.bytes, 0xff, end.len);
    backstop_status status = begin_expiry(w, name, now_sec, oldest_day, error);
    if (status == BACKSTOP_OK) {
        status = purge(w, TABLE_LEDGER, &from, &end, oldest_day, removed, error);
    }
    if (status == BACKSTOP_OK) {
        status = purge(w, TABLE_RETURNS, &from, &end, oldest_day, &others, error);
    }
    if (status == BACKSTOP_OK) {
        uint32_t before = oldest_day > MARK_DAYS ? oldest_day - MARK_DAYS : 0;
        status = purge(w, TABLE_MARKS, &from, &end, before, &others, error);
    }
    return status;
}
