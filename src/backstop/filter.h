/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* `backstop filter`: marks a notice on its way from standard input to standard output. */
#ifndef BACKSTOP_BACKSTOP_FILTER_H
#define BACKSTOP_BACKSTOP_FILTER_H

/* argv[0] is the command's name. Returns the exit status. */
int filter_run(int argc, char **argv);

#endif
