# shellcheck shell=bash disable=SC2034
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# OpenDKIM, which signs the mail that leaves through out.our.example (chain.sh).

# shellcheck source=chain.sh
source "$TESTBED/mta/chain.sh"

MTA_PACKAGES=("${MTA_PACKAGES[@]}" opendkim opendkim-tools)
MTA_MATRIX=(matrix)

# The public key goes with the notices.
make_dkim_key()
{
    mkdir -p /etc/dkim
    opendkim-genkey -D /etc/dkim -d our.example -s sel1 -b 2048
    install -m 644 /etc/dkim/sel1.txt "$OUT/"
}

# start_opendkim [SETTING...]: OpenDKIM, which signs all that leaves, as process $OPENDKIM.
start_opendkim()
{
    cat >/etc/opendkim.conf <<'END'
Domain our.example
Selector sel1
KeyFile /etc/dkim/sel1.private
Socket inet:8891@127.0.0.1
Mode s
InternalHosts 192.0.2.0/24
Canonicalization relaxed/simple
OversignHeaders From
RequireSafeKeys no
END
    printf '%s\n' "$@" >>/etc/opendkim.conf
    opendkim -f -x /etc/opendkim.conf &
    OPENDKIM=$!
    wait_for OpenDKIM opendkim_listens
}

opendkim_listens()
{
    (exec 3<>/dev/tcp/127.0.0.1/8891) 2>/dev/null
}

# The way of an ordinary mail. Unless told to, OpenDKIM does not sign the Message-ID.
phase_matrix()
{
    play remote
    start_signing
    start_postfix "${AS_GATEWAY[@]}"
    make_dkim_key
    start_opendkim "SignHeaders *,+Message-ID"
    start_outbound "smtpd_milters = inet:127.0.0.1:8891"
    genuine dkim-full --to nobody-dkim@remote.example --ret FULL
    genuine dkim-hdrs --to nobody-dkim@remote.example --ret HDRS
    genuine bcc --header-to someone-bcc@remote.example --to nobody-bcc@remote.example --ret HDRS
    # From a program that does not know of Backstop; only OpenDKIM saw it.
    unsigned dkim-alone-full --to nobody-dkim-alone@remote.example --ret FULL
    unsigned dkim-alone-hdrs --to nobody-dkim-alone@remote.example --ret HDRS
    forged no-dkim --to nobody-no-dkim@remote.example --ret HDRS
    kill "$OPENDKIM"
    wait "$OPENDKIM" || true
    start_opendkim
    unsigned dkim-standard --to nobody-dkim-standard@remote.example --ret HDRS
    gather genuine-{dkim,dkim-alone}-{full,hdrs} genuine-{bcc,dkim-standard} forged-no-dkim
}
