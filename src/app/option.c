/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/option.h"

#include <inttypes.h>
#include <string.h>

#define HOUR_SEC INT64_C(3600)
#define DAY_SEC INT64_C(86400)

const option_row *option_find(option_section section, const char *name)
{
    for (size_t i = 0; i < option_count; i++) {
        if (option_table[i].section == section && g_str_equal(option_table[i].name, name)) {
            return &option_table[i];
        }
    }
    return NULL;
}

/* What a setting's value may be once it is read. */
typedef struct option_value {
    bool yes;
    int64_t number;
    unsigned choice;
    char *text;
    GPtrArray *list;
} option_value;

static bool fail(char **problem, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool fail(char **problem, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    *problem = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return false;
}

static bool read_bool(const char *text, option_value *out, char **problem)
{
    out->yes = g_ascii_strcasecmp(text, "yes") == 0;
    if (!out->yes && g_ascii_strcasecmp(text, "no") != 0) {
        return fail(problem, "takes yes or no, not \"%s\"", text);
    }
    return true;
}

static bool read_path(const char *text, option_value *out, char **problem)
{
    if (text[0] != '/') {
        return fail(problem, "takes a path that starts with /, not \"%s\"", text);
    }
    out->text = g_strdup(text);
    return true;
}

static bool read_text(const option_row *row, const char *text, option_value *out, char **problem)
{
    if (row->is_valid != NULL && !row->is_valid(text)) {
        return fail(problem, "takes %s, not \"%s\"", row->takes, text);
    }
    out->text = g_strdup(text);
    return true;
}

static bool read_list(const option_row *row, const char *text, option_value *out, char **problem)
{
    out->list = g_ptr_array_new_with_free_func(g_free);
    if (text[0] == '\0') {
        return true;
    }
    g_auto(GStrv) items = g_strsplit(text, ",", -1);
    for (size_t i = 0; items[i] != NULL; i++) {
        g_strstrip(items[i]);
        /* A list that goes on in the next line ends with a comma. */
        if (items[i][0] == '\0' && items[i + 1] == NULL && i > 0) {
            break;
        }
        if (items[i][0] == '\0') {
            return fail(problem, "has nothing between two commas");
        }
        if (row->is_valid != NULL && !row->is_valid(items[i])) {
            return fail(problem, "takes %s, not \"%s\"", row->takes, items[i]);
        }
        g_ptr_array_add(out->list, g_strdup(items[i]));
    }
    return true;
}

static bool read_number(const option_row *row, const char *text, option_value *out, char **problem)
{
    if (!g_ascii_string_to_signed(text, 10, row->least, row->most, &out->number, NULL)) {
        return fail(problem, "takes a number from %" PRId64 " to %" PRId64 ", not \"%s\"",
                    row->least, row->most, text);
    }
    return true;
}

/* The seconds of "336h" and its like; 0 if it is none or too much. */
static int64_t duration_sec(const char *text)
{
    static const struct {
        char unit;
        int64_t sec;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', HOUR_SEC }, { 'd', DAY_SEC } };
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9 || text[digits] == '\0' || text[digits + 1] != '\0') {
        return 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        if (text[digits] == units[i].unit) {
            return g_ascii_strtoll(text, NULL, 10) * units[i].sec;
        }
    }
    return 0;
}

static bool read_duration(const option_row *row, const char *text, option_value *out,
                          char **problem)
{
    out->number = duration_sec(text);
    if (out->number < row->least || out->number > row->most) {
        return fail(problem,
                    "takes a time from %" PRId64 "h to %" PRId64 "h, such as %s, not \"%s\"",
                    row->least / HOUR_SEC, row->most / HOUR_SEC, row->standard, text);
    }
    return true;
}

/* "observe or enforce", "deliver, mark or quarantine". */
static char *choices_text(const option_choice *choices)
{
    GString *out = g_string_new(choices[0].word);
    for (const option_choice *c = choices + 1; c->word != NULL; c++) {
        g_string_append_printf(out, "%s%s", c[1].word == NULL ? " or " : ", ", c->word);
    }
    return g_string_free(out, FALSE);
}

static bool read_choice(const option_row *row, const char *text, option_value *out, char **problem)
{
    for (const option_choice *c = row->choices; c->word != NULL; c++) {
        if (g_ascii_strcasecmp(text, c->word) == 0) {
            out->choice = c->value;
            return true;
        }
    }
    g_autofree char *words = choices_text(row->choices);
    return fail(problem, "takes %s, not \"%s\"", words, text);
}

static bool read_value(const option_row *row, const char *text, option_value *out, char **problem)
{
    switch (row->type) {
    case OPTION_BOOL:
        return read_bool(text, out, problem);
    case OPTION_PATH:
        return read_path(text, out, problem);
    case OPTION_TEXT:
        return read_text(row, text, out, problem);
    case OPTION_LIST:
        return read_list(row, text, out, problem);
    case OPTION_DURATION:
        return read_duration(row, text, out, problem);
    case OPTION_NUMBER:
        return read_number(row, text, out, problem);
    case OPTION_CHOICE:
    case OPTION_EITHER:
        return read_choice(row, text, out, problem);
    }
    g_assert_not_reached();
}

static void keep_value(const option_row *row, void *place, option_value *value)
{
    switch (row->type) {
    case OPTION_BOOL:
        *(bool *)place = value->yes;
        break;
    case OPTION_LIST: {
        GPtrArray **list = place;
        if (*list == NULL) {
            *list = g_ptr_array_new_with_free_func(g_free);
        }
        g_ptr_array_extend_and_steal(*list, g_steal_pointer(&value->list));
        break;
    }
    case OPTION_DURATION:
    case OPTION_NUMBER:
        *(int64_t *)place = value->number;
        break;
    case OPTION_CHOICE:
        *(unsigned *)place = value->choice;
        break;
    case OPTION_EITHER:
        *(bool *)place = value->choice != 0;
        break;
    case OPTION_PATH:
    case OPTION_TEXT: {
        char **text = place;
        g_free(*text);
        *text = g_steal_pointer(&value->text);
        break;
    }
    }
}

bool option_set(const option_row *row, void *target, const char *value, char **problem)
{
    option_value read = { 0 };
    bool is_good = read_value(row, value, &read, problem);
    if (is_good) {
        keep_value(row, (char *)target + row->offset, &read);
    }
    g_clear_pointer(&read.list, g_ptr_array_unref);
    g_free(read.text);
    return is_good;
}

void option_set_defaults(option_section section, void *target)
{
    for (size_t i = 0; i < option_count; i++) {
        const option_row *row = &option_table[i];
        g_autofree char *problem = NULL;
        if (row->section == section && row->standard != NULL &&
            !option_set(row, target, row->standard, &problem)) {
            g_error("the default of %s %s", row->name, problem);
        }
    }
}

void option_free_values(option_section section, void *target)
{
    for (size_t i = 0; i < option_count; i++) {
        const option_row *row = &option_table[i];
        if (row->section != section) {
            continue;
        }
        void *place = (char *)target + row->offset;
        if (row->type == OPTION_LIST) {
            g_clear_pointer((GPtrArray **)place, g_ptr_array_unref);
        } else if (row->type == OPTION_PATH || row->type == OPTION_TEXT) {
            g_clear_pointer((char **)place, g_free);
        }
    }
}

static void append_list(GString *out, const GPtrArray *list)
{
    for (unsigned i = 0; i < list->len; i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "",
                               (const char *)g_ptr_array_index(list, i));
    }
}

