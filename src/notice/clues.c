/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/clues.h"

#include "message/address.h"
#include "message/encoded_word.h"
#include "message/limits.h"
#include "notice/own_text.h"
#include "notice/subject.h"

#include <string.h>

enum { STORE_BLOCK_BYTES = 1024, AUTO_REPLY_BYTES_MAX = 1500 };

/* A part that carries a message or its header. */
static bool is_carrier(const part *p)
{
    return part_is(p, "message", "rfc822") || part_is(p, "message", "global") ||
           part_is(p, "text", "rfc822-headers") || part_is(p, "text", "rfc822-header") ||
           part_is(p, "message", "rfc822-headers") || part_is(p, "message", "global-headers") ||
           part_is(p, "message", "partial");
}

bool clues_next_returned(const backstop_message *m, unsigned *index)
{
    for (++*index; *index < message_part_count(m); ++*index) {
        if (is_carrier(message_part(m, *index)) && !own_text_is_foreign(m, *index)) {
            return true;
        }
    }
    return false;
}

static void find_parts(clues *c)
{
    const backstop_message *m = c->message;
    c->is_report = part_is(message_part(m, 0), "multipart", "report");
    for (unsigned i = 0; i < message_part_count(m); i++) {
        const part *p = message_part(m, i);
        if (!(span_equal_nocase(p->type.type, SPAN("message")) ||
              span_equal_nocase(p->type.type, SPAN("text"))) ||
            own_text_is_foreign(m, i)) {
            continue;
        }
        const part **slot = NULL;
        if (part_is(p, "message", "delivery-status") ||
            part_is(p, "message", "global-delivery-status")) {
            slot = &c->status_part;
        } else if (part_is(p, "message", "disposition-notification") ||
                   part_is(p, "message", "global-disposition-notification")) {
            slot = &c->mdn_part;
        } else if (part_is(p, "message", "feedback-report")) {
            slot = &c->feedback_part;
        } else if (is_carrier(p)) {
            slot = &c->returned_part;
            c->returned_parts += i > 0;
        } else if (part_is(p, "text", "calendar")) {
            c->has_calendar = true;
        }
        if (slot != NULL && *slot == NULL && i > 0) {
            *slot = p;
        }
    }
    if (part_is(message_part(m, 0), "message", "delivery-status")) {
        c->status_part = message_part(m, 0);
    }
}

void clues_match_text(span text, normal_text *normal, GArray *hits)
{
    normal_read(normal, text);
    g_array_set_size(hits, 0);
    phrases_find((span){ normal->text->str, normal->text->len }, hits);
}

static normal_text *use_aside(clues *c)
{
    if (c->aside == NULL) {
        c->aside = normal_new();
        c->aside_hits = g_array_new(FALSE, FALSE, sizeof(phrase_hit));
    }
    return c->aside;
}

void clues_match_aside(clues *c, span text)
{
    normal_text *normal = use_aside(c);
    clues_match_text(text, normal, c->aside_hits);
}

static unsigned count_class(const GArray *hits, phrase_class class)
{
    unsigned count = 0;
    for (unsigned i = 0; i < hits->len; i++) {
        count += g_array_index(hits, phrase_hit, i).class == class;
    }
    return count;
}

/* A mail system's own address: by the name beside it or by its local part. */
static bool is_daemon_field(clues *c, span value)
{
    address from;
    if (value.len == 0 || !address_first(value, c->store, &from)) {
        return false;
    }
    g_string_truncate(c->scratch, 0);
    encoded_word_decode(from.display, c->scratch);
    g_string_append_c(c->scratch, '\n');
    span local = address_local(from.spec);
    g_string_append_len(c->scratch, local.ptr, (gssize)local.len);
    if (!g_utf8_validate(c->scratch->str, (gssize)c->scratch->len, NULL)) {
        return false;
    }
    clues_match_text((span){ c->scratch->str, c->scratch->len }, c->normal, c->hits);
    c->is_only_postmaster =
        span_equal_nocase(local, SPAN("postmaster")) && count_class(c->hits, PHRASE_DAEMON) == 1;
    return from.spec.len == 0 || count_class(c->hits, PHRASE_DAEMON) > 0;
}

