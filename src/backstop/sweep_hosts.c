/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/sweep_hosts.h"

#include "base/span.h"

#include <backstop/site.h>

#include <arpa/inet.h>
#include <string.h>

/* More are not one person's ways out. */
enum { HOSTS_MAX = 256 };

/* What of an address is one provider's, as a rule. */
enum { V4_NETWORK_BYTES = 3, V6_NETWORK_BYTES = 6 };

struct sweep_hosts {
    GHashTable *known; /* set of char * */
    GPtrArray *list;   /* of the same, sorted */
};

sweep_hosts *sweep_hosts_new(void)
{
    sweep_hosts *hosts = g_new0(sweep_hosts, 1);
    hosts->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    hosts->list = g_ptr_array_new();
    return hosts;
}

void sweep_hosts_free(sweep_hosts *hosts)
{
    if (hosts == NULL) {
        return;
    }
    g_hash_table_destroy(hosts->known);
    g_ptr_array_free(hosts->list, TRUE);
    g_free(hosts);
}

static void add(sweep_hosts *hosts, char *host)
{
    if (g_hash_table_size(hosts->known) < HOSTS_MAX) {
        g_hash_table_add(hosts->known, host);
    } else {
        g_free(host);
    }
}

/* The last labels of a host's name that one owner has: two, or three below such as "co.uk". Empty
 * for what is no full name. */
static span owner_domain(const char *name)
{
    span all = span_from_string(name);
    while (all.len > 0 && all.ptr[all.len - 1] == '.') {
        all.len--;
    }
    size_t starts[4]; /* of the last labels, the last one first */
    unsigned count = 0;
    size_t end = all.len;
    for (size_t i = all.len; i > 0 && count < G_N_ELEMENTS(starts); i--) {
        if (i == 1 || all.ptr[i - 2] == '.') {
            if (end < i) {
                return (span){ "", 0 }; /* an empty label */
            }
            starts[count++] = i - 1;
            end = i > 1 ? i - 2 : 0;
        }
    }
    if (count < 2 || ascii_is_digit(all.ptr[all.len - 1])) {
        return (span){ "", 0 };
    }
    size_t top_len = all.len - starts[0];
    size_t second_len = starts[0] - 1 - starts[1];
    bool is_shared_suffix = top_len == 2 && second_len <= 3;
    if (is_shared_suffix && count < 3) {
        return (span){ "", 0 };
    }
    return span_skip(all, starts[is_shared_suffix ? 2 : 1]);
}

static bool has_same_owner(const char *a, const char *b)
{
    span x = owner_domain(a == NULL ? "" : a);
    span y = owner_domain(b == NULL ? "" : b);
    return x.len > 0 && span_equal_nocase(x, y);
}

/* Whether the name is made of the address, as "198-51-100-7.pool.isp.example" is: of a line, not
 * of a mail server. */
static bool is_made_of_address(const char *name, const char *ip)
{
    unsigned char a[4];
    unsigned seen = 0;
    if (inet_pton(AF_INET, ip, a) != 1) {
        return false;
    }
    span rest = span_from_string(name);
    while (rest.len > 0) {
        unsigned value;
        size_t digits = span_read_number(rest, 9, &value);
        for (size_t i = 0; digits > 0 && i < sizeof a; i++) {
            seen |= value == a[i] ? 1U << i : 0;
        }
        rest = span_skip(rest, MAX(digits, 1));
    }
    return seen == 0xF;
}

static void add_name(sweep_hosts *hosts, const char *name, const char *ip)
{
    span owner = owner_domain(name == NULL ? "" : name);
    if (owner.len == 0 || (ip != NULL && is_made_of_address(name, ip))) {
        return;
    }
    g_autofree char *domain = g_ascii_strdown(owner.ptr, (gssize)owner.len);
    add(hosts, g_strconcat(".", domain, NULL));
}

static void add_network(sweep_hosts *hosts, const char *ip)
{
    unsigned char a[16];
    char text[INET6_ADDRSTRLEN];
    int family = strchr(ip, ':') == NULL ? AF_INET : AF_INET6;
    size_t kept = family == AF_INET ? V4_NETWORK_BYTES : V6_NETWORK_BYTES;
    if (inet_pton(family, ip, a) != 1) {
        return;
    }
    memset(a + kept, 0, sizeof a - kept);
    inet_ntop(family, a, text, sizeof text);
    add(hosts, g_strdup_printf("%s/%zu", text, kept * 8));
}

/* The host that took in the message itself: the word behind "by" in its topmost Received field. */
static char *receiving_host(const backstop_message *message)
{
    char *field = backstop_message_field_text(message, "Received");
    char *host = NULL;
    const char *by = field == NULL                    ? NULL
                     : g_str_has_prefix(field, "by ") ? field
                                                      : strstr(field, " by ");
    if (by != NULL) {
        by = strstr(by, "by ") + 3;
        host = g_strndup(by, strcspn(by, " \t\r\n;("));
    }
    backstop_text_free(field);
    return host;
}

/* Whether the client of the hop is a stranger to its server. */
static bool is_handed_over(const backstop_hop *hop)
{
    const char *ip = backstop_hop_ip(hop);
    const char *name = backstop_hop_name(hop);
    return ip != NULL && !backstop_ip_is_private(ip) && !has_same_owner(name, backstop_hop_by(hop));
}

static const char *domain_of(const char *address)
{
    const char *at = address == NULL ? NULL : strrchr(address, '@');
    return at == NULL ? NULL : at + 1;
}

void sweep_hosts_learn(sweep_hosts *hosts, const backstop_message *message,
                       const backstop_notice *notice)
{
    const backstop_returned *returned = backstop_notice_returned(notice);
    size_t count = backstop_returned_hop_count(returned);
    if (count == 0) {
        return;
    }
    /* If our own provider's server says that it could not deliver, the first stranger in the chain
     * is the owner's own telephone. */
    const char *reporting = backstop_hop_by(backstop_returned_hop(returned, 0));
    g_autofree char *receiving = receiving_host(message);
    if (has_same_owner(reporting, receiving)) {
        add_name(hosts, reporting, NULL);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const backstop_hop *hop = backstop_returned_hop(returned, i);
        const char *name = backstop_hop_name(hop);
        if (!is_handed_over(hop)) {
            continue;
        }
        /* So may be the client of the last hop, unless its name says that it is our own. */
        if (i + 1 < count || has_same_owner(name, receiving) ||
            has_same_owner(name, domain_of(backstop_returned_from(returned)))) {
            add_network(hosts, backstop_hop_ip(hop));
            add_name(hosts, name, backstop_hop_ip(hop));
        }
        return;
    }
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const GPtrArray *sweep_hosts_list(sweep_hosts *hosts)
{
    GHashTableIter iter;
    gpointer host;
    g_ptr_array_set_size(hosts->list, 0);
    g_hash_table_iter_init(&iter, hosts->known);
    while (g_hash_table_iter_next(&iter, &host, NULL)) {
        g_ptr_array_add(hosts->list, host);
    }
    g_ptr_array_sort(hosts->list, compare_texts);
    return hosts->list;
}
