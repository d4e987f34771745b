/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What a message shows: structure, header, text. */
#include "notice/clues.h"

#include "message/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notice_fixture.h"

/* ---- header ---- */

/* The flags that are set, by short names. */
static char *tell_flags(const clues *c)
{
    const struct {
        bool is_set;
        const char *name;
    } flags[] = {
        { c->is_from_daemon, "daemon" },
        { c->has_null_sender, "null" },
        { c->is_bulk, "bulk" },
        { c->auto_submitted == AUTO_GENERATED, "generated" },
        { c->auto_submitted == AUTO_REPLIED, "replied" },
        { c->is_auto_reply, "auto-reply" },
        { c->has_low_precedence, "low" },
        { c->is_ticket, "ticket" },
        { c->is_report, "report" },
        { c->has_calendar, "calendar" },
        { c->subject_is_answer, "answer" },
        { c->subject_ends_as_failure, "ends-failed" },
        { c->subject_is_label, "label" },
        { c->subject_is_of_other, "other" },
    };
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        if (flags[i].is_set) {
            g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", flags[i].name);
        }
    }
    return g_string_free(out, FALSE);
}

static void check_flags_with(const char *header, const backstop_envelope *envelope,
                             const char *expected)
{
    char *text = g_strconcat(header, "\n\nx\n", NULL);
    fixture f = fixture_message_from(text, "\n", envelope);
    clues *c = clues_gather(f.message, true);
    char *told = tell_flags(c);
    if (strcmp(told, expected) != 0) {
        fail_msg("%s\n got \"%s\"\nwant \"%s\"", header, told, expected);
    }
    g_free(told);
    clues_free(c);
    fixture_free(&f);
    g_free(text);
}

static void check_flags(const fixture_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_flags_with(cases[i].text, NULL, cases[i].expected);
    }
}

#define CHECK_FLAGS(cases) check_flags(cases, G_N_ELEMENTS(cases))

static void test_sender(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { "From: alice@our.example", "" },
        { "From: MAILER-DAEMON@mx.example", "daemon" },
        { "From: Mail Delivery System <x@mx.example>", "daemon" },
        { "From: =?UTF-8?B?TWFpbCBEZWxpdmVyeSBTeXN0ZW0=?= <x@mx.example>", "daemon" },
        { "From: x@mx.example (Mail Delivery Subsystem)", "daemon" },
        { "From: MAILER-DAEMON <>", "daemon" },
        { "From: <>", "daemon" },
        { "From:", "daemon" },
        { "Return-Path: <>", "null" },
        { "Return-Path: <alice@our.example>", "" },
        { "Return-Path: <MAILER-DAEMON@mx.example>\nTo: x@our.example", "daemon" },
        { "From: x@our.example\nReturn-Path: <MAILER-DAEMON@mx.example>", "" },
    };
    CHECK_FLAGS(cases);
}

static void test_envelope_sender(void **state)
{
    (void)state;
    const backstop_envelope null_sender = { .mail_from = "" };
    const backstop_envelope alice = { .mail_from = "alice@our.example" };
    const backstop_envelope unknown = { .mail_from = NULL };
    check_flags_with("From: x@mx.example", &null_sender, "null");
    check_flags_with("From: x@mx.example\nReturn-Path: <>", &alice, "");
    check_flags_with("From: x@mx.example\nReturn-Path: <>", &unknown, "null");
}

static void test_auto_fields(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { "Auto-Submitted: no", "" },
        { "Auto-Submitted: auto-generated", "generated" },
        { "Auto-Submitted: Auto-Replied (vacation)", "replied" },
        { "Auto-Submitted: auto-notified", "generated" }, /* RFC 5436: news of new mail */
        { "X-Autoreply: yes", "auto-reply" },
        { "x-autorespond: yes", "auto-reply" },
        { "Precedence: auto_reply", "auto-reply" },
        { "Precedence: bulk", "low" },
        { "Precedence: Junk", "low" },
        { "Precedence: list\nList-Id: <x.example>", "low" },
        { "Precedence: list\nX-BeenThere: x@l.example", "bulk" },
        { "Precedence: list\nX-BeenThere: x@l.example\nX-List-Administrivia: yes", "low" },
        { "List-Unsubscribe: <mailto:x@l.example>", "bulk" },
        { "List-Post: <mailto:x@l.example>", "bulk" },
        { "Feedback-ID: 1", "bulk" },
    };
    CHECK_FLAGS(cases);
}

