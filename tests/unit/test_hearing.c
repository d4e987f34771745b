/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What witnesses are asked about: who may have sent the mail, to whom, when, and what of it counts
 * if it is missing. */
#include "witness/hearing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "witness_fixture.h"

typedef struct session {
    char *text;
    backstop_message *message;
    backstop_notice *notice;
    hearing *h;
} session;

static session session_open(const scene *s, char *text, unsigned which)
{
    session x = { .text = text };
    assert_int_equal(BACKSTOP_OK,
                     backstop_message_read(text, strlen(text), s->envelope, &x.message));
    x.notice = backstop_notice_read(x.message);
    x.h = hearing_open(x.notice, which, s->site, s->keys, s->store, s->now_sec);
    return x;
}

static void session_close(session *x)
{
    hearing_close(x->h);
    backstop_notice_free(x->notice);
    backstop_message_free(x->message);
    g_free(x->text);
}

static char *joined(const GPtrArray *list)
{
    GString *all = g_string_new(NULL);
    for (unsigned i = 0; i < list->len; i++) {
        g_string_append_printf(all, "%s%s", i > 0 ? " " : "", hearing_text_at(list, i).ptr);
    }
    return g_string_free(all, FALSE);
}

static void check_list(const GPtrArray *list, const char *expected, int line)
{
    g_autofree char *all = joined(list);
    if (strcmp(all, expected) != 0) {
        fail_msg("line %d: \"%s\", not \"%s\"", line, all, expected);
    }
}

#define CHECK_LIST(member, parts, expected)                                                        \
    do {                                                                                           \
        session x = session_open(&s, notice_text(parts), 0);                                       \
        check_list(x.h->member, expected, __LINE__);                                               \
        session_close(&x);                                                                         \
    } while (0)

static void test_senders(void **state)
{
    (void)state;
    scene s = scene_new();
    CHECK_LIST(senders, USUAL, "alice@our.example");
    CHECK_LIST(senders, PARTS(.to = "Alice <ALICE@Our.Example>"), "alice@our.example");
    /* sub-address, VERP: as given first; BATV last, for that is not what we bind */
    CHECK_LIST(senders, PARTS(.to = "alice+news@our.example"),
               "alice+news@our.example alice@our.example");
    CHECK_LIST(senders, PARTS(.to = "alice+bob=remote.example@our.example"),
               "alice+bob=remote.example@our.example alice@our.example");
    CHECK_LIST(senders, PARTS(.to = "prvs=0123abcdef=alice@our.example"),
               "alice@our.example prvs=0123abcdef=alice@our.example");
    CHECK_LIST(senders, PARTS(.to = "alice+prvs=0123abcdef@our.example"),
               "alice@our.example alice+prvs=0123abcdef@our.example");
    CHECK_LIST(senders, PARTS(.to = "prvs=0123abcdef=alice+x@our.example"),
               "alice+x@our.example alice@our.example prvs=0123abcdef=alice+x@our.example");
    /* those that the notice went to, then what came back */
    CHECK_LIST(senders,
               PARTS(.to = "bounces@our.example",
                     .report = "X-Postfix-Sender: rfc822; a@our.example\n",
                     .header = "Return-Path: <b@our.example>\n" HOP_FIELD "From: c@our.example\n"),
               "bounces@our.example a@our.example b@our.example c@our.example");
    /* below a Received field, too; the one above counts first */
    CHECK_LIST(senders,
               PARTS(.header = HOP_FIELD "Return-Path: <b@our.example>\nFrom: c@our.example\n"),
               "alice@our.example b@our.example c@our.example");
    CHECK_LIST(senders,
               PARTS(.header = "Return-Path: <a@our.example>\n" HOP_FIELD
                               "Return-Path: <b@our.example>\nFrom: c@our.example\n"),
               "alice@our.example a@our.example c@our.example");
    /* a Return-Path that the sender wrote is none */
    CHECK_LIST(senders,
               PARTS(.header = HOP_FIELD "Subject: x\nReturn-Path: <b@our.example>\n"
                                         "From: c@our.example\n"),
               "alice@our.example c@our.example");
    /* strangers have sent nothing of ours */
    CHECK_LIST(senders,
               PARTS(.to = "a@elsewhere.example", .header = "Return-Path: <b@elsewhere.example>\n"
                                                            "From: c@elsewhere.example\n"),
               "");
    CHECK_LIST(senders,
               PARTS(.to = "alice@sub.our.example",
                     .header = "Return-Path: <>\n" HOP_FIELD "From: alice@our.example.net\n"),
               "");
    CHECK_LIST(notified, PARTS(.to = "prvs=0123abcdef=alice+x@elsewhere.example"),
               "prvs=0123abcdef=alice+x@elsewhere.example alice+x@elsewhere.example "
               "alice@elsewhere.example");
    scene_free(&s);
}

