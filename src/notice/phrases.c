/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/phrases.h"

#include "notice/phrases_table.h"

#include <string.h>

/* The widest gap between the two pieces of a phrase. */
enum { GAP_BYTES_MAX = 60 };

typedef struct opening {
    unsigned id;
    unsigned start;
    unsigned end;
} opening;

/* Openings seen lately: more than begin within GAP_BYTES_MAX of any real text. */
enum { OPENINGS_MAX = 32 };

typedef struct matcher {
    span text;
    GArray *hits;
    opening openings[OPENINGS_MAX]; /* a ring */
    unsigned opening_count;         /* met so far */
} matcher;

/* A gap ends with the paragraph ('\n' in normal text) and with the sentence. */
static bool is_one_sentence(span gap)
{
    for (size_t i = 0; i < gap.len; i++) {
        char c = gap.ptr[i];
        bool ends = (c == '.' || c == '!' || c == '?') && i + 1 < gap.len && gap.ptr[i + 1] == ' ';
        bool is_ordinal = c == '.' && i > 0 && ascii_is_digit(gap.ptr[i - 1]); /* "the 3. of" */
        if (c == '\n' || (ends && !is_ordinal)) {
            return false;
        }
    }
    return true;
}

static const opening *find_opening(const matcher *m, unsigned id, size_t before)
{
    unsigned kept = MIN(m->opening_count, OPENINGS_MAX);
    for (unsigned i = 0; i < kept; i++) {
        const opening *o = &m->openings[i];
        if (o->id == id && o->end <= before && before - o->end <= GAP_BYTES_MAX &&
            is_one_sentence((span){ m->text.ptr + o->end, before - o->end })) {
            return o;
        }
    }
    return NULL;
}

/* ASCII letters and digits, and the Latin letters from U+00C0 to U+024F (lead bytes C3 to C9). */
static bool word_goes_on(span text, size_t at)
{
    return at < text.len && (ascii_is_alnum(text.ptr[at]) || ((unsigned char)text.ptr[at] >= 0xC3 &&
                                                              (unsigned char)text.ptr[at] <= 0xC9));
}

static bool word_came_before(span text, size_t at)
{
    return at > 0 && (ascii_is_alnum(text.ptr[at - 1]) ||
                      (at > 1 && word_goes_on(text, at - 2) && (text.ptr[at - 2] & 0x80) != 0));
}

static void take_pattern(matcher *m, const phrases_pattern *pattern, size_t end)
{
    size_t start = end - pattern->len;
    if (pattern->whole_word && word_goes_on(m->text, end)) {
        return;
    }
    if (pattern->role == PATTERN_OPENS) {
        m->openings[m->opening_count % OPENINGS_MAX] =
            (opening){ pattern->id, (unsigned)start, (unsigned)end };
        m->opening_count++;
        return;
    }
    const phrases_entry *entry = &phrases_entries[pattern->id];
    unsigned last_start = (unsigned)start;
    if (entry->opening != 0) {
        const opening *first = find_opening(m, entry->opening, start);
        if (first == NULL) {
            return;
        }
        start = first->start;
    }
    phrase_hit hit = { (phrase_class)entry->class,
                       entry->value,
                       entry->weight,
                       (unsigned)start,
                       (unsigned)end,
                       last_start };
    g_array_append_val(m->hits, hit);
}

/* Children are few, and labels mostly differ early: loops are faster here than calls. */
static const phrases_node *find_child(const phrases_node *node, char byte)
{
    const uint8_t *first = &phrases_first_bytes[node->first_child];
    for (unsigned i = 0; i < node->child_count; i++) {
        if (first[i] == (unsigned char)byte) {
            return &phrases_nodes[node->first_child + i];
        }
    }
    return NULL;
}

