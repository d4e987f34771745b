/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What our own server's Authentication-Results say of a returned mail (RFC 8601). */
#include <backstop/authentication.h>

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define A "Authentication-Results: "

typedef struct row {
    const char *fields;
    backstop_authentication expected;
} row;

static backstop_authentication read_fields(const char *fields)
{
    static const char *const servers[] = { "mx.our.example", "mx2.our.example" };
    backstop_message *message;
    g_autofree char *text = g_strconcat(
        "From: MAILER-DAEMON@mx.our.example\nTo: somebody@remote.example\n"
        "Subject: Undelivered Mail Returned to Sender\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\n\nIt could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.our.example\n\nFinal-Recipient: rfc822; nobody@our.example\n"
        "Action: failed\nStatus: 5.1.1\n\n--b\nContent-Type: message/rfc822\n\n",
        fields,
        "From: somebody@remote.example\nSubject: Hello\nMessage-ID: <1@x>\n\nHello\n--b--\n", NULL);
    assert_int_equal(backstop_message_read(text, strlen(text), NULL, &message), BACKSTOP_OK);
    backstop_notice *notice = backstop_notice_read(message);
    assert_int_equal(backstop_notice_kind(notice), BACKSTOP_KIND_FAILURE);
    backstop_authentication answer =
        backstop_notice_authentication(notice, servers, G_N_ELEMENTS(servers));
    backstop_notice_free(notice);
    backstop_message_free(message);
    return answer;
}

static void test_table(void **state)
{
    (void)state;
    static const row rows[] = {
        { "", BACKSTOP_AUTHENTICATION_UNKNOWN },
        { A "mx.our.example; spf=fail smtp.mailfrom=x; dkim=none\n",
          BACKSTOP_AUTHENTICATION_FAILED },
        { A "MX.our.example 1; spf=softfail (a; spf=pass) smtp.mailfrom=x;\n"
            "\tdkim/1=fail reason=\"b; dkim=pass\"\n",
          BACKSTOP_AUTHENTICATION_FAILED },
        { A "mx.our.example; spf=fail\n" A "mx2.our.example; dkim=none\n",
          BACKSTOP_AUTHENTICATION_FAILED },
        /* One of them is not told, or not known. */
        { A "mx.our.example; spf=fail\n", BACKSTOP_AUTHENTICATION_UNKNOWN },
        { A "mx.our.example; dkim=fail\n", BACKSTOP_AUTHENTICATION_UNKNOWN },
        { A "mx.our.example; spf=fail; dkim=temperror\n", BACKSTOP_AUTHENTICATION_UNKNOWN },
        { A "mx.our.example; spf=none; dkim=none\n", BACKSTOP_AUTHENTICATION_UNKNOWN },
        { A "mx.our.example; none\n", BACKSTOP_AUTHENTICATION_UNKNOWN },
        /* One pass is enough. */
        { A "mx.our.example; spf=pass; dkim=none\n", BACKSTOP_AUTHENTICATION_PASSED },
        { A "mx.our.example; spf=fail; dkim=fail; dkim=pass header.d=x\n",
          BACKSTOP_AUTHENTICATION_PASSED },
        { A "mx.our.example; spf=fail; dkim=none\n" A "mx2.our.example; dkim = PASS\n",
          BACKSTOP_AUTHENTICATION_PASSED },
        /* Not of our servers. */
        { A "mx.remote.example; spf=fail; dkim=fail\n", BACKSTOP_AUTHENTICATION_UNKNOWN },
        { A "mx.remote.example; spf=pass\n" A "mx.our.example; spf=fail; dkim=fail\n",
          BACKSTOP_AUTHENTICATION_FAILED },
        { A "mx.our.example.other.example; spf=fail; dkim=fail\n",
          BACKSTOP_AUTHENTICATION_UNKNOWN },
        { A "\n", BACKSTOP_AUTHENTICATION_UNKNOWN },
        { A "mx.our.example; spf\n", BACKSTOP_AUTHENTICATION_UNKNOWN },
        { A "mx.our.example; spf=\"fail; dkim=fail\n", BACKSTOP_AUTHENTICATION_UNKNOWN },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (read_fields(rows[i].fields) != rows[i].expected) {
            fail_msg("row %zu: %s", i, rows[i].fields);
        }
    }
}

/* A pass may stand behind what is read. */
static void test_many(void **state)
{
    (void)state;
    GString *fields = g_string_new(NULL);
    for (unsigned i = 0; i < 101; i++) {
        g_string_append(fields, A "mx.our.example; spf=fail; dkim=fail\n");
    }
    assert_int_equal(read_fields(fields->str), BACKSTOP_AUTHENTICATION_UNKNOWN);
    g_string_free(fields, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
