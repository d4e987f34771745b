/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * DKIM signatures over a header alone. Each canonicalisation is stated by hand in the test, signed
 * by OpenSSL as it stands there, and must be what src/proof/dkim.c arrives at.
 */
#include "proof/dkim.h"

#include "dkim_fixture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/rsa.h>

typedef struct key_pair {
    EVP_PKEY *pkey;
    dkim_key *key;
    dkim_key *strict; /* the same with t=s */
} key_pair;

static struct {
    key_pair rsa, ed25519;
} keys;

static dkim_key *read_key(const char *text)
{
    dkim_key *k = NULL;
    assert_int_equal(dkim_key_read(span_from_string(text), &k, NULL), BACKSTOP_OK);
    return k;
}

static void make_pair(key_pair *p, const char *type, EVP_PKEY *pkey)
{
    g_autofree char *base64 = fixture_public_key(pkey);
    g_autofree char *record = g_strdup_printf("v=DKIM1; k=%s; p=%s", type, base64);
    g_autofree char *strict = g_strdup_printf("v=DKIM1; t=s; k=%s; p=%s", type, base64);
    *p = (key_pair){ pkey, read_key(record), read_key(strict) };
}

static int make_keys(void **state)
{
    (void)state;
    make_pair(&keys.rsa, "rsa", EVP_RSA_gen(2048));
    make_pair(&keys.ed25519, "ed25519", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    key_pair *pairs[] = { &keys.rsa, &keys.ed25519 };
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        EVP_PKEY_free(pairs[i]->pkey);
        dkim_key_free(pairs[i]->key);
        dkim_key_free(pairs[i]->strict);
    }
    return 0;
}

/* The index of the n-th DKIM-Signature, and what it says. */
static unsigned find_signature(const fixture_header *h, unsigned n, dkim_signature *out)
{
    for (unsigned i = 0; i < h->block.count; i++) {
        if (span_equal_nocase(field_at(h->block, i)->name, SPAN("DKIM-Signature")) && n-- == 0) {
            assert_true(dkim_signature_read(field_at(h->block, i)->value, out));
            return i;
        }
    }
    fail_msg("no DKIM-Signature in \"%.*s\"", SPAN_ARG(h->text));
    return 0;
}

/* Whether the first signature in `text` holds. */
static bool holds(span text, const dkim_key *k)
{
    fixture_header h = fixture_read_header(text);
    dkim_signature s;
    unsigned index = find_signature(&h, 0, &s);
    bool result = dkim_verify_header(&s, k, h.block, index, h.text);
    fixture_free_header(&h);
    return result;
}

/* `text` with "@B@" replaced by the signature over `canonical`. */
static GString *signed_text(const key_pair *pair, span text, span canonical)
{
    g_autofree char *data = fixture_sign(pair->pkey, canonical);
    GString *out = g_string_new_len(text.ptr, (gssize)text.len);
    assert_int_equal(g_string_replace(out, "@B@", data, 0), 1);
    return out;
}

static void check_canonical(const key_pair *pair, span text, span canonical)
{
    g_autoptr(GString) whole = signed_text(pair, text, canonical);
    if (!holds((span){ whole->str, whole->len }, pair->key)) {
        fail_msg("not canonical so: \"%.*s\"", SPAN_ARG(canonical));
    }
}

/* Tags of every signature below; the body hash is any. */
#define HASH "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
#define TAGS "v=1; d=our.example; s=sel1; " HASH "; "
#define RSA "a=rsa-sha256; "
#define ED25519 "a=ed25519-sha256; "

