/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What the other side is told of a mail that is not taken. */
#include "backstopd/reply.h"

#include <glib.h>

sfsistat reply_set(SMFICTX *context, const char *reply)
{
    g_auto(GStrv) words = g_strsplit(reply, " ", 3);
    /* Were it not taken, the mail server would use a reply of its own, to the same effect. */
    if (g_strv_length(words) == 3) {
        smfi_setreply(context, words[0], words[1], words[2]);
    }
    return reply[0] == '4' ? SMFIS_TEMPFAIL : SMFIS_REJECT;
}
