/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstopd/upkeep.h"

#include "backstopd/gate.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

enum { TICK_SEC = 1, STORE_SEC = 10, OBSERVE_SEC = 60, EXPIRE_SEC = 3600 };

/* The system's clock less one that nobody sets, and that goes on while the machine sleeps. */
static int64_t clock_offset_sec(void)
{
    struct timespec real, steady;
    clock_gettime(CLOCK_REALTIME, &real);
    clock_gettime(CLOCK_BOOTTIME, &steady);
    return (int64_t)real.tv_sec - (int64_t)steady.tv_sec;
}

static void work(upkeep *u, uint64_t tick, int64_t *offset_sec)
{
    int64_t step_sec = clock_offset_sec() - *offset_sec;
    if (llabs(step_sec) >= GATE_STEP_LEAST_SEC) {
        *offset_sec += step_sec;
        service_note_step(u->service, step_sec);
    }
    if (tick % STORE_SEC == 0) {
        service_open_store(u->service);
    }
    if (tick % OBSERVE_SEC == 0) {
        service_observe(u->service);
    }
    /* At the start as well: a daemon may never live for an hour. */
    if (tick % EXPIRE_SEC == 1) {
        service_expire(u->service);
    }
}

static void *run(void *user)
{
    upkeep *u = user;
    int64_t offset_sec = clock_offset_sec();
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    pthread_mutex_lock(&u->lock);
    for (uint64_t tick = 1; !u->is_ending; tick++) {
        next.tv_sec += TICK_SEC;
        int waited = 0;
        while (!u->is_ending && waited != ETIMEDOUT) {
            waited = pthread_cond_timedwait(&u->changed, &u->lock, &next);
        }
        if (!u->is_ending) {
            work(u, tick, &offset_sec);
        }
    }
    pthread_mutex_unlock(&u->lock);
    return NULL;
}

bool upkeep_start(upkeep *u, service *s)
{
    *u = (upkeep){ .service = s };
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&u->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&u->lock, NULL);
    errno = pthread_create(&u->thread, NULL, run, u);
    return errno == 0;
}

void upkeep_stop(upkeep *u)
{
    pthread_mutex_lock(&u->lock);
    u->is_ending = true;
    pthread_cond_signal(&u->changed);
    pthread_mutex_unlock(&u->lock);
    pthread_join(u->thread, NULL);
    pthread_cond_destroy(&u->changed);
    pthread_mutex_destroy(&u->lock);
}

void upkeep_reload(upkeep *u)
{
    pthread_mutex_lock(&u->lock);
    service_reload(u->service);
    pthread_mutex_unlock(&u->lock);
}
