/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Notices in plain words: each kind and reason, several recipients, little knowledge. */
#include "notice/notice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* A notice that knows nothing but its kind. */
static backstop_notice *make_notice(backstop_kind kind)
{
    backstop_notice *notice = g_new0(backstop_notice, 1);
    notice->store = g_string_chunk_new(1024);
    notice->recipients = g_array_new(FALSE, FALSE, sizeof(struct backstop_recipient));
    notice->returned.to = g_ptr_array_new();
    notice->returned.hops = g_array_new(FALSE, FALSE, sizeof(struct backstop_hop));
    notice->kind = kind;
    return notice;
}

static void add_recipient(backstop_notice *notice, const char *address, const char *action,
                          backstop_reason reason)
{
    struct backstop_recipient r = { .address = address, .action = action, .reason = reason };
    g_array_append_val(notice->recipients, r);
}

/* 23 November 2026, a second before midnight in UTC. */
static void add_message(backstop_notice *notice, const char *subject)
{
    notice->returned.form = BACKSTOP_FORM_HEADERS;
    notice->returned.subject = subject;
    notice->returned.has_date = true;
    notice->returned.date_sec = 1795478399;
}

/* Explains and frees the notice. The text must hold the pieces, in this order. */
static void check_pieces(backstop_notice *notice, const char *const *pieces)
{
    char *text = backstop_notice_explain(notice);
    const char *rest = text;
    for (; *pieces != NULL; pieces++) {
        const char *found = strstr(rest, *pieces);
        if (found == NULL) {
            fail_msg("\"%s\" is not in \"%s\"", *pieces, rest);
        }
        rest = found + strlen(*pieces);
    }
    assert_null(strpbrk(text, "{}\n"));
    assert_null(strstr(text, "  "));
    assert_null(strstr(text, "you sent a message"));
    assert_int_equal(text[strlen(text) - 1], '.');
    backstop_text_free(text);
    backstop_notice_free(notice);
}

#define CHECK(notice, ...) check_pieces(notice, (const char *const[]){ __VA_ARGS__, NULL })

static void test_failure(void **state)
{
    (void)state;
    backstop_notice *notice = make_notice(BACKSTOP_KIND_FAILURE);
    add_message(notice, "Offer");
    add_recipient(notice, "a@remote.example", "failed", BACKSTOP_REASON_USER_UNKNOWN);
    CHECK(notice,
          "A message that names you as its sender (\"Offer\", dated 23 November 2026) could not be "
          "delivered to a@remote.example: there is no mailbox of that name. This is final: nobody "
          "will try again. Check the address for typing mistakes",
          "If you did not send that message, somebody else put your address on it");
}

static void test_delay_is_not_final(void **state)
{
    (void)state;
    backstop_notice *notice = make_notice(BACKSTOP_KIND_DELAY);
    add_recipient(notice, "a@remote.example", "delayed", BACKSTOP_REASON_NETWORK);
    CHECK(notice,
          "A message that names you as its sender has not yet been delivered to a@remote.example: "
          "the receiving system could not be reached. This is not final: the mail server keeps "
          "trying by itself");
}

static void test_nothing_known(void **state)
{
    (void)state;
    CHECK(make_notice(BACKSTOP_KIND_FAILURE),
          "A message that names you as its sender could not be delivered to its recipient. This is "
          "final");
    backstop_notice *notice = make_notice(BACKSTOP_KIND_FAILURE);
    notice->reason = BACKSTOP_REASON_MAILBOX_FULL;
    g_ptr_array_add(notice->returned.to, (gpointer) "a@remote.example");
    g_ptr_array_add(notice->returned.to, (gpointer) "b@remote.example");
    CHECK(notice,
          "sender (written to a@remote.example and b@remote.example) could not be delivered "
          "to its recipient: the mailbox is full.");
}

