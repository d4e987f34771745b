/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The quarantine of copies: a Maildir. The mail server's own quarantine holds a mail for all of its
 * recipients; where some are to get it, the others' copies are kept here.
 */
#ifndef BACKSTOP_BACKSTOPD_QUARANTINE_H
#define BACKSTOP_BACKSTOPD_QUARANTINE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Writes `bytes` as a new message into the Maildir `folder`, which is made if it is missing (its
 * parent must be there), with a Delivered-To field for each of `recipients` (of const char *) and
 * `verdict` as its Backstop-Verdict on top; those fields of Backstop's that the message brought are
 * left out. It is on the disk when the call returns. False, and why in `*problem` (to be freed with
 * g_free()), if it is not: then nothing of it is left.
 */
bool quarantine_keep(const char *folder, const GString *bytes, const GPtrArray *recipients,
                     const char *verdict, int64_t now_sec, char **problem);

#endif
