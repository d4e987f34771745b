/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * `backstop sweep --apply` and `--undo`: moving the picked messages of a mailbox to a folder, and
 * putting back what the last sweep moved. Each step is such that an interruption leaves every
 * message in one of both places, or in both; what was interrupted is undone before the next sweep.
 */
#ifndef BACKSTOP_BACKSTOP_SWEEP_MOVE_H
#define BACKSTOP_BACKSTOP_SWEEP_MOVE_H

#include "app/mail_digest.h"
#include "app/undo_journal.h"

#include <backstop/error.h>

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A message to be moved. */
typedef struct sweep_pick {
    const char *name; /* in a Maildir: "cur/NAME"; NULL in an mbox */
    char digest[MAIL_DIGEST_SIZE];
} sweep_pick;

/* What became of the messages. */
typedef struct sweep_tally {
    unsigned done;    /* moved, or put back */
    unsigned already; /* back already */
    unsigned gone;    /* not there any more: somebody else moved or deleted it */
    unsigned changed; /* not the message that was judged; left alone */
    char *kept;       /* what an interrupted sweep left, and nobody but its owner can judge; freed
                         with g_free() */
} sweep_tally;

/* A mailbox whose messages can be moved. */
typedef struct sweep_mailbox {
    char *path; /* absolute, without links */
    bool is_maildir;
    undo_state *state;
} sweep_mailbox;

/*
 * Opens the mailbox for moving, and its journals; nobody else moves its messages until it is closed
 * with sweep_mailbox_close(). `make`: as undo_state_open(); else `state` may be NULL.
 * BACKSTOP_ERROR_INVALID: it is neither a Maildir nor an mbox. BACKSTOP_ERROR_BUSY, _STORE.
 */
backstop_status sweep_mailbox_open(const char *path, bool make, sweep_mailbox *out,
                                   backstop_error *error) __attribute__((warn_unused_result));
void sweep_mailbox_close(sweep_mailbox *box);

/* Where the messages go: `to`, or where that is NULL the mailbox's Backscatter folder. Absolute; to
 * be freed with g_free(). NULL, and `error`, if it cannot be that. */
char *sweep_folder(const sweep_mailbox *box, const char *to, backstop_error *error);

/* Moves messages (of sweep_pick) to the folder. What it says in `error` leaves nothing lost; the
 * tally tells what was moved before. */
backstop_status sweep_apply(const sweep_mailbox *box, const char *folder, const GArray *picks,
                            int64_t now_sec, sweep_tally *tally, backstop_error *error)
    __attribute__((warn_unused_result));

/* Whether the last sweep was interrupted. */
backstop_status sweep_was_interrupted(const sweep_mailbox *box, bool *was_interrupted,
                                      backstop_error *error) __attribute__((warn_unused_result));

/* Puts back what the last sweep moved. `*time_sec` is when that was, 0 if there is none to undo. */
backstop_status sweep_undo(const sweep_mailbox *box, int64_t *time_sec, sweep_tally *tally,
                           backstop_error *error) __attribute__((warn_unused_result));

#endif