static void test_envelope_counts_first(void **state)
{
    (void)state;
    scene s = scene_new();
    static const char *const rcpt[] = { "carol@our.example" };
    const backstop_envelope envelope = { .recipients = rcpt, .recipient_count = 1 };
    s.envelope = &envelope;
    session x = session_open(&s, notice_text(USUAL), 0);
    check_list(x.h->notified, "carol@our.example", __LINE__);
    check_list(x.h->senders, "carol@our.example alice@our.example", __LINE__);
    assert_int_equal(1, x.h->notified_sender_count);
    assert_false(x.h->from_is_notified);
    assert_string_equal("alice@our.example", x.h->from);
    session_close(&x);
    scene_free(&s);
}

static void test_without_domains_all_are_ours(void **state)
{
    (void)state;
    scene s = scene_new();
    backstop_site_free(s.site);
    s.site = backstop_site_new();
    CHECK_LIST(senders, PARTS(.to = "a@x.example", .header = MAIL_HEADER),
               "a@x.example alice@our.example");
    scene_free(&s);
}

static void test_recipients(void **state)
{
    (void)state;
    scene s = scene_new();
    CHECK_LIST(recipients, USUAL, "bob@remote.example");
    CHECK_LIST(recipients,
               PARTS(.recipient = "bob@store.remote.example\nOriginal-Recipient: rfc822; "
                                  "Bob@Remote.example"),
               "bob@store.remote.example bob@remote.example");
    CHECK_LIST(recipients,
               PARTS(.recipient = "bob@remote.example\nAction: failed\nStatus: 5.1.1\n\n"
                                  "Final-Recipient: rfc822; carol@remote.example"),
               "bob@remote.example carol@remote.example");
    scene_free(&s);
}

static char *reply_text(const char *top)
{
    return g_strconcat("From: bob@remote.example\nTo: alice@our.example\nDate: " MAIL_DATE "\n",
                       top, "\nI am out of the office until Monday.\n", NULL);
}

static void test_automatic_replies(void **state)
{
    (void)state;
    scene s = scene_new();
    session x =
        session_open(&s,
                     reply_text("Auto-Submitted: auto-replied\nSubject: Out of office: Offer\n"
                                "In-Reply-To: <1@our.example>\n"
                                "References: <0@our.example> <2@our.example>\n"),
                     0);
    assert_int_equal(BACKSTOP_KIND_AUTO_REPLY, x.notice->kind);
    check_list(x.h->recipients, "bob@remote.example", __LINE__);
    check_list(x.h->message_ids, "<1@our.example> <2@our.example>", __LINE__);
    session_close(&x);
    /* a person's address may look like a list's */
    g_autofree char *text =
        reply_text("Auto-Submitted: auto-replied\nSubject: Out of office: Offer\n");
    g_autoptr(GString) other = g_string_new(text);
    g_string_replace(other, "bob@", "bob-owner@", 1);
    x = session_open(&s, g_strdup(other->str), 0);
    assert_int_equal(BACKSTOP_KIND_AUTO_REPLY, x.notice->kind);
    check_list(x.h->recipients, "bob-owner@remote.example", __LINE__);
    session_close(&x);
    scene_free(&s);
}

