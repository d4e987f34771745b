/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Which way a mail goes: all that the mail server can tell of one, in one table. */
#include "backstopd/direction.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct row {
    direction_facts facts;
    direction expected;
} row;

static void test_table(void **state)
{
    (void)state;
    static const row rows[] = {
        /* A stranger, whatever his fields say. */
        { { .came_from_outside = false }, DIRECTION_INCOMING },
        { { .came_from_outside = true }, DIRECTION_INCOMING },
        /* A login counts from anywhere. */
        { { .has_auth = true }, DIRECTION_OUTGOING },
        { { .has_auth = true, .came_from_outside = true }, DIRECTION_OUTGOING },
        { { .is_listed_daemon = true }, DIRECTION_OUTGOING },
        { { .is_listed_daemon = true, .came_from_outside = true }, DIRECTION_OUTGOING },
        /* Our own host hands in our mail, or what a content filter had. */
        { { .is_trusted_client = true }, DIRECTION_OUTGOING },
        { { .is_trusted_client = true, .came_from_outside = true }, DIRECTION_INCOMING },
        /* A notice of the mail server's own, whoever seems to be its client. */
        { { .is_sender_empty = true }, DIRECTION_OWN_NOTICE },
        { { .is_sender_empty = true, .is_trusted_client = true }, DIRECTION_OWN_NOTICE },
        { { .is_sender_empty = true, .has_auth = true, .came_from_outside = true },
          DIRECTION_OWN_NOTICE },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(direction_of(&rows[i].facts), rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
