# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""backstopd beside real Postfix: the ways that mail takes through it, and what may happen there."""

import concurrent.futures
import pathlib
import re
import smtplib
import statistics
import subprocess
import sys
import time
import unittest

import machine

machine.enter(__file__, "postfix")

import relay
import served
from pair import PROVEN, WithPostfix, notice_without_original, wait_until
from served import fields, message, send, verdict


class Batv(WithPostfix):
    domain = "batv = yes"

    def test_both_ways(self):
        self.write_genuine("bob@remote.example")
        arrived = self.only_mail("bob", self.remote)
        sender = fields(arrived, "Return-Path")[0].strip("<>")
        self.assertRegex(sender, r"^alice\+prvs=0[0-9]{3}[0-9a-f]{6}@our\.example$")
        self.assertEqual(fields(arrived, "From"), ["Alice <alice@our.example>"])
        # A notice that returns nothing is proven by its recipient, who gets it under his name.
        self.assertEqual(send(notice_without_original(), "", [sender], client=served.STRANGER),
                         "250")
        notice = self.only_mail()
        self.assertIn("genuine; confidence=proven; by=prvs", verdict(notice))
        self.assertEqual(fields(notice, "Delivered-To"), ["alice@our.example"])

    def test_notice_of_a_server(self):
        self.write_genuine()
        notice = self.only_mail()
        self.assertIn("genuine; confidence=proven", verdict(notice))
        self.assertEqual(fields(notice, "Delivered-To"), ["alice@our.example"])

    def test_ordinary_mail_to_it(self):
        """Answers to the envelope sender are no notices; the parameters of RCPT stay."""
        self.write_genuine("bob@remote.example")
        arrived = self.only_mail("bob", self.remote)
        sender = fields(arrived, "Return-Path")[0].strip("<>")
        self.remote.empty("bob")
        self.assertEqual(send(message("bob@remote.example", sender), "bob@remote.example", [sender],
                              client=served.STRANGER,
                              recipient_options=["NOTIFY=SUCCESS"]), "250")
        self.assertEqual(fields(self.only_mail(), "Delivered-To"), ["alice@our.example"])
        success = self.only_mail("bob", self.remote)
        self.assertIn(b"\nAction: delivered", success)

    def test_others_are_left_alone(self):
        address = "alice+prvs=0123abcdef@our.example"
        self.assertEqual(send(notice_without_original(), "", [address], client=served.STRANGER),
                         "250")
        notice = self.only_mail()
        self.assertEqual(fields(notice, "Delivered-To"), [address])
        self.assertNotIn("genuine", verdict(notice))

    def test_exceptions(self):
        for exception in ("batv-not-to = @remote.example", "batv-not-from = alice@our.example"):
            with self.subTest(exception=exception):
                self.remote.empty("bob")
                self.daemon.use(exception, self.domain)
                self.write_genuine("bob@remote.example")
                self.assertEqual(fields(self.only_mail("bob", self.remote), "Return-Path"),
                                 ["<alice@our.example>"])


FILTERED = """\
192.0.2.25:2525 inet n - n - - smtpd
  -o content_filter=smtp:[127.0.0.1]:10025
127.0.0.1:10026 inet n - n - - smtpd
  -o content_filter=
  -o smtpd_authorized_xforward_hosts=127.0.0.0/8
"""


class ContentFilter(WithPostfix):
    """Each mail comes twice: from outside, and back from a filter on loopback."""

    services = FILTERED
    site = "mode = enforce"
    domain = "proven-backscatter = mark"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.relay = relay.Relay(("127.0.0.1", 10025), ("127.0.0.1", 10026))
        cls.addClassCleanup(cls.relay.stop)
        cls.remote.set("transport_maps = inline:{ {our.example = smtp:[192.0.2.25]:2525} }")

    def verdicts(self):
        return self.daemon.log().count("verdict=")

    def test_forged_mail_is_not_signed(self):
        before = self.relay.count
        self.assertEqual(send(message(), "alice@our.example", ["bob@our.example"], port=2525,
                              client=served.STRANGER), "250")
        mail = self.only_mail("bob")
        self.assertNotIn(b"Backstop-Tag", mail)
        self.assertEqual(self.relay.count, before + 1)

    def test_genuine_mail_is_signed_once(self):
        self.assertEqual(send(message(), "alice@our.example", ["bob@our.example"], port=2525),
                         "250")
        self.assertEqual(len(fields(self.only_mail("bob"), "Backstop-Tag")), 1)

    def test_notices_are_judged_once(self):
        for write, expected in ((self.write_genuine, "genuine"), (self.forge, PROVEN)):
            with self.subTest(expected=expected):
                self.ours.empty("alice")
                before, passed = self.verdicts(), self.relay.count
                write()
                notice = self.only_mail()
                self.assertIn(expected, verdict(notice))
                self.assertEqual(len(fields(notice, "Backstop-Seen")), 1)
                self.assertEqual(self.verdicts(), before + 1)
                self.assertEqual(self.relay.count, passed + 1)


