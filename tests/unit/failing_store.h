/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* A store that can be asked nothing. To be included after <cmocka.h>. */
#ifndef BACKSTOP_TESTS_UNIT_FAILING_STORE_H
#define BACKSTOP_TESTS_UNIT_FAILING_STORE_H

#include "base/error.h"
#include "proof/keys.h"
#include "store/store.h"

#include <string.h>

static inline void failing_close(backstop_store *store)
{
    (void)store;
}

static inline backstop_status failing_find(backstop_store *store, const store_key *wanted,
                                           uint32_t oldest_day, bool *known, backstop_error *error)
{
    (void)store;
    (void)wanted;
    (void)oldest_day;
    *known = false;
    return error_fail(error, BACKSTOP_ERROR_BUSY, "the store is locked");
}

static inline backstop_status failing_since(backstop_store *store,
                                            const unsigned char owner[STORE_OWNER_BYTES],
                                            store_since what, int64_t *since_sec,
                                            backstop_error *error)
{
    (void)store;
    (void)owner;
    (void)what;
    *since_sec = 0;
    return error_fail(error, BACKSTOP_ERROR_BUSY, "the store is locked");
}

static inline backstop_status failing_has_gap(backstop_store *store, int64_t from_sec,
                                              int64_t until_sec, bool *has_one,
                                              backstop_error *error)
{
    (void)store;
    (void)from_sec;
    (void)until_sec;
    *has_one = false;
    return error_fail(error, BACKSTOP_ERROR_STORE, "the store is damaged");
}

static inline backstop_status failing_counted(backstop_store *store, const store_key *keys,
                                              size_t count, uint64_t *counts, backstop_error *error)
{
    (void)store;
    (void)keys;
    memset(counts, 0, count * sizeof *counts);
    return error_fail(error, BACKSTOP_ERROR_BUSY, "the store is locked");
}

static const store_operations failing_operations = {
    .close = failing_close,
    .find = failing_find,
    .since = failing_since,
    .has_gap = failing_has_gap,
    .counted = failing_counted,
};

static inline backstop_store failing_store(const backstop_keys *keys)
{
    return (backstop_store){ .operations = &failing_operations,
                             .mac = keys_ledger(keys)->mac,
                             .days = BACKSTOP_LEDGER_DAYS };
}

#endif
