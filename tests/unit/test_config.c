/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The configuration file: what it sets, each way in which it can be wrong, and the sample. With
 * --print-sample the program prints the sample instead, for data/backstop.conf.sample.
 */
#include "app/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config_fixture.h"

static void test_defaults(void **state)
{
    const config *c = load(*state, "");
    assert_string_equal(c->key_file, "/etc/backstop/keys");
    assert_string_equal(c->store, "/var/lib/backstop/backstop.db");
    assert_int_equal(c->tag_lifetime_sec, 336 * 3600);
    assert_int_equal(c->ledger_days, 21);
    assert_false(c->ledger_is_complete);
    assert_false(c->has_unknown_exits);
    assert_list(c->outbound_hosts, "");
    assert_list(c->shared_hosts, "");
    assert_list(c->internal_networks, "");
    assert_list(c->forwarders, "");
    assert_int_equal(c->domains->len, 0);
}

static void test_every_setting(void **state)
{
    const config *c = load(*state, "# a comment\n"
                                   "[backstop]\n"
                                   "key-file = /srv/keys\n"
                                   "store=/srv/backstop.db\n"
                                   "outbound-hosts = 192.0.2.0/24, mx.our.example\n"
                                   "shared-hosts = relay.provider.example\n"
                                   "internal-networks = 198.51.100.0/24\n"
                                   "forwarders = info@our.example, @lists.our.example\n"
                                   "unknown-exits = yes\n"
                                   "  ; another comment\n"
                                   "tag-lifetime = 10d\n"
                                   "ledger-days = 400\n"
                                   "ledger-complete = YES\n"
                                   "[ domain our.example ]\n"
                                   "closed = yes\n"
                                   "[domain\tother.example]\n"
                                   "dkim-signs-all = yes\n"
                                   "dkim-key = a:/srv/a.txt, b:/srv/b.pem\n");
    assert_string_equal(c->key_file, "/srv/keys");
    assert_string_equal(c->store, "/srv/backstop.db");
    assert_list(c->outbound_hosts, "192.0.2.0/24|mx.our.example|");
    assert_list(c->shared_hosts, "relay.provider.example|");
    assert_list(c->internal_networks, "198.51.100.0/24|");
    assert_list(c->forwarders, "info@our.example|@lists.our.example|");
    assert_true(c->has_unknown_exits);
    assert_int_equal(c->tag_lifetime_sec, 240 * 3600);
    assert_int_equal(c->ledger_days, 400);
    assert_true(c->ledger_is_complete);
    assert_int_equal(c->domains->len, 2);
    const config_domain *one = g_ptr_array_index(c->domains, 0);
    const config_domain *two = g_ptr_array_index(c->domains, 1);
    assert_string_equal(one->name, "our.example");
    assert_true(one->is_closed);
    assert_false(one->dkim_signs_all);
    assert_list(one->dkim_keys, "");
    assert_string_equal(two->name, "other.example");
    assert_false(two->is_closed);
    assert_true(two->dkim_signs_all);
    assert_list(two->dkim_keys, "a:/srv/a.txt|b:/srv/b.pem|");
}

static void test_lists_go_on(void **state)
{
    const config *c = load(*state, "[backstop]\n"
                                   "outbound-hosts = 192.0.2.1,\n"
                                   "  192.0.2.2\n"
                                   "\n"
                                   "# between\n"
                                   "\t192.0.2.3, 192.0.2.4\n"
                                   "shared-hosts =\n"
                                   "  2001:db8::/32\n"
                                   "  [domain our.example]\n"
                                   "  closed = yes\n");
    assert_list(c->outbound_hosts, "192.0.2.1|192.0.2.2|192.0.2.3|192.0.2.4|");
    assert_list(c->shared_hosts, "2001:db8::/32|");
    assert_int_equal(c->domains->len, 1);
    assert_true(((const config_domain *)g_ptr_array_index(c->domains, 0))->is_closed);
}

