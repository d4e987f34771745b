/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "witness/host.h"

#include "message/lexical.h"

static const char *end_of(span s)
{
    return s.ptr + s.len;
}

/* "192.0.2.1]", "2001:db8::1)", up to what closes it. */
static bool is_like_address(span s)
{
    unsigned dots = 0, colons = 0;
    size_t n = 0;
    while (n < s.len && (g_ascii_isxdigit(s.ptr[n]) || s.ptr[n] == '.' || s.ptr[n] == ':')) {
        dots += s.ptr[n] == '.';
        colons += s.ptr[n] == ':';
        n++;
    }
    bool is_closed = n < s.len && (s.ptr[n] == ']' || s.ptr[n] == ')');
    return is_closed && (dots == 3 || colons >= 2);
}

/* Whether another address in brackets stands between the client's and `until`. "helo=[...]" is the
 * client's word, and marked as that. */
static bool has_second_address(const hearing_hop *hop, const char *until)
{
    for (const char *at = end_of(hop->read.ip); at < until; at++) {
        if ((*at == '[' || *at == '(') && at[-1] != '=') {
            span inner = { at + 1, (size_t)(until - at - 1) };
            if (is_like_address(
                    span_skip(inner, span_starts_nocase(inner, SPAN("IPv6:")) ? 5 : 0))) {
                return true;
            }
        }
    }
    return false;
}

/* Whether "by" stands in it again outside of comments. */
static bool has_second_by(span rest)
{
    lexical_scan scan = lexical_start(rest);
    while (scan.at < scan.end) {
        span comment;
        const char *start = scan.at;
        if (*start == '(') {
            lexical_read_comment(&scan, &comment);
            continue;
        }
        if (ascii_is_space(*start)) {
            scan.at++;
            continue;
        }
        while (scan.at < scan.end && !ascii_is_space(*scan.at) && *scan.at != '(') {
            scan.at++;
        }
        if (span_equal_nocase((span){ start, (size_t)(scan.at - start) }, SPAN("by"))) {
            return true;
        }
    }
    return false;
}

bool host_is_clear(const hearing_hop *hop)
{
    const received *r = &hop->read;
    const char *end = end_of(hop->value);
    const char *by = r->by.len > 0 ? r->by.ptr : end;
    if (r->is_ambiguous) {
        return false;
    }
    if (r->ip.len > 0 && (r->ip.ptr > by || has_second_address(hop, by))) {
        return false;
    }
    const char *behind = r->by.len > 0 ? end_of(r->by) : hop->value.ptr;
    return r->by.len == 0 || !has_second_by((span){ behind, (size_t)(end - behind) });
}

bool host_ip_is_seen(const hearing_hop *hop)
{
    const received *r = &hop->read;
    const char *until = r->by.len > 0 ? r->by.ptr : end_of(hop->value);
    size_t len = (size_t)(until - hop->value.ptr);
    return r->ip.len > 0 && span_find_char(span_head(hop->value, len), '(') < len;
}

bool host_name_is_verified(const hearing_hop *hop)
{
    /* qmail and its like look an address up, and do not look back; OpenSMTPD writes the name down
     * whether it does or not. */
    static const char *const doubts[] = { "may be forged", "(HELO ", "(EHLO ", "(OpenSMTPD)" };
    if (hop->read.from_rdns.len == 0 || hop->read.ip.len == 0) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(doubts); i++) {
        if (span_find_nocase(hop->value, span_from_string(doubts[i])) < hop->value.len) {
            return false;
        }
    }
    return true;
}

bool host_was_logged_in(const received *r)
{
    static const char *const protocols[] = { "ESMTPA",    "ESMTPSA",    "LMTPA",     "LMTPSA",
                                             "UTF8SMTPA", "UTF8SMTPSA", "UTF8LMTPA", "UTF8LMTPSA",
                                             "ASMTP",     "HTTP",       "HTTPS",     "MAPI" };
    size_t len = 0;
    while (len < r->with.len && !ascii_is_space(r->with.ptr[len])) {
        len++;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++) {
        if (span_equal_nocase(span_head(r->with, len), span_from_string(protocols[i]))) {
            return true;
        }
    }
    return false;
}

