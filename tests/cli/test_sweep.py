# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""`backstop sweep`: what it shows, what it moves and puts back; interrupted anywhere, disturbed by
others, out of room. Messages are counted one by one."""

import collections
import csv
import fcntl
import grp
import os
import pathlib
import pty
import random
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time
import unittest
from unittest import mock

import sweep_mail
from cli import LIMIT_SEC, PROGRAM, ROOT, lines_of
from sweep_mail import DAY, ME, START, failure, ordinary, sent, vacation

BUILD = pathlib.Path(os.environ.get("BACKSTOP_BUILD", ROOT / "build"))
INTERRUPT = BUILD / "tests/cli/libinterrupt.so"
# Where fsync() costs nothing: there is much of it here.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
SANITIZED = b"__asan_init" in pathlib.Path(PROGRAM).read_bytes()


def mails():
    """(when, message, whether it is backscatter), in the order of time."""
    found = [(START + n * DAY, failure(n, START + n * DAY, True), False) for n in (1, 2)]
    found += [(START + n * DAY + 60, failure(100 + n, START + n * DAY, False,
                                             to=f"victim{n}@other.example"), True)
              for n in range(2, 7)]
    found += [(START + n * DAY + 90, ordinary(n, START + n * DAY), False) for n in range(1, 9)]
    found.append((START + 5 * DAY + 99, failure(5, START + 5 * DAY, False, block=""), False))
    found.append((START + 7 * DAY + 99, vacation(7, START + 7 * DAY), False))
    # Two that are the same to the last byte, the last one of all.
    twin = failure(300, START + 8 * DAY, False, to="twin@other.example")
    found += [(START + 9 * DAY, twin, True), (START + 9 * DAY, twin, True)]
    return sorted(found, key=lambda mail: mail[0])


class Place(unittest.TestCase):
    """A folder with sent mail, in which tests make mailboxes."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="backstop-", dir=MEMORY))
        self.addCleanup(shutil.rmtree, self.folder)
        self.state = self.folder / "state"
        self.sent = self.maildir("Sent")
        for n in range(10):
            (self.sent / f"cur/{n}:2,S").write_bytes(sent(n, START + n * DAY))

    def maildir(self, name, messages=()):
        path = self.folder / name
        for part in ["cur", "new", "tmp"]:
            (path / part).mkdir(parents=True)
        for n, (when, message, _) in enumerate(messages):
            name = f"new/{when}.{n}.host" if n % 3 == 0 else f"cur/{when}.{n}.host:2,S"
            (path / name).write_bytes(message)
        return path

    def mbox(self, name, messages):
        path = self.folder / name
        path.write_bytes(sweep_mail.mbox((when, message) for when, message, _ in messages))
        return path

    def run_program(self, *arguments, env=None, user=None, **options):
        return subprocess.run([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT_SEC,
                              env={**os.environ, "XDG_STATE_HOME": str(self.state), **(env or {})},
                              user=user, check=False, cwd=self.folder, **options)

    def sweep(self, mail, *options, me=ME, **more):
        return self.run_program("sweep", "--mail", mail, "--sent", self.sent, "--me", me, *options,
                                **more)

    def undo(self, mail, **more):
        return self.run_program("sweep", "--mail", mail, "--undo", **more)

    def must(self, result, status=0):
        """The run's standard output; it must have ended well, and in silence if status is 0."""
        self.assertEqual((result.returncode, result.stderr if status == 0 else b""), (status, b""),
                         result)
        return result.stdout.decode()


def in_maildir(path):
    """The messages of a Maildir, by half, with their names."""
    return {f"{half}/{file.name}": file.read_bytes()
            for half in ["cur", "new"] if (path / half).is_dir()
            for file in (path / half).iterdir()}


def split_mbox(path):
    """The messages of an mbox, one by one, without the notes of readers."""
    data = path.read_bytes() if path.exists() else b""
    found = [b"From MAILER-DAEMON" + part for part in data.split(b"From MAILER-DAEMON")[1:]]
    return collections.Counter(message.rstrip(b"\n") for message in found)


def verdicts(result):
    return collections.Counter(line["verdict"] for line in lines_of(result.stdout))


class Shows(Place):
    def test_each_notice_with_its_verdict(self):
        box = self.maildir("Mail", mails())
        out = self.must(self.sweep(box))
        rows = [line.split() for line in out.splitlines() if line.startswith("2024-11")
                and ":" in line]
        self.assertEqual(len(rows), 11)
        by_verdict = collections.Counter((row[2] if row[2] != "auto" else "auto reply", row[-20:][0])
                                         for row in rows)
        self.assertEqual(sum(by_verdict.values()), 11)
        text = " ".join(out.split())
        self.assertIn("failure person1@remote.example genuine proven ledger", text)
        self.assertIn("failure victim4@other.example backscatter likely", text)
        self.assertIn("failure person5@remote.example genuine likely ledger", text)
        self.assertIn("auto reply person7@remote.example genuine proven ledger", text)
        self.assertIn("19 messages, 11 of them notices", text)
        self.assertIn("10 sent mails, from 2024-11-01 to 2024-11-10", text)
        self.assertEqual(in_maildir(box), {name: data for name, data in in_maildir(box).items()})
        self.assertFalse((box / ".Backscatter").exists())
        self.assertFalse(self.state.exists())

    def test_sums(self):
        out = self.must(self.sweep(self.mbox("mbox", mails())))
        sums = {tuple(line.split()) for line in out.splitlines()}
        self.assertIn(("2024-11-03", "1", "0", "1"), sums)
        self.assertIn(("2024-11-09", "0", "0", "2"), sums)
        self.assertIn(("failure", "3", "0", "7"), sums)
        self.assertIn(("auto", "reply", "1", "0", "0"), sums)
        self.assertIn(("genuine", "4", "(3", "proven,", "1", "likely)"), sums)
        self.assertIn(("backscatter", "7", "(0", "proven,", "7", "likely)"), sums)

    def test_json_is_that_of_check(self):
        result = self.sweep(self.maildir("Mail", mails()), "--json")
        lines = lines_of(result.stdout)
        self.assertEqual(result.returncode, 0)
        self.assertEqual(verdicts(result), {"genuine": 4, "backscatter": 7})
        self.assertTrue(all(line["schema"] == 1 and line["notice"]["kind"] != "none"
                            for line in lines))
        self.assertIn(b"outbound hosts, learned", result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 2)

    def test_a_forgery_is_unverified_without_a_second_witness(self):
        only_forged = [mail for mail in mails() if mail[2]]
        result = self.sweep(self.maildir("Mail", only_forged), "--json")
        self.assertEqual(verdicts(result), {"unverified": 7})
        self.assertIn(b"none are known", result.stderr)
        hosts = ["--outbound-hosts", "192.0.2.0/24, .provider.example"]
        result = self.sweep(self.folder / "Mail", "--json", *hosts)
        self.assertEqual(verdicts(result), {"backscatter": 7})
        self.assertNotIn(b"outbound hosts", result.stderr)

    def test_learns_where_mail_leaves(self):
        out = self.must(self.sweep(self.maildir("Mail", mails())))
        self.assertIn("learned from notices that the sent mail proves: .provider.example, "
                      "192.0.2.0/24\n", out)

    def test_learns_nothing_from_what_is_not_proven(self):
        """A forgery with a known Message-ID, about somebody that mail did not go to."""
        when = START + 2 * DAY
        block = sweep_mail.returned(1, when, False, "x@other.example").replace(
            "<spam.1@bulk.stranger.example>", "<sent.1@provider.example>")
        box = self.maildir("Mail", [(when, failure(1, when, False, to="x@other.example",
                                                   block=block), True)])
        self.assertIn("none are known", self.must(self.sweep(box)))

    def test_sent_mail_counts_only_between_its_oldest_and_newest(self):
        hosts = ["--outbound-hosts", "192.0.2.0/24"]
        for days, verdict in [(-20, "unverified"), (-1, "unverified"), (3, "backscatter"),
                              (9, "unverified"), (30, "unverified")]:
            with self.subTest(days):
                when = START + days * DAY + 3600
                box = self.maildir(f"Mail{days}", [(when, failure(1, when, False), True)])
                # Somebody she never wrote to.
                message = next(iter((box / "new").iterdir()))
                message.write_bytes(message.read_bytes().replace(b"person1@", b"stranger@"))
                self.assertEqual(verdicts(self.sweep(box, "--json", *hosts)), {verdict: 1})

    def test_old_notices_are_judged_as_of_their_time(self):
        """All of it ten years back: the ledger of a server would have forgotten it."""
        back = 3650 * DAY
        for file in (self.sent / "cur").iterdir():
            file.unlink()
        for n in range(10):
            (self.sent / f"cur/{n}").write_bytes(sent(n, START - back + n * DAY))
        found = [(START, failure(n, START - back + n * DAY, True), False) for n in (1, 2)]
        found += [(START, failure(n, START - back + n * DAY, False, to="v@other.example"), True)
                  for n in (5, 6)]
        self.assertEqual(verdicts(self.sweep(self.maildir("Mail", found), "--json")),
                         {"genuine": 2, "backscatter": 2})

    def test_one_wrong_date_does_not_stretch_the_sent_mail(self):
        (self.sent / "cur/old").write_bytes(sent(99, START - 4000 * DAY))
        when = START - 1000 * DAY
        box = self.maildir("Mail", [(when, failure(1, when, False, to="v@other.example"), True)])
        result = self.sweep(box, "--json", "--outbound-hosts", "192.0.2.0/24")
        self.assertEqual(verdicts(result), {"unverified": 1})

    def test_several_folders_of_sent_mail_and_several_addresses(self):
        other = self.maildir("Sent2")
        when = START + 3 * DAY
        (other / "cur/1").write_bytes(
            sent(50, when).replace(ME.encode(), b"alice@second.example"))
        notice = failure(50, when, True).replace(ME.encode(), b"alice@second.example")
        box = self.maildir("Mail", [(when, notice, False)])
        self.assertNotEqual(verdicts(self.sweep(box, "--json")), {"genuine": 1})
        result = self.sweep(box, "--json", "--sent", other, "--me", "alice@second.example")
        self.assertEqual(verdicts(result), {"genuine": 1})
        self.assertEqual(lines_of(result.stdout)[0]["confidence"], "proven")

    def test_only_the_given_addresses_are_the_owner(self):
        """Others at the provider are strangers: nothing is said of their mail."""
        when = START + 3 * DAY
        notice = failure(100, when, False, to="v@other.example").replace(
            ME.encode(), b"bob@provider.example")
        box = self.maildir("Mail", [(when, notice, False)])
        result = self.sweep(box, "--json", "--outbound-hosts", "192.0.2.0/24")
        self.assertEqual(verdicts(result), {"unverified": 1})

    def test_hostile_text_is_shown_not_sent(self):
        when = START + 3 * DAY
        notice = failure(100, when, False).replace(
            b"person100@remote.example", "v\x1b[2J\x07\u202e@other.example".encode())
        name = "1.\x1b[2J\n\u202e.host"
        box = self.maildir("Mail", [])
        (box / "new" / name).write_bytes(notice)
        for options in [(), ("--apply",), ("--json",)]:
            result = self.sweep(box, "--outbound-hosts", "192.0.2.0/24", *options)
            self.assertEqual(result.returncode, 0, result)
            for output in [result.stdout, result.stderr]:
                self.assertNotIn(b"\x1b", output)
                self.assertNotIn(b"\x07", output)
                self.assertNotIn("\u202e".encode(), output)
        self.assertEqual(list(in_maildir(box / ".Backscatter")), [f"new/{name}"])
        self.must(self.undo(box))
        self.assertEqual(in_maildir(box), {f"new/{name}": notice})

    def test_the_table_fits_the_terminal(self):
        box = self.maildir("Mail", mails())
        for columns in [60, 100, 200]:
            main, terminal = pty.openpty()
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
            command = [PROGRAM, "sweep", "--mail", box, "--sent", self.sent, "--me", ME]
            with subprocess.Popen(command, stdout=terminal, stderr=subprocess.PIPE) as process:
                os.close(terminal)
                seen = b""
                while True:
                    try:
                        seen += os.read(main, 65536)
                    except OSError:
                        break
                self.assertEqual(process.wait(LIMIT_SEC), 0)
            os.close(main)
            rows = [line for line in seen.decode().splitlines() if "victim" in line]
            self.assertEqual(len(rows), 5)
            if columns >= 100:
                self.assertTrue(all(len(line) <= columns for line in rows), rows)
            self.assertEqual(any("Message-ID" in line for line in rows), columns == 200)

    def test_a_folder_of_messages_can_be_looked_at(self):
        box = self.folder / "loose"
        box.mkdir()
        for n, (_, message, _) in enumerate(mails()):
            (box / f"{n:03}.eml").write_bytes(message)
        self.assertEqual(verdicts(self.sweep(box, "--json")), {"genuine": 4, "backscatter": 7})
        result = self.sweep(box, "--apply")
        self.assertEqual(result.returncode, 78)
        self.assertIn(b"neither a Maildir nor an mbox", result.stderr)

    def test_nothing_there(self):
        out = self.must(self.sweep(self.maildir("Empty")))
        self.assertIn("0 messages, 0 of them notices", out)
        out = self.must(self.sweep(self.mbox("empty", []), "--apply"))
        self.assertIn("no message was moved", out)
        result = self.sweep(self.folder / "missing")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr.count(b"missing: No such file"), 1)
        result = self.run_program("sweep", "--mail", self.maildir("Mail", mails()), "--sent",
                                  self.folder / "missing", "--me", ME)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"no sent mail was found", result.stderr)

    def test_usage(self):
        box = self.maildir("Mail")
        for arguments, words in [
                ([], b"--mail PATH"), (["--mail", "-"], b"--mail PATH"),
                (["--mail", box], b"--sent PATH"),
                (["--mail", box, "--sent", box], b"--me ADDRESS"),
                (["--mail", box, "--sent", box, "--me", ME, "--to", box], b"--apply"),
                (["--mail", box, "--sent", box, "--me", ME, "more"], b"options alone"),
                (["--mail", box, "--undo", "--apply"], b"--undo"),
                (["--mail", box, "--nonsense"], b"nonsense"),
                (["--mail", box, "--sent", box, "--me", ME, "--as-of", "noon"], b"--as-of")]:
            result = self.run_program("sweep", *arguments)
            self.assertEqual(result.returncode, 64, arguments)
            self.assertIn(words, result.stderr)
        for options in [["--me", "nobody"], ["--me", ME, "--outbound-hosts", "192.0.2.1/24"]]:
            result = self.run_program("sweep", "--mail", box, "--sent", box, *options)
            self.assertEqual(result.returncode, 78, options)


