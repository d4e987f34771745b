/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A judged notice as an event of the history (backstop/history.h).
 */
#ifndef BACKSTOP_APP_HISTORY_EVENT_H
#define BACKSTOP_APP_HISTORY_EVENT_H

#include <backstop/history.h>
#include <backstop/judge.h>
#include <backstop/notice.h>

#include <stdint.h>

/*
 * Fills what notice and judgement tell: verdict, confidence, by, kind, reason, outbound_path,
 * has_genuine_witness, has_tag, is_explained, message_id and explanation; borrowed from both. The
 * other members stay as they are.
 *
 * `tagged_since_sec`: since when all outgoing mail passes Backstop (backstop_readiness, its
 * observed_since_sec); 0: not known. What left before is explained.
 */
void history_event_fill(backstop_event *event, const backstop_notice *notice,
                        const backstop_judgement *judgement, int64_t tagged_since_sec);

#endif
