/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Header blocks inside texts: what marks the returned message. */
#include "notice/header_block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

typedef struct block_case {
    const char *text;
    header_block_quality quality;
    const char *first_line; /* what the block starts with */
    size_t indent;
} block_case;

#define RECEIVED "Received: from a.example by b.example; Mon, 23 Nov 2026 20:24:50 +0000\n"

static void check_block(const block_case *c, char line_end)
{
    size_t len = strlen(c->text);
    char *copy = len == 0 ? NULL : g_memdup2(c->text, len);
    for (size_t i = 0; i < len; i++) {
        copy[i] = copy[i] == '\n' ? line_end : copy[i];
    }
    header_block block = header_block_find((span){ copy, len }, line_end);
    if (block.quality != c->quality || block.indent != c->indent) {
        fail_msg("%s\ngot quality %d, indent %zu", c->text, (int)block.quality, block.indent);
    }
    if (c->first_line != NULL) {
        /* It goes on to the end of the text. */
        assert_ptr_equal(block.from_here.ptr + block.from_here.len, copy + len);
        if (!span_starts(block.from_here, span_from_string(c->first_line))) {
            fail_msg("%s\nstarts at \"%.*s\"", c->text, SPAN_ARG(span_head(block.from_here, 40)));
        }
    }
    g_free(copy);
}

static void check_blocks(const block_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_block(&cases[i], '\n');
        check_block(&cases[i], '\r');
    }
}

#define CHECK_BLOCKS(cases) check_blocks(cases, G_N_ELEMENTS(cases))

static void test_headers(void **state)
{
    (void)state;
    static const block_case cases[] = {
        { RECEIVED "From: x@our.example\n", BLOCK_HEADER, "Received:", 0 },
        { "It failed.\n\n" RECEIVED "From: x@our.example\n\nHi\n", BLOCK_HEADER, "Received:", 0 },
        /* without a blank line before */
        { "Here is your message:\nReturn-Path: <x@our.example>\n" RECEIVED, BLOCK_HEADER,
          "Return-Path:", 0 },
        { "-----\nFrom: x@our.example\nTo: y@b.example\nMessage-ID: <1@our.example>\n",
          BLOCK_HEADER, "From:", 0 },
        { "From: x@our.example\nSubject: Hi\nMIME-Version: 1.0\n", BLOCK_HEADER, "From:", 0 },
        { "FROM: x@our.example\nsubject: Hi\nmessage-id: <1@our.example>\n", BLOCK_HEADER,
          "FROM:", 0 },
        { "DKIM-Signature: v=1;\n b=x\nTo: y@b.example\n", BLOCK_HEADER, "DKIM-Signature:", 0 },
        { "X-Mailer: x\nX-Other: x\n" RECEIVED "To: y@b.example", BLOCK_HEADER, "X-Mailer:", 0 },
    };
    CHECK_BLOCKS(cases);
}

static void test_indented_and_quoted(void **state)
{
    (void)state;
    static const block_case cases[] = {
        { "Text\n  Return-Path: <>\n  Received: from a\n    by b\n  From: x@our.example\n",
          BLOCK_HEADER, "  Return-Path:", 2 },
        { "Text\n> From: x@our.example\n> To: y@b.example\n> Message-ID: <1@our.example>\n",
          BLOCK_HEADER, "> From:", 2 },
        { "Text\n>From: x@our.example\n>To: y@b.example\n>Message-ID:\n> <1@our.example>\n",
          BLOCK_HEADER, ">From:", 1 },
        { "\tFrom: x@our.example\n\tTo: y@b.example\n", BLOCK_SUMMARY, "\tFrom:", 1 },
        /* What is indented further is folded, even if it looks like a field. */
        { "From: x@our.example\n Message-ID: <1@our.example>\n", BLOCK_NONE, NULL, 0 },
        /* A field to the left starts anew. */
        { "  From: x@our.example\nTo: y@b.example\n", BLOCK_NONE, NULL, 0 },
    };
    CHECK_BLOCKS(cases);
}

