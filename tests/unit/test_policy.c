/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The owner's rules: whom they are about, several recipients, and what is let through. */
#include "app/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DELIVER BACKSTOP_DISPOSITION_DELIVER
#define MARK BACKSTOP_DISPOSITION_MARK
#define QUARANTINE BACKSTOP_DISPOSITION_QUARANTINE
#define REJECT BACKSTOP_DISPOSITION_REJECT
#define DISCARD BACKSTOP_DISPOSITION_DISCARD

typedef struct fixture {
    char *folder;
    char *file;
    GPtrArray *errors;
    config *settings;
    policy *policy;
} fixture;

static int set_up(void **state)
{
    fixture *f = g_new0(fixture, 1);
    f->folder = g_dir_make_tmp("test-policy-XXXXXX", NULL);
    f->file = g_build_filename(f->folder, "conf", NULL);
    f->errors = g_ptr_array_new_with_free_func(g_free);
    *state = f;
    return 0;
}

static void clear(fixture *f)
{
    g_clear_pointer(&f->policy, policy_free);
    g_clear_pointer(&f->settings, config_free);
    g_ptr_array_set_size(f->errors, 0);
}

static int tear_down(void **state)
{
    fixture *f = *state;
    clear(f);
    unlink(f->file);
    rmdir(f->folder);
    g_free(f->file);
    g_free(f->folder);
    g_ptr_array_unref(f->errors);
    g_free(f);
    return 0;
}

/* The policy may be refused; the settings are sound. */
static void read_rules(fixture *f, const char *text)
{
    clear(f);
    assert_true(g_file_set_contents(f->file, text, -1, NULL));
    f->settings = config_load(f->file, f->errors);
    assert_non_null(f->settings);
    f->policy = policy_new(f->settings, f->errors);
    assert_true((f->policy == NULL) == (f->errors->len > 0));
}

static const policy *policy_of(fixture *f, const char *text)
{
    read_rules(f, text);
    assert_non_null(f->policy);
    return f->policy;
}

static policy_answer ask_proven(const policy *p, const char *recipient)
{
    return policy_ask(p, recipient, BACKSTOP_VERDICT_BACKSCATTER, BACKSTOP_CONFIDENCE_PROVEN);
}

static policy_answer ask_unverified(const policy *p, const char *recipient)
{
    return policy_ask(p, recipient, BACKSTOP_VERDICT_UNVERIFIED, BACKSTOP_CONFIDENCE_NONE);
}

static void test_defaults(void **state)
{
    const policy *p = policy_of(*state, "");
    static const struct {
        backstop_verdict verdict;
        backstop_confidence confidence;
        backstop_disposition disposition;
    } cases[] = {
        { BACKSTOP_VERDICT_NOT_A_NOTICE, BACKSTOP_CONFIDENCE_NONE, DELIVER },
        { BACKSTOP_VERDICT_GENUINE, BACKSTOP_CONFIDENCE_PROVEN, MARK },
        { BACKSTOP_VERDICT_GENUINE, BACKSTOP_CONFIDENCE_LIKELY, MARK },
        { BACKSTOP_VERDICT_UNVERIFIED, BACKSTOP_CONFIDENCE_NONE, MARK },
        { BACKSTOP_VERDICT_BACKSCATTER, BACKSTOP_CONFIDENCE_LIKELY, QUARANTINE },
        { BACKSTOP_VERDICT_BACKSCATTER, BACKSTOP_CONFIDENCE_PROVEN, REJECT },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        policy_answer a = policy_ask(p, "alice@our.example", cases[i].verdict, cases[i].confidence);
        assert_int_equal(a.disposition, cases[i].disposition);
        assert_false(a.is_always);
        assert_false(a.is_never);
        assert_string_equal(a.reject_reply,
                            "550 5.7.1 This is a notice about a message that we did not send");
    }
}

