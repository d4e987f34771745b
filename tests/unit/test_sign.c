/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Signing mail that leaves: what is added, what is remembered, and what happens if that fails. */
#include "message/message.h"
#include "proof/prvs.h"
#include "proof/tag.h"
#include "store/ledger.h"

#include <backstop/sign.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1795465490)
#define DAY INT64_C(86400)
#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define OTHER_SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh4="
#define KEY_FILE                                                                                   \
    "version 1\n"                                                                                  \
    "t1 1000 - tag " SECRET "\n"                                                                   \
    "p1 1000 - prvs3 " SECRET "\n"                                                                 \
    "l1 1000 - ledger " OTHER_SECRET "\n"

#define MAIL                                                                                       \
    "From: Alice <alice@our.example>\n"                                                            \
    "To: bob@remote.example\n"                                                                     \
    "Subject: Offer\n"                                                                             \
    "Message-ID: <1@our.example>\n"                                                                \
    "\n"                                                                                           \
    "Hello\n"

static const char *const one_recipient[] = { "Bob@Remote.example" };

/* What every test uses. */
typedef struct desk {
    backstop_keys *keys;
    backstop_store *store; /* in memory */
    backstop_error error;
} desk;

static backstop_keys *read_keys(const char *text)
{
    backstop_keys *keys;
    assert_int_equal(keys_read(span_from_string(text), "keys", &keys, NULL), BACKSTOP_OK);
    return keys;
}

static int open_desk(void **state)
{
    desk *d = g_new0(desk, 1);
    d->keys = read_keys(KEY_FILE);
    *state = d;
    return backstop_store_open(NULL, d->keys, &d->store, &d->error) == BACKSTOP_OK ? 0 : 1;
}

static int close_desk(void **state)
{
    desk *d = *state;
    backstop_store_close(d->store);
    backstop_keys_free(d->keys);
    g_free(d);
    return 0;
}

static backstop_message *read_mail(const char *text, const char *sender)
{
    const backstop_envelope envelope = {
        .mail_from = sender,
        .recipients = one_recipient,
        .recipient_count = 1,
    };
    backstop_message *message;
    assert_int_equal(backstop_message_read(text, strlen(text), &envelope, &message), BACKSTOP_OK);
    return message;
}

/* Signs with the desk's keys and store, which must work. */
static backstop_signature *sign(desk *d, const char *text, const char *sender, int64_t now_sec)
{
    backstop_message *message = read_mail(text, sender);
    backstop_signature *signature;
    backstop_status status =
        backstop_sign(message, d->keys, d->store, "mx.our.example", now_sec, &signature, &d->error);
    if (status != BACKSTOP_OK) {
        fail_msg("%s", d->error.text);
    }
    backstop_message_free(message);
    return signature;
}

/* The mail with its new fields on top. */
static char *put_on_top(const backstop_signature *signature, const char *text)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < backstop_signature_field_count(signature); i++) {
        g_string_append_printf(out, "%s: %s\n", backstop_signature_field_name(signature, i),
                               backstop_signature_field_value(signature, i));
    }
    g_string_append(out, text);
    return g_string_free(out, FALSE);
}

/* Whether the topmost tag of a mail is ours and bound to it. */
static bool is_proof(const desk *d, const char *text, const char *sender)
{
    backstop_message *message = read_mail(text, sender);
    GStringChunk *strings = g_string_chunk_new(256);
    tag_mail mail;
    tag t;
    bool is_retired;
    tag_mail_read(message_header(message), strings, &mail);
    bool is_read = tag_read(TAG_ORIGIN, field_value(message_header(message), TAG_FIELD_NAME), &t);
    const key *k =
        is_read ? keys_to_verify(d->keys, KEY_TAG, span_from_string(t.key_id), NOW, &is_retired)
                : NULL;
    bool is_bound =
        k != NULL && tag_is_ours(&t, k) && tag_is_bound(&t, k, span_from_string(sender), &mail);
    g_string_chunk_free(strings);
    backstop_message_free(message);
    return is_bound;
}

