# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""What `backstop check` reads: files, folders, Maildirs, mboxes, pipes, and what it cannot read."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from cli import LIMIT_SEC, ORDINARY, PROGRAM, SEPARATOR, lines_of, mbox, notice, run


class InputTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return str(path)

    def check(self, *paths, status=0, stdin=b"", errors=()):
        """The JSON lines; the errors must be these, each file with its reason."""
        result = run("check", "--json", *paths, stdin=stdin, cwd=self.folder)
        told = "".join(f"backstop: {file}: {why}\n" for file, why in errors)
        self.assertEqual(result.stderr.decode(), told)
        self.assertEqual(result.returncode, status)
        return lines_of(result.stdout)

    def kinds(self, *paths, **options):
        """What was read: (file, index, kind)."""
        return [(line["file"], line["index"], line["notice"]["kind"])
                for line in self.check(*paths, **options)]


class Files(InputTest):
    def test_a_message(self):
        self.write("a.eml", notice())
        [line] = self.check("a.eml")
        self.assertEqual(line["file"], "a.eml")
        self.assertEqual(line["index"], 0)
        self.assertFalse(line["cut"])
        self.assertEqual(line["notice"]["kind"], "failure")
        self.assertEqual(line["notice"]["reason"], "user_unknown")
        self.assertEqual(line["notice"]["status"], "5.1.1")
        self.assertEqual(line["notice"]["reply"], "550")
        self.assertEqual(line["notice"]["reporting_mta"], "mx.remote.example")
        self.assertEqual(line["notice"]["arrival_date"], "2026-11-23T20:24:50Z")
        [recipient] = line["notice"]["recipients"]
        self.assertEqual(recipient["address"], "nobody@remote.example")
        self.assertEqual(recipient["action"], "failed")
        self.assertEqual(line["returned"]["form"], "headers")
        self.assertEqual(line["returned"]["message_id"], "<1@our.example>")
        self.assertEqual(line["returned"]["subject"], "Offer")
        self.assertEqual(line["returned"]["date"], "2026-11-23T20:24:50Z")
        [hop] = line["returned"]["hops"]
        self.assertEqual(hop["ip"], "192.0.2.5")

    def test_not_a_notice(self):
        self.write("a.eml", ORDINARY)
        [line] = self.check("a.eml")
        self.assertEqual(line["notice"]["kind"], "none")
        self.assertEqual(line["notice"]["recipients"], [])
        self.assertEqual(line["verdict"], "not_a_notice")
        self.assertEqual(line["returned"]["form"], "none")

    def test_several_paths_in_their_order(self):
        self.write("b.eml", notice())
        self.write("a.eml", ORDINARY)
        self.assertEqual(self.kinds("b.eml", "a.eml"),
                         [("b.eml", 0, "failure"), ("a.eml", 0, "none")])

    def test_line_ends_do_not_matter(self):
        answers = []
        for line_end in [b"\n", b"\r\n", b"\r"]:
            self.write("a.eml", notice(line_end=line_end))
            answers += self.check("a.eml")
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(answers[0], answers[2])

    def test_junk(self):
        self.write("junk", bytes(range(256)) * 300)
        self.assertEqual(self.kinds("junk"), [("junk", 0, "none")])

    def test_invalid_utf8_in_the_returned_header(self):
        self.write("a.eml", notice(subject=b"caf\xe9 \xc0\xaf \xed\xa0\x80"))
        [line] = self.check("a.eml")
        self.assertTrue(line["returned"]["subject"].startswith("caf"))

    def test_a_file_name_that_is_not_utf8(self):
        self.write(os.fsdecode(b"caf\xe9.eml"), notice())
        [line] = self.check(b"caf\xe9.eml")
        self.assertEqual(line["file"], "caf\ufffd.eml")

    def test_a_huge_message_is_cut(self):
        limit = 64 << 20
        head = notice()
        for extra, is_cut in [(0, False), (1, True)]:
            with open(self.folder / "a.eml", "wb") as file:
                file.write(head + b"x" * (limit - len(head) + extra))
            [line] = self.check("a.eml")
            self.assertEqual(line["cut"], is_cut)
            self.assertEqual(line["notice"]["kind"], "failure")

    def test_a_large_message_is_whole(self):
        # More than one read(): the end counts.
        padding = (b"X-Padding: " + b"p" * 60 + b"\n") * 1900
        for size in [64 << 10, 100_000, 128 << 10]:
            with self.subTest(size):
                text = notice()
                self.write("a.eml", b"X-First: " + padding[:size - len(text)] + b"\n" + text)
                [line] = self.check("a.eml")
                self.assertEqual(line["returned"]["message_id"], "<1@our.example>")


