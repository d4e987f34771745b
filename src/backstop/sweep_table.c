/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "backstop/sweep_table.h"

#include "app/terminal.h"
#include "base/iso_date.h"

#include <inttypes.h>
#include <string.h>

/* Verdicts and kinds are numbered from 0; each has fewer. */
enum { VERDICTS = 4, KINDS = 10, DAY_BYTES = 10, DAY_SEC = 86400 };

/* Widths of the columns, without the blanks between. */
enum {
    DATE_COLUMNS = 16,
    KIND_COLUMNS = 11,
    ABOUT_COLUMNS = 32,
    VERDICT_COLUMNS = 11,
    SURE_COLUMNS = 6,
    BY_COLUMNS = 6,
    GAP_COLUMNS = 2,
    WHY_COLUMNS_LEAST = 30, /* with less room, the reason gets a line of its own */
};

typedef struct counts {
    uint64_t of[VERDICTS];
} counts;

struct sweep_table {
    unsigned columns;
    uint64_t rows;
    counts by_kind[KINDS];
    uint64_t by_confidence[VERDICTS][3];
    GHashTable *by_day; /* days since 1970, to counts */
};

static const char *const kind_titles[KINDS] = {
    [BACKSTOP_KIND_NONE] = "none",
    [BACKSTOP_KIND_FAILURE] = "failure",
    [BACKSTOP_KIND_DELAY] = "delay",
    [BACKSTOP_KIND_SUCCESS] = "success",
    [BACKSTOP_KIND_AUTO_REPLY] = "auto reply",
    [BACKSTOP_KIND_LIST_REPLY] = "list reply",
    [BACKSTOP_KIND_CHALLENGE] = "challenge",
    [BACKSTOP_KIND_CONTENT_WARNING] = "warning",
    [BACKSTOP_KIND_READ_RECEIPT] = "receipt",
    [BACKSTOP_KIND_FEEDBACK] = "feedback",
};

/* In the order of the sums. */
static const backstop_verdict shown_verdicts[] = {
    BACKSTOP_VERDICT_GENUINE,
    BACKSTOP_VERDICT_UNVERIFIED,
    BACKSTOP_VERDICT_BACKSCATTER,
};

sweep_table *sweep_table_new(unsigned columns)
{
    sweep_table *table = g_new0(sweep_table, 1);
    table->columns = columns;
    table->by_day = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    return table;
}

void sweep_table_free(sweep_table *table)
{
    if (table != NULL) {
        g_hash_table_destroy(table->by_day);
        g_free(table);
    }
}

static counts *counts_of_day(sweep_table *table, int64_t time_sec)
{
    int64_t day = time_sec / DAY_SEC;
    counts *found = g_hash_table_lookup(table->by_day, &day);
    if (found == NULL) {
        found = g_new0(counts, 1);
        g_hash_table_insert(table->by_day, g_memdup2(&day, sizeof day), found);
    }
    return found;
}

static void count(sweep_table *table, const sweep_judged *one)
{
    backstop_verdict verdict = backstop_judgement_verdict(one->judgement);
    table->rows++;
    table->by_kind[backstop_notice_kind(one->notice)].of[verdict]++;
    table->by_confidence[verdict][backstop_judgement_confidence(one->judgement)]++;
    counts_of_day(table, one->time_sec)->of[verdict]++;
}

/* Whom the notice is about: its first recipient, else to whom the mail was written, else who
 * wrote the notice itself, as an automatic reply. */
static char *about(const sweep_judged *one)
{
    size_t recipients = backstop_notice_recipient_count(one->notice);
    for (size_t i = 0; i < recipients; i++) {
        const char *address = backstop_recipient_address(backstop_notice_recipient(one->notice, i));
        if (address != NULL && recipients > 1) {
            return g_strdup_printf("%s +%zu", address, recipients - 1);
        }
        if (address != NULL) {
            return g_strdup(address);
        }
    }
    const char *to = backstop_returned_to(backstop_notice_returned(one->notice), 0);
    if (to != NULL) {
        return g_strdup(to);
    }
    char *from = backstop_message_field_text(one->message, "From");
    const char *open = from == NULL ? NULL : strchr(from, '<');
    char *author = open != NULL ? g_strndup(open + 1, strcspn(open + 1, ">")) : g_strdup(from);
    backstop_text_free(from);
    return author == NULL ? g_strdup("-") : author;
}

/* What the witness that decided said; else the first one that said anything. */
static const char *why(const backstop_judgement *j)
{
    const char *by = backstop_judgement_by(j);
    size_t evidence = backstop_judgement_evidence_count(j);
    const char *first = "";
    for (size_t i = evidence; i > 0; i--) {
        const char *said = backstop_evidence_why(j, i - 1);
        if (by != NULL && g_str_equal(backstop_evidence_witness(j, i - 1), by)) {
            return said;
        }
        if (backstop_evidence_claim(j, i - 1) != BACKSTOP_CLAIM_NONE || first[0] == '\0') {
            first = said;
        }
    }
    return first[0] == '\0' ? "no witness knows anything of it" : first;
}

static void append_cell(GString *out, const char *text, unsigned columns)
{
    terminal_append_cell(out, text, columns);
    g_string_append_printf(out, "%*s", GAP_COLUMNS, "");
}

static unsigned columns_before_why(void)
{
    return DATE_COLUMNS + KIND_COLUMNS + ABOUT_COLUMNS + VERDICT_COLUMNS + SURE_COLUMNS +
           BY_COLUMNS + 6 * GAP_COLUMNS;
}

