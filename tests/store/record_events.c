/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Fills the history of a store, as the daemon does, for tests/cli.
 *
 * Usage: record_events STORE KEY-FILE NOW < LINES
 * Each line is an event, its members behind tabs as NAME=VALUE, NAMEs as those of backstop_event,
 * flags "1", `count` how often; or "observe=TIME". Times are seconds since 1970. What is not named
 * is as in a genuine, likely failure notice that was marked. Exit status 1 after an error.
 */
#include <backstop/history.h>

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which value has that name; 0 if none has. */
static int number_of(const char *name, const char *(*name_of)(int), int count)
{
    for (int i = 0; i < count; i++) {
        if (g_strcmp0(name_of(i), name) == 0) {
            return i;
        }
    }
    return 0;
}

static const char *verdict_name(int i)
{
    return backstop_verdict_name((backstop_verdict)i);
}

static const char *confidence_name(int i)
{
    return backstop_confidence_name((backstop_confidence)i);
}

static const char *disposition_name(int i)
{
    return backstop_disposition_name((backstop_disposition)i);
}

static bool set_text(backstop_event *event, const char *name, const char *value)
{
    const struct {
        const char *name, **place;
    } texts[] = {
        { "queue_id", &event->queue_id },
        { "by", &event->by },
        { "kind", &event->kind },
        { "reason", &event->reason },
        { "recipient", &event->recipient },
        { "client_ip", &event->client_ip },
        { "outbound_path", &event->outbound_path },
        { "message_id", &event->message_id },
        { "explanation", &event->explanation },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (g_str_equal(texts[i].name, name)) {
            *texts[i].place = value[0] == '\0' ? NULL : value;
            return true;
        }
    }
    return false;
}

static void set_number(backstop_event *event, const char *name, const char *value)
{
    if (g_str_equal(name, "when_sec")) {
        event->when_sec = strtoll(value, NULL, 10);
    } else if (g_str_equal(name, "verdict")) {
        event->verdict = (backstop_verdict)number_of(value, verdict_name, 4);
    } else if (g_str_equal(name, "confidence")) {
        event->confidence = (backstop_confidence)number_of(value, confidence_name, 3);
    } else if (g_str_equal(name, "done")) {
        event->done = (backstop_disposition)number_of(value, disposition_name, 5);
    } else if (g_str_equal(name, "enforced")) {
        event->enforced = (backstop_disposition)number_of(value, disposition_name, 5);
    } else if (g_str_equal(name, "has_genuine_witness")) {
        event->has_genuine_witness = value[0] == '1';
    } else if (g_str_equal(name, "has_tag")) {
        event->has_tag = value[0] == '1';
    } else if (g_str_equal(name, "is_explained")) {
        event->is_explained = value[0] == '1';
    } else {
        fprintf(stderr, "record_events: no member %s\n", name);
        exit(64);
    }
}

static backstop_status record(backstop_store *store, char *line, int64_t now_sec,
                              backstop_error *error)
{
    backstop_event event = {
        .when_sec = now_sec,
        .verdict = BACKSTOP_VERDICT_GENUINE,
        .confidence = BACKSTOP_CONFIDENCE_LIKELY,
        .kind = "failure",
        .done = BACKSTOP_DISPOSITION_MARK,
        .enforced = BACKSTOP_DISPOSITION_MARK,
        .has_genuine_witness = true,
        .has_tag = true,
    };
    size_t count = 1;
    g_auto(GStrv) members = g_strsplit(g_strchomp(line), "\t", 0);
    for (char **member = members; *member != NULL; member++) {
        char *value = strchr(*member, '=');
        if (value == NULL) {
            continue;
        }
        *value++ = '\0';
        if (g_str_equal(*member, "observe")) {
            return backstop_store_note_observing(store, strtoll(value, NULL, 10), error);
        }
        if (g_str_equal(*member, "count")) {
            count = (size_t)strtoll(value, NULL, 10);
        } else if (!set_text(&event, *member, value)) {
            set_number(&event, *member, value);
        }
    }
    g_autofree backstop_event *events = g_new(backstop_event, count);
    for (size_t i = 0; i < count; i++) {
        events[i] = event;
    }
    return backstop_store_add_events(store, events, count, now_sec, error);
}

static backstop_status record_all(backstop_store *store, int64_t now_sec, backstop_error *error)
{
    char *line = NULL;
    size_t size = 0;
    backstop_status status = BACKSTOP_OK;
    while (status == BACKSTOP_OK && getline(&line, &size, stdin) > 0) {
        status = record(store, line, now_sec, error);
    }
    free(line);
    return status;
}

int main(int argc, char **argv)
{
    backstop_keys *keys;
    backstop_store *store;
    backstop_error error = { "" };
    if (argc != 4) {
        fputs("usage: record_events STORE KEY-FILE NOW\n", stderr);
        return 64;
    }
    backstop_status status = backstop_keys_load(argv[2], &keys, &error);
    if (status == BACKSTOP_OK) {
        status = backstop_store_open(argv[1], keys, &store, &error);
        if (status == BACKSTOP_OK) {
            status = record_all(store, strtoll(argv[3], NULL, 10), &error);
            backstop_store_close(store);
        }
        backstop_keys_free(keys);
    }
    if (status != BACKSTOP_OK) {
        fprintf(stderr, "record_events: %s\n", error.text);
        return 1;
    }
    return 0;
}
