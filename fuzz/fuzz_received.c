/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Any bytes as a Received field: every span lies in the input, and the address is one. */
#include "message/received.h"

#include <arpa/inet.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

static void check_span(span s, span value)
{
    check(s.len == 0 || (s.ptr >= value.ptr && s.ptr + s.len <= value.ptr + value.len));
}

static bool is_address(span s)
{
    char text[INET6_ADDRSTRLEN] = { 0 };
    unsigned char bytes[sizeof(struct in6_addr)];
    if (s.len >= sizeof text) {
        return false;
    }
    memcpy(text, s.ptr, s.len);
    /* Leading zeros ("192.000.002.001") are real, but inet_pton refuses them. */
    return inet_pton(AF_INET6, text, bytes) == 1 || span_find_char(s, ':') == s.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    span value = { (const char *)data, size };
    received r;
    bool found = received_read(value, &r);
    const span spans[] = { r.from, r.from_rdns, r.ip, r.by, r.with, r.id, r.recipient };
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        check_span(spans[i], value);
    }
    check(found == (r.from.len > 0 || r.by.len > 0 || r.has_date));
    check(r.has_date || r.date_sec == 0);
    check(r.ip.len == 0 || is_address(r.ip));
    return 0;
}
