/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Received fields: RFC 5321, 4.4, and the forms that Sendmail, Postfix, Exim, qmail, Exchange,
 * Gmail, Courier, Domino, MDaemon and others write.
 */
#ifndef BACKSTOP_MESSAGE_RECEIVED_H
#define BACKSTOP_MESSAGE_RECEIVED_H

#include "base/span.h"

#include <stdint.h>

typedef struct received {
    span from;      /* the name after "from": what the client called itself; may be empty */
    span from_rdns; /* the verified or looked-up name in the comment; may be empty */
    span ip;   /* the client's address, IPv4 or IPv6, without brackets and "IPv6:"; may be empty */
    span by;   /* the receiving host; may be empty */
    span with; /* protocol; may be empty */
    span id;   /* queue id; may be empty */
    span recipient;    /* the address after "for", without brackets; may be empty */
    bool is_ambiguous; /* a client's own words may stand where a server's are read */
    bool has_date;
    int64_t date_sec; /* Unix time, if has_date */
} received;

/* Reads one field value (raw, folded or not). False if it has neither "from" nor "by" nor a date.
 * All spans point into `value`. */
bool received_read(span value, received *out);

#endif
