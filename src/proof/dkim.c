/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Canonicalisation (RFC 6376, 3.4) straight into SHA-256, and the choice of the fields to hash.
 *
 * What comes back went through strangers' stores, so line ends are not what they were on the wire:
 * CRLF, LF, CR, and CRs in front of a CRLF each count as one. Where folding lost its indentation,
 * the line end itself is the white space of relaxed canonicalisation.
 */
#include "proof/dkim.h"

#include "proof/dkim_tags.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>

/* SHA-256 over bytes that come one by one. */
typedef struct hasher {
    EVP_MD_CTX *context; /* NULL once something failed */
    size_t used;
    char buffer[2048];
} hasher;

static void hasher_start(hasher *h)
{
    h->used = 0;
    h->context = EVP_MD_CTX_new();
    if (h->context != NULL && EVP_DigestInit_ex(h->context, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(h->context);
        h->context = NULL;
    }
}

static void hasher_flush(hasher *h)
{
    if (h->context != NULL && EVP_DigestUpdate(h->context, h->buffer, h->used) != 1) {
        EVP_MD_CTX_free(h->context);
        h->context = NULL;
    }
    h->used = 0;
}

static inline void hash_char(hasher *h, char c)
{
    if (h->used == sizeof h->buffer) {
        hasher_flush(h);
    }
    h->buffer[h->used++] = c;
}

static bool hasher_finish(hasher *h, unsigned char hash[DKIM_HASH_BYTES])
{
    hasher_flush(h);
    bool works = h->context != NULL && EVP_DigestFinal_ex(h->context, hash, NULL) == 1;
    EVP_MD_CTX_free(h->context);
    return works;
}

static inline bool is_wsp(char c)
{
    return c == ' ' || c == '\t';
}

static inline bool is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

/* How many line ends stand at the start of `s`, and how many bytes they take: one for CRs before an
 * LF; else one for each CR. A whole run at once, for else many CRs would be looked at many times.
 */
static size_t count_line_ends(span s, size_t *len)
{
    size_t n = 0;
    while (n < s.len && s.ptr[n] == '\r') {
        n++;
    }
    bool has_lf = n < s.len && s.ptr[n] == '\n';
    *len = has_lf ? n + 1 : n;
    return has_lf ? 1 : n;
}

static void hash_line_ends(hasher *h, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hash_char(h, '\r');
        hash_char(h, '\n');
    }
}

/* The bytes of one field, in three runs that follow each other. */
typedef struct raw_field {
    span name;
    span colon;   /* with white space before it */
    span value;   /* from there to the line's end: white space around it, folding, and b= */
    span emptied; /* the part of the value that is taken for empty: that of b= */
} raw_field;

static bool lies_in(span inner, const char *start, const char *end)
{
    /* As numbers, for nothing vouches for where a caller's spans point. */
    uintptr_t from = (uintptr_t)inner.ptr;
    return from >= (uintptr_t)start && from <= (uintptr_t)end && inner.len <= (uintptr_t)end - from;
}

/* Finds the raw bytes of a field, whose value was trimmed when it was read. False if the field does
 * not lie in `text` as it must. */
static bool find_raw(const header_field *f, span text, raw_field *out)
{
    const char *end = text.ptr + text.len;
    if (!lies_in(f->name, text.ptr, end)) {
        return false;
    }
    const char *colon = f->name.ptr + f->name.len, *start = colon;
    while (colon < end && is_wsp(*colon)) {
        colon++;
    }
    if (colon == end || *colon != ':') {
        return false;
    }
    colon++;
    const char *stop = colon;
    if (f->value.len > 0) {
        if (!lies_in(f->value, colon, end)) {
            return false;
        }
        stop = f->value.ptr + f->value.len;
    }
    while (stop < end && (is_wsp(*stop) || *stop == '\0')) {
        stop++;
    }
    out->name = f->name;
    out->colon = (span){ start, (size_t)(colon - start) };
    out->value = (span){ colon, (size_t)(stop - colon) };
    out->emptied = (span){ stop, 0 };
    return true;
}

