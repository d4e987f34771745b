/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One connection of the mail server, with the mail that is on its way through it, and what the
 * directions share: the changes that they make to a mail. libmilter never runs two callbacks of a
 * connection at once.
 */
#ifndef BACKSTOP_BACKSTOPD_SESSION_H
#define BACKSTOP_BACKSTOPD_SESSION_H

#include "backstopd/direction.h"
#include "backstopd/service.h"
#include "backstopd/transaction.h"

#include <libmilter/mfapi.h>

#include <stdbool.h>
#include <sys/socket.h>

/* Who deals with the mail at its end. */
typedef enum route {
    ROUTE_PASS,  /* nobody: it goes on as it is */
    ROUTE_SIGN,  /* outgoing.h */
    ROUTE_CLEAN, /* incoming.h, without the body */
    ROUTE_JUDGE, /* incoming.h */
    ROUTE_OWN,   /* own_notice.h */
} route;

typedef struct session {
    SMFICTX *context; /* libmilter's */
    service *service;
    char *client_ip;     /* NULL: not known, or this host */
    bool is_this_host;   /* the client is */
    char *daemon_name;   /* NULL: the mail server does not tell */
    unsigned long steps; /* of the protocol, as negotiated: SMFIP_ */
    bool has_auth;
    transaction mail;
    const service_settings *settings; /* from the mail's sender to its end; else NULL */
    direction direction;              /* known from the end of the header on, as what follows */
    bool is_seen;                     /* it was judged at its first pass (backstop/seen.h) */
    route route;
} session;

session *session_new(SMFICTX *context, service *s);

/* The client of the connection, as the mail server tells; each may be NULL, and all is copied. */
void session_set_client(session *s, const char *host, const struct sockaddr *address,
                        const char *daemon_name);

/* Begins a mail: takes the settings. */
void session_begin(session *s);

/* Forgets the mail, and gives the settings back. */
void session_end(session *s);

/* Takes NULL. */
void session_free(session *s);

/* The client is this host, or one that the settings name as internal. */
bool session_is_trusted(const session *s);

/* Whether dispositions are carried out: the mail's own settings say so, and nothing speaks against
 * it. */
bool session_enforces(const session *s);

/* The mail server's name for the mail; NULL if it does not tell. */
const char *session_queue_id(const session *s);

/* What is done if something in us fails: on-error; the mail server's own notices always pass.
 * Logged, with why. */
sfsistat session_fail(session *s, const char *why);

/* Puts a field on top. False: it is not there. */
bool session_insert_field(session *s, const char *name, const char *value);

/* Takes all Backstop-Verdict and Backstop-Seen fields out. False: not all are gone. */
bool session_remove_fields(session *s);

/* Addresses as the mail server writes them: in brackets. */
bool session_remove_recipient(session *s, const transaction_recipient *r);

#endif
