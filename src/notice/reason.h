/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Why a delivery failed: from what the failing system said in words (data/phrases), from RFC 3463
 * status codes (with the IANA registry's additions), and from SMTP reply codes (RFC 5321, 4.2).
 */
#ifndef BACKSTOP_NOTICE_REASON_H
#define BACKSTOP_NOTICE_REASON_H

#include "base/span.h"
#include "notice/phrases.h"

#include <backstop/notice.h>

#include <glib.h>

enum { STATUS_SIZE = 12, REPLY_SIZE = 4 };

/* The codes that a text bears; each empty ("") where there is none. */
typedef struct reason_codes {
    char status[STATUS_SIZE]; /* "5.1.1", NUL-terminated */
    char reply[REPLY_SIZE];   /* "550" */
} reason_codes;

/* The first enhanced status code and the first SMTP reply code in `text`. */
reason_codes reason_find_codes(span text);

/* Whether a reply or a status code stands in `text` in a form that prose does not have. */
bool reason_has_codes(const reason_codes *codes);

/* How much a reason tells: 0 nothing, 1 that it failed, 2 what went wrong on the way (which many
 * texts mention beside the real reason), 3 that it went wrong for too long, 4 what is wrong with
 * the recipient, sender or message. */
unsigned reason_rank(backstop_reason reason);
enum { REASON_RANK_BEST = 4 };

/* What the codes alone say; BACKSTOP_REASON_NONE if they say nothing more than that it failed. */
backstop_reason reason_from_codes(const reason_codes *codes);

/* What those status codes say that systems set only when they mean them. "" is allowed. */
backstop_reason reason_from_clear_status(const char *status);

/* What the refused SMTP command suggests: a refusal of MAIL means the sender. */
backstop_reason reason_from_stage(span text);

/* The reason that the phrases of that class (PHRASE_REASON or PHRASE_HINT) among `hits` (of
 * phrase_hit) between `start` and `end` say: of the highest rank, then of the greatest weight;
 * BACKSTOP_REASON_NONE if there is none. */
backstop_reason reason_from_hits(const GArray *hits, phrase_class class, unsigned start,
                                 unsigned end);

#endif
