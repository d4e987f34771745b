/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What is done with a notice that came in, for each of its recipients, and what `enforce` would do.
 */
#ifndef BACKSTOP_BACKSTOPD_VERDICT_PLAN_H
#define BACKSTOP_BACKSTOPD_VERDICT_PLAN_H

#include "backstopd/session.h"

#include <backstop/disposition.h>
#include <backstop/judge.h>

typedef struct verdict_plan {
    backstop_disposition enforced; /* what the rules say */
    backstop_disposition done;     /* what is done with the message */
    backstop_disposition *each;    /* likewise, for each of the recipients; owned */
    bool has_copies; /* those with QUARANTINE get it not: their copy is in the quarantine already */
    const char *reject_reply; /* lives as long as the settings */
    const char *rule;         /* the allow rule that let it pass; NULL: none */
} verdict_plan;

/*
 * Asks the rules of all recipients. If it is delivered to some and held for others, their copies
 * are in the quarantine when the call returns; if that fails, or not all of the message is there,
 * everybody gets it, marked. Of a message of which the rules did not see all, and of a notice that
 * our own mail server wrote, nothing stricter than marking is done. `plan` is to be cleared.
 */
void verdict_plan_make(session *s, const backstop_message *message, const backstop_judgement *j,
                       verdict_plan *plan);

/* It is delivered to all after all. */
void verdict_plan_deliver(verdict_plan *plan, bool is_marked);

/* What is done for one recipient. */
backstop_disposition verdict_plan_done_for(const verdict_plan *plan, unsigned index);

void verdict_plan_clear(verdict_plan *plan);

#endif
