#!/usr/bin/python3
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""The protocol client itself: against a milter played by the test, and what it makes of changes."""

import socket
import struct
import tempfile
import threading
import unittest

import client

MAIL = (b"Received: from a\r\n\tby b\r\nSubject: one\r\nX-A: 1\r\nx-a: 2\r\nX-A: 3\r\n\r\n"
        b"body\r\n\r\nmore\r\n")


def change(command, name="", value=b"", index=0):
    return client.Change(command, name, value, index)


def after(*changes):
    fields, body = client.split_mail(MAIL)
    outcome = client.Outcome(fields, body, "a@there.example", ["b@our.example", "c@our.example"],
                             "end", client.Answer("accept", changes=list(changes)))
    return outcome, *outcome.apply()


class Changes(unittest.TestCase):
    def test_none(self):
        _, mail, sender, recipients = after()
        self.assertEqual((mail, sender, recipients),
                         (MAIL, "a@there.example", ["b@our.example", "c@our.example"]))

    def test_fields(self):
        outcome, mail, *_ = after(
            change(client.SMFIR_INSHEADER, "X-Top", b" t", 1),
            change(client.SMFIR_ADDHEADER, "X-End", b" e"),
            change(client.SMFIR_CHGHEADER, "X-A", b"", 2),
            change(client.SMFIR_CHGHEADER, "X-A", b" three", 2),
            change(client.SMFIR_CHGHEADER, "X-B", b" new", 1),
            change(client.SMFIR_CHGHEADER, "X-C", b"", 1))
        self.assertTrue(mail.startswith(b"X-Top: t\r\nReceived: from a\r\n\tby b\r\n"))
        self.assertEqual(outcome.values("x-a"), ["1", "three"])
        self.assertEqual(outcome.values("X-End") + outcome.values("X-B"), ["e", "new"])
        self.assertEqual(outcome.values("X-C"), [])

    def test_envelope_body_and_hold(self):
        outcome, mail, sender, recipients = after(
            change(client.SMFIR_CHGFROM, "<d@our.example>"),
            change(client.SMFIR_ADDRCPT, "<e@our.example>"),
            change(client.SMFIR_DELRCPT, "<b@our.example>"),
            change(client.SMFIR_REPLBODY, value=b"new "),
            change(client.SMFIR_REPLBODY, value=b"body"),
            change(client.SMFIR_QUARANTINE, "suspect"))
        self.assertTrue(mail.endswith(b"X-A: 3\r\n\r\nnew body"))
        self.assertEqual((sender, recipients), ("<d@our.example>", ["c@our.example",
                                                                   "<e@our.example>"]))
        self.assertEqual(outcome.quarantine, "suspect")
        self.assertIsNone(after()[0].quarantine)

    def test_split(self):
        self.assertEqual(client.split_mail(b"A: 1\n b\nB:2\n\nx\n"),
                         ([("A", b" 1\n b"), ("B", b"2")], b"x\n"))
        self.assertEqual(client.split_mail(b"A: 1\r\n"), ([("A", b" 1")], b""))


class Played(unittest.TestCase):
    """A milter that answers as it is told to, and keeps what it was asked."""

    def converse(self, protocol, answers, mail=MAIL):
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{folder}/s")
            listener.listen()
            asked = []

            def play():
                connection, _ = listener.accept()
                with connection, connection.makefile("rb") as stream:
                    replies = list(answers)
                    while size := stream.read(4):
                        command, data = (lambda b: (b[:1], b[1:]))(stream.read(
                            struct.unpack("!I", size)[0]))
                        asked.append((command, data))
                        if command == client.SMFIC_OPTNEG:
                            connection.sendall(client.packet(command, struct.pack(
                                "!III", 6, client.SMFI_CURR_ACTS, protocol)))
                        elif (command in client.STEPS or command == client.SMFIC_BODYEOB) and \
                                not protocol & client.STEPS.get(command, (0, 0))[1]:
                            connection.sendall(replies.pop(0) if replies else
                                               client.packet(client.SMFIR_CONTINUE))

            player = threading.Thread(target=play)
            player.start()
            with client.Milter(f"unix:{folder}/s") as milter:
                milter.negotiate()
                milter.connect(address="2001:db8::1")
                outcome = milter.deliver(mail, "", ["b@our.example"], chunk=8)
            player.join()
            return asked, outcome

    def test_steps(self):
        asked, outcome = self.converse(client.SMFIP_NOHELO | client.SMFIP_NR_HDR, [])
        self.assertEqual(b"".join(command for command, _ in asked), b"OCMRDTLLLLLNBBE")
        self.assertEqual(asked[1][1], b"mx.remote.example\0006\x12\x67IPv6:2001:db8::1\0")
        self.assertEqual(asked[2][1] + asked[3][1], b"<>\0<b@our.example>\0")
        self.assertEqual(asked[6][1], b"Received\0from a\n\tby b\0")
        self.assertEqual((outcome.stage, outcome.answer.name), ("end", "continue"))

    def test_leading_blank(self):
        asked, outcome = self.converse(
            client.SMFIP_HDR_LEADSPC | client.SMFIP_NR_HDR,
            [client.packet(client.SMFIR_CONTINUE)] * 7 +
            [client.packet(client.SMFIR_INSHEADER, struct.pack("!I", 1) + b"X-Top\0 t\0") +
             client.packet(client.SMFIR_PROGRESS) + client.packet(client.SMFIR_ACCEPT)])
        self.assertIn((client.SMFIC_HEADER, b"Subject\0 one\0"), asked)
        self.assertTrue(outcome.apply()[0].startswith(b"X-Top: t\r\n"))
        self.assertEqual(outcome.progress, 1)

    def test_early_answers(self):
        go_on = [client.packet(client.SMFIR_CONTINUE)]
        asked, outcome = self.converse(client.SMFIP_NR_HDR, go_on * 4 + [
            client.packet(client.SMFIR_REPLYCODE, b"550 5.7.1 no\0")])
        self.assertEqual((outcome.stage, outcome.answer.name, outcome.answer.reply),
                         ("eoh", "reply", "550 5.7.1 no"))
        self.assertFalse(outcome.is_delivered)
        self.assertEqual(asked[-1][0], client.SMFIC_ABORT)
        asked, outcome = self.converse(client.SMFIP_NR_HDR, go_on * 5 + [
            client.packet(client.SMFIR_SKIP)])
        self.assertEqual((outcome.is_skipped, outcome.body_sent, asked[-1][0]),
                         (True, 8, client.SMFIC_BODYEOB))

    def test_what_a_milter_must_not_say(self):
        with self.assertRaises(client.ProtocolError):
            self.converse(client.SMFIP_NR_HDR, [client.packet(b"?")])


if __name__ == "__main__":
    unittest.main()
