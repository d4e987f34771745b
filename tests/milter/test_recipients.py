# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""Whose a recipient is, however it is spelled; and what is told of a notice to several."""

import re
import subprocess
import time
import unittest

import client
import started

ALICE = "alice@our.example"
# SMFIF_QUARANTINE: the mail server can hold mail back.
QUARANTINE = 0x20
BOB_GETS_ALL = "always-notices = bob@our.example"


@unittest.skipUnless(started.DAEMON.exists(), f"{started.DAEMON} is not built")
class WithDaemon(unittest.TestCase):
    settings = ""

    @classmethod
    def setUpClass(cls):
        cls.daemon = started.Daemon(cls.settings)
        cls.daemon.start()
        cls.addClassCleanup(cls.daemon.stop)

    def deliver(self, mail, *recipients, queue_id="4F", actions=client.SMFI_CURR_ACTS):
        """Each recipient: an address; or it, what the mail server reads in it, and its mailer."""
        with client.Milter(self.daemon.milter, started.LIMIT_SEC) as milter:
            milter.negotiate(actions=actions)
            self.assertEqual(milter.symbols.get(3, ["{rcpt_addr}", "{rcpt_mailer}"]),
                             ["{rcpt_addr}", "{rcpt_mailer}"])
            milter.connect()
            milter.helo()
            given = [r if isinstance(r, tuple) else (r, None, None) for r in recipients]
            rcpt = milter.rcpt
            told = iter(given)

            def rcpt_with_macros(address):
                _, read, mailer = next(told)
                if read is not None:
                    milter.macros(client.SMFIC_RCPT, {"{rcpt_addr}": read,
                                                      "{rcpt_mailer}": mailer})
                return rcpt(address)

            milter.rcpt = rcpt_with_macros
            return milter.deliver(mail, "", [r[0] for r in given], queue_id=queue_id)

    def line(self, queue_id):
        until = time.monotonic() + 10
        while time.monotonic() < until:
            lines = [line for line in self.daemon.log().splitlines()
                     if queue_id in line and "verdict=" in line]
            if lines:
                return lines[-1]
            time.sleep(0.02)
        raise AssertionError(self.daemon.log())


class Spellings(WithDaemon):
    OURS = [
        "<alice>", "alice@[192.0.2.25]", '<"alice@our.example">', "our.example!alice",
        "alice@localhost", "a%our.example@localhost", "alice@192.0.2.25", "alice@our.example.",
        ("alice%our.example@mx.our.example", ALICE, "virtual"),
        ("alice@alias.example", ALICE, "virtual"),
        ("alice@mx.our.example", "alice@mx.our.example", "local"),
    ]
    THEIRS = ["carol@remote.example", ("carol@remote.example", "carol@remote.example", "smtp"),
              "our.example!alice@remote.example"]

    def test_ours(self):
        for i, recipient in enumerate(self.OURS):
            with self.subTest(recipient=recipient):
                outcome = self.deliver(started.forged(f"spelling-{i}"), recipient)
                self.assertEqual(outcome.answer.name, "reply")
                # Beside another it gets nothing either.
                outcome = self.deliver(started.forged(f"beside-{i}"), ALICE, recipient)
                self.assertEqual(outcome.answer.name, "reply")

    def test_theirs(self):
        """What is done with strangers' mail is not ours to say."""
        for i, recipient in enumerate(self.THEIRS):
            with self.subTest(recipient=recipient):
                mail = started.forged(f"theirs-{i}")
                outcome = self.deliver(mail, recipient)
                self.assertTrue(outcome.is_delivered)
                self.assertEqual(outcome.apply()[0], mail)


class Several(WithDaemon):
    settings = BOB_GETS_ALL

    def test_copy_of_an_odd_spelling(self):
        """It is taken out as it was given, and told of as it is read."""
        outcome = self.deliver(started.forged("odd"), ("our.example!alice", ALICE, "virtual"),
                               "bob@our.example", queue_id="4ODD")
        self.assertEqual(outcome.apply()[2], ["bob@our.example"])
        line = self.line("4ODD")
        self.assertIn(ALICE, line)
        # Of the mailbox that is named.
        self.assertIn("done=quarantine", line)

    def test_role(self):
        """It gets what is refused to others, and that it is there does not help them."""
        for i, role in enumerate(["postmaster@our.example", "Abuse@our.example", "postmaster"]):
            with self.subTest(role=role):
                outcome = self.deliver(started.forged(f"role-{i}"), role, ALICE)
                mail, _, recipients = outcome.apply()
                self.assertEqual(recipients, [role])
                self.assertIn(b"Backstop-Verdict: backscatter; confidence=proven", mail)
        # By itself it is judged as before.
        outcome = self.deliver(started.forged("role"), "postmaster@our.example")
        self.assertIn(b"Backstop-Verdict: unverified", outcome.apply()[0])


class Failing(WithDaemon):
    settings = "proven-backscatter = quarantine"

    def test_no_quarantine(self):
        """It is told as it was."""
        self.assertTrue(self.deliver(started.forged("held"), ALICE, queue_id="4HELD").is_delivered)
        self.assertIn("done=quarantine", self.line("4HELD"))
        outcome = self.deliver(started.forged("fail"), ALICE, queue_id="4FAIL",
                               actions=client.SMFI_CURR_ACTS & ~QUARANTINE)
        self.assertTrue(outcome.is_delivered)
        self.assertIn("done=mark", self.line("4FAIL"))


class History(WithDaemon):
    """What comes back untagged by a way that we do not see."""

    def report(self):
        """As soon as it knows of a notice."""
        until = time.monotonic() + 10
        while True:
            text = subprocess.run([started.BACKSTOP, "--config", self.daemon.config, "report"],
                                  capture_output=True, text=True, check=True).stdout
            if "handed over by" in text or time.monotonic() > until:
                return text
            time.sleep(0.1)

    def test_date_of_the_sender(self):
        """His Date explains nothing, for a forger writes it as he likes."""
        time.sleep(3)
        mail = started.offer("untagged")
        mail = re.sub(rb"(?m)^Date: .*?\r$", b"Date: Mon, 02 Jan 2006 15:04:05 +0000\r", mail)
        notice = started.notice(mail, "untagged")
        self.assertTrue(self.deliver(notice, ALICE, queue_id="4OLD").is_delivered)
        self.assertIn("without our tag: 1, 1 of them unexplained", self.report())


if __name__ == "__main__":
    unittest.main()
