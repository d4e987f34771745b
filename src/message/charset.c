/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Any charset to UTF-8. ASCII, UTF-8, Windows-1252, UTF-16 and the 7-bit encodings of East Asia
 * are read here: they are nearly all of the mail there is, or iconv is too strict with them (it
 * has no HZ, and gives up where a line of ISO-2022-JP was cut). charset_table.c reads what is
 * common of the other usual charsets, iconv the rest.
 */
#include "message/charset.h"

#include "message/charset_7bit.h"
#include "message/charset_guess.h"
#include "message/charset_table.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    /* Longer labels are junk. The longest real one is
       "Extended_UNIX_Code_Packed_Format_for_Japanese". */
    LABEL_BYTES = 48,
};

typedef enum decoder {
    DECODE_GUESS,
    DECODE_UTF8,
    DECODE_WINDOWS_1252,
    DECODE_ISO_2022,
    DECODE_HZ,
    DECODE_UTF16,
    DECODE_ICONV,
} decoder;

typedef struct charset {
    decoder decoder;
    bool is_ascii_compatible;
    char label[LABEL_BYTES]; /* iconv's name for it, or "LE" or "BE" for UTF-16 */
} charset;

typedef struct alias {
    const char *key; /* the label in lower case, letters and digits only; or a code page's number */
    decoder decoder;
    const char *label;
} alias;

/* Only what iconv does not know under that name, or what means more in mail than its name says:
 * senders label as gb2312, big5, euc-kr, shift_jis what is in their vendor's larger set. */
static const alias ALIASES[] = {
    { "utf8", DECODE_UTF8, "" },
    { "usascii", DECODE_GUESS, "" },
    { "ascii", DECODE_GUESS, "" },
    { "ansix341968", DECODE_GUESS, "" },
    { "unknown8bit", DECODE_GUESS, "" },
    { "20127", DECODE_GUESS, "" },
    { "latin1", DECODE_WINDOWS_1252, "" },
    { "l1", DECODE_WINDOWS_1252, "" },
    { "ansi", DECODE_WINDOWS_1252, "" },
    { "1252", DECODE_WINDOWS_1252, "" },
    { "28591", DECODE_WINDOWS_1252, "" },
    { "28599", DECODE_ICONV, "CP1254" },
    { "latin5", DECODE_ICONV, "CP1254" },
    { "utf8mb4", DECODE_UTF8, "" },
    { "unicode11utf8", DECODE_UTF8, "" },
    { "65001", DECODE_UTF8, "" },
    { "unicode11utf7", DECODE_ICONV, "UTF-7" },
    { "65000", DECODE_ICONV, "UTF-7" },
    { "utf16", DECODE_UTF16, "" },
    { "utf16le", DECODE_UTF16, "LE" },
    { "utf16be", DECODE_UTF16, "BE" },
    { "ucs2", DECODE_UTF16, "" },
    { "ucs4", DECODE_ICONV, "UTF-32" },
    { "ucs4le", DECODE_ICONV, "UTF-32LE" },
    { "ucs4be", DECODE_ICONV, "UTF-32BE" },
    { "csucs4", DECODE_ICONV, "UTF-32" },
    { "iso10646", DECODE_ICONV, "UTF-32" },
    { "iso10646ucs4", DECODE_ICONV, "UTF-32BE" },
    { "utf32", DECODE_ICONV, "UTF-32" },
    { "internal", DECODE_GUESS, "" }, /* these two are glibc's own, not for mail */
    { "wchart", DECODE_GUESS, "" },
    { "iso10646ucs2", DECODE_UTF16, "BE" },
    { "unicode", DECODE_UTF16, "" },
    { "1200", DECODE_UTF16, "LE" },
    { "1201", DECODE_UTF16, "BE" },
    { "jis", DECODE_ISO_2022, "" },
    { "jis7", DECODE_ISO_2022, "" },
    { "50220", DECODE_ISO_2022, "" },
    { "50221", DECODE_ISO_2022, "" },
    { "50222", DECODE_ISO_2022, "" },
    { "50225", DECODE_ISO_2022, "" },
    { "50227", DECODE_ISO_2022, "" },
    { "hz", DECODE_HZ, "" },
    { "hzgb2312", DECODE_HZ, "" },
    { "52936", DECODE_HZ, "" },
    { "shiftjis", DECODE_ICONV, "CP932" },
    { "sjis", DECODE_ICONV, "CP932" },
    { "mskanji", DECODE_ICONV, "CP932" },
    { "windows31j", DECODE_ICONV, "CP932" },
    { "943", DECODE_ICONV, "CP932" },
    { "eucjp", DECODE_ICONV, "EUC-JP-MS" },
    { "20932", DECODE_ICONV, "EUC-JP-MS" },
    { "51932", DECODE_ICONV, "EUC-JP-MS" },
    { "gb2312", DECODE_ICONV, "GB18030" },
    { "gb231280", DECODE_ICONV, "GB18030" },
    { "gbk", DECODE_ICONV, "GB18030" },
    { "euccn", DECODE_ICONV, "GB18030" },
    { "cngb", DECODE_ICONV, "GB18030" },
    { "gb", DECODE_ICONV, "GB18030" },
    { "936", DECODE_ICONV, "GB18030" },
    { "20936", DECODE_ICONV, "GB18030" },
    { "54936", DECODE_ICONV, "GB18030" },
    { "big5", DECODE_ICONV, "BIG5-HKSCS" },
    { "cnbig5", DECODE_ICONV, "BIG5-HKSCS" },
    { "950", DECODE_ICONV, "BIG5-HKSCS" },
    { "euckr", DECODE_ICONV, "CP949" },
    { "ksc5601", DECODE_ICONV, "CP949" },
    { "ksc56011987", DECODE_ICONV, "CP949" },
    { "ksc56011989", DECODE_ICONV, "CP949" },
    { "51949", DECODE_ICONV, "CP949" },
    { "874", DECODE_ICONV, "WINDOWS-874" },
    { "tis620", DECODE_ICONV, "WINDOWS-874" },
    { "20866", DECODE_ICONV, "KOI8-R" },
    { "koi8", DECODE_ICONV, "KOI8-R" },
    { "21866", DECODE_ICONV, "KOI8-U" },
    { "10000", DECODE_ICONV, "MACINTOSH" },
    { "macroman", DECODE_ICONV, "MACINTOSH" },
    { "10007", DECODE_ICONV, "MAC-CYRILLIC" },
    { "10029", DECODE_ICONV, "MAC-CENTRALEUROPE" },
    { "macce", DECODE_ICONV, "MAC-CENTRALEUROPE" },
};

