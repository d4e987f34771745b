#!/usr/bin/python3
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""The store when things go wrong around it: processes killed, many at once, a full disk, no rights.

Each process is tests/store/drive.c. What it was told to be committed must be there afterwards.
"""

import contextlib
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("BACKSTOP_BUILD", ROOT / "build"))
DRIVE = BUILD / "tests/store/drive"
NOW = 1795465490
MANY = 10 ** 9
LIMIT_SEC = 120
NOBODY = 65534
# A sanitized program is several times slower, and has its own messages.
SLOW = b"__asan_init" in DRIVE.read_bytes() or b"__tsan_init" in DRIVE.read_bytes()
KILLS = 4 if SLOW else 12


class StoreTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="backstop-store-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.store = self.folder / "backstop.db"
        self.program = DRIVE
        self.options = {}

    def start(self, *words):
        process = subprocess.Popen([self.program, self.store, *map(str, words)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, **self.options)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def finish(self, process):
        output, errors = process.communicate(timeout=LIMIT_SEC)
        self.assertEqual(errors, "")
        return output.splitlines(), process.returncode

    def drive(self, *words):
        """The lines that it printed; it must have gone well."""
        lines, status = self.finish(self.start(*words))
        self.assertEqual(status, 0, lines)
        return lines

    def check_error(self, status, words, *command):
        lines, code = self.finish(self.start(*command))
        self.assertEqual(code, 1, lines)
        self.assertTrue(lines[0].startswith(f"error {status} "), lines)
        for word in words:
            self.assertIn(word, lines[0])
        return lines

    def found(self, name, count):
        """(known, unknown, not to be told)"""
        [line] = self.drive("find", name, count)
        return tuple(int(word) for word in line.split()[:3])

    def check_sound(self):
        """SQLite finds no damage, and the sums of days are those of the rows."""
        with contextlib.closing(sqlite3.connect(self.store)) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            by_day = "SELECT day, count(*) FROM ledger GROUP BY day ORDER BY day"
            self.assertEqual(db.execute("SELECT day, rows FROM days ORDER BY day").fetchall(),
                             db.execute(by_day).fetchall())


class Killed(StoreTest):
    def kill_after(self, process, seconds):
        time.sleep(seconds)
        process.kill()
        return process.communicate()[0].splitlines()

    def test_recording(self):
        """Every mail whose recording had returned is there after a kill."""
        rng = random.Random(1)
        for i in range(KILLS):
            writers = {f"w{i}.{k}": self.start("record", f"w{i}.{k}", MANY) for k in range(3)}
            time.sleep(rng.uniform(0.05, 0.4))
            for process in writers.values():
                process.kill()
            for name, process in writers.items():
                lines = process.communicate()[0].splitlines()
                # A kill may cut the last line off.
                count = max(len(lines) - 1, 0)
                self.assertEqual(lines[:count], [str(n) for n in range(count)])
                self.assertEqual(self.found(name, count), (count, 0, 0))
        self.check_sound()

    def test_import_and_removal(self):
        """Cut short, they leave a store that is sound, and go through when they are repeated."""
        rng = random.Random(2)
        count = 4000 if SLOW else 20000
        for i in range(KILLS // 2):
            self.kill_after(self.start("import", "bulk", count), rng.uniform(0.02, 0.3))
            self.drive("stats")
            self.check_sound()
        self.assertEqual(self.drive("import", "bulk", count), ["imported"])
        self.assertEqual(self.found("bulk", count), (count, 0, 0))
        self.kill_after(self.start("forget", "bulk@our.example"), 0.05)
        self.check_sound()
        self.drive("forget", "bulk@our.example")
        self.assertEqual(self.found("bulk", count), (0, count, 0))
        # An expiry by five days of the twenty.
        later = NOW + 6 * 86400
        self.kill_after(self.start("expire", later), 0.05)
        self.check_sound()
        self.drive("expire", later)
        self.check_sound()
        # Of each mail nobody's row: those of 0 to 15 days ago.
        self.assertEqual(self.drive("stats"), [f"{count * 16 // 20} 0"])

    def test_gaps(self):
        """A gap that was noted survives whoever was to take it in."""
        rng = random.Random(3)
        for i in range(KILLS):
            holder = sqlite3.connect(self.store)
            self.drive("open")
            holder.execute("BEGIN IMMEDIATE")
            at = NOW + 1000 * i
            self.drive("gap", at, at)
            holder.close()
            process = self.start("record", "w", MANY)
            time.sleep(rng.uniform(0.0, 0.05))
            process.kill()
            process.communicate()
            self.assertEqual(self.drive("has-gap", at, at), ["yes"])
        for i in range(KILLS):
            self.assertEqual(self.drive("has-gap", NOW + 1000 * i, NOW + 1000 * i), ["yes"])


class Together(StoreTest):
    def test_made_by_many(self):
        for i in range(3):
            self.store = self.folder / f"{i}.db"
            processes = [self.start("record", f"p{k}", 3) for k in range(8)]
            for process in processes:
                self.assertEqual(self.finish(process), (["0", "1", "2"], 0))
            self.check_sound()

    def test_writing(self):
        """Importing, expiring and recording by several processes: none is kept out."""
        count = 2000 if SLOW else 20000
        self.drive("import", "old", count)
        importer = self.start("import", "bulk", count)
        expirer = self.start("expire", NOW + 6 * 86400)
        writers = [self.start("record", f"w{k}", 100) for k in range(3)]
        for process in writers:
            lines, status = self.finish(process)
            self.assertEqual((lines[-1:], status), (["99"], 0))
        self.assertEqual(self.finish(importer), (["imported"], 0))
        self.finish(expirer)
        for k in range(3):
            self.assertEqual(self.found(f"w{k}", 100), (100, 0, 0))
        self.check_sound()

    def test_locked(self):
        """Held by somebody: busy after five seconds, a gap on record, and all goes on after."""
        self.drive("record", "w", 1)
        holder = sqlite3.connect(self.store)
        holder.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        lines = self.check_error("BUSY", ["backstop.db", "locked by another process"], "record",
                                 "v", 1)
        self.assertEqual(len(lines), 1)  # the gap could be noted
        waited = time.monotonic() - started
        self.assertGreater(waited, 4.5)
        self.assertLess(waited, 30)  # a machine at work on much else needs some of it
        self.assertEqual(self.found("w", 1), (1, 0, 0))
        self.assertEqual(self.drive("has-gap", NOW, NOW), ["yes"])
        holder.close()
        self.drive("record", "v", 1)
        self.assertEqual(self.drive("has-gap", NOW, NOW), ["yes"])
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["backstop.db"])


@contextlib.contextmanager
def small_disk(folder, kib):
    """Mounts a file system of that size, which only root can."""
    result = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=700", "tmpfs",
                             folder], stderr=subprocess.PIPE, text=True)
    if result.returncode != 0:
        raise unittest.SkipTest(f"cannot mount a small disk here: {result.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


class FullDisk(StoreTest):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("only root can mount a small disk")
        disk = contextlib.ExitStack()
        self.addCleanup(disk.close)
        disk.enter_context(small_disk(self.folder, 4096))
        self.ballast = self.folder / "ballast"

    def fill(self):
        with open(self.ballast, "wb", buffering=0) as file:
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(65536))
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(1))

    def test_full(self):
        self.drive("record", "w", 20)
        process = self.start("wait", "record", "v", 50)
        self.assertEqual(process.stdout.readline(), "open\n")
        self.fill()
        process.stdin.write("\n")
        process.stdin.flush()
        lines, status = self.finish(process)
        self.assertEqual(status, 1)
        errors = [line for line in lines if line.startswith("error ")]
        recorded = [int(line) for line in lines if not line.startswith("error ")]
        self.assertTrue(errors)
        for line in errors:
            self.assertRegex(line, "^error STORE .*(disk is full|No space left)")
        # What was remembered before is, and what was told to be committed.
        self.assertEqual(self.found("w", 20), (20, 0, 0))
        known = self.found("v", 50)
        self.assertGreaterEqual(known[0], len(recorded))
        self.ballast.unlink()
        self.drive("record", "v", 50)
        self.assertEqual(self.found("v", 50), (50, 0, 0))
        self.check_sound()

    def test_gap_is_held(self):
        """Nothing can be written, not even the journal: the process remembers until it can."""
        self.drive("record", "w", 20)
        process = self.start("wait", "record", "v", 300)
        self.assertEqual(process.stdout.readline(), "open\n")
        self.fill()
        process.stdin.write("\n")
        process.stdin.flush()
        first = None
        for line in process.stdout:
            if "-gaps" in line and first is None:
                first = line
                self.ballast.unlink()
        if first is None:
            self.skipTest("the disk had room for a line all the time")
        self.assertIn("cannot be written", first)
        process.wait(LIMIT_SEC)
        [rest] = [line for line in self.drive("find", "v", 300)]
        unknown = int(rest.split()[1])
        self.assertGreater(unknown, 0)
        # The first that failed is within the gap.
        index = 0
        while self.found_one("v", index):
            index += 1
        self.assertEqual(self.drive("has-gap", NOW + index, NOW + index), ["yes"])

    def found_one(self, name, index):
        [before] = self.drive("find", name, index + 1)
        return int(before.split()[0]) == index + 1

    def test_new_store(self):
        self.fill()
        self.check_error("STORE", ["backstop.db", "disk is full"], "record", "w", 1)
        self.ballast.unlink()
        self.drive("record", "w", 1)
        self.assertEqual(self.found("w", 1), (1, 0, 0))

    def test_import(self):
        self.drive("record", "w", 20)
        self.check_error("STORE", ["disk is full"], "import", "bulk", 50000)
        self.assertEqual(self.found("w", 20), (20, 0, 0))
        self.check_sound()

    def test_read_only(self):
        self.drive("record", "w", 20)
        subprocess.run(["mount", "-o", "remount,ro", self.folder], check=True)
        self.check_error("STORE", ["backstop.db", "cannot be"], "find", "w", 20)
        subprocess.run(["mount", "-o", "remount,rw", self.folder], check=True)
        self.assertEqual(self.found("w", 20), (20, 0, 0))


class Rights(StoreTest):
    """As a user that may not do all."""

    def setUp(self):
        super().setUp()
        if os.geteuid() == 0:
            # It must be able to reach the program.
            self.program = self.folder / "drive"
            shutil.copy(DRIVE, self.program)
            self.program.chmod(0o755)
            self.folder.chmod(0o755)
            self.place = self.folder / "place"
            self.place.mkdir()
            os.chown(self.place, NOBODY, NOBODY)
            self.options = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        else:
            self.place = self.folder
        self.store = self.place / "backstop.db"

    def test_folder_is_read_only(self):
        self.place.chmod(0o500)
        self.check_error("STORE", ["backstop.db", "cannot be reached or made"], "record", "w", 1)
        self.place.chmod(0o700)
        self.drive("record", "w", 1)
        self.place.chmod(0o500)
        self.check_error("STORE", ["backstop.db", "its owner"], "find", "w", 1)
        self.place.chmod(0o700)
        self.assertEqual(self.found("w", 1), (1, 0, 0))

    def test_file_is_read_only(self):
        self.drive("record", "w", 1)
        self.store.chmod(0o400)
        self.check_error("STORE", ["backstop.db", "cannot be written", "its owner"], "find", "w",
                         1)
        self.store.chmod(0o600)
        self.assertEqual(self.found("w", 1), (1, 0, 0))

    def test_folder_is_closed(self):
        self.drive("record", "w", 1)
        self.place.chmod(0)
        self.check_error("STORE", ["backstop.db", "cannot be reached or made"], "find", "w", 1)
        self.place.chmod(0o700)

    def test_file_of_another(self):
        if os.geteuid() != 0:
            self.skipTest("only root can give files away")
        self.drive("record", "w", 1)
        os.chown(self.store, 0, 0)
        self.store.chmod(0o666)
        self.place.chmod(0o777)
        self.check_error("STORE", ["backstop.db", "others than its owner", "chmod 600"], "find",
                         "w", 1)
        # Root may use everybody's, and closes none but its own.
        os.chown(self.store, NOBODY, NOBODY)
        self.options = {}
        self.check_error("STORE", ["others than its owner"], "find", "w", 1)
        self.store.chmod(0o600)
        self.assertEqual(self.found("w", 1), (1, 0, 0))


if __name__ == "__main__":
    unittest.main()
