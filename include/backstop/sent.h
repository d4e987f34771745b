/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a copy of a sent mail, as a Sent folder keeps it, tells the ledger: who sent it, to whom.
 */
#ifndef BACKSTOP_SENT_H
#define BACKSTOP_SENT_H

#include <backstop/error.h>
#include <backstop/message.h>
#include <backstop/store.h>

#include <stddef.h>
#include <stdint.h>

typedef struct backstop_sent_copy backstop_sent_copy;

/*
 * Reads the header of `message`, of which only that need be there. Recipients are those of To, Cc,
 * Bcc and Apparently-To, and of the Resent fields (RFC 5322, 3.6.6). Since the envelope is not in
 * it, each address of Return-Path, Sender, From, Resent-Sender and Resent-From may have been its
 * sender. Never NULL; to be freed with backstop_sent_copy_free(). The message may be freed before.
 */
BACKSTOP_CHECKED backstop_sent_copy *backstop_sent_copy_read(const backstop_message *message);

/* Takes NULL. */
BACKSTOP_API void backstop_sent_copy_free(backstop_sent_copy *copy);

/* How many senders it may have had: none, or a few. */
BACKSTOP_API size_t backstop_sent_copy_count(const backstop_sent_copy *copy);

/* The mail with the sender at `index`, as backstop_store_import() takes it; its sent_sec is the
 * last Resent-Date's or the Date's, 0 if there is none. What `*out` points to is borrowed from the
 * copy. All zero if there is no such sender. */
BACKSTOP_API void backstop_sent_copy_get(const backstop_sent_copy *copy, size_t index,
                                         backstop_sent *out);

#endif
