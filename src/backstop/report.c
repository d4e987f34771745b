/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/report.h"

#include "app/as_of.h"
#include "app/context.h"
#include "app/output.h"
#include "backstop/exit_status.h"
#include "backstop/report_print.h"

#include <backstop/history.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DAY_SEC = 86400 };

typedef struct report_options {
    app_choice choice;
    bool json;
    bool has_from, has_until;
    int64_t now_sec, from_sec, until_sec;
} report_options;

/* A time, or a day alone. */
static bool read_day(const char *option, const char *text, int64_t *sec)
{
    g_autofree char *midnight = g_strconcat(text, "T00:00:00Z", NULL);
    if (as_of_read(midnight, sec) || as_of_read(text, sec)) {
        return true;
    }
    fprintf(stderr, "backstop report: --%s takes a day such as 2026-11-24\n", option);
    return false;
}

enum { OPTION_AS_OF = 256, OPTION_FROM, OPTION_UNTIL, OPTION_JSON };

/* False, and a line on standard error, if an option of the command's own is wrong. */
static bool take_option(report_options *options, int option)
{
    switch (option) {
    case OPTION_AS_OF:
        if (!as_of_read(optarg, &options->now_sec)) {
            fprintf(stderr, "backstop report: --as-of takes a time as 2026-11-24T08:00:00Z\n");
            return false;
        }
        return true;
    case OPTION_FROM:
        options->has_from = true;
        return read_day("from", optarg, &options->from_sec);
    case OPTION_UNTIL:
        options->has_until = true;
        return read_day("until", optarg, &options->until_sec);
    case OPTION_JSON:
        options->json = true;
        return true;
    default:
        return false; /* getopt_long() has said why */
    }
}

static bool read_options(int argc, char **argv, report_options *options)
{
    static const struct option known[] = {
        APP_CONTEXT_OPTIONS,
        { "as-of", required_argument, NULL, OPTION_AS_OF },
        { "from", required_argument, NULL, OPTION_FROM },
        { "until", required_argument, NULL, OPTION_UNTIL },
        { "json", no_argument, NULL, OPTION_JSON },
        { NULL, 0, NULL, 0 },
    };
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (!app_choice_take(&options->choice, option, optarg) && !take_option(options, option)) {
            return false;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "backstop report: it takes no \"%s\"\n", argv[optind]);
        return false;
    }
    if (!options->has_until) {
        options->until_sec = options->now_sec;
    }
    if (!options->has_from) {
        options->from_sec = options->until_sec - (BACKSTOP_HISTORY_DAYS - 1) * (int64_t)DAY_SEC;
    }
    if (options->from_sec > options->until_sec) {
        fprintf(stderr, "backstop report: --from is later than --until\n");
        return false;
    }
    return true;
}

static int print(const report_options *options, const report_data *data)
{
    output out = output_new(STDOUT_FILENO);
    if (options->json) {
        report_print_json(out.text, data);
    } else {
        report_print_text(out.text, data);
    }
    bool is_written = output_flush(&out);
    if (!is_written && out.error != EPIPE) {
        fprintf(stderr, "backstop report: standard output: %s\n", g_strerror(out.error));
    }
    output_free(&out);
    return is_written ? EXIT_DONE : EXIT_TEMPORARY;
}

static int run(const app_context *context, const report_options *options)
{
    report_data data = { .from_sec = options->from_sec, .until_sec = options->until_sec };
    backstop_report *report;
    backstop_error error;
    backstop_status status =
        backstop_store_get_readiness(context->store, options->now_sec, &data.readiness, &error);
    if (status == BACKSTOP_OK) {
        status = backstop_store_report(context->store, options->from_sec, options->until_sec,
                                       &report, &error);
    }
    if (status != BACKSTOP_OK) {
        fprintf(stderr, "backstop report: %s\n", error.text);
        return exit_status_of(status);
    }
    data.report = report;
    int result = print(options, &data);
    backstop_report_free(report);
    return result;
}

int report_run(int argc, char **argv)
{
    report_options options = { .now_sec = as_of_now() };
    if (!read_options(argc, argv, &options)) {
        return EXIT_USAGE;
    }
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    app_context *context;
    backstop_status status = app_context_open(&options.choice, APP_NEEDS_KEYS, &context, errors);
    app_context_print_errors(errors);
    if (status != BACKSTOP_OK) {
        return exit_status_of(status);
    }
    int result = EXIT_TEMPORARY;
    if (context->store != NULL) {
        result = run(context, &options);
    } else {
        app_context_print_errors(context->absent);
    }
    app_context_close(context);
    return result;
}