static void append_choice(GString *out, const option_choice *choices, unsigned value)
{
    while (choices->word != NULL && choices->value != value) {
        choices++;
    }
    g_string_append(out, choices->word);
}

static void append_duration(GString *out, int64_t sec)
{
    bool is_hours = sec % HOUR_SEC == 0;
    g_string_append_printf(out, "%" PRId64 "%s", is_hours ? sec / HOUR_SEC : sec,
                           is_hours ? "h" : "s");
}

void option_append_value(const option_row *row, const void *target, GString *out)
{
    const void *place = (const char *)target + row->offset;
    switch (row->type) {
    case OPTION_BOOL:
        g_string_append(out, *(const bool *)place ? "yes" : "no");
        break;
    case OPTION_PATH:
    case OPTION_TEXT:
        g_string_append(out, *(char *const *)place);
        break;
    case OPTION_LIST:
        append_list(out, *(GPtrArray *const *)place);
        break;
    case OPTION_DURATION:
        append_duration(out, *(const int64_t *)place);
        break;
    case OPTION_NUMBER:
        g_string_append_printf(out, "%" PRId64, *(const int64_t *)place);
        break;
    case OPTION_CHOICE:
        append_choice(out, row->choices, *(const unsigned *)place);
        break;
    case OPTION_EITHER:
        append_choice(out, row->choices, *(const bool *)place);
        break;
    }
}

