/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* All settings there are (option.h), and what their words may be. */
#include "app/config.h"
#include "app/option.h"
#include "base/span.h"

#include <backstop/address.h>
#include <backstop/disposition.h>
#include <backstop/site.h>

#include <string.h>
#include <sys/un.h>

#define HOUR_SEC INT64_C(3600)

static const option_choice modes[] = { { "observe", false }, { "enforce", true }, { NULL, 0 } };
static const option_choice on_errors[] = { { "pass", false }, { "tempfail", true }, { NULL, 0 } };
static const option_choice logs[] = { { "syslog", false }, { "stderr", true }, { NULL, 0 } };

static const option_choice all_dispositions[] = {
    { "deliver", BACKSTOP_DISPOSITION_DELIVER },       { "mark", BACKSTOP_DISPOSITION_MARK },
    { "quarantine", BACKSTOP_DISPOSITION_QUARANTINE }, { "reject", BACKSTOP_DISPOSITION_REJECT },
    { "discard", BACKSTOP_DISPOSITION_DISCARD },       { NULL, 0 },
};

/* For what is not proven. */
static const option_choice mild_dispositions[] = {
    { "deliver", BACKSTOP_DISPOSITION_DELIVER },
    { "mark", BACKSTOP_DISPOSITION_MARK },
    { "quarantine", BACKSTOP_DISPOSITION_QUARANTINE },
    { NULL, 0 },
};

/* Our own server's notices are neither held nor rejected: it would keep the original. */
static const option_choice outgoing_notices[] = {
    { "deliver", BACKSTOP_DISPOSITION_DELIVER },
    { "mark", BACKSTOP_DISPOSITION_MARK },
    { "discard", BACKSTOP_DISPOSITION_DISCARD },
    { NULL, 0 },
};

static const char reply_form[] = "a reply as 550 5.7.1 TEXT or 450 4.7.1 TEXT, in ASCII without %";

/* "PORT@HOST". */
static bool is_port_at_host(const char *text)
{
    span s = span_from_string(text);
    unsigned port = 0;
    size_t digits = span_read_number(s, 5, &port);
    return digits > 0 && port >= 1 && port <= 65535 && text[digits] == '@' &&
           text[digits + 1] != '\0';
}

/* As libmilter's smfi_setconn() takes it. */
static bool is_socket(const char *text)
{
    static const size_t path_max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    if (g_str_has_prefix(text, "unix:/")) {
        return strlen(text + strlen("unix:")) <= path_max;
    }
    if (g_str_has_prefix(text, "inet6:")) {
        return is_port_at_host(text + strlen("inet6:"));
    }
    return g_str_has_prefix(text, "inet:") && is_port_at_host(text + strlen("inet:"));
}

/* A name in /etc/passwd or /etc/group. */
static bool is_account(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (!ascii_is_alnum(*at) && strchr("_.-", *at) == NULL) {
            return false;
        }
    }
    return text[0] != '\0' && text[0] != '-';
}

static bool is_account_or_none(const char *text)
{
    return text[0] == '\0' || is_account(text);
}

/* Asks a site, which knows what it accepts. */
static bool site_takes(backstop_status (*add)(backstop_site *, const char *, backstop_error *),
                       const char *text)
{
    backstop_site *site = backstop_site_new();
    bool is_good = add(site, text, NULL) == BACKSTOP_OK;
    backstop_site_free(site);
    return is_good;
}

static bool is_address_or_domain(const char *text)
{
    return site_takes(backstop_site_add_forwarder, text);
}

static bool is_network(const char *text)
{
    return site_takes(backstop_site_add_internal_network, text);
}

bool option_is_address(const char *text)
{
    return site_takes(backstop_site_add_address, text);
}

/* Three numbers with dots, of the class of the reply's code (RFC 3463, 2); returns its length, 0 if
 * it is none. */
