/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Moving messages between Maildirs: names, flags, what is taken, what has gone. */
#include "app/maildir.h"

#include "app/mail_digest.h"
#include "interrupt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "temporary_folder.h"

typedef struct pair {
    char *from_path, *to_path;
    maildir *from, *to;
} pair;

static pair open_pair(const char *folder)
{
    pair p = { g_build_filename(folder, "from", NULL), NULL, NULL, NULL };
    static const char *const parts[] = { "from", "from/cur", "from/new", "from/tmp" };
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *path = g_build_filename(folder, parts[i], NULL);
        assert_int_equal(mkdir(path, 0750), 0);
    }
    p.to_path = maildir_folder_of(p.from_path, "Backscatter");
    assert_int_equal(maildir_make(p.to_path, p.from_path, NULL), BACKSTOP_OK);
    assert_int_equal(maildir_open(p.from_path, &p.from, NULL), BACKSTOP_OK);
    assert_int_equal(maildir_open(p.to_path, &p.to, NULL), BACKSTOP_OK);
    return p;
}

static void close_pair(pair *p)
{
    maildir_close(p->from);
    maildir_close(p->to);
    g_free(p->from_path);
    g_free(p->to_path);
}

static void test_folder_of(void **state)
{
    const char *folder = *state;
    pair p = open_pair(folder);
    g_autofree char *inside = g_build_filename(p.from_path, ".Backscatter", NULL);
    assert_string_equal(p.to_path, inside);
    /* Of a Maildir++ folder, the one beside it. */
    g_autofree char *lists = g_build_filename(p.from_path, ".Lists", NULL);
    g_autofree char *beside = maildir_folder_of(lists, "Backscatter");
    assert_string_equal(beside, inside);
    assert_true(temporary_folder_has(inside, "maildirfolder"));
    struct stat info;
    assert_int_equal(stat(inside, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0750);
    close_pair(&p);
}

static void test_make(void **state)
{
    const char *folder = *state;
    pair p = open_pair(folder);
    backstop_error error;
    assert_true(maildir_is_at(p.to_path));
    assert_int_equal(maildir_make(p.to_path, p.from_path, &error), BACKSTOP_OK);
    /* Half made, as by an interruption. */
    g_autofree char *half = g_build_filename(folder, "half", NULL);
    g_autofree char *cur = g_build_filename(half, "cur", NULL);
    assert_int_equal(mkdir(half, 0700), 0);
    assert_int_equal(mkdir(cur, 0700), 0);
    assert_false(maildir_is_at(half));
    assert_int_equal(maildir_make(half, p.from_path, &error), BACKSTOP_OK);
    assert_true(maildir_is_at(half));
    assert_false(temporary_folder_has(half, "maildirfolder"));
    /* Something else. */
    g_autofree char *other = g_build_filename(folder, "other", NULL);
    assert_int_equal(mkdir(other, 0700), 0);
    temporary_folder_put(other, "thesis", "x");
    assert_int_equal(maildir_make(other, p.from_path, &error), BACKSTOP_ERROR_INVALID);
    assert_non_null(strstr(error.text, "is no Maildir"));
    g_autofree char *nowhere = g_build_filename(folder, "no", "where", NULL);
    assert_int_equal(maildir_make(nowhere, p.from_path, &error), BACKSTOP_ERROR_STORE);
    temporary_folder_put(folder, "file", "x");
    g_autofree char *file = g_build_filename(folder, "file", NULL);
    assert_int_equal(maildir_make(file, p.from_path, &error), BACKSTOP_ERROR_STORE);
    close_pair(&p);
    temporary_folder_empty(half);
}

static void test_moves_with_flags(void **state)
{
    const char *folder = *state;
    pair p = open_pair(folder);
    char digest[MAIL_DIGEST_SIZE];
    mail_digest(SPAN("Subject: a\n\nb\n"), digest);
    temporary_folder_put(p.from_path, "cur/1.a:2,FS", "Subject: a\n\nb\n");
    temporary_folder_put(p.from_path, "new/2.a", "Subject: a\n\nb\n");
    assert_int_equal(maildir_move(p.from, "cur/1.a:2,FS", p.to, "1.a", digest), MAILDIR_MOVED);
    assert_int_equal(maildir_move(p.from, "new/2.a", p.to, "3.x", NULL), MAILDIR_MOVED);
    assert_true(temporary_folder_has(p.to_path, "cur/1.a:2,FS"));
    assert_true(temporary_folder_has(p.to_path, "new/3.x"));
    assert_false(temporary_folder_has(p.from_path, "cur/1.a:2,FS"));
    assert_false(temporary_folder_has(p.from_path, "new/2.a"));
    assert_true(maildir_sync(p.to) && maildir_sync(p.from));
    close_pair(&p);
}

static void test_takes_no_name_and_no_other_message(void **state)
{
    const char *folder = *state;
    pair p = open_pair(folder);
    char digest[MAIL_DIGEST_SIZE];
    mail_digest(SPAN("judged"), digest);
    temporary_folder_put(p.from_path, "cur/1", "judged");
    temporary_folder_put(p.to_path, "cur/1", "there before");
    assert_int_equal(maildir_move(p.from, "cur/1", p.to, "1", digest), MAILDIR_TAKEN);
    g_autofree char *kept = temporary_folder_get(p.to_path, "cur/1");
    assert_string_equal(kept, "there before");
    temporary_folder_put(p.from_path, "cur/1", "written anew");
    assert_int_equal(maildir_move(p.from, "cur/1", p.to, "2", digest), MAILDIR_CHANGED);
    assert_int_equal(maildir_move(p.from, "cur/none", p.to, "2", digest), MAILDIR_GONE);
    g_autofree char *target = g_build_filename(p.from_path, "cur/1", NULL);
    g_autofree char *link_path = g_build_filename(p.from_path, "cur/link", NULL);
    assert_int_equal(symlink(target, link_path), 0);
    assert_int_equal(maildir_move(p.from, "cur/link", p.to, "2", NULL), MAILDIR_CHANGED);
    assert_true(temporary_folder_has(p.from_path, "cur/1"));
    close_pair(&p);
}

/* A file that holds several messages is none that was judged. */
static void test_moves_no_mbox(void **state)
{
    const char *folder = *state;
    pair p = open_pair(folder);
    char digest[MAIL_DIGEST_SIZE];
    static const char separator[] = "From a@b.example Mon Nov 23 20:25:00 2026\n";
    g_autofree char *one = g_strconcat(separator, "judged\n", NULL);
    g_autofree char *two = g_strconcat(one, "\n", separator, "other\n", NULL);
    mail_digest(SPAN("judged"), digest);
    temporary_folder_put(p.from_path, "cur/1", one);
    temporary_folder_put(p.from_path, "cur/2", two);
    assert_int_equal(maildir_move(p.from, "cur/1", p.to, "1", digest), MAILDIR_MOVED);
    assert_int_equal(maildir_move(p.from, "cur/2", p.to, "2", digest), MAILDIR_CHANGED);
    close_pair(&p);
}

/* On file systems without RENAME_NOREPLACE. */
static void test_links_where_it_cannot_rename(void **state)
{
    const char *folder = *state;
    pair p = open_pair(folder);
    assert_int_equal(setenv("INTERRUPT_NO_RENAMEAT2", "1", 1), 0);
    temporary_folder_put(p.from_path, "cur/1", "a");
    temporary_folder_put(p.from_path, "cur/2", "b");
    temporary_folder_put(p.to_path, "cur/2", "c");
    assert_int_equal(maildir_move(p.from, "cur/1", p.to, "1", NULL), MAILDIR_MOVED);
    assert_int_equal(maildir_move(p.from, "cur/2", p.to, "2", NULL), MAILDIR_TAKEN);
    assert_false(temporary_folder_has(p.from_path, "cur/1"));
    assert_true(temporary_folder_has(p.from_path, "cur/2"));
    /* An interruption between link() and unlink(): one file with both names. */
    g_autofree char *first = g_build_filename(p.to_path, "cur/1", NULL);
    g_autofree char *second = g_build_filename(p.from_path, "cur/1", NULL);
    assert_int_equal(link(first, second), 0);
    assert_int_equal(maildir_move(p.from, "cur/1", p.to, "1", NULL), MAILDIR_MOVED);
    assert_false(temporary_folder_has(p.from_path, "cur/1"));
    assert_true(temporary_folder_has(p.to_path, "cur/1"));
    assert_int_equal(unsetenv("INTERRUPT_NO_RENAMEAT2"), 0);
    close_pair(&p);
}

static void test_finds_by_base(void **state)
{
    const char *folder = *state;
    pair p = open_pair(folder);
    temporary_folder_put(p.from_path, "cur/1.a,S=5:2,S", "x");
    temporary_folder_put(p.from_path, "new/2\n\x1b[2J", "x");
    assert_string_equal(maildir_find(p.from, "1.a,S=5"), "cur/1.a,S=5:2,S");
    assert_string_equal(maildir_find(p.from, "2\n\x1b[2J"), "new/2\n\x1b[2J");
    assert_null(maildir_find(p.from, "1.a"));
    temporary_folder_put(p.from_path, "new/3", "x");
    assert_null(maildir_find(p.from, "3"));
    maildir_reread(p.from);
    assert_string_equal(maildir_find(p.from, "3"), "new/3");
    g_autofree char *base = maildir_base("cur/1.a,S=5:2,S");
    assert_string_equal(base, "1.a,S=5");
    g_autofree char *unused = maildir_unused_base(p.from, base);
    assert_string_equal(unused, "1.a-1,S=5");
    g_autofree char *next = maildir_unused_base(p.from, base);
    assert_string_equal(next, "1.a-2,S=5");
    g_autofree char *free_one = maildir_unused_base(p.from, "9");
    assert_string_equal(free_one, "9");
    close_pair(&p);
}

int main(void)
{
#define WITH_FOLDER(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, temporary_folder_make, temporary_folder_remove)
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_folder_of),        WITH_FOLDER(test_make),
        WITH_FOLDER(test_moves_with_flags), WITH_FOLDER(test_takes_no_name_and_no_other_message),
        WITH_FOLDER(test_moves_no_mbox),    WITH_FOLDER(test_links_where_it_cannot_rename),
        WITH_FOLDER(test_finds_by_base),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
