/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/sweep_mbox.h"

#include "app/mbox_edit.h"
#include "app/mbox_lock.h"
#include "app/mbox_scan.h"
#include "app/safe_file.h"
#include "base/error.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* A delivery takes less, also of a large message. */
enum { LOCK_WAIT_MSEC = 15000 };

/* One of the two files. */
typedef struct side {
    const char *path;
    char *aside; /* where its end is put aside while it is changed */
    mbox_lock lock;
    mbox_scan scan;
} side;

typedef struct both_sides {
    side mailbox, folder;
} both_sides;

static void close_side(side *s)
{
    mbox_scan_free(&s->scan);
    mbox_lock_release(&s->lock);
    g_free(s->aside);
}

static void close_sides(both_sides *s)
{
    close_side(&s->folder);
    close_side(&s->mailbox);
}

static backstop_status fail_to_read(const side *s, backstop_error *error)
{
    return error_fail(error, BACKSTOP_ERROR_STORE, "%s: %s", s->path, g_strerror(errno));
}

/* Locks it, and mends what was interrupted. */
static backstop_status open_side(side *s, const struct stat *like, sweep_tally *tally,
                                 backstop_error *error)
{
    mbox_recovery recovery;
    char *kept = NULL;
    backstop_status status = mbox_lock_take(s->path, like, LOCK_WAIT_MSEC, &s->lock, error);
    if (status == BACKSTOP_OK) {
        status = mbox_edit_recover(s->path, s->lock.fd, s->aside, &recovery, &kept, error);
    }
    if (kept != NULL) {
        g_free(tally->kept);
        tally->kept = kept;
    }
    return status;
}

static backstop_status scan_side(side *s, GHashTable *digests, backstop_error *error)
{
    if (!mbox_scan_read(s->lock.fd, digests, &s->scan)) {
        return fail_to_read(s, error);
    }
    if (!s->scan.is_mbox) {
        return error_fail(error, BACKSTOP_ERROR_INVALID, "%s is no mbox", s->path);
    }
    return BACKSTOP_OK;
}

/* Locks and reads both. The folder is made if `may_make`. */
static backstop_status open_sides(const undo_state *state, const undo_journal *journal,
                                  GHashTable *digests, bool may_make, both_sides *out,
                                  sweep_tally *tally, backstop_error *error)
{
    struct stat like;
    side *box = &out->mailbox, *folder = &out->folder;
    *box = (side){ .path = journal->mailbox, .lock.fd = -1 };
    *folder = (side){ .path = journal->folder, .lock.fd = -1 };
    box->aside = undo_state_file(state, "mailbox.aside");
    folder->aside = undo_state_file(state, "folder.aside");
    backstop_status status = open_side(box, NULL, tally, error);
    if (status == BACKSTOP_OK && fstat(box->lock.fd, &like) != 0) {
        status = fail_to_read(box, error);
    }
    if (status == BACKSTOP_OK) {
        status = open_side(folder, may_make ? &like : NULL, tally, error);
        if (status == BACKSTOP_ERROR_STORE && may_make && access(folder->path, F_OK) != 0) {
            status = error_fail(error, BACKSTOP_ERROR_STORE,
                                "%s cannot be made; name a place where you may, with --to",
                                folder->path);
        }
    }
    if (status == BACKSTOP_OK) {
        status = scan_side(box, digests, error);
    }
    if (status == BACKSTOP_OK) {
        status = scan_side(folder, digests, error);
    }
    if (status == BACKSTOP_OK && may_make && !safe_file_sync_folder(folder->path)) {
        status = fail_to_read(folder, error);
    }
    return status;
}

static backstop_status take_out(const side *s, GArray *ranges, bool keep_times,
                                backstop_error *error)
{
    mbox_edit *edit = mbox_edit_new(s->path, s->lock.fd, s->scan.size);
    for (unsigned i = 0; i < ranges->len; i++) {
        const mbox_found *m = g_array_index(ranges, const mbox_found *, i);
        mbox_edit_remove(edit, m->begin, m->end);
    }
    backstop_status status = mbox_edit_commit(edit, s->aside, keep_times, error);
    mbox_edit_free(edit);
    return status;
}

