/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "message/charset_table.h"

const charset_table *charset_table_find(const char *name)
{
    for (const charset_table *table = charset_tables; table->name != NULL; table++) {
        if (g_ascii_strcasecmp(table->name, name) == 0) {
            return table;
        }
    }
    return NULL;
}

/* The code point of the character beyond ASCII at the start of `s`, and its length; 0 if the table
 * does not hold it. */
static unsigned read_char(const charset_table *t, span s, size_t *len)
{
    unsigned lead = (unsigned char)s.ptr[0];
    unsigned code = t->singles[lead - 0x80];
    *len = 1;
    if (code != 0 || t->pairs == NULL || s.len < 2) {
        return code;
    }
    unsigned trail = (unsigned char)s.ptr[1];
    if (lead < t->first_lead || lead > t->last_lead || trail < t->first_trail ||
        trail > t->last_trail) {
        return 0;
    }
    *len = 2;
    unsigned row_len = t->last_trail - t->first_trail + 1u;
    return t->pairs[(lead - t->first_lead) * row_len + (trail - t->first_trail)];
}

bool charset_table_append(const charset_table *table, span bytes, GString *out)
{
    size_t before = out->len;
    while (bytes.len > 0) {
        size_t n = 0;
        while (n < bytes.len && (signed char)bytes.ptr[n] > 0) {
            n++;
        }
        g_string_append_len(out, bytes.ptr, (gssize)n);
        bytes = span_skip(bytes, n);
        if (bytes.len == 0) {
            break;
        }
        unsigned code = bytes.ptr[0] == '\0' ? 0 : read_char(table, bytes, &n);
        if (code == 0) {
            g_string_truncate(out, before);
            return false;
        }
        g_string_append_unichar(out, code);
        bytes = span_skip(bytes, n);
    }
    return true;
}
