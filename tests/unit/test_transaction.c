/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* A mail put together from the pieces that the mail server hands over. */
#include "backstopd/transaction.h"

#include "message/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int start(void **state)
{
    transaction *t = g_new0(transaction, 1);
    transaction_init(t);
    *state = t;
    return 0;
}

static int stop(void **state)
{
    transaction_clear(*state);
    g_free(*state);
    return 0;
}

static void test_addresses(void **state)
{
    static const struct {
        const char *given, *address;
        bool is_empty;
    } rows[] = {
        { "<alice@our.example>", "alice@our.example", false },
        { "alice@our.example", "alice@our.example", false },
        { "<>", "", false },
        { "", "", true },
        { "<", "<", false },
    };
    transaction *t = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        transaction_set_sender(t, rows[i].given);
        assert_string_equal(t->sender, rows[i].address);
        assert_int_equal(t->is_sender_empty, rows[i].is_empty);
    }
    char notify[] = "NOTIFY=NEVER", orcpt[] = "ORCPT=rfc822;b@remote.example";
    char *const arguments[] = { notify, orcpt, NULL };
    char *const none[] = { NULL };
    transaction_add_recipient(t, "<b@remote.example>", arguments);
    transaction_add_recipient(t, "c@remote.example", none);
    assert_string_equal(transaction_recipient_at(t, 0)->given, "<b@remote.example>");
    assert_string_equal(transaction_recipient_at(t, 0)->address, "b@remote.example");
    assert_string_equal(transaction_recipient_at(t, 0)->arguments,
                        "NOTIFY=NEVER ORCPT=rfc822;b@remote.example");
    assert_null(transaction_recipient_at(t, 1)->arguments);
}

static void add_mail(transaction *t)
{
    transaction_set_sender(t, "<alice@our.example>");
    transaction_add_recipient(t, "<bob@remote.example>", NULL);
    transaction_add_field(t, "Subject", "one\n two");
    transaction_add_field(t, "BACKSTOP-VERDICT", "genuine");
    transaction_add_field(t, "backstop-verdict", "genuine");
    transaction_add_field(t, "Backstop-Seen", "x");
    transaction_end_header(t);
    transaction_add_body(t, "Hello\r\n", 7);
}

static void test_reads(void **state)
{
    transaction *t = *state;
    add_mail(t);
    assert_int_equal(t->verdict_count, 2);
    assert_int_equal(t->seen_count, 1);
    backstop_message *m = transaction_read_header(t, "192.0.2.1");
    assert_int_equal(backstop_message_field_count(m), 4);
    assert_int_equal(message_part(m, 0)->body.len, 0);
    assert_true(span_equal(m->client_ip, SPAN("192.0.2.1")));
    assert_true(span_equal(m->mail_from, SPAN("alice@our.example")));
    assert_int_equal(m->recipient_count, 1);
    assert_true(span_equal(m->recipients[0], SPAN("bob@remote.example")));
    backstop_message_free(m);

    m = transaction_read(t, NULL);
    char *subject = backstop_message_field_text(m, "Subject");
    assert_string_equal(subject, "one two");
    backstop_text_free(subject);
    assert_true(span_equal(message_part(m, 0)->body, SPAN("Hello\r\n")));
    backstop_message_free(m);

    m = transaction_read_header_as(t, NULL, "other@our.example");
    assert_true(span_equal(m->mail_from, SPAN("other@our.example")));
    backstop_message_free(m);
}

static void assert_is_new(const transaction *t)
{
    assert_false(t->is_sender_empty || t->header_is_cut || t->body_is_cut ||
                 t->recipients_are_cut || t->has_lone_cr);
    assert_null(t->sender);
    assert_int_equal(t->recipients->len, 0);
    assert_int_equal(t->bytes->len, 0);
    assert_int_equal(t->header_len, 0);
    assert_int_equal(t->verdict_count + t->seen_count, 0);
}

static void test_reset(void **state)
{
    transaction *t = *state;
    add_mail(t);
    transaction_reset(t);
    assert_is_new(t);

    g_autofree char *large = g_strnfill(200000, 'x');
    add_mail(t);
    transaction_add_body(t, large, 200000);
    transaction_reset(t);
    assert_is_new(t);
    assert_true(t->bytes->allocated_len < 200000);
    add_mail(t);
    assert_int_equal(t->verdict_count, 2);
}

