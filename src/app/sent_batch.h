/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Sent mail on its way into the store: gathered and imported in large batches, which are faster. */
#ifndef BACKSTOP_APP_SENT_BATCH_H
#define BACKSTOP_APP_SENT_BATCH_H

#include <backstop/error.h>
#include <backstop/site.h>
#include <backstop/store.h>

#include <stdbool.h>
#include <stdint.h>

/* What became of a mail. Of a mail that may have had several senders, the first of these counts. */
typedef enum sent_fate {
    SENT_TAKEN,
    SENT_OLD, /* older than the ledger's days */
    SENT_UNDATED,
    SENT_FOREIGN, /* its sender is at no domain of ours */
    SENT_FATES,
} sent_fate;

typedef struct sent_batch sent_batch;

/* All are borrowed until sent_batch_free(). `now_sec`: no mail is of later. */
sent_batch *sent_batch_new(backstop_store *store, const backstop_site *site, int64_t ledger_days,
                           int64_t now_sec);

/* Drops what was not imported. Takes NULL. */
void sent_batch_free(sent_batch *batch);

/* Copies the mail if it is to be imported. BACKSTOP_OK, or what the store says when a batch is
 * full: then importing is over. */
backstop_status sent_batch_add(sent_batch *batch, const backstop_sent *mail, sent_fate *fate,
                               backstop_error *error);

/* Imports what has gathered. */
backstop_status sent_batch_flush(sent_batch *batch, backstop_error *error);

#endif
