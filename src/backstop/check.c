/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/check.h"

#include "app/mailbox.h"
#include "app/output.h"
#include "app/progress.h"
#include "app/terminal.h"
#include "backstop/exit_status.h"
#include "backstop/print_json.h"
#include "backstop/print_text.h"

#include <backstop/message.h>
#include <backstop/notice.h>

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct check_options {
    bool json;
    backstop_envelope envelope;
    GPtrArray *recipients; /* of const char *, what envelope.recipients points to */
} check_options;

typedef struct check {
    check_options options;
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
    g_autoptr(GString) name = g_string_new(where->file);
    if (where->has_siblings) {
        g_string_append_printf(name, "#%" PRIu64, where->index);
    }
    tell_error(name->str, backstop_status_text(status), c);
}

static bool flush(check *c)
{
    progress_hide(&c->bar);
    return output_flush(&c->out);
}

static void print(check *c, const mailbox_message *where, const backstop_notice *notice)
{
    if (c->options.json) {
        print_json(c->out.text, where, notice);
    } else {
        print_text(c->out.text, c->columns, where, notice);
    }
}

/* False if the output cannot be written. */
static bool check_message(const mailbox_message *where, void *context)
{
    check *c = context;
    backstop_message *message;
    backstop_status status =
        backstop_message_read(where->bytes.ptr, where->bytes.len, &c->options.envelope, &message);
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

/* "<a@b.example>" is as good as "a@b.example". */
static char *without_brackets(char *address)
{
    size_t len = strlen(address);
    if (len >= 2 && address[0] == '<' && address[len - 1] == '>') {
        address[len - 1] = '\0';
        return address + 1;
    }
    return address;
}

static bool is_ip_address(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

enum { OPTION_JSON = 256, OPTION_MAIL_FROM, OPTION_RCPT, OPTION_CLIENT_IP, OPTION_HELO };

/* False, and a line on standard error, if the command line is wrong. */
static bool read_options(int argc, char **argv, check_options *options)
{
    static const struct option known[] = {
        { "json", no_argument, NULL, OPTION_JSON },
        { "mail-from", required_argument, NULL, OPTION_MAIL_FROM },
        { "rcpt", required_argument, NULL, OPTION_RCPT },
        { "client-ip", required_argument, NULL, OPTION_CLIENT_IP },
        { "helo", required_argument, NULL, OPTION_HELO },
        { NULL, 0, NULL, 0 },
    };
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case OPTION_JSON:
            options->json = true;
            break;
        case OPTION_MAIL_FROM:
            options->envelope.mail_from = without_brackets(optarg);
            break;
        case OPTION_RCPT:
            g_ptr_array_add(options->recipients, without_brackets(optarg));
            break;
        case OPTION_CLIENT_IP:
            if (!is_ip_address(optarg)) {
                fprintf(stderr, "backstop check: --client-ip takes an IP address\n");
                return false;
            }
            options->envelope.client_ip = optarg;
            break;
        case OPTION_HELO:
            options->envelope.helo = optarg;
            break;
        default:
            return false; /* getopt_long() has said why */
        }
    }
    if (optind == argc) {
        fprintf(stderr, "backstop check: no PATH is given\n");
        return false;
    }
    options->envelope.recipients = (const char *const *)options->recipients->pdata;
    options->envelope.recipient_count = options->recipients->len;
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

int check_run(int argc, char **argv)
{
    check c = { .options.recipients = g_ptr_array_new() };
    int status = EXIT_USAGE;
    if (read_options(argc, argv, &c.options)) {
        c.out = output_new(STDOUT_FILENO);
        c.bar = progress_start();
        c.columns = terminal_columns(STDOUT_FILENO);
        check_paths(&c, argv + optind, (size_t)(argc - optind));
        status = exit_status(&c);
        output_free(&c.out);
    }
    g_ptr_array_free(c.options.recipients, TRUE);
    return status;
}