static size_t enhanced_code_len(span s, char class)
{
    size_t at = 0;
    unsigned unused;
    for (unsigned part = 0; part < 3; part++) {
        size_t digits = span_read_number(span_skip(s, at), part == 0 ? 1 : 3, &unused);
        bool has_dot = at + digits < s.len && s.ptr[at + digits] == '.';
        if (digits == 0 || has_dot != (part < 2)) {
            return 0;
        }
        at += digits + (part < 2);
    }
    return s.ptr[0] == class ? at : 0;
}

/* 421 is left out, after which a server hangs up; the percent sign, which libmilter reads as a
 * format. */
static bool is_reply(const char *text)
{
    span s = span_from_string(text);
    bool has_code = s.len > 4 && (s.ptr[0] == '4' || s.ptr[0] == '5') && s.ptr[1] == '5' &&
                    ascii_is_digit(s.ptr[2]) && s.ptr[3] == ' ';
    if (!has_code) {
        return false;
    }
    size_t at = 4 + enhanced_code_len(span_skip(s, 4), s.ptr[0]);
    if (at == 4 || at + 1 >= s.len || s.ptr[at] != ' ') {
        return false;
    }
    for (size_t i = at; i < s.len; i++) {
        if (s.ptr[i] < ' ' || s.ptr[i] > '~' || s.ptr[i] == '%') {
            return false;
        }
    }
    return true;
}

/* clang-format off */
/* The rules, which every section may have. The standards are those of the site. */
#define RULE_ROWS(section_, type_, proven_, likely_, unverified_, reply_) \
    { .section = (section_), .name = "proven-backscatter", .type = OPTION_CHOICE, \
      .offset = offsetof(type_, rules.dispositions.proven), \
      .choices = all_dispositions, \
      .standard = (proven_), \
      .example = "quarantine", \
      .help = "What enforce does with a notice that is proven to return mail which is not ours." }, \
    { .section = (section_), .name = "likely-backscatter", .type = OPTION_CHOICE, \
      .offset = offsetof(type_, rules.dispositions.likely), \
      .choices = mild_dispositions, \
      .standard = (likely_), \
      .example = "mark", \
      .help = "The same with one that likely returns such mail." }, \
    { .section = (section_), .name = "unverified", .type = OPTION_CHOICE, \
      .offset = offsetof(type_, rules.dispositions.unverified), \
      .choices = mild_dispositions, \
      .standard = (unverified_), \
      .example = "deliver", \
      .help = "The same with one of which neither can be said." }, \
    { .section = (section_), .name = "reject-reply", .type = OPTION_TEXT, \
      .offset = offsetof(type_, rules.reject_reply), \
      .is_valid = is_reply, .takes = reply_form, \
      .standard = (reply_), \
      .example = "550 5.7.1 We did not send the message that this is about", \
      .help = "What the other server is told when a notice is rejected: code, enhanced code, text.\n" \
              "With 4 in front it tries again later." }

