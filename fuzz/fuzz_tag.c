/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Any bytes as a Backstop-Tag: what can be read is of the alphabet of tags, and ours only if it is
 * the one that was written. And any bytes as the header that a tag is bound to. */
#include "message/message.h"
#include "proof/tag.h"

#include <string.h>

static const char key_file[] =
    "version 1\nt1 1000 - tag AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
static const unsigned char nonce[TAG_NONCE_BYTES] = "abcdefghijk";

static void check(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

static void check_tag(const tag *t, const key *k)
{
    check(t->key_id[0] != '\0' &&
          strspn(t->key_id, "abcdefghijklmnopqrstuvwxyz0123456789") == strlen(t->key_id));
    check(t->time_text[0] != '\0' && strspn(t->time_text, "0123456789") == strlen(t->time_text));
    check(t->time_sec >= 0 && strlen(t->nonce) == TAG_NONCE_CHARS);
    /* Nobody forges a MAC by chance; a seed may hold that of this key. */
    check(!tag_is_ours(t, k) || g_str_equal(t->key_id, "t1"));
}

/* Made once, so that reading them does not count as code that the input reaches. */
static backstop_keys *keys;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    check(keys_read(span_from_string(key_file), "keys", &keys, NULL) == BACKSTOP_OK);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    span bytes = { (const char *)data, size };
    const key *k = keys_at(keys, 0);
    tag t;
    if (tag_read(TAG_ORIGIN, bytes, &t)) {
        check_tag(&t, k);
        check(!tag_is_other_version(bytes));
    }

    backstop_message *message;
    if (backstop_message_read(bytes.ptr, bytes.len, NULL, &message) == BACKSTOP_OK) {
        GStringChunk *strings = g_string_chunk_new(256);
        g_autoptr(GString) value = g_string_new(NULL);
        tag_mail mail;
        tag_mail_read(message_header(message), strings, &mail);
        tag_write(TAG_ORIGIN, k, 1795465490, nonce, SPAN("alice@our.example"), &mail, value);
        check(tag_read(TAG_ORIGIN, (span){ value->str, value->len }, &t));
        check_tag(&t, k);
        check(tag_is_ours(&t, k));
        check(tag_is_bound(&t, k, SPAN("alice@our.example"), &mail) == !mail.is_ambiguous);
        check(!tag_is_bound(&t, k, SPAN("bob@our.example"), &mail));
        g_string_chunk_free(strings);
        backstop_message_free(message);
    }
    return 0;
}
