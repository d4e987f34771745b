/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* `backstop sign`: tags a message that leaves, from standard input to standard output, and
 * remembers it. */
#ifndef BACKSTOP_BACKSTOP_SIGN_MAIL_H
#define BACKSTOP_BACKSTOP_SIGN_MAIL_H

/* argv[0] is the command's name. Returns the exit status. */
int sign_run(int argc, char **argv);

#endif