/* A list manager has more names than the list. */
static void test_lists_behind_their_managers(void **state)
{
    (void)state;
    scene s = scene_new();
    static const struct {
        const char *author, *expected;
    } cases[] = {
        { "news-bounces@lists.example", "news-bounces@lists.example news@lists.example" },
        { "news-bounces+x=y@lists.example",
          "news-bounces+x=y@lists.example news-bounces@lists.example news@lists.example" },
        { "news-request@lists.example", "news-request@lists.example news@lists.example" },
        { "owner-news@lists.example", "owner-news@lists.example news@lists.example" },
        { "news@lists.example", "news@lists.example" },
        { "-owner@lists.example", "-owner@lists.example" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf(
            "From: %s\nTo: alice@our.example\nSubject: Your message to News awaits moderator "
            "approval\nPrecedence: bulk\nX-List-Administrivia: yes\nAuto-Submitted: auto-replied\n"
            "List-Id: <news.lists.example>\nIn-Reply-To: <1@our.example>\n\n"
            "Your mail to 'News' with the subject\n\n    Offer\n\nIs being held until the list "
            "moderator can review it for approval.\n",
            cases[i].author);
        session x = session_open(&s, g_strdup(text), 0);
        assert_int_equal(BACKSTOP_KIND_LIST_REPLY, x.notice->kind);
        check_list(x.h->recipients, cases[i].expected, __LINE__);
        session_close(&x);
    }
    scene_free(&s);
}

static void test_message_ids(void **state)
{
    (void)state;
    scene s = scene_new();
    CHECK_LIST(message_ids, USUAL, "<1@our.example>");
    /* what the notice answers is of no account beside the returned header */
    CHECK_LIST(message_ids, PARTS(.top = "References: <9@our.example>\n"), "<1@our.example>");
    CHECK_LIST(message_ids,
               PARTS(.top = "References: <9@our.example>\n", .header = "From: alice@our.example\n"),
               "");
    CHECK_LIST(message_ids,
               PARTS(.header = "Message-ID: x\n <1@our.example> (y) <2@z>\n" HOP_FIELD),
               "<1@our.example>");
    CHECK_LIST(message_ids, PARTS(.header = "Message-ID:\nMessage-ID: <1@our.example>\n" HOP_FIELD),
               "");
    g_autofree char *bare = g_strconcat(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.remote.example\nTo: alice@our.example\n"
        "Subject: Undelivered Mail Returned to Sender\nReferences: <9@our.example>\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: "
        "rfc822; bob@remote.example\nAction: failed\nStatus: 5.1.1\n\n--b--\n",
        NULL);
    session x = session_open(&s, g_strdup(bare), 0);
    check_list(x.h->message_ids, "<9@our.example>", __LINE__);
    session_close(&x);
    scene_free(&s);
}

#define AT(date) PATH_FIELD "Received: from a ([192.0.2.5]) by b; " date "\n"
#define WRITTEN(date)                                                                              \
    "From: alice@our.example\nDate: " date "\nMessage-ID: <1@our.example>\nX-Mailer: mailer\n"

/* From when until when the mail was sent, in hours before MAIL_SEC. */
static void test_time(void **state)
{
    (void)state;
    enum { QUEUE = HEARING_QUEUE_SEC / HOUR_SEC, UNKNOWN = -1000 };
    static const struct {
        const char *arrival, *header;
        int from, until; /* UNKNOWN: neither */
    } cases[] = {
        { MAIL_DATE, AT(MAIL_DATE) WRITTEN(MAIL_DATE), 0, 0 },
        { MAIL_DATE, AT(MAIL_DATE) WRITTEN("Mon, 23 Nov 2026 18:24:50 +0000"), 2, 0 },
        /* the Date is the forger's: it moves the time by a queue's at most */
        { MAIL_DATE, AT(MAIL_DATE) WRITTEN("Wed, 18 Nov 2026 20:24:50 +0000"), QUEUE, 0 },
        { MAIL_DATE, AT(MAIL_DATE) WRITTEN("Wed, 18 Nov 2026 20:24:49 +0000"), QUEUE, 0 },
        { MAIL_DATE, AT(MAIL_DATE) WRITTEN("Mon, 23 Nov 2025 20:24:50 +0000"), QUEUE, 0 },
        /* one that is later than the arrival: some clock is wrong */
        { MAIL_DATE, AT(MAIL_DATE) WRITTEN("Mon, 23 Nov 2026 21:24:50 +0000"), 0, -1 },
        { MAIL_DATE, AT(MAIL_DATE) WRITTEN("Mon, 23 Nov 2026 22:24:50 +0000"), QUEUE, -2 },
        { MAIL_DATE, AT(MAIL_DATE) WRITTEN("Tue, 24 Nov 2026 20:24:50 +0000"), QUEUE, -24 },
        { MAIL_DATE, AT(MAIL_DATE) WRITTEN("Tue, 24 Nov 2026 20:24:51 +0000"), QUEUE, 0 },
        { MAIL_DATE, AT(MAIL_DATE) WRITTEN("nonsense"), QUEUE, 0 },
        { MAIL_DATE, AT(MAIL_DATE) "From: alice@our.example\n", QUEUE, 0 },
        /* a hop that was before it */
        { MAIL_DATE,
          AT(MAIL_DATE) "Received: by c; Mon, 23 Nov 2026 17:24:50 +0000\n" WRITTEN(
              "Mon, 23 Nov 2026 18:24:50 +0000"),
          3, 0 },
        { MAIL_DATE,
          AT(MAIL_DATE) "Received: by c; Mon, 09 Nov 2026 17:24:50 +0000\n" WRITTEN(
              "Mon, 23 Nov 2026 18:24:50 +0000"),
          2, 0 },
        /* without Arrival-Date, the topmost hop of a complete header */
        { "", AT("Mon, 23 Nov 2026 19:24:50 +0000") WRITTEN("Mon, 23 Nov 2026 18:24:50 +0000"), 2,
          1 },
        { "",
          AT("Mon, 23 Nov 2026 19:24:50 +0000") "From: alice@our.example\nDate: " MAIL_DATE "\n",
          UNKNOWN, UNKNOWN },
        { "", AT("") WRITTEN(MAIL_DATE), UNKNOWN, UNKNOWN },
        { "", WRITTEN(MAIL_DATE), UNKNOWN, UNKNOWN },
        { "Thu, 1 Jan 1970 00:00:00 +0000", AT(MAIL_DATE) WRITTEN(MAIL_DATE), 0, 0 },
        /* a time that is still to come is none */
        { "Wed, 25 Nov 2026 20:24:50 +0000", AT(MAIL_DATE) WRITTEN(MAIL_DATE), 0, 0 },
        { "Wed, 25 Nov 2026 20:24:50 +0000",
          AT("Wed, 25 Nov 2026 20:24:50 +0000") WRITTEN(MAIL_DATE), UNKNOWN, UNKNOWN },
    };
    scene s = scene_new();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        session x = session_open(
            &s, notice_text(PARTS(.arrival = cases[i].arrival, .header = cases[i].header)), 0);
        int64_t from = cases[i].from == UNKNOWN ? 0 : MAIL_SEC - cases[i].from * (int64_t)HOUR_SEC;
        int64_t until =
            cases[i].until == UNKNOWN ? 0 : MAIL_SEC - cases[i].until * (int64_t)HOUR_SEC;
        if (x.h->sent_from_sec != from || x.h->sent_until_sec != until) {
            fail_msg("case %zu: from %ld h, until %ld h", i,
                     (long)(MAIL_SEC - x.h->sent_from_sec) / HOUR_SEC,
                     (long)(MAIL_SEC - x.h->sent_until_sec) / HOUR_SEC);
        }
        session_close(&x);
    }
    scene_free(&s);
}

