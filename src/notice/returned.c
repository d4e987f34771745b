/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/returned.h"

#include "message/address.h"
#include "message/date.h"
#include "message/limits.h"
#include "message/received.h"
#include "notice/cited.h"

/* What most headers have: room for so much is made at once. */
enum { FIELDS_USUAL = 32, HOPS_USUAL = 4 };

typedef struct trace_field {
    received hop;
    bool is_read;
} trace_field;

/* The header block that came back, wherever it stood. */
typedef struct source {
    field_block fields;
    GArray *own_fields; /* behind `fields` where they are not the message's; may be NULL */
    GArray *trace;      /* of trace_field: its Received fields, in order */
    GString *buffer;    /* behind the spans where bytes had to be decoded; may be NULL */
    span body;
    span region; /* the bytes that all of it stands in */
    header_shape shape;
    bool at_part_end;   /* it ended with its part, as text/rfc822-headers may */
    bool is_unindented; /* its lines were freed of what stood before them */
    bool is_summary;    /* cited in prose, or inside something that is: never complete */
    bool is_in_text;    /* not in a part of its own */
    bool is_rebuilt;    /* from what a report says of it: never complete */
} source;

static bool lies_in(span inner, span outer)
{
    /* The lengths first: adding even 0 to the NULL of an empty span would be undefined. */
    return inner.len > 0 && inner.len <= outer.len && inner.ptr >= outer.ptr &&
           inner.ptr + inner.len <= outer.ptr + outer.len;
}

static void read_block(source *s, span text, char line_end)
{
    span line, ahead = text;
    s->region = text;
    while (reader_next_line(&ahead, line_end, &line) &&
           (span_trim(line).len == 0 || field_is_from_line(line))) {
        text = ahead;
    }
    s->own_fields = g_array_sized_new(FALSE, FALSE, sizeof(header_field), FIELDS_USUAL);
    unsigned count =
        reader_header_block(&text, line_end, s->own_fields, LIMIT_FIELDS_PER_BLOCK, &s->shape);
    s->fields = (field_block){ s->own_fields, 0, count };
    s->body = text;
}

/* Lines of an indented or quoted block without what stands before them. */
static span unindent(span text, size_t indent, char line_end, GString *out)
{
    span line;
    while (reader_next_line(&text, line_end, &line)) {
        span bare = span_skip(line, indent);
        g_string_append_len(out, bare.ptr, (gssize)bare.len);
        g_string_append_c(out, '\n');
    }
    return (span){ out->str, out->len };
}

static bool is_followed_by_part_end(const clues *c, const part *p)
{
    const char *end = p->body.ptr + p->body.len;
    return end < c->message->input.ptr + c->message->input.len;
}

static void from_part(clues *c, const part *p, source *s)
{
    if (p->has_parts) {
        const part *inner = p + 1;
        s->fields = inner->fields;
        s->body = inner->body;
        s->region = p->body;
        s->shape = inner->header;
        s->at_part_end = inner->body.len == 0 && is_followed_by_part_end(c, p);
        return;
    }
    s->buffer = g_string_new(NULL);
    bool cut = false;
    span text = part_text(p, LIMIT_TEXT_PART_BYTES, s->buffer, &cut);
    read_block(s, text, reader_line_end(text));
    s->at_part_end = s->body.len == 0 && is_followed_by_part_end(c, p);
    s->shape.is_cut = s->shape.is_cut || cut;
    c->cut = c->cut || cut;
}

static bool from_text(clues *c, source *s)
{
    clues_read_text(c);
    if (c->block.quality == BLOCK_NONE) {
        return false;
    }
    span text = c->block.from_here;
    char line_end = c->text_line_end;
    if (c->block.indent > 0) {
        s->is_unindented = true;
        s->buffer = g_string_sized_new(text.len);
        text = unindent(text, c->block.indent, line_end, s->buffer);
        line_end = '\n';
    }
    read_block(s, text, line_end);
    s->is_summary = c->block.quality == BLOCK_SUMMARY || c->block.is_inside;
    s->is_in_text = true;
    s->is_rebuilt = c->ses != SES_NONE;
    return true;
}

static bool name_is_one_of(span name, const span *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (span_equal_nocase(name, names[i])) {
            return true;
        }
    }
    return false;
}

/* What a gateway that rebuilds a header keeps as well: these fields prove no completeness. */
static bool is_kept_by_all(span name)
{
    static const span kept[] = {
        SPAN_OF("Received"),     SPAN_OF("Return-Path"), SPAN_OF("From"),
        SPAN_OF("To"),           SPAN_OF("Cc"),          SPAN_OF("Subject"),
        SPAN_OF("Date"),         SPAN_OF("Message-ID"),  SPAN_OF("MIME-Version"),
        SPAN_OF("Content-Type"), SPAN_OF("Sender"),      SPAN_OF("Reply-To"),
        SPAN_OF("References"),   SPAN_OF("In-Reply-To"), SPAN_OF("Content-Transfer-Encoding"),
    };
    return name_is_one_of(name, kept, G_N_ELEMENTS(kept));
}

