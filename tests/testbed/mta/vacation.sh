# shellcheck shell=bash disable=SC2034
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# Automatic replies: the vacation program, and those of Exim's own filter language. Exim hosts
# bob@remote.example, who is away.

# shellcheck source=exim.sh
source "$TESTBED/mta/exim.sh"

MTA_PACKAGES=(vacation "${MTA_PACKAGES[@]}")
MTA_PHASES=(program filter)
MTA_MATRIX=(matrix)

# Writes standard input into the file that says what happens to bob's mail; it must be his own.
bob_forwards()
{
    cat >/home/bob/.forward
    chown bob:bob /home/bob/.forward
}

bob_is_away()
{
    # shellcheck disable=SC2016  # the program itself fills in $SUBJECT
    printf '%s\n' 'Subject: Out of the office (Re: $SUBJECT)' '' \
        'I am out of the office until Monday. Your mail will be read then.' >/home/bob/.vacation.msg
    chown bob:bob /home/bob/.vacation.msg
    bob_forwards <<'END'
\bob, "|/usr/bin/vacation -a bob@remote.example bob"
END
}

phase_program()
{
    play remote
    start_exim "GATEWAY = no" "qualify_domain = remote.example"
    bob_is_away
    obtain program-reply --to bob@remote.example
    rm -f /home/bob/.vacation.db
    printf '%s\n' 'Subject: Abwesenheitsnotiz' 'From: bob@remote.example' \
        'Content-Type: text/plain; charset=utf-8' 'Content-Transfer-Encoding: 8bit' '' \
        'Ich bin bis zum 30. November nicht im Büro und lese meine E-Mails nicht.' \
        'In dringenden Fällen wenden Sie sich bitte an support@remote.example.' \
        >/home/bob/.vacation.msg
    obtain program-reply-german --to bob@remote.example --subject "Angebot für die Straße"
}

phase_filter()
{
    play remote
    start_exim "GATEWAY = no" "qualify_domain = remote.example"
    echo "I am travelling and will answer your message next week." >/home/bob/.vacation.msg
    bob_forwards <<'END'
# Exim filter
if personal alias support@remote.example then
  vacation
    subject "On vacation"
endif
END
    obtain filter-vacation --to bob@remote.example
    bob_forwards <<'END'
# Exim filter
mail to $reply_address
  subject "Re: $h_subject:"
  text "Thank you for your message to $local_part@$domain. It has been received\n\
        and will be answered within two working days. Your ticket is 4711."
  return message
END
    obtain filter-ticket-reply --to bob@remote.example
    bob_forwards <<'END'
# Exim filter
mail to $reply_address
  from "\"Mail Scanner\" <postmaster@remote.example>"
  subject "Warning: your message contained a forbidden attachment"
  text "The mail scanner found an attachment that is not allowed here in a message\n\
        that you sent to $local_part@$domain with the subject\n\n    $h_subject:\n\n\
        The message was not delivered."
seen finish
END
    obtain filter-attachment-warning --to bob@remote.example --body multipart
    bob_forwards <<'END'
# Exim filter
fail text "This mailbox is no longer read. Please write to support@remote.example."
END
    obtain filter-fail --to bob@remote.example
}

# Alice writes to bob, and somebody does in the desk's name: the reply returns nothing of the mail.
# Neither does a failure notice that a site words itself.
phase_matrix()
{
    play remote
    start_signing
    start_exim "GATEWAY = no" "qualify_domain = remote.example"
    bob_is_away
    genuine vacation --to bob@remote.example
    forged vacation --from desk@our.example --author desk@our.example --to bob@remote.example
    gather {genuine,forged}-vacation
    bob_forwards <<'END'
# Exim filter
mail to $sender_address
  from "Mail Delivery System <MAILER-DAEMON@remote.example>"
  subject "Undeliverable: $h_subject:"
  text "Your message could not be delivered to the following recipient:\n\n\
        $local_part@$domain\n    550 5.1.1 User unknown: there is no such mailbox here.\n"
seen finish
END
    genuine own-words --to bob@remote.example
    forged own-words --from desk@our.example --author desk@our.example --to bob@remote.example
    gather {genuine,forged}-own-words
}
