/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Whole messages: header, structure and texts, as the standards say and as mail systems send. */
#include "message/limits.h"
#include "message/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef struct mail_case {
    const char *mail;
    const char *outline;
} mail_case;

static backstop_message *read_bytes(const char *bytes, size_t len)
{
    backstop_message *message;
    assert_int_equal(backstop_message_read(bytes, len, NULL, &message), BACKSTOP_OK);
    return message;
}

static void outline_fields(const backstop_message *message, GString *out)
{
    for (size_t i = 0; i < backstop_message_field_count(message); i++) {
        size_t name_len, value_len;
        const char *name = backstop_message_field_name(message, i, &name_len);
        const char *value = backstop_message_field_value(message, i, &value_len);
        g_string_append_len(out, name, (gssize)name_len);
        g_string_append_c(out, '=');
        g_string_append_len(out, value, (gssize)value_len);
        g_string_append_c(out, '|');
    }
}

/* "Name=value|..." of the header, then a line for each part: its type, indented by its depth, and
 * its body in brackets. */
static char *outline(const backstop_message *message)
{
    GString *out = g_string_new(NULL);
    outline_fields(message, out);
    for (size_t i = 0; i < backstop_message_part_count(message); i++) {
        char *type = backstop_message_part_type(message, i);
        char *body = backstop_message_part_body(message, i, NULL);
        g_string_append_printf(out, "\n%*s%s", (int)message_part(message, (unsigned)i)->depth, "",
                               type);
        if (body != NULL) {
            g_string_append_printf(out, "[%s]", body);
        }
        backstop_text_free(type);
        backstop_text_free(body);
    }
    return g_string_free(out, FALSE);
}

static void check_bytes(const char *bytes, size_t len, const char *expected)
{
    backstop_message *message = read_bytes(bytes, len);
    char *found = outline(message);
    assert_string_equal(found, expected);
    g_free(found);
    backstop_message_free(message);
}

static void check_cases(const mail_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_bytes(cases[i].mail, strlen(cases[i].mail), cases[i].outline);
    }
}

/* `mail` with `line_end` for each LF. */
static GString *with_line_ends(const char *mail, const char *line_end)
{
    GString *out = g_string_new(mail);
    g_string_replace(out, "\n", line_end, 0);
    return out;
}

#define MULTIPART(boundary) "Content-Type: multipart/mixed; boundary=" boundary "\n\n"

static void test_empty(void **state)
{
    (void)state;
    backstop_message *message = (backstop_message *)1;
    assert_int_equal(backstop_message_read("", 0, NULL, &message), BACKSTOP_ERROR_EMPTY);
    assert_null(message);
    assert_int_equal(backstop_message_read(" \r\n\t\n", 5, NULL, &message), BACKSTOP_ERROR_EMPTY);
    assert_null(message);
    backstop_message_free(NULL);
}

static void test_line_ends(void **state)
{
    (void)state;
    static const char *const styles[] = { "\n", "\r\n", "\r", "\r\r\n" };
    const char *mail = "Subject: one\nTo: a@b.example\n" MULTIPART(
        "b") "preamble\n--b\n\n"
             "first\n\nlines\n--b\nContent-Type: text/html\n\nsecond\n\n--b--\n";
    for (size_t i = 0; i < G_N_ELEMENTS(styles); i++) {
        GString *bytes = with_line_ends(mail, styles[i]);
        check_bytes(bytes->str, bytes->len,
                    "Subject=one|To=a@b.example|Content-Type=multipart/mixed; boundary=b|\n"
                    "multipart/mixed\n text/plain[first\n\nlines]\n text/html[second\n]");
        g_string_free(bytes, TRUE);
    }
}

