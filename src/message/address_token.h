/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The tokens of address fields, for address.c, and which of them make one word (RFC 5322, 3.2.3,
 * 3.4 and 4.4). White space, NUL and stray marks are passed.
 */
#ifndef BACKSTOP_MESSAGE_ADDRESS_TOKEN_H
#define BACKSTOP_MESSAGE_ADDRESS_TOKEN_H

#include "message/lexical.h"

typedef enum token_kind {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_QUOTED,
    TOKEN_COMMENT,
    TOKEN_OPEN,      /* "<", or "[mailto:" as Outlook quotes addresses */
    TOKEN_CLOSE,     /* ">", or a "]" outside of domain literals */
    TOKEN_SEPARATOR, /* "," or ";" */
    TOKEN_COLON,
} token_kind;

typedef struct address_token {
    token_kind kind;
    span raw;
    span inner;  /* of a quoted string or comment */
    bool has_at; /* a word with an "@" that may be of an address */
} address_token;

/* Tokens that belong together: one atom, or `"a b" . c @ d`. */
typedef struct address_word {
    const char *start; /* NULL if there is none */
    const char *end;
    span last; /* its last token */
    bool last_quoted;
    bool has_at;
} address_word;

/* The next token; TOKEN_END again and again at the end. */
void address_token_read(lexical_scan *scan, address_token *t);

/* Whether `t` continues `w`: white space and comments are allowed around "@" and ".". */
bool address_word_joins(const address_word *w, const address_token *t);
void address_word_add(address_word *w, const address_token *t);

/* Whether `c` ends an unquoted word, and whether a local part can hold it only in quotes. */
bool address_ends_word(char c);
bool address_needs_quotes(char c);

#endif