void option_inherit(option_section section, void *target, const unsigned *lines,
                    option_section above_section, const void *above)
{
    for (size_t i = 0; i < option_count; i++) {
        const option_row *row = &option_table[i];
        if (row->section != section || row->standard != NULL || lines[i] > 0) {
            continue;
        }
        g_autoptr(GString) value = g_string_new(NULL);
        g_autofree char *problem = NULL;
        option_append_value(option_find(above_section, row->name), above, value);
        if (!option_set(row, target, value->str, &problem)) {
            g_error("the inherited %s %s", row->name, problem);
        }
    }
}

static char *takes_text(const option_row *row)
{
    switch (row->type) {
    case OPTION_BOOL:
        return g_strdup("yes or no");
    case OPTION_PATH:
        return g_strdup("a path");
    case OPTION_TEXT:
        return g_strdup(row->takes);
    case OPTION_LIST:
        return g_strdup("a list, separated by commas");
    case OPTION_DURATION:
        return g_strdup_printf("a time in s, m, h or d, from %" PRId64 "h to %" PRId64 "h",
                               row->least / HOUR_SEC, row->most / HOUR_SEC);
    case OPTION_NUMBER:
        return g_strdup_printf("a number from %" PRId64 " to %" PRId64, row->least, row->most);
    case OPTION_CHOICE:
    case OPTION_EITHER:
        return choices_text(row->choices);
    }
    g_assert_not_reached();
}

static const char *default_text(const option_row *row)
{
    if (row->standard == NULL) {
        return row->section == OPTION_DOMAIN ? "as in [backstop]" : "as for its domain";
    }
    return row->standard[0] == '\0' ? "none" : row->standard;
}

static void print_row(GString *out, const option_row *row)
{
    g_auto(GStrv) help = g_strsplit(row->help, "\n", -1);
    for (size_t i = 0; help[i] != NULL; i++) {
        g_string_append_printf(out, "# %s\n", help[i]);
    }
    g_autofree char *takes = takes_text(row);
    g_string_append_printf(out, "# Takes %s.\n# Default: %s\n", takes, default_text(row));
    g_string_append_printf(out, "#%s = %s\n\n", row->name, row->example);
}

static void print_section(GString *out, option_section section)
{
    for (size_t i = 0; i < option_count; i++) {
        if (option_table[i].section == section) {
            print_row(out, &option_table[i]);
        }
    }
}

void option_print_sample(GString *out)
{
    g_string_append(
        out, "# SPDX-FileCopyrightText: The Backstop authors\n"
             "# SPDX-License-Identifier: BSD-2-Clause\n"
             "#\n"
             "# The configuration of Backstop, with every setting as an example behind \"#\".\n"
             "# Comments stand on lines of their own. Lists may go on in lines that start\n"
             "# with a blank. docs/configuration.md says more.\n"
             "\n"
             "[backstop]\n");
    print_section(out, OPTION_SITE);
    g_string_append(out, "# One such section for each domain of ours.\n"
                         "#[domain our.example]\n");
    print_section(out, OPTION_DOMAIN);
    g_string_append(out,
                    "# One such section for each address of ours that differs from its domain.\n"
                    "#[address alice@our.example]\n");
    print_section(out, OPTION_ADDRESS);
    g_string_truncate(out, out->len - 1);
}
