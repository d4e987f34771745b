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
#include "message/field.h"

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
    backstop_reason hint;   /* what single words suggest: for settling the reason */
    bool is_final_reported; /* `final` stands in a field of the report, where no stranger writes */
};

struct backstop_hop {
    const char *from;
    const char *name;
    const char *ip;
    const char *by;
    bool has_date;
    int64_t date_sec;
};

/* A header that came back, as it stood: for what is proved from its bytes. */
typedef struct returned_header {
    GArray *fields; /* of header_field: spans into the message's input or the notice's store */
    span text;      /* the bytes that the fields stand in, and no more than the returned message */
    span body;      /* raw bytes behind it, in the same place; ptr NULL: none came back */
    bool is_raw;    /* byte for byte; not rebuilt, cited or freed of indentation */
    bool is_complete;
    /* It may stand in what the author of the returned message wrote: behind a summary, or in a text
     * that an automatic reply quotes. So it proves nothing of that message. */
    bool is_cited;
    bool has_body; /* one came back, whether or not its bytes are in `body` */
} returned_header;

struct backstop_returned {
    backstop_form form;
    bool is_complete;
    const char *message_id;
    bool message_id_is_cited; /* in the text alone, perhaps by the author of what came back */
    const char *sender;
    const char *from;
    const char *subject;
    bool has_date;
    int64_t date_sec;
    GPtrArray *to; /* of const char * in the store */
    GArray *hops;  /* of backstop_hop */
    span body;     /* ptr NULL: none */
    returned_header header;
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
    GArray
        *others; /* of returned_header: what else came back, in parts of its own; NULL: nothing */
    bool has_more_others; /* and more, which was not read */

    const char *author;          /* who wrote the notice */
    const char *original_sender; /* the envelope sender that its report names */
    GPtrArray *notified;         /* of const char *: whom it was sent to */
    GPtrArray *addressed;        /* of const char *: whom its To names */
    GPtrArray *replied_to;       /* of const char *: Message-IDs that its header answers */
};

/* backstop_notice_read(), without the dialects where the general mechanism is measured. */
backstop_notice *notice_read(const backstop_message *message, bool use_dialects);

/* Copies for the notice to own, NULL for empty input. The first makes any bytes valid UTF-8 on
 * one line: white space runs and control characters become one space. The second decodes header
 * text (RFC 2047) besides. At most LIMIT_DIAGNOSTIC_BYTES. */
const char *notice_keep_text(backstop_notice *notice, span bytes);
const char *notice_keep_header_text(backstop_notice *notice, span raw);

#endif
