/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * src/proof/dkim.c beside libopendkim: over made-up headers, signed in every shape and changed on
 * their way, both must give the same answer. Where they differ is a table, each row with its
 * reason.
 */
#include "proof/dkim.h"

#include "dkim_mail.h"
#include "message/message.h"
#include "opendkim.h"

#include "../unit/dkim_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

static struct {
    opendkim *oracle;
    EVP_PKEY *rsa, *ed25519;
    char *rsa_key, *ed25519_key; /* in base64, as p= has them */
} world;

static char *raw_public_key(EVP_PKEY *pkey)
{
    unsigned char raw[32];
    size_t len = sizeof raw;
    assert_int_equal(EVP_PKEY_get_raw_public_key(pkey, raw, &len), 1);
    return g_base64_encode(raw, len);
}

static int make_world(void **state)
{
    (void)state;
    world.oracle = opendkim_new();
    world.rsa = EVP_RSA_gen(2048);
    world.ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    world.rsa_key = fixture_public_key(world.rsa);
    world.ed25519_key = raw_public_key(world.ed25519);
    return 0;
}

static int free_world(void **state)
{
    (void)state;
    opendkim_free(world.oracle);
    EVP_PKEY_free(world.rsa);
    EVP_PKEY_free(world.ed25519);
    g_free(world.rsa_key);
    g_free(world.ed25519_key);
    return 0;
}

static char *record_of(bool is_ed25519)
{
    return is_ed25519 ? g_strconcat("v=DKIM1; k=ed25519; p=", world.ed25519_key, NULL)
                      : g_strconcat("v=DKIM1; k=rsa; p=", world.rsa_key, NULL);
}

/* What we say of the first signature in a header. */
static bool we_hold(const char *bytes, const char *record)
{
    span text = span_from_string(bytes), rest = text;
    dkim_key *key = NULL;
    dkim_signature s;
    header_shape shape;
    g_autoptr(GArray) fields = g_array_new(FALSE, FALSE, sizeof(header_field));
    unsigned count = reader_header_block(&rest, reader_line_end(text), fields, G_MAXUINT, &shape);
    field_block block = { fields, 0, count };
    unsigned i = 0;
    while (i < count && !span_equal_nocase(field_at(block, i)->name, SPAN("DKIM-Signature"))) {
        i++;
    }
    bool holds = i < count && dkim_key_read(span_from_string(record), &key, NULL) == BACKSTOP_OK &&
                 dkim_signature_read(field_at(block, i)->value, &s) &&
                 dkim_verify_header(&s, key, block, i, text);
    dkim_key_free(key);
    return holds;
}

static const char *const line_ends[] = { "\r\n", "\n", "\r", "\r\r\n" };

/* Both answers, which must be equal, for us with every kind of line end. */
static bool both_hold(const dkim_mail *mail, const char *record, const char *what)
{
    bool theirs = opendkim_holds(world.oracle, mail->fields, "", record, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(line_ends); i++) {
        g_autofree char *text = dkim_mail_text(mail, line_ends[i]);
        if (we_hold(text, record) != theirs) {
            g_autofree char *shown = dkim_mail_text(mail, "\r\n");
            g_autofree char *escaped = g_strescape(shown, NULL);
            fail_msg("%s: libopendkim says %d, we do not, line ends %zu\n%s", what, theirs, i,
                     escaped);
        }
    }
    return theirs;
}

typedef struct combination {
    bool is_ed25519, is_relaxed;
    const char *tags;
} combination;

static const combination combinations[] = {
    { false, false, "v=1;a=rsa-sha256;d=our.example;s=sel1" },
    { false, false, "v=1;a=rsa-sha256;c=simple/relaxed;d=our.example;s=sel1;t=1700000000" },
    { false, true, "v=1;a=rsa-sha256;c=relaxed;d=our.example;s=sel1;i=a@mail.our.example" },
    { false, true, "v=1;a=rsa-sha256;c=relaxed/relaxed;d=our.example;s=sel1;q=dns/txt;l=0" },
    { true, false, "v=1;a=ed25519-sha256;c=simple/simple;d=our.example;s=sel1;i=@our.example" },
    { true, true, "v=1;a=ed25519-sha256;c=relaxed/simple;d=our.example;s=sel1;u=unknown" },
};

