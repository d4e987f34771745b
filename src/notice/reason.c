/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "notice/reason.h"

#include <string.h>

/* Numbers are met in versions, sizes, names, telephone numbers and addresses: a code stands free
 * of these. */
static bool starts_token(span text, size_t at)
{
    char before = at == 0 ? ' ' : text.ptr[at - 1];
    return !ascii_is_alnum(before) && strchr("._@-+", before) == NULL;
}

static bool ends_token(span text, size_t at)
{
    if (at >= text.len) {
        return true;
    }
    char after = text.ptr[at];
    if (after == '.' || after == ':') {
        return at + 1 >= text.len || (!ascii_is_alnum(text.ptr[at + 1]) && text.ptr[at + 1] != ':');
    }
    return !ascii_is_alnum(after) && after != '@';
}

/* class "." subject "." detail (RFC 3463, 2); its length, 0 if there is none at `at`. */
static size_t match_status(span text, size_t at)
{
    span rest = span_skip(text, at);
    unsigned number;
    if (rest.len < 5 || (rest.ptr[0] != '2' && rest.ptr[0] != '4' && rest.ptr[0] != '5') ||
        rest.ptr[1] != '.') {
        return 0;
    }
    size_t subject = span_read_number(span_skip(rest, 2), 3, &number);
    if (subject == 0 || number > 7 || 2 + subject >= rest.len || rest.ptr[2 + subject] != '.') {
        return 0;
    }
    size_t detail = span_read_number(span_skip(rest, 3 + subject), 3, &number);
    size_t len = 3 + subject + detail;
    return detail > 0 && ends_token(text, at + len) ? len : 0;
}

static bool match_reply(span text, size_t at)
{
    span rest = span_skip(text, at);
    return rest.len >= 3 && (rest.ptr[0] == '4' || rest.ptr[0] == '5') && rest.ptr[1] >= '0' &&
           rest.ptr[1] <= '7' && ascii_is_digit(rest.ptr[2]) && ends_token(text, at + 3);
}

static void keep_status(reason_codes *codes, span text, size_t at, size_t len)
{
    if (len > 0 && len < STATUS_SIZE) {
        memcpy(codes->status, text.ptr + at, len);
        codes->status[len] = '\0';
    }
}

/* A status right behind its reply, as in "550 5.1.1" (RFC 2034, 4), is surer than any other. */
static void keep_reply(reason_codes *codes, span text, size_t at)
{
    memcpy(codes->reply, text.ptr + at, 3);
    codes->reply[3] = '\0';
    size_t next = at + 4;
    while (next + 4 < text.len && match_reply(text, next)) {
        next += 4; /* "550 550 5.7.1": one server cites another */
    }
    size_t len = next < text.len ? match_status(text, next) : 0;
    if (len > 0 && text.ptr[next] == text.ptr[at]) {
        keep_status(codes, text, next, len);
    }
}

reason_codes reason_find_codes(span text)
{
    reason_codes codes = { "", "" };
    for (size_t i = 0; i < text.len && codes.reply[0] == '\0'; i++) {
        if (!ascii_is_digit(text.ptr[i]) || !starts_token(text, i)) {
            continue;
        }
        size_t len = match_status(text, i);
        /* One of success stands only until one of failure comes. */
        bool is_wanted = codes.status[0] == '\0' || codes.status[0] == '2';
        if (len > 0 && is_wanted) {
            keep_status(&codes, text, i, len);
        } else if (len == 0 && match_reply(text, i)) {
            keep_reply(&codes, text, i);
        }
        i += len > 0 ? len - 1 : 0;
    }
    return codes;
}

bool reason_has_codes(const reason_codes *codes)
{
    return codes->status[0] != '\0' || codes->reply[0] != '\0';
}

unsigned reason_rank(backstop_reason reason)
{
    switch (reason) {
    case BACKSTOP_REASON_NONE:
        return 0;
    case BACKSTOP_REASON_OTHER:
        return 1;
    case BACKSTOP_REASON_NETWORK:
    case BACKSTOP_REASON_SECURITY:
    case BACKSTOP_REASON_SYSTEM:
        return 2;
    case BACKSTOP_REASON_EXPIRED:
        return 3;
    default:
        return REASON_RANK_BEST;
    }
}

typedef struct code_reason {
    const char *code;
    backstop_reason reason;
} code_reason;

static backstop_reason look_up(const code_reason *table, size_t count, const char *code)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].code, code) == 0) {
            return table[i].reason;
        }
    }
    return BACKSTOP_REASON_NONE;
}

