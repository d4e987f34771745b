/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/policy.h"

#include "app/pattern.h"

#include <backstop/address.h>
#include <backstop/sent.h>
#include <backstop/site.h>

#include <string.h>

/* How many layers are taken off an address: two of each kind are real. */
enum { LAYERS_MAX = 6 };

/* An item of a list, and how it is told of. */
typedef struct allowed {
    char *rule;              /* "allow-client: 192.0.2.1" */
    char *pattern;           /* of a subject, folded; else NULL */
    backstop_site *networks; /* of a client: a site with this one network, which can tell what is in
                                it; else NULL */
} allowed;

struct policy {
    const config *settings;
    GHashTable *rules;  /* of const config_rules by canonical "local@domain" and "@domain" */
    GHashTable *batv;   /* a set of "@domain" */
    GHashTable *always; /* sets of canonical "local@domain" and "@domain" */
    GHashTable *never;
    GHashTable *refused;
    GHashTable *batv_not_to;
    GHashTable *batv_not_from;
    GHashTable *senders; /* of char *, the rule's name, by canonical "local@domain", "@domain" */
    GPtrArray *subjects; /* of allowed */
    GPtrArray *clients;  /* of allowed */
};

static void free_allowed(gpointer data)
{
    allowed *item = data;
    g_free(item->rule);
    g_free(item->pattern);
    backstop_site_free(item->networks);
    g_free(item);
}

/* A set of the items' canonical forms, each with what it is told as: "SETTING: ITEM". */
static GHashTable *read_set(const char *setting, const GPtrArray *items)
{
    GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (unsigned i = 0; i < items->len; i++) {
        const char *item = g_ptr_array_index(items, i);
        char name[BACKSTOP_ADDRESS_SIZE];
        if (backstop_address_canonical(item, name)) {
            g_hash_table_insert(set, g_strdup(name), g_strdup_printf("%s: %s", setting, item));
        }
    }
    return set;
}

static GPtrArray *read_subjects(const GPtrArray *items)
{
    GPtrArray *subjects = g_ptr_array_new_with_free_func(free_allowed);
    for (unsigned i = 0; i < items->len; i++) {
        const char *text = g_ptr_array_index(items, i);
        allowed *item = g_new0(allowed, 1);
        item->rule = g_strconcat("allow-subject: ", text, NULL);
        item->pattern = pattern_fold(text);
        g_ptr_array_add(subjects, item);
    }
    return subjects;
}

static GPtrArray *read_clients(const GPtrArray *items, GPtrArray *errors)
{
    GPtrArray *clients = g_ptr_array_new_with_free_func(free_allowed);
    for (unsigned i = 0; i < items->len; i++) {
        const char *text = g_ptr_array_index(items, i);
        backstop_error error;
        allowed *item = g_new0(allowed, 1);
        item->rule = g_strconcat("allow-client: ", text, NULL);
        item->networks = backstop_site_new();
        if (backstop_site_add_internal_network(item->networks, text, &error) != BACKSTOP_OK) {
            g_ptr_array_add(errors, g_strconcat(item->rule, ": ", error.text, NULL));
        }
        g_ptr_array_add(clients, item);
    }
    return clients;
}

static void read_domains(policy *p)
{
    const GPtrArray *domains = p->settings->domains;
    for (unsigned i = 0; i < domains->len; i++) {
        const config_domain *domain = g_ptr_array_index(domains, i);
        g_autofree char *spec = g_strconcat("@", domain->name, NULL);
        char name[BACKSTOP_ADDRESS_SIZE];
        if (!backstop_address_canonical(spec, name)) {
            continue; /* config_make_site() tells of it */
        }
        g_hash_table_insert(p->rules, g_strdup(name), (gpointer)&domain->rules);
        if (domain->uses_batv) {
            g_hash_table_add(p->batv, g_strdup(name));
        }
    }
}

static void read_addresses(policy *p, GPtrArray *errors)
{
    const GPtrArray *addresses = p->settings->addresses;
    bool has_domains = p->settings->domains->len > 0;
    for (unsigned i = 0; i < addresses->len; i++) {
        const config_address *address = g_ptr_array_index(addresses, i);
        const char *problem = NULL;
        char name[BACKSTOP_ADDRESS_SIZE];
        if (!backstop_address_canonical(address->name, name)) {
            problem = "is too long";
        } else if (g_hash_table_contains(p->rules, name)) {
            problem = "the address has a section above";
        } else if (has_domains && !g_hash_table_contains(p->rules, strrchr(name, '@'))) {
            problem = "there is no section [domain] for its domain";
        }
        if (problem != NULL) {
            g_ptr_array_add(errors, g_strdup_printf("%s:%u: [address %s]: %s", p->settings->file,
                                                    address->line, address->name, problem));
        } else {
            g_hash_table_insert(p->rules, g_strdup(name), (gpointer)&address->rules);
        }
    }
}

