# shellcheck shell=bash disable=SC2034
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# OpenSMTPD: own server and gateway. It refuses unknown local users itself, so there is no notice
# about one.

MTA_PACKAGES=(opensmtpd)
MTA_USERS=(opensmtpd opensmtpq)
MTA_PHASES=(own gateway)
MTA_MATRIX=(matrix matrix_own)

# start_opensmtpd OWN-ACTION [LIFE]: a plain configuration; the action is what happens to own mail,
# the life how long a mail is tried.
start_opensmtpd()
{
    # Its processes lock themselves up in the home folder of their users.
    sed -i -E 's#^(opensmtp[dq]:.*):/home/[^:]*:#\1:/var/empty:#' /etc/passwd
    mkdir -p /var/empty
    install -d -m 711 /var/spool/smtpd
    cat >/etc/aliases <<'END'
sales: nobody@remote.example
team: bob, nobody@remote.example, full@other.example
filter: "|/usr/bin/expr 1 / 0"
crash: "|/usr/bin/false"
END
    cat >/etc/smtpd.conf <<END
table aliases file:/etc/aliases
smtp max-message-size "10M"
bounce warn-interval 2s
queue ttl ${2:-8s}
listen on $ADDRESS port 25 hostname $HOST
action "own" $1
action "relay" relay helo $HOST
match from any for domain "$DOMAIN" action "own"
match from any for any action "relay"
END
    smtpd -d >/var/log/smtpd.log 2>&1 &
    wait_for OpenSMTPD listens "$ADDRESS"
}

start_opensmtpd_own()
{
    start_opensmtpd 'maildir "/home/%{user.username}/Maildir" alias <aliases>' "$@"
}

phase_own()
{
    play our
    start_opensmtpd_own
    cases_remote_refusals
    obtain host-unknown --to someone@nowhere.example --ret FULL
    obtain mx-without-address-delayed --to someone@lost.example
    expect mx-without-address-expired
    cases_originals
    cases_delays
    obtain null-mx-delayed --to someone@nomail.example
    expect null-mx-expired
    obtain greeting-refused-delayed --to someone@closed.example
    expect greeting-refused-expired
    cases_aliases
    obtain success-delivered --to bob@our.example --notify SUCCESS --ret HDRS --envid QQ2001
    obtain success-relayed --to someone@remote.example --notify SUCCESS
}

start_opensmtpd_gateway()
{
    start_opensmtpd "relay host smtp://store.remote.example helo $HOST" "$@"
}

phase_gateway()
{
    play remote
    start_opensmtpd_gateway
    cases_gateway
}

phase_matrix()
{
    play remote
    start_opensmtpd_gateway 1h
    cases_matrix
}

phase_matrix_own()
{
    play our
    start_opensmtpd_own 1h
    cases_matrix_own
}
