/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* What the witness of our tag tells others of the returned header. */
#ifndef BACKSTOP_WITNESS_TAG_H
#define BACKSTOP_WITNESS_TAG_H

#include "witness/hearing.h"

/* Whether it bears a tag that a key of ours made, of this mail or of another. False without keys.
 */
bool tag_is_there(const hearing *h);

/* Whether it bears one that was made for exactly this mail, at whatever time. False without keys.
 */
bool tag_is_of_this_mail(const hearing *h);

#endif
