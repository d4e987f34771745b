/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Addresses: RFC 5322 and its appendix A, what the world sends, and what an attacker would. */
#include "message/address.h"
#include "message/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* `expected` is one line an address: display, "|", spec. */
typedef struct address_case {
    const char *value;
    const char *expected;
} address_case;

static char *read_all(span value)
{
    GStringChunk *store = g_string_chunk_new(256);
    GString *lines = g_string_new(NULL);
    address_reader reader;
    address next;
    address_reader_init(&reader, value);
    while (address_next(&reader, store, &next)) {
        g_string_append_len(lines, next.display.ptr, (gssize)next.display.len);
        g_string_append_c(lines, '|');
        g_string_append_len(lines, next.spec.ptr, (gssize)next.spec.len);
        g_string_append_c(lines, '\n');
    }
    g_string_chunk_free(store);
    return g_string_free(lines, FALSE);
}

static void check_cases(const address_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_autofree char *lines = read_all(span_from_string(cases[i].value));
        if (strcmp(lines, cases[i].expected) != 0) {
            print_error("in \"%s\"\n", cases[i].value);
        }
        assert_string_equal(lines, cases[i].expected);
    }
}

#define CHECK_CASES(cases) check_cases(cases, G_N_ELEMENTS(cases))

static void test_standard_forms(void **state)
{
    (void)state;
    static const address_case cases[] = {
        { "", "" },
        { " \r\n ", "" },
        { "user@example.org", "|user@example.org\n" },
        { " <user@example.org>\r\n", "|user@example.org\n" },
        { "John Doe <user@example.org>", "John Doe|user@example.org\n" },
        { "\"Doe, John\" <user@example.org>", "Doe, John|user@example.org\n" },
        { "\"a \\\"b\\\" c\" <user@example.org>", "a \"b\" c|user@example.org\n" },
        { "user@example.org (John Doe)", "John Doe|user@example.org\n" },
        { "=?utf-8?q?J=C3=B6rg?= <j@example.org>", "=?utf-8?q?J=C3=B6rg?=|j@example.org\n" },
        { "a@example.org, B <b@example.org>,\r\n\tc@example.org",
          "|a@example.org\nB|b@example.org\n|c@example.org\n" },
        { "<>", "|\n" },
        { "MAILER-DAEMON <>", "MAILER-DAEMON|\n" },
        { "Mary Smith <@node.example:mary@example.net>, , jdoe@test  . example",
          "Mary Smith|mary@example.net\n|jdoe@test.example\n" },
        { "<@a.example,@b.example:user@example.org>", "|user@example.org\n" },
        { "Pete(A nice \\) chap) <pete(his account)@silly.example(his host)>",
          "Pete|pete@silly.example\n" },
        { "Chris Jones <c@(Chris's host.)public.example>", "Chris Jones|c@public.example\n" },
        { "A Group:Ed Jones <ed@a.test>,joe@where.test,John <jdoe@one.test>;",
          "Ed Jones|ed@a.test\n|joe@where.test\nJohn|jdoe@one.test\n" },
        { "Undisclosed recipients:;", "" },
        { "(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", "" },
        { "\"My Group\": a@example.org; b@example.org", "|a@example.org\n|b@example.org\n" },
        { "\"john doe\"@example.org", "|\"john doe\"@example.org\n" },
        { "\"john.doe\"@example.org", "|john.doe@example.org\n" },
        { "\"a\\\"b\\\\c\"@example.org", "|\"a\\\"b\\\\c\"@example.org\n" },
        { "\"\"@example.org", "|\"\"@example.org\n" },
        { "john.\"quiet\".doe@example.org", "|john.quiet.doe@example.org\n" },
        { "user@[192.0.2.1]", "|user@[192.0.2.1]\n" },
        { "A <user@[IPv6:2001:db8::1]>", "A|user@[IPv6:2001:db8::1]\n" },
        { "user @ example.org", "|user@example.org\n" },
        { "\xd0\xb8@\xd0\xbf.example", "|\xd0\xb8@\xd0\xbf.example\n" },
    };
    CHECK_CASES(cases);
}

