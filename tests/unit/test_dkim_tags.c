/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Tag lists, colon lists and base64, as RFC 6376, 3.2 and 2.10 have them. */
#include "proof/dkim_tags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

/* `expected`: each tag as name=value| with the value trimmed; NULL if the list is invalid. */
typedef struct tags_case {
    const char *text;
    const char *expected;
} tags_case;

static char *describe(span text)
{
    dkim_tags tags;
    if (!dkim_tags_read(text, &tags)) {
        return NULL;
    }
    GString *out = g_string_new("");
    for (unsigned i = 0; i < tags.count; i++) {
        g_autofree char *name = g_strndup(tags.list[i].name.ptr, tags.list[i].name.len);
        span value;
        assert_true(dkim_tags_find(&tags, name, &value));
        g_string_append_printf(out, "%s=%.*s|", name, SPAN_ARG(value));
    }
    return g_string_free(out, FALSE);
}

static void test_lists(void **state)
{
    (void)state;
    static const tags_case cases[] = {
        { "", "" },
        { " \r\n ", "" },
        { "v=1", "v=1|" },
        { "v=1;", "v=1|" },
        { "v=1; \r\n\t", "v=1|" },
        { " v = 1 ;\r\n\ta\t=\r\n rsa-sha256", "v=1|a=rsa-sha256|" },
        { "p=", "p=|" },
        { "p= ; k=rsa", "p=|k=rsa|" },
        { "p=a=b==", "p=a=b==|" },
        { "h=from : to:\n subject;_x", NULL },
        { "h=from : to:\n subject;x_9=y", "h=from : to:\n subject|x_9=y|" },
        /* Names have a case. */
        { "V=1;v=2", "V=1|v=2|" },
        /* Invalid: a name twice, even one that nobody knows. */
        { "v=1;a=b;v=1", NULL },
        { "zz=1;zz=2", NULL },
        /* No tags: an empty one, no name, no "=", a name that begins with a digit. */
        { ";v=1", NULL },
        { "v=1;;a=b", NULL },
        { "v=1; ;", NULL },
        { "=1", NULL },
        { "v", NULL },
        { "v=1;text", NULL },
        { "9v=1", NULL },
        { "v w=1", NULL },
        { "n=\x01", NULL },
        { "n=\x7f", NULL },
        /* UTF-8 came with RFC 8616. */
        { "d=caf\xc3\xa9.example", "d=caf\xc3\xa9.example|" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = describe(span_from_string(cases[i].text));
        if (g_strcmp0(got, cases[i].expected) != 0) {
            fail_msg("\"%s\": got %s, want %s", cases[i].text, got, cases[i].expected);
        }
    }
}

static void test_count_is_bounded(void **state)
{
    (void)state;
    g_autoptr(GString) text = g_string_new("");
    dkim_tags tags;
    for (unsigned i = 0; i < DKIM_TAGS_MAX; i++) {
        g_string_append_printf(text, "t%u=x;", i);
    }
    assert_true(dkim_tags_read((span){ text->str, text->len }, &tags));
    g_string_append(text, "more=x");
    assert_false(dkim_tags_read((span){ text->str, text->len }, &tags));
}

static void test_raw_keeps_white_space(void **state)
{
    (void)state;
    dkim_tags tags;
    assert_true(dkim_tags_read(SPAN("a=1; b = x\r\n y ;c=2"), &tags));
    assert_true(span_equal(dkim_tags_raw(&tags, "b"), SPAN(" x\r\n y ")));
    assert_int_equal(dkim_tags_raw(&tags, "d").len, 0);
}

static void test_colon_lists(void **state)
{
    (void)state;
    span rest = SPAN("a : :\r\n b:"), item;
    const span expected[] = { SPAN("a"), SPAN(""), SPAN("b"), SPAN("") };
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        assert_true(dkim_list_next(&rest, &item));
        assert_true(span_equal(item, expected[i]));
    }
    assert_false(dkim_list_next(&rest, &item));
    assert_true(dkim_list_holds(SPAN("sha1 : SHA256"), SPAN("sha256")));
    assert_false(dkim_list_holds(SPAN("sha1:sha2567"), SPAN("sha256")));
    assert_false(dkim_list_holds(SPAN(""), SPAN("sha256")));
}

static void test_base64(void **state)
{
    (void)state;
    /* `expected` NULL: refused. */
    static const tags_case cases[] = {
        { "aGVsbG8=", "hello" },
        { "aGVs\r\n\tbG8 =", "hello" },
        { "aGVsbG8", "hello" },
        { "aGVsbA==", "hell" },
        { "aGVsbA", "hell" },
        { "aGVs", "hel" },
        { "", NULL },
        { "====", NULL },
        { "a", NULL },
        { "aGVsb", NULL },
        { "aGVsbG8==", NULL },
        { "aGVsbA=", NULL },
        { "aGVs=", NULL },
        { "aGVs====", NULL },
        { "aGVsbA==aGVs", NULL },
        { "aGVs-_", NULL },
        { "aGV.", NULL },
        /* One byte more than there is room for. */
        { "aGVsbG9oZWxsbw==", NULL },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        unsigned char out[9];
        size_t len;
        bool works = dkim_base64_read(span_from_string(cases[i].text), out, sizeof out, &len);
        if (works != (cases[i].expected != NULL) ||
            (works &&
             !span_equal((span){ (char *)out, len }, span_from_string(cases[i].expected)))) {
            fail_msg("\"%s\": %d", cases[i].text, works);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_count_is_bounded),
        cmocka_unit_test(test_raw_keeps_white_space),
        cmocka_unit_test(test_colon_lists),
        cmocka_unit_test(test_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
