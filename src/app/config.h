/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The configuration file: INI, as docs/configuration.md describes it. What settings there are
 * stands in one table (option.h), which drives this loader, the sample and the manual.
 *
 * Errors are lines of text without a line end, which name the file, the line, the section and the
 * key: "/etc/backstop/backstop.conf:3: [backstop] tag-lifetime: takes ...". All errors of a file
 * are told, not the first alone.
 */
#ifndef BACKSTOP_APP_CONFIG_H
#define BACKSTOP_APP_CONFIG_H

#include "app/option.h"

#include <backstop/disposition.h>
#include <backstop/site.h>

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Where the file is if nobody says. */
#define CONFIG_FILE "/etc/backstop/backstop.conf"

/* What enforce does with notices. */
typedef struct config_rules {
    backstop_rules dispositions;
    char *reject_reply; /* "550 5.7.1 TEXT": printable ASCII without a percent sign */
} config_rules;

/* [domain NAME] */
typedef struct config_domain {
    char *name;    /* as it is written */
    unsigned line; /* of the section */
    bool is_closed;
    bool dkim_signs_all;
    GPtrArray *dkim_keys; /* of char *, "selector:file" */
    bool uses_batv;
    config_rules rules;               /* what it does not set is that of [backstop] */
    unsigned lines[OPTION_COUNT_MAX]; /* where each row of the table is set; 0: it is not */
} config_domain;

/* [address LOCAL@DOMAIN] */
typedef struct config_address {
    char *name;         /* as it is written: an address */
    unsigned line;      /* of the section */
    config_rules rules; /* what it does not set is that of its domain, or of [backstop] */
    unsigned lines[OPTION_COUNT_MAX]; /* as in config_domain */
} config_address;

/* The settings, all with a value. */
typedef struct config {
    char *file; /* NULL: built-in defaults */
    char *key_file;
    char *store;
    GPtrArray *outbound_hosts; /* lists are of char *, as they are written */
    GPtrArray *shared_hosts;
    GPtrArray *internal_networks;
    GPtrArray *forwarders;
    int64_t tag_lifetime_sec;
    int64_t ledger_days;
    bool ledger_is_complete;
    bool has_unknown_exits;

    /* Those of the daemon. */
    bool enforces; /* false: it observes */
    bool enforces_anyway;
    char *milter;       /* for smfi_setconn() */
    char *milter_group; /* "": that of the process */
    char *user;         /* if root starts the daemon */
    bool tempfails_on_error;
    bool logs_to_stderr;         /* false: to syslog */
    GPtrArray *outgoing_daemons; /* {daemon_name}s */
    GPtrArray *batv_not_to;      /* "local@domain" and "@domain"; so are the next three lists */
    GPtrArray *batv_not_from;
    GPtrArray *always_notices;
    GPtrArray *never_notices;
    GPtrArray *refuse_at_data;             /* addresses */
    GPtrArray *allow_subject;              /* patterns with * and ? */
    GPtrArray *allow_sender;               /* "local@domain" and "@domain" */
    GPtrArray *allow_client;               /* addresses and networks */
    backstop_disposition outgoing_notices; /* DELIVER, MARK or DISCARD */
    GPtrArray *authserv_ids;               /* empty: the name of the host */
    char *quarantine_folder;               /* a Maildir */
    int64_t history_days;
    config_rules rules;

    GPtrArray *domains;               /* of config_domain * */
    GPtrArray *addresses;             /* of config_address * */
    unsigned lines[OPTION_COUNT_MAX]; /* as in config_domain */
} config;

/* Reads the file. NULL, and lines added to `errors` (GPtrArray of char *, with g_free), if
 * anything in it is wrong. */
config *config_load(const char *file, GPtrArray *errors);

/* The settings of a machine that has no file: the key file and the store lie in the user's state
 * folder ($XDG_STATE_HOME/backstop). */
config *config_new_default(void);

/* Takes NULL. */
void config_free(config *c);

/* "FILE:LINE: [backstop] NAME: " of a setting, or as much of it as there is. Freed with g_free().
 */
char *config_place(const config *c, const char *name);

/* Adds a line that says so of that setting. */
void config_add_error(const config *c, const char *name, const char *why, GPtrArray *errors);

/* What judging needs of the settings; reads the DKIM key files. NULL, and lines added to `errors`,
 * if a value is refused or a file cannot be read. To be freed with backstop_site_free(). */
backstop_site *config_make_site(const config *c, GPtrArray *errors);

#endif
