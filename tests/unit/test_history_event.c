/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What a judged notice becomes in the history; above all whether a missing tag is explained. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "witness_fixture.h"

#include "app/history_event.h"

/* What is asked of an event, copied out of it. */
typedef struct told {
    backstop_verdict verdict;
    char *by, *kind, *reason, *path, *message_id;
    bool has_genuine_witness, has_tag, is_explained, has_explanation;
} told;

static told tell(const scene *s, const char *text, int64_t tagged_since_sec)
{
    backstop_message *message;
    assert_int_equal(backstop_message_read(text, strlen(text), NULL, &message), BACKSTOP_OK);
    backstop_notice *notice = backstop_notice_read(message);
    backstop_judgement *j = backstop_judge(notice, s->site, s->keys, s->store, s->now_sec);
    backstop_event event = { .queue_id = "Q", .when_sec = 5 };
    history_event_fill(&event, notice, j, tagged_since_sec);
    assert_string_equal(event.queue_id, "Q");
    assert_int_equal(event.when_sec, 5);
    told t = {
        .verdict = event.verdict,
        .by = g_strdup(event.by),
        .kind = g_strdup(event.kind),
        .reason = g_strdup(event.reason),
        .path = g_strdup(event.outbound_path),
        .message_id = g_strdup(event.message_id),
        .has_genuine_witness = event.has_genuine_witness,
        .has_tag = event.has_tag,
        .is_explained = event.is_explained,
        .has_explanation = event.explanation[0] != '\0',
    };
    backstop_judgement_free(j);
    backstop_notice_free(notice);
    backstop_message_free(message);
    return t;
}

static void told_free(told *t)
{
    g_free(t->by);
    g_free(t->kind);
    g_free(t->reason);
    g_free(t->path);
    g_free(t->message_id);
}

/* The path of a notice that returns these Received fields. */
static void check_path(const char *hops, const char *expected)
{
    scene s = scene_new();
    g_autofree char *header = g_strconcat(PATH_FIELD, hops, MAIL_FIELDS, NULL);
    g_autofree char *text = notice_text((notice_parts){ .header = header });
    told t = tell(&s, text, 0);
    if (g_strcmp0(t.path, expected) != 0) {
        fail_msg("%s instead of %s: %s", t.path, expected, hops);
    }
    told_free(&t);
    scene_free(&s);
}

static void test_path(void **state)
{
    (void)state;
    check_path(HOP_FIELD, "192.0.2.5");
    /* Inside of the other side first. */
    check_path("Received: from mx.remote.example (mx.remote.example [10.0.0.1]) by "
               "store.remote.example; " MAIL_DATE "\n"
               "Received: from localhost by mx.remote.example; " MAIL_DATE "\n" HOP_FIELD,
               "192.0.2.5");
    check_path("Received: from web.our.example by mx.remote.example; " MAIL_DATE "\n",
               "web.our.example");
    check_path("", NULL);
}

/* A scene in which the path tells that the mail is ours. */
static scene scene_with_path(void)
{
    scene s = scene_new();
    assert_int_equal(BACKSTOP_OK,
                     backstop_site_add_outbound_host(s.site, "192.0.2.5", false, NULL));
    return s;
}

static void test_untagged(void **state)
{
    (void)state;
    scene s = scene_with_path();
    g_autofree char *text = notice_text((notice_parts){ 0 });
    told t = tell(&s, text, MAIL_SEC - DAY_SEC);
    assert_int_equal(t.verdict, BACKSTOP_VERDICT_GENUINE);
    assert_string_equal(t.by, "path");
    assert_string_equal(t.kind, "failure");
    assert_string_equal(t.reason, "user_unknown");
    assert_string_equal(t.path, "192.0.2.5");
    assert_string_equal(t.message_id, "<1@our.example>");
    assert_true(t.has_explanation);
    assert_true(t.has_genuine_witness);
    assert_false(t.has_tag);
    assert_false(t.is_explained);
    told_free(&t);
    t = tell(&s, text, MAIL_SEC);
    assert_false(t.is_explained);
    told_free(&t);
    /* It left before mail was tagged. */
    t = tell(&s, text, MAIL_SEC + 1);
    assert_true(t.is_explained);
    told_free(&t);
    scene_free(&s);
}