static dkim_mail *signed_mail(GRand *random, const combination *c)
{
    dkim_mail *mail = dkim_mail_new(random);
    const dkim_terms terms = { c->is_relaxed, c->tags, NULL };
    dkim_mail_sign(mail, random, c->is_ed25519 ? world.ed25519 : world.rsa, &terms);
    return mail;
}

enum { UNCHANGED_MAILS = 100, CHANGED_MAILS = 40 };

static void test_unchanged(void **state)
{
    (void)state;
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    for (size_t i = 0; i < G_N_ELEMENTS(combinations); i++) {
        g_autofree char *record = record_of(combinations[i].is_ed25519);
        for (int n = 0; n < UNCHANGED_MAILS; n++) {
            dkim_mail *mail = signed_mail(random, &combinations[i]);
            if (!both_hold(mail, record, "nothing")) {
                g_autofree char *text = dkim_mail_text(mail, "\r\n");
                fail_msg("combination %zu does not hold:\n%s", i, text);
            }
            dkim_mail_free(mail);
        }
    }
}

/* One change each: many are borne, many are not. */
static void test_changed(void **state)
{
    (void)state;
    g_autoptr(GRand) random = g_rand_new_with_seed(2);
    unsigned held = 0, broke = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(combinations); i++) {
        g_autofree char *record = record_of(combinations[i].is_ed25519);
        for (unsigned kind = 0; kind < DKIM_CHANGES; kind++) {
            for (int n = 0; n < CHANGED_MAILS; n++) {
                dkim_mail *mail = signed_mail(random, &combinations[i]);
                const char *what = dkim_mail_change(mail, random, kind);
                bool holds = both_hold(mail, record, what);
                held += holds ? 1 : 0;
                broke += holds ? 0 : 1;
                dkim_mail_free(mail);
            }
        }
    }
    print_message("# %u changed headers still hold, %u do not\n", held, broke);
    assert_true(held > 500 && broke > 500);
}

static char *private_pem(EVP_PKEY *pkey)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *bytes;
    assert_int_equal(PEM_write_bio_PrivateKey(memory, pkey, NULL, NULL, 0, NULL, NULL), 1);
    long len = BIO_get_mem_data(memory, &bytes);
    char *pem = g_strndup(bytes, (gsize)len);
    BIO_free(memory);
    return pem;
}

/* What libopendkim itself signs. */
static void test_signed_by_opendkim(void **state)
{
    (void)state;
    g_autoptr(GRand) random = g_rand_new_with_seed(3);
    g_autofree char *record = record_of(false), *pem = private_pem(world.rsa);
    for (int n = 0; n < 200; n++) {
        opendkim_signer signer = { pem, n % 2 == 0, n % 4 < 2 };
        dkim_mail *mail = dkim_mail_new(random);
        char *value = opendkim_sign(world.oracle, &signer, mail->fields, "body\r\n");
        dkim_mail_prepend(mail, g_strconcat("DKIM-Signature: ", value, NULL));
        assert_true(both_hold(mail, record, "libopendkim's own"));
        g_free(value);
        dkim_mail_free(mail);
    }
}

/* A body without its last line end, with LF for each other one. */
static char *make_body(GRand *random)
{
    static const char *const pieces[] = { "word", "word", "word", " ",   "  ",
                                          "\t",   "\n",   "\n",   "\n\n" };
    GString *out = g_string_new(NULL);
    gint32 count = g_rand_int_range(random, 0, 30);
    for (gint32 i = 0; i < count; i++) {
        g_string_append(out, pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
    }
    return g_string_free(out, FALSE);
}

static char *with_line_ends(const char *text, const char *line_end)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    return g_strjoinv(line_end, lines);
}

