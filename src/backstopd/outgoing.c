/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Mail of ours on its way out. */
#include "backstopd/outgoing.h"

#include <backstop/batv.h>
#include <backstop/sign.h>

bool outgoing_is_wanted(const session *s)
{
    return s->mail.sender[0] != '\0' && backstop_site_owns(s->settings->site, s->mail.sender);
}

/* The sender with BATV; NULL if it goes out as it is. To be freed with backstop_text_free(). */
static char *batv_sender(const session *s, int64_t now_sec)
{
    const transaction *mail = &s->mail;
    for (unsigned i = 0; i < mail->recipients->len; i++) {
        if (!policy_uses_batv(s->settings->policy, mail->sender,
                              transaction_recipient_at(mail, i)->address)) {
            return NULL;
        }
    }
    return backstop_batv_sign(s->settings->keys, mail->sender, BACKSTOP_BATV_SUBADDRESS, now_sec);
}

static bool change_sender(session *s, const char *sender)
{
    g_autofree char *given = g_strdup_printf("<%s>", sender);
    return smfi_chgfrom(s->context, given, NULL) == MI_SUCCESS;
}

/* The topmost field is put in last. */
static bool insert_fields(session *s, const backstop_signature *signature)
{
    for (size_t i = backstop_signature_field_count(signature); i > 0; i--) {
        if (!session_insert_field(s, backstop_signature_field_name(signature, i - 1),
                                  backstop_signature_field_value(signature, i - 1))) {
            return false;
        }
    }
    return true;
}

/* What is missing of this mail from now on proves nothing. A mail that is put off is not sent. */
static sfsistat fail(session *s, int64_t now_sec, const char *why)
{
    sfsistat answer = session_fail(s, why);
    if (answer == SMFIS_ACCEPT) {
        service_note_gap(s->service, s->settings, now_sec, now_sec);
    }
    return answer;
}

/* Signs as that sender. NULL, or why it is not signed or not remembered, in `error` or static. */
static const char *sign(session *s, const char *sender, int64_t now_sec, backstop_error *error)
{
    backstop_store *store = service_store(s->settings);
    backstop_signature *signature = NULL;
    const char *problem = NULL;
    backstop_message *message = transaction_read_header_as(&s->mail, s->client_ip, sender);
    if (message == NULL) {
        return "the header cannot be read";
    }
    if (backstop_sign(message, s->settings->keys, store, NULL, now_sec, &signature, error) !=
        BACKSTOP_OK) {
        problem = error->text;
    }
    if (signature != NULL && !insert_fields(s, signature)) {
        problem = "the mail server takes no header fields";
    } else if (problem == NULL && store == NULL) {
        problem = "the store is not open";
    } else if (problem == NULL && (s->mail.recipients_are_cut || s->mail.header_is_cut)) {
        problem = "it is too large to be remembered whole";
    }
    backstop_signature_free(signature);
    backstop_message_free(message);
    return problem;
}

sfsistat outgoing_finish(session *s)
{
    backstop_error error;
    int64_t now_sec = service_now(s->service);
    char *batv = batv_sender(s, now_sec);
    if (batv != NULL && !change_sender(s, batv)) {
        g_clear_pointer(&batv, backstop_text_free);
    }
    const char *problem = sign(s, batv == NULL ? s->mail.sender : batv, now_sec, &error);
    backstop_text_free(batv);
    if (problem != NULL) {
        return fail(s, now_sec, problem);
    }
    if (s->mail.verdict_count + s->mail.seen_count > 0 && !s->is_seen &&
        !session_remove_fields(s)) {
        return session_fail(s, "a field cannot be taken out");
    }
    return SMFIS_ACCEPT;
}
