# shellcheck shell=bash disable=SC2034
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# Exim: own server, gateway, ways to return less than the whole message, a site's own texts.
# Exim 4.96 has bounce_return_message, but returns the message whatever it says.

MTA_PACKAGES=(exim4-daemon-light exim4-base libfaketime)
MTA_USERS=(Debian-exim)
MTA_PHASES=(own gateway headers_only size_limit texts)
# The mail of the past is signed before that of today.
MTA_MATRIX=(matrix_late matrix matrix_own)

# start_exim [SETTING...]: a plain configuration, and main settings of the phase. The macro GATEWAY
# says whether mail for the own domain goes to the server behind, LIFE how long a mail is tried.
start_exim()
{
    configure_exim "$@"
    run_exim
}

run_exim()
{
    exim4 -bd -q1s
    wait_for Exim listens "$ADDRESS"
}

configure_exim()
{
    local folder
    for folder in /var/spool/exim4 /var/log/exim4 /run/exim4; do
        install -d -o Debian-exim -g Debian-exim "$folder"
    done
    mkdir -p /etc/exim4
    cat >/etc/exim4/aliases <<'END'
sales: nobody@remote.example
team: bob, nobody@remote.example, full@other.example
left: :fail: The person has left the company, please write to sales@our.example
filter: "|/usr/bin/expr 1 / 0"
crash: "|/usr/bin/false"
END
    {
        exim_main_settings
        printf '%s\n' "$@"
        exim_delivery
    } >/etc/exim4/exim4.conf
}

exim_main_settings()
{
    cat <<END
primary_hostname = $HOST
local_interfaces = $ADDRESS
domainlist local_domains = $DOMAIN
spool_directory = /var/spool/exim4
log_file_path = /var/log/exim4/%slog
tls_advertise_hosts =
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
rfc1413_query_timeout = 0s
never_users =
dns_again_means_nonexist =
acl_smtp_rcpt = accept_all
acl_smtp_data = accept_all
delay_warning = 1s:1d
keep_environment =
log_selector = -queue_run
LIFE = 5s
END
}

# The own server has mailboxes; a gateway hands all mail of its domain to the server behind.
exim_delivery()
{
    cat <<'END'
begin acl
accept_all:
  accept

begin routers
behind:
  driver = manualroute
  condition = GATEWAY
  domains = +local_domains
  local_parts = ! nosuchuser
  route_list = * store.remote.example
  transport = smtp
  self = send
remote:
  driver = dnslookup
  domains = ! +local_domains
  transport = smtp
  self = fail
  no_more
aliases:
  driver = redirect
  data = ${lookup{$local_part}lsearch{/etc/exim4/aliases}}
  allow_fail
  allow_defer
  pipe_transport = pipe
forward:
  driver = redirect
  local_parts = alice : bob
  check_local_user
  file = /home/$local_part_data/.forward
  allow_filter
  allow_fail
  pipe_transport = pipe
  reply_transport = reply
local:
  driver = accept
  local_parts = alice : bob : small
  transport = mailbox

begin transports
smtp:
  driver = smtp
mailbox:
  driver = appendfile
  directory = /home/$local_part_data/Maildir
  maildir_format
  create_directory
  directory_mode = 0755
  return_path_add
  delivery_date_add
  envelope_to_add
  user = ${if eq{$local_part}{small}{bob}{$local_part_data}}
  quota = ${if eq{$local_part}{small}{1K}{0}}
pipe:
  driver = pipe
  user = bob
  return_fail_output
reply:
  driver = autoreply
begin retry
* * F,LIFE,1s
END
}

phase_own()
{
    play our
    install -d -o bob /home/small
    start_exim "GATEWAY = no"
    cases_remote_refusals
    cases_no_host
    cases_originals
    cases_delays
    obtain greeting-refused --to someone@closed.example
    cases_local_user_unknown
    cases_aliases
    obtain alias-fail-text --to left@our.example
    obtain quota-delayed --to small@our.example --size 1500
    expect quota-expired
    obtain too-many-hops --to someone@remote.example --hops 35 --ret HDRS
    obtain success-delivered --to bob@our.example --notify SUCCESS --ret HDRS --envid QQ2001
    obtain success-relayed --to someone@remote.example --notify SUCCESS
    obtain smtputf8-refused --to nümand@other.example --smtputf8 --subject "Unser Angebot für München"
    obtain smtputf8-headers --to nümand@other.example --smtputf8 --ret HDRS --body eight-bit
}

phase_gateway()
{
    play remote
    start_exim "GATEWAY = yes"
    cases_gateway
    obtain gateway-unrouteable --to nosuchuser@remote.example
}

# Only the header comes back, whatever the sender asked for.
phase_headers_only()
{
    play remote
    start_exim "GATEWAY = yes" "no_bounce_return_body"
    obtain body-not-returned --to nobody@remote.example --ret FULL
}

# Of long messages too; Exim rounds the limit up to its buffer size of 8 KB.
phase_size_limit()
{
    play remote
    start_exim "GATEWAY = yes" "bounce_return_size_limit = 2K"
    obtain size-limit-headers --to nosuchuser@remote.example --size 12000
    obtain size-limit-kept --to nosuchuser@remote.example --body multipart --ret FULL
}

# A site that wrote its own texts, in its own language.
phase_texts()
{
    play remote
    cat >/etc/exim4/bounce.txt <<'END'
Subject: Message non remis
****
Ce message a été créé automatiquement par le serveur de messagerie.

Votre message n'a pas pu être remis aux destinataires suivants :
****
Le serveur a donné les indications suivantes :
****
------ Voici une copie de votre message, avec tous ses en-têtes. ------
****
------ Le message est trop long ; seul le début est renvoyé. ------
****
END
    cat >/etc/exim4/warn.txt <<'END'
Subject: Remise du message retardée
****
Votre message n'a pas encore pu être remis après $warn_message_delay.
Destinataires :
****
Vous n'avez rien à faire : le serveur va réessayer.
END
    start_exim "GATEWAY = yes" "bounce_message_file = /etc/exim4/bounce.txt" \
        "warn_message_file = /etc/exim4/warn.txt"
    obtain french-failure --to nobody@remote.example
    obtain french-delay --to grey@remote.example
    expect french-expired
}

phase_matrix()
{
    play remote
    start_exim "GATEWAY = yes" "LIFE == 1h"
    cases_matrix
}

phase_matrix_own()
{
    play our
    start_exim "GATEWAY = no" "LIFE == 1h"
    cases_matrix_own
}

# Runs a command five days ago, by its own clock and that of its children.
five_days_ago()
{
    echo "-5d" >/etc/faketimerc
    LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketime.so.1) "$@"
}

# A mail that was sent five days ago, and is given up today.
phase_matrix_late()
{
    play remote
    five_days_ago start_signing
    configure_exim "GATEWAY = yes"
    five_days_ago exim4 -bd -odq -oX 25 -oP /run/exim4/exim.pid
    wait_for Exim listens "$ADDRESS"
    five_days_ago genuine late-full --to grey-late@remote.example --ret FULL
    five_days_ago genuine late-hdrs --to grey-late@remote.example --ret HDRS
    kill "$(cat /run/exim4/exim.pid)"
    exim4 -qff
    gather genuine-late-{full,hdrs}
}
