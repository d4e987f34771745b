/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * `backstop check` for people: for each notice a heading, an explanation, then the technical lines.
 * All that comes from mail and file names is escaped for terminals.
 */
#ifndef BACKSTOP_BACKSTOP_PRINT_TEXT_H
#define BACKSTOP_BACKSTOP_PRINT_TEXT_H

#include "app/mailbox.h"

#include <backstop/judge.h>
#include <backstop/notice.h>

#include <glib.h>

/* Appends what is said of the message at `where`, the explanation wrapped to `columns`. */
void print_text(GString *out, unsigned columns, const mailbox_message *where,
                const backstop_notice *notice, const backstop_judgement *judgement);

/* Appends the last line, which counts, if there is more than one message to count. */
void print_count(GString *out, uint64_t messages, uint64_t notices);

#endif
