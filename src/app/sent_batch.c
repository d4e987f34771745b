/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/sent_batch.h"

#include <glib.h>

enum {
    DAY_SEC = 86400,
    TEXT_BLOCK_BYTES = 64 * 1024,
    /* So much is handed over at once, some 30 MB: the store sorts it, and the more there is of it
     * the fewer of its pages it has to touch. */
    BATCH_MAILS = 100000,
    BATCH_RECIPIENTS = 250000,
};

struct sent_batch {
    backstop_store *store;
    const backstop_site *site;
    int64_t oldest_sec, now_sec;
    GStringChunk *text;
    GArray *mails;         /* of backstop_sent; its recipients are set when it is imported */
    GPtrArray *recipients; /* of const char *: of all mails, one after the other */
};

sent_batch *sent_batch_new(backstop_store *store, const backstop_site *site, int64_t ledger_days,
                           int64_t now_sec)
{
    sent_batch *batch = g_new0(sent_batch, 1);
    batch->store = store;
    batch->site = site;
    batch->now_sec = now_sec;
    batch->oldest_sec = now_sec - ledger_days * DAY_SEC;
    batch->text = g_string_chunk_new(TEXT_BLOCK_BYTES);
    batch->mails = g_array_new(FALSE, FALSE, sizeof(backstop_sent));
    batch->recipients = g_ptr_array_new();
    return batch;
}

void sent_batch_free(sent_batch *batch)
{
    if (batch == NULL) {
        return;
    }
    g_string_chunk_free(batch->text);
    g_array_free(batch->mails, TRUE);
    g_ptr_array_free(batch->recipients, TRUE);
    g_free(batch);
}

backstop_status sent_batch_flush(sent_batch *batch, backstop_error *error)
{
    const char *const *next = (const char *const *)batch->recipients->pdata;
    for (unsigned i = 0; i < batch->mails->len; i++) {
        backstop_sent *mail = &g_array_index(batch->mails, backstop_sent, i);
        if (mail->recipient_count > 0) {
            mail->recipients = next;
            next += mail->recipient_count;
        }
    }
    backstop_status status = BACKSTOP_OK;
    if (batch->mails->len > 0) {
        status = backstop_store_import(batch->store, (const backstop_sent *)batch->mails->data,
                                       batch->mails->len, batch->now_sec, error);
    }
    g_array_set_size(batch->mails, 0);
    g_ptr_array_set_size(batch->recipients, 0);
    g_string_chunk_clear(batch->text);
    return status;
}

static sent_fate fate_of(const sent_batch *batch, const backstop_sent *mail)
{
    if (!backstop_site_owns(batch->site, mail->sender)) {
        return SENT_FOREIGN;
    }
    if (mail->sent_sec <= 0) {
        return SENT_UNDATED;
    }
    return mail->sent_sec < batch->oldest_sec ? SENT_OLD : SENT_TAKEN;
}

backstop_status sent_batch_add(sent_batch *batch, const backstop_sent *mail, sent_fate *fate,
                               backstop_error *error)
{
    *fate = fate_of(batch, mail);
    if (*fate != SENT_TAKEN) {
        return BACKSTOP_OK;
    }
    backstop_sent copy = {
        .message_id =
            g_string_chunk_insert(batch->text, mail->message_id == NULL ? "" : mail->message_id),
        .sender = g_string_chunk_insert(batch->text, mail->sender),
        .recipient_count = mail->recipient_count,
        .sent_sec = MIN(mail->sent_sec, batch->now_sec),
    };
    g_array_append_val(batch->mails, copy);
    for (size_t i = 0; i < mail->recipient_count; i++) {
        g_ptr_array_add(batch->recipients, g_string_chunk_insert(batch->text, mail->recipients[i]));
    }
    if (batch->mails->len >= BATCH_MAILS || batch->recipients->len >= BATCH_RECIPIENTS) {
        return sent_batch_flush(batch, error);
    }
    return BACKSTOP_OK;
}
