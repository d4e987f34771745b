/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* DKIM keys as they stand in files, and each reason to refuse one. */
#include "proof/dkim_key.h"

#include "dkim_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

/* RFC 8463, A.2 */
#define ED25519 "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define RSA                                                                                        \
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/"   \
    "J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBf" \
    "O2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
/* Its two halves, as zone files break them: a string holds at most 255 bytes. */
#define RSA_HEAD "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5b"
#define RSA_TAIL                                                                                   \
    "dOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9P" \
    "zoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
/* The same without what SubjectPublicKeyInfo puts around it. */
#define RSA_BARE                                                                                   \
    "MIGJAoGBAOQeU5CgFPNZGIazlXo2k/eJ1jpaTTxrmqF1HrDLlt04pvaMtCJj8nXoliLRC/H9vJjMI1vdb3XLcW60AIN/" \
    "PBD8EL97/y4GwJH7LPUvGP48vqUe+owqszesbiGy1PlCO8c70/OjFnJVgvMF87YR4Lcincb7aSvI5MgpP6X8rjDdAgMB" \
    "AAE="

/* Reads a key that must be good. */
static dkim_key *read_good(const char *text)
{
    dkim_key *k = NULL;
    backstop_error error = { "" };
    if (dkim_key_read(span_from_string(text), &k, &error) != BACKSTOP_OK) {
        fail_msg("\"%s\": %s", text, error.text);
    }
    return k;
}

/* Reads one that must be refused with a text that holds `why`. */
static void check_refused(const char *text, const char *why)
{
    dkim_key *k = (dkim_key *)&k;
    backstop_error error = { "" };
    backstop_status status = dkim_key_read(span_from_string(text), &k, &error);
    if (status != BACKSTOP_ERROR_INVALID || k != NULL || strstr(error.text, why) == NULL) {
        fail_msg("\"%s\": %s, not \"%s\"", text, error.text, why);
    }
    assert_int_equal(dkim_key_read(span_from_string(text), &k, NULL), BACKSTOP_ERROR_INVALID);
}

