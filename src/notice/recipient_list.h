/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The list of a notice's recipients while it is filled.
 */
#ifndef BACKSTOP_NOTICE_RECIPIENT_LIST_H
#define BACKSTOP_NOTICE_RECIPIENT_LIST_H

#include "notice/notice.h"
#include "notice/reason.h"

/* Appends a copy of `r`, unless it has no address or there are LIMIT_RECIPIENTS. */
void recipient_add(backstop_notice *notice, const struct backstop_recipient *r);

/* The first recipient with that address, NULL if there is none. */
struct backstop_recipient *recipient_find(const backstop_notice *notice, span spec);

/* What was done for the recipients of a notice of that kind which does not say: "failed",
 * "delayed", "delivered", or NULL. */
const char *recipient_action_of(backstop_kind kind);

/* Sets the status and reply that are not set yet. */
void recipient_set_codes(backstop_notice *notice, struct backstop_recipient *r,
                         const reason_codes *codes);

/* Replaces `*reason` by one of a higher rank. */
void recipient_take_better(backstop_reason *reason, backstop_reason candidate);

#endif
