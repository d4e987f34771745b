/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * libopendkim, asked what src/proof/dkim.c is asked: does the first signature of a header hold?
 */
#ifndef BACKSTOP_TESTS_OPENDKIM_H
#define BACKSTOP_TESTS_OPENDKIM_H

#include <glib.h>
#include <stdbool.h>

typedef struct opendkim opendkim;

opendkim *opendkim_new(void);
void opendkim_free(opendkim *o);

/* What to sign with: an RSA key in PEM. */
typedef struct opendkim_signer {
    const char *pem;
    bool header_is_relaxed, body_is_relaxed;
} opendkim_signer;

/* The value of a DKIM-Signature for the fields, each without its line end, and a body that ends in
 * CRLF; to be freed. By our.example, selector sel1. */
char *opendkim_sign(opendkim *o, const opendkim_signer *signer, const GPtrArray *fields,
                    const char *body);

/* What it says of the first signature among the fields, whatever the body, under that key record.
 * `*body_holds` (if it is not NULL): whether the body hash is that of `body`. */
bool opendkim_holds(opendkim *o, const GPtrArray *fields, const char *body, const char *record,
                    bool *body_holds);

#endif