static void test_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        dkim_algorithm algorithm;
        bool is_strict;
    } cases[] = {
        { "v=DKIM1; k=rsa; p=" RSA, DKIM_RSA_SHA256, false },
        { "p=" RSA, DKIM_RSA_SHA256, false },
        { " p = " RSA_HEAD "\r\n\t" RSA_TAIL " ;\n", DKIM_RSA_SHA256, false },
        { "k=RSA; p=" RSA_BARE, DKIM_RSA_SHA256, false },
        { "v=DKIM1; k=ed25519; p=" ED25519, DKIM_ED25519_SHA256, false },
        { "v=DKIM1; h=sha1 : sha256; s=* : other; t=y:s; n=a \"note\"; x=1; p=" RSA,
          DKIM_RSA_SHA256, true },
        { "v=DKIM1; s=email; t=y; g=*; p=" RSA, DKIM_RSA_SHA256, false },
        { "\"v=DKIM1; k=rsa; p=" RSA_HEAD "\" \"" RSA_TAIL "\"\n", DKIM_RSA_SHA256, false },
        { "\"v=DKIM1\\; k=rsa\\; p=" RSA "\"", DKIM_RSA_SHA256, false },
        { "sel1._domainkey\tIN\tTXT\t( \"v=DKIM1; h=sha256; k=rsa; \"\n"
          "\t  \"p=" RSA_HEAD "\"\n\t  \"" RSA_TAIL
          "\" )  ; ----- DKIM key \"sel1\" for our.example\n",
          DKIM_RSA_SHA256, false },
        { "; the key of \"2026\"\r\n$ORIGIN our.example.\r\n"
          "sel1._domainkey 3600 IN TXT \"v=DKIM1; t=s; k=ed25519; p=" ED25519 "\"\r\n",
          DKIM_ED25519_SHA256, true },
        { "sel1 IN TXT \"p=" RSA "\"", DKIM_RSA_SHA256, false },
        { "-----BEGIN PUBLIC KEY-----\n" RSA "\n-----END PUBLIC KEY-----\n", DKIM_RSA_SHA256,
          false },
        { "a comment\r\n-----BEGIN PUBLIC KEY-----\r\n" RSA_HEAD "\r\n" RSA_TAIL
          "\r\n-----END PUBLIC KEY-----\r\n",
          DKIM_RSA_SHA256, false },
        { "-----BEGIN RSA PUBLIC KEY-----\n" RSA_BARE "\n-----END RSA PUBLIC KEY-----\n",
          DKIM_RSA_SHA256, false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        dkim_key *k = read_good(cases[i].text);
        if (dkim_key_algorithm(k) != cases[i].algorithm ||
            dkim_key_is_strict(k) != cases[i].is_strict) {
            fail_msg("%s", cases[i].text);
        }
        dkim_key_free(k);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        { "", "no DKIM key is there" },
        { "nothing of the kind", "no DKIM key is there" },
        { "sel1 IN TXT ( \"v=DKIM1; p=" RSA, "no DKIM key is there" },
        { "v=DKIM1; p=", "revoked" },
        { "v=DKIM1; p= ; k=rsa", "revoked" },
        { "v=DKIM1; k=rsa", "no p=" },
        { "v=DKIM2; p=" RSA, "v=DKIM1" },
        { "v=dkim1; p=" RSA, "v=DKIM1" },
        { "k=rsa; v=DKIM1; p=" RSA, "v=DKIM1" },
        { "v=DKIM1; s=tlsrpt; p=" RSA, "not for mail" },
        { "v=DKIM1; s=; p=" RSA, "not for mail" },
        { "v=DKIM1; h=sha1; p=" RSA, "sha256" },
        { "v=DKIM1; k=dsa; p=" RSA, "neither rsa nor ed25519" },
        { "v=DKIM1; k=; p=" RSA, "neither rsa nor ed25519" },
        { "v=DKIM1; k=rsa; p=" ED25519, "p= cannot be read" },
        { "v=DKIM1; k=ed25519; p=" RSA, "not of the kind" },
        { "v=DKIM1; p=" RSA_HEAD, "p= cannot be read" },
        { "v=DKIM1; p=" RSA "AAAA", "p= cannot be read" },
        { "v=DKIM1; p=*" RSA, "p= cannot be read" },
        { "v=DKIM1; p=" RSA "; p=" RSA, "not written in tags" },
        { "v=DKIM1;; p=" RSA, "not written in tags" },
        { "\"v=DKIM1; p=" RSA "\"\n\"v=DKIM1; p=" RSA "\"\n", "not written in tags" },
        { "-----BEGIN PUBLIC KEY-----\n" RSA_HEAD "\n-----END PUBLIC KEY-----\n", "PEM" },
        { "-----BEGIN PUBLIC KEY-----", "PEM" },
        { "-----BEGIN PUBLIC KEY", "PEM" },
        { "-----BEGIN ", "no public key" },
        { "-----BEGIN CERTIFICATE-----\n" RSA "\n-----END CERTIFICATE-----\n", "no public key" },
        { "-----BEGIN PRIVATE KEY-----\n" RSA "\n-----END PRIVATE KEY-----\n", "openssl pkey" },
        { "-----BEGIN RSA PRIVATE KEY-----\n" RSA "\n-----END RSA PRIVATE KEY-----\n", "private" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_refused(cases[i].text, cases[i].why);
    }
    g_autofree char *blanks = g_strnfill(32 * 1024, ' ');
    g_autofree char *wide = g_strconcat("p=" RSA, blanks, NULL);
    check_refused(wide, "too long");
}

/* An RSA key with a modulus of that many bits, which no one can sign with. */
static char *record_of_size(int bits)
{
    BIGNUM *n = BN_new(), *e = BN_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *pkey = NULL;
    BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
    BN_set_word(e, 65537);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_fromdata_init(context);
    assert_int_equal(EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, parameters), 1);
    g_autofree char *base64 = fixture_public_key(pkey);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(pkey);
    BN_free(n);
    BN_free(e);
    return g_strconcat("v=DKIM1; p=", base64, NULL);
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        int bits;
        bool is_good;
    } cases[] = { { 512, false }, { 1023, false }, { 1024, true },
                  { 8192, true }, { 8193, false }, { 16384, false } };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *record = record_of_size(cases[i].bits);
        if (cases[i].is_good) {
            dkim_key_free(read_good(record));
        } else {
            check_refused(record, "bits");
        }
    }
}

