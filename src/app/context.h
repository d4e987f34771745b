/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a command works with: the settings, the site made of them, the keys and the store. Found
 * in the same way by every command, from the options --config, --key-file and --store:
 *
 *     static const struct option known[] = {
 *         APP_CONTEXT_OPTIONS,
 *         { "json", no_argument, NULL, OPTION_JSON },
 *         { NULL, 0, NULL, 0 },
 *     };
 *     app_choice choice = { 0 };
 *     while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
 *         if (app_choice_take(&choice, option, optarg)) {
 *             continue;
 *         }
 *         switch (option) ...
 *
 * `backstop --config FILE COMMAND ...` reaches the command as `COMMAND --config FILE ...`.
 */
#ifndef BACKSTOP_APP_CONTEXT_H
#define BACKSTOP_APP_CONTEXT_H

#include "app/config.h"

#include <backstop/error.h>
#include <backstop/keys.h>
#include <backstop/site.h>
#include <backstop/store.h>

#include <getopt.h>
#include <glib.h>
#include <stdbool.h>

/* Values of the shared options; a command numbers its own from 256. */
enum { APP_OPTION_CONFIG = 1, APP_OPTION_KEY_FILE, APP_OPTION_STORE };

/* clang-format off */
#define APP_CONTEXT_OPTIONS \
    { "config", required_argument, NULL, APP_OPTION_CONFIG }, \
    { "key-file", required_argument, NULL, APP_OPTION_KEY_FILE }, \
    { "store", required_argument, NULL, APP_OPTION_STORE }
/* clang-format on */

/* What the command line says; NULL: nothing. Borrowed. */
typedef struct app_choice {
    const char *config;
    const char *key_file; /* instead of the configured one */
    const char *store;    /* likewise */
} app_choice;

/* Whether `option` is one of the shared ones; its value is kept then. */
bool app_choice_take(app_choice *choice, int option, const char *value);

/* What must be there. What is not needed is opened as well if it is there and works. */
enum {
    APP_NEEDS_NOTHING = 0,
    APP_NEEDS_KEYS = 1 << 0,
    APP_NEEDS_STORE = 1 << 1, /* and the keys; a missing store is made */
};

typedef struct app_context {
    config *settings; /* with the choices of the command line */
    backstop_site *site;
    backstop_keys *keys;   /* NULL: there are none */
    backstop_store *store; /* NULL: there is none */
    GPtrArray *absent;     /* of char *: a line for each of keys and store that is not there: why */
    char *notice;          /* a line: the machine's configuration may not be read; or NULL */
} app_context;

/*
 * Finds and opens all of it.
 * BACKSTOP_OK: `*out` is to be closed with app_context_close().
 * BACKSTOP_ERROR_INVALID: the configuration is wrong, or the one asked for is not there.
 * CONFIG_FILE that this user may not read is an error too if anything is needed; else the built-in
 * settings are used, which app_context_print_absent() tells. BACKSTOP_ERROR_KEYS, _BUSY, _STORE,
 * _NEWER: what is needed cannot be had. If it fails, `*out` is NULL and `errors` (of char *, with
 * g_free) gained lines without a line end. exit_status_of() (backstop/exit_status.h) has the exit
 * status for each.
 *
 * Run as root, it opens the store as the user whom the store (if it is made: its folder) belongs
 * to, so that no file of root's is left in the way of a daemon.
 */
backstop_status app_context_open(const app_choice *choice, unsigned needs, app_context **out,
                                 GPtrArray *errors) G_GNUC_WARN_UNUSED_RESULT;

/* Takes NULL. */
void app_context_close(app_context *context);

/* The settings alone, for commands that change the key file. Freed with config_free(). NULL, and
 * lines in `errors`, if the configuration is wrong. */
config *app_context_find_settings(const app_choice *choice, GPtrArray *errors);

/* Makes the user's state folder (mode 0700) if the settings are the built-in ones and `path` lies
 * in it. Whoever then finds no folder tells the error. */
void app_context_make_folder(const config *settings, const char *path);

/* Writes lines to standard error, each behind "backstop: ", escaped for a terminal. */
void app_context_print_errors(const GPtrArray *errors);

/* The same of what is not there, if somebody configured or asked for anything: who did neither does
 * not miss it. And of a configuration that was passed over. */
void app_context_print_absent(const app_context *context, const app_choice *choice);

#endif
