/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What the log and the history are told of a notice that was judged. */
#ifndef BACKSTOP_BACKSTOPD_STORY_H
#define BACKSTOP_BACKSTOPD_STORY_H

#include "backstopd/session.h"
#include "backstopd/verdict_plan.h"

#include <backstop/judge.h>
#include <backstop/notice.h>

void story_tell(session *s, const backstop_notice *notice, const backstop_judgement *j,
                const verdict_plan *plan);

#endif
