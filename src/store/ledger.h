/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The ledger: the memory of what we sent, in keyed hashes. For each mail it holds, under the hash
 * of the sender, the Message-ID, the Message-ID with each recipient, and each recipient; and under
 * the hash of nobody the Message-ID, so that one that no sender sent is known as such.
 */
#ifndef BACKSTOP_STORE_LEDGER_H
#define BACKSTOP_STORE_LEDGER_H

#include "base/span.h"
#include "store/store.h"

#include <glib.h>

/* Addresses here are canonical (message/address_form.h); a Message-ID is in the form of
 * ledger_message_id(). */

/* What identifies a mail in a Message-ID field: from the first "<" to the next ">" without white
 * space, else the trimmed value. `buffer` is used where white space has to go. The tag's rule too.
 */
span ledger_message_id(span value, GString *buffer);

typedef struct ledger_mail {
    span message_id; /* empty: there is none */
    span sender;
    const span *recipients;
    size_t recipient_count;
    bool has_batv; /* it leaves from a BATV address of ours, of which `sender` is the plain form */
} ledger_mail;

/* Remembers a mail that is leaving, and that its sender's and its domain's mail is tagged and
 * recorded from now on; that it is sent with BATV, of the sender alone. Committed when it returns.
 * BACKSTOP_ERROR_BUSY, _STORE: it is not, and the caller is to add a gap. */
backstop_status ledger_record(backstop_store *store, const ledger_mail *mail, int64_t now_sec,
                              backstop_error *error);

/* What is known of a returned mail. */
typedef struct ledger_answer {
    bool knows_message;   /* this sender sent it */
    bool knows_delivery;  /* ... to one of these recipients */
    bool knows_pair;      /* this sender wrote to one of these recipients lately */
    bool knows_elsewhere; /* somebody of ours sent it */
} ledger_answer;

/* Asks for each sender with each Message-ID and each recipient, all in one reading; an empty list
 * is allowed anywhere. At most LEDGER_QUESTIONS_MAX rows are asked for, in the order given; what is
 * cut is not known. Only what was sent in the ledger's days before `now_sec`, or later, is known.
 * BACKSTOP_ERROR_BUSY, _STORE: nobody can tell, and `*out` is all false. */
enum { LEDGER_QUESTIONS_MAX = 512 };
backstop_status ledger_find(backstop_store *store, const span *senders, size_t sender_count,
                            const span *message_ids, size_t message_id_count,
                            const span *recipients, size_t recipient_count, int64_t now_sec,
                            ledger_answer *out, backstop_error *error);

/* Since when this address's or domain's ("our.example") mail is tagged or recorded; 0: not known.
 */
backstop_status ledger_since(backstop_store *store, span address_or_domain, store_since what,
                             int64_t *since_sec, backstop_error *error);

/* Notices that came back about one mail: about one recipient of it, and in all about recipients
 * that it was not sent to. */
typedef struct ledger_returns {
    uint64_t about_recipient;
    uint64_t about_strangers;
} ledger_returns;

/* To be counted only of mail that is proven to be ours: else a flood of notices fills the store. */
backstop_status ledger_count_return(backstop_store *store, span message_id, span recipient,
                                    bool is_stranger, int64_t now_sec, backstop_error *error);
backstop_status ledger_returns_of(backstop_store *store, span message_id, span recipient,
                                  ledger_returns *out, backstop_error *error);

/* Adds to `rows` (of store_dated_row) those of a mail that was sent in the past. */
void ledger_append_rows(backstop_store *store, const ledger_mail *mail, int64_t sent_sec,
                        GArray *rows);

/* The owner under whom a canonical address's or a domain's rows stand. */
void ledger_owner(backstop_store *store, span address_or_domain,
                  unsigned char owner[STORE_OWNER_BYTES]);

/* Readies a store whose `mac` is set, before it is used. */
void ledger_prepare(backstop_store *store);

/* Tells ledgers of different keys apart. */
void ledger_fingerprint(secret_mac *mac, unsigned char out[STORE_FINGERPRINT_BYTES]);

#endif
