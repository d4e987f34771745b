/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/undo_journal.h"

#include "app/descriptor.h"
#include "app/safe_file.h"
#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char magic_line[] = "backstop-undo 1";
static const char suffix[] = ".undo";

struct undo_state {
    char *folder;
    int lock_fd;
};

undo_journal *undo_journal_new(bool is_maildir, const char *mailbox, const char *folder,
                               int64_t now_sec)
{
    undo_journal *j = g_new0(undo_journal, 1);
    j->is_maildir = is_maildir;
    j->mailbox = g_strdup(mailbox);
    j->folder = g_strdup(folder);
    j->time_sec = now_sec;
    j->entries = g_array_new(FALSE, FALSE, sizeof(undo_entry));
    return j;
}

void undo_journal_free(undo_journal *journal)
{
    if (journal == NULL) {
        return;
    }
    for (unsigned i = 0; i < journal->entries->len; i++) {
        undo_entry *e = &g_array_index(journal->entries, undo_entry, i);
        g_free(e->name);
        g_free(e->base);
    }
    g_array_free(journal->entries, TRUE);
    g_free(journal->file);
    g_free(journal->mailbox);
    g_free(journal->folder);
    g_free(journal);
}

void undo_journal_add(undo_journal *journal, const undo_entry *entry)
{
    undo_entry copy = *entry;
    copy.name = g_strdup(entry->name);
    copy.base = g_strdup(entry->base);
    g_array_append_val(journal->entries, copy);
}

/* A folder's name of a path: that may be longer than a name, or hold anything. */
static char *folder_for(const char *path)
{
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, path, -1);
    sum[32] = '\0';
    return g_build_filename(g_get_user_state_dir(), "backstop", "sweep", sum, NULL);
}

backstop_status undo_state_open(const char *path, bool make, undo_state **out,
                                backstop_error *error)
{
    *out = NULL;
    g_autofree char *folder = folder_for(path);
    if (!make && access(folder, F_OK) != 0 && errno == ENOENT) {
        return BACKSTOP_OK;
    }
    g_autofree char *lock = g_build_filename(folder, "lock", NULL);
    int fd = -1;
    if (g_mkdir_with_parents(folder, 0700) == 0) {
        fd = open(lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    }
    if (fd < 0) {
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "%s cannot be made, where it is written down what a sweep moves: %s",
                          folder, g_strerror(errno));
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int number = errno;
        close(fd);
        if (number == EWOULDBLOCK) {
            return error_fail(error, BACKSTOP_ERROR_BUSY,
                              "another sweep is moving messages of %s: try again when it is done",
                              path);
        }
        return error_fail(error, BACKSTOP_ERROR_STORE, "%s: %s", lock, g_strerror(number));
    }
    *out = g_new0(undo_state, 1);
    (*out)->folder = g_steal_pointer(&folder);
    (*out)->lock_fd = fd;
    return BACKSTOP_OK;
}

void undo_state_close(undo_state *state)
{
    if (state == NULL) {
        return;
    }
    close(state->lock_fd);
    g_free(state->folder);
    g_free(state);
}

char *undo_state_file(const undo_state *state, const char *name)
{
    return g_build_filename(state->folder, name, NULL);
}

/* The highest number of a journal, 0 if there is none; how many there are into `*count`. */
static unsigned last_number(const undo_state *state, unsigned *count)
{
    unsigned last = 0;
    *count = 0;
    DIR *folder = opendir(state->folder);
    if (folder == NULL) {
        return 0;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char *end;
        unsigned long number = strtoul(entry->d_name, &end, 10);
        if (g_ascii_isdigit(entry->d_name[0]) && g_str_equal(end, suffix) && number < UINT_MAX) {
            last = MAX(last, (unsigned)number);
            (*count)++;
        }
    }
    closedir(folder);
    return last;
}

unsigned undo_state_count(const undo_state *state)
{
    unsigned count;
    last_number(state, &count);
    return count;
}

