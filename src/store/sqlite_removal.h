/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Forgetting: all of one owner, or all that is old. Slice by slice, each committed by itself, so
 * that others get their turn; cut short, it is to be done again.
 */
#ifndef BACKSTOP_STORE_SQLITE_REMOVAL_H
#define BACKSTOP_STORE_SQLITE_REMOVAL_H

#include "store/sqlite_writer.h"

/* Removes an owner's rows and marks; adds the rows to `*removed`. */
backstop_status removal_forget(sqlite_writer *w, const unsigned char owner[STORE_OWNER_BYTES],
                               uint64_t *removed, backstop_error *error);

/* Removes rows, counters and gaps of days before `oldest_day`, and marks that nobody has used for
 * long; adds the rows to `*removed`. BACKSTOP_ERROR_INVALID: put off, as backstop_store_expire()
 * says; `name` is the store's, for that message. */
backstop_status removal_expire(sqlite_writer *w, const char *name, int64_t now_sec,
                               uint32_t oldest_day, uint64_t *removed, backstop_error *error);

#endif
