# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""`backstop report`: what it counts, what it shows of mail without a tag, and when it is ready."""

import json
import unittest

from cli import run
from history import (DAY_SEC, EXIT_TEMPORARY, EXIT_USAGE, NOW_SEC, HistoryTest, forged)


def untagged(recipient, path, **members):
    return {"recipient": recipient, "outbound_path": path, "has_tag": "0", **members}


class Report(HistoryTest):
    command = "report"

    def report(self, *arguments):
        text = self.run_command("--json", *arguments)
        self.assertEqual(text.count("\n"), 1)
        self.assertTrue(text.isascii())
        return json.loads(text)

    def test_empty(self):
        self.record()
        self.assertEqual(self.run_command(), """\
Notices from 2026-10-26 to 2026-11-24 (UTC): 0

Notices about mail that a witness knows as ours, but without our tag: 0, 0 of them unexplained.

Ready for enforce: no
  backstopd has not run yet with this store.
  unexplained notices in the last 14 days: 0; none may be
  Missing: let backstopd run on in the mode observe.
""")

    def test_text(self):
        self.observe(20)
        self.record({"count": 3}, forged(count=2000), forged(done="reject", count=5),
                    forged(confidence="likely", enforced="quarantine",
                           when_sec=NOW_SEC - DAY_SEC),
                    {"verdict": "unverified", "confidence": "-", "kind": "auto_reply",
                     "has_genuine_witness": "0"},
                    untagged("bob@our.example", "198.51.100.7", count=2),
                    untagged("Alice+x@our.example", "", is_explained="1", count=4))
        self.assertEqual(self.run_command(), """\
Notices from 2026-10-26 to 2026-11-24 (UTC): 2016

genuine, likely: 9
  done: mark 9
  enforce would: mark 9
unverified: 1
  done: mark 1
  enforce would: mark 1
backscatter, proven: 2005
  done: mark 2000, reject 5
  enforce would: reject 2005
backscatter, likely: 1
  done: mark 1
  enforce would: quarantine 1

kind                 genuine  unverified backscatter
failure                    9           0        2006
auto_reply                 0           1           0

day                  genuine  unverified backscatter
2026-11-23                 0           0           1
2026-11-24                 9           1        2005

Notices about mail that a witness knows as ours, but without our tag: 6, 2 of them unexplained.
     notices unexplained  last        sender                                handed over by
           2           2  2026-11-24  bob@our.example                       198.51.100.7
           4           0  2026-11-24  alice@our.example                     (not told)

Ready for enforce: no
  observed on 20 days, 14 are needed; since 2026-11-04, last on 2026-11-24
  unexplained notices in the last 14 days: 2; none may be
  Missing: find the hosts above by which that mail leaves, and have it signed there;
  then wait until it is older than those days.
""")

    def test_json(self):
        self.observe(14)
        self.record(forged(count=7), untagged("bob@our.example", "198.51.100.7", is_explained="1"))
        self.assertEqual(self.report(), {
            "schema": 1, "from": "2026-10-26", "until": "2026-11-24",
            "tallies": [
                {"day": "2026-11-24", "verdict": "genuine", "confidence": "likely",
                 "kind": "failure", "done": "mark", "enforced": "mark", "count": 1, "untagged": 1,
                 "unexplained": 0},
                {"day": "2026-11-24", "verdict": "backscatter", "confidence": "proven",
                 "kind": "failure", "done": "mark", "enforced": "reject", "count": 7,
                 "untagged": 0, "unexplained": 0}],
            "untagged": [{"sender": "bob@our.example", "path": "198.51.100.7",
                          "last": "2026-11-24", "count": 1, "unexplained": 0}],
            "readiness": {"ready": True, "observed_since": "2026-11-10",
                          "observed_last": "2026-11-24", "observed_days": 14, "needed_days": 14,
                          "unexplained": 0}})

    def test_days(self):
        for days_ago in range(5):
            self.record(forged(when_sec=NOW_SEC - days_ago * DAY_SEC, count=10 ** days_ago))

        def counts(*arguments):
            return [tally["count"] for tally in self.report(*arguments)["tallies"]]
        self.assertEqual(counts(), [10000, 1000, 100, 10, 1])
        self.assertEqual(counts("--from", "2026-11-22", "--until", "2026-11-23"), [100, 10])
        self.assertEqual(counts("--from", "2026-11-22T23:00:00Z"), [100, 10, 1])
        self.assertEqual(counts("--until", "2026-11-21"), [10000, 1000])
        self.assertEqual(counts("--until", "2026-11-01"), [])

    def test_readiness(self):
        self.observe(13)
        self.assertFalse(self.report()["readiness"]["ready"])
        self.observe(14)
        self.assertTrue(self.report()["readiness"]["ready"])
        self.assertIn("Ready for enforce: yes\n", self.run_command())
        self.record(untagged("bob@our.example", "", when_sec=NOW_SEC - 13 * DAY_SEC))
        self.assertFalse(self.report()["readiness"]["ready"])
        # Whatever days are shown.
        self.assertFalse(self.report("--until", "2026-11-01")["readiness"]["ready"])

    def test_old_unexplained_ones_do_not_count(self):
        self.observe(20)
        self.record(untagged("bob@our.example", "", when_sec=NOW_SEC - 14 * DAY_SEC))
        self.assertTrue(self.report()["readiness"]["ready"])

    def test_hostile_text(self):
        self.record(untagged("\x1b[31m\u202ebob@our.example", "h\x07\x9b.example\udcff" + "x" * 99))
        text = self.run_command()
        self.assertIn('"\\x1b[31m\\u202ebob"@our.example', text)
        self.assertIn("h\\x07\\x9b.example\\xff", text)
        self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
        self.assertLess(max(len(line) for line in text.splitlines()), 120)
        self.assertNotRegex(self.run_command("--json"), "[\x00-\x09\x0b-\x1f\x7f]")

    def test_many_groups(self):
        self.record(*(untagged("bob@our.example", f"h{i}.example") for i in range(60)))
        text = self.run_command()
        self.assertEqual(text.count(".example  "), 40)
        self.assertIn("\nand 20 more: --json shows all\n", text)
        self.assertEqual(len(self.report()["untagged"]), 60)

    def test_nothing_is_told(self):
        self.record(untagged("", ""))
        [group] = self.report()["untagged"]
        self.assertEqual((group["sender"], group["path"]), (None, None))
        self.assertRegex(self.run_command(), r"2026-11-24  \(not told\) +\(not told\)\n")

    def test_forget(self):
        self.record(untagged("bob@our.example", "192.0.2.9"),
                    untagged("alice@our.example", "192.0.2.9"))
        result = run("--config", "conf", "ledger", "forget", "bob@our.example", cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual([group["sender"] for group in self.report()["untagged"]],
                         ["alice@our.example"])

    def test_history_days(self):
        self.configure("history-days = 5\n")
        self.record(untagged("old@our.example", "", when_sec=NOW_SEC - 6 * DAY_SEC),
                    untagged("new@our.example", "", when_sec=NOW_SEC - 5 * DAY_SEC))
        result = run("--config", "conf", "ledger", "--as-of", str(NOW_SEC), "expire",
                     cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual([group["sender"] for group in self.report()["untagged"]],
                         ["new@our.example"])

    def test_usage(self):
        for arguments in (["more"], ["--from", "today"], ["--until", "2026-13-01"],
                          ["--from", "2026-11-24", "--until", "2026-11-23"], ["--as-of", "x"]):
            with self.subTest(arguments=arguments):
                result = run("--config", "conf", "report", *arguments, cwd=self.folder)
                self.assertEqual(result.returncode, EXIT_USAGE)
                self.assertEqual(result.stdout, b"")

    def test_no_store(self):
        result = run("--config", "conf", "report", cwd=self.folder)
        self.assertEqual(result.returncode, EXIT_TEMPORARY)
        self.assertIn(b"there is no store", result.stderr)
        self.assertFalse((self.folder / "db").exists())

    def test_full_disk(self):
        self.record()
        with open("/dev/full", "wb") as full:
            result = run("--config", "conf", "report", cwd=self.folder, stdout=full)
        self.assertEqual(result.returncode, EXIT_TEMPORARY)
        self.assertIn(b"No space left", result.stderr)


if __name__ == "__main__":
    unittest.main()