static void test_real_world_forms(void **state)
{
    (void)state;
    static const address_case cases[] = {
        { "MAILER-DAEMON", "|MAILER-DAEMON\n" },
        { "Mail Delivery Subsystem", "Mail Delivery Subsystem|\n" },
        { "root (Cron Daemon)", "Cron Daemon|root\n" },
        { "user@example.org.", "|user@example.org.\n" },
        { "a@example.org; b@example.org", "|a@example.org\n|b@example.org\n" },
        { "a@example.org b@example.org", "|a@example.org\n|b@example.org\n" },
        { "a@example.org John <b@example.org>", "a@example.org John|b@example.org\n" },
        { "A <a@example.org> B <b@example.org>", "A|a@example.org\nB|b@example.org\n" },
        { "A <a@example.org B <b@example.org>", "A|a@example.org\nB|b@example.org\n" },
        { "A <a@example.org, b@example.org", "A|a@example.org\n|b@example.org\n" },
        { "A a@example.org>, b@example.org", "A|a@example.org\n|b@example.org\n" },
        { "<<user@example.org>>", "|user@example.org\n" },
        { "A <B <user@example.org>>", "A|user@example.org\n" },
        { "<user@example.org> (John)", "John|user@example.org\n" },
        { "<user@example.org> John", "John|user@example.org\n" },
        { "user@example.org <John Doe>", "John Doe|user@example.org\n" },
        { "user@example.org <user@example.org>", "user@example.org|user@example.org\n" },
        { "'user@example.org'", "|user@example.org\n" },
        { "<'user@example.org'>", "|user@example.org\n" },
        { "\"user@example.org\"", "|user@example.org\n" },
        { "\"John <user@example.org>\"", "John|user@example.org\n" },
        { "\"John\"user@example.org", "John|user@example.org\n" },
        { "\"John\" Doe <user@example.org>", "John Doe|user@example.org\n" },
        { "John Q. Public <user@example.org>", "John Q. Public|user@example.org\n" },
        { "John (at work) Doe <user@example.org>", "John Doe|user@example.org\n" },
        { "mailto:user@example.org", "|user@example.org\n" },
        { "<mailto:user@example.org>", "|user@example.org\n" },
        { "<smtp:user@example.org>", "|user@example.org\n" },
        { "John [mailto:user@example.org]On Behalf Of", "John|user@example.org\n" },
        { "[Team] John [SMTP:user@example.org]", "[Team] John|user@example.org\n" },
        { "<a..b.@docomo.example>, \"a..b.\"@docomo.example",
          "|a..b.@docomo.example\n|a..b.@docomo.example\n" },
        { "<very.long.local.part\r\n @example.org>", "|very.long.local.part@example.org\n" },
        { "<very.long.lo\r\n cal.part@example.org>", "|very.long.local.part@example.org\n" },
        { "<John Doe@example.org>", "|\"John Doe\"@example.org\n" },
        { "<user@example.org 2>", "|user@example.org\n" },
        { "<Undisclosed Recipients>", "Undisclosed Recipients|\n" },
        { "/G=John/S=Doe/@gw.example", "|/G=John/S=Doe/@gw.example\n" },
        { "<IMCEAEX-_O=ORG_CN=USER@example.org>", "|IMCEAEX-_O=ORG_CN=USER@example.org\n" },
        { "a@b@example.org", "|a@b@example.org\n" },
        { "user@", "|user\n" },
        { "@example.org", "@example.org|\n" },
        { "user@example.org: not found", "|user@example.org\nnot found|\n" },
        /* ISO-2022-JP as it stands: its bytes hold a quote and a parenthesis. */
        { "\x1b$B\"(=<\x1b(B <user@example.org>", "\x1b$B\"(=<\x1b(B|user@example.org\n" },
        { "\"\x1b$B\"<\\\x1b(B\" <user@example.org>", "\x1b$B\"<\\\x1b(B|user@example.org\n" },
        { "\xe9\xe8 <\xe9@example.org>", "\xe9\xe8|\xe9@example.org\n" },
    };
    CHECK_CASES(cases);
}

static void test_stray_marks(void **state)
{
    (void)state;
    static const address_case cases[] = {
        { "\"John <a@example.org>, b@example.org", "John|a@example.org\n|b@example.org\n" },
        { "John (Doe <a@example.org>, b@example.org", "John Doe|a@example.org\n|b@example.org\n" },
        { "John ) <a@example.org>", "John|a@example.org\n" },
        { "a@example.org \"", "|a@example.org\n" },
        { "( (a) b@example.org", "a|b@example.org\n" },
        { "\"", "" },
        { "\"\\", "|\\\n" },
        { "(", "" },
        { ">", "" },
        { "<", "|\n" },
        { ",;:", "" },
        { "@", "@|\n" },
        { "<@>", "@|\n" },
        { "a@b .c]d", "|a@b.c\n" },
        { "a@[", "|a@[\n" },
        { "a@[1:2", "|a@[1\n|2\n" },
    };
    CHECK_CASES(cases);
}

