/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The text of a message that its writer wrote: its text parts in order, without those of any
 * message that it carries, HTML and TNEF only where there is no plain text.
 */
#ifndef BACKSTOP_NOTICE_OWN_TEXT_H
#define BACKSTOP_NOTICE_OWN_TEXT_H

#include "message/message.h"

/* Whether part `index` lies inside a message/rfc822 part (or its kin) of the message. */
bool own_text_is_foreign(const backstop_message *message, unsigned index);

/* Valid UTF-8, any line ends. Borrowed from the message if it is one part that needed no
 * decoding, else from `buffer` (emptied first). Parts from `end` on are read only if there is no
 * text before them. `*cut` is set, never cleared, where LIMIT_TEXT_PART_BYTES cut it. */
span own_text_read(const backstop_message *message, unsigned end, GString *buffer, bool *cut);

#endif
