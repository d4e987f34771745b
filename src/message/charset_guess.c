/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which charset unlabelled 8-bit text is in: that in which it takes the fewest bits to describe.
 * A character that makes up one part in 2^n of the text in its language costs n bits, and what
 * hardly occurs there (a capital after a small letter, a sign within a word, an undefined byte)
 * costs more. So all charsets are on one scale, and a short text that fits two is near in both.
 * All costs are in half bits. Those of letters were measured on the translated messages of free
 * software, some 10 million letters. ASCII costs nothing.
 */
#include "message/charset_guess.h"

#include "message/charset_multibyte.h"

#include <limits.h>

enum {
    SAMPLE_BYTES = 2048, /* more tells no more */

    /* Windows-1252 is left for a charset only if that saves so much, and one part in 32 of the
     * whole besides: three or four letters of another script, or some ten of Central Europe. Names
     * in English text, and Western languages that are not below, stay far from it. */
    SAVING = 28,
    SAVING_LATIN = 20,
    SAVING_SHARE = 32,
    MIN_HIGH_BYTES = 4,
    /* Also a high byte must not cost more than this on average: noise costs 8 bits. */
    COST_LANGUAGE_MAX = 14,

    COST_LETTER = 20, /* of those the profile does not name */
    COST_SIGN_COMMON = 10,
    COST_SIGN = 18,
    COST_UNDEFINED = 32,
    /* No letter or sign costs more, whatever is around it: what is no text at all must not make one
     * charset dear by its rules of spelling and leave another, that has few, as the cheapest. */
    COST_MAX = 24,
    COST_SIGN_IN_WORD = 10,
    COST_CAPITAL = 4,
    COST_CAPITAL_IN_CAPITALS = 0,
    COST_CAPITAL_AFTER_SMALL = 12,
    COST_SMALL_AFTER_CAPITALS = 8,
    COST_FINAL_IN_WORD = 12,
    /* Latin letters beyond ASCII side by side; for each from the third on again so much. */
    COST_ACCENTS_IN_ROW = 4,
    COST_SCRIPTS_IN_WORD = 10,

    BEYOND_ASCII = 0x80,
};

typedef struct sample {
    unsigned char bytes[SAMPLE_BYTES + CHARSET_MULTIBYTE_MARGIN];
    size_t len;
    unsigned high_bytes;
} sample;

/* A run of capitals, the small letters of which are in the same order from `small` on. Letters
 * without case stand for themselves. */
typedef struct letters {
    unsigned char first, last;
    unsigned char small;
} letters;

/* Where a single-byte charset has letters. */
typedef enum layout {
    LATIN_1, /* Windows-1252 and 1254 */
    CENTRAL_WINDOWS,
    CENTRAL_ISO,
    CYRILLIC_WINDOWS,
    CYRILLIC_KOI8,
    CYRILLIC_ISO,
    GREEK,
    HEBREW,
    ARABIC,
    THAI,
    LAYOUTS, /* how many there are, not one */
} layout;

enum { MAX_RUNS = 20 };

