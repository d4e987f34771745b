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
    char *name; /* canonical, owned */
    bool is_closed;
    bool dkim_signs_all;
    GArray *dkim_keys; /* of site_dkim_key */
};

/* An IPv4 or IPv6 network; IPv4 as v4-mapped IPv6 (RFC 4291, 2.5.5.2). */
enum { SITE_ADDRESS_BYTES = 16 };
typedef struct site_network {
    unsigned char address[SITE_ADDRESS_BYTES];
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
    int64_t personal_from_sec, personal_until_sec; /* the Sent folder's oldest and newest mail */
    bool has_unknown_exits;
    GArray *networks;       /* of site_network */
    GArray *hosts;          /* of site_host */
    GArray *internal;       /* of site_network: hosts that may send without login */
    GHashTable *addresses;  /* a set of canonical "local@domain": ours without their domains */
    GHashTable *forwarders; /* a set of canonical "local@domain" and "@domain" */
    GHashTable *domains;    /* of backstop_domain by name; owned */
};

/* The domain of ours that a canonical address or domain belongs to; NULL if to none. The domain
 * itself: one below it may be a stranger's. */
const backstop_domain *site_domain_of(const backstop_site *site, span canonical);

/* Whether a host's name, in any case, is that of a domain of ours or below it. */
bool site_is_below_domain(const backstop_site *site, span host);

/* The key of that selector, in any case; NULL if there is none. */
const dkim_key *site_dkim_key_of(const backstop_domain *domain, span selector);

/* Whether the address is ours or at a domain of ours, or neither is configured. */
bool site_owns(const backstop_site *site, span canonical);

bool site_is_forwarder(const backstop_site *site, span canonical);

typedef enum site_match { SITE_NOT_OURS, SITE_SHARED, SITE_OURS } site_match;

/* By the text of an IP address; SITE_NOT_OURS for what is none. Of several that match, the
 * narrowest counts; of equals, the shared one. */
site_match site_match_ip(const backstop_site *site, span ip);

/* By the text of an IP address: whether it is in a network whose hosts may send without login. */
bool site_is_internal(const backstop_site *site, span ip);

/* By a host's name, in any case. */
site_match site_match_name(const backstop_site *site, span name);

/* Whether networks were added of the kind of this address, IPv4 or IPv6, so that a host of ours of
 * that kind would be known by it: where a host of ours alone is named, a shared network is not
 * enough. */
bool site_has_network_like(const backstop_site *site, span ip);

bool site_has_hosts(const backstop_site *site);

/* Loopback, private, link-local and unique local addresses (RFC 6890). */
bool site_ip_is_internal(span ip);

#endif
