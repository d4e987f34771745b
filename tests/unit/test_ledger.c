/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What the ledger remembers of a mail, and what it answers. */
#include "message/address_form.h"
#include "store_fixture.h"

#define ALICE "alice@our.example"
#define BOB "bob@our.example"
#define NOBODY "nobody@remote.example"

static void check_id(const char *value, size_t len, const char *expected)
{
    g_autoptr(GString) buffer = g_string_new("old");
    span id = ledger_message_id((span){ value, len }, buffer);
    g_autofree char *found = g_strndup(id.ptr, id.len);
    assert_int_equal(id.len, strlen(expected));
    assert_string_equal(found, expected);
}

static void test_message_id(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "<1@our.example>", "<1@our.example>" },
        { " \r\n\t<1@our.example> (comment)", "<1@our.example>" },
        { "<1@our.\r\n example >", "<1@our.example>" },
        { "x <a@b> <c@d>", "<a@b>" },
        { "<>", "<>" },
        { "<<a@b>", "<<a@b>" },
        { "> <a@b", "> <a@b" },
        { "  1@our.example  ", "1@our.example" },
        { "<1@our.example", "<1@our.example" },
        { "", "" },
        { " \t\r\n", "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_id(cases[i][0], strlen(cases[i][0]), cases[i][1]);
    }
    check_id("<a\0b>", 5, "<ab>");
}

