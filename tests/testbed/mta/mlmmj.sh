# shellcheck shell=bash disable=SC2034
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# mlmmj, a mailing list manager, and its answers to mail for the list news@remote.example. Exim
# pipes the mail to it.

# shellcheck source=exim.sh
source "$TESTBED/mta/exim.sh"

MTA_PACKAGES=(mlmmj "${MTA_PACKAGES[@]}")
MTA_PHASES=(english german)
MTA_MATRIX=(matrix)

# start_list LANGUAGE: a list that only members may post to.
start_list()
{
    local list=/var/spool/mlmmj/news folder command
    for folder in incoming queue/discarded archive text subconf unsubconf bounce control moderation \
        subscribers.d digesters.d nomailsubs.d requeue; do
        mkdir -p "$list/$folder"
    done
    cp "/usr/share/mlmmj/text.skel/$1"/* "$list/text/"
    echo "news@$DOMAIN" >"$list/control/listaddress"
    echo "postmaster@$DOMAIN" >"$list/control/owner"
    echo "$ADDRESS" >"$list/control/relayhost"
    touch "$list/control/subonlypost" "$list/index"
    chown -R bob:bob "$list"
    start_exim "GATEWAY = no" "qualify_domain = $DOMAIN"
    {
        echo "news: \"|/usr/bin/mlmmj-receive -F -L $list/\""
        for command in subscribe unsubscribe help; do
            echo "news+$command: \"|/usr/bin/mlmmj-receive -F -L $list/ -e $command\""
        done
    } >>/etc/exim4/aliases
}

phase_english()
{
    play remote
    start_list en
    obtain post-refused --to news@remote.example
    obtain subscribe-confirm --to news+subscribe@remote.example
    obtain unsubscribe-not-member --to news+unsubscribe@remote.example
    obtain help --to news+help@remote.example
}

phase_german()
{
    play remote
    start_list de
    obtain german-post-refused --to news@remote.example
    obtain german-subscribe-confirm --to news+subscribe@remote.example
}

# Alice is no member and writes to the list and to its robot; somebody does in the desk's name.
# mlmmj says nothing to commands that it does not know.
phase_matrix()
{
    local -a desk=(--from desk@our.example --author desk@our.example)
    play remote
    start_signing
    start_list en
    genuine post --to news@remote.example
    gather_as genuine-post oldest_notice
    forged post "${desk[@]}" --to news@remote.example
    gather_as forged-post oldest_notice
    genuine command --to news+help@remote.example
    gather_as genuine-command oldest_notice
    forged command "${desk[@]}" --to news+help@remote.example
    gather_as forged-command oldest_notice
}
