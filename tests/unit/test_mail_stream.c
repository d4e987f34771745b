/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The messages of a file or pipe, whichever way its bytes arrive: in one read, in several whose
 * borders lie anywhere, one by one; and messages over the limit.
 */
#include "app/mail_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>

#define SEPARATOR "From a@b.example Mon Nov 23 20:25:00 2026"

/* What a stream gave: for each message "index:bytes" and marks, one after the other. */
static GString *read_all(int fd, int64_t size, size_t max_bytes)
{
    GString *seen = g_string_new(NULL);
    mail_stream s = mail_stream_new(max_bytes);
    mail_stream_open(&s, fd, size);
    mail_stream_message m;
    while (mail_stream_next(&s, &m)) {
        g_string_append_printf(seen, "%u%s%s:", (unsigned)m.index, m.has_siblings ? "+" : "",
                               m.cut ? "!" : "");
        g_string_append_len(seen, m.bytes.ptr, (gssize)m.bytes.len);
        g_string_append_c(seen, '|');
    }
    assert_int_equal(s.error, 0);
    assert_false(mail_stream_next(&s, &m));
    mail_stream_free(&s);
    return seen;
}

static GString *read_file(const char *content, size_t len, size_t max_bytes)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, len, file), len);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
    GString *seen = read_all(fileno(file), (int64_t)len, max_bytes);
    fclose(file);
    return seen;
}

/* The same bytes through a pipe, written one by one by a child. */
static GString *read_pipe(const char *content, size_t len, size_t max_bytes)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        size_t written = 0;
        while (written < len && write(ends[1], content + written, 1) == 1) {
            written++;
        }
        _exit(written == len ? 0 : 1);
    }
    close(ends[1]);
    GString *seen = read_all(ends[0], -1, max_bytes);
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return seen;
}

typedef struct stream_case {
    const char *content;
    const char *expected;
} stream_case;

static const stream_case stream_cases[] = {
    { "", "0:|" },
    { "F", "0:F|" },
    { "From", "0:From|" },
    { "From : a\n\nb", "0:From : a\n\nb|" },
    { "Subject: x\n\ntext\n\n" SEPARATOR "\n", "0:Subject: x\n\ntext\n\n" SEPARATOR "\n|" },
    { SEPARATOR "\na: 1\n\nx\n\n", "0:a: 1\n\nx\n|" },
    { SEPARATOR "\na: 1\n\nx\n\n" SEPARATOR "\nb: 2\n\ny", "0+:a: 1\n\nx\n|1+:b: 2\n\ny|" },
    { SEPARATOR "\r\na: 1\r\n\r\nx\r\n\r\n" SEPARATOR "\r\nb: 2\r\n\r\n",
      "0+:a: 1\r\n\r\nx\r\n|1+:b: 2\r\n|" },
    { SEPARATOR "\ra: 1\r\rx\r\r" SEPARATOR "\rb: 2\r\r", "0+:a: 1\r\rx\r|1+:b: 2\r|" },
    { SEPARATOR "\na: 1\n\nFrom here on\n\nx\n", "0:a: 1\n\nFrom here on\n\nx\n|" },
    { SEPARATOR "\na: 1\n\nx\n" SEPARATOR "\n", "0:a: 1\n\nx\n" SEPARATOR "\n|" },
    { SEPARATOR "\na: 1\n\n>From x\n", "0:a: 1\n\n>From x\n|" },
    { SEPARATOR "\n\n" SEPARATOR "\na: 1\n", "0+:|1+:a: 1\n|" },
    { SEPARATOR "\na: 1\n\n" SEPARATOR, "0+:a: 1\n|1+:|" },
    { SEPARATOR "\n", "0:|" },
};

static void check_all_cases(GString *(*read_with)(const char *, size_t, size_t))
{
    for (size_t i = 0; i < G_N_ELEMENTS(stream_cases); i++) {
        const stream_case *c = &stream_cases[i];
        GString *seen = read_with(c->content, strlen(c->content), 1000);
        assert_string_equal(seen->str, c->expected);
        g_string_free(seen, TRUE);
    }
}

static void test_file(void **state)
{
    (void)state;
    check_all_cases(read_file);
}

static void test_pipe_byte_by_byte(void **state)
{
    (void)state;
    check_all_cases(read_pipe);
}

/* Whatever the buffer's size, some padding puts the separator across the border of a read. */
static void test_separator_across_reads(void **state)
{
    (void)state;
    static const size_t borders[] = { 64 * 1024, 128 * 1024, 192 * 1024, 256 * 1024 };
    const char second[] = "\n\n" SEPARATOR "\nb: 2\n\ny\n";
    for (size_t b = 0; b < G_N_ELEMENTS(borders); b++) {
        for (size_t back = 0; back <= strlen(second); back++) {
            GString *content = g_string_new(SEPARATOR "\na: 1\n\n");
            while (content->len < borders[b] - back) {
                g_string_append_c(content, 'x');
            }
            g_string_append(content, second);
            GString *seen = read_file(content->str, content->len, 1024 * 1024);
            assert_true(g_str_has_suffix(seen->str, "xx\n|1+:b: 2\n\ny\n|"));
            assert_int_equal(seen->len,
                             content->len - 2 * strlen(SEPARATOR "\n") - 1 + strlen("0+:|1+:|"));
            g_string_free(seen, TRUE);
            g_string_free(content, TRUE);
        }
    }
}