/* Details that systems set only when they mean them. */
backstop_reason reason_from_clear_status(const char *status)
{
    static const code_reason details[] = {
        { "1.6", BACKSTOP_REASON_MOVED },
        { "2.2", BACKSTOP_REASON_MAILBOX_FULL },
        { "7.13", BACKSTOP_REASON_MAILBOX_DISABLED }, /* RFC 5248 registry: user account disabled */
        { "7.20", BACKSTOP_REASON_SENDER_REJECTED },  /* RFC 7372: no passing DKIM signature */
        { "7.21", BACKSTOP_REASON_SENDER_REJECTED },
        { "7.22", BACKSTOP_REASON_SENDER_REJECTED },
        { "7.23", BACKSTOP_REASON_SENDER_REJECTED }, /* SPF */
        { "7.24", BACKSTOP_REASON_SENDER_REJECTED },
        { "7.25", BACKSTOP_REASON_SENDER_REJECTED }, /* reverse DNS */
        { "7.26", BACKSTOP_REASON_SENDER_REJECTED },
        { "7.27", BACKSTOP_REASON_SENDER_REJECTED }, /* RFC 7505: the sender has a null MX */
        { "7.29", BACKSTOP_REASON_SENDER_REJECTED }, /* RFC 8617: ARC */
    };
    return status[0] == '\0' ? BACKSTOP_REASON_NONE
                             : look_up(details, G_N_ELEMENTS(details), status + 2);
}

/* RFC 3463, 3 and the registry of RFC 5248; by subject and detail, as the class only tells
 * whether it is final. X.0.0 and others that say nothing are left out. */
static backstop_reason reason_from_status(const char *status)
{
    static const code_reason details[] = {
        { "1.0", BACKSTOP_REASON_USER_UNKNOWN },     { "1.1", BACKSTOP_REASON_USER_UNKNOWN },
        { "1.2", BACKSTOP_REASON_HOST_UNKNOWN },     { "1.3", BACKSTOP_REASON_SYNTAX },
        { "1.4", BACKSTOP_REASON_USER_UNKNOWN },     { "1.7", BACKSTOP_REASON_SENDER_REJECTED },
        { "1.8", BACKSTOP_REASON_SENDER_REJECTED },  { "1.9", BACKSTOP_REASON_SYSTEM },
        { "1.10", BACKSTOP_REASON_USER_UNKNOWN },    { "2.1", BACKSTOP_REASON_MAILBOX_DISABLED },
        { "2.3", BACKSTOP_REASON_TOO_LARGE },        { "2.4", BACKSTOP_REASON_SYSTEM },
        { "3.0", BACKSTOP_REASON_SYSTEM },           { "3.1", BACKSTOP_REASON_SYSTEM },
        { "3.2", BACKSTOP_REASON_SYSTEM },           { "3.3", BACKSTOP_REASON_SYSTEM },
        { "3.4", BACKSTOP_REASON_TOO_LARGE },        { "3.5", BACKSTOP_REASON_SYSTEM },
        { "4.1", BACKSTOP_REASON_NETWORK },          { "4.2", BACKSTOP_REASON_NETWORK },
        { "4.3", BACKSTOP_REASON_NETWORK },          { "4.4", BACKSTOP_REASON_HOST_UNKNOWN },
        { "4.5", BACKSTOP_REASON_RATE_LIMITED },     { "4.6", BACKSTOP_REASON_NETWORK },
        { "4.7", BACKSTOP_REASON_EXPIRED },          { "4.14", BACKSTOP_REASON_NETWORK },
        { "5.1", BACKSTOP_REASON_SYNTAX },           { "5.2", BACKSTOP_REASON_SYNTAX },
        { "5.4", BACKSTOP_REASON_SYNTAX },           { "5.3", BACKSTOP_REASON_RATE_LIMITED },
        { "6.0", BACKSTOP_REASON_CONTENT_REJECTED }, { "6.1", BACKSTOP_REASON_CONTENT_REJECTED },
        { "6.3", BACKSTOP_REASON_CONTENT_REJECTED }, { "7.2", BACKSTOP_REASON_SECURITY },
        { "7.4", BACKSTOP_REASON_SECURITY },         { "7.5", BACKSTOP_REASON_SECURITY },
        { "7.8", BACKSTOP_REASON_SECURITY },         { "7.10", BACKSTOP_REASON_SECURITY },
        { "7.28", BACKSTOP_REASON_RATE_LIMITED },    { "7.30", BACKSTOP_REASON_SECURITY },
    };
    backstop_reason clear = reason_from_clear_status(status);
    return clear != BACKSTOP_REASON_NONE ? clear
                                         : look_up(details, G_N_ELEMENTS(details), status + 2);
}

