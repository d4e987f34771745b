/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * BATV's simple private signature of envelope senders (draft-levine-smtp-batv, 4): a notice to such
 * an address is about mail that we sent. K is the key's digit, DDD the day on which it expires,
 * SSSSSS the first three bytes of HMAC-SHA-1 over KDDD and the address, as the draft has it. Three
 * bytes of a hash are enough here: a guesser learns nothing before he has sent millions of notices.
 * The address is hashed in its canonical form, for mail systems change the case of letters.
 * Re-entrant.
 */
#ifndef BACKSTOP_PROOF_PRVS_H
#define BACKSTOP_PROOF_PRVS_H

#include "base/span.h"
#include "proof/keys.h"

#include <glib.h>
#include <stdint.h>

enum {
    PRVS_LIFETIME_DAYS = 7,
    PRVS_SKEW_DAYS = 1, /* hosts' clocks differ, and time zones of careless ones */
};

typedef enum prvs_form {
    PRVS_PREFIX,    /* prvs=KDDDSSSSSS=local@domain */
    PRVS_SUBADDRESS /* local+prvs=KDDDSSSSSS@domain */
} prvs_form;

typedef enum prvs_state {
    PRVS_NONE,    /* not of this form, or of no key of ours: somebody else's, perhaps */
    PRVS_EXPIRED, /* ours, but its day is past */
    PRVS_VALID,   /* ours; the last day counts */
} prvs_state;

/* Replaces `out` by the signed form of `spec` (local@domain). False, and `out` is empty, if
 * there is no prvs key that signs now, the address bears a signature or SRS already, is quoted, or
 * the local part would pass 64 bytes. */
bool prvs_write(const backstop_keys *keys, int64_t now_sec, span spec, prvs_form form,
                GString *out);

/* Checks an address; `plain` (if it is not NULL) is replaced by the address behind it, as it
 * stands, unless PRVS_NONE. The comparison takes constant time, letters in any case. */
prvs_state prvs_read(const backstop_keys *keys, int64_t now_sec, span spec, GString *plain);

#endif