static ledger_answer ask(desk *d, const char *sender, const char *id, const char *recipient)
{
    const span senders[] = { span_from_string(sender) };
    const span ids[] = { span_from_string(id) };
    const span recipients[] = { span_from_string(recipient) };
    ledger_answer answer;
    assert_int_equal(
        ledger_find(d->store, senders, 1, ids, 1, recipients, 1, NOW, &answer, &d->error),
        BACKSTOP_OK);
    return answer;
}

static void test_signed(void **state)
{
    desk *d = *state;
    backstop_signature *signature = sign(d, MAIL, "Alice@our.example", NOW);
    assert_int_equal(backstop_signature_result(signature), BACKSTOP_SIGNED);
    assert_int_equal(backstop_signature_field_count(signature), 1);
    assert_string_equal(backstop_signature_field_name(signature, 0), "Backstop-Tag");
    assert_true(g_str_has_prefix(backstop_signature_field_value(signature, 0),
                                 "v=1; k=t1; t=1795465490; n="));
    assert_null(backstop_signature_field_name(signature, 1));
    assert_null(backstop_signature_field_value(signature, 1));
    g_autofree char *text = put_on_top(signature, MAIL);
    assert_true(is_proof(d, text, "alice@our.example"));
    assert_false(is_proof(d, text, "carol@our.example"));
    backstop_signature_free(signature);
    backstop_signature_free(NULL);

    ledger_answer answer = ask(d, "alice@our.example", "<1@our.example>", "bob@remote.example");
    assert_true(answer.knows_message && answer.knows_delivery && answer.knows_pair);
    answer = ask(d, "alice@our.example", "<2@our.example>", "carol@remote.example");
    assert_false(answer.knows_message || answer.knows_delivery || answer.knows_pair);
    int64_t since;
    assert_int_equal(ledger_since(d->store, SPAN("our.example"), SINCE_TAGGED, &since, NULL),
                     BACKSTOP_OK);
    assert_true(since == NOW);
    assert_int_equal(ledger_since(d->store, SPAN("alice@our.example"), SINCE_BATV, &since, NULL),
                     BACKSTOP_OK);
    assert_true(since == 0);
}

static void test_two_nonces(void **state)
{
    desk *d = *state;
    backstop_signature *one = sign(d, MAIL, "alice@our.example", NOW);
    backstop_signature *other = sign(d, MAIL, "alice@our.example", NOW);
    assert_string_not_equal(backstop_signature_field_value(one, 0),
                            backstop_signature_field_value(other, 0));
    backstop_signature_free(one);
    backstop_signature_free(other);
}

static void check_made_id(desk *d, const char *host, const char *sender, const char *right_side)
{
    static const char text[] = "From: alice@our.example\nMessage-ID: \nSubject: x\n\n";
    backstop_message *message = read_mail(text, sender);
    backstop_signature *signature;
    assert_int_equal(backstop_sign(message, d->keys, d->store, host, NOW, &signature, NULL),
                     BACKSTOP_OK);
    backstop_message_free(message);
    assert_int_equal(backstop_signature_field_count(signature), 2);
    assert_string_equal(backstop_signature_field_name(signature, 0), "Backstop-Tag");
    assert_string_equal(backstop_signature_field_name(signature, 1), "Message-ID");
    const char *id = backstop_signature_field_value(signature, 1);
    if (id[0] != '<' || !g_str_has_suffix(id, right_side) || strlen(id) < 30) {
        fail_msg("%s", id);
    }
    g_autofree char *all = put_on_top(signature, text);
    assert_true(is_proof(d, all, sender));
    assert_true(ask(d, sender, id, "bob@remote.example").knows_delivery);
    backstop_signature_free(signature);
}

static void test_missing_message_id(void **state)
{
    desk *d = *state;
    check_made_id(d, "MX.our.example.", "alice@our.example", ".1795465490@mx.our.example>");
    check_made_id(d, NULL, "alice@our.example", ".1795465490@our.example>");
    check_made_id(d, "", "alice@our.example", ".1795465490@our.example>");
    check_made_id(d, "evil>\r\nBcc: all@x", "alice@our.example", ".1795465490@our.example>");
    check_made_id(d,
                  "b\xc3\xbc"
                  "cher.example",
                  "alice@our.example", "@xn--bcher-kva.example>");
    check_made_id(d, NULL, "alice", ".1795465490@localhost>");
    check_made_id(d, "a b", "alice@[192.0.2.1]", ".1795465490@localhost>");
}