class Failures(InputTest):
    def test_missing(self):
        self.write("a.eml", notice())
        self.assertEqual(
            self.kinds("gone.eml", "a.eml", status=1,
                       errors=[("gone.eml", "No such file or directory")]),
            [("a.eml", 0, "failure")])

    def test_empty(self):
        self.write("a.eml", notice())
        self.write("empty", b"")
        self.write("blank", b" \r\n\t\n")
        why = "the message is empty"
        self.assertEqual(
            self.kinds("empty", "blank", "a.eml", status=1,
                       errors=[("empty", why), ("blank", why)]),
            [("a.eml", 0, "failure")])

    def test_no_permission(self):
        self.write("shut/a.eml", notice())
        self.write("b.eml", notice())
        self.write("c.eml", notice())
        self.folder.chmod(0o755)
        for name in ["shut", "b.eml"]:
            (self.folder / name).chmod(0)
            self.addCleanup((self.folder / name).chmod, 0o700)
        try:
            # Root may read everything.
            result = run("check", "--json", "shut", "b.eml", "c.eml", cwd=self.folder,
                         user="nobody" if os.geteuid() == 0 else None)
        except PermissionError:
            self.skipTest("the program lies where only root may go")
        self.assertEqual(result.stderr, b"backstop: shut: Permission denied\n"
                                        b"backstop: b.eml: Permission denied\n")
        self.assertEqual([line["file"] for line in lines_of(result.stdout)], ["c.eml"])
        self.assertEqual(result.returncode, 1)

    def test_special_files(self):
        os.mkfifo(self.folder / "fifo")
        why = "not a regular file"
        self.check("fifo", "/dev/null", status=1, errors=[("fifo", why), ("/dev/null", why)])

    def test_control_characters_in_an_error(self):
        self.check("a\n\x1b]0;x\x07\u202eb", status=1,
                   errors=[(r"a\x0a\x1b]0;x\x07\u202eb", "No such file or directory")])

    def test_empty_standard_input(self):
        self.check("-", status=1, errors=[("-", "the message is empty")])

    def test_a_folder_as_standard_input(self):
        folder = os.open(self.folder, os.O_RDONLY)
        result = subprocess.run([PROGRAM, "check", "-"], stdin=folder, capture_output=True,
                                timeout=LIMIT_SEC, check=False)
        os.close(folder)
        self.assertEqual(result.stderr, b"backstop: -: Is a directory\n")
        self.assertEqual(result.returncode, 1)