static void test_several_with_one_reason(void **state)
{
    (void)state;
    static const char *const addresses[] = { "a@x.example", "b@x.example", "c@x.example",
                                             "d@x.example", "e@x.example", "f@x.example",
                                             "g@x.example" };
    static const char *const expected[] = {
        "to a@x.example: the",
        "to a@x.example and b@x.example: the",
        "to a@x.example, b@x.example and c@x.example: the",
        "to a@x.example, b@x.example, c@x.example and d@x.example: the",
        "to a@x.example, b@x.example, c@x.example, d@x.example and e@x.example: the",
        "to a@x.example, b@x.example, c@x.example, d@x.example, e@x.example and 1 more: the",
        "to a@x.example, b@x.example, c@x.example, d@x.example, e@x.example and 2 more: the",
    };
    for (size_t count = 1; count <= G_N_ELEMENTS(addresses); count++) {
        backstop_notice *notice = make_notice(BACKSTOP_KIND_FAILURE);
        for (size_t i = 0; i < count; i++) {
            add_recipient(notice, addresses[i], "failed", BACKSTOP_REASON_MAILBOX_FULL);
        }
        CHECK(notice, expected[count - 1]);
    }
    backstop_notice *notice = make_notice(BACKSTOP_KIND_FAILURE);
    add_recipient(notice, NULL, "failed", BACKSTOP_REASON_MAILBOX_FULL);
    add_recipient(notice, NULL, "failed", BACKSTOP_REASON_MAILBOX_FULL);
    CHECK(notice, "to 2 recipients: the mailbox is full.");
}

static void test_several_outcomes(void **state)
{
    (void)state;
    backstop_notice *notice = make_notice(BACKSTOP_KIND_FAILURE);
    add_recipient(notice, "ok@x.example", "delivered", BACKSTOP_REASON_NONE);
    add_recipient(notice, "late@x.example", "delayed", BACKSTOP_REASON_NETWORK);
    add_recipient(notice, "full@x.example", "failed", BACKSTOP_REASON_MAILBOX_FULL);
    add_recipient(notice, "gone@x.example", "failed", BACKSTOP_REASON_USER_UNKNOWN);
    /* The worst first; whether it is final is told once an outcome. */
    CHECK(notice,
          "A message that names you as its sender could not be delivered to full@x.example: the "
          "mailbox is full. This is final: nobody will try again. Send the message again in a few "
          "days",
          " It could not be delivered to gone@x.example: there is no mailbox of that name. Check ",
          " It has not yet been delivered to late@x.example: ", "This is not final",
          " It has been delivered to ok@x.example.");
}

static void test_many_reasons(void **state)
{
    (void)state;
    backstop_notice *notice = make_notice(BACKSTOP_KIND_FAILURE);
    for (unsigned r = BACKSTOP_REASON_USER_UNKNOWN; r <= BACKSTOP_REASON_OTHER; r++) {
        add_recipient(notice, "a@x.example", "failed", (backstop_reason)r);
    }
    CHECK(notice, "no mailbox", "The notice names 12 more, for other reasons.");
}

static void test_every_reason_has_its_words(void **state)
{
    (void)state;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned r = BACKSTOP_REASON_NONE; r <= BACKSTOP_REASON_OTHER; r++) {
        backstop_notice *notice = make_notice(BACKSTOP_KIND_FAILURE);
        add_recipient(notice, "a@x.example", "failed", (backstop_reason)r);
        char *text = backstop_notice_explain(notice);
        assert_true(g_hash_table_add(seen, g_strdup(text)));
        backstop_text_free(text);
        CHECK(notice, "This is final: nobody will try again. ", "If you did not send that message");
    }
}

static void test_success(void **state)
{
    (void)state;
    backstop_notice *notice = make_notice(BACKSTOP_KIND_SUCCESS);
    add_recipient(notice, "a@x.example", "relayed", BACKSTOP_REASON_NONE);
    add_recipient(notice, "list@x.example", "expanded", BACKSTOP_REASON_NONE);
    add_recipient(notice, "b@x.example", NULL, BACKSTOP_REASON_NONE);
    CHECK(notice, "has been delivered to b@x.example.",
          "It has been passed on towards a@x.example. The next mail server does not report",
          "It has been passed on to the members of list@x.example.", "There is nothing to do.");
}