/* Who is meant by [domain] and [address], in whatever way it is written. */
static void test_whom_rules_are_about(void **state)
{
    const policy *p = policy_of(*state, "[backstop]\n"
                                        "proven-backscatter = deliver\n"
                                        "[domain our.example]\n"
                                        "proven-backscatter = mark\n"
                                        "reject-reply = 550 5.7.1 Domain\n"
                                        "[address Sales@our.example]\n"
                                        "proven-backscatter = discard\n"
                                        "[address sales+eu@our.example]\n"
                                        "proven-backscatter = quarantine\n"
                                        "[domain b\xc3\xbc"
                                        "cher.example]\n"
                                        "proven-backscatter = reject\n");
    static const struct {
        const char *recipient;
        backstop_disposition disposition;
    } cases[] = {
        { "alice@our.example", MARK },
        { "ALICE@OUR.EXAMPLE.", MARK },
        { "alice@sub.our.example", DELIVER },
        { "alice@xour.example", DELIVER },
        { "alice", DELIVER },
        { "", DELIVER },
        { "@", DELIVER },
        { "sales@our.example", DISCARD },
        { "SALES@Our.Example", DISCARD },
        { "\"sales\"@our.example", DISCARD },
        { "sales+x@our.example", DISCARD },
        { "sales+x+y@our.example", DISCARD },
        { "sales+eu@our.example", QUARANTINE },
        { "prvs=1234abcdef=sales@our.example", DISCARD },
        { "sales+prvs=1234abcdef@our.example", DISCARD },
        { "prvs=1234abcdef=sales+eu@our.example", QUARANTINE },
        { "xsales@our.example", MARK },
        { "sales@other.example", DELIVER },
        { "x@b\xc3\xbc"
          "cher.example",
          REJECT },
        { "x@B\xc3\x9c"
          "CHER.example",
          REJECT },
        { "x@xn--bcher-kva.example", REJECT },
        { "x@bucher.example", DELIVER },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (ask_proven(p, cases[i].recipient).disposition != cases[i].disposition) {
            fail_msg("%s", cases[i].recipient);
        }
    }
    assert_string_equal(ask_proven(p, "sales+x@our.example").reject_reply, "550 5.7.1 Domain");
}

/* Longer than anything configured, and all of it layers. */
static void test_hostile_addresses(void **state)
{
    const policy *p = policy_of(*state, "[backstop]\n"
                                        "never-notices = a@our.example\n"
                                        "allow-sender = a@our.example\n"
                                        "[domain our.example]\n"
                                        "proven-backscatter = mark\n");
    GString *address = g_string_new("a");
    for (unsigned i = 0; i < 100000; i++) {
        g_string_append(address, "+b");
    }
    g_string_append(address, "@our.example");
    const char *rule;
    assert_int_equal(ask_proven(p, address->str).disposition, MARK);
    assert_false(ask_proven(p, address->str).is_never);
    assert_false(policy_allows(p, NULL, address->str, address->str, NULL, &rule));
    g_string_truncate(address, address->len - strlen("@our.example"));
    assert_int_equal(ask_proven(p, address->str).disposition, REJECT);
    assert_true(ask_proven(p, "a+b+c+d+e+f+g+h+i+j@our.example").is_never);
    g_string_free(address, TRUE);
}

