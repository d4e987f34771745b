/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Delivery status fields: RFC 3464, 2, internationalised by RFC 6533, with the variants of real
 * systems: no blank lines between groups or too many, "Action : failed", "Action: failure", an
 * SMTP reply as the Status, address types left out. Read wherever such fields stand, not only in
 * a message/delivery-status part.
 */
#ifndef BACKSTOP_NOTICE_DELIVERY_STATUS_H
#define BACKSTOP_NOTICE_DELIVERY_STATUS_H

#include "base/span.h"

#include <backstop/notice.h>

#include <glib.h>

typedef enum delivery_action {
    ACTION_NONE,
    ACTION_FAILED,
    ACTION_DELAYED,
    ACTION_DELIVERED,
    ACTION_RELAYED,
    ACTION_EXPANDED,
} delivery_action;

/* One per-recipient group. Values are raw; addresses are without their type. */
typedef struct delivery_group {
    span final;
    span original;
    span status;     /* the value, comments and all */
    span diagnostic; /* without its type; folded */
    delivery_action action;
} delivery_group;

typedef struct delivery_status {
    span reporting_mta;
    span arrival_date;
    span original_sender; /* X-Postfix-Sender and its like */
    GArray *groups;       /* of delivery_group */
    unsigned known_fields;
    bool is_full; /* there were more than LIMIT_RECIPIENTS */
} delivery_status;

/* Adds what `text` holds to `status`, whose groups the caller made (empty) and frees; spans point
 * into `text`. Lines that are no fields are passed over. At most LIMIT_RECIPIENTS groups. */
void delivery_status_read(span text, delivery_status *status);

/* "failed" and so on, NULL for ACTION_NONE. */
const char *delivery_action_name(delivery_action action);

#endif