class Example(Place):
    """The mailbox of `make demo`: real notices, each judged right."""

    def test_each_is_judged_right(self):
        maker = ROOT / "examples/mailbox/make"
        subprocess.run([maker, self.folder / "demo"], check=True)
        with open(ROOT / "examples/mailbox/messages.tsv", encoding="utf-8") as table:
            expected = {row["file"].replace("/", "-").removesuffix(".eml"): row["verdict"]
                        for row in csv.DictReader(table, delimiter="\t")}
        demo = self.folder / "demo"
        result = self.run_program("sweep", "--mail", demo / "Mail", "--sent", demo / "Sent", "--me",
                                  "alice@our.example", "--me", "desk@our.example", "--json",
                                  "--as-of", (demo / "as-of").read_text().strip())
        self.assertEqual(result.returncode, 0)
        seen = dict.fromkeys(expected, "not_a_notice")
        seen.update((pathlib.Path(line["file"]).name.split(".", 1)[1], line["verdict"])
                    for line in lines_of(result.stdout))
        self.assertEqual(seen, expected)
        self.assertEqual(set(expected.values()),
                         {"genuine", "backscatter", "unverified", "not_a_notice"})


class Maildir(Place):
    def setUp(self):
        super().setUp()
        self.box = self.maildir("Mail", mails())
        self.before = in_maildir(self.box)
        self.backscatter = {name: data for name, data in self.before.items()
                            if b"stranger.example" in data}
        self.folder_of_it = self.box / ".Backscatter"

    def assert_moved(self, folder=None):
        folder = folder or self.folder_of_it
        self.assertEqual(in_maildir(folder), self.backscatter)
        self.assertEqual(in_maildir(self.box), {name: data for name, data in self.before.items()
                                                if name not in self.backscatter})

    def assert_back(self, folder=None):
        self.assertEqual(in_maildir(self.box), self.before)
        self.assertEqual(in_maildir(folder or self.folder_of_it), {})

    def test_moves_backscatter_alone_and_puts_it_back(self):
        os.chmod(self.box, 0o750)
        out = self.must(self.sweep(self.box, "--apply"))
        self.assertIn("7 messages moved to ", out)
        self.assert_moved()
        self.assertEqual(os.stat(self.folder_of_it).st_mode & 0o777, 0o750)
        self.assertTrue((self.folder_of_it / "maildirfolder").exists())
        out = self.must(self.undo(self.box))
        self.assertIn("7 messages put back into", out)
        self.assert_back()
        self.assertIn("no sweep of", self.must(self.undo(self.box)))
        self.assert_back()

    def test_a_second_sweep_has_nothing_to_do_and_forgets_nothing(self):
        self.must(self.sweep(self.box, "--apply"))
        self.assertIn("no message was moved", self.must(self.sweep(self.box, "--apply")))
        self.must(self.undo(self.box))
        self.assert_back()

    def test_sweeps_are_undone_the_last_one_first(self):
        late = [name for name in self.backscatter if name.startswith("new/")]
        for name in late:
            (self.box / name).rename(self.folder / name.replace("/", "-"))
        self.must(self.sweep(self.box, "--apply"))
        first = in_maildir(self.folder_of_it)
        for name in late:
            (self.folder / name.replace("/", "-")).rename(self.box / name)
        self.must(self.sweep(self.box, "--apply"))
        self.assert_moved()
        out = self.must(self.undo(self.box))
        self.assertIn("1 earlier sweep can be undone", out)
        self.assertEqual(in_maildir(self.folder_of_it), first)
        self.must(self.undo(self.box))
        self.assert_back()

    def test_to_another_maildir(self):
        other = self.maildir("Other")
        (other / "cur/mine").write_bytes(b"mine")
        out = self.must(self.sweep(self.box, "--apply", "--to", "Other"))
        self.assertIn(f"moved to {other}", out)
        self.assertEqual((other / "cur/mine").read_bytes(), b"mine")
        (other / "cur/mine").unlink()
        self.assert_moved(other)
        self.must(self.undo(self.box))
        self.assert_back(other)

    def test_what_is_no_folder_for_it(self):
        (self.folder / "file").write_bytes(b"")
        self.mbox("thesis", [])
        (self.folder / "project").mkdir()
        (self.folder / "project/notes").write_bytes(b"x")
        for to, status in [(self.box, 78), (self.folder / "file", 78), (self.folder / "project", 78),
                           (self.folder / "no/where", 78)]:
            result = self.sweep(self.box, "--apply", "--to", to)
            self.assertEqual(result.returncode, status, result)
            self.assertIn(str(to).encode(), result.stderr)
            self.assertEqual(in_maildir(self.box), self.before)
        self.assertEqual(os.listdir(self.folder / "project"), ["notes"])

    def test_of_a_maildir_plus_plus_folder(self):
        inner = self.box / ".Lists"
        for part in ["cur", "new", "tmp"]:
            (inner / part).mkdir(parents=True)
        name, message = next(iter(self.backscatter.items()))
        (inner / name).write_bytes(message)
        self.must(self.sweep(inner, "--apply", "--outbound-hosts", "192.0.2.0/24"))
        self.assertEqual(in_maildir(self.folder_of_it), {name: message})
        self.must(self.undo(inner))
        self.assertEqual(in_maildir(inner), {name: message})

    def test_takes_no_name_that_is_there(self):
        self.must(self.sweep(self.box, "--apply"))
        self.must(self.undo(self.box))
        for name in self.backscatter:
            (self.folder_of_it / name).write_bytes(b"other " + name.encode())
        self.must(self.sweep(self.box, "--apply"))
        inside = in_maildir(self.folder_of_it)
        for name in self.backscatter:
            self.assertEqual(inside.pop(name), b"other " + name.encode())
        self.assertEqual(sorted(inside.values()), sorted(self.backscatter.values()))
        self.must(self.undo(self.box))
        self.assertEqual(sorted(in_maildir(self.box).items()), sorted(self.before.items()))
        # And back: another message has the name meanwhile.
        self.must(self.sweep(self.box, "--apply"))
        taken = next(iter(self.backscatter))
        (self.box / taken).write_bytes(b"newcomer")
        self.must(self.undo(self.box))
        after = in_maildir(self.box)
        self.assertEqual(after.pop(taken), b"newcomer")
        self.assertEqual(sorted(after.values()), sorted(self.before.values()))

    def test_flags_that_a_reader_sets_meanwhile_stay(self):
        self.must(self.sweep(self.box, "--apply"))
        for name in list(in_maildir(self.folder_of_it)):
            file = self.folder_of_it / name
            file.rename(self.folder_of_it / "cur" / (file.name.split(":")[0] + ":2,FRS"))
        self.must(self.undo(self.box))
        after = in_maildir(self.box)
        self.assertEqual(sorted(after.values()), sorted(self.before.values()))
        self.assertEqual(sum(name.endswith(":2,FRS") for name in after), 7)

    def test_what_the_user_moved_or_deleted_is_passed_over(self):
        self.must(self.sweep(self.box, "--apply"))
        deleted, moved, *_ = sorted(in_maildir(self.folder_of_it))
        (self.folder_of_it / deleted).unlink()
        (self.folder_of_it / moved).rename(self.box / moved)
        out = self.must(self.undo(self.box))
        self.assertIn("5 messages put back", out)
        self.assertIn("1 was there already", out)
        self.assertIn("1 was moved or deleted by somebody else", out)
        expected = dict(self.before)
        del expected[deleted]
        self.assertEqual(in_maildir(self.box), expected)

    def test_the_whole_folder_was_deleted(self):
        self.must(self.sweep(self.box, "--apply"))
        shutil.rmtree(self.folder_of_it)
        result = self.undo(self.box)
        self.assertEqual(result.returncode, 75)
        self.assertIn(b"is not there any more", result.stderr)
        journal = next(self.state.rglob("*.undo"))
        self.assertIn(str(journal).encode(), result.stderr)
        journal.unlink()
        self.assertIn("no sweep", self.must(self.undo(self.box)))

    def test_another_file_system_is_refused(self):
        with tempfile.TemporaryDirectory() as other:
            if os.stat(other).st_dev == os.stat(self.folder).st_dev:
                self.skipTest("there is one file system only")
            result = self.sweep(self.box, "--apply", "--to", f"{other}/Box")
            self.assertEqual(result.returncode, 75)
            self.assertIn(b"on the mailbox's file system", result.stderr)
            self.assertEqual(in_maildir(self.box), self.before)
            self.assertIn("no sweep", self.must(self.undo(self.box)))

    def test_links_and_other_things_among_the_messages(self):
        name, message = next(iter(self.backscatter.items()))
        (self.folder / "elsewhere").write_bytes(message)
        (self.box / name).unlink()
        (self.box / name).symlink_to(self.folder / "elsewhere")
        result = self.sweep(self.box, "--apply")
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"1 was left alone", result.stdout)
        self.assertTrue((self.box / name).is_symlink())
        self.assertEqual(len(in_maildir(self.folder_of_it)), 6)

    def test_two_at_once(self):
        self.must(self.sweep(self.box, "--apply"))
        lock = next(self.state.rglob("lock"))
        with open(lock, "w", encoding="ascii") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            for result in [self.undo(self.box), self.sweep(self.box, "--apply")]:
                self.assertEqual(result.returncode, 75)
                self.assertIn(b"another sweep", result.stderr)
        self.must(self.undo(self.box))
        self.assert_back()

    def test_damaged_journal(self):
        self.must(self.sweep(self.box, "--apply"))
        journal = next(self.state.rglob("*.undo"))
        journal.write_bytes(b"backstop-undo 1\nnonsense\n")
        for result in [self.undo(self.box), self.sweep(self.box, "--apply")]:
            self.assertEqual(result.returncode, 75)
            self.assertIn(b"damaged", result.stderr)
        self.assert_moved()

    @unittest.skipUnless(os.getuid() == 0, "only root can become another user")
    def test_without_permission(self):
        for path in [self.folder, *self.folder.rglob("*")]:
            os.chown(path, 65534, 65534)
        os.chmod(self.box / "cur", 0o555)
        result = self.sweep(self.box, "--apply", user=65534)
        self.assertEqual(result.returncode, 75)
        self.assertIn(b"Permission denied", result.stderr)
        os.chmod(self.box / "cur", 0o755)
        self.must(self.undo(self.box, user=65534))
        self.assertEqual(in_maildir(self.box), self.before)
        os.chmod(self.box, 0o555)
        shutil.rmtree(self.folder_of_it, ignore_errors=True)
        result = self.sweep(self.box, "--apply", user=65534)
        self.assertEqual(result.returncode, 75)
        self.assertEqual(in_maildir(self.box), self.before)
        os.chmod(self.box, 0o755)
        shutil.rmtree(self.state)
        os.chmod(self.folder, 0o555)
        result = self.sweep(self.box, "--apply", user=65534)
        self.assertEqual(result.returncode, 75)
        self.assertIn(b"state", result.stderr)
        self.assertEqual(in_maildir(self.box), self.before)

    @unittest.skipUnless(os.getuid() == 0, "only root can give files away")
    def test_root_gives_the_folder_to_the_owner_of_the_mailbox(self):
        for path in [self.box, *self.box.rglob("*")]:
            os.chown(path, 65534, 65534)
        self.must(self.sweep(self.box, "--apply"))
        for path in [self.folder_of_it, *self.folder_of_it.rglob("*")]:
            self.assertEqual((path.stat().st_uid, path.stat().st_gid), (65534, 65534), path)

    def test_while_others_read_and_deliver(self):
        """A reader renames every message again and again, a server delivers new ones."""
        stop = threading.Event()
        delivered = {}

        def disturb():
            n = 0
            while not stop.is_set():
                for folder in [self.box, self.folder_of_it]:
                    for name in list(in_maildir_names(folder)):
                        base = name.split("/")[1].split(":")[0]
                        flags = random.choice(["", "S", "FS", "RS"])
                        try:
                            (folder / name).rename(folder / f"cur/{base}:2,{flags}")
                        except FileNotFoundError:
                            pass
                if n < 200:
                    data = ordinary(1000 + n, START)
                    (self.box / f"tmp/new{n}").write_bytes(data)
                    (self.box / f"tmp/new{n}").rename(self.box / f"new/new{n}")
                    delivered[f"new{n}"] = data
                    n += 1

        thread = threading.Thread(target=disturb)
        thread.start()
        try:
            for _ in range(6):
                for run in [self.sweep(self.box, "--apply"), self.undo(self.box)]:
                    self.assertIn(run.returncode, (0, 1), run)
        finally:
            stop.set()
            thread.join()
        everything = list(in_maildir(self.box).values()) + \
            list(in_maildir(self.folder_of_it).values())
        self.assertEqual(sorted(everything),
                         sorted([*self.before.values(), *delivered.values()]))


