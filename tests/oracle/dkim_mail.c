/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "dkim_mail.h"

#include "../unit/dkim_fixture.h"

#include <string.h>

#define ONE_OF(random, list) (list)[g_rand_int_range(random, 0, G_N_ELEMENTS(list))]

static bool chance(GRand *random, int percent)
{
    return g_rand_int_range(random, 0, 100) < percent;
}

/* White space between two words; a folded line is never blank. */
static const char *space(GRand *random)
{
    static const char *const spaces[] = { " ",     " ",     " ",      "  ",         "\t",
                                          " \t  ", "\r\n ", "\r\n\t", " \t\r\n \t", "\r\n    " };
    return ONE_OF(random, spaces);
}

static const char *optional_space(GRand *random)
{
    return chance(random, 60) ? "" : space(random);
}

/* White space behind the last word cannot be folded. */
static const char *trailing_space(GRand *random)
{
    static const char *const spaces[] = { "", "", "", "", " ", "\t", " \t " };
    return ONE_OF(random, spaces);
}

static void append_cased(GString *out, GRand *random, const char *name)
{
    bool keep = chance(random, 70);
    for (; *name != '\0'; name++) {
        bool upper = chance(random, 50);
        g_string_append_c(out, keep    ? *name
                               : upper ? g_ascii_toupper(*name)
                                       : g_ascii_tolower(*name));
    }
}

/* `count` words, or all of them in their order if it is 0. */
static void append_words(GString *out, GRand *random, const char *const *words, gint32 words_len,
                         int count)
{
    for (int i = 0; i < (count > 0 ? count : words_len); i++) {
        bool tight = i == 0 && chance(random, 10);
        g_string_append(out, tight ? "" : space(random));
        g_string_append(out, words[count > 0 ? g_rand_int_range(random, 0, words_len) : i]);
    }
}

/* libopendkim does not look at a mail without an address in From, or with white space other than
 * one blank before a colon. */
static char *make_field(GRand *random, const char *name)
{
    static const char *const author[] = { "=?utf-8?Q?Some=20one?=", "else", "<a@our.example>" };
    static const char *const words[] = { "offer",
                                         "a@our.example,",
                                         "<b@remote.example>",
                                         "caf\xc3\xa9",
                                         "\xe9\xff",
                                         "=?utf-8?Q?x=3D?=",
                                         "with:colon",
                                         "semi;colon",
                                         "\"quoted  twice\"",
                                         "(comment)",
                                         "b=c",
                                         "x" };
    GString *out = g_string_new(NULL);
    append_cased(out, random, name);
    g_string_append(out, chance(random, 5) ? " :" : ":");
    if (strcmp(name, "From") == 0) {
        append_words(out, random, author, G_N_ELEMENTS(author), 0);
    } else if (chance(random, 95)) {
        append_words(out, random, words, G_N_ELEMENTS(words), g_rand_int_range(random, 1, 12));
    }
    g_string_append(out, trailing_space(random));
    return g_string_free(out, FALSE);
}

dkim_mail *dkim_mail_new(GRand *random)
{
    static const char *const names[] = { "From", "To", "Subject", "Date", "Message-ID" };
    static const char *const more[] = { "Received", "Received", "Cc",      "X-Mailer",
                                        "X-Empty",  "To",       "Subject", "DKIM-Filter" };
    dkim_mail *mail = g_new0(dkim_mail, 1);
    mail->fields = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        while (chance(random, 40)) {
            g_ptr_array_add(mail->fields, make_field(random, ONE_OF(random, more)));
        }
        g_ptr_array_add(mail->fields, make_field(random, names[i]));
    }
    return mail;
}

void dkim_mail_free(dkim_mail *mail)
{
    g_ptr_array_free(mail->fields, TRUE);
    g_free(mail);
}

static char *name_of(const char *field)
{
    g_autofree char *name = g_strndup(field, strcspn(field, ":"));
    return g_ascii_strdown(g_strstrip(name), -1);
}

/* RFC 6376, 3.4.1 and 3.4.2, without the line end. */
static void append_canonical(GString *out, const char *field, bool is_relaxed)
{
    if (!is_relaxed) {
        g_string_append(out, field);
        return;
    }
    g_autofree char *name = name_of(field);
    g_auto(GStrv) lines = g_strsplit(strchr(field, ':') + 1, "\r\n", -1);
    g_autofree char *unfolded = g_strjoinv("", lines);
    g_auto(GStrv) words = g_strsplit_set(unfolded, " \t", -1);
    g_string_append_printf(out, "%s:", name);
    const char *before = "";
    for (char **word = words; *word != NULL; word++) {
        if (**word != '\0') {
            g_string_append_printf(out, "%s%s", before, *word);
            before = " ";
        }
    }
}

