/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstopd/settings.h"

#include <backstop/history.h>

#include <errno.h>
#include <grp.h>

static void tell(const config *c, const char *setting, const char *what, GPtrArray *errors)
{
    g_autofree char *place = config_place(c, setting);
    g_ptr_array_add(errors, g_strconcat(place, what, NULL));
}

static bool has_key(const backstop_keys *keys, const char *purpose, int64_t now_sec)
{
    for (size_t i = 0; i < backstop_keys_count(keys); i++) {
        backstop_key key;
        backstop_keys_get(keys, i, now_sec, &key);
        if (key.state == BACKSTOP_KEY_SIGNS && g_str_equal(key.purpose, purpose)) {
            return true;
        }
    }
    return false;
}

static void load_keys(service_settings *s, int64_t now_sec, GPtrArray *errors)
{
    backstop_error error;
    if (backstop_keys_load(s->config->key_file, &s->keys, &error) != BACKSTOP_OK) {
        tell(s->config, "key-file", error.text, errors);
        return;
    }
    static const char *const needed[] = { "tag", "ledger" };
    for (size_t i = 0; i < G_N_ELEMENTS(needed); i++) {
        if (!has_key(s->keys, needed[i], now_sec)) {
            g_autofree char *what =
                g_strdup_printf("%s: there is no %s key to work with: backstop key new %s",
                                s->config->key_file, needed[i], needed[i]);
            tell(s->config, "key-file", what, errors);
        }
    }
}

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
    tell(s->config, "milter-group", what, errors);
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
        load_keys(s, now_sec, errors);
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
