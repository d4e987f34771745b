/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "opendkim.h"

#include <string.h>
#include <sys/types.h>

#include <dkim.h>

struct opendkim {
    DKIM_LIB *library;
    const char *record; /* what the next look-up gives */
};

static DKIM_CBSTAT give_key(DKIM *dkim, DKIM_SIGINFO *info, unsigned char *out, size_t size)
{
    (void)info;
    const opendkim *o = dkim_get_user_context(dkim);
    g_strlcpy((char *)out, o->record, size);
    return DKIM_CBSTAT_CONTINUE;
}

opendkim *opendkim_new(void)
{
    opendkim *o = g_new0(opendkim, 1);
    o->library = dkim_init(NULL, NULL);
    g_assert_nonnull(o->library);
    g_assert_cmpint(dkim_set_key_lookup(o->library, give_key), ==, DKIM_STAT_OK);
    return o;
}

void opendkim_free(opendkim *o)
{
    dkim_close(o->library);
    g_free(o);
}

/* Hands it the whole mail. A header that it cannot work with at all fails here. */
static bool feed(DKIM *dkim, const GPtrArray *fields, const char *body)
{
    for (guint i = 0; i < fields->len; i++) {
        char *field = g_ptr_array_index(fields, i);
        if (dkim_header(dkim, (unsigned char *)field, strlen(field)) != DKIM_STAT_OK) {
            return false;
        }
    }
    DKIM_STAT status = dkim_eoh(dkim);
    g_autofree char *copy = g_strdup(body);
    if (status == DKIM_STAT_OK && body[0] != '\0') {
        status = dkim_body(dkim, (unsigned char *)copy, strlen(copy));
    }
    return status == DKIM_STAT_OK;
}

static int canonicalization(bool is_relaxed)
{
    return is_relaxed ? DKIM_CANON_RELAXED : DKIM_CANON_SIMPLE;
}

char *opendkim_sign(opendkim *o, const opendkim_signer *signer, const GPtrArray *fields,
                    const char *body)
{
    DKIM_STAT status;
    unsigned char *value = NULL;
    size_t len = 0;
    DKIM *dkim =
        dkim_sign(o->library, (const unsigned char *)"oracle", NULL, (dkim_sigkey_t)signer->pem,
                  (const unsigned char *)"sel1", (const unsigned char *)"our.example",
                  canonicalization(signer->header_is_relaxed),
                  canonicalization(signer->body_is_relaxed), DKIM_SIGN_RSASHA256, -1, &status);
    g_assert_nonnull(dkim);
    g_assert_true(feed(dkim, fields, body));
    g_assert_cmpint(dkim_eom(dkim, NULL), ==, DKIM_STAT_OK);
    g_assert_cmpint(dkim_getsighdr_d(dkim, strlen(DKIM_SIGNHEADER) + 2, &value, &len), ==,
                    DKIM_STAT_OK);
    char *copy = g_strndup((char *)value, len);
    dkim_free(dkim);
    return copy;
}

bool opendkim_holds(opendkim *o, const GPtrArray *fields, const char *body, const char *record,
                    bool *body_holds)
{
    DKIM_STAT status;
    DKIM_SIGINFO **list;
    int count = 0;
    o->record = record;
    DKIM *dkim = dkim_verify(o->library, (const unsigned char *)"oracle", NULL, &status);
    g_assert_nonnull(dkim);
    dkim_set_user_context(dkim, o);
    bool holds = false;
    if (feed(dkim, fields, body)) {
        dkim_eom(dkim, NULL);
        if (dkim_getsiglist(dkim, &list, &count) == DKIM_STAT_OK && count > 0) {
            holds = (dkim_sig_getflags(list[0]) & DKIM_SIGFLAG_PASSED) != 0;
            if (body_holds != NULL) {
                *body_holds = dkim_sig_getbh(list[0]) == DKIM_SIGBH_MATCH;
            }
        }
    }
    dkim_free(dkim);
    return holds;
}
