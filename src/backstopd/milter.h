/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The milter: what the mail server asks, and what it is told (libmilter, sendmail's). One process
 * has one, for libmilter keeps its state itself.
 *
 * libmilter waits for SIGHUP, SIGTERM and SIGINT in a thread of its own, and takes each for the
 * order to end. Who wants them runs milter_run() in a thread and waits for signals in the main one,
 * with sigwait() or a handler: the kernel offers a signal of the process to the main thread first.
 */
#ifndef BACKSTOP_BACKSTOPD_MILTER_H
#define BACKSTOP_BACKSTOPD_MILTER_H

#include "backstopd/service.h"

/* Makes the socket of the settings, listens and serves until milter_stop(), or until libmilter is
 * ended by a signal. `s` lives until it returns. 0, or -1 if the socket cannot be had or libmilter
 * gives up; that is logged. */
int milter_run(service *s);

/* Ends milter_run(), from any thread but libmilter's: mails that are on their way are finished, for
 * ten seconds at most, and are waited for here; until then new ones are taken as well. */
void milter_stop(service *s);

#endif
