/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Any bytes as an address field: each step goes on, and an address that was read is read again as
 * itself. */
#include "message/address.h"
#include "message/limits.h"

#include <stdint.h>

static void check(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

/* Reads every byte, for the address sanitizer. */
static unsigned touch(span s)
{
    unsigned sum = 0;
    for (size_t i = 0; i < s.len; i++) {
        sum += (unsigned char)s.ptr[i];
    }
    return sum;
}

static void check_address(const address *a, GStringChunk *store)
{
    address again;
    address_reader reader;
    check(a->spec.len <= LIMIT_ADDRESS_BYTES && a->display.len <= LIMIT_VALUE_BYTES);
    touch(a->display);
    touch(a->spec);
    if (a->spec.len > 0) {
        address_reader_init(&reader, a->spec);
        check(address_next(&reader, store, &again) && span_equal(again.spec, a->spec));
        check(!address_next(&reader, store, &again));
    }
    span local = address_local(a->spec);
    span domain = address_domain(a->spec);
    check(local.len + domain.len <= a->spec.len);
    if (address_is_plain(a->spec)) {
        check(local.len + domain.len + 1 == a->spec.len && local.len > 0 && domain.len > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    span value = { (const char *)data, size };
    GStringChunk *store = g_string_chunk_new(256);
    address_reader reader;
    address next;
    unsigned count = 0;
    address_reader_init(&reader, value);
    for (const char *before = reader.scan.at; address_next(&reader, store, &next);
         before = reader.scan.at) {
        check(reader.scan.at > before && reader.scan.at <= value.ptr + size);
        check_address(&next, store);
        count++;
    }
    check(count <= LIMIT_ADDRESSES);
    check(address_first(value, store, &next) == (count > 0));
    address_is_plain(value);
    g_string_chunk_free(store);
    return 0;
}
