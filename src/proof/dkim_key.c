/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "proof/dkim_key.h"

#include "base/error.h"
#include "proof/dkim_tags.h"

#include <glib.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

/* An RSA key of the largest size takes 1,400 characters; zone files hold comments. */
enum { TEXT_BYTES_MAX = 32 * 1024, DER_BYTES_MAX = 4096, ED25519_BYTES = 32 };

struct dkim_key {
    dkim_algorithm algorithm;
    bool is_strict;
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *prepared; /* for RSA; only ever copied, which threads may do at once */
};

#define FAIL(...) error_fail(error, BACKSTOP_ERROR_INVALID, __VA_ARGS__)

/* A quoted string of a zone file from behind its first quote (RFC 1035, 5.1); `*rest` moves behind
 * its last. False if that is missing. */
static bool read_quoted(span *rest, GString *out)
{
    for (size_t i = 0; i < rest->len; i++) {
        if (rest->ptr[i] == '"') {
            *rest = span_skip(*rest, i + 1);
            return true;
        }
        if (rest->ptr[i] == '\\' && i + 1 < rest->len) {
            i++;
        }
        g_string_append_c(out, rest->ptr[i]);
    }
    return false;
}

/* The quoted strings of a zone file's text as one. False if it holds none, or one is left open. */
static bool join_quoted(span text, GString *out)
{
    bool found = false;
    while (text.len > 0) {
        char c = text.ptr[0];
        text = span_skip(text, 1);
        if (c == '"') {
            found = true;
            if (!read_quoted(&text, out)) {
                return false;
            }
        } else if (c == ';') {
            span comment;
            span_next_line(&text, &comment);
        }
    }
    return found;
}

static EVP_PKEY *read_der(const unsigned char *der, size_t len)
{
    const unsigned char *at = der;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)len);
    if (pkey == NULL) {
        /* RFC 6376 says RSAPublicKey, though all the world writes SubjectPublicKeyInfo. */
        at = der;
        pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)len);
    }
    if (pkey != NULL && at != der + len) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    return pkey;
}

/* The key in base64, as p= and PEM have it; NULL if there is none. */
static EVP_PKEY *read_base64(span text, bool may_be_raw)
{
    unsigned char der[DER_BYTES_MAX];
    size_t len;
    if (!dkim_base64_read(text, der, sizeof der, &len)) {
        return NULL;
    }
    ERR_set_mark();
    EVP_PKEY *pkey = may_be_raw && len == ED25519_BYTES
                         ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, der, len)
                         : read_der(der, len);
    ERR_pop_to_mark();
    return pkey;
}

static bool prepare_rsa(dkim_key *k)
{
    k->prepared = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
    return k->prepared != NULL && EVP_PKEY_verify_init(k->prepared) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(k->prepared, RSA_PKCS1_PADDING) == 1 &&
           EVP_PKEY_CTX_set_signature_md(k->prepared, EVP_sha256()) == 1;
}

/* Looks at the key itself, and makes it ready. */
static backstop_status settle(dkim_key *k, backstop_error *error)
{
    if (EVP_PKEY_is_a(k->pkey, "ED25519")) {
        k->algorithm = DKIM_ED25519_SHA256;
        return BACKSTOP_OK;
    }
    if (!EVP_PKEY_is_a(k->pkey, "RSA")) {
        return FAIL("the DKIM key is neither RSA nor Ed25519");
    }
    int bits = EVP_PKEY_get_bits(k->pkey);
    if (bits < DKIM_RSA_BITS_MIN || bits > DKIM_RSA_BITS_MAX) {
        return FAIL("the DKIM key has %d bits; RSA keys of %d to %d are taken", bits,
                    DKIM_RSA_BITS_MIN, DKIM_RSA_BITS_MAX);
    }
    k->algorithm = DKIM_RSA_SHA256;
    return prepare_rsa(k) ? BACKSTOP_OK : FAIL("OpenSSL cannot verify with the DKIM key");
}

/* From behind the first line of a PEM block. */
static backstop_status read_pem(dkim_key *k, span text, backstop_error *error)
{
    span start = SPAN("-----BEGIN "), end = SPAN("-----END ");
    span block = span_skip(text, span_find_nocase(text, start) + start.len);
    span label = span_head(block, span_find_char(block, '-'));
    if (!span_equal(label, SPAN("PUBLIC KEY")) && !span_equal(label, SPAN("RSA PUBLIC KEY"))) {
        bool is_private = span_ends_nocase(label, SPAN("PRIVATE KEY"));
        return FAIL("the DKIM key's file holds no public key%s",
                    is_private ? " but a private one; make its public part with "
                                 "\"openssl pkey -pubout\""
                               : "");
    }
    span body = span_skip(block, label.len);
    body = span_skip(body, MIN(body.len, strlen("-----")));
    body = span_head(body, span_find_nocase(body, end));
    k->pkey = read_base64(body, false);
    return k->pkey != NULL ? settle(k, error) : FAIL("the DKIM key's PEM block cannot be read");
}