static bool is_written_by_sender(span name)
{
    static const span fields[] = { SPAN_OF("From"), SPAN_OF("To"), SPAN_OF("Subject"),
                                   SPAN_OF("Date"), SPAN_OF("Message-ID") };
    return name_is_one_of(name, fields, G_N_ELEMENTS(fields));
}

/* Times of consecutive hops, upper and lower, that one journey can have: clocks are wrong by
 * hours, and queues hold mail for weeks. */
static bool can_follow(const received *upper, const received *lower)
{
    enum { CLOCK_SKEW_SEC = 86400, QUEUE_SEC = 30 * 86400 };
    if (!upper->has_date || !lower->has_date) {
        return true;
    }
    return lower->date_sec <= upper->date_sec + CLOCK_SKEW_SEC &&
           lower->date_sec >= upper->date_sec - QUEUE_SEC;
}

static void read_trace(source *s)
{
    s->trace = g_array_sized_new(FALSE, FALSE, sizeof(trace_field), HOPS_USUAL);
    for (unsigned i = 0; i < s->fields.count; i++) {
        const header_field *f = field_at(s->fields, i);
        if (span_equal_nocase(f->name, SPAN("Received"))) {
            trace_field t;
            t.is_read = received_read(f->value, &t.hop);
            g_array_append_val(s->trace, t);
        }
    }
}

/* The rule of docs/architecture.md, "complete". */
static bool is_complete(const source *s)
{
    const trace_field *upper = NULL;
    unsigned received_count = 0;
    bool has_extra = false;
    if (s->is_summary || s->is_rebuilt || s->shape.is_cut || s->shape.has_junk ||
        !(s->shape.ended || s->at_part_end)) {
        return false;
    }
    for (unsigned i = 0; i < s->fields.count; i++) {
        const header_field *f = field_at(s->fields, i);
        if (span_equal_nocase(f->name, SPAN("Received"))) {
            const trace_field *t = &g_array_index(s->trace, trace_field, received_count);
            if (!t->is_read || (upper != NULL && !can_follow(&upper->hop, &t->hop))) {
                return false;
            }
            upper = t;
            received_count++;
        } else if (upper == NULL && is_written_by_sender(f->name)) {
            return false;
        }
        /* What stands above all Received fields, the reporting side may have added itself. */
        has_extra = has_extra || (upper != NULL && !is_kept_by_all(f->name));
    }
    return upper != NULL && has_extra && field_value(s->fields, "From").len > 0 &&
           field_value(s->fields, "Date").len > 0 && field_value(s->fields, "Message-ID").len > 0;
}

static void read_hops(const source *s, backstop_notice *notice)
{
    for (unsigned i = 0; i < s->trace->len && notice->returned.hops->len < LIMIT_HOPS; i++) {
        const trace_field *t = &g_array_index(s->trace, trace_field, i);
        if (!t->is_read) {
            continue;
        }
        backstop_hop kept = {
            .from = notice_keep_text(notice, t->hop.from),
            .name = notice_keep_text(notice, t->hop.from_rdns),
            .ip = notice_keep_text(notice, t->hop.ip),
            .by = notice_keep_text(notice, t->hop.by),
            .has_date = t->hop.has_date,
            .date_sec = t->hop.date_sec,
        };
        g_array_append_val(notice->returned.hops, kept);
    }
}

/* A Return-Path below what the sender writes is the sender's to choose. */
static span return_path(const source *s)
{
    for (unsigned i = 0; i < s->fields.count; i++) {
        const header_field *f = field_at(s->fields, i);
        if (span_equal_nocase(f->name, SPAN("Return-Path"))) {
            return f->value;
        }
        if (is_written_by_sender(f->name)) {
            break;
        }
    }
    return (span){ "", 0 };
}

static void read_addresses(const source *s, backstop_notice *notice)
{
    struct backstop_returned *r = &notice->returned;
    address a;
    if (address_first(field_value(s->fields, "From"), notice->store, &a)) {
        r->from = notice_keep_text(notice, a.spec);
    }
    span path = return_path(s);
    if (path.len > 0 && address_first(path, notice->store, &a)) {
        r->sender = a.spec.len == 0 ? "" : notice_keep_text(notice, a.spec);
    }
    address_reader to;
    address_reader_init(&to, field_value(s->fields, "To"));
    while (address_next(&to, notice->store, &a)) {
        const char *kept = notice_keep_text(notice, a.spec);
        if (kept != NULL) {
            g_ptr_array_add(r->to, (gpointer)kept);
        }
    }
}