/* RFC 8463, A.3. The names in it are the RFC's. */
#define RFC_SIGNATURES                                                                             \
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\n"                                  \
    " d=football.example.com; i=@football.example.com;\n"                                          \
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n"                                        \
    " subject : date : message-id : from : subject : date;\n"                                      \
    " " HASH ";\n"                                                                                 \
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\n"                                \
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\n"                                                          \
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\n"                                      \
    " d=football.example.com; i=@football.example.com;\n"                                          \
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\n"                                  \
    " date : message-id : from : subject : date;\n"                                                \
    " " HASH ";\n"                                                                                 \
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\n"                                \
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\n"                                \
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\n"
#define RFC_FIELDS                                                                                 \
    "From: Joe SixPack <joe@football.example.com>\n"                                               \
    "To: Suzie Q <suzie@shopping.example.net>\n"                                                   \
    "Subject: Is dinner ready?\n"                                                                  \
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n"                                                \
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\n"
#define RFC_BODY "\nHi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n"

static const char rfc_ed25519_key[] =
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
static const char rfc_rsa_key[] =
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6"
    "wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvH"
    "O9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";

/* Whether each of the RFC's two signatures holds in `text`, with its body. */
static void check_rfc(const char *text, bool header_holds, bool body_holds)
{
    dkim_key *of[] = { read_key(rfc_ed25519_key), read_key(rfc_rsa_key) };
    fixture_header h = fixture_read_header(span_from_string(text));
    for (unsigned i = 0; i < 2; i++) {
        dkim_signature s;
        unsigned index = find_signature(&h, i, &s);
        if (dkim_verify_header(&s, of[i], h.block, index, h.text) != header_holds ||
            dkim_verify_body(&s, h.body) != body_holds) {
            fail_msg("signature %u of \"%s\"", i, text);
        }
        assert_false(dkim_verify_header(&s, of[1 - i], h.block, index, h.text));
    }
    dkim_key_free(of[0]);
    dkim_key_free(of[1]);
    fixture_free_header(&h);
}

static char *with_line_ends(const char *text, const char *line_end)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    return g_strjoinv(line_end, lines);
}

static void test_rfc_8463(void **state)
{
    (void)state;
    static const char *const line_ends[] = { "\n", "\r\n", "\r", "\r\r\n" };
    for (size_t i = 0; i < G_N_ELEMENTS(line_ends); i++) {
        g_autofree char *text =
            with_line_ends(RFC_SIGNATURES RFC_FIELDS RFC_BODY "\n", line_ends[i]);
        check_rfc(text, true, true);
    }
    /* Fields that are not signed, on top, between and below. */
    check_rfc("Received: by mx.remote.example\n" RFC_SIGNATURES "X-Spam: no\n" RFC_FIELDS
              "Cc: other@remote.example\n" RFC_BODY,
              true, true);
    /* A second field of a signed name above the signed one: To is named once, Subject twice. */
    check_rfc("To: other@remote.example\n" RFC_SIGNATURES RFC_FIELDS RFC_BODY, true, true);
    check_rfc("Subject: Other\n" RFC_SIGNATURES RFC_FIELDS RFC_BODY, false, true);
    /* Below it, it is the one that is signed. */
    check_rfc(RFC_SIGNATURES RFC_FIELDS "To: other@remote.example\n" RFC_BODY, false, true);
    /* Nothing came back but the header, and that cut before its end. */
    check_rfc(RFC_SIGNATURES RFC_FIELDS, true, false);
    check_rfc(RFC_SIGNATURES "From: Joe SixPack <joe@football.example.com>\n", false, false);
    check_rfc(RFC_SIGNATURES RFC_FIELDS RFC_BODY "Bye.\n", true, false);
}

/* Every single byte of what is signed counts, but for white space and the case of names. */
static void test_every_byte_counts(void **state)
{
    (void)state;
    span whole = SPAN(RFC_SIGNATURES RFC_FIELDS);
    dkim_key *k = read_key(rfc_ed25519_key);
    size_t start = span_find_nocase(whole, SPAN("\nFrom:")) + 1;
    for (size_t i = start; i < whole.len; i++) {
        g_autoptr(GString) changed = g_string_new_len(whole.ptr, (gssize)whole.len);
        if (ascii_is_space(whole.ptr[i]) || whole.ptr[i] == ':') {
            continue;
        }
        changed->str[i] = (char)(whole.ptr[i] ^ 1);
        if (holds((span){ changed->str, changed->len }, k)) {
            fail_msg("byte %zu may change: \"%s\"", i, changed->str);
        }
    }
    dkim_key_free(k);
}

