/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Who may have sent the returned mail, to whom, and under which Message-ID: all that the notice and
 * the returned header say of it, in one spelling, without what mail systems wrap around addresses.
 */
#ifndef BACKSTOP_WITNESS_CANDIDATES_H
#define BACKSTOP_WITNESS_CANDIDATES_H

#include "witness/hearing.h"

/* Fills notified, senders, recipients, message_ids, from, domain and may_be_of_strangers. The
 * header must be there already. `is_own`: it is the notice's own returned message, of which other
 * parts of the notice tell as well. */
void candidates_fill(hearing *h, bool is_own);

/* Whether the notice answers its author's mail by itself: its author is then whom we wrote to. */
bool candidates_are_replies(backstop_kind kind);

#endif
