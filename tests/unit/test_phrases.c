/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The phrases of data/phrases: each matches its own text, and what they must not match. */
#include "notice/phrases.h"

#include "notice/normal.h"

#include <backstop/notice.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const class_names[PHRASE_CLASSES] = {
    [PHRASE_FAILED] = "failed",
    [PHRASE_DELAYED] = "delayed",
    [PHRASE_GAVE_UP] = "gave_up",
    [PHRASE_DELIVERED] = "delivered",
    [PHRASE_REASON] = "reason",
    [PHRASE_HINT] = "hint",
    [PHRASE_AUTO_REPLY] = "auto_reply",
    [PHRASE_LIST_REPLY] = "list_reply",
    [PHRASE_CHALLENGE] = "challenge",
    [PHRASE_CONTENT_WARNING] = "content_warning",
    [PHRASE_READ_RECEIPT] = "read_receipt",
    [PHRASE_SUBJECT] = "subject",
    [PHRASE_DAEMON] = "daemon",
    [PHRASE_SEPARATOR] = "separator",
    [PHRASE_LABEL] = "label",
    [PHRASE_HUMAN] = "human",
};

static GArray *find(span normal)
{
    GArray *hits = g_array_new(FALSE, FALSE, sizeof(phrase_hit));
    phrases_find(normal, hits);
    return hits;
}

/* An exact copy, so that AddressSanitizer sees a read past its end. */
static GArray *find_in_copy(const char *normal)
{
    size_t len = strlen(normal);
    char *copy = len == 0 ? NULL : g_memdup2(normal, len);
    GArray *hits = find((span){ copy, len });
    g_free(copy);
    return hits;
}

static const char *value_name(const phrase_hit *hit)
{
    if (hit->class == PHRASE_REASON || hit->class == PHRASE_HINT) {
        return backstop_reason_name((backstop_reason)hit->value);
    }
    return hit->class == PHRASE_SUBJECT ? backstop_kind_name((backstop_kind)hit->value) : "-";
}

/* ---- every phrase of the tables ---- */

/* What stands for a gap must not make a phrase of its own with its neighbours. */
static char *text_of(const char *phrase)
{
    gchar **pieces = g_strsplit(phrase, " .. ", 2);
    char *text = g_strjoinv(" zqx ", pieces);
    g_strfreev(pieces);
    size_t len = strlen(text);
    if (len > 0 && text[len - 1] == '*') {
        text[len - 1] = 'z';
    }
    return text;
}

static bool covers(const GArray *hits, const char *class, const char *value)
{
    for (unsigned i = 0; i < hits->len; i++) {
        const phrase_hit *hit = &g_array_index(hits, phrase_hit, i);
        if (strcmp(class_names[hit->class], class) == 0 && strcmp(value_name(hit), value) == 0) {
            return true;
        }
    }
    return false;
}

/* A longer phrase of the class may stand for this one, so the value need not be its own. */
static bool covers_class(const GArray *hits, const char *class, size_t end)
{
    for (unsigned i = 0; i < hits->len; i++) {
        const phrase_hit *hit = &g_array_index(hits, phrase_hit, i);
        if (strcmp(class_names[hit->class], class) == 0 && hit->start == 0 && hit->end >= end) {
            return true;
        }
    }
    return false;
}

static void check_phrase(const char *file, const char *phrase, const char *class, const char *value)
{
    char *text = text_of(phrase);
    size_t end = strlen(text) - (g_str_has_suffix(phrase, "*") ? 1 : 0);
    bool has_gap = strstr(phrase, " .. ") != NULL;
    normal_text *n = normal_new();
    /* As in a text: addresses are written out there. */
    gchar **parts = g_strsplit(text, "@", -1);
    char *written = g_strjoinv("<x@mail.example>", parts);
    normal_read(n, span_from_string(strstr(phrase, " @") != NULL ? written : text));
    GArray *hits = find((span){ n->text->str, n->text->len });
    if (strcmp(n->text->str, text) != 0) {
        fail_msg("%s: \"%s\" is not in normal form: \"%s\"", file, text, n->text->str);
    }
    if (!covers(hits, class, value)) {
        fail_msg("%s: \"%s\" (%s %s) does not match \"%s\"", file, phrase, class, value, text);
    }
    if (!has_gap && !covers_class(hits, class, end)) {
        fail_msg("%s: \"%s\" (%s) does not cover \"%s\"", file, phrase, class, text);
    }
    g_array_free(hits, TRUE);
    normal_free(n);
    g_strfreev(parts);
    g_free(written);
    g_free(text);
}