static void test_simple(void **state)
{
    (void)state;
#define OWN "DKIM-Signature: " RSA "c=simple; " TAGS "h=from:subject:to:X-Empty:x-end;\r\n\tb="
    check_canonical(&keys.rsa,
                    SPAN(OWN "@B@\r\n"
                             "FROM :  a@our.example \t\r\n"
                             "To: b@remote.example,\r\n\t c@remote.example  \r\n"
                             "X-Empty:\r\n"
                             "Subject:  two  spaces\r\n  and folding\r\n"
                             "X-End: \t\r\n"),
                    SPAN("FROM :  a@our.example \t\r\n"
                         "Subject:  two  spaces\r\n  and folding\r\n"
                         "To: b@remote.example,\r\n\t c@remote.example  \r\n"
                         "X-Empty:\r\n"
                         "X-End: \t\r\n" OWN));
#undef OWN
}

static void test_relaxed(void **state)
{
    (void)state;
    check_canonical(&keys.rsa,
                    SPAN("DKIM-Signature:\r\n  " RSA "c=relaxed; " TAGS
                         "h=from:subject:to:X-Empty:x-end;\r\n\tb=@B@ \r\n"
                         "FROM \t:  a@our.example \t\r\n"
                         "To: b@remote.example,\r\n\t c@remote.example  \r\n"
                         "X-Empty:\r\n"
                         "Subject:\r\n  two \t spaces\r\n  and folding\r\n"
                         "X-End: \t\r\n"),
                    SPAN("from:a@our.example\r\n"
                         "subject:two spaces and folding\r\n"
                         "to:b@remote.example, c@remote.example\r\n"
                         "x-empty:\r\n"
                         "x-end:\r\n"
                         "dkim-signature:" RSA "c=relaxed; " TAGS
                         "h=from:subject:to:X-Empty:x-end; b="));
}

static void test_ed25519(void **state)
{
    (void)state;
    check_canonical(&keys.ed25519,
                    SPAN("DKIM-Signature: " ED25519 TAGS "h=from; b=@B@\r\n"
                         "From: a@our.example\r\n"),
                    SPAN("From: a@our.example\r\nDKIM-Signature: " ED25519 TAGS "h=from; b="));
}

/* Where b= stands, and what is emptied with it. */
static void test_emptied_data(void **state)
{
    (void)state;
#define FROM "From: a@our.example\r\n"
    static const struct {
        const char *own, *simple, *relaxed;
    } cases[] = {
        { "v=1; b=@B@; h=from", "v=1; b=; h=from", "v=1; b=; h=from" },
        { "b=@B@; v=1; h=from", "b=; v=1; h=from", "b=; v=1; h=from" },
        { "v=1; h=from; b=@B@", "v=1; h=from; b=", "v=1; h=from; b=" },
        { "v=1; h=from; b=@B@;", "v=1; h=from; b=;", "v=1; h=from; b=;" },
        { "v=1; h=from; b=@B@; \t", "v=1; h=from; b=; \t", "v=1; h=from; b=;" },
        { "v=1; h=from; b=@B@ \t", "v=1; h=from; b=", "v=1; h=from; b=" },
        { "v=1; h=from; b\t= \r\n @B@ \r\n ; z=b=x", "v=1; h=from; b\t=; z=b=x",
          "v=1; h=from; b =; z=b=x" },
        { "v=1; h=from; z=x; b=\r\n\t@B@\r\n ", "v=1; h=from; z=x; b=", "v=1; h=from; z=x; b=" },
    };
#define REST "a=rsa-sha256; d=our.example; s=sel1; " HASH "; "
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strconcat(FROM "DKIM-Signature: " REST, cases[i].own, "\r\nTo: x\r\n", NULL);
        g_autofree char *canonical =
            g_strconcat(FROM "DKIM-Signature: " REST, cases[i].simple, NULL);
        check_canonical(&keys.rsa, span_from_string(text), span_from_string(canonical));
        g_autofree char *relaxed_text = g_strconcat(FROM "DKIM-Signature: c=relaxed; " REST,
                                                    cases[i].own, "\r\nTo: x\r\n", NULL);
        g_autofree char *relaxed = g_strconcat(
            "from:a@our.example\r\ndkim-signature:c=relaxed; " REST, cases[i].relaxed, NULL);
        check_canonical(&keys.rsa, span_from_string(relaxed_text), span_from_string(relaxed));
    }
