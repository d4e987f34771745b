/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Writes JSON (RFC 8259) into a GString, one value after the other, without a tree in between.
 * Not jansson: it refuses text that is not UTF-8, and building a tree costs more than reading the
 * mail does.
 *
 * Every function takes the key of the member, NULL inside an array and for the outermost value.
 * Keys are plain ASCII without quotes or backslashes: they are written as they stand. The caller
 * closes what it opened, in order.
 */
#ifndef BACKSTOP_APP_JSON_H
#define BACKSTOP_APP_JSON_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct json_writer {
    GString *out; /* borrowed */
    bool needs_comma;
} json_writer;

/* Starts an outermost value at the end of `out`. */
json_writer json_start(GString *out);

void json_open_object(json_writer *w, const char *key);
void json_close_object(json_writer *w);
void json_open_array(json_writer *w, const char *key);
void json_close_array(json_writer *w);

/* `text` is any bytes, NUL-terminated: what is not UTF-8 becomes U+FFFD. NULL gives null. */
void json_string(json_writer *w, const char *key, const char *text);
void json_number(json_writer *w, const char *key, int64_t value);
void json_bool(json_writer *w, const char *key, bool value);
void json_null(json_writer *w, const char *key);

#endif