static unsigned check_file(const char *path)
{
    char *content;
    unsigned count = 0;
    assert_true(g_file_get_contents(path, &content, NULL, NULL));
    gchar **lines = g_strsplit(content, "\n", -1);
    for (gchar **line = lines; *line != NULL; line++) {
        if (**line == '\0' || **line == '#') {
            continue;
        }
        gchar **columns = g_strsplit(*line, "\t", 4);
        assert_true(g_strv_length(columns) >= 3);
        check_phrase(path, columns[0], columns[1], columns[2]);
        g_strfreev(columns);
        count++;
    }
    g_strfreev(lines);
    g_free(content);
    return count;
}

static void test_each_phrase_matches_its_own_text(void **state)
{
    (void)state;
    GDir *folder = g_dir_open(PHRASES_DIR, 0, NULL);
    assert_non_null(folder);
    unsigned files = 0, phrases = 0;
    for (const char *name = g_dir_read_name(folder); name != NULL; name = g_dir_read_name(folder)) {
        if (g_str_has_suffix(name, ".tsv")) {
            char *path = g_build_filename(PHRASES_DIR, name, NULL);
            phrases += check_file(path);
            files++;
            g_free(path);
        }
    }
    g_dir_close(folder);
    assert_true(files >= 30 && phrases > 5000);
}

/* ---- how they match, on phrases of en.tsv ---- */

typedef struct match_case {
    const char *text;     /* in normal form */
    const char *expected; /* "class value start-end", separated by "; " */
} match_case;

static void check_match(const char *text, const char *expected)
{
    GArray *hits = find_in_copy(text);
    GString *told = g_string_new(NULL);
    for (unsigned i = 0; i < hits->len; i++) {
        const phrase_hit *hit = &g_array_index(hits, phrase_hit, i);
        if (hit->class == PHRASE_HINT) {
            continue; /* single words: too many to write down here */
        }
        g_string_append_printf(told, "%s%s %s %u-%u", told->len > 0 ? "; " : "",
                               class_names[hit->class], value_name(hit), hit->start, hit->end);
    }
    if (strcmp(told->str, expected) != 0) {
        fail_msg("\"%s\": got \"%s\", want \"%s\"", text, told->str, expected);
    }
    g_string_free(told, TRUE);
    g_array_free(hits, TRUE);
}

static void check_matches(const match_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_match(cases[i].text, cases[i].expected);
    }
}

#define CHECK_MATCHES(cases) check_matches(cases, G_N_ELEMENTS(cases))

/* "unknown local part" is reason user_unknown, "unsubscribe" is human, "undeliver*" is subject. */
static void test_whole_words(void **state)
{
    (void)state;
    static const match_case cases[] = {
        { "", "" },
        { "unknown local part", "reason user_unknown 0-18" },
        { "(unknown local part)", "reason user_unknown 1-19" },
        { "an unknown local part.", "reason user_unknown 3-21" },
        { "xunknown local part", "" },
        { "7unknown local part", "" },
        { "unknown local parts", "" },
        { "unknown local part7", "" },
        { "unknown local par", "" },
        { "-unknown local part-", "reason user_unknown 1-19" },
        { "unsubscribed", "" },
        { "undeliverablex", "subject failure 0-9" },
        { "undeliver", "subject failure 0-9" },
        { "xundeliverablex", "" },
    };
    CHECK_MATCHES(cases);
}

