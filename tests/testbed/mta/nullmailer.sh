# shellcheck shell=bash disable=SC2034
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# nullmailer: a mailer without a server that hands everything to a smart host, here
# mx.our.example, which refuses some recipients.

MTA_PACKAGES=(nullmailer)
MTA_USERS=()
MTA_PHASES=(own)

phase_own()
{
    local folder
    play remote
    for folder in queue tmp failed; do
        install -d -o mail -g mail "/var/spool/nullmailer/$folder"
    done
    mkfifo /var/spool/nullmailer/trigger
    chown mail:mail /var/spool/nullmailer/trigger
    echo "mx.our.example smtp" >/etc/nullmailer/remotes
    echo 1 >/etc/nullmailer/pausetime
    echo 6 >/etc/nullmailer/queuelifetime
    setpriv --reuid mail --regid mail --clear-groups nullmailer-send >/var/log/nullmailer.log 2>&1 &
    INJECT=(--sendmail /usr/sbin/sendmail)
    obtain user-unknown --to nobody@other.example
    obtain mailbox-full --to full@other.example
    obtain content-spam --to spam@other.example --body multipart
    obtain several-recipients --to nobody@other.example --to full@other.example
    # It gives up, but its notice says "delayed".
    obtain greylisted-expired --to grey@other.example
}
