/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * How many notices are judged in a second of CPU time: read, recognised, all witnesses heard, with
 * a warm ledger. Beside them, in the same run, how many RSA-2048 checks OpenSSL alone does.
 *
 * Usage: judge [SECONDS]    for each figure, default 2
 */
#include <backstop/judge.h>
#include <backstop/sign.h>

#include <glib.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    NOTICES = 1000,
    REMEMBERED = 50000, /* other mails in the ledger */
    RSA_BITS = 2048,
    MAC_SIZE = 512,
};

static const int64_t NOW_SEC = 1795465490; /* 2026-11-23 20:24:50 UTC */
static const int64_t SINCE_SEC = 1795465490 - 30 * 86400;

typedef struct world {
    backstop_keys *keys;
    backstop_store *store;
    backstop_site *site;
    EVP_PKEY *dkim;
    char *folder;
} world;

static void demand(bool works, const char *what)
{
    if (!works) {
        fprintf(stderr, "judge: %s\n", what);
        exit(1);
    }
}

static void demand_ok(backstop_status status, const backstop_error *error)
{
    demand(status == BACKSTOP_OK, error->text);
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static char *public_pem(EVP_PKEY *pkey)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    demand(bio != NULL && PEM_write_bio_PUBKEY(bio, pkey) == 1, "no PEM");
    long len = BIO_get_mem_data(bio, &data);
    char *pem = g_strndup(data, (gsize)len);
    BIO_free(bio);
    return pem;
}

static void open_site(world *w)
{
    backstop_error error = { "" };
    backstop_domain *domain;
    g_autofree char *pem = public_pem(w->dkim);
    w->site = backstop_site_new();
    backstop_site_set_ledger_complete(w->site, true);
    demand_ok(backstop_site_add_outbound_host(w->site, "192.0.2.0/24", false, &error), &error);
    demand_ok(backstop_site_add_domain(w->site, "our.example", &domain, &error), &error);
    backstop_domain_set_closed(domain, true);
    backstop_domain_set_dkim_signs_all(domain, true);
    demand_ok(backstop_domain_add_dkim_key(domain, "sel1", pem, &error), &error);
}

/* A mail of alice's; `id` names it. */
static char *mail_text(const char *id)
{
    return g_strdup_printf("From: Alice <alice@our.example>\r\nTo: nobody-%s@remote.example\r\n"
                           "Subject: Offer %s\r\nDate: Mon, 23 Nov 2026 20:24:48 +0000\r\n"
                           "Message-ID: <%s@our.example>\r\nMIME-Version: 1.0\r\n"
                           "Content-Type: text/plain\r\nX-Mailer: Example 1\r\n",
                           id, id, id);
}

/* Signs and remembers a mail as of `when_sec`; its header with the tag on top. */
static char *sent_header(world *w, const char *id, int64_t when_sec)
{
    backstop_error error = { "" };
    backstop_message *message;
    backstop_signature *signature;
    g_autofree char *text = mail_text(id);
    g_autofree char *to = g_strdup_printf("nobody-%s@remote.example", id);
    const char *recipients[] = { to };
    const backstop_envelope envelope = { .mail_from = "alice@our.example",
                                         .recipients = recipients,
                                         .recipient_count = 1 };
    demand(backstop_message_read(text, strlen(text), &envelope, &message) == BACKSTOP_OK, "mail");
    demand_ok(backstop_sign(message, w->keys, w->store, NULL, when_sec, &signature, &error),
              &error);
    char *header = g_strdup_printf("%s: %s\r\n%s", backstop_signature_field_name(signature, 0),
                                   backstop_signature_field_value(signature, 0), text);
    backstop_signature_free(signature);
    backstop_message_free(message);
    return header;
}

static void open_world(world *w)
{
    backstop_error error = { "" };
    char id[BACKSTOP_KEY_ID_SIZE];
    w->folder = g_dir_make_tmp("backstop-judge-XXXXXX", NULL);
    demand(w->folder != NULL, "no temporary folder");
    g_autofree char *key_file = g_build_filename(w->folder, "keys", NULL);
    g_autofree char *store = g_build_filename(w->folder, "store.db", NULL);
    demand_ok(backstop_keys_add(key_file, "tag", SINCE_SEC, id, &error), &error);
    demand_ok(backstop_keys_load(key_file, &w->keys, &error), &error);
    demand_ok(backstop_store_open(store, w->keys, &w->store, &error), &error);
    w->dkim = EVP_RSA_gen(RSA_BITS);
    demand(w->dkim != NULL, "no RSA key");
    open_site(w);
    g_free(sent_header(w, "first", SINCE_SEC)); /* tagged and recorded since then */
}

