/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What our own mail server found out about a mail when it came in (RFC 8601), read from the header
 * of it that a notice returns. A notice about mail whose sender was forged goes to somebody who
 * never wrote it.
 */
#ifndef BACKSTOP_AUTHENTICATION_H
#define BACKSTOP_AUTHENTICATION_H

#include <backstop/error.h>
#include <backstop/notice.h>

#include <stddef.h>

typedef enum backstop_authentication {
    BACKSTOP_AUTHENTICATION_UNKNOWN, /* not told, not all of it told, or neither passed nor failed
                                      */
    BACKSTOP_AUTHENTICATION_PASSED,  /* SPF or DKIM did */
    BACKSTOP_AUTHENTICATION_FAILED,  /* SPF failed (fail, softfail), and no DKIM signature held */
} backstop_authentication;

/*
 * Reads the Authentication-Results fields in the returned header that are of one of `count`
 * `servers` (authserv-id, any case, NUL-terminated). Somebody outside can write such a field too,
 * and then only saves his mail: one pass among them all is enough.
 */
BACKSTOP_CHECKED backstop_authentication backstop_notice_authentication(
    const backstop_notice *notice, const char *const *servers, size_t count);

#endif
