/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/ledger_import.h"

#include "app/log_file.h"
#include "app/postfix_log.h"
#include "app/progress.h"
#include "app/sent_batch.h"
#include "app/sent_mail.h"
#include "app/terminal.h"
#include "backstop/exit_status.h"
#include "base/span.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
    /* A log whose first lines were cut or written by another program is still one. */
    LINES_TO_RECOGNISE = 20,
    LINES_BETWEEN_PROGRESS = 4096,
};

typedef enum input_kind { INPUT_NOTHING, INPUT_MAIL, INPUT_LOG } input_kind;

typedef struct input {
    char *path;
    size_t index; /* among those given */
    input_kind kind;
    int64_t first_sec; /* of a log's first line */
    log_file *file;    /* standard input's, which cannot be opened again */
} input;

typedef struct import {
    const app_context *context;
    int64_t now_sec;
    sent_batch *batch;
    progress bar;
    size_t done, inputs; /* of the paths */
    backstop_status status;
    backstop_error error; /* of the store: importing is over */
    bool could_not_read;  /* some input */
    uint64_t mails, recipients;
    uint64_t passed_over[SENT_FATES];
    uint64_t no_sender_mails; /* of Sent folders */
} import;

static void tell_error(const char *file, const char *why, void *context)
{
    import *im = context;
    im->could_not_read = true;
    progress_hide(&im->bar);
    g_autoptr(GString) line = g_string_new("backstop ledger: ");
    terminal_append_escaped(line, file);
    fprintf(stderr, "%s: %s\n", line->str, why);
}

static void show_progress(import *im, double share)
{
    double whole = PROGRESS_UNKNOWN;
    if (share >= 0) {
        whole = ((double)im->done + share) / (double)im->inputs;
    }
    progress_update(&im->bar, whole, im->mails);
}

/* What becomes of one sender's mail. */
static sent_fate add_sent(import *im, const backstop_sent *sent)
{
    sent_fate fate = SENT_TAKEN;
    if (im->status == BACKSTOP_OK) {
        im->status = sent_batch_add(im->batch, sent, &fate, &im->error);
    }
    return fate;
}

static void count_mail(import *im, sent_fate fate, size_t recipients)
{
    if (fate == SENT_TAKEN) {
        im->mails++;
        im->recipients += recipients;
    } else {
        im->passed_over[fate]++;
    }
}

/* A mail counts once, however many senders it may have had. */
static bool add_copy(const backstop_sent_copy *copy, double share, void *context)
{
    import *im = context;
    size_t senders = backstop_sent_copy_count(copy);
    sent_fate best = SENT_FATES;
    backstop_sent sent = { 0 };
    for (size_t i = 0; i < senders; i++) {
        backstop_sent_copy_get(copy, i, &sent);
        sent_fate fate = add_sent(im, &sent);
        best = MIN(best, fate);
    }
    if (best == SENT_FATES) {
        im->no_sender_mails++;
    } else {
        count_mail(im, best, sent.recipient_count);
    }
    show_progress(im, share);
    return im->status == BACKSTOP_OK;
}

static void add_logged(const backstop_sent *sent, void *context)
{
    import *im = context;
    count_mail(im, add_sent(im, sent), sent->recipient_count);
}

/* "name: value", or the line that begins a message in an mbox. */
static bool begins_a_mail(span line)
{
    size_t len = 0;
    while (len < line.len && (ascii_is_alnum(line.ptr[len]) || line.ptr[len] == '-')) {
        len++;
    }
    return span_starts(line, SPAN("From ")) || (len > 0 && len < line.len && line.ptr[len] == ':');
}

static bool is_log(span begin, int64_t newest_sec, int64_t *first_sec)
{
    span line;
    for (unsigned i = 0; i < LINES_TO_RECOGNISE && span_next_line(&begin, &line); i++) {
        if (postfix_log_recognise(line, newest_sec, first_sec)) {
            return true;
        }
        if (i == 0 && begins_a_mail(line)) {
            return false;
        }
    }
    return false;
}

