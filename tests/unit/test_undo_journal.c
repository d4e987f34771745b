/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Journals of moved messages: what is written comes back, whatever names hold; marks; damage. */
#include "app/undo_journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "temporary_folder.h"

static const char digest[MAIL_DIGEST_SIZE] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.1234";

/* GLib reads the variable once: all tests share the folder below it. */
static int make_state_folder(void **state)
{
    if (temporary_folder_make(state) != 0) {
        return -1;
    }
    g_setenv("XDG_STATE_HOME", *state, TRUE);
    return 0;
}

static undo_state *open_state(const char *path)
{
    undo_state *s;
    assert_int_equal(undo_state_open(path, true, &s, NULL), BACKSTOP_OK);
    assert_non_null(s);
    return s;
}

static undo_journal *read_last(const undo_state *s)
{
    undo_journal *j;
    assert_int_equal(undo_state_read_last(s, &j, NULL), BACKSTOP_OK);
    return j;
}

static void test_maildir(void **state)
{
    (void)state;
    static const char name[] = "cur/1 %\n\t\x01\x7f\xff\xc3\xa9:2,S";
    undo_state *s = open_state("/mail one\n");
    undo_journal *j = undo_journal_new(true, "/mail one\n", "/folder %41", 1000);
    undo_entry e = { .name = (char *)name, .base = (char *)" base" };
    memcpy(e.digest, digest, sizeof e.digest);
    undo_journal_add(j, &e);
    undo_journal_add(j, &e);
    assert_int_equal(undo_state_write(s, j, NULL), BACKSTOP_OK);
    undo_journal_free(j);

    j = read_last(s);
    assert_true(j->is_maildir);
    assert_string_equal(j->mailbox, "/mail one\n");
    assert_string_equal(j->folder, "/folder %41");
    assert_int_equal(j->time_sec, 1000);
    assert_int_equal(j->entries->len, 2);
    const undo_entry *read = &g_array_index(j->entries, undo_entry, 1);
    assert_string_equal(read->name, name);
    assert_string_equal(read->base, " base");
    assert_string_equal(read->digest, digest);
    assert_false(j->is_done || j->is_undoing);
    undo_journal_free(j);
    undo_state_close(s);
}

static void test_mbox_and_marks(void **state)
{
    (void)state;
    undo_state *s = open_state("/mail/two");
    undo_journal *j = undo_journal_new(false, "/mail/two", "/mail/two.backscatter", 5);
    undo_entry e = { .number = 700, .padding = 2 };
    memcpy(e.digest, digest, sizeof e.digest);
    undo_journal_add(j, &e);
    assert_int_equal(undo_state_write(s, j, NULL), BACKSTOP_OK);
    assert_int_equal(undo_journal_mark_done(j, NULL), BACKSTOP_OK);
    undo_journal_free(j);

    j = read_last(s);
    const undo_entry *read = &g_array_index(j->entries, undo_entry, 0);
    assert_false(j->is_maildir);
    assert_int_equal(read->number, 700);
    assert_int_equal(read->padding, 2);
    assert_null(read->name);
    assert_true(j->is_done);
    assert_false(j->is_undoing);
    assert_int_equal(undo_journal_mark_undoing(j, NULL), BACKSTOP_OK);
    undo_journal_free(j);
    j = read_last(s);
    assert_true(j->is_done && j->is_undoing);
    assert_int_equal(undo_journal_remove(j, NULL), BACKSTOP_OK);
    assert_int_equal(undo_journal_remove(j, NULL), BACKSTOP_OK);
    undo_journal_free(j);
    assert_null(read_last(s));
    undo_state_close(s);
}

static void test_the_last_comes_first(void **state)
{
    (void)state;
    undo_state *s = open_state("/mail/three");
    for (int64_t i = 1; i <= 11; i++) {
        undo_journal *j = undo_journal_new(true, "/mail/three", "/f", i);
        assert_int_equal(undo_state_write(s, j, NULL), BACKSTOP_OK);
        undo_journal_free(j);
    }
    for (int64_t i = 11; i >= 1; i--) {
        assert_int_equal(undo_state_count(s), i);
        undo_journal *j = read_last(s);
        assert_int_equal(j->time_sec, i);
        assert_int_equal(undo_journal_remove(j, NULL), BACKSTOP_OK);
        undo_journal_free(j);
    }
    assert_int_equal(undo_state_count(s), 0);
    undo_state_close(s);
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    undo_state *s = open_state("/mail/four"), *second;
    backstop_error error;
    assert_int_equal(undo_state_open("/mail/four", true, &second, &error), BACKSTOP_ERROR_BUSY);
    assert_non_null(strstr(error.text, "another sweep"));
    assert_null(second);
    undo_state *other = open_state("/mail/five");
    undo_state_close(other);
    undo_state_close(s);
    undo_state_close(open_state("/mail/four"));
}

static void test_makes_nothing_unless_told(void **state)
{
    (void)state;
    undo_state *s;
    assert_int_equal(undo_state_open("/mail/six", false, &s, NULL), BACKSTOP_OK);
    assert_null(s);
    undo_state_close(open_state("/mail/six"));
    assert_int_equal(undo_state_open("/mail/six", false, &s, NULL), BACKSTOP_OK);
    assert_non_null(s);
    undo_state_close(s);
}

static void test_damaged(void **state)
{
    (void)state;
    undo_state *s = open_state("/mail/seven");
    undo_journal *j = undo_journal_new(true, "/mail/seven", "/f", 1);
    assert_int_equal(undo_state_write(s, j, NULL), BACKSTOP_OK);
    static const char head[] = "backstop-undo 1\nmailbox mbox /m\nfolder /f\ntime 1\n";
    static const char *const bad[] = {
        "",
        "something\n",
        "backstop-undo 2\nmailbox mbox /m\nfolder /f\ntime 1\nend 0\n",
        "backstop-undo 1\nfolder /f\ntime 1\nend 0\n",
        "moved "
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef012345 1 "
        "2\n",
        "moved 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef 2 4294967296\n",
        "moved 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef 1\n",
        "moved 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef 1 -2\n",
        "moved\n",
        "time x\n",
        "deleted everything\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        undo_journal *read;
        backstop_error error;
        g_autofree char *text = g_strconcat(i < 4 ? "" : head, bad[i], NULL);
        assert_true(g_file_set_contents(j->file, text, -1, NULL));
        assert_int_equal(undo_state_read_last(s, &read, &error), BACKSTOP_ERROR_STORE);
        assert_null(read);
        assert_non_null(strstr(error.text, "damaged"));
    }
    /* A mark that was not written to its end is none. */
    g_autofree char *text = g_strconcat(head, "end 0\ndon", NULL);
    assert_true(g_file_set_contents(j->file, text, -1, NULL));
    undo_journal *read = read_last(s);
    assert_false(read->is_done);
    undo_journal_free(read);
    undo_journal_free(j);
    undo_state_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maildir),
        cmocka_unit_test(test_mbox_and_marks),
        cmocka_unit_test(test_the_last_comes_first),
        cmocka_unit_test(test_one_at_a_time),
        cmocka_unit_test(test_makes_nothing_unless_told),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, make_state_folder, temporary_folder_remove);
}
