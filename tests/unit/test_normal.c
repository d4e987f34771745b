/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The normal form that phrases are matched in, and the addresses found on the way. */
#include "notice/normal.h"

#include "message/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct form_case {
    const char *source;
    const char *expected;
} form_case;

/* An exact copy, so that AddressSanitizer sees a read past its end. */
static normal_text *read_copy(const char *source, size_t len, char **copy)
{
    normal_text *n = normal_new();
    *copy = len == 0 ? NULL : g_memdup2(source, len);
    normal_read(n, (span){ *copy, len });
    assert_int_equal(n->text->len, strlen(n->text->str));
    assert_true(g_utf8_validate(n->text->str, -1, NULL));
    return n;
}

static void check_form(const char *source, const char *expected)
{
    char *copy;
    normal_text *n = read_copy(source, strlen(source), &copy);
    if (strcmp(n->text->str, expected) != 0) {
        fail_msg("\"%s\": got \"%s\", want \"%s\"", source, n->text->str, expected);
    }
    normal_free(n);
    g_free(copy);
}

/* "spec<^$ spec": brackets, first and last on its line. */
static char *tell_addresses(const normal_text *n)
{
    GString *out = g_string_new(NULL);
    for (unsigned i = 0; i < n->addresses->len; i++) {
        const normal_address *a = normal_address_at(n, i);
        g_string_append_printf(out, "%s%.*s%s%s", i > 0 ? " " : "", SPAN_ARG(a->spec),
                               a->is_first ? "^" : "", a->is_last ? "$" : "");
        assert_true(n->text->str[a->start] == '@');
        const normal_line *line = normal_line_at(n, a->line);
        assert_true(a->spec.ptr >= line->source.ptr);
        assert_true(a->spec.ptr + a->spec.len <= line->source.ptr + line->source.len);
    }
    return g_string_free(out, FALSE);
}

static void check_addresses(const char *source, const char *expected)
{
    char *copy;
    normal_text *n = read_copy(source, strlen(source), &copy);
    char *told = tell_addresses(n);
    if (strcmp(told, expected) != 0) {
        fail_msg("\"%s\": got \"%s\", want \"%s\"", source, told, expected);
    }
    g_free(told);
    normal_free(n);
    g_free(copy);
}

static void test_case_and_space(void **state)
{
    (void)state;
    static const form_case cases[] = {
        { "", "" },
        { " \t\r\n \n", "" },
        { "User UNKNOWN", "user unknown" },
        { "  user \t  unknown  ", "user unknown" },
        { "user\nunknown", "user unknown" },
        { "user\r\nunknown", "user unknown" },
        { "user\runknown", "user unknown" },
        { "user\xC2\xA0unknown", "user unknown" },
        { "user\xE2\x80\xAFunknown", "user unknown" },
        { "user\x01\x7Funknown", "user unknown" },
        { "\n\n one\n \t\n\ntwo\r\n\r\nthree\n\n", "one\ntwo\nthree\n" },
        { "one\n  \ntwo", "one\ntwo" },
        { "NICHT GEFUNDEN: \xC3\x84RGER", "nicht gefunden: \xC3\xA4rger" },
        { "\xD0\x9F\xD0\x9E\xD0\xA7\xD0\xA2\xD0\x90", "\xD0\xBF\xD0\xBE\xD1\x87\xD1\x82\xD0\xB0" },
        { "\xC4\xB0leti", "ileti" }, /* the Turkish capital becomes ASCII */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_form(cases[i].source, cases[i].expected);
    }
}

