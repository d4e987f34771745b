/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Mail of ours on its way out: signed, and remembered before the mail server hears that it may go.
 */
#ifndef BACKSTOP_BACKSTOPD_OUTGOING_H
#define BACKSTOP_BACKSTOPD_OUTGOING_H

#include "backstopd/session.h"

/* Whether the mail is to be signed: its sender is one of ours. A null sender is nobody's. */
bool outgoing_is_wanted(const session *s);

/* At the end of the message; only the header is needed. What goes out unsigned or unrecorded makes
 * a gap. */
sfsistat outgoing_finish(session *s);

#endif
