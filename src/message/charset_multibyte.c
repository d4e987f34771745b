/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The multi-byte charsets, for charset_guess.c: how many half bits a text costs in each. Half of
 * what is written in Chinese or Korean is one of some 150 characters, and half of Japanese is
 * kana: that tells these charsets apart where the same bytes are characters in all of them.
 */
#include "message/charset_multibyte.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    /* For one of the 100 to 160 characters that make up half of all text, one of the 2,000 to
     * 4,000 that the standards call common, one of the rest. */
    COST_FREQUENT = 16,
    COST_COMMON = 26,
    COST_UNCOMMON = 34,
    COST_RARE = 44,
    COST_PUNCTUATION = 12,
    COST_SYMBOL = 22,
    COST_KANA = 13,
    COST_HALF_WIDTH_KANA = 18,
    COST_UNDEFINED = 32,
    /* What a byte of ASCII would cost by itself. It costs nothing outside these characters, so
     * those that take one in get that back. */
    COST_ASCII = 10,

    /* No language's, so about the mean of them. */
    COST_UTF8_2 = 14,
    COST_UTF8_3 = 18,
    COST_UTF8_4 = 26,
    COST_BROKEN_UTF8 = 44,
};

/* 宛応下何会確管間気拒月件見言限後更行合国込今在使思指私事時示自失社者取手受出上場信新人数
   制生設先前送存大知中通定的転電登答動同届内日入認年能敗配否表不部分文変返方本無名容様用絡
   利理量連録話 */
static const uint16_t FREQUENT_JAPANESE[] = {
    0xB0B8, 0xB1FE, 0xB2BC, 0xB2BF, 0xB2F1, 0xB3CE, 0xB4C9, 0xB4D6, 0xB5A4, 0xB5F1, 0xB7EE, 0xB7EF,
    0xB8AB, 0xB8C0, 0xB8C2, 0xB8E5, 0xB9B9, 0xB9D4, 0xB9E7, 0xB9F1, 0xB9FE, 0xBAA3, 0xBADF, 0xBBC8,
    0xBBD7, 0xBBD8, 0xBBE4, 0xBBF6, 0xBBFE, 0xBCA8, 0xBCAB, 0xBCBA, 0xBCD2, 0xBCD4, 0xBCE8, 0xBCEA,
    0xBCF5, 0xBDD0, 0xBEE5, 0xBEEC, 0xBFAE, 0xBFB7, 0xBFCD, 0xBFF4, 0xC0A9, 0xC0B8, 0xC0DF, 0xC0E8,
    0xC1B0, 0xC1F7, 0xC2B8, 0xC2E7, 0xC3CE, 0xC3E6, 0xC4CC, 0xC4EA, 0xC5AA, 0xC5BE, 0xC5C5, 0xC5D0,
    0xC5FA, 0xC6B0, 0xC6B1, 0xC6CF, 0xC6E2, 0xC6FC, 0xC6FE, 0xC7A7, 0xC7AF, 0xC7BD, 0xC7D4, 0xC7DB,
    0xC8DD, 0xC9BD, 0xC9D4, 0xC9F4, 0xCAAC, 0xCAB8, 0xCAD1, 0xCAD6, 0xCAFD, 0xCBDC, 0xCCB5, 0xCCBE,
    0xCDC6, 0xCDCD, 0xCDD1, 0xCDED, 0xCDF8, 0xCDFD, 0xCECC, 0xCFA2, 0xCFBF, 0xCFC3,
};

/* 败包被本不部查成出此从存错大但当到道得的地递电定动都对多而发法方分服复个公管国过好和后户
   还回会家检件将接进经就拒据绝开看可来理里联了满么没们面名那能你年您其起器前请去人日如上生
   失时实使事是收数说司送所他天同统投退网为文我无务误息系下现限箱想小些谢新心信行学样要也一
   已以意因用邮有于域原在者这之址只制中主着子自字最作 */
