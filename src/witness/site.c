/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the owner of a site declares, and asking whether a domain, an address or a host is ours.
 */
#include "witness/site.h"

#include "base/error.h"
#include "message/address.h"
#include "message/address_form.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    HOUR_SEC = 3600,
    TAG_LIFETIME_SEC = 336 * HOUR_SEC,
    TAG_LIFETIME_SEC_MIN = HOUR_SEC,
    TAG_LIFETIME_SEC_MAX = 720 * HOUR_SEC,
    NAME_BYTES_MAX = 253, /* RFC 1035, 3.1, as text */
    LABEL_BYTES_MAX = 63,
    MAPPED_PREFIX_BITS = 96, /* of ::ffff:0:0/96 */
};

static void free_domain(gpointer data)
{
    backstop_domain *domain = data;
    for (unsigned i = 0; i < domain->dkim_keys->len; i++) {
        site_dkim_key *key = &g_array_index(domain->dkim_keys, site_dkim_key, i);
        g_free(key->selector);
        dkim_key_free(key->key);
    }
    g_array_free(domain->dkim_keys, TRUE);
    g_free(domain->name);
    g_free(domain);
}

backstop_site *backstop_site_new(void)
{
    backstop_site *site = g_new0(backstop_site, 1);
    site->tag_lifetime_sec = TAG_LIFETIME_SEC;
    site->networks = g_array_new(FALSE, FALSE, sizeof(site_network));
    site->hosts = g_array_new(FALSE, FALSE, sizeof(site_host));
    site->internal = g_array_new(FALSE, FALSE, sizeof(site_network));
    site->addresses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    site->forwarders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    site->domains = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_domain);
    return site;
}

void backstop_site_free(backstop_site *site)
{
    if (site == NULL) {
        return;
    }
    for (unsigned i = 0; i < site->hosts->len; i++) {
        g_free(g_array_index(site->hosts, site_host, i).name);
    }
    g_array_free(site->networks, TRUE);
    g_array_free(site->hosts, TRUE);
    g_array_free(site->internal, TRUE);
    g_hash_table_destroy(site->addresses);
    g_hash_table_destroy(site->forwarders);
    g_hash_table_destroy(site->domains);
    g_free(site);
}

backstop_status backstop_site_set_tag_lifetime(backstop_site *site, int64_t lifetime_sec,
                                               backstop_error *error)
{
    if (lifetime_sec < TAG_LIFETIME_SEC_MIN || lifetime_sec > TAG_LIFETIME_SEC_MAX) {
        return error_fail(error, BACKSTOP_ERROR_INVALID,
                          "tags live from %d to %d hours; the usual is %d",
                          TAG_LIFETIME_SEC_MIN / HOUR_SEC, TAG_LIFETIME_SEC_MAX / HOUR_SEC,
                          TAG_LIFETIME_SEC / HOUR_SEC);
    }
    site->tag_lifetime_sec = lifetime_sec;
    return BACKSTOP_OK;
}

void backstop_site_set_ledger_complete(backstop_site *site, bool is_complete)
{
    site->ledger_is_complete = is_complete;
}

void backstop_site_set_personal(backstop_site *site, int64_t from_sec, int64_t until_sec)
{
    site->is_personal = true;
    site->personal_from_sec = from_sec;
    site->personal_until_sec = until_sec;
}

void backstop_site_set_unknown_exits(backstop_site *site, bool has_some)
{
    site->has_unknown_exits = has_some;
}

/* What v4-mapped addresses begin with. */
static const unsigned char mapped[MAPPED_PREFIX_BITS / 8] = { [10] = 0xFF, [11] = 0xFF };

/* IPv4 as v4-mapped. `*is_v4` may be NULL. */
static bool read_ip(span text, unsigned char out[SITE_ADDRESS_BYTES], bool *is_v4)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.ptr, '\0', text.len) != NULL) {
        return false;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    bool v4 = inet_pton(AF_INET, copy, out + sizeof mapped) == 1;
    if (v4) {
        memcpy(out, mapped, sizeof mapped);
    } else if (inet_pton(AF_INET6, copy, out) != 1) {
        return false;
    }
    if (is_v4 != NULL) {
        *is_v4 = v4;
    }
    return true;
}

