/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Outgoing mail: the tag that later proves a returned copy ours, and the ledger's entry. Every
 * adapter (milter, gateway, command) calls this, adds the lines on top, and changes nothing else.
 */
#ifndef BACKSTOP_SIGN_H
#define BACKSTOP_SIGN_H

#include <backstop/error.h>
#include <backstop/keys.h>
#include <backstop/message.h>
#include <backstop/store.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum backstop_sign_result {
    BACKSTOP_SIGNED,
    BACKSTOP_SIGN_ALREADY,     /* it bears a valid tag of ours */
    BACKSTOP_SIGN_NULL_SENDER, /* a notice: nobody bounces it */
} backstop_sign_result;

typedef struct backstop_signature backstop_signature;

/*
 * Signs `message`, whose envelope must tell mail_from and the recipients; from the host `host`
 * (for a Message-ID that has to be made; NULL: the sender's domain). `store` may be NULL: then
 * nothing is remembered. The entry is committed when the call returns.
 * BACKSTOP_OK: `*out` is for the caller to free with backstop_signature_free().
 * BACKSTOP_ERROR_INVALID: the envelope does not tell the sender.
 * BACKSTOP_ERROR_KEYS: there is no tag key that is valid at `now_sec`.
 * BACKSTOP_ERROR_BUSY, _STORE: signed but not remembered: `*out` is made as with BACKSTOP_OK, the
 * mail is to go out with its lines, and the gap is on record as soon as the store can be written.
 */
BACKSTOP_CHECKED backstop_status backstop_sign(const backstop_message *message,
                                               const backstop_keys *keys, backstop_store *store,
                                               const char *host, int64_t now_sec,
                                               backstop_signature **out, backstop_error *error);

BACKSTOP_API backstop_sign_result backstop_signature_result(const backstop_signature *signature);

/* How many header fields go on top, the first one topmost: none, Backstop-Tag, or Backstop-Tag
 * and Message-ID. Values are ASCII on one line, below 998 bytes. */
BACKSTOP_API size_t backstop_signature_field_count(const backstop_signature *signature);
BACKSTOP_API const char *backstop_signature_field_name(const backstop_signature *signature,
                                                       size_t index);
BACKSTOP_API const char *backstop_signature_field_value(const backstop_signature *signature,
                                                        size_t index);

/* Takes NULL. */
BACKSTOP_API void backstop_signature_free(backstop_signature *signature);

/*
 * Says that mail went out from `from_sec` to `until_sec` (both included) unsigned or unrecorded:
 * what is missing from that time proves nothing. If the store cannot be written, the gap goes into
 * the small file of backstop_store_note_gap(), and is taken in later.
 * BACKSTOP_ERROR_STORE: not even that can be written. The object holds the gap, knows of it when it
 * is asked, and tries again with all that it writes and when it is closed; a program that ends
 * before loses it, and should say so.
 */
BACKSTOP_CHECKED backstop_status backstop_store_add_gap(backstop_store *store, int64_t from_sec,
                                                        int64_t until_sec, backstop_error *error);

#endif