static const uint16_t FREQUENT_SIMPLIFIED[] = {
    0xB0DC, 0xB0FC, 0xB1BB, 0xB1BE, 0xB2BB, 0xB2BF, 0xB2E9, 0xB3C9, 0xB3F6, 0xB4CB, 0xB4D3, 0xB4E6,
    0xB4ED, 0xB4F3, 0xB5AB, 0xB5B1, 0xB5BD, 0xB5C0, 0xB5C3, 0xB5C4, 0xB5D8, 0xB5DD, 0xB5E7, 0xB6A8,
    0xB6AF, 0xB6BC, 0xB6D4, 0xB6E0, 0xB6F8, 0xB7A2, 0xB7A8, 0xB7BD, 0xB7D6, 0xB7FE, 0xB8B4, 0xB8F6,
    0xB9AB, 0xB9DC, 0xB9FA, 0xB9FD, 0xBAC3, 0xBACD, 0xBAF3, 0xBBA7, 0xBBB9, 0xBBD8, 0xBBE1, 0xBCD2,
    0xBCEC, 0xBCFE, 0xBDAB, 0xBDD3, 0xBDF8, 0xBEAD, 0xBECD, 0xBEDC, 0xBEDD, 0xBEF8, 0xBFAA, 0xBFB4,
    0xBFC9, 0xC0B4, 0xC0ED, 0xC0EF, 0xC1AA, 0xC1CB, 0xC2FA, 0xC3B4, 0xC3BB, 0xC3C7, 0xC3E6, 0xC3FB,
    0xC4C7, 0xC4DC, 0xC4E3, 0xC4EA, 0xC4FA, 0xC6E4, 0xC6F0, 0xC6F7, 0xC7B0, 0xC7EB, 0xC8A5, 0xC8CB,
    0xC8D5, 0xC8E7, 0xC9CF, 0xC9FA, 0xCAA7, 0xCAB1, 0xCAB5, 0xCAB9, 0xCAC2, 0xCAC7, 0xCAD5, 0xCAFD,
    0xCBB5, 0xCBBE, 0xCBCD, 0xCBF9, 0xCBFB, 0xCCEC, 0xCDAC, 0xCDB3, 0xCDB6, 0xCDCB, 0xCDF8, 0xCEAA,
    0xCEC4, 0xCED2, 0xCEDE, 0xCEF1, 0xCEF3, 0xCFA2, 0xCFB5, 0xCFC2, 0xCFD6, 0xCFDE, 0xCFE4, 0xCFEB,
    0xD0A1, 0xD0A9, 0xD0BB, 0xD0C2, 0xD0C4, 0xD0C5, 0xD0D0, 0xD1A7, 0xD1F9, 0xD2AA, 0xD2B2, 0xD2BB,
    0xD2D1, 0xD2D4, 0xD2E2, 0xD2F2, 0xD3C3, 0xD3CA, 0xD3D0, 0xD3DA, 0xD3F2, 0xD4AD, 0xD4DA, 0xD5DF,
    0xD5E2, 0xD6AE, 0xD6B7, 0xD6BB, 0xD6C6, 0xD6D0, 0xD6F7, 0xD7C5, 0xD7D3, 0xD7D4, 0xD7D6, 0xD7EE,
    0xD7F7,
};

/* 一了人下上也大子小已不中之公分天心戶文方日主以他出包去可司只失本生用件同名因回地在多好如
   字存年成收有此而自行位伺但作你址我投沒系那事些使來其到制和定所拒於服法的者信前後是查為看
   要限面們個原家息時能起送退動國域寄將得從您接敗理現統被這部都最就無發絕絡著進郵開意想新會
   當經裡道過電實對滿管網誤說遞麼數樣箱請器學據錯檢聯謝還覆 */
