/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/subject.h"

#include "message/encoded_word.h"

#include <string.h>

/* "Re:" and "Fwd:" in the languages of the common mail programs, in normal form. */
static bool starts_as_answer(span subject)
{
    static const span prefixes[] = {
        SPAN_OF("re:"),   SPAN_OF("re :"),   SPAN_OF("re["),     SPAN_OF("fwd:"),
        SPAN_OF("fw:"),   SPAN_OF("aw:"),    SPAN_OF("wg:"),     SPAN_OF("tr:"),
        SPAN_OF("rv:"),   SPAN_OF("rif:"),   SPAN_OF("sv:"),     SPAN_OF("vs:"),
        SPAN_OF("vb:"),   SPAN_OF("antw:"),  SPAN_OF("doorst:"), SPAN_OF("odp:"),
        SPAN_OF("enc:"),  SPAN_OF("res:"),   SPAN_OF("i:"),      SPAN_OF("r:"),
        SPAN_OF("ynt:"),  SPAN_OF("ilt:"),   SPAN_OF("fwd "),    SPAN_OF("[fwd"),
        SPAN_OF("回复:"), SPAN_OF("回复："), SPAN_OF("转发:"),   SPAN_OF("转发："),
        SPAN_OF("答复:"), SPAN_OF("答复："),
    };
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (span_starts(subject, prefixes[i])) {
            return true;
        }
    }
    return false;
}

/* How long the marks are that gateways put before a subject: "[EXTERNAL] ", "***SPAM*** ". */
static unsigned skip_tags(span subject)
{
    size_t at = 0;
    while (at < subject.len && (subject.ptr[at] == '[' || subject.ptr[at] == '*')) {
        char close = subject.ptr[at] == '[' ? ']' : '*';
        size_t inner = at + 1;
        while (inner < subject.len && subject.ptr[inner] == '*') {
            inner++;
        }
        size_t n = inner + span_find_char(span_skip(subject, inner), close);
        while (n < subject.len && (subject.ptr[n] == close || subject.ptr[n] == ' ')) {
            n++;
        }
        if (n >= subject.len) {
            break;
        }
        at = n;
    }
    return (unsigned)at;
}

/* "Re: Lunch on Monday : not delivered (failure)": the words of failure stand at the end alone. */
static bool ends_as_failure(const clues *c)
{
    enum { ORIGINAL_SUBJECT_BYTES_MIN = 20, ENDING_BYTES_MAX = 8 };
    bool at_end = false;
    for (unsigned i = 0; i < c->hits->len; i++) {
        const phrase_hit *hit = &g_array_index(c->hits, phrase_hit, i);
        if (hit->class != PHRASE_SUBJECT || hit->value != BACKSTOP_KIND_FAILURE) {
            continue;
        }
        if (hit->start < ORIGINAL_SUBJECT_BYTES_MIN) {
            return false;
        }
        at_end = at_end || hit->end + ENDING_BYTES_MAX >= c->subject->len;
    }
    return at_end;
}

void subject_read(clues *c)
{
    encoded_word_decode(field_value(c->header, "Subject"), c->scratch);
    clues_match_text((span){ c->scratch->str, c->scratch->len }, c->normal, c->hits);
    g_string_append_len(c->subject, c->normal->text->str, (gssize)c->normal->text->len);
    c->subject_is_answer = starts_as_answer((span){ c->subject->str, c->subject->len });
    /* The foremost phrase, of those the longest: what follows is often the original's subject. */
    const phrase_hit *best = NULL;
    unsigned tag_len = skip_tags((span){ c->subject->str, c->subject->len });
    for (unsigned i = 0; i < c->hits->len; i++) {
        const phrase_hit *hit = &g_array_index(c->hits, phrase_hit, i);
        if (hit->class == PHRASE_SUBJECT &&
            (best == NULL || hit->start < best->start ||
             (hit->start == best->start && hit->weight > best->weight))) {
            best = hit;
        }
    }
    c->subject_ends_as_failure = c->subject_is_answer && ends_as_failure(c);
    c->subject_asks = c->subject->len > 0 && c->subject->str[c->subject->len - 1] == '?';
    if (best != NULL) {
        c->subject_kind = (backstop_kind)best->value;
        c->subject_is_of_other = best->value == BACKSTOP_KIND_NONE;
        c->subject_starts_with_phrase = best->start <= tag_len;
        size_t word_end = best->end - 1 + strcspn(c->subject->str + best->end - 1, " :");
        c->subject_is_label = best->start <= tag_len && c->subject->str[word_end] == ':';
    }
}
