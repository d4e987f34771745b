#!/bin/bash
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# Runs one phase of an MTA inside the machine that namespace.sh made, and offers the words that
# the MTA files are written in: play, obtain, expect.
#
# Usage: session.sh MTA PHASE

set -Eeuo pipefail
# shellcheck source=places.sh
source "$(dirname "$0")/places.sh"
# shellcheck source=cases.sh
source "$(dirname "$0")/cases.sh"
# shellcheck source=matrix.sh
source "$(dirname "$0")/matrix.sh"
export PYTHONDONTWRITEBYTECODE=1
# Only the standard library is used; without the search for others each mail costs half the time.
PYTHON=(python3 -S)

OUT=/mnt/out
# The Maildir where the notices to alice@our.example arrive, whoever delivers them.
INBOX=/home/alice/Maildir
# Longer than any MTA here needs, retry times included.
NOTICE_LIMIT_SECONDS=25
# Longer than any server here takes to start on a busy machine.
START_LIMIT_SECONDS=120

# After so many problems something is wrong with all of it.
PROBLEM_LIMIT=4

problems=0

# play our|remote: the MTA under test becomes mx.our.example, the sender's own server, or
# mx.remote.example, a gateway that takes mail from mx.our.example and fails later. The other
# hosts, the name server and a log are started. Sets DOMAIN, HOST, ADDRESS and INJECT.
play()
{
    DOMAIN=$1.example
    HOST=mx.$DOMAIN
    if [ "$1" = our ]; then
        ADDRESS=192.0.2.25
        INJECT=(--source 192.0.2.80 --helo client.our.example)
    else
        ADDRESS=198.51.100.25
        INJECT=(--source 192.0.2.25 --helo mx.our.example --received
            "from client.our.example (client.our.example [192.0.2.80]) by mx.our.example with ESMTP")
    fi
    INJECT+=(--server "$ADDRESS")
    hostname "$HOST"
    send_from "$ADDRESS"
    echo "$HOST" >/etc/mailname
    local folder
    for folder in "$INBOX" "$INBOX/tmp" "$INBOX/new" "$INBOX/cur"; do
        install -d -o alice -g alice "$folder"
    done
    "${PYTHON[@]}" "$TESTBED/lib/syslog_sink.py" &
    "${PYTHON[@]}" "$TESTBED/lib/dns_server.py" &
    "${PYTHON[@]}" "$TESTBED/lib/smtp_hosts.py" "$INBOX" "$HOST" &
    wait_for "the log" test -S /dev/log
    wait_for "the other hosts" listens 203.0.113.27
}

# All addresses are this machine's own, and Linux would use the address of the host that is called
# as the source too. Connections come from the MTA under test instead.
send_from()
{
    local address
    "${PYTHON[@]}" "$TESTBED/lib/world.py" | while read -r address; do
        ip route replace table local local "$address" dev lo src "$1"
    done
}

# wait_for WHAT COMMAND...: waits until the command succeeds; ends the session if it never does.
wait_for()
{
    local what=$1 deadline=$((SECONDS + START_LIMIT_SECONDS))
    shift
    while ((SECONDS < deadline)); do
        ! "$@" || return 0
        sleep 0.1
    done
    show_log
    die "$MTA $PHASE: $what did not start"
}

# Whether something listens on port 25 of an address.
listens()
{
    (exec 3<>"/dev/tcp/$1/25") 2>/dev/null
}

# obtain CASE [INJECT-OPTION...]: sends a mail and saves the notice that comes back. The subject
# names the case, so that a notice about another mail is noticed.
obtain()
{
    local name=$1
    shift
    SENT_CASE=$name
    check_strays "before $name"
    if "${PYTHON[@]}" "$TESTBED/lib/inject.py" "${INJECT[@]}" --subject "Our offer: $name" "$@"; then
        expect "$name"
    else
        problem "case $name: the mail was not taken"
    fi
}

# expect CASE: saves the next notice that comes.
expect()
{
    local notice
    if notice=$(wait_for_notice oldest_notice); then
        check_subject "$1" "$notice"
        keep "$1" "$notice"
    else
        problem "case $1: no notice within $NOTICE_LIMIT_SECONDS s"
    fi
}

# wait_for_notice COMMAND...: the path that the command prints as soon as it succeeds.
wait_for_notice()
{
    local deadline=$((SECONDS + NOTICE_LIMIT_SECONDS))
    while ((SECONDS < deadline)); do
        ! "$@" || return 0
        sleep 0.2
    done
    return 1
}

# keep CASE NOTICE: moves a notice out of the inbox.
keep()
{
    cat "$2" >"$OUT/$1.eml"
    rm "$2"
    printf '%s: %s (%s bytes)\n' "$MTA" "$1" "$(stat -c %s "$OUT/$1.eml")"
}

# Complains if a notice returns the mail of another case.
check_subject()
{
    if grep -q "^Subject: Our offer: " "$2" && ! grep -q "^Subject: Our offer: $SENT_CASE\$" "$2"; then
        problem "case $1: got a notice about another mail: $(grep -m1 "^Subject: Our offer" "$2")"
    fi
}

# The path of the oldest mail in the inbox, or failure; Maildir names start with the time.
oldest_notice()
{
    local -a notices=("$INBOX"/new/*)
    [ -e "${notices[0]}" ] && echo "${notices[0]}"
}

# Complains about notices that no case asked for, and removes them. Some MTAs warn repeatedly.
check_strays()
{
    local notice
    while notice=$(oldest_notice); do
        is_repeated "$notice" ||
            problem "unexpected notice $1: $(grep -m1 -i '^subject:' "$notice")"
        rm "$notice"
    done
}

problem()
{
    problems=$((problems + 1))
    printf '%s %s: %s\n' "$MTA" "$PHASE" "$1" >&2
    show_log
    [ "$problems" -lt "$PROBLEM_LIMIT" ] || die "$MTA $PHASE: too many problems"
}

show_log()
{
    local file
    while read -r file; do
        tail -n "${LOG_LINES:-8}" "$file" | sed "s|^|  $(basename "$file"): |" >&2
    done < <(find /var/log -type f -size +0)
}

main()
{
    MTA=$1
    PHASE=$2
    trap 'show_log; echo "$MTA $PHASE: $BASH_COMMAND failed" >&2' ERR
    load_mta "$MTA"
    "phase_$PHASE"
    check_strays "at the end"
    [ "$problems" -eq 0 ] || die "$MTA $PHASE: $problems problem(s)"
}

main "$@"
