/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/sweep_move.h"

#include "app/maildir.h"
#include "backstop/sweep_maildir.h"
#include "backstop/sweep_mbox.h"
#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char folder_name[] = "Backscatter";

backstop_status sweep_mailbox_open(const char *path, bool make, sweep_mailbox *out,
                                   backstop_error *error)
{
    *out = (sweep_mailbox){ .path = NULL };
    char *real = realpath(path, NULL);
    if (real == NULL) {
        return error_fail(error, BACKSTOP_ERROR_STORE, "%s: %s", path, g_strerror(errno));
    }
    struct stat info = { .st_mode = 0 };
    bool is_maildir = maildir_is_at(real);
    bool is_file = stat(real, &info) == 0 && S_ISREG(info.st_mode);
    backstop_status status = BACKSTOP_OK;
    if (is_maildir || is_file) {
        status = undo_state_open(real, make, &out->state, error);
    } else {
        status =
            error_fail(error, BACKSTOP_ERROR_INVALID,
                       "%s is neither a Maildir nor an mbox: its messages are not moved", path);
    }
    if (status == BACKSTOP_OK) {
        out->path = g_strdup(real);
        out->is_maildir = is_maildir;
    }
    free(real);
    return status;
}

void sweep_mailbox_close(sweep_mailbox *box)
{
    undo_state_close(box->state);
    g_free(box->path);
    *box = (sweep_mailbox){ .path = NULL };
}

/* The absolute path of what may not be there yet, in a folder that is. */
static char *resolve(const char *path)
{
    char *real = realpath(path, NULL);
    if (real == NULL && errno == ENOENT) {
        g_autofree char *parent = g_path_get_dirname(path);
        g_autofree char *name = g_path_get_basename(path);
        char *real_parent = realpath(parent, NULL);
        char *joined = real_parent == NULL ? NULL : g_build_filename(real_parent, name, NULL);
        free(real_parent);
        return joined;
    }
    char *copy = g_strdup(real);
    free(real);
    return copy;
}

char *sweep_folder(const sweep_mailbox *box, const char *to, backstop_error *error)
{
    g_autofree char *standard = NULL;
    if (to == NULL && box->is_maildir) {
        standard = maildir_folder_of(box->path, folder_name);
    } else if (to == NULL) {
        standard = g_strconcat(box->path, ".backscatter", NULL);
    }
    const char *wanted = to == NULL ? standard : to;
    g_autofree char *folder = resolve(wanted);
    if (folder == NULL) {
        error_fail(error, BACKSTOP_ERROR_INVALID, "%s: %s", wanted, g_strerror(errno));
        return NULL;
    }
    struct stat info;
    bool is_there = stat(folder, &info) == 0;
    if (g_str_equal(folder, box->path)) {
        error_fail(error, BACKSTOP_ERROR_INVALID,
                   "%s is the mailbox itself: name another folder with --to", folder);
        return NULL;
    }
    if (is_there && (bool)S_ISDIR(info.st_mode) != box->is_maildir) {
        error_fail(error, BACKSTOP_ERROR_INVALID,
                   box->is_maildir ? "%s is no Maildir, as the mailbox is"
                                   : "%s is no mbox, as the mailbox is",
                   folder);
        return NULL;
    }
    return g_steal_pointer(&folder);
}

backstop_status sweep_apply(const sweep_mailbox *box, const char *folder, const GArray *picks,
                            int64_t now_sec, sweep_tally *tally, backstop_error *error)
{
    *tally = (sweep_tally){ .done = 0 };
    if (picks->len == 0) {
        return BACKSTOP_OK;
    }
    undo_journal *journal = undo_journal_new(box->is_maildir, box->path, folder, now_sec);
    backstop_status status = box->is_maildir
                                 ? sweep_maildir_apply(box->state, journal, picks, tally, error)
                                 : sweep_mbox_apply(box->state, journal, picks, tally, error);
    undo_journal_free(journal);
    return status;
}

backstop_status sweep_was_interrupted(const sweep_mailbox *box, bool *was_interrupted,
                                      backstop_error *error)
{
    undo_journal *journal = NULL;
    backstop_status status = BACKSTOP_OK;
    if (box->state != NULL) {
        status = undo_state_read_last(box->state, &journal, error);
    }
    *was_interrupted = journal != NULL && (!journal->is_done || journal->is_undoing);
    undo_journal_free(journal);
    return status;
}

backstop_status sweep_undo(const sweep_mailbox *box, int64_t *time_sec, sweep_tally *tally,
                           backstop_error *error)
{
    *tally = (sweep_tally){ .done = 0 };
    *time_sec = 0;
    undo_journal *journal = NULL;
    backstop_status status = BACKSTOP_OK;
    if (box->state != NULL) {
        status = undo_state_read_last(box->state, &journal, error);
    }
    if (journal == NULL) {
        return status;
    }
    *time_sec = journal->time_sec;
    if (access(journal->folder, F_OK) != 0 && errno == ENOENT) {
        status = error_fail(error, BACKSTOP_ERROR_STORE,
                            "%s is not there any more, nor is what was moved to it; to forget that "
                            "sweep, remove %s",
                            journal->folder, journal->file);
    } else if (journal->is_maildir != box->is_maildir) {
        status = error_fail(error, BACKSTOP_ERROR_INVALID,
                            "%s was another kind of mailbox when it was swept: nothing is put back",
                            box->path);
    } else {
        status = box->is_maildir ? sweep_maildir_undo(journal, tally, error)
                                 : sweep_mbox_undo(box->state, journal, tally, error);
    }
    if (status == BACKSTOP_OK) {
        status = undo_journal_remove(journal, error);
    }
    undo_journal_free(journal);
    return status;
}