#undef REST
#undef FROM
}

/* RFC 6376, 5.4.2: from the bottom; absent fields add nothing. */
static void test_choice_of_fields(void **state)
{
    (void)state;
    span fields = SPAN("Received: 3\r\nReceived: 2\r\nFrom: a\r\nReceived: 1\r\n"
                       "DKIM-Signature: other\r\n");
    static const struct {
        const char *names, *canonical;
    } cases[] = {
        { "from", "From: a\r\n" },
        { "from:received", "From: a\r\nReceived: 1\r\n" },
        { "RECEIVED:from:received", "Received: 1\r\nFrom: a\r\nReceived: 2\r\n" },
        { "received:received:received:received:received:from",
          "Received: 1\r\nReceived: 2\r\nReceived: 3\r\nFrom: a\r\n" },
        { "from:from:cc:x:subject", "From: a\r\n" },
        { "from : \r\n\t received\r\n :to ", "From: a\r\nReceived: 1\r\n" },
        { "from::received:", "From: a\r\nReceived: 1\r\n" },
        /* The signature's own field is never among the signed. */
        { "from:dkim-signature", "From: a\r\nDKIM-Signature: other\r\n" },
        { "from:dkim-signature:dkim-signature", "From: a\r\nDKIM-Signature: other\r\n" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *own =
            g_strconcat("DKIM-Signature: " RSA TAGS "h=", cases[i].names, "; b=", NULL);
        g_autofree char *text = g_strconcat(own, "@B@\r\n", fields.ptr, NULL);
        g_autofree char *canonical = g_strconcat(cases[i].canonical, own, NULL);
        check_canonical(&keys.rsa, span_from_string(text), span_from_string(canonical));
    }
}

static void test_absence_is_signed(void **state)
{
    (void)state;
    span text = SPAN("DKIM-Signature: " RSA TAGS "h=from:from:cc; b=@B@\r\nFrom: a\r\n");
    g_autoptr(GString) whole = signed_text(
        &keys.rsa, text, SPAN("From: a\r\nDKIM-Signature: " RSA TAGS "h=from:from:cc; b="));
    static const char *const added[] = { "From: b\r\n", "Cc: b\r\n", "cc:\r\n" };
    assert_true(holds((span){ whole->str, whole->len }, keys.rsa.key));
    for (size_t i = 0; i < G_N_ELEMENTS(added); i++) {
        g_autofree char *above = g_strconcat(added[i], whole->str, NULL);
        g_autofree char *below = g_strconcat(whole->str, added[i], NULL);
        assert_false(holds(span_from_string(above), keys.rsa.key));
        assert_false(holds(span_from_string(below), keys.rsa.key));
    }
}

/* What may come between the wire and us, and must change nothing. */
static void test_line_ends(void **state)
{
    (void)state;
    static const char *const forms[] = { "\r\n", "\n", "\r", "\r\r\n" };
    static const char *const canonicals[] = {
        "From: a\r\n b\r\nSubject:\r\n\tc\r\nDKIM-Signature: c=simple; " RSA TAGS
        "\r\n\th=from:subject; b=",
        "from:a b\r\nsubject:c\r\ndkim-signature:c=relaxed; " RSA TAGS "h=from:subject; b=",
    };
    static const char *const methods[] = { "simple", "relaxed" };
    for (size_t m = 0; m < G_N_ELEMENTS(methods); m++) {
        g_autofree char *text = g_strdup_printf("DKIM-Signature: c=%s; " RSA TAGS
                                                "\n\th=from:subject; b=@B@\nFrom: a\n b\n"
                                                "Subject:\n\tc",
                                                methods[m]);
        g_autoptr(GString) whole =
            signed_text(&keys.rsa, span_from_string(text), span_from_string(canonicals[m]));
        for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
            g_autofree char *one = with_line_ends(whole->str, forms[i]);
            g_autofree char *ended = g_strconcat(one, forms[i], forms[i], NULL);
            if (!holds(span_from_string(one), keys.rsa.key) ||
                !holds(span_from_string(ended), keys.rsa.key)) {
                fail_msg("%s, line ends %zu", methods[m], i);
            }
        }
    }
}

