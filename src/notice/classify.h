/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Is it a notice, and of what kind? A message is one if it has the structure of one, or if a mail
 * system wrote it (sender, subject, Auto-Submitted) and says in words or codes what a notice
 * says, about an address or a returned message. No single sign is enough without structure.
 */
#ifndef BACKSTOP_NOTICE_CLASSIFY_H
#define BACKSTOP_NOTICE_CLASSIFY_H

#include "notice/clues.h"

/* Asks for the text where the structure does not tell. */
backstop_kind classify(clues *c);

#endif