/* The first one counts, as it will when the mail comes back. */
static void test_two_message_ids(void **state)
{
    desk *d = *state;
    static const char text[] = "Message-ID: <1@our.example>\nMessage-ID: <2@our.example>\n\n";
    backstop_signature *signature = sign(d, text, "alice@our.example", NOW);
    assert_int_equal(backstop_signature_field_count(signature), 1);
    backstop_signature_free(signature);
    assert_true(ask(d, "alice@our.example", "<1@our.example>", "").knows_message);
    assert_false(ask(d, "alice@our.example", "<2@our.example>", "").knows_message);
}

static void check_not_signed(desk *d, const char *text, const char *sender,
                             backstop_sign_result expected)
{
    backstop_signature *signature = sign(d, text, sender, NOW);
    if (backstop_signature_result(signature) != expected) {
        fail_msg("from \"%s\":\n%s\n gives %d", sender, text,
                 (int)backstop_signature_result(signature));
    }
    assert_int_equal(backstop_signature_field_count(signature),
                     expected == BACKSTOP_SIGNED ? 1 : 0);
    backstop_signature_free(signature);
}

static void test_null_sender(void **state)
{
    desk *d = *state;
    check_not_signed(d, MAIL, "", BACKSTOP_SIGN_NULL_SENDER);
    check_not_signed(d, MAIL, " ", BACKSTOP_SIGN_NULL_SENDER);
    assert_false(ask(d, "", "<1@our.example>", "bob@remote.example").knows_elsewhere);
}

static void test_signed_already(void **state)
{
    desk *d = *state;
    backstop_signature *signature = sign(d, MAIL, "alice@our.example", NOW - DAY);
    g_autofree char *text = put_on_top(signature, MAIL);
    const char *value = backstop_signature_field_value(signature, 0);
    check_not_signed(d, text, "alice@our.example", BACKSTOP_SIGN_ALREADY);
    /* below others' tags, up to the fourth */
    g_autofree char *fourth =
        g_strconcat("Backstop-Tag: a\nBackstop-Tag: b\nBackstop-Tag: c\n", text, NULL);
    check_not_signed(d, fourth, "alice@our.example", BACKSTOP_SIGN_ALREADY);
    g_autofree char *fifth = g_strconcat("Backstop-Tag: z\n", fourth, NULL);
    check_not_signed(d, fifth, "alice@our.example", BACKSTOP_SIGNED);
    /* The sender or the mail was rewritten since, or the tag is of another mail. */
    check_not_signed(d, text, "list-bounces@our.example", BACKSTOP_SIGNED);
    g_autofree char *other = g_strdup_printf("Backstop-Tag: %s\nSubject: x\n"
                                             "Message-ID: <2@our.example>\n\n",
                                             value);
    check_not_signed(d, other, "alice@our.example", BACKSTOP_SIGNED);
    g_autofree char *inside = g_strdup_printf(MAIL "\nBackstop-Tag: %s\n", value);
    check_not_signed(d, inside, "alice@our.example", BACKSTOP_SIGNED);
    backstop_signature_free(signature);
}

/* The clock jumps: a tag that is too old, or of a time that is yet to come, does not count. */
static void test_tag_out_of_time(void **state)
{
    desk *d = *state;
    static const struct {
        int64_t signed_sec;
        backstop_sign_result expected;
    } cases[] = {
        { NOW - TAG_LIFETIME_SEC + 1, BACKSTOP_SIGN_ALREADY },
        { NOW - TAG_LIFETIME_SEC, BACKSTOP_SIGNED },
        { NOW + TAG_SKEW_SEC, BACKSTOP_SIGN_ALREADY },
        { NOW + TAG_SKEW_SEC + 1, BACKSTOP_SIGNED },
        { NOW + 365 * DAY, BACKSTOP_SIGNED },
        { -5, BACKSTOP_SIGNED }, /* a clock before 1970 signs as of 1970 */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        backstop_signature *signature = sign(d, MAIL, "alice@our.example", cases[i].signed_sec);
        g_autofree char *text = put_on_top(signature, MAIL);
        backstop_signature_free(signature);
        assert_true(is_proof(d, text, "alice@our.example"));
        check_not_signed(d, text, "alice@our.example", cases[i].expected);
    }
}

