/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The mail comes first. It is read before anything else is done, and the judging is done in a
 * process of its own: whatever becomes of that, the mail goes on.
 */
#include "backstop/filter.h"

#include "app/as_of.h"
#include "app/context.h"
#include "app/descriptor.h"
#include "app/envelope_options.h"
#include "app/header_edit.h"
#include "backstop/exit_status.h"

#include <backstop/judge.h>
#include <backstop/message.h>
#include <backstop/notice.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    JUDGED_BYTES = 64 * 1024 * 1024, /* of a longer message, its beginning is judged */
    FIRST_BYTES = 64 * 1024,         /* most messages are shorter */
    JUDGING_MSEC = 8 * 1000,         /* Dovecot waits 10 s for its filters */
    FIELD_SIZE = 512,
};

/* What --exit-code makes of a verdict. */
enum { EXIT_NO_NOTICE = 0, EXIT_GENUINE = 10, EXIT_UNVERIFIED = 11, EXIT_BACKSCATTER = 12 };

typedef struct filter_options {
    app_choice choice;
    envelope_options envelope;
    bool has_as_of;
    int64_t as_of_sec;
    bool use_exit_code;
} filter_options;

/* What the judging process hands over, in one piece. */
typedef struct filter_answer {
    int exit_code;
    char field[FIELD_SIZE]; /* empty: no notice, or nothing is known */
} filter_answer;

static int exit_code_of(backstop_verdict verdict)
{
    switch (verdict) {
    case BACKSTOP_VERDICT_GENUINE:
        return EXIT_GENUINE;
    case BACKSTOP_VERDICT_UNVERIFIED:
        return EXIT_UNVERIFIED;
    case BACKSTOP_VERDICT_BACKSCATTER:
        return EXIT_BACKSCATTER;
    default:
        return EXIT_NO_NOTICE;
    }
}

static void tell(const char *text)
{
    fprintf(stderr, "backstop filter: %s\n", text);
}

static void judge_notice(const backstop_notice *notice, const app_context *context, int64_t now_sec,
                         filter_answer *answer)
{
    backstop_error error;
    backstop_judgement *j =
        backstop_judge(notice, context->site, context->keys, context->store, now_sec);
    const char *field = backstop_judgement_field(j);
    g_strlcpy(answer->field, field == NULL ? "" : field, sizeof(answer->field));
    answer->exit_code = exit_code_of(backstop_judgement_verdict(j));
    if (context->store != NULL &&
        backstop_judgement_count(j, context->store, now_sec, &error) != BACKSTOP_OK) {
        tell(error.text);
    }
    backstop_judgement_free(j);
}

/* Tells what it can of the message; leaves `answer` as it is where it cannot. */
static void judge(span bytes, const filter_options *options, filter_answer *answer)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    backstop_message *message = NULL;
    app_context *context = NULL;
    const backstop_envelope envelope = envelope_options_get(&options->envelope);
    if (backstop_message_read(bytes.ptr, bytes.len, &envelope, &message) != BACKSTOP_OK) {
        return;
    }
    backstop_notice *notice = backstop_notice_read(message);
    if (backstop_notice_kind(notice) != BACKSTOP_KIND_NONE) {
        if (app_context_open(&options->choice, APP_NEEDS_NOTHING, &context, errors) ==
            BACKSTOP_OK) {
            app_context_print_absent(context, &options->choice);
            judge_notice(notice, context, options->has_as_of ? options->as_of_sec : as_of_now(),
                         answer);
        }
        app_context_print_errors(errors);
    }
    app_context_close(context);
    backstop_notice_free(notice);
    backstop_message_free(message);
}

/* What comes through the pipe until it is closed or the time is up. */
static bool receive_answer(int fd, filter_answer *answer)
{
    size_t done = 0;
    int64_t deadline = g_get_monotonic_time() / 1000 + JUDGING_MSEC;
    while (done < sizeof(*answer)) {
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        int64_t left = deadline - g_get_monotonic_time() / 1000;
        int n = left > 0 ? poll(&ready, 1, (int)left) : 0;
        if (n < 0 && errno == EINTR) {
            continue;
        }
        ssize_t got = n <= 0 ? 0 : read(fd, (char *)answer + done, sizeof(*answer) - done);
        if (got <= 0) {
            return false;
        }
        done += (size_t)got;
    }
    return true;
}