/* Folding that lost its indentation reads as it did before, if relaxed. */
static void test_lost_indentation(void **state)
{
    (void)state;
    check_canonical(&keys.rsa,
                    SPAN("DKIM-Signature: c=relaxed; " RSA TAGS "h=from:received; b=@B@\n"
                         "Received: from a.our.example\nby b.our.example\nFrom: a\n\n"),
                    SPAN("from:a\r\nreceived:from a.our.example by b.our.example\r\n"
                         "dkim-signature:c=relaxed; " RSA TAGS "h=from:received; b="));
}

/* Empty values and bytes of every kind, at the very end of the text too. */
static void test_odd_values(void **state)
{
    (void)state;
    static const span ends[] = { { "X:", 2 },      { "X: ", 3 },        { "X:\n", 3 },
                                 { "X: \t\n", 5 }, { "X: a\0\0", 6 },   { "X: a\0 \n", 7 },
                                 { "X: \xff", 4 }, { "X: a\vb\f\n", 8 } };
    static const span simple[] = { { "X:", 2 },      { "X: ", 3 },      { "X:", 2 },
                                   { "X: \t", 4 },   { "X: a\0\0", 6 }, { "X: a\0 ", 6 },
                                   { "X: \xff", 4 }, { "X: a\vb\f", 7 } };
    static const span relaxed[] = { { "x:", 2 },     { "x:", 2 },      { "x:", 2 },
                                    { "x:", 2 },     { "x:a\0\0", 5 }, { "x:a\0", 4 },
                                    { "x:\xff", 3 }, { "x:a\vb\f", 6 } };
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        for (unsigned r = 0; r < 2; r++) {
            span line = r ? relaxed[i] : simple[i];
            g_autoptr(GString) text =
                g_string_new(r ? "DKIM-Signature: c=relaxed; " RSA TAGS "h=from:x; b=@B@\nFrom: a\n"
                               : "DKIM-Signature: " RSA TAGS "h=from:x; b=@B@\nFrom: a\n");
            g_autoptr(GString) canonical = g_string_new(r ? "from:a\r\n" : "From: a\r\n");
            g_string_append_len(canonical, line.ptr, (gssize)line.len);
            g_string_append(canonical, r ? "\r\ndkim-signature:c=relaxed; " RSA TAGS "h=from:x; b="
                                         : "\r\nDKIM-Signature: " RSA TAGS "h=from:x; b=");
            g_string_append_len(text, ends[i].ptr, (gssize)ends[i].len);
            /* g_string_replace() would stop at a NUL. */
            g_autofree char *data =
                fixture_sign(keys.rsa.pkey, (span){ canonical->str, canonical->len });
            gssize at = strstr(text->str, "@B@") - text->str;
            g_string_erase(text, at, 3);
            g_string_insert(text, at, data);
            /* At the end of its memory: a byte too far is found by the sanitizers. */
            g_autofree char *exact = g_memdup2(text->str, text->len);
            if (!holds((span){ exact, text->len }, keys.rsa.key)) {
                fail_msg("end %zu, relaxed %u", i, r);
            }
        }
    }
}

