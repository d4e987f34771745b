/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * About whom the notice speaks, and why it failed for each: from delivery status fields, from
 * X-Failed-Recipients, from addresses in the text, else from the returned message's To.
 */
#ifndef BACKSTOP_NOTICE_RECIPIENTS_H
#define BACKSTOP_NOTICE_RECIPIENTS_H

#include "notice/clues.h"
#include "notice/notice.h"

/* Fills notice->recipients; notice->kind and ->returned are known. */
void recipients_read(clues *c, backstop_notice *notice);

#endif
