# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""backstopd beside real Sendmail; the remote server is a Postfix that bounces."""

import unittest

import machine

machine.enter(__file__, "postfix", "sendmail")

import postfix
import sendmail
import served
from pair import NOT_OURS, PROVEN, notice_without_original, wait_until
from served import fields, message, send, verdict


class WithSendmail(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = served.Daemon()
        cls.daemon.start()
        cls.addClassCleanup(cls.daemon.end)
        cls.ours = sendmail.Sendmail()
        cls.remote = postfix.Postfix(
            "remote", "remote.example", served.REMOTE_SERVER, ["bob", "carol"], "127.0.0.0/8",
            ["smtpd_reject_unlisted_recipient = no",
             "transport_maps = inline:{ {our.example = smtp:[192.0.2.25]} }"])
        for server in (cls.ours, cls.remote):
            server.start()
            cls.addClassCleanup(server.stop)

    def setUp(self):
        self.ours.empty("alice", "bob", "carol", "desk")
        self.remote.empty("bob", "carol")

    def tearDown(self):
        self.ours.clear_queue()
        self.remote.clear_queue()

    def write_genuine(self, recipient="nobody@remote.example"):
        self.assertEqual(send(message(to=recipient), "alice@our.example", [recipient]), "250")

    def forge(self):
        self.assertEqual(send(message(to="victim@remote.example"), "alice@our.example",
                              ["victim@remote.example"], client=served.STRANGER,
                              server=served.REMOTE_SERVER), "250")

    def arrived(self, box="alice", server=None):
        return wait_until(f"a mail for {box}", lambda: (server or self.ours).mails(box))[0]

    def test_genuine(self):
        self.daemon.use("mode = enforce")
        self.write_genuine()
        notice = self.arrived()
        self.assertIn("genuine; confidence=proven", verdict(notice))
        self.assertEqual(len(fields(notice, "Backstop-Seen")), 1)
        self.assertEqual(notice.count(b"\nBackstop-Tag:"), 1)

    def test_forged(self):
        self.daemon.use()
        self.forge()
        self.assertIn(PROVEN, verdict(self.arrived()))

    def test_refused(self):
        self.daemon.use("mode = enforce")
        self.forge()
        wait_until("the remote to be refused", lambda: NOT_OURS in self.remote.log())
        self.assertEqual(self.ours.mails("alice"), [])
        self.assertEqual(self.ours.queue(), [])

    def test_quarantine(self):
        self.daemon.use("mode = enforce", "proven-backscatter = quarantine")
        self.forge()
        held = wait_until("a mail in quarantine", lambda: [
            name for name in self.ours.queue() if name.endswith("!")])
        self.assertEqual(self.ours.mails("alice"), [])
        self.assertIn(PROVEN.encode(), self.ours.queued_mail(held[0]))
        self.ours.release(held[0])
        self.assertIn(PROVEN, verdict(self.arrived()))

    def test_discard(self):
        self.daemon.use("mode = enforce", "proven-backscatter = discard")
        self.forge()
        wait_until("the discarding", lambda: "done=discard" in self.daemon.log())
        wait_until("the remote's queue to be empty", lambda: not self.remote.queue())
        self.assertEqual(self.ours.mails("alice"), [])
        self.assertEqual(self.ours.queue(), [])

    def test_verdict_of_a_stranger_is_removed(self):
        self.daemon.use()
        top = ("Backstop-Verdict: genuine\nX-Kept: 1\nBACKSTOP-VERDICT : genuine\n"
               "backstop-verdict: genuine;\n\tfolded\nBackstop-Seen: v=1\n")
        self.assertEqual(send(message("bob@remote.example", "alice@our.example", top=top),
                              "bob@remote.example", ["alice@our.example"],
                              client=served.STRANGER), "250")
        mail = self.arrived()
        self.assertEqual(fields(mail, "X-Kept"), ["1"])
        self.assertNotIn(b"backstop-", mail.lower())

    def test_several_recipients(self):
        self.daemon.use("mode = enforce", "proven-backscatter = mark")
        self.forge()
        notice = self.arrived()
        forged = notice[notice.index(b"Received: by mx.remote.example"):]
        self.daemon.use("mode = enforce",
                        more="[address bob@our.example]\nproven-backscatter = mark")
        self.ours.empty("alice")
        self.assertEqual(send(forged, "", ["alice@our.example", "bob@our.example"],
                              client=served.STRANGER), "250")
        self.assertIn(PROVEN, verdict(self.arrived("bob")))
        self.assertEqual(self.ours.mails("alice"), [])
        copy, = self.daemon.quarantined()
        self.assertEqual(fields(copy, "Delivered-To"), ["alice@our.example"])

    def test_batv(self):
        self.daemon.use("", "batv = yes")
        self.write_genuine("bob@remote.example")
        mail = self.arrived("bob", self.remote)
        sender = fields(mail, "Return-Path")[0].strip("<>")
        self.assertRegex(sender, r"^alice\+prvs=0[0-9]{3}[0-9a-f]{6}@our\.example$")
        self.assertEqual(len(fields(mail, "Backstop-Tag")), 1)
        self.assertEqual(send(notice_without_original(), "", [sender], client=served.STRANGER),
                         "250")
        self.assertIn("genuine; confidence=proven; by=prvs", verdict(self.arrived()))


if __name__ == "__main__":
    unittest.main()
