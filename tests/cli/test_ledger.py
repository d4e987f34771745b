# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""`backstop ledger import|stats|expire|forget`, and what a ledger then does for a notice."""

import bz2
import calendar
import gzip
import lzma
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

from cli import LIMIT_SEC, ORDINARY, PROGRAM, ROOT, lines_of, mbox, notice, run

NOW = "2026-11-24T12:00:00Z"
NOW_SEC = calendar.timegm(time.strptime(NOW, "%Y-%m-%dT%H:%M:%SZ"))
EXIT_INPUT, EXIT_USAGE, EXIT_TEMPORARY = 1, 64, 75
LOGS = ROOT / "tests/fixtures/logs"

# Logs have local times.
os.environ["TZ"] = "UTC"

SENT = b"""\
From: alice@our.example
To: nobody@remote.example
Date: Mon, 23 Nov 2026 20:24:50 +0000
Message-ID: <1@our.example>

Offer
"""


def log_lines(message_id="<1@our.example>", sender="alice@our.example",
              recipient="nobody@remote.example", queue_id="4A5F02C1D3", hour=8, login=True,
              relay="mx.remote.example[203.0.113.9]:25"):
    """What Postfix writes of a mail, on the morning of the clock's day."""
    head = f"Nov 24 {hour:02}:00:00 mx postfix/"
    client = ", sasl_method=PLAIN, sasl_username=alice" if login else ""
    return [f"{head}smtpd[1]: {queue_id}: client=unknown[203.0.113.66]{client}\n",
            f"{head}cleanup[2]: {queue_id}: message-id={message_id}\n",
            f"{head}qmgr[3]: {queue_id}: from=<{sender}>, size=2000, nrcpt=1 (queue active)\n",
            f"{head}smtp[4]: {queue_id}: to=<{recipient}>, relay={relay}, delay=1, dsn=5.1.1, "
            "status=bounced (host said: 550 5.1.1 unknown)\n",
            f"{head}qmgr[3]: {queue_id}: removed\n"]


class LedgerTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.configure()
        result = run("--config", "conf", "key", "new", cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stderr)

    def configure(self, text=""):
        self.write("conf", f"[backstop]\nkey-file = {self.folder}/keys\n"
                           f"store = {self.folder}/db\n{text}")

    def write(self, name, content):
        """A file that was last changed at noon of the clock's day."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, list):
            content = "".join(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (NOW_SEC, NOW_SEC))
        return name

    def ledger(self, *arguments, status=0, errors=(), stdin=b"", as_of=NOW):
        result = run("--config", "conf", "ledger", "--as-of", as_of, *arguments, stdin=stdin,
                     cwd=self.folder)
        told = "".join(f"backstop ledger: {line}\n" for line in errors)
        self.assertEqual(result.stderr.decode(), told)
        self.assertEqual(result.returncode, status)
        return result.stdout.decode()

    def imported(self, *paths, mails, recipients, passed_over=(), **options):
        """The import's summary must be this."""
        expected = f"{mails} mails to {recipients} recipients imported.\n"
        if passed_over:
            count = sum(int(line.split()[0]) for line in passed_over)
            expected += f"{count} mails passed over:\n"
            expected += "".join(f"  {line}\n" for line in passed_over)
        self.assertEqual(self.ledger("import", *paths, **options), expected)

    def rows(self):
        for line in self.ledger("stats").splitlines():
            if line.startswith("rows "):
                return int(line.split()[1])
        return None

    def verdict(self, message=None):
        """Of a notice about <1@our.example> to nobody@remote.example."""
        self.write("a.eml", message or notice())
        result = run("--config", "conf", "check", "--json", "--as-of", NOW, "a.eml",
                     cwd=self.folder)
        [line] = lines_of(result.stdout)
        return line["verdict"], line["confidence"]


PROVEN, LIKELY, UNVERIFIED = ("genuine", "proven"), ("genuine", "likely"), ("unverified", None)


