# shellcheck shell=bash disable=SC2034
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# Mailman, a mailing list manager, and its answers to mail for the list news@remote.example. Exim
# hands it the mail over LMTP.

# shellcheck source=exim.sh
source "$TESTBED/mta/exim.sh"

MTA_PACKAGES=(mailman3 "${MTA_PACKAGES[@]}")
MTA_USERS=(list "${MTA_USERS[@]}")
MTA_PHASES=()
MTA_MATRIX=(matrix)

# start_mailman: a list that only members may post to without the owner's consent.
start_mailman()
{
    local folder
    for folder in /var/lib/mailman3 /var/log/mailman3 /run/mailman3; do
        install -d -o list -g list "$folder"
    done
    sed -e 's/^site_owner:.*/site_owner: postmaster@remote.example/' \
        -e "s/^smtp_host:.*/smtp_host: $ADDRESS/" \
        -e 's/^incoming:.*/incoming: mailman.mta.exim4.LMTP/' \
        -e 's/^configuration:.*/configuration: python:mailman.config.exim4/' \
        /usr/share/mailman3/mailman.cfg.sample >/etc/mailman3/mailman.cfg
    printf '[runner.%s]\nstart: no\n' archive bounces digest nntp rest retry task \
        >>/etc/mailman3/mailman.cfg
    as_list create --quiet "news@$DOMAIN"
    as_list start --quiet
    wait_for Mailman mailman_listens
}

# Runs mailman as its user; compiled modules are kept, for it starts a dozen processes.
as_list()
{
    env -u PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX=/var/lib/mailman3/compiled \
        setpriv --reuid=list --regid=list --clear-groups mailman -C /etc/mailman3/mailman.cfg "$@"
}

mailman_listens()
{
    (exec 3<>/dev/tcp/127.0.0.1/8024) 2>/dev/null
}

# start_exim_before_mailman: Exim with a router for the list and its robot.
start_exim_before_mailman()
{
    configure_exim "GATEWAY = no" "qualify_domain = $DOMAIN"
    sed -i -e '/^aliases:/i\
list:\
  driver = manualroute\
  domains = +local_domains\
  local_parts = news : ^news-\
  route_list = * 127.0.0.1 byname\
  self = send\
  transport = lmtp\
' -e '/^begin transports/a\
lmtp:\
  driver = smtp\
  protocol = lmtp\
  port = 8024\
  allow_localhost\
' /etc/exim4/exim4.conf
    run_exim
}

# Alice is no member and writes to the list and to its robot; somebody does in the desk's name.
phase_matrix()
{
    local -a desk=(--from desk@our.example --author desk@our.example)
    play remote
    start_signing
    start_exim_before_mailman
    start_mailman
    genuine post --to news@remote.example
    forged post "${desk[@]}" --to news@remote.example
    gather {genuine,forged}-post
    genuine command --to news-request@remote.example
    gather_as genuine-command oldest_notice
    forged command "${desk[@]}" --to news-request@remote.example
    gather_as forged-command oldest_notice
}