/* Ends at a run of zeros. */
static const letters LETTERS[LAYOUTS][MAX_RUNS + 1] = {
    [LATIN_1] = { { 0xC0, 0xD6, 0xE0 },
                  { 0xD8, 0xDE, 0xF8 },
                  { 0xDF, 0xDF, 0xDF },
                  { 0x8A, 0x8A, 0x9A },
                  { 0x8C, 0x8C, 0x9C },
                  { 0x8E, 0x8E, 0x9E },
                  { 0x9F, 0x9F, 0xFF } },
    [CENTRAL_WINDOWS] = { { 0xC0, 0xD6, 0xE0 },
                          { 0xD8, 0xDE, 0xF8 },
                          { 0xDF, 0xDF, 0xDF },
                          { 0x8A, 0x8A, 0x9A },
                          { 0x8C, 0x8F, 0x9C },
                          { 0xA3, 0xA3, 0xB3 },
                          { 0xA5, 0xA5, 0xB9 },
                          { 0xAA, 0xAA, 0xBA },
                          { 0xAF, 0xAF, 0xBF },
                          { 0xBC, 0xBC, 0xBE } },
    [CENTRAL_ISO] = { { 0xC0, 0xD6, 0xE0 },
                      { 0xD8, 0xDE, 0xF8 },
                      { 0xDF, 0xDF, 0xDF },
                      { 0xA1, 0xA1, 0xB1 },
                      { 0xA3, 0xA3, 0xB3 },
                      { 0xA5, 0xA6, 0xB5 },
                      { 0xA9, 0xAC, 0xB9 },
                      { 0xAE, 0xAF, 0xBE } },
    [CYRILLIC_WINDOWS] = { { 0xC0, 0xDF, 0xE0 },
                           { 0xA8, 0xA8, 0xB8 },
                           { 0xA5, 0xA5, 0xB4 },
                           { 0xAA, 0xAA, 0xBA },
                           { 0xAF, 0xAF, 0xBF },
                           { 0xB2, 0xB2, 0xB3 },
                           { 0xA1, 0xA1, 0xA2 },
                           { 0xA3, 0xA3, 0xBC },
                           { 0xBD, 0xBD, 0xBE },
                           { 0x80, 0x80, 0x90 },
                           { 0x81, 0x81, 0x83 },
                           { 0x8A, 0x8A, 0x9A },
                           { 0x8C, 0x8F, 0x9C } },
    [CYRILLIC_KOI8] = { { 0xE0, 0xFF, 0xC0 },
                        { 0xB3, 0xB3, 0xA3 },
                        { 0xB4, 0xB4, 0xA4 },
                        { 0xB6, 0xB7, 0xA6 },
                        { 0xBD, 0xBD, 0xAD } },
    [CYRILLIC_ISO] = { { 0xB0, 0xCF, 0xD0 }, { 0xA1, 0xAC, 0xF1 }, { 0xAE, 0xAF, 0xFE } },
    [GREEK] = { { 0xC0, 0xC0, 0xC0 },
                { 0xC1, 0xD1, 0xE1 },
                { 0xD3, 0xDB, 0xF3 },
                { 0xF2, 0xF2, 0xF2 },
                { 0xE0, 0xE0, 0xE0 },
                { 0xA2, 0xA2, 0xDC },
                { 0xB8, 0xBA, 0xDD },
                { 0xBC, 0xBC, 0xFC },
                { 0xBE, 0xBF, 0xFD } },
    [HEBREW] = { { 0xE0, 0xFA, 0xE0 } },
    [ARABIC] = { { 0xC0, 0xD6, 0xC0 },
                 { 0xD8, 0xDF, 0xD8 },
                 { 0xE1, 0xE1, 0xE1 },
                 { 0xE3, 0xE6, 0xE3 },
                 { 0xEC, 0xED, 0xEC },
                 { 0xF0, 0xF3, 0xF0 },
                 { 0xF5, 0xF6, 0xF5 },
                 { 0xF8, 0xF8, 0xF8 },
                 { 0xFA, 0xFA, 0xFA },
                 { 0x81, 0x81, 0x81 },
                 { 0x8D, 0x90, 0x8D } },
    [THAI] = { { 0xA1, 0xDA, 0xA1 }, { 0xE0, 0xF9, 0xE0 } },
};

/* Bytes that are no character. Others that are none do not matter. */
static const char *const UNDEFINED[LAYOUTS] = {
    [GREEK] = "\xD2\xFF",
    [HEBREW] = "\xD9\xDA\xDB\xDC\xDD\xDE\xDF\xFB\xFC\xFF",
    [THAI] = "\xDB\xDC\xDD\xDE\xFC\xFD\xFE\xFF",
};

/* Letters that stand at the end of words only. */
static const char *const FINALS[LAYOUTS] = {
    [GREEK] = "\xF2",
    [HEBREW] = "\xEA\xED\xEF\xF3\xF5",
    [ARABIC] = "\xC9\xEC",
};

/* A language in a charset. `costs` holds the small letters, each behind the cost of itself and of
 * those that follow: "G" is one half bit, "H" two, and so on (letters that no escape of C takes
 * in). No letter is a byte of ASCII. The comments give the letters in the same order. */
typedef struct profile {
    const char *label;
    layout layout;
    const char *costs;
} profile;

