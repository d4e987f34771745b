/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * BATV addresses: making and checking them.
 */
#include "proof/prvs.h"

#include "message/address.h"
#include "message/address_form.h"
#include "message/limits.h"

#include <stdio.h>
#include <string.h>

enum {
    SECONDS_A_DAY = 86400,
    DAY_SPAN = 1000, /* DDD wraps around */
    STAMP_BYTES = 4, /* KDDD */
    HASH_BYTES = 3,
    VALUE_BYTES = STAMP_BYTES + 2 * HASH_BYTES, /* KDDDSSSSSS */
    LOCAL_BYTES_MAX = 64,                       /* RFC 5321, 4.5.3.1.1 */
};

#define PRVS_MARK SPAN("prvs=")
#define PRVS_DETAIL_MARK SPAN("+prvs=")

/* The hash over KDDD and the address. */
static bool compute_hash(const key *k, span stamp, span spec, unsigned char out[HASH_BYTES])
{
    unsigned char mac[SECRET_SHA1_BYTES];
    g_autoptr(GString) canonical = g_string_sized_new(spec.len);
    address_form_canonical(spec, canonical);
    g_string_prepend_len(canonical, stamp.ptr, (gssize)stamp.len);
    span data = { canonical->str, canonical->len };
    if (!secret_hmac_sha1(k->secret, k->secret_len, data, mac)) {
        return false;
    }
    memcpy(out, mac, HASH_BYTES);
    return true;
}

static bool is_signable(span spec)
{
    span local = address_local(spec);
    g_autoptr(GString) inner = g_string_new(NULL);
    address_wrapping layer;
    /* What begins with the mark without being signed would be read wrongly later. */
    if (local.len == 0 || address_domain(spec).len == 0 || local.ptr[0] == '"' ||
        span_starts_nocase(local, PRVS_MARK)) {
        return false;
    }
    return !address_form_is_srs(spec) &&
           !(address_form_unwrap(spec, inner, &layer) && layer == WRAPPED_BATV);
}

bool prvs_write(const backstop_keys *keys, int64_t now_sec, span spec, prvs_form form, GString *out)
{
    char stamp[STAMP_BYTES + 1];
    unsigned char hash[HASH_BYTES];
    g_string_truncate(out, 0);
    span local = address_local(spec);
    span mark = form == PRVS_PREFIX ? PRVS_MARK : PRVS_DETAIL_MARK;
    size_t signed_len = local.len + mark.len + VALUE_BYTES + (form == PRVS_PREFIX ? 1 : 0);
    const key *k = keys_to_sign(keys, KEY_PRVS, now_sec);
    if (k == NULL || now_sec < 0 || signed_len > LOCAL_BYTES_MAX || !is_signable(spec)) {
        return false;
    }
    int64_t day = (now_sec / SECONDS_A_DAY + PRVS_LIFETIME_DAYS) % DAY_SPAN;
    snprintf(stamp, sizeof stamp, "%u%03u", k->prvs_digit % 10, (unsigned)day % DAY_SPAN);
    if (!compute_hash(k, span_from_string(stamp), spec, hash)) {
        return false;
    }
    span rest = span_skip(spec, local.len);
    g_autofree char *value = g_strdup_printf("%s%02x%02x%02x", stamp, hash[0], hash[1], hash[2]);
    if (form == PRVS_PREFIX) {
        g_string_printf(out, "prvs=%s=", value);
        g_string_append_len(out, local.ptr, (gssize)local.len);
    } else {
        g_string_append_len(out, local.ptr, (gssize)local.len);
        g_string_append_printf(out, "+prvs=%s", value);
    }
    g_string_append_len(out, rest.ptr, (gssize)rest.len);
    return true;
}

/* A signed address in its pieces. */
typedef struct signed_address {
    span local; /* behind the signature */
    span rest;  /* "@domain" */
    span stamp; /* KDDD */
    unsigned digit;
    unsigned day;
    unsigned char hash[HASH_BYTES];
} signed_address;

static bool read_value(span value, signed_address *out)
{
    if (value.len != VALUE_BYTES || span_read_number(value, 1, &out->digit) != 1 ||
        span_read_number(span_skip(value, 1), 3, &out->day) != 3) {
        return false;
    }
    for (size_t i = 0; i < HASH_BYTES; i++) {
        int high = g_ascii_xdigit_value(value.ptr[STAMP_BYTES + 2 * i]);
        int low = g_ascii_xdigit_value(value.ptr[STAMP_BYTES + 2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out->hash[i] = (unsigned char)(high * 16 + low);
    }
    out->stamp = span_head(value, STAMP_BYTES);
    return true;
}

static bool split_prefix(span local, signed_address *out)
{
    size_t len = PRVS_MARK.len + VALUE_BYTES + 1;
    out->local = span_skip(local, len);
    return local.len > len && span_starts_nocase(local, PRVS_MARK) && local.ptr[len - 1] == '=' &&
           read_value(span_head(span_skip(local, PRVS_MARK.len), VALUE_BYTES), out);
}

static bool split_detail(span local, signed_address *out)
{
    size_t len = PRVS_DETAIL_MARK.len + VALUE_BYTES;
    if (local.len <= len) {
        return false;
    }
    out->local = span_head(local, local.len - len);
    span detail = span_skip(local, out->local.len);
    return span_starts_nocase(detail, PRVS_DETAIL_MARK) &&
           read_value(span_skip(detail, PRVS_DETAIL_MARK.len), out);
}

static bool split(span spec, signed_address *out)
{
    span local = address_local(spec);
    out->rest = span_skip(spec, local.len);
    return spec.len <= LIMIT_ADDRESS_BYTES && out->rest.len > 0 &&
           (split_prefix(local, out) || split_detail(local, out));
}

/* Whether the day is still to come, or today. What lies further ahead than any address of ours is
 * one from a thousand days ago. */
static bool is_in_time(unsigned day, int64_t now_sec)
{
    int64_t today = now_sec / SECONDS_A_DAY;
    int64_t ahead = ((int64_t)day - today % DAY_SPAN + DAY_SPAN) % DAY_SPAN;
    return now_sec >= 0 && ahead <= PRVS_LIFETIME_DAYS + PRVS_SKEW_DAYS;
}

prvs_state prvs_read(const backstop_keys *keys, int64_t now_sec, span spec, GString *plain)
{
    signed_address s;
    if (!split(spec, &s)) {
        return PRVS_NONE;
    }
    g_autoptr(GString) bare = g_string_new_len(s.local.ptr, (gssize)s.local.len);
    g_string_append_len(bare, s.rest.ptr, (gssize)s.rest.len);
    bool is_ours = false;
    for (unsigned i = 0; i < keys->all->len && !is_ours; i++) {
        const key *k = keys_at(keys, i);
        unsigned char hash[HASH_BYTES];
        is_ours = k->purpose == KEY_PRVS && k->prvs_digit == s.digit && key_verifies(k, now_sec) &&
                  compute_hash(k, s.stamp, (span){ bare->str, bare->len }, hash) &&
                  secret_equal(hash, s.hash, HASH_BYTES);
    }
    if (!is_ours) {
        return PRVS_NONE;
    }
    if (plain != NULL) {
        g_string_truncate(plain, 0);
        g_string_append_len(plain, bare->str, (gssize)bare->len);
    }
    return is_in_time(s.day, now_sec) ? PRVS_VALID : PRVS_EXPIRED;
}
