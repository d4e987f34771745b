/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What a notice cites of the original in its own words. */
#include "notice/cited.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notice_fixture.h"

/* "subject|to|date|message-id" */
static void check_mail(const char *mail, const char *expected)
{
    fixture f = fixture_message(mail);
    clues *c = clues_gather(f.message, true);
    span values[CITED_FIELDS];
    cited_read(c, values);
    char *told = g_strdup_printf("%.*s|%.*s|%.*s|%.*s", SPAN_ARG(values[CITED_SUBJECT]),
                                 SPAN_ARG(values[CITED_TO]), SPAN_ARG(values[CITED_DATE]),
                                 SPAN_ARG(values[CITED_MESSAGE_ID]));
    if (strcmp(told, expected) != 0) {
        fail_msg("%s\n got \"%s\"\nwant \"%s\"", mail, told, expected);
    }
    g_free(told);
    clues_free(c);
    fixture_free(&f);
}

static void check_cited(const char *text, const char *expected)
{
    char *mail = g_strconcat("From: x\nContent-Type: text/plain; charset=utf-8\n\n", text, NULL);
    check_mail(mail, expected);
    g_free(mail);
}

static void test_labels(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { "", "|||" },
        { "It failed.\n", "|||" },
        { "Subject: Offer\n", "Offer|||" },
        { "SUBJECT : Offer \n", "Offer|||" },
        { "  > * Subject:\tOffer\n", "Offer|||" },
        { "Subject\n: Offer\n", "|||" },
        { "Subject:\nOffer\n", "|||" },
        { "The Subject: Offer\n", "|||" },
        { "Subjects: Offer\n", "|||" },
        { "Subject Offer\n", "|||" },
        { "To: nobody@mail.example\n\ntext\nSent: today\n", "|nobody@mail.example|today|" },
        { "Message-ID: <1@our.example>\n", "|||<1@our.example>" },
        { "Message ID: <1@our.example>\nDate: today\n", "||today|<1@our.example>" },
        { "The message identifier was: <1@our.example>\nThe message date was: today\n"
          "The message subject was: Offer\n",
          "Offer||today|<1@our.example>" },
        /* the first of each counts, an empty one does not */
        { "Subject:\nSubject: One\nSubject: Two\n", "One|||" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_cited(cases[i].text, cases[i].expected);
    }
}

static void test_languages(void **state)
{
    (void)state;
    static const fixture_case cases[] = {
        { "Betreff: Angebot\nAn: nobody@mail.example\n", "Angebot|nobody@mail.example||" },
        { "Objet : Offre\n\xC3\x80 : nobody@mail.example\n", "Offre|nobody@mail.example||" },
        { "Asunto: Oferta\nPara: nobody@mail.example\n", "Oferta|nobody@mail.example||" },
        { "Oggetto: Offerta\n", "Offerta|||" },
        { "Onderwerp: Aanbod\nAan: nobody@mail.example\n", "Aanbod|nobody@mail.example||" },
        { "Тема: Предложение\nКому: nobody@mail.example\n", "Предложение|nobody@mail.example||" },
        { "件名： 見積\n宛先：nobody@mail.example\n", "見積|nobody@mail.example||" },
        { "主题：报价\n收件人: nobody@mail.example\n", "报价|nobody@mail.example||" },
        { "제목: 견적\n받는 사람: nobody@mail.example\n", "견적|nobody@mail.example||" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_cited(cases[i].text, cases[i].expected);
    }
}

#define RECEIPT                                                                                    \
    "From: bob@mail.example\nTo: alice@our.example\nSubject: Read: Offer\n"                        \
    "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n"         \
    "--b\n\nMessage-ID: <of-the-text@our.example>\n"                                               \
    "--b\nContent-Type: message/disposition-notification\n\n"                                      \
    "Final-Recipient: rfc822; bob@mail.example\nOriginal-Message-ID: <1@our.example>\n"            \
    "Disposition: manual-action/MDN-sent-manually; displayed\n--b--\n"

/* RFC 8098, 3.2.5 */
static void test_original_message_id(void **state)
{
    (void)state;
    check_mail(RECEIPT, "|||<1@our.example>");
    fixture_check(RECEIPT, fixture_tell_returned, "fragment|<1@our.example>|-|-||-|-|0");
}

#define BOUNCE                                                                                     \
    "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: alice@our.example\n"                     \
    "Content-Type: text/plain; charset=utf-8\n\nIt could not be delivered.\n\n"                    \
    "<nobody@mail.example>: user unknown\n\n"

/* Only what has the form of one is taken. */
static void test_in_notice(void **state)
{
    (void)state;
    fixture_check(BOUNCE "Betreff: Angebot\n", fixture_tell_returned,
                  "fragment|-|-|-||Angebot|-|0");
    fixture_check(BOUNCE "Subject: =?UTF-8?Q?Offer=21?=\n", fixture_tell_returned,
                  "fragment|-|-|-||Offer!|-|0");
    fixture_check(BOUNCE "An: somebody\n", fixture_tell_returned, "none|-|-|-||-|-|0");
    fixture_check(BOUNCE "An: Nobody <nobody@mail.example>\n", fixture_tell_returned,
                  "fragment|-|-|-|nobody@mail.example|-|-|0");
    fixture_check(BOUNCE "Message ID: 4711\n", fixture_tell_returned, "none|-|-|-||-|-|0");
    fixture_check(BOUNCE "Sent: Mon, 23 Nov 2026 20:24:50 +0000\n", fixture_tell_returned,
                  "fragment|-|-|-||-|1795465490|0");
    fixture_check(BOUNCE "Sent: some day\n", fixture_tell_returned, "none|-|-|-||-|-|0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_languages),
        cmocka_unit_test(test_original_message_id),
        cmocka_unit_test(test_in_notice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
