# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""backstopd beside real Postfix while that on which it relies is locked, damaged, full or gone:
each mail arrives once, what went out unrecorded is a gap in which no notice is condemned, and all
is as before when the trouble is over."""

import concurrent.futures
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

import machine

machine.enter(__file__, "postfix")

import notices
import served
from pair import NOT_OURS, PROVEN, WithPostfix, wait_until
from served import fields, message, send, verdict

JOURNAL = served.STATE / "backstop.db-gaps"
FILLER = served.STATE / "filler"
KEYS = served.CONFIG.parent / "keys"
DAY_SEC = 86400
MINUTE_SEC = 60
PASSED = "; the mail is passed"


class Trouble(WithPostfix):
    site = "mode = enforce"
    domain = "likely-backscatter = mark"

    def setUp(self):
        """Each has another daemon, with a store that nothing has happened to."""
        self.daemon.end()
        served.LOG.unlink(missing_ok=True)
        self.daemon.__init__()
        self.daemon.configure(self.site, self.domain)
        self.daemon.start()
        super().setUp()
        self.sent = 0

    def tearDown(self):
        super().tearDown()
        self.daemon.end()

    # The mail.

    def flow(self, count, during=None):
        """So many mails of ours go out, and as many of strangers come in, two at a time each;
        `during` is called in the middle of it. All of them must arrive once. Returns those that
        went out, as they arrived."""
        first, self.sent = self.sent, self.sent + count
        ways = [("out", "alice@our.example", "bob@remote.example", served.OUR_CLIENT, self.remote),
                ("in", "carol@remote.example", "bob@our.example", served.STRANGER, self.ours)]
        ids = {way[0]: [f"<{way[0]}-{i}@our.example>" for i in range(first, first + count)]
               for way in ways}
        with concurrent.futures.ThreadPoolExecutor(2 * len(ways)) as pool:
            runs = [pool.submit(send, message(sender, to, message_id=ids[name][i]), sender, [to],
                                client=client)
                    for i in range(count) for name, sender, to, client, _ in ways]
            if during:
                runs[count // 2].result()
                during()
            self.assertEqual([run.result() for run in runs], ["250"] * 2 * count)
        self.settle()
        arrived = {way[0]: way[4].mails("bob") for way in ways}
        for name, mails in arrived.items():
            self.assertEqual(sorted(fields(mail, "Message-ID")[0] for mail in mails),
                             sorted(ids[name]))
        self.ours.empty("bob")
        self.remote.empty("bob")
        return arrived["out"]

    def expect_tags(self, mails):
        self.assertEqual([len(fields(mail, "Backstop-Tag")) for mail in mails], [1] * len(mails))

    def expect_genuine(self):
        """A mail of ours that goes out now comes back."""
        self.ours.empty("alice")
        self.write_genuine()
        self.assertIn("genuine; confidence=proven; by=tag", verdict(self.only_mail()))

    def expect_not_condemned(self):
        """A notice about a mail of now: it might be one of those that went out unrecorded."""
        self.ours.empty("alice")
        self.forge()
        self.expect_no_proof()

    def hand_in_old(self):
        """A notice about a mail that somebody sent in our name when all was well."""
        self.ours.empty("alice")
        self.sent += 1
        return send(notices.forged(f"old-{self.sent}", 2 * DAY_SEC), "", ["alice@our.example"],
                    client=served.STRANGER)

    def expect_condemned(self):
        """That one is no mail of the gap. It is refused, unless the daemon has noticed meanwhile,
        as it does each minute, that it does not know of all our mail."""
        reply = self.hand_in_old()
        if "enforce pauses" in self.daemon.log():
            self.assertEqual(reply, "250")
            self.assertIn(PROVEN, verdict(self.only_mail()))
        else:
            self.assertIn(NOT_OURS, reply)

    def expect_old_not_condemned(self):
        """Without the store's word nobody knows since when our mail is signed."""
        self.assertEqual(self.hand_in_old(), "250")
        self.expect_no_proof()

    # The store, from the side.

    def waiting_gaps(self):
        """Those beside it, which wait for it to take them in."""
        lines = JOURNAL.read_text().split("\n") if JOURNAL.exists() else []
        return [tuple(map(int, line.split())) for line in lines if line]

    def rows(self):
        """How much it remembers of mail that went out."""
        return self.daemon.ask("SELECT count(*) FROM ledger")[0][0]

    def expect_gap(self, gaps, since_sec):
        """That it is known that since then something went out unrecorded; but not since always."""
        self.assertTrue(any(since_sec - 2 * MINUTE_SEC < a <= time.time() and b >= since_sec
                            for a, b in gaps), (gaps, since_sec))

    def expect_records(self):
        """All is well: what goes out is recorded, no gap is added, what is forged is known."""
        self.flow(1)
        rows, gaps = self.rows(), self.daemon.gaps()
        errors = self.daemon.log().count(PASSED)
        self.expect_tags(self.flow(3))
        self.assertGreaterEqual(self.rows(), rows + 3)
        self.assertEqual(self.daemon.gaps(), gaps)
        self.assertEqual(self.waiting_gaps(), [])
        self.assertEqual(self.daemon.log().count(PASSED), errors)
        self.expect_genuine()
        self.expect_condemned()

    # What is wrong.

    def test_store_is_locked(self):
        """By another process, for as long as anybody waits."""
        self.expect_records()
        self.assertEqual(self.daemon.gaps(), [])
        since_sec = int(time.time())
        lock = sqlite3.connect(served.STORE, isolation_level=None)
        self.addCleanup(lock.close)
        self.expect_tags(self.flow(4, during=lambda: lock.execute("BEGIN EXCLUSIVE")))
        self.assertIn("is locked by another process", self.daemon.log())
        self.assertIn(PASSED, self.daemon.log())
        self.expect_gap(self.waiting_gaps(), since_sec)
        # It can be read.
        self.expect_not_condemned()
        self.expect_condemned()
        lock.execute("ROLLBACK")
        self.expect_records()
        self.expect_gap(self.daemon.gaps(), since_sec)

    @contextlib.contextmanager
    def daemon_held(self):
        """It does nothing in the meantime."""
        if self.daemon.process is None:
            yield
            return
        self.daemon.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.daemon.process.pid, os.WSTOPPED)
        try:
            yield
        finally:
            self.daemon.process.send_signal(signal.SIGCONT)

    def damage(self, start, end=None):
        """Overwrites a part of the file, with all that was written in it. What the daemon has read
        before is void by then, so it cannot go on with that."""
        def overwrite():
            with self.daemon_held():
                with contextlib.closing(sqlite3.connect(served.STORE)) as store:
                    busy, = store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[:1]
                if not busy:
                    with open(served.STORE, "r+b") as file:
                        size = file.seek(0, 2)
                        file.seek(start)
                        file.write(b"\xa5" * ((end or size) - start))
            return not busy

        wait_until("a moment at which nobody uses the store", overwrite)

    def put_aside(self):
        """As it is told, and not the gaps beside it."""
        for ending in ("", "-wal", "-shm"):
            served.STORE.with_name(served.STORE.name + ending).unlink(missing_ok=True)

    def check_while_damaged(self, since_sec):
        self.expect_tags(self.flow(3))
        self.assertIn("is damaged, or no store", self.daemon.log())
        self.expect_gap(self.waiting_gaps(), since_sec)
        self.expect_genuine()
        self.expect_not_condemned()

    def check_with_a_new_one(self):
        """It knows nothing of before, and so condemns nothing."""
        self.expect_tags(self.flow(3))
        self.assertEqual(self.waiting_gaps(), [])
        self.assertGreaterEqual(self.rows(), 3)
        self.expect_genuine()
        self.expect_old_not_condemned()

    def test_store_loses_its_pages(self):
        since_sec = int(time.time())
        self.flow(3, during=lambda: self.damage(4096))
        self.check_while_damaged(since_sec)
        self.assertEqual(self.daemon.stop(), 0)
        self.put_aside()
        self.daemon.start()
        self.check_with_a_new_one()

    def test_store_loses_its_header(self):
        since_sec = int(time.time())
        self.flow(3, during=lambda: self.damage(0, 100))
        self.check_while_damaged(since_sec)
        self.put_aside()
        self.daemon.use(self.site, self.domain)
        self.check_with_a_new_one()

    def test_store_is_damaged_at_the_start(self):
        since_sec = int(time.time())
        self.assertEqual(self.daemon.stop(), 0)
        self.damage(0)
        self.daemon.start()
        self.assertIn("enforce pauses", self.daemon.log())
        self.check_while_damaged(since_sec)
        self.expect_old_not_condemned()
        self.put_aside()
        self.daemon.use(self.site, self.domain)
        self.check_with_a_new_one()

    def move_to_small_disk(self):
        """As it is, to a disk of 512 KiB."""
        self.assertEqual(self.daemon.stop(), 0)
        saved = served.STATE.with_name("saved")
        shutil.copytree(served.STATE, saved)
        self.addCleanup(shutil.rmtree, saved)
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k,mode=755", "small",
                                served.STATE], capture_output=True, text=True)
        if mount.returncode != 0:
            self.skipTest(f"no disk can be mounted here: {mount.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "--lazy", served.STATE], check=True)
        shutil.copytree(saved, served.STATE, dirs_exist_ok=True)
        for path in (served.STATE, *served.STATE.rglob("*")):
            shutil.chown(path, "backstop", "backstop")
        self.daemon.start()

    def fill(self):
        with open(FILLER, "ab", buffering=0) as file:
            for size in (4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"\0" * size)
        self.assertEqual(shutil.disk_usage(served.STATE).free, 0)

    def test_disk_is_full(self):
        self.move_to_small_disk()
        since_sec = int(time.time())
        self.expect_tags(self.flow(10, during=self.fill))
        self.assertIn("its disk is full", self.daemon.log())
        self.assertIn(PASSED, self.daemon.log())
        # There is no room for the gap either. It is remembered.
        self.assertIn("not even that could be written", self.daemon.log())
        self.expect_not_condemned()
        self.expect_genuine()
        self.expect_condemned()
        FILLER.unlink()
        self.expect_records()
        self.expect_gap(self.daemon.gaps(), since_sec)

    def reload(self, domain, expected):
        """Asks for other settings; returns what is logged."""
        before = len(self.daemon.log())
        self.daemon.configure(self.site, domain)
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_until(f"{expected!r} in the log", lambda: expected in self.daemon.log()[before:])
        return self.daemon.log()[before:]

    def test_key_file_is_gone(self):
        """It goes on with the keys and the settings that it has."""
        saved = KEYS.rename(KEYS.with_name("saved"))
        said = []
        mails = self.flow(6, during=lambda: said.append(
            self.reload("proven-backscatter = mark", "not reloaded")))
        self.expect_tags(mails)
        self.assertIn(f"key-file: {KEYS}", said[0])
        self.assertIn("the settings stay as they were", said[0])
        self.expect_records()
        # With the file it takes the new ones.
        saved.rename(KEYS)
        self.reload("proven-backscatter = mark", "reloaded ")
        self.expect_genuine()
        self.assertEqual(self.hand_in_old(), "250")
        self.assertIn(PROVEN, verdict(self.only_mail()))


if __name__ == "__main__":
    unittest.main()