static void check_silent(const scene *s, notice_parts parts, const char *why, int line)
{
    session x = session_open(s, notice_text(parts), 0);
    const char *said = x.h->absence_is_silent;
    if ((said == NULL) != (why == NULL) || (why != NULL && strstr(said, why) == NULL)) {
        fail_msg("line %d: %s of\n%s", line, said == NULL ? "counts" : said, x.text);
    }
    session_close(&x);
}

static void test_absence(void **state)
{
    (void)state;
    scene s = scene_new();
    static const char strangers[] = "strangers", foreign[] = "in the name";
    assert_int_equal(BACKSTOP_OK, backstop_site_add_forwarder(s.site, "info@our.example", NULL));
    assert_int_equal(BACKSTOP_OK, backstop_site_add_forwarder(s.site, "@lists.example", NULL));
    check_silent(&s, USUAL, NULL, __LINE__);
    check_silent(&s, PARTS(.header = WRITTEN(MAIL_DATE)), "whole", __LINE__);
    check_silent(&s, PARTS(.arrival = "", .header = AT("") WRITTEN(MAIL_DATE)), "when", __LINE__);
    static const char *const passages[] = {
        "SRS0=ab=cd=x.example=y@our.example",
        "srs1=ab=x.example==cd=ef=z.example=y@our.example",
        "news-bounces@our.example",
        "owner-news@our.example",
        "news-bounces+x=y.example@our.example",
        "info@our.example",
        "info+x@our.example",
        "prvs=0123abcdef=info@our.example",
        "any@lists.example",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(passages); i++) {
        g_autofree char *path =
            g_strdup_printf("Return-Path: <%s>\n" HOP_FIELD MAIL_FIELDS, passages[i]);
        g_autofree char *sender = g_strdup_printf("X-Postfix-Sender: rfc822; %s\n", passages[i]);
        bool is_of_ours = strstr(passages[i], "our.example") != NULL;
        check_silent(&s, PARTS(.to = passages[i]), strangers, __LINE__);
        check_silent(&s, PARTS(.header = path), is_of_ours ? strangers : foreign, __LINE__);
        /* below a Received field, it may be the forger's */
        g_autofree char *below =
            g_strdup_printf(HOP_FIELD "Return-Path: <%s>\n" MAIL_FIELDS, passages[i]);
        g_autofree char *between =
            g_strdup_printf(PATH_FIELD HOP_FIELD "Return-Path: <%s>\n" MAIL_FIELDS, passages[i]);
        check_silent(&s, PARTS(.header = below), NULL, __LINE__);
        check_silent(&s, PARTS(.header = between), NULL, __LINE__);
        /* one that cannot be read is one */
        g_autofree char *unread = g_strdup_printf(
            "Received: (nobody knows)\nReturn-Path: <%s>\n" MAIL_FIELDS, passages[i]);
        check_silent(&s, PARTS(.header = unread), "whole", __LINE__);
        check_silent(&s, PARTS(.report = sender), is_of_ours ? strangers : foreign, __LINE__);
        /* a From is the forger's to choose; one that is configured counts all the same */
        g_autofree char *from = g_strdup_printf(HOP_FIELD "From: <%s>\nDate: " MAIL_DATE
                                                          "\nMessage-ID: <1@x>\nX-Mailer: m\n",
                                                passages[i]);
        bool is_configured = strstr(passages[i], "info") != NULL;
        check_silent(&s, PARTS(.header = from), is_configured ? strangers : NULL, __LINE__);
    }
    /* a forwarder elsewhere that wrapped our address sends nobody's mail through us */
    check_silent(&s,
                 PARTS(.header =
                           "Return-Path: <SRS0=ab=cd=our.example=alice@forward.example>\n" HOP_FIELD
                               MAIL_FIELDS),
                 NULL, __LINE__);
    /* no address of ours at all */
    check_silent(&s,
                 PARTS(.to = "a@x.example", .header =
                                                HOP_FIELD "From: b@y.example\nDate: " MAIL_DATE
                                                          "\nMessage-ID: <1@x>\nX-Mailer: m\n"),
                 strangers, __LINE__);
    scene_free(&s);
}