/* Latin letters with marks continue a word; those of other scripts do not. */
static void test_word_letters(void **state)
{
    (void)state;
    static const match_case cases[] = {
        { "\xC3\xA9unknown local part", "" },
        { "unknown local part\xC3\xA9", "" },
        { "unknown local part\xC9\x8F", "" },
        { "unknown local part\xCA\x80", "reason user_unknown 0-18" },
        { "\xD0\xB0unknown local part\xD0\xB0", "reason user_unknown 2-20" },
        { "户unknown local part户", "reason user_unknown 3-21" },
    };
    CHECK_MATCHES(cases);
}

/* "delivery .. aborted after" is failed. */
static void test_gaps(void **state)
{
    (void)state;
#define TEN "abcdefghi "
#define FIFTY TEN TEN TEN TEN TEN
    static const match_case cases[] = {
        { "delivery was aborted after", "failed - 0-26" },
        { "delivery aborted after", "failed - 0-22" },
        { "delivery " FIFTY "12345678 aborted after", "failed - 0-81" },
        { "delivery " FIFTY "123456789 aborted after", "" },
        { "delivery\naborted after", "" },
        { "delivery x. then aborted after", "" },
        { "delivery x! then aborted after", "" },
        { "delivery x? then aborted after", "" },
        { "delivery x.y aborted after", "failed - 0-26" },
        { "delivery on the 3. of may aborted after", "failed - 0-39" },
        { "deliverys was aborted after", "" },
        { "delivery was aborted afterx", "" },
        { "aborted after delivery", "" },
        { "delivery. delivery was aborted after", "failed - 10-36" },
        /* What stands in the gap is not within the phrase. */
        { "delivery not relayed to aborted after", "failed - 9-23; failed - 0-37" },
    };
    CHECK_MATCHES(cases);
#undef FIFTY
#undef TEN
}

static void test_gap_hit_tells_both_pieces(void **state)
{
    (void)state;
    GArray *hits = find_in_copy("x delivery was aborted after");
    assert_int_equal(hits->len, 1);
    const phrase_hit *hit = &g_array_index(hits, phrase_hit, 0);
    assert_int_equal(hit->start, 2);
    assert_int_equal(hit->last_start, 15);
    assert_int_equal(hit->end, 28);
    assert_int_equal(hit->weight, strlen("delivery") + strlen("aborted after"));
    g_array_free(hits, TRUE);
}

/* "host not found" is host_unknown, "host not found, try again" network. */
static void test_containment(void **state)
{
    (void)state;
    static const match_case cases[] = {
        { "host not found", "reason host_unknown 0-14" },
        { "host not found, try again", "reason network 0-25" },
        { "host not found, host not found, try again",
          "reason host_unknown 0-14; reason network 16-41" },
    };
    CHECK_MATCHES(cases);
}

static void test_appends(void **state)
{
    (void)state;
    GArray *hits = find_in_copy("host not found");
    phrases_find(SPAN("host not found, try again"), hits);
    assert_int_equal(hits->len, 2);
    assert_int_equal(g_array_index(hits, phrase_hit, 0).value, BACKSTOP_REASON_HOST_UNKNOWN);
    assert_int_equal(g_array_index(hits, phrase_hit, 1).value, BACKSTOP_REASON_NETWORK);
    g_array_free(hits, TRUE);
}

/* More openings in a row than are remembered: the last ones count. */
static void test_many_openings(void **state)
{
    (void)state;
    GString *text = g_string_new(NULL);
    for (int i = 0; i < 1000; i++) {
        g_string_append(text, "delivery ");
    }
    g_string_append(text, "aborted after");
    GArray *hits = find_in_copy(text->str);
    assert_int_equal(hits->len, 1);
    const phrase_hit *hit = &g_array_index(hits, phrase_hit, 0);
    assert_int_equal(hit->end, text->len);
    assert_true(hit->end - hit->start <= 60 + strlen("delivery") + strlen("aborted after"));
    g_array_free(hits, TRUE);
    g_string_free(text, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_phrase_matches_its_own_text),
        cmocka_unit_test(test_whole_words),
        cmocka_unit_test(test_word_letters),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_gap_hit_tells_both_pieces),
        cmocka_unit_test(test_containment),
        cmocka_unit_test(test_appends),
        cmocka_unit_test(test_many_openings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
