/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Where a mail came from before one of our own hosts handed it to us: a content filter and a
 * gateway hand in strangers' mail from the same address as ours.
 */
#ifndef BACKSTOP_ORIGIN_H
#define BACKSTOP_ORIGIN_H

#include <backstop/error.h>
#include <backstop/message.h>
#include <backstop/site.h>

#include <stdbool.h>

/*
 * Whether the Received fields of `message`, of which only the header need be there, show that one
 * of our hosts took it from a stranger: read from the top, the first client that is no loopback,
 * private, internal or outbound host of the site had not logged in. What stands below that is the
 * client's own word, and is not looked at. Fields without an address of the client do not tell.
 */
BACKSTOP_CHECKED bool backstop_message_is_from_outside(const backstop_message *message,
                                                       const backstop_site *site);

#endif
