/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The Backstop-Tag field (docs/tag.md): it proves that a mail is ours, and that it is this mail.
 * Bytes and secrets, no opinion.
 */
#ifndef BACKSTOP_PROOF_TAG_H
#define BACKSTOP_PROOF_TAG_H

#include "base/span.h"
#include "proof/keys.h"

#include <glib.h>
#include <stdint.h>

enum {
    TAG_NONCE_BYTES = 12,
    TAG_MAC_BYTES = 16,
    TAG_FIELDS_TRIED = 4, /* of several Backstop-Tag fields in one header */
};

/* What `h` binds: raw values as they stand in the header; the addresses canonical. */
typedef struct tag_mail {
    span sender;     /* envelope sender, canonical (message/address_form.h) */
    span message_id; /* raw field value */
    span from;       /* the From address, canonical */
    span subject;    /* raw field value; decoded and collapsed here */
} tag_mail;

typedef struct tag {
    span key_id; /* in the value, white space in it possible only in broken tags: then unreadable */
    int64_t time_sec;
    unsigned char nonce[TAG_NONCE_BYTES];
    unsigned char ours[TAG_MAC_BYTES];  /* a= */
    unsigned char bound[TAG_MAC_BYTES]; /* h= */
    char key_id_text[KEY_ID_BYTES_MAX + 1];
    char time_text[24]; /* t= as it was written, white space removed: what the MACs are over */
    char nonce_text[20];
} tag;

/* Reads a field value, folded or not. False if it is none of version 1: something missing, doubled,
 * of a wrong length or with foreign characters. Unknown tags in it are passed over. */
bool tag_read(span value, tag *out);

/* Whether key `k` made it. */
bool tag_is_ours(const tag *t, const key *k);

/* Whether it is bound to `mail`: only for one that is ours. */
bool tag_is_bound(const tag *t, const key *k, const tag_mail *mail);

/* Replaces `out` by the field value for `mail`, on one line. */
void tag_write(const key *k, int64_t now_sec, const unsigned char nonce[TAG_NONCE_BYTES],
               const tag_mail *mail, GString *out);

#endif
