/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A small site with its keys and its store, and notices about mail of alice@our.example to
 * bob@remote.example, to put before single witnesses. To be included after <cmocka.h>.
 */
#ifndef BACKSTOP_TESTS_UNIT_WITNESS_FIXTURE_H
#define BACKSTOP_TESTS_UNIT_WITNESS_FIXTURE_H

#include "message/message.h"
#include "notice/notice.h"
#include "proof/keys.h"
#include "proof/tag.h"
#include "store/ledger.h"
#include "witness/witness.h"

#include <backstop/sign.h>

#include <string.h>

#define MAIL_DATE "Mon, 23 Nov 2026 20:24:50 +0000"
enum { MAIL_SEC = 1795465490, HOUR_SEC = 3600, DAY_SEC = 86400, NOW_SEC = MAIL_SEC + HOUR_SEC };

/* The returned header, from the top. */
#define PATH_FIELD "Return-Path: <alice@our.example>\n"
#define HOP_FIELD                                                                                  \
    "Received: from out.our.example (out.our.example [192.0.2.5]) by mx.remote.example with "      \
    "ESMTP; " MAIL_DATE "\n"
#define MAIL_FIELDS                                                                                \
    "From: Alice <alice@our.example>\nTo: bob@remote.example\nSubject: Offer\nDate: " MAIL_DATE    \
    "\nMessage-ID: <1@our.example>\nX-Mailer: mailer\n"
#define MAIL_HEADER PATH_FIELD HOP_FIELD MAIL_FIELDS

/* What a notice is made of; NULL: the usual. */
typedef struct notice_parts {
    const char *header;    /* the returned one */
    const char *from, *to; /* the notice's own */
    const char *top;       /* more fields of its own */
    const char *action;    /* "failed" */
    const char *recipient; /* "bob@remote.example" */
    const char *report;    /* more fields of the report */
    const char *arrival;   /* MAIL_DATE; empty: none */
    const char *body;      /* of the returned mail */
    const char *more;      /* parts behind it */
} notice_parts;

static inline const char *or_usual(const char *text, const char *usual)
{
    return text == NULL ? usual : text;
}

static inline char *notice_text(notice_parts p)
{
    const char *arrival = or_usual(p.arrival, MAIL_DATE);
    return g_strconcat(
        "Return-Path: <>\nFrom: ", or_usual(p.from, "MAILER-DAEMON@mx.remote.example"),
        "\nTo: ", or_usual(p.to, "alice@our.example"), "\n", or_usual(p.top, ""),
        "Subject: Undelivered Mail Returned to Sender\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\n\nYour message could not be delivered.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.remote.example\n",
        arrival[0] == '\0' ? "" : "Arrival-Date: ", arrival, arrival[0] == '\0' ? "" : "\n",
        or_usual(p.report, ""), "\nFinal-Recipient: rfc822; ",
        or_usual(p.recipient, "bob@remote.example"), "\nAction: ", or_usual(p.action, "failed"),
        "\nStatus: 5.1.1\n\n--b\nContent-Type: message/rfc822\n\n", or_usual(p.header, MAIL_HEADER),
        "\n", or_usual(p.body, "Hi\n"), "\n", or_usual(p.more, ""), "--b--\n", NULL);
}

typedef struct scene {
    backstop_site *site;
    backstop_domain *domain; /* our.example */
    backstop_keys *keys;
    backstop_store *store; /* NULL until scene_open_store() */
    int64_t now_sec;
    const backstop_envelope *envelope; /* of the notices; may be NULL */
} scene;

/* Keys t1 (retired), t2 and t3 (the newest) for tags, one for the ledger, one for BATV. */
#define SCENE_KEYS                                                                                 \
    "version 1\n"                                                                                  \
    "t1 1790000000 1795400000 tag MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"                  \
    "t2 1791000000 - tag MTEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"                           \
    "t3 1792000000 - tag MjEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"                           \
    "l1 1790000000 - ledger MzEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"                        \
    "p1 1790000000 - prvs0 NDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"

static inline backstop_keys *scene_read_keys(const char *text)
{
    backstop_keys *keys;
    backstop_error error = { "" };
    if (keys_read(span_from_string(text), "keys", &keys, &error) != BACKSTOP_OK) {
        fail_msg("%s", error.text);
    }
    return keys;
}

static inline scene scene_new(void)
{
    scene s = { .now_sec = NOW_SEC, .keys = scene_read_keys(SCENE_KEYS) };
    s.site = backstop_site_new();
    assert_int_equal(BACKSTOP_OK, backstop_site_add_domain(s.site, "our.example", &s.domain, NULL));
    return s;
}

static inline void scene_free(scene *s)
{
    backstop_store_close(s->store);
    backstop_keys_free(s->keys);
    backstop_site_free(s->site);
}

/* A store in memory for the scene. */
static inline void scene_open_store(scene *s)
{
    backstop_error error = { "" };
    if (backstop_store_open(NULL, s->keys, &s->store, &error) != BACKSTOP_OK) {
        fail_msg("%s", error.text);
    }
}

