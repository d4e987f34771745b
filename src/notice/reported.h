/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The recipients that delivery status fields report (RFC 3464, 2.3; RFC 6533).
 */
#ifndef BACKSTOP_NOTICE_REPORTED_H
#define BACKSTOP_NOTICE_REPORTED_H

#include "notice/clues.h"
#include "notice/notice.h"

/* Adds them to notice->recipients, each address and final address once. */
void reported_read(clues *c, backstop_notice *notice);

#endif
