# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""backstopd beside real Postfix that asks real Dovecot who logs in: users on the way are ours."""

import pathlib
import smtplib
import subprocess
import unittest

import machine

machine.enter(__file__, "postfix", "dovecot")

import served
from pair import WithPostfix, wait_until
from served import fields, message, verdict

# No mailboxes are served, only passwords looked up; and nobody waits who has guessed one.
DOVECOT = """\
protocols =
log_path = /var/log/dovecot.log
ssl = no
auth_mechanisms = plain login
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = scheme=PLAIN /etc/dovecot/users
}
service auth {
  unix_listener /var/postfix/ours/queue/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
"""
ALICE = ("alice", "open sesame")
SOCKET = pathlib.Path("/var/postfix/ours/queue/private/auth")


class Login(WithPostfix):
    """All clients are strangers by their address, and take the port of all the world."""

    settings = [
        "smtpd_sasl_auth_enable = yes",
        "smtpd_sasl_type = dovecot",
        "smtpd_sasl_path = private/auth",
        "smtpd_sasl_security_options = noanonymous",
    ]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        pathlib.Path("/etc/dovecot/dovecot.conf").write_text(DOVECOT)
        pathlib.Path("/etc/dovecot/users").write_text(":".join(ALICE) + "\n")
        dovecot = subprocess.Popen(["dovecot", "-F", "-c", "/etc/dovecot/dovecot.conf"])
        cls.addClassCleanup(dovecot.wait)
        cls.addClassCleanup(dovecot.terminate)
        wait_until("Dovecot", SOCKET.exists)

    def session(self):
        return smtplib.SMTP(served.OUR_SERVER, 25, "laptop.test", timeout=served.LIMIT_SEC,
                            source_address=(served.STRANGER, 0))

    def submit(self, sender="alice@our.example", recipient="bob@our.example", login=ALICE):
        with self.session() as smtp:
            if login:
                smtp.login(*login)
            smtp.sendmail(sender, [recipient], message(sender, recipient))

    def tags(self):
        """Of bob's only mail."""
        count = len(fields(self.only_mail("bob"), "Backstop-Tag"))
        self.ours.empty("bob")
        return count

    def test_who_logged_in_is_ours(self):
        self.submit()
        self.assertEqual(self.tags(), 1)
        self.submit(login=None)
        self.assertEqual(self.tags(), 0)

    def test_each_mechanism(self):
        for mechanism in ("AUTH PLAIN", "AUTH LOGIN"):
            with self.subTest(mechanism=mechanism), self.session() as smtp:
                smtp.ehlo()
                smtp.esmtp_features["auth"] = mechanism.split()[1]
                smtp.login(*ALICE)
                smtp.sendmail("alice@our.example", ["bob@our.example"], message())
                self.assertEqual(self.tags(), 1)

    def test_wrong_password(self):
        """Who goes on without is a stranger."""
        with self.session() as smtp:
            with self.assertRaises(smtplib.SMTPAuthenticationError):
                smtp.login("alice", "guessed")
            smtp.sendmail("alice@our.example", ["bob@our.example"], message())
        self.assertEqual(self.tags(), 0)

    def test_sender_of_others(self):
        """A login alone makes no mail ours."""
        self.submit(sender="carol@stranger.example")
        self.assertEqual(self.tags(), 0)

    def test_several_mails_of_one_login(self):
        """It holds until the client leaves."""
        with self.session() as smtp:
            smtp.login(*ALICE)
            for _ in range(3):
                smtp.sendmail("alice@our.example", ["bob@our.example"], message())
                self.assertEqual(self.tags(), 1)

    def test_notice_about_it(self):
        self.submit(recipient="nobody@remote.example")
        self.assertIn("genuine; confidence=proven; by=tag", verdict(self.only_mail()))


if __name__ == "__main__":
    unittest.main()
