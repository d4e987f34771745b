/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * `backstopd`: reads its settings, gives up root's rights, and serves until it is told to end. The
 * main thread waits for signals; the milter has a thread of its own (milter.h), and so has what
 * is done by the clock (upkeep.h).
 */
#include "app/terminal.h"
#include "backstop/exit_status.h"
#include "backstopd/milter.h"
#include "backstopd/notify.h"
#include "backstopd/privileges.h"
#include "backstopd/service.h"
#include "backstopd/signals.h"
#include "backstopd/upkeep.h"

#include <errno.h>
#include <getopt.h>
#include <glib.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    END_SEC = 8,              /* for libmilter, which looks every 5 s whether it is to end */
    DESCRIPTORS_LEAST = 64,   /* without these it could not even open its store */
    DESCRIPTORS_MOST = 65536, /* as many connections as a mail server ever makes */
    NOBODY_ELSE = 0077,       /* umask; the socket gets its mode when it is there */
};

typedef struct daemon_options {
    const char *file;
    bool only_checks;
} daemon_options;

typedef struct milter_thread {
    pthread_t thread;
    service *service;
    signals *awaited;
} milter_thread;

static void print_usage(FILE *to)
{
    fputs("Usage: backstopd [--config FILE] [--foreground] [--check]\n"
          "       backstopd --help | --version\n",
          to);
}

static void print_error(const char *text)
{
    g_autoptr(GString) line = g_string_new("backstopd: ");
    terminal_append_escaped(line, text);
    fprintf(stderr, "%s\n", line->str);
}

static void print_errors(const GPtrArray *errors)
{
    for (unsigned i = 0; i < errors->len; i++) {
        print_error(g_ptr_array_index(errors, i));
    }
}

static int fail_for_now(const char *what)
{
    g_autofree char *text = g_strdup_printf("%s: %s", what, g_strerror(errno));
    print_error(text);
    return EXIT_TEMPORARY;
}

static void *run_milter(void *user)
{
    milter_thread *m = user;
    /* What is wrong is logged; that it ends by itself is enough to know. */
    (void)milter_run(m->service);
    signals_wake(m->awaited);
    return NULL;
}

/* Until it is told to end; false if it ends by itself, which the milter does if it cannot listen.
 */
static bool serve(signals *awaited, upkeep *u)
{
    signals_event event;
    while ((event = signals_wait(awaited)) == SIGNALS_RELOAD) {
        /* Before that, the service manager waits for the start, and takes one READY for it. */
        bool is_listening = service_is_listening(u->service);
        if (is_listening) {
            notify_reloading();
        }
        upkeep_reload(u);
        if (is_listening) {
            notify_ready();
        }
    }
    if (event == SIGNALS_BROKEN) {
        service_log(u->service, LOG_ERR, NULL, "cannot wait for signals: %s", g_strerror(errno));
    }
    return event == SIGNALS_STOP;
}

/* Ends the milter, lets the mails in flight come to their end, and writes what waits. */
static void finish(service *s, milter_thread *m, upkeep *u, int status)
{
    notify_stopping();
    service_log(s, LOG_NOTICE, NULL, "stopping");
    milter_stop(s);
    bool has_ended = signals_wait_woken(m->awaited, END_SEC);
    if (has_ended) {
        pthread_join(m->thread, NULL);
    }
    upkeep_stop(u);
    bool all_done = service_finish(s);
    service_log(s, LOG_NOTICE, NULL, "stopped");
    if (!has_ended || !all_done) {
        /* Threads still use what the end of main() would take from them. */
        _exit(status);
    }
    service_free(s);
}

static int run_threads(service *s, signals *awaited)
{
    upkeep u;
    if (!service_start(s) || !upkeep_start(&u, s)) {
        return fail_for_now("cannot start a thread");
    }
    milter_thread m = { .service = s, .awaited = awaited };
    errno = pthread_create(&m.thread, NULL, run_milter, &m);
    if (errno != 0) {
        return fail_for_now("cannot start a thread");
    }
    int status = serve(awaited, &u) ? EXIT_DONE : EXIT_TEMPORARY;
    finish(s, &m, &u, status);
    return status;
}

/* Every connection takes a descriptor, and the usual soft limit is low for the sake of select(),
 * which nobody uses here. False and errno: there are too few of them to begin with. */
static bool raise_limits(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return false;
    }
    struct rlimit raised = { MIN(limit.rlim_max, (rlim_t)DESCRIPTORS_MOST), limit.rlim_max };
    if (limit.rlim_cur < raised.rlim_cur && setrlimit(RLIMIT_NOFILE, &raised) == 0) {
        limit = raised;
    }
    errno = EMFILE;
    return limit.rlim_cur >= DESCRIPTORS_LEAST;
}

static int start(const daemon_options *options, service_settings *settings)
{
    signals awaited;
    if (!signals_open(&awaited)) {
        int status = fail_for_now("signals");
        settings_give(settings);
        return status;
    }
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    service *s = service_new(options->file, settings, errors);
    print_errors(errors);
    int status = s == NULL ? EXIT_CONFIG : run_threads(s, &awaited);
    signals_close(&awaited);
    return status;
}

/* Before anything else is read or made: as whom the daemon serves must be able to read it all at
 * the next reload, too. */
static bool become_user(const char *file, GPtrArray *errors)
{
    config *c = config_load(file, errors);
    if (c == NULL) {
        return false;
    }
    g_autofree char *problem = NULL;
    bool is_done = privileges_drop(c->user, &problem);
    if (!is_done) {
        config_add_error(c, "user", problem, errors);
    }
    config_free(c);
    return is_done;
}

static int run(const daemon_options *options)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    if (!raise_limits()) {
        return fail_for_now("file descriptors");
    }
    umask(NOBODY_ELSE);
    service_settings *settings = NULL;
    if (become_user(options->file, errors)) {
        settings = settings_load(options->file, (int64_t)time(NULL), errors);
    }
    print_errors(errors);
    if (settings == NULL) {
        return EXIT_CONFIG;
    }
    if (options->only_checks) {
        settings_give(settings);
        return EXIT_DONE;
    }
    return start(options, settings);
}

enum { OPTION_CONFIG, OPTION_FOREGROUND, OPTION_CHECK, OPTION_HELP, OPTION_VERSION };

int main(int argc, char **argv)
{
    static const struct option known[] = {
        { "config", required_argument, NULL, OPTION_CONFIG },
        { "foreground", no_argument, NULL, OPTION_FOREGROUND }, /* it never does otherwise */
        { "check", no_argument, NULL, OPTION_CHECK },
        { "help", no_argument, NULL, OPTION_HELP },
        { "version", no_argument, NULL, OPTION_VERSION },
        { NULL, 0, NULL, 0 },
    };
    daemon_options options = { .file = CONFIG_FILE };
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case OPTION_CONFIG:
            options.file = optarg;
            break;
        case OPTION_FOREGROUND:
            break;
        case OPTION_CHECK:
            options.only_checks = true;
            break;
        case OPTION_HELP:
            print_usage(stdout);
            return EXIT_DONE;
        case OPTION_VERSION:
            puts("backstopd " BACKSTOP_VERSION);
            return EXIT_DONE;
        default:
            print_usage(stderr);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    return run(&options);
}
