# shellcheck shell=bash disable=SC2034
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# Courier: a gateway that relays for its neighbours. It has no mailboxes here.

MTA_PACKAGES=(courier-mta)
MTA_USERS=(courier)
MTA_PHASES=(gateway)

start_courier()
{
    local folder setting
    echo "$HOST" >/etc/courier/me
    echo "$DOMAIN" >/etc/courier/defaultdomain
    echo localhost >/etc/courier/locals
    echo "\"Courier mail server at $HOST\" <postmaster@$DOMAIN>" >/etc/courier/dsnfrom
    echo "postmaster: bob" >/etc/courier/aliases/system
    printf '192.0.2\tallow,RELAYCLIENT\n' >/etc/courier/smtpaccess/default
    # Courier takes any host with an address of this machine for itself, unless it has a route.
    printf '%s\n' "our.example:[192.0.2.25]" "other.example:[203.0.113.25]" \
        "down.example:[203.0.113.26]" \
        >/etc/courier/esmtproutes
    echo 6s >/etc/courier/queuetime
    echo 1s >/etc/courier/warntime
    for setting in retryalpha retrygamma retrymaxdelta; do
        echo 1s >"/etc/courier/$setting"
    done
    printf '%s\n' "ADDRESS=$ADDRESS" BOFHCHECKDNS=0 TARPIT=0 ULIMIT=unlimited ESMTPDSTART=YES \
        >>/etc/courier/esmtpd
    chown -R root:courier /etc/courier
    for folder in "" allfilters filters msgq msgs track tmp; do
        install -d -o courier -g courier -m 750 "/var/lib/courier/$folder"
    done
    install -d -o courier -g courier /run/courier
    # What its installation would do.
    ln -s /usr/lib/courier/makedat /usr/bin/makedat
    chown courier:courier /usr/lib/courier/courier/submitmkdir
    chmod 4755 /usr/lib/courier/courier/submitmkdir
    makesmtpaccess
    makealiases
    makeacceptmailfor
    makehosteddomains
    courier start
    /usr/lib/courier/esmtpd start
    wait_for Courier listens "$ADDRESS"
}

phase_gateway()
{
    play remote
    start_courier
    obtain user-unknown-full --to nobody@other.example --ret FULL --envid QQ3001
    obtain user-unknown-headers --to nobody@other.example --ret HDRS --envid QQ3002
    obtain mailbox-full --to full@other.example --orcpt orders@our.example
    obtain content-spam --to spam@other.example --body multipart
    obtain several-reasons --to nobody@other.example --to full@other.example \
        --to blocked@other.example
    obtain host-unknown --to someone@nowhere.example
    obtain greylisted-delayed --to grey@other.example --ret HDRS
    expect greylisted-expired
    obtain connection-refused-delayed --to someone@down.example
    expect connection-refused-expired
}