static const profile PROFILES[] = {
    /* German: ü ä ö ß */
    { "windows-1252", LATIN_1, "H\xFCJ\xE4K\xF6N\xDF" },
    /* French: é à èê ô î ç âù */
    { "windows-1252", LATIN_1, "G\xE9M\xE0N\xE8\xEAQ\xF4S\xEEU\xE7W\xE2\xF9" },
    /* Spanish: ó á í ú ñé */
    { "windows-1252", LATIN_1, "H\xF3J\xE1L\xEDM\xFAO\xF1\xE9" },
    /* Portuguese: ã ç á íé óõ êú â àô */
    { "windows-1252", LATIN_1, "I\xE3K\xE7L\xE1M\xED\xE9O\xF3\xF5P\xEA\xFAU\xE2V\xE0\xF4" },
    /* Italian: è à ò ù é ì */
    { "windows-1252", LATIN_1, "H\xE8J\xE0M\xF2N\xF9Q\xE9V\xEC" },
    /* Swedish: ä ö å */
    { "windows-1252", LATIN_1, "H\xE4I\xF6K\xE5" },
    /* Danish, Norwegian: åø æ é */
    { "windows-1252", LATIN_1, "I\xE5\xF8J\xE6R\xE9" },
    /* Finnish: ä ö */
    { "windows-1252", LATIN_1, "G\xE4M\xF6" },
    /* Estonian: ä õü ö ž */
    { "windows-1252", LATIN_1, "H\xE4J\xF5\xFCO\xF6U\x9E" },
    /* Dutch: ïë é ó è ö */
    { "windows-1252", LATIN_1, "I\xEF\xEBJ\xE9Q\xF3S\xE8U\xF6" },
    /* Icelandic: ð á æ öí þ ó ú ýé */
    { "windows-1252", LATIN_1, "I\xF0J\xE1L\xE6M\xF6\xEDN\xFEO\xF3P\xFAQ\xFD\xE9" },
    /* Catalan: ó àé íè ú çò ï ü */
    { "windows-1252", LATIN_1, "J\xF3K\xE0\xE9M\xED\xE8N\xFAO\xE7\xF2Q\xEFS\xFC" },
    /* Irish: á í é ú ó */
    { "windows-1252", LATIN_1, "I\xE1J\xEDK\xE9L\xFAM\xF3" },
    /* Welsh: â ô á ï */
    { "windows-1252", LATIN_1, "H\xE2J\xF4K\xE1P\xEF" },
    /* Afrikaans: ê ë ï é */
    { "windows-1252", LATIN_1, "H\xEAI\xEBP\xEFS\xE9" },
    /* any of these: ä é óáüèöí æà åï õúãøðëç ò ê ùßþ ñ */
    { "windows-1252", LATIN_1,
      "K\xE4L\xE9N\xF3\xE1\xFC\xE8\xF6\xEDO\xE6\xE0P\xE5\xEFQ\xF5\xFA\xE3\xF8\xF0\xEB\xE7S"
      "\xF2T\xEAU\xF9\xDF\xFEV\xF1" },
    /* Polish: ł śąężóć ń ź */
    { "windows-1250", CENTRAL_WINDOWS, "K\xB3L\x9C\xB9\xEA\xBF\xF3\xE6P\xF1R\x9F" },
    /* Czech: í á řé čžýě š ů ú óň */
    { "windows-1250", CENTRAL_WINDOWS,
      "J\xEDK\xE1M\xF8\xE9N\xE8\x9E\xFD\xECO\x9AP\xF9T\xFAV\xF3\xF2" },
    /* Slovak: á í čýéúťž šľ ó ňô ä ĺ ď */
    { "windows-1250", CENTRAL_WINDOWS,
      "K\xE1L\xEDM\xE8\xFD\xE9\xFA\x9D\x9EO\x9A\xBES\xF3T\xF2\xF4U\xE4V\xE5W\xEF" },
    /* Hungarian: á é í ó öő ü űú */
    { "windows-1250", CENTRAL_WINDOWS, "I\xE1J\xE9L\xEDM\xF3N\xF6\xF5O\xFCQ\xFB\xFA" },
    /* Romanian: ă ţş î â */
    { "windows-1250", CENTRAL_WINDOWS, "H\xE3K\xFE\xBAL\xEEO\xE2" },
    /* Croatian, Slovene: č š ž ć đ */
    { "windows-1250", CENTRAL_WINDOWS, "H\xE8J\x9AK\x9EM\xE6O\xF0" },
    /* Polish: ł śąężóć ń ź */
    { "iso-8859-2", CENTRAL_ISO, "K\xB3L\xB6\xB1\xEA\xBF\xF3\xE6P\xF1R\xBC" },
    /* Czech: í á řé čžýě š ů ú óň */
    { "iso-8859-2", CENTRAL_ISO, "J\xEDK\xE1M\xF8\xE9N\xE8\xBE\xFD\xECO\xB9P\xF9T\xFAV\xF3\xF2" },
    /* Slovak: á í čýéúťž šľ ó ňô ä ĺ ď */
    { "iso-8859-2", CENTRAL_ISO,
      "K\xE1L\xEDM\xE8\xFD\xE9\xFA\xBB\xBEO\xB9\xB5S\xF3T\xF2\xF4U\xE4V\xE5W\xEF" },
    /* Hungarian: á é í ó öő ü űú */
    { "iso-8859-2", CENTRAL_ISO, "I\xE1J\xE9L\xEDM\xF3N\xF6\xF5O\xFCQ\xFB\xFA" },
    /* Romanian: ă ţş î â */
    { "iso-8859-2", CENTRAL_ISO, "H\xE3K\xFE\xBAL\xEEO\xE2" },
    /* Croatian, Slovene: č š ž ć đ */
    { "iso-8859-2", CENTRAL_ISO, "H\xE8J\xB9K\xBEM\xE6O\xF0" },
    /* Turkish: ı üçş ğ ö */
    { "windows-1254", LATIN_1, "H\xFDL\xFC\xE7\xFEM\xF0N\xF6" },
    /* Russian: оеаи нт рслв кпдм уязыь йб чг жф хюцш щ эё */
    { "windows-1251", CYRILLIC_WINDOWS,
      "M\xEE\xE5\xE0\xE8N\xED\xF2O\xF0\xF1\xEB\xE2P\xEA\xEF\xE4\xECQ\xF3\xFF\xE7\xFB\xFCR"
      "\xE9\xE1S\xF7\xE3T\xE6\xF4U\xF5\xFE\xF6\xF8V\xF9X\xFD\xB8" },
    /* Ukrainian: аон иев тріксл дпумз я б йьчг жц фхєшю їщ */
    { "windows-1251", CYRILLIC_WINDOWS,
      "M\xE0\xEE\xEDN\xE8\xE5\xE2O\xF2\xF0\xB3\xEA\xF1\xEBP\xE4\xEF\xF3\xEC\xE7Q\xFFR\xE1S"
      "\xE9\xFC\xF7\xE3T\xE6\xF6U\xF4\xF5\xBA\xF8\xFEW\xBF\xF9" },
    /* Bulgarian: а енио тр свк длзп м ъяб учг йжфц ш щх ю */
    { "windows-1251", CYRILLIC_WINDOWS,
      "L\xE0M\xE5\xED\xE8\xEEN\xF2\xF0O\xF1\xE2\xEAP\xE4\xEB\xE7\xEFQ\xECR\xFA\xFF\xE1S\xF3"
      "\xF7\xE3T\xE9\xE6\xF4\xF6U\xF8V\xF9\xF5X\xFE" },
    /* Russian: оеаи нт рслв кпдм уязыь йб чг жф хюцш щ эё */
    { "koi8-r", CYRILLIC_KOI8,
      "M\xCF\xC5\xC1\xC9N\xCE\xD4O\xD2\xD3\xCC\xD7P\xCB\xD0\xC4\xCDQ\xD5\xD1\xDA\xD9\xD8R"
      "\xCA\xC2S\xDE\xC7T\xD6\xC6U\xC8\xC0\xC3\xDBV\xDDX\xDC\xA3" },
    /* Ukrainian: аон иев тріксл дпумз я б йьчг жц фхєшю їщ */
    { "koi8-u", CYRILLIC_KOI8,
      "M\xC1\xCF\xCEN\xC9\xC5\xD7O\xD4\xD2\xA6\xCB\xD3\xCCP\xC4\xD0\xD5\xCD\xDAQ\xD1R\xC2S"
      "\xCA\xD8\xDE\xC7T\xD6\xC3U\xC6\xC8\xA4\xDB\xC0W\xA7\xDD" },
    /* Russian: оеаи нт рслв кпдм уязыь йб чг жф хюцш щ эё */
    { "iso-8859-5", CYRILLIC_ISO,
      "M\xDE\xD5\xD0\xD8N\xDD\xE2O\xE0\xE1\xDB\xD2P\xDA\xDF\xD4\xDCQ\xE3\xEF\xD7\xEB\xECR"
      "\xD9\xD1S\xE7\xD3T\xD6\xE4U\xE5\xEE\xE6\xE8V\xE9X\xED\xF1" },
    /* Greek: αο ετνι σρμη πκυςλ ίγδέήό άχ θω ύφ ώβ ξζ ψ */
    { "windows-1253", GREEK,
      "M\xE1\xEFN\xE5\xF4\xED\xE9O\xF3\xF1\xEC\xE7P\xF0\xEA\xF5\xF2\xEBQ\xDF\xE3\xE4\xDD"
      "\xDE\xFCR\xDC\xF7S\xE8\xF9T\xFD\xF6U\xFE\xE2W\xEE\xE6Y\xF8" },
    /* Hebrew: י ות מלר הנשאב ק דפסםגע טחכן צ ז ךץ ף */
    { "windows-1255", HEBREW,
      "L\xE9M\xE5\xFAN\xEE\xEC\xF8O\xE4\xF0\xF9\xE0\xE1P\xF7Q\xE3\xF4\xF1\xED\xE2\xF2R\xE8"
      "\xE7\xEB\xEFS\xF6T\xE6U\xEA\xF5X\xF3" },
    /* Arabic: ال ي م تروةن فدسعب حك قصأج طإخهش ذضز غى ثئ ءؤ ظ */
    { "windows-1256", ARABIC,
      "L\xC7\xE1M\xEDN\xE3O\xCA\xD1\xE6\xC9\xE4P\xDD\xCF\xD3\xDA\xC8Q\xCD\xDFR\xDE\xD5\xC3"
      "\xCCS\xD8\xC5\xCE\xE5\xD4T\xD0\xD6\xD2U\xDB\xECV\xCB\xC6X\xC1\xC4Y\xD9" },
    /* Thai: าก่ อรม้นเ งดั แลตบยีสขวไจ ิทหพปค ืะูใถชำ ุ์ฟ ็ โผ ณซึ ญ ธ */
    { "tis-620", THAI,
      "N\xD2\xA1\xE8O\xCD\xC3\xC1\xE9\xB9\xE0P\xA7\xB4\xD1Q\xE1\xC5\xB5\xBA\xC2\xD5\xCA\xA2"
      "\xC7\xE4\xA8R\xD4\xB7\xCB\xBE\xBB\xA4S\xD7\xD0\xD9\xE3\xB6\xAA\xD3T\xD8\xEC\xBFU\xE7"
      "V\xE2\xBCW\xB3\xAB\xD6X\xADY\xB8" },
};

