/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstopd/settings.h"

#include "app/config_keys.h"

#include <backstop/history.h>

#include <errno.h>
#include <grp.h>

static void find_group(service_settings *s, GPtrArray *errors)
{
    const char *name = s->config->milter_group;
    s->milter_group = (gid_t)-1;
    if (name[0] == '\0') {
        return;
    }
    errno = 0;
    const struct group *group = getgrnam(name);
    if (group != NULL) {
        s->milter_group = group->gr_gid;
        return;
    }
    g_autofree char *what = errno == 0
                                ? g_strdup_printf("there is no group \"%s\"", name)
                                : g_strdup_printf("group \"%s\": %s", name, g_strerror(errno));
    config_add_error(s->config, "milter-group", what, errors);
}

service_settings *settings_load(const char *file, int64_t now_sec, GPtrArray *errors)
{
    unsigned before = errors->len;
    service_settings *s = g_new0(service_settings, 1);
    atomic_init(&s->store, NULL);
    atomic_init(&s->users, 1);
    s->config = config_load(file, errors);
    if (s->config != NULL) {
        s->site = config_make_site(s->config, errors);
        s->policy = policy_new(s->config, errors);
        s->keys = config_keys_load(s->config, now_sec, errors);
        find_group(s, errors);
    }
    if (errors->len > before) {
        settings_give(s);
        return NULL;
    }
    return s;
}

backstop_status settings_open_store(service_settings *settings, backstop_error *error)
{
    if (atomic_load(&settings->store) != NULL) {
        return BACKSTOP_OK;
    }
    backstop_store *store;
    const config *c = settings->config;
    backstop_status status = backstop_store_open(c->store, settings->keys, &store, error);
    if (status != BACKSTOP_OK) {
        return status;
    }
    backstop_store_set_days(store, (unsigned)c->ledger_days);
    backstop_store_set_history_days(store, (unsigned)c->history_days);
    atomic_store(&settings->store, store);
    return BACKSTOP_OK;
}

void settings_take(service_settings *settings)
{
    atomic_fetch_add(&settings->users, 1);
}

void settings_give(service_settings *settings)
{
    if (settings == NULL || atomic_fetch_sub(&settings->users, 1) > 1) {
        return;
    }
    backstop_store_close(atomic_load(&settings->store));
    policy_free(settings->policy);
    backstop_keys_free(settings->keys);
    backstop_site_free(settings->site);
    config_free(settings->config);
    g_free(settings);
}
