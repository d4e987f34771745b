/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/sweep_maildir.h"

#include "app/maildir.h"
#include "base/error.h"

#include <errno.h>
#include <string.h>

/* Readers rename messages at any time: what is not found is looked for again so often. */
enum { ROUNDS = 4 };

/* Where messages come from and go to. */
typedef struct route {
    maildir *from, *to;
    const char *from_path, *to_path;
} route;

static void close_route(route *r)
{
    maildir_close(r->from);
    maildir_close(r->to);
}

static backstop_status fail_to_move(const route *r, const char *name, backstop_error *error)
{
    const char *cure = errno == EXDEV ? " (the folder must be on the mailbox's file system: name "
                                        "another one with --to)"
                                      : "";
    return error_fail(error, BACKSTOP_ERROR_STORE, "%s/%s cannot be moved to %s: %s%s",
                      r->from_path, name, r->to_path, g_strerror(errno), cure);
}

/* Counts what came of one message. False if it must be looked for again. */
static bool tally_result(maildir_result result, sweep_tally *tally)
{
    tally->done += result == MAILDIR_MOVED;
    tally->changed += result == MAILDIR_CHANGED || result == MAILDIR_TAKEN;
    return result != MAILDIR_GONE;
}

/* Moves what `waiting` lists (indices of entries), and leaves in it what was not found. */
static backstop_status apply_round(const route *r, const undo_journal *journal, bool is_first,
                                   GArray *waiting, sweep_tally *tally, backstop_error *error)
{
    unsigned left = 0;
    for (unsigned i = 0; i < waiting->len; i++) {
        unsigned index = g_array_index(waiting, unsigned, i);
        const undo_entry *e = &g_array_index(journal->entries, undo_entry, index);
        const char *name = e->name;
        if (!is_first) {
            g_autofree char *base = maildir_base(e->name);
            name = maildir_find(r->from, base);
        }
        maildir_result result = MAILDIR_GONE;
        if (name != NULL) {
            result = maildir_move(r->from, name, r->to, e->base, e->digest);
        }
        if (result == MAILDIR_FAILED) {
            return fail_to_move(r, name, error);
        }
        if (!tally_result(result, tally)) {
            g_array_index(waiting, unsigned, left++) = index;
        }
    }
    g_array_set_size(waiting, left);
    return BACKSTOP_OK;
}

static GArray *all_indices(const undo_journal *journal)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(unsigned));
    for (unsigned i = 0; i < journal->entries->len; i++) {
        g_array_append_val(all, i);
    }
    return all;
}

static backstop_status sync_both(const route *r, backstop_error *error)
{
    if (maildir_sync(r->to) && maildir_sync(r->from)) {
        return BACKSTOP_OK;
    }
    return error_fail(error, BACKSTOP_ERROR_STORE, "%s and %s: %s", r->from_path, r->to_path,
                      g_strerror(errno));
}

static backstop_status move_all(const route *r, const undo_journal *journal, sweep_tally *tally,
                                backstop_error *error)
{
    g_autoptr(GArray) waiting = all_indices(journal);
    backstop_status status = BACKSTOP_OK;
    for (unsigned round = 0; round < ROUNDS && waiting->len > 0 && status == BACKSTOP_OK; round++) {
        if (round > 0) {
            maildir_reread(r->from);
        }
        status = apply_round(r, journal, round == 0, waiting, tally, error);
    }
    if (status == BACKSTOP_OK) {
        tally->gone = waiting->len;
        status = sync_both(r, error);
    }
    return status;
}

static void fill_journal(const route *r, const GArray *picks, undo_journal *journal)
{
    for (unsigned i = 0; i < picks->len; i++) {
        const sweep_pick *p = &g_array_index(picks, sweep_pick, i);
        g_autofree char *own_base = maildir_base(p->name);
        g_autofree char *base = maildir_unused_base(r->to, own_base);
        undo_entry e = { .name = (char *)p->name, .base = base };
        memcpy(e.digest, p->digest, sizeof e.digest);
        undo_journal_add(journal, &e);
    }
}

