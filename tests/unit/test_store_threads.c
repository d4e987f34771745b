/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* One store used by many threads at once: all that returned is there, and nobody waits for long. */
#include "store_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { WRITERS = 12, READERS = 6, MAILS_EACH = 40 };

typedef struct crowd {
    backstop_store *store;
    atomic_uint next_writer;
    atomic_uint wrong;
    atomic_bool is_over;
} crowd;

/* cmocka's own assertions are for its own thread. */
static void expect(crowd *c, bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        atomic_fetch_add(&c->wrong, 1);
    }
}

static bool record(backstop_store *store, const char *id, const char *sender)
{
    const span recipient = SPAN("nobody@remote.example");
    const ledger_mail mail = { span_from_string(id), span_from_string(sender), &recipient, 1,
                               false };
    return ledger_record(store, &mail, NOW_SEC, NULL) == BACKSTOP_OK;
}

/* BUSY is an answer where many ask: "nobody can tell", not "no". */
static bool knows(crowd *c, const char *id, const char *sender, bool *can_tell)
{
    const span recipient = SPAN("nobody@remote.example");
    const span id_span = span_from_string(id), sender_span = span_from_string(sender);
    ledger_answer answer;
    backstop_status status =
        ledger_find(c->store, &sender_span, 1, &id_span, 1, &recipient, 1, NOW_SEC, &answer, NULL);
    expect(c, status == BACKSTOP_OK || status == BACKSTOP_ERROR_BUSY, "found or busy");
    *can_tell = status == BACKSTOP_OK;
    return answer.knows_delivery;
}

static void *write_mails(void *data)
{
    crowd *c = data;
    unsigned number = atomic_fetch_add(&c->next_writer, 1);
    g_autofree char *sender = g_strdup_printf("%u@our.example", number);
    for (int i = 0; i < MAILS_EACH; i++) {
        g_autofree char *id = g_strdup_printf("<%u.%d@our.example>", number, i);
        bool can_tell;
        expect(c, record(c->store, id, sender), "a mail is recorded");
        expect(c, knows(c, id, sender, &can_tell) || !can_tell, "it is known at once");
    }
    return NULL;
}

static void *read_all(void *data)
{
    crowd *c = data;
    unsigned n = 0;
    while (!atomic_load(&c->is_over)) {
        g_autofree char *id = g_strdup_printf("<forged.%u@our.example>", n++);
        bool can_tell, has_gap;
        expect(c, !knows(c, id, "0@our.example", &can_tell), "what was not sent is not known");
        backstop_status status =
            c->store->operations->has_gap(c->store, NOW_SEC, NOW_SEC, &has_gap, NULL);
        expect(c, status == BACKSTOP_OK || status == BACKSTOP_ERROR_BUSY, "gaps or busy");
    }
    return NULL;
}

static void *keep_house(void *data)
{
    crowd *c = data;
    static const char *const recipients[] = { "old@remote.example" };
    backstop_sent mails[200];
    backstop_store_stats stats;
    char id[16] = "<old@x>";
    for (size_t i = 0; i < G_N_ELEMENTS(mails); i++) {
        mails[i] = (backstop_sent){ id, "old@our.example", recipients, 1,
                                    NOW_SEC - (int64_t)(i % 20) * DAY_SEC };
    }
    for (int i = 0; i < 5; i++) {
        backstop_store_set_days(c->store, 21 + (unsigned)i % 2);
        expect(c,
               backstop_store_import(c->store, mails, G_N_ELEMENTS(mails), NOW_SEC, NULL) ==
                   BACKSTOP_OK,
               "an import");
        expect(c, backstop_store_expire(c->store, NOW_SEC, NULL, NULL) == BACKSTOP_OK, "expiry");
        expect(c, backstop_store_forget(c->store, "old@our.example", NULL, NULL) == BACKSTOP_OK,
               "forgetting");
        expect(c, backstop_store_add_gap(c->store, 100 + i, 100 + i, NULL) == BACKSTOP_OK, "a gap");
        backstop_status status = backstop_store_get_stats(c->store, &stats, NULL);
        expect(c, status == BACKSTOP_OK || status == BACKSTOP_ERROR_BUSY, "stats or busy");
    }
    return NULL;
}

static void run_crowd(backstop_store *store)
{
    crowd c = { .store = store };
    pthread_t writers[WRITERS], readers[READERS], keeper;
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_create(&writers[i], NULL, write_mails, &c), 0);
    }
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&readers[i], NULL, read_all, &c), 0);
    }
    assert_int_equal(pthread_create(&keeper, NULL, keep_house, &c), 0);
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(writers[i], NULL);
    }
    pthread_join(keeper, NULL);
    atomic_store(&c.is_over, true);
    for (int i = 0; i < READERS; i++) {
        pthread_join(readers[i], NULL);
    }
    assert_int_equal(atomic_load(&c.wrong), 0);
}

static void check_all_there(backstop_store *store)
{
    for (unsigned w = 0; w < WRITERS; w++) {
        g_autofree char *sender = g_strdup_printf("%u@our.example", w);
        for (int i = 0; i < MAILS_EACH; i++) {
            g_autofree char *id = g_strdup_printf("<%u.%d@our.example>", w, i);
            assert_string_equal(fixture_find(store, id, sender, "nobody@remote.example", NOW_SEC),
                                "mdpe");
        }
    }
    /* Of the old mails only nobody's row stays. */
    assert_int_equal(fixture_stats(store).ledger_rows, WRITERS * (MAILS_EACH * 3 + 1) + 1);
    assert_true(fixture_has_gap(store, 100, 104));
}

static void test_file(void **state)
{
    fixture *f = *state;
    run_crowd(fixture_open(f));
    check_all_there(f->store);
    check_all_there(fixture_open(f));
}

static void test_memory(void **state)
{
    fixture *f = *state;
    run_crowd(fixture_open_memory(f));
    check_all_there(f->store);
}

/* Two objects on one file in one process, as two processes are. */
static void test_two_stores(void **state)
{
    fixture *f = *state;
    backstop_store *second;
    fixture_open(f);
    assert_int_equal(backstop_store_open(f->path, f->keys, &second, NULL), BACKSTOP_OK);
    crowd first = { .store = f->store }, other = { .store = second, .next_writer = 2 };
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, write_mails, i % 2 == 0 ? &first : &other), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&first.wrong) + atomic_load(&other.wrong), 0);
    assert_int_equal(fixture_stats(second).ledger_rows, 4 * (MAILS_EACH * 3 + 1));
    backstop_store_close(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_file),
        FIXTURE_TEST(test_memory),
        FIXTURE_TEST(test_two_stores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
