/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The Backstop-Tag field and its like: reading, checking, writing (docs/tag.md).
 */
#include "proof/tag.h"

#include "message/address.h"
#include "message/address_form.h"
#include "message/encoded_word.h"
#include "message/limits.h"
#include "store/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The tags of version 1 that matter. */
enum { TAG_V, TAG_K, TAG_T, TAG_N, TAG_A, TAG_H, TAG_NAMES };

static const char tag_names[TAG_NAMES] = { 'v', 'k', 't', 'n', 'a', 'h' };

/* The longest value is a MAC. */
typedef struct tag_text {
    char bytes[TAG_MAC_CHARS + 2];
    size_t len;
    bool is_there;
    bool is_too_long;
} tag_text;

/* The value without white space, which MTAs add where they fold. */
static void read_text(span value, tag_text *out)
{
    out->is_there = true;
    for (size_t i = 0; i < value.len; i++) {
        if (ascii_is_space(value.ptr[i])) {
            continue;
        }
        if (out->len + 1 == sizeof out->bytes) {
            out->is_too_long = true;
            return;
        }
        out->bytes[out->len++] = value.ptr[i];
    }
}

/* Splits "name=value; ...". False if it is no such list, or one of our names is doubled. */
static bool read_list(span value, tag_text texts[TAG_NAMES])
{
    memset(texts, 0, sizeof(tag_text) * TAG_NAMES);
    if (value.len > TAG_VALUE_BYTES) {
        return false;
    }
    while (value.len > 0) {
        span item = span_head(value, span_find_char(value, ';'));
        value = span_skip(value, item.len + 1);
        item = span_trim(item);
        if (item.len == 0) {
            continue;
        }
        size_t equals = span_find_char(item, '=');
        span name = span_trim(span_head(item, equals));
        if (equals == item.len || name.len == 0) {
            return false;
        }
        const char *known = name.len == 1 ? memchr(tag_names, name.ptr[0], TAG_NAMES) : NULL;
        if (known == NULL) {
            continue;
        }
        tag_text *text = &texts[known - tag_names];
        if (text->is_there) {
            return false;
        }
        read_text(span_skip(item, equals + 1), text);
    }
    return true;
}

static bool text_is(const tag_text *text, const char *wanted)
{
    return !text->is_too_long &&
           span_equal((span){ text->bytes, text->len }, span_from_string(wanted));
}

static bool is_base64url(const tag_text *text, size_t len)
{
    if (text->len != len || text->is_too_long) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        char c = text->bytes[i];
        if (!ascii_is_alnum(c) && c != '-' && c != '_') {
            return false;
        }
    }
    return true;
}

static bool read_key_id(const tag_text *text, tag *out)
{
    if (text->len == 0 || text->len > KEY_ID_BYTES_MAX || text->is_too_long) {
        return false;
    }
    for (size_t i = 0; i < text->len; i++) {
        char c = text->bytes[i];
        if (!ascii_is_digit(c) && !(c >= 'a' && c <= 'z')) {
            return false;
        }
    }
    memcpy(out->key_id, text->bytes, text->len);
    return true;
}

static bool read_time(const tag_text *text, tag *out)
{
    if (text->len == 0 || text->len > TAG_TIME_DIGITS_MAX || text->is_too_long) {
        return false;
    }
    for (size_t i = 0; i < text->len; i++) {
        if (!ascii_is_digit(text->bytes[i])) {
            return false;
        }
        out->time_sec = out->time_sec * 10 + (text->bytes[i] - '0');
    }
    memcpy(out->time_text, text->bytes, text->len);
    return true;
}

static bool read_mac(const tag_text *text, unsigned char out[TAG_MAC_BYTES])
{
    return is_base64url(text, TAG_MAC_CHARS) &&
           secret_read_base64url((span){ text->bytes, text->len }, out, TAG_MAC_BYTES);
}

bool tag_read(tag_purpose purpose, span value, tag *out)
{
    tag_text texts[TAG_NAMES];
    *out = (tag){ .purpose = purpose };
    if (!read_list(value, texts) || !text_is(&texts[TAG_V], "1") ||
        !read_key_id(&texts[TAG_K], out) || !read_time(&texts[TAG_T], out) ||
        !is_base64url(&texts[TAG_N], TAG_NONCE_CHARS)) {
        return false;
    }
    memcpy(out->nonce, texts[TAG_N].bytes, TAG_NONCE_CHARS);
    return read_mac(&texts[TAG_A], out->ours) && read_mac(&texts[TAG_H], out->bound);
}

bool tag_is_other_version(span value)
{
    tag_text texts[TAG_NAMES];
    return read_list(value, texts) && texts[TAG_V].is_there && !text_is(&texts[TAG_V], "1");
}

/* An empty field below shows nothing else: signing puts a Message-ID above one. */
static bool is_doubled(field_block header, span name)
{
    const header_field *f = field_find(header, name, 0);
    while (f != NULL) {
        f = field_find(header, name, (unsigned)(f - field_at(header, 0)) + 1);
        if (f != NULL && f->value.len > 0) {
            return true;
        }
    }
    return false;
}