/* Bytes 0x80 to 0x9F of Windows-1252; all others are their own code points. */
static const uint16_t WINDOWS_1252[32] = {
    0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178,
};

static void append_replacement(GString *out)
{
    g_string_append_len(out, "\xEF\xBF\xBD", 3);
}

/* How many bytes at the start of `s` are ASCII and not NUL. */
static size_t ascii_run(span s)
{
    const uint64_t ones = 0x0101010101010101U;
    size_t n = 0;
    for (; n + sizeof(uint64_t) <= s.len; n += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, s.ptr + n, sizeof word);
        /* The subtraction sets a high bit where a byte is zero. */
        if (((word | (word - ones)) & (ones << 7)) != 0) {
            break;
        }
    }
    while (n < s.len && (signed char)s.ptr[n] > 0) {
        n++;
    }
    return n;
}

/* The length of the UTF-8 character that `lead` begins, 0 if it cannot begin one. */
static size_t utf8_lead_len(char lead)
{
    unsigned char c = (unsigned char)lead;
    return c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
}

/* The length of the UTF-8 character at the start of `s`, or of the longest part of one that is
 * right so far (Unicode, 3.9, "maximal subpart"). `s` is not empty. */
static size_t utf8_char(span s, bool *is_valid)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t need = utf8_lead_len(s.ptr[0]);
    unsigned low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
    unsigned high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
    size_t n = 1;
    while (n < need && n < s.len && p[n] >= low && p[n] <= high) {
        low = 0x80;
        high = 0xBF;
        n++;
    }
    *is_valid = n == need && p[0] != 0;
    return n;
}

/* How many bytes at the start of `s` are valid UTF-8 without NUL. */
static size_t utf8_run(span s)
{
    size_t n = ascii_run(s);
    bool is_valid = true;
    while (n < s.len) {
        size_t len = utf8_char(span_skip(s, n), &is_valid);
        if (!is_valid) {
            break;
        }
        n += len;
        if (n < s.len && (signed char)s.ptr[n] > 0) {
            n += ascii_run(span_skip(s, n));
        }
    }
    return n;
}

