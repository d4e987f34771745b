/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstopd/service.h"

#include "backstopd/event_queue.h"
#include "backstopd/gate.h"
#include "backstopd/log.h"
#include "backstopd/notify.h"
#include "backstopd/socket_file.h"

#include <backstop/sign.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

struct service {
    char *file;
    daemon_log log;
    pthread_mutex_t lock; /* of `settings`, for those who take or swap them */
    service_settings *settings;
    atomic_uint in_flight;
    event_queue events;
    pthread_t writer;
    atomic_bool enforces;
    atomic_bool is_paused;
    atomic_bool is_listening;
    _Atomic(int64_t) gap_sec, step_sec; /* when the last ones were; 0: never */
    /* Of the thread that calls service_open_store(). */
    int64_t closed_since_sec; /* the store is not open since then; 0: it is */
};

const service_settings *service_take(service *s)
{
    atomic_fetch_add(&s->in_flight, 1);
    pthread_mutex_lock(&s->lock);
    service_settings *settings = s->settings;
    settings_take(settings);
    pthread_mutex_unlock(&s->lock);
    return settings;
}

void service_give(const service_settings *settings)
{
    if (settings != NULL) {
        atomic_uint *in_flight = settings->in_flight;
        settings_give((service_settings *)settings);
        atomic_fetch_sub(in_flight, 1);
    }
}

backstop_store *service_store(const service_settings *settings)
{
    return atomic_load(&settings->store);
}

int64_t service_now(service *s)
{
    (void)s;
    return (int64_t)time(NULL);
}

bool service_enforces(service *s)
{
    return atomic_load(&s->enforces);
}

void service_log(service *s, int priority, const char *queue_id, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    log_write(&s->log, priority, queue_id, text);
}

void service_note_gap(service *s, const service_settings *settings, int64_t from_sec,
                      int64_t until_sec)
{
    atomic_store(&s->gap_sec, service_now(s));
    backstop_store *store = service_store(settings);
    backstop_error error;
    backstop_status status =
        store != NULL
            ? backstop_store_add_gap(store, from_sec, until_sec, &error)
            : backstop_store_note_gap(settings->config->store, from_sec, until_sec, &error);
    if (status != BACKSTOP_OK) {
        service_log(s, LOG_ERR, NULL,
                    "mail went out that is not recorded, and not even that could be written: %s",
                    error.text);
    }
}

void service_log_event(service *s, const backstop_event *event)
{
    g_autoptr(GString) line = g_string_new(NULL);
    log_append_pair(line, "verdict", backstop_verdict_name(event->verdict));
    log_append_pair(line, "confidence", backstop_confidence_name(event->confidence));
    log_append_pair(line, "by", event->by);
    log_append_pair(line, "kind", event->kind);
    log_append_pair(line, "reason", event->reason);
    log_append_pair(line, "done", backstop_disposition_name(event->done));
    log_append_pair(line, "enforced", backstop_disposition_name(event->enforced));
    log_append_pair(line, "to", event->recipient);
    log_append_pair(line, "client", event->client_ip);
    log_append_pair(line, "path", event->outbound_path);
    log_append_pair(line, "returned", event->message_id);
    log_write(&s->log, LOG_INFO, event->queue_id, line->str);
    event_queue_put(&s->events, event);
}

bool service_before_listening(service *s)
{
    const service_settings *settings = service_take(s);
    g_autofree char *problem = NULL;
    bool is_clear = socket_file_clear(settings->config->milter, &problem);
    if (!is_clear) {
        service_log(s, LOG_ERR, NULL, "%s", problem);
    }
    service_give(settings);
    return is_clear;
}

/* The time from when a daemon last saw mail until now is a gap: the mail server may have let mail
 * pass meanwhile. */
