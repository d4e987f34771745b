/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Whether one of our hosts took a mail from a stranger. */
#include <backstop/origin.h>

#include "message/limits.h"
#include "message/message.h"
#include "message/received.h"
#include "witness/host.h"
#include "witness/site.h"

static bool is_near(const backstop_site *site, span ip)
{
    return site_ip_is_internal(ip) || site_is_internal(site, ip) ||
           site_match_ip(site, ip) != SITE_NOT_OURS;
}

bool backstop_message_is_from_outside(const backstop_message *message, const backstop_site *site)
{
    field_block header = message_header(message);
    const header_field *field = field_find(header, SPAN("Received"), 0);
    for (unsigned hops = 0; field != NULL && hops < LIMIT_HOPS; hops++) {
        received r;
        if (received_read(field->value, &r)) {
            /* A user who logged in wrote it, whatever stands below. */
            if (host_was_logged_in(&r)) {
                return false;
            }
            if (r.ip.len > 0 && !is_near(site, r.ip)) {
                return true;
            }
        }
        field = field_find(header, SPAN("Received"), (unsigned)(field - field_at(header, 0)) + 1);
    }
    return false;
}