typedef enum kind {
    KIND_OTHER,
    KIND_SIGN,
    KIND_UNDEFINED,
    /* From here on they are letters. */
    KIND_SMALL,
    KIND_FINAL,
    KIND_CAPITAL,
} kind;

/* What each byte from 0x80 on is in one layout, and the small letter for it. */
typedef struct byte_table {
    unsigned char kinds[BEYOND_ASCII];
    unsigned char small[BEYOND_ASCII];
    bool is_latin;
} byte_table;

/* One layout's view of the sample. Of each letter: which small letter, as its distance from 0x80,
 * and what it costs because of those around it. Of all else: the whole cost, in `other_cost`. */
typedef struct view {
    unsigned char letters[SAMPLE_BYTES];
    unsigned char contexts[SAMPLE_BYTES];
    size_t len;
    unsigned other_cost;
} view;

static bool is_high(unsigned char c)
{
    return c >= BEYOND_ASCII;
}

/* The high bytes, with the byte before and the two behind: that is all that the costs look at.
 * The ASCII between keeps double-byte characters in step. */
static void take_sample(span bytes, sample *s)
{
    const unsigned char *p = (const unsigned char *)bytes.ptr;
    s->len = 0;
    s->high_bytes = 0;
    for (size_t i = 0; i < bytes.len && s->len < SAMPLE_BYTES; i++) {
        if (is_high(p[i]) || (i + 1 < bytes.len && is_high(p[i + 1])) ||
            (i > 0 && is_high(p[i - 1])) || (i > 1 && is_high(p[i - 2]))) {
            s->bytes[s->len++] = p[i];
            s->high_bytes += is_high(p[i]);
        }
    }
    memset(s->bytes + s->len, 0, CHARSET_MULTIBYTE_MARGIN);
}

