/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The table of all settings: name, type, default, range, help and example of each. The loader
 * (config.h), the sample file, docs/configuration.md and man/backstop.conf.5 follow it, so that
 * they cannot disagree. It stands in option_table.c.
 */
#ifndef BACKSTOP_APP_OPTION_H
#define BACKSTOP_APP_OPTION_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum option_section {
    OPTION_SITE,    /* [backstop] */
    OPTION_DOMAIN,  /* [domain NAME] */
    OPTION_ADDRESS, /* [address LOCAL@DOMAIN] */
} option_section;

typedef enum option_type {
    OPTION_BOOL,     /* bool: yes or no */
    OPTION_PATH,     /* char *: absolute */
    OPTION_TEXT,     /* char * */
    OPTION_LIST,     /* GPtrArray * of char *: separated by commas */
    OPTION_DURATION, /* int64_t, seconds: a number with s, m, h or d */
    OPTION_NUMBER,   /* int64_t */
    OPTION_CHOICE,   /* an enum: one of several words */
    OPTION_EITHER,   /* bool: one of two words */
} option_type;

typedef struct option_choice {
    const char *word; /* NULL: behind the last one */
    unsigned value;   /* of the enum; 0 or 1 of a bool */
} option_choice;

typedef struct option_row {
    option_section section;
    const char *name;
    option_type type;
    size_t offset;        /* of its value in struct config, config_domain or config_address */
    const char *standard; /* the default as one writes it; "" for an empty list; NULL: what the row
                             of that name says in the section above (option_inherit()) */
    int64_t least, most;  /* of a number; of a duration in seconds */
    bool (*is_valid)(const char *text); /* of a text, or of a list's item; NULL: any is */
    const char *takes;                  /* what is_valid() wants */
    const option_choice *choices;       /* of OPTION_CHOICE and OPTION_EITHER */
    const char *example;
    const char *help; /* lines of at most 90 columns */
} option_row;

/* More than the table has. */
enum { OPTION_COUNT_MAX = 64 };

/* The table, in the order of the sample. */
extern const option_row option_table[];
extern const size_t option_count;

/* The row of a setting; NULL if the section has none of that name. */
const option_row *option_find(option_section section, const char *name);

/* Reads `value` into the setting's place in `target`, the section's struct; a list grows. False,
 * and what the value must be in `*problem` (to be freed with g_free()), if it is not that; then
 * nothing changes. */
bool option_set(const option_row *row, void *target, const char *value, char **problem);

/* Gives every setting of the section that has a default of its own this one; `target` holds zeros.
 */
void option_set_defaults(option_section section, void *target);

/* Gives each setting of the section that has no default of its own and that `lines` does not say to
 * be set the value of the same name from `above`, the struct of section `above_section`. */
void option_inherit(option_section section, void *target, const unsigned *lines,
                    option_section above_section, const void *above);

/* Appends a setting's value as one writes it. */
void option_append_value(const option_row *row, const void *target, GString *out);

/* Whether it is a whole address, as the name of a section [address ...] must be. */
bool option_is_address(const char *text);

/* Frees what the settings of the section own. */
void option_free_values(option_section section, void *target);

/* Appends the sample file: every setting as a comment with its purpose, range and default. */
void option_print_sample(GString *out);

#endif
