/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Copies in the quarantine's Maildir. */
#include "backstopd/quarantine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW INT64_C(1795465490)
#define VERDICT "backscatter; confidence=likely; by=tag"

static int make_place(void **state)
{
    *state = g_dir_make_tmp("quarantine-XXXXXX", NULL);
    return *state == NULL;
}

static void remove_below(const char *path)
{
    const char *name;
    GDir *dir = g_dir_open(path, 0, NULL);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *entry = g_build_filename(path, name, NULL);
        if (g_file_test(entry, G_FILE_TEST_IS_DIR)) {
            remove_below(entry);
        }
        remove(entry);
    }
    if (dir != NULL) {
        g_dir_close(dir);
    }
}

static int remove_place(void **state)
{
    remove_below(*state);
    rmdir(*state);
    g_free(*state);
    return 0;
}

static unsigned count_files(const char *folder, const char *half, char **text)
{
    unsigned count = 0;
    const char *name;
    g_autofree char *path = g_build_filename(folder, half, NULL);
    GDir *dir = g_dir_open(path, 0, NULL);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_free(*text);
        assert_true(g_file_get_contents(file, text, NULL, NULL));
        count++;
    }
    if (dir != NULL) {
        g_dir_close(dir);
    }
    return count;
}

static bool keep(const char *folder, const char *mail, const char *second, char **problem)
{
    g_autoptr(GString) bytes = g_string_new(mail);
    g_autoptr(GPtrArray) recipients = g_ptr_array_new();
    g_ptr_array_add(recipients, (gpointer) "alice@our.example");
    g_ptr_array_add(recipients, (gpointer)second);
    return quarantine_keep(folder, bytes, recipients, VERDICT, NOW, problem);
}

/* What a stranger wrote into our fields would stand right below ours. */
static void test_fields_of_strangers(void **state)
{
    char *problem, *text = NULL;
    g_autofree char *folder = g_build_filename(*state, "box", NULL);
    assert_true(keep(folder,
                     "backstop-verdict : genuine;\n\tby=tag\r\nA: 1\r\n b\r\n"
                     "Backstop-Seen: v=1\r\nBackstop-Verdicts: x\r\n\r\n"
                     "Backstop-Verdict: in the body\r\n",
                     "bob@our.example", &problem));
    assert_int_equal(count_files(folder, "new", &text), 1);
    const char *rest = strstr(text, "Backstop-Verdict: " VERDICT "\n");
    assert_non_null(rest);
    assert_string_equal(rest, "Backstop-Verdict: " VERDICT "\nA: 1\n b\nBackstop-Verdicts: x\n\n"
                              "Backstop-Verdict: in the body\n");
    g_free(text);
}

static void test_keeps(void **state)
{
    g_autofree char *folder = g_build_filename(*state, "box", NULL);
    g_autofree char *text = NULL;
    g_autofree char *problem = NULL;
    assert_true(
        keep(folder, "Subject: a\r\n b\r\n\r\nlone \r and\r\nend", "bob@our.example", &problem));
    assert_null(problem);
    assert_int_equal(count_files(folder, "tmp", &text), 0);
    assert_int_equal(count_files(folder, "new", &text), 1);
    assert_string_equal(text, "Return-Path: <>\nDelivered-To: alice@our.example\n"
                              "Delivered-To: bob@our.example\nBackstop-Verdict: " VERDICT "\n"
                              "Subject: a\n b\n\nlone \r and\nend");
    struct stat status;
    assert_int_equal(stat(folder, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    /* The same mail once more is another file. */
    assert_true(keep(folder, "Subject: a\r\n\r\n", "bob@our.example", &problem));
    assert_int_equal(count_files(folder, "new", &text), 2);
}

/* A recipient cannot write fields of his own. */
static void test_hostile_recipient(void **state)
{
    g_autofree char *text = NULL;
    g_autofree char *problem = NULL;
    assert_true(keep(*state, "Subject: a\r\n\r\n", "x\nBcc: y@our.example", &problem));
    assert_int_equal(count_files(*state, "new", &text), 1);
    assert_null(strstr(text, "Bcc"));
}

static void test_no_place(void **state)
{
    g_autofree char *folder = g_build_filename(*state, "missing", "box", NULL);
    g_autofree char *problem = NULL;
    assert_false(keep(folder, "Subject: a\r\n\r\n", "bob@our.example", &problem));
    assert_non_null(strstr(problem, "missing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fields_of_strangers, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_keeps, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_hostile_recipient, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_no_place, make_place, remove_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