/* The local parts that list managers write from. */
static bool is_list_server(span local)
{
    static const span names[] = { SPAN_OF("sympa"),   SPAN_OF("listserv"), SPAN_OF("majordomo"),
                                  SPAN_OF("mailman"), SPAN_OF("listar"),   SPAN_OF("ecartis"),
                                  SPAN_OF("lyris"),   SPAN_OF("ezmlm"),    SPAN_OF("mlmmj"),
                                  SPAN_OF("listproc") };
    static const span endings[] = { SPAN_OF("-request"), SPAN_OF("-owner"),   SPAN_OF("-bounces"),
                                    SPAN_OF("-help"),    SPAN_OF("+request"), SPAN_OF("+owner"),
                                    SPAN_OF("+bounces"), SPAN_OF("+help") };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (span_equal_nocase(local, names[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        if (span_ends_nocase(local, endings[i])) {
            return true;
        }
    }
    return false;
}

static void read_sender(clues *c)
{
    const header_field *from = field_find(c->header, SPAN("From"), 0);
    const header_field *path = field_find(c->header, SPAN("Return-Path"), 0);
    c->is_from_daemon =
        from != NULL && (span_trim(from->value).len == 0 || is_daemon_field(c, from->value));
    if (c->message->knows_mail_from) {
        c->has_null_sender = c->message->mail_from.len == 0;
    } else {
        c->has_null_sender = path != NULL && span_equal(span_trim(path->value), SPAN("<>"));
    }
    if (!c->is_from_daemon && path != NULL && !c->has_null_sender) {
        c->is_from_daemon = from == NULL && is_daemon_field(c, path->value);
    }
    address a;
    if (from != NULL && address_first(from->value, c->store, &a)) {
        c->is_from_list_server = is_list_server(address_local(a.spec));
    }
    span value = field_value(c->header, "To");
    if (c->message->recipient_count > 0) {
        c->notified = c->message->recipients[0];
    } else if (value.len > 0 && address_first(value, c->store, &a)) {
        c->notified = a.spec;
    }
}

static bool field_names(clues *c, field_block fields, const char *name, span spec)
{
    address a;
    return address_first(field_value(fields, name), c->store, &a) && a.spec.len > 0 &&
           address_equal(a.spec, spec);
}

/* A person who forwards a mail forwards another's; a mail system returns one to its author. */
static void read_ownership(clues *c)
{
    if (c->returned_part == NULL || !c->returned_part->has_parts || c->notified.len == 0) {
        return;
    }
    field_block inner = c->returned_part[1].fields;
    c->returns_own_mail = field_names(c, inner, "Return-Path", c->notified) ||
                          field_names(c, inner, "From", c->notified);
}

/* The same of a header block in the text, unless it is marked as people quote. */
static void read_block_ownership(clues *c)
{
    enum { BLOCK_LINES_MAX = 200 };
    span rest = c->block.from_here, line;
    if (c->block.quality != BLOCK_HEADER || c->notified.len == 0 || rest.ptr[0] == '>') {
        return;
    }
    for (unsigned i = 0; i < BLOCK_LINES_MAX && !c->returns_own_mail &&
                         reader_next_line(&rest, c->text_line_end, &line);
         i++) {
        line = span_skip(line, c->block.indent);
        address a;
        bool names_author = span_starts_nocase(line, SPAN("From:")) ||
                            span_starts_nocase(line, SPAN("Return-Path:"));
        if (span_trim(line).len == 0) {
            return;
        }
        c->returns_own_mail =
            names_author &&
            address_first(span_skip(line, span_find_char(line, ':') + 1), c->store, &a) &&
            address_equal(a.spec, c->notified);
    }
}

/* "[Printers #4711]": a ticket's number in the subject, or the field of a ticket system. */
static void read_ticket(clues *c)
{
    static const span prefixes[] = { SPAN_OF("RT-"),     SPAN_OF("X-RT-"),
                                     SPAN_OF("X-OTRS-"), SPAN_OF("X-Zendesk-"),
                                     SPAN_OF("X-JIRA-"), SPAN_OF("X-Redmine-"),
                                     SPAN_OF("X-Ticket") };
    for (unsigned i = 0; i < c->header.count && !c->is_ticket; i++) {
        for (size_t k = 0; k < G_N_ELEMENTS(prefixes) && !c->is_ticket; k++) {
            c->is_ticket = span_starts_nocase(field_at(c->header, i)->name, prefixes[k]);
        }
    }
    const char *hash = strchr(c->subject->str, '#');
    for (; hash != NULL && !c->is_ticket; hash = strchr(hash + 1, '#')) {
        unsigned number;
        size_t digits = span_read_number(span_from_string(hash + 1), 9, &number);
        char after = hash[1 + digits];
        c->is_ticket = digits > 1 && (after == ']' || after == ')' || after == ':');
    }
}

static bool field_is(const clues *c, const char *name, const char *value)
{
    return span_equal_nocase(field_value(c->header, name), span_from_string(value));
}

static bool has_reply_field(const clues *c)
{
    static const span names[] = {
        SPAN_OF("X-Autoreply"),       SPAN_OF("X-Autorespond"),  SPAN_OF("X-Autoresponder"),
        SPAN_OF("X-AutoReply-From"),  SPAN_OF("X-Auto-Reply"),   SPAN_OF("X-Autogenerated"),
        SPAN_OF("X-Auto-Reply-From"), SPAN_OF("X-Away-Message"), SPAN_OF("X-Mail-Autoreply"),
    };
    for (unsigned i = 0; i < c->header.count; i++) {
        span name = field_at(c->header, i)->name;
        for (size_t k = 0; k < G_N_ELEMENTS(names) && span_starts_nocase(name, SPAN("X-")); k++) {
            if (span_equal_nocase(name, names[k])) {
                return true;
            }
        }
    }
    return false;
}

static void read_auto_fields(clues *c)
{
    span submitted = field_value(c->header, "Auto-Submitted");
    if (span_starts_nocase(submitted, SPAN("auto-replied"))) {
        c->auto_submitted = AUTO_REPLIED;
    } else if (submitted.len > 0 && !span_starts_nocase(submitted, SPAN("no"))) {
        c->auto_submitted = AUTO_GENERATED;
    }
    c->is_auto_reply = has_reply_field(c) || field_is(c, "Precedence", "auto_reply") ||
                       field_is(c, "X-Precedence", "auto_reply");
    /* A list marks what it hands on so; what it says itself, it marks as that, too. */
    bool handed_on =
        field_exists(c->header, "X-BeenThere") && !field_exists(c->header, "X-List-Administrivia");
    c->has_low_precedence =
        !handed_on && (field_is(c, "Precedence", "bulk") || field_is(c, "Precedence", "junk") ||
                       field_is(c, "Precedence", "list"));
    c->is_bulk = handed_on || field_exists(c->header, "List-Unsubscribe") ||
                 field_exists(c->header, "List-Post") || field_exists(c->header, "Feedback-ID");
    c->is_log = field_exists(c->header, "X-Cron-Env");
    c->refers_to_other =
        field_exists(c->header, "In-Reply-To") || field_exists(c->header, "References");
    c->failed_field = field_value(c->header, "X-Failed-Recipients");
}

static unsigned index_of(const clues *c, const part *p)
{
    return p == NULL ? message_part_count(c->message) : (unsigned)(p - message_part(c->message, 0));
}

static void count_lines(clues *c)
{
    for (unsigned i = 0; i < c->normal->lines->len; i++) {
        span line = span_trim(normal_line_at(c->normal, i)->source);
        c->text_lines += line.len > 0;
        c->quoted_lines += line.len > 0 && line.ptr[0] == '>';
    }
}

/* Two or more known fields are no accident of prose. */
enum { STATUS_FIELDS_ENOUGH = 2 };

static span read_dialects(clues *c, span text)
{
    c->dialect_buffer = g_string_new(NULL);
    c->ses = dialect_ses_rewrite(text, c->dialect_buffer);
    return c->ses == SES_NONE ? text : (span){ c->dialect_buffer->str, c->dialect_buffer->len };
}

static void read_status(clues *c, span text)
{
    delivery_status_read(text, &c->status);
    c->cut = c->cut || c->status.is_full;
    if (c->status_part == NULL && c->status.known_fields < STATUS_FIELDS_ENOUGH) {
        g_array_set_size(c->status.groups, 0);
    }
}

void clues_read_text(clues *c)
{
    if (c->has_text) {
        return;
    }
    c->has_text = true;
    c->text_buffer = g_string_new(NULL);
    span text = own_text_read(c->message, index_of(c, c->returned_part), c->text_buffer, &c->cut);
    if (c->use_dialects) {
        text = read_dialects(c, text);
    }
    c->text_line_end = reader_line_end(text);
    c->block = header_block_find(text, c->text_line_end);
    c->own_text = text;
    if (c->block.quality == BLOCK_HEADER) {
        c->own_text.len = (size_t)(c->block.from_here.ptr - text.ptr);
    }
    read_block_ownership(c);
}

/* Whether the line that a separator phrase stands on is nothing but that: ruled off, or mostly
 * the phrase itself. */
static bool is_separator_line(const clues *c, const phrase_hit *hit, unsigned line)
{
    span source = span_trim(normal_line_at(c->normal, line)->source);
    bool is_ruled = source.len > 0 && strchr("-=*_+", source.ptr[0]) != NULL;
    return is_ruled || (size_t)(hit->end - hit->start) * 5 >= source.len * 3;
}

/* Whether anything but blank and ruled lines ("--- so much came back ---") stands there. */
static bool has_words(span text)
{
    span line;
    while (span_next_line(&text, &line)) {
        line = span_trim(line);
        if (line.len > 0 && strchr("-=*_+", line.ptr[0]) == NULL) {
            return true;
        }
    }
    return false;
}

/* Ends its own text at `end`. A block of fields that stands behind it with words between is inside
 * the returned message, whose own header did not come back. */
static void cut_own_text(clues *c, const char *end)
{
    const char *block = c->block.from_here.ptr;
    span whole = { c->own_text.ptr, (size_t)(end - c->own_text.ptr) };
    if (c->block.quality != BLOCK_NONE && block > end &&
        has_words((span){ end, (size_t)(block - end) })) {
        c->block.quality = BLOCK_NONE;
    }
    c->returns_piece = has_words(span_skip(c->own_text, whole.len));
    c->own_text = whole;
    normal_cut(c->normal, end);
    unsigned kept = 0;
    for (unsigned i = 0; i < c->hits->len; i++) {
        const phrase_hit *hit = &g_array_index(c->hits, phrase_hit, i);
        if (hit->end <= c->normal->text->len) {
            g_array_index(c->hits, phrase_hit, kept++) = *hit;
        }
    }
    g_array_set_size(c->hits, kept);
}

/* What follows the line that introduces the returned message is the sender's, not the notice's. */
static void cut_at_separator(clues *c)
{
    unsigned line = 0;
    for (unsigned i = 0; i < c->hits->len; i++) {
        const phrase_hit *hit = &g_array_index(c->hits, phrase_hit, i);
        if (hit->class != PHRASE_SEPARATOR) {
            continue;
        }
        while (line + 1 < c->normal->lines->len &&
               normal_line_at(c->normal, line + 1)->start <= hit->start) {
            line++;
        }
        if (is_separator_line(c, hit, line) && line + 1 < c->normal->lines->len) {
            cut_own_text(c, normal_line_at(c->normal, line + 1)->source.ptr);
            return;
        }
    }
}

/* A summary that names an author, behind words of failure, is the head of the returned message. */
static void cut_at_summary(clues *c)
{
    const char *from = c->block.from_here.ptr;
    bool is_head = c->block.quality == BLOCK_SUMMARY && c->block.names_author;
    if (!is_head || from <= c->own_text.ptr || from >= c->own_text.ptr + c->own_text.len) {
        return;
    }
    for (unsigned i = 0; i < c->hits->len; i++) {
        const phrase_hit *hit = &g_array_index(c->hits, phrase_hit, i);
        unsigned line = 0;
        while (line + 1 < c->normal->lines->len &&
               normal_line_at(c->normal, line + 1)->start <= hit->start) {
            line++;
        }
        bool says_failure = hit->class == PHRASE_FAILED || hit->class == PHRASE_DELAYED;
        if (says_failure && normal_line_at(c->normal, line)->source.ptr < from) {
            cut_own_text(c, from);
            return;
        }
    }
}

/* Delivery status fields in the text count only before anything that is cited of the original. */
static void read_status_in_text(clues *c)
{
    span text = c->own_text;
    bool cites = c->block.quality == BLOCK_SUMMARY && c->block.from_here.ptr >= text.ptr &&
                 c->block.from_here.ptr <= text.ptr + text.len;
    if (cites) {
        text.len = (size_t)(c->block.from_here.ptr - text.ptr);
    }
    read_status(c, text);
}

/* The Subject of the returned message, raw; empty if its header is not at hand. */
static span original_subject(const clues *c)
{
    if (c->returned_part != NULL && c->returned_part->has_parts) {
        return field_value(c->returned_part[1].fields, "Subject");
    }
    enum { BLOCK_LINES_MAX = 200 };
    span rest = c->block.from_here, line;
    for (unsigned i = 0; c->block.quality != BLOCK_NONE && i < BLOCK_LINES_MAX &&
                         reader_next_line(&rest, c->text_line_end, &line);
         i++) {
        line = span_skip(line, c->block.indent);
        if (span_starts_nocase(line, SPAN("Subject:"))) {
            return span_skip(line, 8);
        }
    }
    return (span){ "", 0 };
}

static void drop_hits(GArray *hits, unsigned start, unsigned end)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < hits->len; i++) {
        const phrase_hit *hit = &g_array_index(hits, phrase_hit, i);
        if (hit->end <= start || hit->start >= end) {
            g_array_index(hits, phrase_hit, kept++) = *hit;
        }
    }
    g_array_set_size(hits, kept);
}

