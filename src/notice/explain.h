/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* A notice in plain words. */
#ifndef BACKSTOP_NOTICE_EXPLAIN_H
#define BACKSTOP_NOTICE_EXPLAIN_H

#include <backstop/notice.h>

#include <stdbool.h>

/* As backstop_notice_explain(); `is_ours`: it is known that its reader sent the message, so nothing
 * is said about what to do if not. */
char *explain_notice(const backstop_notice *notice, bool is_ours);

#endif