static void test_other_kinds(void **state)
{
    (void)state;
    static const struct {
        backstop_kind kind;
        const char *plain;
        const char *with_all;
    } cases[] = {
        { BACKSTOP_KIND_AUTO_REPLY, "an automatic reply to a message that names you as its sender,",
          "an automatic reply from a@x.example to a message that names you as its sender "
          "(\"Offer\"" },
        { BACKSTOP_KIND_LIST_REPLY, "the answer of a mailing list program to a message",
          "the answer of a mailing list program from a@x.example to a message that names you as "
          "its sender (" },
        { BACKSTOP_KIND_CHALLENGE, "an automatic request to confirm a message",
          "an automatic request from a@x.example to confirm a message" },
        { BACKSTOP_KIND_CONTENT_WARNING,
          "in a message that names you as its sender. The message "
          "was probably not delivered",
          "dated 23 November 2026). It was meant for a@x.example. The message was" },
        { BACKSTOP_KIND_READ_RECEIPT, "a read receipt for a message",
          "a read receipt from a@x.example for a message" },
        { BACKSTOP_KIND_FEEDBACK, "an abuse report", "It was meant for a@x.example. If it was" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        CHECK(make_notice(cases[i].kind), "This is ", cases[i].plain);
        backstop_notice *notice = make_notice(cases[i].kind);
        add_message(notice, "Offer");
        add_recipient(notice, "a@x.example", NULL, BACKSTOP_REASON_NONE);
        CHECK(notice, "This is ", cases[i].with_all);
    }
    CHECK(make_notice(BACKSTOP_KIND_NONE), "This is an ordinary message");
}

static void test_reason_of_an_automatic_reply(void **state)
{
    (void)state;
    backstop_notice *notice = make_notice(BACKSTOP_KIND_AUTO_REPLY);
    add_recipient(notice, "a@x.example", NULL, BACKSTOP_REASON_MOVED);
    CHECK(notice, "It gives this reason: the recipient no longer uses that address. A program");
}

static void test_long_names_are_shortened(void **state)
{
    (void)state;
    GString *subject = g_string_new(NULL);
    for (int i = 0; i < 1000; i++) {
        g_string_append(subject, "\xc3\xa9");
    }
    backstop_notice *notice = make_notice(BACKSTOP_KIND_FAILURE);
    add_message(notice, subject->str);
    char *text = backstop_notice_explain(notice);
    assert_true(g_utf8_validate(text, -1, NULL));
    assert_true(strlen(text) < 1000);
    assert_non_null(strstr(text, "\xc3\xa9...\""));
    backstop_text_free(text);
    backstop_notice_free(notice);
    g_string_free(subject, TRUE);
}

/* The subject may hold what looks like one of our own marks. */
static void test_marks_in_mail(void **state)
{
    (void)state;
    backstop_notice *notice = make_notice(BACKSTOP_KIND_AUTO_REPLY);
    add_message(notice, "{from} %s {");
    char *text = backstop_notice_explain(notice);
    assert_non_null(strstr(text, "(\"{from} %s {\", dated"));
    backstop_text_free(text);
    backstop_notice_free(notice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_delay_is_not_final),
        cmocka_unit_test(test_nothing_known),
        cmocka_unit_test(test_several_with_one_reason),
        cmocka_unit_test(test_several_outcomes),
        cmocka_unit_test(test_many_reasons),
        cmocka_unit_test(test_every_reason_has_its_words),
        cmocka_unit_test(test_success),
        cmocka_unit_test(test_other_kinds),
        cmocka_unit_test(test_reason_of_an_automatic_reply),
        cmocka_unit_test(test_long_names_are_shortened),
        cmocka_unit_test(test_marks_in_mail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
