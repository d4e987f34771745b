/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/config_command.h"

#include "app/as_of.h"
#include "app/config_keys.h"
#include "app/context.h"
#include "app/output.h"
#include "app/policy.h"
#include "app/terminal.h"
#include "backstop/exit_status.h"

#include <backstop/keys.h>

#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A longer list is written with an item a line. */
enum { LINE_COLUMNS = 80 };

/* Names that the file does not set are those of a daemon that may not be installed here. */
static void check_accounts(const config *c, GPtrArray *errors)
{
    if (c->lines[option_find(OPTION_SITE, "user") - option_table] > 0 &&
        getpwnam(c->user) == NULL) {
        config_add_error(c, "user", "there is no such user", errors);
    }
    if (c->milter_group[0] != '\0' && getgrnam(c->milter_group) == NULL) {
        config_add_error(c, "milter-group", "there is no such group", errors);
    }
}

/* All that is wrong, in one round. */
static int check(const config *c, int64_t now_sec, GString *out)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    backstop_site_free(config_make_site(c, errors));
    policy_free(policy_new(c, errors));
    backstop_keys_free(config_keys_load(c, now_sec, errors));
    check_accounts(c, errors);
    if (errors->len > 0) {
        app_context_print_errors(errors);
        return EXIT_CONFIG;
    }
    terminal_append_escaped(out, c->file != NULL ? c->file : "the built-in settings");
    g_string_append(out, ": sound\n");
    return EXIT_DONE;
}

static void dump_setting(const option_row *row, const void *target, GString *out)
{
    g_autoptr(GString) value = g_string_new(NULL);
    option_append_value(row, target, value);
    g_autoptr(GString) line = g_string_new(NULL);
    terminal_append_escaped(line, value->str);
    if (row->type == OPTION_LIST && strlen(row->name) + line->len > LINE_COLUMNS) {
        g_string_replace(line, ", ", ",\n    ", 0);
    }
    g_string_append_printf(out, "%s =%s%s\n", row->name, line->len > 0 ? " " : "", line->str);
}

static void dump_section(option_section section, const void *target, GString *out)
{
    for (size_t i = 0; i < option_count; i++) {
        if (option_table[i].section == section) {
            dump_setting(&option_table[i], target, out);
        }
    }
}

/* A file that says the same, with every setting in it. */
static void dump(const config *c, GString *out)
{
    g_string_append(out, "[backstop]\n");
    dump_section(OPTION_SITE, c, out);
    for (unsigned i = 0; i < c->domains->len; i++) {
        const config_domain *domain = g_ptr_array_index(c->domains, i);
        g_string_append(out, "\n[domain ");
        terminal_append_escaped(out, domain->name);
        g_string_append(out, "]\n");
        dump_section(OPTION_DOMAIN, domain, out);
    }
    for (unsigned i = 0; i < c->addresses->len; i++) {
        const config_address *address = g_ptr_array_index(c->addresses, i);
        g_string_append(out, "\n[address ");
        terminal_append_escaped(out, address->name);
        g_string_append(out, "]\n");
        dump_section(OPTION_ADDRESS, address, out);
    }
}

static int run(const config *c, int64_t now_sec, const char *what)
{
    output out = output_new(STDOUT_FILENO);
    int status = EXIT_DONE;
    if (g_str_equal(what, "check")) {
        status = check(c, now_sec, out.text);
    } else {
        dump(c, out.text);
    }
    if (!output_flush(&out)) {
        fprintf(stderr, "backstop config: standard output: %s\n", g_strerror(out.error));
        status = status == EXIT_DONE ? EXIT_TEMPORARY : status;
    }
    output_free(&out);
    return status;
}

static int run_with_settings(const app_choice *choice, int64_t now_sec, const char *what)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    config *settings = app_context_find_settings(choice, errors);
    if (settings == NULL) {
        app_context_print_errors(errors);
        return EXIT_CONFIG;
    }
    int status = run(settings, now_sec, what);
    config_free(settings);
    return status;
}

enum { OPTION_AS_OF = 256 };

int config_command_run(int argc, char **argv)
{
    static const struct option known[] = {
        APP_CONTEXT_OPTIONS,
        { "as-of", required_argument, NULL, OPTION_AS_OF },
        { NULL, 0, NULL, 0 },
    };
    app_choice choice = { 0 };
    int64_t now_sec = as_of_now();
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (app_choice_take(&choice, option, optarg)) {
            continue;
        }
        if (option != OPTION_AS_OF) {
            return EXIT_USAGE; /* getopt_long() has said why */
        }
        if (!as_of_read(optarg, &now_sec)) {
            fprintf(stderr, "backstop config: --as-of takes a time as 2026-11-24T08:00:00Z\n");
            return EXIT_USAGE;
        }
    }
    const char *what = optind + 1 == argc ? argv[optind] : "";
    if (!g_str_equal(what, "check") && !g_str_equal(what, "dump")) {
        fprintf(stderr, "backstop config: say check or dump\n");
        return EXIT_USAGE;
    }
    return run_with_settings(&choice, now_sec, what);
}
