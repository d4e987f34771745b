/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Which way a mail goes: out of our site, into it, or out of our own mail server as a notice. */
#ifndef BACKSTOP_BACKSTOPD_DIRECTION_H
#define BACKSTOP_BACKSTOPD_DIRECTION_H

#include <stdbool.h>

typedef enum direction {
    DIRECTION_INCOMING,
    DIRECTION_OUTGOING,
    DIRECTION_OWN_NOTICE, /* our mail server wrote it */
} direction;

/* What the mail server tells of a mail. */
typedef struct direction_facts {
    bool is_sender_empty;   /* "" and not "<>": Postfix shows its own notices so */
    bool has_auth;          /* the client logged in */
    bool is_listed_daemon;  /* it came through one of outgoing-daemons */
    bool is_trusted_client; /* local, loopback, or of an internal network */
    bool came_from_outside; /* its Received fields say so (backstop_message_is_from_outside()) */
} direction_facts;

/* A client that is trusted hands in our users' mail as well as strangers' mail that a content
 * filter or a gateway took: then the Received fields tell. A login, or a daemon that is there for
 * nothing else, tells more than they do. */
direction direction_of(const direction_facts *facts);

#endif
