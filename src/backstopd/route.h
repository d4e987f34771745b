/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Who deals with a mail: known at the end of its header, so that the rest of most mails is never
 * sent to us. */
#ifndef BACKSTOP_BACKSTOPD_ROUTE_H
#define BACKSTOP_BACKSTOPD_ROUTE_H

#include "backstopd/session.h"

/* At the end of the header: sets the session's direction, is_seen and route. */
void route_choose(session *s);

/* At the end of the message: has it dealt with. */
sfsistat route_finish(session *s);

#endif
