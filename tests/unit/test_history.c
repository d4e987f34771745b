/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The history: counted, told, bounded, forgotten; and the readiness that comes of it. */
#include "store_fixture.h"

#include <backstop/history.h>

#include <sqlite3.h>

#define ALICE "alice@our.example"
#define BOB "bob@our.example"

static backstop_event event_at(int64_t when_sec, const char *queue_id)
{
    return (backstop_event){
        .when_sec = when_sec,
        .queue_id = queue_id,
        .verdict = BACKSTOP_VERDICT_GENUINE,
        .confidence = BACKSTOP_CONFIDENCE_LIKELY,
        .by = "ledger",
        .kind = "failure",
        .reason = "user_unknown",
        .recipient = ALICE,
        .client_ip = "203.0.113.9",
        .outbound_path = "192.0.2.5",
        .done = BACKSTOP_DISPOSITION_MARK,
        .enforced = BACKSTOP_DISPOSITION_MARK,
        .has_genuine_witness = true,
        .has_tag = true,
        .message_id = "<1@our.example>",
        .explanation = "This notice is about a message that was really sent from here.",
    };
}

static backstop_event forged_at(int64_t when_sec, const char *queue_id)
{
    backstop_event event = event_at(when_sec, queue_id);
    event.verdict = BACKSTOP_VERDICT_BACKSCATTER;
    event.confidence = BACKSTOP_CONFIDENCE_PROVEN;
    event.by = "tag";
    event.enforced = BACKSTOP_DISPOSITION_REJECT;
    event.has_genuine_witness = false;
    event.has_tag = false;
    return event;
}

static backstop_event untagged_at(int64_t when_sec, const char *recipient, const char *path)
{
    backstop_event event = event_at(when_sec, "Q");
    event.recipient = recipient;
    event.outbound_path = path;
    event.has_tag = false;
    return event;
}

static void add(backstop_store *store, const backstop_event *events, size_t count, int64_t now_sec)
{
    backstop_error error = { "" };
    if (backstop_store_add_events(store, events, count, now_sec, &error) != BACKSTOP_OK) {
        fail_msg("%s", error.text);
    }
}

static void add_one(backstop_store *store, backstop_event event)
{
    add(store, &event, 1, event.when_sec);
}

static backstop_report *report_of(backstop_store *store, int64_t from_sec, int64_t until_sec)
{
    backstop_report *report;
    backstop_error error = { "" };
    if (backstop_store_report(store, from_sec, until_sec, &report, &error) != BACKSTOP_OK) {
        fail_msg("%s", error.text);
    }
    return report;
}

static size_t stories_count(backstop_store *store, const char *queue_id)
{
    backstop_stories *stories;
    assert_int_equal(backstop_store_find_event(store, queue_id, &stories, NULL), BACKSTOP_OK);
    size_t count = stories->count;
    backstop_stories_free(stories);
    return count;
}

/* How many notices are counted in all. */
static uint64_t counted(backstop_store *store)
{
    uint64_t sum = 0;
    backstop_report *report = report_of(store, 0, INT64_MAX);
    for (size_t i = 0; i < report->tally_count; i++) {
        sum += report->tallies[i].count;
    }
    backstop_report_free(report);
    return sum;
}

static backstop_readiness readiness_at(backstop_store *store, int64_t now_sec)
{
    backstop_readiness readiness;
    assert_int_equal(backstop_store_get_readiness(store, now_sec, &readiness, NULL), BACKSTOP_OK);
    return readiness;
}

static void observe(backstop_store *store, int64_t now_sec)
{
    assert_int_equal(backstop_store_note_observing(store, now_sec, NULL), BACKSTOP_OK);
}

/* ---- stories ---- */