/* Whether the first `bits` of both are equal. */
static bool shares_prefix(const unsigned char *a, const unsigned char *b, unsigned bits)
{
    unsigned bytes = bits / 8, rest = bits % 8;
    if (memcmp(a, b, bytes) != 0) {
        return false;
    }
    return rest == 0 || ((a[bytes] ^ b[bytes]) >> (8 - rest)) == 0;
}

static bool has_bits_beyond(const unsigned char *ip, unsigned bits)
{
    static const unsigned char zeros[SITE_ADDRESS_BYTES];
    unsigned bytes = bits / 8, rest = bits % 8;
    if (rest > 0 && (ip[bytes] & (0xFF >> rest)) != 0) {
        return true;
    }
    unsigned from = bytes + (rest > 0);
    return memcmp(ip + from, zeros, SITE_ADDRESS_BYTES - from) != 0;
}

/* "192.0.2.1" or "192.0.2.0/24". BACKSTOP_ERROR_EMPTY: it is no address at all. */
static backstop_status read_network(const char *text, site_network *out, backstop_error *error)
{
    span whole = span_from_string(text);
    size_t slash = span_find_char(whole, '/');
    bool is_v4;
    if (!read_ip(span_head(whole, slash), out->address, &is_v4)) {
        return slash == whole.len
                   ? BACKSTOP_ERROR_EMPTY
                   : error_fail(error, BACKSTOP_ERROR_INVALID, "\"%s\" is no IP network", text);
    }
    unsigned offset = is_v4 ? MAPPED_PREFIX_BITS : 0;
    unsigned most = SITE_ADDRESS_BYTES * 8 - offset, bits = most;
    span digits = span_skip(whole, slash + 1);
    if (slash < whole.len &&
        (span_read_number(digits, 3, &bits) != digits.len || digits.len == 0 || bits > most)) {
        return error_fail(error, BACKSTOP_ERROR_INVALID,
                          "\"%s\" is no IP network: after the / stands a number up to %u", text,
                          most);
    }
    out->prefix_bits = bits + offset;
    if (bits == 0) {
        return error_fail(error, BACKSTOP_ERROR_INVALID, "\"%s\" is all of the internet", text);
    }
    if (has_bits_beyond(out->address, out->prefix_bits)) {
        return error_fail(error, BACKSTOP_ERROR_INVALID,
                          "\"%s\" is one address and its network: name the network by its first "
                          "address, or leave \"/%u\" out",
                          text, bits);
    }
    return BACKSTOP_OK;
}

/* RFC 1123, 2.1, and the underscore that some hosts have. */
static bool is_label(span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_alnum(s.ptr[i]) && s.ptr[i] != '-' && s.ptr[i] != '_') {
            return false;
        }
    }
    return s.len > 0 && s.len <= LABEL_BYTES_MAX && s.ptr[0] != '-' && s.ptr[s.len - 1] != '-';
}

/* A canonical name of one or more labels, the last of which is no number: that would be a mistyped
 * address. */
static bool is_host_name(span name)
{
    bool is_number = true;
    if (name.len == 0 || name.len > NAME_BYTES_MAX) {
        return false;
    }
    for (size_t at = 0; at <= name.len;) {
        span rest = span_skip(name, at);
        span label = span_head(rest, span_find_char(rest, '.'));
        unsigned unused;
        if (!is_label(label)) {
            return false;
        }
        is_number = span_read_number(label, 9, &unused) == label.len;
        at += label.len + 1;
    }
    return !is_number;
}

