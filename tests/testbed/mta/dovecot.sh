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
    echo '"|/usr/lib/dovecot/dovecot-lda -f alice@our.example -a bob@remote.example"' \
        >/home/bob/.forward
    chown bob:bob /home/bob/.forward
}

# bob_sieves: standard input is his filter.
bob_sieves()
{
    cat >/home/bob/.dovecot.sieve
    chown bob:bob /home/bob/.dovecot.sieve
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
    bob_sieves <<'END'
require ["vacation"];
vacation :days 7 :subject "Automatic reply: out of office"
  "I am out of the office until Monday and will answer then.";
END
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
