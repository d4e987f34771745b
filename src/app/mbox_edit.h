/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Takes messages out of an mbox, or puts some in, so that nothing is lost wherever it is
 * interrupted, and so that programs which wait for the lock, or have the file open, find their
 * mail in the file they know: it is changed in place, never replaced, and keeps its owner and mode.
 *
 * First the end of the file, from the first change on, is put aside (mbox_tail.h); then it is
 * written, and only then cut or, beforehand, made longer: so mail that others append after an
 * interruption always lies behind all of ours, and mbox_edit_recover() can tell it apart.
 */
#ifndef BACKSTOP_APP_MBOX_EDIT_H
#define BACKSTOP_APP_MBOX_EDIT_H

#include <backstop/error.h>

#include <stdbool.h>
#include <stdint.h>

typedef struct mbox_edit mbox_edit;

/* Bytes to be put in, which stand in another file. */
typedef struct mbox_piece {
    const char *before; /* line ends that go before them; static */
    int fd;
    int64_t begin, end;
    const char *after; /* and behind them */
} mbox_piece;

/* On the mbox at `path` (borrowed), which is open, locked (mbox_lock.h), and `size` bytes long. */
mbox_edit *mbox_edit_new(const char *path, int fd, int64_t size);

/* Takes NULL. */
void mbox_edit_free(mbox_edit *edit);

/* Messages to take out, each behind the one before. An edit takes out or puts in, never both. */
void mbox_edit_remove(mbox_edit *edit, int64_t begin, int64_t end);

/* Messages to put in before what stands at `at`, none before the one before. */
void mbox_edit_insert(mbox_edit *edit, int64_t at, const mbox_piece *piece);

/*
 * Does it. `aside` is the path where the end of the file is put aside; nothing is there before, nor
 * when it is done. `keep_times`: the times of the last reading and writing stay as they are.
 * BACKSTOP_OK: it is done and on the disk.
 * BACKSTOP_ERROR_STORE: nothing has changed, or what has could not be put back: then the file at
 * `aside` is there, for mbox_edit_recover(), and `error` says so.
 */
backstop_status mbox_edit_commit(mbox_edit *edit, const char *aside, bool keep_times,
                                 backstop_error *error) __attribute__((warn_unused_result));

typedef enum mbox_recovery {
    MBOX_WAS_WHOLE, /* nothing had been interrupted */
    MBOX_RESTORED,  /* the mbox is as it was before that edit, or as it wanted it */
    MBOX_CHANGED,   /* somebody has changed it since: left alone, and the file aside is renamed to
                       "ASIDE.kept.N" for its owner to look at */
} mbox_recovery;

/* Brings the mbox in order after an interrupted edit; it is locked. What others appended stays.
 * `*kept` (to be freed with g_free()) is the path of the kept file, NULL if there is none. */
backstop_status mbox_edit_recover(const char *path, int fd, const char *aside, mbox_recovery *out,
                                  char **kept, backstop_error *error)
    __attribute__((warn_unused_result));

#endif
