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

#include <backstop/address.h>

#include <ini.h>
#include <string.h>

enum {
    CONFIG_BYTES_MAX = 1024 * 1024, /* a large site's has some thousand lines */
    DKIM_KEY_BYTES_MAX = 64 * 1024, /* RSA-16384 takes 3 KB */
};

#define SECTIONS "[backstop], [domain NAME] or [address LOCAL@DOMAIN]"

/* What section a line stands in. */
typedef enum where { BEFORE_SECTIONS, IN_UNKNOWN_SECTION, IN_SECTION } where;

/* A section: its struct, and where its settings stand in the file. */
typedef struct config_section {
    option_section section;
    const char *name; /* of the domain or address; NULL of [backstop] */
    void *target;     /* struct config, config_domain or config_address */
    unsigned *lines;
} config_section;

typedef struct loader {
    config *out;
    GPtrArray *errors;
    span rest; /* of the file */
    unsigned line;
    bool is_indented;   /* the line */
    bool has_setting;   /* the section: an indented line adds to the one above it */
    where in;           /* what kind of section */
    config_section at;  /* what it fills; no target: none */
    unsigned site_line; /* of [backstop]; 0: not seen */
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

static void append_section(GString *out, const config_section *at)
{
    static const char *const kinds[] = {
        [OPTION_DOMAIN] = "domain",
        [OPTION_ADDRESS] = "address",
    };
    if (at->section == OPTION_SITE) {
        g_string_append(out, "[backstop]");
    } else {
        g_string_append_printf(out, "[%s %s]", kinds[at->section], at->name);
    }
}

/* "FILE:LINE: [SECTION] NAME: ", without what is not known. */
static char *place_text(const config *c, const config_section *at, unsigned line, const char *name)
{
    GString *text = g_string_new(NULL);
    if (c->file != NULL) {
        g_string_append(text, c->file);
        if (line > 0) {
            g_string_append_printf(text, ":%u", line);
        }
        g_string_append(text, ": ");
    }
    append_section(text, at);
    g_string_append_printf(text, " %s: ", name);
    return g_string_free(text, FALSE);
}

/* Of a setting of the line at hand. */
static void tell_setting(loader *l, const char *name, const char *why)
{
    g_autofree char *text = place_text(l->out, &l->at, l->line, name);
    add_error(l->errors, text, why);
}

static config_section section_of_site(config *c)
{
    return (config_section){ OPTION_SITE, NULL, c, c->lines };
}

static config_section section_of_domain(config_domain *domain)
{
    return (config_section){ OPTION_DOMAIN, domain->name, domain, domain->lines };
}

static config_section section_of_address(config_address *address)
{
    return (config_section){ OPTION_ADDRESS, address->name, address, address->lines };
}

static void free_domain(gpointer data)
{
    config_domain *domain = data;
    option_free_values(OPTION_DOMAIN, domain);
    g_free(domain->name);
    g_free(domain);
}

static void free_address(gpointer data)
{
    config_address *address = data;
    option_free_values(OPTION_ADDRESS, address);
    g_free(address->name);
    g_free(address);
}

static config *config_new(const char *file)
{
    config *c = g_new0(config, 1);
    c->file = g_strdup(file);
    c->domains = g_ptr_array_new_with_free_func(free_domain);
    c->addresses = g_ptr_array_new_with_free_func(free_address);
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
    g_ptr_array_unref(c->addresses);
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
    config_domain *domain = g_new0(config_domain, 1);
    domain->name = g_strdup(name);
    domain->line = l->line;
    option_set_defaults(OPTION_DOMAIN, domain);
    g_ptr_array_add(l->out->domains, domain);
    l->in = IN_SECTION;
    l->at = section_of_domain(domain);
}

/* [address LOCAL@DOMAIN] begins. */
static void begin_address(loader *l, const char *name)
{
    if (!option_is_address(name)) {
        tell(l, "[address %s]: \"%s\" is no address as alice@our.example", name, name);
    }
    config_address *address = g_new0(config_address, 1);
    address->name = g_strdup(name);
    address->line = l->line;
    g_ptr_array_add(l->out->addresses, address);
    l->in = IN_SECTION;
    l->at = section_of_address(address);
}

static void begin_site(loader *l)
{
    if (l->site_line > 0) {
        tell(l, "[backstop] stands twice, first in line %u", l->site_line);
    }
    l->in = IN_SECTION;
    l->at = section_of_site(l->out);
    l->site_line = l->line;
}

/* A line that starts with "[". */
static void begin_section(loader *l, span line)
{
    l->has_setting = false;
    l->in = IN_UNKNOWN_SECTION;
    size_t end = span_find_char(line, ']');
    if (end + 1 != line.len) {
        tell(l, "a section is " SECTIONS ", alone on its line");
        return;
    }
    g_autofree char *name = g_strndup(line.ptr + 1, end - 1);
    g_strstrip(name);
    if (g_str_equal(name, "backstop")) {
        begin_site(l);
    } else if (g_str_has_prefix(name, "domain ") || g_str_has_prefix(name, "domain\t")) {
        begin_domain(l, g_strchug(name + strlen("domain ")));
    } else if (g_str_has_prefix(name, "address ") || g_str_has_prefix(name, "address\t")) {
        begin_address(l, g_strchug(name + strlen("address ")));
    } else {
        tell(l, "there is no section [%s]: a section is " SECTIONS, name);
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
    const option_row *row = option_find(l->at.section, name);
    if (row == NULL) {
        const char *why = "there is no such setting";
        if (option_find(OPTION_SITE, name) != NULL) {
            why = "belongs into [backstop]";
        } else if (option_find(OPTION_DOMAIN, name) != NULL) {
            why = "belongs into a section [domain NAME]";
        }
        tell_setting(l, name, why);
    }
    return row;
}

static void take_value(loader *l, const option_row *row, const char *value, bool adds)
{
    unsigned *line = &l->at.lines[row - option_table];
    g_autofree char *problem = NULL;
    if (adds && row->type != OPTION_LIST) {
        problem = g_strdup("an indented line adds to the list above it, and this is no list");
    } else if (!adds && *line > 0) {
        problem = g_strdup_printf("is set twice, first in line %u", *line);
    } else {
        option_set(row, l->at.target, value, &problem);
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
    loader l = { .at = section_of_site(c), .out = c, .errors = errors, .rest = text };
    if (ini_parse_stream(read_line, &l, take_setting, &l) != 0) {
        tell(&l, "cannot be read as INI");
    }
}

/* What is not set for a domain is as in [backstop]; for an address, as for its domain, if that is
 * ours, written in whatever way. */
static void inherit(config *c)
{
    char name[BACKSTOP_ADDRESS_SIZE];
    g_autoptr(GHashTable) domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned i = 0; i < c->domains->len; i++) {
        config_domain *domain = g_ptr_array_index(c->domains, i);
        option_inherit(OPTION_DOMAIN, domain, domain->lines, OPTION_SITE, c);
        g_autofree char *spec = g_strconcat("@", domain->name, NULL);
        if (backstop_address_canonical(spec, name)) {
            g_hash_table_insert(domains, g_strdup(name), domain);
        }
    }
    for (unsigned i = 0; i < c->addresses->len; i++) {
        config_address *address = g_ptr_array_index(c->addresses, i);
        const config_domain *domain = NULL;
        if (backstop_address_canonical(address->name, name)) {
            domain = g_hash_table_lookup(domains, strrchr(name, '@'));
        }
        if (domain != NULL) {
            option_inherit(OPTION_ADDRESS, address, address->lines, OPTION_DOMAIN, domain);
        } else {
            option_inherit(OPTION_ADDRESS, address, address->lines, OPTION_SITE, c);
        }
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
    inherit(c);
    return c;
}

char *config_place(const config *c, const char *name)
{
    static const config_section site = { .section = OPTION_SITE };
    const option_row *row = option_find(OPTION_SITE, name);
    return place_text(c, &site, c->lines[row - option_table], name);
}

void config_add_error(const config *c, const char *name, const char *why, GPtrArray *errors)
{
    g_autofree char *place = config_place(c, name);
    add_error(errors, place, why);
}

/* What the library said of a value. */
static void tell_refused(const config *c, const config_domain *domain, const char *name,
                         const backstop_error *error, GPtrArray *errors)
{
    if (domain == NULL) {
        config_add_error(c, name, error->text, errors);
        return;
    }
    const config_section at = { .section = OPTION_DOMAIN, .name = domain->name };
    const option_row *row = option_find(OPTION_DOMAIN, name);
    g_autofree char *text = place_text(c, &at, domain->lines[row - option_table], name);
    add_error(errors, text, error->text);
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