class Rewriting(WithPostfix):
    """Postfix shows milters the sender as it was before it is rewritten."""

    def expect_genuine(self, box="alice"):
        notice = self.only_mail(box)
        self.assertIn("genuine", verdict(notice))
        return notice

    def test_canonical(self):
        self.ours.set("canonical_maps = inline:{ {alice@our.example = desk@our.example} }")
        try:
            self.write_genuine()
            self.expect_genuine("desk")
        finally:
            self.ours.set("canonical_maps =")

    def test_generic(self):
        self.ours.set("smtp_generic_maps = inline:{ {alice@our.example = desk@our.example} }")
        try:
            self.write_genuine()
            self.expect_genuine("desk")
        finally:
            self.ours.set("smtp_generic_maps =")

    def test_verp(self):
        self.ours.sendmail(message(), "-f", "alice@our.example", "-XV", "nobody@remote.example")
        notice = self.expect_genuine()
        self.assertEqual(fields(notice, "Delivered-To"),
                         ["alice+nobody=remote.example@our.example"])

    def test_virtual_alias(self):
        self.ours.set("virtual_alias_maps = inline:{ {team@our.example = alice@our.example, "
                      "nobody@remote.example} }")
        try:
            self.assertEqual(send(message(to="team@our.example"), "bob@our.example",
                                  ["team@our.example"]), "250")
            self.expect_genuine("bob")
        finally:
            self.ours.set("virtual_alias_maps =")

    def test_smtputf8(self):
        self.ours.set("virtual_mailbox_maps = inline:{ {j\u00f6rg@our.example = alice/} }")
        try:
            sender = "j\u00f6rg@our.example"
            self.assertEqual(send(message(sender, "n\u00fcmand@remote.example",
                                          subject="Gr\u00fc\u00dfe"), sender,
                                  ["n\u00fcmand@remote.example"], options=["SMTPUTF8"]), "250")
            notice = self.expect_genuine()
            self.assertIn("confidence=proven", verdict(notice))
        finally:
            self.ours.set("virtual_mailbox_maps = inline:{ alice@our.example=alice/, bob@our.example"
                          "=bob/, carol@our.example=carol/, desk@our.example=desk/ }")


class OwnNotices(WithPostfix):
    """Postfix itself writes them, about mail that it took and cannot hand on."""

    site = "mode = enforce\nauthserv-ids = mx.our.example\n"
    settings = ["virtual_alias_maps = inline:{ {sales@our.example = nobody@remote.example} }"]
    FAILED = "Authentication-Results: mx.our.example; spf=fail smtp.mailfrom=x; dkim=none\n"
    PASSED = "Authentication-Results: mx.our.example; spf=pass smtp.mailfrom=x; dkim=none\n"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.remote.set("smtpd_reject_unlisted_recipient = yes")

    def write_to_sales(self, sender, top=""):
        self.assertEqual(send(message(sender, "sales@our.example", top=top), sender,
                              ["sales@our.example"], client=served.STRANGER), "250")
        wait_until("the bounce", lambda: "sender non-delivery notification" in self.ours.log())
        self.settle()

    def test_to_us_are_never_refused(self):
        """In her name a stranger writes to an address that forwards: the notice comes to her."""
        self.write_to_sales("alice@our.example")
        self.assertIn("backscatter", verdict(self.only_mail()))
        self.assertEqual(self.ours.queue(), [])

    def test_to_strangers(self):
        for setting, top, expected in (
                ("deliver", self.FAILED, [None]),
                ("mark", self.FAILED, ["backscatter; confidence=likely; by=authentication; "
                                       "kind=failure; reason=user_unknown"]),
                ("mark", self.PASSED, [None]),
                ("discard", self.PASSED, [None]),
                ("discard", "", [None]),
                ("discard", self.FAILED, [])):
            with self.subTest(setting=setting, top=top):
                self.remote.empty("bob")
                self.daemon.use(self.site + f"outgoing-notices = {setting}")
                self.write_to_sales("bob@remote.example", top)
                self.assertEqual([verdict(mail) for mail in self.remote.mails("bob")], expected)
                self.assertEqual(self.ours.queue(), [])


