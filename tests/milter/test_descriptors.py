# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""backstopd beside real Postfix when more clients are connected at once than it has file
descriptors for: mail goes on without it, which it knows and tells, and with it when they have
gone."""

import concurrent.futures
import resource
import smtplib
import threading
import time
import unittest

import machine

machine.enter(__file__, "postfix")

import notices
import served
from pair import WithPostfix, wait_until
from served import fields, message, send, verdict

# The least that it starts with.
DESCRIPTORS = 64
CLIENTS = 70
TURNED_AWAY = "others are left to the mail server's default action"
# Such a client may send mail for so long after it came.
AWAY_SEC = 600


class Descriptors(WithPostfix):
    settings = ["default_process_limit = 300"]
    site = "mode = enforce"
    domain = "likely-backscatter = mark"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon.end()
        cls.daemon.start(before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                           (DESCRIPTORS, DESCRIPTORS)))

    @staticmethod
    def submit(i, name, is_turn):
        """A client that says nothing until all others are there, and leaves with them. Half of them
        are strangers."""
        client, sender, recipient = \
            (served.STRANGER, "carol@remote.example", "bob@our.example") if i % 2 else \
            (served.OUR_CLIENT, "alice@our.example", "bob@remote.example")
        with smtplib.SMTP(served.OUR_SERVER, 25, "client.test", timeout=served.LIMIT_SEC,
                          source_address=(client, 0)) as smtp:
            is_turn.wait()
            smtp.sendmail(sender, [recipient], message(sender, recipient, message_id=name))
            is_turn.wait()

    def crowd(self, round_):
        """All of their mails arrive once. Returns those that went out."""
        ids = [f"<client-{round_}-{i}@our.example>" for i in range(CLIENTS)]
        is_turn = threading.Barrier(CLIENTS, timeout=served.LIMIT_SEC)
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            runs = [pool.submit(self.submit, i, name, is_turn) for i, name in enumerate(ids)]
            for run in runs:
                run.result()
        self.settle()
        came, went = self.ours.mails("bob"), self.remote.mails("bob")
        for mails, expected in ((came, ids[1::2]), (went, ids[0::2])):
            self.assertEqual(sorted(fields(mail, "Message-ID")[0] for mail in mails),
                             sorted(expected))
        self.ours.empty("bob")
        self.remote.empty("bob")
        return went

    def test_more_clients_than_descriptors(self):
        since_sec = int(time.time())
        gaps = self.daemon.gaps()
        mails = self.crowd(1)
        tags = [len(fields(mail, "Backstop-Tag")) for mail in mails]
        # Some were signed, and some were not.
        self.assertEqual(set(tags), {0, 1})
        # Those had not to wait until Postfix gave up.
        self.assertIn("read error in initial handshake", self.ours.log())
        self.assertNotIn("Connection timed out", self.ours.log())
        # It is told once, and known as long as it may matter.
        self.assertEqual(self.daemon.log().count(TURNED_AWAY), 1)
        self.assertTrue(any(a <= time.time() and b >= since_sec + AWAY_SEC
                            for a, b in set(self.daemon.gaps()) - set(gaps)), self.daemon.gaps())
        # A notice about one of those that were not signed, and one about a mail of strangers.
        header = mails[tags.index(0)].partition(b"\n\n")[0].decode() + "\n"
        notice = notices.notice(header[header.index("Received: "):], "<n@mx.remote.example>",
                                "bob@remote.example")
        self.assertEqual(send(notice, "", ["alice@our.example"], client=served.STRANGER), "250")
        self.expect_no_proof()
        self.ours.empty("alice")
        self.forge()
        self.expect_no_proof()
        self.ours.empty("alice")
        # They have left nothing open: so many come again, and then all is signed.
        self.assertIn(1, [len(fields(mail, "Backstop-Tag")) for mail in self.crowd(2)])
        for _ in range(5):
            self.write_genuine("bob@remote.example")
        wait_until("five mails", lambda: len(self.remote.mails("bob")) == 5)
        self.assertEqual([len(fields(mail, "Backstop-Tag")) for mail in self.remote.mails("bob")],
                         [1] * 5)
        self.write_genuine()
        self.assertIn("genuine; confidence=proven; by=tag", verdict(self.only_mail()))


if __name__ == "__main__":
    unittest.main()
