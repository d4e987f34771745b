/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "store/gap_keeper.h"

void gap_keeper_open(gap_keeper *k, const char *path)
{
    *k = (gap_keeper){ .path = path };
    pthread_mutex_init(&k->lock, NULL);
}

void gap_keeper_close(gap_keeper *k)
{
    pthread_mutex_destroy(&k->lock);
}

static void hold(gap_keeper *k, store_gap gap)
{
    pthread_mutex_lock(&k->lock);
    if (k->holds_one) {
        gap.from_sec = MIN(gap.from_sec, k->held.from_sec);
        gap.until_sec = MAX(gap.until_sec, k->held.until_sec);
    }
    k->held = gap;
    k->holds_one = true;
    pthread_mutex_unlock(&k->lock);
}

static bool get_held(gap_keeper *k, store_gap *held)
{
    pthread_mutex_lock(&k->lock);
    bool holds_one = k->holds_one;
    *held = k->held;
    pthread_mutex_unlock(&k->lock);
    return holds_one;
}

backstop_status gap_keeper_add(gap_keeper *k, store_gap gap, backstop_error *error)
{
    backstop_status status = BACKSTOP_ERROR_STORE;
    if (k->path != NULL) {
        status = gap_journal_add(k->path, gap, error);
    }
    if (status != BACKSTOP_OK) {
        hold(k, gap);
    }
    return status;
}

static bool is_touched(const store_gap *gap, const store_gap *time)
{
    return gap->from_sec <= time->until_sec && gap->until_sec >= time->from_sec;
}

backstop_status gap_keeper_touches(gap_keeper *k, store_gap time, bool *touches,
                                   backstop_error *error)
{
    store_gap held;
    *touches = get_held(k, &held) && is_touched(&held, &time);
    if (*touches || k->path == NULL || !gap_journal_exists(k->path)) {
        return BACKSTOP_OK;
    }
    g_autoptr(GArray) gaps = g_array_new(FALSE, FALSE, sizeof(store_gap));
    backstop_status status = gap_journal_read(k->path, gaps, error);
    for (unsigned i = 0; i < gaps->len; i++) {
        *touches = *touches || is_touched(&g_array_index(gaps, store_gap, i), &time);
    }
    return status;
}

uint64_t gap_keeper_count(gap_keeper *k)
{
    g_autoptr(GArray) gaps = g_array_new(FALSE, FALSE, sizeof(store_gap));
    if (k->path != NULL) {
        /* What cannot be read is told by gap_keeper_touches(), where it matters. */
        backstop_status status = gap_journal_read(k->path, gaps, NULL);
        (void)status;
    }
    return gaps->len + (gap_keeper_holds(k) ? 1 : 0);
}

bool gap_keeper_holds(gap_keeper *k)
{
    store_gap held;
    return get_held(k, &held);
}

void gap_keeper_flush(gap_keeper *k)
{
    store_gap held;
    if (k->path != NULL && get_held(k, &held)) {
        backstop_status status = gap_journal_add(k->path, held, NULL);
        (void)status;
    }
}

void gap_keeper_take(gap_keeper *k, gap_taking *taking)
{
    *taking = (gap_taking){ .gaps = NULL };
    taking->has_held = get_held(k, &taking->held);
    bool may_have_journal = k->path != NULL && gap_journal_exists(k->path);
    if (!taking->has_held && !may_have_journal) {
        return;
    }
    taking->gaps = g_array_new(FALSE, FALSE, sizeof(store_gap));
    taking->has_journal =
        may_have_journal && gap_journal_take(k->path, taking->gaps, &taking->journal);
    if (taking->has_held) {
        g_array_append_val(taking->gaps, taking->held);
    }
}

void gap_keeper_settle(gap_keeper *k, gap_taking *taking, bool is_committed)
{
    if (is_committed && taking->has_held) {
        pthread_mutex_lock(&k->lock);
        /* One that grew meanwhile is taken in again. */
        k->holds_one = k->held.from_sec != taking->held.from_sec ||
                       k->held.until_sec != taking->held.until_sec;
        pthread_mutex_unlock(&k->lock);
    }
    if (is_committed && taking->has_journal) {
        gap_journal_drop(k->path, &taking->journal);
    }
    g_clear_pointer(&taking->gaps, g_array_unref);
}
