/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/report_print.h"

#include "app/history_text.h"
#include "app/json.h"
#include "app/terminal.h"

#include <inttypes.h>
#include <string.h>

enum {
    VERDICTS = 4, /* numbered from 0, as are confidences and dispositions */
    CONFIDENCES = 3,
    DISPOSITIONS = 5,
    UNTAGGED_ROWS = 40, /* that are shown to people; JSON has all */
    NAME_COLUMNS = 16,
    COUNT_COLUMNS = 12,
    SENDER_COLUMNS = 36,
    PATH_COLUMNS = 40,
};

/* In the order of the tables. */
static const backstop_verdict shown_verdicts[] = {
    BACKSTOP_VERDICT_GENUINE,
    BACKSTOP_VERDICT_UNVERIFIED,
    BACKSTOP_VERDICT_BACKSCATTER,
};

static const char *disposition_name(backstop_disposition disposition)
{
    const char *name = backstop_disposition_name(disposition);
    return name != NULL ? name : "unknown";
}

/* ---- sums ---- */

/* Of one row of a table: all that have a verdict. */
typedef struct sums {
    uint64_t by_verdict[VERDICTS];
} sums;

static void add_to(sums *s, const backstop_tally *tally)
{
    if ((unsigned)tally->verdict < VERDICTS) {
        s->by_verdict[tally->verdict] += tally->count;
    }
}

static void append_sums_head(GString *out, const char *what)
{
    g_string_append_printf(out, "%-*s", NAME_COLUMNS, what);
    for (size_t i = 0; i < G_N_ELEMENTS(shown_verdicts); i++) {
        g_string_append_printf(out, "%*s", COUNT_COLUMNS, backstop_verdict_name(shown_verdicts[i]));
    }
    g_string_append_c(out, '\n');
}

static void append_sums(GString *out, const char *name, const sums *s)
{
    g_string_append_printf(out, "%-*s", NAME_COLUMNS, name);
    for (size_t i = 0; i < G_N_ELEMENTS(shown_verdicts); i++) {
        g_string_append_printf(out, "%*" PRIu64, COUNT_COLUMNS, s->by_verdict[shown_verdicts[i]]);
    }
    g_string_append_c(out, '\n');
}

static void append_by_kind(GString *out, const backstop_report *report)
{
    append_sums_head(out, "kind");
    for (int kind = BACKSTOP_KIND_NONE; kind <= BACKSTOP_KIND_FEEDBACK; kind++) {
        const char *name = backstop_kind_name((backstop_kind)kind);
        sums s = { { 0 } };
        uint64_t all = 0;
        for (size_t i = 0; i < report->tally_count; i++) {
            if (strcmp(report->tallies[i].kind, name) == 0) {
                add_to(&s, &report->tallies[i]);
                all += report->tallies[i].count;
            }
        }
        if (all > 0) {
            append_sums(out, name, &s);
        }
    }
    g_string_append_c(out, '\n');
}

/* Tallies stand in the order of their days. */
static void append_by_day(GString *out, const backstop_report *report)
{
    append_sums_head(out, "day");
    for (size_t i = 0; i < report->tally_count;) {
        int64_t day_sec = report->tallies[i].day_sec;
        g_autoptr(GString) name = g_string_new(NULL);
        sums s = { { 0 } };
        while (i < report->tally_count && report->tallies[i].day_sec == day_sec) {
            add_to(&s, &report->tallies[i++]);
        }
        history_text_append_day(name, day_sec);
        append_sums(out, name->str, &s);
    }
    g_string_append_c(out, '\n');
}

/* What was done with the notices of one verdict and confidence, or would have been. */
typedef struct dispositions {
    uint64_t count;
    uint64_t done[DISPOSITIONS], enforced[DISPOSITIONS];
} dispositions;

static dispositions dispositions_of(const backstop_report *report, backstop_verdict verdict,
                                    backstop_confidence confidence)
{
    dispositions d = { 0 };
    for (size_t i = 0; i < report->tally_count; i++) {
        const backstop_tally *t = &report->tallies[i];
        if (t->verdict != verdict || t->confidence != confidence) {
            continue;
        }
        d.count += t->count;
        if ((unsigned)t->done < DISPOSITIONS && (unsigned)t->enforced < DISPOSITIONS) {
            d.done[t->done] += t->count;
            d.enforced[t->enforced] += t->count;
        }
    }
    return d;
}

