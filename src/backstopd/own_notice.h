/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Notices that our own mail server wrote to strangers, about mail that it took and could not hand
 * on. If the sender of that mail was forged, they are backscatter of our making.
 */
#ifndef BACKSTOP_BACKSTOPD_OWN_NOTICE_H
#define BACKSTOP_BACKSTOPD_OWN_NOTICE_H

#include "backstopd/session.h"

/* Whether outgoing-notices asks for anything to be done with them. */
bool own_notice_is_wanted(const session *s);

/* At the end of the message. */
sfsistat own_notice_finish(session *s);

#endif
