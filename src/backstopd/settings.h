/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The settings in force, with what is made of them: read together, replaced together. They never
 * change; who uses them counts as a user (service_take()), and the last one frees them.
 */
#ifndef BACKSTOP_BACKSTOPD_SETTINGS_H
#define BACKSTOP_BACKSTOPD_SETTINGS_H

#include "app/config.h"
#include "app/policy.h"

#include <backstop/error.h>
#include <backstop/keys.h>
#include <backstop/site.h>
#include <backstop/store.h>

#include <glib.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct service_settings {
    config *config;
    backstop_site *site;
    backstop_keys *keys;
    policy *policy;
    gid_t milter_group; /* -1: the socket keeps the process's */
    /* NULL until it is open; then it stays. service_store() (service.h) is for the mail side. */
    _Atomic(backstop_store *) store;
    atomic_uint users;
    atomic_uint *in_flight; /* service.c's: users that serve a mail; NULL before it has them */
} service_settings;

/* Reads the file, the keys, and all else but the store. `now_sec`: the keys must sign then
 * (config_keys.h). One user, the caller. NULL, and lines added to `errors` (of char *, with
 * g_free), if anything is wrong; as much of it as can be seen is told. */
service_settings *settings_load(const char *file, int64_t now_sec, GPtrArray *errors);

/* Opens the store, if it is not open. As backstop_store_open() says. One thread at a time. */
backstop_status settings_open_store(service_settings *settings, backstop_error *error);

/* One more user; one less. The last one closes the store and frees all. */
void settings_take(service_settings *settings);
void settings_give(service_settings *settings);

#endif
