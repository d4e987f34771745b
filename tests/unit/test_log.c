/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The daemon's log: one line, whatever is in it. */
#include "backstopd/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_pair(const char *value, const char *expected)
{
    g_autoptr(GString) line = g_string_new(NULL);
    log_append_pair(line, "k", value);
    assert_string_equal(line->str, expected);
}

static void pairs(void **state)
{
    (void)state;
    assert_pair("plain", "k=plain");
    assert_pair("<a=b@our.example>", "k=<a=b@our.example>");
    assert_pair("", "k=\"\"");
    assert_pair("two words", "k=\"two words\"");
    assert_pair("x verdict=genuine", "k=\"x verdict=genuine\"");
    assert_pair("say \"no\"", "k=\"say \\\"no\\\"\"");
    assert_pair("back\\slash", "k=\"back\\\\slash\"");
    assert_pair("line\nbreak", "k=\"line\nbreak\"");
    assert_pair(NULL, "");
}

static void pairs_are_apart(void **state)
{
    (void)state;
    g_autoptr(GString) line = g_string_new(NULL);
    log_append_pair(line, "a", "1");
    log_append_pair(line, "b", NULL);
    log_append_pair(line, "c", "2");
    assert_string_equal(line->str, "a=1 c=2");
}

/* What log_write() puts on standard error. */
static char *written(const char *queue_id, const char *text)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int kept = dup(STDERR_FILENO);
    assert_true(kept >= 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
    daemon_log l;
    log_open(&l, false);
    errno = EXDEV;
    log_write(&l, LOG_INFO, queue_id, text);
    assert_int_equal(errno, EXDEV);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    char buffer[4 * LOG_LINE_MAX];
    ssize_t len = read(ends[0], buffer, sizeof(buffer));
    close(ends[0]);
    assert_true(len > 0);
    return g_strndup(buffer, (gsize)len);
}

static void assert_written(const char *queue_id, const char *text, const char *expected)
{
    g_autofree char *line = written(queue_id, text);
    assert_string_equal(line, expected);
}

static void the_queue_id_goes_first(void **state)
{
    (void)state;
    assert_written("4F2X", "kind=failure", "backstopd: 4F2X: kind=failure\n");
    assert_written(NULL, "ready", "backstopd: ready\n");
    assert_written("", "ready", "backstopd: ready\n");
}

static void controls_are_shown_and_not_sent(void **state)
{
    (void)state;
    assert_written("a\nb", "x\r\ny\x1b[2J\xff", "backstopd: a\\x0ab: x\\x0d\\x0ay\\x1b[2J\\xff\n");
}

static void long_lines_are_cut_between_characters(void **state)
{
    (void)state;
    g_autoptr(GString) text = g_string_new("x");
    while (text->len < 2 * LOG_LINE_MAX) {
        g_string_append(text, "\xc3\xa4");
    }
    g_autofree char *line = written("4F", text->str);
    assert_in_range(strlen(line), LOG_LINE_MAX - 10, LOG_LINE_MAX + strlen("backstopd: \n"));
    assert_true(g_str_has_suffix(line, "\xc3\xa4...\n"));
    assert_true(g_utf8_validate(line, -1, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs),
        cmocka_unit_test(pairs_are_apart),
        cmocka_unit_test(the_queue_id_goes_first),
        cmocka_unit_test(controls_are_shown_and_not_sent),
        cmocka_unit_test(long_lines_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
