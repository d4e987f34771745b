/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One mail as the mail server tells it, piece by piece: sender, recipients, header fields, body.
 * Put together again into bytes that backstop_message_read() takes. What is over a limit is left
 * out, and said so: memory is bounded whatever comes.
 */
#ifndef BACKSTOP_BACKSTOPD_TRANSACTION_H
#define BACKSTOP_BACKSTOPD_TRANSACTION_H

#include <backstop/message.h>

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    TRANSACTION_HEADER_BYTES = 512 * 1024, /* mail servers take 32 to 100 KB */
    TRANSACTION_BODY_BYTES = 1024 * 1024,  /* of a longer body the beginning is judged */
    TRANSACTION_RECIPIENTS = 10000,        /* Postfix takes 1,000 */
};

typedef struct transaction_recipient {
    char *given;     /* as the mail server said it: "<bob@remote.example>" */
    char *address;   /* without brackets; as the mail server reads it, if it had to be asked */
    char *arguments; /* ESMTP parameters, separated by blanks; NULL: none */
    bool is_ours;    /* nobody says so before incoming.h does */
    bool must_hear;  /* likewise: of everything, as postmaster@ */
} transaction_recipient;

typedef struct transaction {
    bool is_sender_empty;  /* "", which is not "<>": Postfix's own notices */
    char *sender;          /* without brackets */
    GPtrArray *recipients; /* of transaction_recipient * */
    bool recipients_are_cut;
    GString *bytes;    /* header and body */
    size_t header_len; /* of it, with the empty line; 0 before the header's end */
    bool header_is_cut, body_is_cut;
    bool has_lone_cr;       /* in the header */
    unsigned verdict_count; /* Backstop-Verdict fields, all of them */
    unsigned seen_count;    /* Backstop-Seen fields, likewise */
} transaction;

void transaction_init(transaction *t);

/* Back to what transaction_init() made of it. */
void transaction_reset(transaction *t);

void transaction_clear(transaction *t);

/* `given`: as the mail server says it, with angle brackets or without. */
void transaction_set_sender(transaction *t, const char *given);

/* `arguments`: NULL at their end; may be NULL. The recipient; NULL: there are too many. */
transaction_recipient *transaction_add_recipient(transaction *t, const char *given,
                                                 char *const *arguments);

/* Another reading of it, with angle brackets or without. */
void transaction_set_address(transaction_recipient *r, const char *address);

/* `value` may hold line ends with what the field is folded by. */
void transaction_add_field(transaction *t, const char *name, const char *value);
void transaction_end_header(transaction *t);
void transaction_add_body(transaction *t, const char *bytes, size_t len);

/* Whether as much of the body is there as is kept: what follows need not be sent. */
bool transaction_is_full(const transaction *t);

const transaction_recipient *transaction_recipient_at(const transaction *t, unsigned index);

/* Reads the header alone, or all that is there. `client_ip` may be NULL. The message borrows the
 * bytes: it is to be freed before anything else is called here. NULL if there is nothing to read.
 *
 * For all that is there, recipients who must hear of everything are left out beside others of ours:
 * a notice is judged for those, and one who adds postmaster@ changes nothing for them. */
backstop_message *transaction_read_header(const transaction *t, const char *client_ip);
backstop_message *transaction_read(const transaction *t, const char *client_ip);

/* The same with another envelope sender. */
backstop_message *transaction_read_header_as(const transaction *t, const char *client_ip,
                                             const char *sender);

#endif