static void test_find(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    fixture_record(store, "<1@our.example>", ALICE, NOBODY, NOW_SEC);
    static const struct {
        const char *id, *sender, *recipient, *expected;
    } cases[] = {
        { "<1@our.example>", ALICE, NOBODY, "mdpe" },
        { "<1@our.example>", ALICE, "other@remote.example", "me" },
        { "<2@our.example>", ALICE, NOBODY, "p" },
        { "<2@our.example>", ALICE, "other@remote.example", "" },
        { "<1@our.example>", BOB, NOBODY, "e" },
        { "<2@our.example>", BOB, NOBODY, "" },
        { NULL, ALICE, NOBODY, "p" },
        { "<1@our.example>", ALICE, NULL, "me" },
        { "<1@our.example>", NULL, NOBODY, "e" },
        { NULL, NULL, NULL, "" },
        { "", ALICE, NOBODY, "p" },
        /* Kinds do not mix: a recipient is no Message-ID. */
        { NOBODY, ALICE, NULL, "" },
        { NULL, ALICE, "<1@our.example>", "" },
        { "<1@our.example>", "", NOBODY, "e" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_string_equal(
            fixture_find(store, cases[i].id, cases[i].sender, cases[i].recipient, NOW_SEC),
            cases[i].expected);
    }
}

static void test_several(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    const span recipients[] = { SPAN("a@remote.example"), SPAN("b@remote.example"),
                                SPAN("c@remote.example") };
    const ledger_mail mail = { SPAN("<1@our.example>"), SPAN(ALICE), recipients, 3, false };
    assert_int_equal(ledger_record(store, &mail, NOW_SEC, NULL), BACKSTOP_OK);
    assert_int_equal(fixture_stats(store).ledger_rows, 2 + 2 * 3);
    const span senders[] = { SPAN(BOB), SPAN(ALICE) };
    const span ids[] = { SPAN("<2@our.example>"), SPAN("<1@our.example>") };
    const span asked[] = { SPAN("x@remote.example"), SPAN("c@remote.example") };
    ledger_answer answer;
    assert_int_equal(ledger_find(store, senders, 2, ids, 2, asked, 2, NOW_SEC, &answer, NULL),
                     BACKSTOP_OK);
    assert_true(answer.knows_message && answer.knows_delivery && answer.knows_pair &&
                answer.knows_elsewhere);
    /* A delivery of one mail is none of another. */
    fixture_record(store, "<2@our.example>", ALICE, "x@remote.example", NOW_SEC);
    assert_string_equal(fixture_find(store, "<2@our.example>", ALICE, "c@remote.example", NOW_SEC),
                        "mpe");
}

/* Addresses and Message-IDs are bytes: empty, long, or with any byte in them. */
static void test_odd_bytes(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    g_autofree char *longest = g_malloc(100000);
    memset(longest, 'a', 100000);
    const span texts[] = {
        SPAN(""), SPAN("\0"), SPAN("\0\0"), SPAN("\xff\xfe\n"), { longest, 100000 }
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        const ledger_mail mail = { texts[i], texts[i], &texts[i], 1, false };
        assert_int_equal(ledger_record(store, &mail, NOW_SEC, NULL), BACKSTOP_OK);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        for (size_t k = 0; k < G_N_ELEMENTS(texts); k++) {
            ledger_answer answer;
            assert_int_equal(ledger_find(store, &texts[i], 1, &texts[i], 1, &texts[k], 1, NOW_SEC,
                                         &answer, NULL),
                             BACKSTOP_OK);
            /* Without a Message-ID there is but the pair. */
            assert_int_equal(answer.knows_message, texts[i].len > 0);
            assert_int_equal(answer.knows_delivery, texts[i].len > 0 && i == k);
            assert_int_equal(answer.knows_pair, i == k);
        }
    }
}

/* What is asked is bounded, and what is most telling comes first. */
static void test_bounded(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    enum { MANY = 2000 };
    span *many = g_new(span, MANY);
    GStringChunk *strings = g_string_chunk_new(4096);
    for (size_t i = 0; i < MANY; i++) {
        char text[32];
        g_snprintf(text, sizeof text, "%zu@remote.example", i);
        many[i] = span_from_string(g_string_chunk_insert(strings, text));
    }
    ledger_answer answer;
    fixture_record(store, "<1@our.example>", ALICE, "511@remote.example", NOW_SEC);
    const span id = SPAN("<1@our.example>"), sender = SPAN(ALICE);
    /* One question for nobody's row, one for the sender's, then 510 recipients. */
    assert_int_equal(ledger_find(store, &sender, 1, &id, 1, many, MANY, NOW_SEC, &answer, NULL),
                     BACKSTOP_OK);
    assert_true(answer.knows_elsewhere && answer.knows_message);
    assert_false(answer.knows_delivery || answer.knows_pair);
    assert_int_equal(
        ledger_find(store, &sender, 1, &id, 1, many + 2, MANY - 2, NOW_SEC, &answer, NULL),
        BACKSTOP_OK);
    assert_true(answer.knows_delivery);
    assert_int_equal(ledger_find(store, many, MANY, many, MANY, many, MANY, NOW_SEC, &answer, NULL),
                     BACKSTOP_OK);
    assert_false(answer.knows_message || answer.knows_elsewhere);
    g_string_chunk_free(strings);
    g_free(many);
}

static void test_days(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    const int64_t midnight = (int64_t)TODAY * DAY_SEC;
    fixture_record(store, "<1@our.example>", ALICE, NOBODY, midnight);
    const int64_t last = midnight + 21 * DAY_SEC + DAY_SEC - 1;
    assert_string_equal(fixture_find(store, "<1@our.example>", ALICE, NOBODY, last), "mdpe");
    assert_string_equal(fixture_find(store, "<1@our.example>", ALICE, NOBODY, last + 1), "");
    /* What is newer than the clock says is known. */
    assert_string_equal(fixture_find(store, "<1@our.example>", ALICE, NOBODY, 0), "mdpe");
    assert_string_equal(fixture_find(store, "<1@our.example>", ALICE, NOBODY, -1), "mdpe");
    backstop_store_set_days(store, 1);
    assert_string_equal(
        fixture_find(store, "<1@our.example>", ALICE, NOBODY, midnight + 2 * DAY_SEC - 1), "mdpe");
    assert_string_equal(
        fixture_find(store, "<1@our.example>", ALICE, NOBODY, midnight + 2 * DAY_SEC), "");
    backstop_store_set_days(store, 0); /* as 1 */
    assert_string_equal(
        fixture_find(store, "<1@our.example>", ALICE, NOBODY, midnight + 2 * DAY_SEC - 1), "mdpe");
    backstop_store_set_days(store, 1000000);
    assert_string_equal(fixture_find(store, "<1@our.example>", ALICE, NOBODY,
                                     midnight + (int64_t)BACKSTOP_LEDGER_DAYS_MAX * DAY_SEC),
                        "mdpe");
}

/* Who writes to somebody again is remembered from then on. */
static void test_renewed(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    fixture_record(store, "<1@our.example>", ALICE, NOBODY, NOW_SEC);
    fixture_record(store, "<2@our.example>", ALICE, NOBODY, NOW_SEC + 10 * DAY_SEC);
    fixture_record(store, "<3@our.example>", ALICE, NOBODY, NOW_SEC + 9 * DAY_SEC);
    assert_string_equal(fixture_find(store, NULL, ALICE, NOBODY, NOW_SEC + 31 * DAY_SEC), "p");
    assert_string_equal(fixture_find(store, NULL, ALICE, NOBODY, NOW_SEC + 32 * DAY_SEC), "");
    assert_string_equal(
        fixture_find(store, "<1@our.example>", ALICE, NOBODY, NOW_SEC + 22 * DAY_SEC), "p");
    assert_int_equal(fixture_stats(store).ledger_rows, 3 * 3 + 1);
}

static void test_since(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    assert_int_equal(fixture_since(store, ALICE, SINCE_TAGGED), 0);
    fixture_record(store, "<1@our.example>", ALICE, NOBODY, NOW_SEC);
    fixture_record(store, "<2@our.example>", ALICE, NOBODY, NOW_SEC + 100);
    fixture_record(store, "<3@our.example>", BOB, NOBODY, NOW_SEC + 200);
    static const struct {
        const char *who;
        int64_t since_sec;
    } cases[] = {
        { ALICE, NOW_SEC },      { BOB, NOW_SEC + 200 }, { "our.example", NOW_SEC },
        { "example", 0 },        { "alice", 0 },         { "", 0 },
        { "remote.example", 0 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_int_equal(fixture_since(store, cases[i].who, SINCE_TAGGED), cases[i].since_sec);
        assert_int_equal(fixture_since(store, cases[i].who, SINCE_RECORDED), cases[i].since_sec);
        assert_int_equal(fixture_since(store, cases[i].who, SINCE_BATV), 0);
    }
}

static void test_since_batv(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    const ledger_mail mail = { SPAN("<1@our.example>"), SPAN(ALICE), NULL, 0, true };
    assert_int_equal(ledger_record(store, &mail, NOW_SEC, NULL), BACKSTOP_OK);
    assert_int_equal(fixture_since(store, ALICE, SINCE_BATV), NOW_SEC);
    /* Others of the domain may do without. */
    assert_int_equal(fixture_since(store, "our.example", SINCE_BATV), 0);
    assert_int_equal(fixture_since(store, "our.example", SINCE_TAGGED), NOW_SEC);
}

static void check_returns(backstop_store *store, const char *id, const char *recipient,
                          uint64_t about_recipient, uint64_t about_strangers)
{
    ledger_returns returns;
    assert_int_equal(
        ledger_returns_of(store, span_from_string(id), span_from_string(recipient), &returns, NULL),
        BACKSTOP_OK);
    assert_int_equal(returns.about_recipient, about_recipient);
    assert_int_equal(returns.about_strangers, about_strangers);
}

static void test_returns(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    const span one = SPAN("<1@our.example>"), two = SPAN("<2@our.example>");
    const span a = SPAN("a@remote.example"), b = SPAN("b@remote.example");
    check_returns(store, "<1@our.example>", "a@remote.example", 0, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ledger_count_return(store, one, a, false, NOW_SEC, NULL), BACKSTOP_OK);
    }
    assert_int_equal(ledger_count_return(store, one, b, true, NOW_SEC, NULL), BACKSTOP_OK);
    assert_int_equal(ledger_count_return(store, one, a, true, NOW_SEC, NULL), BACKSTOP_OK);
    assert_int_equal(ledger_count_return(store, two, b, false, NOW_SEC, NULL), BACKSTOP_OK);
    check_returns(store, "<1@our.example>", "a@remote.example", 3, 2);
    check_returns(store, "<1@our.example>", "b@remote.example", 0, 2);
    check_returns(store, "<2@our.example>", "b@remote.example", 1, 0);
    /* Counting is not remembering. */
    assert_int_equal(fixture_stats(store).ledger_rows, 0);
    assert_string_equal(fixture_find(store, "<1@our.example>", ALICE, NULL, NOW_SEC), "");
}

static void test_forget(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    fixture_record(store, "<1@our.example>", ALICE, NOBODY, NOW_SEC);
    fixture_record(store, "<2@our.example>", ALICE, NOBODY, NOW_SEC);
    fixture_record(store, "<3@our.example>", BOB, NOBODY, NOW_SEC);
    uint64_t removed;
    assert_int_equal(backstop_store_forget(store, "ALICE@Our.Example.", &removed, NULL),
                     BACKSTOP_OK);
    assert_int_equal(removed, 5); /* two mails, two deliveries, one pair */
    /* Her bounces must not seem forged: somebody of ours sent the mail. */
    assert_string_equal(fixture_find(store, "<1@our.example>", ALICE, NOBODY, NOW_SEC), "e");
    assert_string_equal(fixture_find(store, "<3@our.example>", BOB, NOBODY, NOW_SEC), "mdpe");
    assert_int_equal(fixture_since(store, ALICE, SINCE_TAGGED), 0);
    assert_int_equal(fixture_since(store, BOB, SINCE_TAGGED), NOW_SEC);
    assert_int_equal(fixture_since(store, "our.example", SINCE_TAGGED), NOW_SEC);
    assert_int_equal(fixture_stats(store).ledger_rows, 3 + 3);
    assert_int_equal(backstop_store_forget(store, ALICE, &removed, NULL), BACKSTOP_OK);
    assert_int_equal(removed, 0);
    /* Nobody's rows are not an address's. */
    assert_int_equal(backstop_store_forget(store, "", NULL, NULL), BACKSTOP_OK);
    assert_string_equal(fixture_find(store, "<1@our.example>", NULL, NULL, NOW_SEC), "e");
}

static void import_one(backstop_store *store, const char *id, const char *sender,
                       const char *recipient, int64_t sent_sec)
{
    const char *const recipients[] = { recipient };
    const backstop_sent sent = { id, sender, recipients, recipient != NULL, sent_sec };
    backstop_error error = { "" };
    if (backstop_store_import(store, &sent, 1, NOW_SEC, &error) != BACKSTOP_OK) {
        fail_msg("%s", error.text);
    }
}

static void test_import(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    assert_int_equal(backstop_store_import(store, NULL, 0, NOW_SEC, NULL), BACKSTOP_OK);
    import_one(store, " <1@our.\r\n example> ", "Alice@OUR.example", "NOBODY@Remote.Example",
               NOW_SEC - 5 * DAY_SEC);
    g_autoptr(GString) sender = g_string_new(NULL), recipient = g_string_new(NULL);
    address_form_canonical(SPAN("Alice@OUR.example"), sender);
    address_form_canonical(SPAN("NOBODY@Remote.Example"), recipient);
    assert_string_equal(
        fixture_find(store, "<1@our.example>", sender->str, recipient->str, NOW_SEC), "mdpe");
    /* It never testifies absence. */
    assert_int_equal(fixture_since(store, sender->str, SINCE_RECORDED), 0);
    assert_int_equal(fixture_since(store, "our.example", SINCE_TAGGED), 0);
    /* Without a Message-ID. */
    import_one(store, NULL, BOB, NOBODY, NOW_SEC);
    import_one(store, "", BOB, "other@remote.example", NOW_SEC);
    assert_string_equal(fixture_find(store, NULL, BOB, "other@remote.example", NOW_SEC), "p");
    assert_int_equal(fixture_stats(store).ledger_rows, 4 + 2);
}

static void test_import_days(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    const int64_t midnight = (int64_t)TODAY * DAY_SEC;
    import_one(store, "<old@our.example>", ALICE, NOBODY, midnight - 21 * DAY_SEC - 1);
    assert_int_equal(fixture_stats(store).ledger_rows, 0);
    import_one(store, "<1@our.example>", ALICE, NOBODY, midnight - 21 * DAY_SEC);
    assert_int_equal(fixture_stats(store).ledger_rows, 4);
    assert_int_equal(fixture_stats(store).oldest_sec, midnight - 21 * DAY_SEC);
    /* A Date in the future is as of now. */
    import_one(store, "<2@our.example>", ALICE, NOBODY, NOW_SEC + 1000 * DAY_SEC);
    assert_int_equal(fixture_stats(store).newest_sec, NOW_SEC);
    assert_string_equal(
        fixture_find(store, "<2@our.example>", ALICE, NOBODY, NOW_SEC + 22 * DAY_SEC), "");
}

/* More rows than one piece, of many days, with repeats. */
static void test_import_many(void **state)
{
    backstop_store *store = fixture_open_memory(*state);
    enum { MAILS = 20000 };
    backstop_sent *mails = g_new(backstop_sent, MAILS);
    GStringChunk *strings = g_string_chunk_new(4096);
    static const char *const recipients[] = { NOBODY, "other@remote.example" };
    for (size_t i = 0; i < MAILS; i++) {
        char id[32];
        g_snprintf(id, sizeof id, "<%zu@our.example>", i);
        mails[i] = (backstop_sent){ g_string_chunk_insert(strings, id), ALICE, recipients, 2,
                                    NOW_SEC - (int64_t)(i % 20) * DAY_SEC };
    }
    assert_int_equal(backstop_store_import(store, mails, MAILS, NOW_SEC, NULL), BACKSTOP_OK);
    assert_int_equal(backstop_store_import(store, mails, MAILS, NOW_SEC, NULL), BACKSTOP_OK);
    backstop_store_stats stats = fixture_stats(store);
    assert_int_equal(stats.ledger_rows, MAILS * 4 + 2);
    assert_int_equal(stats.newest_sec, NOW_SEC);
    assert_int_equal(stats.oldest_sec, NOW_SEC - 19 * DAY_SEC);
    for (size_t i = 0; i < MAILS; i += 777) {
        assert_string_equal(fixture_find(store, mails[i].message_id, ALICE, NOBODY, NOW_SEC),
                            "mdpe");
    }
    g_string_chunk_free(strings);
    g_free(mails);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message_id), FIXTURE_TEST(test_find),
        FIXTURE_TEST(test_several),        FIXTURE_TEST(test_odd_bytes),
        FIXTURE_TEST(test_bounded),        FIXTURE_TEST(test_days),
        FIXTURE_TEST(test_renewed),        FIXTURE_TEST(test_since),
        FIXTURE_TEST(test_since_batv),     FIXTURE_TEST(test_returns),
        FIXTURE_TEST(test_forget),         FIXTURE_TEST(test_import),
        FIXTURE_TEST(test_import_days),    FIXTURE_TEST(test_import_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
