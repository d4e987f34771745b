/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Locks an mbox as mail programs on Debian do (Debian Policy, 11.6): with fcntl(), and with a file
 * PATH.lock beside it. Neither waits while it holds the other, so that no two programs can wait
 * for each other.
 *
 * Who may not make files in the folder (/var/mail) cannot lock with a file: then the program
 * dotlockfile of the package liblockfile-bin does it, which may, if it is there.
 */
#ifndef BACKSTOP_APP_MBOX_LOCK_H
#define BACKSTOP_APP_MBOX_LOCK_H

#include <backstop/error.h>

#include <stdbool.h>
#include <sys/stat.h>

typedef struct mbox_lock {
    int fd; /* open for reading and writing; no other descriptor of the file may be closed while it
               is locked, for that ends the lock (POSIX, fcntl) */
    char *lock_file;
    bool by_program; /* dotlockfile made the file */
} mbox_lock;

/*
 * Opens and locks the mbox at `path`, which is no link. If `like` is not NULL, a missing one is
 * made, with the owner and mode that `like` tells. Waits at most `wait_msec` for others.
 * BACKSTOP_OK: `*out` is to be released with mbox_lock_release().
 * BACKSTOP_ERROR_BUSY: somebody else holds a lock for so long.
 * BACKSTOP_ERROR_STORE: it cannot be opened, or not locked at all.
 */
backstop_status mbox_lock_take(const char *path, const struct stat *like, int wait_msec,
                               mbox_lock *out, backstop_error *error)
    __attribute__((warn_unused_result));

/* Takes one that was never taken (all zero, fd negative), too. */
void mbox_lock_release(mbox_lock *lock);

#endif
