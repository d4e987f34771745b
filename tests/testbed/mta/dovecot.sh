# shellcheck shell=bash disable=SC2034
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# Dovecot's delivery agent with Sieve: it refuses, rejects and answers mail by itself. Exim hosts
# bob@remote.example and pipes his mail to it.

# shellcheck source=exim.sh
source "$TESTBED/mta/exim.sh"

MTA_PACKAGES=(dovecot-core dovecot-sieve "${MTA_PACKAGES[@]}")
MTA_USERS=(dovecot dovenull "${MTA_USERS[@]}")
MTA_PHASES=(sieve quota)
MTA_MATRIX=(matrix)

# start_dovecot [SETTING...]: the delivery agent alone needs no server.
start_dovecot()
{
    rm -rf /etc/dovecot
    mkdir /etc/dovecot
    cat >/etc/dovecot/dovecot.conf <<END
hostname = $HOST
postmaster_address = postmaster@$DOMAIN
mail_location = maildir:~/Maildir
protocol lda {
  mail_plugins = sieve quota
}
plugin {
  sieve = ~/.dovecot.sieve
}
END
    printf '%s\n' "$@" >>/etc/dovecot/dovecot.conf
    start_exim "GATEWAY = no" "qualify_domain = $DOMAIN"
    cat >/etc/dovecot/deliver <<'END'
#!/bin/sh
exec /usr/lib/dovecot/dovecot-lda -f "$SENDER" -a bob@remote.example
END
    chmod 755 /etc/dovecot/deliver
    echo '"|/etc/dovecot/deliver"' >/home/bob/.forward
    chown bob:bob /home/bob/.forward
}

# bob_sieves: standard input is his filter.
bob_sieves()
{
    cat >/home/bob/.dovecot.sieve
    chown bob:bob /home/bob/.dovecot.sieve
}

bob_is_away()
{
    bob_sieves <<'END'
require ["vacation"];
vacation :days 7 :subject "Automatic reply: out of office"
  "I am out of the office until Monday and will answer then.";
END
}

phase_sieve()
{
    play remote
    start_dovecot
    bob_sieves <<'END'
require ["reject"];
reject "I do not take offers by mail. Please write to support@remote.example.";
END
    obtain reject --to bob@remote.example
    bob_is_away
    obtain vacation --to bob@remote.example
    bob_sieves <<'END'
require ["vacation"];
vacation :days 7 :handle "german" text:
Ich bin bis Freitag nicht im Büro. Ihre Nachricht wird nicht weitergeleitet.
.
;
END
    obtain vacation-german --to bob@remote.example --subject "Angebot für die Straße"
}

phase_quota()
{
    play remote
    start_dovecot "plugin {" "  quota = maildir:User quota" "  quota_rule = *:storage=1B" "}"
    obtain quota-exceeded --to bob@remote.example
}

# Alice writes to bob, and somebody does in the desk's name.
phase_matrix()
{
    play remote
    start_signing
    start_dovecot
    bob_is_away
    genuine vacation --to bob@remote.example
    gather_as genuine-vacation oldest_notice
    forged vacation --from desk@our.example --author desk@our.example --to bob@remote.example
    gather_as forged-vacation oldest_notice
}