SUBMISSION = """\
192.0.2.25:587 inet n - n - - smtpd
  -o milter_macro_daemon_name=SUBMISSION
"""


class Submission(WithPostfix):
    services = SUBMISSION
    site = "outgoing-daemons = SUBMISSION"

    def test_listed_daemon(self):
        for port, count in ((587, 1), (25, 0)):
            with self.subTest(port=port):
                self.ours.empty("bob")
                self.assertEqual(send(message(), "alice@our.example", ["bob@our.example"],
                                      client=served.STRANGER, port=port), "250")
                self.assertEqual(len(fields(self.only_mail("bob"), "Backstop-Tag")), count)

    def test_senders_of_others(self):
        """Are not signed, and neither is what has no sender."""
        for sender in ("bob@remote.example", ""):
            with self.subTest(sender=sender):
                self.ours.empty("bob")
                self.assertEqual(send(message(), sender, ["bob@our.example"], port=587), "250")
                self.assertNotIn(b"Backstop-", self.only_mail("bob"))


PROXIED = """\
192.0.2.25:2526 inet n - n - - smtpd
  -o smtpd_proxy_filter=127.0.0.1:10027
  -o smtpd_milters=
127.0.0.1:10028 inet n - n - - smtpd
  -o smtpd_authorized_xforward_hosts=127.0.0.0/8
"""


class ProxyFilter(WithPostfix):
    """The filter stands between two smtpd; the milter is at the second."""

    services = PROXIED

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        filter_ = relay.Relay(("127.0.0.1", 10027), ("127.0.0.1", 10028))
        cls.addClassCleanup(filter_.stop)
        cls.remote.set("transport_maps = inline:{ {our.example = smtp:[192.0.2.25]:2526} }")

    def test_signing(self):
        for client, count in ((served.OUR_CLIENT, 1), (served.STRANGER, 0)):
            with self.subTest(client=client):
                self.ours.empty("bob")
                self.assertEqual(send(message(), "alice@our.example", ["bob@our.example"],
                                      client=client, port=2526), "250")
                self.assertEqual(len(fields(self.only_mail("bob"), "Backstop-Tag")), count)

    def test_judging(self):
        for write, expected in ((self.write_genuine, "genuine"), (self.forge, PROVEN)):
            with self.subTest(expected=expected):
                self.ours.empty("alice")
                write()
                self.assertIn(expected, verdict(self.only_mail()))


class OverTcp(WithPostfix):
    """No step waits for an acknowledgement that comes 40 ms later."""

    milter = "inet:8894@127.0.0.1"
    settings = ["smtpd_milters = inet:127.0.0.1:8894", "non_smtpd_milters = inet:127.0.0.1:8894"]

    def test_no_stall(self):
        for sender, client in (("bob@remote.example", served.STRANGER),
                               ("alice@our.example", served.OUR_CLIENT)):
            mail = message(sender, "bob@our.example").replace(b"\n", b"\r\n")
            times = []
            with smtplib.SMTP(served.OUR_SERVER, source_address=(client, 0)) as smtp:
                for _ in range(40):
                    started = time.monotonic()
                    smtp.sendmail(sender, ["bob@our.example"], mail)
                    times.append(time.monotonic() - started)
            self.assertLess(statistics.median(times), 0.03)