/* No address can be in both. */
static void check_always_and_never(const policy *p, GPtrArray *errors)
{
    GHashTableIter each;
    gpointer name;
    g_hash_table_iter_init(&each, p->never);
    while (g_hash_table_iter_next(&each, &name, NULL)) {
        if (g_hash_table_contains(p->always, name)) {
            g_autofree char *place = config_place(p->settings, "never-notices");
            g_ptr_array_add(errors, g_strdup_printf("%s%s stands in always-notices too", place,
                                                    (const char *)name));
        }
    }
}

policy *policy_new(const config *settings, GPtrArray *errors)
{
    unsigned before = errors->len;
    policy *p = g_new0(policy, 1);
    p->settings = settings;
    p->rules = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    p->batv = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    p->always = read_set("always-notices", settings->always_notices);
    p->never = read_set("never-notices", settings->never_notices);
    p->refused = read_set("refuse-at-data", settings->refuse_at_data);
    p->batv_not_to = read_set("batv-not-to", settings->batv_not_to);
    p->batv_not_from = read_set("batv-not-from", settings->batv_not_from);
    p->senders = read_set("allow-sender", settings->allow_sender);
    p->subjects = read_subjects(settings->allow_subject);
    p->clients = read_clients(settings->allow_client, errors);
    read_domains(p);
    read_addresses(p, errors);
    check_always_and_never(p, errors);
    if (errors->len > before) {
        g_clear_pointer(&p, policy_free);
    }
    return p;
}

void policy_free(policy *p)
{
    if (p == NULL) {
        return;
    }
    g_hash_table_unref(p->rules);
    g_hash_table_unref(p->batv);
    g_hash_table_unref(p->always);
    g_hash_table_unref(p->never);
    g_hash_table_unref(p->refused);
    g_hash_table_unref(p->batv_not_to);
    g_hash_table_unref(p->batv_not_from);
    g_hash_table_unref(p->senders);
    g_ptr_array_unref(p->subjects);
    g_ptr_array_unref(p->clients);
    g_free(p);
}

/* The addresses that one may be, the outermost first: itself, and what is inside of it. */
typedef struct candidates {
    char names[1 + LAYERS_MAX][BACKSTOP_ADDRESS_SIZE];
    size_t count;
} candidates;

static void find_candidates(const char *address, candidates *out)
{
    out->count = 0;
    if (!backstop_address_canonical(address, out->names[0])) {
        /* Longer than any that has rules of its own; its domain may have some. */
        const char *at = strrchr(address, '@');
        if (at == NULL || !backstop_address_canonical(at, out->names[0])) {
            return;
        }
    }
    out->count = 1;
    while (out->count <= LAYERS_MAX &&
           backstop_address_unwrap(out->names[out->count - 1], out->names[out->count])) {
        out->count++;
    }
}

/* What the table has for one of them, or for the domain that all of them are at; NULL: nothing. */
static gconstpointer look_up(GHashTable *table, const candidates *c)
{
    for (size_t i = 0; i < c->count; i++) {
        gconstpointer found = g_hash_table_lookup(table, c->names[i]);
        if (found != NULL) {
            return found;
        }
    }
    const char *at = c->count > 0 ? strrchr(c->names[0], '@') : NULL;
    return at == NULL ? NULL : g_hash_table_lookup(table, at);
}

static gconstpointer look_up_address(GHashTable *table, const char *address)
{
    candidates c;
    if (address == NULL || g_hash_table_size(table) == 0) {
        return NULL;
    }
    find_candidates(address, &c);
    return look_up(table, &c);
}

static bool is_role(const candidates *c)
{
    for (size_t i = 0; i < c->count; i++) {
        if (backstop_address_is_role(c->names[i])) {
            return true;
        }
    }
    return false;
}

bool policy_must_hear(const char *recipient)
{
    candidates c;
    find_candidates(recipient, &c);
    return is_role(&c);
}

policy_answer policy_ask(const policy *p, const char *recipient, backstop_verdict verdict,
                         backstop_confidence confidence)
{
    candidates c;
    find_candidates(recipient, &c);
    const config_rules *rules = look_up(p->rules, &c);
    if (rules == NULL) {
        rules = &p->settings->rules;
    }
    policy_answer answer = {
        .disposition = backstop_dispose(verdict, confidence, &rules->dispositions),
        .reject_reply = rules->reject_reply,
        .is_always = is_role(&c) || look_up(p->always, &c) != NULL,
    };
    answer.is_never = !answer.is_always && look_up(p->never, &c) != NULL;
    bool is_suspect =
        verdict == BACKSTOP_VERDICT_UNVERIFIED || verdict == BACKSTOP_VERDICT_BACKSCATTER;
    if (answer.is_always) {
        answer.disposition = MIN(answer.disposition, BACKSTOP_DISPOSITION_MARK);
    } else if (answer.is_never && is_suspect) {
        answer.disposition = MAX(answer.disposition, BACKSTOP_DISPOSITION_QUARANTINE);
    }
    return answer;
}

