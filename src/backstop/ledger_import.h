/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* `backstop ledger import`: Sent folders and mail logs into the ledger. */
#ifndef BACKSTOP_BACKSTOP_LEDGER_IMPORT_H
#define BACKSTOP_BACKSTOP_LEDGER_IMPORT_H

#include "app/context.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Imports what each path names: a Sent folder (mailbox.h) or a log of Postfix's, packed or not;
 * which of them it is, is seen by its content. "-" is a log on standard input. Logs are read after
 * the folders, by the time of their first line. Prints what was taken and what was passed over.
 * The context has a store. Returns the exit status.
 */
int ledger_import(const app_context *context, char **paths, size_t count, int64_t now_sec);

#endif
