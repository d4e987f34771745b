/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* HTML to text: what a person would read, and what hostile markup must not do. */
#include "message/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GONE "\xEF\xBF\xBD"

typedef struct reading {
    const char *html;
    const char *expected;
} reading;

static void check(const char *html, const char *expected)
{
    GString *out = g_string_new("kept ");
    html_to_text(span_from_string(html), SIZE_MAX, out);
    if (strcmp(out->str + 5, expected) != 0) {
        fail_msg("\"%s\": got \"%s\", expected \"%s\"", html, out->str + 5, expected);
    }
    g_string_free(out, TRUE);
}

static void check_table(const reading *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check(rows[i].html, rows[i].expected);
    }
}

static void test_blocks(void **state)
{
    static const reading rows[] = {
        { "", "" },
        { "plain text", "plain text" },
        { "  two \r\n words  ", "two words" },
        { "<p>one</p><p>two</p>", "one\n\ntwo" },
        { "<P CLASS=x>one\n<P>two", "one\n\ntwo" },
        { "<div>one</div><div>two</div>", "one\ntwo" },
        { "<div>one</div><div><br></div><div>two</div>", "one\n\ntwo" },
        { "one<br>two<br/>three<br />four", "one\ntwo\nthree\nfour" },
        { "one<br><br><br><br>two", "one\n\ntwo" },
        { "<h1>Title</h1>text", "Title\n\ntext" },
        { "<ul><li>one</li><li>two</li></ul>", "one\ntwo" },
        { "<table><tr><td>To:</td><td>a@b.example</td></tr><tr><td>Code:</td><td>550</td></tr>"
          "</table>",
          "To: a@b.example\nCode: 550" },
        { "<table>\n <tr>\n  <td> x </td>\n  <td> y </td>\n </tr>\n</table>", "x y" },
        { "a<b>b</b>c <i>d</i>", "abc d" },
        { "<span>a</span> <span>b</span>", "a b" },
        { "<hr>one<hr>two<hr>", "one\ntwo" },
        { "<html><head><title>gone</title><meta x></head><body>kept</body></html>", "kept" },
    };
    (void)state;
    check_table(rows, G_N_ELEMENTS(rows));
}

static void test_pre(void **state)
{
    static const reading rows[] = {
        { "<pre>\none\n  two\n\n\nthree\n</pre>four", "one\n  two\n\n\nthree\n\nfour" },
        { "x<pre>\r\none\r\ntwo\rthree</pre>", "x\n\none\ntwo\nthree" },
        { "<pre>a\tb&#10;c</pre>", "a\tb\nc" },
        { "<pre>a <b>b</b>  c", "a b  c" },
    };
    (void)state;
    check_table(rows, G_N_ELEMENTS(rows));
}

static void test_dropped(void **state)
{
    static const reading rows[] = {
        { "a<!-- <b> -- > -->b", "ab" },
        { "a<!---->b", "ab" },
        { "a<!-->b", "ab" },
        { "a<!--[if mso]>x<![endif]-->b", "ab" },
        { "<![if !mso]>a<![endif]>", "a" },
        { "<!DOCTYPE html PUBLIC \"-//W3C//DTD\">a", "a" },
        { "<?xml version=\"1.0\"?>a", "a" },
        { "a<script>if (x<y) \"</p>\"</script>b", "ab" },
        { "a<STYLE type='text/css'>p { color: red }</STYLE >b", "ab" },
        { "<title/>a", "a" },
        { "<xml><o:data>x</o:data></xml>a", "a" },
        { "a<script>never closed", "a" },
        { "a<!-- never closed", "a" },
        { "a<b never closed", "a" },
        { "a<!never closed", "a" },
    };
    (void)state;
    check_table(rows, G_N_ELEMENTS(rows));
}

static void test_tags(void **state)
{
    static const reading rows[] = {
        { "<a href=\"x>y\">link</a>", "link" },
        { "<a href='x>y' class=\"z\">link</a>", "link" },
        { "<a title=don't>link</a>", "link" },
        { "<p don't>one</p>it's", "one\n\nit's" },
        { "<a href=\"x>link</a> more", "link more" }, /* quote never closed */
        { "1 < 2 > 0", "1 < 2 > 0" },
        { "a <3 b", "a <3 b" },
        { "<>", "<>" },
        { "</>", "</>" },
        { "<", "<" },
        { "a <user@example.org> b", "a <user@example.org> b" }, /* not escaped */
        { "<mailto:user@example.org>", "<mailto:user@example.org>" },
        { "<https://example.org/?a=b>", "<https://example.org/?a=b>" },
        { "<img src=\"a@b\">x", "x" },
        { "<img src=a@b>x", "x" },
        { "<o:p></o:p>x", "x" },
    };
    (void)state;
    check_table(rows, G_N_ELEMENTS(rows));
}

