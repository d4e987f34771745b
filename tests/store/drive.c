/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A process that uses a store, for test_store_processes.py.
 *
 * Usage: drive STORE COMMAND [ARGUMENT]...
 *   open                  opens and closes it
 *   record NAME COUNT     records mails <NAME.0@our.example>, ..., and prints each number once the
 *                         call has returned; adds a gap for one that fails
 *   import NAME COUNT     imports COUNT mails, and prints "imported"
 *   find NAME COUNT       prints how many of them are known, unknown, and cannot be told
 *   gap FROM UNTIL        adds a gap
 *   has-gap FROM UNTIL    prints "yes" or "no"
 *   expire NOW, forget ADDRESS, stats
 *   wait COMMAND ...      does the command after a line on standard input, with the store open
 * Errors go to standard output, as "error STATUS TEXT". Exit status 1 after one.
 */
#include "proof/keys.h"
#include "store/ledger.h"

#include <backstop/sign.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char key_file[] = "version 1\nl1 1 - ledger "
                               "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n";
static const int64_t now_sec = 1795465490;

#define RECIPIENT "nobody@remote.example"

static const char *const status_names[] = { "OK",   "EMPTY", "INVALID", "KEYS",
                                            "BUSY", "STORE", "NEWER" };

static int tell(backstop_status status, const backstop_error *error)
{
    if (status == BACKSTOP_OK) {
        return 0;
    }
    printf("error %s %s\n", status_names[status], error->text);
    fflush(stdout);
    return 1;
}

static char *id_of(const char *name, unsigned number)
{
    return g_strdup_printf("<%s.%u@our.example>", name, number);
}

static char *sender_of(const char *name)
{
    return g_strdup_printf("%s@our.example", name);
}

static int record(backstop_store *store, const char *name, unsigned count)
{
    g_autofree char *sender = sender_of(name);
    const span recipient = SPAN(RECIPIENT);
    int result = 0;
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *id = id_of(name, i);
        const ledger_mail mail = { span_from_string(id), span_from_string(sender), &recipient, 1,
                                   false };
        backstop_error error;
        backstop_status status = ledger_record(store, &mail, now_sec, &error);
        if (status == BACKSTOP_OK) {
            printf("%u\n", i);
            fflush(stdout);
            continue;
        }
        result = tell(status, &error);
        status = backstop_store_add_gap(store, now_sec + i, now_sec + i, &error);
        (void)tell(status, &error);
    }
    return result;
}

static int import(backstop_store *store, const char *name, unsigned count)
{
    static const char *const recipients[] = { RECIPIENT };
    g_autofree char *sender = sender_of(name);
    backstop_sent *mails = g_new(backstop_sent, count);
    GStringChunk *strings = g_string_chunk_new(4096);
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *id = id_of(name, i);
        mails[i] = (backstop_sent){ g_string_chunk_insert(strings, id), sender, recipients, 1,
                                    now_sec - (int64_t)(i % 20) * STORE_DAY_SEC };
    }
    backstop_error error;
    int result = tell(backstop_store_import(store, mails, count, now_sec, &error), &error);
    g_string_chunk_free(strings);
    g_free(mails);
    if (result == 0) {
        puts("imported");
    }
    return result;
}

static int find(backstop_store *store, const char *name, unsigned count)
{
    g_autofree char *sender = sender_of(name);
    const span sender_span = span_from_string(sender), recipient = SPAN(RECIPIENT);
    unsigned known = 0, unknown = 0, failed = 0;
    backstop_error error = { "" };
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *id = id_of(name, i);
        const span id_span = span_from_string(id);
        ledger_answer answer;
        if (ledger_find(store, &sender_span, 1, &id_span, 1, &recipient, 1, now_sec, &answer,
                        &error) != BACKSTOP_OK) {
            failed++;
        } else if (answer.knows_delivery) {
            known++;
        } else {
            unknown++;
        }
    }
    printf("%u %u %u %s\n", known, unknown, failed, error.text);
    return 0;
}

static int has_gap(backstop_store *store, int64_t from_sec, int64_t until_sec)
{
    bool has_one;
    backstop_error error;
    int result =
        tell(store->operations->has_gap(store, from_sec, until_sec, &has_one, &error), &error);
    if (result == 0) {
        puts(has_one ? "yes" : "no");
    }
    return result;
}

static int print_stats(backstop_store *store)
{
    backstop_store_stats stats;
    backstop_error error;
    int result = tell(backstop_store_get_stats(store, &stats, &error), &error);
    if (result == 0) {
        printf("%" PRIu64 " %" PRIu64 "\n", stats.ledger_rows, stats.gaps);
    }
    return result;
}

static int remove_some(backstop_store *store, const char *command, const char *argument)
{
    uint64_t removed;
    backstop_error error;
    backstop_status status =
        strcmp(command, "forget") == 0
            ? backstop_store_forget(store, argument, &removed, &error)
            : backstop_store_expire(store, strtoll(argument, NULL, 10), &removed, &error);
    int result = tell(status, &error);
    if (result == 0) {
        printf("%" PRIu64 "\n", removed);
    }
    return result;
}

static int run(backstop_store *store, int count, char **words)
{
    const char *command = words[0];
    if (count == 1) {
        return strcmp(command, "stats") == 0 ? print_stats(store) : 0;
    }
    if (count == 2) {
        return remove_some(store, command, words[1]);
    }
    int64_t from = strtoll(words[1], NULL, 10), number = strtoll(words[2], NULL, 10);
    if (strcmp(command, "record") == 0) {
        return record(store, words[1], (unsigned)number);
    }
    if (strcmp(command, "import") == 0) {
        return import(store, words[1], (unsigned)number);
    }
    if (strcmp(command, "find") == 0) {
        return find(store, words[1], (unsigned)number);
    }
    if (strcmp(command, "has-gap") == 0) {
        return has_gap(store, from, number);
    }
    backstop_error error;
    return tell(backstop_store_add_gap(store, from, number, &error), &error);
}

/* Until somebody says so. */
static void wait_for_line(void)
{
    puts("open");
    fflush(stdout);
    for (int c = getchar(); c != '\n' && c != EOF; c = getchar()) {
    }
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: drive STORE COMMAND [ARGUMENT]...\n", stderr);
        return 64;
    }
    backstop_keys *keys;
    backstop_store *store;
    backstop_error error;
    if (tell(keys_read(span_from_string(key_file), "keys", &keys, &error), &error) != 0) {
        return 1;
    }
    int result = tell(backstop_store_open(argv[1], keys, &store, &error), &error);
    if (result == 0) {
        bool waits = strcmp(argv[2], "wait") == 0;
        if (waits) {
            wait_for_line();
        }
        result = run(store, argc - 2 - waits, argv + 2 + waits);
        fflush(stdout);
        backstop_store_close(store);
    }
    backstop_keys_free(keys);
    return result;
}
