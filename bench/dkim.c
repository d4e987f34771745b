/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * How many DKIM signatures are checked over a header alone in a second of CPU time: by Backstop, by
 * OpenSSL when it is given the finished hash, which is the most that can be had, and by libopendkim
 * where it was there at build time.
 *
 * Usage: dkim [SECONDS]    for each figure, default 1
 */
#include "proof/dkim.h"
#include "message/message.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifdef HAVE_OPENDKIM
#include <opendkim/dkim.h>
#include <sys/types.h>
#endif

/* Fields as a mail bears them, and what relaxed canonicalisation makes of them. */
static const char *const signed_fields[][2] = {
    { "From: =?utf-8?Q?Orders_=26_Returns?= <orders@our.example>\r\n",
      "from:=?utf-8?Q?Orders_=26_Returns?= <orders@our.example>\r\n" },
    { "To: somebody@remote.example,\r\n\tsomebody.else@remote.example\r\n",
      "to:somebody@remote.example, somebody.else@remote.example\r\n" },
    { "Subject: Our offer of the 23rd of November, with\r\n all that you asked for\r\n",
      "subject:Our offer of the 23rd of November, with all that you asked for\r\n" },
    { "Date: Mon, 23 Nov 2026 20:24:50 +0100\r\n", "date:Mon, 23 Nov 2026 20:24:50 +0100\r\n" },
    { "Message-ID: <5f0c.1795461890@mx.our.example>\r\n",
      "message-id:<5f0c.1795461890@mx.our.example>\r\n" },
    { "Reply-To: orders@our.example\r\n", "reply-to:orders@our.example\r\n" },
    { "MIME-Version: 1.0\r\n", "mime-version:1.0\r\n" },
    { "Content-Type: multipart/alternative;\r\n boundary=\"=_5f0c_1795461890\"\r\n",
      "content-type:multipart/alternative; boundary=\"=_5f0c_1795461890\"\r\n" },
};
#define TAGS                                                                                       \
    "v=1; a=%s; c=relaxed/relaxed; d=our.example; s=sel1; t=1795461890; "                          \
    "h=from:to:subject:date:message-id:reply-to:mime-version:content-type:from:cc; "               \
    "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b="
static const char received[] =
    "Received: from client.our.example (client.our.example [192.0.2.7])\r\n"
    "\tby mx.our.example (Postfix) with ESMTPSA id 5F0C117954\r\n"
    "\tfor <somebody@remote.example>; Mon, 23 Nov 2026 20:24:50 +0100 (CET)\r\n";

typedef struct subject {
    const char *algorithm, *type;
    EVP_PKEY *pkey;
    char *record;
    GString *text; /* the header, up to its blank line */
    unsigned char hash[DKIM_HASH_BYTES];
    unsigned char data[512];
    size_t data_len;
} subject;

static void demand(bool works, const char *what)
{
    if (!works) {
        fprintf(stderr, "dkim: %s failed\n", what);
        exit(1);
    }
}

static void sign(subject *s, const GString *canonical)
{
    bool is_rsa = EVP_PKEY_is_a(s->pkey, "RSA");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    s->data_len = sizeof s->data;
    EVP_Digest(canonical->str, canonical->len, s->hash, NULL, EVP_sha256(), NULL);
    const unsigned char *bytes = is_rsa ? (const unsigned char *)canonical->str : s->hash;
    size_t len = is_rsa ? canonical->len : sizeof s->hash;
    demand(EVP_DigestSignInit(context, NULL, is_rsa ? EVP_sha256() : NULL, NULL, s->pkey) == 1 &&
               EVP_DigestSign(context, s->data, &s->data_len, bytes, len) == 1,
           "signing");
    EVP_MD_CTX_free(context);
}