/* Mail that others sent in names of theirs comes back to us where they hand their mail on to us, or
 * their lists the notices that they get. */
static void test_absence_in_a_foreign_name(void **state)
{
    (void)state;
    static const char foreign[] = "in the name";
    static const char *const recipients[] = { "alice@our.example" };
    static const backstop_envelope envelope = { .recipients = recipients, .recipient_count = 1 };
#define FROM(author)                                                                               \
    HOP_FIELD "From: " author "\nDate: " MAIL_DATE "\nMessage-ID: <1@x>\nX-Mailer: m\n"
    static const char theirs[] = "alice@uni.example";
    static const struct {
        const char *to, *header, *report, *why;
    } cases[] = {
        { theirs, FROM("alice@uni.example"), NULL, foreign },
        { theirs, FROM("alice@our.example"), NULL, NULL },
        { "Alice <alice@our.example>", FROM("a@spam.example"), NULL, NULL },
        { "prvs=0123abcdef=alice@our.example", FROM("a@spam.example"), NULL, NULL },
        /* what the reporting side takes for the sender is what counts */
        { NULL, "Return-Path: <a@uni.example>\n" FROM("alice@our.example"), NULL, foreign },
        { NULL, FROM("alice@our.example"), "X-Postfix-Sender: rfc822; a@uni.example\n", foreign },
        { theirs, FROM("a@x.example"), "X-Postfix-Sender: rfc822; alice@our.example\n", NULL },
        { theirs, "Return-Path: <alice@our.example>\n" FROM("a@x.example"), NULL, NULL },
        { "SRS0=ab=cd=our.example=alice@forward.example", FROM("a@x.example"), NULL, NULL },
        { "bob+SRS=ab=cd=our.example=alice@forward.example", FROM("a@x.example"), NULL, NULL },
        /* a list writes so to whom it sent */
        { "bounces+alice=our.example@lists.example", FROM("a@x.example"), NULL, foreign },
        /* not what came with the mail */
        { NULL, HOP_FIELD "Return-Path: <a@uni.example>\n" MAIL_FIELDS, NULL, NULL },
    };
    scene s = scene_new();
    s.envelope = &envelope;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_silent(&s,
                     PARTS(.to = cases[i].to, .header = cases[i].header, .report = cases[i].report),
                     cases[i].why, __LINE__);
    }
    scene_free(&s);
}