class SentFolders(LedgerTest):
    def test_a_message(self):
        self.write("sent", SENT)
        self.imported("sent", mails=1, recipients=1)
        self.assertEqual(self.verdict(), PROVEN)

    def test_mbox_maildir_and_folder(self):
        self.write("mbox", mbox(SENT, SENT.replace(b"<1@", b"<2@")))
        self.write("Maildir/cur/1:2,S", SENT.replace(b"<1@", b"<3@"))
        (self.folder / "Maildir/new").mkdir()
        self.write("box/1.eml", SENT.replace(b"<1@", b"<4@"))
        self.imported("mbox", "Maildir", "box", mails=4, recipients=4)
        # For each an id of the sender's, one of anybody's, and one with the recipient; and the pair.
        self.assertEqual(self.rows(), 4 * 3 + 1)

    def test_twice_is_once(self):
        self.write("sent", SENT)
        self.imported("sent", "sent", mails=2, recipients=2)
        self.assertEqual(self.rows(), 4)
        self.imported("sent", mails=1, recipients=1)
        self.assertEqual(self.rows(), 4)

    def test_a_pair_makes_it_likely(self):
        self.write("sent", SENT.replace(b"<1@", b"<other@"))
        self.imported("sent", mails=1, recipients=1)
        self.assertEqual(self.verdict(), LIKELY)

    def test_absence_says_nothing(self):
        self.configure("ledger-complete = yes\n")
        self.write("sent", SENT.replace(b"<1@", b"<other@").replace(b"nobody@", b"other@"))
        self.imported("sent", mails=1, recipients=1)
        self.assertEqual(self.verdict(), UNVERIFIED)

    def test_what_is_passed_over(self):
        self.configure("[domain our.example]\n")
        self.write("old", SENT.replace(b"23 Nov 2026", b"1 Nov 2026"))
        self.write("undated", SENT.replace(b"Date:", b"X-Date:"))
        self.write("foreign", SENT.replace(b"alice@our", b"alice@other"))
        self.write("nobody", SENT.replace(b"From:", b"X-From:"))
        self.imported("old", "undated", "foreign", "nobody", mails=0, recipients=0,
                      passed_over=["1 of senders at other domains",
                                   "1 whose sender is not known",
                                   "1 too old for the ledger",
                                   "1 without a date"])

    def test_one_sender_of_ours_is_enough(self):
        self.configure("[domain our.example]\n")
        self.write("sent", SENT.replace(b"To:", b"Sender: list@other.example\nTo:"))
        self.imported("sent", mails=1, recipients=1)

    def test_ledger_days(self):
        self.configure("ledger-days = 40\n")
        self.write("old", SENT.replace(b"23 Nov 2026", b"1 Nov 2026"))
        self.imported("old", mails=1, recipients=1)


class Logs(LedgerTest):
    def test_a_log(self):
        self.write("mail.log", log_lines())
        self.imported("mail.log", mails=1, recipients=1)
        self.assertEqual(self.verdict(), PROVEN)

    def test_mail_from_outside_proves_nothing(self):
        # Who forges alice's mail to bob cannot make notices about it genuine.
        self.write("mail.log", log_lines(recipient="bob@our.example", login=False,
                                         relay="in.our.example[10.0.0.2]:25"))
        outside = ["1 that came from outside (see internal-networks)"]
        self.imported("mail.log", mails=0, recipients=0, passed_over=outside)
        self.assertEqual(self.verdict(notice("bob@our.example")), UNVERIFIED)
        self.configure("internal-networks = 203.0.113.64/28\n")
        self.imported("mail.log", mails=1, recipients=1)
        self.assertEqual(self.verdict(notice("bob@our.example")), PROVEN)

    def test_packed(self):
        self.write("mail.log.2.gz", gzip.compress("".join(log_lines()).encode()))
        self.imported("mail.log.2.gz", mails=1, recipients=1)
        half = gzip.compress("".join(log_lines()[:3]).encode())
        rest = gzip.compress("".join(log_lines()[3:]).encode())
        self.write("joined.gz", half + rest)
        self.imported("joined.gz", mails=1, recipients=1)

    def test_packed_otherwise(self):
        text = "".join(log_lines()).encode()
        self.write("log.xz", lzma.compress(text))
        self.write("log.bz2", bz2.compress(text))
        self.imported("log.xz", "log.bz2", mails=0, recipients=0, status=EXIT_INPUT,
                      errors=["log.xz: is packed: xzcat FILE | backstop ledger import -",
                              "log.bz2: is packed: bzcat FILE | backstop ledger import -"])
        self.imported("-", mails=1, recipients=1, stdin=text)

    def test_rotated(self):
        # In the order of their times, whatever the order of their names.
        lines = log_lines()
        self.write("mail.log", [line.replace("08:", "09:") for line in lines[3:]])
        self.write("mail.log.1", lines[1:3])
        self.write("mail.log.2.gz", gzip.compress(lines[0].replace("08:", "07:").encode()))
        self.imported("mail.log", "mail.log.1", "mail.log.2.gz", mails=1, recipients=1, status=0)
        self.assertEqual(self.verdict(), PROVEN)

    def test_rotated_at_new_year(self):
        text = "".join(log_lines())
        self.write("old", text.replace("Nov 24", "Dec 31"))
        self.write("new", text.replace("Nov 24", "Jan  1").replace("4A5F02C1D3", "4A5F02C1D4"))
        after = NOW_SEC + 45 * 86400
        for name in ("old", "new"):
            os.utime(self.folder / name, (after, after))
        self.imported("new", "old", mails=2, recipients=2, as_of="2027-01-08T12:00:00Z")
        self.assertIn("oldest       2026-12-31\nnewest       2027-01-01\n", self.ledger("stats"))

    def test_other_logs(self):
        self.write("messages", "Nov 24 08:00:00 mx kernel: eth0: link up\n" * 5)
        self.imported("messages", mails=0, recipients=0, status=EXIT_INPUT,
                      errors=["messages: is a log, but Postfix did not write of any mail in it"])

    def test_a_cut_first_line(self):
        self.write("mail.log", "stfix/qmgr[3]: 4A5F02C1D2: removed\n" + "".join(log_lines()))
        self.imported("mail.log", mails=1, recipients=1)

    def test_empty(self):
        self.write("mail.log", "")
        self.imported("mail.log", mails=0, recipients=0)

    def test_real_log(self):
        for name, text in (("postfix.any-client.txt", ""),
                           ("postfix.internal-networks.txt",
                            "internal-networks = 192.0.2.80\n[domain our.example]\n")):
            self.configure(text)
            self.write("mail.log", (LOGS / "postfix.log").read_bytes())
            expected = (LOGS / name).read_text().splitlines()
            summary = self.ledger("import", "mail.log").splitlines()[0]
            recipients = sum(len(line.split("> ")[-1].split()) for line in expected)
            self.assertEqual(summary,
                             f"{len(expected)} mails to {recipients} recipients imported.")


