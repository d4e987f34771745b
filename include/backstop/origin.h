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
 * of our hosts took it from a stranger: read from the top, the first client that had not logged in
 * and is no loopback address, and no internal or outbound host of the site. Shared hosts are
 * strangers, private addresses too unless the site names them (a proxy's, a container's), and
 * clients whose address is there and cannot be read. What stands below that client, or below a
 * login, is his own word, and is not looked at. Fields that tell of no client's address are passed
 * over.
 */
BACKSTOP_CHECKED bool backstop_message_is_from_outside(const backstop_message *message,
                                                       const backstop_site *site);

#endif