static void set_kinds(byte_table *table, const char *bytes, kind k)
{
    for (const char *c = bytes; c != NULL && *c != '\0'; c++) {
        table->kinds[(unsigned char)*c - BEYOND_ASCII] = (unsigned char)k;
    }
}

static void fill_byte_table(layout which, byte_table *table)
{
    bool is_iso = which == CENTRAL_ISO || which == CYRILLIC_ISO;
    table->is_latin = which <= CENTRAL_ISO;
    /* The lower half of these is control characters. */
    memset(table->kinds, KIND_SIGN, sizeof table->kinds);
    memset(table->kinds, is_iso ? KIND_UNDEFINED : KIND_SIGN, 0x20);
    for (const letters *run = LETTERS[which]; run->first != 0; run++) {
        for (unsigned c = run->first; c <= run->last; c++) {
            unsigned small = run->small + (c - run->first);
            table->kinds[c - BEYOND_ASCII] = run->first == run->small ? KIND_SMALL : KIND_CAPITAL;
            table->small[c - BEYOND_ASCII] = (unsigned char)small;
            table->kinds[small - BEYOND_ASCII] = KIND_SMALL;
            table->small[small - BEYOND_ASCII] = (unsigned char)small;
        }
    }
    set_kinds(table, UNDEFINED[which], KIND_UNDEFINED);
    set_kinds(table, FINALS[which], KIND_FINAL);
}