def in_maildir_names(path):
    for half in ["cur", "new"]:
        try:
            for name in os.listdir(path / half):
                yield f"{half}/{name}"
        except FileNotFoundError:
            pass


class Mbox(Place):
    def setUp(self):
        super().setUp()
        self.box = self.mbox("mbox", mails())
        # The last message ends without an empty line, as some programs leave it.
        self.before = self.box.read_bytes()[:-1]
        self.box.write_bytes(self.before)
        self.folder_of_it = self.folder / "mbox.backscatter"

    def test_moves_backscatter_alone_and_puts_it_back(self):
        os.utime(self.box, (1000, 2000))
        os.chmod(self.box, 0o640)
        inode = self.box.stat().st_ino
        every = split_mbox(self.box)
        out = self.must(self.sweep(self.box, "--apply"))
        self.assertIn(f"7 messages moved to {self.folder_of_it}", out)
        moved = split_mbox(self.folder_of_it)
        self.assertEqual(sum(moved.values()), 7)
        self.assertTrue(all(b"bulk.stranger.example" in message for message in moved))
        self.assertEqual(split_mbox(self.box), every - moved)
        info = self.box.stat()
        self.assertEqual((info.st_ino, info.st_mode & 0o777, info.st_mtime), (inode, 0o640, 2000))
        self.assertEqual(self.folder_of_it.stat().st_mode & 0o777, 0o640)
        self.assertFalse((self.folder / "mbox.lock").exists())
        self.must(self.undo(self.box))
        self.assertEqual(self.box.read_bytes(), self.before)
        self.assertEqual(self.folder_of_it.read_bytes(), b"")
        self.assertEqual((self.box.stat().st_ino, self.box.stat().st_mtime), (inode, 2000))

    def test_line_ends(self):
        for line_end in [b"\r\n", b"\r"]:
            with self.subTest(line_end):
                box = self.folder / "other"
                before = self.before.replace(b"\n", line_end)
                box.write_bytes(before)
                self.must(self.sweep(box, "--apply"))
                folder = self.folder / "other.backscatter"
                self.assertEqual(folder.read_bytes().count(b"From MAILER-DAEMON "), 7)
                self.assertEqual(verdicts(self.sweep(box, "--json")), {"genuine": 4})
                self.assertEqual(verdicts(self.sweep(folder, "--json", "--outbound-hosts",
                                                     "192.0.2.0/24")), {"backscatter": 7})
                self.must(self.undo(box))
                self.assertEqual(box.read_bytes(), before)

    def test_a_folder_that_has_mail_already(self):
        for there in [b"From a@b.example Mon Nov 23 20:25:00 2026\n\nmine", self.before]:
            self.folder_of_it.write_bytes(there)
            self.must(self.sweep(self.box, "--apply"))
            self.assertTrue(self.folder_of_it.read_bytes().startswith(there))
            self.assertEqual(self.folder_of_it.read_bytes().count(b"\n\nFrom "),
                             there.count(b"\n\nFrom ") + 7)
            self.must(self.undo(self.box))
            self.assertEqual(self.box.read_bytes(), self.before)
            self.assertEqual(self.folder_of_it.read_bytes().rstrip(b"\n"), there.rstrip(b"\n"))

    def test_mail_that_comes_meanwhile_stays(self):
        self.must(self.sweep(self.box, "--apply"))
        new = sweep_mail.mbox([(START, ordinary(77, START))])
        with open(self.box, "ab") as box:
            box.write(new)
        self.must(self.undo(self.box))
        # The last message of old is followed by another now: it needs its empty line.
        self.assertEqual(self.box.read_bytes(), self.before + b"\n" + new)

    def test_a_reader_notes_what_was_read(self):
        self.must(self.sweep(self.box, "--apply"))
        for path in [self.box, self.folder_of_it]:
            path.write_bytes(path.read_bytes().replace(
                b"\nReturn-Path: <", b"\nStatus: RO\nX-UID: 12\nReturn-Path: <"))
        out = self.must(self.undo(self.box))
        self.assertIn("7 messages put back", out)
        self.assertEqual(self.box.read_bytes().replace(b"Status: RO\nX-UID: 12\n", b""),
                         self.before)
        self.assertEqual(self.folder_of_it.read_bytes(), b"")

    def test_what_the_user_deleted_is_passed_over(self):
        self.must(self.sweep(self.box, "--apply"))
        kept = [part for part in self.folder_of_it.read_bytes().split(b"From MAILER-DAEMON")
                if b"twin@" not in part]
        self.folder_of_it.write_bytes(b"From MAILER-DAEMON".join(kept))
        remaining = split_mbox(self.box)
        # And of the mailbox itself, so that old places are none any more.
        self.box.write_bytes(self.box.read_bytes().split(b"\n\nFrom ", 3)[0] + b"\n\n")
        out = self.must(self.undo(self.box))
        self.assertIn("5 messages put back", out)
        self.assertIn("2 were moved or deleted by somebody else", out)
        after = split_mbox(self.box)
        self.assertEqual(sum(after.values()), 6)
        self.assertEqual(sum((after & remaining).values()), 1)

    def test_changed_between_looking_and_moving(self):
        """The sums are shown when all is judged; then the mailbox is locked."""
        every = split_mbox(self.box)
        removed = next(b"From MAILER-DAEMON" + part
                       for part in self.before.split(b"From MAILER-DAEMON") if b"victim4@" in part)
        with open(self.box, "r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX)
            with mock.patch.object(self, "run_program", self.start_program):
                process = self.sweep(self.box, "--apply")
            shown = b""
            while b"19 messages, 11 of them notices" not in shown:
                line = process.stdout.readline()
                self.assertNotEqual(line, b"", shown)
                shown += line
            file.write(self.before.replace(removed, b"", 1))
            file.truncate()
        rest, errors = process.communicate(timeout=LIMIT_SEC)
        self.assertEqual(process.returncode, 1, errors)
        self.assertIn(b"6 messages moved", rest)
        self.assertIn(b"1 was moved, deleted or changed meanwhile", rest)
        gone = collections.Counter([removed.rstrip(b"\n")])
        self.assertEqual(split_mbox(self.box) + split_mbox(self.folder_of_it), every - gone)

    def start_program(self, *arguments, env=None):
        return subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, cwd=self.folder,
                                env={**os.environ, "XDG_STATE_HOME": str(self.state), **(env or {})})

    def test_somebody_holds_a_lock(self):
        lock = self.folder / "mbox.lock"
        lock.write_bytes(b"4711\n")
        started = time.monotonic()
        result = self.sweep(self.box, "--apply")
        self.assertGreater(time.monotonic() - started, 5)
        self.assertEqual(result.returncode, 75)
        self.assertIn(b"mbox.lock is there (by process 4711)", result.stderr)
        self.assertEqual(lock.read_bytes(), b"4711\n")
        self.assertEqual(self.box.read_bytes(), self.before)
        lock.unlink()
        with open(self.box, "r+b") as held:
            fcntl.lockf(held, fcntl.LOCK_EX)
            with mock.patch.object(self, "run_program", self.start_program):
                process = self.sweep(self.box, "--apply")
            # Whoever gets the lock at last finds all that was written under it.
            time.sleep(1)
            new = b"\n" + sweep_mail.mbox([(START, ordinary(77, START))])
            held.seek(0, os.SEEK_END)
            held.write(new)
            held.flush()
            self.assertIsNone(process.poll())
        self.assertEqual(process.wait(LIMIT_SEC), 0, process.stderr.read())
        process.stdout.close()
        process.stderr.close()
        self.must(self.undo(self.box))
        self.assertEqual(self.box.read_bytes(), self.before + new)

    def test_delivery_that_waits_for_the_lock_is_not_lost(self):
        """It has the file open before the sweep, and appends after it: to the same file."""
        with open(self.box, "r+b") as delivery:
            self.must(self.sweep(self.box, "--apply"))
            fcntl.lockf(delivery, fcntl.LOCK_EX)
            delivery.seek(0, os.SEEK_END)
            delivery.write(sweep_mail.mbox([(START, ordinary(77, START))]))
        self.assertIn(b"Thank you for letter 77.", self.box.read_bytes())
        self.must(self.undo(self.box))
        self.assertEqual(sum(split_mbox(self.box).values()), 20)

    def test_by_a_link(self):
        link = self.folder / "link"
        link.symlink_to(self.box)
        self.must(self.sweep(link, "--apply"))
        self.assertTrue(link.is_symlink())
        self.must(self.undo(self.box))
        self.assertEqual(self.box.read_bytes(), self.before)

    def test_what_is_no_folder_for_it(self):
        (self.folder / "thesis").write_bytes(b"A text.\n")
        for to in [self.box, self.folder, self.maildir("Other"), self.folder / "thesis"]:
            result = self.sweep(self.box, "--apply", "--to", to)
            self.assertEqual(result.returncode, 78, result)
            self.assertEqual(self.box.read_bytes(), self.before)
        self.assertEqual((self.folder / "thesis").read_bytes(), b"A text.\n")

    @unittest.skipUnless(os.getuid() == 0, "only root can become another user")
    def test_without_permission(self):
        for path in [self.folder, *self.folder.rglob("*")]:
            os.chown(path, 65534, 65534)
        os.chmod(self.box, 0o444)
        result = self.sweep(self.box, "--apply", user=65534)
        self.assertEqual(result.returncode, 75)
        self.assertIn(b"Permission denied", result.stderr)
        os.chmod(self.box, 0o600)
        os.chmod(self.folder, 0o555)
        with mock.patch.dict(os.environ, {"PATH": "/nonexistent"}):
            result = self.sweep(self.box, "--apply", user=65534)
        self.assertEqual(result.returncode, 75)
        self.assertIn(b"liblockfile-bin", result.stderr)
        self.assertEqual(self.box.read_bytes(), self.before)

    @unittest.skipUnless(os.getuid() == 0, "only root can become another user")
    @unittest.skipUnless(shutil.which("dotlockfile"), "there is no dotlockfile")
    def test_where_only_a_program_of_group_mail_may_make_files(self):
        spool, home = self.folder / "spool", self.folder / "home"
        for path in [spool, home]:
            path.mkdir()
        for path in [home, self.sent, *self.sent.rglob("*")]:
            os.chown(path, 65534, 65534)
        os.chmod(self.folder, 0o755)
        box = spool / "nobody"
        box.write_bytes(self.before)
        os.chown(box, 65534, grp.getgrnam("mail").gr_gid)
        os.chown(spool, 0, grp.getgrnam("mail").gr_gid)
        os.chmod(box, 0o660)
        os.chmod(spool, 0o2775)
        self.state = home / "state"
        result = self.sweep(box, "--apply", user="nobody")
        self.assertEqual(result.returncode, 75)
        self.assertIn(b"--to", result.stderr)
        self.must(self.sweep(box, "--apply", "--to", home / "Backscatter", user="nobody"))
        self.assertEqual(sum(split_mbox(box).values()), 12)
        self.assertEqual(os.listdir(spool), ["nobody"])
        self.must(self.undo(box, user="nobody"))
        self.assertEqual(box.read_bytes(), self.before)