backstop_status backstop_site_add_outbound_host(backstop_site *site, const char *host,
                                                bool is_shared, backstop_error *error)
{
    site_network network = { .is_shared = is_shared };
    backstop_status status = read_network(host, &network, error);
    if (status == BACKSTOP_OK) {
        g_array_append_val(site->networks, network);
    }
    if (status != BACKSTOP_ERROR_EMPTY) {
        return status;
    }
    g_autoptr(GString) name = g_string_new(NULL);
    address_form_domain(span_from_string(host), name);
    span bare = { name->str, name->len };
    if (!is_host_name(span_skip(bare, bare.len > 0 && bare.ptr[0] == '.'))) {
        return error_fail(error, BACKSTOP_ERROR_INVALID,
                          "\"%s\" is no host: it takes an IP address, a network as 192.0.2.0/24, a "
                          "name, or .our.example for all names below one",
                          host);
    }
    site_host kept = { g_strndup(name->str, name->len), is_shared };
    g_array_append_val(site->hosts, kept);
    return BACKSTOP_OK;
}

backstop_status backstop_site_add_internal_network(backstop_site *site, const char *network,
                                                   backstop_error *error)
{
    site_network read = { 0 };
    backstop_status status = read_network(network, &read, error);
    if (status == BACKSTOP_ERROR_EMPTY) {
        return error_fail(error, BACKSTOP_ERROR_INVALID,
                          "\"%s\" is neither an IP address nor a network as 192.0.2.0/24", network);
    }
    if (status == BACKSTOP_OK) {
        g_array_append_val(site->internal, read);
    }
    return status;
}

backstop_status backstop_site_add_address(backstop_site *site, const char *spec,
                                          backstop_error *error)
{
    g_autoptr(GString) canonical = g_string_new(NULL);
    address_form_canonical(span_from_string(spec), canonical);
    span whole = { canonical->str, canonical->len };
    if (address_local(whole).len == 0 || !is_host_name(address_domain(whole))) {
        return error_fail(error, BACKSTOP_ERROR_INVALID,
                          "\"%s\" is no address as alice@our.example", spec);
    }
    g_hash_table_add(site->addresses, g_strndup(canonical->str, canonical->len));
    return BACKSTOP_OK;
}

backstop_status backstop_site_add_forwarder(backstop_site *site, const char *forwarder,
                                            backstop_error *error)
{
    g_autoptr(GString) canonical = g_string_new(NULL);
    address_form_canonical(span_from_string(forwarder), canonical);
    span whole = { canonical->str, canonical->len };
    if (span_find_char(whole, '@') == whole.len || !is_host_name(address_domain(whole))) {
        return error_fail(error, BACKSTOP_ERROR_INVALID,
                          "\"%s\" is neither an address as list@our.example nor @our.example for "
                          "all of a domain",
                          forwarder);
    }
    g_hash_table_add(site->forwarders, g_strndup(canonical->str, canonical->len));
    return BACKSTOP_OK;
}

backstop_status backstop_site_add_domain(backstop_site *site, const char *name,
                                         backstop_domain **out, backstop_error *error)
{
    g_autoptr(GString) canonical = g_string_new(NULL);
    address_form_domain(span_from_string(name), canonical);
    *out = NULL;
    if (!is_host_name((span){ canonical->str, canonical->len })) {
        return error_fail(error, BACKSTOP_ERROR_INVALID, "\"%s\" is no domain name", name);
    }
    if (g_hash_table_contains(site->domains, canonical->str)) {
        return error_fail(error, BACKSTOP_ERROR_INVALID, "the domain %s was named before",
                          canonical->str);
    }
    backstop_domain *domain = g_new0(backstop_domain, 1);
    domain->name = g_strndup(canonical->str, canonical->len);
    domain->dkim_keys = g_array_new(FALSE, FALSE, sizeof(site_dkim_key));
    g_hash_table_insert(site->domains, domain->name, domain);
    *out = domain;
    return BACKSTOP_OK;
}

void backstop_domain_set_closed(backstop_domain *domain, bool is_closed)
{
    domain->is_closed = is_closed;
}

void backstop_domain_set_dkim_signs_all(backstop_domain *domain, bool signs_all)
{
    domain->dkim_signs_all = signs_all;
}

