/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * BATV (draft-levine-smtp-batv): envelope senders that bear a signature, so that a notice shows by
 * its recipient alone that it is about mail of ours.
 */
#ifndef BACKSTOP_BATV_H
#define BACKSTOP_BATV_H

#include <backstop/error.h>
#include <backstop/keys.h>

#include <stdbool.h>
#include <stdint.h>

typedef enum backstop_batv_form {
    BACKSTOP_BATV_PREFIX,     /* prvs=KDDDSSSSSS=local@domain */
    BACKSTOP_BATV_SUBADDRESS, /* local+prvs=KDDDSSSSSS@domain: servers that know sub-addresses
                                 take it without being told of BATV */
} backstop_batv_form;

/* The signed form of `address` (local@domain); to be freed with backstop_text_free(). NULL if no
 * prvs key signs at `now_sec`, the address bears a signature or SRS already, is quoted, or its
 * local part would be longer than 64 bytes. */
BACKSTOP_CHECKED char *backstop_batv_sign(const backstop_keys *keys, const char *address,
                                          backstop_batv_form form, int64_t now_sec);

/* The plain address behind one that we signed, in either form, expired or not; to be freed with
 * backstop_text_free(). NULL if it is none of ours. */
BACKSTOP_CHECKED char *backstop_batv_restore(const backstop_keys *keys, const char *address,
                                             int64_t now_sec);

#endif