static void test_story(void **state)
{
    fixture *f = *state;
    backstop_event event = event_at(NOW_SEC, "4A5F02C1D3");
    event.recipient = "Alice+Offers@OUR.example";
    add_one(fixture_open(f), event);
    backstop_stories *stories;
    assert_int_equal(backstop_store_find_event(fixture_open(f), "4A5F02C1D3", &stories, NULL),
                     BACKSTOP_OK);
    assert_int_equal(stories->count, 1);
    const backstop_event *e = stories->events;
    assert_int_equal(e->when_sec, NOW_SEC);
    assert_string_equal(e->queue_id, "4A5F02C1D3");
    assert_int_equal(e->verdict, BACKSTOP_VERDICT_GENUINE);
    assert_int_equal(e->confidence, BACKSTOP_CONFIDENCE_LIKELY);
    assert_string_equal(e->by, "ledger");
    assert_string_equal(e->kind, "failure");
    assert_string_equal(e->reason, "user_unknown");
    assert_string_equal(e->recipient, "alice+offers@our.example");
    assert_string_equal(e->client_ip, "203.0.113.9");
    assert_string_equal(e->outbound_path, "192.0.2.5");
    assert_int_equal(e->done, BACKSTOP_DISPOSITION_MARK);
    assert_int_equal(e->enforced, BACKSTOP_DISPOSITION_MARK);
    assert_true(e->has_genuine_witness);
    assert_true(e->has_tag);
    assert_false(e->is_explained);
    assert_string_equal(e->message_id, "<1@our.example>");
    assert_string_equal(e->explanation, event.explanation);
    backstop_stories_free(stories);
    backstop_stories_free(NULL);
    assert_int_equal(stories_count(f->store, "4A5F02C1D"), 0);
}

static void test_story_of_nothing(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    const backstop_event nothing = { .queue_id = "Q", .is_explained = true };
    add(store, &nothing, 1, NOW_SEC);
    add(store, NULL, 0, NOW_SEC);
    backstop_stories *stories;
    assert_int_equal(backstop_store_find_event(store, "Q", &stories, NULL), BACKSTOP_OK);
    assert_int_equal(stories->count, 1);
    const backstop_event *e = stories->events;
    assert_null(e->by);
    assert_string_equal(e->kind, "none");
    assert_null(e->recipient);
    assert_null(e->outbound_path);
    assert_null(e->explanation);
    assert_true(e->is_explained);
    backstop_stories_free(stories);
    assert_int_equal(stories_count(store, ""), 0);
}

/* An id that came again: the latest first, and not more than a screen full. */
static void test_stories_of_one_id(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    for (int i = 0; i < 50; i++) {
        add_one(store, event_at(NOW_SEC + i % 7, "Q"));
        add_one(store, forged_at(NOW_SEC + 10 + i, "Q"));
    }
    backstop_stories *stories;
    assert_int_equal(backstop_store_find_event(store, "Q", &stories, NULL), BACKSTOP_OK);
    assert_int_equal(stories->count, BACKSTOP_STORY_FOUND_MAX);
    for (size_t i = 0; i < stories->count; i++) {
        assert_int_equal(stories->events[i].when_sec, NOW_SEC + 59 - (int64_t)i);
    }
    backstop_stories_free(stories);
}

/* Texts are cut, not inside of a character. */
static void test_long_texts(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    g_autofree char *ascii = g_strnfill(100000, 'a');
    g_autoptr(GString) wide = g_string_new("a");
    for (int i = 0; i < 5000; i++) {
        g_string_append(wide, "\xe2\x82\xac");
    }
    g_autofree char *junk = g_strnfill(5000, (char)0x80);
    backstop_event event = event_at(NOW_SEC, ascii);
    event.explanation = wide->str;
    event.message_id = wide->str;
    event.client_ip = junk;
    event.recipient = ascii;
    add_one(store, event);
    backstop_stories *stories;
    assert_int_equal(backstop_store_find_event(store, ascii, &stories, NULL), BACKSTOP_OK);
    assert_int_equal(stories->count, 1);
    assert_int_equal(strlen(stories->events[0].queue_id), 128);
    assert_int_equal(strlen(stories->events[0].explanation), 1024);
    assert_true(g_utf8_validate(stories->events[0].explanation, -1, NULL));
    assert_int_equal(strlen(stories->events[0].message_id), 256);
    assert_true(g_utf8_validate(stories->events[0].message_id, -1, NULL));
    assert_int_equal(strlen(stories->events[0].client_ip), 128);
    assert_true(strlen(stories->events[0].recipient) <= 256);
    backstop_stories_free(stories);
}

