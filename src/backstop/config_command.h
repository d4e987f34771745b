/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* `backstop config`: whether the configuration is sound, and what it says. */
#ifndef BACKSTOP_BACKSTOP_CONFIG_COMMAND_H
#define BACKSTOP_BACKSTOP_CONFIG_COMMAND_H

/* Returns the exit status. */
int config_command_run(int argc, char **argv);

#endif
