/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * inih cuts lines into names and values. It tells the first error alone, cuts long lines and long
 * section names silently, and passes no line numbers: so each line is looked at here before inih
 * sees it, and one that is wrong is told and handed on as an empty one.
 */
#include "app/config.h"

#include "app/small_file.h"
#include "base/error.h"
#include "base/span.h"

#include <ini.h>
#include <string.h>

enum {
    CONFIG_BYTES_MAX = 1024 * 1024, /* a large site's has some thousand lines */
    DKIM_KEY_BYTES_MAX = 64 * 1024, /* RSA-16384 takes 3 KB */
};

/* What section a line stands in. */
typedef enum where { BEFORE_SECTIONS, IN_UNKNOWN_SECTION, IN_SITE, IN_DOMAIN } where;

typedef struct loader {
    config *out;
    GPtrArray *errors;
    span rest; /* of the file */
    unsigned line;
    bool is_indented;      /* the line */
    bool has_setting;      /* the section: an indented line adds to the one above it */
    where in;              /* what kind of section */
    config_domain *domain; /* the section's; NULL unless IN_DOMAIN */
    unsigned site_line;    /* of [backstop]; 0: not seen */
} loader;

static void add_error(GPtrArray *errors, const char *place, const char *why)
{
    g_ptr_array_add(errors, g_strconcat(place, why, NULL));
}