/* ---- counting ---- */

static void test_report(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    backstop_event events[300];
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        events[i] = i % 3 == 0 ? event_at(NOW_SEC, "Q") : forged_at(NOW_SEC + DAY_SEC, "Q");
    }
    add(store, events, G_N_ELEMENTS(events), NOW_SEC + DAY_SEC);
    backstop_report *report = report_of(store, NOW_SEC, NOW_SEC + DAY_SEC);
    assert_int_equal(report->tally_count, 2);
    const backstop_tally *t = report->tallies;
    assert_int_equal(t[0].day_sec, (int64_t)TODAY * DAY_SEC);
    assert_int_equal(t[0].verdict, BACKSTOP_VERDICT_GENUINE);
    assert_int_equal(t[0].confidence, BACKSTOP_CONFIDENCE_LIKELY);
    assert_string_equal(t[0].kind, "failure");
    assert_int_equal(t[0].done, BACKSTOP_DISPOSITION_MARK);
    assert_int_equal(t[0].enforced, BACKSTOP_DISPOSITION_MARK);
    assert_int_equal(t[0].count, 100);
    assert_int_equal(t[0].untagged, 0);
    assert_int_equal(t[1].day_sec, ((int64_t)TODAY + 1) * DAY_SEC);
    assert_int_equal(t[1].verdict, BACKSTOP_VERDICT_BACKSCATTER);
    assert_int_equal(t[1].enforced, BACKSTOP_DISPOSITION_REJECT);
    assert_int_equal(t[1].count, 200);
    assert_int_equal(report->untagged_count, 0);
    backstop_report_free(report);
    report = report_of(store, NOW_SEC - 3 * DAY_SEC, NOW_SEC);
    assert_int_equal(report->tally_count, 1);
    backstop_report_free(report);
    report = report_of(store, NOW_SEC - 3 * DAY_SEC, NOW_SEC - DAY_SEC);
    assert_int_equal(report->tally_count, 0);
    backstop_report_free(report);
    backstop_report_free(NULL);
}

/* A clock that is behind its own events makes no days to come. */
static void test_events_to_come(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    const backstop_event event = event_at(NOW_SEC + 300 * DAY_SEC, "Q");
    add(store, &event, 1, NOW_SEC);
    backstop_report *report = report_of(store, 0, NOW_SEC);
    assert_int_equal(report->tally_count, 1);
    backstop_report_free(report);
}

static void test_untagged(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    backstop_event explained = untagged_at(NOW_SEC, BOB, "198.51.100.7");
    explained.is_explained = true;
    for (int i = 0; i < 5; i++) {
        add_one(store, explained);
    }
    add_one(store, untagged_at(NOW_SEC, "alice+a@our.example", "198.51.100.7"));
    add_one(store, untagged_at(NOW_SEC + DAY_SEC, ALICE, "198.51.100.7"));
    add_one(store, untagged_at(NOW_SEC, ALICE, NULL));
    add_one(store, event_at(NOW_SEC, "Q"));
    add_one(store, forged_at(NOW_SEC, "Q"));
    backstop_report *report = report_of(store, NOW_SEC, NOW_SEC + DAY_SEC);
    assert_int_equal(report->untagged_count, 3);
    const backstop_untagged *u = report->untagged;
    assert_string_equal(u[0].sender, ALICE);
    assert_string_equal(u[0].outbound_path, "198.51.100.7");
    assert_int_equal(u[0].count, 2);
    assert_int_equal(u[0].unexplained, 2);
    assert_int_equal(u[0].last_day_sec, ((int64_t)TODAY + 1) * DAY_SEC);
    assert_string_equal(u[1].sender, ALICE);
    assert_null(u[1].outbound_path);
    assert_int_equal(u[1].unexplained, 1);
    assert_string_equal(u[2].sender, BOB);
    assert_int_equal(u[2].count, 5);
    assert_int_equal(u[2].unexplained, 0);
    uint64_t untagged = 0, unexplained = 0;
    for (size_t i = 0; i < report->tally_count; i++) {
        untagged += report->tallies[i].untagged;
        unexplained += report->tallies[i].unexplained;
    }
    assert_int_equal(untagged, 8);
    assert_int_equal(unexplained, 3);
    backstop_report_free(report);
}