static void note_absence(service *s, const service_settings *settings)
{
    backstop_store *store = service_store(settings);
    backstop_readiness readiness;
    int64_t now_sec = service_now(s);
    if (store == NULL ||
        backstop_store_get_readiness(store, now_sec, &readiness, NULL) != BACKSTOP_OK ||
        readiness.observed_last_sec == 0) {
        return;
    }
    backstop_error error;
    if (backstop_store_add_gap(store, readiness.observed_last_sec, now_sec, &error) !=
        BACKSTOP_OK) {
        service_log(s, LOG_ERR, NULL, "the time without a daemon could not be recorded: %s",
                    error.text);
    }
}

bool service_after_listening(service *s)
{
    const service_settings *settings = service_take(s);
    g_autofree char *problem = NULL;
    bool is_ready = socket_file_grant(settings->config->milter, settings->milter_group, &problem);
    if (is_ready) {
        service_log(s, LOG_NOTICE, NULL, "ready on %s, mode %s", settings->config->milter,
                    service_enforces(s) ? "enforce" : "observe");
        /* No mail is asked about before we return. But since the last daemon ended, some may have
         * passed. */
        note_absence(s, settings);
        atomic_store(&s->is_listening, true);
        service_observe(s);
        notify_ready();
    } else {
        service_log(s, LOG_ERR, NULL, "%s", problem);
    }
    service_give(settings);
    return is_ready;
}

bool service_is_listening(service *s)
{
    return atomic_load(&s->is_listening);
}

void service_end_listening(service *s)
{
    if (service_is_listening(s)) {
        service_observe(s);
        atomic_store(&s->is_listening, false);
    }
}

/* Writes what the queue holds, if the store is open. */
static void write_events(service *s, backstop_status *before)
{
    uint64_t dropped = event_queue_take_dropped(&s->events);
    if (dropped > 0) {
        service_log(s, LOG_WARNING, NULL,
                    "%" G_GUINT64_FORMAT " notices are missing from the history: the store takes "
                    "none",
                    dropped);
    }
    const service_settings *settings = service_take(s);
    backstop_store *store = service_store(settings);
    if (store != NULL) {
        backstop_error error;
        backstop_status status = event_queue_flush(&s->events, store, service_now(s), &error);
        if (status != BACKSTOP_OK && status != *before) {
            service_log(s, LOG_WARNING, NULL, "the history waits: %s", error.text);
        }
        *before = status;
    }
    service_give(settings);
}

static void *run_writer(void *user)
{
    service *s = user;
    backstop_status status = BACKSTOP_OK;
    while (event_queue_wait(&s->events)) {
        write_events(s, &status);
    }
    write_events(s, &status);
    return NULL;
}

static void collect_facts(service *s, const service_settings *settings, gate_facts *facts)
{
    *facts = (gate_facts){
        .is_forced = settings->config->enforces_anyway,
        .gap_sec = atomic_load(&s->gap_sec),
        .step_sec = atomic_load(&s->step_sec),
    };
    gate_ask_store(service_store(settings), service_now(s), facts);
}

/* Whether the settings may be put in force. Those in which enforce has begun may: then it pauses,
 * if it must. So may those whose store is not open: they observe until it is. */
static bool may_serve(service *s, const service_settings *settings, GPtrArray *errors)
{
    const config *c = settings->config;
    if (!c->enforces || service_store(settings) == NULL || gate_has_begun(c->store)) {
        return true;
    }
    gate_facts facts;
    g_autoptr(GString) why = g_string_new(NULL);
    collect_facts(s, settings, &facts);
    if (gate_may_begin(&facts, why)) {
        return true;
    }
    g_autofree char *place = config_place(c, "mode");
    g_ptr_array_add(errors, g_strdup_printf("%senforce may not begin: %s; observe goes on, or "
                                            "enforce-anyway = yes",
                                            place, why->str));
    return false;
}

