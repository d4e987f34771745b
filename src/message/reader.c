/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The one pass over a message's bytes that finds its header fields and MIME parts (RFC 5322,
 * RFC 2045, RFC 2046). No recursion: open multiparts stand on a stack of LIMIT_DEPTH. Every line
 * is looked at once, bodies only where a line starts with "--", so time is linear in the input.
 */
#include "message/limits.h"
#include "message/message.h"

#include <string.h>

/* How much of the input decides which line ends it uses. */
enum { LINE_END_SAMPLE_BYTES = 4096 };

/* How many lines of a folded field may have lost their indentation, and how often in one header:
 * a Received or Content-Type field has no more lines, and each try looks through all names. */
enum { LOST_FOLDING_LINES_MAX = 8, LOST_FOLDING_RUNS_MAX = 64 };

typedef struct open_multipart {
    span boundary;
    unsigned part;
    bool adopt; /* no usable boundary was declared: the first "--" line gives it */
} open_multipart;

typedef struct reader {
    backstop_message *message;
    span rest;
    open_multipart open[LIMIT_DEPTH + 1];
    unsigned open_count;
    int current; /* the part that bytes belong to now */
    GString *scratch;
} reader;

char reader_line_end(span input)
{
    span sample = span_head(input, LINE_END_SAMPLE_BYTES);
    size_t lone_cr = 0, lf = 0;
    if (span_find_char(sample, '\r') == sample.len) {
        return '\n';
    }
    bool has_text = false, is_empty_line = true;
    for (size_t i = 0; i < sample.len; i++) {
        bool is_end = sample.ptr[i] == '\n' || sample.ptr[i] == '\r';
        has_text = has_text || !is_end;
        is_empty_line = is_empty_line && is_end;
        if (sample.ptr[i] == '\n') {
            /* What stands behind the header has line ends of its own. */
            if (is_empty_line && has_text) {
                break;
            }
            is_empty_line = true;
            lf++;
        } else if (sample.ptr[i] == '\r' && i + 1 < sample.len && sample.ptr[i + 1] != '\n' &&
                   sample.ptr[i + 1] != '\r') {
            lone_cr++;
        }
    }
    return lone_cr > lf ? '\r' : '\n';
}

bool reader_next_line(span *rest, char line_end, span *line)
{
    if (rest->len == 0) {
        return false;
    }
    size_t n = span_find_char(*rest, line_end);
    *line = span_head(*rest, n);
    *rest = span_skip(*rest, n + 1);
    while (line->len > 0 && line->ptr[line->len - 1] == '\r') {
        line->len--;
    }
    return true;
}

static bool is_blank(span line)
{
    return span_trim(line).len == 0;
}

/* Takes in the continuation lines of a field (RFC 5322, 2.2.3). A line of white space alone ends
 * the header for the servers that wrote it, so it is not taken for a continuation. */
static void extend_over_folding(span *rest, char line_end, span *value)
{
    while (rest->len > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t')) {
        span ahead = *rest, line;
        reader_next_line(&ahead, line_end, &line);
        if (is_blank(line)) {
            return;
        }
        value->len = (size_t)(line.ptr + line.len - value->ptr);
        *rest = ahead;
    }
}

static bool starts_field_after(span rest, char line_end)
{
    span line;
    size_t name_len;
    return reader_next_line(&rest, line_end, &line) && field_starts_line(line, &name_len);
}

static bool is_boundary_shape(span line)
{
    return line.len > 2 && line.ptr[0] == '-' && line.ptr[1] == '-';
}

/* Takes in continuation lines that lost their indentation, as web forms and some archives hand on
 * headers. They show in a usual field that follows and that this block does not hold yet: text
 * under a header without a blank line may cite another header, but then repeats its names. */
static bool extend_over_lost_folding(span *rest, char line_end, field_block block, span *value)
{
    span ahead = *rest, line;
    const char *end = value->ptr + value->len;
    for (unsigned n = 0; n <= LOST_FOLDING_LINES_MAX; n++) {
        span before = ahead;
        size_t name_len;
        if (!reader_next_line(&ahead, line_end, &line) || is_blank(line) ||
            field_is_from_line(line) || is_boundary_shape(line)) {
            return false;
        }
        field_usage usage = field_starts_line(line, &name_len)
                                ? field_usage_of(span_head(line, name_len))
                                : USAGE_OTHER;
        if (usage == USAGE_OFTEN ||
            (usage == USAGE_ONCE && field_find(block, span_head(line, name_len), 0) == NULL)) {
            value->len = (size_t)(end - value->ptr);
            *rest = before;
            return true;
        }
        end = line.ptr + line.len;
    }
    return false;
}

