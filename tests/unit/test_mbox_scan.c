/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Where messages stand in an mbox, and what is missing between one and the next. */
#include "app/mbox_scan.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "temporary_folder.h"

#define SEPARATOR "From a@b.example Mon Nov 23 20:25:00 2026"

static int open_file(const char *folder, const char *content)
{
    g_autofree char *path = g_build_filename(folder, "mbox", NULL);
    temporary_folder_put(folder, "mbox", content);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    return fd;
}

static GHashTable *set_of(const char *const *messages, size_t count)
{
    GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < count; i++) {
        char digest[MAIL_DIGEST_SIZE];
        mail_digest(span_from_string(messages[i]), digest);
        g_hash_table_add(set, g_strdup(digest));
    }
    return set;
}

/* The text of each found message in `content`, and what stands between. */
static void assert_found(const char *folder, const char *content, const char *const *wanted,
                         size_t wanted_count, const char *const *expected, size_t count)
{
    int fd = open_file(folder, content);
    g_autoptr(GHashTable) digests = set_of(wanted, wanted_count);
    mbox_scan scan;
    assert_true(mbox_scan_read(fd, digests, &scan));
    assert_int_equal(scan.size, strlen(content));
    assert_int_equal(scan.found->len, count);
    for (unsigned i = 0; i < count; i++) {
        const mbox_found *m = &g_array_index(scan.found, mbox_found, i);
        g_autofree char *text = g_strndup(content + m->begin, (size_t)(m->end - m->begin));
        assert_string_equal(text, expected[i]);
    }
    mbox_scan_free(&scan);
    close(fd);
}

static void test_finds_ranges(void **state)
{
    static const char *const wanted[] = { "A: 1\n\nbody", "C: 3" };
    static const char one[] = SEPARATOR "\nA: 1\n\nbody\n\n", two[] = SEPARATOR "\nB: 2\n\n";
    static const char three[] = SEPARATOR "\nC: 3";
    static const char *const expected[] = { one, three };
    g_autofree char *content = g_strconcat(one, two, three, NULL);
    assert_found(*state, content, wanted, 2, expected, 2);
    static const char crlf[] = SEPARATOR "\r\nC: 3\r\n\r\n";
    static const char *const in_crlf[] = { crlf, crlf };
    g_autofree char *twice = g_strconcat(crlf, crlf, NULL);
    assert_found(*state, twice, wanted, 2, in_crlf, 2);
    static const char cr[] = SEPARATOR "\rC: 3\r\r";
    static const char *const in_cr[] = { cr, cr };
    g_autofree char *twice_cr = g_strconcat(cr, cr, NULL);
    assert_found(*state, twice_cr, wanted, 2, in_cr, 2);
    assert_found(*state, "", wanted, 2, NULL, 0);
    assert_found(*state, "C: 3", wanted, 2, NULL, 0); /* a message, but no mbox */
}

static void test_takes_each_once(void **state)
{
    static const char content[] = SEPARATOR "\nC: 3\n\n" SEPARATOR "\nC: 3\nStatus: O\n\n";
    static const char *const wanted[] = { "C: 3" };
    char digest[MAIL_DIGEST_SIZE];
    mbox_scan scan;
    int fd = open_file(*state, content);
    g_autoptr(GHashTable) digests = set_of(wanted, 1);
    mail_digest(SPAN("C: 3"), digest);
    assert_true(mbox_scan_read(fd, digests, &scan));
    assert_true(scan.is_mbox);
    assert_int_equal(mbox_scan_take(&scan, digest)->begin, 0);
    assert_int_equal(mbox_scan_take(&scan, digest)->begin, sizeof(SEPARATOR "\nC: 3\n\n") - 1);
    assert_null(mbox_scan_take(&scan, digest));
    assert_int_equal(mbox_scan_begin_of(&scan, 0), 0);
    assert_int_equal(mbox_scan_begin_of(&scan, 1), sizeof(SEPARATOR "\nC: 3\n\n") - 1);
    assert_int_equal(mbox_scan_begin_of(&scan, 2), strlen(content));
    mbox_scan_free(&scan);
    assert_true(mbox_scan_read(fd, digests, &scan));
    mbox_scan_leave(&scan, digest, 1);
    mbox_scan_leave(&scan, "none", 1);
    assert_int_equal(mbox_scan_take(&scan, digest)->number, 1);
    assert_null(mbox_scan_take(&scan, digest));
    mbox_scan_free(&scan);
    close(fd);
}

static void test_missing_line_ends(void **state)
{
    static const struct {
        const char *content;
        unsigned missing;
    } cases[] = {
        { "", 0 },      { "a", 2 },         { "a\n", 1 },     { "a\n\n", 0 },
        { "a\r\n", 1 }, { "a\r\n\r\n", 0 }, { "a\r\n\n", 0 }, { "a\n\r\n", 0 },
        { "a\r", 1 },   { "a\r\r", 0 },     { "\n", 1 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int fd = open_file(*state, cases[i].content);
        assert_int_equal(mbox_scan_missing_ends(fd, (int64_t)strlen(cases[i].content)),
                         cases[i].missing);
        close(fd);
    }
    mbox_scan scan = { .line_end = '\n' };
    assert_string_equal(mbox_scan_line_ends(&scan, 0), "");
    assert_string_equal(mbox_scan_line_ends(&scan, 2), "\n\n");
    scan.line_end = '\r';
    assert_string_equal(mbox_scan_line_ends(&scan, 1), "\r");
}

int main(void)
{
#define WITH_FOLDER(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, temporary_folder_make, temporary_folder_remove)
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_finds_ranges),
        WITH_FOLDER(test_takes_each_once),
        WITH_FOLDER(test_missing_line_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
