# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""Tests with two real Postfix: ours, with backstopd beside it, and a remote one that takes
everything and bounces what it cannot deliver. What is asserted is what arrives in a Maildir, or stays in a
queue. Inside the machine of machine.sh."""

import unittest

import postfix
import served
from postfix import wait_until
from served import message, send, verdict

MILTER = [
    "smtpd_milters = unix:/run/backstop/milter.sock",
    "non_smtpd_milters = unix:/run/backstop/milter.sock",
    "milter_default_action = accept",
    "internal_mail_filter_classes = bounce",
]
NOT_OURS = "This is a notice about a message that we did not send"
PROVEN = "backscatter; confidence=proven"


def notice_without_original(recipient="alice@our.example"):
    """One that returns nothing by which it could be judged."""
    return (f"From: MAILER-DAEMON@mx.remote.example\nTo: {recipient}\n"
            "Auto-Submitted: auto-replied\nSubject: Undeliverable mail\nMessage-ID: <n1@mx.remote.example>\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
            "--b\n\nYour message could not be delivered.\n--b\n"
            "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.remote.example\n\n"
            "Final-Recipient: rfc822; somebody@remote.example\nAction: failed\nStatus: 5.1.1\n\n"
            "--b--\n").encode()


class WithPostfix(unittest.TestCase):
    """Two Postfix and the daemon; each class has its own."""

    settings = []
    services = ""
    site = ""
    domain = ""
    milter = None

    @classmethod
    def setUpClass(cls):
        cls.ours = postfix.Postfix(
            "ours", "our.example", served.OUR_SERVER, ["alice", "bob", "carol", "desk"],
            "127.0.0.0/8 192.0.2.80/32",
            [*MILTER, "transport_maps = inline:{ {remote.example = smtp:[198.51.100.25]},"
             " {stranger.example = smtp:[198.51.100.25]} }", *cls.settings], cls.services)
        cls.remote = postfix.Postfix(
            "remote", "remote.example", served.REMOTE_SERVER, ["bob", "carol"], "127.0.0.0/8",
            ["smtpd_reject_unlisted_recipient = no",
             "transport_maps = inline:{ {our.example = smtp:[192.0.2.25]} }"])
        cls.daemon = served.Daemon(*([cls.milter] if cls.milter else []))
        cls.daemon.configure(cls.site, cls.domain)
        cls.daemon.start()
        cls.addClassCleanup(cls.daemon.end)
        for server in (cls.ours, cls.remote):
            server.start()
            cls.addClassCleanup(server.stop)

    def setUp(self):
        if self.daemon.settings != (self.site, self.domain, ""):
            self.daemon.use(self.site, self.domain)
        self.ours.empty("alice", "bob", "carol", "desk")
        self.remote.empty("bob", "carol")
        self.daemon.clear_quarantine()

    def tearDown(self):
        self.ours.clear_queue()
        self.remote.clear_queue()

    def run(self, result=None):
        """Shows the logs of what fails."""
        def problems():
            return len(result.failures) + len(result.errors)
        before = problems()
        super().run(result)
        if problems() > before:
            for log in (self.daemon.log(), self.ours.log(), self.remote.log()):
                print(log[-3000:])
        return result

    # What happens.

    def write_genuine(self, recipient="nobody@remote.example", **options):
        """Alice writes to a wrong address."""
        self.assertEqual(send(message(to=recipient, **options), "alice@our.example", [recipient]),
                         "250")

    def forge(self, sender="alice@our.example", recipient="victim@remote.example", **options):
        """Somebody writes to a wrong address in her name; the remote server bounces."""
        self.assertEqual(send(message(sender=sender, to=recipient, **options), sender, [recipient],
                              client=served.STRANGER, server=served.REMOTE_SERVER), "250")

    def settle(self):
        """Nothing is on its way any more. A mail that a server moves while its queue is looked at
        is in none of the two places: so it is looked at some times."""
        looks = []

        def is_quiet():
            names = self.ours.queue() + self.remote.queue()
            looks.append(all(name.endswith("!") for name in names))
            return looks[-4:] == [True] * 4

        wait_until("the queues to be empty but for what is on hold", is_quiet)

    def expect_no_proof(self):
        """Of alice's only mail, a notice."""
        field = verdict(self.only_mail())
        self.assertIn("confidence=", field)
        self.assertNotIn(PROVEN, field)

    def only_mail(self, box="alice", server=None):
        server = server or self.ours
        wait_until(f"a mail for {box}", lambda: server.mails(box))
        self.settle()
        mails = server.mails(box)
        self.assertEqual(len(mails), 1)
        return mails[0]
