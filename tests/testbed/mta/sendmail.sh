# shellcheck shell=bash disable=SC2034
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# Sendmail: own server, gateway, privacy option against returned bodies, and notices without MIME
# as they were before RFC 1894.

MTA_PACKAGES=(sendmail-bin sendmail-base sendmail-cf m4)
MTA_USERS=(smmta smmsp)
MTA_PHASES=(own gateway no_body plain_text plain_text_no_body postmaster)
MTA_MATRIX=(matrix matrix_own)

# start_sendmail [MACRO=VALUE...]: a plain configuration, and m4 macros of the phase.
start_sendmail()
{
    install -d -m 700 /var/spool/mqueue
    mkdir -p /etc/mail /run/sendmail
    write_sendmail_aliases
    write_maildir_deliverer
    printf '%s\n' "$HOST" "$DOMAIN" >/etc/mail/local-host-names
    sendmail_m4 "$@" | m4 -D_CF_DIR_=/usr/share/sendmail/cf/ \
        /usr/share/sendmail/cf/m4/cf.m4 - >/etc/mail/sendmail.cf
    /usr/libexec/sendmail/sendmail -C/etc/mail/sendmail.cf -bi >/dev/null
    /usr/libexec/sendmail/sendmail -C/etc/mail/sendmail.cf -bd -q1s
    wait_for Sendmail listens "$ADDRESS"
}

write_sendmail_aliases()
{
    cat >/etc/mail/aliases <<'END'
postmaster: alice
MAILER-DAEMON: postmaster
sales: nobody@remote.example
team: bob, nobody@remote.example, full@other.example
list: bob, carol@remote.example
owner-list: alice
filter: "|/usr/bin/expr 1 / 0"
crash: "|/usr/bin/false"
END
}

# Local mail goes into a Maildir, which Sendmail itself cannot write. The exit statuses are those
# of sysexits.h: no such user, cannot create, temporary failure.
write_maildir_deliverer()
{
    cat >/etc/mail/deliver <<'END'
#!/bin/sh
set -eu
case $1 in
    small) echo "mailbox of $1 is full: quota exceeded"; exit 73 ;;
    busy) exit 75 ;;
esac
[ -d "/home/$1" ] || exit 67
folder=/home/$1/Maildir
mkdir -p "$folder/tmp" "$folder/new" "$folder/cur"
name=$(date +%s.%N).$$
cat >"$folder/tmp/$name"
mv "$folder/tmp/$name" "$folder/new/$name"
END
    chmod 755 /etc/mail/deliver
}

sendmail_m4() {
    cat <<END
OSTYPE(\`linux')dnl
define(\`confDOMAIN_NAME', \`$HOST')dnl
define(\`confPID_FILE', \`/run/sendmail/pid')dnl
define(\`QUEUE_DIR', \`/var/spool/mqueue')dnl
define(\`STATUS_FILE', \`/run/sendmail/stats')dnl
define(\`ALIAS_FILE', \`/etc/mail/aliases')dnl
define(\`confCW_FILE', \`/etc/mail/local-host-names')dnl
define(\`confDONT_PROBE_INTERFACES', \`True')dnl
define(\`confTO_QUEUEWARN', \`1s')dnl
define(\`confTO_QUEUERETURN', \`6s')dnl
define(\`confMIN_QUEUE_AGE', \`0')dnl
define(\`confTO_IDENT', \`0s')dnl
define(\`confDELIVERY_MODE', \`background')dnl
define(\`LOCAL_MAILER_PATH', \`/etc/mail/deliver')dnl
define(\`LOCAL_MAILER_ARGS', \`deliver \$u')dnl
define(\`LOCAL_MAILER_FLAGS', \`SPhnu9')dnl
MODIFY_MAILER_FLAGS(\`LOCAL', \`-w')dnl
FEATURE(\`use_cw_file')dnl
FEATURE(\`accept_unresolvable_domains')dnl
RELAY_DOMAIN(\`192.0.2')dnl
FEATURE(\`nocanonify')dnl
FEATURE(\`no_default_msa')dnl
DAEMON_OPTIONS(\`Family=inet, Name=MTA, Port=25, Addr=$ADDRESS')dnl
END
    local setting
    for setting in "$@"; do
        printf "define(\`%s', \`%s')dnl\n" "${setting%%=*}" "${setting#*=}"
    done
    cat <<'END'
MAILER(`local')dnl
MAILER(`smtp')dnl
END
}

phase_own()
{
    play our
    start_sendmail
    cases_remote_refusals
    cases_no_host
    cases_originals
    cases_delays
    obtain greeting-refused --to someone@closed.example
    cases_local_user_unknown
    cases_aliases
    obtain quota-exceeded --to small@our.example
    obtain deliverer-busy-delayed --to busy@our.example
    expect deliverer-busy-expired
    obtain too-many-hops --to someone@remote.example --hops 35 --ret HDRS
    obtain success-delivered --to bob@our.example --notify SUCCESS --ret HDRS --envid QQ2001
    obtain success-relayed --to someone@remote.example --notify SUCCESS
    obtain success-expanded --to list@our.example --notify SUCCESS --ret FULL
}

phase_gateway()
{
    play remote
    start_sendmail LUSER_RELAY=relay:store.remote.example
    cases_gateway
}

# The privacy option that never returns a body.
phase_no_body()
{
    play remote
    start_sendmail confPRIVACY_FLAGS=authwarnings,nobodyreturn
    obtain body-not-returned --to nosuchuser@remote.example --ret FULL
}

# No MIME and no DSN, as old servers and some appliances still do.
phase_plain_text()
{
    play remote
    start_sendmail confMIME_FORMAT_ERRORS=False
    obtain plain-text-user-unknown --to nosuchuser@remote.example
    obtain plain-text-remote-refusals --to nobody@other.example --to full@other.example
    obtain plain-text-content-spam --to spam@other.example --body multipart
    obtain plain-text-host-unknown --to someone@nowhere.example
    obtain plain-text-delayed --to grey@other.example
    expect plain-text-expired
}

# The same, without a body.
phase_plain_text_no_body()
{
    play remote
    start_sendmail confMIME_FORMAT_ERRORS=False \
        confPRIVACY_FLAGS=nobodyreturn
    obtain plain-text-headers --to nosuchuser@remote.example
}

# Copies for the postmaster about mail of others.
phase_postmaster()
{
    play our
    start_sendmail confCOPY_ERRORS_TO=alice
    obtain postmaster-copy-failure --from bob@our.example --to nosuchuser@our.example
}

phase_matrix()
{
    play remote
    start_sendmail LUSER_RELAY=relay:store.remote.example confTO_QUEUERETURN=1h
    cases_matrix
}

phase_matrix_own()
{
    play our
    start_sendmail confTO_QUEUERETURN=1h
    cases_matrix_own
}
