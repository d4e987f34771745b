/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The keys that the settings ask for. */
#ifndef BACKSTOP_APP_CONFIG_KEYS_H
#define BACKSTOP_APP_CONFIG_KEYS_H

#include "app/config.h"

#include <backstop/keys.h>

#include <glib.h>
#include <stdint.h>

/* Loads the key file, and sees to it that a key signs at `now_sec` for all that the settings use:
 * for tags, for the ledger, and for BATV if a domain has it. NULL, and lines added to `errors` as
 * config.h says, if not. To be freed with backstop_keys_free(). */
backstop_keys *config_keys_load(const config *c, int64_t now_sec, GPtrArray *errors);

#endif