/* Without the dot of the root. */
static span bare_name(span name)
{
    return name.len > 0 && name.ptr[name.len - 1] == '.' ? span_head(name, name.len - 1) : name;
}

static unsigned label_count(span name)
{
    unsigned count = name.len > 0;
    for (size_t i = 0; i < name.len; i++) {
        count += name.ptr[i] == '.';
    }
    return count;
}

/* Names under which registries of countries register: "co.uk", "com.au". */
static bool is_registry(span name)
{
    static const char *const second[] = { "ac",  "co",  "com", "edu", "go",  "gob", "gov", "gub",
                                          "ltd", "mil", "ne",  "net", "nom", "or",  "org", "sch" };
    size_t dot = span_find_char(name, '.');
    if (label_count(name) != 2 || name.len - dot != 3) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(second); i++) {
        if (span_equal_nocase(span_head(name, dot), span_from_string(second[i]))) {
            return true;
        }
    }
    return false;
}

/* What a host is in: its name without the first label, unless that is what all can be in. */
static span place_of(span host)
{
    span parent = span_skip(host, span_find_char(host, '.') + 1);
    return label_count(parent) < 2 || is_registry(parent) ? host : parent;
}

bool host_is_beside(span name, span other)
{
    name = bare_name(name);
    span place = place_of(bare_name(other));
    if (place.len == 0 || label_count(place) < 2) {
        return false;
    }
    return span_equal_nocase(name, place) ||
           (name.len > place.len && span_ends_nocase(name, place) &&
            name.ptr[name.len - place.len - 1] == '.');
}

bool host_is_local(span name)
{
    static const char *const endings[] = { ".localhost", ".local",    ".localdomain",
                                           ".lan",       ".internal", ".intranet",
                                           ".corp",      ".home",     ".invalid" };
    name = bare_name(name);
    if (label_count(name) == 1 && name.ptr[0] != '[') {
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        if (span_ends_nocase(name, span_from_string(endings[i]))) {
            return true;
        }
    }
    return false;
}

/* Whether the number stands in the name by itself, zeros before it or not. */
static bool has_number(span name, unsigned wanted)
{
    for (size_t i = 0; i < name.len;) {
        unsigned value;
        size_t digits = span_read_number(span_skip(name, i), 9, &value);
        if (digits > 0 && value == wanted) {
            return true;
        }
        i += digits > 0 ? digits : 1;
    }
    return false;
}

static bool has_hex(span name, const unsigned octets[4])
{
    char hex[9];
    g_snprintf(hex, sizeof hex, "%02x%02x%02x%02x", octets[0], octets[1], octets[2], octets[3]);
    return span_find_nocase(name, span_from_string(hex)) < name.len;
}

bool host_is_made_of_ip(span name, span ip)
{
    unsigned octets[4];
    for (unsigned i = 0; i < 4; i++) {
        size_t digits = span_read_number(ip, 3, &octets[i]);
        if (digits == 0 || (i < 3 && (ip.len == digits || ip.ptr[digits] != '.'))) {
            return false; /* IPv6: names made of it are rare, and looked up more rarely */
        }
        ip = span_skip(ip, digits + 1);
    }
    bool has_last = has_number(name, octets[3]);
    return (has_last && (has_number(name, octets[0]) || has_number(name, octets[1]) ||
                         has_number(name, octets[2]))) ||
           has_hex(name, octets);
}

span host_without_brackets(span name)
{
    if (name.len > 0 && name.ptr[0] == '[') {
        name = span_skip(name, 1);
        name = span_head(name, span_find_char(name, ']'));
        if (span_starts_nocase(name, SPAN("IPv6:"))) {
            name = span_skip(name, 5);
        }
    }
    return name;
}