/* Many messages: what has been handed on makes room for what comes. */
static void test_many(void **state)
{
    (void)state;
    enum { MESSAGES = 20000 };
    GString *content = g_string_new(NULL);
    GString *expected = g_string_new(NULL);
    for (unsigned i = 0; i < MESSAGES; i++) {
        g_string_append_printf(content, SEPARATOR "\na: %u\n\n%*s\n\n", i, (int)(i % 97), "");
        g_string_append_printf(expected, "%u+:a: %u\n\n%*s\n|", i, i, (int)(i % 97), "");
    }
    GString *seen = read_file(content->str, content->len, 1000);
    assert_string_equal(seen->str, expected->str);
    g_string_free(seen, TRUE);
    g_string_free(content, TRUE);
    g_string_free(expected, TRUE);
}

/* A message over the limit is handed on once, cut, and the next one is found. */
static void test_limit(void **state)
{
    (void)state;
    enum { LIMIT = 3000 };
    static const struct {
        size_t len;
        bool is_cut;
    } cases[] = { { LIMIT - 1, false },  { LIMIT, false },      { LIMIT + 1, true },
                  { LIMIT + 999, true }, { 100 * LIMIT, true }, { 1000 * LIMIT, true } };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *body = g_strnfill(cases[i].len - 1, 'x');
        g_autofree char *content =
            g_strconcat(SEPARATOR "\n", body, "\n\n" SEPARATOR "\nb: 2\n", NULL);
        GString *seen = read_file(content, strlen(content), LIMIT);
        assert_int_equal(strchr(seen->str, '!') != NULL, cases[i].is_cut);
        assert_true(g_str_has_suffix(seen->str, "|1+:b: 2\n|"));
        assert_int_equal(strchr(seen->str, '|') - strchr(seen->str, ':') - 1,
                         MIN(cases[i].len, (size_t)LIMIT));
        g_string_free(seen, TRUE);

        seen = read_file(body, strlen(body), LIMIT);
        assert_int_equal(g_str_has_prefix(seen->str, "0!:"), cases[i].len - 1 > LIMIT);
        assert_int_equal(strchr(seen->str, '|') - strchr(seen->str, ':') - 1,
                         MIN(cases[i].len - 1, (size_t)LIMIT));
        g_string_free(seen, TRUE);
    }
}

static void test_limit_at_the_end(void **state)
{
    (void)state;
    g_autofree char *body = g_strnfill(500000, 'x');
    g_autofree char *content = g_strconcat(SEPARATOR "\n", body, NULL);
    GString *seen = read_file(content, strlen(content), 3000);
    assert_true(g_str_has_prefix(seen->str, "0!:xxx"));
    assert_int_equal(seen->len, strlen("0!:|") + 3000);
    g_string_free(seen, TRUE);
}

static void test_read_error(void **state)
{
    (void)state;
    mail_stream s = mail_stream_new(1000);
    mail_stream_open(&s, -1, -1);
    mail_stream_message m;
    assert_false(mail_stream_next(&s, &m));
    assert_int_not_equal(s.error, 0);
    mail_stream_free(&s);
}

/* All ranges together are the file, and each begins with a separator; also behind a message that
 * is too long to be read whole. */
static void test_positions(void **state)
{
    (void)state;
    static const char content[] =
        SEPARATOR "\na\n\n" SEPARATOR "\nlong, longer, longest\n\n" SEPARATOR "\nc\n";
    for (size_t max_bytes = 4; max_bytes < 40; max_bytes += 8) {
        FILE *file = tmpfile();
        assert_int_equal(fwrite(content, 1, sizeof content - 1, file), sizeof content - 1);
        rewind(file);
        mail_stream s = mail_stream_new(max_bytes);
        mail_stream_open(&s, fileno(file), (int64_t)sizeof content - 1);
        mail_stream_message m;
        int64_t end = 0;
        while (mail_stream_next(&s, &m)) {
            assert_true(end == 0 || m.begin == end);
            assert_memory_equal(content + m.begin, SEPARATOR, strlen(SEPARATOR));
            assert_int_equal(m.end == 0, m.cut);
            end = m.end;
        }
        assert_int_equal(end, sizeof content - 1);
        assert_int_equal(s.count, 3);
        mail_stream_free(&s);
        fclose(file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_pipe_byte_by_byte),
        cmocka_unit_test(test_separator_across_reads),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_limit_at_the_end),
        cmocka_unit_test(test_read_error),
        cmocka_unit_test(test_positions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