static void test_tickets(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { "Subject: [Printers #4711] it smokes", "ticket" },
        { "Subject: Ticket #4711: it smokes", "ticket" },
        { "Subject: it smokes (#47)", "ticket" },
        { "Subject: number #1: smoke", "" },
        { "Subject: it smokes #4711 often", "" },
        { "Subject: it smokes #4711", "" },
        { "Subject: a # b #x] #", "" },
        { "X-RT-Ticket: x #1", "ticket" },
        { "RT-Ticket: x", "ticket" },
        { "X-OTRS-Loop: x", "ticket" },
        { "X-JIRA-FingerPrint: x", "ticket" },
    };
    CHECK_FLAGS(cases);
}

static void test_structure_flags(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { "Content-Type: multipart/report; boundary=b\n\n--b\n\nx\n--b--", "report" },
        { "Content-Type: Multipart/REPORT", "report" },
        { "Content-Type: text/calendar", "calendar" },
        { "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
          "Content-Type: text/calendar\n\nx\n--b--",
          "" },
    };
    CHECK_FLAGS(cases);
}

typedef struct subject_case {
    const char *subject;
    backstop_kind kind;
    bool starts;
    const char *flags;
} subject_case;

static void check_subject(const subject_case *s)
{
    char *header = g_strconcat("Subject: ", s->subject, "\n\nx\n", NULL);
    fixture f = fixture_message(header);
    clues *c = clues_gather(f.message, true);
    char *told = tell_flags(c);
    if (c->subject_kind != s->kind || c->subject_starts_with_phrase != s->starts ||
        strcmp(told, s->flags) != 0) {
        fail_msg("\"%s\": got %s, starts %d, \"%s\"", s->subject,
                 backstop_kind_name(c->subject_kind), c->subject_starts_with_phrase, told);
    }
    g_free(told);
    clues_free(c);
    fixture_free(&f);
    g_free(header);
}

