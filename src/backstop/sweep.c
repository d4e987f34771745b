/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/sweep.h"

#include "app/as_of.h"
#include "app/terminal.h"
#include "backstop/exit_status.h"
#include "backstop/print_json.h"
#include "backstop/sweep_hosts.h"
#include "backstop/sweep_move.h"
#include "backstop/sweep_pass.h"
#include "backstop/sweep_screen.h"
#include "backstop/sweep_sent.h"
#include "backstop/sweep_table.h"
#include "base/iso_date.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Mail comes back for weeks, and gets an answer for months. */
enum { REMEMBERED_DAYS = 400 };

typedef struct sweep_options {
    const char *mail;
    const char *to;   /* NULL: the mailbox's Backscatter folder */
    GPtrArray *sent;  /* of const char *, borrowed, as the two below */
    GPtrArray *me;    /* addresses */
    GPtrArray *hosts; /* lists of outbound hosts */
    bool apply, undo, json;
    int64_t as_of_sec;
} sweep_options;

typedef struct sweep {
    sweep_options options;
    sweep_screen screen;
    sweep_mailbox box;
    backstop_site *site;
    backstop_keys *keys;
    backstop_store *store;
    sweep_table *table;
    GArray *picks; /* of sweep_pick: what is to be moved */
    GStringChunk *names;
    bool learns; /* the outbound hosts, for none are given */
} sweep;

enum {
    OPTION_MAIL = 256,
    OPTION_SENT,
    OPTION_ME,
    OPTION_OUTBOUND_HOSTS,
    OPTION_APPLY,
    OPTION_TO,
    OPTION_UNDO,
    OPTION_JSON,
    OPTION_AS_OF,
};

/* False if it is none that is known: getopt_long() has said so. */
static bool take_option(sweep_options *o, int option)
{
    switch (option) {
    case OPTION_MAIL:
        o->mail = optarg;
        return true;
    case OPTION_SENT:
        g_ptr_array_add(o->sent, optarg);
        return true;
    case OPTION_ME:
        g_ptr_array_add(o->me, optarg);
        return true;
    case OPTION_OUTBOUND_HOSTS:
        g_ptr_array_add(o->hosts, optarg);
        return true;
    case OPTION_APPLY:
        return o->apply = true;
    case OPTION_TO:
        o->to = optarg;
        return true;
    case OPTION_UNDO:
        return o->undo = true;
    case OPTION_JSON:
        return o->json = true;
    case OPTION_AS_OF:
        if (!as_of_read(optarg, &o->as_of_sec)) {
            fprintf(stderr, "backstop sweep: --as-of takes a time such as 2026-11-24T08:00:00Z\n");
            return false;
        }
        return true;
    default:
        return false;
    }
}

/* What is wrong with the options together; NULL if nothing is. */
static const char *find_contradiction(const sweep_options *o, int extra)
{
    if (extra > 0) {
        return "it takes options alone";
    }
    if (o->mail == NULL || g_str_equal(o->mail, "-")) {
        return "--mail PATH, a Maildir or an mbox, is missing";
    }
    if (o->undo) {
        return o->apply || o->to != NULL || o->json ? "--undo goes with --mail alone" : NULL;
    }
    if (o->sent->len == 0) {
        return "--sent PATH, the folder of sent mail, is missing";
    }
    if (o->me->len == 0) {
        return "--me ADDRESS, the address of the mailbox, is missing";
    }
    if (o->to != NULL && !o->apply) {
        return "--to says where --apply moves messages, which is missing";
    }
    return NULL;
}

static bool read_options(int argc, char **argv, sweep_options *o)
{
    static const struct option known[] = {
        { "mail", required_argument, NULL, OPTION_MAIL },
        { "sent", required_argument, NULL, OPTION_SENT },
        { "me", required_argument, NULL, OPTION_ME },
        { "outbound-hosts", required_argument, NULL, OPTION_OUTBOUND_HOSTS },
        { "apply", no_argument, NULL, OPTION_APPLY },
        { "to", required_argument, NULL, OPTION_TO },
        { "undo", no_argument, NULL, OPTION_UNDO },
        { "json", no_argument, NULL, OPTION_JSON },
        { "as-of", required_argument, NULL, OPTION_AS_OF },
        { NULL, 0, NULL, 0 },
    };
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (!take_option(o, option)) {
            return false;
        }
    }
    const char *wrong = find_contradiction(o, argc - optind);
    if (wrong != NULL) {
        fprintf(stderr, "backstop sweep: %s\n", wrong);
    }
    return wrong == NULL;
}