static void test_line_ends(void **state)
{
    const config *c =
        load(*state, "\xef\xbb\xbf[backstop]\r\nledger-days = 5\r\nstore = /a b=c\r\n");
    assert_int_equal(c->ledger_days, 5);
    assert_string_equal(c->store, "/a b=c");
    c = load(*state, "[backstop]\nledger-days = 6");
    assert_int_equal(c->ledger_days, 6);
}

static void test_bad_values(void **state)
{
    assert_errors(*state,
                  "[backstop]\n"
                  "key-file = keys\n"
                  "store =\n"
                  "unknown-exits = true\n"
                  "tag-lifetime = 336\n"
                  "ledger-days = 0\n"
                  "ledger-complete =\n"
                  "outbound-hosts = a.example,,b.example\n",
                  ":2: [backstop] key-file: takes a path that starts with /, not \"keys\"\n"
                  ":3: [backstop] store: takes a path that starts with /, not \"\"\n"
                  ":4: [backstop] unknown-exits: takes yes or no, not \"true\"\n"
                  ":5: [backstop] tag-lifetime: takes a time from 1h to 720h, such as 336h, not "
                  "\"336\"\n"
                  ":6: [backstop] ledger-days: takes a number from 1 to 400, not \"0\"\n"
                  ":7: [backstop] ledger-complete: takes yes or no, not \"\"\n"
                  ":8: [backstop] outbound-hosts: has nothing between two commas\n");
}

