/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Authentication-Results (RFC 8601, 2.2) of a returned mail. */
#include <backstop/authentication.h>

#include "message/lexical.h"
#include "notice/notice.h"

enum {
    FIELDS_READ = 100,  /* of one header; a filter adds one or two */
    RESULTS_READ = 100, /* of one field; a mail with many signatures has dozens */
};

typedef struct tally {
    bool spf_failed, dkim_failed, has_pass, has_doubt;
} tally;

static bool ends_word(char c)
{
    return ascii_is_space(c) || strchr(";=()\"", c) != NULL;
}

/* The next run of bytes without white space and marks; empty if there is none. */
static span read_word(lexical_scan *scan)
{
    lexical_skip_blank(scan);
    const char *start = scan->at;
    while (scan->at < scan->end && *scan->at != '\0' && !ends_word(*scan->at)) {
        scan->at++;
    }
    return (span){ start, (size_t)(scan->at - start) };
}

/* Passes what is left of one result. False if no other follows. */
static bool pass_semicolon(lexical_scan *scan)
{
    span quoted;
    for (;;) {
        lexical_skip_blank(scan);
        if (scan->at >= scan->end) {
            return false;
        }
        if (*scan->at == ';') {
            scan->at++;
            return true;
        }
        if (*scan->at == '"') {
            lexical_read_quoted(scan, &quoted);
        } else {
            scan->at++;
        }
    }
}

static bool is_one_of(span word, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (span_equal_nocase(word, span_from_string(names[i]))) {
            return true;
        }
    }
    return false;
}

static void take_result(span method, span result, tally *t)
{
    static const char *const spf_failures[] = { "fail", "softfail" };
    static const char *const dkim_failures[] = { "fail", "none", "neutral", "permerror" };
    method = span_head(method, span_find_char(method, '/')); /* a version may follow */
    bool is_spf = span_equal_nocase(method, SPAN("spf"));
    if (!is_spf && !span_equal_nocase(method, SPAN("dkim"))) {
        return;
    }
    if (span_equal_nocase(result, SPAN("pass"))) {
        t->has_pass = true;
    } else if (is_spf && is_one_of(result, spf_failures, G_N_ELEMENTS(spf_failures))) {
        t->spf_failed = true;
    } else if (!is_spf && is_one_of(result, dkim_failures, G_N_ELEMENTS(dkim_failures))) {
        t->dkim_failed = true;
    } else {
        t->has_doubt = true;
    }
}

static void take_field(span value, const char *const *servers, size_t count, tally *t)
{
    lexical_scan scan = lexical_start(value);
    if (!is_one_of(read_word(&scan), servers, count)) {
        return;
    }
    for (unsigned i = 0; i < RESULTS_READ && pass_semicolon(&scan); i++) {
        span method = read_word(&scan);
        lexical_skip_blank(&scan);
        if (method.len > 0 && scan.at < scan.end && *scan.at == '=') {
            scan.at++;
            take_result(method, read_word(&scan), t);
        }
    }
}

backstop_authentication backstop_notice_authentication(const backstop_notice *notice,
                                                       const char *const *servers, size_t count)
{
    const GArray *fields = notice->returned.header.fields;
    tally t = { .has_pass = false };
    if (fields == NULL) {
        return BACKSTOP_AUTHENTICATION_UNKNOWN;
    }
    field_block header = { .fields = fields, .first = 0, .count = fields->len };
    const header_field *field = field_find(header, SPAN("Authentication-Results"), 0);
    for (unsigned i = 0; field != NULL && i < FIELDS_READ; i++) {
        take_field(field->value, servers, count, &t);
        field = field_find(header, SPAN("Authentication-Results"),
                           (unsigned)(field - field_at(header, 0)) + 1);
    }
    /* More fields than are read may hold the pass. */
    if (t.has_pass) {
        return BACKSTOP_AUTHENTICATION_PASSED;
    }
    return t.spf_failed && t.dkim_failed && !t.has_doubt && field == NULL
               ? BACKSTOP_AUTHENTICATION_FAILED
               : BACKSTOP_AUTHENTICATION_UNKNOWN;
}
