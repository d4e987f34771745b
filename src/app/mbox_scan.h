/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Where messages stand in an mbox that is open and locked: those that are looked for, by their
 * digest, and where messages begin at all.
 */
#ifndef BACKSTOP_APP_MBOX_SCAN_H
#define BACKSTOP_APP_MBOX_SCAN_H

#include "app/mail_digest.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A message, with its separator line and what stands behind it up to the next. */
typedef struct mbox_found {
    char digest[MAIL_DIGEST_SIZE];
    unsigned number; /* in the mbox, from 0 */
    int64_t begin, end;
} mbox_found;

typedef struct mbox_scan {
    int64_t size;
    bool is_mbox;          /* empty, or begins with a separator line */
    char line_end;         /* '\n', also behind a CR, or '\r' */
    GArray *found;         /* of mbox_found, as they stand: those looked for */
    GArray *begins;        /* of int64_t, rising: where each message begins */
    GHashTable *by_digest; /* digest to GQueue of indices in `found`: those not taken yet */
} mbox_scan;

/* Reads all of it. `digests` is a set of them; messages that are longer than can be read whole
 * (mailbox.h) are never found. False, and errno, if it cannot be read. To be freed with
 * mbox_scan_free(). */
bool mbox_scan_read(int fd, GHashTable *digests, mbox_scan *out);
void mbox_scan_free(mbox_scan *scan);

/* Takes the first message of that digest that was not taken; NULL if there is none. */
const mbox_found *mbox_scan_take(mbox_scan *scan, const char *digest);

/* Forgets the first ones of that digest, until no more than `count` are left. */
void mbox_scan_leave(mbox_scan *scan, const char *digest, unsigned count);

/* Where message `number` begins; where all end, if there are not so many. */
int64_t mbox_scan_begin_of(const mbox_scan *scan, unsigned number);

/* How many line ends are missing between `at` and an empty line before it: 0 to 2; 0 at the begin.
 */
unsigned mbox_scan_missing_ends(int fd, int64_t at);

/* So many line ends, 0 to 2; static. */
const char *mbox_scan_line_ends(const mbox_scan *scan, unsigned count);

#endif
