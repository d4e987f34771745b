/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/sweep_pass.h"

#include <backstop/message.h>

#include <string.h>
#include <sys/stat.h>

typedef struct place {
    const char *file; /* in the chunk */
    uint64_t index;
} place;

struct sweep_notices {
    GStringChunk *files;
    GArray *places; /* of place, as they were read */
};

/* One reading, of either kind. */
typedef struct pass {
    const sweep_court *court;
    sweep_screen *screen;
    sweep_hosts *hosts; /* NULL: nothing is to be learned */
    sweep_notices *found;
    uint64_t messages;
    const sweep_notices *wanted;
    unsigned next; /* of the wanted */
    bool (*judged)(const sweep_judged *one, void *context);
    void *context;
} pass;

static void tell_error(const char *file, const char *why, void *context)
{
    const pass *p = context;
    sweep_screen_error(file, why, p->screen);
}

/* A notice in a mailbox is as old as the mailbox: it is judged by what was known when it came. */
static int64_t time_of(const backstop_message *message, const sweep_court *court)
{
    int64_t time_sec;
    if (!backstop_message_date(message, &time_sec)) {
        return court->now_sec;
    }
    return MIN(time_sec, court->now_sec);
}

static backstop_judgement *judge(const pass *p, const backstop_notice *notice, int64_t time_sec)
{
    const sweep_court *c = p->court;
    return backstop_judge(notice, c->site, c->keys, c->store, time_sec);
}

/* Whether the Sent folder proves it: the mail was sent, and to the one whom it is about. */
static bool is_proven_by_ledger(const backstop_judgement *j)
{
    size_t count = backstop_judgement_evidence_count(j);
    for (size_t i = 0; i < count; i++) {
        if (g_str_equal(backstop_evidence_witness(j, i), "ledger") &&
            backstop_evidence_claim(j, i) == BACKSTOP_CLAIM_GENUINE &&
            backstop_evidence_strength(j, i) == BACKSTOP_STRENGTH_PROOF) {
            return true;
        }
    }
    return false;
}

static void learn(const pass *p, const backstop_message *message, const backstop_notice *notice)
{
    backstop_judgement *j = judge(p, notice, time_of(message, p->court));
    if (is_proven_by_ledger(j)) {
        sweep_hosts_learn(p->hosts, message, notice);
    }
    backstop_judgement_free(j);
}

/* NULL if it is empty. */
static backstop_message *read_message(const mailbox_message *where)
{
    backstop_message *message;
    if (backstop_message_read(where->bytes.ptr, where->bytes.len, NULL, &message) != BACKSTOP_OK) {
        return NULL;
    }
    return message;
}

static bool look_at(const mailbox_message *where, void *context)
{
    pass *p = context;
    backstop_message *message = read_message(where);
    if (message != NULL) {
        backstop_notice *notice = backstop_notice_read(message);
        if (backstop_notice_kind(notice) != BACKSTOP_KIND_NONE) {
            place at = { g_string_chunk_insert_const(p->found->files, where->file), where->index };
            g_array_append_val(p->found->places, at);
            if (p->hosts != NULL) {
                learn(p, message, notice);
            }
        }
        backstop_notice_free(notice);
        backstop_message_free(message);
    }
    p->messages++;
    progress_update(&p->screen->bar, where->share, p->messages);
    return true;
}

void sweep_notices_free(sweep_notices *notices)
{
    if (notices == NULL) {
        return;
    }
    g_string_chunk_free(notices->files);
    g_array_free(notices->places, TRUE);
    g_free(notices);
}

sweep_notices *sweep_pass_find(const char *path, const sweep_court *court, sweep_hosts *hosts,
                               sweep_screen *screen, uint64_t *messages)
{
    pass p = { .court = court, .screen = screen, .hosts = hosts };
    p.found = g_new0(sweep_notices, 1);
    p.found->files = g_string_chunk_new(65536);
    p.found->places = g_array_new(FALSE, FALSE, sizeof(place));
    const mailbox_handler handler = { look_at, tell_error, &p };
    mailbox *box = mailbox_new(&handler);
    mailbox_read(box, path);
    mailbox_free(box);
    *messages = p.messages;
    return p.found;
}

/* False if the caller has had enough. */
static bool judge_message(pass *p, const mailbox_message *where)
{
    backstop_message *message = read_message(where);
    if (message == NULL) {
        return true;
    }
    bool goes_on = true;
    backstop_notice *notice = backstop_notice_read(message);
    /* Else the mailbox has changed since: another message is there now. */
    if (backstop_notice_kind(notice) != BACKSTOP_KIND_NONE) {
        int64_t time_sec = time_of(message, p->court);
        backstop_judgement *j = judge(p, notice, time_sec);
        const sweep_judged one = { where, message, notice, j, time_sec };
        goes_on = p->judged(&one, p->context);
        backstop_judgement_free(j);
    }
    backstop_notice_free(notice);
    backstop_message_free(message);
    return goes_on;
}

static bool judge_if_wanted(const mailbox_message *where, void *context)
{
    pass *p = context;
    const GArray *places = p->wanted->places;
    bool is_wanted = p->next < places->len &&
                     g_array_index(places, place, p->next).index == where->index &&
                     g_str_equal(g_array_index(places, place, p->next).file, where->file);
    if (!is_wanted) {
        return p->next < places->len;
    }
    p->next++;
    bool goes_on = judge_message(p, where);
    progress_update(&p->screen->bar, (double)p->next / places->len, p->next);
    return goes_on;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

void sweep_pass_judge(const char *path, const sweep_notices *notices, const sweep_court *court,
                      sweep_screen *screen, bool (*judged)(const sweep_judged *one, void *context),
                      void *context)
{
    pass p = {
        .court = court,
        .screen = screen,
        .wanted = notices,
        .judged = judged,
        .context = context,
    };
    const mailbox_handler handler = { judge_if_wanted, tell_error, &p };
    mailbox *box = mailbox_new(&handler);
    bool goes_on = is_folder(path);
    /* Where none was found, what was wrong with the path has been told. */
    if (!goes_on && notices->places->len > 0) {
        mailbox_read(box, path);
    }
    /* Of a folder, only the files with notices in them. */
    while (goes_on && p.next < notices->places->len) {
        unsigned before = p.next;
        goes_on = mailbox_read(box, g_array_index(notices->places, place, before).file);
        p.next = MAX(p.next, before + 1); /* it is gone, or changed */
    }
    mailbox_free(box);
}