static void append_dispositions(GString *out, const char *what, const uint64_t counts[DISPOSITIONS])
{
    g_string_append_printf(out, "  %s:", what);
    const char *before = " ";
    for (int i = 0; i < DISPOSITIONS; i++) {
        if (counts[i] > 0) {
            g_string_append_printf(out, "%s%s %" PRIu64, before,
                                   disposition_name((backstop_disposition)i), counts[i]);
            before = ", ";
        }
    }
    g_string_append_c(out, '\n');
}

static void append_by_verdict(GString *out, const backstop_report *report)
{
    for (size_t i = 0; i < G_N_ELEMENTS(shown_verdicts); i++) {
        for (int confidence = CONFIDENCES - 1; confidence >= 0; confidence--) {
            dispositions d =
                dispositions_of(report, shown_verdicts[i], (backstop_confidence)confidence);
            const char *name = backstop_confidence_name((backstop_confidence)confidence);
            if (d.count == 0) {
                continue;
            }
            g_string_append_printf(out, "%s%s%s: %" PRIu64 "\n",
                                   backstop_verdict_name(shown_verdicts[i]),
                                   name == NULL ? "" : ", ", name == NULL ? "" : name, d.count);
            append_dispositions(out, "done", d.done);
            append_dispositions(out, "enforce would", d.enforced);
        }
    }
    g_string_append_c(out, '\n');
}

/* ---- mail without a tag ---- */

static void append_untagged_row(GString *out, const backstop_untagged *u)
{
    g_string_append_printf(out, "%*" PRIu64 "%*" PRIu64 "  ", COUNT_COLUMNS, u->count,
                           COUNT_COLUMNS, u->unexplained);
    history_text_append_day(out, u->last_day_sec);
    g_string_append(out, "  ");
    terminal_append_cell(out, u->sender != NULL ? u->sender : "(not told)", SENDER_COLUMNS);
    g_string_append(out, "  ");
    g_autoptr(GString) path = g_string_new(NULL);
    terminal_append_cell(path, u->outbound_path != NULL ? u->outbound_path : "(not told)",
                         PATH_COLUMNS);
    g_string_append(out, g_strchomp(path->str));
    g_string_append_c(out, '\n');
}

static void append_untagged(GString *out, const backstop_report *report)
{
    uint64_t count = 0, unexplained = 0;
    for (size_t i = 0; i < report->tally_count; i++) {
        count += report->tallies[i].untagged;
        unexplained += report->tallies[i].unexplained;
    }
    g_string_append_printf(out,
                           "Notices about mail that a witness knows as ours, but without our tag: "
                           "%" PRIu64 ", %" PRIu64 " of them unexplained.\n",
                           count, unexplained);
    if (report->untagged_count > 0) {
        g_string_append_printf(out, "%*s%*s  %-10s  %-*s  %s\n", COUNT_COLUMNS, "notices",
                               COUNT_COLUMNS, "unexplained", "last", SENDER_COLUMNS, "sender",
                               "handed over by");
    }
    for (size_t i = 0; i < MIN(report->untagged_count, (size_t)UNTAGGED_ROWS); i++) {
        append_untagged_row(out, &report->untagged[i]);
    }
    if (report->untagged_count > UNTAGGED_ROWS) {
        g_string_append_printf(out, "and %zu more: --json shows all\n",
                               report->untagged_count - UNTAGGED_ROWS);
    }
    g_string_append_c(out, '\n');
}

/* ---- readiness ---- */

static void append_observed(GString *out, const backstop_readiness *r)
{
    if (r->observed_since_sec == 0) {
        g_string_append(out, "  backstopd has not run yet with this store.\n");
        return;
    }
    g_string_append_printf(out, "  observed on %u days, %d are needed; since ", r->observed_days,
                           BACKSTOP_READY_DAYS);
    history_text_append_day(out, r->observed_since_sec);
    g_string_append(out, ", last on ");
    history_text_append_day(out, r->observed_last_sec);
    g_string_append_c(out, '\n');
}

