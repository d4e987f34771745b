/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The history in the SQLite file: what store_operations say of it. Tables that strangers can fill
 * are bounded here.
 */
#ifndef BACKSTOP_STORE_SQLITE_HISTORY_H
#define BACKSTOP_STORE_SQLITE_HISTORY_H

#include "store/history.h"
#include "store/sqlite_readers.h"
#include "store/sqlite_writer.h"

backstop_status sqlite_history_add(sqlite_writer *w, const history_row *rows, size_t count,
                                   backstop_error *error);

backstop_status sqlite_history_note_observing(sqlite_writer *w, int64_t now_sec,
                                              backstop_error *error);

/* In slices, between which others write. */
backstop_status sqlite_history_forget(sqlite_writer *w, span mailbox, backstop_error *error);
backstop_status sqlite_history_expire(sqlite_writer *w, uint32_t oldest_day,
                                      uint32_t oldest_counted, backstop_error *error);

backstop_status sqlite_history_find(sqlite_readers *r, span queue_id, size_t max, GArray *out,
                                    GStringChunk *strings, backstop_error *error);

/* All of one moment. */
backstop_status sqlite_history_report(sqlite_readers *r, uint32_t from_day, uint32_t until_day,
                                      GArray *tallies, GArray *untagged, GStringChunk *strings,
                                      backstop_error *error);

backstop_status sqlite_history_state(sqlite_readers *r, uint32_t observed_from,
                                     uint32_t counted_from, uint32_t today, history_state *out,
                                     backstop_error *error);

#endif
