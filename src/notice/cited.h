/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a notice cites of the original in its own words where no header block came back: "Your
 * message / To: ... / Subject: ... / did not reach ...", in the languages of the common systems.
 */
#ifndef BACKSTOP_NOTICE_CITED_H
#define BACKSTOP_NOTICE_CITED_H

#include "notice/clues.h"

typedef enum cited_field {
    CITED_SUBJECT,
    CITED_TO,
    CITED_DATE,
    CITED_MESSAGE_ID,
    CITED_FIELDS /* how many there are */
} cited_field;

/* The values beside the first label of each kind in the notice's own text, or in the field of
 * RFC 8098, 3.2.5; empty where there is none. UTF-8, not encoded; spans as long as the clues live.
 */
void cited_read(clues *c, span values[CITED_FIELDS]);

#endif
