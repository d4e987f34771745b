/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What can be believed of the hosts in one Received field: of what a server wrote about its client
 * part is what it saw, part what the client said.
 */
#ifndef BACKSTOP_WITNESS_HOST_H
#define BACKSTOP_WITNESS_HOST_H

#include "witness/hearing.h"

/* Whether the field can be read in one way only. A client may call itself "x (y [192.0.2.1]) by z",
 * and some servers write that down as it is. */
bool host_is_clear(const hearing_hop *hop);

/* Whether the client's address is what the server saw, which servers put into a comment or before
 * one (Exim): "from [192.0.2.1] by" may be the client's own word. */
bool host_ip_is_seen(const hearing_hop *hop);

/* Whether the server looked the client's name up and back (RFC 1912, 2.1). */
bool host_name_is_verified(const hearing_hop *hop);

/* Whether the client had logged in, or wrote the mail in a web form (RFC 3848; HTTP, MAPI). */
bool host_was_logged_in(const received *r);

/* Whether `name` is of the same organisation as host `other`, as far as names tell: equal to it, or
 * below what `other` is in. */
bool host_is_beside(span name, span other);

/* "localhost", a single label, or a name that no public host has (RFC 6761, RFC 6762, .lan). */
bool host_is_local(span name);

/* Whether the name is made of the address, as providers name their customers' machines:
 * "host-1-2-0-192.pool.example". Those are no relays of the provider. */
bool host_is_made_of_ip(span name, span ip);

/* "[192.0.2.1]" and "[IPv6:2001:db8::1]" without what is around the address. */
span host_without_brackets(span name);

#endif