class Interrupted(Place):
    """Ended at every single call that changes a file, or out of room from there on."""

    def interrupted(self, run, at, how):
        env = {"LD_PRELOAD": str(INTERRUPT), "INTERRUPT_AT": str(at), "INTERRUPT_HOW": how}
        if SANITIZED:
            env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        return run(env=env)

    def each(self, start, run, how="kill", step=1):
        """Runs `run` again and again, interrupted one call later each time, until it is through.
        One call that fails may be no matter: then it is through when it was so many times."""
        step *= 3 if SANITIZED else 1
        at, endings, in_a_row = 1, collections.Counter(), 0
        while in_a_row < (12 // step if how == "fail" else 1):
            start()
            result = self.interrupted(run, at, how)
            self.assertIn(result.returncode, (0, -signal.SIGKILL, 1, 75), result)
            endings[result.returncode] += 1
            in_a_row = in_a_row + 1 if result.returncode == 0 else 0
            yield result
            at += step
        self.assertGreater(sum(endings.values()) - endings[0], 12 // step)

    def reset_state(self):
        shutil.rmtree(self.state, ignore_errors=True)

    def test_maildir(self):
        source = self.maildir("Source", mails())
        box = self.folder / "Mail"
        expected = in_maildir(source)

        def start():
            shutil.rmtree(box, ignore_errors=True)
            shutil.copytree(source, box)
            self.reset_state()

        def start_undo():
            start()
            self.must(self.sweep(box, "--apply"))

        def check():
            everything = {**in_maildir(box / ".Backscatter"), **in_maildir(box)}
            self.assertEqual(everything, expected)
            self.assertEqual(sum(map(len, [in_maildir(box), in_maildir(box / ".Backscatter")])),
                             len(expected))

        for first, run in [(start, lambda env: self.sweep(box, "--apply", env=env)),
                           (start_undo, lambda env: self.undo(box, env=env))]:
            for _ in self.each(first, run):
                check()
                self.must(self.undo(box))
                self.assertEqual(in_maildir(box), expected)
                self.must(self.undo(box))
                self.assertEqual(in_maildir(box), expected)

    def test_maildir_is_swept_again_after_an_interruption(self):
        source = self.maildir("Source", mails())
        box = self.folder / "Mail"

        def start():
            shutil.rmtree(box, ignore_errors=True)
            shutil.copytree(source, box)
            self.reset_state()

        for _ in self.each(start, lambda env: self.sweep(box, "--apply", env=env), step=2):
            self.must(self.sweep(box, "--apply"))
            self.assertEqual(len(in_maildir(box / ".Backscatter")), 7)
            self.must(self.undo(box))
            self.assertEqual(in_maildir(box), in_maildir(source))

    def test_maildir_without_renameat2(self):
        """Where link() and unlink() stand for it, a message may have two names for a moment."""
        source = self.maildir("Source", mails())
        box = self.folder / "Mail"
        expected = in_maildir(source)

        def start():
            shutil.rmtree(box, ignore_errors=True)
            shutil.copytree(source, box)
            self.reset_state()

        with mock.patch.dict(os.environ, {"INTERRUPT_NO_RENAMEAT2": "1"}):
            for _ in self.each(start, lambda env: self.sweep(box, "--apply", env=env)):
                everything = {**in_maildir(box / ".Backscatter"), **in_maildir(box)}
                self.assertEqual(everything, expected)
                self.must(self.undo(box))
                self.assertEqual(in_maildir(box), expected)
                self.assertEqual(in_maildir(box / ".Backscatter"), {})

    def mbox_starts(self, box, before):
        folder = self.folder / "mbox.backscatter"

        def start():
            box.write_bytes(before)
            folder.unlink(missing_ok=True)
            (self.folder / "mbox.lock").unlink(missing_ok=True)
            (self.folder / "mbox.backscatter.lock").unlink(missing_ok=True)
            self.reset_state()

        def start_undo():
            start()
            self.must(self.sweep(box, "--apply"))

        return start, start_undo

    def test_mbox(self):
        box = self.mbox("mbox", mails())
        before = box.read_bytes()[:-1]
        box.write_bytes(before)
        every = split_mbox(box)
        start, start_undo = self.mbox_starts(box, before)
        for first, run in [(start, lambda env: self.sweep(box, "--apply", env=env)),
                           (start_undo, lambda env: self.undo(box, env=env))]:
            for _ in self.each(first, run):
                self.must(self.undo(box))
                self.assertEqual(box.read_bytes(), before)
                folder = self.folder / "mbox.backscatter"
                self.assertEqual(folder.read_bytes() if folder.exists() else b"", b"")
                self.must(self.undo(box))
                self.assertEqual(box.read_bytes(), before)
        self.assertEqual(split_mbox(box), every)

    def test_mbox_is_swept_again_after_an_interruption(self):
        box = self.mbox("mbox", mails())
        before = box.read_bytes()
        start, _ = self.mbox_starts(box, before)
        for _ in self.each(start, lambda env: self.sweep(box, "--apply", env=env), step=3):
            self.must(self.sweep(box, "--apply"))
            self.assertEqual(sum(split_mbox(self.folder / "mbox.backscatter").values()), 7)
            self.assertEqual(sum(split_mbox(box).values()), 12)
            self.must(self.undo(box))
            self.assertEqual(box.read_bytes(), before)

    def test_mbox_that_gets_mail_after_an_interruption(self):
        """Larger than all that was taken out, so that the file's size tells nothing."""
        box = self.mbox("mbox", mails())
        before = box.read_bytes()
        new = sweep_mail.mbox([(START, ordinary(77, START, size=20000))])
        start, start_undo = self.mbox_starts(box, before)
        for first, run in [(start, lambda env: self.sweep(box, "--apply", env=env)),
                           (start_undo, lambda env: self.undo(box, env=env))]:
            for _ in self.each(first, run, step=2):
                with open(box, "ab") as file:
                    file.write(new)
                self.must(self.undo(box))
                self.assertEqual(box.read_bytes(), before + new)

    def test_no_room(self):
        """Full disk from some call on, or one failing call: an error, and nothing is lost."""
        source = self.maildir("Source", mails())
        box = self.folder / "Mail"
        expected = in_maildir(source)

        def start():
            shutil.rmtree(box, ignore_errors=True)
            shutil.copytree(source, box)
            self.reset_state()

        for how in ["full", "fail"]:
            for result in self.each(start, lambda env: self.sweep(box, "--apply", env=env), how):
                if result.returncode != 0:
                    self.assertIn(b"No space left", result.stderr)
                everything = {**in_maildir(box / ".Backscatter"), **in_maildir(box)}
                self.assertEqual(everything, expected)
                self.must(self.undo(box))
                self.assertEqual(in_maildir(box), expected)

    def test_mbox_no_room(self):
        box = self.mbox("mbox", mails())
        before = box.read_bytes()
        every = split_mbox(box)
        start, start_undo = self.mbox_starts(box, before)
        for how in ["full", "fail"]:
            for first, run in [(start, lambda env: self.sweep(box, "--apply", env=env)),
                               (start_undo, lambda env: self.undo(box, env=env))]:
                for result in self.each(first, run, how, step=2):
                    if result.returncode != 0:
                        self.assertIn(b"No space left", result.stderr)
                    seen = split_mbox(box) | split_mbox(self.folder / "mbox.backscatter")
                    if b"put aside" not in result.stderr:
                        self.assertEqual(set(seen), set(every))
                    self.must(self.undo(box))
                    self.assertEqual(box.read_bytes(), before)

    def test_a_plain_look_tells_of_an_interruption(self):
        box = self.maildir("Mail", mails())
        self.must(self.sweep(box, "--apply"))
        journal = next(self.state.rglob("*.undo"))
        journal.write_bytes(journal.read_bytes().replace(b"done\n", b""))
        result = self.sweep(box)
        self.assertEqual(result.returncode, 0)
        self.assertIn(b"was interrupted: --undo mends that", result.stderr)
        out = self.must(self.sweep(box, "--apply"))
        self.assertIn("was interrupted: it is undone first", out)
        self.assertIn("7 messages moved", out)

    def test_killed_at_random_moments(self):
        """By the clock, without any help: a larger mailbox, both ways, in turn."""
        random.seed(7)
        many = mails() + [(START + n, failure(400 + n, START + 4 * DAY + n, False,
                                              to=f"v{n}@other.example"), True) for n in range(300)]
        maildir = self.maildir("Mail", many)
        expected = sorted(in_maildir(maildir).values())
        box = self.mbox("mbox", many)
        every = split_mbox(box)
        started = time.monotonic()
        self.must(self.sweep(box, "--apply"))
        length = time.monotonic() - started
        kills = 0
        for n in range(40):
            target = maildir if n % 2 else box
            command = [PROGRAM, "sweep", "--mail", target, "--undo"]
            if n % 4 < 2:
                command = [PROGRAM, "sweep", "--mail", target, "--sent", self.sent, "--me", ME,
                           "--apply"]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  env={**os.environ, "XDG_STATE_HOME": str(self.state)}) as process:
                time.sleep(random.uniform(0, length))
                process.kill()
                was_killed = process.wait() == -signal.SIGKILL
                kills += was_killed
                # How busy the machine is changes: who was done before it gets less time.
                length *= 1.1 if was_killed else 0.8
            inside = [*in_maildir(maildir).values(), *in_maildir(maildir / ".Backscatter").values()]
            self.assertEqual(sorted(inside), expected)
        self.assertGreater(kills, 3)
        for target in [maildir, box]:
            for _ in range(40):
                if "no sweep" in self.must(self.undo(target)):
                    break
        self.assertEqual(sorted(in_maildir(maildir).values()), expected)
        self.assertEqual(split_mbox(box), every)


if __name__ == "__main__":
    unittest.main()