static void test_nul_is_white_space(void **state)
{
    (void)state;
    g_autofree char *lines = read_all(SPAN("\0John\0Doe\0<us\0er@example.org>\0, a@example.org\0"));
    assert_string_equal(lines, "John Doe|\"us er\"@example.org\n|a@example.org\n");
}

static void test_borrows_plain_bytes(void **state)
{
    (void)state;
    span value = SPAN("John Doe <user@example.org>, \"A, B\" <b@example.org>");
    address_reader reader;
    address next;
    address_reader_init(&reader, value);
    /* Without a store nothing can have been copied. */
    assert_true(address_next(&reader, NULL, &next));
    assert_ptr_equal(next.display.ptr, value.ptr);
    assert_ptr_equal(next.spec.ptr, value.ptr + 10);
    assert_true(address_next(&reader, NULL, &next));
    assert_ptr_equal(next.display.ptr, value.ptr + 30);
    assert_false(address_next(&reader, NULL, &next));
}

static void test_first_prefers_an_at(void **state)
{
    (void)state;
    GStringChunk *store = g_string_chunk_new(64);
    address found;
    assert_true(address_first(SPAN("Doe, John <user@example.org>, x@example.net"), store, &found));
    assert_true(span_equal(found.spec, SPAN("user@example.org")));
    assert_true(address_first(SPAN("root, postmaster"), store, &found));
    assert_true(span_equal(found.spec, SPAN("root")));
    assert_false(address_first(SPAN(" (nobody) "), store, &found));
    assert_false(address_first((span){ NULL, 0 }, store, &found));
    g_string_chunk_free(store);
}

static void test_limits(void **state)
{
    (void)state;
    GStringChunk *store = g_string_chunk_new(64);
    GString *value = g_string_new("<");
    address found;
    for (size_t i = 0; i < LIMIT_ADDRESS_BYTES - 2; i++) {
        g_string_append_c(value, 'x');
    }
    g_string_append(value, "@y>");
    assert_true(address_first((span){ value->str, value->len }, store, &found));
    assert_int_equal(found.spec.len, LIMIT_ADDRESS_BYTES);
    g_string_insert_c(value, 1, 'x');
    assert_true(address_first((span){ value->str, value->len }, store, &found));
    assert_int_equal(found.spec.len, 0);
    /* The same where it has to be put together. */
    g_string_insert(value, 2, "()");
    assert_true(address_first((span){ value->str, value->len }, store, &found));
    assert_int_equal(found.spec.len, 0);

    g_string_truncate(value, 0);
    for (size_t i = 0; i < LIMIT_ADDRESSES + 10; i++) {
        g_string_append(value, "a@b,");
    }
    address_reader reader;
    size_t count = 0;
    address_reader_init(&reader, (span){ value->str, value->len });
    while (address_next(&reader, store, &found)) {
        count++;
    }
    assert_int_equal(count, LIMIT_ADDRESSES);
    g_string_free(value, TRUE);
    g_string_chunk_free(store);
}

