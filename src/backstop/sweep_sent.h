/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The Sent folder of a mailbox's owner, read into a store: what he is known to have sent. */
#ifndef BACKSTOP_BACKSTOP_SWEEP_SENT_H
#define BACKSTOP_BACKSTOP_SWEEP_SENT_H

#include "backstop/sweep_screen.h"

#include <backstop/store.h>

typedef struct sweep_sent {
    uint64_t mails;
    int64_t from_sec, until_sec; /* its oldest and newest mail; 0 if there is none with a date */
} sweep_sent;

/*
 * Reads all the folders (of char *). No mail counts as sent after `now_sec`. Where no mail was sent
 * for months the folder is not whole, or a date is wrong: that is noted in the store as a gap.
 * What cannot be read is told on the screen. Others than BACKSTOP_OK come from the store.
 */
backstop_status sweep_sent_read(const GPtrArray *folders, backstop_store *store, int64_t now_sec,
                                sweep_screen *screen, sweep_sent *out, backstop_error *error)
    __attribute__((warn_unused_result));

#endif
