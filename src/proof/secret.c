/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Keyed hashes, random bytes, and comparing in constant time; all of it OpenSSL's.
 *
 * The context that holds the key is only ever copied, which threads may do at the same time. The
 * last copy is kept for the next call: to begin anew with it costs less than half of a copy.
 */
#include "proof/secret.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdatomic.h>

struct secret_mac {
    EVP_MAC_CTX *prepared;
    _Atomic(EVP_MAC_CTX *) spare; /* a copy that nobody uses now, or NULL */
};

secret_mac *secret_mac_new(const unsigned char *key, size_t key_len)
{
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *prepared = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
    EVP_MAC_free(hmac); /* the context holds it */
    if (prepared == NULL || EVP_MAC_init(prepared, key, key_len, parameters) != 1) {
        EVP_MAC_CTX_free(prepared);
        return NULL;
    }
    secret_mac *mac = g_new0(secret_mac, 1);
    mac->prepared = prepared;
    return mac;
}

void secret_mac_free(secret_mac *mac)
{
    if (mac != NULL) {
        EVP_MAC_CTX_free(mac->prepared); /* wipes the key */
        EVP_MAC_CTX_free(atomic_load(&mac->spare));
        g_free(mac);
    }
}

/* A context with the key in it, for the calling thread alone; NULL: no memory. */
static EVP_MAC_CTX *take_context(secret_mac *mac)
{
    EVP_MAC_CTX *context = atomic_exchange(&mac->spare, NULL);
    if (context != NULL && EVP_MAC_init(context, NULL, 0, NULL) == 1) {
        return context;
    }
    EVP_MAC_CTX_free(context);
    return EVP_MAC_CTX_dup(mac->prepared);
}

static void give_context(secret_mac *mac, EVP_MAC_CTX *context)
{
    EVP_MAC_CTX_free(atomic_exchange(&mac->spare, context));
}

void secret_mac_compute(secret_mac *mac, const span *pieces, size_t count,
                        unsigned char out[SECRET_MAC_BYTES])
{
    static const unsigned char separator[] = { 0 };
    EVP_MAC_CTX *context = take_context(mac);
    bool works = context != NULL;
    for (size_t i = 0; works && i < count; i++) {
        if (i > 0) {
            works = EVP_MAC_update(context, separator, sizeof separator) == 1;
        }
        if (works && pieces[i].len > 0) {
            works =
                EVP_MAC_update(context, (const unsigned char *)pieces[i].ptr, pieces[i].len) == 1;
        }
    }
    size_t written = 0;
    works = works && EVP_MAC_final(context, out, &written, SECRET_MAC_BYTES) == 1 &&
            written == SECRET_MAC_BYTES;
    give_context(mac, context);
    if (!works) {
        /* The digest was there when the key was made ready: only memory can be missing. A MAC of
         * unset bytes must never leave this function. */
        g_error("no memory for a keyed hash");
    }
}

bool secret_hmac_sha1(const unsigned char *key, size_t key_len, span data,
                      unsigned char out[SECRET_SHA1_BYTES])
{
    size_t written = 0;
    return EVP_Q_mac(NULL, "HMAC", NULL, "SHA1", NULL, key, key_len,
                     (const unsigned char *)data.ptr, data.len, out, SECRET_SHA1_BYTES,
                     &written) != NULL &&
           written == SECRET_SHA1_BYTES;
}

bool secret_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

bool secret_random(unsigned char *out, size_t len)
{
    return RAND_bytes(out, (int)len) == 1;
}

void secret_append_base64url(GString *out, const unsigned char *bytes, size_t len)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned bits = 0; /* the last ones read, at most 14 of them are used */
    unsigned bit_count = 0;
    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | bytes[i];
        bit_count += 8;
        while (bit_count >= 6) {
            bit_count -= 6;
            g_string_append_c(out, letters[bits >> bit_count & 63]);
        }
    }
    if (bit_count > 0) {
        g_string_append_c(out, letters[bits << (6 - bit_count) & 63]);
    }
}

/* Six bits, or -1. */
static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (ascii_is_digit(c)) {
        return c - '0' + 52;
    }
    if (c == '-' || c == '+') {
        return 62;
    }
    return c == '_' || c == '/' ? 63 : -1;
}

bool secret_read_base64url(span text, unsigned char *out, size_t len)
{
    unsigned bits = 0;
    unsigned bit_count = 0;
    size_t characters = 0;
    size_t padding = 0;
    size_t written = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (ascii_is_space(text.ptr[i])) {
            continue;
        }
        characters++;
        if (text.ptr[i] == '=') {
            padding++;
            continue;
        }
        int value = base64_value(text.ptr[i]);
        if (value < 0 || padding > 0) {
            return false;
        }
        bits = (bits << 6 | (unsigned)value) & 0xffff;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            if (written == len) {
                return false;
            }
            out[written++] = (unsigned char)(bits >> bit_count);
        }
    }
    /* What is left over are fewer bits than a character has, and they are zero: else two texts
     * would stand for the same bytes. */
    bool is_canonical = bit_count < 6 && (bits & ((1u << bit_count) - 1)) == 0;
    bool is_padded = padding == 0 || (padding <= 2 && characters % 4 == 0);
    return written == len && is_canonical && is_padded;
}
