/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/print_text.h"

#include "app/terminal.h"
#include "base/iso_date.h"

#include <inttypes.h>
#include <string.h>

enum { LABEL_COLUMNS = 18, INDENT_COLUMNS = 2 };

/* How a heading names each kind. */
static const char *const kind_titles[] = {
    [BACKSTOP_KIND_NONE] = "not a notice",
    [BACKSTOP_KIND_FAILURE] = "delivery failure",
    [BACKSTOP_KIND_DELAY] = "delivery delayed",
    [BACKSTOP_KIND_SUCCESS] = "delivery confirmed",
    [BACKSTOP_KIND_AUTO_REPLY] = "automatic reply",
    [BACKSTOP_KIND_LIST_REPLY] = "mailing list reply",
    [BACKSTOP_KIND_CHALLENGE] = "request to confirm",
    [BACKSTOP_KIND_CONTENT_WARNING] = "content warning",
    [BACKSTOP_KIND_READ_RECEIPT] = "read receipt",
    [BACKSTOP_KIND_FEEDBACK] = "abuse report",
};

static void append_heading(GString *out, const mailbox_message *where, backstop_kind kind)
{
    g_autofree char *name = mailbox_message_name(where);
    terminal_append_escaped(out, name);
    g_string_append_printf(out, ": %s\n", kind_titles[kind]);
}

/* One technical line; nothing for NULL. */
static void append_line(GString *out, unsigned depth, const char *label, const char *value)
{
    if (value == NULL) {
        return;
    }
    int indent = (int)(INDENT_COLUMNS * depth);
    g_string_append_printf(out, "%*s%-*s", indent, "", LABEL_COLUMNS - indent, label);
    terminal_append_escaped(out, value);
    g_string_append_c(out, '\n');
}

static void append_date(GString *out, unsigned depth, const char *label, bool is_known,
                        int64_t unix_sec)
{
    if (is_known) {
        char text[ISO_DATE_SIZE];
        iso_date_format(unix_sec, text);
        append_line(out, depth, label, text);
    }
}

static void append_recipient(GString *out, const backstop_recipient *r)
{
    const char *address = backstop_recipient_address(r);
    append_line(out, 1, "recipient", address != NULL ? address : "(not named)");
    append_line(out, 2, "final", backstop_recipient_final(r));
    append_line(out, 2, "original", backstop_recipient_original(r));
    append_line(out, 2, "action", backstop_recipient_action(r));
    append_line(out, 2, "reason", backstop_reason_name(backstop_recipient_reason(r)));
    append_line(out, 2, "status", backstop_recipient_status(r));
    append_line(out, 2, "reply", backstop_recipient_reply(r));
    append_line(out, 2, "diagnostic", backstop_recipient_diagnostic(r));
}

static void append_hop(GString *out, const backstop_hop *hop)
{
    g_autoptr(GString) line = g_string_new(NULL);
    const struct {
        const char *before, *value, *after;
    } pieces[] = {
        { "from ", backstop_hop_from(hop), " " },
        { "[", backstop_hop_ip(hop), "] " },
        { "by ", backstop_hop_by(hop), " " },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        if (pieces[i].value != NULL) {
            g_string_append(line, pieces[i].before);
            g_string_append(line, pieces[i].value);
            g_string_append(line, pieces[i].after);
        }
    }
    int64_t unix_sec;
    if (backstop_hop_date(hop, &unix_sec)) {
        char text[ISO_DATE_SIZE];
        iso_date_format(unix_sec, text);
        g_string_append(line, text);
    }
    append_line(out, 2, "hop", g_strchomp(line->str));
}