static kind kind_of(const byte_table *table, unsigned char c)
{
    if (is_high(c)) {
        return (kind)table->kinds[c - BEYOND_ASCII];
    }
    return c >= 'A' && c <= 'Z' ? KIND_CAPITAL : c >= 'a' && c <= 'z' ? KIND_SMALL : KIND_OTHER;
}

static bool is_letter(kind k)
{
    return k >= KIND_SMALL;
}

/* `before` and `before2` are what stands before a letter of kind `k`. */
static unsigned case_cost(kind k, kind before, kind before2)
{
    if (k != KIND_CAPITAL) {
        return before == KIND_CAPITAL && before2 == KIND_CAPITAL ? COST_SMALL_AFTER_CAPITALS : 0;
    }
    return before == KIND_CAPITAL ? COST_CAPITAL_IN_CAPITALS
           : before == KIND_SMALL ? COST_CAPITAL_AFTER_SMALL
                                  : COST_CAPITAL;
}

/* Quotes, dashes, the euro, the no-break space and the like, the same in all Windows sets. */
static unsigned sign_cost(unsigned char c, bool is_in_word)
{
    static const char common[] = "\x80\x84\x93\x94\x95\x99\xA9\xAB\xAE\xB0\xBB";
    /* These may stand within a word: apostrophes, dashes, soft hyphens, middle dots. */
    static const char joining[] = "\x85\x91\x92\x96\x97\xA0\xAD\xB4\xB7";
    if (memchr(joining, c, sizeof joining - 1) != NULL) {
        return COST_SIGN_COMMON;
    }
    unsigned cost = memchr(common, c, sizeof common - 1) != NULL ? COST_SIGN_COMMON : COST_SIGN;
    return cost + (is_in_word ? COST_SIGN_IN_WORD : 0);
}

/* Rules drawn with one or two bytes again and again say nothing. */
static bool is_repeated(const unsigned char *p, size_t i)
{
    return i > 2 &&
           ((p[i] == p[i - 1] && p[i] == p[i - 2]) || (p[i] == p[i - 2] && p[i - 1] == p[i - 3]));
}

/* A high byte's neighbours: what stands before it and behind it. */
typedef struct position {
    kind before2, before, now, next;
    bool is_after_ascii, is_before_ascii;
    unsigned high_letters; /* how many stand right before it */
} position;

