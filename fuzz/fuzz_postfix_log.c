/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Any bytes as a log of Postfix's: what comes out are mails with a sender and recipients that have
 * a length. */
#include "app/postfix_log.h"

#include <string.h>

static void check(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

static void check_mail(const backstop_sent *mail, void *context)
{
    (void)context;
    check(mail->sender != NULL && mail->sender[0] != '\0');
    for (size_t i = 0; i < mail->recipient_count; i++) {
        size_t len = strlen(mail->recipients[i]);
        check(len > 0 && len <= 1000);
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const postfix_log_handler handler = { check_mail, NULL };
    backstop_site *site = backstop_site_new();
    const postfix_log_site ours = { .site = site, .has_domains = size % 2 == 0 };
    postfix_log *log = postfix_log_new(&ours, &handler);
    postfix_log_begin(log, INT64_C(1795521600));
    span rest = { (const char *)data, size };
    while (rest.len > 0) {
        size_t end = span_find_char(rest, '\n');
        postfix_log_add(log, span_head(rest, end));
        rest = span_skip(rest, end + 1);
    }
    postfix_log_finish(log);
    postfix_log_free(log);
    backstop_site_free(site);
    return 0;
}