static bool is_getter(const policy_answer *answer)
{
    return answer->disposition <= BACKSTOP_DISPOSITION_MARK;
}

/* What is done with the message as a whole. */
static backstop_disposition join(const policy_answer *answers, size_t count)
{
    bool has_getter = false, has_mark = false, are_equal = true;
    for (size_t i = 0; i < count; i++) {
        has_getter = has_getter || is_getter(&answers[i]);
        has_mark = has_mark || answers[i].disposition == BACKSTOP_DISPOSITION_MARK;
        are_equal = are_equal && answers[i].disposition == answers[0].disposition;
    }
    if (has_mark) {
        return BACKSTOP_DISPOSITION_MARK;
    }
    if (has_getter || count == 0) {
        return BACKSTOP_DISPOSITION_DELIVER;
    }
    return are_equal ? answers[0].disposition : BACKSTOP_DISPOSITION_QUARANTINE;
}

static const char *choose_reply(const policy_answer *answers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (answers[i].reject_reply[0] == '4') {
            return answers[i].reject_reply;
        }
    }
    return answers[0].reject_reply;
}

policy_plan policy_plan_for(const policy_answer *answers, size_t count, backstop_disposition *each)
{
    policy_plan plan = { .message = join(answers, count) };
    bool is_delivered = plan.message <= BACKSTOP_DISPOSITION_MARK;
    for (size_t i = 0; i < count; i++) {
        bool is_copy = is_delivered && !is_getter(&answers[i]);
        each[i] = is_copy ? BACKSTOP_DISPOSITION_QUARANTINE : plan.message;
        plan.has_copies = plan.has_copies || is_copy;
    }
    if (plan.message == BACKSTOP_DISPOSITION_REJECT) {
        plan.reject_reply = choose_reply(answers, count);
    }
    return plan;
}

static const char *allowed_subject(const policy *p, const char *subject)
{
    if (subject == NULL || p->subjects->len == 0) {
        return NULL;
    }
    g_autofree char *folded = pattern_fold(subject);
    for (unsigned i = 0; i < p->subjects->len; i++) {
        const allowed *item = g_ptr_array_index(p->subjects, i);
        if (pattern_matches(item->pattern, folded)) {
            return item->rule;
        }
    }
    return NULL;
}

static const char *allowed_client(const policy *p, const char *client_ip)
{
    for (unsigned i = 0; client_ip != NULL && i < p->clients->len; i++) {
        const allowed *item = g_ptr_array_index(p->clients, i);
        if (backstop_site_is_internal(item->networks, client_ip)) {
            return item->rule;
        }
    }
    return NULL;
}

bool policy_allows(const policy *p, const char *subject, const char *from, const char *mail_from,
                   const char *client_ip, const char **rule)
{
    *rule = allowed_client(p, client_ip);
    if (*rule == NULL) {
        *rule = look_up_address(p->senders, mail_from);
    }
    if (*rule == NULL) {
        *rule = look_up_address(p->senders, from);
    }
    if (*rule == NULL) {
        *rule = allowed_subject(p, subject);
    }
    return *rule != NULL;
}

bool policy_allows_message(const policy *p, const backstop_message *message, const char *mail_from,
                           const char *client_ip, const char **rule)
{
    char *subject = backstop_message_field_text(message, "Subject");
    backstop_sent_copy *authors = backstop_sent_copy_read(message);
    bool is_allowed = policy_allows(p, subject, NULL, mail_from, client_ip, rule);
    for (size_t i = 0; i < backstop_sent_copy_count(authors) && !is_allowed; i++) {
        backstop_sent author;
        backstop_sent_copy_get(authors, i, &author);
        is_allowed = policy_allows(p, NULL, author.sender, NULL, NULL, rule);
    }
    backstop_sent_copy_free(authors);
    backstop_text_free(subject);
    return is_allowed;
}

bool policy_refuses_at_data(const policy *p, const char *recipient)
{
    candidates c;
    if (g_hash_table_size(p->refused) == 0) {
        return false;
    }
    find_candidates(recipient, &c);
    return look_up(p->refused, &c) != NULL && look_up(p->always, &c) == NULL && !is_role(&c);
}

bool policy_uses_batv(const policy *p, const char *sender, const char *recipient)
{
    candidates c;
    if (g_hash_table_size(p->batv) == 0) {
        return false;
    }
    find_candidates(sender, &c);
    const char *at = c.count > 0 ? strrchr(c.names[0], '@') : NULL;
    return at != NULL && g_hash_table_contains(p->batv, at) &&
           look_up(p->batv_not_from, &c) == NULL &&
           look_up_address(p->batv_not_to, recipient) == NULL;
}