static void hash_simple(hasher *h, span s)
{
    for (size_t i = 0; i < s.len;) {
        if (is_line_end(s.ptr[i])) {
            size_t len;
            hash_line_ends(h, count_line_ends(span_skip(s, i), &len));
            i += len;
        } else {
            hash_char(h, s.ptr[i++]);
        }
    }
}

/* How far relaxed canonicalisation has come in one field. */
typedef struct relaxed_state {
    bool has_begun;
    bool space_waits;
} relaxed_state;

static void hash_relaxed(hasher *h, span s, relaxed_state *state)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (is_wsp(c) || is_line_end(c)) {
            state->space_waits = state->has_begun;
            continue;
        }
        if (state->space_waits) {
            hash_char(h, ' ');
        }
        hash_char(h, c);
        *state = (relaxed_state){ .has_begun = true };
    }
}

/* Without the line end behind it. */
static void hash_field(hasher *h, const raw_field *f, bool is_relaxed)
{
    const char *emptied_end = f->emptied.ptr + f->emptied.len;
    span before = { f->value.ptr, (size_t)(f->emptied.ptr - f->value.ptr) };
    span after = { emptied_end, (size_t)(f->value.ptr + f->value.len - emptied_end) };
    if (!is_relaxed) {
        hash_simple(h, f->name);
        hash_simple(h, f->colon);
        hash_simple(h, before);
        hash_simple(h, after);
        return;
    }
    for (size_t i = 0; i < f->name.len; i++) {
        hash_char(h, ascii_lower(f->name.ptr[i]));
    }
    hash_char(h, ':');
    relaxed_state state = { false, false };
    hash_relaxed(h, before, &state);
    hash_relaxed(h, after, &state);
}

/* One of the different names in h=. */
typedef struct wanted_name {
    span name;
    unsigned mentions; /* in h= */
    unsigned first;    /* place of its fields in `found` */
    unsigned found;
    unsigned used;
} wanted_name;

/* The signed fields: for each name, those counted from the bottom of the header. */
typedef struct selection {
    wanted_name names[DKIM_SIGNED_NAMES_MAX];
    size_t name_count;
    const header_field *found[DKIM_SIGNED_NAMES_MAX];
} selection;

/* Any order will do; the length tells most names apart. */
static int compare_names(const void *a, const void *b)
{
    span one = ((const wanted_name *)a)->name, two = ((const wanted_name *)b)->name;
    if (one.len != two.len) {
        return one.len < two.len ? -1 : 1;
    }
    for (size_t i = 0; i < one.len; i++) {
        char c = ascii_lower(one.ptr[i]), d = ascii_lower(two.ptr[i]);
        if (c != d) {
            return c < d ? -1 : 1;
        }
    }
    return 0;
}

static wanted_name *find_name(selection *s, span name)
{
    wanted_name key = { .name = name };
    return bsearch(&key, s->names, s->name_count, sizeof key, compare_names);
}

/* Sorts the names of h= and joins equal ones, so that every field is looked up in a few steps. */
static void collect_names(selection *s, span signed_names)
{
    span name;
    size_t count = 0;
    while (count < DKIM_SIGNED_NAMES_MAX && dkim_list_next(&signed_names, &name)) {
        s->names[count++] = (wanted_name){ .name = name, .mentions = 1 };
    }
    qsort(s->names, count, sizeof s->names[0], compare_names);
    s->name_count = 0;
    for (size_t i = 0; i < count; i++) {
        wanted_name *last = s->name_count > 0 ? &s->names[s->name_count - 1] : NULL;
        if (last != NULL && compare_names(last, &s->names[i]) == 0) {
            last->mentions++;
        } else {
            s->names[i].first = (unsigned)i;
            s->names[s->name_count++] = s->names[i];
        }
    }
}

