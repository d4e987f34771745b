/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* `backstop ledger`: fills the memory of sent mail from what there is, shows it, and empties it. */
#ifndef BACKSTOP_BACKSTOP_LEDGER_H
#define BACKSTOP_BACKSTOP_LEDGER_H

/* argv[0] is the command's name. Returns the exit status. */
int ledger_run(int argc, char **argv);

#endif
