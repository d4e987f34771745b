/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstopd/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

/*
 * libmilter starts a thread that waits for SIGHUP, SIGTERM and SIGINT and ends the milter on each.
 * There is no way to say no, and the kernel gives a signal to either of two who wait. So what it
 * calls to wait is defined here, and never returns: a program's own definition goes before that
 * of a shared library. Nothing else in the daemon calls it.
 */
__attribute__((visibility("default"))) int sigwait(const sigset_t *set, int *sig)
{
    (void)set;
    *sig = 0;
    sigset_t all;
    (void)sigfillset(&all);
    for (;;) {
        (void)sigsuspend(&all);
    }
}

bool signals_open(signals *s)
{
    *s = (signals){ -1, -1 };
    sigset_t ours;
    (void)sigemptyset(&ours);
    (void)sigaddset(&ours, SIGHUP);
    (void)sigaddset(&ours, SIGTERM);
    (void)sigaddset(&ours, SIGINT);
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &ours, NULL) != 0) {
        return false;
    }
    s->signal_fd = signalfd(-1, &ours, SFD_CLOEXEC);
    s->wake_fd = eventfd(0, EFD_CLOEXEC);
    return s->signal_fd >= 0 && s->wake_fd >= 0;
}

void signals_close(signals *s)
{
    if (s->signal_fd >= 0) {
        close(s->signal_fd);
    }
    if (s->wake_fd >= 0) {
        close(s->wake_fd);
    }
}

signals_event signals_wait(signals *s)
{
    struct pollfd ready[] = { { s->signal_fd, POLLIN, 0 }, { s->wake_fd, POLLIN, 0 } };
    while (poll(ready, 2, -1) < 0) {
        if (errno != EINTR) {
            return SIGNALS_BROKEN;
        }
    }
    if (ready[1].revents != 0) {
        return SIGNALS_WOKEN;
    }
    struct signalfd_siginfo info;
    if (read(s->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info)) {
        return SIGNALS_BROKEN;
    }
    return info.ssi_signo == SIGHUP ? SIGNALS_RELOAD : SIGNALS_STOP;
}

bool signals_wait_woken(signals *s, unsigned patience_sec)
{
    /* Every signal that could end it early is blocked. */
    struct pollfd ready = { s->wake_fd, POLLIN, 0 };
    return poll(&ready, 1, (int)patience_sec * 1000) > 0;
}

void signals_wake(signals *s)
{
    uint64_t one = 1;
    /* It fails only if somebody has woken it 2^64 times. */
    ssize_t written = write(s->wake_fd, &one, sizeof(one));
    (void)written;
}
