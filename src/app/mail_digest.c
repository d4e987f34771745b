/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/mail_digest.h"

#include <glib.h>

/* What mailbox readers keep in the header of messages in an mbox. */
static bool is_note_of_reader(span name)
{
    static const char *const notes[] = {
        "Status",           "X-Status",          "X-UID",
        "X-IMAP",           "X-IMAPbase",        "X-Keywords",
        "X-Mozilla-Status", "X-Mozilla-Status2", "Lines",
        "Content-Length",   "X-Mozilla-Keys",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(notes); i++) {
        if (span_equal_nocase(name, span_from_string(notes[i]))) {
            return true;
        }
    }
    return false;
}

/* g_checksum_update() takes signed lengths, and a length of -1 as "a string". */
static void update(GChecksum *sum, span bytes)
{
    if (bytes.len > 0) {
        g_checksum_update(sum, (const guchar *)bytes.ptr, (gssize)bytes.len);
    }
}

void mail_digest(span message, char out[MAIL_DIGEST_SIZE])
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    while (message.len > 0 && ascii_is_space(message.ptr[message.len - 1])) {
        message.len--;
    }
    span rest = message;
    bool is_skipping = false;
    while (rest.len > 0) {
        span before = rest;
        span line;
        if (!span_next_line(&rest, &line) || line.len == 0) {
            rest = before;
            break;
        }
        bool goes_on = line.ptr[0] == ' ' || line.ptr[0] == '\t';
        if (!goes_on) {
            is_skipping = is_note_of_reader(span_head(line, span_find_char(line, ':')));
        }
        if (!is_skipping) {
            update(sum, line);
            update(sum, SPAN("\n")); /* the last line may have lost its own */
        }
    }
    update(sum, rest);
    g_strlcpy(out, g_checksum_get_string(sum), MAIL_DIGEST_SIZE);
}