static void test_durations(void **state)
{
    static const struct {
        const char *text;
        int64_t sec;
    } cases[] = {
        { "3600s", 3600 }, { "90m", 5400 }, { "1h", 3600 },        { "30d", 720 * 3600 },
        { "3599s", 0 },    { "721h", 0 },   { "31d", 0 },          { "1", 0 },
        { "h", 0 },        { "", 0 },       { "-5h", 0 },          { "5 h", 0 },
        { "5hh", 0 },      { "1.5h", 0 },   { "5H", 0 },           { "0h", 0 },
        { "+5h", 0 },      { "0x5h", 0 },   { "99999999999d", 0 }, { "18446744073709551617h", 0 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("[backstop]\ntag-lifetime = %s\n", cases[i].text);
        load_bytes(*state, text, strlen(text));
        const config *c = ((fixture *)*state)->loaded;
        assert_int_equal(c == NULL ? 0 : c->tag_lifetime_sec, cases[i].sec);
    }
}

static void test_numbers(void **state)
{
    static const char *const bad[] = { "-1", "401", "1e2", "0x10", "7 days", "99999999999999999999",
                                       "1,2" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text = g_strdup_printf("[backstop]\nledger-days = %s\n", bad[i]);
        load_bytes(*state, text, strlen(text));
        assert_null(((fixture *)*state)->loaded);
    }
}

static void test_wrong_places(void **state)
{
    assert_errors(*state,
                  "store = /srv/a\n"
                  "[backstop]\n"
                  "colour = blue\n"
                  "closed = yes\n"
                  "[domain our.example]\n"
                  "store = /srv/a\n"
                  "shape = round\n"
                  "Closed = yes\n",
                  ":1: store stands before the first section\n"
                  ":3: [backstop] colour: there is no such setting\n"
                  ":4: [backstop] closed: belongs into a section [domain NAME]\n"
                  ":6: [domain our.example] store: belongs into [backstop]\n"
                  ":7: [domain our.example] shape: there is no such setting\n"
                  ":8: [domain our.example] Closed: there is no such setting\n");
}

static void test_doubles(void **state)
{
    assert_errors(*state,
                  "[backstop]\n"
                  "store = /srv/a\n"
                  "outbound-hosts = a.example\n"
                  "store = /srv/b\n"
                  "outbound-hosts = b.example\n"
                  "[domain our.example]\n"
                  "closed = yes\n"
                  "closed = no\n"
                  "[backstop]\n"
                  "store = /srv/c\n",
                  ":4: [backstop] store: is set twice, first in line 2\n"
                  ":5: [backstop] outbound-hosts: is set twice, first in line 3\n"
                  ":8: [domain our.example] closed: is set twice, first in line 7\n"
                  ":9: [backstop] stands twice, first in line 1\n"
                  ":10: [backstop] store: is set twice, first in line 2\n");
    /* The second is the site's word, whose spelling it knows better. */
    assert_errors(*state, "[domain our.example]\n[domain OUR.example]\n",
                  ":2: [domain OUR.example] stands twice, first in line 1\n"
                  ":2: [domain OUR.example]: the domain our.example was named before\n");
}

static void test_bad_lines(void **state)
{
    g_autofree char *long_value = g_strnfill(250, 'x');
    g_autofree char *text = g_strdup_printf("[backstop]\n"
                                            "store\n"
                                            "store = /%s\n"
                                            "ledger-days = 5 ; weeks\n"
                                            "ledger-complete = no # yes\n"
                                            "key-file = /srv/keys\n"
                                            "  store = /srv/a\n",
                                            long_value);
    assert_errors(*state, text,
                  ":2: the line is neither \"key = value\" nor a section nor a comment\n"
                  ":3: the line is too long; lists may go on in lines that start with a blank\n"
                  ":4: a comment stands on a line of its own\n"
                  ":5: a comment stands on a line of its own\n"
                  ":7: [backstop] key-file: an indented line adds to the list above it, and this "
                  "is no list\n");
}

static void test_bad_sections(void **state)
{
    assert_errors(
        *state,
        "[backstop\n"
        "store = a\n"
        "[Backstop]\n"
        "[domain]\n"
        "[]\n"
        "[domains our.example]\n"
        "anything = is passed over here\n"
        "[backstop] # comment\n"
        "[domain ]\n",
        ":1: a section is [backstop], [domain NAME] or [address LOCAL@DOMAIN], alone on its line\n"
        ":3: there is no section [Backstop]: a section is [backstop], [domain NAME] or [address "
        "LOCAL@DOMAIN]\n"
        ":4: there is no section [domain]: a section is [backstop], [domain NAME] or [address "
        "LOCAL@DOMAIN]\n"
        ":5: there is no section []: a section is [backstop], [domain NAME] or [address "
        "LOCAL@DOMAIN]\n"
        ":6: there is no section [domains our.example]: a section is [backstop], "
        "[domain NAME] or [address LOCAL@DOMAIN]\n"
        ":8: a section is [backstop], [domain NAME] or [address LOCAL@DOMAIN], alone on its line\n"
        ":9: there is no section [domain]: a section is [backstop], [domain NAME] or [address "
        "LOCAL@DOMAIN]\n");
}

/* inih alone would cut it after 49 bytes, and say nothing. */
static void test_long_domain(void **state)
{
    g_autofree char *label = g_strnfill(60, 'a');
    g_autofree char *name = g_strdup_printf("%s.%s.%s.example", label, label, label);
    g_autofree char *text = g_strdup_printf("[domain %s]\nclosed = yes\n", name);
    const config *c = load(*state, text);
    const config_domain *domain = g_ptr_array_index(c->domains, 0);
    assert_string_equal(domain->name, name);
    assert_true(domain->is_closed);
}

static void test_not_a_configuration(void **state)
{
    fixture *f = *state;
    load_bytes(f, "[backstop]\n\0", 12);
    assert_true(g_str_has_suffix(g_ptr_array_index(f->errors, 0),
                                 ": holds a NUL byte: it is not a text file"));
    g_autofree char *junk = g_strnfill((gsize)1024 * 1024 + 1, '#');
    load_bytes(f, junk, strlen(junk));
    assert_true(
        g_str_has_suffix(g_ptr_array_index(f->errors, 0), ": is longer than 1048576 bytes"));
    assert_null(config_load("/nowhere/conf", f->errors));
    assert_string_equal(g_ptr_array_index(f->errors, f->errors->len - 1),
                        "/nowhere/conf: No such file or directory");
    assert_null(config_load("/", f->errors));
    assert_string_equal(g_ptr_array_index(f->errors, f->errors->len - 1), "/: Is a directory");
}

/* The names of every host, key and domain are looked at, and all errors are told at once. */
static void test_what_the_site_refuses(void **state)
{
    assert_errors(
        *state,
        "[backstop]\n"
        "outbound-hosts = mx.our.example, 300.1.2.3\n"
        "shared-hosts = a b\n"
        "internal-networks = inside.our.example\n"
        "forwarders = info\n"
        "bad line\n"
        "[domain our example]\n"
        "[domain our.example]\n"
        "dkim-key = sel1, sel2:relative, sel3:/nowhere/key\n",
        ":6: the line is neither \"key = value\" nor a section nor a comment\n"
        ":2: [backstop] outbound-hosts: \"300.1.2.3\" is no host: it takes an IP address, "
        "a network as 192.0.2.0/24, a name, or .our.example for all names below one\n"
        ":3: [backstop] shared-hosts: \"a b\" is no host: it takes an IP address, a "
        "network as 192.0.2.0/24, a name, or .our.example for all names below one\n"
        ":4: [backstop] internal-networks: \"inside.our.example\" is neither an IP address "
        "nor a network as 192.0.2.0/24\n"
        ":5: [backstop] forwarders: \"info\" is neither an address as list@our.example nor "
        "@our.example for all of a domain\n"
        ":7: [domain our example]: \"our example\" is no domain name\n"
        ":9: [domain our.example] dkim-key: takes selector:/path, not \"sel1\"\n"
        ":9: [domain our.example] dkim-key: takes selector:/path, not \"sel2:relative\"\n"
        ":9: [domain our.example] dkim-key: /nowhere/key: No such file or directory\n");
}

static void test_site(void **state)
{
    const config *c = load(*state, "[backstop]\n"
                                   "internal-networks = 198.51.100.0/24\n"
                                   "[domain our.example]\n");
    GPtrArray *errors = ((fixture *)*state)->errors;
    backstop_site *site = config_make_site(c, errors);
    assert_non_null(site);
    assert_true(backstop_site_owns(site, "alice@Our.Example."));
    assert_false(backstop_site_owns(site, "alice@remote.example"));
    assert_true(backstop_site_is_internal(site, "198.51.100.7"));
    assert_false(backstop_site_is_internal(site, "198.51.101.7"));
    backstop_site_free(site);
}

/* In an unprivileged user's home. */
static void test_built_in(void **state)
{
    (void)state;
    config *c = config_new_default();
    g_autofree char *folder = g_build_filename(g_get_user_state_dir(), "backstop", "", NULL);
    assert_true(g_str_has_prefix(c->key_file, folder));
    assert_true(g_str_has_prefix(c->store, folder));
    assert_null(c->file);
    g_autofree char *place = config_place(c, "store");
    assert_string_equal(place, "[backstop] store: ");
    config_free(c);
}

static void test_random_bytes(void **state)
{
    static const char marks[] = "[]=:;#, \t\n\r\"/\xef\xbb\xbf"
                                "abckeydomainstore";
    char text[400];
    GRand *random = g_rand_new_with_seed(1);
    for (unsigned i = 0; i < 3000; i++) {
        size_t len = (size_t)g_rand_int_range(random, 0, sizeof text);
        for (size_t j = 0; j < len; j++) {
            text[j] = marks[g_rand_int_range(random, 0, sizeof marks - 1)];
        }
        load_bytes(*state, text, len);
    }
    g_rand_free(random);
}

static GString *sample(void)
{
    GString *text = g_string_new(NULL);
    option_print_sample(text);
    return text;
}

static void test_sample_in_the_repository(void **state)
{
    (void)state;
    g_autofree char *kept = NULL;
    assert_true(g_file_get_contents(DATA_DIR "/backstop.conf.sample", &kept, NULL, NULL));
    GString *printed = sample();
    if (!g_str_equal(kept, printed->str)) {
        print_message("run: build/tests/unit/test_config --print-sample > " DATA_DIR
                      "/backstop.conf.sample\n");
    }
    assert_string_equal(kept, printed->str);
    g_string_free(printed, TRUE);
}

/* As it is, it sets nothing; without its "#" before settings, it sets all of them, and well. */
static void test_sample_can_be_used(void **state)
{
    GString *text = sample();
    load(*state, text->str);
    const config *c = ((fixture *)*state)->loaded;
    for (size_t i = 0; i < option_count; i++) {
        assert_int_equal(c->lines[i], 0);
    }
    GString *used = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++) {
        assert_true(strlen(lines[i]) <= 99);
        bool is_example = lines[i][0] == '#' && lines[i][1] != ' ' && lines[i][1] != '\0';
        if (!g_str_has_prefix(lines[i], "#dkim-key = ")) { /* its files are not there */
            g_string_append_printf(used, "%s\n", lines[i] + is_example);
        }
    }
    c = load(*state, used->str);
    for (size_t i = 0; i < option_count; i++) {
        const config_domain *domain = g_ptr_array_index(c->domains, 0);
        const config_address *address = g_ptr_array_index(c->addresses, 0);
        const unsigned *const set[] = {
            [OPTION_SITE] = c->lines,
            [OPTION_DOMAIN] = domain->lines,
            [OPTION_ADDRESS] = address->lines,
        };
        const option_row *row = &option_table[i];
        assert_true(set[row->section][i] > 0 || g_str_equal(row->name, "dkim-key"));
    }
    g_string_free(used, TRUE);
    g_string_free(text, TRUE);
}

