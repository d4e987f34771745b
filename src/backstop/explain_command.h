/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * `backstop explain QUEUE-ID|FILE...`: the story of a notice, as the daemon met it, or as it would
 * be judged now.
 */
#ifndef BACKSTOP_BACKSTOP_EXPLAIN_COMMAND_H
#define BACKSTOP_BACKSTOP_EXPLAIN_COMMAND_H

/* Returns the exit status. */
int explain_run(int argc, char **argv);

#endif
