/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The mark of a notice that was judged already: include/backstop/seen.h. */
#include <backstop/seen.h>

#include "message/message.h"
#include "proof/tag.h"

#include <inttypes.h>
#include <stdio.h>

#define VERDICT_FIELD "Backstop-Verdict"

enum {
    SEEN_LIFETIME_SEC = 5 * 86400,
    STRINGS_BLOCK_BYTES = 1024,
    PIECES_OURS = 4,
    PIECES_BOUND = 8,
};

#define TIME_SEC_MAX INT64_C(999999999999) /* TAG_TIME_DIGITS_MAX */

static void compute_ours(const tag *t, const key *k, unsigned char out[SECRET_MAC_BYTES])
{
    const span pieces[PIECES_OURS] = {
        SPAN("backstop-seen-1 a"),
        span_from_string(t->key_id),
        span_from_string(t->time_text),
        span_from_string(t->nonce),
    };
    secret_mac_compute(k->mac, pieces, PIECES_OURS, out);
}

/* A verdict without what folding changes. To be freed with g_free(). */
static GString *without_blanks(span value)
{
    GString *out = g_string_sized_new(value.len);
    for (size_t i = 0; i < value.len; i++) {
        if (!ascii_is_space(value.ptr[i])) {
            g_string_append_c(out, value.ptr[i]);
        }
    }
    return out;
}

static void compute_bound(const tag *t, const key *k, const tag_mail *mail, const GString *verdict,
                          unsigned char out[SECRET_MAC_BYTES])
{
    const span pieces[PIECES_BOUND] = {
        SPAN("backstop-seen-1 h"),
        span_from_string(t->key_id),
        span_from_string(t->time_text),
        span_from_string(t->nonce),
        mail->message_id,
        mail->from,
        mail->subject,
        { verdict->str, verdict->len },
    };
    secret_mac_compute(k->mac, pieces, PIECES_BOUND, out);
}

bool backstop_seen_write(const backstop_message *message, const char *verdict,
                         const backstop_keys *keys, int64_t now_sec, char value[BACKSTOP_SEEN_SIZE])
{
    unsigned char nonce[TAG_NONCE_BYTES];
    unsigned char mac[SECRET_MAC_BYTES];
    const key *k = keys_to_sign(keys, KEY_TAG, now_sec);
    value[0] = '\0';
    if (k == NULL || now_sec < 0 || now_sec > TIME_SEC_MAX ||
        !secret_random(nonce, sizeof(nonce))) {
        return false;
    }
    GStringChunk *strings = g_string_chunk_new(STRINGS_BLOCK_BYTES);
    g_autoptr(GString) text = g_string_new(NULL);
    tag_mail mail;
    tag_mail_read(message_header(message), strings, &mail);

    tag t = { .time_sec = now_sec };
    g_strlcpy(t.key_id, k->id, sizeof(t.key_id));
    snprintf(t.time_text, sizeof(t.time_text), "%" PRId64, now_sec);
    secret_append_base64url(text, nonce, sizeof(nonce));
    g_strlcpy(t.nonce, text->str, sizeof(t.nonce));

    g_string_printf(text, "v=1; k=%s; t=%s; n=%s; a=", t.key_id, t.time_text, t.nonce);
    compute_ours(&t, k, mac);
    secret_append_base64url(text, mac, TAG_MAC_BYTES);
    g_autoptr(GString) bare = without_blanks(span_from_string(verdict == NULL ? "" : verdict));
    compute_bound(&t, k, &mail, bare, mac);
    g_string_append(text, "; h=");
    secret_append_base64url(text, mac, TAG_MAC_BYTES);
    g_string_chunk_free(strings);
    return g_strlcpy(value, text->str, BACKSTOP_SEEN_SIZE) < BACKSTOP_SEEN_SIZE;
}

static bool holds(span value, const backstop_keys *keys, const tag_mail *mail,
                  const GString *verdict, int64_t now_sec)
{
    tag t;
    bool is_retired;
    unsigned char mac[SECRET_MAC_BYTES];
    if (!tag_read(value, &t) || !tag_is_in_time(&t, now_sec, SEEN_LIFETIME_SEC)) {
        return false;
    }
    const key *k = keys_to_verify(keys, KEY_TAG, span_from_string(t.key_id), now_sec, &is_retired);
    if (k == NULL) {
        return false;
    }
    compute_ours(&t, k, mac);
    if (!secret_equal(mac, t.ours, TAG_MAC_BYTES)) {
        return false;
    }
    compute_bound(&t, k, mail, verdict, mac);
    return secret_equal(mac, t.bound, TAG_MAC_BYTES);
}

static const header_field *next_of(field_block header, const header_field *field, span name)
{
    return field_find(header, name, (unsigned)(field - field_at(header, 0)) + 1);
}

bool backstop_seen_check(const backstop_message *message, const backstop_keys *keys,
                         int64_t now_sec)
{
    field_block header = message_header(message);
    const header_field *field = field_find(header, SPAN(BACKSTOP_SEEN_FIELD), 0);
    const header_field *verdict = field_find(header, SPAN(VERDICT_FIELD), 0);
    if (field == NULL ||
        (verdict != NULL && next_of(header, verdict, SPAN(VERDICT_FIELD)) != NULL)) {
        return false;
    }
    g_autoptr(GString) bare = without_blanks(verdict == NULL ? SPAN("") : verdict->value);
    GStringChunk *strings = g_string_chunk_new(STRINGS_BLOCK_BYTES);
    tag_mail mail;
    bool is_seen = false;
    tag_mail_read(header, strings, &mail);
    for (unsigned tried = 0; field != NULL && !is_seen && tried < TAG_FIELDS_TRIED; tried++) {
        is_seen = holds(field->value, keys, &mail, bare, now_sec);
        field = next_of(header, field, SPAN(BACKSTOP_SEEN_FIELD));
    }
    g_string_chunk_free(strings);
    return is_seen;
}
