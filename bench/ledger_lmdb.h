/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The ledger's rows in LMDB, for bench/ledger.c alone: what the embedded store is measured against.
 * It has rows and nothing else: no marks, gaps, counters, checks or messages.
 */
#ifndef BACKSTOP_BENCH_LEDGER_LMDB_H
#define BACKSTOP_BENCH_LEDGER_LMDB_H

#include <backstop/store.h>

/* Opens an empty one in `folder`. */
backstop_status ledger_lmdb_open(const char *folder, const backstop_keys *keys,
                                 backstop_store **out, backstop_error *error);

#endif
