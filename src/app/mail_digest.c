/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/mail_digest.h"

#include <glib.h>
#include <string.h>

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

static span without_end(span message)
{
    while (message.len > 0 && ascii_is_space(message.ptr[message.len - 1])) {
        message.len--;
    }
    return message;
}

/* Feeds the header to `sum`, unless that is NULL, without the notes; what is left is the body. */
static span pass_header(span message, GChecksum *sum)
{
    span rest = message;
    bool is_skipping = false;
    while (rest.len > 0) {
        span before = rest;
        span line;
        if (!span_next_line(&rest, &line) || line.len == 0) {
            return before;
        }
        if (line.ptr[0] != ' ' && line.ptr[0] != '\t') {
            is_skipping = is_note_of_reader(span_head(line, span_find_char(line, ':')));
        }
        if (sum != NULL && !is_skipping) {
            update(sum, line);
            update(sum, SPAN("\n")); /* the last line may have lost its own */
        }
    }
    return rest;
}

void mail_digest(span message, char out[MAIL_DIGEST_SIZE])
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    span body = pass_header(without_end(message), sum);
    update(sum, body);
    g_snprintf(out, MAIL_DIGEST_SIZE, "%s.%zu", g_checksum_get_string(sum), body.len);
}

size_t mail_digest_body_len(span message)
{
    return pass_header(without_end(message), NULL).len;
}

size_t mail_digest_read_body_len(const char *digest)
{
    const char *dot = strchr(digest, '.');
    return dot == NULL ? 0 : (size_t)g_ascii_strtoull(dot + 1, NULL, 10);
}
