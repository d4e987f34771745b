# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""backstopd beside real Postfix: what becomes of notices, by verdict and by rule."""

import unittest

import machine

machine.enter(__file__, "postfix")

import served
from pair import NOT_OURS, PROVEN, WithPostfix, notice_without_original, wait_until
from served import fields, message, send, verdict


class Observe(WithPostfix):
    def test_genuine(self):
        self.write_genuine()
        notice = self.only_mail()
        self.assertIn("genuine; confidence=proven", verdict(notice))
        self.assertEqual(len(fields(notice, "Backstop-Seen")), 1)
        self.assertIn(b"\nBackstop-Tag: v=1;", notice)
        self.assertEqual(notice.count(b"\nBackstop-Tag:"), 1)

    def test_forged(self):
        self.forge()
        self.assertIn(PROVEN, verdict(self.only_mail()))

    def test_local_submission(self):
        self.ours.sendmail(message(), "-f", "alice@our.example", "nobody@remote.example")
        self.assertIn("genuine; confidence=proven", verdict(self.only_mail()))

    def test_ordinary_mail(self):
        """Of strangers and of our own: not marked, whole, and no field of ours in it."""
        body = "".join(f"line {i}\n" for i in range(5000))
        self.assertEqual(send(message("bob@remote.example", "alice@our.example", body=body),
                              "bob@remote.example", ["alice@our.example"],
                              client=served.STRANGER), "250")
        mail = self.only_mail()
        self.assertNotIn(b"Backstop-", mail)
        self.assertIn(body.encode(), mail)

    def test_verdict_of_a_stranger_is_removed(self):
        top = ("Backstop-Verdict: genuine; confidence=proven\nX-Kept: 1\n"
               "BACKSTOP-VERDICT : genuine\nbackstop-verdict: genuine;\n\tfolded\n"
               "X-Kept: 2\nBackstop-Seen: v=1\nBackstop-Verdict-Not: kept\n")
        for client, sender in ((served.STRANGER, "bob@remote.example"),
                               (served.OUR_CLIENT, "bob@our.example"),
                               (served.STRANGER, "")):
            with self.subTest(client=client, sender=sender):
                self.ours.empty("alice")
                self.assertEqual(send(message("bob@remote.example", "alice@our.example", top=top),
                                      sender, ["alice@our.example"], client=client), "250")
                mail = self.only_mail()
                self.assertEqual(fields(mail, "Backstop-Verdict"), [])
                self.assertEqual(fields(mail, "Backstop-Seen"), [])
                self.assertEqual(fields(mail, "X-Kept"), ["1", "2"])
                self.assertEqual(fields(mail, "Backstop-Verdict-Not"), ["kept"])

    def test_forged_notice_with_a_verdict(self):
        """A stranger's field does not survive beside ours."""
        self.forge()
        notice = self.only_mail()
        self.ours.empty("alice")
        stolen = notice.partition(b"Backstop-Verdict")
        stolen = b"Backstop-Verdict: genuine; confidence=proven; by=tag\n" + b"".join(stolen[1:])
        self.assertEqual(send(stolen, "", ["alice@our.example"], client=served.STRANGER), "250")
        self.assertIn(PROVEN, verdict(self.only_mail()))

    def test_own_notice(self):
        """Our own Postfix is told that nobody is there, and writes the notice itself."""
        self.remote.set("smtpd_reject_unlisted_recipient = yes")
        try:
            self.write_genuine()
            self.assertIn("genuine; confidence=proven", verdict(self.only_mail()))
        finally:
            self.remote.set("smtpd_reject_unlisted_recipient = no")