/* On the wire a body ends in CRLF (libopendkim keeps white space at the end of one that does not).
 */
static char *wire_body(const char *body)
{
    g_autofree char *wire = with_line_ends(body, "\r\n");
    return g_strconcat(wire, "\r\n", NULL);
}

/* The answers for one body under the signature over another; its last line end may be gone. */
static bool both_take_body(const dkim_mail *mail, const dkim_signature *s, const char *body,
                           const char *record)
{
    g_autofree char *wire = wire_body(body);
    bool theirs = false;
    opendkim_holds(world.oracle, mail->fields, wire, record, &theirs);
    for (size_t i = 0; i < G_N_ELEMENTS(line_ends); i++) {
        g_autofree char *stored = with_line_ends(body, line_ends[i]);
        g_autofree char *ended = g_strconcat(stored, line_ends[i], NULL);
        if (dkim_verify_body(s, span_from_string(stored)) != theirs ||
            dkim_verify_body(s, span_from_string(ended)) != theirs) {
            g_autofree char *shown = g_strescape(body, NULL);
            fail_msg("libopendkim says %d of the body \"%s\", line ends %zu", theirs, shown, i);
        }
    }
    return theirs;
}

static void test_bodies(void **state)
{
    (void)state;
    static const char *const ends[] = { "", "\n", "\n\n\n", " \n", " \t", "\n \n", "x" };
    g_autoptr(GRand) random = g_rand_new_with_seed(4);
    g_autofree char *record = record_of(false), *pem = private_pem(world.rsa);
    unsigned held = 0, broke = 0;
    for (int n = 0; n < 100; n++) {
        opendkim_signer signer = { pem, true, n % 2 == 0 };
        g_autofree char *body = make_body(random), *wire = wire_body(body);
        dkim_mail *mail = dkim_mail_new(random);
        g_autofree char *value = opendkim_sign(world.oracle, &signer, mail->fields, wire);
        dkim_signature s;
        assert_true(dkim_signature_read(span_from_string(value), &s));
        dkim_mail_prepend(mail, g_strconcat("DKIM-Signature: ", value, NULL));
        assert_true(both_take_body(mail, &s, body, record));
        for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
            g_autofree char *changed = g_strconcat(body, ends[i], NULL);
            bool holds = both_take_body(mail, &s, changed, record);
            held += holds ? 1 : 0;
            broke += holds ? 0 : 1;
        }
        dkim_mail_free(mail);
    }
    print_message("# %u changed bodies still hold, %u do not\n", held, broke);
    assert_true(held > 100 && broke > 100);
}

/* A signature that is right as far as hashing goes, and what is odd in it, in the key or in the
 * header. Where the answers differ, `why` says why ours is another than theirs. */
typedef struct odd_case {
    const char *value;  /* of the DKIM-Signature; in brackets what is emptied, "@B@" is the hash */
    const char *record; /* the key's, up to behind "p=" */
    const char *first;  /* the first signed field */
    bool ours, theirs;
    const char *why;
} odd_case;

#define HASH "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;"
#define ORIGIN "v=1; a=rsa-sha256; d=our.example; s=sel1; "
#define BASE ORIGIN HASH " "
#define TAIL "h=to:from; b=[@B@]"
#define PLAIN "v=DKIM1; p="
#define TO "To: b@remote.example"
#define BOTH true, true, NULL
#define NONE false, false, NULL
#define OURS true, false
#define THEIRS false, true

