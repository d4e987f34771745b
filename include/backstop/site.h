/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What its owner says of a site: the domains that are ours, and how their mail leaves. Judging
 * reads it. Filled once, then read; several threads may read it at once.
 */
#ifndef BACKSTOP_SITE_H
#define BACKSTOP_SITE_H

#include <backstop/error.h>

#include <stdbool.h>
#include <stdint.h>

typedef struct backstop_site backstop_site;
typedef struct backstop_domain backstop_domain;

/* A site without domains, hosts or declarations; tags live 336 hours. */
BACKSTOP_CHECKED backstop_site *backstop_site_new(void);

/* Frees its domains as well. Takes NULL. */
BACKSTOP_API void backstop_site_free(backstop_site *site);

/* 1 h to 720 h; others give BACKSTOP_ERROR_INVALID. */
BACKSTOP_CHECKED backstop_status backstop_site_set_tag_lifetime(backstop_site *site,
                                                                int64_t lifetime_sec,
                                                                backstop_error *error);

/* Every outgoing host records into this store: what it does not know was not sent. */
BACKSTOP_API void backstop_site_set_ledger_complete(backstop_site *site, bool is_complete);

/*
 * The store holds the Sent folder of one mailbox's owner, whose oldest mail is of `from_sec` and
 * whose newest is of `until_sec`: a Message-ID from between that the store does not know counts
 * against a notice. People delete sent mail and send from telephones, so one witness of absence
 * alone condemns nothing.
 */
BACKSTOP_API void backstop_site_set_personal(backstop_site *site, int64_t from_sec,
                                             int64_t until_sec);

/* Mail is known to leave by ways that are not configured: no Received chain counts against it. */
BACKSTOP_API void backstop_site_set_unknown_exits(backstop_site *site, bool has_some);

/*
 * A host from which our mail leaves: an IP address, a network ("192.0.2.0/24", "2001:db8::/32"), a
 * name ("mx.our.example"), or all names below one (".our.example"). `is_shared`: strangers send
 * from there as well, as from a provider's relay. Of two that match, the narrower one counts.
 * Addresses are better than names: many servers do not write down whose name an address is.
 * BACKSTOP_ERROR_INVALID: it is none of these, a network's address has bits beyond its prefix, or
 * it is all of the internet.
 */
BACKSTOP_CHECKED backstop_status backstop_site_add_outbound_host(backstop_site *site,
                                                                 const char *host, bool is_shared,
                                                                 backstop_error *error);

/* Hosts that may send as our domains without login, by address or network: what they hand in is
 * our mail. BACKSTOP_ERROR_INVALID: it is neither, as above. */
BACKSTOP_CHECKED backstop_status backstop_site_add_internal_network(backstop_site *site,
                                                                    const char *network,
                                                                    backstop_error *error);

/* An address from which mail of strangers goes on, a forwarder's or a list's: notices to it
 * return mail that we did not write, so what is missing proves nothing. "local@domain", or
 * "@domain" for all of it. BACKSTOP_ERROR_INVALID: it is neither. */
BACKSTOP_CHECKED backstop_status backstop_site_add_forwarder(backstop_site *site,
                                                             const char *forwarder,
                                                             backstop_error *error);

/* One address of ours, at a domain that others have addresses at too. BACKSTOP_ERROR_INVALID: it is
 * none. */
BACKSTOP_CHECKED backstop_status backstop_site_add_address(backstop_site *site, const char *spec,
                                                           backstop_error *error);

/* A domain of ours, in any spelling; borrowed from the site. BACKSTOP_ERROR_INVALID: it is no
 * domain name, or was added before. A site without any, and without addresses of
 * ours, takes every address as ours. */
BACKSTOP_CHECKED backstop_status backstop_site_add_domain(backstop_site *site, const char *name,
                                                          backstop_domain **out,
                                                          backstop_error *error);

/* Whether the address `spec`, in any spelling, is one of ours or at a domain of ours, or neither an
 * address nor a domain was added. */
BACKSTOP_API bool backstop_site_owns(const backstop_site *site, const char *spec);

/* Whether the IP address is in a network that was added as internal. */
BACKSTOP_API bool backstop_site_is_internal(const backstop_site *site, const char *ip);

/* Whether it is a loopback, private, link-local or unique local address (RFC 6890). */
BACKSTOP_API bool backstop_ip_is_private(const char *ip);

/* All its mail leaves through hosts that run Backstop. */
BACKSTOP_API void backstop_domain_set_closed(backstop_domain *domain, bool is_closed);

/* All its mail leaves signed with DKIM in its name. */
BACKSTOP_API void backstop_domain_set_dkim_signs_all(backstop_domain *domain, bool signs_all);

/* A DKIM public key of the domain: DNS TXT form (RFC 6376, 3.6.1), whole or as zone file text with
 * quotes, or PEM. BACKSTOP_ERROR_INVALID: unreadable, revoked, RSA below 1,024 bits, another
 * algorithm, or the selector is there already. */
BACKSTOP_CHECKED backstop_status backstop_domain_add_dkim_key(backstop_domain *domain,
                                                              const char *selector,
                                                              const char *text,
                                                              backstop_error *error);

#endif