static void test_other_keys(void **state)
{
    desk *d = *state;
    backstop_signature *signature = sign(d, MAIL, "alice@our.example", NOW);
    g_autofree char *text = put_on_top(signature, MAIL);
    backstop_signature_free(signature);
    static const char *const files[] = {
        /* retired; another secret; another id; not ours at all */
        "version 1\nt1 1000 1795465490 tag " SECRET "\nt2 2000 - tag " OTHER_SECRET "\n",
        "version 1\nt1 1000 - tag " OTHER_SECRET "\n",
        "version 1\nt2 1000 - tag " SECRET "\n",
        "version 1\nt1 1000 - prvs1 " SECRET "\nt2 1000 - tag " OTHER_SECRET "\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        backstop_keys *keys = read_keys(files[i]);
        backstop_message *message = read_mail(text, "alice@our.example");
        assert_int_equal(backstop_sign(message, keys, NULL, NULL, NOW, &signature, NULL),
                         BACKSTOP_OK);
        if (backstop_signature_result(signature) != BACKSTOP_SIGNED) {
            fail_msg("%s", files[i]);
        }
        backstop_signature_free(signature);
        backstop_message_free(message);
        backstop_keys_free(keys);
    }
}

/* What goes to more recipients later is remembered with them too. */
static void test_remembered_again(void **state)
{
    desk *d = *state;
    static const char *const others[] = { "carol@remote.example", "dave@remote.example" };
    backstop_signature *signature = sign(d, MAIL, "alice@our.example", NOW);
    g_autofree char *text = put_on_top(signature, MAIL);
    backstop_signature_free(signature);
    const backstop_envelope envelope = { NULL, NULL, "alice@our.example", others, 2 };
    backstop_message *message;
    assert_int_equal(backstop_message_read(text, strlen(text), &envelope, &message), BACKSTOP_OK);
    assert_int_equal(backstop_sign(message, d->keys, d->store, NULL, NOW, &signature, NULL),
                     BACKSTOP_OK);
    assert_int_equal(backstop_signature_result(signature), BACKSTOP_SIGN_ALREADY);
    backstop_signature_free(signature);
    backstop_message_free(message);
    assert_true(
        ask(d, "alice@our.example", "<1@our.example>", "bob@remote.example").knows_delivery);
    assert_true(
        ask(d, "alice@our.example", "<1@our.example>", "dave@remote.example").knows_delivery);
}

static void test_batv_sender(void **state)
{
    desk *d = *state;
    g_autoptr(GString) batv = g_string_new(NULL);
    assert_true(prvs_write(d->keys, NOW, SPAN("alice@our.example"), PRVS_PREFIX, batv));
    backstop_signature *signature = sign(d, MAIL, batv->str, NOW);
    g_autofree char *text = put_on_top(signature, MAIL);
    backstop_signature_free(signature);
    assert_true(is_proof(d, text, "alice@our.example"));
    assert_true(ask(d, "alice@our.example", "<1@our.example>", "").knows_message);
    int64_t since;
    assert_int_equal(ledger_since(d->store, SPAN("alice@our.example"), SINCE_BATV, &since, NULL),
                     BACKSTOP_OK);
    assert_true(since == NOW);
    /* Somebody else's signature is part of the address. */
    signature = sign(d, MAIL, "prvs=3787000000=alice@our.example", NOW);
    g_autofree char *foreign = put_on_top(signature, MAIL);
    backstop_signature_free(signature);
    assert_true(is_proof(d, foreign, "prvs=3787000000=alice@our.example"));
}

static void test_no_envelope(void **state)
{
    desk *d = *state;
    backstop_message *message;
    backstop_signature *signature = (backstop_signature *)d;
    assert_int_equal(backstop_message_read(MAIL, strlen(MAIL), NULL, &message), BACKSTOP_OK);
    assert_int_equal(backstop_sign(message, d->keys, NULL, NULL, NOW, &signature, &d->error),
                     BACKSTOP_ERROR_INVALID);
    assert_null(signature);
    backstop_message_free(message);
}

/* A store that counts gaps, and fails as it is told. */
typedef struct fake_store {
    backstop_store store;
    backstop_status answer;
    unsigned gaps;
    int64_t gap_from_sec, gap_until_sec;
} fake_store;