backstop_status backstop_domain_add_dkim_key(backstop_domain *domain, const char *selector,
                                             const char *text, backstop_error *error)
{
    g_autoptr(GString) canonical = g_string_new(NULL);
    address_form_domain(span_from_string(selector), canonical);
    span bare = { canonical->str, canonical->len };
    /* A selector may be a number, as no host's name is. */
    if (!is_host_name(bare) && !is_label(bare)) {
        return error_fail(error, BACKSTOP_ERROR_INVALID, "\"%s\" is no DKIM selector", selector);
    }
    if (site_dkim_key_of(domain, bare) != NULL) {
        return error_fail(error, BACKSTOP_ERROR_INVALID, "the DKIM selector %s was named before",
                          canonical->str);
    }
    site_dkim_key kept = { NULL, NULL };
    backstop_status status = dkim_key_read(span_from_string(text), &kept.key, error);
    if (status == BACKSTOP_OK) {
        kept.selector = g_strndup(canonical->str, canonical->len);
        g_array_append_val(domain->dkim_keys, kept);
    }
    return status;
}

const dkim_key *site_dkim_key_of(const backstop_domain *domain, span selector)
{
    for (unsigned i = 0; i < domain->dkim_keys->len; i++) {
        const site_dkim_key *key = &g_array_index(domain->dkim_keys, site_dkim_key, i);
        if (span_equal_nocase(span_from_string(key->selector), selector)) {
            return key->key;
        }
    }
    return NULL;
}

/* NULL for what is too long to be a domain. */
static const backstop_domain *find_domain(const backstop_site *site, span name)
{
    char copy[NAME_BYTES_MAX + 1];
    if (name.len == 0 || name.len >= sizeof copy) {
        return NULL;
    }
    for (size_t i = 0; i < name.len; i++) {
        copy[i] = ascii_lower(name.ptr[i]);
    }
    copy[name.len] = '\0';
    return g_hash_table_lookup(site->domains, copy);
}

/* What stands behind the last "@", or all of it. */
static span domain_part(span s)
{
    return span_find_char(s, '@') < s.len ? address_domain(s) : s;
}

const backstop_domain *site_domain_of(const backstop_site *site, span canonical)
{
    return find_domain(site, domain_part(canonical));
}

bool site_is_below_domain(const backstop_site *site, span host)
{
    host = span_head(host, NAME_BYTES_MAX);
    if (host.len > 0 && host.ptr[host.len - 1] == '.') {
        host.len--;
    }
    while (host.len > 0 && g_hash_table_size(site->domains) > 0) {
        if (find_domain(site, host) != NULL) {
            return true;
        }
        host = span_skip(host, span_find_char(host, '.') + 1);
    }
    return false;
}

bool site_owns(const backstop_site *site, span canonical)
{
    if (g_hash_table_size(site->domains) + g_hash_table_size(site->addresses) == 0 ||
        site_domain_of(site, canonical) != NULL) {
        return true;
    }
    g_autofree char *text = g_strndup(canonical.ptr, canonical.len);
    return g_hash_table_contains(site->addresses, text);
}

bool backstop_site_owns(const backstop_site *site, const char *spec)
{
    g_autoptr(GString) canonical = g_string_new(NULL);
    address_form_canonical(span_from_string(spec), canonical);
    return site_owns(site, (span){ canonical->str, canonical->len });
}

bool site_is_internal(const backstop_site *site, span ip)
{
    unsigned char bytes[SITE_ADDRESS_BYTES];
    if (site->internal->len == 0 || !read_ip(ip, bytes, NULL)) {
        return false;
    }
    for (unsigned i = 0; i < site->internal->len; i++) {
        const site_network *n = &g_array_index(site->internal, site_network, i);
        if (shares_prefix(n->address, bytes, n->prefix_bits)) {
            return true;
        }
    }
    return false;
}

bool backstop_site_is_internal(const backstop_site *site, const char *ip)
{
    return site_is_internal(site, span_from_string(ip));
}

bool backstop_ip_is_private(const char *ip)
{
    return site_ip_is_internal(span_from_string(ip));
}

bool site_is_forwarder(const backstop_site *site, span canonical)
{
    if (g_hash_table_size(site->forwarders) == 0 || canonical.len == 0) {
        return false;
    }
    g_autofree char *text = g_strndup(canonical.ptr, canonical.len);
    const char *at = strrchr(text, '@');
    return g_hash_table_contains(site->forwarders, text) ||
           (at != NULL && g_hash_table_contains(site->forwarders, at));
}