static void append_readiness(GString *out, const backstop_readiness *r)
{
    g_string_append_printf(out, "Ready for enforce: %s\n",
                           backstop_readiness_is_enough(r) ? "yes" : "no");
    append_observed(out, r);
    g_string_append_printf(out,
                           "  unexplained notices in the last %d days: %" PRIu64 "; none may be\n",
                           BACKSTOP_READY_DAYS, r->untagged_unexplained);
    if (r->observed_days < BACKSTOP_READY_DAYS) {
        g_string_append(out, "  Missing: let backstopd run on in the mode observe.\n");
    }
    if (r->untagged_unexplained > 0) {
        g_string_append(
            out, "  Missing: find the hosts above by which that mail leaves, and have it signed "
                 "there;\n  then wait until it is older than those days.\n");
    }
}

void report_print_text(GString *out, const report_data *data)
{
    uint64_t count = 0;
    for (size_t i = 0; i < data->report->tally_count; i++) {
        count += data->report->tallies[i].count;
    }
    g_string_append(out, "Notices from ");
    history_text_append_day(out, data->from_sec);
    g_string_append(out, " to ");
    history_text_append_day(out, data->until_sec);
    g_string_append_printf(out, " (UTC): %" PRIu64 "\n\n", count);
    if (count > 0) {
        append_by_verdict(out, data->report);
        append_by_kind(out, data->report);
        append_by_day(out, data->report);
    }
    append_untagged(out, data->report);
    append_readiness(out, &data->readiness);
}

/* ---- JSON ---- */

static void json_day(json_writer *w, const char *key, int64_t sec)
{
    g_autoptr(GString) day = g_string_new(NULL);
    history_text_append_day(day, sec);
    json_string(w, key, day->str);
}

static void json_day_or_null(json_writer *w, const char *key, int64_t sec)
{
    if (sec == 0) {
        json_null(w, key);
    } else {
        json_day(w, key, sec);
    }
}

static void json_tally(json_writer *w, const backstop_tally *t)
{
    json_open_object(w, NULL);
    json_day(w, "day", t->day_sec);
    json_string(w, "verdict", backstop_verdict_name(t->verdict));
    json_string(w, "confidence", backstop_confidence_name(t->confidence));
    json_string(w, "kind", t->kind);
    json_string(w, "done", backstop_disposition_name(t->done));
    json_string(w, "enforced", backstop_disposition_name(t->enforced));
    json_number(w, "count", (int64_t)t->count);
    json_number(w, "untagged", (int64_t)t->untagged);
    json_number(w, "unexplained", (int64_t)t->unexplained);
    json_close_object(w);
}

static void json_untagged(json_writer *w, const backstop_untagged *u)
{
    json_open_object(w, NULL);
    json_string(w, "sender", u->sender);
    json_string(w, "path", u->outbound_path);
    json_day(w, "last", u->last_day_sec);
    json_number(w, "count", (int64_t)u->count);
    json_number(w, "unexplained", (int64_t)u->unexplained);
    json_close_object(w);
}

static void json_readiness(json_writer *w, const backstop_readiness *r)
{
    json_open_object(w, "readiness");
    json_bool(w, "ready", backstop_readiness_is_enough(r));
    json_day_or_null(w, "observed_since", r->observed_since_sec);
    json_day_or_null(w, "observed_last", r->observed_last_sec);
    json_number(w, "observed_days", r->observed_days);
    json_number(w, "needed_days", BACKSTOP_READY_DAYS);
    json_number(w, "unexplained", (int64_t)r->untagged_unexplained);
    json_close_object(w);
}

void report_print_json(GString *out, const report_data *data)
{
    json_writer w = json_start(out);
    json_open_object(&w, NULL);
    json_number(&w, "schema", 1);
    json_day(&w, "from", data->from_sec);
    json_day(&w, "until", data->until_sec);
    json_open_array(&w, "tallies");
    for (size_t i = 0; i < data->report->tally_count; i++) {
        json_tally(&w, &data->report->tallies[i]);
    }
    json_close_array(&w);
    json_open_array(&w, "untagged");
    for (size_t i = 0; i < data->report->untagged_count; i++) {
        json_untagged(&w, &data->report->untagged[i]);
    }
    json_close_array(&w);
    json_readiness(&w, &data->readiness);
    json_close_object(&w);
    g_string_append_c(out, '\n');
}
