/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Recognising notices: messages that a mail system sent by itself about another message. What
 * kind it is, about whom and why, and what came back of the original.
 *
 * Every string that an accessor returns is NUL-terminated valid UTF-8 without control characters
 * other than those of the text itself made spaces, borrowed from the notice until it is freed,
 * and NULL where the notice does not tell.
 */
#ifndef BACKSTOP_NOTICE_H
#define BACKSTOP_NOTICE_H

#include <backstop/error.h>
#include <backstop/message.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum backstop_kind {
    BACKSTOP_KIND_NONE,            /* no notice */
    BACKSTOP_KIND_FAILURE,         /* not delivered, and nobody will try again */
    BACKSTOP_KIND_DELAY,           /* not delivered yet */
    BACKSTOP_KIND_SUCCESS,         /* delivered, relayed or expanded */
    BACKSTOP_KIND_AUTO_REPLY,      /* vacation, out of office (RFC 3834) */
    BACKSTOP_KIND_LIST_REPLY,      /* a mailing list manager's answer */
    BACKSTOP_KIND_CHALLENGE,       /* "confirm that you are a person" */
    BACKSTOP_KIND_CONTENT_WARNING, /* a scanner's "you sent a virus" */
    BACKSTOP_KIND_READ_RECEIPT,    /* message disposition notification (RFC 8098) */
    BACKSTOP_KIND_FEEDBACK,        /* abuse report (RFC 5965) */
} backstop_kind;

typedef enum backstop_reason {
    BACKSTOP_REASON_NONE, /* not known, or nothing failed */
    BACKSTOP_REASON_USER_UNKNOWN,
    BACKSTOP_REASON_HOST_UNKNOWN,
    BACKSTOP_REASON_MAILBOX_FULL,
    BACKSTOP_REASON_MAILBOX_DISABLED,
    BACKSTOP_REASON_MOVED,
    BACKSTOP_REASON_TOO_LARGE,
    BACKSTOP_REASON_CONTENT_REJECTED,
    BACKSTOP_REASON_SENDER_REJECTED, /* reputation, SPF, DKIM, DMARC, PTR, block list */
    BACKSTOP_REASON_RELAY_DENIED,
    BACKSTOP_REASON_RATE_LIMITED,
    BACKSTOP_REASON_EXPIRED, /* given up after its time in the queue */
    BACKSTOP_REASON_NETWORK,
    BACKSTOP_REASON_SYSTEM,
    BACKSTOP_REASON_SECURITY,
    BACKSTOP_REASON_SYNTAX,
    BACKSTOP_REASON_OTHER, /* it failed, and the notice does not say why in words we know */
} backstop_reason;

/* What the notice carries of the original. */
typedef enum backstop_form {
    BACKSTOP_FORM_NONE,
    BACKSTOP_FORM_FRAGMENT, /* a few fields, or a piece of text */
    BACKSTOP_FORM_HEADERS,  /* a header block */
    BACKSTOP_FORM_FULL,     /* a header block and a body, whole or not */
} backstop_form;

/* The words of docs/architecture.md: "failure", "user_unknown", "headers". Static; NONE is "none"
 * for kinds and forms, NULL for reasons. */
BACKSTOP_API const char *backstop_kind_name(backstop_kind kind);
BACKSTOP_API const char *backstop_reason_name(backstop_reason reason);
BACKSTOP_API const char *backstop_form_name(backstop_form form);

typedef struct backstop_notice backstop_notice;
typedef struct backstop_recipient backstop_recipient;
typedef struct backstop_returned backstop_returned;
typedef struct backstop_hop backstop_hop;

/*
 * Reads a notice out of a message; always succeeds: what is no notice has kind
 * BACKSTOP_KIND_NONE. To be freed with backstop_notice_free(). Copies all that it tells of, save
 * the span of the returned body, so the message may be freed first.
 */
BACKSTOP_CHECKED backstop_notice *backstop_notice_read(const backstop_message *message);

/*
 * Whether a message of which only the header was read, its body missing or empty, may turn out to
 * be a notice when the body is read too. Never false of what backstop_notice_read() calls a notice
 * once it is whole, with the same envelope and the same line ends: a mail filter then need not
 * fetch the body. Pure; threads may ask at the same time, each about a message of its own.
 */
BACKSTOP_API bool backstop_may_be_notice(const backstop_message *message);

/* Takes NULL. */
BACKSTOP_API void backstop_notice_free(backstop_notice *notice);

BACKSTOP_API backstop_kind backstop_notice_kind(const backstop_notice *notice);

/* To whom the notice came: the recipients of the envelope where it was told, else the addresses in
 * Delivered-To, X-Original-To, Envelope-To and To, in this order. Of more than eight, these and
 * perhaps postmaster or abuse. NULL if there is no such address. */
BACKSTOP_API size_t backstop_notice_notified_count(const backstop_notice *notice);
BACKSTOP_API const char *backstop_notice_notified(const backstop_notice *notice, size_t index);

