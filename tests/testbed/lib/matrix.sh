# shellcheck shell=bash
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# The cases of the matrix, sourced by session.sh: genuine mail, signed by Backstop on its way out,
# and forged mail, which a stranger sends in the same names. Mails are sent first and their notices
# gathered afterwards, so that nobody waits for one after the other.

# Where the stranger's mail comes from.
STRANGER=(--source 203.0.113.99 --helo bulk.stranger.example)

# The cases that a notice was saved for.
GATHERED=()

# Alice's and the desk's mail is signed since long ago.
start_signing()
{
    "${PYTHON[@]}" "$TESTBED/lib/signing.py" alice@our.example desk@our.example
}

# genuine CASE [INJECT-OPTION...]: sends a signed mail from one of our hosts.
genuine()
{
    send_case "genuine-$1" "${INJECT[@]}" --sign "${@:2}"
}

# unsigned CASE [INJECT-OPTION...]: sends a mail from one of our hosts that nobody signed.
unsigned()
{
    send_case "genuine-$1" "${INJECT[@]}" "${@:2}"
}

# forged CASE [INJECT-OPTION...]: sends a mail in our name from the stranger's host.
forged()
{
    send_case "forged-$1" --server "$ADDRESS" "${STRANGER[@]}" "${@:2}"
}

send_case()
{
    "${PYTHON[@]}" "$TESTBED/lib/inject.py" --subject "Our offer: $1" "${@:2}" ||
        problem "case $1: the mail was not taken"
}

# gather CASE...: saves a notice about each of these mails.
gather()
{
    local name
    for name in "$@"; do
        gather_as "$name" notice_about "$name"
    done
}

# gather_as NAME COMMAND...: saves the notice that the command finds, and notes when it came and to
# which address.
gather_as()
{
    local name=$1 notice to=alice@our.example
    shift
    if ! notice=$(wait_for_notice "$@"); then
        problem "case $name: no notice within $NOTICE_LIMIT_SECONDS s"
        return
    fi
    [ "$DOMAIN" = our.example ] || to=$(sed -n 's/^\tfor <\(.*\)>; .*/\1/p;T;q' "$notice")
    printf '%s\t%s\t%s\n' "$name" "$(date +%s)" "$to" >>"$OUT/notices.tsv"
    keep "$name" "$notice"
    GATHERED+=("$name")
}

# What greps for the subject of a case.
subject_of()
{
    echo "Our offer: $1\([^a-z-]\|\$\)"
}

# The path of the oldest notice that cites the subject of a case, or failure.
notice_about()
{
    local -a found
    mapfile -t found < <(grep -ls "$(subject_of "$1")" "$INBOX"/new/*)
    [ ${#found[@]} -gt 0 ] && echo "${found[0]}"
}

# Whether a notice about the same mail was gathered before.
is_repeated()
{
    local name
    for name in "${GATHERED[@]}"; do
        ! grep -q "$(subject_of "$name")" "$1" || return 0
    done
    return 1
}

# All kinds of notices that a gateway writes, about genuine and about forged mail. Alice writes to
# the first recipients and never wrote to the others.
cases_matrix()
{
    local kind ret origin recipient
    local -A mailbox=([failure]=nobody [delay]=grey [success]=someone)
    start_signing
    for kind in failure delay success; do
        for ret in FULL HDRS; do
            for origin in genuine forged; do
                recipient=${mailbox[$kind]}-$origin@remote.example
                "$origin" "$kind-${ret,,}" --to "$recipient" --notify "${kind^^}" --ret "$ret"
            done
        done
    done
    for origin in genuine forged; do
        "$origin" mailbox-full --to "full-$origin@remote.example"
        "$origin" blocked --to "blocked-$origin@remote.example" --ret HDRS
    done
    gather {genuine,forged}-{mailbox-full,blocked}
    for kind in failure delay success; do
        gather {genuine,forged}-"$kind"-{full,hdrs}
    done
}

# The same where the server that writes the notice is our own. Forged mail comes in for an address
# that forwards it to a host that refuses.
cases_matrix_own()
{
    start_signing
    genuine own-failure-full --to nobody-own@remote.example --ret FULL
    genuine own-failure-hdrs --to nobody-own@remote.example --ret HDRS
    genuine own-delay --to grey-own@remote.example --notify DELAY
    genuine own-dead-host --to someone@down.example --notify DELAY
    genuine own-success --to someone-own@remote.example --notify SUCCESS
    forged own-failure-full --to sales@our.example --ret FULL
    forged own-failure-hdrs --to sales@our.example --ret HDRS
    gather {genuine,forged}-own-failure-{full,hdrs} genuine-own-{delay,dead-host,success}
}

# What a forger may think of, and what looks like a forgery and is none.
cases_lookalikes()
{
    local our_hop="from client.our.example (client.our.example [192.0.2.80])
	by mx.our.example with ESMTP"
    start_signing
    forged helo --helo mx.our.example --to nobody-helo@remote.example --ret HDRS
    forged received --received "$our_hop" --to nobody-received@remote.example --ret HDRS
    # From before the time that our mail is signed since.
    forged backdated --age-days 40 --to nobody-backdated@remote.example --ret HDRS
    forged stolen-tag --stolen-tag --to nobody-stolen@remote.example --ret HDRS
    genuine correspondent --to nobody-correspondent@remote.example --ret HDRS
    forged correspondent --to nobody-correspondent@remote.example --ret HDRS
    # From our own host, by a program that Backstop does not see.
    unsigned forgotten-program --to nobody-program@remote.example --ret HDRS
    # From a provider's host that the configuration does not name.
    send_case genuine-unknown-host --server "$ADDRESS" --source 203.0.113.25 \
        --helo mx.other.example --to nobody-roaming@remote.example --ret HDRS
    # A stranger's mail that our server passes on, with an SRS sender of ours.
    unsigned passed-through-us --from SRS0=ab12=JN=other.example=customer@our.example \
        --author customer@other.example --to nobody-through@remote.example --ret HDRS
    gather forged-{helo,received,backdated,stolen-tag,correspondent} \
        genuine-{correspondent,forgotten-program,unknown-host,passed-through-us}
}