const option_row option_table[] = {
    { .section = OPTION_SITE, .name = "key-file", .type = OPTION_PATH,
      .offset = offsetof(config, key_file),
      .standard = "/etc/backstop/keys",
      .example = "/etc/backstop/keys",
      .help = "The secrets of the site, as `backstop key new` makes them. Every host that signs or\n"
              "judges has the same file. Nobody but its owner may read it." },
    { .section = OPTION_SITE, .name = "store", .type = OPTION_PATH,
      .offset = offsetof(config, store),
      .standard = "/var/lib/backstop/backstop.db",
      .example = "/var/lib/backstop/backstop.db",
      .help = "The file that remembers what was sent. It is made when it is first needed." },
    { .section = OPTION_SITE, .name = "outbound-hosts", .type = OPTION_LIST,
      .offset = offsetof(config, outbound_hosts),
      .standard = "",
      .example = "192.0.2.0/24, mx.our.example, .out.our.example",
      .help = "The hosts from which our mail leaves, used by nobody else: addresses, networks,\n"
              "names, or all names below one. A notice is likely genuine if the mail that it\n"
              "returns came from one of them. That it came from none of them counts only where\n"
              "addresses or networks are named." },
    { .section = OPTION_SITE, .name = "shared-hosts", .type = OPTION_LIST,
      .offset = offsetof(config, shared_hosts),
      .standard = "",
      .example = "relay.provider.example",
      .help = "Hosts from which our mail leaves and that of strangers as well, such as a\n"
              "provider's relay. That a mail came from there says little." },
    { .section = OPTION_SITE, .name = "internal-networks", .type = OPTION_LIST,
      .offset = offsetof(config, internal_networks),
      .standard = "",
      .example = "198.51.100.0/24, 2001:db8:1::/48",
      .help = "Hosts that may send as our domains without login, as addresses and networks: all\n"
              "of them, or none. What they hand in is outgoing mail, and `backstop ledger import`\n"
              "takes it as ours." },
    { .section = OPTION_SITE, .name = "unknown-exits", .type = OPTION_BOOL,
      .offset = offsetof(config, has_unknown_exits),
      .standard = "no",
      .example = "yes",
      .help = "yes: some of our mail leaves by hosts that are not listed here. Then no notice is\n"
              "held against us because the mail that it returns came from elsewhere." },
    { .section = OPTION_SITE, .name = "forwarders", .type = OPTION_LIST,
      .offset = offsetof(config, forwarders),
      .standard = "",
      .example = "info@our.example, @lists.our.example",
      .help = "Addresses of ours, or whole domains, from which the mail of strangers goes on:\n"
              "forwarders and mailing lists. Notices to them return mail that we did not write." },
    { .section = OPTION_SITE, .name = "tag-lifetime", .type = OPTION_DURATION,
      .offset = offsetof(config, tag_lifetime_sec),
      .standard = "336h", .least = 1 * HOUR_SEC, .most = 720 * HOUR_SEC,
      .example = "240h",
      .help = "How long the tag of a mail proves that it is ours. Longer than any server tries to\n"
              "deliver it." },
    { .section = OPTION_SITE, .name = "ledger-days", .type = OPTION_NUMBER,
      .offset = offsetof(config, ledger_days),
      .standard = "21", .least = 1, .most = 400,
      .example = "30",
      .help = "How many days the store remembers a mail that was sent." },
    { .section = OPTION_SITE, .name = "ledger-complete", .type = OPTION_BOOL,
      .offset = offsetof(config, ledger_is_complete),
      .standard = "no",
      .example = "yes",
      .help = "yes: every host from which our mail leaves records into this store as it leaves.\n"
              "What the store does not know is then likely not ours. What `backstop ledger\n"
              "import` brought in is never taken to be all." },
    { .section = OPTION_SITE, .name = "mode", .type = OPTION_EITHER,
      .offset = offsetof(config, enforces),
      .choices = modes,
      .standard = "observe",
      .example = "enforce",
      .help = "What backstopd does with notices. observe: it marks and counts them, and all are\n"
              "delivered. enforce: it does what is said below." },
    { .section = OPTION_SITE, .name = "enforce-anyway", .type = OPTION_BOOL,
      .offset = offsetof(config, enforces_anyway),
      .standard = "no",
      .example = "yes",
      .help = "yes: enforce without 14 days of observation before, and whatever they showed." },
    { .section = OPTION_SITE, .name = "milter", .type = OPTION_TEXT,
      .offset = offsetof(config, milter),
      .is_valid = is_socket, .takes = "unix:/PATH, inet:PORT@HOST or inet6:PORT@HOST",
      .standard = "unix:/run/backstop/milter.sock",
      .example = "inet:8891@localhost",
      .help = "Where backstopd waits for the mail server." },
    { .section = OPTION_SITE, .name = "milter-group", .type = OPTION_TEXT,
      .offset = offsetof(config, milter_group),
      .is_valid = is_account_or_none, .takes = "the name of a group",
      .standard = "",
      .example = "postfix",
      .help = "The group that may use the milter's unix socket: the mail server's. Without it, the\n"
              "group that backstopd runs as." },
    { .section = OPTION_SITE, .name = "user", .type = OPTION_TEXT,
      .offset = offsetof(config, user),
      .is_valid = is_account, .takes = "the name of a user",
      .standard = "backstop",
      .example = "backstop",
      .help = "Whom backstopd runs as if root starts it." },
    { .section = OPTION_SITE, .name = "on-error", .type = OPTION_EITHER,
      .offset = offsetof(config, tempfails_on_error),
      .choices = on_errors,
      .standard = "pass",
      .example = "tempfail",
      .help = "What happens to a mail that backstopd cannot judge or sign for a fault of its own.\n"
              "pass: it goes on as it is. tempfail: the other side is told to try again later." },
    { .section = OPTION_SITE, .name = "outgoing-daemons", .type = OPTION_LIST,
      .offset = offsetof(config, outgoing_daemons),
      .standard = "",
      .example = "ORIGINATING, submission",
      .help = "Mail that a daemon of these names took in is outgoing: {daemon_name} of the milter,\n"
              "milter_macro_daemon_name in Postfix." },
    { .section = OPTION_SITE, .name = "batv-not-to", .type = OPTION_LIST,
      .offset = offsetof(config, batv_not_to),
      .is_valid = is_address_or_domain, .takes = "local@domain or @domain",
      .standard = "",
      .example = "@lists.remote.example",
      .help = "Recipients, or whole domains, that get mail without a BATV sender." },
    { .section = OPTION_SITE, .name = "batv-not-from", .type = OPTION_LIST,
      .offset = offsetof(config, batv_not_from),
      .is_valid = is_address_or_domain, .takes = "local@domain or @domain",
      .standard = "",
      .example = "newsletter@our.example",
      .help = "Senders of ours, or whole domains, whose mail leaves without a BATV sender." },
    { .section = OPTION_SITE, .name = "outgoing-notices", .type = OPTION_CHOICE,
      .offset = offsetof(config, outgoing_notices),
      .choices = outgoing_notices,
      .standard = "deliver",
      .example = "discard",
      .help = "Notices that our own server sends to strangers. discard: those about mail that failed\n"
              "both SPF and DKIM when it came in, for they would be backscatter." },
    { .section = OPTION_SITE, .name = "authserv-ids", .type = OPTION_LIST,
      .offset = offsetof(config, authserv_ids),
      .standard = "",
      .example = "mx.our.example",
      .help = "The names that our own servers put into Authentication-Results. Those of others are\n"
              "not believed. Without it, the name of the host." },
    { .section = OPTION_SITE, .name = "always-notices", .type = OPTION_LIST,
      .offset = offsetof(config, always_notices),
      .is_valid = is_address_or_domain, .takes = "local@domain or @domain",
      .standard = "",
      .example = "postmaster@our.example, abuse@our.example",
      .help = "Addresses of ours, or whole domains, to which every notice is delivered." },
    { .section = OPTION_SITE, .name = "never-notices", .type = OPTION_LIST,
      .offset = offsetof(config, never_notices),
      .is_valid = is_address_or_domain, .takes = "local@domain or @domain",
      .standard = "",
      .example = "noreply@our.example",
      .help = "Addresses of ours, or whole domains, which nobody writes from: a notice to them that\n"
              "is not found genuine is quarantined." },
    { .section = OPTION_SITE, .name = "refuse-at-data", .type = OPTION_LIST,
      .offset = offsetof(config, refuse_at_data),
      .is_valid = option_is_address, .takes = "local@domain",
      .standard = "",
      .example = "noreply@our.example",
      .help = "Addresses of ours that never send. A mail with the null sender to them alone is\n"
              "refused before its text is sent." },
    { .section = OPTION_SITE, .name = "allow-subject", .type = OPTION_LIST,
      .offset = offsetof(config, allow_subject),
      .standard = "",
      .example = "Voicemail from *, Scan ??.??.*",
      .help = "Notices with such a subject are never held back: * stands for anything, ? for one\n"
              "character, and case does not count." },
    { .section = OPTION_SITE, .name = "allow-sender", .type = OPTION_LIST,
      .offset = offsetof(config, allow_sender),
      .is_valid = is_address_or_domain, .takes = "local@domain or @domain",
      .standard = "",
      .example = "scanner@our.example, @pbx.our.example",
      .help = "Notices whose From or envelope sender is one of these addresses or domains are never\n"
              "held back." },
    { .section = OPTION_SITE, .name = "allow-client", .type = OPTION_LIST,
      .offset = offsetof(config, allow_client),
      .is_valid = is_network, .takes = "an IP address, or a network as 192.0.2.0/24",
      .standard = "",
      .example = "198.51.100.9, 2001:db8:1::/48",
      .help = "Notices from these addresses and networks are never held back." },
    { .section = OPTION_SITE, .name = "quarantine-folder", .type = OPTION_PATH,
      .offset = offsetof(config, quarantine_folder),
      .standard = "/var/lib/backstop/quarantine",
      .example = "/var/lib/backstop/quarantine",
      .help = "The Maildir for copies of notices that some of their recipients do not get." },
    { .section = OPTION_SITE, .name = "history-days", .type = OPTION_NUMBER,
      .offset = offsetof(config, history_days),
      .least = 1, .most = 400,
      .standard = "30",
      .example = "90",
      .help = "How many days `backstop report` and `backstop explain` reach back." },
    { .section = OPTION_SITE, .name = "log", .type = OPTION_EITHER,
      .offset = offsetof(config, logs_to_stderr),
      .choices = logs,
      .standard = "syslog",
      .example = "stderr",
      .help = "Where backstopd writes its log." },
    RULE_ROWS(OPTION_SITE, config, "reject", "quarantine", "mark",
              "550 5.7.1 This is a notice about a message that we did not send"),
    { .section = OPTION_DOMAIN, .name = "closed", .type = OPTION_BOOL,
      .offset = offsetof(config_domain, is_closed),
      .standard = "no",
      .example = "yes",
      .help = "yes: all its mail leaves through hosts that run Backstop. A notice can then be\n"
              "proven to return mail that is not ours." },
    { .section = OPTION_DOMAIN, .name = "dkim-key", .type = OPTION_LIST,
      .offset = offsetof(config_domain, dkim_keys),
      .standard = "",
      .example = "sel1:/etc/backstop/sel1.txt, sel2:/etc/backstop/sel2.pem",
      .help = "The public keys of its DKIM signatures, each as selector:file. A file holds the\n"
              "DNS record's text, or PEM." },
    { .section = OPTION_DOMAIN, .name = "dkim-signs-all", .type = OPTION_BOOL,
      .offset = offsetof(config_domain, dkim_signs_all),
      .standard = "no",
      .example = "yes",
      .help = "yes: no mail of the domain leaves without its DKIM signature." },
    { .section = OPTION_DOMAIN, .name = "batv", .type = OPTION_BOOL,
      .offset = offsetof(config_domain, uses_batv),
      .standard = "no",
      .example = "yes",
      .help = "yes: its mail leaves with a signed sender (BATV), by which a notice is known as soon\n"
              "as it comes." },
    RULE_ROWS(OPTION_DOMAIN, config_domain, NULL, NULL, NULL, NULL),
    RULE_ROWS(OPTION_ADDRESS, config_address, NULL, NULL, NULL, NULL),
};
/* clang-format on */
const size_t option_count = G_N_ELEMENTS(option_table);
G_STATIC_ASSERT(G_N_ELEMENTS(option_table) <= OPTION_COUNT_MAX);
