/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/option.h"

#include "app/config.h"

#include <inttypes.h>
#include <string.h>

#define HOUR_SEC INT64_C(3600)
#define DAY_SEC INT64_C(86400)

static bool is_mode(const char *text)
{
    return g_str_equal(text, "observe") || g_str_equal(text, "enforce");
}

/* As libmilter's smfi_setconn() takes it. */
static bool is_socket(const char *text)
{
    bool is_inet = g_str_has_prefix(text, "inet:") || g_str_has_prefix(text, "inet6:");
    return g_str_has_prefix(text, "unix:/") || (is_inet && strchr(text, '@') != NULL);
}

/* clang-format off */
const option_row option_table[] = {
    { .section = OPTION_SITE, .name = "key-file", .type = OPTION_PATH,
      .offset = offsetof(config, key_file),
      .standard = "/etc/backstop/keys",
      .example = "/etc/backstop/keys",
      .help = "The secrets of the site, as `backstop key new` makes them. Every host that signs or\n"
              "judges has the same file. Nobody but its owner may read it." },
    { .section = OPTION_SITE, .name = "store", .type = OPTION_PATH,
      .offset = offsetof(config, store),
      .standard = "/var/lib/backstop/backstop.db",
      .example = "/var/lib/backstop/backstop.db",
      .help = "The file that remembers what was sent. It is made when it is first needed." },
    { .section = OPTION_SITE, .name = "outbound-hosts", .type = OPTION_LIST,
      .offset = offsetof(config, outbound_hosts),
      .standard = "",
      .example = "192.0.2.0/24, mx.our.example, .out.our.example",
      .help = "The hosts from which our mail leaves, used by nobody else: addresses, networks,\n"
              "names, or all names below one. A notice is likely genuine if the mail that it\n"
              "returns came from one of them." },
    { .section = OPTION_SITE, .name = "shared-hosts", .type = OPTION_LIST,
      .offset = offsetof(config, shared_hosts),
      .standard = "",
      .example = "relay.provider.example",
      .help = "Hosts from which our mail leaves and that of strangers as well, such as a\n"
              "provider's relay. That a mail came from there says little." },
    { .section = OPTION_SITE, .name = "internal-networks", .type = OPTION_LIST,
      .offset = offsetof(config, internal_networks),
      .standard = "",
      .example = "198.51.100.0/24, 2001:db8:1::/48",
      .help = "Hosts that may send as our domains without login, as addresses and networks: all\n"
              "of them, or none. `backstop ledger import` takes what they handed in as ours." },
    { .section = OPTION_SITE, .name = "unknown-exits", .type = OPTION_BOOL,
      .offset = offsetof(config, has_unknown_exits),
      .standard = "no",
      .example = "yes",
      .help = "yes: some of our mail leaves by hosts that are not listed here. Then no notice is\n"
              "held against us because the mail that it returns came from elsewhere." },
    { .section = OPTION_SITE, .name = "forwarders", .type = OPTION_LIST,
      .offset = offsetof(config, forwarders),
      .standard = "",
      .example = "info@our.example, @lists.our.example",
      .help = "Addresses of ours, or whole domains, from which the mail of strangers goes on:\n"
              "forwarders and mailing lists. Notices to them return mail that we did not write." },
    { .section = OPTION_SITE, .name = "tag-lifetime", .type = OPTION_DURATION,
      .offset = offsetof(config, tag_lifetime_sec),
      .standard = "336h", .least = 1 * HOUR_SEC, .most = 720 * HOUR_SEC,
      .example = "240h",
      .help = "How long the tag of a mail proves that it is ours. Longer than any server tries to\n"
              "deliver it." },
    { .section = OPTION_SITE, .name = "ledger-days", .type = OPTION_NUMBER,
      .offset = offsetof(config, ledger_days),
      .standard = "21", .least = 1, .most = 400,
      .example = "30",
      .help = "How many days the store remembers a mail that was sent." },
    { .section = OPTION_SITE, .name = "ledger-complete", .type = OPTION_BOOL,
      .offset = offsetof(config, ledger_is_complete),
      .standard = "no",
      .example = "yes",
      .help = "yes: every host from which our mail leaves records into this store as it leaves.\n"
              "What the store does not know is then likely not ours. What `backstop ledger\n"
              "import` brought in is never taken to be all." },
    { .section = OPTION_SITE, .name = "mode", .type = OPTION_TEXT,
      .is_reserved = true, .is_valid = is_mode, .takes = "observe or enforce" },
    { .section = OPTION_SITE, .name = "milter", .type = OPTION_TEXT,
      .is_reserved = true, .is_valid = is_socket,
      .takes = "unix:/PATH, inet:PORT@HOST or inet6:PORT@HOST" },
    { .section = OPTION_DOMAIN, .name = "closed", .type = OPTION_BOOL,
      .offset = offsetof(config_domain, is_closed),
      .standard = "no",
      .example = "yes",
      .help = "yes: all its mail leaves through hosts that run Backstop. A notice can then be\n"
              "proven to return mail that is not ours." },
    { .section = OPTION_DOMAIN, .name = "dkim-key", .type = OPTION_LIST,
      .offset = offsetof(config_domain, dkim_keys),
      .standard = "",
      .example = "sel1:/etc/backstop/sel1.txt, sel2:/etc/backstop/sel2.pem",
      .help = "The public keys of its DKIM signatures, each as selector:file. A file holds the\n"
              "DNS record's text, or PEM." },
    { .section = OPTION_DOMAIN, .name = "dkim-signs-all", .type = OPTION_BOOL,
      .offset = offsetof(config_domain, dkim_signs_all),
      .standard = "no",
      .example = "yes",
      .help = "yes: no mail of the domain leaves without its DKIM signature." },
};
/* clang-format on */
const size_t option_count = G_N_ELEMENTS(option_table);
G_STATIC_ASSERT(G_N_ELEMENTS(option_table) <= OPTION_COUNT_MAX);

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
    if (!row->is_valid(text)) {
        return fail(problem, "takes %s, not \"%s\"", row->takes, text);
    }
    out->text = g_strdup(text);
    return true;
}

