/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What a notice's text says of one address. */
#include "notice/diagnose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notice_fixture.h"

typedef struct said_case {
    const char *text;
    const char *expected; /* "reason status reply first-end|first_text" of <a@b.example> */
} said_case;

static void check_said(const said_case *s)
{
    char *mail = g_strconcat("From: x\n\n", s->text, NULL);
    fixture f = fixture_message(mail);
    clues *c = clues_gather(f.message, true);
    clues_read_words(c);
    diagnosis d = diagnose_address(c, SPAN("A@b.example"));
    char *told = g_strdup_printf("%s %s %s %u-%u|%.*s", fixture_reason(d.reason), d.codes.status,
                                 d.codes.reply, d.first_line, d.end_line, SPAN_ARG(d.first_text));
    if (strcmp(told, s->expected) != 0) {
        fail_msg("%s\n got \"%s\"\nwant \"%s\"", s->text, told, s->expected);
    }
    g_free(told);
    clues_free(c);
    fixture_free(&f);
    g_free(mail);
}

static void check_all(const said_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_said(&cases[i]);
    }
}

#define CHECK_ALL(cases) check_all(cases, G_N_ELEMENTS(cases))

static void test_beside(void **state)
{
    (void)state;
    static const said_case cases[] = {
        { "Hi\n\nc@d.example is fine\n", "-   0-0|" },
        { "Hi\n<a@b.example>: 550 5.1.1 user unknown\n", "user_unknown 5.1.1 550 1-2|>: 550 5.1.1 "
                                                         "user unknown" },
        /* codes before it */
        { "550 5.1.1 <a@b.example>... User unknown\n",
          "user_unknown 5.1.1 550 0-1|>... User unknown" },
        { "a@b.example: host mx.b.example said:\n 552 5.2.2 mailbox\n is full\n\nuser unknown\n",
          "mailbox_full 5.2.2 552 0-3|: host mx.b.example said:" },
        /* what stands above says nothing of it */
        { "c@d.example: user unknown 550\na@b.example: mailbox full\n",
          "mailbox_full   1-2|: mailbox full" },
    };
    CHECK_ALL(cases);
}

static void test_ends(void **state)
{
    (void)state;
    static const said_case cases[] = {
        /* at the next address that begins a line */
        { "a@b.example: gone 551\nc@d.example: mailbox full\n", "-  551 0-1|: gone 551" },
        /* but not where it stands once more */
        { "a@b.example: gone\na@b.example: user unknown\n", "user_unknown   0-2|: gone" },
        { "a@b.example: see\n1\n2\n3\n4\n5\n6\n7\nuser unknown\n", "user_unknown   0-9|: see" },
        /* at the end of the paragraph */
        { "a@b.example: gone 551\n\nThe mailbox is full.\n", "-  551 0-1|: gone 551" },
        /* unless it stands alone and what follows is indented */
        { "a@b.example\n\n   user unknown\n\n   mailbox full\n", "user_unknown   0-3|" },
        { "a@b.example\n\n\n\tuser unknown\n", "user_unknown   0-4|" },
    };
    CHECK_ALL(cases);
}

/* Where nothing near it says why, a paragraph further down may, before the next address. */
static void test_whole_section(void **state)
{
    (void)state;
    static const said_case cases[] = {
        { "a@b.example\n\nThe reason is:\n\nuser unknown\n", "user_unknown   0-5|" },
        { "a@b.example\n\nuser unknown\n\nmore\n", "user_unknown   0-5|" },
        { "a@b.example\n\nc@d.example\n\nuser unknown\n", "-   0-1|" },
    };
    CHECK_ALL(cases);
}

/* Of several mentions the one that tells most. */
static void test_several_mentions(void **state)
{
    (void)state;
    static const said_case cases[] = {
        { "To a@b.example it failed\n\na@b.example: user unknown\n",
          "user_unknown   2-3|: user unknown" },
        { "a@b.example 550\n\na@b.example: user unknown\n", "user_unknown   2-3|: user unknown" },
        { "a@b.example 550 user unknown\n\na@b.example: mailbox full\n",
          "user_unknown  550 0-1| 550 user unknown" },
    };
    CHECK_ALL(cases);
}

static void test_mention(void **state)
{
    (void)state;
    fixture f = fixture_message("From: x\n\na@b.example: user unknown\nc@d.example: 552 full\n");
    clues *c = clues_gather(f.message, true);
    clues_read_words(c);
    diagnosis first = diagnose_mention(c, 0), second = diagnose_mention(c, 1);
    assert_int_equal(first.reason, BACKSTOP_REASON_USER_UNKNOWN);
    assert_string_equal(first.codes.reply, "");
    assert_int_equal(first.end_line, 1);
    assert_int_equal(second.first_line, 1);
    assert_string_equal(second.codes.reply, "552");
    clues_free(c);
    fixture_free(&f);
}

static void test_text(void **state)
{
    (void)state;
    fixture f = fixture_message("From: x\n\nHi\n");
    clues *c = clues_gather(f.message, true);
    diagnosis d =
        diagnose_text(c, SPAN("550-5.1.1 the user\r\n\t550 5.1.1 <x@b.example> is unknown"));
    assert_int_equal(d.reason, BACKSTOP_REASON_USER_UNKNOWN);
    assert_string_equal(d.codes.status, "5.1.1");
    assert_string_equal(d.codes.reply, "550");
    d = diagnose_text(c, SPAN(""));
    assert_int_equal(d.reason, BACKSTOP_REASON_NONE);
    assert_false(reason_has_codes(&d.codes));
    d = diagnose_text(c, SPAN("\xFF\xC3 user unknown \xE2\x80")); /* any bytes */
    assert_int_equal(d.reason, BACKSTOP_REASON_USER_UNKNOWN);
    clues_free(c);
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beside),        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_whole_section), cmocka_unit_test(test_several_mentions),
        cmocka_unit_test(test_mention),       cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
