/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Mail for our users. */
#include "backstopd/incoming.h"

#include "backstopd/reply.h"
#include "backstopd/story.h"
#include "backstopd/verdict_plan.h"

#include <backstop/address.h>
#include <backstop/batv.h>
#include <backstop/judge.h>
#include <backstop/notice.h>
#include <backstop/seen.h>

#include <string.h>

/* Whether it can be told that the address is at another host: "local@some.domain". */
static bool names_a_host(const char *address)
{
    char canonical[BACKSTOP_ADDRESS_SIZE];
    const char *at =
        backstop_address_canonical(address, canonical) ? strrchr(canonical, '@') : NULL;
    const char *last = at == NULL ? NULL : strrchr(at, '.');
    return last != NULL && at > canonical && !g_ascii_isdigit(last[1]) &&
           strpbrk(at + 1, "[]\"<>!%: ") == NULL;
}

void incoming_add_recipient(session *s, char *const *words)
{
    char address_macro[] = "{rcpt_addr}", mailer_macro[] = "{rcpt_mailer}";
    transaction_recipient *r = transaction_add_recipient(&s->mail, words[0], words + 1);
    if (r == NULL || s->settings == NULL) {
        return;
    }
    const backstop_site *site = s->settings->site;
    const char *read = smfi_getsymval(s->context, address_macro);
    const char *mailer = smfi_getsymval(s->context, mailer_macro);
    if (!backstop_site_owns(site, r->address) && read != NULL && backstop_site_owns(site, read)) {
        transaction_set_address(r, read);
    }
    /* The mailer "local" delivers to the users of this host, whatever the domain. */
    r->is_ours = backstop_site_owns(site, r->address) || !names_a_host(r->address) ||
                 (mailer != NULL && strcmp(mailer, "local") == 0);
    r->must_hear = r->is_ours && policy_must_hear(r->address);
}

bool incoming_is_to_us(const session *s)
{
    for (unsigned i = 0; i < s->mail.recipients->len; i++) {
        if (transaction_recipient_at(&s->mail, i)->is_ours) {
            return true;
        }
    }
    return false;
}

/* To be freed with backstop_text_free(); NULL: the address bears no BATV of ours. */
static char *plain_address(const session *s, const transaction_recipient *r, int64_t now_sec)
{
    return backstop_site_owns(s->settings->site, r->address)
               ? backstop_batv_restore(s->settings->keys, r->address, now_sec)
               : NULL;
}

bool incoming_has_batv(const session *s)
{
    int64_t now_sec = service_now(s->service);
    for (unsigned i = 0; i < s->mail.recipients->len; i++) {
        char *plain = plain_address(s, transaction_recipient_at(&s->mail, i), now_sec);
        backstop_text_free(plain);
        if (plain != NULL) {
            return true;
        }
    }
    return false;
}

/* Only where no rule that lets notices pass has to see more of it. */
bool incoming_refuses_data(session *s)
{
    const service_settings *settings = s->settings;
    const char *rule;
    if (settings == NULL || s->mail.sender == NULL || s->mail.sender[0] != '\0' ||
        s->mail.is_sender_empty || s->mail.recipients->len == 0 || s->mail.recipients_are_cut ||
        settings->config->allow_subject->len > 0 || settings->config->allow_sender->len > 0 ||
        session_is_trusted(s) || s->has_auth || !session_enforces(s) ||
        policy_allows(settings->policy, NULL, NULL, NULL, s->client_ip, &rule)) {
        return false;
    }
    for (unsigned i = 0; i < s->mail.recipients->len; i++) {
        if (!policy_refuses_at_data(settings->policy,
                                    transaction_recipient_at(&s->mail, i)->address)) {
            return false;
        }
    }
    service_log(s->service, LOG_INFO, session_queue_id(s),
                "disposition=reject by=refuse-at-data client=%s", s->client_ip);
    reply_set(s->context, "550 5.7.1 This address sends no mail and gets no notices");
    return true;
}

/* The plain address is added before the other is taken away: somebody gets it whatever fails. */
static bool restore_recipient(session *s, const transaction_recipient *r, const char *plain)
{
    g_autofree char *given = g_strdup_printf("<%s>", plain);
    int added = r->arguments == NULL ? smfi_addrcpt(s->context, given)
                                     : smfi_addrcpt_par(s->context, given, r->arguments);
    return added == MI_SUCCESS && session_remove_recipient(s, r);
}

/* `each` (NULL: nobody): who does not get it. False: some could not be changed, and get it as it
 * is. */
static bool restore_recipients(session *s, const backstop_disposition *each)
{
    int64_t now_sec = service_now(s->service);
    bool is_done = true;
    for (unsigned i = 0; i < s->mail.recipients->len; i++) {
        const transaction_recipient *r = transaction_recipient_at(&s->mail, i);
        char *plain = each == NULL || each[i] <= BACKSTOP_DISPOSITION_MARK
                          ? plain_address(s, r, now_sec)
                          : NULL;
        if (plain != NULL) {
            is_done = restore_recipient(s, r, plain) && is_done;
        }
        backstop_text_free(plain);
    }
    return is_done;
}

