/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The owner's rules for notices, made ready for being asked about each recipient. It says what
 * `enforce` would do; whether that is done, or only counted, is the asker's business.
 *
 * An address that is asked about is plain or BATV, with a sub-address or without, in any case, its
 * domain in Unicode or as A-labels, without angle brackets. Rules for user@our.example hold for
 * user+x@our.example too.
 *
 * Made once from settings that must outlive it, then read only: by several threads at once.
 */
#ifndef BACKSTOP_APP_POLICY_H
#define BACKSTOP_APP_POLICY_H

#include "app/config.h"

#include <backstop/disposition.h>
#include <backstop/judge.h>
#include <backstop/message.h>

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct policy policy;

/* NULL, and lines added to `errors` as config.h says, if rules contradict each other: an address
 * that has two sections, that always and never gets notices, or that is at no domain of ours. */
policy *policy_new(const config *settings, GPtrArray *errors);

/* Takes NULL. */
void policy_free(policy *p);

/* What one recipient's rules say about one notice. */
typedef struct policy_answer {
    backstop_disposition disposition;
    const char *reject_reply; /* of whoever is rejected; lives as long as the settings */
    bool is_always;           /* it stands in always-notices, or must hear of all: at most marked */
    bool is_never;            /* it stands in never-notices: at least quarantined unless genuine */
} policy_answer;

/* Whether it is postmaster@ or abuse@, which must hear of everything (RFC 2142, 4 and 5). */
bool policy_must_hear(const char *recipient);

/* An address in both lists, as user@our.example and @our.example, is in always-notices. */
policy_answer policy_ask(const policy *p, const char *recipient, backstop_verdict verdict,
                         backstop_confidence confidence);

/* What is done with a message that has several recipients. */
typedef struct policy_plan {
    backstop_disposition message; /* the message itself, for all whose `each` is not QUARANTINE */
    const char *reject_reply;     /* if it is rejected, else NULL */
    bool has_copies;              /* it is delivered, and those with QUARANTINE get it not */
} policy_plan;

/*
 * Brings `count` answers together; `each` has room for as many, and gets what is done for each
 * recipient. If one gets the message it is delivered, marked if any of those who get it is to have
 * it so, and never rejected or discarded: for the others a copy is quarantined. If nobody gets it,
 * it is rejected or discarded if all say so, else quarantined. Of several replies one that asks
 * the other side to try again later goes first. Without recipients it is delivered.
 */
policy_plan policy_plan_for(const policy_answer *answers, size_t count, backstop_disposition *each);

/*
 * Whether a notice is never held back, rejected or discarded, by its subject (decoded, UTF-8), the
 * address of its From, its envelope sender, or its client's IP. NULL: not known. `*rule` is then
 * the setting and its item, as "allow-subject: Voicemail *", which live as long as the policy.
 */
bool policy_allows(const policy *p, const char *subject, const char *from, const char *mail_from,
                   const char *client_ip, const char **rule);

/* The same of a message: its Subject, and each address that may be its author. */
bool policy_allows_message(const policy *p, const backstop_message *message, const char *mail_from,
                           const char *client_ip, const char **rule);

/* Whether the address stands in refuse-at-data, and not in always-notices, and need not hear of
 * everything. */
bool policy_refuses_at_data(const policy *p, const char *recipient);

/* Whether a mail from this sender of ours to this recipient leaves with a BATV sender. */
bool policy_uses_batv(const policy *p, const char *sender, const char *recipient);

#endif
