/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Patterns of subjects: what they match, and that a hostile subject costs no time. */
#include "app/pattern.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool matches(const char *pattern, const char *text)
{
    g_autofree char *folded_pattern = pattern_fold(pattern);
    g_autofree char *folded_text = pattern_fold(text);
    return pattern_matches(folded_pattern, folded_text);
}

static void test_matches(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        { "Voicemail", "Voicemail", true },
        { "Voicemail", "voiceMAIL", true },
        { "Voicemail", "Voicemail 1", false },
        { "Voicemail", "A Voicemail", false },
        { "Voicemail", "", false },
        { "", "", true },
        { "", "a", false },
        { "*", "", true },
        { "*", "anything at all", true },
        { "Voicemail *", "Voicemail from 123", true },
        { "Voicemail *", "Voicemail", false },
        { "*mail", "Voicemail", true },
        { "*mail", "mail", true },
        { "*mail", "mail mails", false },
        { "*mail", "mail mail", true },
        { "a*b*c", "a b b c b c", true },
        { "a*b*c", "a c b", false },
        { "**a**", "xax", true },
        { "a?c", "abc", true },
        { "a?c", "ac", false },
        { "a?c", "abbc", false },
        { "a?", "a\xc3\xa4", true },  /* one character, two bytes */
        { "a?", "aa\xcc\x88", true }, /* the same decomposed */
        { "a??", "a\xc3\xa4", false },
        { "?", "\xf0\x9f\x93\xa0", true },
        { "*?c", "abc", true },
        { "*?c", "c", false },
        { "\xc3\x84rger", "\xc3\xa4RGER", true }, /* case of any script */
        { "stra\xc3\x9f"
          "e",
          "STRASSE", true },
        { "two  words", "two\t\r\n words", true },
        { " edge ",
          "\xc2\xa0"
          "edge\xe2\x80\x83",
          true },
        { "a*", "a\xff\xfe", true }, /* no UTF-8 */
        { "a??", "a\xff\xfe", true },
        { "[x]", "[x]", true },
        { "[x]", "x", false },
        { "\\*", "\\anything", true },
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (matches(cases[i].pattern, cases[i].text) != cases[i].matches) {
            fail_msg("\"%s\" and \"%s\"", cases[i].pattern, cases[i].text);
        }
    }
}

/* A long subject is looked at no further than said, also in the middle of a character. */
static void test_long_texts(void **state)
{
    (void)state;
    GString *text = g_string_new("a");
    for (unsigned i = 0; i < 100000; i++) {
        g_string_append(text, "\xc3\xa4");
    }
    g_string_append_c(text, 'b');
    assert_true(matches("a*", text->str));
    assert_false(matches("*b", text->str));
    g_autofree char *folded = pattern_fold(text->str);
    assert_in_range(strlen(folded), PATTERN_TEXT_BYTES - 1, PATTERN_TEXT_BYTES + 2);
    assert_true(g_utf8_validate(folded, -1, NULL));
    g_string_free(text, TRUE);
}

/* What makes matchers that try every split take for ever. */
static void test_hostile_texts(void **state)
{
    (void)state;
    g_autofree char *text = g_strnfill(PATTERN_TEXT_BYTES, 'a');
    GString *pattern = g_string_new(NULL);
    for (unsigned i = 0; i < 60; i++) {
        g_string_append(pattern, "a*?");
    }
    g_string_append_c(pattern, 'b');
    for (unsigned i = 0; i < 100; i++) {
        assert_false(matches(pattern->str, text));
    }
    g_string_free(pattern, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_hostile_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