static void trim_end(GString *out)
{
    while (out->len > 0 && out->str[out->len - 1] == ' ') {
        g_string_truncate(out, out->len - 1);
    }
}

/* One row; `reason` behind the others if there is room for it, else below them. */
static void append_row(const sweep_table *table, GString *out, const char *const cells[6],
                       const char *reason)
{
    static const unsigned widths[] = { DATE_COLUMNS,    KIND_COLUMNS, ABOUT_COLUMNS,
                                       VERDICT_COLUMNS, SURE_COLUMNS, BY_COLUMNS };
    unsigned used = columns_before_why();
    bool is_narrow = table->columns > 0 && table->columns < used + WHY_COLUMNS_LEAST;
    for (size_t i = 0; i < G_N_ELEMENTS(widths); i++) {
        append_cell(out, cells[i], widths[i]);
    }
    if (is_narrow) {
        used = DATE_COLUMNS + GAP_COLUMNS;
        trim_end(out);
        g_string_append_printf(out, "\n%*s", (int)used, "");
    }
    if (table->columns > 0) {
        terminal_append_cell(out, reason, table->columns - used);
    } else {
        terminal_append_escaped(out, reason);
    }
    trim_end(out);
    g_string_append_c(out, '\n');
}

static void append_head(const sweep_table *table, GString *out)
{
    static const char *const titles[] = { "WHEN (UTC)", "KIND", "ABOUT", "VERDICT", "SURE", "BY" };
    append_row(table, out, titles, "WHY");
}

void sweep_table_add(sweep_table *table, const sweep_judged *one, GString *out)
{
    char date[ISO_DATE_SIZE];
    iso_date_format(one->time_sec, date);
    date[DAY_BYTES] = ' ';
    date[DATE_COLUMNS] = '\0';
    g_autofree char *subject = about(one);
    const backstop_judgement *j = one->judgement;
    const char *sure = backstop_confidence_name(backstop_judgement_confidence(j));
    const char *by = backstop_judgement_by(j);
    const char *const cells[] = {
        date,
        kind_titles[backstop_notice_kind(one->notice)],
        subject,
        backstop_verdict_name(backstop_judgement_verdict(j)),
        sure == NULL ? "-" : sure,
        by == NULL ? "-" : by,
    };
    if (table->rows == 0) {
        append_head(table, out);
    }
    count(table, one);
    append_row(table, out, cells, why(j));
}

static bool is_empty(const counts *c)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < VERDICTS; i++) {
        sum += c->of[i];
    }
    return sum == 0;
}

static void append_sum(GString *out, const char *title, const counts *c)
{
    if (is_empty(c)) {
        return;
    }
    g_string_append_printf(out, "%-12s", title);
    for (size_t i = 0; i < G_N_ELEMENTS(shown_verdicts); i++) {
        g_string_append_printf(out, "%13" PRIu64, c->of[shown_verdicts[i]]);
    }
    g_string_append_c(out, '\n');
}

static void append_sums_head(GString *out, const char *title)
{
    g_string_append_printf(out, "\n%-12s", title);
    for (size_t i = 0; i < G_N_ELEMENTS(shown_verdicts); i++) {
        g_string_append_printf(out, "%13s", backstop_verdict_name(shown_verdicts[i]));
    }
    g_string_append_c(out, '\n');
}

static int compare_days(const void *a, const void *b)
{
    int64_t x = **(const int64_t *const *)a, y = **(const int64_t *const *)b;
    return (x > y) - (x < y);
}

static void append_days(const sweep_table *table, GString *out)
{
    g_autoptr(GPtrArray) days = g_ptr_array_new();
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, table->by_day);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        g_ptr_array_add(days, key);
    }
    g_ptr_array_sort(days, compare_days);
    append_sums_head(out, "DAY");
    for (unsigned i = 0; i < days->len; i++) {
        const int64_t *day = g_ptr_array_index(days, i);
        char date[ISO_DATE_SIZE];
        iso_date_format(*day * DAY_SEC, date);
        date[DAY_BYTES] = '\0';
        append_sum(out, date, g_hash_table_lookup(table->by_day, day));
    }
}

uint64_t sweep_table_count(const sweep_table *table, backstop_verdict verdict)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < KINDS; i++) {
        sum += table->by_kind[i].of[verdict];
    }
    return sum;
}

static void append_verdicts(const sweep_table *table, GString *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(shown_verdicts); i++) {
        backstop_verdict verdict = shown_verdicts[i];
        const uint64_t *of = table->by_confidence[verdict];
        g_string_append_printf(out, "%-12s%13" PRIu64, backstop_verdict_name(verdict),
                               sweep_table_count(table, verdict));
        if (of[BACKSTOP_CONFIDENCE_PROVEN] + of[BACKSTOP_CONFIDENCE_LIKELY] > 0) {
            g_string_append_printf(out, "   (%" PRIu64 " proven, %" PRIu64 " likely)",
                                   of[BACKSTOP_CONFIDENCE_PROVEN], of[BACKSTOP_CONFIDENCE_LIKELY]);
        }
        g_string_append_c(out, '\n');
    }
}

void sweep_table_print_sums(const sweep_table *table, uint64_t messages, GString *out)
{
    if (table->rows > 0) {
        append_days(table, out);
        append_sums_head(out, "KIND");
        for (size_t i = 0; i < KINDS; i++) {
            append_sum(out, kind_titles[i], &table->by_kind[i]);
        }
        g_string_append(out, "\nVERDICT\n");
        append_verdicts(table, out);
        g_string_append_c(out, '\n');
    }
    g_string_append_printf(out, "%" PRIu64 " messages, %" PRIu64 " of them notices\n", messages,
                           table->rows);
}