void charset_scrub_utf8(span bytes, GString *out)
{
    while (bytes.len > 0) {
        size_t n = utf8_run(bytes);
        g_string_append_len(out, bytes.ptr, (gssize)n);
        bytes = span_skip(bytes, n);
        if (bytes.len > 0) {
            bool is_valid;
            n = utf8_char(bytes, &is_valid);
            append_replacement(out);
            bytes = span_skip(bytes, n);
        }
    }
}

static void append_utf8(span bytes, GString *out)
{
    span mark = SPAN("\xEF\xBB\xBF");
    charset_scrub_utf8(span_starts(bytes, mark) ? span_skip(bytes, mark.len) : bytes, out);
}

static void append_windows_1252(span bytes, GString *out)
{
    while (bytes.len > 0) {
        size_t n = ascii_run(bytes);
        g_string_append_len(out, bytes.ptr, (gssize)n);
        bytes = span_skip(bytes, n);
        if (bytes.len > 0) {
            unsigned char c = (unsigned char)bytes.ptr[0];
            unsigned code = c == 0 ? 0xFFFD : c < 0xA0 ? WINDOWS_1252[c - 0x80] : c;
            g_string_append_unichar(out, code);
            bytes = span_skip(bytes, 1);
        }
    }
}

static void append_iconv(GIConv converter, span bytes, GString *out)
{
    char buffer[4096];
    char *from = (char *)bytes.ptr;
    gsize from_left = bytes.len;
    while (from_left > 0) {
        char *to = buffer;
        gsize to_left = sizeof buffer;
        gsize result = g_iconv(converter, &from, &from_left, &to, &to_left);
        int error = errno;
        /* iconv may give NUL, and glibc's wider sets also more than Unicode has. */
        charset_scrub_utf8((span){ buffer, sizeof buffer - to_left }, out);
        if (result != (gsize)-1 || error == E2BIG) {
            continue;
        }
        append_replacement(out);
        if (error != EILSEQ) {
            break; /* EINVAL: a character cut off at the end. */
        }
        from++;
        from_left--;
    }
    /* Some converters hold a character back in case that an accent follows. */
    char *to = buffer;
    gsize to_left = sizeof buffer;
    g_iconv(converter, NULL, NULL, &to, &to_left);
    charset_scrub_utf8((span){ buffer, sizeof buffer - to_left }, out);
}

/* False, and nothing appended, if iconv does not know `name`. */
static bool append_named(const char *name, span bytes, GString *out)
{
    const charset_table *table = charset_table_find(name);
    if (table != NULL && charset_table_append(table, bytes, out)) {
        return true;
    }
    GIConv converter = g_iconv_open("UTF-8", name);
    if ((intptr_t)converter == -1) {
        return false;
    }
    append_iconv(converter, bytes, out);
    g_iconv_close(converter);
    return true;
}

/* By way of the 8-bit form of the same sets. */
static void append_seven_bit(decoder which, span bytes, GString *out)
{
    GString *eight_bit = g_string_sized_new(bytes.len + 1);
    const char *name = which == DECODE_HZ ? charset_7bit_raise_hz(bytes, eight_bit)
                                          : charset_7bit_raise_iso_2022(bytes, eight_bit);
    append_named(name, (span){ eight_bit->str, eight_bit->len }, out);
    g_string_free(eight_bit, TRUE);
}

/* Without a byte order mark: the order in which more of the high bytes are zero, as they are in
 * Latin text and its spaces; little endian, as Windows writes, if that does not tell. */
static bool is_big_endian(span bytes, const char *label)
{
    if (span_starts(bytes, SPAN("\xFE\xFF")) || span_starts(bytes, SPAN("\xFF\xFE"))) {
        return bytes.ptr[0] == '\xFE';
    }
    if (label[0] != '\0') {
        return label[0] == 'B';
    }
    size_t zeros[2] = { 0, 0 };
    for (size_t i = 0; i < bytes.len; i++) {
        zeros[i % 2] += bytes.ptr[i] == '\0';
    }
    return zeros[0] > zeros[1];
}

