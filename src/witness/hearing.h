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
#include "message/received.h"
#include "witness/site.h"

#include <backstop/judge.h>

#include <glib.h>

enum {
    /* A mail that takes longer from us to the reporting MTA was given up (RFC 5321, 4.5.4.1), so
     * the returned mail was sent at most so long before it came there. */
    HEARING_QUEUE_SEC = 5 * 86400,
    /* What is later than this after now was not yet: somebody's clock is wrong. */
    HEARING_CLOCK_SKEW_SEC = 86400,
    /* How fast the clock may be by which an honest mail was dated. */
    HEARING_DATE_SKEW_SEC = 3600,
    HEARING_SENDERS_MAX = 16,
    HEARING_NOTIFIED_MAX = 64,
    HEARING_RECIPIENTS_MAX = 24,
    HEARING_MESSAGE_IDS_MAX = 8,
};

/* A Received field of the returned header. */
typedef struct hearing_hop {
    span value; /* raw */
    received read;
} hearing_hop;

typedef struct hearing {
    const backstop_notice *notice;
    const backstop_site *site;
    const backstop_keys *keys; /* may be NULL */
    backstop_store *store;     /* may be NULL */
    int64_t now_sec;

    /* The returned header that is asked about; fields.count is 0 where none came back. */
    field_block header;
    span header_text; /* what its names and values point into */
    bool is_complete;
    span body; /* raw; empty if none came back. It may be cut off. */
    bool has_date;
    int64_t date_sec; /* its Date: whoever wrote the mail chose it */

    GArray *hops;         /* of hearing_hop, from the top, to the first that cannot be read */
    bool hops_are_all;    /* they are all Received fields of the header */
    bool hops_are_on_top; /* nothing that the sender writes stands above the first */

    span return_path;            /* raw value, where the trace fields have one; else empty */
    bool return_path_is_told;    /* by the side that reports: it stands above all Received fields */
    const char *envelope_sender; /* of the returned mail, canonical; NULL if nothing tells it */
    bool envelope_sender_is_told; /* by the side that reports */
    const char *from;             /* the first From address, canonical; NULL if there is none */
    bool from_is_notified; /* it is a mailbox that the notice was sent to, sub-addresses aside */

    /* The mailboxes that the notice was sent to, canonical: as addressed, and each without BATV,
     * VERP and sub-address. */
    GPtrArray *notified; /* of const char * */

    /* Canonical addresses, each once, the likeliest first: who may have sent it, at domains of ours
     * alone. The first `notified_sender_count` are among `notified`; the first
     * `reported_sender_count` are those, and whom the reporting side took for the sender. */
    GPtrArray *senders;
    unsigned notified_sender_count, reported_sender_count;

    /* The forms of the one of them in whose name it was sent: whom the reporting side tells, else
     * to whom it wrote, else to whom the notice came. */
    GPtrArray *claimed;

    /* It was sent in the name of an address of ours, as the reporting side tells or the author. */
    bool is_in_our_name;

    /* For failure, delay, success: its recipients in each form that is told. For an automatic
     * reply: its author. Canonical. The first `sure_recipient_count` are those of whom the
     * reporting side itself says that the mail went to them: an Original-Recipient is what the
     * client said (RFC 3461, 4.2), and in a text or a returned To a stranger can name anybody. */
    GPtrArray *recipients;
    unsigned sure_recipient_count;
    bool has_more_sure_recipients; /* than are in the list */

    /* The Message-IDs that may name the mail, in the ledger's form; the first is its own, or what
     * In-Reply-To says; the others are of mails before it, perhaps. */
    GPtrArray *message_ids;
    bool first_id_is_cited; /* only a text names it, perhaps that of the mail which came back */

    /* The domain of the reported senders, else of the first sender; of several the first that is
     * open. NULL: none that is configured. */
    const backstop_domain *domain;

    /* When the mail left us, from the earliest to the latest that it can be: both 0 where nothing
     * trustworthy tells. */
    int64_t sent_from_sec, sent_until_sec;

    /* It may be mail of strangers that goes on through us, or no address of ours is named. */
    bool may_be_of_strangers;

    /* NULL, or why no absence may count: a sentence, static. */
    const char *absence_is_silent;

    struct recall *recall; /* what the store answered already (witness/recall.h) */
    GStringChunk *strings; /* owns the texts above */
} hearing;

/* About returned message `which`: 0 is the notice's own, others follow in the order of
 * notice->others. `keys` and `store` may be NULL. To be closed before any of them goes. */
hearing *hearing_open(const backstop_notice *notice, unsigned which, const backstop_site *site,
                      const backstop_keys *keys, backstop_store *store, int64_t now_sec);

/* Takes NULL. */
void hearing_close(hearing *h);

/* The text at `index` of one of its lists. */
span hearing_text_at(const GPtrArray *list, unsigned index);

const hearing_hop *hearing_hop_at(const hearing *h, unsigned index);

#endif