static void append_returned(GString *out, const backstop_returned *returned)
{
    backstop_form form = backstop_returned_form(returned);
    if (form == BACKSTOP_FORM_NONE) {
        append_line(out, 1, "returned", "nothing");
        return;
    }
    g_autofree char *what =
        g_strconcat(backstop_form_name(form),
                    backstop_returned_is_complete(returned) ? ", header complete" : "", NULL);
    append_line(out, 1, "returned", what);
    append_line(out, 2, "Message-ID", backstop_returned_message_id(returned));
    append_line(out, 2, "sender", backstop_returned_sender(returned));
    append_line(out, 2, "From", backstop_returned_from(returned));
    for (size_t i = 0; i < backstop_returned_to_count(returned); i++) {
        append_line(out, 2, "To", backstop_returned_to(returned, i));
    }
    append_line(out, 2, "Subject", backstop_returned_subject(returned));
    int64_t unix_sec = 0;
    bool has_date = backstop_returned_date(returned, &unix_sec);
    append_date(out, 2, "Date", has_date, unix_sec);
    for (size_t i = 0; i < backstop_returned_hop_count(returned); i++) {
        append_hop(out, backstop_returned_hop(returned, i));
    }
}

static void append_technical(GString *out, const backstop_notice *notice)
{
    append_line(out, 1, "kind", backstop_kind_name(backstop_notice_kind(notice)));
    append_line(out, 1, "reason", backstop_reason_name(backstop_notice_reason(notice)));
    append_line(out, 1, "status", backstop_notice_status(notice));
    append_line(out, 1, "reply", backstop_notice_reply(notice));
    append_line(out, 1, "reporting MTA", backstop_notice_reporting_mta(notice));
    int64_t unix_sec = 0;
    bool has_arrival = backstop_notice_arrival_date(notice, &unix_sec);
    append_date(out, 1, "arrival", has_arrival, unix_sec);
    for (size_t i = 0; i < backstop_notice_recipient_count(notice); i++) {
        append_recipient(out, backstop_notice_recipient(notice, i));
    }
    append_returned(out, backstop_notice_returned(notice));
}

static void append_verdict(GString *out, const backstop_judgement *judgement)
{
    const char *confidence = backstop_confidence_name(backstop_judgement_confidence(judgement));
    g_autofree char *verdict =
        g_strconcat(backstop_verdict_name(backstop_judgement_verdict(judgement)),
                    confidence == NULL ? NULL : ", ", confidence, NULL);
    append_line(out, 1, "verdict", verdict);
    for (size_t i = 0; i < backstop_judgement_evidence_count(judgement); i++) {
        backstop_claim claim = backstop_evidence_claim(judgement, i);
        const char *strength = backstop_strength_name(backstop_evidence_strength(judgement, i));
        g_autofree char *said =
            claim == BACKSTOP_CLAIM_NONE
                ? g_strdup_printf("silent: %s", backstop_evidence_why(judgement, i))
                : g_strdup_printf("%s, %s: %s", backstop_claim_name(claim), strength,
                                  backstop_evidence_why(judgement, i));
        append_line(out, 2, backstop_evidence_witness(judgement, i), said);
    }
}

void print_text(GString *out, unsigned columns, const mailbox_message *where,
                const backstop_notice *notice, const backstop_judgement *judgement)
{
    backstop_kind kind = backstop_notice_kind(notice);
    append_heading(out, where, kind);
    if (kind == BACKSTOP_KIND_NONE) {
        return;
    }
    g_autoptr(GString) escaped = g_string_new(NULL);
    terminal_append_escaped(escaped, backstop_judgement_explanation(judgement));
    g_string_append_c(out, '\n');
    terminal_append_wrapped(out, escaped->str, INDENT_COLUMNS, columns);
    g_string_append_c(out, '\n');
    append_verdict(out, judgement);
    append_technical(out, notice);
    if (where->cut || backstop_notice_is_cut(notice)) {
        append_line(out, 1, "cut", "part of the message was not read: it passes a limit");
    }
    g_string_append_c(out, '\n');
}

void print_count(GString *out, uint64_t messages, uint64_t notices)
{
    if (messages > 1) {
        g_string_append_printf(out, "%" PRIu64 " messages, %" PRIu64 " of them notices\n", messages,
                               notices);
    }
}
