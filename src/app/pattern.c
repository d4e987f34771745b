/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/pattern.h"

#include <stddef.h>
#include <string.h>

/* White space of any script as one blank each. */
static char *with_single_blanks(const char *text)
{
    GString *out = g_string_new(NULL);
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        bool is_blank = g_unichar_isspace(c) || g_unichar_iscntrl(c);
        if (!is_blank) {
            g_string_append_unichar(out, c);
        } else if (out->len > 0 && out->str[out->len - 1] != ' ') {
            g_string_append_c(out, ' ');
        }
    }
    if (out->len > 0 && out->str[out->len - 1] == ' ') {
        g_string_truncate(out, out->len - 1);
    }
    return g_string_free(out, FALSE);
}

char *pattern_fold(const char *text)
{
    g_autofree char *head = g_strndup(text, PATTERN_TEXT_BYTES);
    g_autofree char *valid = g_utf8_make_valid(head, -1);
    g_autofree char *plain = with_single_blanks(valid);
    g_autofree char *folded = g_utf8_casefold(plain, -1);
    return g_utf8_normalize(folded, -1, G_NORMALIZE_DEFAULT_COMPOSE);
}

/* Goes back to the last star alone: what an earlier one took need not be tried again, for whatever
 * lies between the two was found at its first place. */
bool pattern_matches(const char *pattern, const char *text)
{
    const char *star = NULL;  /* behind the last one */
    const char *retry = NULL; /* where in the text it ends */
    while (*text != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (*pattern == '?') {
            pattern++;
            text = g_utf8_next_char(text);
        } else if (*pattern != '\0' && *pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            retry = g_utf8_next_char(retry);
            text = retry;
            pattern = star;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}