static void append_utf16(span bytes, const char *label, GString *out)
{
    size_t high_at = is_big_endian(bytes, label) ? 0 : 1;
    unsigned lead = 0; /* the first half of a surrogate pair, waiting for the second */
    for (size_t i = 0; i + 1 < bytes.len; i += 2) {
        unsigned unit = (unsigned)(unsigned char)bytes.ptr[i + high_at] << 8 |
                        (unsigned char)bytes.ptr[i + 1 - high_at];
        bool is_trail = unit >= 0xDC00 && unit <= 0xDFFF;
        if (lead != 0 && is_trail) {
            g_string_append_unichar(out, 0x10000 + ((lead - 0xD800) << 10) + (unit - 0xDC00));
            lead = 0;
            continue;
        }
        if (lead != 0) {
            append_replacement(out);
        }
        lead = unit >= 0xD800 && unit <= 0xDBFF ? unit : 0;
        if (lead == 0 && !(i == 0 && unit == 0xFEFF)) {
            g_string_append_unichar(out, is_trail || unit == 0 ? 0xFFFD : unit);
        }
    }
    if (lead != 0 || bytes.len % 2 != 0) {
        append_replacement(out);
    }
}

/* NUL bytes and a character cut off at the end, if it is not the only one, do not count. */
static bool is_utf8(span bytes)
{
    bool has_char = false;
    while (bytes.len > 0) {
        size_t n = utf8_run(bytes);
        has_char = has_char || ascii_run(bytes) < n;
        bytes = span_skip(bytes, n);
        if (bytes.len > 0 && bytes.ptr[0] != '\0') {
            bool is_valid;
            size_t left = utf8_char(bytes, &is_valid);
            return has_char && left == bytes.len && utf8_lead_len(bytes.ptr[0]) > left;
        }
        bytes = span_skip(bytes, 1);
    }
    return true;
}

/* The label in lower case, letters and digits only, up to what some mailers put behind it
 * ("utf-8; format=flowed", RFC 2231's "utf-8*en"). Empty if it is too long to be one. */
static void make_key(span label, char key[LABEL_BYTES])
{
    size_t len = 0;
    label = span_trim(label);
    for (size_t i = 0; i < label.len && len < LABEL_BYTES; i++) {
        char c = label.ptr[i];
        if (c == ';' || c == '*' || c == ',' || ascii_is_space(c)) {
            break;
        }
        if (ascii_is_alnum(c)) {
            key[len++] = ascii_lower(c);
        }
    }
    key[len < LABEL_BYTES ? len : 0] = '\0';
}

/* The same for iconv, which cares for the "-" in it. */
static void copy_label(span label, char name[LABEL_BYTES])
{
    size_t len = 0;
    for (size_t i = 0; i < label.len && len < LABEL_BYTES - 1; i++) {
        char c = label.ptr[i];
        if (ascii_is_alnum(c) || c == '-' || c == '_' || c == '.' || c == ':') {
            name[len++] = c;
        } else if (c != '"' && c != '\'' && (!ascii_is_space(c) || len > 0)) {
            break;
        }
    }
    name[len] = '\0';
}

static bool is_number(const char *s)
{
    return s[0] != '\0' && strspn(s, "0123456789") == strlen(s);
}

/* Without "x-" and, before a code page's number, without the vendor's name. */
static const char *strip_vendor(const char *key)
{
    static const char *const vendors[] = { "windows", "win", "cp", "ibm", "msdos", "ms", "dos" };
    const char *bare = key + strspn(key, "x");
    for (size_t i = 0; i < G_N_ELEMENTS(vendors); i++) {
        size_t len = strlen(vendors[i]);
        if (strncmp(bare, vendors[i], len) == 0 && is_number(bare + len)) {
            return bare + len;
        }
    }
    return bare;
}

static charset resolve_iso_8859(const char *part)
{
    size_t digits = strspn(part, "0123456789");
    charset result = { DECODE_ICONV, true, "" };
    if (digits == 1 && part[0] == '1') {
        result.decoder = DECODE_WINDOWS_1252;
    } else if (digits == 1 && part[0] == '9') {
        g_strlcpy(result.label, "CP1254", sizeof result.label);
    } else {
        snprintf(result.label, sizeof result.label, "ISO-8859-%.*s", (int)MIN(digits, 2), part);
    }
    return result;
}