static unsigned letter_context_cost(const byte_table *table, const position *at)
{
    unsigned cost = case_cost(at->now, at->before, at->before2);
    if (table->is_latin) {
        return cost + COST_ACCENTS_IN_ROW * (at->high_letters < 3 ? at->high_letters : 3);
    }
    cost += at->now == KIND_FINAL && is_letter(at->next) ? COST_FINAL_IN_WORD : 0;
    return cost + (is_letter(at->before) && at->is_after_ascii ? COST_SCRIPTS_IN_WORD : 0) +
           (is_letter(at->next) && at->is_before_ascii ? COST_SCRIPTS_IN_WORD : 0);
}

static void add_byte(const byte_table *table, unsigned char c, const position *at, view *v)
{
    if (is_letter(at->now)) {
        v->letters[v->len] = (unsigned char)(table->small[c - BEYOND_ASCII] - BEYOND_ASCII);
        v->contexts[v->len++] = (unsigned char)letter_context_cost(table, at);
    } else if (at->now == KIND_UNDEFINED) {
        v->other_cost += COST_UNDEFINED;
    } else {
        unsigned cost = sign_cost(c, is_letter(at->before) && is_letter(at->next));
        v->other_cost += cost < COST_MAX ? cost : COST_MAX;
    }
}

static void look_through(const byte_table *table, const sample *s, view *v)
{
    const unsigned char *p = s->bytes;
    position at = { .now = kind_of(table, p[0]), .is_after_ascii = true };
    v->len = 0;
    v->other_cost = 0;
    for (size_t i = 0; i < s->len; i++) {
        at.next = kind_of(table, p[i + 1]); /* of the margin, at the end */
        at.is_before_ascii = !is_high(p[i + 1]);
        if (is_high(p[i]) && !is_repeated(p, i)) {
            add_byte(table, p[i], &at, v);
        }
        at.high_letters = is_high(p[i]) && is_letter(at.now) ? at.high_letters + 1 : 0;
        at.is_after_ascii = !is_high(p[i]);
        at.before2 = at.before;
        at.before = at.now;
        at.now = at.next;
    }
}

static unsigned profile_cost(const profile *language, const view *v)
{
    unsigned char costs[BEYOND_ASCII];
    unsigned char cost = COST_LETTER;
    unsigned total = v->other_cost;
    memset(costs, COST_LETTER, sizeof costs);
    for (const char *c = language->costs; *c != '\0'; c++) {
        if (is_high((unsigned char)*c)) {
            costs[(unsigned char)*c - BEYOND_ASCII] = cost;
        } else {
            cost = (unsigned char)(*c - 'F');
        }
    }
    for (size_t i = 0; i < v->len; i++) {
        unsigned letter_cost = (unsigned)costs[v->letters[i]] + v->contexts[i];
        total += letter_cost < COST_MAX ? letter_cost : COST_MAX;
    }
    return total;
}

typedef struct choice {
    const char *label;
    unsigned cost;
    bool is_latin;
} choice;

static void take_cheaper(choice *best, choice other)
{
    if (other.cost < best->cost) {
        *best = other;
    }
}

static void try_layout(layout which, const sample *s, choice *western, choice *best)
{
    byte_table table;
    view v;
    fill_byte_table(which, &table);
    look_through(&table, s, &v);
    for (size_t i = 0; i < sizeof PROFILES / sizeof PROFILES[0]; i++) {
        const profile *language = &PROFILES[i];
        if (language->layout == which) {
            bool is_western = strcmp(language->label, western->label) == 0;
            take_cheaper(is_western ? western : best,
                         (choice){ language->label, profile_cost(language, &v), table.is_latin });
        }
    }
}

const char *charset_guess_label(span bytes)
{
    sample s;
    choice western = { "windows-1252", UINT_MAX, true };
    choice best = western;
    choice multi_byte = { NULL, 0, false };
    take_sample(bytes, &s);
    for (unsigned i = 0; i < LAYOUTS; i++) {
        try_layout((layout)i, &s, &western, &best);
    }
    multi_byte.label = charset_multibyte_cheapest(s.bytes, s.len, &multi_byte.cost);
    take_cheaper(&best, multi_byte);
    unsigned saving = best.cost / SAVING_SHARE + (best.is_latin ? SAVING_LATIN : SAVING);
    bool is_language =
        s.high_bytes >= MIN_HIGH_BYTES && best.cost <= s.high_bytes * COST_LANGUAGE_MAX;
    return is_language && best.cost + saving < western.cost ? best.label : western.label;
}
