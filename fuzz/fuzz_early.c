/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What the header alone says of a message must never contradict what it is once it is whole. The
 * first byte chooses what is known of the envelope. */
#include "message/message.h"

#include <backstop/notice.h>

#include <stdint.h>

static void check(const char *bytes, size_t size, const backstop_envelope *envelope)
{
    backstop_message *whole, *header;
    if (backstop_message_read(bytes, size, envelope, &whole) != BACKSTOP_OK) {
        return;
    }
    size_t header_len = (size_t)(message_part(whole, 0)->body.ptr - bytes);
    if (backstop_message_read(bytes, header_len, envelope, &header) == BACKSTOP_OK) {
        backstop_notice *notice = backstop_notice_read(whole);
        /* Lone CRs in a body may change what ends a line in the header as well. */
        if (header->line_end == whole->line_end && !backstop_may_be_notice(header) &&
            backstop_notice_kind(notice) != BACKSTOP_KIND_NONE) {
            __builtin_trap();
        }
        backstop_notice_free(notice);
        backstop_message_free(header);
    }
    backstop_message_free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const recipients[] = { "reader@our.example" };
    static const backstop_envelope envelopes[] = {
        { .mail_from = NULL },
        { .mail_from = "" },
        { .mail_from = "a@there.example" },
        { .mail_from = "a@there.example", .recipients = recipients, .recipient_count = 1 },
    };
    if (size > 0) {
        check((const char *)data + 1, size - 1, &envelopes[data[0] % 4]);
    }
    return 0;
}
