/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/notice.h"

#include "message/charset.h"
#include "message/date.h"
#include "message/encoded_word.h"
#include "message/limits.h"
#include "notice/classify.h"
#include "notice/clues.h"
#include "notice/early.h"
#include "notice/parties.h"
#include "notice/recipients.h"
#include "notice/returned.h"

/* One block of a notice's strings: most notices need one or two. */
enum { STORE_BLOCK_BYTES = 2048 };

/* The length of the white space or control character at the start of `s`, 0 if there is none: C0,
 * DEL, C1, line and paragraph separators, and what turns the direction of text. */
static size_t control_len(span s)
{
    unsigned char c = (unsigned char)s.ptr[0];
    if (c <= ' ' || c == 127) {
        return 1;
    }
    if (c < 0xC2 || s.len < 2) {
        return 0;
    }
    gunichar wide = g_utf8_get_char_validated(s.ptr, (gssize)s.len);
    bool is_control = (wide >= 0x80 && wide <= 0x9F) || (wide >= 0x2028 && wide <= 0x202E) ||
                      (wide >= 0x2066 && wide <= 0x2069);
    return is_control ? (size_t)g_unichar_to_utf8(wide, NULL) : 0;
}

/* Runs of white space and control characters become one space; the ends are trimmed. */
static const char *keep_on_one_line(backstop_notice *notice, span text)
{
    GString *line = g_string_sized_new(text.len);
    bool space = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        size_t control = control_len(span_skip(text, i));
        if (control > 0) {
            i += control - 1;
            space = line->len > 0;
            continue;
        }
        if (space) {
            g_string_append_c(line, ' ');
            space = false;
        }
        g_string_append_c(line, c);
    }
    const char *kept = NULL;
    if (line->len > 0) {
        kept = g_string_chunk_insert_len(notice->store, line->str, (gssize)line->len);
    }
    g_string_free(line, TRUE);
    return kept;
}

/* Printable ASCII with single spaces: it is kept as it is. */
static bool is_one_clean_line(span s)
{
    for (size_t i = 0; i < s.len; i++) {
        bool is_double_space = s.ptr[i] == ' ' && i > 0 && s.ptr[i - 1] == ' ';
        unsigned char c = (unsigned char)s.ptr[i];
        if (c < ' ' || c >= 127 || is_double_space) {
            return false;
        }
    }
    return true;
}

const char *notice_keep_text(backstop_notice *notice, span bytes)
{
    bytes = span_trim(span_head(bytes, LIMIT_DIAGNOSTIC_BYTES));
    if (bytes.len == 0) {
        return NULL;
    }
    if (is_one_clean_line(bytes)) {
        return g_string_chunk_insert_len(notice->store, bytes.ptr, (gssize)bytes.len);
    }
    GString *text = g_string_sized_new(bytes.len);
    charset_scrub_utf8(bytes, text);
    const char *kept = keep_on_one_line(notice, (span){ text->str, text->len });
    g_string_free(text, TRUE);
    return kept;
}

const char *notice_keep_header_text(backstop_notice *notice, span raw)
{
    raw = span_trim(span_head(raw, LIMIT_DIAGNOSTIC_BYTES));
    if (raw.len == 0) {
        return NULL;
    }
    if (is_one_clean_line(raw) && !encoded_word_may_stand_in(raw)) {
        return g_string_chunk_insert_len(notice->store, raw.ptr, (gssize)raw.len);
    }
    GString *text = g_string_sized_new(raw.len);
    encoded_word_decode(raw, text);
    const char *kept = keep_on_one_line(notice, (span){ text->str, text->len });
    g_string_free(text, TRUE);
    return kept;
}

static void read_report(const clues *c, backstop_notice *notice)
{
    notice->reporting_mta = notice_keep_text(notice, c->status.reporting_mta);
    notice->has_arrival =
        c->status.arrival_date.len > 0 && date_read(c->status.arrival_date, &notice->arrival_sec);
}

/* Some gateways put a notice whole into a new message with the same header. */
static bool is_rewrapped(const clues *c)
{
    if (c->returned_part == NULL || !c->returned_part->has_parts) {
        return false;
    }
    static const char *const same[] = { "Message-ID", "From", "Subject" };
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
        span outer = field_value(c->header, same[i]);
        if (outer.len == 0 ||
            !span_equal(outer, field_value(c->returned_part[1].fields, same[i]))) {
            return false;
        }
    }
    return true;
}

static backstop_notice *notice_new(void)
{
    backstop_notice *notice = g_new0(backstop_notice, 1);
    notice->store = g_string_chunk_new(STORE_BLOCK_BYTES);
    notice->recipients = g_array_new(FALSE, FALSE, sizeof(struct backstop_recipient));
    notice->returned.to = g_ptr_array_new();
    notice->returned.hops = g_array_sized_new(FALSE, FALSE, sizeof(struct backstop_hop), 4);
    notice->returned.header.fields = g_array_new(FALSE, FALSE, sizeof(header_field));
    notice->notified = g_ptr_array_new();
    notice->addressed = g_ptr_array_new();
    notice->replied_to = g_ptr_array_new();
    return notice;
}

static void fill(backstop_notice *notice, clues *c)
{
    notice->kind = classify(c);
    if (notice->kind != BACKSTOP_KIND_NONE) {
        read_report(c, notice);
        returned_read(c, notice);
        recipients_read(c, notice);
        parties_read(c, notice);
    }
    notice->cut = c->cut; /* reading the text may have come to a limit */
}

backstop_notice *notice_read(const backstop_message *message, bool use_dialects)
{
    backstop_notice *notice = notice_new();
    clues *c = clues_gather(message, use_dialects);
    backstop_message *inner = NULL;
    if (!early_may_be_notice(c)) {
        notice->cut = message->cut;
        clues_free(c);
        return notice;
    }
    if (is_rewrapped(c)) {
        span body = c->returned_part->body;
        if (backstop_message_read(body.ptr, body.len, NULL, &inner) == BACKSTOP_OK) {
            message_share_envelope(message, inner);
            clues_free(c);
            c = clues_gather(inner, use_dialects);
        }
    }
    fill(notice, c);
    notice->cut = notice->cut || message->cut;
    clues_free(c);
    backstop_message_free(inner);
    return notice;
}

backstop_notice *backstop_notice_read(const backstop_message *message)
{
    return notice_read(message, true);
}

void backstop_notice_free(backstop_notice *notice)
{
    if (notice == NULL) {
        return;
    }
    g_string_chunk_free(notice->store);
    g_array_free(notice->recipients, TRUE);
    g_ptr_array_free(notice->returned.to, TRUE);
    g_array_free(notice->returned.hops, TRUE);
    g_array_free(notice->returned.header.fields, TRUE);
    for (unsigned i = 0; notice->others != NULL && i < notice->others->len; i++) {
        g_array_free(g_array_index(notice->others, returned_header, i).fields, TRUE);
    }
    if (notice->others != NULL) {
        g_array_free(notice->others, TRUE);
    }
    g_ptr_array_free(notice->notified, TRUE);
    g_ptr_array_free(notice->addressed, TRUE);
    g_ptr_array_free(notice->replied_to, TRUE);
    g_free(notice);
}
