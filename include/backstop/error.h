/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What every public header of libbackstop shares: the export mark and the status of a call.
 *
 * The library keeps no state of its own. Different objects may be used by different threads at
 * once; one object may be read by several threads at once, as all accessors leave it unchanged.
 * It ends the process when memory runs out, as GLib does; there is no status for that.
 */
#ifndef BACKSTOP_ERROR_H
#define BACKSTOP_ERROR_H

#if defined(__GNUC__)
#define BACKSTOP_API __attribute__((visibility("default")))
#define BACKSTOP_CHECKED __attribute__((visibility("default"), warn_unused_result))
#else
#define BACKSTOP_API
#define BACKSTOP_CHECKED
#endif

/* Whether a call worked. It says nothing about the mail: see the kind and the verdict. */
typedef enum backstop_status {
    BACKSTOP_OK = 0,
    BACKSTOP_ERROR_EMPTY,   /* there are no bytes to read */
    BACKSTOP_ERROR_INVALID, /* a setting or an argument is not what it must be */
    BACKSTOP_ERROR_KEYS,    /* the key file is missing, broken, or open to others; or lacks a key */
    BACKSTOP_ERROR_BUSY,    /* the store is locked by somebody for too long: try again */
    BACKSTOP_ERROR_STORE,   /* the store cannot be read or written: damaged, full, no permission */
    BACKSTOP_ERROR_NEWER,   /* the store was written by a newer version of Backstop */
} backstop_status;

enum { BACKSTOP_ERROR_TEXT_SIZE = 512 };

/* What went wrong, for a person: one line that names the file and the cure. The caller owns it;
 * calls that take one accept NULL, and write to it only when they fail. */
typedef struct backstop_error {
    char text[BACKSTOP_ERROR_TEXT_SIZE];
} backstop_error;

/* An English sentence without a full stop, static, never NULL. */
BACKSTOP_API const char *backstop_status_text(backstop_status status);

#endif