static bool label_matches(const phrases_node *node, const char *at, const char *end)
{
    const uint8_t *label = &phrases_labels[node->label];
    if ((size_t)(end - at) < node->label_len) {
        return false;
    }
    /* Its first byte led here. */
    for (unsigned i = 1; i < node->label_len; i++) {
        if (label[i] != (unsigned char)at[i]) {
            return false;
        }
    }
    return true;
}

/* Walks the trie along the text from `start`: at most as far as the longest phrase. */
static void match_from(matcher *m, size_t start)
{
    const char *at = m->text.ptr + start;
    const char *end = m->text.ptr + m->text.len;
    const phrases_node *node = &phrases_nodes[phrases_roots[(unsigned char)*at]];
    while (node != NULL && label_matches(node, at, end)) {
        at += node->label_len;
        for (unsigned i = 0; i < node->pattern_count; i++) {
            take_pattern(m, &phrases_patterns[node->first_pattern + i], (size_t)(at - m->text.ptr));
        }
        node = at < end ? find_child(node, *at) : NULL;
    }
}

/* A phrase that begins with an ASCII letter or digit begins a word; others begin at any
 * character. */
static bool may_start_at(span text, size_t i)
{
    if (ascii_is_alnum(text.ptr[i])) {
        return !word_came_before(text, i);
    }
    return (text.ptr[i] & 0xC0) != 0x80;
}

/* Hits that can overlap stand close to each other in the list. */
enum { OVERLAP_MAX = 8 };

static bool lies_within(const phrase_hit *inner, const phrase_hit *outer)
{
    bool has_gap = outer->weight < outer->end - outer->start;
    return !has_gap && outer->start <= inner->last_start && outer->end >= inner->end &&
           outer->weight > inner->weight;
}

/* "host not found" inside "host not found, try again" says nothing: the longer phrase does. */
static void drop_contained(GArray *hits, unsigned first)
{
    unsigned kept = first;
    for (unsigned i = first; i < hits->len; i++) {
        const phrase_hit *hit = &g_array_index(hits, phrase_hit, i);
        bool contained = false;
        unsigned from = MAX(i, first + OVERLAP_MAX) - OVERLAP_MAX;
        for (unsigned k = from; k < hits->len && k <= i + OVERLAP_MAX && !contained; k++) {
            const phrase_hit *other = &g_array_index(hits, phrase_hit, k);
            contained = other->class == hit->class && lies_within(hit, other);
        }
        if (!contained) {
            g_array_index(hits, phrase_hit, kept++) = *hit;
        }
    }
    g_array_set_size(hits, kept);
}

static bool has_bit(const uint8_t *bits, unsigned hash)
{
    hash &= PHRASES_OPENER_MASK;
    return (bits[hash >> 3] >> (hash & 7) & 1) != 0;
}

static bool may_open(span text, size_t i)
{
    if (text.len - i < PHRASES_OPENER_BYTES) {
        return true;
    }
    const unsigned char *p = (const unsigned char *)text.ptr + i;
    unsigned hash = p[0];
    for (unsigned n = 1; n < PHRASES_OPENER_BYTES - 1; n++) {
        hash = hash * 31 + p[n];
        if (has_bit(phrases_short_openers, hash)) {
            return true;
        }
    }
    return has_bit(phrases_openers, hash * 31 + p[PHRASES_OPENER_BYTES - 1]);
}

void phrases_find(span normal, GArray *hits)
{
    matcher m;
    m.text = normal;
    m.hits = hits;
    m.opening_count = 0;
    unsigned first = hits->len;
    for (size_t i = 0; i < normal.len; i++) {
        bool has_root = phrases_roots[(unsigned char)normal.ptr[i]] != 0;
        if (has_root && may_start_at(normal, i) && may_open(normal, i)) {
            match_from(&m, i);
        }
    }
    drop_contained(hits, first);
}

unsigned phrases_first_at(const GArray *hits, unsigned offset)
{
    unsigned low = 0, high = hits->len;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (g_array_index(hits, phrase_hit, middle).last_start < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}