static const uint16_t FREQUENT_TRADITIONAL[] = {
    0xA440, 0xA446, 0xA448, 0xA455, 0xA457, 0xA45D, 0xA46A, 0xA46C, 0xA470, 0xA477, 0xA4A3, 0xA4A4,
    0xA4A7, 0xA4BD, 0xA4C0, 0xA4D1, 0xA4DF, 0xA4E1, 0xA4E5, 0xA4E8, 0xA4E9, 0xA544, 0xA548, 0xA54C,
    0xA558, 0xA55D, 0xA568, 0xA569, 0xA571, 0xA575, 0xA5A2, 0xA5BB, 0xA5CD, 0xA5CE, 0xA5F3, 0xA650,
    0xA657, 0xA65D, 0xA65E, 0xA661, 0xA662, 0xA668, 0xA66E, 0xA670, 0xA672, 0xA673, 0xA67E, 0xA6A8,
    0xA6AC, 0xA6B3, 0xA6B9, 0xA6D3, 0xA6DB, 0xA6E6, 0xA6EC, 0xA6F8, 0xA6FD, 0xA740, 0xA741, 0xA77D,
    0xA7DA, 0xA7EB, 0xA853, 0xA874, 0xA8BA, 0xA8C6, 0xA8C7, 0xA8CF, 0xA8D3, 0xA8E4, 0xA8EC, 0xA8EE,
    0xA94D, 0xA977, 0xA9D2, 0xA9DA, 0xA9F3, 0xAA41, 0xAA6B, 0xAABA, 0xAACC, 0xAB48, 0xAB65, 0xABE1,
    0xAC4F, 0xAC64, 0xACB0, 0xACDD, 0xAD6E, 0xADAD, 0xADB1, 0xADCC, 0xADD3, 0xADEC, 0xAE61, 0xAEA7,
    0xAEC9, 0xAFE0, 0xB05F, 0xB065, 0xB068, 0xB0CA, 0xB0EA, 0xB0EC, 0xB148, 0xB14E, 0xB16F, 0xB171,
    0xB17A, 0xB1B5, 0xB1D1, 0xB27A, 0xB27B, 0xB2CE, 0xB351, 0xB36F, 0xB3A1, 0xB3A3, 0xB3CC, 0xB44E,
    0xB54C, 0xB56F, 0xB5B4, 0xB5B8, 0xB5DB, 0xB669, 0xB66C, 0xB67D, 0xB74E, 0xB751, 0xB773, 0xB77C,
    0xB7ED, 0xB867, 0xB8CC, 0xB944, 0xB94C, 0xB971, 0xB9EA, 0xB9EF, 0xBAA1, 0xBADE, 0xBAF4, 0xBB7E,
    0xBBA1, 0xBBBC, 0xBBF2, 0xBCC6, 0xBCCB, 0xBD63, 0xBDD0, 0xBEB9, 0xBEC7, 0xBEDA, 0xBFF9, 0xC0CB,
    0xC170, 0xC1C2, 0xC1D9, 0xC2D0,
};

/* 가각감것계고과관그기까나내년녕는니님다달대데도되들라람로를리만메면명모목문받발배버보부사
   상생서성소송수스습시신실아안알어없에여오와요용우위으은을음의이인일있자저전정제주중지터트
   파패편하한할함합해회 */
static const uint16_t FREQUENT_KOREAN[] = {
    0xB0A1, 0xB0A2, 0xB0A8, 0xB0CD, 0xB0E8, 0xB0ED, 0xB0FA, 0xB0FC, 0xB1D7, 0xB1E2, 0xB1EE,
    0xB3AA, 0xB3BB, 0xB3E2, 0xB3E7, 0xB4C2, 0xB4CF, 0xB4D4, 0xB4D9, 0xB4DE, 0xB4EB, 0xB5A5,
    0xB5B5, 0xB5C7, 0xB5E9, 0xB6F3, 0xB6F7, 0xB7CE, 0xB8A6, 0xB8AE, 0xB8B8, 0xB8DE, 0xB8E9,
    0xB8ED, 0xB8F0, 0xB8F1, 0xB9AE, 0xB9DE, 0xB9DF, 0xB9E8, 0xB9F6, 0xBAB8, 0xBACE, 0xBBE7,
    0xBBF3, 0xBBFD, 0xBCAD, 0xBCBA, 0xBCD2, 0xBCDB, 0xBCF6, 0xBDBA, 0xBDC0, 0xBDC3, 0xBDC5,
    0xBDC7, 0xBEC6, 0xBEC8, 0xBECB, 0xBEEE, 0xBEF8, 0xBFA1, 0xBFA9, 0xBFC0, 0xBFCD, 0xBFE4,
    0xBFEB, 0xBFEC, 0xC0A7, 0xC0B8, 0xC0BA, 0xC0BB, 0xC0BD, 0xC0C7, 0xC0CC, 0xC0CE, 0xC0CF,
    0xC0D6, 0xC0DA, 0xC0FA, 0xC0FC, 0xC1A4, 0xC1A6, 0xC1D6, 0xC1DF, 0xC1F6, 0xC5CD, 0xC6AE,
    0xC6C4, 0xC6D0, 0xC6ED, 0xC7CF, 0xC7D1, 0xC7D2, 0xC7D4, 0xC7D5, 0xC7D8, 0xC8B8,
};

static bool is_among(const uint16_t *sorted, size_t count, unsigned code)
{
    size_t low = 0;
    while (low < count) {
        size_t middle = low + (count - low) / 2;
        if (sorted[middle] == code) {
            return true;
        }
        if (sorted[middle] < code) {
            low = middle + 1;
        } else {
            count = middle;
        }
    }
    return false;
}

#define IS_AMONG(table, code) is_among((table), sizeof(table) / sizeof(table)[0], (code))

