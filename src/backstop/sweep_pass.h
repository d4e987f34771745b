/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Reading the mailbox that is swept: once for where its notices are and what they teach, then its
 * notices alone, which are judged. Never more than one message is in memory.
 */
#ifndef BACKSTOP_BACKSTOP_SWEEP_PASS_H
#define BACKSTOP_BACKSTOP_SWEEP_PASS_H

#include "app/mailbox.h"
#include "backstop/sweep_hosts.h"
#include "backstop/sweep_screen.h"

#include <backstop/judge.h>

#include <stdint.h>

/* What notices are judged with. */
typedef struct sweep_court {
    const backstop_site *site;
    const backstop_keys *keys;
    backstop_store *store;
    int64_t now_sec; /* no notice came later */
} sweep_court;

/* Where the notices of a mailbox are. */
typedef struct sweep_notices sweep_notices;

/* Takes NULL. */
void sweep_notices_free(sweep_notices *notices);

/* Finds the notices in the mailbox at `path`, and learns from those that are proven genuine, unless
 * `hosts` is NULL. `*messages` counts all that was read. To be freed with sweep_notices_free(). */
sweep_notices *sweep_pass_find(const char *path, const sweep_court *court, sweep_hosts *hosts,
                               sweep_screen *screen, uint64_t *messages);

/* A notice that was judged; all is borrowed until the call returns. */
typedef struct sweep_judged {
    const mailbox_message *where;
    const backstop_message *message;
    const backstop_notice *notice;
    const backstop_judgement *judgement;
    int64_t time_sec; /* when it came */
} sweep_judged;

/* Judges the notices one by one, each as of the time when it came. `judged` returns false to stop.
 */
void sweep_pass_judge(const char *path, const sweep_notices *notices, const sweep_court *court,
                      sweep_screen *screen, bool (*judged)(const sweep_judged *one, void *context),
                      void *context);

#endif