static void test_identity(void **state)
{
    (void)state;
    static const struct {
        const char *identity;
        bool strict_holds;
    } cases[] = { { "", true },
                  { "i=@our.example; ", true },
                  { "i=a@OUR.example; ", true },
                  { "i=a@mail.our.example; ", false } };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *own =
            g_strconcat("DKIM-Signature: " RSA TAGS, cases[i].identity, "h=from; b=", NULL);
        g_autofree char *text = g_strconcat(own, "@B@\r\nFrom: a\r\n", NULL);
        g_autofree char *canonical = g_strconcat("From: a\r\n", own, NULL);
        g_autoptr(GString) whole =
            signed_text(&keys.rsa, span_from_string(text), span_from_string(canonical));
        assert_true(holds((span){ whole->str, whole->len }, keys.rsa.key));
        assert_int_equal(holds((span){ whole->str, whole->len }, keys.rsa.strict),
                         cases[i].strict_holds);
    }
}

/* A key and a signature of different kinds, and of different owners. */
static void test_other_keys(void **state)
{
    (void)state;
    key_pair other;
    make_pair(&other, "rsa", EVP_RSA_gen(1024));
    span canonical = SPAN("From: a\r\nDKIM-Signature: " RSA TAGS "h=from; b=");
    span text = SPAN("DKIM-Signature: " RSA TAGS "h=from; b=@B@\r\nFrom: a\r\n");
    g_autoptr(GString) whole = signed_text(&keys.rsa, text, canonical);
    g_autoptr(GString) by_other = signed_text(&keys.ed25519, text, canonical);
    assert_true(holds((span){ whole->str, whole->len }, keys.rsa.key));
    assert_false(holds((span){ whole->str, whole->len }, other.key));
    assert_false(holds((span){ whole->str, whole->len }, keys.ed25519.key));
    assert_false(holds((span){ by_other->str, by_other->len }, keys.rsa.key));
    assert_false(holds((span){ by_other->str, by_other->len }, keys.ed25519.key));
    EVP_PKEY_free(other.pkey);
    dkim_key_free(other.key);
    dkim_key_free(other.strict);
}

/* Fields that do not lie where the caller says: no byte of theirs is read. */
static void test_foreign_fields(void **state)
{
    (void)state;
    g_autoptr(GString) whole =
        signed_text(&keys.rsa, SPAN("DKIM-Signature: " RSA TAGS "h=from; b=@B@\r\nFrom: a\r\n"),
                    SPAN("From: a\r\nDKIM-Signature: " RSA TAGS "h=from; b="));
    fixture_header h = fixture_read_header((span){ whole->str, whole->len });
    dkim_signature s, elsewhere;
    unsigned index = find_signature(&h, 0, &s);
    assert_true(dkim_verify_header(&s, keys.rsa.key, h.block, index, h.text));
    span without_last = span_head(h.text, h.text.len - strlen("a\r\n"));
    span without_first = span_skip(h.text, 1);
    assert_false(dkim_verify_header(&s, keys.rsa.key, h.block, index, without_last));
    assert_false(dkim_verify_header(&s, keys.rsa.key, h.block, index, without_first));
    assert_false(dkim_verify_header(&s, keys.rsa.key, h.block, index, SPAN("")));
    assert_false(dkim_verify_header(&s, keys.rsa.key, h.block, 1, h.text));
    assert_false(dkim_verify_header(&s, keys.rsa.key, h.block, 2, h.text));
    /* Read from a copy of the field. */
    span value = field_at(h.block, index)->value;
    g_autofree char *copy = g_strndup(value.ptr, value.len);
    assert_true(dkim_signature_read((span){ copy, value.len }, &elsewhere));
    assert_false(dkim_verify_header(&elsewhere, keys.rsa.key, h.block, index, h.text));
    /* The text ends before the colon of a signed field. */
    for (size_t len = 4; len <= 6; len++) {
        char *exact = g_memdup2("From  ", len);
        g_array_index(h.fields, header_field, 1).name = (span){ exact, 4 };
        assert_false(dkim_verify_header(&s, keys.rsa.key, h.block, index, (span){ exact, len }));
        g_free(exact);
    }
    fixture_free_header(&h);
}