/* Passes the line at `*rest`, which is no field: false if the header ends before it. */
static bool pass_junk(span *rest, char line_end, field_block block, unsigned *lost_runs,
                      header_shape *shape)
{
    span ahead = *rest, line;
    reader_next_line(&ahead, line_end, &line);
    if (field_is_from_line(line)) {
        *rest = ahead;
        return true;
    }
    if (is_boundary_shape(line)) {
        return false;
    }
    if (block.count > 0 && *lost_runs < LOST_FOLDING_RUNS_MAX) {
        header_field *last =
            &g_array_index(block.fields, header_field, block.first + block.count - 1);
        ++*lost_runs;
        if (extend_over_lost_folding(rest, line_end, block, &last->value)) {
            shape->has_junk = true;
            return true;
        }
    }
    if (!starts_field_after(ahead, line_end)) {
        return false;
    }
    *rest = ahead;
    shape->has_junk = true;
    return true;
}

unsigned reader_header_block(span *rest, char line_end, GArray *fields, unsigned max_fields,
                             header_shape *shape)
{
    field_block block = { fields, fields->len, 0 };
    unsigned lost_runs = 0;
    span line, before = *rest;
    *shape = (header_shape){ false, false, false };
    for (; reader_next_line(rest, line_end, &line); before = *rest) {
        size_t name_len;
        if (field_starts_line(line, &name_len)) {
            size_t colon = name_len;
            while (line.ptr[colon] != ':') {
                colon++;
            }
            header_field f = { span_head(line, name_len), span_skip(line, colon + 1) };
            extend_over_folding(rest, line_end, &f.value);
            f.value = span_trim(f.value);
            if (block.count < max_fields) {
                g_array_append_val(fields, f);
                block.count++;
            } else {
                shape->is_cut = true;
            }
            continue;
        }
        if (is_blank(line)) {
            shape->ended = true;
            break;
        }
        *rest = before;
        if (!pass_junk(rest, line_end, block, &lost_runs, shape)) {
            break;
        }
    }
    return block.count;
}

/* The line end before `at` belongs to the boundary that starts there (RFC 2046, 5.1.1). */
static const char *before_line_end(const char *start, const char *at, char line_end)
{
    if (at > start && at[-1] == line_end) {
        at--;
    }
    while (line_end == '\n' && at > start && at[-1] == '\r') {
        at--;
    }
    return at;
}

static void close_parts(reader *r, int first, int until, const char *end)
{
    for (int i = first; i != until && i != PART_NONE;) {
        part *p = &g_array_index(r->message->parts, part, (unsigned)i);
        const char *body_end = before_line_end(p->body.ptr, end, r->message->line_end);
        p->body.len = body_end > p->body.ptr ? (size_t)(body_end - p->body.ptr) : 0;
        i = p->parent;
    }
}

/* For a part that should be a multipart but names no boundary that is there: whether this line
 * can be one, which shows in a MIME field or the blank line right after it. */
static bool can_be_adopted(span line, span rest, char line_end)
{
    span next;
    return is_boundary_shape(line) && line.len <= LIMIT_BOUNDARY_BYTES + 2 && line.ptr[2] != '-' &&
           line.ptr[2] != ' ' && reader_next_line(&rest, line_end, &next) &&
           span_starts_nocase(next, SPAN("content-"));
}

/* The open multipart whose boundary `line` is, innermost first; -1 if none. */
static int match_boundary(reader *r, span line, bool *is_last)
{
    span text = span_skip(line, 2);
    while (text.len > 0 &&
           (ascii_is_space(text.ptr[text.len - 1]) || text.ptr[text.len - 1] == 0)) {
        text.len--;
    }
    for (int i = (int)r->open_count - 1; i >= 0; i--) {
        open_multipart *m = &r->open[i];
        if (m->adopt && can_be_adopted(line, r->rest, r->message->line_end)) {
            m->boundary = text;
            m->adopt = false;
        }
        if (m->boundary.len == 0 || !span_starts(text, m->boundary)) {
            continue;
        }
        span tail = span_skip(text, m->boundary.len);
        *is_last = tail.len == 2 && tail.ptr[0] == '-' && tail.ptr[1] == '-';
        if (tail.len == 0 || *is_last) {
            return i;
        }
    }
    return -1;
}

