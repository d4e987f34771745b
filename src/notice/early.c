/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/early.h"

/* Whether anything in the header says that a program wrote it, or that it is about a delivery: all
 * that classify.c weighs of a header. A mail without a From is nobody's. */
static bool has_sign(const clues *c)
{
    return c->has_null_sender || c->is_from_daemon || c->is_from_list_server ||
           c->auto_submitted != AUTO_NONE || c->is_auto_reply || c->has_low_precedence ||
           c->failed_field.len > 0 || c->subject_kind != BACKSTOP_KIND_NONE ||
           !field_exists(c->header, "From");
}

/* Amazon's reports in JSON come from addresses without any other sign: "AWS Notifications". */
static bool may_be_ses(const clues *c)
{
    static const char *const fields[] = { "From", "Subject", "Message-ID" };
    static const span words[] = { SPAN_OF("amazon"), SPAN_OF("aws "), SPAN_OF("sns") };
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        span value = field_value(c->header, fields[i]);
        for (size_t k = 0; k < G_N_ELEMENTS(words); k++) {
            if (span_find_nocase(value, words[k]) < value.len) {
                return true;
            }
        }
    }
    return false;
}

/* A multipart may bring parts that speak for themselves: a delivery status, a report of abuse, the
 * reader's own mail. People and bulk mailers send the kinds named here, notices never came so. */
static bool may_hold_report(const part *root)
{
    static const char *const plain[] = { "alternative", "related", "signed", "encrypted" };
    if (span_equal_nocase(root->type.type, SPAN("message"))) {
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(plain); i++) {
        if (part_is(root, "multipart", plain[i])) {
            return false;
        }
    }
    return media_type_is(root->type, "multipart", NULL);
}

bool early_may_be_notice(const clues *c)
{
    return has_sign(c) || may_hold_report(message_part(c->message, 0)) || may_be_ses(c);
}

bool backstop_may_be_notice(const backstop_message *message)
{
    clues *c = clues_gather(message, true);
    bool may_be = early_may_be_notice(c);
    clues_free(c);
    return may_be;
}
