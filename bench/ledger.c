/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The ledger at full size: how fast it imports, records and answers, and how large it is; for the
 * embedded store, and for the same rows in LMDB (ledger_lmdb.c) beside it.
 *
 * Usage: ledger [--rows MILLIONS] [--seconds N] [--folder DIR] [sqlite|lmdb]...
 *     --rows     how many rows there are first (default 25)
 *     --seconds  how long each of the measurements after that takes (default 10)
 *     --folder   where the files are made, and removed (default: that for temporary files)
 *
 * A message has one recipient, so four rows. Prints a table in Markdown.
 */
#include "ledger_lmdb.h"

#include "proof/keys.h"
#include "store/ledger.h"

#include <glib/gstdio.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ROWS_PER_MAIL = 4,
    IMPORT_MAILS = 250 * 1000, /* handed over at once */
    SENDERS = 5000,
    LEDGER_DAYS = 20,
    WRITERS = 100, /* as many as the smtpd processes that Postfix has by default */
    ANSWERS_MAX = 4 * 1000 * 1000,
};

static const int64_t now_sec = 1795465490;

/* ---- the mails: number N is always the same one ---- */

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

typedef struct mail_text {
    char id[48], sender[32], recipient[48];
} mail_text;

static void write_mail(uint64_t number, mail_text *out)
{
    g_snprintf(out->id, sizeof out->id, "<%016" G_GINT64_MODIFIER "x@our.example>", number);
    g_snprintf(out->sender, sizeof out->sender, "user%u@our.example",
               (unsigned)(mix(number) % SENDERS));
    g_snprintf(out->recipient, sizeof out->recipient, "%" G_GINT64_MODIFIER "x@remote.example",
               mix(number + 1) >> 16);
}

static int64_t sent_sec(uint64_t number, uint64_t total)
{
    return now_sec - (int64_t)((double)(total - number) / (double)total * LEDGER_DAYS * 86400);
}

/* ---- measuring ---- */

typedef struct engine {
    const char *name;
    backstop_store *store;
    uint64_t mails; /* in it */
} engine;

typedef struct figures {
    double import_first, import_full; /* messages a second, from empty and at full size */
    double record, record_commit_ms;  /* messages a second; how long a caller waited, median */
    double bytes_per_row;
    double row_p50, row_p99;       /* us, one row, warm */
    double mail_p50, mail_p99;     /* one mail that we sent: three rows */
    double expiry_p50, expiry_p99; /* one row while a day expires */
    double forged_p50, forged_p99; /* one mail that nobody sent, while a day expires: two rows */
    double expiry_sec, expiry_rows;
    double both_p50, both_p99; /* one row while mail is recorded as fast as it goes */
} figures;