static backstop_reason reason_from_reply(const char *reply)
{
    static const code_reason replies[] = {
        { "452", BACKSTOP_REASON_MAILBOX_FULL }, { "500", BACKSTOP_REASON_SYNTAX },
        { "501", BACKSTOP_REASON_SYNTAX },       { "502", BACKSTOP_REASON_SYNTAX },
        { "503", BACKSTOP_REASON_SYNTAX },       { "504", BACKSTOP_REASON_SYNTAX },
        { "521", BACKSTOP_REASON_SYSTEM },       { "523", BACKSTOP_REASON_SECURITY },
        { "530", BACKSTOP_REASON_SECURITY },     { "534", BACKSTOP_REASON_SECURITY },
        { "535", BACKSTOP_REASON_SECURITY },     { "551", BACKSTOP_REASON_USER_UNKNOWN },
        { "552", BACKSTOP_REASON_MAILBOX_FULL },
    };
    return look_up(replies, G_N_ELEMENTS(replies), reply);
}

backstop_reason reason_from_codes(const reason_codes *codes)
{
    if (strcmp(codes->reply, "556") == 0) {
        return BACKSTOP_REASON_HOST_UNKNOWN; /* RFC 7504: the domain takes no mail */
    }
    if (codes->status[0] != '\0') {
        backstop_reason reason = reason_from_status(codes->status);
        if (reason != BACKSTOP_REASON_NONE) {
            return reason;
        }
        if (codes->status[2] == '7') {
            return BACKSTOP_REASON_SECURITY; /* X.7.0, X.7.1: some policy refused it */
        }
    }
    bool status_says_nothing = codes->status[0] == '\0' || codes->status[2] == '0';
    return codes->reply[0] != '\0' && status_says_nothing ? reason_from_reply(codes->reply)
                                                          : BACKSTOP_REASON_NONE;
}

backstop_reason reason_from_stage(span text)
{
    /* As Exim, Postfix and 1&1 name the command that was refused. */
    static const struct {
        span words;
        backstop_reason reason;
    } stages[] = {
        { SPAN_OF("after initial connection"), BACKSTOP_REASON_SENDER_REJECTED },
        { SPAN_OF("after ehlo"), BACKSTOP_REASON_SENDER_REJECTED },
        { SPAN_OF("after helo"), BACKSTOP_REASON_SENDER_REJECTED },
        { SPAN_OF("in reply to helo"), BACKSTOP_REASON_SENDER_REJECTED },
        { SPAN_OF("in reply to ehlo"), BACKSTOP_REASON_SENDER_REJECTED },
        { SPAN_OF("after mail from"), BACKSTOP_REASON_SENDER_REJECTED },
        { SPAN_OF("in reply to mail from"), BACKSTOP_REASON_SENDER_REJECTED },
        { SPAN_OF("for mail from command"), BACKSTOP_REASON_SENDER_REJECTED },
        { SPAN_OF("after end of data"), BACKSTOP_REASON_CONTENT_REJECTED },
        { SPAN_OF("in reply to end of data"), BACKSTOP_REASON_CONTENT_REJECTED },
        { SPAN_OF("for text command"), BACKSTOP_REASON_CONTENT_REJECTED },
    };
    size_t best = G_N_ELEMENTS(stages);
    for (size_t at = 0; at < text.len && best > 0; at++) {
        char c = ascii_lower(text.ptr[at]);
        /* Nothing else begins with another letter: one pass, not one for each. */
        for (size_t i = 0; i < best && (c == 'a' || c == 'i' || c == 'f'); i++) {
            if (span_starts_nocase(span_skip(text, at), stages[i].words)) {
                best = i;
            }
        }
    }
    return best < G_N_ELEMENTS(stages) ? stages[best].reason : BACKSTOP_REASON_NONE;
}

enum { REASONS = BACKSTOP_REASON_OTHER + 1 };

/* Each reason weighs as many bytes as its phrases cover, overlaps once. */
backstop_reason reason_from_hits(const GArray *hits, phrase_class class, unsigned start,
                                 unsigned end)
{
    unsigned weights[REASONS] = { 0 }, covered[REASONS] = { 0 };
    backstop_reason best = BACKSTOP_REASON_NONE;
    for (unsigned i = phrases_first_at(hits, start); i < hits->len; i++) {
        const phrase_hit *hit = &g_array_index(hits, phrase_hit, i);
        if (hit->last_start > end) {
            break;
        }
        if (hit->class != class || hit->start < start || hit->end > end ||
            hit->end <= covered[hit->value]) {
            continue;
        }
        unsigned fresh = hit->end - MAX(hit->start, covered[hit->value]);
        weights[hit->value] += MIN(fresh, hit->weight);
        covered[hit->value] = hit->end;
    }
    for (unsigned value = 0; value < REASONS; value++) {
        backstop_reason r = (backstop_reason)value;
        bool ranks_higher = reason_rank(r) > reason_rank(best);
        bool ranks_same = reason_rank(r) == reason_rank(best);
        if (weights[r] > 0 && (ranks_higher || (ranks_same && weights[r] > weights[best]))) {
            best = r;
        }
    }
    return best;
}