/* What is done with every mail that goes on. */
static sfsistat clean(session *s, const backstop_disposition *each)
{
    bool is_done = s->is_seen || session_remove_fields(s);
    is_done = restore_recipients(s, each) && is_done;
    return is_done ? SMFIS_ACCEPT : session_fail(s, "the mail server takes not all changes");
}

sfsistat incoming_clean(session *s)
{
    return clean(s, NULL);
}

/* Marks what is delivered: the verdict where it is asked for, and that it was judged always. */
static bool mark(session *s, const backstop_message *message, const char *verdict)
{
    char seen[BACKSTOP_SEEN_SIZE];
    bool is_done = true;
    if (backstop_seen_write(message, verdict, s->settings->keys, service_now(s->service), seen)) {
        is_done = session_insert_field(s, BACKSTOP_SEEN_FIELD, seen);
    }
    if (verdict != NULL) {
        is_done = session_insert_field(s, BACKSTOP_VERDICT_FIELD, verdict) && is_done;
    }
    return is_done;
}

/* Takes those out who get a copy in quarantine. False: one is still there. */
static bool remove_others(session *s, const verdict_plan *plan)
{
    bool is_done = true;
    for (unsigned i = 0; i < s->mail.recipients->len; i++) {
        if (plan->each[i] == BACKSTOP_DISPOSITION_QUARANTINE) {
            is_done = session_remove_recipient(s, transaction_recipient_at(&s->mail, i)) && is_done;
        }
    }
    return is_done;
}

static bool hold(session *s, backstop_verdict verdict)
{
    g_autofree char *reason = g_strdup_printf("backstop: %s", backstop_verdict_name(verdict));
    return smfi_quarantine(s->context, reason) == MI_SUCCESS;
}

/* Does to the mail what the plan says. What cannot be done is taken out of the plan. */
static sfsistat carry_out(session *s, verdict_plan *plan, const backstop_message *message,
                          const backstop_judgement *j)
{
    const char *field = backstop_judgement_field(j);
    if (plan->done == BACKSTOP_DISPOSITION_REJECT) {
        return reply_set(s->context, plan->reject_reply);
    }
    if (plan->done == BACKSTOP_DISPOSITION_DISCARD) {
        return SMFIS_DISCARD;
    }
    sfsistat answer = clean(s, plan->has_copies ? plan->each : NULL);
    const char *problem = NULL;
    bool is_marked = mark(s, message, plan->done == BACKSTOP_DISPOSITION_DELIVER ? NULL : field);
    if (!is_marked) {
        problem = "the mail server takes no header fields";
    }
    if (plan->has_copies && !remove_others(s, plan)) {
        problem = "a recipient cannot be taken out";
        verdict_plan_deliver(plan, is_marked);
    }
    if (plan->done == BACKSTOP_DISPOSITION_QUARANTINE && !hold(s, backstop_judgement_verdict(j))) {
        problem = "the mail server has no quarantine";
        verdict_plan_deliver(plan, is_marked);
    }
    if (plan->done == BACKSTOP_DISPOSITION_MARK && !is_marked) {
        plan->done = BACKSTOP_DISPOSITION_DELIVER;
    }
    return problem != NULL && answer == SMFIS_ACCEPT ? session_fail(s, problem) : answer;
}

static void count(session *s, const backstop_judgement *j)
{
    backstop_error error;
    backstop_store *store = service_store(s->settings);
    if (store != NULL &&
        backstop_judgement_count(j, store, service_now(s->service), &error) != BACKSTOP_OK) {
        service_log(s->service, LOG_WARNING, session_queue_id(s),
                    "the notice is not counted against its mail: %s", error.text);
    }
}

static sfsistat judge(session *s, const backstop_message *message, const backstop_notice *notice)
{
    backstop_judgement *j = backstop_judge(notice, s->settings->site, s->settings->keys,
                                           service_store(s->settings), service_now(s->service));
    verdict_plan plan;
    verdict_plan_make(s, message, j, &plan);
    sfsistat answer = carry_out(s, &plan, message, j);
    story_tell(s, notice, j, &plan);
    count(s, j);
    verdict_plan_clear(&plan);
    backstop_judgement_free(j);
    return answer;
}

sfsistat incoming_judge(session *s)
{
    sfsistat answer;
    backstop_message *message = transaction_read(&s->mail, s->client_ip);
    if (message == NULL) {
        return clean(s, NULL);
    }
    backstop_notice *notice = backstop_notice_read(message);
    if (backstop_notice_kind(notice) == BACKSTOP_KIND_NONE) {
        answer = clean(s, NULL);
    } else {
        answer = judge(s, message, notice);
    }
    backstop_notice_free(notice);
    backstop_message_free(message);
    return answer;
}
