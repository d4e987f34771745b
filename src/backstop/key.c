/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/key.h"

#include "app/as_of.h"
#include "app/context.h"
#include "app/output.h"
#include "app/terminal.h"
#include "backstop/exit_status.h"
#include "base/iso_date.h"

#include <backstop/keys.h>

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

typedef struct key_options {
    app_choice choice;
    int64_t now_sec;
} key_options;

/* What one call of the command works on. */
typedef struct key_command {
    const config *settings;
    int64_t now_sec;
    GString *out; /* for standard output */
} key_command;

static int fail(backstop_status status, const backstop_error *error)
{
    g_autoptr(GString) line = g_string_new("backstop key: ");
    terminal_append_escaped(line, error->text);
    fprintf(stderr, "%s\n", line->str);
    return exit_status_of(status);
}

static int make_new(const key_command *c, const char *purpose)
{
    char id[BACKSTOP_KEY_ID_SIZE];
    backstop_error error;
    app_context_make_folder(c->settings, c->settings->key_file);
    backstop_status status =
        backstop_keys_add(c->settings->key_file, purpose, c->now_sec, id, &error);
    if (status != BACKSTOP_OK) {
        return fail(status, &error);
    }
    g_string_append_printf(c->out, "Made the %s key %s in ", purpose, id);
    terminal_append_escaped(c->out, c->settings->key_file);
    g_string_append(c->out, "; copy the file to the other hosts of the site.\n");
    return EXIT_DONE;
}

static int retire(const key_command *c, const char *id)
{
    backstop_error error;
    backstop_status status = backstop_keys_retire(c->settings->key_file, id, c->now_sec, &error);
    if (status != BACKSTOP_OK) {
        return fail(status, &error);
    }
    g_string_append_printf(c->out, "Key %s signs no more, and verifies for 30 days. ", id);
    g_string_append(c->out, "Copy the file to the other hosts of the site.\n");
    return EXIT_DONE;
}

static void append_state(const backstop_key *k, GString *out)
{
    char date[ISO_DATE_SIZE];
    switch (k->state) {
    case BACKSTOP_KEY_SIGNS:
        iso_date_format(k->expires_sec, date);
        g_string_append(out, g_str_equal(k->purpose, "ledger") ? "in use" : "signs");
        g_string_append_printf(out, "%s%s", k->has_expiry ? " until " : "",
                               k->has_expiry ? date : "");
        break;
    case BACKSTOP_KEY_WAITS:
        iso_date_format(k->created_sec, date);
        g_string_append_printf(out, "signs from %s", date);
        break;
    case BACKSTOP_KEY_VERIFIES:
        iso_date_format(k->verifies_until_sec, date);
        g_string_append_printf(out, "verifies%s%s", k->has_expiry ? " until " : "",
                               k->has_expiry ? date : "");
        break;
    case BACKSTOP_KEY_EXPIRED:
        g_string_append(out, "expired");
        break;
    }
    g_string_append_c(out, '\n');
}

static int list(const key_command *c)
{
    backstop_keys *keys;
    backstop_error error;
    backstop_status status = backstop_keys_load(c->settings->key_file, &keys, &error);
    if (status != BACKSTOP_OK) {
        return fail(status, &error);
    }
    g_string_append_printf(c->out, "%-16s  %-7s  %-20s  %s\n", "ID", "PURPOSE", "MADE", "STATE");
    for (size_t i = 0; i < backstop_keys_count(keys); i++) {
        backstop_key k;
        char date[ISO_DATE_SIZE];
        backstop_keys_get(keys, i, c->now_sec, &k);
        iso_date_format(k.created_sec, date);
        g_string_append_printf(c->out, "%-16s  %-7s  %-20s  ", k.id, k.purpose, date);
        append_state(&k, c->out);
    }
    backstop_keys_free(keys);
    return EXIT_DONE;
}

static int run(const key_command *c, int argc, char **argv)
{
    const char *what = argc > 0 ? argv[0] : "";
    if (g_str_equal(what, "new") && argc <= 2) {
        return make_new(c, argc == 2 ? argv[1] : "tag");
    }
    if (g_str_equal(what, "retire") && argc == 2) {
        return retire(c, argv[1]);
    }
    if (g_str_equal(what, "list") && argc == 1) {
        return list(c);
    }
    fprintf(stderr, "backstop key: say new [PURPOSE], list, or retire ID\n");
    return EXIT_USAGE;
}

static int run_with_settings(const key_options *options, int argc, char **argv)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    config *settings = app_context_find_settings(&options->choice, errors);
    if (settings == NULL) {
        app_context_print_errors(errors);
        return EXIT_CONFIG;
    }
    output out = output_new(STDOUT_FILENO);
    const key_command c = { .settings = settings, .now_sec = options->now_sec, .out = out.text };
    int status = run(&c, argc, argv);
    if (!output_flush(&out)) {
        fprintf(stderr, "backstop key: standard output: %s\n", g_strerror(out.error));
        status = status == EXIT_DONE ? EXIT_TEMPORARY : status;
    }
    output_free(&out);
    config_free(settings);
    return status;
}

enum { OPTION_AS_OF = 256 };

int key_run(int argc, char **argv)
{
    static const struct option known[] = {
        APP_CONTEXT_OPTIONS,
        { "as-of", required_argument, NULL, OPTION_AS_OF },
        { NULL, 0, NULL, 0 },
    };
    key_options options = { .now_sec = as_of_now() };
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (app_choice_take(&options.choice, option, optarg)) {
            continue;
        }
        if (option != OPTION_AS_OF) {
            return EXIT_USAGE; /* getopt_long() has said why */
        }
        if (!as_of_read(optarg, &options.now_sec)) {
            fprintf(stderr, "backstop key: --as-of takes a time as 2026-11-24T08:00:00Z\n");
            return EXIT_USAGE;
        }
    }
    return run_with_settings(&options, argc - optind, argv + optind);
}