/* Reads the parameters of a part whose header has just been read. */
static void settle_type(part *p)
{
    span content_type = field_value(p->fields, "Content-Type");
    p->type = media_type_read(content_type);
    p->encoding = transfer_encoding_read(field_value(p->fields, "Content-Transfer-Encoding"));
}

static bool names_boundary_that_is_there(reader *r, const part *p, span boundary)
{
    if (boundary.len == 0 || boundary.len > LIMIT_BOUNDARY_BYTES) {
        return false;
    }
    /* Looked for in the outermost message only: once over the input, never once a level. */
    return p->parent != PART_NONE || memmem(r->rest.ptr, r->rest.len, boundary.ptr, boundary.len);
}

static void open_boundary(reader *r, unsigned index, span lost_boundary)
{
    part *p = &g_array_index(r->message->parts, part, index);
    g_string_truncate(r->scratch, 0);
    param_read(field_value(p->fields, "Content-Type"), "boundary", r->scratch);
    span found = span_trim((span){ r->scratch->str, r->scratch->len });
    open_multipart *m = &r->open[r->open_count++];
    *m = (open_multipart){ .part = index, .boundary = lost_boundary };
    if (lost_boundary.len > 0) {
        p->has_parts = true;
        return;
    }
    if (names_boundary_that_is_there(r, p, found)) {
        m->boundary =
            (span){ g_string_chunk_insert_len(r->message->store, found.ptr, (gssize)found.len),
                    found.len };
    } else {
        m->adopt = true;
    }
    p->has_parts = true;
}

static unsigned fields_left(const backstop_message *message)
{
    unsigned left = message->fields->len < LIMIT_FIELDS ? LIMIT_FIELDS - message->fields->len : 0;
    return left < LIMIT_FIELDS_PER_BLOCK ? left : LIMIT_FIELDS_PER_BLOCK;
}

static bool may_hold_parts(const reader *r, const part *p)
{
    return p->depth < LIMIT_DEPTH && r->open_count < LIMIT_DEPTH && p->encoding != TRANSFER_BASE64;
}

/* Blank lines and "From " lines stand above the header of some returned messages. */
static void skip_to_header(reader *r)
{
    for (;;) {
        span ahead = r->rest, line;
        if (!reader_next_line(&ahead, r->message->line_end, &line) ||
            !(is_blank(line) || field_is_from_line(line))) {
            return;
        }
        r->rest = ahead;
    }
}

static bool is_message_type(const part *p)
{
    return media_type_is(p->type, "message", "rfc822") ||
           media_type_is(p->type, "message", "global");
}

/* Where a message says nothing of its type, its body may still be a multipart whose header was
 * lost. Its first boundary then follows a short preamble at most: one further down belongs to
 * something that the text cites. */
enum { LOST_PREAMBLE_BYTES_MAX = 300 };

static span find_lost_boundary(const reader *r)
{
    span rest = r->rest, line;
    while ((size_t)(rest.ptr - r->rest.ptr) < LOST_PREAMBLE_BYTES_MAX &&
           reader_next_line(&rest, r->message->line_end, &line)) {
        if (can_be_adopted(line, rest, r->message->line_end)) {
            return span_trim(span_skip(line, 2));
        }
    }
    return (span){ "", 0 };
}

/* The header of one part up to a boundary of an open multipart, which it must not run over. */
static span header_limit(reader *r)
{
    span scan = r->rest, line;
    span limit = r->rest;
    if (r->open_count == 0) {
        return limit;
    }
    const char *start = scan.ptr;
    while (reader_next_line(&scan, r->message->line_end, &line) && !is_blank(line)) {
        bool is_last;
        if (is_boundary_shape(line) && match_boundary(r, line, &is_last) >= 0) {
            return (span){ start, (size_t)(line.ptr - start) };
        }
    }
    return limit;
}

static bool parent_is_digest(const reader *r, int parent)
{
    return parent != PART_NONE &&
           media_type_is(message_part(r->message, (unsigned)parent)->type, "multipart", "digest");
}

/* Reads the header at r->rest as a new part. True if that part is a message whose own header
 * comes next. */