static void test_limits(void **state)
{
    transaction *t = *state;
    g_autofree char *value = g_strnfill(60000, 'x');
    for (unsigned i = 0; i < 20; i++) {
        transaction_add_field(t, "X-Long", value);
    }
    assert_true(t->header_is_cut);
    assert_true(t->bytes->len <= TRANSACTION_HEADER_BYTES + 4);
    /* What is left out is still counted. */
    transaction_add_field(t, "Backstop-Verdict", "genuine");
    assert_int_equal(t->verdict_count, 1);
    transaction_end_header(t);

    size_t header_len = t->bytes->len;
    for (unsigned i = 0; i < 30; i++) {
        assert_false(transaction_is_full(t) && i * 60000 < TRANSACTION_BODY_BYTES);
        transaction_add_body(t, value, 60000);
    }
    assert_true(transaction_is_full(t));
    assert_int_equal(t->bytes->len - header_len, TRANSACTION_BODY_BYTES);

    for (unsigned i = 0; i <= TRANSACTION_RECIPIENTS; i++) {
        transaction_add_recipient(t, "<bob@remote.example>", NULL);
    }
    assert_true(t->recipients_are_cut);
    assert_int_equal(t->recipients->len, TRANSACTION_RECIPIENTS);
}

/* The rest is not asked for, and may be anything. */
static void test_exactly_full(void **state)
{
    transaction *t = *state;
    g_autofree char *body = g_malloc0(TRANSACTION_BODY_BYTES);
    transaction_end_header(t);
    transaction_add_body(t, body, TRANSACTION_BODY_BYTES - 1);
    assert_false(transaction_is_full(t));
    transaction_add_body(t, body, 1);
    assert_true(transaction_is_full(t) && t->body_is_cut);
}

/* A notice to somebody and postmaster@ is judged as one to somebody. */
static void test_who_must_hear(void **state)
{
    transaction *t = *state;
    transaction_set_sender(t, "<>");
    transaction_add_field(t, "Subject", "x");
    transaction_end_header(t);
    transaction_recipient *role = transaction_add_recipient(t, "<postmaster@our.example>", NULL);
    role->is_ours = role->must_hear = true;
    backstop_message *m = transaction_read(t, NULL);
    assert_int_equal(m->recipient_count, 1);
    backstop_message_free(m);
    /* A stranger is nobody to judge for. */
    transaction_recipient *other = transaction_add_recipient(t, "<our.example!alice>", NULL);
    m = transaction_read(t, NULL);
    assert_int_equal(m->recipient_count, 2);
    backstop_message_free(m);

    other->is_ours = true;
    transaction_set_address(other, "<alice@our.example>");
    m = transaction_read(t, NULL);
    assert_int_equal(m->recipient_count, 1);
    assert_true(span_equal(m->recipients[0], SPAN("alice@our.example")));
    backstop_message_free(m);
    assert_string_equal(other->given, "<our.example!alice>");
    m = transaction_read_header(t, NULL);
    assert_int_equal(m->recipient_count, 2);
    backstop_message_free(m);
}

/* Line ends that could make the body change how the header is read. */
static void test_lone_cr(void **state)
{
    transaction *t = *state;
    transaction_add_field(t, "Subject", "a\r\n b");
    assert_false(t->has_lone_cr);
    transaction_add_field(t, "Subject", "a\rb");
    assert_true(t->has_lone_cr);
}

static void test_nothing(void **state)
{
    transaction *t = *state;
    transaction_set_sender(t, "<>");
    transaction_end_header(t);
    assert_null(transaction_read_header(t, NULL));
    assert_null(transaction_read(t, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_addresses, start, stop),
        cmocka_unit_test_setup_teardown(test_reads, start, stop),
        cmocka_unit_test_setup_teardown(test_reset, start, stop),
        cmocka_unit_test_setup_teardown(test_limits, start, stop),
        cmocka_unit_test_setup_teardown(test_exactly_full, start, stop),
        cmocka_unit_test_setup_teardown(test_who_must_hear, start, stop),
        cmocka_unit_test_setup_teardown(test_lone_cr, start, stop),
        cmocka_unit_test_setup_teardown(test_nothing, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
