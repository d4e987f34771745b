/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/diagnose.h"

#include "message/address.h"
#include "message/charset.h"

/* A paragraph that says why seldom has more lines; transcripts of sessions have. */
enum { DIAGNOSIS_LINES_MAX = 40 };

/* How far before an address, and how far from there on, codes are looked for. */
enum { CODES_BEFORE_BYTES_MAX = 200, CODES_BYTES_MAX = 2000 };

/* A notice names a failed address three or four times. */
enum { MENTIONS_MAX = 20 };

static bool is_blank_line(const clues *c, unsigned line)
{
    return span_trim(normal_line_at(c->normal, line)->source).len == 0;
}

static unsigned normal_offset(const clues *c, unsigned line)
{
    return line < c->normal->lines->len ? normal_line_at(c->normal, line)->start
                                        : (unsigned)c->normal->text->len;
}

static bool is_indented(const clues *c, unsigned line)
{
    span source = normal_line_at(c->normal, line)->source;
    return source.len > 0 && (source.ptr[0] == ' ' || source.ptr[0] == '\t');
}

/* The first line behind mention `index` that speaks of another address: one that begins with it,
 * or, where this mention stands inside its own line (a transcript), any that names one. */
static unsigned next_entry_line(const clues *c, unsigned index, unsigned last_line)
{
    const normal_address *here = normal_address_at(c->normal, index);
    for (unsigned i = index + 1; i < c->normal->addresses->len; i++) {
        const normal_address *next = normal_address_at(c->normal, i);
        if (next->line > last_line) {
            break;
        }
        if ((next->is_first || !here->is_first) && next->line > here->line &&
            !address_equal(next->spec, here->spec)) {
            return next->line;
        }
    }
    return MIN(last_line + 1, c->normal->lines->len);
}

/* The end of the paragraph that starts with `line`. An address that stands alone on its line may
 * be followed by a blank line and then by what is said of it, indented. */
static unsigned paragraph_end(const clues *c, unsigned line, bool alone, unsigned limit)
{
    unsigned end = line + 1;
    if (alone && end < limit && is_blank_line(c, end)) {
        unsigned after = end;
        while (after < limit && is_blank_line(c, after)) {
            after++;
        }
        if (after < limit && is_indented(c, after)) {
            end = after;
        }
    }
    while (end < limit && end - line < DIAGNOSIS_LINES_MAX && !is_blank_line(c, end)) {
        end++;
    }
    return end;
}

static diagnosis diagnose_lines(const clues *c, unsigned index, bool whole_section)
{
    const normal_address *a = normal_address_at(c->normal, index);
    const normal_line *line = normal_line_at(c->normal, a->line);
    const char *line_end = line->source.ptr + line->source.len;
    const char *after = a->spec.ptr + a->spec.len;
    unsigned last_line = whole_section ? c->normal->lines->len : a->line + DIAGNOSIS_LINES_MAX;
    unsigned limit = next_entry_line(c, index, last_line);
    diagnosis d = { .first_line = a->line };
    d.end_line =
        whole_section ? limit : paragraph_end(c, a->line, a->is_first && a->is_last, limit);
    d.first_text = (span){ after, (size_t)(line_end - after) };
    const char *text_end = d.end_line < c->normal->lines->len
                               ? normal_line_at(c->normal, d.end_line)->source.ptr
                               : c->own_text.ptr + c->own_text.len;
    /* Codes may stand before the address on its line: "550 5.1.1 <user@host>... User unknown". */
    const char *from = a->spec.ptr - MIN(CODES_BEFORE_BYTES_MAX, a->spec.ptr - line->source.ptr);
    size_t len = MIN((size_t)(text_end - from), CODES_BYTES_MAX);
    d.codes = reason_find_codes((span){ from, len });
    unsigned start = normal_offset(c, a->line), end = normal_offset(c, d.end_line);
    d.reason = reason_from_hits(c->hits, PHRASE_REASON, start, end);
    d.hint = reason_from_hits(c->hits, PHRASE_HINT, start, end);
    return d;
}

diagnosis diagnose_mention(const clues *c, unsigned index)
{
    return diagnose_lines(c, index, false);
}

static unsigned weigh(const diagnosis *d)
{
    return (d->reason != BACKSTOP_REASON_NONE ? 2u : 0u) + (reason_has_codes(&d->codes) ? 1u : 0u);
}

diagnosis diagnose_address(const clues *c, span spec)
{
    diagnosis best = { .first_line = 0, .end_line = 0 };
    unsigned best_weight = 0;
    unsigned last = c->normal->addresses->len;
    unsigned mentions = 0;
    for (unsigned i = 0; i < c->normal->addresses->len && mentions < MENTIONS_MAX; i++) {
        if (!address_equal(normal_address_at(c->normal, i)->spec, spec)) {
            continue;
        }
        mentions++;
        diagnosis d = diagnose_mention(c, i);
        if (last == c->normal->addresses->len || weigh(&d) > best_weight) {
            best = d;
            best_weight = weigh(&d);
        }
        last = i;
    }
    if (best_weight == 0 && last < c->normal->addresses->len) {
        /* Some say why in a paragraph further down, before the next address. */
        diagnosis d = diagnose_lines(c, last, true);
        best = weigh(&d) > 0 ? d : best;
    }
    return best;
}

diagnosis diagnose_text(clues *c, span text)
{
    diagnosis d = { .codes = reason_find_codes(text) };
    g_string_truncate(c->scratch, 0);
    charset_scrub_utf8(text, c->scratch);
    clues_match_aside(c, (span){ c->scratch->str, c->scratch->len });
    unsigned end = (unsigned)c->aside->text->len;
    d.reason = reason_from_hits(c->aside_hits, PHRASE_REASON, 0, end);
    d.hint = reason_from_hits(c->aside_hits, PHRASE_HINT, 0, end);
    return d;
}
