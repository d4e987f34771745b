/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What all witnesses are asked about, prepared once: whose mail it would be, when it was sent, and
 * whether what is missing may count at all.
 */
#ifndef BACKSTOP_WITNESS_HEARING_H
#define BACKSTOP_WITNESS_HEARING_H

#include "base/span.h"
#include "message/field.h"
#include "witness/site.h"

#include <backstop/judge.h>

#include <glib.h>

/* A mail that takes longer from us to the reporting MTA was given up (RFC 5321, 4.5.4.1), so the
 * returned mail was sent at most so long before it came there. */
enum { HEARING_QUEUE_SEC = 5 * 86400 };

typedef struct hearing {
    const backstop_notice *notice;
    const backstop_site *site;
    const backstop_keys *keys; /* may be NULL */
    backstop_store *store;     /* may be NULL */
    int64_t now_sec;

    /* The returned header that is asked about; fields.count is 0 where none came back. */
    field_block header;
    bool is_complete;
    bool body_is_whole; /* the body came back, and nothing shows that it was cut */

    /* Canonical addresses, each once, the likeliest first: who may have sent it, at domains of ours
     * alone. Bounded by HEARING_SENDERS_MAX. */
    GPtrArray *senders; /* of const char * */

    /* The mailboxes that the notice was sent to, canonical, as addressed and plain. */
    GPtrArray *notified;

    /* For failure, delay, success: its recipients in each form that is told. For an automatic
     * reply: its author. Canonical. */
    GPtrArray *recipients;

    /* The Message-IDs that may name the mail, in the ledger's form. */
    GPtrArray *message_ids;

    const backstop_domain *domain; /* of the first sender at a domain of ours; may be NULL */

    /* When the mail left us: both 0 where nothing trustworthy tells. */
    int64_t sent_from_sec, sent_until_sec;

    /* NULL, or why no absence may count: a sentence. */
    const char *absence_is_silent;

    GStringChunk *strings; /* owns the texts above */
} hearing;

enum { HEARING_SENDERS_MAX = 16, HEARING_RECIPIENTS_MAX = 24, HEARING_MESSAGE_IDS_MAX = 8 };

hearing *hearing_open(const backstop_notice *notice, const backstop_site *site,
                      const backstop_keys *keys, backstop_store *store, int64_t now_sec);

/* Takes NULL. */
void hearing_close(hearing *h);

/* Whether something that holds since `since_sec` (0: never) was there, without a gap on record,
 * all the time in which the mail may have been sent. BACKSTOP_ERROR_BUSY, _STORE: not known. */
backstop_status hearing_was_covered(const hearing *h, int64_t since_sec, bool *was_covered,
                                    backstop_error *error);

#endif
