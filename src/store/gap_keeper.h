/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Gaps that are not in the store yet: those in the journal beside it, and those that could not even
 * be written there (a full disk), which are held in memory. The writer takes them in with whatever
 * it commits next. All calls may come from several threads at once.
 */
#ifndef BACKSTOP_STORE_GAP_KEEPER_H
#define BACKSTOP_STORE_GAP_KEEPER_H

#include "store/gap_journal.h"

#include <pthread.h>

typedef struct gap_keeper {
    const char *path; /* of the store; NULL: in memory, without a journal. Borrowed */
    pthread_mutex_t lock;
    bool holds_one;
    store_gap held; /* all that is held, and what lies between: silence more, not less */
} gap_keeper;

void gap_keeper_open(gap_keeper *k, const char *path);
void gap_keeper_close(gap_keeper *k);

/* Puts the gap into the journal, or else holds it: then the journal's error is handed on. */
backstop_status gap_keeper_add(gap_keeper *k, store_gap gap, backstop_error *error);

/* Whether one that is not in the store yet touches that time. */
backstop_status gap_keeper_touches(gap_keeper *k, store_gap time, bool *touches,
                                   backstop_error *error);

/* How many wait. */
uint64_t gap_keeper_count(gap_keeper *k);

/* Whether some are held in memory alone. */
bool gap_keeper_holds(gap_keeper *k);

/* Tries the journal once more with what is held, at the end: nobody is left to be told. */
void gap_keeper_flush(gap_keeper *k);

/* What a transaction takes in. */
typedef struct gap_taking {
    GArray *gaps; /* of store_gap; NULL: none */
    bool has_held, has_journal;
    store_gap held;
    gap_journal_taken journal;
} gap_taking;

/* For the holder of the store's lock for writing. Ends with gap_keeper_settle(). */
void gap_keeper_take(gap_keeper *k, gap_taking *taking);

/* They are committed, or stay. */
void gap_keeper_settle(gap_keeper *k, gap_taking *taking, bool is_committed);

#endif
