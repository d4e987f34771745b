/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Canonical addresses, and the forms that BATV (draft-levine-smtp-batv), VERP, sub-addresses
 * (RFC 5233), SRS and list managers make of them.
 */
#include "message/address_form.h"

#include "message/address.h"
#include "message/idna.h"
#include "message/limits.h"

#include <string.h>

static void append_lower(GString *out, span s)
{
    for (size_t i = 0; i < s.len; i++) {
        g_string_append_c(out, ascii_lower(s.ptr[i]));
    }
}

/* The MACs of our contracts put a NUL between an address and what follows it. */
static span without_nul(span s, GString *buffer)
{
    if (span_find_char(s, '\0') == s.len) {
        return s;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != '\0') {
            g_string_append_c(buffer, s.ptr[i]);
        }
    }
    return (span){ buffer->str, buffer->len };
}

static bool is_ascii(span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.ptr[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static void append_domain(span domain, GString *out)
{
    domain = span_trim(domain);
    while (domain.len > 0 && domain.ptr[domain.len - 1] == '.') {
        domain = span_trim(span_head(domain, domain.len - 1));
    }
    size_t start = out->len;
    if (is_ascii(domain) || !idna_append(domain, out)) {
        append_lower(out, domain);
    }
    /* An ideographic dot is one now. */
    while (out->len > start && out->str[out->len - 1] == '.') {
        g_string_truncate(out, out->len - 1);
    }
}

void address_form_domain(span domain, GString *out)
{
    g_autoptr(GString) buffer = g_string_new(NULL);
    g_string_truncate(out, 0);
    append_domain(without_nul(domain, buffer), out);
}

/* RFC 5322, 3.2.3 atext, RFC 6532, and the dot wherever it stands: the reader in address.c takes
 * "a..b" for a local part without quotes. */
static bool needs_quotes(const GString *content)
{
    for (size_t i = 0; i < content->len; i++) {
        char c = content->str[i];
        if (!ascii_is_alnum(c) && (unsigned char)c < 0x80 &&
            strchr("!#$%&'*+-/=?^_`{|}~.", c) == NULL) {
            return true;
        }
    }
    return content->len == 0;
}

/* Lower case, without quotes and their backslashes and line ends. */
static void read_content(span local, GString *content)
{
    bool is_quoted = local.len >= 2 && local.ptr[0] == '"' && local.ptr[local.len - 1] == '"';
    span inner = is_quoted ? span_head(span_skip(local, 1), local.len - 2) : local;
    for (size_t i = 0; i < inner.len; i++) {
        if (is_quoted && inner.ptr[i] == '\\' && i + 1 < inner.len) {
            i++;
        }
        char c = inner.ptr[i];
        if (c != '\r' && c != '\n') {
            g_string_append_c(content, ascii_lower(c));
        }
    }
}

/* NFC before and after lowering: a small letter may combine with a mark that the capital does
 * not combine with (H and U+0331), and the Kelvin sign is an ASCII capital in NFC. */
static void compose(GString *content)
{
    /* g_utf8_normalize() takes overlong forms for what they stand for. */
    if (!g_utf8_validate_len(content->str, content->len, NULL)) {
        return;
    }
    for (unsigned pass = 0; pass < 2; pass++) {
        g_autofree char *composed =
            g_utf8_normalize(content->str, (gssize)content->len, G_NORMALIZE_NFC);
        g_string_assign(content, composed);
        g_string_ascii_down(content);
    }
}

static void append_local(span local, GString *out)
{
    g_autoptr(GString) content = g_string_new(NULL);
    read_content(local, content);
    span bytes = { content->str, content->len };
    /* Composing takes more than linear time where marks pile up. */
    if (!is_ascii(bytes) && bytes.len <= LIMIT_ADDRESS_BYTES) {
        compose(content);
    }
    bool is_quoted = local.len > 0 && needs_quotes(content);
    if (is_quoted) {
        g_string_append_c(out, '"');
    }
    for (size_t i = 0; i < content->len; i++) {
        if (content->str[i] == '"' || content->str[i] == '\\') {
            g_string_append_c(out, '\\');
        }
        g_string_append_c(out, content->str[i]);
    }
    if (is_quoted) {
        g_string_append_c(out, '"');
    }
}

void address_form_canonical(span spec, GString *out)
{
    g_autoptr(GString) buffer = g_string_new(NULL);
    g_string_truncate(out, 0);
    spec = span_trim(without_nul(spec, buffer));
    span local = address_local(spec);
    append_local(local, out);
    if (local.len < spec.len) {
        g_string_append_c(out, '@');
        append_domain(address_domain(spec), out);
    }
}

static size_t find_last(span s, char c)
{
    for (size_t i = s.len; i > 0; i--) {
        if (s.ptr[i - 1] == c) {
            return i - 1;
        }
    }
    return s.len;
}

static size_t alnum_length(span s)
{
    size_t len = 0;
    while (len < s.len && ascii_is_alnum(s.ptr[len])) {
        len++;
    }
    return len;
}

/* TYPE=TAG=local, as the draft has it (2), with the doubled signs of btv1. */
static bool unwrap_batv_prefix(span local, span *inner)
{
    static const struct {
        const char *start;
        const char *end;
    } forms[] = { { "prvs=", "=" }, { "btv1==", "==" }, { "msprvs1=", "=" } };
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        span start = span_from_string(forms[i].start);
        span end = span_from_string(forms[i].end);
        if (!span_starts_nocase(local, start)) {
            continue;
        }
        span rest = span_skip(local, start.len);
        size_t tag_len = alnum_length(rest);
        rest = span_skip(rest, tag_len);
        *inner = span_skip(rest, end.len);
        return tag_len > 0 && span_starts(rest, end) && inner->len > 0;
    }
    return false;
}

/* local+prvs=TAG. */
static bool unwrap_batv_detail(span local, span *inner)
{
    span mark = SPAN("+prvs=");
    size_t at = find_last(local, '+');
    *inner = span_head(local, at);
    span detail = span_skip(local, at);
    span tag = span_skip(detail, mark.len);
    return at > 0 && span_starts_nocase(detail, mark) && tag.len > 0 &&
           alnum_length(tag) == tag.len;
}

static bool is_like_domain(span s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!ascii_is_alnum(c) && c != '-' && c != '.' && c != '_' && (unsigned char)c < 0x80) {
            return false;
        }
    }
    size_t dot = span_find_char(s, '.');
    return dot > 0 && dot < s.len && s.ptr[s.len - 1] != '.';
}

