/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * An event of the history told to a person. All texts in it come from strangers, and are escaped
 * for terminals.
 */
#ifndef BACKSTOP_APP_HISTORY_TEXT_H
#define BACKSTOP_APP_HISTORY_TEXT_H

#include <backstop/history.h>
#include <backstop/judge.h>

#include <glib.h>

/* "2026-11-23" of a time. */
void history_text_append_day(GString *out, int64_t sec);

/* What came, and what it returned: one paragraph. Each call appends paragraphs, wrapped to
 * `columns` and indented, an empty line behind each. */
void history_text_append_arrival(GString *out, unsigned columns, const backstop_event *event);

/* The verdict and its explanation. */
void history_text_append_verdict(GString *out, unsigned columns, const backstop_event *event);

/* What each witness said, a line for each. */
void history_text_append_evidence(GString *out, const backstop_judgement *judgement);

/* Whether the returned mail bore our tag, where that is of interest. */
void history_text_append_tag(GString *out, unsigned columns, const backstop_event *event);

/* "rejected", "put into quarantine": behind "it was" or "it would be". Static. */
const char *history_text_disposition(backstop_disposition disposition);

/* What was done, and what would have been done in enforce. */
void history_text_append_done(GString *out, unsigned columns, const backstop_event *event);

#endif
