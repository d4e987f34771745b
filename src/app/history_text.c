/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/history_text.h"

#include "app/terminal.h"
#include "base/iso_date.h"

#include <string.h>

enum { INDENT_COLUMNS = 2, WITNESS_COLUMNS = 8, DAY_BYTES = sizeof "2026-11-23" - 1 };

void history_text_append_day(GString *out, int64_t sec)
{
    char date[ISO_DATE_SIZE];
    iso_date_format(sec, date);
    g_string_append_len(out, date, DAY_BYTES);
}

/* A paragraph of text that is escaped already. */
static void append_paragraph(GString *out, unsigned columns, const char *text)
{
    terminal_append_wrapped(out, text, INDENT_COLUMNS, columns);
    g_string_append_c(out, '\n');
}

/* `before`, the text and `after`; nothing for NULL. */
static void append_known(GString *out, const char *before, const char *text, const char *after)
{
    if (text != NULL) {
        g_string_append(out, before);
        terminal_append_escaped(out, text);
        g_string_append(out, after);
    }
}

static const char *what_came(const char *kind)
{
    static const struct {
        const char *kind, *words;
    } names[] = {
        { "failure", "A report that mail could not be delivered" },
        { "delay", "A report that mail is delayed" },
        { "success", "A report that mail was delivered" },
        { "auto_reply", "An automatic reply" },
        { "list_reply", "An answer of a mailing list" },
        { "challenge", "A request to confirm that one is a person" },
        { "content_warning", "A warning about the content of a mail" },
        { "read_receipt", "A receipt that mail was read" },
        { "feedback", "A report of abuse" },
    };
    for (size_t i = 0; kind != NULL && i < G_N_ELEMENTS(names); i++) {
        if (strcmp(names[i].kind, kind) == 0) {
            return names[i].words;
        }
    }
    return "A message";
}

void history_text_append_arrival(GString *out, unsigned columns, const backstop_event *event)
{
    g_autoptr(GString) text = g_string_new(what_came(event->kind));
    append_known(text, " came for ", event->recipient, "");
    append_known(text, event->recipient == NULL ? " came from " : ", from ", event->client_ip, "");
    if (event->recipient == NULL && event->client_ip == NULL) {
        g_string_append(text, " came");
    }
    append_known(text, " (", event->reason, ")");
    g_string_append(text, ". ");
    if (event->message_id == NULL && event->outbound_path == NULL) {
        g_string_append(text, "It does not tell which mail it is about.");
    } else {
        g_string_append(text, "It is about ");
        append_known(text, "", event->message_id, "");
        g_string_append(text, event->message_id == NULL ? "a mail" : "");
        append_known(text, ", which ", event->outbound_path, " handed over to those who report");
        g_string_append_c(text, '.');
    }
    append_paragraph(out, columns, text->str);
}

void history_text_append_verdict(GString *out, unsigned columns, const backstop_event *event)
{
    const char *verdict = backstop_verdict_name(event->verdict);
    g_autoptr(GString) text = g_string_new("Verdict: ");
    append_known(text, "", verdict != NULL ? verdict : "unknown", "");
    append_known(text, ", ", backstop_confidence_name(event->confidence), "");
    append_known(text, ", by the witness ", event->by, "");
    g_string_append_c(text, '.');
    append_known(text, " ", event->explanation, "");
    append_paragraph(out, columns, text->str);
}

void history_text_append_evidence(GString *out, const backstop_judgement *judgement)
{
    size_t count = backstop_judgement_evidence_count(judgement);
    g_string_append_printf(out, "%*s%s\n", INDENT_COLUMNS, "",
                           count == 0 ? "No witness had anything to say." : "The witnesses:");
    for (size_t i = 0; i < count; i++) {
        backstop_claim claim = backstop_evidence_claim(judgement, i);
        g_string_append_printf(out, "%*s%-*s", 2 * INDENT_COLUMNS, "", WITNESS_COLUMNS,
                               backstop_evidence_witness(judgement, i));
        if (claim == BACKSTOP_CLAIM_NONE) {
            g_string_append(out, "silent: ");
        } else {
            g_string_append_printf(
                out, "%s, %s: ", backstop_claim_name(claim),
                backstop_strength_name(backstop_evidence_strength(judgement, i)));
        }
        terminal_append_escaped(out, backstop_evidence_why(judgement, i));
        g_string_append_c(out, '\n');
    }
    g_string_append_c(out, '\n');
}

void history_text_append_tag(GString *out, unsigned columns, const backstop_event *event)
{
    if (!event->has_genuine_witness || event->has_tag) {
        return;
    }
    append_paragraph(
        out, columns,
        event->is_explained
            ? "The mail bears no tag of ours, and it is known why: it is recorded as sent, not "
              "enough of its header came back, its tag cannot be checked here, or it left before "
              "mail was tagged."
            : "A witness knows the mail as ours, and it bears no tag: perhaps mail leaves by a way "
              "that Backstop does not see. `backstop report` shows all such mail.");
}

const char *history_text_disposition(backstop_disposition disposition)
{
    switch (disposition) {
    case BACKSTOP_DISPOSITION_DELIVER:
        return "delivered as it was";
    case BACKSTOP_DISPOSITION_MARK:
        return "delivered, marked with the verdict";
    case BACKSTOP_DISPOSITION_QUARANTINE:
        return "put into quarantine";
    case BACKSTOP_DISPOSITION_REJECT:
        return "rejected";
    case BACKSTOP_DISPOSITION_DISCARD:
        return "discarded";
    }
    return "dealt with in a way that is not known here";
}

void history_text_append_done(GString *out, unsigned columns, const backstop_event *event)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "It was %s.", history_text_disposition(event->done));
    if (event->enforced != event->done) {
        g_string_append_printf(text, " In the mode enforce it would have been %s.",
                               history_text_disposition(event->enforced));
    }
    append_paragraph(out, columns, text->str);
}