/* The program that unpacks such a file; NULL if it is packed with gzip or not at all. */
static const char *unpacker_of(span begin)
{
    static const struct {
        span magic;
        const char *program;
    } known[] = {
        { { "BZh", 3 }, "bzcat" },
        { { "\xfd"
            "7zXZ",
            5 },
          "xzcat" },
        { { "\x28\xb5\x2f\xfd", 4 }, "zstdcat" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (span_starts(begin, known[i].magic)) {
            return known[i].program;
        }
    }
    return NULL;
}

/* What kind of input an open file is; tells if it is none. */
static input_kind kind_of(import *im, const char *path, log_file *file, int64_t *first_sec)
{
    span begin = log_file_begin(file);
    const char *unpacker = unpacker_of(begin);
    if (log_file_problem(file) != NULL) {
        tell_error(path, log_file_problem(file), im);
        return INPUT_NOTHING;
    }
    if (begin.len == 0) {
        return INPUT_NOTHING;
    }
    if (is_log(begin, log_file_changed_sec(file, im->now_sec), first_sec)) {
        return INPUT_LOG;
    }
    if (unpacker != NULL) {
        g_autofree char *why =
            g_strdup_printf("is packed: %s FILE | backstop ledger import -", unpacker);
        tell_error(path, why, im);
        return INPUT_NOTHING;
    }
    if (log_file_is_packed(file) || g_str_equal(path, "-")) {
        tell_error(path, "is no mail log", im);
        return INPUT_NOTHING;
    }
    return INPUT_MAIL;
}

static input look_at(import *im, char *path, size_t index)
{
    input in = { .path = path, .index = index, .kind = INPUT_MAIL };
    struct stat info;
    if (!g_str_equal(path, "-") && (stat(path, &info) != 0 || S_ISDIR(info.st_mode))) {
        return in; /* the mailbox's reader tells what is wrong */
    }
    g_autofree char *problem = NULL;
    log_file *file = log_file_open(path, &problem);
    if (file == NULL) {
        tell_error(path, problem, im);
        in.kind = INPUT_NOTHING;
        return in;
    }
    in.kind = kind_of(im, path, file, &in.first_sec);
    if (in.kind == INPUT_LOG && g_str_equal(path, "-")) {
        in.file = file;
    } else {
        log_file_close(file);
    }
    return in;
}

/* Mail before logs, older logs first: a mail may have its lines in several. */
static int compare_inputs(gconstpointer a, gconstpointer b)
{
    const input *x = a, *y = b;
    if (x->kind != y->kind) {
        return x->kind < y->kind ? -1 : 1;
    }
    if (x->first_sec != y->first_sec) {
        return x->first_sec < y->first_sec ? -1 : 1;
    }
    return x->index < y->index ? -1 : x->index > y->index;
}

static void read_lines(import *im, const char *path, log_file *file, postfix_log *log)
{
    uint64_t events = postfix_log_get_counts(log).events;
    postfix_log_begin(log, log_file_changed_sec(file, im->now_sec));
    span line;
    for (unsigned i = 0; im->status == BACKSTOP_OK && log_file_next(file, &line); i++) {
        postfix_log_add(log, line);
        if (i % LINES_BETWEEN_PROGRESS == 0) {
            show_progress(im, log_file_share(file));
        }
    }
    if (log_file_problem(file) != NULL) {
        tell_error(path, log_file_problem(file), im);
    } else if (im->status == BACKSTOP_OK && postfix_log_get_counts(log).events == events) {
        tell_error(path, "is a log, but Postfix did not write of any mail in it", im);
    }
}

static void read_log(import *im, input *in, postfix_log *log)
{
    g_autofree char *problem = NULL;
    log_file *file = g_steal_pointer(&in->file);
    if (file == NULL) {
        file = log_file_open(in->path, &problem);
    }
    if (file == NULL) {
        tell_error(in->path, problem, im);
        return;
    }
    read_lines(im, in->path, file, log);
    log_file_close(file);
}

static void read_inputs(import *im, GArray *inputs, postfix_log *log)
{
    const sent_mail_handler handler = { add_copy, tell_error, im };
    for (unsigned i = 0; i < inputs->len && im->status == BACKSTOP_OK; i++) {
        input *in = &g_array_index(inputs, input, i);
        im->done = i;
        if (in->kind == INPUT_MAIL) {
            sent_mail_read(in->path, &handler);
        } else if (in->kind == INPUT_LOG) {
            read_log(im, in, log);
        }
    }
    if (im->status == BACKSTOP_OK) {
        postfix_log_finish(log);
    }
    if (im->status == BACKSTOP_OK) {
        im->status = sent_batch_flush(im->batch, &im->error);
    }
}

static void print_count(uint64_t count, const char *what)
{
    if (count > 0) {
        printf("  %" PRIu64 " %s\n", count, what);
    }
}

static void print_summary(const import *im, const postfix_log_counts *log)
{
    printf("%" PRIu64 " mails to %" PRIu64 " recipients imported.\n", im->mails, im->recipients);
    uint64_t others = log->null_sender + log->no_sender + log->from_outside + im->no_sender_mails;
    for (size_t i = 0; i < SENT_FATES; i++) {
        others += im->passed_over[i];
    }
    if (others == 0) {
        return;
    }
    printf("%" PRIu64 " mails passed over:\n", others);
    print_count(im->passed_over[SENT_FOREIGN], "of senders at other domains");
    print_count(log->from_outside, "that came from outside (see internal-networks)");
    print_count(log->null_sender, "notices, which have no sender");
    print_count(log->no_sender + im->no_sender_mails, "whose sender is not known");
    print_count(im->passed_over[SENT_OLD], "too old for the ledger");
    print_count(im->passed_over[SENT_UNDATED], "without a date");
}

int ledger_import(const app_context *context, char **paths, size_t count, int64_t now_sec)
{
import im = {.context = context, .now_sec = now_sec, .batch = sent_batch_new(context->store, context->site, context->settings->ledger_days, now_sec), .bar = progress_start(), .inputs = count, };
    const postfix_log_handler handler = { add_logged, &im };
    const postfix_log_site ours = {
        .site = context->site,
        .has_domains = context->settings->domains->len > 0,
        .has_internal_networks = context->settings->internal_networks->len > 0,
    };
    postfix_log *log = postfix_log_new(&ours, &handler);
    GArray *inputs = g_array_new(FALSE, FALSE, sizeof(input));
    for (size_t i = 0; i < count; i++) {
        input in = look_at(&im, paths[i], i);
        g_array_append_val(inputs, in);
    }
    g_array_sort(inputs, compare_inputs);
    read_inputs(&im, inputs, log);
    progress_hide(&im.bar);

    postfix_log_counts counts = postfix_log_get_counts(log);
    for (unsigned i = 0; i < inputs->len; i++) {
        log_file_close(g_array_index(inputs, input, i).file);
    }
    g_array_free(inputs, TRUE);
    postfix_log_free(log);
    sent_batch_free(im.batch);
    if (im.status != BACKSTOP_OK) {
        fprintf(stderr, "backstop ledger: %s\n", im.error.text);
        return exit_status_of(im.status);
    }
    print_summary(&im, &counts);
    return im.could_not_read ? EXIT_INPUT : EXIT_DONE;
}