class BadInput(LedgerTest):
    def test_the_rest_is_imported(self):
        self.write("sent", SENT)
        self.write("cut.gz", gzip.compress(os.urandom(9000) + b"\n")[:-9])
        self.imported("nowhere", "cut.gz", "/dev/null", "sent", mails=1, recipients=1,
                      status=EXIT_INPUT,
                      errors=["cut.gz: the compressed file is cut",
                              "nowhere: No such file or directory"])

    def test_a_cut_log_gives_what_it_has(self):
        lines = [line for i in range(3000)
                 for line in log_lines(message_id=f"<{os.urandom(9).hex()}@our.example>",
                                       queue_id=f"{i:010X}")]
        packed = gzip.compress("".join(lines).encode())
        self.write("log.gz", packed[:-2000])
        summary = self.ledger("import", "log.gz", status=EXIT_INPUT,
                              errors=["log.gz: the compressed file is cut"])
        self.assertGreater(int(summary.split()[0]), 2000)
        self.assertLess(int(summary.split()[0]), 3000)

    def test_junk(self):
        self.write("junk", bytes(range(256)) * 500)
        self.imported("junk", mails=0, recipients=0, passed_over=["1 whose sender is not known"])
        self.write("junk.gz", gzip.compress(bytes(range(256)) * 500))
        self.imported("junk.gz", mails=0, recipients=0, status=EXIT_INPUT,
                      errors=["junk.gz: is no mail log"])
        self.imported("-", mails=0, recipients=0, status=EXIT_INPUT, stdin=SENT,
                      errors=["-: is no mail log"])

    def test_lines_without_end(self):
        # Megabytes without a line end, and NULs where a disk was full.
        self.write("mail.log", "".join(log_lines()[:2]).encode() + b"x" * (5 << 20) + b"\n"
                   + b"\0" * 4096 + "".join(log_lines()[2:]).encode())
        self.imported("mail.log", mails=1, recipients=1)
        self.assertEqual(self.verdict(), PROVEN)

    def test_controls_in_names(self):
        name = "a\x1b[2Jb"
        self.write(name, gzip.compress(b"nothing"))
        self.imported(name, mails=0, recipients=0, status=EXIT_INPUT,
                      errors=["a\\x1b[2Jb: is no mail log"])

    def test_a_bomb(self):
        # A thousand times its size, unpacked in no more memory than else.
        head = "".join(log_lines()[:3]).encode()
        self.write("log.gz", gzip.compress(head + b"\n" * (64 << 20) + b"x" * (64 << 20)))
        limited = ["bash", "-c", 'ulimit -v 400000; exec "$@"', "bash", PROGRAM, "--config",
                   "conf", "ledger", "--as-of", NOW, "import", "log.gz"]
        if "ASAN_OPTIONS" in os.environ:
            limited = limited[4:]  # its shadow alone is larger
        result = subprocess.run(limited, cwd=self.folder, capture_output=True, timeout=LIMIT_SEC,
                                check=False)
        self.assertEqual(result.stderr, b"")
        self.assertEqual(result.stdout, b"1 mails to 0 recipients imported.\n")


