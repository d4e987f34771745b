/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The mark of a notice that was judged already: include/backstop/seen.h. */
#include <backstop/seen.h>

#include <backstop/judge.h>

#include "message/message.h"
#include "proof/tag.h"

#include <string.h>

enum { SEEN_LIFETIME_SEC = 5 * 86400, STRINGS_BLOCK_BYTES = 1024 };

#define TIME_SEC_MAX INT64_C(999999999999) /* TAG_TIME_DIGITS_MAX */

/* Where a tag binds the sender, for notices have none. Without what folding changes. */
static GString *bound_verdict(span verdict)
{
    GString *out = g_string_sized_new(verdict.len);
    for (size_t i = 0; i < verdict.len; i++) {
        if (!ascii_is_space(verdict.ptr[i])) {
            g_string_append_c(out, verdict.ptr[i]);
        }
    }
    return out;
}

static void read_mail(field_block header, GStringChunk *strings, tag_mail *out)
{
    tag_mail_read(header, strings, out);
    /* That matters where a mail is proven to be ours. Here, a loop is to end for any notice. */
    out->is_ambiguous = false;
}

bool backstop_seen_write(const backstop_message *message, const char *verdict,
                         const backstop_keys *keys, int64_t now_sec, char value[BACKSTOP_SEEN_SIZE])
{
    unsigned char nonce[TAG_NONCE_BYTES];
    const key *k = keys_to_sign(keys, KEY_TAG, now_sec);
    value[0] = '\0';
    if (k == NULL || now_sec < 0 || now_sec > TIME_SEC_MAX ||
        !secret_random(nonce, sizeof(nonce))) {
        return false;
    }
    GStringChunk *strings = g_string_chunk_new(STRINGS_BLOCK_BYTES);
    g_autoptr(GString) bound = bound_verdict(span_from_string(verdict == NULL ? "" : verdict));
    g_autoptr(GString) text = g_string_new(NULL);
    tag_mail mail;
    read_mail(message_header(message), strings, &mail);
    tag_write(TAG_SEEN, k, now_sec, nonce, (span){ bound->str, bound->len }, &mail, text);
    g_string_chunk_free(strings);
    return g_strlcpy(value, text->str, BACKSTOP_SEEN_SIZE) < BACKSTOP_SEEN_SIZE;
}

static bool holds(span value, const backstop_keys *keys, const tag_mail *mail, span verdict,
                  int64_t now_sec)
{
    tag t;
    bool is_retired;
    if (!tag_read(TAG_SEEN, value, &t) || !tag_is_in_time(&t, now_sec, SEEN_LIFETIME_SEC)) {
        return false;
    }
    const key *k = keys_to_verify(keys, KEY_TAG, span_from_string(t.key_id), now_sec, &is_retired);
    return k != NULL && tag_is_ours(&t, k) && tag_is_bound(&t, k, verdict, mail);
}

static const header_field *next_of(field_block header, const header_field *field, span name)
{
    return field_find(header, name, (unsigned)(field - field_at(header, 0)) + 1);
}

bool backstop_seen_check(const backstop_message *message, const backstop_keys *keys,
                         int64_t now_sec)
{
    field_block header = message_header(message);
    span verdict_name = SPAN(BACKSTOP_VERDICT_FIELD);
    const header_field *field = field_find(header, SPAN(BACKSTOP_SEEN_FIELD), 0);
    const header_field *verdict = field_find(header, verdict_name, 0);
    span given = verdict == NULL ? SPAN("") : verdict->value;
    if (field == NULL || memchr(given.ptr, '\0', given.len) != NULL ||
        (verdict != NULL && next_of(header, verdict, verdict_name) != NULL)) {
        return false;
    }
    g_autoptr(GString) bound = bound_verdict(given);
    GStringChunk *strings = g_string_chunk_new(STRINGS_BLOCK_BYTES);
    tag_mail mail;
    bool is_seen = false;
    read_mail(header, strings, &mail);
    for (unsigned tried = 0; field != NULL && !is_seen && tried < TAG_FIELDS_TRIED; tried++) {
        is_seen = holds(field->value, keys, &mail, (span){ bound->str, bound->len }, now_sec);
        field = next_of(header, field, SPAN(BACKSTOP_SEEN_FIELD));
    }
    g_string_chunk_free(strings);
    return is_seen;
}
