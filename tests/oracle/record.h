/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What both readers tell of one message, written in one form that run.py compares: items of a key,
 * a length and that many bytes. The same program frame reads the names of files from standard
 * input, one a line, and flushes after each, so that run.py sees which file a crash belongs to.
 */
#ifndef BACKSTOP_ORACLE_RECORD_H
#define BACKSTOP_ORACLE_RECORD_H

#include <stddef.h>

/* The fields that are compared by value, and those of them that hold addresses. NULL at the end. */
extern const char *const record_fields[];
extern const char *const record_address_fields[];

/* Writes "KEY LEN\n", the bytes, "\n". */
void record_item(const char *key, const char *bytes, size_t len);

/* An item whose key is numbered, as "text 3". */
void record_numbered_item(const char *key, size_t number, const char *bytes, size_t len);

/* Writes all items of one message. */
typedef void (*record_reader)(const char *bytes, size_t len);

/* The main function of both programs; returns the exit status. */
int record_main(record_reader read_message);

#endif
