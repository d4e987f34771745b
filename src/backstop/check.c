/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/check.h"

#include "app/as_of.h"
#include "app/context.h"
#include "app/envelope_options.h"
#include "app/mailbox.h"
#include "app/output.h"
#include "app/progress.h"
#include "app/terminal.h"
#include "backstop/exit_status.h"
#include "backstop/print_json.h"
#include "backstop/print_text.h"

#include <backstop/judge.h>
#include <backstop/message.h>
#include <backstop/notice.h>

#include <errno.h>
#include <getopt.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct check_options {
    bool json;
    app_choice choice;
    envelope_options envelope;
    int64_t as_of_sec;
} check_options;

typedef struct check {
    check_options options;
    app_context *context;
    output out;
    progress bar;
    unsigned columns;
    size_t path_index;
    size_t path_count;
    uint64_t messages;
    uint64_t notices;
    uint64_t errors;
} check;

/* An error in one input. The others are still judged. */
static void tell_error(const char *file, const char *why, void *context)
{
    check *c = context;
    c->errors++;
    progress_hide(&c->bar);
    g_autoptr(GString) line = g_string_new("backstop: ");
    terminal_append_escaped(line, file);
    fprintf(stderr, "%s: %s\n", line->str, why);
}

static void tell_error_in(check *c, const mailbox_message *where, backstop_status status)
{
    g_autofree char *name = mailbox_message_name(where);
    tell_error(name, backstop_status_text(status), c);
}

static bool flush(check *c)
{
    progress_hide(&c->bar);
    return output_flush(&c->out);
}

static void print(check *c, const mailbox_message *where, const backstop_notice *notice)
{
    const app_context *known = c->context;
    backstop_judgement *j =
        backstop_judge(notice, known->site, known->keys, known->store, c->options.as_of_sec);
    if (c->options.json) {
        print_json(c->out.text, where, notice, j);
    } else {
        print_text(c->out.text, c->columns, where, notice, j);
    }
    backstop_judgement_free(j);
}

/* False if the output cannot be written. */
static bool check_message(const mailbox_message *where, void *context)
{
    check *c = context;
    backstop_message *message;
    const backstop_envelope envelope = envelope_options_get(&c->options.envelope);
    backstop_status status =
        backstop_message_read(where->bytes.ptr, where->bytes.len, &envelope, &message);
    if (status != BACKSTOP_OK) {
        tell_error_in(c, where, status);
        return true;
    }
    backstop_notice *notice = backstop_notice_read(message);
    c->messages++;
    c->notices += backstop_notice_kind(notice) != BACKSTOP_KIND_NONE;
    print(c, where, notice);
    backstop_notice_free(notice);
    backstop_message_free(message);

    double share = PROGRESS_UNKNOWN;
    if (where->share >= 0) {
        share = ((double)c->path_index + where->share) / (double)c->path_count;
    }
    progress_update(&c->bar, share, c->messages);
    return !output_is_large(&c->out) || flush(c);
}

enum { OPTION_JSON = 256, OPTION_AS_OF };

/* False, and a line on standard error, if an option of the command's own is wrong. */
static bool take_option(check_options *options, int option)
{
    switch (option) {
    case OPTION_JSON:
        options->json = true;
        return true;
    case OPTION_AS_OF:
        if (!as_of_read(optarg, &options->as_of_sec)) {
            fprintf(stderr, "backstop check: --as-of takes a time such as 2026-11-24T08:00:00Z\n");
            return false;
        }
        return true;
    default:
        return false; /* getopt_long() has said why */
    }
}

static bool read_options(int argc, char **argv, check_options *options)
{
    static const struct option known[] = {
        APP_CONTEXT_OPTIONS,
        ENVELOPE_OPTIONS,
        { "json", no_argument, NULL, OPTION_JSON },
        { "as-of", required_argument, NULL, OPTION_AS_OF },
        { NULL, 0, NULL, 0 },
    };
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        envelope_option_result taken = envelope_options_take(&options->envelope, option, optarg);
        if (taken == ENVELOPE_OPTION_WRONG ||
            (taken == ENVELOPE_OPTION_OTHER && !app_choice_take(&options->choice, option, optarg) &&
             !take_option(options, option))) {
            return false;
        }
    }
    if (optind == argc) {
        fprintf(stderr, "backstop check: no PATH is given\n");
        return false;
    }
    return true;
}

static void check_paths(check *c, char **paths, size_t count)
{
    const mailbox_handler handler = {
        .message = check_message,
        .error = tell_error,
        .context = c,
    };
    mailbox *box = mailbox_new(&handler);
    c->path_count = count;
    while (c->path_index < count && mailbox_read(box, paths[c->path_index])) {
        c->path_index++;
    }
    mailbox_free(box);
    if (!c->options.json) {
        print_count(c->out.text, c->messages, c->notices);
    }
    flush(c);
}

static int exit_status(const check *c)
{
    if (c->out.error != 0) {
        /* A reader that went away knows it; elsewhere something is lost. */
        if (c->out.error != EPIPE) {
            fprintf(stderr, "backstop: standard output: %s\n", g_strerror(c->out.error));
        }
        return EXIT_TEMPORARY;
    }
    return c->errors > 0 ? EXIT_INPUT : EXIT_DONE;
}

static int check_all(check *c, char **paths, size_t count)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    backstop_status opened =
        app_context_open(&c->options.choice, APP_NEEDS_NOTHING, &c->context, errors);
    app_context_print_errors(errors);
    if (opened != BACKSTOP_OK) {
        return exit_status_of(opened);
    }
    app_context_print_absent(c->context, &c->options.choice);
    c->out = output_new(STDOUT_FILENO);
    c->bar = progress_start();
    c->columns = terminal_columns(STDOUT_FILENO);
    check_paths(c, paths, count);
    int status = exit_status(c);
    output_free(&c->out);
    app_context_close(c->context);
    return status;
}

int check_run(int argc, char **argv)
{
    check c = { .options = { .envelope = envelope_options_new(), .as_of_sec = as_of_now() } };
    int status = EXIT_USAGE;
    if (read_options(argc, argv, &c.options)) {
        status = check_all(&c, argv + optind, (size_t)(argc - optind));
    }
    envelope_options_free(&c.options.envelope);
    return status;
}