static char *journal_file(const undo_state *state, unsigned number)
{
    g_autofree char *name = g_strdup_printf("%06u%s", number, suffix);
    return undo_state_file(state, name);
}

static void append_escaped(GString *out, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c <= ' ' || *c == 127 || *c == '%') {
            g_string_append_printf(out, "%%%02X", *c);
        } else {
            g_string_append_c(out, (char)*c);
        }
    }
}

static void print_entry(const undo_journal *j, const undo_entry *e, GString *out)
{
    g_string_append_printf(out, "moved %s ", e->digest);
    if (j->is_maildir) {
        append_escaped(out, e->name);
        g_string_append_c(out, ' ');
        append_escaped(out, e->base);
        g_string_append_c(out, '\n');
    } else {
        g_string_append_printf(out, "%u %u\n", e->number, e->padding);
    }
}

static GString *print_journal(const undo_journal *j)
{
    GString *out = g_string_new(magic_line);
    g_string_append_printf(out, "\nmailbox %s ", j->is_maildir ? "maildir" : "mbox");
    append_escaped(out, j->mailbox);
    g_string_append(out, "\nfolder ");
    append_escaped(out, j->folder);
    g_string_append_printf(out, "\ntime %" PRId64 "\n", j->time_sec);
    for (unsigned i = 0; i < j->entries->len; i++) {
        print_entry(j, &g_array_index(j->entries, undo_entry, i), out);
    }
    g_string_append_printf(out, "end %u\n", j->entries->len);
    return out;
}

backstop_status undo_state_write(undo_state *state, undo_journal *journal, backstop_error *error)
{
    unsigned count;
    g_autofree char *file = journal_file(state, last_number(state, &count) + 1);
    GString *text = print_journal(journal);
    int fd = safe_file_begin(file);
    bool is_written = fd >= 0 && descriptor_write(fd, text->str, text->len);
    if (fd >= 0 && !is_written) {
        int number = errno;
        safe_file_abandon(fd, file);
        errno = number;
    }
    is_written = is_written && safe_file_finish(fd, file);
    g_string_free(text, TRUE);
    if (!is_written) {
        return error_fail(error, BACKSTOP_ERROR_STORE,
                          "nothing was moved, for it cannot be written down in %s: %s", file,
                          g_strerror(errno));
    }
    journal->file = g_steal_pointer(&file);
    return BACKSTOP_OK;
}

/* The next word of a line, unescaped in place; NULL if there is none. */
static char *next_word(char **rest)
{
    char *word = *rest;
    if (word == NULL || *word == '\0') {
        return NULL;
    }
    char *end = strchr(word, ' ');
    *rest = end == NULL ? NULL : end + 1;
    if (end != NULL) {
        *end = '\0';
    }
    char *to = word;
    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '%' && g_ascii_isxdigit(c[1]) && g_ascii_isxdigit(c[2])) {
            *to++ = (char)(g_ascii_xdigit_value(c[1]) * 16 + g_ascii_xdigit_value(c[2]));
            c += 2;
        } else {
            *to++ = *c;
        }
    }
    *to = '\0';
    return word;
}

static bool next_number(char **rest, int64_t *out)
{
    const char *word = next_word(rest);
    char *end = NULL;
    if (word == NULL || !g_ascii_isdigit(word[0])) {
        return false;
    }
    *out = g_ascii_strtoll(word, &end, 10);
    return *end == '\0';
}

static bool read_entry(undo_journal *j, char *rest)
{
    undo_entry e = { .number = 0 };
    const char *digest = next_word(&rest);
    if (digest == NULL || strlen(digest) >= MAIL_DIGEST_SIZE) {
        return false;
    }
    g_strlcpy(e.digest, digest, sizeof e.digest);
    if (j->is_maildir) {
        e.name = next_word(&rest);
        e.base = next_word(&rest);
        if (e.base == NULL) {
            return false;
        }
    } else {
        int64_t number, padding;
        if (!next_number(&rest, &number) || !next_number(&rest, &padding) || number > UINT_MAX ||
            padding > UINT_MAX) {
            return false;
        }
        e.number = (unsigned)number;
        e.padding = (unsigned)padding;
    }
    undo_journal_add(j, &e);
    return true;
}

