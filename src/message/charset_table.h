/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The usual single-byte and double-byte charsets, read by own tables. iconv knows them all, but
 * glibc loads a module for each and drops it when no one uses it any more, over and over: that took
 * a fifth of the time of a run over many notices. The tables (compile-charsets makes them) hold
 * what is common; a text with anything else is left to iconv as a whole, with all its rules.
 * Part of charset.c. Re-entrant.
 */
#ifndef BACKSTOP_MESSAGE_CHARSET_TABLE_H
#define BACKSTOP_MESSAGE_CHARSET_TABLE_H

#include "base/span.h"

#include <glib.h>
#include <stdint.h>

typedef struct charset_table {
    const char *name;        /* as iconv calls it */
    const uint16_t *singles; /* the code points of the bytes from 0x80 on; 0: not in the table */
    const uint16_t *pairs;   /* row by row of one lead byte; NULL in a single-byte charset */
    uint8_t first_lead, last_lead;
    uint8_t first_trail, last_trail;
} charset_table;

/* All of them; the last one's name is NULL. */
extern const charset_table charset_tables[];

/* The table of the charset that iconv knows as `name`, any case; NULL if there is none. */
const charset_table *charset_table_find(const char *name);

/* Appends `bytes` as UTF-8. False, and nothing appended, if the table does not hold all of it. */
bool charset_table_append(const charset_table *table, span bytes, GString *out);

#endif
