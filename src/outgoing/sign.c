/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Signing a mail that leaves, and remembering it.
 */
#include <backstop/sign.h>

#include "base/error.h"
#include "message/address.h"
#include "message/address_form.h"
#include "message/message.h"
#include "proof/prvs.h"
#include "proof/tag.h"
#include "store/ledger.h"

#include <inttypes.h>
#include <string.h>

enum {
    FIELDS_MAX = 2,
    HOST_BYTES_MAX = 255, /* of the name in a Message-ID that is made here */
    STRINGS_BLOCK_BYTES = 1024,
};

typedef struct signed_field {
    const char *name; /* static */
    char *value;
} signed_field;

struct backstop_signature {
    backstop_sign_result result;
    signed_field fields[FIELDS_MAX];
    size_t field_count;
};

/* What one call works on. */
typedef struct signing {
    const backstop_message *message;
    const backstop_keys *keys;
    backstop_store *store; /* may be NULL */
    const char *host;      /* may be NULL */
    int64_t now_sec;
    GStringChunk *strings; /* owns what follows */
    span sender;           /* canonical, without BATV of ours */
    bool has_batv;         /* it bore one */
    tag_mail mail;
} signing;

static span keep(const signing *s, const GString *text)
{
    return (span){ g_string_chunk_insert_len(s->strings, text->str, (gssize)text->len), text->len };
}

static void add_field(backstop_signature *signature, const char *name, const GString *value)
{
    signed_field *field = &signature->fields[signature->field_count++];
    field->name = name;
    field->value = g_strdup(value->str);
}

/* A notice to a BATV address names the plain one once it is taken off, so that is what is bound and
 * remembered. */
static void read_sender(signing *s)
{
    g_autoptr(GString) plain = g_string_new(NULL);
    g_autoptr(GString) canonical = g_string_new(NULL);
    span given = s->message->mail_from;
    s->has_batv = prvs_read(s->keys, s->now_sec, given, plain) != PRVS_NONE;
    address_form_canonical(s->has_batv ? (span){ plain->str, plain->len } : given, canonical);
    s->sender = keep(s, canonical);
}

/* Bound to just this mail, in time, under a key that is not retired. A tag that is merely ours is
 * not enough: the sender was rewritten since (a list, a forwarder), and bounces go to the new one.
 */
static bool bears_valid_tag(const signing *s)
{
    field_block header = message_header(s->message);
    const header_field *field = NULL;
    unsigned from = 0;
    for (unsigned tried = 0; tried < TAG_FIELDS_TRIED; tried++) {
        tag t;
        bool is_retired;
        field = field_find(header, SPAN(TAG_FIELD_NAME), from);
        if (field == NULL) {
            return false;
        }
        from = (unsigned)(field - field_at(header, 0)) + 1;
        if (!tag_read(TAG_ORIGIN, field->value, &t)) {
            continue;
        }
        const key *k =
            keys_to_verify(s->keys, KEY_TAG, span_from_string(t.key_id), s->now_sec, &is_retired);
        if (k != NULL && !is_retired && tag_is_in_time(&t, s->now_sec, TAG_LIFETIME_SEC) &&
            tag_is_ours(&t, k) && tag_is_bound(&t, k, s->sender, &s->mail)) {
            return true;
        }
    }
    return false;
}

/* A host name that may stand in a Message-ID as it is. */
static bool is_host(const GString *name)
{
    for (size_t i = 0; i < name->len; i++) {
        if (!ascii_is_alnum(name->str[i]) && strchr("-._", name->str[i]) == NULL) {
            return false;
        }
    }
    return name->len > 0 && name->len <= HOST_BYTES_MAX;
}

/* RFC 5322, 3.6.4: unique, with a name of the host's or the sender's on the right. */
static void make_message_id(const signing *s, const unsigned char nonce[TAG_NONCE_BYTES],
                            GString *out)
{
    g_autoptr(GString) host = g_string_new(NULL);
    address_form_domain(span_from_string(s->host), host);
    if (!is_host(host)) {
        address_form_domain(address_domain(s->sender), host);
    }
    g_string_assign(out, "<");
    secret_append_base64url(out, nonce, TAG_NONCE_BYTES);
    g_string_append_printf(out, ".%" PRId64 "@%s>", s->now_sec,
                           is_host(host) ? host->str : "localhost");
}

