/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The Backstop-Seen field: this notice was judged and counted already. A content filter hands mail
 * back to the mail server, and so to us, a second time.
 *
 * Its value is written as that of Backstop-Tag (docs/tag.md), under the same key, but its MACs
 * begin with "backstop-seen-1 a" and "backstop-seen-1 h". Notices have no sender: in its place, `h`
 * is over the verdict that stands beside it, without white space. So nobody can bring one of his
 * own with it. Body and recipients are not part of it. It holds for five days, the time that mail
 * waits in a queue at most.
 */
#ifndef BACKSTOP_SEEN_H
#define BACKSTOP_SEEN_H

#include <backstop/error.h>
#include <backstop/keys.h>
#include <backstop/message.h>

#include <stdbool.h>
#include <stdint.h>

#define BACKSTOP_SEEN_FIELD "Backstop-Seen"

/* Of a value, with its NUL. */
enum { BACKSTOP_SEEN_SIZE = 256 };

/* `verdict`: the value of the Backstop-Verdict that the message gets; NULL: none. Those that it has
 * are to be taken out.
 *
 * Writes the value for `message`, of which only the header need be there: ASCII on one line. False,
 * and an empty `value`, if no tag key signs at `now_sec` or the system has no random bytes. */
BACKSTOP_CHECKED bool backstop_seen_write(const backstop_message *message, const char *verdict,
                                          const backstop_keys *keys, int64_t now_sec,
                                          char value[BACKSTOP_SEEN_SIZE]);

/* Whether the message bears such a field of ours that belongs to it, and to the one
 * Backstop-Verdict that it bears or to none, and holds at `now_sec`. At most four are tried.
 * Anybody can hand in a mail that he got from us: to be asked only where a host of ours is the
 * client. */
BACKSTOP_CHECKED bool backstop_seen_check(const backstop_message *message,
                                          const backstop_keys *keys, int64_t now_sec);

#endif