/* ---- bounds ---- */

/* A flood drives out its own oldest stories alone, and all of it is counted. */
static void test_flood(void **state)
{
    enum { FLOOD = 60000 };
    backstop_store *store = fixture_open_memory(*state);
    add_one(store, event_at(NOW_SEC, "GENUINE"));
    add_one(store, forged_at(NOW_SEC, "FIRST"));
    g_autofree backstop_event *events = g_new(backstop_event, FLOOD);
    for (size_t i = 0; i < FLOOD; i++) {
        events[i] = forged_at(NOW_SEC, "FLOOD");
    }
    events[FLOOD - 1].queue_id = "LAST";
    events[FLOOD - BACKSTOP_STORIES_MAX / 2].queue_id = "KEPT";
    events[FLOOD - BACKSTOP_STORIES_MAX / 2 - 1].queue_id = "GONE";
    add(store, events, FLOOD, NOW_SEC);
    assert_int_equal(counted(store), FLOOD + 2);
    assert_int_equal(stories_count(store, "GENUINE"), 1);
    assert_int_equal(stories_count(store, "LAST"), 1);
    assert_int_equal(stories_count(store, "KEPT"), 1);
    assert_int_equal(stories_count(store, "GONE"), 0);
    assert_int_equal(stories_count(store, "FIRST"), 0);
}

/* Who makes up paths drives out the oldest of them, and hides none of the sums. */
static void test_many_paths(void **state)
{
    enum { PATHS = BACKSTOP_UNTAGGED_MAX + 20 };
    backstop_store *store = fixture_open_memory(*state);
    GStringChunk *strings = g_string_chunk_new(4096);
    g_autofree backstop_event *events = g_new(backstop_event, PATHS);
    for (size_t i = 0; i < PATHS; i++) {
        g_autofree char *path = g_strdup_printf("h%05zu.example", i);
        events[i] = untagged_at(NOW_SEC, ALICE, g_string_chunk_insert(strings, path));
    }
    add(store, events, PATHS, NOW_SEC);
    backstop_report *report = report_of(store, NOW_SEC, NOW_SEC);
    assert_int_equal(report->untagged_count, BACKSTOP_UNTAGGED_MAX);
    assert_int_equal(report->tally_count, 1);
    assert_int_equal(report->tallies[0].untagged, PATHS);
    assert_int_equal(report->tallies[0].unexplained, PATHS);
    backstop_report_free(report);
    g_string_chunk_free(strings);
}

/* ---- what goes ---- */

static void test_expire(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    backstop_store_set_history_days(store, 10);
    add_one(store, untagged_at(NOW_SEC, ALICE, "198.51.100.7"));
    for (int i = 0; i < 2500; i++) {
        add_one(store, event_at(NOW_SEC, "OLD"));
    }
    add_one(store, event_at(NOW_SEC + 5 * DAY_SEC, "NEW"));
    add_one(store, forged_at(NOW_SEC, "OLD"));
    observe(store, NOW_SEC);
    assert_int_equal(backstop_store_expire(store, NOW_SEC + 10 * DAY_SEC, NULL, NULL), BACKSTOP_OK);
    assert_int_equal(stories_count(store, "OLD"), BACKSTOP_STORY_FOUND_MAX);
    assert_int_equal(backstop_store_expire(store, NOW_SEC + 11 * DAY_SEC, NULL, NULL), BACKSTOP_OK);
    assert_int_equal(stories_count(store, "OLD"), 0);
    assert_int_equal(stories_count(store, "Q"), 0);
    assert_int_equal(stories_count(store, "NEW"), 1);
    backstop_report *report = report_of(store, 0, NOW_SEC + 30 * DAY_SEC);
    assert_int_equal(report->untagged_count, 0);
    backstop_report_free(report);
    /* What names nobody stays for a month, for readiness needs it. */
    assert_int_equal(counted(store), 2503);
    assert_int_equal(readiness_at(store, NOW_SEC + 11 * DAY_SEC).observed_days, 1);
    assert_int_equal(readiness_at(store, NOW_SEC + 11 * DAY_SEC).untagged_unexplained, 1);
    assert_int_equal(backstop_store_expire(store, NOW_SEC + 31 * DAY_SEC, NULL, NULL), BACKSTOP_OK);
    assert_int_equal(counted(store), 1);
    assert_int_equal(readiness_at(store, NOW_SEC + 29 * DAY_SEC).observed_days, 0);
}

