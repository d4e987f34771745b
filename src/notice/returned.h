/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The returned message: finds its header block, whole or cited, and reads it. Only the outermost
 * one: a forger can attach real mail of ours inside his.
 */
#ifndef BACKSTOP_NOTICE_RETURNED_H
#define BACKSTOP_NOTICE_RETURNED_H

#include "notice/clues.h"
#include "notice/notice.h"

/* Fills notice->returned. */
void returned_read(clues *c, backstop_notice *notice);

#endif
