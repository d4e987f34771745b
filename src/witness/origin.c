/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Whether one of our hosts took a mail from a stranger. */
#include <backstop/origin.h>

#include "message/limits.h"
#include "message/message.h"
#include "message/received.h"
#include "witness/host.h"
#include "witness/site.h"

static bool is_loopback(span ip)
{
    return span_starts_nocase(ip, SPAN("127.")) || span_equal(ip, SPAN("::1"));
}

/* A private address that nobody configured may be a proxy's or a container's, which strangers come
 * through. */
static bool is_near(const backstop_site *site, span ip)
{
    return is_loopback(ip) || site_is_internal(site, ip) || site_match_ip(site, ip) == SITE_OURS;
}

/* Whether somebody handed the mail in who is not seen: then he may be anybody. */
static bool is_hidden(const hearing_hop *hop)
{
    const received *r = &hop->read;
    span before = span_head(hop->value, r->by.len > 0 ? (size_t)(r->by.ptr - hop->value.ptr)
                                                      : span_find_char(hop->value, ';'));
    return r->ip.len > 0 ? !host_is_clear(hop) : span_find_char(before, '[') < before.len;
}

bool backstop_message_is_from_outside(const backstop_message *message, const backstop_site *site)
{
    field_block header = message_header(message);
    const header_field *field = field_find(header, SPAN("Received"), 0);
    for (unsigned hops = 0; field != NULL && hops < LIMIT_HOPS; hops++) {
        hearing_hop hop = { .value = span_head(field->value, LIMIT_VALUE_BYTES) };
        if (received_read(hop.value, &hop.read)) {
            /* A user who logged in wrote it, whatever stands below. */
            if (host_was_logged_in(&hop.read)) {
                return false;
            }
            if (is_hidden(&hop) || (hop.read.ip.len > 0 && !is_near(site, hop.read.ip))) {
                return true;
            }
        }
        field = field_find(header, SPAN("Received"), (unsigned)(field - field_at(header, 0)) + 1);
    }
    return false;
}