/* The fields that `names` sign, from the bottom, and none twice. */
static void append_signed(GString *out, const dkim_mail *mail, const char *names, bool is_relaxed)
{
    g_auto(GStrv) each = g_strsplit(names, ":", -1);
    g_autoptr(GHashTable) used = g_hash_table_new(NULL, NULL);
    for (char **wanted = each; *wanted != NULL; wanted++) {
        g_strstrip(*wanted);
        for (guint i = mail->fields->len; i > 0; i--) {
            const char *field = g_ptr_array_index(mail->fields, i - 1);
            g_autofree char *name = name_of(field);
            if (g_ascii_strcasecmp(name, *wanted) == 0 && g_hash_table_add(used, (gpointer)field)) {
                append_canonical(out, field, is_relaxed);
                g_string_append(out, "\r\n");
                break;
            }
        }
    }
}

/* From, most of what is there in any order, more often than it is there, and what is not. */
static char *choose_names(const dkim_mail *mail, GRand *random)
{
    static const char *const absent[] = { "Reply-To", "From", "Resent-Date", "X-None", "Subject" };
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_ptr_array_add(names, g_strdup("From"));
    for (guint i = 0; i < mail->fields->len; i++) {
        if (chance(random, 70)) {
            char *name = name_of(g_ptr_array_index(mail->fields, i));
            g_ptr_array_insert(names, g_rand_int_range(random, 0, (gint32)names->len + 1), name);
        }
    }
    while (chance(random, 40)) {
        g_ptr_array_add(names, g_strdup(ONE_OF(random, absent)));
    }
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < names->len; i++) {
        g_string_append(out, i == 0 ? "" : optional_space(random));
        g_string_append(out, i == 0 ? "" : ":");
        g_string_append(out, i == 0 ? "" : optional_space(random));
        append_cased(out, random, g_ptr_array_index(names, i));
        g_free(g_ptr_array_index(names, i));
    }
    return g_string_free(out, FALSE);
}

static void shuffle(char **list, GRand *random)
{
    for (gint32 i = (gint32)g_strv_length(list) - 1; i > 0; i--) {
        gint32 other = g_rand_int_range(random, 0, i + 1);
        char *kept = list[i];
        list[i] = list[other];
        list[other] = kept;
    }
}

/* The field with "@B@" in place of b='s value and the white space around that. */
static char *make_own(GRand *random, const dkim_terms *terms, const char *names)
{
    g_autofree char *all = g_strdup_printf(
        "%s;h=%s;bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;b=@B@", terms->tags, names);
    g_auto(GStrv) tags = g_strsplit(all, ";", -1);
    shuffle(tags, random);
    GString *out = g_string_new(NULL);
    append_cased(out, random, "DKIM-Signature");
    g_string_append(out, ":");
    for (char **tag = tags; *tag != NULL; tag++) {
        const char *value = strchr(*tag, '=') + 1;
        bool is_data = strcmp(value, "@B@") == 0;
        g_autofree char *name = g_strndup(*tag, (gsize)(value - *tag - 1));
        g_string_append(out, chance(random, 80) ? " " : space(random));
        g_string_append(out, g_strstrip(name));
        /* libopendkim does not find a "b =". */
        g_string_append(out, is_data || chance(random, 90) ? "" : " ");
        g_string_append(out, "=");
        g_string_append(out, is_data || chance(random, 90) ? "" : space(random));
        g_string_append(out, value);
        g_string_append(out, is_data || chance(random, 90) ? "" : " ");
        g_string_append(out, tag[1] != NULL || chance(random, 30) ? ";" : "");
    }
    return g_string_free(out, FALSE);
}

static char *with_data(const char *own, const char *data)
{
    g_auto(GStrv) halves = g_strsplit(own, "@B@", 2);
    return g_strconcat(halves[0], data, halves[1], NULL);
}

void dkim_mail_sign(dkim_mail *mail, GRand *random, EVP_PKEY *pkey, const dkim_terms *terms)
{
    g_autofree char *names = terms->names ? g_strdup(terms->names) : choose_names(mail, random);
    g_autofree char *own = make_own(random, terms, names);
    g_autofree char *emptied = with_data(own, "");
    g_autoptr(GString) canonical = g_string_new(NULL);
    append_signed(canonical, mail, names, terms->is_relaxed);
    append_canonical(canonical, emptied, terms->is_relaxed);
    g_autofree char *data = fixture_sign(pkey, (span){ canonical->str, canonical->len });
    GString *folded = g_string_new(optional_space(random));
    for (const char *c = data; *c != '\0'; c++) {
        g_string_append_c(folded, *c);
        g_string_append(folded, c[1] != '\0' && chance(random, 3) ? space(random) : "");
    }
    dkim_mail_prepend(mail, with_data(own, folded->str));
    g_string_free(folded, TRUE);
}

