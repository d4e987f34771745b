/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The Backstop-Tag field (docs/tag.md): it proves that a mail is ours, and that it is this mail.
 * The Backstop-Seen field (include/backstop/seen.h) is built alike. Bytes and secrets, no opinion.
 * Re-entrant.
 */
#ifndef BACKSTOP_PROOF_TAG_H
#define BACKSTOP_PROOF_TAG_H

#include "base/span.h"
#include "message/field.h"
#include "proof/keys.h"

#include <glib.h>
#include <stdint.h>

#define TAG_FIELD_NAME "Backstop-Tag"

enum {
    TAG_NONCE_BYTES = 12,
    TAG_NONCE_CHARS = 16,
    TAG_MAC_BYTES = 16,
    TAG_MAC_CHARS = 22,
    TAG_TIME_DIGITS_MAX = 12,
    TAG_FIELDS_TRIED = 4,          /* of several Backstop-Tag fields in one header */
    TAG_VALUE_BYTES = 2000,        /* a longer value is no tag: ours are below 130 */
    TAG_LIFETIME_SEC = 336 * 3600, /* unless the site says otherwise */
    TAG_SKEW_SEC = 86400,          /* so far ahead of ours another host's clock may be */
};

/* What a value is for. It enters the MACs, so that none passes for one of the other sort. */
typedef enum tag_purpose { TAG_ORIGIN, TAG_SEEN } tag_purpose;

/* What a header tells of its mail, as it enters the MAC. Of several fields of a name the first
 * counts, but then the mail is ambiguous: readers may show another; what is missing is empty. */
typedef struct tag_mail {
    span message_id;   /* ledger_message_id() */
    span from;         /* the From address, canonical (message/address_form.h) */
    span subject;      /* decoded, white space collapsed */
    bool is_ambiguous; /* one of these fields is doubled, or From names several mailboxes */
} tag_mail;

/* The texts are copied to `strings`. */
void tag_mail_read(field_block header, GStringChunk *strings, tag_mail *out);

/* One tag, as it was read. The texts are what the MACs are over: without white space. */
typedef struct tag {
    tag_purpose purpose;                     /* as the reader takes it: the text does not tell */
    char key_id[KEY_ID_BYTES_MAX + 1];       /* k= */
    char time_text[TAG_TIME_DIGITS_MAX + 1]; /* t= */
    char nonce[TAG_NONCE_CHARS + 1];         /* n= */
    int64_t time_sec;
    unsigned char ours[TAG_MAC_BYTES];  /* a= */
    unsigned char bound[TAG_MAC_BYTES]; /* h= */
} tag;

/* Reads a field value, folded or not. False if it is none of version 1: something missing, doubled,
 * of a wrong length or with foreign characters. Unknown tags in it are passed over. */
bool tag_read(tag_purpose purpose, span value, tag *out);

/* Whether the value says that it is of another version, whatever else stands in it. */
bool tag_is_other_version(span value);

/* Whether key `k` made it. */
bool tag_is_ours(const tag *t, const key *k);

/* Whether it is bound to `mail` of the envelope sender `sender` (canonical, without NUL); only for
 * one that is ours. To no ambiguous mail is one bound. */
bool tag_is_bound(const tag *t, const key *k, span sender, const tag_mail *mail);

/* Whether it was made within `lifetime_sec` before now. One from the future is not, save for what
 * clocks differ by. */
bool tag_is_in_time(const tag *t, int64_t now_sec, int64_t lifetime_sec);

/* Replaces `out` by the field value for `mail`, on one line. `now_sec` is 0 or later. */
void tag_write(tag_purpose purpose, const key *k, int64_t now_sec,
               const unsigned char nonce[TAG_NONCE_BYTES], span sender, const tag_mail *mail,
               GString *out);

#endif
