# shellcheck shell=bash disable=SC2034
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# Postfix: own server, gateway, size limit for returned messages, copies for the postmaster, and
# texts of its own.

MTA_PACKAGES=(postfix)
MTA_USERS=(postfix postdrop)
MTA_PHASES=(own gateway size_limit postmaster template)
MTA_MATRIX=(matrix matrix_own lookalikes)

# start_postfix [SETTING...]: a plain configuration, and settings of the phase after it.
start_postfix()
{
    chown postfix /var/lib/postfix
    cat >/etc/postfix/main.cf <<END
compatibility_level = 3.6
maillog_file = /var/log/postfix.log
inet_interfaces = $ADDRESS
inet_protocols = ipv4
myhostname = $HOST
myorigin = \$mydomain
mydomain = $DOMAIN
mydestination = $DOMAIN
mynetworks = 192.0.2.0/24
smtpd_relay_restrictions = permit_mynetworks, reject
mail_spool_directory = /home/
home_mailbox = Maildir/
alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases
# The server takes mail for unknown users, as a backup or a front end does.
local_recipient_maps =
biff = no
notify_classes =
in_flow_delay = 0
smtpd_client_connection_rate_limit = 0
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
delay_warning_time = 1s
maximal_queue_lifetime = 6s
bounce_queue_lifetime = 6s
END
    [ $# -eq 0 ] || postconf -e "$@"
    cat >/etc/aliases <<'END'
postmaster: alice
sales: nobody@remote.example
team: bob, nobody@remote.example, full@other.example
filter: "|/usr/bin/expr 1 / 0"
crash: "|/usr/bin/false"
END
    # Debian's master.cf puts some services into a chroot that only its installation fills.
    sed -E 's/^(\S+\s+(inet|unix|unix-dgram|pass|fifo)\s+\S+\s+\S+\s+)y/\1n/' \
        /usr/share/postfix/master.cf.dist >/etc/postfix/master.cf
    postalias /etc/aliases
    postfix start 2>/dev/null
    wait_for Postfix listens "$ADDRESS"
}

# The sender's own server: notices about remote refusals, delivered at home.
phase_own()
{
    play our
    start_postfix
    cases_remote_refusals
    cases_no_host
    cases_originals
    cases_delays
    obtain greeting-refused-delayed --to someone@closed.example
    expect greeting-refused-expired
    cases_local_user_unknown
    cases_aliases
    obtain success-delivered --to bob@our.example --notify SUCCESS --ret HDRS --envid QQ2001
    obtain success-relayed --to someone@remote.example --notify SUCCESS
    obtain success-expanded --to team@our.example --notify SUCCESS --ret FULL
    obtain smtputf8-refused --to nümand@other.example --smtputf8 --subject "Unser Angebot für München"
    obtain smtputf8-headers --to nümand@other.example --smtputf8 --ret HDRS --body eight-bit
    obtain smtputf8-not-offered --to müller@remote.example --smtputf8 --body eight-bit
}

# Settings of a gateway that takes everything; the server behind it refuses.
AS_GATEWAY=(
    "mydestination =" "relay_domains = remote.example"
    "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination"
    "transport_maps = inline:{ {remote.example = smtp:[store.remote.example]} }"
)

phase_gateway()
{
    play remote
    start_postfix "${AS_GATEWAY[@]}"
    cases_gateway
}

# A server that returns only the header of long mails, whatever the sender asked for.
phase_size_limit()
{
    play remote
    start_postfix "bounce_size_limit = 1000"
    obtain size-limit-headers --to nosuchuser@remote.example --size 5000 --ret FULL
}

# Postmaster copies: notices to the postmaster about mail of others.
phase_postmaster()
{
    play our
    start_postfix "notify_classes = bounce, delay, policy, protocol, resource, software" \
        "bounce_notice_recipient = alice@our.example" \
        "delay_notice_recipient = alice@our.example" \
        "error_notice_recipient = alice@our.example"
    obtain postmaster-copy-failure --from bob@our.example --to nobody@remote.example
    obtain postmaster-copy-delay --from bob@our.example --to grey@remote.example
    expect postmaster-copy-expired
}

# German texts: the failure's in UTF-8, the warning's in ISO 8859-1.
write_german_texts()
{
    cat >/etc/postfix/bounce.cf <<'END'
failure_template = <<EOF
Charset: utf-8
From: MAILER-DAEMON (Mailsystem)
Subject: Ihre Nachricht konnte nicht zugestellt werden

Dies ist eine automatische Mitteilung des Mailservers $myhostname.

Ihre Nachricht konnte mindestens einem Empfänger nicht zugestellt werden.
Sie finden sie unten angehängt. Bitte prüfen Sie die Adresse.

EOF
END
    iconv -f utf-8 -t iso-8859-1 >>/etc/postfix/bounce.cf <<'END'
delay_template = <<EOF
Charset: iso-8859-1
From: MAILER-DAEMON (Mailsystem)
Subject: =?iso-8859-1?Q?Verz=F6gerte_Zustellung_Ihrer_Nachricht?=

Die Zustellung hat sich um mehr als $delay_warning_time_hours Stunde(n) verzögert.
Sie müssen nichts tun: wir versuchen es weiter.

EOF
END
}

# A site that wrote its own texts, in its own language and charset.
phase_template()
{
    play remote
    write_german_texts
    start_postfix "bounce_template_file = /etc/postfix/bounce.cf" "relay_domains = remote.example" \
        "mydestination = mx.remote.example" \
        "transport_maps = inline:{ {remote.example = smtp:[store.remote.example]} }"
    obtain template-german-failure --to nobody@remote.example
    obtain template-german-delay --to grey@remote.example
    expect template-german-expired
}

# Nobody waits for the failure that follows a warning.
PATIENT=("maximal_queue_lifetime = 1h" "bounce_queue_lifetime = 1h")

phase_matrix()
{
    play remote
    start_postfix "${AS_GATEWAY[@]}" "${PATIENT[@]}"
    cases_matrix
}

phase_matrix_own()
{
    play our
    start_postfix "${PATIENT[@]}" \
        "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination"
    cases_matrix_own
}

phase_lookalikes()
{
    play remote
    start_postfix "${AS_GATEWAY[@]}"
    cases_lookalikes
}
