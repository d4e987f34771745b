/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/print_json.h"

#include "app/json.h"
#include "base/iso_date.h"

enum { SCHEMA_VERSION = 1 };

static void write_date(json_writer *w, const char *key, bool is_known, int64_t unix_sec)
{
    char text[ISO_DATE_SIZE];
    if (!is_known) {
        json_null(w, key);
        return;
    }
    iso_date_format(unix_sec, text);
    json_string(w, key, text);
}

static void write_recipient(json_writer *w, const backstop_recipient *r)
{
    json_open_object(w, NULL);
    json_string(w, "address", backstop_recipient_address(r));
    json_string(w, "final", backstop_recipient_final(r));
    json_string(w, "original", backstop_recipient_original(r));
    json_string(w, "action", backstop_recipient_action(r));
    json_string(w, "reason", backstop_reason_name(backstop_recipient_reason(r)));
    json_string(w, "status", backstop_recipient_status(r));
    json_string(w, "reply", backstop_recipient_reply(r));
    json_string(w, "diagnostic", backstop_recipient_diagnostic(r));
    json_close_object(w);
}

static void write_notice(json_writer *w, const backstop_notice *notice)
{
    json_open_object(w, "notice");
    json_string(w, "kind", backstop_kind_name(backstop_notice_kind(notice)));
    json_string(w, "reason", backstop_reason_name(backstop_notice_reason(notice)));
    json_string(w, "status", backstop_notice_status(notice));
    json_string(w, "reply", backstop_notice_reply(notice));
    json_string(w, "reporting_mta", backstop_notice_reporting_mta(notice));
    int64_t arrival = 0;
    bool has_arrival = backstop_notice_arrival_date(notice, &arrival);
    write_date(w, "arrival_date", has_arrival, arrival);
    json_open_array(w, "recipients");
    size_t count = backstop_notice_recipient_count(notice);
    for (size_t i = 0; i < count; i++) {
        write_recipient(w, backstop_notice_recipient(notice, i));
    }
    json_close_array(w);
    json_close_object(w);
}

static void write_hop(json_writer *w, const backstop_hop *hop)
{
    int64_t date = 0;
    bool has_date = backstop_hop_date(hop, &date);
    json_open_object(w, NULL);
    json_string(w, "from", backstop_hop_from(hop));
    json_string(w, "ip", backstop_hop_ip(hop));
    json_string(w, "by", backstop_hop_by(hop));
    write_date(w, "date", has_date, date);
    json_close_object(w);
}

static void write_returned(json_writer *w, const backstop_returned *returned)
{
    json_open_object(w, "returned");
    json_string(w, "form", backstop_form_name(backstop_returned_form(returned)));
    json_bool(w, "complete", backstop_returned_is_complete(returned));
    json_string(w, "message_id", backstop_returned_message_id(returned));
    json_string(w, "sender", backstop_returned_sender(returned));
    json_string(w, "from", backstop_returned_from(returned));
    json_open_array(w, "to");
    size_t to_count = backstop_returned_to_count(returned);
    for (size_t i = 0; i < to_count; i++) {
        json_string(w, NULL, backstop_returned_to(returned, i));
    }
    json_close_array(w);
    json_string(w, "subject", backstop_returned_subject(returned));
    int64_t date = 0;
    bool has_date = backstop_returned_date(returned, &date);
    write_date(w, "date", has_date, date);
    json_open_array(w, "hops");
    size_t hop_count = backstop_returned_hop_count(returned);
    for (size_t i = 0; i < hop_count; i++) {
        write_hop(w, backstop_returned_hop(returned, i));
    }
    json_close_array(w);
    json_close_object(w);
}

static void write_evidence(json_writer *w, const backstop_judgement *judgement)
{
    json_open_array(w, "evidence");
    size_t count = backstop_judgement_evidence_count(judgement);
    for (size_t i = 0; i < count; i++) {
        json_open_object(w, NULL);
        json_string(w, "witness", backstop_evidence_witness(judgement, i));
        json_string(w, "claim", backstop_claim_name(backstop_evidence_claim(judgement, i)));
        json_string(w, "strength",
                    backstop_strength_name(backstop_evidence_strength(judgement, i)));
        json_string(w, "why", backstop_evidence_why(judgement, i));
        json_close_object(w);
    }
    json_close_array(w);
}

void print_json(GString *out, const mailbox_message *where, const backstop_notice *notice,
                const backstop_judgement *judgement)
{
    backstop_confidence confidence = backstop_judgement_confidence(judgement);
    json_writer w = json_start(out);
    json_open_object(&w, NULL);
    json_number(&w, "schema", SCHEMA_VERSION);
    json_string(&w, "file", where->file);
    json_number(&w, "index", (int64_t)where->index);
    json_bool(&w, "cut", where->cut || backstop_notice_is_cut(notice));
    write_notice(&w, notice);
    write_returned(&w, backstop_notice_returned(notice));
    json_string(&w, "verdict", backstop_verdict_name(backstop_judgement_verdict(judgement)));
    json_string(&w, "confidence", backstop_confidence_name(confidence));
    json_null(&w, "disposition");
    write_evidence(&w, judgement);
    json_string(&w, "explanation", backstop_judgement_explanation(judgement));
    json_close_object(&w);
    g_string_append_c(out, '\n');
}
