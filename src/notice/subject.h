/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a Subject says: a kind of notice by its foremost phrase, an answer, a person's question.
 * Much of it may be the original's, which a forger chose.
 */
#ifndef BACKSTOP_NOTICE_SUBJECT_H
#define BACKSTOP_NOTICE_SUBJECT_H

#include "notice/clues.h"

/* Fills the subject's members of the clues. */
void subject_read(clues *c);

#endif
