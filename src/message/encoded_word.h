/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Header text: unfolding (RFC 5322, 2.2.3), encoded words (RFC 2047, also where senders break its
 * rules: inside quotes, without space between, characters split between two words of the same
 * charset), raw 8-bit (RFC 6532 or guessed).
 */
#ifndef BACKSTOP_MESSAGE_ENCODED_WORD_H
#define BACKSTOP_MESSAGE_ENCODED_WORD_H

#include "base/span.h"

#include <glib.h>

/* Whether `raw` holds what begins an encoded word. */
bool encoded_word_may_stand_in(span raw);

/* Appends the value of an unstructured field as valid UTF-8 without NUL: decoded, unfolded, every
 * run of white space one space, trimmed. Only LIMIT_VALUE_BYTES of `raw` are read. A word whose
 * "?=" is missing ends at the next word, else at white space. Re-entrant; linear time. */
void encoded_word_decode(span raw, GString *out);

#endif