static void test_plain(void **state)
{
    (void)state;
    static const char *const plain[] = {
        "user@example.org",
        "a.b+c=d/e_f'g@mail.example.org",
        "a..b.@docomo.example",
        "u@[192.0.2.1]",
        "u@[IPv6:2001:db8::1]",
        "m\xc3\xbcller@example.org",
        "\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b.\xe4\xbe\x8b",
        "u@x_y.example",
        "u@xn--bcher-kva.example",
        "1@2.example",
    };
    static const char *const not_plain[] = {
        "",
        "@",
        "user",
        "user@",
        "@example.org",
        "user@localhost",
        "user@example.org.",
        ".a@example.org",
        "user@.example.org",
        "user@example..org",
        "a b@example.org",
        "\"a\"@example.org",
        "<a@example.org>",
        "a@b@example.org",
        "a@example.org,",
        "'a@example.org'",
        "mailto:a@example.org",
        "a@192.0.2.1",
        "a@-x.example",
        "a@x-.example",
        "a@example.c",
        "a@[]",
        "a@[x y]",
        "a@[192.0.2.1",
        "\xe3\x81\x82user@example.org",
        "user@example.org\xe3\x80\x82",
        "a\\b@example.org",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(plain); i++) {
        if (!address_is_plain(span_from_string(plain[i]))) {
            fail_msg("not taken: %s", plain[i]);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(not_plain); i++) {
        if (address_is_plain(span_from_string(not_plain[i]))) {
            fail_msg("taken: %s", not_plain[i]);
        }
    }
    assert_false(address_is_plain(SPAN("a\0b@example.org")));
}

static void test_parts(void **state)
{
    (void)state;
    static const struct {
        const char *spec, *local, *domain;
    } cases[] = {
        { "user@example.org", "user", "example.org" },
        { "root", "root", "" },
        { "a@b@c", "a@b", "c" },
        { "\"a@b\"@c", "\"a@b\"", "c" },
        { "\"a@b\"", "\"a@b\"", "" },
        { "user@", "user", "" },
        { "@c", "", "c" },
        { "", "", "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        span spec = span_from_string(cases[i].spec);
        assert_true(span_equal(address_local(spec), span_from_string(cases[i].local)));
        assert_true(span_equal(address_domain(spec), span_from_string(cases[i].domain)));
    }
    assert_true(address_equal(SPAN("User@Example.ORG"), SPAN("user@example.org")));
    assert_false(address_equal(SPAN("user@example.org"), SPAN("user@example.com")));
}

static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The best of several runs over `len` bytes made of `unit`. */
static uint64_t time_of(const char *unit, size_t len)
{
    GString *value = g_string_new(NULL);
    uint64_t best = UINT64_MAX;
    while (value->len < len) {
        g_string_append(value, unit);
    }
    for (int run = 0; run < 7; run++) {
        GStringChunk *store = g_string_chunk_new(4096);
        address_reader reader;
        address next;
        const char *before = NULL;
        uint64_t start = cpu_ns();
        address_reader_init(&reader, (span){ value->str, len });
        for (before = reader.scan.at; address_next(&reader, store, &next);
             before = reader.scan.at) {
            assert_true(reader.scan.at > before);
        }
        best = MIN(best, cpu_ns() - start);
        g_string_chunk_free(store);
    }
    g_string_free(value, TRUE);
    return best;
}

static void test_hostile_values_are_linear(void **state)
{
    (void)state;
    static const char *const units[] = {
        "a:",           "(",        ")",     "<",       ">",      "\"",      "\\\"",
        "()",           "(a",       "((a)",  "a@b ",    "a ",     "\"a\" ",  "<a@b> c ",
        "[mailto:",     "@[",       "a@[b:", "<@a,",    "<a@b",   "\x1b$B",  "\x1b(",
        "a@b c d e f ", "\"a@b",    ",",     "a.\"b\"", "a b(c)", "<a b@c>", "\x80\xff\"",
        "x@(",          "a . b . ", "'",     "(a) \"b",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        uint64_t half = time_of(units[i], LIMIT_VALUE_BYTES / 2);
        uint64_t whole = time_of(units[i], LIMIT_VALUE_BYTES);
        /* Quadratic time would be four times as much, and many milliseconds. */
        if (whole > 3 * half && whole > 10 * 1000 * 1000) {
            fail_msg("\"%s\": %lu ns, twice as long %lu ns", units[i], (unsigned long)half,
                     (unsigned long)whole);
        }
    }
}

/* Values far over the limit: only its first bytes are read. */
static void test_hostile_values_are_bounded(void **state)
{
    (void)state;
    static const char *const units[] = { "a:", "(", "<", "\"", "a@b," };
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        GString *value = g_string_new(NULL);
        for (size_t n = 0; n < 1000000; n++) {
            g_string_append(value, units[i]);
        }
        uint64_t start = cpu_ns();
        g_autofree char *lines = read_all((span){ value->str, value->len });
        assert_true(cpu_ns() - start < 1000u * 1000 * 1000);
        assert_true(strlen(lines) < LIMIT_VALUE_BYTES * 2);
        g_string_free(value, TRUE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standard_forms),
        cmocka_unit_test(test_real_world_forms),
        cmocka_unit_test(test_stray_marks),
        cmocka_unit_test(test_nul_is_white_space),
        cmocka_unit_test(test_borrows_plain_bytes),
        cmocka_unit_test(test_first_prefers_an_at),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_hostile_values_are_linear),
        cmocka_unit_test(test_hostile_values_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