static bool read_list(const char *text, option_value *out, char **problem)
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
        return read_list(text, out, problem);
    case OPTION_DURATION:
        return read_duration(row, text, out, problem);
    case OPTION_NUMBER:
        return read_number(row, text, out, problem);
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
    if (is_good && !row->is_reserved) {
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
        if (row->section == section && !row->is_reserved &&
            !option_set(row, target, row->standard, &problem)) {
            g_error("the default of %s %s", row->name, problem);
        }
    }
}

void option_free_values(option_section section, void *target)
{
    for (size_t i = 0; i < option_count; i++) {
        const option_row *row = &option_table[i];
        if (row->section != section || row->is_reserved) {
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

static const char *type_text(option_type type)
{
    switch (type) {
    case OPTION_BOOL:
        return "yes or no";
    case OPTION_PATH:
        return "a path";
    case OPTION_TEXT:
        return "a text";
    case OPTION_LIST:
        return "a list, separated by commas";
    case OPTION_DURATION:
        return "a time in s, m, h or d";
    case OPTION_NUMBER:
        return "a number";
    }
    g_assert_not_reached();
}

static void print_row(GString *out, const option_row *row)
{
    g_auto(GStrv) help = g_strsplit(row->help, "\n", -1);
    for (size_t i = 0; help[i] != NULL; i++) {
        g_string_append_printf(out, "# %s\n", help[i]);
    }
    g_string_append_printf(out, "# Takes %s", type_text(row->type));
    if (row->type == OPTION_NUMBER) {
        g_string_append_printf(out, " from %" PRId64 " to %" PRId64, row->least, row->most);
    } else if (row->type == OPTION_DURATION) {
        g_string_append_printf(out, ", from %" PRId64 "h to %" PRId64 "h", row->least / HOUR_SEC,
                               row->most / HOUR_SEC);
    }
    g_string_append_printf(out, ". Default: %s\n",
                           row->standard[0] == '\0' ? "none" : row->standard);
    g_string_append_printf(out, "#%s = %s\n\n", row->name, row->example);
}

static void print_section(GString *out, option_section section)
{
    for (size_t i = 0; i < option_count; i++) {
        if (option_table[i].section == section && !option_table[i].is_reserved) {
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
    g_string_truncate(out, out->len - 1);
}