static void close_world(world *w)
{
    static const char *const files[] = { "keys", "store.db", "store.db-wal", "store.db-shm" };
    backstop_site_free(w->site);
    backstop_store_close(w->store);
    backstop_keys_free(w->keys);
    EVP_PKEY_free(w->dkim);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(w->folder, files[i], NULL);
        remove(path);
    }
    remove(w->folder);
    g_free(w->folder);
}

static void remember_others(world *w)
{
    backstop_error error = { "" };
    backstop_sent *mails = g_new0(backstop_sent, REMEMBERED);
    const char **recipients = g_new0(const char *, REMEMBERED);
    g_autoptr(GStringChunk) texts = g_string_chunk_new(1 << 16);
    for (unsigned i = 0; i < REMEMBERED; i++) {
        g_autofree char *id = g_strdup_printf("<other-%u@our.example>", i);
        g_autofree char *sender = g_strdup_printf("user%u@our.example", i % 500);
        g_autofree char *to = g_strdup_printf("somebody%u@remote.example", i);
        recipients[i] = g_string_chunk_insert(texts, to);
        mails[i] =
            (backstop_sent){ g_string_chunk_insert(texts, id), g_string_chunk_insert(texts, sender),
                             &recipients[i], 1, NOW_SEC - 86400 };
    }
    demand_ok(backstop_store_import(w->store, mails, REMEMBERED, NOW_SEC, &error), &error);
    g_free(mails);
    g_free(recipients);
}

static void append_base64(GString *out, const unsigned char *bytes, size_t len)
{
    g_autofree char *text = g_base64_encode(bytes, len);
    g_string_append(out, text);
}

/* The header of mail `id` under a DKIM-Signature; its canonical form is the header in lower case
 * names, which is what relaxed canonicalisation makes of it. */
static char *dkim_signed(world *w, const char *id, const char *header)
{
    g_autofree char *tags = g_strdup(
        "v=1; a=rsa-sha256; c=relaxed/relaxed; d=our.example; s=sel1; "
        "h=from:to:subject:date:message-id; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=");
    g_autofree char *canonical =
        g_strdup_printf("from:Alice <alice@our.example>\r\nto:nobody-%s@remote.example\r\n"
                        "subject:Offer %s\r\ndate:Mon, 23 Nov 2026 20:24:48 +0000\r\n"
                        "message-id:<%s@our.example>\r\ndkim-signature:%s",
                        id, id, id, tags);
    unsigned char mac[MAC_SIZE];
    size_t mac_len = sizeof(mac);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    demand(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, w->dkim) == 1 &&
               EVP_DigestSign(context, mac, &mac_len, (const unsigned char *)canonical,
                              strlen(canonical)) == 1,
           "signing failed");
    EVP_MD_CTX_free(context);
    GString *out = g_string_new("DKIM-Signature: ");
    g_string_append(out, tags);
    append_base64(out, mac, mac_len);
    g_string_append(out, "\r\n");
    g_string_append(out, header);
    return g_string_free(out, FALSE);
}

static char *notice_text(const char *id, const char *client, const char *header)
{
    return g_strdup_printf(
        "Return-Path: <>\r\nReceived: from mx.remote.example (mx.remote.example [203.0.113.7])\r\n"
        "\tby mx.our.example with ESMTPS id 4Fx; Mon, 23 Nov 2026 20:24:50 +0000\r\n"
        "From: MAILER-DAEMON@mx.remote.example (Mail Delivery System)\r\n"
        "To: alice@our.example\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b1\"\r\n"
        "Date: Mon, 23 Nov 2026 20:24:50 +0000\r\nMessage-ID: <dsn-%s@mx.remote.example>\r\n\r\n"
        "--b1\r\n\r\nThis is the mail system at host mx.remote.example.\r\n\r\n"
        "I'm sorry to have to inform you that your message could not\r\n"
        "be delivered to one or more recipients. It's attached below.\r\n\r\n"
        "<nobody-%s@remote.example>: unknown user: \"nobody-%s\"\r\n\r\n--b1\r\n"
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.remote.example\r\n"
        "Arrival-Date: Mon, 23 Nov 2026 20:24:49 +0000 (UTC)\r\n\r\n"
        "Final-Recipient: rfc822; nobody-%s@remote.example\r\n"
        "Original-Recipient: rfc822;nobody-%s@remote.example\r\nAction: failed\r\n"
        "Status: 5.1.1\r\nDiagnostic-Code: X-Postfix; unknown user: \"nobody-%s\"\r\n\r\n--b1\r\n"
        "Content-Type: text/rfc822-headers\r\n\r\nReturn-Path: <alice@our.example>\r\n"
        "Received: from mx.our.example (mx.our.example [%s])\r\n"
        "\tby mx.remote.example with ESMTPS id 4Fy\r\n\tfor <nobody-%s@remote.example>; "
        "Mon, 23 Nov 2026 20:24:49 +0000 (UTC)\r\n%s\r\n--b1--\r\n",
        id, id, id, id, id, id, client, id, header);
}

