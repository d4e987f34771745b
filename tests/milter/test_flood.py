# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""backstopd beside real Postfix in a flood of notices about mail that somebody sent in our name,
and a few about ours among them: those come through, each one, and no other does."""

import concurrent.futures
import random
import smtplib
import unittest

import machine

machine.enter(__file__, "postfix")

import notices
import served
from pair import NOT_OURS, WithPostfix, wait_until
from served import fields, message, verdict

GENUINE, FORGED = 20, 1980
CONNECTIONS = 8


class Flood(WithPostfix):
    site = "mode = enforce"
    # Not to be slowed down as somebody who makes errors.
    settings = ["smtpd_soft_error_limit = 10000", "smtpd_hard_error_limit = 10000"]

    def sign(self, count):
        """Mails of ours as the remote server has them, signed by this very daemon."""
        with smtplib.SMTP(served.OUR_SERVER, source_address=(served.OUR_CLIENT, 0)) as smtp:
            for i in range(count):
                mail = message(to="bob@remote.example", message_id=f"<ours-{i}@our.example>")
                smtp.sendmail("alice@our.example", ["bob@remote.example"], mail)
        wait_until("our mails", lambda: len(self.remote.mails("bob")) == count)
        return self.remote.mails("bob")

    @staticmethod
    def header(mail):
        """Without what a server writes on top of it when it delivers."""
        header = mail.partition(b"\n\n")[0].decode() + "\n"
        return header[header.index("Received: "):]

    def notices(self):
        """{Message-ID: notice}, in no order; the ids of the genuine ones tell of it."""
        made = {f"<genuine-{i}@mx.remote.example>":
                notices.notice(self.header(mail), f"<genuine-{i}@mx.remote.example>",
                               "bob@remote.example")
                for i, mail in enumerate(self.sign(GENUINE))}
        made |= {f"<dsn-forged-{i}@mx.remote.example>": notices.forged(f"forged-{i}")
                 for i in range(FORGED)}
        ids = list(made)
        random.Random(1).shuffle(ids)
        return {name: made[name] for name in ids}

    @staticmethod
    def hand_in(some):
        """{Message-ID: the reply to its end}."""
        replies = {}
        with smtplib.SMTP(served.OUR_SERVER, 25, "mx.remote.test", timeout=served.LIMIT_SEC,
                          source_address=(served.STRANGER, 0)) as smtp:
            for name, notice in some:
                # Its recipients are taken in any case: the refusal is one of the mail.
                assert smtp.mail("")[0] == smtp.rcpt("alice@our.example")[0] == 250
                code, text = smtp.data(notice)
                replies[name] = f"{code} {text.decode()}"
        return replies

    def test_flood(self):
        made = self.notices()
        items = list(made.items())
        with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
            runs = pool.map(self.hand_in, [items[i::CONNECTIONS] for i in range(CONNECTIONS)])
            replies = {name: reply for run in runs for name, reply in run.items()}
        genuine = {name for name in made if "genuine" in name}
        self.assertEqual((len(genuine), len(replies)), (GENUINE, GENUINE + FORGED))
        # Each one was taken or refused for what it is.
        self.assertEqual({name for name, reply in replies.items() if reply.startswith("250 ")},
                         genuine)
        self.assertEqual([reply for name, reply in replies.items() if name not in genuine
                          and reply != f"550 5.7.1 {NOT_OURS}"], [])
        wait_until("the genuine ones", lambda: len(self.ours.mails("alice")) >= GENUINE)
        self.settle()
        mails = self.ours.mails("alice")
        self.assertEqual(sorted(fields(mail, "Message-ID")[0] for mail in mails), sorted(genuine))
        for mail in mails:
            self.assertIn("genuine; confidence=proven; by=tag", verdict(mail))
        self.assertEqual(self.ours.queue(), [])
        self.assertEqual(self.daemon.quarantined(), [])
        # The daemon tells of each, once.
        log = self.daemon.log()
        self.assertEqual(log.count("verdict=genuine confidence=proven"), GENUINE)
        self.assertEqual(log.count("verdict=backscatter confidence=proven"), FORGED)
        self.assertEqual(log.count("done=reject"), FORGED)


if __name__ == "__main__":
    unittest.main()