/* The tags that say what a key is for. */
static backstop_status check_use(const dkim_tags *tags, backstop_error *error)
{
    span value;
    if (dkim_tags_find(tags, "v", &value) &&
        (!span_equal(value, SPAN("DKIM1")) || !span_equal(tags->list[0].name, SPAN("v")))) {
        return FAIL("the DKIM key's record does not begin with v=DKIM1");
    }
    if (dkim_tags_find(tags, "s", &value) && !dkim_list_holds(value, SPAN("*")) &&
        !dkim_list_holds(value, SPAN("email"))) {
        return FAIL("the DKIM key is not for mail: its s= names neither email nor *");
    }
    if (dkim_tags_find(tags, "h", &value) && !dkim_list_holds(value, SPAN("sha256"))) {
        return FAIL("the DKIM key is not for SHA-256: its h= does not name sha256");
    }
    return BACKSTOP_OK;
}

static backstop_status read_record(dkim_key *k, span text, backstop_error *error)
{
    dkim_tags tags;
    span value, type = SPAN("rsa");
    if (!dkim_tags_read(text, &tags)) {
        return FAIL("the DKIM key's record is not written in tags as \"v=DKIM1; k=rsa; p=...\"");
    }
    if (check_use(&tags, error) != BACKSTOP_OK) {
        return BACKSTOP_ERROR_INVALID;
    }
    dkim_tags_find(&tags, "k", &type);
    bool is_rsa = span_equal_nocase(type, SPAN("rsa"));
    if (!is_rsa && !span_equal_nocase(type, SPAN("ed25519"))) {
        return FAIL("the DKIM key's k= is neither rsa nor ed25519");
    }
    k->is_strict = dkim_tags_find(&tags, "t", &value) && dkim_list_holds(value, SPAN("s"));
    if (!dkim_tags_find(&tags, "p", &value)) {
        return FAIL("the DKIM key's record has no p=");
    }
    if (value.len == 0) {
        return FAIL("the DKIM key is revoked: its p= is empty");
    }
    k->pkey = read_base64(value, !is_rsa);
    if (k->pkey == NULL) {
        return FAIL("the DKIM key's p= cannot be read: it is no public key in base64");
    }
    if (settle(k, error) != BACKSTOP_OK) {
        return BACKSTOP_ERROR_INVALID;
    }
    return is_rsa == (k->algorithm == DKIM_RSA_SHA256)
               ? BACKSTOP_OK
               : FAIL("the DKIM key's p= is not of the kind that its k= says");
}

/* A zone file begins with a name or a quote, a record with a tag. */
static backstop_status read_text(dkim_key *k, span text, backstop_error *error)
{
    dkim_tag tag;
    span rest = text;
    if (span_find_nocase(text, SPAN("-----BEGIN ")) < text.len) {
        return read_pem(k, text, error);
    }
    if (dkim_tags_next(&rest, &tag)) {
        return read_record(k, text, error);
    }
    g_autoptr(GString) joined = g_string_sized_new(text.len);
    if (!join_quoted(text, joined)) {
        return FAIL("no DKIM key is there, neither \"v=DKIM1; p=...\", bare or in a zone file's "
                    "quotes, nor PEM");
    }
    return read_record(k, (span){ joined->str, joined->len }, error);
}

backstop_status dkim_key_read(span text, dkim_key **out, backstop_error *error)
{
    *out = NULL;
    if (text.len > TEXT_BYTES_MAX) {
        return FAIL("the DKIM key's file is too long for one key");
    }
    dkim_key *k = g_new0(dkim_key, 1);
    backstop_status status = read_text(k, text, error);
    if (status != BACKSTOP_OK) {
        dkim_key_free(k);
        return status;
    }
    *out = k;
    return BACKSTOP_OK;
}

void dkim_key_free(dkim_key *k)
{
    if (k != NULL) {
        EVP_PKEY_CTX_free(k->prepared);
        EVP_PKEY_free(k->pkey);
        g_free(k);
    }
}

dkim_algorithm dkim_key_algorithm(const dkim_key *k)
{
    return k->algorithm;
}

bool dkim_key_is_strict(const dkim_key *k)
{
    return k->is_strict;
}

static bool verify_rsa(const dkim_key *k, const unsigned char hash[DKIM_HASH_BYTES],
                       const unsigned char *data, size_t data_len)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_dup(k->prepared);
    bool holds =
        context != NULL && EVP_PKEY_verify(context, data, data_len, hash, DKIM_HASH_BYTES) == 1;
    EVP_PKEY_CTX_free(context);
    return holds;
}

/* RFC 8463, 3: the hash is what is signed, as if it were the message. */
static bool verify_ed25519(const dkim_key *k, const unsigned char hash[DKIM_HASH_BYTES],
                           const unsigned char *data, size_t data_len)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool holds = context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, k->pkey) == 1 &&
                 EVP_DigestVerify(context, data, data_len, hash, DKIM_HASH_BYTES) == 1;
    EVP_MD_CTX_free(context);
    return holds;
}

bool dkim_key_verify(const dkim_key *k, const unsigned char hash[DKIM_HASH_BYTES],
                     const unsigned char *data, size_t data_len)
{
    /* A signature that does not hold is no error of the process, and must not pile up as one. */
    ERR_set_mark();
    bool holds = k->algorithm == DKIM_RSA_SHA256 ? verify_rsa(k, hash, data, data_len)
                                                 : verify_ed25519(k, hash, data, data_len);
    ERR_pop_to_mark();
    return holds;
}