/* Mail that is in the ledger with its recipient passed Backstop; one by Message-ID alone may not
 * have. */
static void test_recorded(void **state)
{
    (void)state;
    scene s = scene_with_path();
    scene_open_store(&s);
    g_autofree char *text = notice_text((notice_parts){ 0 });
    scene_record(&s, "alice@our.example", "eve@remote.example", "<1@our.example>", MAIL_SEC);
    told t = tell(&s, text, 0);
    assert_true(t.has_genuine_witness);
    assert_false(t.is_explained);
    told_free(&t);
    scene_record(&s, "alice@our.example", "bob@remote.example", "<1@our.example>", MAIL_SEC);
    t = tell(&s, text, 0);
    assert_true(t.has_genuine_witness);
    assert_false(t.has_tag);
    assert_true(t.is_explained);
    told_free(&t);
    scene_free(&s);
}

/* Where not all of the header came back, a tag may have been there. */
static void test_not_complete(void **state)
{
    (void)state;
    scene s = scene_new();
    scene_open_store(&s);
    scene_record(&s, "alice@our.example", "eve@remote.example", "<1@our.example>", MAIL_SEC);
    g_autofree char *text = notice_text(
        (notice_parts){ .header = "From: alice@our.example\nMessage-ID: <1@our.example>\n" });
    told t = tell(&s, text, 0);
    assert_true(t.has_genuine_witness);
    assert_false(t.has_tag);
    assert_true(t.is_explained);
    told_free(&t);
    scene_free(&s);
}

static void test_tag_of_unknown_key(void **state)
{
    (void)state;
    scene s = scene_with_path();
    g_autofree char *text = notice_text((notice_parts){
        .header = PATH_FIELD HOP_FIELD
        "Backstop-Tag: v=1; k=other; t=1795465490; n=AAAAAAAAAAAAAAAA; a=AAAAAAAAAAAAAAAAAAAAAA; "
        "h=AAAAAAAAAAAAAAAAAAAAAA\n" MAIL_FIELDS });
    told t = tell(&s, text, 0);
    assert_true(t.has_genuine_witness);
    assert_false(t.has_tag);
    assert_true(t.is_explained);
    told_free(&t);
    scene_free(&s);
}

static void test_tagged(void **state)
{
    (void)state;
    static const char *const recipients[] = { "bob@remote.example" };
    static const char mail[] = MAIL_FIELDS "\nHi\n";
    const backstop_envelope envelope = { .mail_from = "alice@our.example",
                                         .recipients = recipients,
                                         .recipient_count = 1 };
    scene s = scene_new();
    backstop_message *message;
    backstop_signature *signature;
    assert_int_equal(backstop_message_read(mail, strlen(mail), &envelope, &message), BACKSTOP_OK);
    assert_int_equal(backstop_sign(message, s.keys, NULL, NULL, MAIL_SEC, &signature, NULL),
                     BACKSTOP_OK);
    g_autofree char *header =
        g_strconcat(PATH_FIELD HOP_FIELD, backstop_signature_field_name(signature, 0), ": ",
                    backstop_signature_field_value(signature, 0), "\n" MAIL_FIELDS, NULL);
    g_autofree char *text = notice_text((notice_parts){ .header = header });
    told t = tell(&s, text, 0);
    assert_int_equal(t.verdict, BACKSTOP_VERDICT_GENUINE);
    assert_string_equal(t.by, "tag");
    assert_true(t.has_genuine_witness);
    assert_true(t.has_tag);
    told_free(&t);
    backstop_signature_free(signature);
    backstop_message_free(message);
    scene_free(&s);
}

static void test_no_witness(void **state)
{
    (void)state;
    scene s = scene_new();
    g_autofree char *text = notice_text((notice_parts){ 0 });
    told t = tell(&s, text, 0);
    assert_int_equal(t.verdict, BACKSTOP_VERDICT_UNVERIFIED);
    assert_null(t.by);
    assert_false(t.has_genuine_witness);
    told_free(&t);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path),         cmocka_unit_test(test_untagged),
        cmocka_unit_test(test_not_complete), cmocka_unit_test(test_tag_of_unknown_key),
        cmocka_unit_test(test_tagged),       cmocka_unit_test(test_no_witness),
        cmocka_unit_test(test_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