class OtherVerbs(LedgerTest):
    def fill(self):
        self.write("sent", mbox(SENT, SENT.replace(b"alice@", b"carol@").replace(b"<1@", b"<2@")))
        self.imported("sent", mails=2, recipients=2)

    def test_stats(self):
        self.fill()
        lines = dict(line.split(None, 1) for line in self.ledger("stats").splitlines())
        self.assertEqual(lines.pop("store"), f"{self.folder}/db")
        self.assertGreater(int(lines.pop("bytes")), 0)
        self.assertEqual(lines, {"rows": "8", "oldest": "2026-11-23", "newest": "2026-11-23",
                                 "gaps": "0"})

    def test_stats_of_an_empty_ledger(self):
        self.imported("/dev/null", mails=0, recipients=0)
        self.assertIn("rows         0\ngaps         0\n", self.ledger("stats"))

    def test_forget(self):
        self.fill()
        self.assertEqual(self.verdict(), PROVEN)
        self.assertEqual(self.ledger("forget", "Alice@OUR.example", "carol@our.example"),
                         "Alice@OUR.example: 3 rows removed.\ncarol@our.example: 3 rows removed.\n")
        self.assertEqual(self.ledger("forget", "alice@our.example"),
                         "alice@our.example: 0 rows removed.\n")
        self.assertNotEqual(self.verdict(), PROVEN)

    def test_expire(self):
        self.fill()
        self.assertEqual(self.ledger("expire"), "0 rows older than 21 days removed.\n")
        self.assertEqual(self.ledger("expire", as_of="2026-12-15T12:00:00Z"),
                         "8 rows older than 21 days removed.\n")
        self.assertEqual(self.rows(), 0)

    def test_expire_is_put_off_when_the_clock_leaps(self):
        self.fill()
        self.ledger("expire", as_of="2036-11-24T12:00:00Z", status=EXIT_TEMPORARY,
                    errors=[f"{self.folder}/db: more than a week of the ledger would go at once, as "
                            "if the clock had jumped: nothing is removed now; if clock and "
                            "ledger-days are right, expire again in a day"])
        self.assertEqual(self.rows(), 8)
        self.assertEqual(self.ledger("expire", as_of="2036-11-25T12:00:00Z"),
                         "8 rows older than 21 days removed.\n")

    def test_usage(self):
        for words, told in (
                ([], "import, stats, expire or forget?"),
                (["remember"], 'there is no "remember": import, stats, expire or forget')):
            result = run("--config", "conf", "ledger", *words, cwd=self.folder)
            self.assertEqual(result.returncode, EXIT_USAGE)
            self.assertIn(f"backstop ledger: {told}\n", result.stderr.decode())
        for words, told in (
                (["import"], "import: no PATH is given"),
                (["forget"], "forget: no ADDRESS is given"),
                (["forget", "alice"], 'forget: "alice" is no address'),
                (["stats", "now"], 'stats: it takes no "now"')):
            result = run("--config", "conf", "ledger", *words, cwd=self.folder)
            self.assertEqual(result.returncode, EXIT_USAGE)
            self.assertIn(f"backstop ledger {told}\n", result.stderr.decode())
        self.assertFalse((self.folder / "db").exists())

    def test_full_output(self):
        self.fill()
        with open("/dev/full", "wb") as full:
            result = run("--config", "conf", "ledger", "stats", stdout=full, cwd=self.folder)
        self.assertEqual(result.returncode, EXIT_TEMPORARY)
        self.assertIn(b"standard output", result.stderr)

    def test_import_is_no_notice(self):
        self.write("inbox", mbox(ORDINARY, notice()))
        self.configure("[domain our.example]\n")
        self.imported("inbox", mails=0, recipients=0,
                      passed_over=["2 of senders at other domains"])


if __name__ == "__main__":
    unittest.main()
