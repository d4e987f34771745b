/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The milter: what the mail server asks, and what it is told (libmilter, sendmail's). One process
 * has one, for libmilter keeps its state itself.
 *
 * libmilter would wait for SIGHUP, SIGTERM and SIGINT in a thread of its own, and take each for the
 * order to end; signals.c keeps it from that. milter_run() is for a thread of its own.
 */
#ifndef BACKSTOP_BACKSTOPD_MILTER_H
#define BACKSTOP_BACKSTOPD_MILTER_H

#include "backstopd/service.h"

/* Makes the socket of the settings, listens and serves until milter_stop(). `s` lives until it
 * returns. 0, or -1 if the socket cannot be had or libmilter gives up; that is logged. */
int milter_run(service *s);

/* Ends milter_run(), from any thread but libmilter's: mails that are on their way are finished, for
 * ten seconds at most, and are waited for here; until then new ones are taken as well. */
void milter_stop(service *s);

#endif
