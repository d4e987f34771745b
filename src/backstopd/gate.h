/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Whether it is safe to carry out dispositions. Two questions: whether `enforce` may begin, which
 * its owner is told when he asks for it; and whether it is to pause, which the daemon sees to by
 * itself. Both only read facts.
 */
#ifndef BACKSTOP_BACKSTOPD_GATE_H
#define BACKSTOP_BACKSTOPD_GATE_H

#include <backstop/error.h>
#include <backstop/history.h>
#include <backstop/store.h>

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    /* As long it pauses after mail went out that was not signed or not recorded: it may not be the
     * last one. */
    GATE_GAP_SEC = 600,
    /* As long it pauses after the clock was set: ages of mail are wrong by so much. */
    GATE_STEP_SEC = 3600,
    /* A correction below this is no step. */
    GATE_STEP_LEAST_SEC = 60,
    /* So many unexplained notices since yesterday make it pause. One alone may be a forger's. */
    GATE_UNEXPLAINED = 3,
};

typedef struct gate_facts {
    bool is_forced; /* enforce-anyway: the owner knows of what the history says */
    bool has_store;
    backstop_readiness readiness;
    uint64_t unexplained_lately; /* since yesterday's midnight, UTC */
    int64_t now_sec;
    int64_t gap_sec, step_sec; /* when the last gap, the last step of the clock was; 0: never */
} gate_facts;

/* Reads what the store knows; without a store, or if it cannot tell, `has_store` is false. */
void gate_ask_store(backstop_store *store, int64_t now_sec, gate_facts *facts);

/* Whether enforce may begin; else appends why not. */
bool gate_may_begin(const gate_facts *facts, GString *why);

/* Whether enforce, once begun, is to pause now; then appends why. */
bool gate_must_pause(const gate_facts *facts, GString *why);

/* That enforce began is kept in an empty file beside the store, `PATH-enforcing`: a daemon that is
 * started again pauses where it must, but does not refuse to start. It goes when the mode is set
 * back to observe. */
bool gate_has_begun(const char *store_path);
void gate_set_begun(const char *store_path, bool has_begun);

#endif
