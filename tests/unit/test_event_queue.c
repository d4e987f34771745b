/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Events on their way to the history: copied, in order, bounded. */
#include "backstopd/event_queue.h"

#include <backstop/keys.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1790000000, THREADS = 4, EVENTS_OF_A_THREAD = 300 };

typedef struct fixture {
    backstop_keys *keys;
    backstop_store *store;
    event_queue queue;
} fixture;

static int set_up(void **state)
{
    fixture *f = g_new0(fixture, 1);
    *state = f;
    event_queue_open(&f->queue);
    return backstop_keys_new_ephemeral(&f->keys, NULL) == BACKSTOP_OK &&
                   backstop_store_open(NULL, f->keys, &f->store, NULL) == BACKSTOP_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    event_queue_close(&f->queue);
    backstop_store_close(f->store);
    backstop_keys_free(f->keys);
    g_free(f);
    return 0;
}

static backstop_event event_of(const char *queue_id)
{
    return (backstop_event){
        .when_sec = NOW,
        .queue_id = queue_id,
        .verdict = BACKSTOP_VERDICT_BACKSCATTER,
        .confidence = BACKSTOP_CONFIDENCE_PROVEN,
        .kind = "failure",
        .recipient = "alice@our.example",
    };
}

static void put(event_queue *q, const char *queue_id)
{
    backstop_event event = event_of(queue_id);
    event_queue_put(q, &event);
}

static void assert_known(backstop_store *store, const char *queue_id, size_t count)
{
    backstop_stories *stories;
    assert_int_equal(backstop_store_find_event(store, queue_id, &stories, NULL), BACKSTOP_OK);
    assert_int_equal(stories->count, count);
    backstop_stories_free(stories);
}

static void what_is_put_is_copied(void **state)
{
    fixture *f = *state;
    char queue_id[] = "4F1";
    put(&f->queue, queue_id);
    queue_id[2] = '2';
    assert_int_equal(event_queue_flush(&f->queue, f->store, NOW, NULL), BACKSTOP_OK);
    assert_int_equal(event_queue_length(&f->queue), 0);
    assert_known(f->store, "4F1", 1);
    assert_known(f->store, "4F2", 0);
}

static void texts_of_any_length_are_bounded(void **state)
{
    fixture *f = *state;
    g_autofree char *huge = g_strnfill(1000000, 'x');
    backstop_event event = event_of("4F1");
    event.explanation = event.message_id = event.outbound_path = huge;
    event_queue_put(&f->queue, &event);
    const backstop_event *kept = g_queue_peek_head(&f->queue.events);
    assert_int_equal(strlen(kept->explanation), BACKSTOP_EXPLANATION_BYTES);
    assert_true(strlen(kept->message_id) < 1000);
    assert_true(strlen(kept->outbound_path) < 1000);
}

static void the_oldest_are_dropped_and_counted(void **state)
{
    fixture *f = *state;
    char queue_id[16];
    for (int i = 0; i < EVENT_QUEUE_MAX + 3; i++) {
        snprintf(queue_id, sizeof(queue_id), "Q%d", i);
        put(&f->queue, queue_id);
    }
    assert_int_equal(event_queue_length(&f->queue), EVENT_QUEUE_MAX);
    assert_int_equal(event_queue_take_dropped(&f->queue), 3);
    assert_int_equal(event_queue_take_dropped(&f->queue), 0);
    const backstop_event *oldest = g_queue_peek_head(&f->queue.events);
    assert_string_equal(oldest->queue_id, "Q3");
}

static void *put_many(void *user)
{
    for (int i = 0; i < EVENTS_OF_A_THREAD; i++) {
        put(user, "4FT");
    }
    return NULL;
}

typedef struct flusher {
    event_queue *queue;
    backstop_store *store;
} flusher;

static void *flush_until_end(void *user)
{
    flusher *f = user;
    bool goes_on = true;
    while (goes_on) {
        goes_on = event_queue_wait(f->queue);
        if (event_queue_flush(f->queue, f->store, NOW, NULL) != BACKSTOP_OK) {
            return NULL;
        }
    }
    return f;
}

static uint64_t tallied(backstop_store *store)
{
    backstop_report *report;
    assert_int_equal(backstop_store_report(store, NOW, NOW, &report, NULL), BACKSTOP_OK);
    uint64_t sum = 0;
    for (size_t i = 0; i < report->tally_count; i++) {
        sum += report->tallies[i].count;
    }
    backstop_report_free(report);
    return sum;
}

static void nothing_is_lost_or_doubled_among_threads(void **state)
{
    fixture *f = *state;
    pthread_t threads[THREADS], writer;
    flusher to_store = { &f->queue, f->store };
    assert_int_equal(pthread_create(&writer, NULL, flush_until_end, &to_store), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, put_many, &f->queue), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    event_queue_end(&f->queue);
    void *result;
    assert_int_equal(pthread_join(writer, &result), 0);
    assert_ptr_equal(result, &to_store);
    assert_int_equal(tallied(f->store), THREADS * EVENTS_OF_A_THREAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_put_is_copied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(texts_of_any_length_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_are_dropped_and_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_lost_or_doubled_among_threads, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