static void test_summaries(void **state)
{
    (void)state;
    static const block_case cases[] = {
        { "Your message\n\n  To: y@b.example\n  Subject: Hi\n\nfailed\n", BLOCK_SUMMARY,
          "  To:", 2 },
        { "Subject: Hi\nSent: today\n", BLOCK_SUMMARY, "Subject:", 0 },
        /* the first of several, but a header further down is better */
        { "To: y@b.example\nSubject: Hi\n\nFrom: x@our.example\nDate: today\n", BLOCK_SUMMARY,
          "To:", 0 },
        { "To: y@b.example\nSubject: Hi\n\n" RECEIVED "From: x@our.example\n", BLOCK_HEADER,
          "Received:", 0 },
        /* the first of two headers */
        { "Return-Path: <>\nFrom: x@our.example\n\n" RECEIVED "From: x@our.example\n", BLOCK_HEADER,
          "Return-Path:", 0 },
    };
    CHECK_BLOCKS(cases);
}

static void check_marks(const char *text, const char *first_line, bool names_author, bool is_inside)
{
    header_block block = header_block_find(span_from_string(text), '\n');
    assert_true(span_starts(block.from_here, span_from_string(first_line)));
    assert_int_equal(block.names_author, names_author);
    assert_int_equal(block.is_inside, is_inside);
}

static void test_outermost(void **state)
{
    (void)state;
    static const block_case cases[] = {
        /* A summary that names an author is the head of what came back: the rest is inside it. */
        { "From: x@our.example\nDate: today\n\n" RECEIVED "From: y@b.example\n", BLOCK_SUMMARY,
          "From: x@", 0 },
        { "To: y@b.example\nSubject: Hi\nFrom: x@our.example\n\n" RECEIVED "From: y@b.example\n",
          BLOCK_SUMMARY, "To:", 0 },
        /* prose above a header */
        { "Headers:\n" RECEIVED "From: x@our.example\n", BLOCK_HEADER, "Received:", 0 },
        { "Message header: \n" RECEIVED "From: x@our.example\n", BLOCK_HEADER, "Received:", 0 },
        { "X-Spam: no\n" RECEIVED "From: x@our.example\n", BLOCK_HEADER, "X-Spam:", 0 },
    };
    CHECK_BLOCKS(cases);
    check_marks("From: x@our.example\nDate: today\n\n" RECEIVED "To: y@b.example\n", "From:", true,
                false);
    check_marks("To: y@b.example\nDate: today\n", "To:", false, false);
    check_marks(RECEIVED "From: x@our.example\n", "Received:", true, false);
    check_marks("To: y@b.example\nDate: today\n\n" RECEIVED "From: x@our.example\n",
                "Received:", true, true);
    check_marks("To: y@b.example\nDate: today\n\n" RECEIVED "To: y@b.example\n", "Received:", false,
                true);
}

static void test_none(void **state)
{
    (void)state;
    static const block_case cases[] = {
        { "", BLOCK_NONE, NULL, 0 },
        { "\n\n", BLOCK_NONE, NULL, 0 },
        { "Dear user,\n\nyour mail failed.\n", BLOCK_NONE, NULL, 0 },
        { "To: y@b.example\n", BLOCK_NONE, NULL, 0 },
        { "To: y@b.example\n\nSubject: Hi\n", BLOCK_NONE, NULL, 0 },
        { "To: y@b.example\nwho is unknown\nSubject: Hi\n", BLOCK_NONE, NULL, 0 },
        { "To: y@b.example\nTo: z@b.example\n", BLOCK_NONE, NULL, 0 },
        /* trace fields of one sort alone, as a log has them */
        { RECEIVED RECEIVED, BLOCK_NONE, NULL, 0 },
        { "Message-ID: <1@our.example>\nSubject: Hi\n", BLOCK_NONE, NULL, 0 },
        { "Note: one\nReason: two\nWarning: three\nX-Mailer: x\nCc: x\n", BLOCK_NONE, NULL, 0 },
        { "The subject: this\nand the date: that\n", BLOCK_NONE, NULL, 0 },
    };
    CHECK_BLOCKS(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),   cmocka_unit_test(test_indented_and_quoted),
        cmocka_unit_test(test_summaries), cmocka_unit_test(test_outermost),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
