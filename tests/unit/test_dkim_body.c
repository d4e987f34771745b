/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* DKIM's hash over a body that came back, whatever became of its line ends. */
#include "proof/dkim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>
#include <openssl/evp.h>

/* Bodies and what is hashed of them. */
static void test_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *body, *simple, *relaxed;
    } cases[] = {
        { "", "\r\n", "" },
        { "\r\n", "\r\n", "" },
        { "\n\n\n", "\r\n", "" },
        { " \t\r\n\r\n", " \t\r\n", "" },
        { "a", "a\r\n", "a\r\n" },
        { "a\r\n\r\n\r\n", "a\r\n", "a\r\n" },
        { "\r\na\r\n", "\r\na\r\n", "\r\na\r\n" },
        { "a\r\n \r\n\r\n", "a\r\n \r\n", "a\r\n" },
        /* RFC 6376, 3.4.5 */
        { " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n" },
        { "a\nb\rc\r\r\nd\n\re", "a\r\nb\r\nc\r\nd\r\n\r\ne\r\n", "a\r\nb\r\nc\r\nd\r\n\r\ne\r\n" },
        { "a\r\rb", "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n" },
        { "\ta  b\t\n", "\ta  b\t\r\n", " a b\r\n" },
        { "a\v\xff", "a\v\xff\r\n", "a\v\xff\r\n" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (unsigned r = 0; r < 2; r++) {
            const char *canonical = r ? cases[i].relaxed : cases[i].simple;
            dkim_signature s = { .body_is_relaxed = r == 1 };
            EVP_Digest(canonical, strlen(canonical), s.body_hash, NULL, EVP_sha256(), NULL);
            if (!dkim_verify_body(&s, span_from_string(cases[i].body))) {
                fail_msg("body %zu, relaxed %u", i, r);
            }
            s.body_hash[0] ^= 1;
            assert_false(dkim_verify_body(&s, span_from_string(cases[i].body)));
        }
    }
}

/* Line ends alone, megabytes of them, and an end that makes them count: time is linear. */
static void test_long_bodies(void **state)
{
    (void)state;
    enum { BYTES = 4 << 20 };
    static const char kinds[] = { '\r', '\n', ' ' };
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *body = g_strnfill(BYTES, kinds[i]);
        g_autoptr(GString) canonical = g_string_new("");
        body[BYTES - 1] = 'x';
        for (size_t n = 0; n + 1 < BYTES; n++) {
            g_string_append(canonical, kinds[i] == ' ' ? "" : "\r\n");
        }
        g_string_append(canonical, kinds[i] == ' ' ? " x\r\n" : "x\r\n");
        dkim_signature s = { .body_is_relaxed = true };
        EVP_Digest(canonical->str, canonical->len, s.body_hash, NULL, EVP_sha256(), NULL);
        assert_true(dkim_verify_body(&s, (span){ body, BYTES }));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_long_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