static double clock_sec(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void check(backstop_status status, const backstop_error *error)
{
    if (status != BACKSTOP_OK) {
        fprintf(stderr, "ledger: %s\n", error->text);
        exit(1);
    }
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void percentiles(float *us, size_t count, double *p50, double *p99)
{
    qsort(us, count, sizeof *us, compare_floats);
    *p50 = count == 0 ? 0 : (double)us[count / 2];
    *p99 = count == 0 ? 0 : (double)us[count * 99 / 100];
}

/* ---- import ---- */

/* Messages a second. */
static double import(engine *e, uint64_t total)
{
    static const size_t count = IMPORT_MAILS;
    g_autofree mail_text *texts = g_new(mail_text, count);
    g_autofree const char **recipients = g_new(const char *, count);
    g_autofree backstop_sent *sent = g_new(backstop_sent, count);
    for (size_t i = 0; i < count; i++) {
        write_mail(e->mails + i, &texts[i]);
        recipients[i] = texts[i].recipient;
        sent[i] = (backstop_sent){ texts[i].id, texts[i].sender, &recipients[i], 1,
                                   sent_sec(MIN(e->mails + i, total), total) };
    }
    backstop_error error;
    double started = clock_sec();
    check(backstop_store_import(e->store, sent, count, now_sec, &error), &error);
    e->mails += count;
    return (double)count / (clock_sec() - started);
}

/* ---- looking up ---- */

typedef enum question { ASK_ROW, ASK_MAIL, ASK_FORGED } question;

typedef struct asker {
    engine *e;
    question what;
    double until_sec;
    atomic_bool *is_over; /* NULL: only the time ends it */
    float *us;
    size_t count;
    uint64_t wrong;
} asker;

/* One row of nobody's, as it is asked for each notice. */
static bool ask_row(engine *e, const mail_text *text)
{
    const span id = span_from_string(text->id);
    ledger_answer answer;
    backstop_error error;
    check(ledger_find(e->store, NULL, 0, &id, 1, NULL, 0, now_sec, &answer, &error), &error);
    return answer.knows_elsewhere;
}

static bool ask_mail(engine *e, const mail_text *text)
{
    const span id = span_from_string(text->id), sender = span_from_string(text->sender);
    const span recipient = span_from_string(text->recipient);
    ledger_answer answer;
    backstop_error error;
    check(ledger_find(e->store, &sender, 1, &id, 1, &recipient, 1, now_sec, &answer, &error),
          &error);
    return answer.knows_delivery;
}

static void *ask(void *data)
{
    asker *a = data;
    uint64_t random = 1;
    while (a->count < ANSWERS_MAX && clock_sec() < a->until_sec &&
           (a->is_over == NULL || !atomic_load(a->is_over))) {
        mail_text text;
        random = mix(random);
        uint64_t number = random % a->e->mails;
        write_mail(a->what == ASK_FORGED ? UINT64_MAX - number : number, &text);
        double started = clock_sec();
        bool known = a->what == ASK_ROW ? ask_row(a->e, &text) : ask_mail(a->e, &text);
        a->us[a->count++] = (float)((clock_sec() - started) * 1e6);
        a->wrong += known == (a->what == ASK_FORGED);
    }
    return NULL;
}

static asker asker_new(engine *e, question what, double seconds, atomic_bool *is_over)
{
    return (asker){ .e = e,
                    .what = what,
                    .until_sec = clock_sec() + seconds,
                    .is_over = is_over,
                    .us = g_new(float, ANSWERS_MAX) };
}

/* `may_miss`: rows are being removed meanwhile. */
static void asker_end(asker *a, bool may_miss, double *p50, double *p99)
{
    if (a->wrong > 0 && !may_miss) {
        fprintf(stderr, "ledger: %s: %" G_GUINT64_FORMAT " wrong answers\n", a->e->name, a->wrong);
        exit(1);
    }
    percentiles(a->us, a->count, p50, p99);
    g_free(a->us);
}

static void look_up(engine *e, question what, double seconds, double *p50, double *p99)
{
    asker warming = asker_new(e, what, seconds / 2, NULL);
    ask(&warming);
    asker_end(&warming, false, p50, p99);
    asker a = asker_new(e, what, seconds / 2, NULL);
    ask(&a);
    asker_end(&a, false, p50, p99);
}

/* ---- expiry ---- */

typedef struct expirer {
    engine *e;
    atomic_bool is_over;
    double seconds;
    uint64_t removed;
} expirer;

static void *expire(void *data)
{
    expirer *x = data;
    backstop_error error;
    double started = clock_sec();
    /* The oldest mail is LEDGER_DAYS old, and remembered for a day more. */
    int64_t later_sec = now_sec + 2 * (int64_t)86400;
    check(backstop_store_expire(x->e->store, later_sec, &x->removed, &error), &error);
    x->seconds = clock_sec() - started;
    atomic_store(&x->is_over, true);
    return NULL;
}

/* The first half of the time goes to one question, the other to the next. */
static void look_up_while_expiring(engine *e, double seconds, figures *f)
{
    expirer x = { .e = e };
    pthread_t thread;
    if (pthread_create(&thread, NULL, expire, &x) != 0) {
        exit(1);
    }
    asker row = asker_new(e, ASK_ROW, seconds, &x.is_over);
    ask(&row);
    asker forged = asker_new(e, ASK_FORGED, seconds, &x.is_over);
    ask(&forged);
    pthread_join(thread, NULL);
    asker_end(&row, true, &f->expiry_p50, &f->expiry_p99);
    asker_end(&forged, false, &f->forged_p50, &f->forged_p99);
    f->expiry_sec = x.seconds;
    f->expiry_rows = (double)x.removed;
}

/* ---- recording ---- */

typedef struct recorder {
    engine *e;
    atomic_uint_fast64_t next;
    double until_sec;
    pthread_mutex_t lock;
    float *us; /* how long each caller waited */
    size_t count;
} recorder;

static void *record(void *data)
{
    recorder *r = data;
    while (clock_sec() < r->until_sec) {
        mail_text text;
        write_mail(atomic_fetch_add(&r->next, 1), &text);
        const span recipient = span_from_string(text.recipient);
        const ledger_mail mail = { .message_id = span_from_string(text.id),
                                   .sender = span_from_string(text.sender),
                                   .recipients = &recipient,
                                   .recipient_count = 1 };
        backstop_error error;
        double started = clock_sec();
        check(ledger_record(r->e->store, &mail, now_sec, &error), &error);
        double waited = clock_sec() - started;
        pthread_mutex_lock(&r->lock);
        if (r->count < ANSWERS_MAX) {
            r->us[r->count++] = (float)(waited * 1e6);
        }
        pthread_mutex_unlock(&r->lock);
    }
    return NULL;
}

/* As a busy daemon has it: so many threads each wait for their commit. Somebody asks meanwhile. */
static void record_live(engine *e, double seconds, figures *f)
{
    recorder r = { .e = e,
                   .next = e->mails,
                   .until_sec = clock_sec() + seconds,
                   .us = g_new(float, ANSWERS_MAX) };
    pthread_t threads[WRITERS];
    pthread_mutex_init(&r.lock, NULL);
    double started = clock_sec();
    for (size_t i = 0; i < WRITERS; i++) {
        if (pthread_create(&threads[i], NULL, record, &r) != 0) {
            exit(1);
        }
    }
    asker a = asker_new(e, ASK_ROW, seconds, NULL);
    ask(&a);
    for (size_t i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
    }
    double unused;
    f->record = (double)r.count / (clock_sec() - started);
    percentiles(r.us, r.count, &f->record_commit_ms, &unused);
    f->record_commit_ms /= 1000;
    asker_end(&a, false, &f->both_p50, &f->both_p99);
    e->mails = atomic_load(&r.next);
    pthread_mutex_destroy(&r.lock);
    g_free(r.us);
}

/* ---- one engine ---- */

static void measure(engine *e, double million_rows, double seconds, figures *f)
{
    uint64_t total = (uint64_t)(million_rows * 1e6 / ROWS_PER_MAIL);
    backstop_error error;
    f->import_first = import(e, total);
    while (e->mails < total) {
        (void)import(e, total);
        fprintf(stderr, "\r%s: %.1f million rows", e->name, (double)e->mails * 4 / 1e6);
    }
    fprintf(stderr, "\n");
    f->import_full = (import(e, total) + import(e, total)) / 2;
    backstop_store_stats stats;
    check(backstop_store_get_stats(e->store, &stats, &error), &error);
    f->bytes_per_row = (double)stats.file_bytes / (double)stats.ledger_rows;
    look_up(e, ASK_ROW, seconds, &f->row_p50, &f->row_p99);
    look_up(e, ASK_MAIL, seconds, &f->mail_p50, &f->mail_p99);
    record_live(e, seconds, f);
    look_up_while_expiring(e, seconds, f);
}

static void print_line(const char *what, const char *wanted, const figures *f, size_t count,
                       size_t offset, const char *format)
{
    printf("| %s | %s |", what, wanted);
    for (size_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, (const char *)&f[i] + offset, sizeof value);
        char text[32];
        snprintf(text, sizeof text, strcmp(format, "1") == 0 ? "%.1f" : "%.0f", value);
        printf(" %s |", text);
    }
    putchar('\n');
}

static void print_table(const char *const *names, const figures *f, size_t count)
{
    static const struct {
        const char *what, *wanted;
        size_t offset;
        const char *format;
    } lines[] = {
#define LINE(what, wanted, member, format) { what, wanted, offsetof(figures, member), format }
        LINE("import into an empty ledger, messages/s", "", import_first, "0"),
        LINE("import into the full ledger, messages/s", "15,000", import_full, "0"),
        LINE("recording by 100 threads, messages/s", "2,000", record, "0"),
        LINE("... each waits for its commit, median, ms", "", record_commit_ms, "1"),
        LINE("disk a row, bytes", "60", bytes_per_row, "1"),
        LINE("look-up of a row, warm, median, us", "", row_p50, "1"),
        LINE("... 99th percentile", "50", row_p99, "1"),
        LINE("look-up of a mail of ours (3 rows), median, us", "", mail_p50, "1"),
        LINE("... 99th percentile", "", mail_p99, "1"),
        LINE("look-up of a row while a day expires, median, us", "", expiry_p50, "1"),
        LINE("... 99th percentile", "50", expiry_p99, "1"),
        LINE("look-up of a forged mail (2 rows) then, median, us", "", forged_p50, "1"),
        LINE("... 99th percentile", "", forged_p99, "1"),
        LINE("look-up of a row while 100 threads record, median, us", "", both_p50, "1"),
        LINE("... 99th percentile", "", both_p99, "1"),
        LINE("expiry of the day, s", "", expiry_sec, "1"),
        LINE("... rows", "", expiry_rows, "0"),
#undef LINE
    };
    printf("| | wanted |");
    for (size_t i = 0; i < count; i++) {
        printf(" %s |", names[i]);
    }
    printf("\n| --- | ---: |");
    for (size_t i = 0; i < count; i++) {
        printf(" ---: |");
    }
    putchar('\n');
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        print_line(lines[i].what, lines[i].wanted, f, count, lines[i].offset, lines[i].format);
    }
}

