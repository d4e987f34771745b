/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The table of all settings: name, type, default, range, help and example of each. The loader
 * (config.h), the sample file and docs/configuration.md follow it, so that they cannot disagree.
 */
#ifndef BACKSTOP_APP_OPTION_H
#define BACKSTOP_APP_OPTION_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum option_section {
    OPTION_SITE,   /* [backstop] */
    OPTION_DOMAIN, /* [domain NAME] */
} option_section;

typedef enum option_type {
    OPTION_BOOL,     /* bool: yes or no */
    OPTION_PATH,     /* char *: absolute */
    OPTION_TEXT,     /* char * */
    OPTION_LIST,     /* GPtrArray * of char *: separated by commas */
    OPTION_DURATION, /* int64_t, seconds: a number with s, m, h or d */
    OPTION_NUMBER,   /* int64_t */
} option_type;

typedef struct option_row {
    option_section section;
    const char *name;
    option_type type;
    bool is_reserved;     /* its value is checked, nothing uses it: not kept, not in the sample */
    size_t offset;        /* of its value in struct config or config_domain */
    const char *standard; /* the default as one writes it; "" for an empty list */
    int64_t least, most;  /* of a number; of a duration in seconds */
    bool (*is_valid)(const char *text); /* of a text */
    const char *takes;                  /* what is_valid() wants */
    const char *example;
    const char *help; /* lines of at most 90 columns */
} option_row;

/* More than the table has. */
enum { OPTION_COUNT_MAX = 32 };

/* The table, in the order of the sample. */
extern const option_row option_table[];
extern const size_t option_count;

/* The row of a setting; NULL if the section has none of that name. */
const option_row *option_find(option_section section, const char *name);

/* Reads `value` into the setting's place in `target`, a struct config or config_domain; a list
 * grows. False, and what the value must be in `*problem` (to be freed with g_free()), if it is
 * not that; then nothing changes. */
bool option_set(const option_row *row, void *target, const char *value, char **problem);

/* Gives every setting of the section its default; `target` holds zeros. */
void option_set_defaults(option_section section, void *target);

/* Frees what the settings of the section own. */
void option_free_values(option_section section, void *target);

/* Appends the sample file: every setting as a comment with its purpose, range and default. */
void option_print_sample(GString *out);

#endif