/* For people: on standard output, or beside the JSON that stands there. */
static void say(sweep *s, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void say(sweep *s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (s->options.json) {
        sweep_screen_tell(&s->screen, NULL, text);
    } else {
        terminal_append_escaped(s->screen.out.text, text);
        g_string_append_c(s->screen.out.text, '\n');
    }
}

static int fail(sweep *s, backstop_status status, const backstop_error *error)
{
    sweep_screen_tell(&s->screen, NULL, error->text);
    return exit_status_of(status);
}

static backstop_status add_hosts(sweep *s, const char *list, backstop_error *error)
{
    g_auto(GStrv) hosts = g_strsplit_set(list, ", ", -1);
    backstop_status status = BACKSTOP_OK;
    for (char **host = hosts; *host != NULL && status == BACKSTOP_OK; host++) {
        if (**host != '\0') {
            /* Other people's mail leaves through them too: a provider's serve many. */
            status = backstop_site_add_outbound_host(s->site, *host, true, error);
        }
    }
    return status;
}

static backstop_status make_site(sweep *s, backstop_error *error)
{
    backstop_status status = BACKSTOP_OK;
    s->site = backstop_site_new();
    for (unsigned i = 0; i < s->options.me->len && status == BACKSTOP_OK; i++) {
        status = backstop_site_add_address(s->site, g_ptr_array_index(s->options.me, i), error);
    }
    for (unsigned i = 0; i < s->options.hosts->len && status == BACKSTOP_OK; i++) {
        status = add_hosts(s, g_ptr_array_index(s->options.hosts, i), error);
    }
    s->learns = s->options.hosts->len == 0;
    return status;
}

/* The Sent folder in memory, hashed with a key that nobody keeps. */
static backstop_status read_sent(sweep *s, backstop_error *error)
{
    sweep_sent sent = { .mails = 0 };
    backstop_status status = backstop_keys_new_ephemeral(&s->keys, error);
    if (status == BACKSTOP_OK) {
        status = backstop_store_open(NULL, s->keys, &s->store, error);
    }
    if (status == BACKSTOP_OK) {
        status = sweep_sent_read(s->options.sent, s->store, s->options.as_of_sec, &s->screen, &sent,
                                 error);
    }
    if (status != BACKSTOP_OK) {
        return status;
    }
    backstop_store_set_days(s->store, REMEMBERED_DAYS);
    backstop_site_set_personal(s->site, sent.from_sec, sent.until_sec);
    if (sent.mails == 0) {
        sweep_screen_tell(&s->screen, NULL,
                          "no sent mail was found: no notice can be proven or refuted by it");
    } else {
        char from[ISO_DATE_SIZE], until[ISO_DATE_SIZE];
        iso_date_format(sent.from_sec, from);
        iso_date_format(sent.until_sec, until);
        say(s, "%" PRIu64 " sent mails, from %.10s to %.10s", sent.mails, from, until);
    }
    return BACKSTOP_OK;
}

/* The learned hosts go into the site. */
static backstop_status use_learned(sweep *s, sweep_hosts *hosts, backstop_error *error)
{
    const GPtrArray *list = sweep_hosts_list(hosts);
    g_autoptr(GString) text = g_string_new(NULL);
    backstop_status status = BACKSTOP_OK;
    for (unsigned i = 0; i < list->len && status == BACKSTOP_OK; i++) {
        const char *host = g_ptr_array_index(list, i);
        status = backstop_site_add_outbound_host(s->site, host, true, error);
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", host);
    }
    if (list->len > 0) {
        say(s, "outbound hosts, learned from notices that the sent mail proves: %s", text->str);
    } else {
        say(s, "outbound hosts: none are known; --outbound-hosts names those of your provider");
    }
    return status;
}

static void pick(sweep *s, const mailbox_message *where)
{
    sweep_pick p = { .name = NULL };
    if (s->box.is_maildir) {
        if (where->has_siblings) {
            sweep_screen_tell(&s->screen, where->file, "holds several messages: not moved");
            return;
        }
        const char *below = where->file + strlen(s->options.mail);
        below += strspn(below, "/");
        p.name = g_string_chunk_insert(s->names, below);
    }
    mail_digest(where->bytes, p.digest);
    g_array_append_val(s->picks, p);
}

static bool show(const sweep_judged *one, void *context)
{
    sweep *s = context;
    if (s->options.json) {
        print_json(s->screen.out.text, one->where, one->notice, one->judgement);
    } else {
        sweep_table_add(s->table, one, s->screen.out.text);
    }
    if (s->options.apply &&
        backstop_judgement_verdict(one->judgement) == BACKSTOP_VERDICT_BACKSCATTER) {
        pick(s, one->where);
    }
    return !output_is_large(&s->screen.out) || sweep_screen_flush(&s->screen);
}

static backstop_status judge_mailbox(sweep *s, backstop_error *error)
{
    const sweep_court court = { s->site, s->keys, s->store, s->options.as_of_sec };
    sweep_hosts *hosts = s->learns ? sweep_hosts_new() : NULL;
    uint64_t messages;
    sweep_notices *notices = sweep_pass_find(s->options.mail, &court, hosts, &s->screen, &messages);
    backstop_status status = s->learns ? use_learned(s, hosts, error) : BACKSTOP_OK;
    if (status == BACKSTOP_OK) {
        if (!s->options.json) {
            g_string_append_c(s->screen.out.text, '\n');
        }
        sweep_pass_judge(s->options.mail, notices, &court, &s->screen, show, s);
    }
    if (status == BACKSTOP_OK && !s->options.json) {
        sweep_table_print_sums(s->table, messages, s->screen.out.text);
    }
    sweep_notices_free(notices);
    sweep_hosts_free(hosts);
    return status;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* What was not moved as was to be. */
static void tell_rest(sweep *s, const sweep_tally *t, const char *gone)
{
    if (t->already > 0) {
        say(s, "%u %s there already", t->already, t->already == 1 ? "was" : "were");
    }
    if (t->gone > 0) {
        say(s, "%u %s %s", t->gone, t->gone == 1 ? "was" : "were", gone);
    }
    if (t->changed > 0) {
        say(s, "%u %s left alone: %s changed meanwhile, or the name is taken", t->changed,
            t->changed == 1 ? "was" : "were", t->changed == 1 ? "it was" : "they were");
    }
    if (t->kept != NULL) {
        say(s,
            "the mailbox was changed by others after an interrupted sweep: what its end was before "
            "is kept in %s, an mbox with some lines before it",
            t->kept);
    }
}

/* Puts back what the last sweep moved. */
static int undo(sweep *s)
{
    backstop_error error;
    sweep_tally tally;
    int64_t when;
    backstop_status status = sweep_undo(&s->box, &when, &tally, &error);
    if (status == BACKSTOP_OK && when == 0) {
        say(s, "no sweep of %s is there to be undone", s->options.mail);
        return EXIT_DONE;
    }
    char date[ISO_DATE_SIZE];
    iso_date_format(when, date);
    say(s, "%u message%s put back into %s, from the sweep of %s", tally.done, plural(tally.done),
        s->options.mail, date);
    tell_rest(s, &tally, "moved or deleted by somebody else");
    g_free(tally.kept);
    if (status != BACKSTOP_OK) {
        return fail(s, status, &error);
    }
    unsigned more = undo_state_count(s->box.state);
    if (more > 0) {
        say(s, "%u earlier sweep%s can be undone as well, with --undo once more", more,
            plural(more));
    }
    return EXIT_DONE;
}

static int apply(sweep *s)
{
    backstop_error error;
    sweep_tally tally = { .done = 0 };
    g_autofree char *folder = sweep_folder(&s->box, s->options.to, &error);
    if (folder == NULL) {
        return fail(s, BACKSTOP_ERROR_INVALID, &error);
    }
    backstop_status status = sweep_apply(&s->box, folder, s->picks, as_of_now(), &tally, &error);
    if (tally.done > 0) {
        say(s, "%u message%s moved to %s; `backstop sweep --mail %s --undo` puts %s back",
            tally.done, plural(tally.done), folder, s->options.mail,
            tally.done == 1 ? "it" : "them");
    } else {
        say(s, "no message was moved");
    }
    tell_rest(s, &tally, "moved, deleted or changed meanwhile");
    g_free(tally.kept);
    if (status != BACKSTOP_OK) {
        return fail(s, status, &error);
    }
    return tally.gone + tally.changed > 0 ? EXIT_INPUT : EXIT_DONE;
}

/* What an interrupted sweep left is put back before the next one looks. */
static int mend(sweep *s)
{
    backstop_error error;
    bool was_interrupted = false;
    backstop_status status = sweep_was_interrupted(&s->box, &was_interrupted, &error);
    if (status != BACKSTOP_OK) {
        return fail(s, status, &error);
    }
    if (was_interrupted && s->options.apply) {
        say(s, "the last sweep was interrupted: it is undone first");
        return undo(s);
    }
    if (was_interrupted) {
        sweep_screen_tell(&s->screen, NULL,
                          "the last sweep of this mailbox was interrupted: --undo mends that");
    }
    return EXIT_DONE;
}

static void advise(sweep *s)
{
    uint64_t count = sweep_table_count(s->table, BACKSTOP_VERDICT_BACKSCATTER);
    if (count > 0 && !s->options.apply) {
        say(s, "--apply moves the backscatter, %" PRIu64 " message%s, out of the mailbox", count,
            plural(count));
    }
}

static int run(sweep *s)
{
    backstop_error error;
    int result = mend(s);
    if (result != EXIT_DONE) {
        return result;
    }
    backstop_status status = make_site(s, &error);
    if (status != BACKSTOP_OK) {
        return fail(s, status, &error);
    }
    status = read_sent(s, &error);
    if (status == BACKSTOP_OK) {
        status = judge_mailbox(s, &error);
    }
    if (status != BACKSTOP_OK) {
        return fail(s, status, &error);
    }
    advise(s);
    /* What could not be shown is not moved. */
    if (s->options.apply && sweep_screen_flush(&s->screen)) {
        result = apply(s);
    }
    return result;
}

/* The mailbox is opened for moving its messages, or for seeing whether that was interrupted. A
 * folder of messages can be looked at as well. */
static int open_and_run(sweep *s)
{
    backstop_error error;
    bool moves = s->options.apply || s->options.undo;
    backstop_status status = sweep_mailbox_open(s->options.mail, s->options.apply, &s->box, &error);
    if (status != BACKSTOP_OK && moves) {
        return fail(s, status, &error);
    }
    return s->options.undo ? undo(s) : run(s);
}

static int finish(sweep *s, int result)
{
    sweep_screen_flush(&s->screen);
    int error = s->screen.out.error;
    if (error != 0 && error != EPIPE) {
        sweep_screen_tell(&s->screen, "standard output", g_strerror(error));
    }
    if (error != 0) {
        return EXIT_TEMPORARY;
    }
    return result == EXIT_DONE && s->screen.errors > 0 ? EXIT_INPUT : result;
}

int sweep_run(int argc, char **argv)
{
    sweep s = { .options = { .sent = g_ptr_array_new(),
                             .me = g_ptr_array_new(),
                             .hosts = g_ptr_array_new(),
                             .as_of_sec = as_of_now() } };
    int result = EXIT_USAGE;
    if (read_options(argc, argv, &s.options)) {
        s.screen = sweep_screen_new();
        s.table = sweep_table_new(s.screen.is_terminal ? s.screen.columns : 0);
        s.picks = g_array_new(FALSE, FALSE, sizeof(sweep_pick));
        s.names = g_string_chunk_new(65536);
        result = finish(&s, open_and_run(&s));
        sweep_mailbox_close(&s.box);
        backstop_store_close(s.store);
        backstop_keys_free(s.keys);
        backstop_site_free(s.site);
        sweep_table_free(s.table);
        g_array_free(s.picks, TRUE);
        g_string_chunk_free(s.names);
        sweep_screen_free(&s.screen);
    }
    g_ptr_array_free(s.options.sent, TRUE);
    g_ptr_array_free(s.options.me, TRUE);
    g_ptr_array_free(s.options.hosts, TRUE);
    return result;
}
