/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * U-labels to A-labels. GLib's g_hostname_to_ascii() is of the older IDNA (RFC 3490), which makes
 * another domain of every name with an "ß": mail servers return the one that is registered.
 */
#include "message/idna.h"

#include "message/limits.h"

#include <string.h>

/* RFC 3492, 5. */
enum {
    PUNYCODE_BASE = 36,
    PUNYCODE_TMIN = 1,
    PUNYCODE_TMAX = 26,
    PUNYCODE_SKEW = 38,
    PUNYCODE_DAMP = 700,
    PUNYCODE_BIAS = 72,
    PUNYCODE_FIRST = 0x80,
};

enum { LABEL_BYTES_MAX = 63 }; /* RFC 1035, 2.3.4 */

static const gunichar ideographic_dot = 0x3002;

static char punycode_digit(unsigned value)
{
    return (char)(value < 26 ? 'a' + value : '0' + (value - 26));
}

/* RFC 3492, 6.1. */
static unsigned adapt_bias(unsigned delta, unsigned points, bool is_first)
{
    delta = is_first ? delta / PUNYCODE_DAMP : delta / 2;
    delta += delta / points;
    unsigned k = 0;
    while (delta > (PUNYCODE_BASE - PUNYCODE_TMIN) * PUNYCODE_TMAX / 2) {
        delta /= PUNYCODE_BASE - PUNYCODE_TMIN;
        k += PUNYCODE_BASE;
    }
    return k + (PUNYCODE_BASE - PUNYCODE_TMIN + 1) * delta / (delta + PUNYCODE_SKEW);
}

/* RFC 3492, 3.3: one number, its last digit below the threshold of its place. */
static void append_number(GString *out, unsigned number, unsigned bias)
{
    for (unsigned k = PUNYCODE_BASE;; k += PUNYCODE_BASE) {
        unsigned threshold = k <= bias ? PUNYCODE_TMIN : k - bias;
        threshold = CLAMP(threshold, PUNYCODE_TMIN, PUNYCODE_TMAX);
        if (number < threshold) {
            g_string_append_c(out, punycode_digit(number));
            return;
        }
        unsigned range = PUNYCODE_BASE - threshold;
        g_string_append_c(out, punycode_digit(threshold + (number - threshold) % range));
        number = (number - threshold) / range;
    }
}

static gunichar smallest_from(const gunichar *points, unsigned count, gunichar least)
{
    gunichar found = G_MAXUINT32;
    for (unsigned i = 0; i < count; i++) {
        if (points[i] >= least && points[i] < found) {
            found = points[i];
        }
    }
    return found;
}

/* RFC 3492, 6.3. A label has at most 63 points, so no number passes 63 * 0x110000. */
static void append_punycode(GString *out, const gunichar *points, unsigned count)
{
    unsigned done = 0;
    for (unsigned i = 0; i < count; i++) {
        if (points[i] < PUNYCODE_FIRST) {
            g_string_append_c(out, (char)points[i]);
            done++;
        }
    }
    unsigned basic = done;
    if (basic > 0) {
        g_string_append_c(out, '-');
    }
    gunichar next = PUNYCODE_FIRST;
    unsigned bias = PUNYCODE_BIAS;
    unsigned delta = 0;
    while (done < count) {
        gunichar least = smallest_from(points, count, next);
        delta += (least - next) * (done + 1);
        next = least;
        for (unsigned i = 0; i < count; i++) {
            if (points[i] < next) {
                delta++;
            } else if (points[i] == next) {
                append_number(out, delta, bias);
                bias = adapt_bias(delta, done + 1, done == basic);
                delta = 0;
                done++;
            }
        }
        delta++;
        next++;
    }
}

/* Letters, digits, hyphen, and the underscore of service names: what becomes another ASCII mark,
 * as a wide "@" does, must not pass as one. */
static bool is_label_character(gunichar c)
{
    return c >= 0x80 || ascii_is_alnum((char)c) || c == '-' || c == '_';
}

static bool append_label(GString *out, const gunichar *points, unsigned count)
{
    bool is_ascii = true;
    for (unsigned i = 0; i < count; i++) {
        if (!is_label_character(points[i])) {
            return false;
        }
        is_ascii = is_ascii && points[i] < 0x80;
    }
    size_t start = out->len;
    if (is_ascii) {
        for (unsigned i = 0; i < count; i++) {
            g_string_append_c(out, (char)points[i]);
        }
    } else if (count < LABEL_BYTES_MAX) {
        g_string_append(out, "xn--");
        append_punycode(out, points, count);
    } else {
        return false;
    }
    return out->len - start <= LABEL_BYTES_MAX;
}

/* The form that all spellings of the name share, as code points: compatibility forms and capitals
 * replaced. NULL if it is not UTF-8. */
static gunichar *map_name(span domain, glong *count)
{
    g_autofree char *shape = NULL;
    if (g_utf8_validate_len(domain.ptr, domain.len, NULL)) {
        shape = g_utf8_normalize(domain.ptr, (gssize)domain.len, G_NORMALIZE_NFKC);
    }
    if (shape == NULL) {
        return NULL;
    }
    g_autofree gunichar *points = g_utf8_to_ucs4_fast(shape, -1, count);
    for (glong i = 0; i < *count; i++) {
        points[i] = g_unichar_tolower(points[i]); /* unlike g_utf8_strdown(), in any locale */
    }
    g_autofree char *lower = g_ucs4_to_utf8(points, *count, NULL, NULL, NULL);
    g_autofree char *composed = g_utf8_normalize(lower, -1, G_NORMALIZE_NFC);
    return g_utf8_to_ucs4_fast(composed, -1, count);
}

bool idna_append(span domain, GString *out)
{
    glong count = 0;
    if (domain.len > LIMIT_ADDRESS_BYTES || memchr(domain.ptr, '\0', domain.len) != NULL) {
        return false;
    }
    g_autofree gunichar *points = map_name(domain, &count);
    if (points == NULL) {
        return false;
    }
    size_t start = out->len;
    glong label = 0;
    for (glong i = 0; i <= count; i++) {
        bool is_dot = i < count && (points[i] == '.' || points[i] == ideographic_dot);
        if (i < count && !is_dot) {
            continue;
        }
        if (!append_label(out, points + label, (unsigned)(i - label))) {
            g_string_truncate(out, start);
            return false;
        }
        if (is_dot) {
            g_string_append_c(out, '.');
        }
        label = i + 1;
    }
    return true;
}
