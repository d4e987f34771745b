/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* `backstop COMMAND ...`: finds the command in a table and runs it. */
#include "backstop/check.h"
#include "backstop/config_command.h"
#include "backstop/exit_status.h"
#include "backstop/explain_command.h"
#include "backstop/filter.h"
#include "backstop/key.h"
#include "backstop/ledger.h"
#include "backstop/report.h"
#include "backstop/sign_mail.h"
#include "backstop/sweep.h"

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct command {
    const char *name;
    const char *arguments;
    const char *summary;
    int (*run)(int argc, char **argv);
} command;

static const command commands[] = {
    { "check",
      "[--json] [--key-file FILE] [--store FILE] [--as-of TIME] [--mail-from ADDRESS]\n"
      "                      [--rcpt ADDRESS]... [--client-ip IP] [--helo NAME] PATH...",
      "say whether messages are bounces or other automatic notices, what they report, and whether\n"
      "      they are about mail of ours;\n"
      "      PATH is a message, a folder of messages, a Maildir, an mbox, or - for standard input",
      check_run },
    { "config", "[--key-file FILE] [--store FILE] [--as-of TIME] check | dump",
      "say whether the configuration is sound, or print all settings with their values",
      config_command_run },
    { "explain",
      "[--key-file FILE] [--store FILE] [--as-of TIME] [--mail-from ADDRESS]\n"
      "                      [--rcpt ADDRESS]... [--client-ip IP] [--helo NAME] QUEUE-ID|FILE...",
      "tell the story of a notice: as backstopd met it under that queue id of the mail server's, "
      "or\n"
      "      as it would deal with the message in that file",
      explain_run },
    { "filter",
      "[--exit-code] [--key-file FILE] [--store FILE] [--as-of TIME] [--mail-from ADDRESS]\n"
      "                      [--rcpt ADDRESS]... [--client-ip IP] [--helo NAME]",
      "hand a message on from standard input to standard output, a notice marked with its verdict",
      filter_run },
    { "key", "[--key-file FILE] new [tag|ledger|prvs0-9] | list | retire ID",
      "make, show and retire the keys with which outgoing mail is signed", key_run },
    { "ledger",
      "[--key-file FILE] [--store FILE] [--as-of TIME]\n"
      "                      import PATH... | stats | expire | forget ADDRESS...",
      "fill the memory of sent mail, show it, and empty it;\n"
      "      PATH is a Sent folder (Maildir, mbox, messages) or a log of Postfix, packed or not",
      ledger_run },
    { "report",
      "[--key-file FILE] [--store FILE] [--as-of TIME]\n"
      "                      [--from DAY] [--until DAY] [--json]",
      "say which notices backstopd met, what it did and what enforce would have done, and whether\n"
      "      it is safe to enforce",
      report_run },
    { "sign", "[--key-file FILE] [--store FILE] [--as-of TIME] --from ADDRESS --rcpt ADDRESS...",
      "tag an outgoing message, from standard input to standard output, and remember it",
      sign_run },
    { "sweep",
      "--mail PATH --sent PATH... --me ADDRESS... [--outbound-hosts LIST]\n"
      "                      [--apply [--to PATH]] [--json] [--as-of TIME]\n"
      "       backstop sweep --mail PATH --undo",
      "judge the notices in one mailbox (a Maildir or an mbox) by its owner's sent mail, without "
      "any\n"
      "      configuration; move backscatter to a folder, and back",
      sweep_run },
};

static void print_usage(FILE *to)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        fprintf(to, "%s backstop %s %s\n", i == 0 ? "Usage:" : "      ", commands[i].name,
                commands[i].arguments);
    }
    fputs("       backstop --help | --version\n"
          "       backstop --config FILE COMMAND ...\n\n",
          to);
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        fprintf(to, "  %s\n      %s\n", commands[i].name, commands[i].summary);
    }
}

/* What goes to standard output may be lost too: a disk is full. */
static int finish_stdout(void)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("backstop: standard output");
        return EXIT_TEMPORARY;
    }
    return EXIT_DONE;
}

static int run_command(int argc, char **argv)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (g_str_equal(argv[0], commands[i].name)) {
            int status = commands[i].run(argc, argv);
            if (status == EXIT_USAGE) {
                print_usage(stderr);
            }
            return status;
        }
    }
    fprintf(stderr, "backstop: there is no such command: %s\n", argv[0]);
    print_usage(stderr);
    return EXIT_USAGE;
}

/* "--config FILE COMMAND ..." is handed on as "COMMAND --config FILE ...", for commands read that
 * option themselves. False if FILE or COMMAND is missing. */
static bool move_config_behind_command(int argc, char **argv)
{
    int count = 0;
    if (g_str_equal(argv[1], "--config")) {
        count = 2;
    } else if (g_str_has_prefix(argv[1], "--config=")) {
        count = 1;
    }
    if (argc < 2 + count) {
        return false;
    }
    char *name = argv[1 + count];
    memmove(&argv[2], &argv[1], (size_t)count * sizeof argv[1]);
    argv[1] = name;
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 2 || !move_config_behind_command(argc, argv)) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (g_str_equal(argv[1], "--help")) {
        print_usage(stdout);
        return finish_stdout();
    }
    if (g_str_equal(argv[1], "--version")) {
        puts("backstop " BACKSTOP_VERSION);
        return finish_stdout();
    }
    return run_command(argc - 1, argv + 1);
}
