/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Amazon SES reports bounces as JSON, mailed by Amazon SNS or kept as it comes:
 * docs.aws.amazon.com, "Amazon SNS notification contents for Amazon SES". This turns such a report
 * into the delivery status fields and the header block that other systems send, so that the
 * general mechanism reads it.
 */
#ifndef BACKSTOP_NOTICE_DIALECT_SES_H
#define BACKSTOP_NOTICE_DIALECT_SES_H

#include "base/span.h"

#include <glib.h>

typedef enum dialect_ses_type {
    SES_NONE,      /* not such a report */
    SES_DELIVERY,  /* bounce, delay or delivery: `out` holds it as RFC 3464 has it */
    SES_COMPLAINT, /* a recipient called the mail spam: `out` holds its header */
} dialect_ses_type;

/* Reads `text` (valid UTF-8), which may go on after the JSON; appends to `out`. Linear time,
 * no recursion: nesting is not looked at, save for the message that SNS puts into a string. */
dialect_ses_type dialect_ses_rewrite(span text, GString *out);

#endif