static void test_mixed_line_ends(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        { "Subject: a\r\nTo: b\n\r\nx\r\ny\nz\r\n", "Subject=a|To=b|\ntext/plain[x\ny\nz\n]" },
        { "Subject: a\nTo: b\n\nx\ry\n", "Subject=a|To=b|\ntext/plain[x\ny\n]" },
        /* The header alone tells; what a body holds may not hide it. */
        { "Subject: a\nTo: b\n\n1\r2\r3\r4\r5\r6\n",
          "Subject=a|To=b|\ntext/plain[1\n2\n3\n4\n5\n6\n]" },
        { "Subject: a\n" MULTIPART("b") "--b\r\n\r\nx\r\n--b--\n",
          "Subject=a|Content-Type=multipart/mixed; boundary=b|\nmultipart/mixed\n text/plain[x]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_before_header(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        { "From a@b.example Mon Nov 23 20:24:50 2026\nSubject: a\n\nx\n",
          "Subject=a|\ntext/plain[x\n]" },
        { ">From a@b.example\nSubject: a\n\nx\n", "Subject=a|\ntext/plain[x\n]" },
        { "\n\r\n \nSubject: a\n\nx\n", "Subject=a|\ntext/plain[x\n]" },
        { "\nFrom a@b.example\n\nSubject: a\n\nx\n", "Subject=a|\ntext/plain[x\n]" },
        { "Content-Type: message/rfc822\n\n\nFrom a@b.example\nSubject: a\n\nx\n",
          "Content-Type=message/rfc822|\nmessage/rfc822\n text/plain[x\n]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_no_header(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        { "Just a text.\nOf two lines.\n", "\ntext/plain[Just a text.\nOf two lines.\n]" },
        { "{\n \"a\": 1\n}", "\ntext/plain[{\n \"a\": 1\n}]" },
        { "x", "\ntext/plain[x]" },
        { "Subject: a", "Subject=a|\ntext/plain[]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_folding(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        { "Subject: a\n b\n\tc\nTo: d\n\nx\n", "Subject=a\n b\n\tc|To=d|\ntext/plain[x\n]" },
        { "Subject:\n a\n\nx\n", "Subject=a|\ntext/plain[x\n]" },
        { "Subject:\nTo: d\n\nx\n", "Subject=|To=d|\ntext/plain[x\n]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_blank_line_of_white_space(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        { "Subject: a\n \nTo: b\n", "Subject=a|\ntext/plain[To: b\n]" },
        { "Subject: a\n\t \r\nx\n", "Subject=a|\ntext/plain[x\n]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_space_before_colon(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        { "Subject : a\nTo\t: b\n\nx\n", "Subject=a|To=b|\ntext/plain[x\n]" },
        { "Content-Type : text/html\n\nx\n", "Content-Type=text/html|\ntext/html[x\n]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_junk_in_header(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        /* A line that is no field is passed where a field follows. */
        { "Subject: a\n>From x\nTo: b\n\nx\n", "Subject=a|To=b|\ntext/plain[x\n]" },
        { "no field\nSubject: a\n\nx\n", "Subject=a|\ntext/plain[x\n]" },
        { "Subject: a\njunk\nX_y: b\n\nx\n", "Subject=a|X_y=b|\ntext/plain[x\n]" },
        { "Subject: a\n: no name\nTo: b\n\nx\n", "Subject=a\n: no name|To=b|\ntext/plain[x\n]" },
        /* Two are the body. */
        { "Subject: a\ntwo\nlines\n\nTo: b\n", "Subject=a|\ntext/plain[two\nlines\n\nTo: b\n]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_lost_folding(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        { "Received: from a.example\nby b.example\nfor <c@d.example>\nSubject: e\n\nx\n",
          "Received=from a.example\nby b.example\nfor <c@d.example>|Subject=e|\ntext/plain[x\n]" },
        { "Content-Type: multipart/mixed;\nboundary=b\nMIME-Version: 1.0\n\n--b\n\nx\n--b--\n",
          "Content-Type=multipart/mixed;\nboundary=b|MIME-Version=1.0|\nmultipart/mixed\n"
          " text/plain[x]" },
        /* A header that the body cites repeats names. */
        { "To: c\nSubject: a\nYour mail\nreads as\nfollows.\nSubject: b\n\nx\n",
          "To=c|Subject=a|\ntext/plain[Your mail\nreads as\nfollows.\nSubject: b\n\nx\n]" },
        /* Nine lines are too many. */
        { "Subject: a\n1\n2\n3\n4\n5\n6\n7\n8\n9\nTo: b\n",
          "Subject=a|\ntext/plain[1\n2\n3\n4\n5\n6\n7\n8\n9\nTo: b\n]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_no_blank_line(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        { "Subject: a\nYour mail failed.\nSorry.\n",
          "Subject=a|\ntext/plain[Your mail failed.\nSorry.\n]" },
        { "Subject: a\nContent-Type: multipart/mixed; boundary=b\n--b\n"
          "Content-Type: text/html\n\nx\n--b--\n",
          "Subject=a|Content-Type=multipart/mixed; boundary=b|\nmultipart/mixed\n text/html[x]" },
        { MULTIPART("b") "--b\nContent-Type: text/html\n--b\n\nx\n--b--\n",
          "Content-Type=multipart/mixed; boundary=b|\nmultipart/mixed\n text/html[]\n"
          " text/plain[x]" },
        { MULTIPART("b") "--b\nNo header, no blank line.\nTwo lines.\n--b--\n",
          "Content-Type=multipart/mixed; boundary=b|\nmultipart/mixed\n"
          " text/plain[No header, no blank line.\nTwo lines.]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_header_ended(void **state)
{
    (void)state;
    static const struct {
        const char *mail;
        bool ended;
    } cases[] = { { "A: b\n\nx", true }, { "A: b\n\n", true },    { "A: b\n", false },
                  { "A: b", false },     { "A: b\nx\ny", false }, { "A: b\n \nx", true } };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        backstop_message *message = read_bytes(cases[i].mail, strlen(cases[i].mail));
        assert_int_equal(message_part(message, 0)->header.ended, cases[i].ended);
        backstop_message_free(message);
    }
}

static void test_types(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        { "A: b\n\nx", "A=b|\ntext/plain[x]" },
        { "Content-Type: TEXT/Html\n\nx", "Content-Type=TEXT/Html|\ntext/html[x]" },
        { "Content-Type: image/png\n\nx\ry\r\n", "Content-Type=image/png|\nimage/png[x\ry\r\n]" },
        { "Content-Type: nonsense\n\nx", "Content-Type=nonsense|\nnonsense/[x]" },
        /* The first of two counts. */
        { "Content-Type: text/html\nContent-Type: text/plain\n\nx",
          "Content-Type=text/html|Content-Type=text/plain|\ntext/html[x]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_nested(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        { MULTIPART("a") "--a\n" MULTIPART(
              "ab") "--ab\n\n1\n--ab\n\n2\n--ab--\n--a\n\n3\n--a--\nend",
          "Content-Type=multipart/mixed; boundary=a|\nmultipart/mixed\n multipart/mixed\n"
          "  text/plain[1]\n  text/plain[2]\n text/plain[3]" },
        { MULTIPART("ab") "--ab\n" MULTIPART("a") "--a\n\n1\n--a--\n--ab\n\n2\n--ab--\n",
          "Content-Type=multipart/mixed; boundary=ab|\nmultipart/mixed\n multipart/mixed\n"
          "  text/plain[1]\n text/plain[2]" },
        /* Both of the same boundary: it is the inner one's. */
        { MULTIPART("a") "--a\n" MULTIPART("a") "--a\n\n1\n--a--\n--a\n\n2\n--a--\n",
          "Content-Type=multipart/mixed; boundary=a|\nmultipart/mixed\n multipart/mixed\n"
          "  text/plain[1]\n text/plain[2]" },
        { MULTIPART("a") "--a\nContent-Type: message/rfc822\n\nSubject: b\n" MULTIPART(
              "c") "--c\n\n1\n--c--\n--a--\n",
          "Content-Type=multipart/mixed; boundary=a|\nmultipart/mixed\n message/rfc822\n"
          "  multipart/mixed\n   text/plain[1]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_digest(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        { "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: a\n\nx\n--b\n"
          "Content-Type: text/plain\n\ny\n--b--\n",
          "Content-Type=multipart/digest; boundary=b|\nmultipart/digest\n message/rfc822\n"
          "  text/plain[x]\n text/plain[y]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_boundary_lines(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        /* White space behind it, and lines that only begin like it. */
        { MULTIPART("b") "--b \t\n\nx\n--bc\n--b-\n--b--x\n--b-- \nepilogue\n",
          "Content-Type=multipart/mixed; boundary=b|\nmultipart/mixed\n"
          " text/plain[x\n--bc\n--b-\n--b--x]" },
        { MULTIPART("\"b c\"") "--b c\n\nx\n--b c--\n",
          "Content-Type=multipart/mixed; boundary=\"b c\"|\nmultipart/mixed\n text/plain[x]" },
        /* Not at the start of a line. */
        { MULTIPART("b") "--b\n\nx --b\n --b\n--b--\n",
          "Content-Type=multipart/mixed; boundary=b|\nmultipart/mixed\n text/plain[x --b\n --b]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_no_closing_boundary(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        { MULTIPART("b") "--b\n\nx\n", "Content-Type=multipart/mixed; boundary=b|\n"
                                       "multipart/mixed\n text/plain[x\n]" },
        { MULTIPART("b") "--b", "Content-Type=multipart/mixed; boundary=b|\n"
                                "multipart/mixed\n text/plain[]" },
        { MULTIPART("a") "--a\n" MULTIPART("b") "--b\n\nx\n--a\n\ny\n--a--\n",
          "Content-Type=multipart/mixed; boundary=a|\nmultipart/mixed\n multipart/mixed\n"
          "  text/plain[x]\n text/plain[y]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_adopted_boundary(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        { "Content-Type: multipart/mixed\n\n--b\nContent-Type: text/html\n\nx\n--b--\n",
          "Content-Type=multipart/mixed|\nmultipart/mixed\n text/html[x]" },
        { MULTIPART("other") "--b\nContent-Type: text/html\n\nx\n--b--\n",
          "Content-Type=multipart/mixed; boundary=other|\nmultipart/mixed\n text/html[x]" },
        /* A signature's "-- " or a ruler is none, and neither is a line with text under it. */
        { "Content-Type: multipart/mixed\n\n-- \nContent-A: b\n-----\nContent-A: b\n--b\nx\n",
          "Content-Type=multipart/mixed|\n"
          "multipart/mixed[-- \nContent-A: b\n-----\nContent-A: b\n--b\nx\n]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_no_parts(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        { MULTIPART("b") "only --b text\n",
          "Content-Type=multipart/mixed; boundary=b|\nmultipart/mixed[only --b text\n]" },
        { MULTIPART("a") "--a\n" MULTIPART("b") "text\n--a--\n",
          "Content-Type=multipart/mixed; boundary=a|\nmultipart/mixed\n multipart/mixed[text]" },
        { MULTIPART("a") "--a\nContent-Type: multipart/mixed\n\ntext\n--a\n\nx\n--a--\n",
          "Content-Type=multipart/mixed; boundary=a|\nmultipart/mixed\n multipart/mixed[text]\n"
          " text/plain[x]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_lost_content_type(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        { "Subject: a\n\n--b\nContent-Type: text/html\n\nx\n--b\n\ny\n--b--\n",
          "Subject=a|\ntext/plain\n text/html[x]\n text/plain[y]" },
        { "Subject: a\n\nThis is MIME.\n\n--b\nContent-Type: text/html\n\nx\n--b--\n",
          "Subject=a|\ntext/plain\n text/html[x]" },
        /* The header says what it is. */
        { "Content-Type: text/plain\n\n--b\nContent-Type: text/html\n\nx\n",
          "Content-Type=text/plain|\ntext/plain[--b\nContent-Type: text/html\n\nx\n]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_long_boundary(void **state)
{
    (void)state;
    for (size_t n = LIMIT_BOUNDARY_BYTES; n <= LIMIT_BOUNDARY_BYTES + 1; n++) {
        char *boundary = g_strnfill(n, 'b');
        GString *mail = g_string_new("Content-Type: multipart/mixed; boundary=");
        g_string_append_printf(mail, "%s\n\n--%s\n\nx\n--%s--\n", boundary, boundary, boundary);
        backstop_message *message = read_bytes(mail->str, mail->len);
        assert_int_equal(backstop_message_part_count(message), n > LIMIT_BOUNDARY_BYTES ? 1 : 2);
        backstop_message_free(message);
        g_string_free(mail, TRUE);
        g_free(boundary);
    }
}

static void test_encodings(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        { "Content-Transfer-Encoding: base64\n\nw6Q=\n",
          "Content-Transfer-Encoding=base64|\ntext/plain[\xc3\xa4]" },
        { "Content-Transfer-Encoding: quoted-printable\n\n=C3=A4=\nb=0D=0Ac\n",
          "Content-Transfer-Encoding=quoted-printable|\ntext/plain[\xc3\xa4"
          "b\nc\n]" },
        { "Content-Type: text/plain; charset=iso-8859-1\n\n\xe4\n",
          "Content-Type=text/plain; charset=iso-8859-1|\ntext/plain[\xc3\xa4\n]" },
        { "A: b\n\n\xe4\n", "A=b|\ntext/plain[\xc3\xa4\n]" },
        { "Content-Type: text/plain; charset=utf-16be\n\n+AGE-",
          "Content-Type=text/plain; charset=utf-16be|\ntext/plain[\xe2\xad\x81\xe4\x9d\x85\xef\xbf"
          "\xbd]" },
        { "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B$\"\x1b(B\n",
          "Content-Type=text/plain; charset=iso-2022-jp|\ntext/plain[\xe3\x81\x82\n]" },
        { "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\nDQo=\n",
          "Content-Type=image/png|Content-Transfer-Encoding=base64|\nimage/png[\r\n]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_encoded_message(void **state)
{
    (void)state;
    static const mail_case cases[] = {
        { "Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\nSubject: "
          "a\n\n\xc3\xa4\n",
          "Content-Type=message/rfc822|Content-Transfer-Encoding=8bit|\nmessage/rfc822\n"
          " text/plain[\xc3\xa4\n]" },
        /* "Subject: a", which RFC 2046, 5.2.1 forbids to encode. */
        { "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogYQo=\n",
          "Content-Type=message/rfc822|Content-Transfer-Encoding=base64|\n"
          "message/rfc822[Subject: a\n]" },
        { "Content-Type: message/global\n\nSubject: a\n\nx\n",
          "Content-Type=message/global|\nmessage/global\n text/plain[x\n]" },
        { MULTIPART("b") "--b\nContent-Type: message/rfc822\n\nA line of text.\n--b--\n",
          "Content-Type=multipart/mixed; boundary=b|\nmultipart/mixed\n message/rfc822\n"
          "  text/plain[A line of text.]" },
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_accessors(void **state)
{
    (void)state;
    const char *mail = "Subject: =?utf-8?q?=C3=A4?=\n b\nTo: a@b.example\n\nx\n";
    backstop_message *message = read_bytes(mail, strlen(mail));
    size_t len = 1;
    assert_null(backstop_message_field_name(message, 2, &len));
    assert_int_equal(len, 0);
    assert_null(backstop_message_field_value(message, 2, &len));
    char *text = backstop_message_field_text(message, "SUBJECT");
    assert_string_equal(text, "\xc3\xa4 b");
    backstop_text_free(text);
    assert_null(backstop_message_field_text(message, "Cc"));
    assert_int_equal(backstop_message_part_parent(message, 0), -1);
    assert_int_equal(backstop_message_part_parent(message, 1), -1);
    assert_null(backstop_message_part_type(message, 1));
    assert_null(backstop_message_part_body(message, 1, NULL));
    text = backstop_message_part_body(message, 0, &len);
    assert_int_equal(len, 2);
    backstop_text_free(text);
    assert_false(backstop_message_is_cut(message));
    backstop_message_free(message);
}

static void test_part_text(void **state)
{
    (void)state;
    const char *mail = MULTIPART("b") "--b\n\nplain\n--b\nContent-Transfer-Encoding: base64\n\n"
                                      "cGxhaW4=\n--b--\n";
    backstop_message *message = read_bytes(mail, strlen(mail));
    GString *scratch = g_string_new(NULL);
    bool cut = false;
    span text = part_text(message_part(message, 1), 5, scratch, &cut);
    assert_true(span_equal(text, SPAN("plain")));
    assert_ptr_equal(text.ptr, message_part(message, 1)->body.ptr);
    text = part_text(message_part(message, 2), 5, scratch, &cut);
    assert_true(span_equal(text, SPAN("plain")));
    assert_false(cut);
    text = part_text(message_part(message, 1), 4, scratch, &cut);
    assert_true(span_equal(text, SPAN("plai")) && cut);
    cut = false;
    text = part_text(message_part(message, 2), 4, scratch, &cut);
    assert_true(span_equal(text, SPAN("plai")) && cut);
    g_string_free(scratch, TRUE);
    backstop_message_free(message);
}

static void test_envelope(void **state)
{
    (void)state;
    char from[] = "", rcpt[] = "a@b.example";
    const char *recipients[] = { rcpt, "c@d.example" };
    backstop_envelope envelope = { "192.0.2.1", NULL, from, recipients, 2 };
    backstop_message *message;
    assert_int_equal(backstop_message_read("A: b\n\n", 6, &envelope, &message), BACKSTOP_OK);
    rcpt[0] = 'x';
    assert_true(message->knows_mail_from);
    assert_int_equal(message->mail_from.len, 0);
    assert_int_equal(message->helo.len, 0);
    assert_true(span_equal(message->client_ip, SPAN("192.0.2.1")));
    assert_int_equal(message->recipient_count, 2);
    assert_true(span_equal(message->recipients[0], SPAN("a@b.example")));
    backstop_message_free(message);
    message = read_bytes("A: b\n\n", 6);
    assert_false(message->knows_mail_from);
    assert_int_equal(message->recipient_count, 0);
    backstop_message_free(message);
}

/* The topmost Received field, where there is one with a date; else the Date. */
static void test_date(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        int64_t date_sec; /* -1: none */
    } cases[] = {
        { "Received: by a.example; Tue, 24 Nov 2026 08:00:00 +0000\n"
          "Received: by b.example; Mon, 23 Nov 2026 08:00:00 +0000\n"
          "Date: Sun, 22 Nov 2026 08:00:00 +0000\n\n",
          1795507200 },
        { "Received: by a.example\nDate: Sun, 22 Nov 2026 08:00:00 +0000\n\n", 1795334400 },
        { "Date: Sun, 22 Nov 2026 08:00:00 +0000\n\n", 1795334400 },
        { "Date: yesterday\n\n", -1 },
        { "Subject: x\n\nDate: Sun, 22 Nov 2026 08:00:00 +0000\n", -1 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int64_t date_sec = 0;
        backstop_message *message = read_bytes(cases[i].header, strlen(cases[i].header));
        bool has_date = backstop_message_date(message, &date_sec);
        assert_int_equal(has_date, cases[i].date_sec >= 0);
        assert_int_equal(has_date ? date_sec : -1, cases[i].date_sec);
        backstop_message_free(message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_mixed_line_ends),
        cmocka_unit_test(test_before_header),
        cmocka_unit_test(test_no_header),
        cmocka_unit_test(test_folding),
        cmocka_unit_test(test_blank_line_of_white_space),
        cmocka_unit_test(test_space_before_colon),
        cmocka_unit_test(test_junk_in_header),
        cmocka_unit_test(test_lost_folding),
        cmocka_unit_test(test_no_blank_line),
        cmocka_unit_test(test_header_ended),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_boundary_lines),
        cmocka_unit_test(test_no_closing_boundary),
        cmocka_unit_test(test_adopted_boundary),
        cmocka_unit_test(test_no_parts),
        cmocka_unit_test(test_lost_content_type),
        cmocka_unit_test(test_long_boundary),
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_encoded_message),
        cmocka_unit_test(test_accessors),
        cmocka_unit_test(test_part_text),
        cmocka_unit_test(test_envelope),
        cmocka_unit_test(test_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
