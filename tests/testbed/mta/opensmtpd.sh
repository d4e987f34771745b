# shellcheck shell=bash disable=SC2034
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# OpenSMTPD: own server and gateway. It refuses unknown local users itself, so there is no notice
# about one.

MTA_PACKAGES=(opensmtpd)
MTA_USERS=(opensmtpd opensmtpq)
MTA_PHASES=(own gateway)

# start_opensmtpd OWN-ACTION: a plain configuration; the action is what happens to own mail.
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
queue ttl 8s
listen on $ADDRESS port 25 hostname $HOST
action "own" $1
action "relay" relay helo $HOST
match from any for domain "$DOMAIN" action "own"
match from any for any action "relay"
END
    smtpd -d >/var/log/smtpd.log 2>&1 &
    wait_for OpenSMTPD listens "$ADDRESS"
}

phase_own()
{
    play our
    start_opensmtpd 'maildir "/home/%{user.username}/Maildir" alias <aliases>'
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
    obtain network-unreachable-delayed --to someone@unreachable.example
    expect network-unreachable-expired
    obtain dns-failure-delayed --to someone@broken.example
    expect dns-failure-expired
    obtain alias-to-refusing-remote --to sales@our.example --orcpt sales@our.example --ret HDRS
    obtain alias-several-reasons --to team@our.example
    obtain pipe-failed --to filter@our.example
    obtain pipe-silent --to crash@our.example
    obtain success-delivered --to bob@our.example --notify SUCCESS --ret HDRS --envid QQ2001
    obtain success-relayed --to someone@remote.example --notify SUCCESS
}

phase_gateway()
{
    play remote
    start_opensmtpd "relay host smtp://store.remote.example helo $HOST"
    obtain gateway-user-unknown-full --to nobody@remote.example --ret FULL --envid QQ3001
    obtain gateway-user-unknown-headers --to nobody@remote.example --ret HDRS --envid QQ3002
    obtain gateway-mailbox-full --to full@remote.example --orcpt orders@our.example
    obtain gateway-content-spam --to spam@remote.example --body multipart
    obtain gateway-greylisted-delayed --to grey@remote.example --ret HDRS
    expect gateway-greylisted-expired
    obtain gateway-several-reasons --to nobody@remote.example --to full@remote.example \
        --to virus@remote.example
}