static charset resolve(span label)
{
    char key[LABEL_BYTES];
    make_key(label, key);
    const char *bare = strip_vendor(key);
    charset result = { DECODE_GUESS, true, "" };
    if (bare[0] == '\0') {
        return result;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ALIASES); i++) {
        if (strcmp(bare, ALIASES[i].key) == 0) {
            result.decoder = ALIASES[i].decoder;
            g_strlcpy(result.label, ALIASES[i].label, sizeof result.label);
            result.is_ascii_compatible = result.decoder != DECODE_UTF16 &&
                                         result.decoder != DECODE_HZ &&
                                         strncmp(result.label, "UTF-", 4) != 0;
            return result;
        }
    }
    if (strncmp(bare, "iso8859", 7) == 0 || strncmp(bare, "8859", 4) == 0) {
        return resolve_iso_8859(bare + (bare[0] == 'i' ? 7 : 4));
    }
    result.decoder = DECODE_ICONV;
    if (strncmp(bare, "iso2022", 7) == 0) {
        result.decoder = DECODE_ISO_2022;
    } else if (is_number(bare) && strlen(bare) == 5 && strncmp(bare, "28", 2) == 0) {
        unsigned number; /* Windows has 28591 and on for ISO 8859 */
        span_read_number(span_from_string(bare), 5, &number);
        snprintf(result.label, sizeof result.label, "ISO-8859-%u", number - 28590);
    } else if (is_number(bare)) {
        snprintf(result.label, sizeof result.label, "CP%.*s", 6, bare);
    } else {
        copy_label(label, result.label);
        result.is_ascii_compatible = strncmp(bare, "utf", 3) != 0 && strncmp(bare, "ucs", 3) != 0 &&
                                     strncmp(bare, "iso10646", 8) != 0 &&
                                     strncmp(bare, "csucs", 5) != 0;
    }
    return result;
}

/* Text that is not ASCII, without a label that tells. The guessed labels are never ones to guess.
 */
static void append_guessed(span bytes, GString *out)
{
    if (charset_7bit_has_escapes(bytes)) {
        append_seven_bit(DECODE_ISO_2022, bytes, out);
        return;
    }
    if (is_utf8(bytes)) {
        append_utf8(bytes, out);
        return;
    }
    charset set = resolve(span_from_string(charset_guess_label(bytes)));
    if (set.decoder == DECODE_UTF8) {
        append_utf8(bytes, out);
    } else if (set.decoder != DECODE_ICONV || !append_named(set.label, bytes, out)) {
        append_windows_1252(bytes, out);
    }
}

/* 8-bit text that is labelled ISO-2022 is what the sender's system uses inside, and those who
 * mislabel so write Shift_JIS. */
static void append_iso_2022(span bytes, GString *out)
{
    if (charset_7bit_has_escapes(bytes) || ascii_run(bytes) == bytes.len) {
        append_seven_bit(DECODE_ISO_2022, bytes, out);
    } else if (is_utf8(bytes)) {
        append_utf8(bytes, out);
    } else if (!append_named("CP932", bytes, out)) {
        append_windows_1252(bytes, out);
    }
}

bool charset_is_plain(span bytes)
{
    return ascii_run(bytes) == bytes.len && span_find_char(bytes, '\x1b') == bytes.len;
}

void charset_to_utf8(span label, span bytes, GString *out)
{
    if (bytes.len == 0) {
        return;
    }
    charset set = resolve(label);
    if (set.is_ascii_compatible && ascii_run(bytes) == bytes.len) {
        /* Also where the label says otherwise: nothing else has such escapes. */
        if (charset_7bit_has_escapes(bytes)) {
            append_seven_bit(DECODE_ISO_2022, bytes, out);
        } else {
            g_string_append_len(out, bytes.ptr, (gssize)bytes.len);
        }
        return;
    }
    switch (set.decoder) {
    case DECODE_UTF8:
        append_utf8(bytes, out);
        break;
    case DECODE_WINDOWS_1252:
        append_windows_1252(bytes, out);
        break;
    case DECODE_ISO_2022:
        append_iso_2022(bytes, out);
        break;
    case DECODE_HZ:
        append_seven_bit(DECODE_HZ, bytes, out);
        break;
    case DECODE_UTF16:
        append_utf16(bytes, set.label, out);
        break;
    case DECODE_ICONV:
        if (append_named(set.label, bytes, out)) {
            break;
        }
        G_GNUC_FALLTHROUGH;
    case DECODE_GUESS:
        append_guessed(bytes, out);
        break;
    }
}