/* Puts `enforces` in force, and logs it where it changes. */
static void set_enforcing(service *s, const config *c, bool must_pause, const char *why)
{
    bool enforces = c->enforces && !must_pause;
    bool was_paused = atomic_exchange(&s->is_paused, must_pause);
    atomic_store(&s->enforces, enforces);
    if (must_pause && !was_paused) {
        service_log(s, LOG_WARNING, NULL, "enforce pauses, notices are only marked: %s", why);
        notify_status("enforce pauses; observing");
    } else if (!must_pause && was_paused) {
        service_log(s, LOG_NOTICE, NULL, enforces ? "enforce goes on" : "enforce has ended");
        notify_status(enforces ? "enforcing" : "observing");
    }
}

/* What the store and the clock say of enforcing under these settings. */
static void decide_mode(service *s, const service_settings *settings)
{
    const config *c = settings->config;
    g_autoptr(GString) why = g_string_new(NULL);
    bool must_pause = false;
    if (c->enforces) {
        gate_facts facts;
        collect_facts(s, settings, &facts);
        must_pause = gate_must_pause(&facts, why);
        if (!must_pause && !c->enforces_anyway && !gate_has_begun(c->store)) {
            must_pause = !gate_may_begin(&facts, why);
            gate_set_begun(c->store, !must_pause);
        }
    } else {
        gate_set_begun(c->store, false);
    }
    set_enforcing(s, c, must_pause, why->str);
}

/* The store of new settings. False, and told, if it was filled under another ledger key. */
static bool open_first(service *s, service_settings *settings, bool is_needed, GPtrArray *errors)
{
    backstop_error error;
    backstop_status status = settings_open_store(settings, &error);
    if (status == BACKSTOP_OK) {
        return true;
    }
    if (is_needed || status == BACKSTOP_ERROR_KEYS) {
        config_add_error(settings->config, "store", error.text, errors);
        return false;
    }
    g_autofree char *place = config_place(settings->config, "store");
    service_log(s, LOG_ERR, NULL, "%s%s", place, error.text);
    return true;
}

static service *service_alloc(const char *file, service_settings *settings)
{
    service *s = g_new0(service, 1);
    s->file = g_strdup(file);
    s->settings = settings;
    settings->in_flight = &s->in_flight;
    pthread_mutex_init(&s->lock, NULL);
    atomic_init(&s->in_flight, 0);
    atomic_init(&s->enforces, false);
    atomic_init(&s->is_paused, false);
    atomic_init(&s->is_listening, false);
    atomic_init(&s->gap_sec, 0);
    atomic_init(&s->step_sec, 0);
    event_queue_open(&s->events);
    log_open(&s->log, !settings->config->logs_to_stderr);
    return s;
}

void service_free(service *s)
{
    if (s != NULL) {
        event_queue_close(&s->events);
        settings_give(s->settings);
        pthread_mutex_destroy(&s->lock);
        g_free(s->file);
        g_free(s);
    }
}

service *service_new(const char *file, service_settings *settings, GPtrArray *errors)
{
    service *s = service_alloc(file, settings);
    if (!open_first(s, settings, false, errors) || !may_serve(s, settings, errors)) {
        service_free(s);
        return NULL;
    }
    if (service_store(settings) == NULL) {
        s->closed_since_sec = service_now(s);
    }
    service_observe(s);
    return s;
}

bool service_start(service *s)
{
    errno = pthread_create(&s->writer, NULL, run_writer, s);
    return errno == 0;
}

bool service_finish(service *s)
{
    event_queue_end(&s->events);
    pthread_join(s->writer, NULL);
    unsigned left = event_queue_length(&s->events);
    if (left > 0) {
        service_log(s, LOG_WARNING, NULL, "%u notices are missing from the history", left);
    }
    unsigned cut_off = atomic_load(&s->in_flight);
    if (cut_off > 0) {
        service_log(s, LOG_WARNING, NULL, "%u mails are cut off", cut_off);
    }
    return cut_off == 0;
}

