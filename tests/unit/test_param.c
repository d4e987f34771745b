/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* MIME types and parameters (RFC 2045, RFC 2231), and how they are really written. */
#include "message/limits.h"
#include "message/param.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void test_media_type(void **state)
{
    (void)state;
    static const struct {
        const char *value, *type, *subtype;
    } cases[] = {
        { "text/plain", "text", "plain" },
        { " Text/PLAIN; charset=us-ascii", "Text", "PLAIN" },
        { "text/plain;charset=utf-8", "text", "plain" },
        { "text/plain charset=utf-8", "text", "plain" },
        { "(a) text (b) / (c) plain (d); x=y", "text", "plain" },
        { "\r\n multipart/report;\r\n report-type=delivery-status", "multipart", "report" },
        { "\"text/html\"", "text", "html" },
        { "message/delivery-status,", "message", "delivery-status" },
        { "application/vnd.x+xml", "application", "vnd.x+xml" },
        { "text", "text", "" },
        { "text/", "text", "" },
        { "/plain", "", "" },
        { "charset=utf-8", "", "" },
        { "; charset=utf-8", "", "" },
        { "(text/plain", "text", "plain" },
        { "", "", "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        media_type type = media_type_read(span_from_string(cases[i].value));
        if (!span_equal(type.type, span_from_string(cases[i].type)) ||
            !span_equal(type.subtype, span_from_string(cases[i].subtype))) {
            fail_msg("\"%s\" is %.*s/%.*s", cases[i].value, SPAN_ARG(type.type),
                     SPAN_ARG(type.subtype));
        }
    }
    media_type none = media_type_read((span){ NULL, 0 });
    assert_int_equal(none.type.len + none.subtype.len, 0);
}

static void test_media_type_is(void **state)
{
    (void)state;
    media_type type = media_type_read(SPAN("Multipart/REPORT; a=b"));
    assert_true(media_type_is(type, "multipart", "report"));
    assert_true(media_type_is(type, "multipart", NULL));
    assert_false(media_type_is(type, "multipart", "mixed"));
    assert_false(media_type_is(type, "message", NULL));
    assert_false(media_type_is(type, "multipart", ""));
}

/* `expected` is NULL where the parameter is not there. */
typedef struct param_case {
    const char *value;
    const char *expected;
} param_case;

static void check_cases(const char *name, const param_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        GString *out = g_string_new("=");
        bool found = param_read(span_from_string(cases[i].value), name, out);
        const char *expected = cases[i].expected;
        if (found != (expected != NULL) ||
            strcmp(out->str + 1, expected != NULL ? expected : "") != 0) {
            fail_msg("\"%s\" has %s \"%s\"", cases[i].value, found ? "a value" : "none", out->str);
        }
        g_string_free(out, TRUE);
    }
}

static void test_plain_values(void **state)
{
    (void)state;
    static const param_case cases[] = {
        { "multipart/mixed; boundary=abc", "abc" },
        { "multipart/mixed; BOUNDARY = \"a b;c\"", "a b;c" },
        { "multipart/mixed;\r\n\tboundary=\"----=_Part:1?\"; x=y", "----=_Part:1?" },
        { "multipart/mixed; boundary=\"a\\\"b\\\\c\"", "a\"b\\c" },
        { "multipart/mixed; boundary=\"a\r\n b\"", "a b" },
        { "multipart/mixed; boundary=----=_Next/Part(1)?", "----=_Next/Part(1)?" },
        { "multipart/mixed; boundary=abc (comment); x=y", "abc" },
        { "multipart/mixed (;boundary=no); boundary=(c)yes", "yes" },
        { "multipart/mixed; x=\"; boundary=no\"; boundary=yes", "yes" },
        { "multipart/mixed; boundary=\"\"", "" },
        { "multipart/mixed; boundary=", "" },
        { "multipart/mixed; boundary=a; boundary=b", "a" },
        { "boundary=abc", "abc" },
        { "multipart/mixed boundary=abc", "abc" },
        { "multipart/mixed; charset=utf-8 boundary=abc", "abc" },
        { "multipart/mixed; boundary=abc charset=utf-8", "abc" },
        { "multipart/mixed; boundary=abc\r\n\tx=y", "abc" },
        { "multipart/mixed; boundary=a b c.pdf ; x=y", "a b c.pdf" },
        { "multipart/mixed;; ; =x; boundary=abc;", "abc" },
        { "multipart/mixed; boundary=\"abc", "abc" },
        { "multipart/mixed; boundary=\"abc; x=y", "abc" },
        { "multipart/mixed; boundary", NULL },
        { "multipart/mixed; xboundary=a; boundaryx=b", NULL },
        { "multipart/mixed", NULL },
        { "", NULL },
    };
    check_cases("boundary", cases, G_N_ELEMENTS(cases));
}

