/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Moves messages from one Maildir to another while mail is delivered and read in both. There are no
 * locks: a message is one file, which is renamed, and never over another one. What stands before
 * the ":" in its name, the base, stays the same for its whole life; readers change what stands
 * behind it, and bring it from new/ to cur/ (maildir(5)).
 *
 * Names here are those below the Maildir: "cur/BASE:2,S" or "new/BASE".
 */
#ifndef BACKSTOP_APP_MAILDIR_H
#define BACKSTOP_APP_MAILDIR_H

#include <backstop/error.h>

#include <stdbool.h>

typedef struct maildir maildir;

/* Whether the folder holds "cur" and "new". */
bool maildir_is_at(const char *path);

/* BACKSTOP_OK: `*out` is to be freed with maildir_close(). BACKSTOP_ERROR_STORE: it cannot be
 * opened. The links "cur" and "new" are not followed. */
backstop_status maildir_open(const char *path, maildir **out, backstop_error *error)
    __attribute__((warn_unused_result));

/* Takes NULL. */
void maildir_close(maildir *box);

/* Makes a Maildir, with the owner and mode of the folder `like`; what is there already of it is
 * taken. BACKSTOP_ERROR_INVALID: there is something else. BACKSTOP_ERROR_STORE: it does not go. */
backstop_status maildir_make(const char *path, const char *like, backstop_error *error)
    __attribute__((warn_unused_result));

/* The folder `name` that belongs to the mailbox at `path`, in Maildir++: ".NAME" inside it, or
 * beside it if it is itself such a folder. To be freed with g_free(). */
char *maildir_folder_of(const char *path, const char *name);

/* The base in a name; to be freed with g_free(). */
char *maildir_base(const char *name);

/* A base that no message in `box` has, made of `base`; to be freed with g_free(). */
char *maildir_unused_base(maildir *box, const char *base);

/* Whether a message of that base is there; borrowed, until the next call. NULL: none. Knows what
 * was there when the names were last read: at the first call, and by maildir_reread(). */
const char *maildir_find(maildir *box, const char *base);
void maildir_reread(maildir *box);

typedef enum maildir_result {
    MAILDIR_MOVED,
    MAILDIR_GONE,    /* no message is there of that name (any more) */
    MAILDIR_CHANGED, /* it is not the message that the digest is of, or no plain file */
    MAILDIR_TAKEN,   /* another message has that name in the other folder */
    MAILDIR_FAILED   /* errno */
} maildir_result;

/* Moves a message into the same half (cur or new) of another Maildir, under another base, and with
 * its flags. `digest` (mail_digest.h) may be NULL: whatever it is. */
maildir_result maildir_move(maildir *from, const char *name, maildir *to, const char *base,
                            const char *digest);

/* Brings the names in both halves to the disk. False, and errno. */
bool maildir_sync(maildir *box);

#endif