/* Where the text cites the original's subject, a forger wrote the words. */
static void drop_cited_subject(clues *c)
{
    enum { CITED_BYTES_MIN = 6, CITATIONS_MAX = 4 };
    span raw = original_subject(c);
    if (c->hits->len == 0 || span_trim(raw).len < CITED_BYTES_MIN) {
        return;
    }
    normal_text *subject = use_aside(c);
    g_string_truncate(c->scratch, 0);
    encoded_word_decode(raw, c->scratch);
    normal_read(subject, (span){ c->scratch->str, c->scratch->len });
    size_t at = 0;
    for (unsigned i = 0; i < CITATIONS_MAX && subject->text->len >= CITED_BYTES_MIN; i++) {
        const char *from = c->normal->text->str + at;
        const char *found =
            memmem(from, c->normal->text->len - at, subject->text->str, subject->text->len);
        if (found == NULL) {
            break;
        }
        unsigned start = (unsigned)(found - c->normal->text->str);
        drop_hits(c->hits, start, start + (unsigned)subject->text->len);
        at = start + subject->text->len;
    }
}

void clues_read_words(clues *c)
{
    if (c->has_words) {
        return;
    }
    clues_read_text(c);
    c->has_words = true;
    c->cut = c->cut || c->own_text.len > LIMIT_NOTICE_TEXT_BYTES;
    clues_match_text(c->own_text, c->normal, c->hits);
    cut_at_separator(c);
    cut_at_summary(c);
    drop_cited_subject(c);
    for (unsigned i = 0; i < c->hits->len; i++) {
        const phrase_hit *hit = &g_array_index(c->hits, phrase_hit, i);
        /* A vacation reply begins with what it is; a digest may hold one anywhere. */
        bool counts = hit->class != PHRASE_AUTO_REPLY || hit->start < AUTO_REPLY_BYTES_MAX;
        c->counts[hit->class] += counts ? 1 : 0;
    }
    c->codes = reason_find_codes(span_head(c->own_text, LIMIT_NOTICE_TEXT_BYTES));
    count_lines(c);
    if (c->status_part == NULL) {
        read_status_in_text(c);
    }
}