/* How often a text stands in the file or beside it. */
static unsigned count_traces(const char *path, const char *text)
{
    static const char *const endings[] = { "", "-wal" };
    unsigned count = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *file = g_strconcat(path, endings[i], NULL);
        g_autofree char *bytes = NULL;
        gsize len = 0;
        if (!g_file_get_contents(file, &bytes, &len, NULL)) {
            continue;
        }
        for (gsize at = 0; at + strlen(text) <= len; at++) {
            count += memcmp(bytes + at, text, strlen(text)) == 0;
        }
    }
    return count;
}

static void test_forget(void **state)
{
    fixture *f = *state;
    backstop_store *store = fixture_open(f);
    backstop_event events[2200];
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        events[i] = untagged_at(NOW_SEC, i % 2 == 0 ? "zoe@our.example" : BOB, "192.0.2.5");
    }
    add(store, events, G_N_ELEMENTS(events), NOW_SEC);
    add_one(store, untagged_at(NOW_SEC, "prvs=1234abcdef=zoe+x@our.example", "192.0.2.6"));
    assert_true(count_traces(f->path, "zoe") > 0);
    uint64_t removed = 12345;
    assert_int_equal(backstop_store_forget(store, "Zoe@our.example", &removed, NULL), BACKSTOP_OK);
    assert_int_equal(removed, 0); /* of the ledger */
    assert_int_equal(count_traces(f->path, "zoe"), 0);
    assert_true(count_traces(f->path, "bob") > 0);
    backstop_report *report = report_of(store, NOW_SEC, NOW_SEC);
    assert_int_equal(report->untagged_count, 1);
    assert_string_equal(report->untagged[0].sender, BOB);
    assert_int_equal(report->untagged[0].count, 1100);
    backstop_report_free(report);
    assert_int_equal(counted(store), 2201);
}

/* ---- readiness ---- */

static void test_readiness(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    backstop_readiness ready = readiness_at(store, NOW_SEC);
    assert_int_equal(ready.observed_since_sec, 0);
    assert_int_equal(ready.observed_days, 0);
    assert_false(backstop_readiness_is_enough(&ready));
    for (int day = 0; day < 14; day++) {
        observe(store, NOW_SEC + day * DAY_SEC);
        observe(store, NOW_SEC + day * DAY_SEC + 3600);
    }
    ready = readiness_at(store, NOW_SEC + 14 * DAY_SEC - 1);
    assert_int_equal(ready.observed_since_sec, NOW_SEC);
    assert_int_equal(ready.observed_last_sec, NOW_SEC + 13 * DAY_SEC + 3600);
    assert_int_equal(ready.observed_days, 13);
    assert_false(backstop_readiness_is_enough(&ready));
    ready = readiness_at(store, NOW_SEC + 14 * DAY_SEC);
    assert_int_equal(ready.observed_days, 14);
    assert_true(backstop_readiness_is_enough(&ready));
    backstop_event explained = untagged_at(NOW_SEC + 14 * DAY_SEC, ALICE, NULL);
    explained.is_explained = true;
    add_one(store, explained);
    ready = readiness_at(store, NOW_SEC + 14 * DAY_SEC);
    assert_true(backstop_readiness_is_enough(&ready));
    add_one(store, untagged_at(NOW_SEC + 14 * DAY_SEC, ALICE, NULL));
    ready = readiness_at(store, NOW_SEC + 14 * DAY_SEC);
    assert_int_equal(ready.untagged_unexplained, 1);
    assert_false(backstop_readiness_is_enough(&ready));
    assert_int_equal(readiness_at(store, NOW_SEC + 27 * DAY_SEC).untagged_unexplained, 1);
    assert_int_equal(readiness_at(store, NOW_SEC + 28 * DAY_SEC).untagged_unexplained, 0);
    /* Long ago is not observed. */
    assert_int_equal(readiness_at(store, NOW_SEC + 60 * DAY_SEC).observed_days, 0);
}

