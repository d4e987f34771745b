/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The journals of moved messages: what was where, and where it went, on the disk before the first
 * message is moved, so that it can be put back, also after an interruption.
 *
 * Those of one mailbox lie in a folder of their own below $XDG_STATE_HOME/backstop/sweep, beside
 * what is put aside while an mbox is changed. The folder is locked while it is open: one sweep
 * moves messages of a mailbox at a time.
 *
 * A journal is text: "backstop-undo 1", "mailbox maildir PATH" or "mailbox mbox PATH", "folder
 * PATH", "time UNIX", a line "moved ..." for each message, "end COUNT"; later "done" and "undoing"
 * behind it. In paths and names, control characters, blanks and "%" are written as %XX.
 */
#ifndef BACKSTOP_APP_UNDO_JOURNAL_H
#define BACKSTOP_APP_UNDO_JOURNAL_H

#include "app/mail_digest.h"

#include <backstop/error.h>

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* One message that is moved. */
typedef struct undo_entry {
    char digest[MAIL_DIGEST_SIZE];
    /* In a Maildir: its name ("cur/BASE:2,S"), and its base in the other folder. */
    char *name;
    char *base;
    /* In an mbox: its number there, and how many line ends were added behind it in the other. */
    unsigned number, padding;
} undo_entry;

typedef struct undo_journal {
    char *file; /* of the journal; NULL before it is written */
    bool is_maildir;
    char *mailbox; /* absolute */
    char *folder;  /* where the messages go; absolute */
    int64_t time_sec;
    GArray *entries; /* of undo_entry, in an mbox by where they stood */
    bool is_done;    /* all of it was moved */
    bool is_undoing; /* putting back has begun */
} undo_journal;

/* An empty one; paths are copied. To be freed with undo_journal_free(). */
undo_journal *undo_journal_new(bool is_maildir, const char *mailbox, const char *folder,
                               int64_t now_sec);

/* Takes NULL. */
void undo_journal_free(undo_journal *journal);

/* Strings are copied. */
void undo_journal_add(undo_journal *journal, const undo_entry *entry);

typedef struct undo_state undo_state;

/*
 * Opens and locks the folder for the mailbox at `path` (absolute, without links). `make`: if it is
 * missing it is made, else `*out` is NULL then.
 * BACKSTOP_OK: `*out` is to be closed with undo_state_close().
 * BACKSTOP_ERROR_BUSY: another sweep moves messages of that mailbox.
 * BACKSTOP_ERROR_STORE: it cannot be made or opened.
 */
backstop_status undo_state_open(const char *path, bool make, undo_state **out,
                                backstop_error *error) __attribute__((warn_unused_result));

/* Takes NULL. */
void undo_state_close(undo_state *state);

/* The path of a file in the folder; to be freed with g_free(). */
char *undo_state_file(const undo_state *state, const char *name);

/* How many journals there are: sweeps that can be undone. */
unsigned undo_state_count(const undo_state *state);

/* Brings a new journal to the disk. BACKSTOP_ERROR_STORE: it is not there. */
backstop_status undo_state_write(undo_state *state, undo_journal *journal, backstop_error *error)
    __attribute__((warn_unused_result));

/* The newest journal; `*out` is NULL if there is none. BACKSTOP_ERROR_STORE: it cannot be read. */
backstop_status undo_state_read_last(const undo_state *state, undo_journal **out,
                                     backstop_error *error) __attribute__((warn_unused_result));

/* Notes in the journal, on the disk, that all was moved, or that putting back begins. */
backstop_status undo_journal_mark_done(undo_journal *journal, backstop_error *error)
    __attribute__((warn_unused_result));
backstop_status undo_journal_mark_undoing(undo_journal *journal, backstop_error *error)
    __attribute__((warn_unused_result));

/* Forgets a journal whose messages are back. */
backstop_status undo_journal_remove(const undo_journal *journal, backstop_error *error)
    __attribute__((warn_unused_result));

#endif
