/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Which way a mail goes. */
#include "backstopd/direction.h"

direction direction_of(const direction_facts *facts)
{
    if (facts->is_sender_empty) {
        return DIRECTION_OWN_NOTICE;
    }
    if (facts->has_auth || facts->is_listed_daemon) {
        return DIRECTION_OUTGOING;
    }
    return facts->is_trusted_client && !facts->came_from_outside ? DIRECTION_OUTGOING
                                                                 : DIRECTION_INCOMING;
}
