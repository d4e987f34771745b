/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The inside of a backstop_notice. All strings are owned by its store. notice.c runs the steps:
 * clues (what the message shows), classify (is it a notice, of what kind), returned (what came
 * back), recipients (about whom, and why).
 */
#ifndef BACKSTOP_NOTICE_NOTICE_H
#define BACKSTOP_NOTICE_NOTICE_H

#include "base/span.h"

#include <backstop/notice.h>

#include <glib.h>

struct backstop_recipient {
    const char *address;
    const char *final;
    const char *original;
    const char *action;
    const char *status;
    const char *reply;
    const char *diagnostic;
    backstop_reason reason;
    backstop_reason hint; /* what single words suggest: for settling the reason */
};

struct backstop_hop {
    const char *from;
    const char *ip;
    const char *by;
    bool has_date;
    int64_t date_sec;
};

struct backstop_returned {
    backstop_form form;
    bool is_complete;
    const char *message_id;
    const char *sender;
    const char *from;
    const char *subject;
    bool has_date;
    int64_t date_sec;
    GPtrArray *to; /* of const char * in the store */
    GArray *hops;  /* of backstop_hop */
    span body;     /* ptr NULL: none */
};

struct backstop_notice {
    GStringChunk *store;
    backstop_kind kind;
    bool cut;
    /* What the text says where no recipient could be made out. */
    backstop_reason reason;
    const char *status;
    const char *reply;
    const char *reporting_mta;
    bool has_arrival;
    int64_t arrival_sec;
    GArray *recipients; /* of backstop_recipient */
    struct backstop_returned returned;
};

/* backstop_notice_read(), without the dialects where the general mechanism is measured. */
backstop_notice *notice_read(const backstop_message *message, bool use_dialects);

/* Copies for the notice to own, NULL for empty input. The first makes any bytes valid UTF-8 on
 * one line: white space runs and control characters become one space. The second decodes header
 * text (RFC 2047) besides. At most LIMIT_DIAGNOSTIC_BYTES. */
const char *notice_keep_text(backstop_notice *notice, span bytes);
const char *notice_keep_header_text(backstop_notice *notice, span raw);

#endif
