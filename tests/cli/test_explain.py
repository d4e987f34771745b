# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""`backstop explain`: the story of a queue id, and of a file."""

import unittest

from cli import ORDINARY, lines_of, mbox, notice, run
from history import EXIT_INPUT, EXIT_TEMPORARY, EXIT_USAGE, NOW, NOW_SEC, HistoryTest, forged

NO_STORY = "there is no such file, and no story with that queue id (any more)"


class Explain(HistoryTest):
    command = "explain"

    def test_queue_id(self):
        self.record(forged(queue_id="4A5F02C1D3", recipient="alice@our.example",
                           client_ip="203.0.113.9", reason="user_unknown", by="tag",
                           message_id="<1@our.example>", outbound_path="203.0.113.66",
                           explanation="Somebody else put your address on a message."),
                    forged(queue_id="OTHER"))
        self.assertEqual(self.run_command("4A5F02C1D3"), """\
4A5F02C1D3, 2026-11-24T12:00:00Z

  A report that mail could not be delivered came for alice@our.example, from
  203.0.113.9 (user_unknown). It is about <1@our.example>, which 203.0.113.66
  handed over to those who report.

  Verdict: backscatter, proven, by the witness tag. Somebody else put your
  address on a message.

  It was delivered, marked with the verdict. In the mode enforce it would have
  been rejected.

""")

    def test_little_is_known(self):
        self.record({"queue_id": "Q", "kind": "none", "has_genuine_witness": "0",
                     "done": "quarantine", "enforced": "quarantine"})
        self.assertEqual(self.run_command("Q"), """\
Q, 2026-11-24T12:00:00Z

  A message came. It does not tell which mail it is about.

  Verdict: genuine, likely.

  It was put into quarantine.

""")

    def test_untagged(self):
        self.record({"queue_id": "A", "has_tag": "0"},
                    {"queue_id": "B", "has_tag": "0", "is_explained": "1"},
                    {"queue_id": "C"})
        self.assertIn("by\n  a way that Backstop does not see", self.run_command("A"))
        self.assertIn("it is known why", self.run_command("B"))
        self.assertNotIn("tag", self.run_command("C"))

    def test_latest_first(self):
        self.record({"queue_id": "Q", "when_sec": NOW_SEC - 60},
                    forged(queue_id="Q", when_sec=NOW_SEC))
        text = self.run_command("Q")
        self.assertEqual(text.count("Q, 2026-11-24T"), 2)
        self.assertLess(text.index("backscatter"), text.index("genuine"))

    def test_unknown(self):
        self.record()
        self.assertEqual(self.run_command("4A5F", status=EXIT_INPUT, errors=f"4A5F: {NO_STORY}"),
                         "")

    def test_no_store(self):
        result = run("--config", "conf", "explain", "4A5F", cwd=self.folder)
        self.assertEqual(result.returncode, EXIT_TEMPORARY)
        self.assertIn(b"4A5F: there is no such file, and no store to look into", result.stderr)
        self.assertFalse((self.folder / "db").exists())

    def test_several(self):
        self.record({"queue_id": "A"}, {"queue_id": "B"})
        (self.folder / "C").write_bytes(ORDINARY)
        text = self.run_command("A", "X", "B", "C", status=EXIT_INPUT, errors=f"X: {NO_STORY}")
        starts = [line[:2] for line in text.splitlines() if line and line[0] != " "]
        self.assertEqual(starts, ["A,", "B,", "C"])

    def test_hostile_text(self):
        hostile = "\x1b]0;x\x07\u202e\x9b\udcff"
        members = ("queue_id", "by", "reason", "recipient", "client_ip", "outbound_path",
                   "message_id", "explanation")
        self.record({member: hostile for member in members})
        text = self.run_command(hostile.encode("utf-8", "surrogateescape"))
        self.assertEqual(text.count("\\x1b]0;x\\x07\\u202e\\x9b\\xff"), len(members))
        self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
        result = run("--config", "conf", "explain", "\x1b[2J", cwd=self.folder)
        self.assertIn(b"\\x1b[2J: ", result.stderr)
        self.assertNotIn(b"\x1b", result.stderr)


