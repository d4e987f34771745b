/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Sweeping a Maildir: messages are renamed into the folder and back, while others read both. */
#ifndef BACKSTOP_BACKSTOP_SWEEP_MAILDIR_H
#define BACKSTOP_BACKSTOP_SWEEP_MAILDIR_H

#include "backstop/sweep_move.h"

/* As sweep_apply(). Fills and writes the journal, which is empty. */
backstop_status sweep_maildir_apply(undo_state *state, undo_journal *journal, const GArray *picks,
                                    sweep_tally *tally, backstop_error *error);

/* As sweep_undo(), with the journal that was read. */
backstop_status sweep_maildir_undo(undo_journal *journal, sweep_tally *tally,
                                   backstop_error *error);

#endif
