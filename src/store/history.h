/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The history as a store keeps it: rows of numbers and texts. backstop/history.h says what they
 * mean.
 */
#ifndef BACKSTOP_STORE_HISTORY_H
#define BACKSTOP_STORE_HISTORY_H

#include "base/span.h"

#include <backstop/store.h>

#include <glib.h>
#include <stdint.h>

typedef enum history_number {
    NUMBER_WHEN,
    NUMBER_VERDICT,
    NUMBER_CONFIDENCE,
    NUMBER_KIND,
    NUMBER_DONE,
    NUMBER_ENFORCED,
    NUMBER_FLAGS, /* of history_flag */
    HISTORY_NUMBERS,
} history_number;

/* These stand in files and never change. */
typedef enum history_flag {
    FLAG_GENUINE_WITNESS = 1 << 0,
    FLAG_TAG = 1 << 1,
    FLAG_EXPLAINED = 1 << 2,
} history_flag;

typedef enum history_text {
    TEXT_QUEUE_ID,
    TEXT_BY,
    TEXT_REASON,
    TEXT_RECIPIENT, /* canonical */
    TEXT_MAILBOX,   /* the same without sub-address, BATV and VERP: who is to be forgotten */
    TEXT_CLIENT_IP,
    TEXT_OUTBOUND_PATH,
    TEXT_MESSAGE_ID,
    TEXT_EXPLANATION,
    HISTORY_TEXTS,
} history_text;

/* Of two kinds of stories, neither drives the other out: a flood of backscatter leaves those of
 * other notices. */
typedef enum history_ring { RING_BACKSCATTER, RING_OTHERS, HISTORY_RINGS } history_ring;

typedef struct history_row {
    history_ring ring; /* of a row to be added */
    int64_t numbers[HISTORY_NUMBERS];
    span texts[HISTORY_TEXTS]; /* empty: not known; borrowed */
} history_row;

/* A row of the counters by day. */
typedef enum tally_number {
    TALLY_DAY,
    TALLY_VERDICT,
    TALLY_CONFIDENCE,
    TALLY_KIND,
    TALLY_DONE,
    TALLY_ENFORCED,
    TALLY_COUNT,
    TALLY_UNTAGGED,
    TALLY_UNEXPLAINED,
    TALLY_NUMBERS,
} tally_number;

typedef struct history_tally {
    int64_t numbers[TALLY_NUMBERS];
} history_tally;

/* Notices about untagged mail of one mailbox by one path. */
typedef struct history_untagged {
    const char *mailbox, *path; /* NUL-terminated */
    int64_t count, unexplained, last_day;
} history_untagged;

typedef struct history_state {
    int64_t observed_since_sec, observed_last_sec;
    int64_t observed_days;
    int64_t unexplained;
} history_state;

/* The history's part of backstop_store_forget(); `address` is canonical. */
backstop_status history_forget(backstop_store *store, const GString *address,
                               backstop_error *error);

/* The history's part of backstop_store_expire(). */
backstop_status history_expire(backstop_store *store, int64_t now_sec, backstop_error *error);

#endif