typedef enum mix { GENUINE_WITH_DKIM, GENUINE, FORGED, MIXES } mix;

static const char *const mix_names[] = {
    [GENUINE_WITH_DKIM] = "genuine, an RSA-2048 signature to check",
    [GENUINE] = "genuine, no signature",
    [FORGED] = "forged",
};

static GPtrArray *make_notices(world *w, mix kind)
{
    GPtrArray *notices = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < NOTICES; i++) {
        g_autofree char *id = g_strdup_printf("%d-%u", (int)kind, i);
        g_autofree char *header = kind == FORGED ? mail_text(id) : sent_header(w, id, NOW_SEC - 2);
        g_autofree char *with_dkim =
            kind == GENUINE_WITH_DKIM ? dkim_signed(w, id, header) : g_strdup(header);
        g_ptr_array_add(notices,
                        notice_text(id, kind == FORGED ? "198.51.100.9" : "192.0.2.5", with_dkim));
    }
    return notices;
}

/* How many witnesses spoke, or -1 for another verdict than the expected. */
static int judge_one(const world *w, const char *text, backstop_verdict expected)
{
    static const char *const recipients[] = { "alice@our.example" };
    const backstop_envelope envelope = { .mail_from = "",
                                         .recipients = recipients,
                                         .recipient_count = 1 };
    backstop_message *message;
    demand(backstop_message_read(text, strlen(text), &envelope, &message) == BACKSTOP_OK, "notice");
    backstop_notice *notice = backstop_notice_read(message);
    backstop_judgement *j = backstop_judge(notice, w->site, w->keys, w->store, NOW_SEC);
    int spoke = (int)backstop_judgement_evidence_count(j);
    if (backstop_judgement_verdict(j) != expected ||
        backstop_judgement_confidence(j) != BACKSTOP_CONFIDENCE_PROVEN) {
        spoke = -1;
    }
    backstop_judgement_free(j);
    backstop_notice_free(notice);
    backstop_message_free(message);
    return spoke;
}

static void measure(world *w, mix kind, double seconds)
{
    g_autoptr(GPtrArray) notices = make_notices(w, kind);
    backstop_verdict expected =
        kind == FORGED ? BACKSTOP_VERDICT_BACKSCATTER : BACKSTOP_VERDICT_GENUINE;
    int spoke = judge_one(w, g_ptr_array_index(notices, 0), expected);
    uint64_t done = 0;
    double start = cpu_seconds(), used = 0;
    while (used < seconds) {
        for (unsigned i = 0; i < notices->len; i++) {
            demand(judge_one(w, g_ptr_array_index(notices, i), expected) == spoke && spoke > 0,
                   "a notice was judged otherwise than it should be");
        }
        done += notices->len;
        used = cpu_seconds() - start;
    }
    printf("%-45s %9.0f/s   (%d witnesses spoke)\n", mix_names[kind], (double)done / used, spoke);
}

static void measure_openssl(const world *w, double seconds)
{
    unsigned char mac[MAC_SIZE], hash[32] = { 1 };
    size_t mac_len = sizeof(mac);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(w->dkim, NULL);
    demand(EVP_PKEY_sign_init(context) == 1 &&
               EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
               EVP_PKEY_sign(context, mac, &mac_len, hash, sizeof(hash)) == 1 &&
               EVP_PKEY_verify_init(context) == 1 &&
               EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1,
           "OpenSSL failed");
    uint64_t done = 0;
    double start = cpu_seconds(), used = 0;
    for (; used < seconds; used = cpu_seconds() - start) {
        for (unsigned i = 0; i < NOTICES; i++) {
            demand(EVP_PKEY_verify(context, mac, mac_len, hash, sizeof(hash)) == 1, "no signature");
        }
        done += NOTICES;
    }
    EVP_PKEY_CTX_free(context);
    printf("%-45s %9.0f/s\n", "OpenSSL alone, RSA-2048 checks", (double)done / used);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? g_ascii_strtod(argv[1], NULL) : 2;
    world w;
    open_world(&w);
    remember_others(&w);
    puts("notices judged per second of CPU time");
    for (unsigned kind = 0; kind < MIXES; kind++) {
        measure(&w, (mix)kind, seconds);
    }
    measure_openssl(&w, seconds);
    close_world(&w);
    return 0;
}
