/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Small made-up messages for the tests of src/notice: reads one, with its notice, and puts what
 * the notice tells on one line to compare. To be included after <cmocka.h>.
 */
#ifndef BACKSTOP_TESTS_UNIT_NOTICE_FIXTURE_H
#define BACKSTOP_TESTS_UNIT_NOTICE_FIXTURE_H

#include "notice/notice.h"

#include <string.h>

typedef struct fixture {
    char *bytes; /* an exact copy: a read past its end is seen by AddressSanitizer */
    size_t len;
    backstop_message *message;
    backstop_notice *notice;
} fixture;

/* `text` with each LF as `line_end`. */
static inline GString *fixture_with_line_ends(const char *text, const char *line_end)
{
    GString *out = g_string_new(NULL);
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            g_string_append(out, line_end);
        } else {
            g_string_append_c(out, *text);
        }
    }
    return out;
}

static inline fixture fixture_message_from(const char *text, const char *line_end,
                                           const backstop_envelope *envelope)
{
    GString *all = fixture_with_line_ends(text, line_end);
    fixture f = { .len = all->len };
    f.bytes = g_memdup2(all->str, all->len);
    g_string_free(all, TRUE);
    assert_int_equal(BACKSTOP_OK, backstop_message_read(f.bytes, f.len, envelope, &f.message));
    return f;
}

static inline fixture fixture_message(const char *text)
{
    return fixture_message_from(text, "\n", NULL);
}

/* The message is freed before the notice is used, as the public header allows. */
static inline fixture fixture_notice_from(const char *text, const char *line_end,
                                          const backstop_envelope *envelope)
{
    fixture f = fixture_message_from(text, line_end, envelope);
    f.notice = backstop_notice_read(f.message);
    backstop_message_free(f.message);
    f.message = NULL;
    return f;
}

static inline fixture fixture_notice(const char *text)
{
    return fixture_notice_from(text, "\n", NULL);
}

static inline void fixture_free(fixture *f)
{
    backstop_notice_free(f->notice);
    backstop_message_free(f->message);
    g_free(f->bytes);
}

static inline const char *fixture_or_dash(const char *text)
{
    return text != NULL ? text : "-";
}

static inline const char *fixture_reason(backstop_reason reason)
{
    return fixture_or_dash(backstop_reason_name(reason));
}

/* "failure": the kind alone. */
static inline char *fixture_tell_kind(const backstop_notice *n)
{
    return g_strdup(backstop_kind_name(backstop_notice_kind(n)));
}

/* "a@b.example failed user_unknown 5.1.1 550; ...": address, action, reason, status and reply of
 * each recipient. */
static inline char *fixture_tell_recipients(const backstop_notice *n)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < backstop_notice_recipient_count(n); i++) {
        const backstop_recipient *r = backstop_notice_recipient(n, i);
        g_string_append_printf(out, "%s%s %s %s %s %s", i > 0 ? "; " : "",
                               fixture_or_dash(backstop_recipient_address(r)),
                               fixture_or_dash(backstop_recipient_action(r)),
                               fixture_reason(backstop_recipient_reason(r)),
                               fixture_or_dash(backstop_recipient_status(r)),
                               fixture_or_dash(backstop_recipient_reply(r)));
    }
    return g_string_free(out, FALSE);
}

/* "address|final|original; ...". */
static inline char *fixture_tell_addresses(const backstop_notice *n)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < backstop_notice_recipient_count(n); i++) {
        const backstop_recipient *r = backstop_notice_recipient(n, i);
        g_string_append_printf(out, "%s%s|%s|%s", i > 0 ? "; " : "",
                               fixture_or_dash(backstop_recipient_address(r)),
                               fixture_or_dash(backstop_recipient_final(r)),
                               fixture_or_dash(backstop_recipient_original(r)));
    }
    return g_string_free(out, FALSE);
}

/* "full complete|<id>|sender|from|to,to|subject|date|hops": the date in Unix seconds. */
static inline char *fixture_tell_returned(const backstop_notice *n)
{
    const backstop_returned *r = backstop_notice_returned(n);
    GString *out = g_string_new(backstop_form_name(backstop_returned_form(r)));
    int64_t sec;
    g_string_append_printf(out, "%s|%s|%s|%s|", backstop_returned_is_complete(r) ? " complete" : "",
                           fixture_or_dash(backstop_returned_message_id(r)),
                           fixture_or_dash(backstop_returned_sender(r)),
                           fixture_or_dash(backstop_returned_from(r)));
    for (size_t i = 0; i < backstop_returned_to_count(r); i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? "," : "", backstop_returned_to(r, i));
    }
    g_string_append_printf(out, "|%s|", fixture_or_dash(backstop_returned_subject(r)));
    if (backstop_returned_date(r, &sec)) {
        g_string_append_printf(out, "%ld", (long)sec);
    } else {
        g_string_append_c(out, '-');
    }
    g_string_append_printf(out, "|%zu", backstop_returned_hop_count(r));
    return g_string_free(out, FALSE);
}

typedef char *fixture_teller(const backstop_notice *n);

/* What `tell` says of the message must be `expected`, whatever its line ends are. */
static inline void fixture_check(const char *text, fixture_teller *tell, const char *expected)
{
    static const char *const line_ends[] = { "\n", "\r\n", "\r" };
    static const char *const names[] = { "LF", "CRLF", "CR" };
    for (size_t i = 0; i < 3; i++) {
        fixture f = fixture_notice_from(text, line_ends[i], NULL);
        char *told = tell(f.notice);
        if (strcmp(told, expected) != 0) {
            fail_msg("with %s:\n%s\n got \"%s\"\nwant \"%s\"", names[i], text, told, expected);
        }
        g_free(told);
        fixture_free(&f);
    }
}

typedef struct fixture_case {
    const char *text;
    const char *expected;
} fixture_case;

static inline void fixture_check_cases(const fixture_case *cases, size_t count,
                                       fixture_teller *tell)
{
    for (size_t i = 0; i < count; i++) {
        fixture_check(cases[i].text, tell, cases[i].expected);
    }
}

#endif
