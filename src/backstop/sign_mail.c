/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * All or nothing: a message goes out signed and remembered, or not a byte of it does, and the exit
 * status is one that makes a mail server keep it and try again. So no mail is lost, and none
 * leaves that the ledger does not know: at the least, it knows that something is missing from it.
 */
#include "backstop/sign_mail.h"

#include "app/as_of.h"
#include "app/context.h"
#include "app/descriptor.h"
#include "app/header_edit.h"
#include "app/terminal.h"
#include "backstop/exit_status.h"

#include <backstop/message.h>
#include <backstop/sign.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    /* So much of a message is read before anything is written: its header is in it. What follows
     * is handed on as it comes. */
    HEAD_BYTES = 4 * 1024 * 1024,
    COPY_BYTES = 64 * 1024,
};

typedef struct sign_options {
    app_choice choice;
    const char *sender;    /* NULL: not given */
    GPtrArray *recipients; /* of const char *, borrowed */
    int64_t now_sec;
} sign_options;

static int fail(const char *why)
{
    g_autoptr(GString) line = g_string_new("backstop sign: ");
    terminal_append_escaped(line, why);
    fprintf(stderr, "%s\n", line->str);
    return EXIT_TEMPORARY;
}

static bool copy_rest(void)
{
    g_autofree char *buffer = g_malloc(COPY_BYTES);
    ssize_t n;
    while ((n = descriptor_read(STDIN_FILENO, buffer, COPY_BYTES)) > 0) {
        if (!descriptor_write(STDOUT_FILENO, buffer, (size_t)n)) {
            return false;
        }
    }
    return n == 0;
}

/* The message with its new fields on top. */
static int hand_on(const header_edit *edit, const backstop_signature *signature)
{
    g_autoptr(GString) fields = g_string_new(NULL);
    for (size_t i = 0; i < backstop_signature_field_count(signature); i++) {
        g_string_append_printf(fields, "%s: %s%s", backstop_signature_field_name(signature, i),
                               backstop_signature_field_value(signature, i), edit->line_end);
    }
    g_autoptr(GString) top = g_string_sized_new(edit->header_len + fields->len);
    header_edit_append(edit, SPAN(""), fields->str, top);
    span body = span_skip(edit->rest, edit->header_len);
    bool works = descriptor_write(STDOUT_FILENO, top->str, top->len) &&
                 descriptor_write(STDOUT_FILENO, body.ptr, body.len) && copy_rest();
    return works ? EXIT_DONE : fail(g_strerror(errno));
}

/* Signed, but not remembered: it may go if it is on record that something is missing. A process
 * that ends now could not make up for that later. */
static int hand_on_unremembered(const header_edit *edit, const backstop_signature *signature,
                                const sign_options *options, const app_context *context)
{
    bool is_on_record = backstop_store_add_gap(context->store, options->now_sec, options->now_sec,
                                               NULL) == BACKSTOP_OK;
    return is_on_record ? hand_on(edit, signature) : EXIT_TEMPORARY;
}

/* What signing reads of it: the header. What else may stand in a body, such as bytes that look like
 * other line ends, must not change how that is read. */
static span header_of(span head, const header_edit *edit)
{
    span header = span_head(edit->rest, edit->header_len);
    return span_trim(header).len > 0 ? header : head;
}

/* Signs the message whose beginning, all of its header, is `head`. */
static int sign_head(span head, const sign_options *options, const app_context *context)
{
    const backstop_envelope envelope = {
        .mail_from = options->sender,
        .recipients = (const char *const *)options->recipients->pdata,
        .recipient_count = options->recipients->len,
    };
    backstop_message *message;
    backstop_signature *signature = NULL;
    backstop_error error;
    header_edit edit = header_edit_start(head);
    span header = header_of(head, &edit);
    backstop_status status = backstop_message_read(header.ptr, header.len, &envelope, &message);
    if (status != BACKSTOP_OK) {
        return fail("there is no message on standard input");
    }
    status = backstop_sign(message, context->keys, context->store, g_get_host_name(),
                           options->now_sec, &signature, &error);
    int exit_status = status == BACKSTOP_OK ? hand_on(&edit, signature) : fail(error.text);
    if (status != BACKSTOP_OK && signature != NULL) {
        exit_status = hand_on_unremembered(&edit, signature, options, context);
    }
    backstop_signature_free(signature);
    backstop_message_free(message);
    return exit_status;
}

static int sign_input(const sign_options *options, const app_context *context)
{
    g_autofree char *buffer = g_malloc(HEAD_BYTES);
    ssize_t len = descriptor_read(STDIN_FILENO, buffer, HEAD_BYTES);
    if (len < 0) {
        return fail(g_strerror(errno));
    }
    return sign_head((span){ buffer, (size_t)len }, options, context);
}

static int sign_with_context(const sign_options *options)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    app_context *context;
    if (app_context_open(&options->choice, APP_NEEDS_STORE, &context, errors) != BACKSTOP_OK) {
        /* Not EX_CONFIG: a mail server would send the mail back because of a slip in a file that
         * somebody is about to put right. */
        app_context_print_errors(errors);
        return EXIT_TEMPORARY;
    }
    int status = sign_input(options, context);
    app_context_close(context);
    return status;
}

/* "<a@b.example>" is as good as "a@b.example". */
static char *without_brackets(char *text)
{
    size_t len = strlen(text);
    if (len >= 2 && text[0] == '<' && text[len - 1] == '>') {
        text[len - 1] = '\0';
        return text + 1;
    }
    return text;
}

/* Postfix's pipe(8) writes the null sender so, unless it is told otherwise. */
static const char *read_sender(char *text)
{
    text = without_brackets(text);
    return g_ascii_strcasecmp(text, "MAILER-DAEMON") == 0 ? "" : text;
}

enum { OPTION_FROM = 256, OPTION_RCPT, OPTION_AS_OF };

/* False, and a line on standard error, if the command line is wrong. */
static bool read_options(int argc, char **argv, sign_options *options)
{
    static const struct option known[] = {
        APP_CONTEXT_OPTIONS,
        { "from", required_argument, NULL, OPTION_FROM },
        { "rcpt", required_argument, NULL, OPTION_RCPT },
        { "as-of", required_argument, NULL, OPTION_AS_OF },
        { NULL, 0, NULL, 0 },
    };
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (app_choice_take(&options->choice, option, optarg)) {
            continue;
        }
        switch (option) {
        case OPTION_FROM:
            options->sender = read_sender(optarg);
            break;
        case OPTION_RCPT:
            g_ptr_array_add(options->recipients, without_brackets(optarg));
            break;
        case OPTION_AS_OF:
            if (!as_of_read(optarg, &options->now_sec)) {
                fprintf(stderr, "backstop sign: --as-of takes a time as 2026-11-24T08:00:00Z\n");
                return false;
            }
            break;
        default:
            return false; /* getopt_long() has said why */
        }
    }
    /* "--rcpt ${recipient}" of pipe(8) becomes "--rcpt A B C". */
    for (int i = optind; i < argc; i++) {
        g_ptr_array_add(options->recipients, without_brackets(argv[i]));
    }
    if (options->sender == NULL || options->recipients->len == 0) {
        fprintf(stderr, "backstop sign: --from and --rcpt are needed\n");
        return false;
    }
    return true;
}

int sign_run(int argc, char **argv)
{
    sign_options options = { .recipients = g_ptr_array_new(), .now_sec = as_of_now() };
    int status = read_options(argc, argv, &options) ? sign_with_context(&options) : EXIT_USAGE;
    g_ptr_array_free(options.recipients, TRUE);
    return status;
}
