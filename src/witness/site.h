/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The inside of backstop_site, for the witnesses. */
#ifndef BACKSTOP_WITNESS_SITE_H
#define BACKSTOP_WITNESS_SITE_H

#include "base/span.h"
#include "proof/dkim.h"

#include <backstop/site.h>

#include <glib.h>

typedef struct site_dkim_key {
    char *selector; /* ASCII lowered */
    dkim_key *key;
} site_dkim_key;

struct backstop_domain {
    char *name; /* canonical */
    bool is_closed;
    bool dkim_signs_all;
    GArray *dkim_keys; /* of site_dkim_key */
};

/* An IPv4 or IPv6 network; IPv4 as v4-mapped IPv6 (RFC 4291, 2.5.5.2). */
typedef struct site_network {
    unsigned char address[16];
    unsigned prefix_bits;
    bool is_shared;
} site_network;

typedef struct site_host {
    char *name; /* canonical; ".our.example" stands for all below it */
    bool is_shared;
} site_host;

struct backstop_site {
    int64_t tag_lifetime_sec;
    bool ledger_is_complete;
    bool is_personal;
    bool has_unknown_exits;
    GArray *networks;      /* of site_network */
    GArray *hosts;         /* of site_host */
    GPtrArray *forwarders; /* of canonical "local@domain" or "@domain" */
    GPtrArray *domains;    /* of backstop_domain */
};

/* The domain of ours that a canonical address or domain belongs to; NULL if to none. */
const backstop_domain *site_domain_of(const backstop_site *site, span canonical);

/* Whether the address is at a domain of ours, or no domain is configured. */
bool site_owns(const backstop_site *site, span canonical);

bool site_is_forwarder(const backstop_site *site, span canonical);

typedef enum site_match { SITE_NOT_OURS, SITE_SHARED, SITE_OURS } site_match;

/* By the text of an IP address; SITE_NOT_OURS for what is none. */
site_match site_match_ip(const backstop_site *site, span ip);

/* By a host's name, in any case. */
site_match site_match_name(const backstop_site *site, span name);

bool site_has_hosts(const backstop_site *site);

/* Loopback, private, link-local and unique local addresses (RFC 6890). */
bool site_ip_is_internal(span ip);

#endif