/* One day of running, or a clock that leaps, is no fortnight. */
static void test_readiness_is_not_a_span(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    observe(store, NOW_SEC);
    observe(store, NOW_SEC + 20 * DAY_SEC);
    assert_int_equal(readiness_at(store, NOW_SEC + 20 * DAY_SEC).observed_days, 2);
    /* A clock that was ahead. */
    observe(store, NOW_SEC + 4000 * (int64_t)DAY_SEC);
    observe(store, NOW_SEC + DAY_SEC);
    assert_int_equal(readiness_at(store, NOW_SEC + DAY_SEC).observed_since_sec, NOW_SEC);
    observe(store, NOW_SEC - DAY_SEC);
    assert_int_equal(readiness_at(store, NOW_SEC - DAY_SEC).observed_since_sec, NOW_SEC - DAY_SEC);
}

/* ---- the file ---- */

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* A store of the first version gains the history, and keeps its ledger. */
static void test_migration(void **state)
{
    fixture *f = *state;
    fixture_record(fixture_open(f), "<1@our.example>", ALICE, "nobody@remote.example", NOW_SEC);
    backstop_store_close(f->store);
    f->store = NULL;
    run_sql(f->path, "DROP TABLE tallies; DROP TABLE stories; DROP TABLE untagged; "
                     "DROP TABLE observed; PRAGMA user_version = 1");
    backstop_store *store = fixture_open(f);
    assert_string_equal(
        fixture_find(store, "<1@our.example>", ALICE, "nobody@remote.example", NOW_SEC), "mdpe");
    add_one(store, untagged_at(NOW_SEC, ALICE, NULL));
    observe(store, NOW_SEC);
    assert_int_equal(counted(store), 1);
    assert_int_equal(counted(fixture_open(f)), 1);
}

/* A store that was moved away says so, to all. */
static void test_moved_away(void **state)
{
    fixture *f = *state;
    backstop_store *store = fixture_open(f);
    const backstop_event event = event_at(NOW_SEC, "Q");
    backstop_report *report = (backstop_report *)f;
    backstop_stories *stories = (backstop_stories *)f;
    backstop_readiness readiness = { .observed_days = 99 };
    backstop_error error = { "" };
    g_autofree char *elsewhere = g_strconcat(f->path, "-moved", NULL);
    assert_int_equal(g_rename(f->path, elsewhere), 0);
    assert_int_equal(backstop_store_add_events(store, &event, 1, NOW_SEC, &error),
                     BACKSTOP_ERROR_STORE);
    assert_non_null(strstr(error.text, f->path));
    assert_int_equal(backstop_store_note_observing(store, NOW_SEC, NULL), BACKSTOP_ERROR_STORE);
    assert_int_equal(backstop_store_report(store, 0, NOW_SEC, &report, NULL), BACKSTOP_ERROR_STORE);
    assert_null(report);
    assert_int_equal(backstop_store_find_event(store, "Q", &stories, NULL), BACKSTOP_ERROR_STORE);
    assert_null(stories);
    assert_int_equal(backstop_store_get_readiness(store, NOW_SEC, &readiness, NULL),
                     BACKSTOP_ERROR_STORE);
    assert_int_equal(readiness.observed_days, 0);
    assert_int_equal(backstop_store_forget(store, ALICE, NULL, NULL), BACKSTOP_ERROR_STORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_story),
        FIXTURE_TEST(test_story_of_nothing),
        FIXTURE_TEST(test_stories_of_one_id),
        FIXTURE_TEST(test_long_texts),
        FIXTURE_TEST(test_report),
        FIXTURE_TEST(test_events_to_come),
        FIXTURE_TEST(test_untagged),
        FIXTURE_TEST(test_flood),
        FIXTURE_TEST(test_many_paths),
        FIXTURE_TEST(test_expire),
        FIXTURE_TEST(test_forget),
        FIXTURE_TEST(test_readiness),
        FIXTURE_TEST(test_readiness_is_not_a_span),
        FIXTURE_TEST(test_migration),
        FIXTURE_TEST(test_moved_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