class Enforce(WithPostfix):
    site = "mode = enforce"

    def test_genuine(self):
        self.write_genuine()
        self.assertIn("genuine; confidence=proven", verdict(self.only_mail()))

    def test_forged_is_refused(self):
        self.forge()
        wait_until("the remote to be refused", lambda: NOT_OURS in self.remote.log())
        self.settle()
        self.assertEqual(self.ours.mails("alice"), [])
        self.assertEqual(self.remote.queue(), [])

    def use(self, disposition):
        self.daemon.use("mode = enforce", f"proven-backscatter = {disposition}")

    def test_deliver(self):
        self.use("deliver")
        self.forge()
        notice = self.only_mail()
        self.assertIsNone(verdict(notice))
        self.assertEqual(len(fields(notice, "Backstop-Seen")), 1)

    def test_mark(self):
        self.use("mark")
        self.forge()
        self.assertIn(PROVEN, verdict(self.only_mail()))

    def test_quarantine(self):
        self.use("quarantine")
        self.forge()
        held = wait_until("a mail on hold", lambda: [
            name for name in self.ours.queue() if name.endswith("!")])
        self.settle()
        self.assertEqual(self.ours.mails("alice"), [])
        self.assertIn(PROVEN, verdict(self.ours.queued_mail(held[0])))
        # Released, it arrives as it was judged, and is not judged anew.
        self.ours.run("postsuper", "-H", held[0].rstrip("!"))
        self.ours.run("postqueue", "-f")
        self.assertIn(PROVEN, verdict(self.only_mail()))

    def test_reject_for_a_while(self):
        self.daemon.use("mode = enforce", "reject-reply = 450 4.7.1 Not now, please")
        self.forge()
        wait_until("the remote to be put off", lambda: "4.7.1 Not now, please" in self.remote.log())
        self.assertEqual(self.ours.mails("alice"), [])
        self.assertEqual(len(self.remote.queue()), 1)

    def test_discard(self):
        self.use("discard")
        self.forge()
        wait_until("the discarding", lambda: "done=discard" in self.daemon.log() or
                   "disposition=discard" in self.daemon.log())
        self.settle()
        self.assertEqual(self.ours.mails("alice"), [])
        self.assertEqual(self.ours.queue(), [])
        self.assertNotIn(NOT_OURS, self.remote.log().splitlines()[-1])