clues *clues_gather(const backstop_message *message, bool use_dialects)
{
    clues *c = g_new0(clues, 1);
    c->message = message;
    c->header = message_header(message);
    c->cut = message->cut;
    c->store = g_string_chunk_new(STORE_BLOCK_BYTES);
    c->scratch = g_string_sized_new(256);
    c->subject = g_string_sized_new(128);
    c->normal = normal_new();
    c->hits = g_array_sized_new(FALSE, FALSE, sizeof(phrase_hit), 32);
    c->status.groups = g_array_new(FALSE, FALSE, sizeof(delivery_group));
    find_parts(c);
    subject_read(c);
    read_sender(c);
    read_auto_fields(c);
    read_ticket(c);
    read_ownership(c);
    c->use_dialects = use_dialects;
    if (c->mdn_part != NULL) {
        c->mdn_buffer = g_string_new(NULL);
        c->mdn_text = part_text(c->mdn_part, LIMIT_NOTICE_TEXT_BYTES, c->mdn_buffer, &c->cut);
    }
    if (c->status_part != NULL) {
        c->status_buffer = g_string_new(NULL);
        read_status(c, part_text(c->status_part, LIMIT_TEXT_PART_BYTES, c->status_buffer, &c->cut));
    }
    return c;
}

static void free_buffer(GString *buffer)
{
    if (buffer != NULL) {
        g_string_free(buffer, TRUE);
    }
}

void clues_free(clues *c)
{
    if (c == NULL) {
        return;
    }
    g_string_chunk_free(c->store);
    free_buffer(c->text_buffer);
    free_buffer(c->status_buffer);
    free_buffer(c->dialect_buffer);
    free_buffer(c->mdn_buffer);
    g_string_free(c->scratch, TRUE);
    g_string_free(c->subject, TRUE);
    normal_free(c->normal);
    g_array_free(c->hits, TRUE);
    normal_free(c->aside);
    if (c->aside_hits != NULL) {
        g_array_free(c->aside_hits, TRUE);
    }
    g_array_free(c->status.groups, TRUE);
    g_free(c);
}