static bool is_high(unsigned char c)
{
    return c >= 0x80;
}

static bool is_within(unsigned c, unsigned first, unsigned last)
{
    return c >= first && c <= last;
}

static unsigned ascii_credit(unsigned char trail)
{
    return is_high(trail) ? 0 : COST_ASCII;
}

/* Of a character of JIS X 0208, given as EUC-JP has it. */
static unsigned japanese_cost(unsigned code)
{
    unsigned row = code >> 8;
    if (row == 0xA4 || row == 0xA5 || code == 0xA1BC) { /* kana, and the long vowel's sign */
        return COST_KANA;
    }
    if (row == 0xA1) {
        return is_within(code, 0xA1A1, 0xA1A3) ? COST_PUNCTUATION : COST_SYMBOL;
    }
    if (row < 0xB0) {
        return COST_SYMBOL;
    }
    if (IS_AMONG(FREQUENT_JAPANESE, code)) {
        return COST_FREQUENT;
    }
    return row < 0xD0 ? COST_COMMON : COST_UNCOMMON;
}

/*
 * The steps: each reads one character of a multi-byte charset at `p`, where a high byte is, adds
 * what it costs, and returns its length. Behind `p` are at least CHARSET_MULTIBYTE_MARGIN - 1
 * bytes.
 */
typedef size_t (*step_function)(const unsigned char *p, unsigned *cost);

static size_t undefined_byte(unsigned *cost)
{
    *cost += COST_UNDEFINED;
    return 1;
}

static size_t step_euc_jp(const unsigned char *p, unsigned *cost)
{
    if (p[0] == 0x8E && is_within(p[1], 0xA1, 0xDF)) { /* half-width katakana */
        *cost += COST_SYMBOL;
        return 2;
    }
    if (p[0] == 0x8F && is_within(p[1], 0xA1, 0xFE) && is_within(p[2], 0xA1, 0xFE)) {
        *cost += COST_RARE;
        return 3;
    }
    if (!is_within(p[0], 0xA1, 0xFE) || !is_within(p[1], 0xA1, 0xFE)) {
        return undefined_byte(cost);
    }
    *cost += japanese_cost((unsigned)p[0] << 8 | p[1]);
    return 2;
}

static size_t step_shift_jis(const unsigned char *p, unsigned *cost)
{
    if (is_within(p[0], 0xA1, 0xDF)) { /* half-width katakana */
        *cost += COST_HALF_WIDTH_KANA;
        return 1;
    }
    if (p[0] == 0x80 || p[0] == 0xA0 || p[0] > 0xFC || !is_within(p[1], 0x40, 0xFC) ||
        p[1] == 0x7F) {
        return undefined_byte(cost);
    }
    /* Each lead byte holds two rows of JIS X 0208, the trail bytes leave out 0x7F. */
    unsigned row = 2U * (p[0] - (p[0] < 0xA0 ? 0x81U : 0xC1U)) + (p[1] >= 0x9F ? 1U : 0U);
    unsigned column = p[1] >= 0x9F ? p[1] - 0x9FU : p[1] - 0x40U - (p[1] > 0x7F ? 1U : 0U);
    *cost += row < 94 ? japanese_cost((row + 0xA1) << 8 | (column + 0xA1)) : COST_RARE;
    *cost -= ascii_credit(p[1]);
    return 2;
}

static size_t step_gb18030(const unsigned char *p, unsigned *cost)
{
    if (!is_within(p[0], 0x81, 0xFE)) {
        return undefined_byte(cost);
    }
    if (is_within(p[1], '0', '9') && is_within(p[2], 0x81, 0xFE) && is_within(p[3], '0', '9')) {
        *cost += COST_RARE;
        return 4;
    }
    if (!is_within(p[1], 0x40, 0xFE) || p[1] == 0x7F) {
        return undefined_byte(cost);
    }
    unsigned code = (unsigned)p[0] << 8 | p[1];
    bool is_low_trail = p[1] < 0xA1;
    if (is_within(p[0], 0xA1, 0xA7)
            ? is_low_trail
            : !is_low_trail && (is_within(p[0], 0xAA, 0xAF) || p[0] > 0xF7)) {
        *cost += COST_RARE - ascii_credit(p[1]); /* for private use */
    } else if (is_low_trail || p[0] < 0xA1) {    /* not in GB 2312 */
        *cost += COST_UNCOMMON - ascii_credit(p[1]);
    } else if (p[0] < 0xB0) {
        /* Full-width forms of ASCII are row 3; quotes and stops are in row 1. */
        bool is_punctuation =
            p[0] == 0xA3 || is_within(code, 0xA1A1, 0xA1A3) || is_within(code, 0xA1B0, 0xA1B1);
        *cost += is_punctuation ? COST_PUNCTUATION : COST_SYMBOL;
    } else if (IS_AMONG(FREQUENT_SIMPLIFIED, code)) {
        *cost += COST_FREQUENT;
    } else {
        *cost += p[0] < 0xD8 ? COST_COMMON : COST_UNCOMMON;
    }
    return 2;
}