class Rules(WithPostfix):
    """Rules of single recipients, and notices to several."""

    ENFORCE = "mode = enforce\n"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A notice about forged mail, as the remote server handed it in.
        test = cls()
        test.forge()
        wait_until("the notice", lambda: cls.ours.mails("alice"))
        notice = cls.ours.mails("alice")[0]
        cls.forged = notice[notice.index(b"Received: by mx.remote.example"):]
        assert b"Backstop" not in cls.forged

    def hand_in(self, mail, *recipients):
        return send(mail, "", list(recipients), client=served.STRANGER)

    def counts(self):
        self.settle()
        return {box: len(self.ours.mails(box)) for box in ("alice", "bob", "carol")
                if self.ours.mails(box)}

    def test_all_refused(self):
        self.daemon.use(self.ENFORCE)
        self.assertIn(NOT_OURS, self.hand_in(self.forged, "alice@our.example", "bob@our.example"))
        self.assertEqual(self.counts(), {})

    def test_one_gets_it(self):
        """The other's copy is kept; nobody is told that it was refused."""
        self.daemon.use(self.ENFORCE, more="[address bob@our.example]\nproven-backscatter = mark")
        self.assertEqual(self.hand_in(self.forged, "alice@our.example", "bob@our.example",
                                      "carol+list@our.example"), "250")
        self.assertEqual(self.counts(), {"bob": 1})
        self.assertIn(PROVEN, verdict(self.ours.mails("bob")[0]))
        copy, = self.daemon.quarantined()
        self.assertEqual(fields(copy, "Delivered-To"),
                         ["alice@our.example", "carol+list@our.example"])
        self.assertIn(PROVEN, verdict(copy))
        self.assertIn(self.forged.partition(b"\n\n")[2].rstrip(), copy)

    def test_no_quarantine(self):
        """The copies cannot be written: everybody gets it."""
        self.daemon.use(self.ENFORCE + "quarantine-folder = /proc/nowhere\n",
                        more="[address bob@our.example]\nproven-backscatter = mark")
        self.assertEqual(self.hand_in(self.forged, "alice@our.example", "bob@our.example"), "250")
        self.assertEqual(self.counts(), {"alice": 1, "bob": 1})
        self.assertIn(PROVEN, verdict(self.ours.mails("alice")[0]))

    def test_address_in_any_spelling(self):
        self.daemon.use(self.ENFORCE, more="[address bob@our.example]\nproven-backscatter = mark")
        self.assertEqual(self.hand_in(self.forged, "BOB+news@OUR.example"), "250")
        self.assertEqual(self.counts(), {"bob": 1})

    def test_spellings_that_postfix_reads(self):
        """It delivers them to alice."""
        for spelling in ("our.example!alice", "<alice>", '<"alice@our.example">',
                         "<@relay.example:alice@our.example>"):
            with self.subTest(spelling=spelling):
                self.daemon.use(self.ENFORCE)
                self.assertIn(NOT_OURS, self.hand_in(self.forged, spelling))
                self.assertIn(NOT_OURS, self.hand_in(self.forged, "alice@our.example", spelling))
                self.daemon.use(self.ENFORCE,
                                more="[address bob@our.example]\nproven-backscatter = mark")
                self.daemon.clear_quarantine()
                self.ours.empty("alice", "bob")
                self.assertEqual(self.hand_in(self.forged, spelling, "bob@our.example"), "250")
                self.assertEqual(self.counts(), {"bob": 1})
                self.assertEqual(len(self.daemon.quarantined()), 1)

    def test_role_beside_others(self):
        """That postmaster must hear of it lifts nothing for the others."""
        self.ours.set("virtual_alias_maps = inline:{ {postmaster@our.example = bob@our.example} }")
        self.daemon.use(self.ENFORCE)
        self.assertEqual(self.hand_in(self.forged, "postmaster@our.example", "alice@our.example"),
                         "250")
        self.assertEqual(self.counts(), {"bob": 1})
        copy, = self.daemon.quarantined()
        self.assertEqual(fields(copy, "Delivered-To"), ["alice@our.example"])

    def test_always_and_never(self):
        self.daemon.use(self.ENFORCE + "always-notices = alice@our.example\n"
                        "never-notices = bob@our.example\n")
        self.assertEqual(self.hand_in(self.forged, "alice@our.example"), "250")
        self.assertEqual(self.counts(), {"alice": 1})
        unproven = notice_without_original()
        self.assertEqual(self.hand_in(unproven, "carol@our.example"), "250")
        self.assertEqual(self.hand_in(unproven, "bob@our.example"), "250")
        self.assertEqual(self.counts(), {"alice": 1, "carol": 1})
        self.assertEqual(verdict(self.ours.mails("carol")[0]).split(";")[0], "unverified")
        self.assertEqual(len([name for name in self.ours.queue() if name.endswith("!")]), 1)

    def test_allow_rules(self):
        for rule in ("allow-subject = *mail returned to*", "allow-client = 203.0.113.0/24",
                     "allow-sender = mailer-daemon@remote.example"):
            with self.subTest(rule=rule):
                self.ours.empty("alice")
                self.daemon.use(self.ENFORCE + rule)
                self.assertEqual(self.hand_in(self.forged, "alice@our.example"), "250")
                self.assertEqual(self.counts(), {"alice": 1})
        self.daemon.use(self.ENFORCE + "allow-subject = voicemail*\nallow-client = 203.0.113.0/28")
        self.assertIn(NOT_OURS, self.hand_in(self.forged, "alice@our.example"))

    def test_refuse_at_data(self):
        self.daemon.use(self.ENFORCE + "refuse-at-data = desk@our.example")
        ordinary = message("bob@remote.example", "desk@our.example")
        self.assertIn("sends no mail", self.hand_in(ordinary, "desk@our.example"))
        # Not of those who have a sender, and not where somebody else is to get it.
        self.assertEqual(self.hand_in(notice_without_original(), "desk@our.example",
                                      "alice@our.example"), "250")
        self.assertEqual(send(ordinary, "bob@remote.example", ["desk@our.example"],
                              client=served.STRANGER), "250")
        self.daemon.use("refuse-at-data = desk@our.example")
        self.assertEqual(self.hand_in(ordinary, "desk@our.example"), "250")
        self.settle()
        self.assertEqual(len(self.ours.mails("desk")), 3)

    def test_nothing_at_rcpt(self):
        """Callouts of other sites end there."""
        self.daemon.use(self.ENFORCE + "refuse-at-data = desk@our.example")
        with served.smtplib.SMTP(served.OUR_SERVER, 25, "callout.test",
                                 source_address=(served.STRANGER, 0)) as smtp:
            smtp.ehlo()
            for recipient in ("alice@our.example", "desk@our.example"):
                self.assertEqual(smtp.mail("")[0], 250)
                self.assertEqual(smtp.rcpt(recipient)[0], 250)
                self.assertEqual(smtp.rset()[0], 250)

    def test_thousand_recipients(self):
        self.daemon.use(self.ENFORCE)
        many = [f"alice+{i}@our.example" for i in range(1000)]
        self.assertIn(NOT_OURS, self.hand_in(self.forged, *many))
        self.daemon.use(self.ENFORCE, more="[address bob@our.example]\nproven-backscatter = mark")
        self.assertEqual(self.hand_in(self.forged, *many[:-1], "bob@our.example"), "250")
        self.assertEqual(self.counts(), {"bob": 1})
        self.assertEqual(len(fields(self.daemon.quarantined()[0], "Delivered-To")), 999)


if __name__ == "__main__":
    unittest.main()
