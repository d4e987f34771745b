/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* `backstop key new|list|retire`: the key file (docs/keys.md). */
#ifndef BACKSTOP_BACKSTOP_KEY_H
#define BACKSTOP_BACKSTOP_KEY_H

/* argv[0] is the command's name. Returns the exit status. */
int key_run(int argc, char **argv);

#endif