static size_t step_big5(const unsigned char *p, unsigned *cost)
{
    unsigned code = (unsigned)p[0] << 8 | p[1];
    if (!is_within(p[0], 0x87, 0xFE) ||
        (!is_within(p[1], 0x40, 0x7E) && !is_within(p[1], 0xA1, 0xFE))) {
        return undefined_byte(cost);
    }
    if (p[0] < 0xA1 || p[0] > 0xF9 || is_within(code, 0xC6A1, 0xC8FE)) { /* later additions */
        *cost += COST_RARE;
    } else if (p[0] < 0xA4) {
        bool is_punctuation = is_within(code, 0xA140, 0xA14A) || is_within(code, 0xA175, 0xA176);
        *cost += is_punctuation ? COST_PUNCTUATION : COST_SYMBOL;
    } else if (IS_AMONG(FREQUENT_TRADITIONAL, code)) {
        *cost += COST_FREQUENT;
    } else {
        *cost += p[0] < 0xC7 ? COST_COMMON : COST_UNCOMMON;
    }
    *cost -= ascii_credit(p[1]);
    return 2;
}

static size_t step_euc_kr(const unsigned char *p, unsigned *cost)
{
    bool is_ascii_letter = is_within(p[1], 'A', 'Z') || is_within(p[1], 'a', 'z');
    if (!is_within(p[0], 0x81, 0xFE) || !(is_ascii_letter || is_within(p[1], 0x81, 0xFE))) {
        return undefined_byte(cost);
    }
    if (p[1] < 0xA1 || p[0] < 0xA1) { /* Windows-949's other syllables */
        *cost += COST_UNCOMMON - ascii_credit(p[1]);
    } else if (p[0] < 0xB0) {
        *cost += COST_SYMBOL;
    } else if (IS_AMONG(FREQUENT_KOREAN, (unsigned)p[0] << 8 | p[1])) {
        *cost += COST_FREQUENT;
    } else {
        *cost += p[0] < 0xC9 ? COST_COMMON : COST_UNCOMMON;
    }
    return 2;
}

/* Of text that is cut within a character or quotes other text. So all else has to be in order. */
static size_t step_utf8(const unsigned char *p, unsigned *cost)
{
    size_t len = p[0] < 0xC2 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 1;
    bool is_right = len > 1;
    for (size_t i = 1; i < len; i++) {
        is_right = is_right && is_within(p[i], 0x80, 0xBF);
    }
    if (!is_right) {
        *cost += COST_BROKEN_UTF8;
        return 1;
    }
    *cost += len == 2 ? COST_UTF8_2 : len == 3 ? COST_UTF8_3 : COST_UTF8_4;
    return len;
}

static unsigned text_cost(step_function step, const unsigned char *p, size_t size)
{
    unsigned total = 0;
    size_t previous = 0; /* where the last character was */
    for (size_t i = 0; i < size;) {
        if (!is_high(p[i])) {
            i++;
            continue;
        }
        unsigned cost = 0;
        size_t len = step(p + i, &cost);
        bool is_same = previous + len == i && len > 1 && memcmp(p + previous, p + i, len) == 0;
        total += is_same ? 0 : cost;
        previous = i;
        i += len;
    }
    return total;
}

const char *charset_multibyte_cheapest(const unsigned char *p, size_t size, unsigned *half_bits)
{
    static const struct {
        const char *label;
        step_function step;
    } sets[] = {
        { "utf-8", step_utf8 },      { "euc-jp", step_euc_jp }, { "shift_jis", step_shift_jis },
        { "gb18030", step_gb18030 }, { "big5", step_big5 },     { "euc-kr", step_euc_kr },
    };
    const char *cheapest = NULL;
    *half_bits = UINT_MAX;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        unsigned cost = text_cost(sets[i].step, p, size);
        if (cheapest == NULL || cost < *half_bits) {
            cheapest = sets[i].label;
            *half_bits = cost;
        }
    }
    return cheapest;
}
