/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What the other side is told of a mail that is not taken. */
#ifndef BACKSTOP_BACKSTOPD_REPLY_H
#define BACKSTOP_BACKSTOPD_REPLY_H

#include <libmilter/mfapi.h>

/* Sets the reply "550 5.7.1 TEXT" or "450 4.7.1 TEXT", printable ASCII without a percent sign, as
 * the settings take it. Returns what the callback answers: SMFIS_REJECT or SMFIS_TEMPFAIL. */
sfsistat reply_set(SMFICTX *context, const char *reply);

#endif