static void test_rfc2231(void **state)
{
    (void)state;
    static const param_case cases[] = {
        { "a/b; name*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "This is ***fun***" },
        { "a/b; name*=utf-8''%e2%82%ac%20rates", "\xe2\x82\xac rates" },
        { "a/b; name*=\"utf-8''%C3%BC\"", "\xc3\xbc" },
        { "a/b; name*=iso-8859-1''%fc", "\xc3\xbc" },
        { "a/b; name*0=\"one\"; name*1=\" two\"", "one two" },
        { "a/b; name*1=two; name*0=one", "onetwo" },
        { "a/b; name*0*=us-ascii'en'This%20is%20even%20more%20; name*1*=%2A%2A%2Afun%2A%2A%2A%20; "
          "name*2=\"isn't it!\"",
          "This is even more ***fun*** isn't it!" },
        { "a/b; name*0*=utf-8''%c3; name*1*=%bc", "\xc3\xbc" },
        { "a/b; name*0=a; name*2=c", "a" },
        { "a/b; name*1=b", NULL },
        { "a/b; name*99=b", NULL },
        { "a/b; name*x=b; name**=c; name*0x=d", NULL },
        { "a/b; name=plain; name*=utf-8''better", "better" },
        { "a/b; name=plain; name*0=better", "better" },
        { "a/b; name*=no%20charset", "no charset" },
        { "a/b; name*=utf-8'no%20language", "utf-8'no language" },
        { "a/b; name*=utf-8''50%", "50%" },
        { "a/b; name*=utf-8''%4x%zz%4", "%4x%zz%4" },
        { "a/b; name*0=a%20b; name*1*=%20", "a%20b " },
        { "a/b; name*=utf-8''", "" },
        { "a/b; name=\"=?utf-8?q?x?=\"", "=?utf-8?q?x?=" },
    };
    check_cases("name", cases, G_N_ELEMENTS(cases));
}

static void test_bytes(void **state)
{
    (void)state;
    GString *out = g_string_new(NULL);
    assert_true(param_read(SPAN("a/b;\0name\0=\0\"x\xff\"\0; c=d"), "name", out));
    assert_string_equal(out->str, "x\xff");
    g_string_truncate(out, 0);
    /* Decoded text never holds a NUL. */
    assert_true(param_read(SPAN("a/b; name*=utf-8''a%00b"), "name", out));
    assert_true(g_utf8_validate(out->str, (gssize)out->len, NULL));
    assert_int_equal(strlen(out->str), out->len);
    assert_false(param_read((span){ NULL, 0 }, "name", out));
    g_string_free(out, TRUE);
}

static void test_limits(void **state)
{
    (void)state;
    GString *value = g_string_new("a/b");
    GString *out = g_string_new(NULL);
    for (int i = 0; i < LIMIT_PARAMETERS - 1; i++) {
        g_string_append(value, "; x=y");
    }
    gsize room = value->len;
    g_string_append(value, "; name=last");
    assert_true(param_read((span){ value->str, value->len }, "name", out));
    g_string_insert(value, (gssize)room, "; x=y");
    assert_false(param_read((span){ value->str, value->len }, "name", out));

    g_string_truncate(value, 0);
    while (value->len < LIMIT_VALUE_BYTES) {
        g_string_append_c(value, ' ');
    }
    g_string_append(value, "; name=late");
    assert_false(param_read((span){ value->str, value->len }, "name", out));
    g_string_free(out, TRUE);
    g_string_free(value, TRUE);
}

static uint64_t time_of(const char *prefix, const char *unit, size_t len)
{
    GString *value = g_string_new(prefix);
    uint64_t best = UINT64_MAX;
    while (value->len < len) {
        g_string_append(value, unit);
    }
    for (int run = 0; run < 7; run++) {
        struct timespec a, b;
        GString *out = g_string_new(NULL);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
        param_read((span){ value->str, len }, "name", out);
        media_type_read((span){ value->str, len });
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
        int64_t ns = (b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec;
        best = MIN(best, (uint64_t)ns);
        assert_true(out->len <= 3 * len);
        g_string_free(out, TRUE);
    }
    g_string_free(value, TRUE);
    return best;
}

static void test_hostile_values_are_linear(void **state)
{
    (void)state;
    static const char *const prefixes[] = { "a/b; name=", "a/b; name*=utf-8''", "a/b; ", "" };
    static const char *const units[] = { "(", "((a)", "\"",  "\\\"", "\\(",    "a ",   ";",
                                         "=", " = ",  "a= ", "%",    "%41",    "'",    "a b(",
                                         "/", "\xff", "\\",  "*",    "\x1b$(", "a=b;", " (a" };
    for (size_t p = 0; p < G_N_ELEMENTS(prefixes); p++) {
        for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
            uint64_t half = time_of(prefixes[p], units[i], 32 * 1024);
            uint64_t whole = time_of(prefixes[p], units[i], 64 * 1024);
            if (whole > 3 * half && whole > 10 * 1000 * 1000) {
                fail_msg("\"%s%s\": %lu ns, twice as long %lu ns", prefixes[p], units[i],
                         (unsigned long)half, (unsigned long)whole);
            }
        }
    }
    assert_true(time_of("a/b; ", "((", 1 << 20) < 100 * 1000 * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_media_type),
        cmocka_unit_test(test_media_type_is),
        cmocka_unit_test(test_plain_values),
        cmocka_unit_test(test_rfc2231),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_hostile_values_are_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
