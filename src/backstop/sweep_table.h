/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What `backstop sweep` shows of the notices: a table with a row for each, and the sums by day,
 * kind and verdict. All that comes from mail is escaped for terminals, and cut to their width.
 */
#ifndef BACKSTOP_BACKSTOP_SWEEP_TABLE_H
#define BACKSTOP_BACKSTOP_SWEEP_TABLE_H

#include "backstop/sweep_pass.h"

#include <glib.h>
#include <stdint.h>

typedef struct sweep_table sweep_table;

/* For lines of `columns`; 0: as long as they get. */
sweep_table *sweep_table_new(unsigned columns);

/* Takes NULL. */
void sweep_table_free(sweep_table *table);

/* Appends the row of a notice, the head of the table before the first, and counts it. */
void sweep_table_add(sweep_table *table, const sweep_judged *one, GString *out);

/* Appends the sums; `messages` is how many there are in the mailbox. */
void sweep_table_print_sums(const sweep_table *table, uint64_t messages, GString *out);

/* How many notices were added that are of that verdict. */
uint64_t sweep_table_count(const sweep_table *table, backstop_verdict verdict);

#endif