static void test_references(void **state)
{
    static const reading rows[] = {
        { "&lt;user@example.org&gt;", "<user@example.org>" },
        { "a&amp;b &amp b &copy 2", "a&b & b © 2" },
        { "&eacute;&#233;&#xE9;&#XE9;&#233", "ééééé" },
        { "&Eacute;&szlig;&euro;&hellip;", "Éß€…" },
        { "user&#64;example&period;org &commat;", "user@example.org @" },
        { "&apos;&quot;", "'\"" },
        { "&euro no semicolon", "&euro no semicolon" },
        { "&nosuch; &; & && &#; &#x; &#xg;", "&nosuch; &; & && &#; &#x; &#xg;" },
        { "&thisnameismuchtoolong;", "&thisnameismuchtoolong;" },
        { "&#150;&#x93;", "–“" }, /* Windows-1252, as browsers have it */
        { "&#0;&#xD800;&#x110000;&#99999999999999999999;", GONE GONE GONE GONE },
        { "&#000000000000000065;", "A" },
        { "&#128512;", "😀" },
        { "a&nbsp;&nbsp;b\xC2\xA0\xC2\xA0"
          "c&#160;",
          "a b c" },
        { "soft&shy;hyphen\xC2\xAD us\xE2\x80\x8B"
          "er&#8203;@example.org\xEF\xBB\xBF",
          "softhyphen user@example.org" },
        { "\xC2\xA9 \xE2\x82\xAC \xEF\xBC\x81", "© € ！" },
        { "&", "&" },
        { "&#", "&#" },
    };
    (void)state;
    check_table(rows, G_N_ELEMENTS(rows));
}

static void test_links(void **state)
{
    static const reading rows[] = {
        { "<a href=\"mailto:u@example.org\">User</a>, hello",
          "User <mailto:u@example.org>, hello" },
        { "<a href='MAILTO:u@example.org?subject=x&amp;y=z'>User</a>",
          "User <mailto:u@example.org>" },
        { "<a class=x href=mailto:u@example.org>User</a>", "User <mailto:u@example.org>" },
        { "<a href=\"mailto:u&#64;example.org\">User</a>", "User <mailto:u@example.org>" },
        { "<a href=\"mailto:u@example.org\">u@example.org</a>!", "u@example.org!" },
        { "<a href=\"mailto:u@example.org\">&lt;u@example.org&gt;</a>", "<u@example.org>" },
        { "<a href=\"mailto:u@example.org\">User", "User <mailto:u@example.org>" },
        { "<a href=\"mailto:u@example.org\">User <a href=x>other</a>",
          "User <mailto:u@example.org> other" },
        { "<a href=\"https://example.org/\">site</a>", "site" },
        { "<a href=\"mailto:\">none</a><a href>none</a><a href=>none</a>", "nonenonenone" },
    };
    (void)state;
    check_table(rows, G_N_ELEMENTS(rows));
}

static void test_limit(void **state)
{
    static const char html[] = "<p>é€</p> <a href='mailto:u@example.org'>😀</a><pre>\n\n x\n\n\ny";
    (void)state;
    for (size_t max = 0; max < 60; max++) {
        GString *out = g_string_new("kept");
        html_to_text(SPAN(html), max, out);
        assert_true(out->len <= 4 + max);
        assert_true(g_utf8_validate_len(out->str, out->len, NULL));
        g_string_free(out, TRUE);
    }
}

/* Repeats of what could make a search run to the end each time: 4 MiB must not be felt. */
static void test_large(void **state)
{
    static const char *const patterns[] = {
        "<",
        "</",
        "<a ",
        "<a href=\"",
        "<a href='x\" ",
        "<a ='",
        "<a =\"'>",
        "<!--",
        "<!",
        "<style>",
        "&",
        "&#1",
        "&amp",
        "<pre>\n",
        "<a@b ",
        "<title></",
        "<br>",
        " ",
        "<p>",
        "<pre> ",
        "<a href=mailto:a>b",
    };
    enum { SIZE = 4 << 20 };
    char *html = g_malloc(SIZE);
    (void)state;
    for (size_t k = 0; k < G_N_ELEMENTS(patterns); k++) {
        GString *out = g_string_new(NULL);
        for (size_t i = 0; i < SIZE; i++) {
            html[i] = patterns[k][i % strlen(patterns[k])];
        }
        html_to_text((span){ html, SIZE }, 1000, out);
        assert_in_range(out->len, 0, 1000);
        g_string_free(out, TRUE);
    }
    g_free(html);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),  cmocka_unit_test(test_pre),
        cmocka_unit_test(test_dropped), cmocka_unit_test(test_tags),
        cmocka_unit_test(test_links),   cmocka_unit_test(test_references),
        cmocka_unit_test(test_limit),   cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
