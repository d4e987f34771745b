/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/ledger.h"

#include "app/as_of.h"
#include "app/context.h"
#include "backstop/exit_status.h"
#include "backstop/ledger_import.h"
#include "base/iso_date.h"

#include <backstop/store.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct ledger_options {
    app_choice choice;
    int64_t now_sec;
    char **arguments; /* of the verb */
    size_t count;
} ledger_options;

typedef struct verb {
    const char *name;
    const char *argument; /* NULL: it takes none; else one or more */
    bool makes_store;     /* a missing one */
    int (*run)(const app_context *context, const ledger_options *options);
} verb;

static int tell_failure(backstop_status status, const backstop_error *error)
{
    fprintf(stderr, "backstop ledger: %s\n", error->text);
    return exit_status_of(status);
}

static int run_import(const app_context *context, const ledger_options *options)
{
    return ledger_import(context, options->arguments, options->count, options->now_sec);
}

static void print_day(const char *what, int64_t sec)
{
    char date[ISO_DATE_SIZE];
    iso_date_format(sec, date);
    printf("%-12s %.10s\n", what, date);
}

static int run_stats(const app_context *context, const ledger_options *options)
{
    (void)options;
    backstop_store_stats stats;
    backstop_error error;
    backstop_status status = backstop_store_get_stats(context->store, &stats, &error);
    if (status != BACKSTOP_OK) {
        return tell_failure(status, &error);
    }
    printf("%-12s %s\n", "store", context->settings->store);
    printf("%-12s %" PRIu64 "\n", "bytes", stats.file_bytes);
    printf("%-12s %" PRIu64 "\n", "rows", stats.ledger_rows);
    if (stats.ledger_rows > 0) {
        print_day("oldest", stats.oldest_sec);
        print_day("newest", stats.newest_sec);
    }
    printf("%-12s %" PRIu64 "\n", "gaps", stats.gaps);
    return EXIT_DONE;
}

static int run_expire(const app_context *context, const ledger_options *options)
{
    uint64_t removed;
    backstop_error error;
    backstop_status status =
        backstop_store_expire(context->store, options->now_sec, &removed, &error);
    if (status != BACKSTOP_OK) {
        int result = tell_failure(status, &error);
        /* It is put off: no setting is wrong, and in a day it may be done. */
        return status == BACKSTOP_ERROR_INVALID ? EXIT_TEMPORARY : result;
    }
    printf("%" PRIu64 " rows older than %" PRId64 " days removed.\n", removed,
           context->settings->ledger_days);
    return EXIT_DONE;
}

static int run_forget(const app_context *context, const ledger_options *options)
{
    for (size_t i = 0; i < options->count; i++) {
        uint64_t removed;
        backstop_error error;
        backstop_status status =
            backstop_store_forget(context->store, options->arguments[i], &removed, &error);
        if (status != BACKSTOP_OK) {
            return tell_failure(status, &error);
        }
        printf("%s: %" PRIu64 " rows removed.\n", options->arguments[i], removed);
    }
    return EXIT_DONE;
}

static const verb verbs[] = {
    { "import", "PATH", true, run_import },
    { "stats", NULL, false, run_stats },
    { "expire", NULL, false, run_expire },
    { "forget", "ADDRESS", false, run_forget },
};

/* NULL, and a line on standard error, if the words are not a verb with what it takes. */
static const verb *find_verb(size_t count, char **words)
{
    if (count == 0) {
        fprintf(stderr, "backstop ledger: import, stats, expire or forget?\n");
        return NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        const verb *v = &verbs[i];
        if (!g_str_equal(v->name, words[0])) {
            continue;
        }
        if (v->argument != NULL && count == 1) {
            fprintf(stderr, "backstop ledger %s: no %s is given\n", v->name, v->argument);
            return NULL;
        }
        if (v->argument == NULL && count > 1) {
            fprintf(stderr, "backstop ledger %s: it takes no \"%s\"\n", v->name, words[1]);
            return NULL;
        }
        return v;
    }
    fprintf(stderr, "backstop ledger: there is no \"%s\": import, stats, expire or forget\n",
            words[0]);
    return NULL;
}

/* Addresses that could not be in the ledger are mistyped. */
static bool are_addresses(const verb *v, const ledger_options *options)
{
    for (size_t i = 0; v->run == run_forget && i < options->count; i++) {
        if (strchr(options->arguments[i], '@') == NULL) {
            fprintf(stderr, "backstop ledger forget: \"%s\" is no address\n",
                    options->arguments[i]);
            return false;
        }
    }
    return true;
}

enum { OPTION_AS_OF = 256 };

/* NULL, and a line on standard error, if the command line is wrong. */
static const verb *read_options(int argc, char **argv, ledger_options *options)
{
    static const struct option known[] = {
        APP_CONTEXT_OPTIONS,
        { "as-of", required_argument, NULL, OPTION_AS_OF },
        { NULL, 0, NULL, 0 },
    };
    options->now_sec = as_of_now();
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (app_choice_take(&options->choice, option, optarg)) {
            continue;
        }
        if (option != OPTION_AS_OF) {
            return NULL; /* getopt_long() has said why */
        }
        if (!as_of_read(optarg, &options->now_sec)) {
            fprintf(stderr, "backstop ledger: --as-of takes a time as 2026-11-24T08:00:00Z\n");
            return NULL;
        }
    }
    const verb *v = find_verb((size_t)(argc - optind), argv + optind);
    if (v != NULL) {
        options->arguments = argv + optind + 1;
        options->count = (size_t)(argc - optind) - 1;
    }
    return v != NULL && are_addresses(v, options) ? v : NULL;
}

static int run_verb(const verb *v, const ledger_options *options)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    app_context *context;
    unsigned needs = v->makes_store ? APP_NEEDS_STORE : APP_NEEDS_KEYS;
    backstop_status status = app_context_open(&options->choice, needs, &context, errors);
    app_context_print_errors(errors);
    if (status != BACKSTOP_OK) {
        return exit_status_of(status);
    }
    int result = EXIT_TEMPORARY;
    if (context->store != NULL) {
        result = v->run(context, options);
    } else {
        app_context_print_errors(context->absent);
    }
    app_context_close(context);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("backstop ledger: standard output");
        result = EXIT_TEMPORARY;
    }
    return result;
}

int ledger_run(int argc, char **argv)
{
    ledger_options options = { 0 };
    const verb *v = read_options(argc, argv, &options);
    return v == NULL ? EXIT_USAGE : run_verb(v, &options);
}
