/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* The options with which a command is told a message's envelope. */
#ifndef BACKSTOP_APP_ENVELOPE_OPTIONS_H
#define BACKSTOP_APP_ENVELOPE_OPTIONS_H

#include <backstop/message.h>

#include <getopt.h>
#include <glib.h>

/* Values of the options: apart from those of app/context.h and from the commands' own. */
enum {
    ENVELOPE_OPTION_MAIL_FROM = 64,
    ENVELOPE_OPTION_RCPT,
    ENVELOPE_OPTION_CLIENT_IP,
    ENVELOPE_OPTION_HELO
};

/* clang-format off */
#define ENVELOPE_OPTIONS \
    { "mail-from", required_argument, NULL, ENVELOPE_OPTION_MAIL_FROM }, \
    { "rcpt", required_argument, NULL, ENVELOPE_OPTION_RCPT }, \
    { "client-ip", required_argument, NULL, ENVELOPE_OPTION_CLIENT_IP }, \
    { "helo", required_argument, NULL, ENVELOPE_OPTION_HELO }
/* clang-format on */

typedef struct envelope_options {
    backstop_envelope envelope;
    GPtrArray *recipients; /* of char *, borrowed */
} envelope_options;

typedef enum envelope_option_result {
    ENVELOPE_OPTION_OTHER, /* it is none of these */
    ENVELOPE_OPTION_TAKEN,
    ENVELOPE_OPTION_WRONG, /* a line on standard error says why */
} envelope_option_result;

envelope_options envelope_options_new(void);
void envelope_options_free(envelope_options *options);

/* Keeps the value, without the angle brackets around an address, which are changed in place. */
envelope_option_result envelope_options_take(envelope_options *options, int option, char *value);

/* Borrowed from `options`. */
backstop_envelope envelope_options_get(const envelope_options *options);

#endif
