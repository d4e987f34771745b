/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/sweep_sent.h"

#include "app/sent_batch.h"
#include "app/sent_mail.h"

#include <backstop/sign.h>
#include <backstop/site.h>

enum {
    DAY_SEC = 86400,
    /* Sent mail of any age is taken: notices in the mailbox are as old. */
    IMPORT_DAYS = 36500,
    /* Who writes mail at all writes some in half a year. */
    SILENCE_DAYS = 180,
};

typedef struct reading {
    sent_batch *batch;
    sweep_screen *screen;
    GHashTable *days; /* set of the days on which something was sent, since 1970 */
    int64_t now_sec;
    size_t folder_index, folder_count;
    sweep_sent *sent;
    backstop_status status;
    backstop_error *error;
} reading;

static void note_time(reading *r, int64_t sent_sec)
{
    int64_t when = MIN(sent_sec, r->now_sec);
    sweep_sent *s = r->sent;
    s->from_sec = s->from_sec == 0 ? when : MIN(s->from_sec, when);
    s->until_sec = MAX(s->until_sec, when);
    g_hash_table_add(r->days, GINT_TO_POINTER((gint)(when / DAY_SEC)));
}

static bool take_mail(const backstop_sent_copy *copy, double share, void *context)
{
    reading *r = context;
    size_t count = backstop_sent_copy_count(copy);
    for (size_t i = 0; i < count && r->status == BACKSTOP_OK; i++) {
        backstop_sent mail;
        sent_fate fate;
        backstop_sent_copy_get(copy, i, &mail);
        r->status = sent_batch_add(r->batch, &mail, &fate, r->error);
        if (fate == SENT_TAKEN) {
            note_time(r, mail.sent_sec);
        }
    }
    r->sent->mails += count > 0;
    double done = ((double)r->folder_index + share) / (double)r->folder_count;
    progress_update(&r->screen->bar, share < 0 ? PROGRESS_UNKNOWN : done, r->sent->mails);
    return r->status == BACKSTOP_OK;
}

static void tell_error(const char *file, const char *why, void *context)
{
    const reading *r = context;
    sweep_screen_error(file, why, r->screen);
}

static int compare_days(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static backstop_status note_silences(const reading *r, backstop_store *store, backstop_error *error)
{
    g_autoptr(GArray) days = g_array_new(FALSE, FALSE, sizeof(int));
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, r->days);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        int day = GPOINTER_TO_INT(key);
        g_array_append_val(days, day);
    }
    g_array_sort(days, compare_days);
    backstop_status status = BACKSTOP_OK;
    for (unsigned i = 1; i < days->len && status == BACKSTOP_OK; i++) {
        int64_t before = g_array_index(days, int, i - 1), after = g_array_index(days, int, i);
        if (after - before > SILENCE_DAYS) {
            status = backstop_store_add_gap(store, (before + 1) * DAY_SEC, after * DAY_SEC, error);
        }
    }
    return status;
}

backstop_status sweep_sent_read(const GPtrArray *folders, backstop_store *store, int64_t now_sec,
                                sweep_screen *screen, sweep_sent *out, backstop_error *error)
{
    *out = (sweep_sent){ .mails = 0 };
    /* Without domains, every sender in it is the owner: mail from another address of his counts
     * too, though for less. */
    backstop_site *anybody = backstop_site_new();
    reading r = {
        .batch = sent_batch_new(store, anybody, IMPORT_DAYS, now_sec),
        .screen = screen,
        .days = g_hash_table_new(NULL, NULL),
        .now_sec = now_sec,
        .folder_count = folders->len,
        .sent = out,
        .error = error,
    };
    const sent_mail_handler handler = { take_mail, tell_error, &r };
    backstop_store_set_days(store, IMPORT_DAYS);
    for (; r.folder_index < folders->len && r.status == BACKSTOP_OK; r.folder_index++) {
        sent_mail_read(g_ptr_array_index(folders, r.folder_index), &handler);
    }
    if (r.status == BACKSTOP_OK) {
        r.status = sent_batch_flush(r.batch, error);
    }
    if (r.status == BACKSTOP_OK) {
        r.status = note_silences(&r, store, error);
    }
    g_hash_table_destroy(r.days);
    sent_batch_free(r.batch);
    backstop_site_free(anybody);
    return r.status;
}