static site_match match_of(bool is_shared)
{
    return is_shared ? SITE_SHARED : SITE_OURS;
}

site_match site_match_ip(const backstop_site *site, span ip)
{
    unsigned char bytes[SITE_ADDRESS_BYTES];
    site_match found = SITE_NOT_OURS;
    unsigned narrowest = 0;
    if (site->networks->len == 0 || !read_ip(ip, bytes, NULL)) {
        return SITE_NOT_OURS;
    }
    for (unsigned i = 0; i < site->networks->len; i++) {
        const site_network *n = &g_array_index(site->networks, site_network, i);
        bool counts = n->prefix_bits > narrowest || (n->prefix_bits == narrowest && n->is_shared);
        if (counts && shares_prefix(n->address, bytes, n->prefix_bits)) {
            found = match_of(n->is_shared);
            narrowest = n->prefix_bits;
        }
    }
    return found;
}

site_match site_match_name(const backstop_site *site, span name)
{
    site_match found = SITE_NOT_OURS;
    size_t narrowest = 0;
    if (name.len > 0 && name.ptr[name.len - 1] == '.') {
        name.len--;
    }
    for (unsigned i = 0; i < site->hosts->len; i++) {
        const site_host *host = &g_array_index(site->hosts, site_host, i);
        span own = span_from_string(host->name);
        bool is_suffix = own.ptr[0] == '.';
        bool counts = own.len > narrowest || (own.len == narrowest && host->is_shared);
        if (counts && (is_suffix ? name.len > own.len && span_ends_nocase(name, own)
                                 : span_equal_nocase(name, own))) {
            found = match_of(host->is_shared);
            narrowest = own.len;
        }
    }
    return found;
}

static bool is_mapped(const unsigned char *bytes)
{
    return memcmp(bytes, mapped, sizeof mapped) == 0;
}

static bool has_own_name(const backstop_site *site)
{
    bool found = false;
    for (unsigned i = 0; i < site->hosts->len && !found; i++) {
        found = !g_array_index(site->hosts, site_host, i).is_shared;
    }
    return found;
}

bool site_has_network_like(const backstop_site *site, span ip)
{
    unsigned char bytes[SITE_ADDRESS_BYTES];
    if (!read_ip(ip, bytes, NULL)) {
        return false;
    }
    bool may_be_shared = !has_own_name(site);
    for (unsigned i = 0; i < site->networks->len; i++) {
        const site_network *n = &g_array_index(site->networks, site_network, i);
        if ((may_be_shared || !n->is_shared) && is_mapped(n->address) == is_mapped(bytes)) {
            return true;
        }
    }
    return false;
}

bool site_has_hosts(const backstop_site *site)
{
    return site->networks->len > 0 || site->hosts->len > 0;
}

bool site_ip_is_internal(span ip)
{
    enum { V4 = MAPPED_PREFIX_BITS };
    /* Not 100.64.0.0/10 (RFC 6598): behind it are a provider's customers. */
    static const site_network internal[] = {
        { { [10] = 0xFF, [11] = 0xFF, [12] = 127 }, V4 + 8, false },
        { { [10] = 0xFF, [11] = 0xFF, [12] = 10 }, V4 + 8, false },
        { { [10] = 0xFF, [11] = 0xFF, [12] = 172, [13] = 16 }, V4 + 12, false },
        { { [10] = 0xFF, [11] = 0xFF, [12] = 192, [13] = 168 }, V4 + 16, false },
        { { [10] = 0xFF, [11] = 0xFF, [12] = 169, [13] = 254 }, V4 + 16, false },
        { { [15] = 1 }, 128, false },
        { { [0] = 0xFE, [1] = 0x80 }, 10, false },
        { { [0] = 0xFC }, 7, false },
    };
    unsigned char bytes[SITE_ADDRESS_BYTES];
    if (!read_ip(ip, bytes, NULL)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(internal); i++) {
        if (shares_prefix(internal[i].address, bytes, internal[i].prefix_bits)) {
            return true;
        }
    }
    return false;
}
