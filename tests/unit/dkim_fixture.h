/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Headers to read; keys and signatures for tests, made by OpenSSL. What is signed here are texts
 * that a test states to be the canonical ones: nothing of src/proof has a part in it.
 */
#ifndef BACKSTOP_TESTS_DKIM_FIXTURE_H
#define BACKSTOP_TESTS_DKIM_FIXTURE_H

#include "base/span.h"
#include "message/message.h"

#include <glib.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/* The SubjectPublicKeyInfo in base64. */
static inline char *fixture_public_key(EVP_PKEY *pkey)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);
    g_assert_cmpint(len, >, 0);
    char *text = g_base64_encode(der, (gsize)len);
    OPENSSL_free(der);
    return text;
}

/* The signature over `canonical` as b= has it (RFC 6376, 3.3; RFC 8463, 3). */
static inline char *fixture_sign(EVP_PKEY *pkey, span canonical)
{
    unsigned char data[1024], hash[EVP_MAX_MD_SIZE];
    size_t data_len = sizeof data;
    unsigned hash_len;
    bool is_rsa = EVP_PKEY_is_a(pkey, "RSA");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!is_rsa) {
        g_assert_true(
            EVP_Digest(canonical.ptr, canonical.len, hash, &hash_len, EVP_sha256(), NULL));
        canonical = (span){ (char *)hash, hash_len };
    }
    g_assert_true(EVP_DigestSignInit(context, NULL, is_rsa ? EVP_sha256() : NULL, NULL, pkey) ==
                      1 &&
                  EVP_DigestSign(context, data, &data_len, (const unsigned char *)canonical.ptr,
                                 canonical.len) == 1);
    EVP_MD_CTX_free(context);
    return g_base64_encode(data, data_len);
}

/* A header as it was read from a text. */
typedef struct fixture_header {
    span text;
    GArray *fields;
    field_block block;
    span body;
} fixture_header;

static inline fixture_header fixture_read_header(span text)
{
    fixture_header h = { .text = text, .body = text };
    header_shape shape;
    h.fields = g_array_new(FALSE, FALSE, sizeof(header_field));
    unsigned count =
        reader_header_block(&h.body, reader_line_end(text), h.fields, G_MAXUINT, &shape);
    h.block = (field_block){ h.fields, 0, count };
    return h;
}

static inline void fixture_free_header(fixture_header *h)
{
    g_array_free(h->fields, TRUE);
}

#endif
