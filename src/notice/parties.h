/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Who wrote the notice, to whom, and in answer to which message: what its own header says.
 */
#ifndef BACKSTOP_NOTICE_PARTIES_H
#define BACKSTOP_NOTICE_PARTIES_H

#include "notice/clues.h"
#include "notice/notice.h"

/* Fills notice->author, ->notified and ->replied_to. */
void parties_read(const clues *c, backstop_notice *notice);

#endif
