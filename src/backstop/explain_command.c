/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/explain_command.h"

#include "app/as_of.h"
#include "app/context.h"
#include "app/envelope_options.h"
#include "app/history_event.h"
#include "app/history_text.h"
#include "app/mailbox.h"
#include "app/output.h"
#include "app/policy.h"
#include "app/terminal.h"
#include "backstop/exit_status.h"
#include "base/iso_date.h"

#include <backstop/history.h>
#include <backstop/judge.h>
#include <backstop/message.h>
#include <backstop/notice.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct explain_options {
    app_choice choice;
    envelope_options envelope;
    int64_t as_of_sec;
} explain_options;

typedef struct explain {
    explain_options options;
    app_context *context;
    policy *policy;
    int64_t observed_since_sec; /* 0: not known */
    output out;
    unsigned columns;
    int status; /* of the exit, so far */
} explain;

static void tell_error(explain *e, int status, const char *what, const char *why)
{
    g_autoptr(GString) line = g_string_new("backstop explain: ");
    terminal_append_escaped(line, what);
    fprintf(stderr, "%s: %s\n", line->str, why);
    e->status = MAX(e->status, status);
}

/* ---- a queue id ---- */

static void append_story(explain *e, const backstop_event *event)
{
    char date[ISO_DATE_SIZE];
    GString *out = e->out.text;
    iso_date_format(event->when_sec, date);
    terminal_append_escaped(out, event->queue_id != NULL ? event->queue_id : "");
    g_string_append_printf(out, ", %s\n\n", date);
    history_text_append_arrival(out, e->columns, event);
    history_text_append_verdict(out, e->columns, event);
    history_text_append_tag(out, e->columns, event);
    history_text_append_done(out, e->columns, event);
}

static void explain_queue_id(explain *e, const char *queue_id)
{
    backstop_stories *stories;
    backstop_error error;
    if (e->context->store == NULL) {
        tell_error(e, EXIT_TEMPORARY, queue_id, "there is no such file, and no store to look into");
        return;
    }
    backstop_status status =
        backstop_store_find_event(e->context->store, queue_id, &stories, &error);
    if (status != BACKSTOP_OK) {
        tell_error(e, exit_status_of(status), queue_id, error.text);
        return;
    }
    for (size_t i = 0; i < stories->count; i++) {
        append_story(e, &stories->events[i]);
    }
    if (stories->count == 0) {
        tell_error(e, EXIT_INPUT, queue_id,
                   "there is no such file, and no story with that queue id (any more)");
    }
    backstop_stories_free(stories);
}

/* ---- a file ---- */

/* Whether a rule lets it through; says so then. */
static bool append_allowed(explain *e, const backstop_message *message)
{
    const backstop_envelope *envelope = &e->options.envelope.envelope;
    const char *rule = NULL;
    bool is_allowed =
        policy_allows_message(e->policy, message, envelope->mail_from, envelope->client_ip, &rule);
    if (is_allowed) {
        g_autoptr(GString) text = g_string_new("It would be delivered, marked with the verdict, "
                                               "for a rule allows it: ");
        terminal_append_escaped(text, rule);
        g_string_append_c(text, '.');
        terminal_append_wrapped(e->out.text, text->str, 2, e->columns);
    }
    return is_allowed;
}

static void append_answer(explain *e, const char *recipient, const backstop_judgement *judgement)
{
    policy_answer answer = policy_ask(e->policy, recipient, backstop_judgement_verdict(judgement),
                                      backstop_judgement_confidence(judgement));
    g_autoptr(GString) text = g_string_new("In the mode enforce it would be ");
    g_string_append(text, history_text_disposition(answer.disposition));
    if (answer.disposition == BACKSTOP_DISPOSITION_REJECT && answer.reject_reply != NULL) {
        g_string_append(text, " with \"");
        terminal_append_escaped(text, answer.reject_reply);
        g_string_append_c(text, '"');
    }
    g_string_append(text, ", for ");
    terminal_append_escaped(text, recipient);
    g_string_append(text, answer.is_always  ? ", who always gets notices."
                          : answer.is_never ? ", who gets genuine notices alone."
                                            : ".");
    terminal_append_wrapped(e->out.text, text->str, 2, e->columns);
}

static void append_would(explain *e, const backstop_message *message, const char *notified,
                         const backstop_judgement *judgement)
{
    const backstop_envelope envelope = envelope_options_get(&e->options.envelope);
    if (!append_allowed(e, message)) {
        for (size_t i = 0; i < envelope.recipient_count; i++) {
            append_answer(e, envelope.recipients[i], judgement);
        }
        if (envelope.recipient_count == 0 && notified != NULL) {
            append_answer(e, notified, judgement);
        }
    }
    terminal_append_wrapped(e->out.text, "In the mode observe it would only be marked.", 2,
                            e->columns);
    g_string_append_c(e->out.text, '\n');
}

static void append_judged(explain *e, const backstop_message *message,
                          const backstop_notice *notice)
{
    const app_context *known = e->context;
    const char *notified = backstop_notice_notified(notice, 0);
    backstop_judgement *j =
        backstop_judge(notice, known->site, known->keys, known->store, e->options.as_of_sec);
    backstop_event event = {
        .recipient = notified,
        .client_ip = e->options.envelope.envelope.client_ip,
    };
    history_event_fill(&event, notice, j, e->observed_since_sec);
    history_text_append_arrival(e->out.text, e->columns, &event);
    history_text_append_evidence(e->out.text, j);
    history_text_append_verdict(e->out.text, e->columns, &event);
    history_text_append_tag(e->out.text, e->columns, &event);
    append_would(e, message, notified, j);
    backstop_judgement_free(j);
}