/* Cut at the last plus or hyphen: a sub-address or a hyphen of the sender's own stays. */
static bool unwrap_verp(span local, span *inner)
{
    size_t equals = find_last(local, '=');
    span before = span_head(local, equals);
    if (equals == local.len || !is_like_domain(span_skip(local, equals + 1))) {
        return false;
    }
    size_t cut = find_last(before, '+');
    if (cut == before.len) {
        cut = find_last(before, '-');
    }
    *inner = span_head(before, cut);
    return cut > 0 && cut + 1 < before.len;
}

static bool unwrap_subaddress(span local, span *inner)
{
    size_t plus = span_find_char(local, '+');
    *inner = span_head(local, plus);
    return plus > 0 && plus < local.len;
}

bool address_form_unwrap(span spec, GString *out, address_wrapping *layer)
{
    g_string_truncate(out, 0);
    span local = address_local(spec);
    span inner;
    /* What needs quotes was not made by these. */
    if (local.len == 0 || local.ptr[0] == '"' || address_form_is_srs(spec)) {
        return false;
    }
    if (unwrap_batv_prefix(local, &inner) || unwrap_batv_detail(local, &inner)) {
        *layer = WRAPPED_BATV;
    } else if (unwrap_verp(local, &inner)) {
        *layer = WRAPPED_VERP;
    } else if (unwrap_subaddress(local, &inner)) {
        *layer = WRAPPED_SUBADDRESS;
    } else {
        return false;
    }
    g_string_append_len(out, inner.ptr, (gssize)inner.len);
    span rest = span_skip(spec, local.len);
    g_string_append_len(out, rest.ptr, (gssize)rest.len);
    return true;
}

bool address_form_is_srs(span spec)
{
    return spec.len > 5 &&
           (span_starts_nocase(spec, SPAN("SRS0")) || span_starts_nocase(spec, SPAN("SRS1"))) &&
           (spec.ptr[4] == '=' || spec.ptr[4] == '+' || spec.ptr[4] == '-');
}

/* "-return-N-", ezmlm. */
static bool is_ezmlm_return(span local)
{
    span mark = SPAN("-return-");
    size_t at = span_find_nocase(local, mark);
    span number = span_skip(local, at + mark.len);
    return at > 0 && at < local.len && number.len > 0 && ascii_is_digit(number.ptr[0]);
}

bool address_form_is_list_bounce(span spec)
{
    static const char *const endings[] = { "-bounces", "-bounce", "-owner", "-request" };
    span local = address_local(spec);
    size_t plus = span_find_char(local, '+');
    span base = span_head(local, plus);
    span detail = span_skip(local, plus + 1);
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        span ending = span_from_string(endings[i]);
        if (base.len > ending.len && span_ends_nocase(base, ending)) {
            return true;
        }
    }
    bool is_owner = base.len > 6 && span_starts_nocase(base, SPAN("owner-"));
    bool has_token = detail.len > 0 && (span_equal_nocase(base, SPAN("bounce")) ||
                                        span_equal_nocase(base, SPAN("bounces")) ||
                                        span_starts_nocase(detail, SPAN("bnc")));
    return is_owner || has_token || is_ezmlm_return(local);
}

bool address_form_is_role(span spec)
{
    span local = address_local(spec);
    span base = span_head(local, span_find_char(local, '+'));
    return span_equal_nocase(base, SPAN("abuse")) || span_equal_nocase(base, SPAN("postmaster"));
}