class Folders(InputTest):
    def test_files_by_name(self):
        for name in ["b", "a", "c", ".hidden", "sub/deeper"]:
            self.write("mail/" + name, notice() if name != "b" else ORDINARY)
        expected = [("mail/a", 0, "failure"), ("mail/b", 0, "none"), ("mail/c", 0, "failure")]
        self.assertEqual(self.kinds("mail"), expected)
        self.assertEqual(self.kinds("mail/"), expected)

    def test_an_empty_folder(self):
        (self.folder / "mail").mkdir()
        self.assertEqual(self.kinds("mail"), [])

    def test_an_mbox_in_a_folder(self):
        self.write("mail/box", mbox(notice(), ORDINARY))
        self.assertEqual(self.kinds("mail"), [("mail/box", 0, "failure"), ("mail/box", 1, "none")])

    def test_links(self):
        target = self.write("target", notice())
        self.write("mail/a", ORDINARY)
        os.symlink(target, self.folder / "mail" / "link")
        os.symlink("nowhere", self.folder / "mail" / "dangling")
        os.symlink("..", self.folder / "mail" / "up")
        os.symlink(".", self.folder / "mail" / "self")
        os.symlink("ring", self.folder / "mail" / "ring")
        self.assertEqual(
            self.kinds("mail", status=1,
                       errors=[("mail/dangling", "No such file or directory"),
                               ("mail/ring", "Too many levels of symbolic links")]),
            [("mail/a", 0, "none"), ("mail/link", 0, "failure")])

    def test_a_link_to_a_folder_as_path(self):
        self.write("mail/a", notice())
        os.symlink("mail", self.folder / "link")
        self.assertEqual(self.kinds("link"), [("link/a", 0, "failure")])

    def test_special_files_inside(self):
        self.write("mail/a", notice())
        os.mkfifo(self.folder / "mail" / "fifo")
        os.symlink("/dev/zero", self.folder / "mail" / "zero")
        with_errors = run("check", "--json", "mail", cwd=self.folder)
        self.assertEqual(sorted(with_errors.stderr.splitlines()),
                         [b"backstop: mail/fifo: not a regular file",
                          b"backstop: mail/zero: not a regular file"])
        self.assertEqual(with_errors.returncode, 1)
        self.assertEqual(len(lines_of(with_errors.stdout)), 1)

    def test_maildir(self):
        for name in ["cur/1.a:2,S", "new/2.b", "tmp/3.c", "new/.hidden", "dovecot-uidlist",
                     ".Sub/cur/4.d", ".Sub/new/5.e", ".Sub/tmp/6.f"]:
            self.write("Maildir/" + name, notice())
        self.assertEqual(self.kinds("Maildir"), [("Maildir/cur/1.a:2,S", 0, "failure"),
                                                 ("Maildir/new/2.b", 0, "failure")])
        self.assertEqual(self.kinds("Maildir/.Sub"), [("Maildir/.Sub/cur/4.d", 0, "failure"),
                                                      ("Maildir/.Sub/new/5.e", 0, "failure")])

    def test_many_files(self):
        for i in range(2000):
            self.write(f"mail/{i:04}", ORDINARY)
        self.assertEqual(self.kinds("mail"), [(f"mail/{i:04}", 0, "none") for i in range(2000)])