static subject make_subject(const char *algorithm, const char *type, EVP_PKEY *pkey)
{
    subject s = { .algorithm = algorithm, .type = type, .pkey = pkey };
    unsigned char *der = NULL;
    size_t len = 32;
    if (EVP_PKEY_is_a(pkey, "RSA")) {
        len = (size_t)i2d_PUBKEY(pkey, &der);
    } else {
        der = OPENSSL_malloc(len);
        EVP_PKEY_get_raw_public_key(pkey, der, &len);
    }
    g_autofree char *base64 = g_base64_encode(der, len);
    s.record = g_strdup_printf("v=DKIM1; k=%s; p=%s", type, base64);
    OPENSSL_free(der);

    g_autofree char *tags = g_strdup_printf(TAGS, algorithm);
    g_autoptr(GString) canonical = g_string_new("");
    s.text = g_string_new(received);
    g_string_append_printf(s.text, "DKIM-Signature: %s", tags);
    gssize at = (gssize)s.text->len;
    g_string_append(s.text, "\r\n");
    for (size_t i = 0; i < G_N_ELEMENTS(signed_fields); i++) {
        g_string_append(s.text, signed_fields[i][0]);
        g_string_append(canonical, signed_fields[i][1]);
    }
    g_string_append_printf(canonical, "dkim-signature:%s", tags);
    sign(&s, canonical);
    g_autofree char *data = g_base64_encode(s.data, s.data_len);
    g_string_insert(s.text, at, data);
    g_string_append(s.text, "\r\n");
    return s;
}

/* Each of these makes one check ready, and checks once; both say whether all went well. */
typedef struct way {
    const char *name;
    void *(*start)(const subject *s);
    bool (*check)(void *prepared);
    void (*stop)(void *prepared);
} way;

typedef struct ours {
    dkim_key *key;
    GArray *fields;
    field_block block;
    span text;
} ours;

static void *ours_start(const subject *s)
{
    ours *o = g_new0(ours, 1);
    span rest = { s->text->str, s->text->len };
    header_shape shape;
    o->text = rest;
    o->fields = g_array_new(FALSE, FALSE, sizeof(header_field));
    unsigned count = reader_header_block(&rest, '\n', o->fields, 100, &shape);
    o->block = (field_block){ o->fields, 0, count };
    demand(dkim_key_read(span_from_string(s->record), &o->key, NULL) == BACKSTOP_OK, "a key");
    return o;
}

static bool ours_check(void *prepared)
{
    const ours *o = prepared;
    dkim_signature s;
    return dkim_signature_read(field_at(o->block, 1)->value, &s) &&
           dkim_verify_header(&s, o->key, o->block, 1, o->text);
}

static void ours_stop(void *prepared)
{
    ours *o = prepared;
    dkim_key_free(o->key);
    g_array_free(o->fields, TRUE);
    g_free(o);
}

typedef struct bare {
    EVP_PKEY_CTX *rsa; /* NULL for Ed25519 */
    EVP_MD_CTX *context;
    const subject *s;
} bare;

static void *bare_start(const subject *s)
{
    bare *b = g_new0(bare, 1);
    b->s = s;
    if (EVP_PKEY_is_a(s->pkey, "RSA")) {
        b->rsa = EVP_PKEY_CTX_new_from_pkey(NULL, s->pkey, NULL);
        demand(EVP_PKEY_verify_init(b->rsa) == 1 &&
                   EVP_PKEY_CTX_set_rsa_padding(b->rsa, RSA_PKCS1_PADDING) == 1 &&
                   EVP_PKEY_CTX_set_signature_md(b->rsa, EVP_sha256()) == 1,
               "OpenSSL");
    } else {
        b->context = EVP_MD_CTX_new();
        demand(EVP_DigestVerifyInit(b->context, NULL, NULL, NULL, s->pkey) == 1, "OpenSSL");
    }
    return b;
}

static bool bare_check(void *prepared)
{
    const bare *b = prepared;
    const subject *s = b->s;
    return b->rsa != NULL
               ? EVP_PKEY_verify(b->rsa, s->data, s->data_len, s->hash, sizeof s->hash) == 1
               : EVP_DigestVerify(b->context, s->data, s->data_len, s->hash, sizeof s->hash) == 1;
}

static void bare_stop(void *prepared)
{
    bare *b = prepared;
    EVP_PKEY_CTX_free(b->rsa);
    EVP_MD_CTX_free(b->context);
    g_free(b);
}

#ifdef HAVE_OPENDKIM
typedef struct theirs {
    DKIM_LIB *library;
    const subject *s;
} theirs;

