/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Sweeping an mbox, with both it and the folder locked: messages are first put into the one, then
 * taken out of the other, so that at every moment each is somewhere.
 */
#ifndef BACKSTOP_BACKSTOP_SWEEP_MBOX_H
#define BACKSTOP_BACKSTOP_SWEEP_MBOX_H

#include "backstop/sweep_move.h"

/* As sweep_apply(). Fills and writes the journal, which is empty. */
backstop_status sweep_mbox_apply(undo_state *state, undo_journal *journal, const GArray *picks,
                                 sweep_tally *tally, backstop_error *error);

/* As sweep_undo(), with the journal that was read. */
backstop_status sweep_mbox_undo(undo_state *state, undo_journal *journal, sweep_tally *tally,
                                backstop_error *error);

#endif
