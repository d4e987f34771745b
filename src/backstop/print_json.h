/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* One line of `backstop check --json`: schema 1, docs/check.schema.json. */
#ifndef BACKSTOP_BACKSTOP_PRINT_JSON_H
#define BACKSTOP_BACKSTOP_PRINT_JSON_H

#include "app/mailbox.h"

#include <backstop/judge.h>
#include <backstop/notice.h>

#include <glib.h>

/* Appends the line for a message at `where`, the notice that was read out of it, and its verdict.
 */
void print_json(GString *out, const mailbox_message *where, const backstop_notice *notice,
                const backstop_judgement *judgement);

#endif
