/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "proof/dkim_signature.h"

#include "message/limits.h"
#include "proof/dkim_tags.h"

/* RFC 6376, 3.5: t= and x= have up to 12 digits, and l= 76, of which nothing is kept. */
enum { TIME_DIGITS_MAX = 12, LENGTH_DIGITS_MAX = 76 };

static bool is_number(span s, size_t max_digits)
{
    size_t n = 0;
    while (n < s.len && ascii_is_digit(s.ptr[n])) {
        n++;
    }
    return s.len > 0 && n == s.len && n <= max_digits;
}

/* False if the tag is there, but no number. */
static bool read_time(const dkim_tags *tags, const char *name, bool *found, int64_t *sec)
{
    span value;
    *found = dkim_tags_find(tags, name, &value);
    *sec = 0;
    if (*found && !is_number(value, TIME_DIGITS_MAX)) {
        return false;
    }
    for (size_t i = 0; *found && i < value.len; i++) {
        *sec = *sec * 10 + (value.ptr[i] - '0');
    }
    return true;
}

/* Letters, digits, hyphens and underscores between single dots; or UTF-8 (RFC 8616). */
static bool is_domain(span s)
{
    char before = '.';
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool is_letter = ascii_is_alnum(c) || c == '-' || c == '_' || (unsigned char)c >= 128;
        if (!is_letter && (c != '.' || before == '.')) {
            return false;
        }
        before = c;
    }
    return before != '.';
}

/* What follows the last "@", for a local part may hold one in quotes. */
static span domain_of(span identity)
{
    for (size_t i = identity.len; i > 0; i--) {
        if (identity.ptr[i - 1] == '@') {
            return span_skip(identity, i);
        }
    }
    return (span){ "", 0 };
}

static bool is_within(span domain, span outer)
{
    return span_equal_nocase(domain, outer) ||
           (domain.len > outer.len && span_ends_nocase(domain, outer) &&
            domain.ptr[domain.len - outer.len - 1] == '.');
}

static bool read_names(const dkim_tags *tags, dkim_signature *out)
{
    if (!dkim_tags_find(tags, "d", &out->domain) || !is_domain(out->domain) ||
        !dkim_tags_find(tags, "s", &out->selector) || !is_domain(out->selector)) {
        return false;
    }
    if (!dkim_tags_find(tags, "i", &out->identity)) {
        out->identity = (span){ "", 0 };
        return true;
    }
    span domain = domain_of(out->identity);
    return is_domain(domain) && is_within(domain, out->domain);
}

static bool read_algorithm(const dkim_tags *tags, dkim_signature *out)
{
    span value;
    if (!dkim_tags_find(tags, "a", &value)) {
        return false;
    }
    out->algorithm =
        span_equal_nocase(value, SPAN("rsa-sha256")) ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256;
    return out->algorithm == DKIM_RSA_SHA256 || span_equal_nocase(value, SPAN("ed25519-sha256"));
}

static bool read_canonicalization(span value, bool *is_relaxed)
{
    *is_relaxed = span_equal_nocase(value, SPAN("relaxed"));
    return *is_relaxed || span_equal_nocase(value, SPAN("simple"));
}

/* Header and body are simple unless stated; "relaxed" alone is the header's. */
static bool read_canonical(const dkim_tags *tags, dkim_signature *out)
{
    span value;
    out->header_is_relaxed = out->body_is_relaxed = false;
    if (!dkim_tags_find(tags, "c", &value)) {
        return true;
    }
    size_t slash = span_find_char(value, '/');
    return read_canonicalization(span_head(value, slash), &out->header_is_relaxed) &&
           (slash == value.len ||
            read_canonicalization(span_skip(value, slash + 1), &out->body_is_relaxed));
}

static bool read_signed_names(const dkim_tags *tags, dkim_signature *out)
{
    span name;
    if (!dkim_tags_find(tags, "h", &out->signed_names)) {
        return false;
    }
    span rest = out->signed_names;
    unsigned count = 0;
    while (dkim_list_next(&rest, &name)) {
        if (++count > DKIM_SIGNED_NAMES_MAX) {
            return false;
        }
    }
    /* RFC 6376, 5.4 */
    return dkim_signed_count(out, SPAN("From")) > 0;
}

static bool read_data(const dkim_tags *tags, dkim_signature *out)
{
    span value;
    size_t len;
    if (!dkim_tags_find(tags, "b", &value) ||
        !dkim_base64_read(value, out->data, sizeof out->data, &out->data_len)) {
        return false;
    }
    out->data_text = dkim_tags_raw(tags, "b");
    return dkim_tags_find(tags, "bh", &value) &&
           dkim_base64_read(value, out->body_hash, sizeof out->body_hash, &len) &&
           len == sizeof out->body_hash;
}

static bool read_numbers(const dkim_tags *tags, dkim_signature *out)
{
    span value;
    if (!read_time(tags, "t", &out->has_time, &out->time_sec) ||
        !read_time(tags, "x", &out->has_expiry, &out->expiry_sec)) {
        return false;
    }
    out->has_length = dkim_tags_find(tags, "l", &value);
    return (!out->has_length || is_number(value, LENGTH_DIGITS_MAX)) &&
           !(out->has_time && out->has_expiry && out->expiry_sec <= out->time_sec);
}

bool dkim_signature_read(span value, dkim_signature *out)
{
    dkim_tags tags;
    span version;
    return value.len <= LIMIT_VALUE_BYTES && dkim_tags_read(value, &tags) &&
           dkim_tags_find(&tags, "v", &version) && span_equal(version, SPAN("1")) &&
           read_algorithm(&tags, out) && read_canonical(&tags, out) && read_names(&tags, out) &&
           read_signed_names(&tags, out) && read_numbers(&tags, out) && read_data(&tags, out);
}

/* What lies between two semicolons and is no tag hides none of those behind it. */
span dkim_signature_domain(span value, span *selector)
{
    span domain = { "", 0 };
    *selector = domain;
    value = span_head(value, LIMIT_VALUE_BYTES);
    while (value.len > 0) {
        dkim_tag tag;
        if (!dkim_tags_next(&value, &tag)) {
            value = span_skip(value, span_find_char(value, ';') + 1);
        } else if (span_equal(tag.name, SPAN("d")) && domain.len == 0) {
            domain = span_trim(tag.raw);
        } else if (span_equal(tag.name, SPAN("s")) && selector->len == 0) {
            *selector = span_trim(tag.raw);
        }
    }
    return domain;
}

bool dkim_signature_is_below(const dkim_signature *s)
{
    return s->identity.len > 0 && !span_equal_nocase(domain_of(s->identity), s->domain);
}

unsigned dkim_signed_count(const dkim_signature *s, span name)
{
    span rest = s->signed_names, each;
    unsigned count = 0;
    while (dkim_list_next(&rest, &each)) {
        count += span_equal_nocase(each, name) ? 1 : 0;
    }
    return count;
}

bool dkim_signs_the_only(const dkim_signature *s, field_block header, const char *name)
{
    span wanted = span_from_string(name);
    unsigned found = 0;
    for (unsigned i = 0; i < header.count; i++) {
        found += span_equal_nocase(field_at(header, i)->name, wanted) ? 1 : 0;
    }
    return found == 1 && dkim_signed_count(s, wanted) > 0;
}
