/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Made-up headers with a DKIM signature, in every shape that RFC 6376 allows; and what may happen
 * to one on its way. The canonicalisation in here is written a second time, for short strings, and
 * shares nothing with src/proof.
 */
#ifndef BACKSTOP_TESTS_DKIM_MAIL_H
#define BACKSTOP_TESTS_DKIM_MAIL_H

#include <glib.h>
#include <openssl/evp.h>
#include <stdbool.h>

typedef struct dkim_mail {
    GPtrArray *fields; /* of char *, folded with CRLF, each without its line end */
    guint signature;   /* the index of its field */
} dkim_mail;

/* A header without a signature. */
dkim_mail *dkim_mail_new(GRand *random);
void dkim_mail_free(dkim_mail *mail);

/* What a signature states, beside the hashes. */
typedef struct dkim_terms {
    bool is_relaxed;
    const char *tags;  /* "v=1; a=...; c=...; d=...; s=...", their order is shuffled */
    const char *names; /* h=; NULL: some of the fields, some twice, some that are not there */
} dkim_terms;

/* Adds a signature above the fields. */
void dkim_mail_sign(dkim_mail *mail, GRand *random, EVP_PKEY *pkey, const dkim_terms *terms);

/* Adds a field as it is, above them. */
void dkim_mail_prepend(dkim_mail *mail, char *field);

enum { DKIM_CHANGES = 12 };

/* Changes something, and says what. */
const char *dkim_mail_change(dkim_mail *mail, GRand *random, unsigned kind);

/* The fields and the blank line, lines ended so. */
char *dkim_mail_text(const dkim_mail *mail, const char *line_end);

#endif