static void test_always_and_never(void **state)
{
    const policy *p = policy_of(*state, "[backstop]\n"
                                        "always-notices = postmaster@our.example, @help.example\n"
                                        "never-notices = noreply@our.example, @help.example.net,\n"
                                        "  @never.example, @our2.example\n"
                                        "unverified = deliver\n"
                                        "[domain our2.example]\n"
                                        "[address alice@our2.example]\n"
                                        "proven-backscatter = deliver\n"
                                        "[domain never.example]\n"
                                        "[domain our.example]\n");
    policy_answer a = ask_proven(p, "Postmaster+x@our.example");
    assert_true(a.is_always);
    assert_int_equal(a.disposition, MARK);
    assert_int_equal(ask_unverified(p, "x@help.example").disposition, DELIVER);
    assert_int_equal(ask_unverified(p, "x@our.example").disposition, DELIVER);

    a = ask_unverified(p, "noreply@our.example");
    assert_true(a.is_never);
    assert_int_equal(a.disposition, QUARANTINE);
    assert_int_equal(ask_proven(p, "noreply@our.example").disposition, REJECT);
    assert_int_equal(ask_proven(p, "alice@our2.example").disposition, QUARANTINE);
    assert_int_equal(ask_unverified(p, "x@never.example").disposition, QUARANTINE);

    /* Genuine mail comes to addresses of which nobody thought that they send. */
    a = policy_ask(p, "noreply@our.example", BACKSTOP_VERDICT_GENUINE, BACKSTOP_CONFIDENCE_LIKELY);
    assert_int_equal(a.disposition, MARK);
    a = policy_ask(p, "noreply@our.example", BACKSTOP_VERDICT_NOT_A_NOTICE,
                   BACKSTOP_CONFIDENCE_NONE);
    assert_int_equal(a.disposition, DELIVER);

    p = policy_of(*state, "[backstop]\n"
                          "always-notices = alice@our.example\n"
                          "never-notices = @our.example\n");
    a = ask_proven(p, "alice@our.example");
    assert_true(a.is_always && !a.is_never);
    assert_int_equal(a.disposition, MARK);
    assert_true(ask_proven(p, "bob@our.example").is_never);
}

static void assert_refused(fixture *f, const char *text, const char *expected)
{
    read_rules(f, text);
    assert_int_equal(f->errors->len, 1);
    const char *error = g_ptr_array_index(f->errors, 0);
    assert_true(g_str_has_prefix(error, f->file));
    assert_string_equal(error + strlen(f->file), expected);
}

static void test_contradictions(void **state)
{
    assert_refused(*state,
                   "[address alice@our.example]\n"
                   "[address ALICE@our.example.]\n",
                   ":2: [address ALICE@our.example.]: the address has a section above");
    assert_refused(*state,
                   "[domain our.example]\n"
                   "[address alice@other.example]\n",
                   ":2: [address alice@other.example]: there is no section [domain] for its "
                   "domain");
    assert_refused(*state,
                   "[backstop]\n"
                   "always-notices = a@our.example, b@our.example\n"
                   "never-notices = c@our.example, B@our.example\n",
                   ":3: [backstop] never-notices: b@our.example stands in always-notices too");
}

/* Every mixture of up to four recipients, by what the rule says rather than by how it is made. */
static void check_plan(const policy_answer *answers, size_t count)
{
    unsigned seen[DISCARD + 1] = { 0 };
    backstop_disposition each[4];
    for (size_t i = 0; i < count; i++) {
        seen[answers[i].disposition]++;
    }
    policy_plan plan = policy_plan_for(answers, count, each);
    size_t getters = seen[DELIVER] + seen[MARK];
    if (getters > 0) {
        assert_int_equal(plan.message, seen[MARK] > 0 ? MARK : DELIVER);
    } else if (seen[REJECT] == count) {
        assert_int_equal(plan.message, REJECT);
    } else if (seen[DISCARD] == count) {
        assert_int_equal(plan.message, DISCARD);
    } else {
        assert_int_equal(plan.message, QUARANTINE);
    }
    size_t copies = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_copy = getters > 0 && answers[i].disposition > MARK;
        assert_int_equal(each[i], is_copy ? QUARANTINE : plan.message);
        copies += is_copy;
    }
    assert_int_equal(plan.has_copies, copies > 0);
    assert_true(copies < count);
    assert_true((plan.reject_reply != NULL) == (plan.message == REJECT));
}

static void test_plans(void **state)
{
    (void)state;
    policy_answer answers[4];
    unsigned mixtures = 1;
    for (size_t count = 1; count <= G_N_ELEMENTS(answers); count++) {
        mixtures *= DISCARD + 1;
        for (unsigned mixture = 0; mixture < mixtures; mixture++) {
            unsigned digits = mixture;
            for (size_t i = 0; i < count; i++) {
                answers[i] = (policy_answer){ .disposition = digits % (DISCARD + 1),
                                              .reject_reply = "550 5.7.1 No" };
                digits /= DISCARD + 1;
            }
            check_plan(answers, count);
        }
    }
}

