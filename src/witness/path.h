/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What the way of the returned mail tells those who prepare a hearing; the witness itself is in
 * witness.h. */
#ifndef BACKSTOP_WITNESS_PATH_H
#define BACKSTOP_WITNESS_PATH_H

#include "witness/hearing.h"

/* Whether a server of ours, or one below a domain of ours, reports about mail that it took from a
 * user or a machine of ours: such mail need not have passed a host that signs. */
bool path_began_with_us(const hearing *h);

#endif