class ExplainFile(HistoryTest):
    command = "explain"

    def setUp(self):
        super().setUp()
        self.record()

    def explain(self, message, *arguments):
        (self.folder / "a.eml").write_bytes(message)
        return self.run_command(*arguments, "a.eml")

    def signed(self):
        """A notice about mail that was signed here."""
        mail = (b"From: alice@our.example\nTo: nobody@remote.example\nSubject: Offer\n"
                b"Date: Mon, 23 Nov 2026 20:24:50 +0000\nMessage-ID: <1@our.example>\n\nOffer\n")
        result = run("--config", "conf", "sign", "--as-of", NOW, "--from", "alice@our.example",
                     "--rcpt", "nobody@remote.example", stdin=mail, cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stderr)
        tag = result.stdout.partition(b"\nFrom: ")[0]
        return notice().replace(b"\nFrom: alice@our.example", b"\n" + tag
                                + b"\nFrom: alice@our.example")

    def test_genuine(self):
        text = self.explain(self.signed())
        self.assertTrue(text.startswith("""\
a.eml

  A report that mail could not be delivered came for alice@our.example
  (user_unknown). It is about <1@our.example>, which 192.0.2.5 handed over to
  those who report.

  The witnesses:
    tag     genuine, proof: the returned message bears our tag, made for exactly this mail on \
2026-11-24
"""), text)
        self.assertIn("\n  Verdict: genuine, proven, by the witness tag. This notice is about",
                      text)
        self.assertIn("enforce it would be delivered, marked with the verdict, for\n  "
                      "alice@our.example.\n  In the mode observe it would only be marked.\n", text)
        self.assertNotIn("no tag", text)

    def test_as_check_does(self):
        for message in (self.signed(), notice(), notice().replace(b"Offer", b"\xff")):
            text = " ".join(self.explain(message).split())
            result = run("--config", "conf", "check", "--json", "--as-of", NOW, "a.eml",
                         cwd=self.folder)
            [line] = lines_of(result.stdout)
            self.assertIn(f"Verdict: {line['verdict']}", text)
            self.assertIn(" ".join(line["explanation"].split()), text)
            for evidence in line["evidence"]:
                self.assertIn(f"{evidence['witness']} ", text)
                self.assertIn(" ".join(evidence["why"].split()), text)

    def test_envelope(self):
        text = self.explain(notice(), "--rcpt", "bob@our.example", "--rcpt", "eve@our.example",
                            "--client-ip", "203.0.113.9", "--mail-from", "<>")
        self.assertIn("came for bob@our.example, from\n  203.0.113.9", text)
        self.assertIn("for\n  bob@our.example.\n", text)
        self.assertIn("for\n  eve@our.example.\n", text)

    def test_policy(self):
        self.configure("unverified = quarantine\nnever-notices = eve@our.example\n"
                       "always-notices = bob@our.example\n[domain our.example]\n")
        text = self.explain(notice())
        self.assertIn("enforce it would be put into quarantine, for alice@our.example.", text)
        text = " ".join(self.explain(notice(), "--rcpt", "eve@our.example", "--rcpt",
                                     "bob@our.example").split())
        self.assertIn("for eve@our.example, who gets genuine notices alone.", text)
        self.assertIn("for bob@our.example, who always gets notices.", text)

    def test_allowed(self):
        self.configure("unverified = quarantine\nallow-subject = Undelivered *\n"
                       "[domain our.example]\n")
        text = " ".join(self.explain(notice()).split())
        self.assertIn("marked with the verdict, for a rule allows it: allow-subject: "
                      "Undelivered *.", text)
        self.assertNotIn("quarantine", text)

    def test_no_notice(self):
        self.assertEqual(self.explain(ORDINARY),
                         "a.eml\n\n  This is no notice: Backstop lets it pass.\n\n")

    def test_mbox_and_input(self):
        text = self.explain(mbox(ORDINARY, notice()))
        self.assertIn("a.eml#0\n", text)
        self.assertIn("a.eml#1\n", text)
        self.assertEqual(self.run_command("-", stdin=ORDINARY).partition("\n")[0], "-")

    def test_unreadable(self):
        self.run_command("./nothing", status=EXIT_INPUT,
                         errors="./nothing: No such file or directory")
        (self.folder / "empty").write_bytes(b"")
        result = run("--config", "conf", "explain", "empty", cwd=self.folder)
        self.assertEqual((result.returncode, result.stdout), (EXIT_INPUT, b""))

    def test_hostile_message(self):
        message = notice(recipient="x\x1b[2J@remote.example", subject=b"\x9b\x1b]0;\x07")
        text = self.explain(message.replace(b"To: alice@our.example",
                                            b"To: \xe2\x80\xae\x1balice@our.example"))
        self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")

    def test_usage(self):
        for arguments in ([], ["--as-of", "x", "a"], ["--client-ip"], ["--nothing"]):
            result = run("--config", "conf", "explain", *arguments, cwd=self.folder)
            self.assertEqual(result.returncode, EXIT_USAGE)


if __name__ == "__main__":
    unittest.main()