/* ---- the program ---- */

static void remove_files(const char *folder)
{
    static const char *const names[] = { "ledger.db", "ledger.db-wal", "ledger.db-shm", "data.mdb",
                                         "lock.mdb" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        (void)g_remove(path);
    }
    if (g_rmdir(folder) != 0) {
        fprintf(stderr, "ledger: %s is left behind\n", folder);
    }
}

static void run_engine(const char *name, const char *parent, double rows, double seconds,
                       figures *f)
{
    const span key_file = SPAN("version 1\nl1 1 - ledger "
                               "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n");
    g_autofree char *folder = g_build_filename(parent, "backstop-ledger-XXXXXX", NULL);
    backstop_keys *keys;
    engine e = { .name = name };
    backstop_error error = { "" };
    if (g_mkdtemp(folder) == NULL) {
        fprintf(stderr, "ledger: cannot make a folder in %s\n", parent);
        exit(1);
    }
    g_autofree char *path = g_build_filename(folder, "ledger.db", NULL);
    check(keys_read(key_file, "keys", &keys, &error), &error);
    backstop_status status = strcmp(name, "lmdb") == 0
                                 ? ledger_lmdb_open(folder, keys, &e.store, &error)
                                 : backstop_store_open(path, keys, &e.store, &error);
    if (status == BACKSTOP_OK) {
        measure(&e, rows, seconds, f);
        backstop_store_close(e.store);
    }
    backstop_keys_free(keys);
    remove_files(folder);
    check(status, &error);
}

int main(int argc, char **argv)
{
    double rows = 25, seconds = 10;
    g_autofree char *folder = NULL;
    g_auto(GStrv) engines = NULL;
    const GOptionEntry options[] = {
        { "rows", 0, 0, G_OPTION_ARG_DOUBLE, &rows, "rows in the full ledger", "MILLIONS" },
        { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "time for each measurement", "N" },
        { "folder", 0, 0, G_OPTION_ARG_FILENAME, &folder, "where files are made", "DIR" },
        { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &engines, NULL, "[sqlite|lmdb]..." },
        { 0 },
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "ledger: %s\n", error->message);
        return 64;
    }
    static const char *const all[] = { "sqlite", "lmdb" };
    const char *const *names = engines != NULL ? (const char *const *)engines : all;
    size_t count = engines != NULL ? g_strv_length(engines) : G_N_ELEMENTS(all);
    g_autofree figures *f = g_new0(figures, count);
    for (size_t i = 0; i < count; i++) {
        run_engine(names[i], folder != NULL ? folder : g_get_tmp_dir(), rows, seconds, &f[i]);
    }
    print_table(names, f, count);
    return 0;
}