/* Takes one line, without its end. False if it is none of a journal's. */
static bool read_line(undo_journal *j, char *line)
{
    char *rest = line;
    const char *word = next_word(&rest);
    if (g_strcmp0(word, "moved") == 0) {
        return read_entry(j, rest);
    }
    if (g_strcmp0(word, "mailbox") == 0) {
        j->is_maildir = g_strcmp0(next_word(&rest), "maildir") == 0;
        j->mailbox = g_strdup(next_word(&rest));
    } else if (g_strcmp0(word, "folder") == 0) {
        j->folder = g_strdup(next_word(&rest));
    } else if (g_strcmp0(word, "time") == 0) {
        return next_number(&rest, &j->time_sec);
    } else if (g_strcmp0(word, "done") == 0) {
        j->is_done = true;
    } else if (g_strcmp0(word, "undoing") == 0) {
        j->is_undoing = true;
    } else {
        return g_strcmp0(word, "end") == 0;
    }
    return true;
}

static undo_journal *parse(char *text)
{
    undo_journal *j = undo_journal_new(false, NULL, NULL, 0);
    char *line = text;
    bool is_good = g_str_has_prefix(text, magic_line);
    for (bool is_first = true; is_good; is_first = false) {
        char *end = strchr(line, '\n');
        if (end == NULL) {
            break; /* the rest of a mark that was not written to its end */
        }
        *end = '\0';
        is_good = is_first ? g_str_equal(line, magic_line) : read_line(j, line);
        line = end + 1;
    }
    if (!is_good || j->mailbox == NULL || j->folder == NULL) {
        undo_journal_free(j);
        return NULL;
    }
    return j;
}

backstop_status undo_state_read_last(const undo_state *state, undo_journal **out,
                                     backstop_error *error)
{
    *out = NULL;
    unsigned count;
    unsigned number = last_number(state, &count);
    if (number == 0) {
        return BACKSTOP_OK;
    }
    g_autofree char *file = journal_file(state, number);
    g_autofree char *text = NULL;
    g_autoptr(GError) problem = NULL;
    if (!g_file_get_contents(file, &text, NULL, &problem)) {
        return error_fail(error, BACKSTOP_ERROR_STORE, "%s", problem->message);
    }
    *out = parse(text);
    if (*out == NULL) {
        return error_fail(error, BACKSTOP_ERROR_STORE, "%s is no journal of a sweep, or damaged",
                          file);
    }
    (*out)->file = g_steal_pointer(&file);
    return BACKSTOP_OK;
}

static backstop_status mark(const undo_journal *j, const char *line, backstop_error *error)
{
    int fd = open(j->file, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
    bool is_there = fd >= 0 && descriptor_write(fd, line, strlen(line)) && fsync(fd) == 0;
    int number = errno;
    if (fd >= 0) {
        close(fd);
    }
    return is_there
               ? BACKSTOP_OK
               : error_fail(error, BACKSTOP_ERROR_STORE, "%s: %s", j->file, g_strerror(number));
}

backstop_status undo_journal_mark_done(undo_journal *journal, backstop_error *error)
{
    backstop_status status = mark(journal, "done\n", error);
    journal->is_done = journal->is_done || status == BACKSTOP_OK;
    return status;
}

backstop_status undo_journal_mark_undoing(undo_journal *journal, backstop_error *error)
{
    backstop_status status = journal->is_undoing ? BACKSTOP_OK : mark(journal, "undoing\n", error);
    journal->is_undoing = journal->is_undoing || status == BACKSTOP_OK;
    return status;
}

backstop_status undo_journal_remove(const undo_journal *journal, backstop_error *error)
{
    if (unlink(journal->file) != 0 && errno != ENOENT) {
        return error_fail(error, BACKSTOP_ERROR_STORE, "%s: %s", journal->file, g_strerror(errno));
    }
    safe_file_sync_folder(journal->file);
    return BACKSTOP_OK;
}