static const odd_case odd_cases[] = {
    { BASE TAIL, PLAIN, TO, BOTH },
    /* Where b= is, and base64. */
    { BASE "h=to:from;\r\n\tb=[\r\n\t@B@\r\n ];\r\n\tz=x", PLAIN, TO, BOTH },
    { BASE "h=to:from; b =[ @B@]", PLAIN, TO, OURS,
      "it finds no b= with white space before the =" },
    { BASE "h=to:from; bb=x; b=[@B@]; z=b=", PLAIN, TO, OURS, "it takes the b= in z= for the tag" },
    { BASE "h=to:from; b=[@B@!]", PLAIN, TO, THEIRS, "it passes over what is no base64" },
    { BASE "h=to:from; b=[!@B@]", PLAIN, TO, THEIRS, "it passes over what is no base64" },
    { BASE "h=to:from; b=[@B@=]", PLAIN, TO, THEIRS, "it passes over what is no base64" },
    { BASE "h=to:from; b=[]", PLAIN, TO, NONE },
    { BASE "h=to:from", PLAIN, TO, NONE },
    /* Lists of tags: RFC 6376, 3.2. */
    { BASE TAIL ";", PLAIN, TO, BOTH },
    { BASE "B=x; " TAIL, PLAIN, TO, BOTH },
    { BASE "; " TAIL, PLAIN, TO, NONE },
    { BASE TAIL "; x", PLAIN, TO, NONE },
    { BASE TAIL "; n=\x01", PLAIN, TO, NONE },
    { BASE TAIL "; u=1; u=1", PLAIN, TO, THEIRS, "a list with a tag twice is invalid" },
    { BASE TAIL "; d=our.example", PLAIN, TO, THEIRS, "a list with a tag twice is invalid" },
    { BASE TAIL "; n=caf\xc3\xa9", PLAIN, TO, OURS, "RFC 8616 lets UTF-8 in" },
    /* v= and a= */
    { "a=rsa-sha256; d=our.example; s=sel1; " HASH TAIL, PLAIN, TO, NONE },
    { "v=2; a=rsa-sha256; d=our.example; s=sel1; " HASH TAIL, PLAIN, TO, NONE },
    { "v=1; d=our.example; s=sel1; " HASH TAIL, PLAIN, TO, NONE },
    { "v=1; a=rsa-sha512; d=our.example; s=sel1; " HASH TAIL, PLAIN, TO, NONE },
    { "v=1; a=RSA-SHA256; d=our.example; s=sel1; " HASH TAIL, PLAIN, TO, BOTH },
    { "v=1; a=ed25519-sha256; d=our.example; s=sel1; " HASH TAIL, PLAIN, TO, NONE },
    /* d=, s= and i= */
    { "v=1; a=rsa-sha256; s=sel1; " HASH TAIL, PLAIN, TO, NONE },
    { "v=1; a=rsa-sha256; d=; s=sel1; " HASH TAIL, PLAIN, TO, NONE },
    { "v=1; a=rsa-sha256; d=our.example; " HASH TAIL, PLAIN, TO, NONE },
    { "v=1; a=rsa-sha256; d=our.example; s=; " HASH TAIL, PLAIN, TO, NONE },
    { "v=1; a=rsa-sha256; d=our.example.; s=sel1; " HASH TAIL, PLAIN, TO, THEIRS,
      "no domain name" },
    { "v=1; a=rsa-sha256; d=our..example; s=sel1; " HASH TAIL, PLAIN, TO, THEIRS,
      "no domain name" },
    { "v=1; a=rsa-sha256; d=our.example; s=sel 1; " HASH TAIL, PLAIN, TO, THEIRS, "no selector" },
    { BASE "i=a@our.example; " TAIL, PLAIN, TO, BOTH },
    { BASE "i=a@mail.OUR.example; " TAIL, PLAIN, TO, BOTH },
    { BASE "i=a@other.example; " TAIL, PLAIN, TO, NONE },
    { BASE "i=a@your.example; " TAIL, PLAIN, TO, NONE },
    { BASE "i=our.example; " TAIL, PLAIN, TO, NONE },
    { BASE "i=; " TAIL, PLAIN, TO, NONE },
    { BASE "i=\"a@b\"@our.example; " TAIL, PLAIN, TO, OURS, "the last @ ends a local part" },
    { BASE "i=a=40b@our.example; " TAIL, PLAIN, TO, OURS, "an encoded @ ends no local part" },
    /* h= */
    { BASE "h=to:from:from:cc; b=[@B@]", PLAIN, TO, BOTH },
    { BASE "h=to::from:; b=[@B@]", PLAIN, TO, BOTH },
    { BASE "b=[@B@]", PLAIN, TO, NONE },
    { BASE "h=; b=[@B@]", PLAIN, TO, NONE },
    { BASE "h=to; b=[@B@]", PLAIN, TO, NONE },
    { BASE "h=to:from:dkim-signature; b=[@B@]", PLAIN, TO, OURS,
      "3.5: the field itself is never among the signed" },
    /* bh=, c=, q=, l= */
    { ORIGIN TAIL, PLAIN, TO, NONE },
    { ORIGIN "bh=; " TAIL, PLAIN, TO, NONE },
    { ORIGIN "bh=AAAA; " TAIL, PLAIN, TO, THEIRS, "no hash of SHA-256" },
    { ORIGIN "bh=!!!!; " TAIL, PLAIN, TO, THEIRS, "it passes over what is no base64" },
    { BASE "c=SIMPLE; " TAIL, PLAIN, TO, BOTH },
    { BASE "c=nofws; " TAIL, PLAIN, TO, NONE },
    { BASE "c=simple/; " TAIL, PLAIN, TO, NONE },
    { BASE "c=; " TAIL, PLAIN, TO, NONE },
    { BASE "q=other; " TAIL, PLAIN, TO, BOTH },
    { BASE "q=dns/other:dns/txt; " TAIL, PLAIN, TO, BOTH },
    { BASE "l=5; " TAIL, PLAIN, TO, BOTH },
    { BASE "l=x; " TAIL, PLAIN, TO, NONE },
    { BASE "l=-1; " TAIL, PLAIN, TO, NONE },
    { BASE "l=; " TAIL, PLAIN, TO, THEIRS, "no number" },
    /* t= and x= */
    { BASE "t=x; " TAIL, PLAIN, TO, NONE },
    { BASE "t=; " TAIL, PLAIN, TO, NONE },
    { BASE "t=-1; " TAIL, PLAIN, TO, NONE },
    { BASE "x=x; " TAIL, PLAIN, TO, NONE },
    { BASE "x=999999999999; " TAIL, PLAIN, TO, BOTH },
    { BASE "t=1700000000; x=999999999999; " TAIL, PLAIN, TO, BOTH },
    { BASE "t=1700000000; x=1700000000; " TAIL, PLAIN, TO, NONE },
    { BASE "t=1700000000; x=1600000000; " TAIL, PLAIN, TO, NONE },
    { BASE "t=0001700000000; " TAIL, PLAIN, TO, THEIRS, "3.5: 12 digits at most" },
    { BASE "x=9999999999999; " TAIL, PLAIN, TO, THEIRS, "3.5: 12 digits at most" },
    { BASE "x=1; " TAIL, PLAIN, TO, OURS, "what comes back may be old: the caller looks at x=" },
    { BASE "t=9999999999; " TAIL, PLAIN, TO, OURS, "the caller looks at t=" },
    /* Keys. */
    { BASE TAIL, "p=", TO, BOTH },
    { BASE TAIL, "v=DKIM1;p = ", TO, BOTH },
    { BASE TAIL, "v=DKIM2; p=", TO, NONE },
    { BASE TAIL, "v=dkim1; p=", TO, NONE },
    { BASE TAIL, "k=rsa; v=DKIM1; p=", TO, THEIRS, "3.6.1: v= comes first" },
    { BASE TAIL, "v=DKIM1; k=RSA; p=", TO, BOTH },
    { BASE TAIL, "v=DKIM1; k=dsa; p=", TO, NONE },
    { BASE TAIL, "v=DKIM1; k=ed25519; p=", TO, THEIRS, "an RSA key is none of Ed25519" },
    { BASE TAIL, "v=DKIM1; t=y:s; p=", TO, BOTH },
    { BASE "i=@mail.our.example; " TAIL, "v=DKIM1; t=y; p=", TO, BOTH },
    { BASE "i=@mail.our.example; " TAIL, "v=DKIM1; t=s; p=", TO, THEIRS,
      "its flag is about the hash alone, not about t=s" },
    { BASE "i=@mail.our.example; " TAIL, "v=DKIM1; t=y : s; p=", TO, THEIRS,
      "its flag is about the hash alone, not about t=s" },
    { BASE TAIL, "v=DKIM1; s=email; p=", TO, BOTH },
    { BASE TAIL, "v=DKIM1; s=*; p=", TO, BOTH },
    { BASE TAIL, "v=DKIM1; s=other:email; p=", TO, BOTH },
    { BASE TAIL, "v=DKIM1; s=other; p=", TO, NONE },
    { BASE TAIL, "v=DKIM1; s=; p=", TO, NONE },
    { BASE TAIL, "v=DKIM1; h=sha1 : sha256; p=", TO, BOTH },
    { BASE TAIL, "v=DKIM1; h=sha1; p=", TO, NONE },
    { BASE TAIL, "v=DKIM1; g=other; n=note; p=", TO, BOTH },
    { BASE TAIL, "v=DKIM1;; p=", TO, NONE },
    { BASE TAIL, "v=DKIM1; n=1; n=2; p=", TO, THEIRS, "a list with a tag twice is invalid" },
    { BASE TAIL, "v=DKIM1; p=; n=", TO, NONE },
    { BASE TAIL, "v=DKIM1; p=AAAA", TO, NONE },
    /* Fields. */
    { BASE TAIL, PLAIN, "To : b", BOTH },
    { BASE TAIL, PLAIN, "To  : b", BOTH },
    { BASE TAIL, PLAIN, "To\t: b", OURS, "RFC 5322, 4.5: a tab is white space too" },
    { BASE TAIL, PLAIN, "To:", BOTH },
    { BASE TAIL, PLAIN, "To: a\v\fb \f", BOTH },
    { BASE TAIL, PLAIN, "To: a\x01\x7f", BOTH },
};

