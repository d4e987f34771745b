/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What cannot be a notice, whatever its body says, is known from its header. A mail filter asks
 * backstop_may_be_notice() at the end of the header, to do without the body; notice.c asks the same
 * before it looks at the body, so that both always agree.
 */
#ifndef BACKSTOP_NOTICE_EARLY_H
#define BACKSTOP_NOTICE_EARLY_H

#include "notice/clues.h"

#include <backstop/notice.h>

/* Looks only at what the clues tell of the header, and at the type of the outermost part. */
bool early_may_be_notice(const clues *c);

#endif