#define HOP(text) "Received: " text "; " MAIL_DATE "\n"

/* What a server of ours took from within need not have passed those that sign: a program, or a
 * user who logged in. Of what it took from outside, absence counts as ever. */
static void test_absence_where_we_report(void **state)
{
    (void)state;
    static const char within[] = "from within";
    static const struct {
        const char *header, *why;
    } cases[] = {
        { HOP("by mx.our.example (Postfix, from userid 33) id 1"), within },
        { HOP("from pc (unknown [10.0.0.5]) by mx.our.example with ESMTP"), within },
        { HOP("from pc (unknown [203.0.113.5]) by mx.our.example with ESMTPSA"), within },
        { HOP("from pc (unknown [203.0.113.5]) by mx.provider.example with ESMTPA"), within },
        /* below a domain of ours, though nobody named it */
        { HOP("by new.our.example (Postfix, from userid 33) id 1"), within },
        { HOP("from out.our.example (out.our.example [192.0.2.5]) by mx.our.example")
              HOP("by out.our.example (Postfix, from userid 33) id 1"),
          within },
        /* from outside */
        { HOP("from x (unknown [203.0.113.66]) by mx.our.example with ESMTP"), NULL },
        { HOP("from localhost (localhost [127.0.0.1]) by mx.our.example")
              HOP("from x (unknown [203.0.113.66]) by mx.our.example with ESMTP"),
          NULL },
        { HOP("from x (unknown [203.0.113.66]) by mx.our.example with ESMTP")
              HOP("from pc (unknown [10.0.0.5]) by mx.our.example with ESMTPSA"),
          NULL },
        /* from whom is not said */
        { HOP("from out.our.example by mx.our.example with ESMTP"), NULL },
        { HOP("from x by mx.our.example with ESMTPSA (unknown [203.0.113.66]) by mx.our.example"),
          NULL },
        /* somebody else's server: his users are not ours */
        { HOP("by mx.remote.example (Postfix, from userid 33) id 1"), NULL },
        { HOP("from pc (unknown [203.0.113.66]) by mx.remote.example with ESMTPSA")
              HOP("by mx.our.example (Postfix, from userid 33) id 1"),
          NULL },
        { HOP("by mx.our.example.net (Postfix, from userid 33) id 1"), NULL },
    };
    scene s = scene_new();
    static const char *const hosts[] = { "192.0.2.0/28", "mx.our.example", "mx.provider.example" };
    for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
        assert_int_equal(BACKSTOP_OK,
                         backstop_site_add_outbound_host(s.site, hosts[i], false, NULL));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *header = g_strconcat(PATH_FIELD, cases[i].header, MAIL_FIELDS, NULL);
        check_silent(&s, PARTS(.header = header), cases[i].why, __LINE__);
    }
    /* a host that may send without login, which our server sees at a public address */
    static const char natted[] =
        PATH_FIELD HOP("from pc (unknown [203.0.113.66]) by mx.our.example with ESMTP") MAIL_FIELDS;
    check_silent(&s, PARTS(.header = natted), NULL, __LINE__);
    assert_int_equal(BACKSTOP_OK,
                     backstop_site_add_internal_network(s.site, "203.0.113.64/26", NULL));
    check_silent(&s, PARTS(.header = natted), within, __LINE__);
    scene_free(&s);
}

