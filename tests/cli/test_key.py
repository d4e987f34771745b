# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""`backstop key new|list|retire`."""

import os
import pathlib
import re
import stat
import subprocess
import tempfile
import unittest

from cli import LIMIT_SEC, PROGRAM, run

NOW = "2026-11-23T20:24:50Z"
SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


class Key(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.path = self.folder / "keys"

    def key(self, *arguments, as_of=NOW):
        return run("key", "--key-file", str(self.path), "--as-of", as_of, *arguments)

    def works(self, *arguments, as_of=NOW):
        result = self.key(*arguments, as_of=as_of)
        self.assertEqual((result.returncode, result.stderr), (0, b""), arguments)
        return result.stdout.decode()

    def fails(self, status, *arguments, as_of=NOW):
        result = self.key(*arguments, as_of=as_of)
        self.assertEqual((result.returncode, result.stdout), (status, b""), result.stderr)
        return result.stderr.decode()

    def lines(self):
        return self.path.read_text().splitlines()

    def write(self, *lines, mode=0o600):
        self.path.write_text("version 1\n" + "".join(line + "\n" for line in lines))
        self.path.chmod(mode)

    def test_new_file(self):
        said = self.works("new")
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(os.listdir(self.folder), ["keys"])
        version, tag, ledger = self.lines()
        self.assertEqual(version, "version 1")
        self.assertRegex(tag, r"^20261123[a-z2-7]{4} 1795465490 - tag [A-Za-z0-9+/]{43}=$")
        self.assertRegex(ledger, r"^20261123[a-z2-7]{4} 1795465490 - ledger [A-Za-z0-9+/]{43}=$")
        self.assertIn(tag.split()[0], said)
        self.assertIn(str(self.path), said)
        self.assertNotIn(tag.split()[4], said)

    def test_rotation(self):
        self.works("new")
        before = self.lines()
        self.works("new", "tag", as_of="2026-11-24T00:00:00Z")
        self.assertEqual(self.lines()[:3], before)
        old = before[1].split()[0]
        self.works("retire", old, as_of="2026-11-25T00:00:00Z")
        after = self.lines()
        self.assertEqual(after[1], before[1].replace(" - ", " 1795564800 "))
        self.assertEqual(after[2], before[2])
        listed = self.works("list", as_of="2026-11-26T00:00:00Z")
        new = after[3].split()[0]
        self.assertEqual([line.split(maxsplit=3) for line in listed.splitlines()], [
            ["ID", "PURPOSE", "MADE", "STATE"],
            [old, "tag", NOW, "verifies until 2026-12-25T00:00:00Z"],
            [before[2].split()[0], "ledger", NOW, "in use"],
            [new, "tag", "2026-11-24T00:00:00Z", "signs"]])

    def test_list(self):
        self.write(f"gone 1 2 tag {SECRET}", f"old 1000 - tag {SECRET}",
                   f"now 2000 1800000000 tag {SECRET}", f"next 1900000000 - tag {SECRET}",
                   f"p 5 - prvs7 {SECRET}", f"l 5 - ledger {SECRET}")
        listed = self.works("list")
        self.assertEqual([line.split(maxsplit=3)[3] for line in listed.splitlines()[1:]], [
            "expired", "verifies", "signs until 2027-01-15T08:00:00Z",
            "signs from 2030-03-17T17:46:40Z", "signs", "in use"])
        self.assertNotIn(SECRET, listed)

    def test_clock_set_back(self):
        """A key of the future is better than none, and says so."""
        self.write(f"a 1795465490 - tag {SECRET}")
        self.assertRegex(self.works("list", as_of="2020-01-01T00:00:00Z"), r"a .* signs\n")
        self.works("new", "tag", as_of="2020-01-01T00:00:00Z")
        self.assertRegex(self.works("list", as_of="2020-01-02T00:00:00Z"),
                         r"a .* signs from 2026-11-23T20:24:50Z\n20200101.* signs\n")

    def test_refused(self):
        self.works("new")
        tag, ledger = (line.split()[0] for line in self.lines()[1:])
        before = self.path.read_bytes()
        for arguments, cure in [
                (["retire", tag], "`backstop key new tag`"), (["retire", ledger], "ledger's key"),
                (["retire", "nosuch"], "`backstop key list`"), (["new", "ledger"], "ledger key"),
                (["new", "tags"], "prvs0 to prvs9"), (["new", "prvs10"], "prvs0 to prvs9")]:
            with self.subTest(arguments=arguments):
                self.assertIn(cure, self.fails(78, *arguments))
                self.assertEqual(self.path.read_bytes(), before)

    def test_usage(self):
        for arguments in [[], ["show"], ["new", "tag", "tag"], ["retire"], ["list", "x"],
                          ["--nosuch"]]:
            with self.subTest(arguments=arguments):
                self.assertIn("Usage:", self.fails(64, *arguments))
        self.assertIn("--as-of", self.fails(64, "list", as_of="yesterday"))
        self.assertEqual(os.listdir(self.folder), [])

    def test_missing_file(self):
        for arguments in ["list"], ["retire", "a"]:
            with self.subTest(arguments=arguments):
                said = self.fails(78, *arguments)
                self.assertIn(f"`backstop key new --key-file {self.path}`", said)
        self.assertEqual(os.listdir(self.folder), [])

    def test_missing_folder(self):
        self.path = self.folder / "none" / "keys"
        self.assertIn(f"mkdir -p {self.folder}/none", self.fails(78, "new"))

    def test_open_to_others(self):
        for mode in 0o640, 0o604, 0o660, 0o666:
            self.write(f"a 5 - tag {SECRET}", mode=mode)
            for arguments in ["list"], ["new"], ["retire", "a"]:
                with self.subTest(mode=oct(mode), arguments=arguments):
                    self.assertIn(f"chmod 600 {self.path}", self.fails(78, *arguments))

    def test_broken_file(self):
        self.write(f"a 5 - tag {SECRET[:10]}")
        self.assertIn("line 2: the secret is shorter than 16 bytes", self.fails(78, "list"))
        self.write(f"a 5 - tag {SECRET}", f"a 5 - tag {SECRET}")
        self.assertIn("line 3: a line above has the same id", self.fails(78, "new"))
        self.write(f"a 5 - {SECRET} tag")
        said = self.fails(78, "list")
        self.assertIn("line 2: the fourth column", said)
        self.assertNotIn(SECRET, said)

    def test_default_place(self):
        """Without configuration the file is the user's own."""
        environment = dict(os.environ, XDG_STATE_HOME=str(self.folder))
        result = subprocess.run([PROGRAM, "key", "new"], env=environment, timeout=LIMIT_SEC,
                                capture_output=True, check=False)
        if pathlib.Path("/etc/backstop/backstop.conf").exists():
            self.skipTest("this machine has a configuration of its own")
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        path = self.folder / "backstop" / "keys"
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(path.parent.stat().st_mode), 0o700)

    def test_writers_at_once(self):
        """Each key is there afterwards."""
        self.works("new")
        command = [PROGRAM, "key", "--key-file", str(self.path), "new", "tag"]
        writers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(8)]
        ids = set()
        for writer in writers:
            output, _ = writer.communicate(timeout=LIMIT_SEC)
            self.assertEqual(writer.returncode, 0)
            ids.add(re.search(r"tag key (\S+) in", output.decode())[1])
        self.assertEqual(len(ids), 8)
        self.assertLessEqual(ids, {line.split()[0] for line in self.lines()})
        self.assertEqual(len(self.lines()), 11)

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_owner_is_kept(self):
        self.works("new")
        self.folder.chmod(0o755)
        os.chown(self.path, 65534, 65534)
        self.works("new", "tag")
        about = self.path.stat()
        self.assertEqual((about.st_uid, about.st_gid), (65534, 65534))
        self.assertEqual(stat.S_IMODE(about.st_mode), 0o600)

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_other_user(self):
        self.works("new")
        self.folder.chmod(0o755)
        result = run("key", "--key-file", str(self.path), "list", user=65534)
        self.assertEqual(result.returncode, 78)
        self.assertIn(b"run this as the owner of the key file", result.stderr)
        result = run("key", "--key-file", str(self.folder / "other"), "new", user=65534)
        self.assertEqual(result.returncode, 78)
        self.assertIn(b"Permission denied", result.stderr)

    def test_full_disk(self):
        """What cannot be written changes nothing."""
        self.works("new")
        before = self.path.read_bytes()
        limited = subprocess.run(
            ["sh", "-c", 'ulimit -f 0; exec "$0" "$@"', PROGRAM, "key", "--key-file",
             str(self.path), "new"], capture_output=True, timeout=LIMIT_SEC, check=False)
        self.assertNotEqual(limited.returncode, 0)
        self.assertEqual(self.path.read_bytes(), before)
        self.works("new")
        self.assertEqual(os.listdir(self.folder), ["keys"])


if __name__ == "__main__":
    unittest.main()