/* The first failed recipient's reason, RFC 3463 status ("5.1.1") and SMTP reply code ("550"). */
BACKSTOP_API backstop_reason backstop_notice_reason(const backstop_notice *notice);
BACKSTOP_API const char *backstop_notice_status(const backstop_notice *notice);
BACKSTOP_API const char *backstop_notice_reply(const backstop_notice *notice);

/* The host that wrote the notice (RFC 3464, 2.2.2), without its "dns;". */
BACKSTOP_API const char *backstop_notice_reporting_mta(const backstop_notice *notice);

/* When the original reached the reporting MTA (RFC 3464, 2.2.5). False if it does not tell. */
BACKSTOP_API bool backstop_notice_arrival_date(const backstop_notice *notice, int64_t *unix_sec);

/* Whether some limit kept part of the message from being read. */
BACKSTOP_API bool backstop_notice_is_cut(const backstop_notice *notice);

/* The recipients that the notice speaks of, in its order, each once. */
BACKSTOP_API size_t backstop_notice_recipient_count(const backstop_notice *notice);

/* NULL if there is no such recipient. */
BACKSTOP_API const backstop_recipient *backstop_notice_recipient(const backstop_notice *notice,
                                                                 size_t index);

/* The address that the sender wrote to, as far as the notice tells. */
BACKSTOP_API const char *backstop_recipient_address(const backstop_recipient *recipient);

/* RFC 3464, 2.3.2 and 2.3.1, without the address type. */
BACKSTOP_API const char *backstop_recipient_final(const backstop_recipient *recipient);
BACKSTOP_API const char *backstop_recipient_original(const backstop_recipient *recipient);

/* "failed", "delayed", "delivered", "relayed" or "expanded" (RFC 3464, 2.3.3). */
BACKSTOP_API const char *backstop_recipient_action(const backstop_recipient *recipient);

BACKSTOP_API backstop_reason backstop_recipient_reason(const backstop_recipient *recipient);
BACKSTOP_API const char *backstop_recipient_status(const backstop_recipient *recipient);
BACKSTOP_API const char *backstop_recipient_reply(const backstop_recipient *recipient);

/* What the failing system said, on one line. */
BACKSTOP_API const char *backstop_recipient_diagnostic(const backstop_recipient *recipient);

/* What came back of the original; never NULL, its form may be BACKSTOP_FORM_NONE. */
BACKSTOP_API const backstop_returned *backstop_notice_returned(const backstop_notice *notice);

BACKSTOP_API backstop_form backstop_returned_form(const backstop_returned *returned);

/* Whether the header block came back whole: it starts with trace fields, has no field cut and no
 * junk between, holds From, Date and Message-ID, a Received chain in the order of time, a field
 * besides those that every server keeps, and ends at its blank line or its part's end. */
BACKSTOP_API bool backstop_returned_is_complete(const backstop_returned *returned);

/* With its angle brackets, where it has them. */
BACKSTOP_API const char *backstop_returned_message_id(const backstop_returned *returned);

/* The envelope sender of the original. Empty for the null sender. */
BACKSTOP_API const char *backstop_returned_sender(const backstop_returned *returned);

/* The first From address. */
BACKSTOP_API const char *backstop_returned_from(const backstop_returned *returned);
BACKSTOP_API size_t backstop_returned_to_count(const backstop_returned *returned);
BACKSTOP_API const char *backstop_returned_to(const backstop_returned *returned, size_t index);
BACKSTOP_API const char *backstop_returned_subject(const backstop_returned *returned);

/* The Date field of the original. False if there is none that can be read. */
BACKSTOP_API bool backstop_returned_date(const backstop_returned *returned, int64_t *unix_sec);

/* Its Received fields, the last hop first. NULL if there is no such hop. */
BACKSTOP_API size_t backstop_returned_hop_count(const backstop_returned *returned);
BACKSTOP_API const backstop_hop *backstop_returned_hop(const backstop_returned *returned,
                                                       size_t index);
BACKSTOP_API const char *backstop_hop_from(const backstop_hop *hop);

/* The name that the receiving host found for the client's address; from is what it calls itself. */
BACKSTOP_API const char *backstop_hop_name(const backstop_hop *hop);
BACKSTOP_API const char *backstop_hop_ip(const backstop_hop *hop);
BACKSTOP_API const char *backstop_hop_by(const backstop_hop *hop);
BACKSTOP_API bool backstop_hop_date(const backstop_hop *hop, int64_t *unix_sec);

/* The raw bytes of the returned body inside the message's input, their number in `*len`; NULL and
 * 0 if none came back, or not as it stands (inside base64 or JSON). Valid as long as the bytes
 * that the message was read from. */
BACKSTOP_API const char *backstop_returned_body(const backstop_returned *returned, size_t *len);

/* A paragraph for a person without mail knowledge: which message, to whom, what went wrong,
 * whether it is final, what to do. A new string, to be freed with backstop_text_free(); it says
 * "This is an ordinary message" for no notice. */
BACKSTOP_CHECKED char *backstop_notice_explain(const backstop_notice *notice);

#endif
