# shellcheck shell=bash disable=SC2034
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# Two Postfix servers one behind the other: out.our.example, where our mail leaves, and the gateway
# mx.remote.example, which hands it on and writes the notices. On the way senders, Message-IDs,
# dates and subjects are rewritten, and mail goes on to other addresses.

# shellcheck source=postfix.sh
source "$TESTBED/mta/postfix.sh"

MTA_PACKAGES=("${MTA_PACKAGES[@]}" postsrsd)
MTA_PHASES=()
MTA_MATRIX=(passed_on senders marked renamed)

OUTBOUND=192.0.2.26

# start_outbound [SETTING...]: the second Postfix, with folders of its own; after start_postfix.
start_outbound()
{
    local config=/etc/postfix-out
    mkdir -p "$config" /var/spool/postfix-out
    install -d -o postfix /var/lib/postfix-out
    cp /etc/postfix/master.cf "$config/"
    cat >"$config/main.cf" <<END
compatibility_level = 3.6
queue_directory = /var/spool/postfix-out
data_directory = /var/lib/postfix-out
maillog_file = /var/log/postfix-out.log
inet_interfaces = $OUTBOUND
smtp_bind_address = $OUTBOUND
inet_protocols = ipv4
myhostname = out.our.example
mydestination =
mynetworks = 192.0.2.0/24
smtpd_relay_restrictions = permit_mynetworks, reject
in_flow_delay = 0
smtpd_client_connection_rate_limit = 0
milter_default_action = tempfail
END
    [ $# -eq 0 ] || postconf -c "$config" -e "$@"
    postfix -c "$config" start 2>/dev/null
    wait_for "the outbound Postfix" listens "$OUTBOUND"
    INJECT=(--server "$OUTBOUND" --source 192.0.2.80 --helo client.our.example)
}

# A postsrsd that lets Postfix rewrite the sender of what it passes on.
start_postsrsd()
{
    head -c 24 /dev/urandom | base64 >/etc/postsrsd.secret
    postsrsd -l 127.0.0.1 -f 10001 -r 10002 -d remote.example -s /etc/postsrsd.secret -D
    SRS=(
        "sender_canonical_maps = tcp:127.0.0.1:10001" "sender_canonical_classes = envelope_sender"
        "recipient_canonical_maps = tcp:127.0.0.1:10002"
        "recipient_canonical_classes = envelope_recipient, header_recipient"
    )
}

# The remote server passes mail on: by an alias, with a new sender (SRS), and a list's copies.
phase_passed_on()
{
    local -a members=() SRS
    local i
    play remote
    start_signing
    start_postsrsd
    cat >/etc/postfix/virtual <<'END'
friend@remote.example nobody-passed-on@remote.example
srs@remote.example nobody-srs@other.example
END
    start_postfix "${AS_GATEWAY[@]}" "${SRS[@]}" \
        "virtual_alias_maps = texthash:/etc/postfix/virtual"
    start_outbound
    genuine passed-on --to friend@remote.example --orcpt friend@remote.example --ret HDRS
    genuine srs --to srs@remote.example --ret HDRS
    gather genuine-passed-on genuine-srs
    # Each of sixty members has moved away.
    for ((i = 1; i <= 60; i++)); do
        members+=(--to "nobody-member$i@remote.example")
    done
    send_case genuine-list --sign --server "$ADDRESS" --source 203.0.113.25 \
        --helo mx.other.example --received "from out.our.example (out.our.example [$OUTBOUND])
	by mx.other.example with ESMTP" --ret HDRS --header-to list@other.example \
        --signed-to list@other.example --each "${members[@]}"
    gather_list
}

# All sixty notices, in one mbox.
gather_list()
{
    local i
    for ((i = 1; i <= 60; i++)); do
        gather_as "member$i" notice_about genuine-list
        {
            printf 'From MAILER-DAEMON %s\n' "$(date '+%a %b %e %T %Y')"
            cat "$OUT/member$i.eml"
            echo
        } >>"$OUT/genuine-list.mbox"
        rm "$OUT/member$i.eml"
    done
    sed -i -e 's/^member1\t/genuine-list\t/' -e '/^member/d' "$OUT/notices.tsv"
}

# Other envelope senders than the author's address.
phase_senders()
{
    local -a office=(--from office@our.example --author office@our.example)
    play remote
    start_signing
    start_postfix "${AS_GATEWAY[@]}"
    start_outbound "canonical_maps = inline:{ {alice@our.example = order.desk@our.example} }" \
        "smtp_generic_maps = inline:{ {desk@client.our.example = desk@our.example} }"
    genuine canonical --to nobody-canonical@remote.example --ret HDRS
    genuine generic --from desk@client.our.example --author desk@client.our.example \
        --to nobody-generic@remote.example --ret HDRS
    genuine verp --from desk+nobody-verp=remote.example@our.example --author desk@our.example \
        --to nobody-verp@remote.example --ret HDRS
    genuine batv "${office[@]}" --batv --to nobody-batv@remote.example --ret HDRS
    forged bare "${office[@]}" --to nobody-bare@remote.example --ret HDRS
    gather genuine-{canonical,generic,verp,batv} forged-bare
}

# The remote server marks the subjects of mail from outside.
phase_marked()
{
    play remote
    start_signing
    # shellcheck disable=SC2016  # Postfix fills in what it found
    echo '/^Subject: (.*)/ REPLACE Subject: [EXTERNAL] $1' >/etc/postfix/header_checks
    start_postfix "${AS_GATEWAY[@]}" "header_checks = regexp:/etc/postfix/header_checks"
    start_outbound
    genuine subject-full --to nobody-subject@remote.example --ret FULL
    genuine subject-hdrs --to nobody-subject@remote.example --ret HDRS
    gather genuine-subject-{full,hdrs}
}

# Our own relay gives mail a Message-ID and a date of its own, as services for bulk mail do.
phase_renamed()
{
    play remote
    start_signing
    start_postfix "${AS_GATEWAY[@]}"
    cat >/etc/postfix/header_checks <<END
/^Message-ID:/ REPLACE Message-ID: <$(date +%s).1234@out.our.example>
/^Date:/ REPLACE Date: $(date -R -d '+2 minutes')
END
    start_outbound "header_checks = regexp:/etc/postfix/header_checks"
    genuine renamed-full --to nobody-renamed@remote.example --ret FULL
    genuine renamed-hdrs --to nobody-renamed@remote.example --ret HDRS
    gather genuine-renamed-{full,hdrs}
}