static int compare_begins(const void *a, const void *b)
{
    const mbox_found *x = *(const mbox_found *const *)a, *y = *(const mbox_found *const *)b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* The messages of the mailbox that are picked, in the order they stand. */
static GArray *find_picked(side *box, const GArray *picks, sweep_tally *tally)
{
    GArray *chosen = g_array_new(FALSE, FALSE, sizeof(const mbox_found *));
    for (unsigned i = 0; i < picks->len; i++) {
        const sweep_pick *p = &g_array_index(picks, sweep_pick, i);
        const mbox_found *m = mbox_scan_take(&box->scan, p->digest);
        if (m != NULL) {
            g_array_append_val(chosen, m);
        } else {
            tally->gone++;
        }
    }
    g_array_sort(chosen, compare_begins);
    return chosen;
}

static void fill_journal(const side *box, const GArray *chosen, undo_journal *journal)
{
    for (unsigned i = 0; i < chosen->len; i++) {
        const mbox_found *m = g_array_index(chosen, const mbox_found *, i);
        undo_entry e = {
            .number = m->number,
            .padding = mbox_scan_missing_ends(box->lock.fd, m->end),
        };
        memcpy(e.digest, m->digest, sizeof e.digest);
        undo_journal_add(journal, &e);
    }
}

/* Each behind an empty line, and with one behind it. */
static backstop_status append_to_folder(const both_sides *s, const GArray *chosen,
                                        const undo_journal *journal, backstop_error *error)
{
    const side *folder = &s->folder, *box = &s->mailbox;
    mbox_edit *edit = mbox_edit_new(folder->path, folder->lock.fd, folder->scan.size);
    unsigned missing = mbox_scan_missing_ends(folder->lock.fd, folder->scan.size);
    for (unsigned i = 0; i < chosen->len; i++) {
        const mbox_found *m = g_array_index(chosen, const mbox_found *, i);
        unsigned padding = g_array_index(journal->entries, undo_entry, i).padding;
        mbox_piece piece = {
            .before = mbox_scan_line_ends(&folder->scan, i == 0 ? missing : 0),
            .fd = box->lock.fd,
            .begin = m->begin,
            .end = m->end,
            .after = mbox_scan_line_ends(&box->scan, padding),
        };
        mbox_edit_insert(edit, folder->scan.size, &piece);
    }
    backstop_status status = mbox_edit_commit(edit, folder->aside, false, error);
    mbox_edit_free(edit);
    return status;
}

static backstop_status apply(both_sides *s, undo_state *state, undo_journal *journal,
                             const GArray *picks, sweep_tally *tally, backstop_error *error)
{
    g_autoptr(GArray) chosen = find_picked(&s->mailbox, picks, tally);
    if (chosen->len == 0) {
        return BACKSTOP_OK;
    }
    fill_journal(&s->mailbox, chosen, journal);
    backstop_status status = undo_state_write(state, journal, error);
    if (status == BACKSTOP_OK) {
        status = append_to_folder(s, chosen, journal, error);
    }
    if (status == BACKSTOP_OK) {
        status = take_out(&s->mailbox, chosen, true, error);
    }
    if (status == BACKSTOP_OK) {
        tally->done = chosen->len;
        status = undo_journal_mark_done(journal, error);
    }
    return status;
}

static GHashTable *digests_of_picks(const GArray *picks)
{
    GHashTable *digests = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < picks->len; i++) {
        g_hash_table_add(digests, (gpointer)g_array_index(picks, sweep_pick, i).digest);
    }
    return digests;
}

backstop_status sweep_mbox_apply(undo_state *state, undo_journal *journal, const GArray *picks,
                                 sweep_tally *tally, backstop_error *error)
{
    both_sides s;
    g_autoptr(GHashTable) digests = digests_of_picks(picks);
    backstop_status status = open_sides(state, journal, digests, true, &s, tally, error);
    if (status == BACKSTOP_OK) {
        status = apply(&s, state, journal, picks, tally, error);
    }
    close_sides(&s);
    return status;
}

/* A message that goes back. */
typedef struct return_trip {
    const mbox_found *message; /* in the folder */
    int64_t at;                /* in the mailbox */
    unsigned padding;
} return_trip;

static int compare_places(const void *a, const void *b)
{
    const return_trip *x = a, *y = b;
    if (x->at != y->at) {
        return x->at > y->at ? 1 : -1;
    }
    return (x->message->begin > y->message->begin) - (x->message->begin < y->message->begin);
}

/* Of equal messages in the folder, those that were put there last are meant. */
static void leave_the_last(side *folder, const undo_journal *journal)
{
    g_autoptr(GHashTable) counts = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    gpointer digest, count;
    for (unsigned i = 0; i < journal->entries->len; i++) {
        undo_entry *e = &g_array_index(journal->entries, undo_entry, i);
        unsigned before = GPOINTER_TO_UINT(g_hash_table_lookup(counts, e->digest));
        g_hash_table_insert(counts, e->digest, GUINT_TO_POINTER(before + 1));
    }
    g_hash_table_iter_init(&iter, counts);
    while (g_hash_table_iter_next(&iter, &digest, &count)) {
        mbox_scan_leave(&folder->scan, digest, GPOINTER_TO_UINT(count));
    }
}

