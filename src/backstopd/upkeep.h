/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What the daemon does by the clock, in a thread of its own: opens a store that is closed, says
 * that it observes, forgets what is old, and watches the clock itself. */
#ifndef BACKSTOP_BACKSTOPD_UPKEEP_H
#define BACKSTOP_BACKSTOPD_UPKEEP_H

#include "backstopd/service.h"

#include <pthread.h>
#include <stdbool.h>

typedef struct upkeep {
    service *service;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows; and held while the service is worked on */
    pthread_cond_t changed;
    bool is_ending;
} upkeep;

/* False and errno: there is no thread to be had. */
bool upkeep_start(upkeep *u, service *s);

/* Waits for what it is at. */
void upkeep_stop(upkeep *u);

/* Reads the settings again, while nothing else is done. */
void upkeep_reload(upkeep *u);

#endif
