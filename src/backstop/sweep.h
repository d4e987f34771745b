/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* `backstop sweep`: frees one mailbox of backscatter, for its owner, without a server. */
#ifndef BACKSTOP_BACKSTOP_SWEEP_H
#define BACKSTOP_BACKSTOP_SWEEP_H

/* Runs the command; argv[0] is "sweep". Returns the exit status. */
int sweep_run(int argc, char **argv);

#endif