/* Every setting has its line in the manual's table for its section, with its default. */
static void test_manual(void **state)
{
    static const char *const headings[] = {
        [OPTION_SITE] = "\n## `[backstop]`\n",
        [OPTION_DOMAIN] = "\n## `[domain NAME]`\n",
        [OPTION_ADDRESS] = "\n## `[address LOCAL@DOMAIN]`\n",
    };
    (void)state;
    g_autofree char *manual = NULL;
    assert_true(g_file_get_contents(DOCS_DIR "/configuration.md", &manual, NULL, NULL));
    size_t told = 0;
    for (size_t i = 0; i < option_count; i++) {
        const option_row *row = &option_table[i];
        const char *start = strstr(manual, headings[row->section]);
        assert_non_null(start);
        const char *end = strstr(start + 1, "\n## ");
        g_autofree char *line = NULL;
        if (row->standard == NULL) {
            line = g_strdup_printf("\n| `%s` | as %s | ", row->name,
                                   row->section == OPTION_DOMAIN ? "in `[backstop]`"
                                                                 : "for its domain");
        } else if (row->standard[0] == '\0') {
            line = g_strdup_printf("\n| `%s` | none | ", row->name);
        } else {
            line = g_strdup_printf("\n| `%s` | `%s` | ", row->name, row->standard);
        }
        const char *found = g_strstr_len(start, end == NULL ? -1 : end - start, line);
        if (found == NULL) {
            print_message("missing in the manual: %s\n", line);
        }
        assert_non_null(found);
    }
    /* And nothing else stands in the tables. */
    for (const char *at = strstr(manual, "\n| `"); at != NULL; at = strstr(at + 1, "\n| `")) {
        told++;
    }
    assert_int_equal(told, option_count);
}

int main(int argc, char **argv)
{
    if (argc == 2 && g_str_equal(argv[1], "--print-sample")) {
        GString *text = sample();
        fputs(text->str, stdout);
        g_string_free(text, TRUE);
        return fflush(stdout) == 0 ? 0 : 1;
    }
    const struct CMUnitTest tests[] = {
        TEST(test_defaults),
        TEST(test_every_setting),
        TEST(test_lists_go_on),
        TEST(test_line_ends),
        TEST(test_bad_values),
        TEST(test_durations),
        TEST(test_numbers),
        TEST(test_wrong_places),
        TEST(test_doubles),
        TEST(test_bad_lines),
        TEST(test_bad_sections),
        TEST(test_long_domain),
        TEST(test_not_a_configuration),
        TEST(test_what_the_site_refuses),
        TEST(test_site),
        TEST(test_built_in),
        TEST(test_random_bytes),
        TEST(test_sample_in_the_repository),
        TEST(test_sample_can_be_used),
        TEST(test_manual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
