/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Mail for our users: what strangers wrote into our fields is taken out, BATV addresses become
 * plain ones, and notices are judged and dealt with.
 */
#ifndef BACKSTOP_BACKSTOPD_INCOMING_H
#define BACKSTOP_BACKSTOPD_INCOMING_H

#include "backstopd/session.h"

/*
 * Takes a recipient in: `words` are the address and its parameters, NULL at their end. It is ours
 * if a setting says so of its address, or of what the mail server reads in it; and if it says of no
 * other host that it is there, for mail servers deliver most such spellings themselves: without a
 * domain, at a bare name or an IP address, or not to be read as an address.
 */
void incoming_add_recipient(session *s, char *const *words);

/* Whether a recipient is one of ours. */
bool incoming_is_to_us(const session *s);

/* Whether a recipient bears BATV of ours, which is to be taken off. */
bool incoming_has_batv(const session *s);

/* At the DATA command: whether it is refused there, which is for named addresses only. The reply is
 * set then. */
bool incoming_refuses_data(session *s);

/* At the end of the message, of one that needs no judging: the fields and the recipients. */
sfsistat incoming_clean(session *s);

/* The same, of one whose body was asked for: the notice in it, if there is one. Notices that our
 * own mail server wrote (DIRECTION_OWN_NOTICE) are never refused: it would keep the original. */
sfsistat incoming_judge(session *s);

#endif