static backstop_status fake_write(backstop_store *store, const store_change *change,
                                  backstop_error *error)
{
    (void)change;
    if (error != NULL) {
        g_strlcpy(error->text, "the store fails", sizeof error->text);
    }
    return ((fake_store *)store)->answer;
}

static backstop_status fake_add_gap(backstop_store *store, int64_t from_sec, int64_t until_sec,
                                    backstop_error *error)
{
    (void)error;
    fake_store *fake = (fake_store *)store;
    fake->gaps++;
    fake->gap_from_sec = from_sec;
    fake->gap_until_sec = until_sec;
    return fake->answer;
}

static const store_operations fake_operations = { .write = fake_write, .add_gap = fake_add_gap };

static void make_fake(fake_store *fake, const backstop_keys *keys, backstop_status answer)
{
    *fake = (fake_store){
        .store = { .operations = &fake_operations, .mac = keys_ledger(keys)->mac },
        .answer = answer,
    };
}

static void test_store_fails(void **state)
{
    desk *d = *state;
    static const backstop_status answers[] = { BACKSTOP_ERROR_BUSY, BACKSTOP_ERROR_STORE };
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        fake_store fake;
        make_fake(&fake, d->keys, answers[i]);
        backstop_message *message = read_mail(MAIL, "alice@our.example");
        backstop_signature *signature;
        assert_int_equal(
            backstop_sign(message, d->keys, &fake.store, NULL, NOW, &signature, &d->error),
            answers[i]);
        assert_string_equal(d->error.text, "the store fails");
        assert_non_null(signature);
        assert_int_equal(backstop_signature_result(signature), BACKSTOP_SIGNED);
        g_autofree char *text = put_on_top(signature, MAIL);
        assert_true(is_proof(d, text, "alice@our.example"));
        assert_int_equal(fake.gaps, 1);
        assert_true(fake.gap_from_sec <= NOW && fake.gap_until_sec >= NOW);
        backstop_signature_free(signature);
        backstop_message_free(message);
    }
}

/* Mail that leaves unsigned is a gap; null senders never leave one. */
static void test_no_key(void **state)
{
    desk *d = *state;
    static const char file[] = "version 1\nt1 1000 1795465490 tag " SECRET "\n"
                               "l1 1000 - ledger " OTHER_SECRET "\n";
    backstop_keys *keys = read_keys(file);
    fake_store fake;
    make_fake(&fake, keys, BACKSTOP_OK);
    backstop_message *message = read_mail(MAIL, "alice@our.example");
    backstop_signature *signature;
    assert_int_equal(backstop_sign(message, keys, &fake.store, NULL, NOW, &signature, &d->error),
                     BACKSTOP_ERROR_KEYS);
    assert_null(signature);
    assert_non_null(strstr(d->error.text, "`backstop key new tag`"));
    assert_int_equal(fake.gaps, 1);
    assert_int_equal(backstop_sign(message, keys, NULL, NULL, NOW, &signature, NULL),
                     BACKSTOP_ERROR_KEYS);
    /* A second before its expiry the key signs. */
    assert_int_equal(backstop_sign(message, keys, NULL, NULL, NOW - 1, &signature, NULL),
                     BACKSTOP_OK);
    backstop_signature_free(signature);
    backstop_message_free(message);

    message = read_mail(MAIL, "");
    assert_int_equal(backstop_sign(message, keys, &fake.store, NULL, NOW, &signature, NULL),
                     BACKSTOP_OK);
    assert_int_equal(fake.gaps, 1);
    backstop_signature_free(signature);
    backstop_message_free(message);
    backstop_keys_free(keys);
}

#define DESK_TEST(function) cmocka_unit_test_setup_teardown(function, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(test_signed),
        DESK_TEST(test_two_nonces),
        DESK_TEST(test_missing_message_id),
        DESK_TEST(test_two_message_ids),
        DESK_TEST(test_null_sender),
        DESK_TEST(test_signed_already),
        DESK_TEST(test_tag_out_of_time),
        DESK_TEST(test_other_keys),
        DESK_TEST(test_remembered_again),
        DESK_TEST(test_batv_sender),
        DESK_TEST(test_no_envelope),
        DESK_TEST(test_store_fails),
        DESK_TEST(test_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