static void test_plan_of_nobody(void **state)
{
    (void)state;
    policy_plan plan = policy_plan_for(NULL, 0, NULL);
    assert_int_equal(plan.message, DELIVER);
    assert_false(plan.has_copies);
    assert_null(plan.reject_reply);
}

static void test_replies_of_a_plan(void **state)
{
    (void)state;
    policy_answer answers[] = {
        { .disposition = REJECT, .reject_reply = "550 5.7.1 One" },
        { .disposition = REJECT, .reject_reply = "554 5.7.1 Two" },
        { .disposition = REJECT, .reject_reply = "450 4.7.1 Three" },
    };
    backstop_disposition each[3];
    assert_string_equal(policy_plan_for(answers, 2, each).reject_reply, "550 5.7.1 One");
    assert_string_equal(policy_plan_for(answers, 3, each).reject_reply, "450 4.7.1 Three");
}

static void test_allow_rules(void **state)
{
    const policy *p = policy_of(*state, "[backstop]\n"
                                        "allow-subject = Voicemail from *, Fax ?\n"
                                        "allow-sender = Scanner@our.example, @pbx.our.example\n"
                                        "allow-client = 192.0.2.7, 198.51.100.0/24, "
                                        "2001:db8:1::/48\n");
    static const struct {
        const char *subject, *from, *mail_from, *client_ip, *rule;
    } cases[] = {
        { NULL, NULL, NULL, NULL, NULL },
        { "", "", "", "", NULL },
        { "voicemail  FROM 123", NULL, NULL, NULL, "allow-subject: Voicemail from *" },
        { "Fax 7", "x@remote.example", "", "203.0.113.1", "allow-subject: Fax ?" },
        { "Re: Fax 7", NULL, NULL, NULL, NULL },
        { NULL, "scanner+2@our.example", NULL, NULL, "allow-sender: Scanner@our.example" },
        { NULL, NULL, "any@pbx.our.example", NULL, "allow-sender: @pbx.our.example" },
        { NULL, "scanner@remote.example", "x@our.example", NULL, NULL },
        { NULL, NULL, NULL, "192.0.2.7", "allow-client: 192.0.2.7" },
        { NULL, NULL, NULL, "192.0.2.8", NULL },
        { NULL, NULL, NULL, "198.51.100.99", "allow-client: 198.51.100.0/24" },
        { NULL, NULL, NULL, "2001:db8:1:2::3", "allow-client: 2001:db8:1::/48" },
        { NULL, NULL, NULL, "2001:db8:2::3", NULL },
        { NULL, NULL, NULL, "unknown", NULL },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *rule = "";
        bool is_allowed = policy_allows(p, cases[i].subject, cases[i].from, cases[i].mail_from,
                                        cases[i].client_ip, &rule);
        assert_true(is_allowed == (cases[i].rule != NULL));
        if (is_allowed) {
            assert_string_equal(rule, cases[i].rule);
        } else {
            assert_null(rule);
        }
    }
    const char *rule;
    assert_false(policy_allows(policy_of(*state, ""), "x", "x@y.example", "", "192.0.2.7", &rule));
}

static void test_refused_at_data(void **state)
{
    const policy *p = policy_of(*state, "[backstop]\nrefuse-at-data = noreply@our.example\n");
    assert_true(policy_refuses_at_data(p, "NoReply@our.example"));
    assert_true(policy_refuses_at_data(p, "noreply+x@our.example"));
    assert_false(policy_refuses_at_data(p, "alice@our.example"));
    assert_false(policy_refuses_at_data(p, "@our.example"));
    p = policy_of(*state, "[backstop]\nalways-notices = noreply@our.example\n"
                          "refuse-at-data = noreply@our.example, desk@our.example, "
                          "postmaster@our.example\n");
    assert_true(policy_refuses_at_data(p, "desk@our.example"));
    assert_false(policy_refuses_at_data(p, "noreply+x@our.example"));
    assert_false(policy_refuses_at_data(p, "Postmaster@our.example"));
    assert_false(policy_refuses_at_data(policy_of(*state, ""), "noreply@our.example"));
}