static void tell(loader *l, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void tell(loader *l, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *why = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *place = g_strdup_printf("%s:%u: ", l->out->file, l->line);
    add_error(l->errors, place, why);
}

/* "FILE:LINE: [SECTION] NAME: ", without what is not known. */
static char *place_of(const config *c, const config_domain *domain, unsigned line, const char *name)
{
    GString *place = g_string_new(NULL);
    if (c->file != NULL) {
        g_string_append(place, c->file);
        if (line > 0) {
            g_string_append_printf(place, ":%u", line);
        }
        g_string_append(place, ": ");
    }
    if (domain == NULL) {
        g_string_append(place, "[backstop]");
    } else {
        g_string_append_printf(place, "[domain %s]", domain->name);
    }
    g_string_append_printf(place, " %s: ", name);
    return g_string_free(place, FALSE);
}

/* Of a setting of the line at hand. */
static void tell_setting(loader *l, const char *name, const char *why)
{
    g_autofree char *place = place_of(l->out, l->domain, l->line, name);
    add_error(l->errors, place, why);
}

static void free_domain(gpointer data)
{
    config_domain *domain = data;
    option_free_values(OPTION_DOMAIN, domain);
    g_free(domain->name);
    g_free(domain);
}

static config *config_new(const char *file)
{
    config *c = g_new0(config, 1);
    c->file = g_strdup(file);
    c->domains = g_ptr_array_new_with_free_func(free_domain);
    option_set_defaults(OPTION_SITE, c);
    return c;
}

void config_free(config *c)
{
    if (c == NULL) {
        return;
    }
    option_free_values(OPTION_SITE, c);
    g_ptr_array_unref(c->domains);
    g_free(c->file);
    g_free(c);
}

config *config_new_default(void)
{
    config *c = config_new(NULL);
    g_free(c->key_file);
    g_free(c->store);
    c->key_file = g_build_filename(g_get_user_state_dir(), "backstop", "keys", NULL);
    c->store = g_build_filename(g_get_user_state_dir(), "backstop", "backstop.db", NULL);
    return c;
}

/* [domain NAME] begins. */
static void begin_domain(loader *l, const char *name)
{
    for (unsigned i = 0; i < l->out->domains->len; i++) {
        const config_domain *other = g_ptr_array_index(l->out->domains, i);
        if (g_ascii_strcasecmp(other->name, name) == 0) {
            tell(l, "[domain %s] stands twice, first in line %u", name, other->line);
        }
    }
    l->in = IN_DOMAIN;
    l->domain = g_new0(config_domain, 1);
    l->domain->name = g_strdup(name);
    l->domain->line = l->line;
    option_set_defaults(OPTION_DOMAIN, l->domain);
    g_ptr_array_add(l->out->domains, l->domain);
}

static void begin_site(loader *l)
{
    if (l->site_line > 0) {
        tell(l, "[backstop] stands twice, first in line %u", l->site_line);
    }
    l->in = IN_SITE;
    l->site_line = l->line;
}

/* A line that starts with "[". */
static void begin_section(loader *l, span line)
{
    l->has_setting = false;
    l->domain = NULL;
    l->in = IN_UNKNOWN_SECTION;
    size_t end = span_find_char(line, ']');
    if (end + 1 != line.len) {
        tell(l, "a section is [backstop] or [domain NAME], alone on its line");
        return;
    }
    g_autofree char *name = g_strndup(line.ptr + 1, end - 1);
    g_strstrip(name);
    if (g_str_equal(name, "backstop")) {
        begin_site(l);
    } else if (g_str_has_prefix(name, "domain ") || g_str_has_prefix(name, "domain\t")) {
        begin_domain(l, g_strchug(name + strlen("domain ")));
    } else {
        tell(l, "there is no section [%s]: a section is [backstop] or [domain NAME]", name);
    }
}

/* Where a comment behind a value begins, which inih would cut off for ";" and keep for "#". */
static bool has_comment_behind(span line)
{
    for (size_t i = 1; i < line.len; i++) {
        if ((line.ptr[i] == ';' || line.ptr[i] == '#') && ascii_is_space(line.ptr[i - 1])) {
            return true;
        }
    }
    return false;
}

/* What is wrong with a line that is neither empty nor a comment nor a section; NULL: nothing.
 * inih takes `most` bytes. */
static const char *line_problem(const loader *l, span line, size_t most)
{
    if (line.len > most) {
        return "the line is too long; lists may go on in lines that start with a blank";
    }
    if (has_comment_behind(line)) {
        return "a comment stands on a line of its own";
    }
    bool adds = l->is_indented && l->has_setting;
    if (!adds && span_find_char(line, '=') == line.len) {
        return "the line is neither \"key = value\" nor a section nor a comment";
    }
    return NULL;
}

/* What inih is to read instead of the line, which is trimmed: a section's name is kept here. */
static span checked_line(loader *l, span line, size_t most)
{
    if (line.len == 0 || line.ptr[0] == ';' || line.ptr[0] == '#') {
        return SPAN("");
    }
    if (line.ptr[0] == '[') {
        begin_section(l, line);
        return SPAN("[]");
    }
    const char *problem = line_problem(l, line, most);
    if (problem != NULL) {
        tell(l, "%s", problem);
        return SPAN("");
    }
    return line;
}

/* inih's fgets(): the next line into `out`, which has room for `size` bytes. */
static char *read_line(char *out, int size, void *user)
{
    loader *l = user;
    span line;
    if (!span_next_line(&l->rest, &line)) {
        return NULL;
    }
    l->line++;
    span text = span_trim(line);
    /* inih would take an indented section for more of the list above it. */
    l->is_indented = text.ptr > line.ptr && !span_starts(text, SPAN("["));
    /* A blank in front, the line, and the NUL. */
    span checked = checked_line(l, text, (size_t)size - 2);
    char *at = out;
    if (l->is_indented) {
        *at++ = ' ';
    }
    memcpy(at, checked.ptr, checked.len);
    at[checked.len] = '\0';
    return out;
}

/* The row of a key in the section at hand; NULL, and told, if it has none. */
static const option_row *find_row(loader *l, const char *name)
{
    option_section section = l->in == IN_DOMAIN ? OPTION_DOMAIN : OPTION_SITE;
    option_section other = l->in == IN_DOMAIN ? OPTION_SITE : OPTION_DOMAIN;
    const option_row *row = option_find(section, name);
    if (row == NULL) {
        const char *why = "there is no such setting";
        if (option_find(other, name) != NULL) {
            why = other == OPTION_SITE ? "belongs into [backstop]"
                                       : "belongs into a section [domain NAME]";
        }
        tell_setting(l, name, why);
    }
    return row;
}

static void take_value(loader *l, const option_row *row, const char *value, bool adds)
{
    void *target = l->in == IN_DOMAIN ? (void *)l->domain : (void *)l->out;
    unsigned *lines = l->in == IN_DOMAIN ? l->domain->lines : l->out->lines;
    unsigned *line = &lines[row - option_table];
    g_autofree char *problem = NULL;
    if (adds && row->type != OPTION_LIST) {
        problem = g_strdup("an indented line adds to the list above it, and this is no list");
    } else if (!adds && *line > 0) {
        problem = g_strdup_printf("is set twice, first in line %u", *line);
    } else {
        option_set(row, target, value, &problem);
    }
    if (problem != NULL) {
        tell_setting(l, row->name, problem);
    }
    if (*line == 0) {
        *line = l->line;
    }
}

/* inih's handler, for each setting and each line that adds to one. Always true: all are read. */
static int take_setting(void *user, const char *section, const char *name, const char *value)
{
    (void)section; /* it may be cut: checked_line() keeps its own */
    loader *l = user;
    bool adds = l->is_indented && l->has_setting;
    l->has_setting = true;
    if (l->in == BEFORE_SECTIONS) {
        tell(l, "%s stands before the first section", name);
    } else if (l->in != IN_UNKNOWN_SECTION) {
        const option_row *row = find_row(l, name);
        if (row != NULL) {
            take_value(l, row, value, adds);
        }
    }
    return 1;
}

static void parse(config *c, span text, GPtrArray *errors)
{
    static const span byte_order_mark = { "\xef\xbb\xbf", 3 };
    if (span_starts(text, byte_order_mark)) {
        text = span_skip(text, byte_order_mark.len);
    }
    loader l = { .out = c, .errors = errors, .rest = text };
    if (ini_parse_stream(read_line, &l, take_setting, &l) != 0) {
        tell(&l, "cannot be read as INI");
    }
}

config *config_load(const char *file, GPtrArray *errors)
{
    unsigned before = errors->len;
    config *c = config_new(file);
    size_t len;
    g_autofree char *problem = NULL;
    g_autofree char *text = small_file_read(file, CONFIG_BYTES_MAX, &len, &problem);
    if (text == NULL) {
        g_ptr_array_add(errors, g_strdup_printf("%s: %s", file, problem));
    } else {
        parse(c, (span){ text, len }, errors);
    }
    if (errors->len > before) {
        /* What is wrong with the values that could be read, so that one round shows all. */
        backstop_site_free(config_make_site(c, errors));
        config_free(c);
        return NULL;
    }
    return c;
}

char *config_place(const config *c, const char *name)
{
    const option_row *row = option_find(OPTION_SITE, name);
    return place_of(c, NULL, c->lines[row - option_table], name);
}

/* What the library said of a value. */
static void tell_refused(const config *c, const config_domain *domain, const char *name,
                         const backstop_error *error, GPtrArray *errors)
{
    option_section section = domain == NULL ? OPTION_SITE : OPTION_DOMAIN;
    const unsigned *lines = domain == NULL ? c->lines : domain->lines;
    const option_row *row = option_find(section, name);
    g_autofree char *place = place_of(c, domain, lines[row - option_table], name);
    add_error(errors, place, error->text);
}

static backstop_status add_outbound_host(backstop_site *site, const char *host,
                                         backstop_error *error)
{
    return backstop_site_add_outbound_host(site, host, false, error);
}

static backstop_status add_shared_host(backstop_site *site, const char *host, backstop_error *error)
{
    return backstop_site_add_outbound_host(site, host, true, error);
}

/* Hands each item of a list to the site. */
static void add_all(const config *c, backstop_site *site, const char *name, const GPtrArray *items,
                    backstop_status (*add)(backstop_site *, const char *, backstop_error *),
                    GPtrArray *errors)
{
    for (unsigned i = 0; i < items->len; i++) {
        backstop_error error;
        if (add(site, g_ptr_array_index(items, i), &error) != BACKSTOP_OK) {
            tell_refused(c, NULL, name, &error, errors);
        }
    }
}

/* "selector:file". False, and why in `error`. */
static bool add_dkim_key(backstop_domain *domain, const char *item, backstop_error *error)
{
    const char *colon = strchr(item, ':');
    if (colon == NULL || colon == item || colon[1] != '/') {
        error_fail(error, BACKSTOP_ERROR_INVALID, "takes selector:/path, not \"%s\"", item);
        return false;
    }
    size_t len;
    g_autofree char *problem = NULL;
    g_autofree char *text = small_file_read(colon + 1, DKIM_KEY_BYTES_MAX, &len, &problem);
    if (text == NULL) {
        error_fail(error, BACKSTOP_ERROR_INVALID, "%s: %s", colon + 1, problem);
        return false;
    }
    g_autofree char *selector = g_strndup(item, (size_t)(colon - item));
    return backstop_domain_add_dkim_key(domain, selector, text, error) == BACKSTOP_OK;
}

static void add_domain(const config *c, const config_domain *from, backstop_site *site,
                       GPtrArray *errors)
{
    backstop_error error;
    backstop_domain *domain;
    if (backstop_site_add_domain(site, from->name, &domain, &error) != BACKSTOP_OK) {
        g_autofree char *place =
            g_strdup_printf("%s:%u: [domain %s]: ", c->file, from->line, from->name);
        add_error(errors, place, error.text);
        return;
    }
    backstop_domain_set_closed(domain, from->is_closed);
    backstop_domain_set_dkim_signs_all(domain, from->dkim_signs_all);
    for (unsigned i = 0; i < from->dkim_keys->len; i++) {
        if (!add_dkim_key(domain, g_ptr_array_index(from->dkim_keys, i), &error)) {
            tell_refused(c, from, "dkim-key", &error, errors);
        }
    }
}

backstop_site *config_make_site(const config *c, GPtrArray *errors)
{
    unsigned before = errors->len;
    backstop_site *site = backstop_site_new();
    backstop_error error;
    if (backstop_site_set_tag_lifetime(site, c->tag_lifetime_sec, &error) != BACKSTOP_OK) {
        tell_refused(c, NULL, "tag-lifetime", &error, errors);
    }
    backstop_site_set_ledger_complete(site, c->ledger_is_complete);
    backstop_site_set_unknown_exits(site, c->has_unknown_exits);
    add_all(c, site, "outbound-hosts", c->outbound_hosts, add_outbound_host, errors);
    add_all(c, site, "shared-hosts", c->shared_hosts, add_shared_host, errors);
    add_all(c, site, "internal-networks", c->internal_networks, backstop_site_add_internal_network,
            errors);
    add_all(c, site, "forwarders", c->forwarders, backstop_site_add_forwarder, errors);
    for (unsigned i = 0; i < c->domains->len; i++) {
        add_domain(c, g_ptr_array_index(c->domains, i), site, errors);
    }
    if (errors->len > before) {
        g_clear_pointer(&site, backstop_site_free);
    }
    return site;
}