/* What cannot change while the daemon runs. */
static void tell_unchanged(service *s, const config *before, const config *after)
{
    static const char text[] = "%s: takes effect when the daemon is started again";
    if (!g_str_equal(before->milter, after->milter)) {
        service_log(s, LOG_WARNING, NULL, text, "milter");
    }
    if (!g_str_equal(before->milter_group, after->milter_group)) {
        service_log(s, LOG_WARNING, NULL, text, "milter-group");
    }
}

/* NULL, and lines in `errors`, if anything is wrong. */
static service_settings *load_again(service *s, const service_settings *before, GPtrArray *errors)
{
    service_settings *settings = settings_load(s->file, service_now(s), errors);
    if (settings == NULL) {
        return NULL;
    }
    settings->in_flight = &s->in_flight;
    /* A store that works is not given up for one that does not. */
    bool is_needed = service_store(before) != NULL;
    if (!open_first(s, settings, is_needed, errors) || !may_serve(s, settings, errors)) {
        settings_give(settings);
        return NULL;
    }
    return settings;
}

static void swap(service *s, service_settings *settings)
{
    pthread_mutex_lock(&s->lock);
    service_settings *before = s->settings;
    s->settings = settings;
    pthread_mutex_unlock(&s->lock);
    settings_give(before);
}

void service_reload(service *s)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    const service_settings *before = service_take(s);
    service_settings *settings = load_again(s, before, errors);
    if (settings == NULL) {
        for (unsigned i = 0; i < errors->len; i++) {
            service_log(s, LOG_ERR, NULL, "%s", (const char *)g_ptr_array_index(errors, i));
        }
        service_log(s, LOG_ERR, NULL, "not reloaded: the settings stay as they were");
    } else {
        tell_unchanged(s, before->config, settings->config);
        log_direct(&s->log, !settings->config->logs_to_stderr);
        if (!g_str_equal(before->config->store, settings->config->store)) {
            note_absence(s, settings); /* it may have served before, and seen nothing since */
        }
        swap(s, settings);
        service_observe(s);
        service_log(s, LOG_NOTICE, NULL, "reloaded %s", s->file);
    }
    service_give(before);
}

void service_open_store(service *s)
{
    service_settings *settings = (service_settings *)service_take(s);
    if (service_store(settings) == NULL) {
        backstop_error error;
        int64_t now_sec = service_now(s);
        service_note_gap(s, settings, s->closed_since_sec, now_sec);
        if (settings_open_store(settings, &error) == BACKSTOP_OK) {
            service_log(s, LOG_NOTICE, NULL, "the store is open");
            note_absence(s, settings);
            service_observe(s);
        }
        s->closed_since_sec = now_sec;
    }
    service_give(settings);
}

void service_observe(service *s)
{
    const service_settings *settings = service_take(s);
    backstop_store *store = service_store(settings);
    backstop_error error;
    if (store != NULL && service_is_listening(s) &&
        backstop_store_note_observing(store, service_now(s), &error) != BACKSTOP_OK) {
        service_log(s, LOG_WARNING, NULL, "%s", error.text);
    }
    decide_mode(s, settings);
    service_give(settings);
}

void service_expire(service *s)
{
    const service_settings *settings = service_take(s);
    backstop_store *store = service_store(settings);
    uint64_t removed = 0;
    backstop_error error;
    if (store != NULL &&
        backstop_store_expire(store, service_now(s), &removed, &error) != BACKSTOP_OK) {
        service_log(s, LOG_WARNING, NULL, "%s", error.text);
    }
    if (removed > 0) {
        service_log(s, LOG_INFO, NULL, "%" G_GUINT64_FORMAT " old rows are forgotten", removed);
    }
    service_give(settings);
}

void service_note_step(service *s, int64_t by_sec)
{
    atomic_store(&s->step_sec, service_now(s));
    service_log(s, LOG_WARNING, NULL, "the clock was set by %" G_GINT64_FORMAT " s", by_sec);
    service_observe(s);
}