class Manual(WithPostfix):
    """docs/postfix.md: its settings, with Debian's chroot, and its forged notice."""

    services = """\
192.0.2.25:2527 inet n - y - - smtpd
"""

    @classmethod
    def setUpClass(cls):
        cls.text = pathlib.Path("/mnt/docs/postfix.md").read_text(encoding="utf-8")
        folder = pathlib.Path("/var/postfix/ours/queue/backstop")
        cls.milter = f"unix:{folder}/milter.sock"
        cls.settings = re.findall(r"^postconf -e '(.*)'$", cls.text, re.MULTILINE)[:4]
        super().setUpClass()

    def test_settings(self):
        self.assertEqual(len(self.settings), 4)
        self.assertEqual(send(message(), "alice@our.example", ["bob@our.example"], port=2527),
                         "250")
        self.assertEqual(len(fields(self.only_mail("bob"), "Backstop-Tag")), 1)
        self.write_genuine()
        self.assertIn("genuine; confidence=proven; by=tag; kind=failure; reason=user_unknown",
                      verdict(self.only_mail()))

    def test_forged_notice(self):
        script = re.search(r"<<'END'\n(.*?)\nEND\n", self.text, re.DOTALL)[1]
        source = f"source_address=('{served.STRANGER}', 0)"
        script = script.replace("SMTP(sys.argv[1])", f"SMTP(sys.argv[1], {source})")

        def run():
            return subprocess.run([sys.executable, "-c", script, served.OUR_SERVER],
                                  capture_output=True, text=True)
        self.assertEqual(run().returncode, 0)
        self.assertIn(PROVEN, verdict(self.only_mail()))
        self.daemon.use("mode = enforce")
        self.assertIn("This is a notice about a message that we did not send", run().stderr)


class Trouble(WithPostfix):
    site = "mode = enforce"
    settings = ["message_size_limit = 100000000", "virtual_mailbox_limit = 200000000"]

    def test_killed_under_load(self):
        """Every mail arrives once, whatever becomes of the daemon."""
        count, senders = 300, 6
        ids = [f"<load-{i}@our.example>" for i in range(count)]

        def send_some(first):
            replies = []
            for i in range(first, count, senders):
                incoming = i % 2
                to = "bob@our.example" if incoming else "bob@remote.example"
                sender = "carol@remote.example" if incoming else "alice@our.example"
                mail = message(sender, to, message_id=ids[i])
                client = served.STRANGER if incoming else served.OUR_CLIENT
                reply = send(mail, sender, [to], client=client)
                while reply.startswith("4"):
                    reply = send(mail, sender, [to], client=client)
                replies.append(reply)
            return replies

        with concurrent.futures.ThreadPoolExecutor(senders + 1) as pool:
            runs = [pool.submit(send_some, first) for first in range(senders)]
            for _ in range(3):
                time.sleep(0.3)
                self.daemon.kill()
                time.sleep(0.3)
                self.daemon.start()
            replies = [reply for run in runs for reply in run.result()]
        self.assertEqual(replies, ["250"] * count)
        self.settle()
        arrived = [fields(mail, "Message-ID")[0] for server in (self.ours, self.remote)
                   for mail in server.mails("bob")]
        self.assertEqual(sorted(arrived), sorted(ids))

    def test_stopped_and_started(self):
        """Without the daemon mail goes on as it is."""
        try:
            self.assertEqual(self.daemon.stop(), 0)
            self.assertEqual(send(message(), "alice@our.example", ["bob@our.example"]), "250")
            self.assertNotIn(b"Backstop-Tag", self.only_mail("bob"))
        finally:
            self.daemon.start()

    def test_huge_mails(self):
        """50 MiB, ordinary, signed and as a notice, in little memory."""
        body = ("x" * 75 + "\n") * (50 * 1024 * 1024 // 76)
        tail = b"--b\nContent-Type: text/plain\n\n" + body.encode() + b"--b--\n"
        notice = notice_without_original().replace(b"--b--\n", tail)
        for mail, sender, recipient, client in (
                (message(body=body), "alice@our.example", "bob@our.example", served.OUR_CLIENT),
                (message("bob@remote.example", body=body), "bob@remote.example", "bob@our.example",
                 served.STRANGER),
                (notice, "", "bob@our.example", served.STRANGER)):
            self.ours.empty("bob")
            self.assertEqual(send(mail, sender, [recipient], client=client), "250")
            arrived = self.only_mail("bob")
            self.assertIn(body.encode(), arrived)
        self.assertEqual(verdict(arrived).split(";")[0], "unverified")
        self.assertLess(self.daemon.peak_kib(), 100 * 1024)

    def test_thousand_recipients_out(self):
        many = [f"bob+{i}@remote.example" for i in range(1000)]
        self.assertEqual(send(message(), "alice@our.example", many), "250")
        wait_until("a thousand mails", lambda: len(self.remote.mails("bob")) >= 1000, 60)
        self.settle()
        self.assertEqual(len(self.remote.mails("bob")), 1000)
        for mail in self.remote.mails("bob"):
            self.assertEqual(len(fields(mail, "Backstop-Tag")), 1)


if __name__ == "__main__":
    unittest.main()
