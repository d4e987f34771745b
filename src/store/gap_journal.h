/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A small file beside the store for gaps that could not be written into it, because it was locked,
 * damaged or from a newer version: else nobody would know of the mail that went out meanwhile. Who
 * writes the store next takes it in.
 *
 * `PATH-gaps` holds lines "<from> <until>", each begun by a line end, so that what a full disk cut
 * off does not spoil the next. Who takes it in renames it to `PATH-gaps-taken` first, and removes
 * that after the commit. Nothing is locked: who adds a line looks afterwards whether the file is
 * still in place, and else adds it again.
 */
#ifndef BACKSTOP_STORE_GAP_JOURNAL_H
#define BACKSTOP_STORE_GAP_JOURNAL_H

#include <backstop/error.h>

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct store_gap {
    int64_t from_sec, until_sec; /* both are part of it */
} store_gap;

/* In order, and within what any calendar knows. */
store_gap gap_between(int64_t from_sec, int64_t until_sec);

/* A file of this size takes no more: for a month nobody could write the store. */
enum { GAP_JOURNAL_BYTES_MAX = 1024 * 1024 };

/* Adds a line; it is on the disk when the call returns. The gap is widened to whole minutes, so
 * that a minute needs but one line. BACKSTOP_ERROR_STORE: it could not. */
backstop_status gap_journal_add(const char *store_path, store_gap gap, backstop_error *error);

/* Appends to `out` (of store_gap) what waits to be taken in. To be called before the store is
 * asked, for that is the way that gaps go. BACKSTOP_ERROR_STORE: it cannot be read. */
backstop_status gap_journal_read(const char *store_path, GArray *out, backstop_error *error);

/* Whether something waits. */
bool gap_journal_exists(const char *store_path);

/* Which file was taken. */
typedef struct gap_journal_taken {
    uint64_t inode;
    int64_t changed_sec, changed_ns;
} gap_journal_taken;

/* Puts aside what waits, and appends it to `out`. By one process at a time: who holds the store's
 * lock for writing. False if there is nothing, or it cannot be read. */
bool gap_journal_take(const char *store_path, GArray *out, gap_journal_taken *taken);

/* Removes what was put aside: it is committed. The lock is free by then, so that what another
 * process has put aside since may stand there, and stays. */
void gap_journal_drop(const char *store_path, const gap_journal_taken *taken);

#endif