/* Records a mail of `sender` to `recipient`, as it leaves. */
static inline void scene_record_as(const scene *s, const char *sender, const char *recipient,
                                   const char *message_id, int64_t sent_sec, bool has_batv)
{
    span to = span_from_string(recipient);
    const ledger_mail mail = { .message_id = span_from_string(message_id),
                               .sender = span_from_string(sender),
                               .recipients = &to,
                               .recipient_count = 1,
                               .has_batv = has_batv };
    assert_int_equal(BACKSTOP_OK, ledger_record(s->store, &mail, sent_sec, NULL));
}

static inline void scene_record(const scene *s, const char *sender, const char *recipient,
                                const char *message_id, int64_t sent_sec)
{
    scene_record_as(s, sender, recipient, message_id, sent_sec, false);
}

static inline void scene_count_returns(const scene *s, const char *recipient, bool is_stranger,
                                       unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(BACKSTOP_OK, ledger_count_return(s->store, SPAN("<1@our.example>"),
                                                          span_from_string(recipient), is_stranger,
                                                          s->now_sec, NULL));
    }
}

/* The value of a tag for a mail of `sender` with these fields, made at `time_sec`. */
static inline char *scene_tag(const scene *s, const char *key_id, int64_t time_sec,
                              const char *sender, const char *fields)
{
    static const unsigned char nonce[TAG_NONCE_BYTES] = "0123456789a";
    bool is_retired;
    const key *k = keys_to_verify(s->keys, KEY_TAG, span_from_string(key_id), 0, &is_retired);
    GStringChunk *strings = g_string_chunk_new(256);
    GString *value = g_string_new(NULL);
    backstop_message *message;
    tag_mail mail;
    assert_non_null(k);
    assert_int_equal(BACKSTOP_OK, backstop_message_read(fields, strlen(fields), NULL, &message));
    tag_mail_read(message_header(message), strings, &mail);
    tag_write(TAG_ORIGIN, k, time_sec, nonce, span_from_string(sender), &mail, value);
    backstop_message_free(message);
    g_string_chunk_free(strings);
    return g_string_free(value, FALSE);
}

/* What one witness says of returned message `which`. */
static inline evidence scene_ask_about(const scene *s, const char *name, const char *text,
                                       unsigned which)
{
    evidence said = { .witness = name };
    backstop_message *message;
    g_autofree char *exact = g_memdup2(text, strlen(text)); /* a read past it is seen */
    assert_int_equal(BACKSTOP_OK,
                     backstop_message_read(exact, strlen(text), s->envelope, &message));
    backstop_notice *notice = backstop_notice_read(message);
    assert_int_not_equal(BACKSTOP_KIND_NONE, notice->kind);
    hearing *h = hearing_open(notice, which, s->site, s->keys, s->store, s->now_sec);
    bool is_known = false;
    for (size_t i = 0; i < witness_count; i++) {
        if (strcmp(witnesses[i].name, name) == 0) {
            witnesses[i].testify(h, &said);
            is_known = true;
        }
    }
    assert_true(is_known);
    hearing_close(h);
    backstop_notice_free(notice);
    backstop_message_free(message);
    assert_true(g_utf8_validate(said.why, -1, NULL));
    assert_true(said.claim == BACKSTOP_CLAIM_NONE || said.why[0] != '\0');
    assert_false(said.is_absence && said.claim != BACKSTOP_CLAIM_FORGED);
    return said;
}

/* "genuine proof", "forged likely"; "" for nothing, "silent" for a witness that could not answer.
 */
static inline const char *evidence_text(const evidence *e)
{
    static const char *const texts[][4] = {
        [BACKSTOP_CLAIM_GENUINE] = { "genuine?", "genuine hint", "genuine likely",
                                     "genuine proof" },
        [BACKSTOP_CLAIM_FORGED] = { "forged?", "forged hint", "forged likely", "forged proof" },
    };
    if (e->claim == BACKSTOP_CLAIM_NONE) {
        return e->why[0] == '\0' ? "" : "silent";
    }
    return texts[e->claim][e->strength];
}

/* `why`: something that its sentence must say; NULL: anything. */
static inline void scene_expect_text(const scene *s, const char *name, const char *text,
                                     const char *expected, const char *why, const char *where,
                                     int line)
{
    evidence said = scene_ask_about(s, name, text, 0);
    if (strcmp(evidence_text(&said), expected) != 0 ||
        (why != NULL && strstr(said.why, why) == NULL)) {
        print_error("%s:%d: %s says \"%s\" (%s), not \"%s\"\n%s\n", where, line, name,
                    evidence_text(&said), said.why, expected, text);
        fail();
    }
}

static inline void scene_expect_parts(const scene *s, const char *name, notice_parts parts,
                                      const char *expected, const char *why, const char *where,
                                      int line)
{
    g_autofree char *text = notice_text(parts);
    scene_expect_text(s, name, text, expected, why, where, line);
}

#define EXPECT_TEXT(s, name, text, expected, why)                                                  \
    scene_expect_text(s, name, text, expected, why, __FILE__, __LINE__)
#define EXPECT(s, name, parts, expected, why)                                                      \
    scene_expect_parts(s, name, parts, expected, why, __FILE__, __LINE__)
#define USUAL ((notice_parts){ .header = NULL })
#define PARTS(...) ((notice_parts){ __VA_ARGS__ })

#endif