/* The Message-ID with its brackets, or the whole value where it has none (obsolete senders). */
static span message_id_of(span value)
{
    size_t open = span_find_char(value, '<');
    size_t len = span_find_char(span_skip(value, open), '>');
    return open + len < value.len ? (span){ value.ptr + open, len + 1 } : value;
}

static void read_fields(const source *s, backstop_notice *notice)
{
    struct backstop_returned *r = &notice->returned;
    r->message_id = notice_keep_text(notice, message_id_of(field_value(s->fields, "Message-ID")));
    r->subject = notice_keep_header_text(notice, field_value(s->fields, "Subject"));
    span date = field_value(s->fields, "Date");
    if (date.len == 0 && s->is_summary) {
        date = field_value(s->fields, "Sent");
    }
    r->has_date = date.len > 0 && date_read(date, &r->date_sec);
    read_addresses(s, notice);
    read_hops(s, notice);
}

/* Whether there is more than the boundary lines that stand behind a header in a text. */
static bool has_text(span body)
{
    span line;
    while (span_next_line(&body, &line)) {
        line = span_trim(line);
        if (line.len > 0 && !span_starts(line, SPAN("--"))) {
            return true;
        }
    }
    return false;
}

/* For the form. Only in a text can there be foreign lines behind the header. */
static bool shows_body(const source *s)
{
    return s->is_in_text ? has_text(s->body) : span_trim(s->body).len > 0;
}

/* For what is proved, so that no word is missed: in a text, only ruled lines are no body. */
static bool may_have_body(const source *s)
{
    span body = span_trim(s->body);
    for (size_t i = 0; s->is_in_text && i < body.len; i++) {
        unsigned char c = (unsigned char)body.ptr[i];
        if (ascii_is_alnum(body.ptr[i]) || c >= 0x80) {
            return true;
        }
    }
    return !s->is_in_text && body.len > 0;
}

/* From, Subject, Date and Message-ID alone in a text: so a program names a mail that it writes
 * about, and goes on in its own words. A message that is there has its recipients as well. */
static bool is_citation(const source *s)
{
    bool is_one = s->is_in_text;
    for (unsigned i = 0; is_one && i < s->fields.count; i++) {
        span name = field_at(s->fields, i)->name;
        is_one = is_written_by_sender(name) && !span_equal_nocase(name, SPAN("To"));
    }
    return is_one;
}

/* Fewer known fields than this make no header block. */
enum { HEADER_FIELDS_ENOUGH = 3 };

static backstop_form form_of(const source *s)
{
    unsigned known = 0;
    for (unsigned i = 0; i < s->fields.count; i++) {
        known += is_kept_by_all(field_at(s->fields, i)->name);
    }
    bool has_body = shows_body(s);
    if (s->is_summary || known == 0) {
        return known == 0 && !has_body ? BACKSTOP_FORM_NONE : BACKSTOP_FORM_FRAGMENT;
    }
    if (has_body && s->shape.ended) {
        return is_citation(s) ? BACKSTOP_FORM_FRAGMENT : BACKSTOP_FORM_FULL;
    }
    return known < HEADER_FIELDS_ENOUGH ? BACKSTOP_FORM_FRAGMENT : BACKSTOP_FORM_HEADERS;
}

static void read_cited(clues *c, backstop_notice *notice)
{
    struct backstop_returned *r = &notice->returned;
    span values[CITED_FIELDS];
    address to;
    cited_read(c, values);
    span id = message_id_of(values[CITED_MESSAGE_ID]);
    /* Behind a summary stands the returned body, where anything can be written. */
    bool may_cite = c->block.quality != BLOCK_SUMMARY || !c->block.names_author;
    if (may_cite && r->message_id == NULL && id.len > 0 && id.ptr[0] == '<') {
        r->message_id = notice_keep_text(notice, id);
        r->message_id_is_cited = !lies_in(id, c->mdn_text);
    }
    if (r->subject == NULL) {
        r->subject = notice_keep_header_text(notice, values[CITED_SUBJECT]);
    }
    if (!r->has_date) {
        r->has_date = values[CITED_DATE].len > 0 && date_read(values[CITED_DATE], &r->date_sec);
    }
    if (r->to->len == 0 && address_first(values[CITED_TO], notice->store, &to) &&
        span_find_char(to.spec, '@') < to.spec.len) {
        g_ptr_array_add(r->to, (gpointer)notice_keep_text(notice, to.spec));
    }
    bool found = r->message_id != NULL || r->subject != NULL || r->has_date || r->to->len > 0;
    if ((found || c->returns_piece) && r->form == BACKSTOP_FORM_NONE) {
        r->form = BACKSTOP_FORM_FRAGMENT;
    }
}