/* Whether more than one mailbox stands there, or perhaps one behind what is read of the value. */
static bool names_several(span from, GStringChunk *strings)
{
    unsigned count = 0;
    address_reader reader;
    address a;
    address_reader_init(&reader, from);
    while (count < 2 && address_next(&reader, strings, &a)) {
        count += address_domain(a.spec).len > 0;
    }
    return count > 1 || from.len > LIMIT_VALUE_BYTES;
}

void tag_mail_read(field_block header, GStringChunk *strings, tag_mail *out)
{
    g_autoptr(GString) text = g_string_new(NULL);
    span id = ledger_message_id(field_value(header, "Message-ID"), text);
    out->message_id = (span){ g_string_chunk_insert_len(strings, id.ptr, (gssize)id.len), id.len };

    address from;
    if (!address_first(field_value(header, "From"), strings, &from)) {
        from.spec = SPAN("");
    }
    out->is_ambiguous = is_doubled(header, SPAN("From")) || is_doubled(header, SPAN("Subject")) ||
                        is_doubled(header, SPAN("Message-ID")) ||
                        names_several(field_value(header, "From"), strings);
    address_form_canonical(from.spec, text);
    out->from =
        (span){ g_string_chunk_insert_len(strings, text->str, (gssize)text->len), text->len };

    g_string_truncate(text, 0);
    encoded_word_decode(field_value(header, "Subject"), text);
    out->subject =
        (span){ g_string_chunk_insert_len(strings, text->str, (gssize)text->len), text->len };
}

/* The pieces that both MACs begin with, and room for what `h` binds. */
enum { PIECES_OURS = 4, PIECES_BOUND = 8 };

static const span labels_ours[] = {
    [TAG_ORIGIN] = SPAN_OF("backstop-tag-1 a"),
    [TAG_SEEN] = SPAN_OF("backstop-seen-1 a"),
};

static const span labels_bound[] = {
    [TAG_ORIGIN] = SPAN_OF("backstop-tag-1 h"),
    [TAG_SEEN] = SPAN_OF("backstop-seen-1 h"),
};

static void compute_ours(const tag *t, const key *k, unsigned char out[SECRET_MAC_BYTES])
{
    const span pieces[PIECES_OURS] = {
        labels_ours[t->purpose],
        span_from_string(t->key_id),
        span_from_string(t->time_text),
        span_from_string(t->nonce),
    };
    secret_mac_compute(k->mac, pieces, PIECES_OURS, out);
}

static void compute_bound(const tag *t, const key *k, span sender, const tag_mail *mail,
                          unsigned char out[SECRET_MAC_BYTES])
{
    const span pieces[PIECES_BOUND] = {
        labels_bound[t->purpose],
        span_from_string(t->key_id),
        span_from_string(t->time_text),
        span_from_string(t->nonce),
        sender,
        mail->message_id,
        mail->from,
        mail->subject,
    };
    secret_mac_compute(k->mac, pieces, PIECES_BOUND, out);
}

bool tag_is_ours(const tag *t, const key *k)
{
    unsigned char mac[SECRET_MAC_BYTES];
    compute_ours(t, k, mac);
    return secret_equal(mac, t->ours, TAG_MAC_BYTES);
}

bool tag_is_bound(const tag *t, const key *k, span sender, const tag_mail *mail)
{
    unsigned char mac[SECRET_MAC_BYTES];
    compute_bound(t, k, sender, mail, mac);
    return !mail->is_ambiguous && secret_equal(mac, t->bound, TAG_MAC_BYTES);
}

bool tag_is_in_time(const tag *t, int64_t now_sec, int64_t lifetime_sec)
{
    return t->time_sec <= now_sec + TAG_SKEW_SEC && now_sec < t->time_sec + lifetime_sec;
}

void tag_write(tag_purpose purpose, const key *k, int64_t now_sec,
               const unsigned char nonce[TAG_NONCE_BYTES], span sender, const tag_mail *mail,
               GString *out)
{
    unsigned char mac[SECRET_MAC_BYTES];
    tag t = { .purpose = purpose, .time_sec = now_sec };
    g_strlcpy(t.key_id, k->id, sizeof t.key_id);
    snprintf(t.time_text, sizeof t.time_text, "%" PRId64, now_sec);
    g_string_truncate(out, 0);
    secret_append_base64url(out, nonce, TAG_NONCE_BYTES);
    g_strlcpy(t.nonce, out->str, sizeof t.nonce);

    g_string_printf(out, "v=1; k=%s; t=%s; n=%s; a=", t.key_id, t.time_text, t.nonce);
    compute_ours(&t, k, mac);
    secret_append_base64url(out, mac, TAG_MAC_BYTES);
    compute_bound(&t, k, sender, mail, mac);
    g_string_append(out, "; h=");
    secret_append_base64url(out, mac, TAG_MAC_BYTES);
}
