/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Every cap on what one message may make us do, in one place. What is over a limit is not
 * read; the message is judged by what was read within it and marked as cut. The caps bound
 * memory below three times the input (tests/hostile) whatever the input is.
 */
#ifndef BACKSTOP_MESSAGE_LIMITS_H
#define BACKSTOP_MESSAGE_LIMITS_H

enum {
    /* Header fields kept of one header block. The largest real headers seen have some 200. */
    LIMIT_FIELDS_PER_BLOCK = 2000,
    /* Header fields kept of one message, all blocks together. */
    LIMIT_FIELDS = 10000,
    /* MIME parts kept of one message. A notice has three to six. */
    LIMIT_PARTS = 1000,
    /* Depth of multipart and message nesting. Real notices nest four deep. */
    LIMIT_DEPTH = 32,
    /* A boundary is at most 70 characters (RFC 2046, 5.1.1); some senders exceed that. */
    LIMIT_BOUNDARY_BYTES = 250,
    /* Bytes of one field's value that are decoded or parsed. Long To fields are real. */
    LIMIT_VALUE_BYTES = 64 * 1024,
    /* Addresses read from one field. */
    LIMIT_ADDRESSES = 1000,
    /* Length of one address: 64 + 1 + 255 (RFC 5321, 4.5.3.1), room for IMCEAEX forms. */
    LIMIT_ADDRESS_BYTES = 1000,
    /* Received fields read of one header block; MTAs reject at 30 to 100 hops. */
    LIMIT_HOPS = 100,
    /* Parameters of one Content-Type, with RFC 2231 continuations. */
    LIMIT_PARAMETERS = 64,
    /* Bytes of the notice's own text that are searched for phrases and addresses. */
    LIMIT_NOTICE_TEXT_BYTES = 16 * 1024,
    /* Bytes of a text part that are decoded to get at it: base64 and HTML shrink. */
    LIMIT_TEXT_PART_BYTES = 256 * 1024,
    /* Failed recipients kept of one notice: SMTP servers take 100 to 1,000 a transaction. */
    LIMIT_RECIPIENTS = 2000,
    /* Diagnostic text kept of one recipient. */
    LIMIT_DIAGNOSTIC_BYTES = 2000,
};

#endif