static void collect_fields(selection *s, field_block header, unsigned own_index)
{
    for (unsigned i = header.count; i > 0; i--) {
        const header_field *f = field_at(header, i - 1);
        wanted_name *name = i - 1 == own_index ? NULL : find_name(s, f->name);
        if (name != NULL && name->found < name->mentions) {
            s->found[name->first + name->found++] = f;
        }
    }
}

/* RFC 6376, 3.7: the fields in the order of h=. A name that is mentioned more often than there are
 * fields says that there is no other, and adds nothing. */
static bool hash_signed_fields(hasher *h, const dkim_signature *s, field_block header,
                               unsigned own_index, span text)
{
    selection chosen;
    span rest = s->signed_names, name;
    collect_names(&chosen, s->signed_names);
    collect_fields(&chosen, header, own_index);
    while (dkim_list_next(&rest, &name)) {
        wanted_name *wanted = find_name(&chosen, name);
        raw_field raw;
        if (wanted == NULL || wanted->used == wanted->found) {
            continue;
        }
        if (!find_raw(chosen.found[wanted->first + wanted->used++], text, &raw)) {
            return false;
        }
        hash_field(h, &raw, s->header_is_relaxed);
        hash_line_ends(h, 1);
    }
    return true;
}

/* The signature's own field: with b= emptied, the white space around its value included. */
static bool hash_own_field(hasher *h, const dkim_signature *s, const header_field *own, span text)
{
    raw_field raw;
    if (!find_raw(own, text, &raw) ||
        !lies_in(s->data_text, raw.value.ptr, raw.value.ptr + raw.value.len)) {
        return false;
    }
    const char *end = own->value.ptr + own->value.len;
    raw.emptied = s->data_text;
    if (s->data_text.ptr + s->data_text.len == end) {
        raw.emptied.len = (size_t)(raw.value.ptr + raw.value.len - s->data_text.ptr);
    }
    hash_field(h, &raw, s->header_is_relaxed);
    return true;
}

bool dkim_verify_header(const dkim_signature *s, const dkim_key *k, field_block header,
                        unsigned index, span text)
{
    unsigned char hash[DKIM_HASH_BYTES];
    hasher h;
    if (s->algorithm != dkim_key_algorithm(k) || index >= header.count ||
        (dkim_key_is_strict(k) && dkim_signature_is_below(s))) {
        return false;
    }
    hasher_start(&h);
    bool has_all = hash_signed_fields(&h, s, header, index, text) &&
                   hash_own_field(&h, s, field_at(header, index), text);
    bool works = hasher_finish(&h, hash);
    return has_all && works && dkim_key_verify(k, hash, s->data, s->data_len);
}

/* RFC 6376, 3.4.3 and 3.4.4. Blank lines at the end count for nothing; the last line that is left
 * ends in CRLF, and a simple body is that at least. */
static void hash_body(hasher *h, span body, bool is_relaxed)
{
    size_t line_ends_wait = 0;
    bool space_waits = false, has_begun = false;
    for (size_t i = 0; i < body.len;) {
        char c = body.ptr[i];
        if (is_line_end(c)) {
            size_t len;
            line_ends_wait += count_line_ends(span_skip(body, i), &len);
            space_waits = false;
            i += len;
            continue;
        }
        i++;
        if (is_relaxed && is_wsp(c)) {
            space_waits = true;
            continue;
        }
        hash_line_ends(h, line_ends_wait);
        if (space_waits) {
            hash_char(h, ' ');
        }
        hash_char(h, c);
        has_begun = true;
        space_waits = false;
        line_ends_wait = 0;
    }
    hash_line_ends(h, has_begun || !is_relaxed ? 1 : 0);
}

bool dkim_verify_body(const dkim_signature *s, span body)
{
    unsigned char hash[DKIM_HASH_BYTES];
    hasher h;
    hasher_start(&h);
    hash_body(&h, body, s->body_is_relaxed);
    return hasher_finish(&h, hash) && memcmp(hash, s->body_hash, sizeof hash) == 0;
}