static void test_absence_with_unknown_exits(void **state)
{
    (void)state;
    scene s = scene_new();
    backstop_site_set_unknown_exits(s.site, true);
    check_silent(&s, USUAL, "ways that nobody configured", __LINE__);
    backstop_site_set_unknown_exits(s.site, false);
    check_silent(&s, USUAL, NULL, __LINE__);
    scene_free(&s);
}

static const char *domain_name_of(const scene *s, const char *to)
{
    session x = session_open(s, notice_text(PARTS(.to = to)), 0);
    const char *name = x.h->domain == NULL ? "" : x.h->domain->name;
    session_close(&x);
    return name;
}

static void test_domain(void **state)
{
    (void)state;
    scene s = scene_new();
    backstop_domain *open;
    backstop_domain_set_closed(s.domain, true);
    assert_int_equal(BACKSTOP_OK, backstop_site_add_domain(s.site, "open.example", &open, NULL));
    assert_string_equal("our.example", domain_name_of(&s, "alice@our.example"));
    assert_string_equal("open.example", domain_name_of(&s, "alice@open.example"));
    assert_string_equal("open.example",
                        domain_name_of(&s, "alice@our.example, carol@open.example"));
    assert_string_equal("our.example", domain_name_of(&s, "a@elsewhere.example"));
    scene_free(&s);
}

/* Another message beside the returned one is asked about by itself. */
static void test_other_messages(void **state)
{
    (void)state;
    scene s = scene_new();
    char *text = notice_text(PARTS(.report = "X-Postfix-Sender: rfc822; dora@our.example\n",
                                   .more = "--b\nContent-Type: message/rfc822\n\nReturn-Path: "
                                           "<eve@our.example>\nFrom: fred@our.example\n"
                                           "Message-ID: <2@our.example>\nSubject: x\n\nHello\n"));
    session x = session_open(&s, text, 1);
    check_list(x.h->senders, "alice@our.example eve@our.example fred@our.example", __LINE__);
    check_list(x.h->message_ids, "<2@our.example>", __LINE__);
    assert_string_equal("fred@our.example", x.h->from);
    assert_false(x.h->is_complete);
    assert_int_equal(0, x.h->hops->len);
    session_close(&x);
    scene_free(&s);
}

/* Nothing that mail names makes a hearing large. */
static void test_bounds(void **state)
{
    (void)state;
    scene s = scene_new();
    GString *all = g_string_new(NULL);
    for (unsigned i = 0; i < 3000; i++) {
        g_string_append_printf(all,
                               "bob%u@remote.example\nAction: failed\nStatus: 5.1.1\n\n"
                               "Final-Recipient: rfc822; ",
                               i);
    }
    g_string_append(all, "z@remote.example");
    const char *rcpt[100];
    for (unsigned i = 0; i < 100; i++) {
        rcpt[i] = g_strdup_printf("a%u+x@our.example", i);
    }
    const backstop_envelope envelope = { .recipients = rcpt, .recipient_count = 100 };
    s.envelope = &envelope;
    session x = session_open(&s, notice_text(PARTS(.recipient = all->str)), 0);
    assert_int_equal(HEARING_RECIPIENTS_MAX, x.h->recipients->len);
    assert_in_range(x.h->notified->len, 2, HEARING_NOTIFIED_MAX);
    assert_int_equal(HEARING_SENDERS_MAX, x.h->senders->len);
    session_close(&x);
    for (unsigned i = 0; i < 100; i++) {
        g_free((char *)rcpt[i]);
    }
    g_string_free(all, TRUE);
    scene_free(&s);
    hearing_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_senders),
        cmocka_unit_test(test_envelope_counts_first),
        cmocka_unit_test(test_without_domains_all_are_ours),
        cmocka_unit_test(test_recipients),
        cmocka_unit_test(test_automatic_replies),
        cmocka_unit_test(test_lists_behind_their_managers),
        cmocka_unit_test(test_message_ids),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_absence),
        cmocka_unit_test(test_absence_in_a_foreign_name),
        cmocka_unit_test(test_absence_where_we_report),
        cmocka_unit_test(test_absence_with_unknown_exits),
        cmocka_unit_test(test_domain),
        cmocka_unit_test(test_other_messages),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