static void test_subject(void **state)
{
    (void)state;
    static const subject_case cases[] = {
        { "Lunch on Monday", BACKSTOP_KIND_NONE, false, "" },
        { "", BACKSTOP_KIND_NONE, false, "" },
        { "Undeliverable: Lunch", BACKSTOP_KIND_FAILURE, true, "label" },
        { "Undelivered Mail Returned to Sender", BACKSTOP_KIND_FAILURE, true, "" },
        { "=?UTF-8?Q?Undeliverable=3A_Lunch?=", BACKSTOP_KIND_FAILURE, true, "label" },
        /* what gateways put before it */
        { "[host] Undelivered Mail Returned to Sender", BACKSTOP_KIND_FAILURE, true, "" },
        { "[EXTERNAL] ***SPAM*** Undeliverable: Lunch", BACKSTOP_KIND_FAILURE, true, "label" },
        { "host] Undelivered Mail Returned to Sender", BACKSTOP_KIND_FAILURE, false, "" },
        { "[host Undelivered Mail Returned to Sender", BACKSTOP_KIND_FAILURE, false, "" },
        /* other programs' mail, if that stands foremost */
        { "Logwatch for host", BACKSTOP_KIND_NONE, true, "other" },
        { "Undelivered mail: logwatch for host", BACKSTOP_KIND_FAILURE, true, "" },
        { "Re: Undelivered Mail Returned to Sender", BACKSTOP_KIND_FAILURE, false, "answer" },
        { "RE: Lunch", BACKSTOP_KIND_NONE, false, "answer" },
        { "Fwd: Lunch", BACKSTOP_KIND_NONE, false, "answer" },
        { "AW: Lunch", BACKSTOP_KIND_NONE, false, "answer" },
        { "Re[2]: Lunch", BACKSTOP_KIND_NONE, false, "answer" },
        { "\xE5\x9B\x9E\xE5\xA4\x8D\xEF\xBC\x9A Lunch", BACKSTOP_KIND_NONE, false, "answer" },
        { "Refund for you", BACKSTOP_KIND_NONE, false, "" },
        { "Re: a lunch on Monday with them : undelivered mail", BACKSTOP_KIND_FAILURE, false,
          "answer ends-failed" },
        { "Re: undelivered mail", BACKSTOP_KIND_FAILURE, false, "answer" },
        { "Re: a lunch on Monday with undelivered mail to eat", BACKSTOP_KIND_FAILURE, false,
          "answer" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_subject(&cases[i]);
    }
}

/* ---- structure ---- */

#define MIXED "To: alice@our.example\nContent-Type: multipart/report; boundary=b\n\n"
#define PART(type) "--b\nContent-Type: " type "\n\n"

static unsigned part_index(const clues *c, const part *p)
{
    return p == NULL ? 0 : (unsigned)(p - message_part(c->message, 0));
}

static void check_parts(const char *text, unsigned status, unsigned mdn, unsigned feedback,
                        unsigned returned)
{
    fixture f = fixture_message(text);
    clues *c = clues_gather(f.message, true);
    if (part_index(c, c->status_part) != status || part_index(c, c->mdn_part) != mdn ||
        part_index(c, c->feedback_part) != feedback ||
        part_index(c, c->returned_part) != returned) {
        fail_msg("%s\ngot %u %u %u %u", text, part_index(c, c->status_part),
                 part_index(c, c->mdn_part), part_index(c, c->feedback_part),
                 part_index(c, c->returned_part));
    }
    clues_free(c);
    fixture_free(&f);
}

static void test_parts(void **state)
{
    (void)state;
    check_parts("From: x\n\nx\n", 0, 0, 0, 0);
    check_parts(MIXED PART("text/plain") "x\n" PART("message/delivery-status") "x\n" PART(
                    "message/rfc822") "From: y\n\nx\n--b--\n",
                2, 0, 0, 3);
    check_parts(MIXED PART("message/global-delivery-status") "x\n" PART(
                    "message/global") "From: y\n\nx\n--b--\n",
                1, 0, 0, 2);
    check_parts(MIXED PART("message/disposition-notification") "x\n" PART(
                    "text/rfc822-headers") "From: y\n--b--\n",
                0, 1, 0, 2);
    check_parts(MIXED PART("message/feedback-report") "x\n" PART(
                    "message/global-headers") "From: y\n--b--\n",
                0, 0, 1, 2);
    /* The first of several; the outermost only. */
    check_parts(
        MIXED PART(
            "message/rfc822") "Content-Type: multipart/report; boundary=c\n\n"
                              "--c\nContent-Type: message/delivery-status\n\nx\n--c--\n" PART(
                                  "message/rfc822") "From: y\n\nx\n--b--\n",
        0, 0, 0, 1);
    check_parts(MIXED PART("application/rfc822") "x\n--b--\n", 0, 0, 0, 0);
}

static void check_ownership(const char *inner, bool expected)
{
    char *text = g_strconcat(MIXED PART("message/rfc822"), inner, "\n\nx\n--b--\n", NULL);
    fixture f = fixture_message(text);
    clues *c = clues_gather(f.message, true);
    assert_true(span_equal(c->notified, SPAN("alice@our.example")));
    assert_int_equal(c->returns_own_mail, expected);
    clues_free(c);
    fixture_free(&f);
    g_free(text);
}

static void test_ownership(void **state)
{
    (void)state;
    check_ownership("From: Alice <ALICE@our.example>", true);
    check_ownership("From: bob@our.example\nReturn-Path: <alice@our.example>", true);
    check_ownership("From: bob@our.example\nReturn-Path: <bob@our.example>", false);
    check_ownership("From: bob@our.example\nTo: alice@our.example", false);
    check_ownership("From: <>", false);
}

/* ---- text ---- */

static void test_text_ends_at_the_header(void **state)
{
    (void)state;
    fixture f = fixture_message("From: x\n\nGone.\n\nReceived: from a by b\nFrom: x@our.example\n"
                                "Subject: user unknown 550\n");
    clues *c = clues_gather(f.message, true);
    clues_read_words(c);
    assert_true(span_equal(c->own_text, SPAN("Gone.\n\n")));
    assert_int_equal(c->block.quality, BLOCK_HEADER);
    assert_true(span_starts(c->block.from_here, SPAN("Received:")));
    assert_int_equal(c->counts[PHRASE_REASON], 0);
    assert_false(reason_has_codes(&c->codes));
    clues_free(c);
    fixture_free(&f);
}

static void test_words(void **state)
{
    (void)state;
    fixture f = fixture_message("From: x\n\n> It could not be delivered:\n> 550 5.1.1\n\n"
                                "<a@b.example>: user unknown\nThis is a permanent error; giving up "
                                "after 3 tries\n");
    clues *c = clues_gather(f.message, true);
    assert_int_equal(c->text_lines, 0); /* nobody asked yet */
    clues_read_words(c);
    assert_int_equal(c->counts[PHRASE_FAILED] > 0, true);
    assert_int_equal(c->counts[PHRASE_REASON] > 0, true);
    assert_int_equal(c->counts[PHRASE_GAVE_UP] > 0, true);
    assert_int_equal(c->counts[PHRASE_CHALLENGE], 0);
    assert_string_equal(c->codes.status, "5.1.1");
    assert_string_equal(c->codes.reply, "550");
    assert_int_equal(c->quoted_lines, 2);
    assert_int_equal(c->text_lines, 4);
    assert_int_equal(c->normal->addresses->len, 1);
    unsigned hits = c->hits->len;
    clues_read_words(c); /* once is enough */
    assert_int_equal(c->hits->len, hits);
    clues_free(c);
    fixture_free(&f);
}

static clues *read_words(const char *text, fixture *f)
{
    *f = fixture_message(text);
    clues *c = clues_gather(f->message, true);
    clues_read_words(c);
    return c;
}

static void check_own_text(const char *text, const char *own)
{
    fixture f;
    clues *c = read_words(text, &f);
    if (!span_equal(c->own_text, span_from_string(own))) {
        fail_msg("%s\n got \"%.*s\"\nwant \"%s\"", text, SPAN_ARG(c->own_text), own);
    }
    clues_free(c);
    fixture_free(&f);
}

#define FAILED "It could not be delivered.\n"

static void test_text_ends_at_the_separator(void **state)
{
    (void)state;
    check_own_text("From: x\n\n" FAILED
                   "--- Here your message follows, all of it, as it came: ---\n"
                   "user unknown\n",
                   FAILED "--- Here your message follows, all of it, as it came: ---\n");
    check_own_text("From: x\n\n" FAILED "Your message follows:\n\nuser unknown\n",
                   FAILED "Your message follows:\n");
    /* a sentence that has the phrase in it */
    check_own_text("From: x\n\n" FAILED
                   "We have kept a copy of your message here in case that you need it.\nBye\n",
                   FAILED
                   "We have kept a copy of your message here in case that you need it.\nBye\n");
    fixture f;
    clues *c = read_words("From: x\n\n" FAILED "Your message follows:\n\n550 user unknown\n"
                          "a@b.example\n",
                          &f);
    assert_int_equal(c->counts[PHRASE_FAILED], 1);
    assert_int_equal(c->counts[PHRASE_SEPARATOR], 1);
    assert_int_equal(c->counts[PHRASE_REASON], 0);
    assert_false(reason_has_codes(&c->codes));
    assert_int_equal(c->normal->addresses->len, 0);
    assert_true(c->returns_piece);
    clues_free(c);
    fixture_free(&f);
    c = read_words("From: x\n\n" FAILED "Your message follows:\n\n---\n", &f);
    assert_false(c->returns_piece);
    clues_free(c);
    fixture_free(&f);
}

static void test_text_ends_at_the_summary(void **state)
{
    (void)state;
#define SUMMARY "From: x@our.example\nSubject: Offer\n\nuser unknown\n"
    check_own_text("From: x\n\n" FAILED SUMMARY, FAILED);
    /* nothing failed before it */
    check_own_text("From: x\n\nLook.\n" SUMMARY "\n" FAILED, "Look.\n" SUMMARY "\n" FAILED);
    check_own_text("From: x\n\nNo such user.\n" SUMMARY, "No such user.\n" SUMMARY);
    /* it names no author: the notice cites it, and goes on */
    check_own_text("From: x\n\n" FAILED "To: y@b.example\nSubject: Offer\n\nuser unknown\n",
                   FAILED "To: y@b.example\nSubject: Offer\n\nuser unknown\n");
#undef SUMMARY
}

static void check_reasons(const char *text, unsigned expected)
{
    fixture f;
    clues *c = read_words(text, &f);
    assert_int_equal(c->counts[PHRASE_REASON], expected);
    clues_free(c);
    fixture_free(&f);
}

/* A forger chooses the original's subject: where the notice cites it, it says nothing. */
static void test_cited_subject(void **state)
{
    (void)state;
#define RETURNED(subject)                                                                          \
    MIXED PART("text/plain") "Gone: your mail \"User unknown today\".\n" PART(                     \
        "message/rfc822") "From: y@b.example\nSubject: " subject "\n\nx\n--b--\n"
    check_reasons(RETURNED("Offer of the day"), 1);
    check_reasons(RETURNED("User unknown today"), 0);
    check_reasons(RETURNED("=?UTF-8?Q?User_unknown_today?="), 0);
    /* of a header in the text */
    check_reasons("From: x\n\nGone: User unknown today\n\nReceived: from a by b\n"
                  "From: x@our.example\nSubject: User unknown today\n",
                  0);
    /* cited once, said once */
    check_reasons("From: x\n\nGone: User unknown today\n<a@b.example>: user unknown\n\n"
                  "Received: from a by b\nFrom: x@our.example\nSubject: User unknown today\n",
                  1);
#undef RETURNED
}

/* A vacation reply says first what it is. */
static void test_late_auto_reply(void **state)
{
    (void)state;
    for (unsigned lines = 10; lines <= 200; lines += 190) {
        GString *text = g_string_new("From: x\n\n");
        for (unsigned i = 0; i < lines; i++) {
            g_string_append(text, "something\n");
        }
        g_string_append(text, "I am out of the office.\n");
        fixture f;
        clues *c = read_words(text->str, &f);
        assert_int_equal(c->counts[PHRASE_AUTO_REPLY] > 0, lines == 10);
        clues_free(c);
        fixture_free(&f);
        g_string_free(text, TRUE);
    }
}

static void check_groups(const char *text, unsigned expected)
{
    fixture f;
    clues *c = read_words(text, &f);
    if (c->status.groups->len != expected) {
        fail_msg("%s\ngot %u groups", text, c->status.groups->len);
    }
    clues_free(c);
    fixture_free(&f);
}

static void test_status_fields_in_text(void **state)
{
    (void)state;
#define FIELDS "Final-Recipient: rfc822; a@b.example\nAction: failed\n"
    check_groups("From: x\n\nGone.\n" FIELDS, 1);
    /* One alone may be an accident. */
    check_groups("From: x\n\nGone.\nAction: failed\n", 0);
    /* What is cited of the original, its sender wrote. */
    check_groups("From: x\n\nGone.\n" FIELDS "\nTo: a@b.example\nSubject: Offer\n", 1);
    check_groups("From: x\n\nGone.\n\nTo: a@b.example\nSubject: Offer\n\n" FIELDS, 0);
    check_groups("From: x\n\nGone.\n" FIELDS "\nYour message follows:\n\nHi\n", 1);
    check_groups("From: x\n\nGone.\n\nYour message follows:\n\n" FIELDS, 0);
    fixture f = fixture_message("From: x\n\nGone.\n" FIELDS);
    clues *c = clues_gather(f.message, true);
    clues_read_text(c);
    assert_int_equal(c->status.groups->len, 0); /* the words tell where the text ends */
    clues_free(c);
    fixture_free(&f);
    /* The part has them: the text is not asked. */
    c = read_words(MIXED PART("text/plain")
                       FIELDS PART("message/delivery-status") "Action: delayed\n--b--\n",
                   &f);
    assert_int_equal(c->status.groups->len, 1);
    assert_int_equal(g_array_index(c->status.groups, delivery_group, 0).action, ACTION_DELAYED);
    clues_free(c);
    fixture_free(&f);
#undef FIELDS
}

static void test_cut(void **state)
{
    (void)state;
    GString *text = g_string_new("From: x\n\n");
    while (text->len < LIMIT_NOTICE_TEXT_BYTES + 9) {
        g_string_append_c(text, 'x');
    }
    fixture f = fixture_message(text->str);
    clues *c = clues_gather(f.message, true);
    clues_read_words(c);
    assert_false(c->cut);
    clues_free(c);
    fixture_free(&f);
    g_string_append_c(text, 'x');
    f = fixture_message(text->str);
    c = clues_gather(f.message, true);
    clues_read_words(c);
    assert_true(c->cut);
    clues_free(c);
    fixture_free(&f);
    g_string_free(text, TRUE);
    clues_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sender),
        cmocka_unit_test(test_envelope_sender),
        cmocka_unit_test(test_auto_fields),
        cmocka_unit_test(test_tickets),
        cmocka_unit_test(test_structure_flags),
        cmocka_unit_test(test_subject),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_ownership),
        cmocka_unit_test(test_text_ends_at_the_header),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_text_ends_at_the_separator),
        cmocka_unit_test(test_text_ends_at_the_summary),
        cmocka_unit_test(test_cited_subject),
        cmocka_unit_test(test_late_auto_reply),
        cmocka_unit_test(test_status_fields_in_text),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