static char *pem_of(EVP_PKEY *pkey)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *bytes;
    assert_int_equal(PEM_write_bio_PUBKEY(memory, pkey), 1);
    long len = BIO_get_mem_data(memory, &bytes);
    char *text = g_strndup(bytes, (gsize)len);
    BIO_free(memory);
    return text;
}

/* Keys of each kind in PEM: those of other kinds are refused, RSA-PSS among them, which DKIM has
 * no name for. */
static void test_kinds(void **state)
{
    (void)state;
    EVP_PKEY *ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    EVP_PKEY *ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    EVP_PKEY *ed448 = EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
    EVP_PKEY *pss = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    assert_int_equal(EVP_PKEY_keygen_init(context), 1);
    EVP_PKEY_CTX_set_rsa_keygen_bits(context, 1024);
    assert_int_equal(EVP_PKEY_generate(context, &pss), 1);
    EVP_PKEY_CTX_free(context);

    g_autofree char *good = pem_of(ed25519);
    g_autofree char *base64 = fixture_public_key(ed25519);
    g_autofree char *record = g_strconcat("k=ed25519; p=", base64, NULL);
    dkim_key *from_pem = read_good(good), *from_record = read_good(record);
    assert_int_equal(dkim_key_algorithm(from_pem), DKIM_ED25519_SHA256);
    assert_int_equal(dkim_key_algorithm(from_record), DKIM_ED25519_SHA256);
    dkim_key_free(from_pem);
    dkim_key_free(from_record);

    EVP_PKEY *others[] = { ec, ed448, pss };
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autofree char *pem = pem_of(others[i]);
        check_refused(pem, "neither RSA nor Ed25519");
        EVP_PKEY_free(others[i]);
    }
    EVP_PKEY_free(ed25519);
}

static void test_verify(void **state)
{
    (void)state;
    EVP_PKEY *pkeys[] = { EVP_RSA_gen(1024), EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") };
    for (size_t i = 0; i < G_N_ELEMENTS(pkeys); i++) {
        unsigned char hash[EVP_MAX_MD_SIZE];
        g_autofree char *pem = pem_of(pkeys[i]);
        g_autofree char *base64 = fixture_sign(pkeys[i], SPAN("canonical"));
        gsize len;
        g_autofree guchar *data = g_base64_decode(base64, &len);
        dkim_key *k = read_good(pem);
        assert_int_equal(EVP_Digest("canonical", 9, hash, NULL, EVP_sha256(), NULL), 1);
        assert_true(dkim_key_verify(k, hash, data, len));
        assert_false(dkim_key_verify(k, hash, data, len - 1));
        assert_false(dkim_key_verify(k, hash, data, 0));
        data[len / 2] ^= 1;
        assert_false(dkim_key_verify(k, hash, data, len));
        data[len / 2] ^= 1;
        hash[0] ^= 1;
        assert_false(dkim_key_verify(k, hash, data, len));
        /* Nothing is left on the thread's queue of errors. */
        assert_int_equal(ERR_peek_error(), 0);
        dkim_key_free(k);
        EVP_PKEY_free(pkeys[i]);
    }
    dkim_key_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms), cmocka_unit_test(test_refused), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_kinds), cmocka_unit_test(test_verify),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
