/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "app/envelope_options.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

envelope_options envelope_options_new(void)
{
    return (envelope_options){ .recipients = g_ptr_array_new() };
}

void envelope_options_free(envelope_options *options)
{
    g_ptr_array_free(options->recipients, TRUE);
}

/* "<a@b.example>" is as good as "a@b.example". */
static char *without_brackets(char *address)
{
    size_t len = strlen(address);
    if (len >= 2 && address[0] == '<' && address[len - 1] == '>') {
        address[len - 1] = '\0';
        return address + 1;
    }
    return address;
}

static bool is_ip_address(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

envelope_option_result envelope_options_take(envelope_options *options, int option, char *value)
{
    switch (option) {
    case ENVELOPE_OPTION_MAIL_FROM:
        options->envelope.mail_from = without_brackets(value);
        return ENVELOPE_OPTION_TAKEN;
    case ENVELOPE_OPTION_RCPT:
        g_ptr_array_add(options->recipients, without_brackets(value));
        return ENVELOPE_OPTION_TAKEN;
    case ENVELOPE_OPTION_CLIENT_IP:
        if (!is_ip_address(value)) {
            fprintf(stderr, "backstop: --client-ip takes an IP address\n");
            return ENVELOPE_OPTION_WRONG;
        }
        options->envelope.client_ip = value;
        return ENVELOPE_OPTION_TAKEN;
    case ENVELOPE_OPTION_HELO:
        options->envelope.helo = value;
        return ENVELOPE_OPTION_TAKEN;
    default:
        return ENVELOPE_OPTION_OTHER;
    }
}

backstop_envelope envelope_options_get(const envelope_options *options)
{
    backstop_envelope envelope = options->envelope;
    envelope.recipients = (const char *const *)options->recipients->pdata;
    envelope.recipient_count = options->recipients->len;
    return envelope;
}