/*
 * What goes back where, and what leaves the folder. After an interruption a message may be in
 * both: then it is not put back once more. What was before it in the mailbox and is not there now
 * was moved with it, if nobody else took anything.
 */
static void plan_return(both_sides *s, const undo_journal *journal, bool may_be_in_both,
                        GArray *trips, GArray *leaving, sweep_tally *tally)
{
    leave_the_last(&s->folder, journal);
    for (unsigned i = 0; i < journal->entries->len; i++) {
        const undo_entry *e = &g_array_index(journal->entries, undo_entry, i);
        bool is_back = may_be_in_both && mbox_scan_take(&s->mailbox.scan, e->digest) != NULL;
        const mbox_found *m = mbox_scan_take(&s->folder.scan, e->digest);
        tally->already += is_back;
        tally->gone += m == NULL && !is_back;
        if (m != NULL) {
            g_array_append_val(leaving, m);
        }
        if (m != NULL && !is_back) {
            unsigned number = e->number - MIN(e->number, i);
            return_trip trip = { m, mbox_scan_begin_of(&s->mailbox.scan, number), e->padding };
            g_array_append_val(trips, trip);
        }
    }
    g_array_sort(trips, compare_places);
    g_array_sort(leaving, compare_begins);
}

/* Without the line ends that were added to a message that ended the mailbox. */
static int64_t end_without_padding(const side *folder, const return_trip *trip)
{
    char last;
    int64_t end = trip->message->end;
    for (unsigned n = 0; n < trip->padding; n++) {
        if (safe_file_read_at(folder->lock.fd, &last, 1, end - 1) != 1 ||
            (last != '\n' && last != '\r')) {
            break;
        }
        end--;
    }
    return end;
}

static backstop_status put_in(const both_sides *s, const GArray *trips, backstop_error *error)
{
    const side *box = &s->mailbox, *folder = &s->folder;
    mbox_edit *edit = mbox_edit_new(box->path, box->lock.fd, box->scan.size);
    unsigned missing = mbox_scan_missing_ends(box->lock.fd, box->scan.size);
    for (unsigned i = 0; i < trips->len; i++) {
        const return_trip *t = &g_array_index(trips, return_trip, i);
        bool is_at_end = t->at == box->scan.size;
        bool is_last = i + 1 == trips->len;
        mbox_piece piece = {
            .before = mbox_scan_line_ends(&box->scan, is_at_end ? missing : 0),
            .fd = folder->lock.fd,
            .begin = t->message->begin,
            .end = is_at_end && is_last ? end_without_padding(folder, t) : t->message->end,
            .after = "",
        };
        if (!(is_at_end && is_last)) {
            unsigned needed = mbox_scan_missing_ends(folder->lock.fd, t->message->end);
            piece.after = mbox_scan_line_ends(&box->scan, needed);
        }
        missing = is_at_end ? 0 : missing;
        mbox_edit_insert(edit, t->at, &piece);
    }
    backstop_status status = mbox_edit_commit(edit, box->aside, true, error);
    mbox_edit_free(edit);
    return status;
}

static backstop_status undo(both_sides *s, undo_journal *journal, sweep_tally *tally,
                            backstop_error *error)
{
    g_autoptr(GArray) trips = g_array_new(FALSE, FALSE, sizeof(return_trip));
    g_autoptr(GArray) leaving = g_array_new(FALSE, FALSE, sizeof(const mbox_found *));
    plan_return(s, journal, !journal->is_done || journal->is_undoing, trips, leaving, tally);
    backstop_status status = undo_journal_mark_undoing(journal, error);
    if (status == BACKSTOP_OK) {
        status = put_in(s, trips, error);
    }
    if (status == BACKSTOP_OK) {
        tally->done = trips->len;
        status = take_out(&s->folder, leaving, false, error);
    }
    return status;
}

static GHashTable *digests_of_journal(const undo_journal *journal)
{
    GHashTable *digests = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < journal->entries->len; i++) {
        g_hash_table_add(digests, g_array_index(journal->entries, undo_entry, i).digest);
    }
    return digests;
}

backstop_status sweep_mbox_undo(undo_state *state, undo_journal *journal, sweep_tally *tally,
                                backstop_error *error)
{
    both_sides s;
    g_autoptr(GHashTable) digests = digests_of_journal(journal);
    backstop_status status = open_sides(state, journal, digests, false, &s, tally, error);
    if (status == BACKSTOP_OK) {
        status = undo(&s, journal, tally, error);
    }
    close_sides(&s);
    return status;
}