/* Where an empty value points to is nobody's business. */
static void test_empty_value_elsewhere(void **state)
{
    (void)state;
    g_autoptr(GString) whole = signed_text(
        &keys.rsa, SPAN("DKIM-Signature: " RSA TAGS "h=from:to; b=@B@\r\nTo: \t\r\nFrom: a\r\n"),
        SPAN("From: a\r\nTo: \t\r\nDKIM-Signature: " RSA TAGS "h=from:to; b="));
    fixture_header h = fixture_read_header((span){ whole->str, whole->len });
    dkim_signature s;
    unsigned index = find_signature(&h, 0, &s);
    g_array_index(h.fields, header_field, 1).value = SPAN("");
    assert_true(dkim_verify_header(&s, keys.rsa.key, h.block, index, h.text));
    g_array_index(h.fields, header_field, 1).value = (span){ NULL, 0 };
    assert_true(dkim_verify_header(&s, keys.rsa.key, h.block, index, h.text));
    fixture_free_header(&h);
}

/* As many fields and signed names as there may be: each is hashed once, none is looked for by
 * going through all the others. */
static void test_many_fields(void **state)
{
    (void)state;
    enum { FIELDS = 10000 };
    g_autoptr(GString) own = g_string_new("DKIM-Signature: " RSA TAGS "h=from");
    g_autoptr(GString) canonical = g_string_new("From: a\r\n");
    for (unsigned i = 1; i < DKIM_SIGNED_NAMES_MAX; i++) {
        g_string_append(own, ":x-signed");
        g_string_append_printf(canonical, "X-Signed: %u\r\n", i - 1);
    }
    g_string_append(own, "; b=");
    g_string_append(canonical, own->str);
    g_autoptr(GString) text = g_string_new("From: a\r\n");
    for (unsigned i = FIELDS; i > 0; i--) {
        g_string_append_printf(text, "X-Signed: %u\r\n", i - 1);
    }
    g_string_append_printf(text, "%s@B@\r\n", own->str);
    check_canonical(&keys.rsa, (span){ text->str, text->len },
                    (span){ canonical->str, canonical->len });
}

enum { THREADS = 4, ROUNDS = 200 };

typedef struct shared_check {
    fixture_header h;
    dkim_signature s;
    unsigned index;
} shared_check;

static void *verify_often(void *data)
{
    const shared_check *c = data;
    unsigned failed = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        failed += dkim_verify_header(&c->s, keys.rsa.key, c->h.block, c->index, c->h.text) ? 0 : 1;
    }
    return GUINT_TO_POINTER(failed);
}

static void test_threads_share_a_key(void **state)
{
    (void)state;
    g_autoptr(GString) whole =
        signed_text(&keys.rsa, SPAN("DKIM-Signature: " RSA TAGS "h=from; b=@B@\r\nFrom: a\r\n"),
                    SPAN("From: a\r\nDKIM-Signature: " RSA TAGS "h=from; b="));
    shared_check c = { .h = fixture_read_header((span){ whole->str, whole->len }) };
    c.index = find_signature(&c.h, 0, &c.s);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, verify_often, &c), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    fixture_free_header(&c.h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc_8463),
        cmocka_unit_test(test_every_byte_counts),
        cmocka_unit_test(test_simple),
        cmocka_unit_test(test_relaxed),
        cmocka_unit_test(test_ed25519),
        cmocka_unit_test(test_emptied_data),
        cmocka_unit_test(test_choice_of_fields),
        cmocka_unit_test(test_absence_is_signed),
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_lost_indentation),
        cmocka_unit_test(test_odd_values),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_other_keys),
        cmocka_unit_test(test_foreign_fields),
        cmocka_unit_test(test_empty_value_elsewhere),
        cmocka_unit_test(test_many_fields),
        cmocka_unit_test(test_threads_share_a_key),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