/* The bytes of the header alone, from its first name to the end of its last line. */
static span header_text(const source *s)
{
    const char *start = field_at(s->fields, 0)->name.ptr;
    span last = field_at(s->fields, s->fields.count - 1)->value;
    const char *end = last.ptr + last.len;
    const char *limit = s->region.ptr + s->region.len;
    while (end < limit && (*end == ' ' || *end == '\t')) {
        end++;
    }
    return (span){ start, (size_t)(end - start) };
}

static span moved(span s, const char *from, const char *to)
{
    return (span){ to + (s.ptr - from), s.len };
}

/* They quote the text that they answer, and not its header. */
static bool is_reply(backstop_kind kind)
{
    return kind == BACKSTOP_KIND_AUTO_REPLY || kind == BACKSTOP_KIND_LIST_REPLY ||
           kind == BACKSTOP_KIND_CHALLENGE || kind == BACKSTOP_KIND_READ_RECEIPT;
}

/* Keeps the header for as long as the notice lives: the fields, and their bytes where these are not
 * the message's own. */
static void keep_header(const clues *c, const source *s, backstop_notice *notice,
                        returned_header *out)
{
    out->is_raw = !s->is_summary && !s->is_rebuilt && !s->is_unindented;
    out->is_complete = is_complete(s);
    out->is_cited = s->is_summary || (s->is_in_text && is_reply(notice->kind));
    out->has_body = may_have_body(s);
    if (s->fields.count == 0) {
        return;
    }
    g_array_append_vals(out->fields, field_at(s->fields, 0), s->fields.count);
    if (lies_in(s->region, c->message->input)) {
        out->text = s->region;
        out->body = s->body;
        return;
    }
    span text = header_text(s);
    const char *kept = g_string_chunk_insert_len(notice->store, text.ptr, (gssize)text.len);
    out->text = (span){ kept, text.len };
    for (unsigned i = 0; i < out->fields->len; i++) {
        header_field *f = &g_array_index(out->fields, header_field, i);
        f->name = moved(f->name, text.ptr, kept);
        f->value = moved(f->value, text.ptr, kept);
    }
}

static void free_source(source *s)
{
    if (s->trace != NULL) {
        g_array_free(s->trace, TRUE);
    }
    if (s->own_fields != NULL) {
        g_array_free(s->own_fields, TRUE);
    }
    if (s->buffer != NULL) {
        g_string_free(s->buffer, TRUE);
    }
}

/* More of them prove no more. */
enum { OTHERS_MAX = 3 };

static void read_others(clues *c, backstop_notice *notice)
{
    if (c->returned_parts < 2) {
        return;
    }
    notice->others = g_array_new(FALSE, FALSE, sizeof(returned_header));
    unsigned index = (unsigned)(c->returned_part - message_part(c->message, 0));
    while (notice->others->len < OTHERS_MAX && clues_next_returned(c->message, &index)) {
        source s = { .body = { NULL, 0 } };
        returned_header other = { .fields = g_array_new(FALSE, FALSE, sizeof(header_field)) };
        from_part(c, message_part(c->message, index), &s);
        read_trace(&s);
        keep_header(c, &s, notice, &other);
        g_array_append_val(notice->others, other);
        free_source(&s);
    }
    notice->has_more_others =
        notice->others->len == OTHERS_MAX && clues_next_returned(c->message, &index);
}

void returned_read(clues *c, backstop_notice *notice)
{
    source s = { .body = { "", 0 } };
    struct backstop_returned *r = &notice->returned;
    bool came_back = c->returned_part != NULL;
    if (came_back) {
        from_part(c, c->returned_part, &s);
    } else {
        came_back = from_text(c, &s);
    }
    if (came_back) {
        read_trace(&s);
        r->form = form_of(&s);
        read_fields(&s, notice);
        keep_header(c, &s, notice, &r->header);
        r->is_complete = r->header.is_complete;
        if (r->form != BACKSTOP_FORM_FULL) {
            r->header.body = (span){ NULL, 0 };
        }
        r->body = r->header.body;
        read_others(c, notice);
    }
    if (r->form == BACKSTOP_FORM_NONE || r->form == BACKSTOP_FORM_FRAGMENT) {
        read_cited(c, notice);
    }
    if (c->status.original_sender.len > 0) {
        notice->original_sender = notice_keep_text(notice, c->status.original_sender);
        r->sender = notice->original_sender;
    }
    free_source(&s);
}