static backstop_status add_tag(signing *s, backstop_signature *signature, backstop_error *error)
{
    unsigned char nonce[TAG_NONCE_BYTES];
    const key *k = keys_to_sign(s->keys, KEY_TAG, s->now_sec);
    if (k == NULL) {
        return error_fail(error, BACKSTOP_ERROR_KEYS,
                          "no tag key signs now: make one with `backstop key new tag`");
    }
    if (!secret_random(nonce, sizeof nonce)) {
        return error_fail(error, BACKSTOP_ERROR_KEYS, "the system has no random bytes to give");
    }
    g_autoptr(GString) made_id = g_string_new(NULL);
    if (s->mail.message_id.len == 0) {
        make_message_id(s, nonce, made_id);
        s->mail.message_id = keep(s, made_id);
    }
    g_autoptr(GString) value = g_string_new(NULL);
    tag_write(TAG_ORIGIN, k, s->now_sec, nonce, s->sender, &s->mail, value);
    add_field(signature, TAG_FIELD_NAME, value);
    if (made_id->len > 0) {
        add_field(signature, "Message-ID", made_id);
    }
    return BACKSTOP_OK;
}

static backstop_status remember(const signing *s, backstop_error *error)
{
    size_t count = s->message->recipient_count;
    g_autofree span *recipients = g_new(span, count);
    g_autoptr(GString) canonical = g_string_new(NULL);
    for (size_t i = 0; i < count; i++) {
        address_form_canonical(s->message->recipients[i], canonical);
        recipients[i] = keep(s, canonical);
    }
    const ledger_mail mail = {
        .message_id = s->mail.message_id,
        .sender = s->sender,
        .recipients = recipients,
        .recipient_count = count,
        .has_batv = s->has_batv,
    };
    return ledger_record(s->store, &mail, s->now_sec, error);
}

/* What is missing from now proves nothing. Whether the store takes that in now or later is its
 * business: the caller has the first error to tell. */
static void note_gap(const signing *s)
{
    if (s->store != NULL) {
        backstop_status status = backstop_store_add_gap(s->store, s->now_sec, s->now_sec, NULL);
        (void)status;
    }
}

/* A mail that bears a tag already may go to other recipients than before (an alias was expanded):
 * it is remembered again. */
static backstop_status sign_and_remember(signing *s, backstop_signature *signature,
                                         backstop_error *error)
{
    tag_mail_read(message_header(s->message), s->strings, &s->mail);
    backstop_status status = BACKSTOP_OK;
    if (bears_valid_tag(s)) {
        signature->result = BACKSTOP_SIGN_ALREADY;
    } else {
        status = add_tag(s, signature, error);
    }
    if (status == BACKSTOP_OK && s->store != NULL) {
        status = remember(s, error);
    }
    if (status != BACKSTOP_OK) {
        note_gap(s);
    }
    return status;
}

backstop_status backstop_sign(const backstop_message *message, const backstop_keys *keys,
                              backstop_store *store, const char *host, int64_t now_sec,
                              backstop_signature **out, backstop_error *error)
{
    *out = NULL;
    if (!message->knows_mail_from) {
        return error_fail(error, BACKSTOP_ERROR_INVALID, "the envelope sender is not told");
    }
    signing s = {
        .message = message,
        .keys = keys,
        .store = store,
        .host = host,
        .now_sec = MAX(now_sec, 0),
        .strings = g_string_chunk_new(STRINGS_BLOCK_BYTES),
    };
    backstop_signature *signature = g_new0(backstop_signature, 1);
    backstop_status status = BACKSTOP_OK;
    read_sender(&s);
    if (s.sender.len == 0) {
        signature->result = BACKSTOP_SIGN_NULL_SENDER;
    } else {
        status = sign_and_remember(&s, signature, error);
    }
    g_string_chunk_free(s.strings);
    if (status == BACKSTOP_ERROR_KEYS) {
        g_clear_pointer(&signature, backstop_signature_free);
    }
    *out = signature;
    return status;
}

backstop_sign_result backstop_signature_result(const backstop_signature *signature)
{
    return signature->result;
}

size_t backstop_signature_field_count(const backstop_signature *signature)
{
    return signature->field_count;
}

const char *backstop_signature_field_name(const backstop_signature *signature, size_t index)
{
    return index < signature->field_count ? signature->fields[index].name : NULL;
}

const char *backstop_signature_field_value(const backstop_signature *signature, size_t index)
{
    return index < signature->field_count ? signature->fields[index].value : NULL;
}

void backstop_signature_free(backstop_signature *signature)
{
    if (signature != NULL) {
        for (size_t i = 0; i < signature->field_count; i++) {
            g_free(signature->fields[i].value);
        }
        g_free(signature);
    }
}
