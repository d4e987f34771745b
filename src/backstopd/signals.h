/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The signals of the process, as events of the main thread. They are blocked everywhere else.
 */
#ifndef BACKSTOP_BACKSTOPD_SIGNALS_H
#define BACKSTOP_BACKSTOPD_SIGNALS_H

#include <stdbool.h>

typedef enum signals_event {
    SIGNALS_RELOAD, /* SIGHUP */
    SIGNALS_STOP,   /* SIGTERM, SIGINT */
    SIGNALS_WOKEN,  /* signals_wake() */
    SIGNALS_BROKEN, /* errno */
} signals_event;

typedef struct signals {
    int signal_fd;
    int wake_fd;
} signals;

/* To be called before there are threads. False: errno. */
bool signals_open(signals *s);
void signals_close(signals *s);

/* The next one. */
signals_event signals_wait(signals *s);

/* Waits for signals_wake() alone, for `patience_sec` at most; whether it was called, ever. */
bool signals_wait_woken(signals *s, unsigned patience_sec);

/* Ends a signals_wait(), from any thread. */
void signals_wake(signals *s);

#endif
