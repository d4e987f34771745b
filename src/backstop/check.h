/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* `backstop check`: says of each message whether it is a notice, and what it reports. */
#ifndef BACKSTOP_BACKSTOP_CHECK_H
#define BACKSTOP_BACKSTOP_CHECK_H

/* argv[0] is the command's name. Returns the exit status. */
int check_run(int argc, char **argv);

#endif
