/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/context.h"

#include "app/terminal.h"
#include "base/error.h"

#include <backstop/history.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool app_choice_take(app_choice *choice, int option, const char *value)
{
    switch (option) {
    case APP_OPTION_CONFIG:
        choice->config = value;
        return true;
    case APP_OPTION_KEY_FILE:
        choice->key_file = value;
        return true;
    case APP_OPTION_STORE:
        choice->store = value;
        return true;
    default:
        return false;
    }
}

static bool is_there(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* The command line's word for a setting: the file's line no longer tells about it. */
static void override(config *c, const char *name, char **place, const char *chosen)
{
    if (chosen != NULL) {
        g_free(*place);
        *place = g_strdup(chosen);
        c->lines[option_find(OPTION_SITE, name) - option_table] = 0;
    }
}

static bool is_closed_to_us(const char *path)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0) {
        close(fd);
        return false;
    }
    return errno == EACCES;
}

/* The machine's file, which is not for every user to read. Who can do without it passes `notice`,
 * which becomes a line if so it was. */
static config *load_standard(char **notice, GPtrArray *errors)
{
    if (!is_there(CONFIG_FILE)) {
        return config_new_default();
    }
    if (!is_closed_to_us(CONFIG_FILE)) {
        return config_load(CONFIG_FILE, errors);
    }
    if (notice == NULL) {
        g_ptr_array_add(errors, g_strdup(CONFIG_FILE ": permission denied: run this as a user who "
                                                     "may read it, or name another file with "
                                                     "--config"));
        return NULL;
    }
    *notice = g_strdup(CONFIG_FILE ": permission denied: the built-in settings are used; --config "
                                   "names another file");
    return config_new_default();
}

static config *find_settings(const app_choice *choice, char **notice, GPtrArray *errors)
{
    config *c = choice->config != NULL ? config_load(choice->config, errors)
                                       : load_standard(notice, errors);
    if (c != NULL) {
        override(c, "key-file", &c->key_file, choice->key_file);
        override(c, "store", &c->store, choice->store);
    }
    return c;
}

config *app_context_find_settings(const app_choice *choice, GPtrArray *errors)
{
    return find_settings(choice, NULL, errors);
}

void app_context_make_folder(const config *settings, const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *state = g_build_filename(g_get_user_state_dir(), "backstop", NULL);
    if (settings->file == NULL && g_str_equal(folder, state)) {
        g_mkdir_with_parents(folder, 0700);
    }
}

static void print_error(const char *text)
{
    g_autoptr(GString) line = g_string_new("backstop: ");
    terminal_append_escaped(line, text);
    fprintf(stderr, "%s\n", line->str);
}

void app_context_print_errors(const GPtrArray *errors)
{
    for (unsigned i = 0; i < errors->len; i++) {
        print_error(g_ptr_array_index(errors, i));
    }
}

/* One part could not be had: an error if it is needed, else kept for whoever asks. */
static backstop_status miss(app_context *context, const char *setting, bool is_needed,
                            backstop_status status, const char *why, GPtrArray *errors)
{
    config_add_error(context->settings, setting, why, is_needed ? errors : context->absent);
    return is_needed ? status : BACKSTOP_OK;
}

static backstop_status open_keys(app_context *context, bool is_needed, GPtrArray *errors)
{
    backstop_error error;
    backstop_status status =
        backstop_keys_load(context->settings->key_file, &context->keys, &error);
    if (status != BACKSTOP_OK) {
        return miss(context, "key-file", is_needed, status, error.text, errors);
    }
    return BACKSTOP_OK;
}

/* Whose files those of the store are to be. */
typedef struct owner {
    uid_t user;
    gid_t group;
} owner;

static owner find_owner(const char *store)
{
    struct stat info;
    g_autofree char *folder = g_path_get_dirname(store);
    if (geteuid() == 0 && (stat(store, &info) == 0 || stat(folder, &info) == 0)) {
        return (owner){ info.st_uid, info.st_gid };
    }
    return (owner){ geteuid(), getegid() };
}

/* Root alone may do this, and nobody else's effective ids change. */
static bool act_as(owner who)
{
    if (who.user == 0) {
        return seteuid(0) == 0 && setegid(who.group) == 0;
    }
    return setegid(who.group) == 0 && seteuid(who.user) == 0;
}

static backstop_status open_as_owner(const char *path, const backstop_keys *keys,
                                     backstop_store **out, backstop_error *error)
{
    owner us = { geteuid(), getegid() };
    owner them = find_owner(path);
    if (us.user == them.user) {
        return backstop_store_open(path, keys, out, error);
    }
    backstop_status status;
    if (act_as(them)) {
        status = backstop_store_open(path, keys, out, error);
    } else {
        status = error_fail(error, BACKSTOP_ERROR_STORE, "%s: cannot become its owner: %s", path,
                            g_strerror(errno));
    }
    if (!act_as(us)) {
        g_error("cannot become root again: %s", g_strerror(errno));
    }
    return status;
}

static backstop_status open_store(app_context *context, bool is_needed, GPtrArray *errors)
{
    const config *settings = context->settings;
    if (context->keys == NULL) {
        return BACKSTOP_OK; /* then it is not needed either, and open_keys() has told */
    }
    if (is_needed) {
        app_context_make_folder(settings, settings->store);
    } else if (!is_there(settings->store)) {
        return miss(context, "store", false, BACKSTOP_OK, "there is no store yet", errors);
    }
    backstop_error error;
    backstop_status status = open_as_owner(settings->store, context->keys, &context->store, &error);
    if (status != BACKSTOP_OK) {
        return miss(context, "store", is_needed, status, error.text, errors);
    }
    backstop_store_set_days(context->store, (unsigned)settings->ledger_days);
    backstop_store_set_history_days(context->store, (unsigned)settings->history_days);
    return BACKSTOP_OK;
}

void app_context_close(app_context *context)
{
    if (context == NULL) {
        return;
    }
    backstop_store_close(context->store);
    backstop_keys_free(context->keys);
    backstop_site_free(context->site);
    config_free(context->settings);
    g_ptr_array_unref(context->absent);
    g_free(context->notice);
    g_free(context);
}

backstop_status app_context_open(const app_choice *choice, unsigned needs, app_context **out,
                                 GPtrArray *errors)
{
    *out = NULL;
    char *notice = NULL;
    config *settings = find_settings(choice, needs == APP_NEEDS_NOTHING ? &notice : NULL, errors);
    if (settings == NULL) {
        return BACKSTOP_ERROR_INVALID;
    }
    app_context *context = g_new0(app_context, 1);
    context->settings = settings;
    context->notice = notice;
    context->absent = g_ptr_array_new_with_free_func(g_free);
    context->site = config_make_site(settings, errors);
    backstop_status status = context->site == NULL ? BACKSTOP_ERROR_INVALID : BACKSTOP_OK;
    bool needs_store = (needs & APP_NEEDS_STORE) != 0;
    if (status == BACKSTOP_OK) {
        status = open_keys(context, needs_store || (needs & APP_NEEDS_KEYS) != 0, errors);
    }
    if (status == BACKSTOP_OK) {
        status = open_store(context, needs_store, errors);
    }
    if (status != BACKSTOP_OK) {
        g_clear_pointer(&context, app_context_close);
    }
    *out = context;
    return status;
}

void app_context_print_absent(const app_context *context, const app_choice *choice)
{
    if (context->notice != NULL) {
        print_error(context->notice);
    }
    bool is_chosen = choice->config != NULL || choice->key_file != NULL || choice->store != NULL;
    if (is_chosen || context->settings->file != NULL) {
        app_context_print_errors(context->absent);
    }
}
