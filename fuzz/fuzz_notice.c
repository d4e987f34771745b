/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The whole path, from any bytes to the explanation. What include/backstop/notice.h promises of
 * every string is checked: valid UTF-8 on one line. */
#include <backstop/notice.h>

#include <glib.h>
#include <stdint.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

static void check_text(const char *text)
{
    if (text == NULL) {
        return;
    }
    check(g_utf8_validate(text, -1, NULL));
    for (const char *p = text; *p != '\0'; p++) {
        check((unsigned char)*p >= ' ' && *p != 0x7f);
    }
}

static void check_recipients(const backstop_notice *notice)
{
    size_t count = backstop_notice_recipient_count(notice);
    for (size_t i = 0; i < count; i++) {
        const backstop_recipient *recipient = backstop_notice_recipient(notice, i);
        check_text(backstop_recipient_address(recipient));
        check_text(backstop_recipient_final(recipient));
        check_text(backstop_recipient_original(recipient));
        check_text(backstop_recipient_action(recipient));
        check_text(backstop_reason_name(backstop_recipient_reason(recipient)));
        check_text(backstop_recipient_status(recipient));
        check_text(backstop_recipient_reply(recipient));
        check_text(backstop_recipient_diagnostic(recipient));
    }
    check(backstop_notice_recipient(notice, count) == NULL);
}

static void check_hops(const backstop_returned *returned)
{
    int64_t date;
    size_t count = backstop_returned_hop_count(returned);
    for (size_t i = 0; i < count; i++) {
        const backstop_hop *hop = backstop_returned_hop(returned, i);
        check_text(backstop_hop_from(hop));
        check_text(backstop_hop_ip(hop));
        check_text(backstop_hop_by(hop));
        (void)backstop_hop_date(hop, &date);
    }
    check(backstop_returned_hop(returned, count) == NULL);
}

static void check_returned(const backstop_returned *returned, const char *bytes, size_t size)
{
    int64_t date;
    check(returned != NULL);
    check_text(backstop_form_name(backstop_returned_form(returned)));
    check_text(backstop_returned_message_id(returned));
    check_text(backstop_returned_sender(returned));
    check_text(backstop_returned_from(returned));
    check_text(backstop_returned_subject(returned));
    (void)backstop_returned_date(returned, &date);
    for (size_t i = 0; i < backstop_returned_to_count(returned); i++) {
        check_text(backstop_returned_to(returned, i));
    }
    check_hops(returned);
    size_t len;
    const char *body = backstop_returned_body(returned, &len);
    check(body == NULL ? len == 0 : body >= bytes && body + len <= bytes + size);
    /* Only a header block that came back can be complete. */
    check(!backstop_returned_is_complete(returned) ||
          backstop_returned_form(returned) >= BACKSTOP_FORM_HEADERS);
}

static void check_notice(const backstop_notice *notice, const char *bytes, size_t size)
{
    int64_t date;
    check_text(backstop_kind_name(backstop_notice_kind(notice)));
    check_text(backstop_reason_name(backstop_notice_reason(notice)));
    check_text(backstop_notice_status(notice));
    check_text(backstop_notice_reply(notice));
    check_text(backstop_notice_reporting_mta(notice));
    (void)backstop_notice_arrival_date(notice, &date);
    check_recipients(notice);
    check_returned(backstop_notice_returned(notice), bytes, size);
    char *explanation = backstop_notice_explain(notice);
    check(explanation != NULL && g_utf8_validate(explanation, -1, NULL));
    backstop_text_free(explanation);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    backstop_message *message;
    if (backstop_message_read(bytes, size, NULL, &message) != BACKSTOP_OK) {
        return 0;
    }
    backstop_notice *notice = backstop_notice_read(message);
    /* The notice outlives the message. */
    backstop_message_free(message);
    check_notice(notice, bytes, size);
    backstop_notice_free(notice);
    return 0;
}