static bool begin_part(reader *r, int parent)
{
    backstop_message *m = r->message;
    if (m->parts->len >= LIMIT_PARTS) {
        m->cut = true;
        return false;
    }
    part p = { .parent = parent };
    p.depth = parent == PART_NONE ? 0 : message_part(m, (unsigned)parent)->depth + 1;
    bool is_message = parent == PART_NONE || is_message_type(message_part(m, (unsigned)parent));
    if (is_message) {
        skip_to_header(r);
    }
    span header = header_limit(r), left = header;
    p.fields = (field_block){ m->fields, m->fields->len, 0 };
    p.fields.count = reader_header_block(&left, m->line_end, m->fields, fields_left(m), &p.header);
    m->cut = m->cut || p.header.is_cut;
    r->rest = span_skip(r->rest, header.len - left.len);
    p.body = (span){ r->rest.ptr, 0 };
    settle_type(&p);
    if (p.type.type.len == 0 && parent_is_digest(r, parent)) {
        p.type = (media_type){ SPAN("message"), SPAN("rfc822") };
    }
    unsigned index = m->parts->len;
    r->current = (int)index;
    g_array_append_val(m->parts, p);
    span lost = { "", 0 };
    if (parent == PART_NONE && p.type.type.len == 0) {
        lost = find_lost_boundary(r);
    }
    bool holds_parts =
        span_equal_nocase(p.type.type, SPAN("multipart")) || is_message_type(&p) || lost.len > 0;
    bool has_room = m->parts->len < LIMIT_PARTS && may_hold_parts(r, &p);
    if (holds_parts && !has_room) {
        m->cut = m->cut || p.encoding != TRANSFER_BASE64;
        return false;
    }
    if (is_message_type(&p)) {
        g_array_index(m->parts, part, index).has_parts = true;
        return true;
    }
    if (holds_parts) {
        open_boundary(r, index, lost);
    }
    return false;
}

static void begin_parts(reader *r, int parent)
{
    while (begin_part(r, parent)) {
        parent = r->current;
    }
}

/* Moves to the next line that starts with "--"; false if there is none. */
static bool find_dashes(reader *r, bool at_line_start)
{
    if (at_line_start && r->rest.len >= 2 && memcmp(r->rest.ptr, "--", 2) == 0) {
        return true;
    }
    /* From line to line: memchr() is several times faster than memmem(). */
    span rest = r->rest;
    do {
        rest = span_skip(rest, span_find_char(rest, r->message->line_end) + 1);
        if (rest.len < 2) {
            return false;
        }
    } while (rest.ptr[0] != '-' || rest.ptr[1] != '-');
    r->rest = rest;
    return true;
}

/* Closes the open multiparts from `level` on. One that found no boundary is text after all. */
static void close_multiparts(reader *r, unsigned level)
{
    const GArray *parts = r->message->parts;
    for (unsigned i = level; i < r->open_count; i++) {
        unsigned index = r->open[i].part;
        if (index + 1 >= parts->len || g_array_index(parts, part, index + 1).parent != (int)index) {
            g_array_index(parts, part, index).has_parts = false;
        }
    }
    r->open_count = level;
}

static void read_bodies(reader *r)
{
    bool at_line_start = true;
    while (r->open_count > 0 && find_dashes(r, at_line_start)) {
        const char *line_start = r->rest.ptr;
        span line;
        bool is_last;
        reader_next_line(&r->rest, r->message->line_end, &line);
        at_line_start = true;
        int level = match_boundary(r, line, &is_last);
        if (level < 0) {
            continue;
        }
        unsigned owner = r->open[level].part;
        close_parts(r, r->current, (int)owner, line_start);
        close_multiparts(r, (unsigned)level + (is_last ? 0 : 1));
        r->current = (int)owner;
        if (!is_last) {
            begin_parts(r, (int)owner);
        }
    }
}

void reader_run(backstop_message *message)
{
    reader r = { .message = message, .rest = message->input, .current = PART_NONE };
    r.scratch = g_string_sized_new(LIMIT_BOUNDARY_BYTES);
    message->line_end = reader_line_end(message->input);
    begin_parts(&r, PART_NONE);
    read_bodies(&r);
    close_multiparts(&r, 0);
    const char *end = message->input.ptr + message->input.len;
    for (int i = r.current; i != PART_NONE;) {
        part *p = &g_array_index(message->parts, part, (unsigned)i);
        p->body.len = (size_t)(end - p->body.ptr);
        i = p->parent;
    }
    g_string_free(r.scratch, TRUE);
}