class Mboxes(InputTest):
    def test_two_messages(self):
        answers = []
        for line_end in [b"\n", b"\r\n", b"\r"]:
            messages = [notice(address, line_end=line_end)
                        for address in ["a@remote.example", "b@remote.example"]]
            self.write("box", mbox(*messages, line_end=line_end))
            answers.append(self.check("box"))
        self.assertEqual([(line["index"], line["notice"]["recipients"][0]["address"])
                          for line in answers[0]],
                         [(0, "a@remote.example"), (1, "b@remote.example")])
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(answers[0], answers[2])

    def test_one_message(self):
        self.write("box", mbox(notice()))
        [line] = self.check("box")
        self.assertEqual((line["index"], line["notice"]["kind"]), (0, "failure"))

    def count(self, content):
        self.write("box", content)
        return len(self.check("box"))

    def test_lines_that_separate(self):
        for line in [b"From a@b.example Mon Nov 23 20:25:00 2026",
                     b"From  Mon Nov 23 20:25:00 2026",
                     b"From - Mon Nov 23 20:25:00 2026",
                     b"From MAILER-DAEMON  Sun Nov  1 2:05 2026",
                     b"From a@b.example Mon Nov 23 20:25:00 MET 2026",
                     b"From a@b.example Mon Nov 23 20:25:00 2026 +0100",
                     b"From a@b.example Mon Nov 23 20:25:00 +0100 2026",
                     b"From a@b.example Mon, 23 Nov 2026 20:25:00 +0100 (CET)",
                     b"From uucp Mon Nov 23 20:25:00 2026 remote from host",
                     b'From "a b"@c.example Mon Nov 23 20:25:00 2026']:
            with self.subTest(line):
                self.assertEqual(self.count(mbox(ORDINARY) + line + b"\n" + ORDINARY), 2)

    def test_lines_that_do_not(self):
        for line in [b"From here on nothing changes.",
                     b"From 23 Nov 2026 on, the office is closed.",
                     b"From Monday Nov 23 2026",
                     b"From now until Mon Nov 23 20:25:00 2026 we are closed",
                     b"From a@b.example Mon Nov 23 20:25:00 2026 and so on and on",
                     b"From a@b.example Mon Nov 23 20:25:00",
                     b"From a@b.example Mon Noo 23 20:25:00 2026",
                     b"From a@b.example Mon Nov 233 20:25:00 2026",
                     b"From a@b.example Mon Nov 23 20.25 2026",
                     b"From: a@b.example Mon Nov 23 20:25:00 2026",
                     b"from a@b.example Mon Nov 23 20:25:00 2026",
                     b" From a@b.example Mon Nov 23 20:25:00 2026",
                     b">From a@b.example Mon Nov 23 20:25:00 2026",
                     b"From " + b"a" * 2000 + b" Mon Nov 23 20:25:00 2026",
                     b"From " + b"a " * 200 + b" Mon Nov 23 20:25:00 2026"]:
            with self.subTest(line):
                self.assertEqual(self.count(mbox(ORDINARY) + line + b"\n" + ORDINARY), 1)

    def test_only_after_an_empty_line(self):
        self.assertEqual(self.count(mbox(ORDINARY + b"text\n" + SEPARATOR + b"\n" + ORDINARY)), 1)
        self.assertEqual(self.count(mbox(ORDINARY + b" \n" + SEPARATOR + b"\n" + ORDINARY)), 1)

    def test_content_length_is_not_believed(self):
        lying = ORDINARY.replace(b"Subject:", b"Content-Length: 100000\nSubject:")
        self.assertEqual(self.count(mbox(lying, lying)), 2)

    def test_a_field_named_from_is_no_mbox(self):
        self.write("a.eml", b"From : bob@remote.example\n" + ORDINARY)
        [line] = self.check("a.eml")
        self.assertEqual(line["index"], 0)

    def test_an_endless_first_line_is_no_separator(self):
        for tail in [b"", b"\n" + ORDINARY, b"\n" * (1 << 20)]:
            with self.subTest(tail[:10]):
                self.assertEqual(self.count(b"From " + b"x" * 3000 + tail), 1)

    def test_an_empty_message_inside(self):
        self.write("box", mbox(ORDINARY, b"", notice()))
        self.assertEqual(
            self.kinds("box", status=1, errors=[("box#1", "the message is empty")]),
            [("box", 0, "none"), ("box", 2, "failure")])

    def test_nothing_but_a_separator(self):
        for content in [SEPARATOR, SEPARATOR + b"\n", SEPARATOR + b"\r\n", SEPARATOR + b"\n\n"]:
            with self.subTest(content):
                self.write("box", content)
                result = run("check", "--json", "box", cwd=self.folder)
                self.assertEqual((result.returncode, result.stdout), (1, b""))

    def test_a_huge_message_inside_is_cut(self):
        huge = ORDINARY + b"0123456789abcde\n" * (5 << 20)
        self.write("box", mbox(notice(), huge, notice("b@remote.example")))
        lines = self.check("box")
        self.assertEqual([line["index"] for line in lines], [0, 1, 2])
        self.assertEqual([line["cut"] for line in lines], [False, True, False])
        self.assertEqual(lines[2]["notice"]["recipients"][0]["address"], "b@remote.example")


class StandardInput(InputTest):
    def test_a_message(self):
        self.assertEqual(self.kinds("-", stdin=notice()), [("-", 0, "failure")])

    def test_an_mbox(self):
        self.assertEqual(self.kinds("-", stdin=mbox(notice(), ORDINARY)),
                         [("-", 0, "failure"), ("-", 1, "none")])

    def test_beside_files(self):
        self.write("a.eml", ORDINARY)
        self.assertEqual(self.kinds("a.eml", "-", stdin=notice()),
                         [("a.eml", 0, "none"), ("-", 0, "failure")])

    def test_a_file_named_dash(self):
        self.write("-", ORDINARY)
        self.assertEqual(self.kinds("./-", stdin=notice()), [("./-", 0, "none")])


if __name__ == "__main__":
    unittest.main()