static void check_odd(const odd_case *c)
{
    static const char from[] = "From: a@our.example";
    g_auto(GStrv) parts = g_strsplit_set(c->value, "[]", 3);
    bool has_data = g_strv_length(parts) == 3;
    g_autofree char *canonical = g_strconcat(
        c->first, "\r\n", from, "\r\nDKIM-Signature: ", parts[0], has_data ? parts[2] : "", NULL);
    g_autofree char *data = fixture_sign(world.rsa, span_from_string(canonical));
    g_autoptr(GString) own = g_string_new("DKIM-Signature: ");
    for (char **piece = parts; *piece != NULL; piece++) {
        g_string_append(own, *piece);
    }
    g_string_replace(own, "@B@", data, 0);
    g_autoptr(GPtrArray) fields = g_ptr_array_new();
    g_ptr_array_add(fields, own->str);
    g_ptr_array_add(fields, (gpointer)from);
    g_ptr_array_add(fields, (gpointer)c->first);
    const dkim_mail mail = { fields, 0 };
    g_autofree char *record = g_strconcat(c->record, world.rsa_key, NULL);
    g_autofree char *text = dkim_mail_text(&mail, "\r\n");
    bool theirs = opendkim_holds(world.oracle, fields, "", record, NULL);
    bool ours = we_hold(text, record);
    if (ours != c->ours || theirs != c->theirs || (ours != theirs) != (c->why != NULL)) {
        fail_msg("we say %d and libopendkim %d of %s; key %s", ours, theirs, text, c->record);
    }
}

static void test_odd(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(odd_cases); i++) {
        check_odd(&odd_cases[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unchanged),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_signed_by_opendkim),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_odd),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
