# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""What backstopd asks of a mail server: who logged in, and how much of a mail it wants."""

import unittest

import client
import started

STRANGER = "203.0.113.7"


@unittest.skipUnless(started.DAEMON.exists(), f"{started.DAEMON} is not built")
class Steps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = started.Daemon()
        cls.daemon.start()
        cls.addClassCleanup(cls.daemon.stop)

    def deliver(self, mail, sender, recipients=("nobody@remote.example",), address=STRANGER,
                macros=None):
        with self.daemon.open(address) as milter:
            return milter.deliver(mail, sender, list(recipients), macros=macros)

    @staticmethod
    def is_signed(outcome):
        return outcome.apply()[0].count(b"Backstop-Tag:") == 1

    def test_login(self):
        """Counts from anywhere, and an empty name is none."""
        mail = started.offer("login")
        for name, is_signed in (("alice", True), ("", False), (None, False)):
            with self.subTest(name=name):
                macros = {client.SMFIC_MAIL: {"{auth_authen}": name}} if name is not None else {}
                outcome = self.deliver(mail, "alice@our.example", macros=macros)
                self.assertEqual(self.is_signed(outcome), is_signed)
                self.assertTrue(outcome.is_delivered)

    def test_login_as_somebody_else(self):
        """Whoever logs in and has a sender that is not ours is not signed for."""
        outcome = self.deliver(started.offer("other"), "alice@other.example",
                               macros={client.SMFIC_MAIL: {"{auth_authen}": "alice"}})
        self.assertFalse(self.is_signed(outcome))

    def test_body_is_not_wanted(self):
        """Of what can be no notice the header is enough, and nothing is said at its end."""
        mail = started.ordinary("lunch", size=200000)
        outcome = self.deliver(mail, "bob@remote.example", ["alice@our.example"])
        self.assertEqual((outcome.stage, outcome.body_sent), ("eoh", 0))
        self.assertTrue(outcome.is_delivered)
        self.assertEqual(outcome.apply()[0], mail)

    def test_body_is_skipped(self):
        """A signature needs the header alone, but is added at the end."""
        mail = started.offer("large") + b"A line of it.\r\n" * 20000
        outcome = self.deliver(mail, "alice@our.example", address=started.INTERNAL)
        self.assertTrue(outcome.is_skipped)
        self.assertLessEqual(outcome.body_sent, client.MILTER_CHUNK_SIZE)
        self.assertTrue(self.is_signed(outcome))

    def test_null_sender_of_ours(self):
        """A vacation reply that leaves is nobody's to bounce."""
        outcome = self.deliver(started.offer("vacation"), "", address=started.INTERNAL)
        self.assertFalse(self.is_signed(outcome))
        self.assertTrue(outcome.is_delivered)

    def test_forged_notice_from_an_internal_host(self):
        """What a gateway of ours took from outside is judged as if we had."""
        received = (b"Received: from x (x [203.0.113.66]) by gateway.our.example with ESMTP; " +
                    started.date(1).encode() + b"\r\n")
        outcome = self.deliver(received + started.forged("gateway"), "", ["alice@our.example"],
                               address=started.INTERNAL)
        self.assertEqual(outcome.answer.name, "reply")
        self.assertFalse(outcome.is_delivered)


if __name__ == "__main__":
    unittest.main()