static DKIM_CBSTAT give_key(DKIM *dkim, DKIM_SIGINFO *info, unsigned char *out, size_t size)
{
    (void)info;
    const theirs *t = dkim_get_user_context(dkim);
    g_strlcpy((char *)out, t->s->record, size);
    return DKIM_CBSTAT_CONTINUE;
}

static void *theirs_start(const subject *s)
{
    theirs *t = g_new0(theirs, 1);
    t->s = s;
    t->library = dkim_init(NULL, NULL);
    demand(t->library != NULL && dkim_set_key_lookup(t->library, give_key) == DKIM_STAT_OK,
           "libopendkim");
    return t;
}

static bool theirs_check(void *prepared)
{
    theirs *t = prepared;
    DKIM_STAT status;
    DKIM_SIGINFO **list;
    int count = 0;
    DKIM *dkim = dkim_verify(t->library, (const unsigned char *)"bench", NULL, &status);
    dkim_set_user_context(dkim, t);
    dkim_chunk(dkim, (unsigned char *)t->s->text->str, t->s->text->len);
    dkim_chunk(dkim, NULL, 0);
    dkim_eom(dkim, NULL);
    bool works = dkim_getsiglist(dkim, &list, &count) == DKIM_STAT_OK && count == 1 &&
                 (dkim_sig_getflags(list[0]) & DKIM_SIGFLAG_PASSED) != 0;
    dkim_free(dkim);
    return works;
}

static void theirs_stop(void *prepared)
{
    theirs *t = prepared;
    dkim_close(t->library);
    g_free(t);
}
#endif

static const way ways[] = {
    { "Backstop", ours_start, ours_check, ours_stop },
    { "OpenSSL alone, hash given", bare_start, bare_check, bare_stop },
#ifdef HAVE_OPENDKIM
    { "libopendkim", theirs_start, theirs_check, theirs_stop },
#endif
};

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

enum { TURNS = 5, CHECKS_AT_ONCE = 50 };

static double measure(const way *w, void *prepared, double limit_sec)
{
    double started = cpu_seconds(), spent = 0;
    unsigned long count = 0;
    while (spent < limit_sec) {
        for (int i = 0; i < CHECKS_AT_ONCE; i++) {
            demand(w->check(prepared), w->name);
        }
        count += CHECKS_AT_ONCE;
        spent = cpu_seconds() - started;
    }
    return (double)count / spent;
}

/* The ways take turns, and the best of each counts: what disturbs a turn only makes it slower. */
static void measure_all(const subject *s, double limit_sec, double best[G_N_ELEMENTS(ways)])
{
    void *prepared[G_N_ELEMENTS(ways)];
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        prepared[i] = ways[i].start(s);
        best[i] = 0;
    }
    for (int turn = 0; turn < TURNS; turn++) {
        for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
            best[i] = MAX(best[i], measure(&ways[i], prepared[i], limit_sec / TURNS));
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        ways[i].stop(prepared[i]);
    }
}

int main(int argc, char **argv)
{
    double limit_sec = argc > 1 ? g_ascii_strtod(argv[1], NULL) : 1;
    subject subjects[] = {
        make_subject("rsa-sha256", "rsa", EVP_RSA_gen(2048)),
        make_subject("ed25519-sha256", "ed25519", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")),
    };
    double best[G_N_ELEMENTS(subjects)][G_N_ELEMENTS(ways)];
    for (size_t n = 0; n < G_N_ELEMENTS(subjects); n++) {
        measure_all(&subjects[n], limit_sec, best[n]);
    }
    printf("DKIM checks over a header alone, per second of CPU time\n\n%-28s %12s %12s\n", "",
           "RSA-2048", "Ed25519");
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        printf("%-28s %12.0f %12.0f\n", ways[i].name, best[0][i], best[1][i]);
    }
    for (size_t n = 0; n < G_N_ELEMENTS(subjects); n++) {
        EVP_PKEY_free(subjects[n].pkey);
        g_free(subjects[n].record);
        g_string_free(subjects[n].text, TRUE);
    }
    return 0;
}