static backstop_status apply(const route *r, undo_state *state, undo_journal *journal,
                             const GArray *picks, sweep_tally *tally, backstop_error *error)
{
    fill_journal(r, picks, journal);
    backstop_status status = undo_state_write(state, journal, error);
    if (status != BACKSTOP_OK) {
        return status;
    }
    status = move_all(r, journal, tally, error);
    if (tally->done == 0) {
        backstop_status removed =
            undo_journal_remove(journal, status == BACKSTOP_OK ? error : NULL);
        return status == BACKSTOP_OK ? removed : status;
    }
    /* What was moved can be undone, and what could not be moved needs no mending. */
    backstop_status marked = undo_journal_mark_done(journal, status == BACKSTOP_OK ? error : NULL);
    return status == BACKSTOP_OK ? marked : status;
}

backstop_status sweep_maildir_apply(undo_state *state, undo_journal *journal, const GArray *picks,
                                    sweep_tally *tally, backstop_error *error)
{
    route r = { .from_path = journal->mailbox, .to_path = journal->folder };
    backstop_status status = maildir_open(r.from_path, &r.from, error);
    if (status == BACKSTOP_OK) {
        status = maildir_make(r.to_path, r.from_path, error);
    }
    if (status == BACKSTOP_OK) {
        status = maildir_open(r.to_path, &r.to, error);
    }
    if (status == BACKSTOP_OK) {
        status = apply(&r, state, journal, picks, tally, error);
    }
    close_route(&r);
    return status;
}

/* Puts one message back. MAILDIR_GONE: it must be looked for again. */
static maildir_result put_back(const route *r, const undo_entry *e, const char **name)
{
    *name = maildir_find(r->from, e->base);
    if (*name == NULL) {
        return MAILDIR_GONE;
    }
    g_autofree char *own_base = maildir_base(e->name);
    maildir_result result = maildir_move(r->from, *name, r->to, own_base, NULL);
    if (result == MAILDIR_TAKEN) {
        g_autofree char *base = maildir_unused_base(r->to, own_base);
        result = maildir_move(r->from, *name, r->to, base, NULL);
    }
    return result;
}

static backstop_status undo_round(const route *r, const undo_journal *journal, GArray *waiting,
                                  sweep_tally *tally, backstop_error *error)
{
    unsigned left = 0;
    for (unsigned i = 0; i < waiting->len; i++) {
        unsigned index = g_array_index(waiting, unsigned, i);
        const undo_entry *e = &g_array_index(journal->entries, undo_entry, index);
        const char *name;
        maildir_result result = put_back(r, e, &name);
        if (result == MAILDIR_FAILED) {
            return fail_to_move(r, name, error);
        }
        if (!tally_result(result, tally)) {
            g_array_index(waiting, unsigned, left++) = index;
        }
    }
    g_array_set_size(waiting, left);
    return BACKSTOP_OK;
}

/* Those that were never moved, or are back, are no loss. */
static void tally_missing(const route *r, const undo_journal *journal, const GArray *waiting,
                          sweep_tally *tally)
{
    maildir_reread(r->to);
    for (unsigned i = 0; i < waiting->len; i++) {
        unsigned index = g_array_index(waiting, unsigned, i);
        const undo_entry *e = &g_array_index(journal->entries, undo_entry, index);
        g_autofree char *base = maildir_base(e->name);
        if (maildir_find(r->to, base) != NULL) {
            tally->already++;
        } else {
            tally->gone++;
        }
    }
}

static backstop_status undo(const route *r, undo_journal *journal, sweep_tally *tally,
                            backstop_error *error)
{
    g_autoptr(GArray) waiting = all_indices(journal);
    backstop_status status = undo_journal_mark_undoing(journal, error);
    for (unsigned round = 0; round < ROUNDS && waiting->len > 0 && status == BACKSTOP_OK; round++) {
        maildir_reread(r->from);
        status = undo_round(r, journal, waiting, tally, error);
    }
    if (status == BACKSTOP_OK) {
        tally_missing(r, journal, waiting, tally);
        status = sync_both(r, error);
    }
    return status;
}

backstop_status sweep_maildir_undo(undo_journal *journal, sweep_tally *tally, backstop_error *error)
{
    route r = { .from_path = journal->folder, .to_path = journal->mailbox };
    backstop_status status = maildir_open(r.from_path, &r.from, error);
    if (status == BACKSTOP_OK) {
        status = maildir_open(r.to_path, &r.to, error);
    }
    if (status == BACKSTOP_OK) {
        status = undo(&r, journal, tally, error);
    }
    close_route(&r);
    return status;
}