/* Judges in a child, so that neither a crash nor a hang of it keeps the mail. */
static filter_answer judge_apart(span bytes, const filter_options *options)
{
    filter_answer answer = { .exit_code = EXIT_NO_NOTICE };
    int ends[2];
    if (pipe(ends) != 0) {
        tell(g_strerror(errno));
        return answer;
    }
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        judge(bytes, options, &answer);
        _exit(descriptor_write(ends[1], &answer, sizeof(answer)) ? 0 : 1);
    }
    close(ends[1]);
    filter_answer received;
    if (child > 0 && receive_answer(ends[0], &received)) {
        received.field[sizeof(received.field) - 1] = '\0';
        answer = received;
    } else {
        tell("the message could not be judged; it passes as it is");
    }
    close(ends[0]);
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    return answer;
}

static bool copy_rest(int from, int to)
{
    char buffer[64 * 1024];
    ssize_t n;
    while ((n = descriptor_read(from, buffer, sizeof(buffer))) > 0) {
        if (!descriptor_write(to, buffer, (size_t)n)) {
            return false;
        }
    }
    return n == 0;
}

static bool hand_on(const header_edit *edit, const filter_answer *answer)
{
    g_autoptr(GString) top = g_string_sized_new(edit->header_len + FIELD_SIZE);
    g_autofree char *field =
        answer->field[0] == '\0'
            ? g_strdup("")
            : g_strdup_printf(BACKSTOP_VERDICT_FIELD ": %s%s", answer->field, edit->line_end);
    header_edit_append(edit, SPAN(BACKSTOP_VERDICT_FIELD), field, top);
    span body = span_skip(edit->rest, edit->header_len);
    return descriptor_write(STDOUT_FILENO, top->str, top->len) &&
           descriptor_write(STDOUT_FILENO, body.ptr, body.len) &&
           copy_rest(STDIN_FILENO, STDOUT_FILENO);
}

/* What is to be judged: all of standard input, or as much of it as there is memory for. NULL and
 * errno: it cannot be read. To be freed with free(). */
static char *read_mail(size_t *len)
{
    size_t size = FIRST_BYTES;
    char *buffer = malloc(size);
    *len = 0;
    while (buffer != NULL) {
        ssize_t n = descriptor_read(STDIN_FILENO, buffer + *len, size - *len);
        if (n < 0) {
            free(buffer);
            return NULL;
        }
        *len += (size_t)n;
        /* Not GLib's: it would end the process, and the mail with it. */
        char *larger = *len < size || size >= JUDGED_BYTES ? NULL : realloc(buffer, size * 2);
        if (larger == NULL) {
            break;
        }
        buffer = larger;
        size *= 2;
    }
    return buffer;
}

/* 0 or the exit code of the verdict; EXIT_TEMPORARY if the mail could not be read or handed on:
 * then whoever calls still has it, and must not take it for delivered. */
static int filter_mail(const filter_options *options)
{
    size_t len;
    char *mail = read_mail(&len);
    if (mail == NULL) {
        tell(g_strerror(errno));
        return EXIT_TEMPORARY;
    }
    header_edit edit = header_edit_start((span){ mail, len });
    filter_answer answer = judge_apart((span){ mail, len }, options);
    int status = options->use_exit_code ? answer.exit_code : EXIT_DONE;
    if (!hand_on(&edit, &answer)) {
        tell(g_strerror(errno));
        status = EXIT_TEMPORARY;
    }
    free(mail);
    return status;
}

enum { OPTION_AS_OF = 256, OPTION_EXIT_CODE };

static bool read_options(int argc, char **argv, filter_options *options)
{
    static const struct option known[] = {
        APP_CONTEXT_OPTIONS,
        ENVELOPE_OPTIONS,
        { "as-of", required_argument, NULL, OPTION_AS_OF },
        { "exit-code", no_argument, NULL, OPTION_EXIT_CODE },
        { NULL, 0, NULL, 0 },
    };
    int option;
    bool is_right = true;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (app_choice_take(&options->choice, option, optarg)) {
            continue;
        }
        switch (envelope_options_take(&options->envelope, option, optarg)) {
        case ENVELOPE_OPTION_TAKEN:
            continue;
        case ENVELOPE_OPTION_WRONG:
            is_right = false;
            continue;
        case ENVELOPE_OPTION_OTHER:
            break;
        }
        if (option == OPTION_AS_OF) {
            options->has_as_of = as_of_read(optarg, &options->as_of_sec);
            is_right = is_right && options->has_as_of;
        } else if (option == OPTION_EXIT_CODE) {
            options->use_exit_code = true;
        } else {
            is_right = false;
        }
    }
    return is_right && optind == argc;
}

int filter_run(int argc, char **argv)
{
    filter_options options = { .envelope = envelope_options_new() };
    /* A mistake in a mail server's configuration must not cost mail: it passes, and is told of. */
    if (!read_options(argc, argv, &options)) {
        tell("the command line is wrong; what of it is right is used");
    }
    signal(SIGPIPE, SIG_IGN);
    int status = filter_mail(&options);
    envelope_options_free(&options.envelope);
    return status;
}
