/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* `backstop COMMAND ...`: finds the command in a table and runs it. */
#include "backstop/check.h"
#include "backstop/exit_status.h"

#include <glib.h>
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
      "[--json] [--mail-from ADDRESS] [--rcpt ADDRESS]... [--client-ip IP]\n"
      "                      [--helo NAME] PATH...",
      "say whether messages are bounces or other automatic notices, and what they report;\n"
      "      PATH is a message, a folder of messages, a Maildir, an mbox, or - for standard input",
      check_run },
};

static void print_usage(FILE *to)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        fprintf(to, "%s backstop %s %s\n", i == 0 ? "Usage:" : "      ", commands[i].name,
                commands[i].arguments);
    }
    fputs("       backstop --help | --version\n\n", to);
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

int main(int argc, char **argv)
{
    if (argc < 2) {
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
