# shellcheck shell=bash
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# The cases that every MTA is put through; sourced by session.sh. What a remote host answers
# depends on the local part of the recipient, see smtp_hosts.py.

# Refusals by a remote host, each for another reason.
cases_remote_refusals()
{
    obtain user-unknown-full --to nobody@remote.example --ret FULL --envid QQ1001
    obtain user-unknown-headers --to nobody@remote.example --ret HDRS --envid QQ1002
    obtain user-unknown-no-enhanced-code --to gone@remote.example
    obtain mailbox-full --to full@remote.example --ret FULL
    obtain mailbox-disabled --to disabled@remote.example --ret HDRS
    obtain moved --to moved@other.example
    obtain content-spam --to spam@remote.example --ret FULL
    obtain content-virus --to virus@other.example --ret HDRS
    obtain attachment-refused --to attachment@remote.example --body multipart --ret FULL
    obtain blocked-by-list --to blocked@remote.example
    obtain spf-failed --to spf@other.example --ret HDRS
    obtain dmarc-failed --to dmarc@remote.example
    obtain relay-denied --to relay@remote.example
    obtain bad-address-syntax --to syntax@remote.example
    obtain too-large-for-mailbox --to big@remote.example --size 2000 --ret HDRS
    obtain too-large-for-host --to someone@remote.example --size 5000 --ret HDRS
    obtain several-reasons --to nobody@remote.example --to full@remote.example \
        --to someone@remote.example --to blocked@remote.example --to moved@other.example
}

# Recipients that no host can be found for, from the sender's own server.
cases_no_host()
{
    obtain host-unknown --to someone@nowhere.example --ret FULL
    obtain null-mx --to someone@nomail.example --ret HDRS
    obtain mx-without-address --to someone@lost.example
    obtain loops-back --to someone@loop.example
}

# Originals of other shapes.
cases_originals()
{
    obtain eight-bit --to nobody@remote.example --body eight-bit --ret FULL \
        --subject "Unser Angebot für die Straße"
    obtain multipart --to nobody@remote.example --body multipart --ret FULL
}

# Warnings, then the failure once the queue lifetime is over.
cases_delays()
{
    obtain connection-refused-delayed --to someone@down.example --ret FULL
    expect connection-refused-expired
    obtain greylisted-delayed --to grey@remote.example --ret HDRS
    expect greylisted-expired
    obtain over-quota-delayed --to overquota@other.example
    expect over-quota-expired
    obtain network-unreachable-delayed --to someone@unreachable.example
    expect network-unreachable-expired
    obtain dns-failure-delayed --to someone@broken.example
    expect dns-failure-expired
}

# Failures on the sender's own server. It takes mail for unknown users, as a backup or a front end
# does.
cases_local_user_unknown()
{
    obtain local-user-unknown-full --to nosuchuser@our.example --ret FULL
    obtain local-user-unknown-headers --to nosuchuser@our.example --ret HDRS
}

# Aliases that every MTA file defines: sales and team forward to refusing hosts, team to several;
# filter and crash run programs that fail, with and without a word.
cases_aliases()
{
    obtain alias-to-refusing-remote --to sales@our.example --orcpt sales@our.example --ret HDRS
    obtain alias-several-reasons --to team@our.example --orcpt team@our.example
    obtain pipe-failed --to filter@our.example
    obtain pipe-silent --to crash@our.example
}

# Under "play remote": the gateway takes everything, the server behind it refuses.
cases_gateway()
{
    obtain gateway-user-unknown-full --to nobody@remote.example --ret FULL --envid QQ3001
    obtain gateway-user-unknown-headers --to nobody@remote.example --ret HDRS --envid QQ3002
    obtain gateway-mailbox-full --to full@remote.example --orcpt orders@our.example
    obtain gateway-content-spam --to spam@remote.example --body multipart
    obtain gateway-greylisted-delayed --to grey@remote.example --ret HDRS
    expect gateway-greylisted-expired
    obtain gateway-several-reasons --to nobody@remote.example --to full@remote.example \
        --to virus@remote.example
}
