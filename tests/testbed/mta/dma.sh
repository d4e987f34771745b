# shellcheck shell=bash disable=SC2034
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# DragonFly Mail Agent: a mailer without a server, for machines that only send. Mail is handed to
# its sendmail command; its notices go to mx.our.example over SMTP.

MTA_PACKAGES=(dma)
MTA_USERS=()
MTA_PHASES=(own headers_only)

# start_dma [SETTING...]: a plain configuration, and settings of the phase.
start_dma()
{
    install -d -o root -g mail -m 2775 /var/spool/dma
    printf '%s\n' "MAILNAME $HOST" "$@" >/etc/dma/dma.conf
    INJECT=(--sendmail /usr/sbin/dma)
}

phase_own()
{
    play remote
    start_dma FULLBOUNCE
    obtain user-unknown-full --to nobody@other.example
    obtain mailbox-full --to full@other.example
    obtain content-spam --to spam@other.example --body multipart
    obtain host-unknown --to someone@nowhere.example
}

# Without FULLBOUNCE only the header comes back.
phase_headers_only()
{
    play remote
    start_dma
    obtain user-unknown-headers --to nobody@other.example
    obtain blocked-by-list --to blocked@other.example
}