void dkim_mail_prepend(dkim_mail *mail, char *field)
{
    g_ptr_array_insert(mail->fields, 0, field);
    mail->signature = 0;
}

static void replace(dkim_mail *mail, guint index, char *field)
{
    char **place = (char **)&g_ptr_array_index(mail->fields, index);
    g_free(*place);
    *place = field;
}

/* The field with a run of white space in its value made another; where there is none, as it is. */
static char *respace(GRand *random, const char *field)
{
    const char *value = strchr(field, ':') + 1;
    gsize len = strlen(value), start = (gsize)g_rand_int_range(random, 0, (gint32)len + 1);
    start += strcspn(value + start, " \t\r\n");
    while (start > 0 && g_ascii_isspace(value[start - 1])) {
        start--;
    }
    gsize end = start + strspn(value + start, " \t\r\n");
    if (end == len || start == end) {
        return g_strdup(field);
    }
    g_autofree char *head = g_strndup(field, (gsize)(value + start - field));
    return g_strconcat(head, space(random), value + end, NULL);
}

/* One byte of the value made another; line ends stay, and so does the end of base64, behind which
 * libopendkim takes anything. */
static char *corrupt(GRand *random, const char *field)
{
    char *changed = g_strdup(field);
    gsize value = (gsize)(strchr(field, ':') + 1 - field), len = strlen(field);
    if (value < len) {
        gsize at = (gsize)g_rand_int_range(random, (gint32)value, (gint32)len);
        bool stays = g_ascii_isspace(changed[at]) || changed[at] == '=';
        changed[at] = stays ? changed[at] : changed[at] == 'z' ? 'y' : 'z';
    }
    return changed;
}

static char *recase(GRand *random, const char *field)
{
    g_autofree char *name = g_strndup(field, strcspn(field, ":"));
    GString *out = g_string_new(NULL);
    append_cased(out, random, name);
    g_string_append(out, strchr(field, ':'));
    return g_string_free(out, FALSE);
}

/* Moves, copies and removes fields; the signature's own is left alone. */
static const char *change_order(dkim_mail *mail, GRand *random, unsigned kind, guint index)
{
    char *copy = g_strdup(g_ptr_array_index(mail->fields, index));
    gint place = g_rand_int_range(random, 0, (gint32)mail->fields->len + 1);
    if (kind == 0 || kind == 1) {
        char *added = kind == 0 ? copy : make_field(random, "X-Added");
        g_ptr_array_insert(mail->fields, place, added);
        mail->signature += place <= (gint)mail->signature ? 1 : 0;
        if (kind == 1) {
            g_free(copy);
        }
        return kind == 0 ? "a field is there twice" : "a field was added";
    }
    g_free(copy);
    if (index == mail->signature) {
        return "nothing";
    }
    char *taken = g_ptr_array_steal_index(mail->fields, index);
    mail->signature -= index < mail->signature ? 1 : 0;
    if (kind == 2) {
        g_free(taken);
        return "a field is gone";
    }
    place = g_rand_int_range(random, 0, (gint32)mail->fields->len + 1);
    g_ptr_array_insert(mail->fields, place, taken);
    mail->signature += place <= (gint)mail->signature ? 1 : 0;
    return "a field moved";
}

const char *dkim_mail_change(dkim_mail *mail, GRand *random, unsigned kind)
{
    guint index = (guint)g_rand_int_range(random, 0, (gint32)mail->fields->len);
    const char *field = g_ptr_array_index(mail->fields, index);
    switch (kind) {
    case 0:
        return "nothing";
    case 1:
    case 2:
        replace(mail, index, respace(random, field));
        return "white space in a value";
    case 3:
        replace(mail, index, g_strconcat(field, " \t", NULL));
        return "white space behind a value";
    case 4:
        replace(mail, index, recase(random, field));
        return "the case of a name";
    case 5:
        replace(mail, index, corrupt(random, field));
        return "a byte";
    case 6:
        replace(mail, mail->signature,
                corrupt(random, g_ptr_array_index(mail->fields, mail->signature)));
        return "a byte of the signature";
    case 7:
        replace(mail, mail->signature,
                respace(random, g_ptr_array_index(mail->fields, mail->signature)));
        return "white space in the signature";
    default:
        return change_order(mail, random, kind - 8, index);
    }
}

char *dkim_mail_text(const dkim_mail *mail, const char *line_end)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < mail->fields->len; i++) {
        g_string_append_printf(out, "%s\r\n", (char *)g_ptr_array_index(mail->fields, i));
    }
    g_string_append(out, "\r\n");
    g_string_replace(out, "\r\n", "\n", 0);
    g_auto(GStrv) lines = g_strsplit(out->str, "\n", -1);
    return g_strjoinv(line_end, lines);
}