/* False if the output cannot be written. */
static bool explain_message(const mailbox_message *where, void *context)
{
    explain *e = context;
    backstop_message *message;
    g_autofree char *name = mailbox_message_name(where);
    const backstop_envelope envelope = envelope_options_get(&e->options.envelope);
    backstop_status status =
        backstop_message_read(where->bytes.ptr, where->bytes.len, &envelope, &message);
    if (status != BACKSTOP_OK) {
        tell_error(e, EXIT_INPUT, name, backstop_status_text(status));
        return true;
    }
    backstop_notice *notice = backstop_notice_read(message);
    GString *out = e->out.text;
    terminal_append_escaped(out, name);
    if (backstop_notice_kind(notice) == BACKSTOP_KIND_NONE) {
        g_string_append(out, "\n\n  This is no notice: Backstop lets it pass.\n\n");
    } else {
        g_string_append(out, "\n\n");
        append_judged(e, message, notice);
    }
    backstop_notice_free(notice);
    backstop_message_free(message);
    return output_flush(&e->out);
}

static void tell_unreadable(const char *file, const char *why, void *context)
{
    tell_error(context, EXIT_INPUT, file, why);
}

/* ---- the command ---- */

static bool is_file(const char *argument)
{
    struct stat info;
    return g_str_equal(argument, "-") || strchr(argument, '/') != NULL ||
           stat(argument, &info) == 0;
}

static void explain_all(explain *e, char **arguments, size_t count)
{
    const mailbox_handler handler = { explain_message, tell_unreadable, e };
    mailbox *box = mailbox_new(&handler);
    for (size_t i = 0; i < count && e->out.error == 0; i++) {
        if (is_file(arguments[i])) {
            (void)mailbox_read(box, arguments[i]);
        } else {
            explain_queue_id(e, arguments[i]);
        }
    }
    mailbox_free(box);
    if (!output_flush(&e->out)) {
        if (e->out.error != EPIPE) {
            fprintf(stderr, "backstop explain: standard output: %s\n", g_strerror(e->out.error));
        }
        e->status = EXIT_TEMPORARY;
    }
}

enum { OPTION_AS_OF = 256 };

static bool take_option(explain_options *options, int option)
{
    switch (envelope_options_take(&options->envelope, option, optarg)) {
    case ENVELOPE_OPTION_TAKEN:
        return true;
    case ENVELOPE_OPTION_WRONG:
        return false;
    case ENVELOPE_OPTION_OTHER:
        break;
    }
    if (app_choice_take(&options->choice, option, optarg)) {
        return true;
    }
    if (option == OPTION_AS_OF && !as_of_read(optarg, &options->as_of_sec)) {
        fprintf(stderr, "backstop explain: --as-of takes a time such as 2026-11-24T08:00:00Z\n");
        return false;
    }
    return option == OPTION_AS_OF; /* else getopt_long() has said why */
}

static bool read_options(int argc, char **argv, explain_options *options)
{
    static const struct option known[] = {
        APP_CONTEXT_OPTIONS,
        ENVELOPE_OPTIONS,
        { "as-of", required_argument, NULL, OPTION_AS_OF },
        { NULL, 0, NULL, 0 },
    };
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (!take_option(options, option)) {
            return false;
        }
    }
    if (optind == argc) {
        fprintf(stderr, "backstop explain: no QUEUE-ID or FILE is given\n");
        return false;
    }
    return true;
}

/* What judging and policy need; false, and lines on standard error, if the settings are wrong. */
static bool open_all(explain *e)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    backstop_status opened =
        app_context_open(&e->options.choice, APP_NEEDS_NOTHING, &e->context, errors);
    if (e->context != NULL) { /* as it is only if that went well */
        e->policy = policy_new(e->context->settings, errors);
        opened = e->policy == NULL ? BACKSTOP_ERROR_INVALID : BACKSTOP_OK;
    }
    app_context_print_errors(errors);
    e->status = exit_status_of(opened);
    return e->context != NULL && e->policy != NULL;
}

static int explain_with(explain *e, char **arguments, size_t count)
{
    if (open_all(e)) {
        app_context_print_absent(e->context, &e->options.choice);
        backstop_readiness readiness = { 0 };
        if (e->context->store != NULL &&
            backstop_store_get_readiness(e->context->store, e->options.as_of_sec, &readiness,
                                         NULL) == BACKSTOP_OK) {
            e->observed_since_sec = readiness.observed_since_sec;
        }
        e->out = output_new(STDOUT_FILENO);
        e->columns = terminal_columns(STDOUT_FILENO);
        explain_all(e, arguments, count);
        output_free(&e->out);
    }
    policy_free(e->policy);
    app_context_close(e->context);
    return e->status;
}

int explain_run(int argc, char **argv)
{
    explain e = { .options = { .envelope = envelope_options_new(), .as_of_sec = as_of_now() } };
    int status = EXIT_USAGE;
    if (read_options(argc, argv, &e.options)) {
        status = explain_with(&e, argv + optind, (size_t)(argc - optind));
    }
    envelope_options_free(&e.options.envelope);
    return status;
}
