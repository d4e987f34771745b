/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What is done with a notice that came in. */
#include "backstopd/verdict_plan.h"

#include "backstopd/quarantine.h"

static policy_answer ask(const session *s, const transaction_recipient *r,
                         const backstop_judgement *j)
{
    /* What is done with strangers' mail is not ours to say. */
    if (!r->is_ours) {
        return (policy_answer){ .disposition = BACKSTOP_DISPOSITION_DELIVER };
    }
    return policy_ask(s->settings->policy, r->address, backstop_judgement_verdict(j),
                      backstop_judgement_confidence(j));
}

static void ask_all(const session *s, const backstop_judgement *j, verdict_plan *plan)
{
    unsigned count = s->mail.recipients->len;
    g_autofree policy_answer *answers = g_new0(policy_answer, count);
    plan->each = g_new0(backstop_disposition, count + 1);
    for (unsigned i = 0; i < count; i++) {
        answers[i] = ask(s, transaction_recipient_at(&s->mail, i), j);
    }
    policy_plan found = policy_plan_for(answers, count, plan->each);
    plan->enforced = found.message;
    plan->has_copies = found.has_copies;
    plan->reject_reply = found.reject_reply;
}

/* False: everybody gets it. */
static bool keep_copies(session *s, const backstop_judgement *j, const verdict_plan *plan)
{
    g_autoptr(GPtrArray) recipients = g_ptr_array_new();
    g_autofree char *problem = NULL;
    for (unsigned i = 0; i < s->mail.recipients->len; i++) {
        if (plan->each[i] == BACKSTOP_DISPOSITION_QUARANTINE) {
            g_ptr_array_add(recipients, transaction_recipient_at(&s->mail, i)->address);
        }
    }
    if (s->mail.body_is_cut) {
        service_log(s->service, LOG_NOTICE, session_queue_id(s),
                    "too large for a copy in the quarantine: all recipients get it");
        return false;
    }
    if (!quarantine_keep(s->settings->config->quarantine_folder, s->mail.bytes, recipients,
                         backstop_judgement_field(j), service_now(s->service), &problem)) {
        service_log(s->service, LOG_ERR, session_queue_id(s),
                    "error: no copy in the quarantine, all recipients get it: %s", problem);
        return false;
    }
    return true;
}

void verdict_plan_make(session *s, const backstop_message *message, const backstop_judgement *j,
                       verdict_plan *plan)
{
    *plan = (verdict_plan){ .rule = NULL };
    ask_all(s, j, plan);
    if (plan->enforced > BACKSTOP_DISPOSITION_MARK || plan->has_copies) {
        policy_allows_message(s->settings->policy, message, s->mail.sender, s->client_ip,
                              &plan->rule);
    }
    bool is_whole = !s->mail.header_is_cut && !s->mail.recipients_are_cut;
    if (plan->rule != NULL || !is_whole || s->direction == DIRECTION_OWN_NOTICE) {
        plan->enforced = MIN(plan->enforced, BACKSTOP_DISPOSITION_MARK);
        plan->has_copies = false;
        for (unsigned i = 0; i < s->mail.recipients->len; i++) {
            plan->each[i] = plan->enforced;
        }
    }
    if (!session_enforces(s)) {
        plan->done = BACKSTOP_DISPOSITION_MARK;
        plan->has_copies = false;
        return;
    }
    plan->done = plan->enforced;
    if (plan->has_copies && !keep_copies(s, j, plan)) {
        verdict_plan_deliver(plan, true);
    }
}

void verdict_plan_deliver(verdict_plan *plan, bool is_marked)
{
    plan->has_copies = false;
    plan->done = is_marked ? BACKSTOP_DISPOSITION_MARK : BACKSTOP_DISPOSITION_DELIVER;
}

backstop_disposition verdict_plan_done_for(const verdict_plan *plan, unsigned index)
{
    return plan->has_copies && plan->each[index] == BACKSTOP_DISPOSITION_QUARANTINE
               ? BACKSTOP_DISPOSITION_QUARANTINE
               : plan->done;
}

void verdict_plan_clear(verdict_plan *plan)
{
    g_clear_pointer(&plan->each, g_free);
}