/* Whatever the rules are. */
static void test_who_must_hear(void **state)
{
    static const char *const roles[] = { "postmaster@our.example", "Abuse+x@our.example",
                                         "postmaster" };
    static const char *const others[] = { "abuser@our.example", "x@postmaster.example", "",
                                          "@a.b" };
    const policy *p = policy_of(*state, "[backstop]\nnever-notices = @our.example\n");
    for (size_t i = 0; i < G_N_ELEMENTS(roles); i++) {
        assert_true(policy_must_hear(roles[i]));
        policy_answer answer =
            policy_ask(p, roles[i], BACKSTOP_VERDICT_BACKSCATTER, BACKSTOP_CONFIDENCE_PROVEN);
        assert_true(answer.is_always);
        assert_int_equal(answer.disposition, BACKSTOP_DISPOSITION_MARK);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        assert_false(policy_must_hear(others[i]));
    }
}

/* Each address that From names is asked about. */
static void test_allowed_message(void **state)
{
    static const char text[] = "From: <one@a.example>, <two@b.example>\nSubject: Voicemail 3\n\n";
    static const struct {
        const char *setting, *rule;
    } rows[] = {
        { "allow-sender = two@b.example", "allow-sender: two@b.example" },
        { "allow-subject = voicemail *", "allow-subject: voicemail *" },
        { "allow-client = 192.0.2.7", "allow-client: 192.0.2.7" },
        { "allow-sender = x@c.example", "allow-sender: x@c.example" },
        { "allow-sender = three@b.example", NULL },
    };
    backstop_message *m;
    assert_int_equal(backstop_message_read(text, strlen(text), NULL, &m), BACKSTOP_OK);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *rule = NULL;
        g_autofree char *settings = g_strdup_printf("[backstop]\n%s\n", rows[i].setting);
        const policy *p = policy_of(*state, settings);
        bool is_allowed = policy_allows_message(p, m, "x@c.example", "192.0.2.7", &rule);
        assert_int_equal(is_allowed, rows[i].rule != NULL);
        assert_int_equal(g_strcmp0(rule, rows[i].rule), 0);
    }
    backstop_message_free(m);
}

static void test_batv(void **state)
{
    const policy *p = policy_of(*state, "[backstop]\n"
                                        "batv-not-to = @lists.example, bob@remote.example\n"
                                        "batv-not-from = news@our.example\n"
                                        "[domain our.example]\n"
                                        "batv = yes\n"
                                        "[domain other.example]\n");
    assert_true(policy_uses_batv(p, "Alice@OUR.example", "x@remote.example"));
    assert_true(policy_uses_batv(p, "alice+x@our.example", "x@remote.example"));
    assert_false(policy_uses_batv(p, "alice@our.example", "dev@LISTS.example"));
    assert_false(policy_uses_batv(p, "alice@our.example", "bob@remote.example"));
    assert_false(policy_uses_batv(p, "news@our.example", "x@remote.example"));
    assert_false(policy_uses_batv(p, "news+7@our.example", "x@remote.example"));
    assert_false(policy_uses_batv(p, "alice@other.example", "x@remote.example"));
    assert_false(policy_uses_batv(p, "alice@sub.our.example", "x@remote.example"));
    assert_false(policy_uses_batv(p, "", "x@remote.example"));
    assert_false(policy_uses_batv(policy_of(*state, ""), "a@our.example", "x@remote.example"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_defaults),
        TEST(test_whom_rules_are_about),
        TEST(test_hostile_addresses),
        TEST(test_always_and_never),
        TEST(test_contradictions),
        TEST(test_plans),
        TEST(test_plan_of_nobody),
        TEST(test_replies_of_a_plan),
        TEST(test_allow_rules),
        TEST(test_refused_at_data),
        TEST(test_who_must_hear),
        TEST(test_allowed_message),
        TEST(test_batv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