static void test_marks(void **state)
{
    (void)state;
    static const form_case cases[] = {
        { "can\xE2\x80\x99t \xE2\x80\x98x\xE2\x80\x99 \xC2\xB4y\xE2\x80\xB2 \xE2\x80\x9Az",
          "can't 'x' 'y' 'z" },
        { "\xE2\x80\x9Cx\xE2\x80\x9D \xE2\x80\x9Ey\xE2\x80\x9C \xC2\xABz\xC2\xBB",
          "\"x\" \"y\" \"z\"" },
        { "a\xE2\x80\x90"
          "b\xE2\x80\x91"
          "c\xE2\x80\x92"
          "d\xE2\x80\x93"
          "e\xE2\x80\x94"
          "f",
          "a-b-c-d-e-f" },
        { "un\xC2\xAD"
          "de\xE2\x80\x8Bli\xE2\x80\x8Cve\xE2\x80\x8Dred\xEF\xBB\xBF",
          "undelivered" },
        { "\xE2\x80\x8Eleft\xE2\x80\x8F right", "left right" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_form(cases[i].source, cases[i].expected);
    }
}

/* Chinese and Japanese lines are broken anywhere; Korean and mixed text keep their spaces. */
static void test_cjk_spaces(void **state)
{
    (void)state;
    static const form_case cases[] = {
        { "配信 できません", "配信できません" },
        { "配信\nできません", "配信できません" },
        { "配信\xE3\x80\x80できません", "配信できません" },
        { "配信\n\nできません", "配信\nできません" },
        { "邮件 not 送达", "邮件 not 送达" },
        { "邮件  A 送达", "邮件 a 送达" },
        { "메일 전송 실패", "메일 전송 실패" },
        { "用户\nuser@mail.example\n不存在", "用户 @ 不存在" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_form(cases[i].source, cases[i].expected);
    }
}

static void test_addresses_become_at(void **state)
{
    (void)state;
    static const form_case cases[] = {
        { "User <nobody@mail.example> unknown", "user @ unknown" },
        { "user nobody@mail.example unknown", "user @ unknown" },
        { "user \"nobody@mail.example\" unknown", "user @ unknown" },
        { "user 'nobody@mail.example' unknown", "user @ unknown" },
        { "user `nobody@mail.example' unknown", "user @ unknown" },
        { "user [nobody@mail.example] unknown", "user @ unknown" },
        { "user '<nobody@mail.example>' unknown", "user @ unknown" },
        { "user (nobody@mail.example) unknown", "user (@) unknown" },
        { "user <nobody@mail.example unknown", "user <@ unknown" },
        { "<nobody@mail.example>: gone", "@: gone" },
        { "nobody@mail.example.", "@." },
        { "to=<nobody@mail.example>, relay", "to=@, relay" },
        { "to=nobody@mail.example, relay", "to=@, relay" },
        { "a@b.example,c@d.example", "@,@" },
        { "a@b.example c@d.example", "@ @" },
        { "<a@b.example><c@d.example>", "@@" },
        { "\"a@b.example\"c@d.example\"", "@c@d.example\"" }, /* the mark belongs to the first */
        { "@ alone, a@ and @b.example", "@ alone, a@ and @b.example" },
        { "meet me @ noon", "meet me @ noon" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_form(cases[i].source, cases[i].expected);
    }
}

static void test_address_specs(void **state)
{
    (void)state;
    static const form_case cases[] = {
        { "<nobody@mail.example>", "nobody@mail.example^$" },
        { "    <nobody@mail.example>:", "nobody@mail.example^$" },
        { "> * nobody@mail.example", "nobody@mail.example^$" },
        { "<nobody@mail.example>: user unknown", "nobody@mail.example^" },
        { "To: nobody@mail.example", "nobody@mail.example$" },
        { "the user nobody@mail.example is unknown", "nobody@mail.example" },
        { "用户 nobody@mail.example", "nobody@mail.example$" },
        { "first.last+tag=x@sub.mail.example.", "first.last+tag=x@sub.mail.example^$" },
        { "at (a@b.example) or a_b@c-d.example; see", "a@b.example a_b@c-d.example" },
        { "a@b.example -> c@d.example", "a@b.example^ c@d.example$" },
        { "\"two words\"@mail.example", "\"two words\"@mail.example^$" },
        { "root@localhost", "" },
        { "<root@localhost>", "root@localhost^$" },
        { "x@[192.0.2.1] y@[IPv6:2001:db8::1]", "x@[192.0.2.1]^ y@[IPv6:2001:db8::1]$" },
        { "x@[192.0.2.1", "" },
        { "<x@y@mail.example>", "y@mail.example$" },
        { "mailto:x@mail.example", "x@mail.example$" },
        { "smtp:x@mail.example", "x@mail.example$" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_addresses(cases[i].source, cases[i].expected);
    }
}

static void test_log_keys(void **state)
{
    (void)state;
    static const form_case cases[] = {
        { "to=x@mail.example", "x@mail.example$" },
        { "TO=x@mail.example", "x@mail.example$" },
        { "orig_to=x@mail.example from=y@mail.example", "x@mail.example y@mail.example$" },
        { "rcpt=x@mail.example", "x@mail.example$" },
        { "user=x@mail.example", "x@mail.example$" },
        { "email=x@mail.example", "x@mail.example$" },
        { "key==x@mail.example", "key==x@mail.example^$" },
        { "=x@mail.example", "x@mail.example^$" },
        { "**x@mail.example**", "x@mail.example^$" },
        { "'x@mail.example'", "x@mail.example^$" },
        { "|x@mail.example", "x@mail.example^$" },
        { "...x@mail.example...", "x@mail.example^$" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_addresses(cases[i].source, cases[i].expected);
    }
}

/* RFC 6531 against languages that put no space between a word and an address. */
static void test_wide_letters(void **state)
{
    (void)state;
    static const form_case cases[] = {
        { "邮件地址user@mail.example不存在", "user@mail.example" },
        { "宛先user@mail.example。", "user@mail.example" },
        { "用户@例子.测试", "用户@例子.测试^$" },
        { "<用户@例子.测试>", "用户@例子.测试^$" },
        { "用户@mail.example", "用户@mail.example^$" },
        { "почта@пример.испытание", "почта@пример.испытание^$" },
        { "m\xC3\xBCller@b\xC3\xBC"
          "cher.example",
          "m\xC3\xBCller@b\xC3\xBC"
          "cher.example^$" },
        { "user@mail.example宛", "user@mail.example^" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_addresses(cases[i].source, cases[i].expected);
    }
}

static void test_repeated_replies(void **state)
{
    (void)state;
    static const form_case cases[] = {
        { "550-5.7.1 Messages with\n550 5.7.1 addresses", "550-5.7.1 messages with addresses" },
        { "550-5.7.1 one 550-5.7.1 two 550 5.7.1 three", "550-5.7.1 one two three" },
        { "550-Mailbox\n550 full", "550-mailbox full" },
        { "452-4.2.2 a\n452 4.2.2 b", "452-4.2.2 a b" },
        { "550-one\n551 two", "550-one 551 two" },
        { "550 one\n550 two", "550 one 550 two" },
        { "550-one x550 two", "550-one x550 two" },
        { "550-one\n5501 two", "550-one 5501 two" },
        { "250-one\n250 two", "250-one 250 two" },
        { "550-one\n550", "550-one 550" },
        { "550-one\n550 4.7.1 two", "550-one 4.7.1 two" }, /* not of that reply's class */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_form(cases[i].source, cases[i].expected);
    }
}

static void test_lines(void **state)
{
    (void)state;
    static const char source[] = "One\r\ntwo  x\r\n\r\n  Three a@b.example";
    static const char *const lines[] = { "One", "two  x", "", "  Three a@b.example" };
    static const char *const normal[] = { "one two x\nthree @", "two x\nthree @", "three @",
                                          "three @" };
    char *copy;
    normal_text *n = read_copy(source, sizeof source - 1, &copy);
    assert_int_equal(n->lines->len, 4);
    for (unsigned i = 0; i < 4; i++) {
        const normal_line *line = normal_line_at(n, i);
        assert_true(span_equal(line->source, span_from_string(lines[i])));
        /* The space or break that joins it to the line above may stand before it. */
        const char *from = n->text->str + line->start;
        assert_string_equal(from + strspn(from, " \n"), normal[i]);
    }
    assert_int_equal(normal_address_at(n, 0)->line, 3);
    normal_free(n);
    g_free(copy);
}

static void test_reading_again_replaces(void **state)
{
    (void)state;
    normal_text *n = normal_new();
    normal_read(n, SPAN("550-First a@b.example\n\nmore"));
    normal_read(n, SPAN("550 second"));
    assert_string_equal(n->text->str, "550 second");
    assert_int_equal(n->lines->len, 1);
    assert_int_equal(n->addresses->len, 0);
    normal_free(n);
    normal_free(NULL);
}

/* Bytes of `a` before one two-byte and one four-byte letter. */
static void check_limit(size_t before, const char *letter, size_t expected)
{
    GString *source = g_string_new(NULL);
    for (size_t i = 0; i < before; i++) {
        g_string_append_c(source, 'a');
    }
    for (size_t i = 0; i < 4; i++) {
        g_string_append(source, letter);
    }
    char *copy;
    normal_text *n = read_copy(source->str, source->len, &copy);
    assert_int_equal(n->text->len, expected);
    normal_free(n);
    g_free(copy);
    g_string_free(source, TRUE);
}

static void test_limit(void **state)
{
    (void)state;
    enum { LIMIT = LIMIT_NOTICE_TEXT_BYTES };
    check_limit(LIMIT + 10, "b", LIMIT);
    check_limit(LIMIT - 1, "\xC3\xA9", LIMIT - 1);
    check_limit(LIMIT - 2, "\xC3\xA9", LIMIT);
    check_limit(LIMIT - 3, "\xF0\x9F\x93\xA7", LIMIT - 3);
    check_limit(LIMIT - 4, "\xF0\x9F\x93\xA7", LIMIT);
    check_limit(LIMIT - 5, "\xF0\x9F\x93\xA7", LIMIT - 1);
}

static void test_long_addresses(void **state)
{
    (void)state;
    GString *line = g_string_new("<");
    for (size_t i = 0; i < LIMIT_ADDRESS_BYTES; i++) {
        g_string_append_c(line, 'a');
    }
    g_string_append(line, "@mail.example>");
    span spec;
    size_t at = LIMIT_ADDRESS_BYTES + 1;
    assert_false(normal_find_address((span){ line->str, line->len }, at, &spec));
    /* Just as long as is allowed. */
    size_t over = strlen("@mail.example");
    span within = { line->str + over, line->len - over };
    assert_false(normal_find_address(within, at - over, &spec));
    line->str[over] = '<';
    assert_true(normal_find_address(within, at - over, &spec));
    assert_int_equal(spec.len, LIMIT_ADDRESS_BYTES);
    g_string_free(line, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_case_and_space), cmocka_unit_test(test_marks),
        cmocka_unit_test(test_cjk_spaces),     cmocka_unit_test(test_addresses_become_at),
        cmocka_unit_test(test_address_specs),  cmocka_unit_test(test_log_keys),
        cmocka_unit_test(test_wide_letters),   cmocka_unit_test(test_repeated_replies),
        cmocka_unit_test(test_lines),          cmocka_unit_test(test_reading_again_replaces),
        cmocka_unit_test(test_limit),          cmocka_unit_test(test_long_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
