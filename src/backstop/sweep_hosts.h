/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Learning from where one's mail leaves: from the Received fields in notices which the Sent folder
 * proves genuine. What is learned is as wide as providers' pools of servers are: the network of the
 * host that handed the mail to a stranger's server, and the domain of its name.
 */
#ifndef BACKSTOP_BACKSTOP_SWEEP_HOSTS_H
#define BACKSTOP_BACKSTOP_SWEEP_HOSTS_H

#include <backstop/message.h>
#include <backstop/notice.h>

#include <glib.h>

typedef struct sweep_hosts sweep_hosts;

sweep_hosts *sweep_hosts_new(void);

/* Takes NULL. */
void sweep_hosts_free(sweep_hosts *hosts);

/* Learns from a notice that is proven genuine, and the message that it was read from. */
void sweep_hosts_learn(sweep_hosts *hosts, const backstop_message *message,
                       const backstop_notice *notice);

/* What was learned: networks ("192.0.2.0/24"), names (".provider.example"), in order; borrowed
 * until the next call. */
const GPtrArray *sweep_hosts_list(sweep_hosts *hosts);

#endif
