#!/usr/bin/python3
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""backstopd as a process: start, readiness, reload, end; and what fails at each of them."""

import contextlib
import grp
import os
import resource
import re
import shutil
import signal
import socket
import stat
import subprocess
import time
import unittest

from process import DAEMON, DAY_SEC, IS_ROOT, LIMIT_SEC, ROOT, USER, Daemon, client

OURS = b"""\
From: alice@our.example
To: bob@remote.example
Subject: Lunch
Message-ID: <lunch@our.example>

At noon?
"""

EXIT_USAGE = 64
EXIT_TEMPORARY = 75
EXIT_CONFIG = 78


def as_root(test):
    return unittest.skipUnless(IS_ROOT, "only root can start it as another user")(test)


def assert_gap(test, daemon, from_sec, until_sec):
    """One gap is on record from before the first time until two seconds after it at least, and has
    ended by the second."""
    gaps = daemon.sql("SELECT from_sec, until_sec FROM gaps")
    test.assertTrue(any(a <= from_sec and from_sec + 2 <= b <= until_sec for a, b in gaps),
                    (gaps, from_sec, until_sec))


class Start(unittest.TestCase):
    def test_tells_that_it_is_ready_once_it_listens(self):
        with Daemon() as daemon:
            daemon.start()
            daemon.wait_told("READY=1")
            self.assertTrue(daemon.passes())
            self.assertIn(f"ready on unix:{daemon.socket}, mode observe", daemon.log())

    def test_the_socket_is_for_its_owner_and_group(self):
        with Daemon() as daemon:
            daemon.start_ready()
            info = daemon.socket.stat()
            self.assertEqual(stat.S_IMODE(info.st_mode), 0o660)
            self.assertEqual((info.st_uid, info.st_gid), (USER.pw_uid, USER.pw_gid))

    def test_a_setgid_folder_gives_the_socket_its_group(self):
        with Daemon() as daemon:
            groups = [0] if IS_ROOT else os.getgroups()
            other = next((group for group in groups if group != USER.pw_gid), None)
            if other is None:
                self.skipTest("this user has one group only")
            os.chown(daemon.socket.parent, USER.pw_uid, other)
            daemon.socket.parent.chmod(0o2750)
            daemon.start_ready()
            self.assertEqual(daemon.socket.stat().st_gid, other)
            self.assertEqual(stat.S_IMODE(daemon.socket.stat().st_mode), 0o660)

    def test_milter_group(self):
        with Daemon(milter_group=grp.getgrgid(USER.pw_gid).gr_name) as daemon:
            daemon.start_ready()
            self.assertEqual(daemon.socket.stat().st_gid, USER.pw_gid)

    @as_root
    def test_a_group_that_it_cannot_give(self):
        with Daemon(milter_group="root") as daemon:
            status, log = daemon.run()
            self.assertEqual(status, EXIT_TEMPORARY)
            self.assertIn("must be a member of that group", log)
            self.assertFalse(any("READY" in message for message in daemon.read_told()))

    @as_root
    def test_gives_up_the_rights_of_root(self):
        with Daemon() as daemon:
            daemon.start_ready()
            with open(f"/proc/{daemon.process.pid}/status", encoding="utf-8") as file:
                status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
            self.assertEqual(status["Uid"].split(), [str(USER.pw_uid)] * 4)
            self.assertEqual(status["Gid"].split(), [str(USER.pw_gid)] * 4)
            groups = {int(group) for group in status["Groups"].split()}
            self.assertEqual(groups, set(os.getgrouplist(USER.pw_name, USER.pw_gid)))
            self.assertEqual(int(status["CapEff"], 16), 0)
            self.assertEqual(int(status["CapPrm"], 16), 0)
            self.assertEqual(status["NoNewPrivs"], "1")

    @as_root
    def test_does_not_serve_as_root_or_as_nobody_known(self):
        for user, why in (("root", "does not serve as root"), ("no-such", "there is no user")):
            with self.subTest(user), Daemon(user=user) as daemon:
                status, log = daemon.run()
                self.assertEqual(status, EXIT_CONFIG)
                self.assertRegex(log, rf"backstop\.conf:\d+: \[backstop\] user: .*{why}")

    @as_root
    def test_what_it_cannot_read_as_its_user_is_told_at_the_start(self):
        with Daemon() as daemon:
            os.chown(daemon.keys, 0, 0)
            status, log = daemon.run()
            self.assertEqual(status, EXIT_CONFIG)
            self.assertIn(str(daemon.keys), log)

    def test_a_socket_that_a_killed_daemon_left(self):
        with Daemon() as daemon:
            daemon.start_ready()
            daemon.stop(signal.SIGKILL)
            self.assertTrue(daemon.socket.exists())
            daemon.start_ready()
            self.assertTrue(daemon.passes())

    def test_a_socket_that_another_listens_on_stays(self):
        with Daemon() as daemon, socket.socket(socket.AF_UNIX) as other:
            other.bind(str(daemon.socket))
            other.listen()
            daemon.socket.chmod(0o777)
            status, log = daemon.run()
            self.assertEqual(status, EXIT_TEMPORARY)
            self.assertIn("another program listens there already", log)
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(daemon.socket))

    def test_another_file_in_the_place_of_the_socket_stays(self):
        with Daemon() as daemon:
            daemon.socket.write_text("precious")
            status, log = daemon.run()
            self.assertEqual(status, EXIT_TEMPORARY)
            self.assertIn("which is no socket", log)
            self.assertEqual(daemon.socket.read_text(), "precious")

    def test_too_few_descriptors(self):
        def starve(count):
            return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
        with Daemon() as daemon:
            status, log = daemon.run(before=starve(24))
            self.assertEqual(status, EXIT_TEMPORARY)
            self.assertIn("file descriptors: Too many open files", log)
        with Daemon() as daemon:
            daemon.start_ready(before=starve(64))
            self.assertTrue(daemon.passes())

    def test_raises_the_soft_limit_of_descriptors(self):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with Daemon() as daemon:
            daemon.start_ready(before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                                 (128, hard)))
            with open(f"/proc/{daemon.process.pid}/limits", encoding="utf-8") as file:
                soft = re.search(r"^Max open files +(\d+)", file.read(), re.MULTILINE)[1]
            self.assertEqual(int(soft), min(hard, 65536))


class Configuration(unittest.TestCase):
    def test_every_error_is_told(self):
        with Daemon(mode="sometimes", no_such="1") as daemon:
            daemon.keys.unlink()
            status, log = daemon.run()
            self.assertEqual(status, EXIT_CONFIG)
            self.assertRegex(log, r"backstop\.conf:\d+: \[backstop\] mode: ")
            self.assertRegex(log, r"backstop\.conf:\d+: \[backstop\] no-such: ")

    def test_errors_behind_the_file_are_told_together(self):
        with Daemon(milter_group="no-such") as daemon:
            daemon.keys.unlink()
            daemon.write_config(extra="outbound-hosts = 300.1.2.3.4/99\n")
            status, log = daemon.run()
            self.assertEqual(status, EXIT_CONFIG)
            for setting in ("key-file", "milter-group", "outbound-hosts"):
                self.assertRegex(log, rf"backstop\.conf:\d+: \[backstop\] {setting}: ")

    def test_no_file(self):
        with Daemon() as daemon:
            daemon.config.unlink()
            status, log = daemon.run()
            self.assertEqual(status, EXIT_CONFIG)
            self.assertIn(str(daemon.config), log)

    def test_keys_that_do_not_sign(self):
        with Daemon() as daemon:
            lines = daemon.keys.read_text().splitlines(keepends=True)
            daemon.keys.write_text("".join(line for line in lines if " tag " not in line))
            status, log = daemon.run()
            self.assertEqual(status, EXIT_CONFIG)
            self.assertIn("no key for tags signs now: `backstop key new tag` makes one", log)

    def test_batv_without_its_key(self):
        with Daemon() as daemon:
            daemon.write_config(extra="[domain other.example]\nbatv = yes\n")
            status, log = daemon.run()
            self.assertEqual(status, EXIT_CONFIG)
            self.assertRegex(log, r"\[backstop\] key-file: a domain has batv, and no key for it")

    def test_a_store_of_another_ledger_key(self):
        with Daemon() as daemon:
            daemon.make_store()
            daemon.keys.unlink()
            daemon.make_keys()
            status, log = daemon.run()
            self.assertEqual(status, EXIT_CONFIG)
            self.assertRegex(log, r"\[backstop\] store: ")

    def test_check_says_nothing_of_what_is_right(self):
        with Daemon() as daemon:
            self.assertEqual(daemon.run("--check"), (0, ""))
            self.assertFalse(daemon.store.exists())
        with Daemon(mode="sometimes") as daemon:
            status, log = daemon.run("--check")
            self.assertEqual(status, EXIT_CONFIG)
            self.assertIn("[backstop] mode: ", log)

    def test_usage(self):
        for arguments in (["--no-such"], ["word"], ["--config"]):
            with self.subTest(arguments):
                run = subprocess.run([DAEMON, *arguments], capture_output=True, text=True,
                                     timeout=LIMIT_SEC, check=False)
                self.assertEqual(run.returncode, EXIT_USAGE)
                self.assertIn("Usage: backstopd", run.stderr)

    def test_help_and_version(self):
        for option, text in (("--help", "Usage: backstopd"), ("--version", "backstopd ")):
            run = subprocess.run([DAEMON, option], capture_output=True, text=True,
                                 timeout=LIMIT_SEC, check=True)
            self.assertTrue(run.stdout.startswith(text))

    def test_an_error_cannot_write_to_the_terminal(self):
        with Daemon() as daemon:
            daemon.write_config(extra="\x1b[2J = 1\n")
            _, log = daemon.run()
            self.assertNotIn("\x1b", log)


def open_files(daemon):
    folder = f"/proc/{daemon.process.pid}/fd"
    files = []
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):
            files.append(os.readlink(f"{folder}/{name}"))
    return files


class Reload(unittest.TestCase):
    def test_good(self):
        with Daemon() as daemon:
            daemon.start_ready()
            before = time.monotonic_ns() // 1000
            daemon.write_config(mode="enforce", enforce_anyway="yes")
            daemon.send(signal.SIGHUP)
            daemon.wait_told("READY=1", 2)
            reloading, = [m for m in daemon.told if "RELOADING=1" in m]
            moment = int(re.search(r"^MONOTONIC_USEC=(\d+)$", reloading, re.MULTILINE)[1])
            self.assertTrue(before <= moment <= time.monotonic_ns() // 1000)
            self.assertLess(daemon.told.index(reloading),
                            len(daemon.told) - 1 - daemon.told[::-1].index("READY=1"))
            self.assertIn(f"reloaded {daemon.config}", daemon.log())
            self.assertTrue(daemon.passes())

    def test_a_bad_file_changes_nothing_and_is_told(self):
        with Daemon() as daemon:
            daemon.start_ready()
            daemon.write_config(extra="no-such = 1\n", ledger_days="many")
            daemon.send(signal.SIGHUP)
            daemon.wait_told("READY=1", 2)
            self.assertRegex(daemon.log(), r"\[backstop\] no-such: ")
            self.assertRegex(daemon.log(), r"\[backstop\] ledger-days: ")
            self.assertIn("not reloaded: the settings stay as they were", daemon.log())
            self.assertTrue(daemon.passes())

    def test_the_key_file_is_gone(self):
        with Daemon() as daemon:
            daemon.start_ready()
            away = daemon.keys.rename(daemon.folder / "away")
            daemon.send(signal.SIGHUP)
            daemon.wait_log("not reloaded")
            self.assertIn(str(daemon.keys), daemon.log())
            self.assertTrue(daemon.passes())
            away.rename(daemon.keys)
            daemon.send(signal.SIGHUP)
            daemon.wait_log("reloaded " + str(daemon.config))

    def test_a_store_that_cannot_be_opened_does_not_replace_one_that_works(self):
        with Daemon() as daemon:
            daemon.start_ready()
            daemon.write_config(store=daemon.folder / "no-such-folder" / "backstop.db")
            daemon.send(signal.SIGHUP)
            daemon.wait_log("not reloaded")
            self.assertIn("no-such-folder", daemon.log())

    def test_another_store(self):
        with Daemon() as daemon:
            daemon.start_ready()
            other = daemon.store.parent / "other.db"
            daemon.write_config(store=other)
            daemon.send(signal.SIGHUP)
            daemon.wait_log("reloaded")
            self.assertTrue(other.exists())
            self.assertIn(str(other), open_files(daemon))
            daemon.wait_for(lambda: str(daemon.store) not in open_files(daemon),
                            "the store before is closed")

    def test_a_store_that_is_taken_up_again_knows_of_its_absence(self):
        with Daemon() as daemon:
            daemon.make_store()
            left_sec = int(time.time())
            daemon.write_config(store=daemon.store.parent / "other.db")
            daemon.start_ready()
            time.sleep(2)
            daemon.write_config(store=daemon.store)
            daemon.send(signal.SIGHUP)
            daemon.wait_log("reloaded")
            assert_gap(self, daemon, left_sec, int(time.time()))

    def test_what_waits_for_the_next_start_is_told(self):
        with Daemon() as daemon:
            daemon.start_ready()
            daemon.write_config(milter=f"unix:{daemon.folder}/run/other.sock")
            daemon.send(signal.SIGHUP)
            daemon.wait_log("milter: takes effect when the daemon is started again")
            self.assertTrue(daemon.passes())

    def test_a_mail_in_flight_keeps_its_settings(self):
        with Daemon() as daemon:
            daemon.start_ready()
            with daemon.milter() as connection:
                connection.mail("bob@remote.example")
                connection.flush()
                time.sleep(0.5)
                daemon.write_config(store=daemon.store.parent / "other.db")
                daemon.send(signal.SIGHUP)
                daemon.wait_log("reloaded")
                connection.rcpt("alice@our.example")
                connection.header("Subject", " Lunch")
                answer = connection.eoh()
                self.assertIn(answer.name, ("accept", "continue"))
            self.assertTrue(daemon.passes())

    def test_no_signal_of_many_goes_astray(self):
        # libmilter waits for SIGHUP as well, and would end the daemon.
        with Daemon() as daemon:
            daemon.start_ready()
            for _ in range(300):
                daemon.send(signal.SIGHUP)
                daemon.read_told()
                time.sleep(0.001)
            daemon.wait_log("reloaded")
            self.assertTrue(daemon.passes())
            self.assertEqual(daemon.stop(), 0)


def listens(daemon):
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(str(daemon.socket)) == 0


class Stop(unittest.TestCase):
    def test_at_sigterm_and_sigint(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number), Daemon() as daemon:
                daemon.start_ready()
                self.assertEqual(daemon.stop(number), 0)
                self.assertIn("STOPPING=1", daemon.read_told())
                self.assertFalse(daemon.socket.exists())
                self.assertTrue(daemon.log().endswith("backstopd: stopped\n"), daemon.log())

    def test_a_mail_in_flight_comes_to_its_end(self):
        with Daemon() as daemon:
            daemon.start_ready()
            with daemon.milter() as connection:
                connection.mail("bob@remote.example")
                connection.rcpt("alice@our.example")
                connection.flush()
                time.sleep(0.5)
                daemon.send(signal.SIGTERM)
                daemon.wait_told("STOPPING=1")
                time.sleep(1)
                connection.data()
                connection.header("Subject", " Lunch")
                answer = connection.eoh()
                if not answer.is_final:
                    answer = connection.end()
                self.assertIn(answer.name, ("accept", "continue"))
            self.assertEqual(daemon.wait_end(), 0)

    def test_a_mail_that_does_not_end_is_not_waited_for(self):
        with Daemon() as daemon:
            daemon.start_ready()
            with daemon.milter() as connection:
                connection.mail("bob@remote.example")
                connection.flush()
                time.sleep(0.5)
                started = time.monotonic()
                daemon.send(signal.SIGTERM)
                daemon.wait_for(lambda: not listens(daemon), "the end of its listening")
                deaf_sec = int(time.time())
                self.assertEqual(daemon.wait_end(), 0)
                # Ten seconds for the mail, and two for what runs when all is over.
                self.assertLess(time.monotonic() - started, 18)
            time.sleep(2)
            daemon.start_ready()
            ready_sec = int(time.time())
            # From then on the mail server was left alone.
            assert_gap(self, daemon, deaf_sec, ready_sec)

    def test_while_nobody_listens_nothing_is_observed(self):
        with Daemon() as daemon:
            daemon.make_store()
            seen = daemon.observed_last()
            time.sleep(2)
            with socket.socket(socket.AF_UNIX) as other:
                other.bind(str(daemon.socket))
                other.listen()
                daemon.socket.chmod(0o777)
                self.assertEqual(daemon.run()[0], EXIT_TEMPORARY)
            self.assertEqual(daemon.observed_last(), seen)

    def test_a_connection_without_a_mail_is_not_waited_for(self):
        with Daemon() as daemon:
            daemon.start_ready()
            with daemon.milter():
                started = time.monotonic()
                self.assertEqual(daemon.stop(), 0)
                self.assertLess(time.monotonic() - started, 10)


def mount_small(daemon, size):
    """A command that runs another with a disk of `size` bytes in the place of the store's folder;
    None if this machine does not let us."""
    command = ["unshare", "--mount", "sh", "-c",
               f"mount -t tmpfs -o size={size},uid={USER.pw_uid},gid={USER.pw_gid} none "
               f"{daemon.store.parent} && exec \"$0\" \"$@\""]
    probe = subprocess.run([*command, "true"], capture_output=True, check=False)
    return command if probe.returncode == 0 else None


class Store(unittest.TestCase):
    def test_damaged_and_put_aside(self):
        with Daemon() as daemon:
            daemon.store.write_bytes(b"this is no database" * 1000)
            shutil.chown(daemon.store, USER.pw_uid, USER.pw_gid)
            daemon.start_ready()
            self.assertIn(str(daemon.store), daemon.log())
            self.assertTrue(daemon.passes())
            daemon.store.unlink()
            # It is tried again by itself.
            daemon.wait_log("the store is open")
            self.assertEqual(daemon.stop(), 0)
            # All the time until then is a gap.
            (from_sec, until_sec), = daemon.sql("SELECT min(from_sec), max(until_sec) FROM gaps")
            self.assertGreaterEqual(until_sec - from_sec, 9)

    def test_locked(self):
        with Daemon() as daemon:
            daemon.make_store()
            lock = subprocess.Popen(
                ["python3", "-c", "import sqlite3, sys, time\n"
                 "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
                 "c.execute('BEGIN IMMEDIATE')\nprint('locked', flush=True)\ntime.sleep(600)",
                 daemon.store], stdout=subprocess.PIPE, user=USER.pw_uid)
            try:
                self.assertEqual(lock.stdout.readline(), b"locked\n")
                daemon.start_ready()
                self.assertTrue(daemon.passes())
            finally:
                lock.kill()
                lock.communicate()
            self.assertEqual(daemon.stop(), 0)

    def test_full_disk(self):
        with Daemon() as daemon:
            wrapper = mount_small(daemon, 16384)
            if wrapper is None:
                self.skipTest("no disk can be mounted here")
            daemon.start_ready(wrapper=wrapper)
            self.assertIn("[backstop] store: ", daemon.log())
            self.assertTrue(daemon.passes())
            self.assertEqual(daemon.stop(), 0)

    def test_the_time_without_a_daemon_is_a_gap(self):
        with Daemon() as daemon:
            daemon.make_store()
            stopped = int(time.time())
            time.sleep(2)
            daemon.make_store()
            assert_gap(self, daemon, stopped, int(time.time()))

    def test_what_is_old_is_forgotten(self):
        def days():
            return daemon.sql("SELECT count(*) FROM tallies")[0][0]
        with Daemon(history_days="30") as daemon:
            daemon.make_store()
            add_tally(daemon, unexplained=0, days_ago=31)
            add_tally(daemon, unexplained=0, days_ago=29)
            daemon.start_ready()
            daemon.wait_for(lambda: days() == 1, "the older day is gone")


def add_tally(daemon, unexplained, days_ago=0):
    """Notices with a genuine witness but without a tag, as the history counts them."""
    day = int(time.time()) // DAY_SEC - days_ago
    daemon.sql("INSERT INTO tallies (day, verdict, confidence, kind, done, enforced, count, "
               "untagged, unexplained) VALUES "
               f"({day}, 1, 1, 1, 1, 1, {unexplained}, {unexplained}, {unexplained})")


class Enforce(unittest.TestCase):
    def test_may_not_begin_unobserved(self):
        with Daemon(mode="enforce") as daemon:
            status, log = daemon.run()
            self.assertEqual(status, EXIT_CONFIG)
            self.assertRegex(log, r"\[backstop\] mode: enforce may not begin: .* \d+ days, of 14")

    def test_begins_after_fourteen_days(self):
        with Daemon() as daemon:
            daemon.make_store()
            daemon.observe_for(13)
            daemon.write_config(mode="enforce")
            self.assertEqual(daemon.run()[0], EXIT_CONFIG)
            daemon.observe_for(15)
            daemon.start_ready()
            daemon.wait_log("mode enforce")

    def test_may_not_begin_with_mail_that_nobody_can_explain(self):
        with Daemon() as daemon:
            daemon.make_store()
            daemon.observe_for(20)
            daemon.write_config(mode="enforce")
            add_tally(daemon, 1, days_ago=5)
            status, log = daemon.run()
            self.assertEqual(status, EXIT_CONFIG)
            self.assertIn("without a tag", log)

    def test_anyway(self):
        with Daemon(mode="enforce", enforce_anyway="yes") as daemon:
            daemon.start_ready()
            daemon.wait_log("mode enforce")
            # That is no observation: without the word, it may not go on.
            self.assertEqual(daemon.stop(), 0)
            daemon.write_config(enforce_anyway="no")
            self.assertEqual(daemon.run()[0], EXIT_CONFIG)

    def test_once_begun_it_pauses_but_starts(self):
        with Daemon() as daemon:
            daemon.make_store()
            daemon.observe_for(20)
            daemon.write_config(mode="enforce")
            daemon.start_ready()
            self.assertEqual(daemon.stop(), 0)
            add_tally(daemon, 3)
            daemon.start_ready()
            daemon.wait_log("enforce pauses, notices are only marked: 3 notices since yesterday")
            # Back to observe, it must ask anew.
            self.assertEqual(daemon.stop(), 0)
            daemon.write_config(mode="observe")
            daemon.make_store()
            daemon.write_config(mode="enforce")
            self.assertEqual(daemon.run()[0], EXIT_CONFIG)

    def test_a_reload_may_not_begin_it_either(self):
        with Daemon() as daemon:
            daemon.start_ready()
            daemon.write_config(mode="enforce")
            daemon.send(signal.SIGHUP)
            daemon.wait_log("not reloaded")
            self.assertIn("enforce may not begin", daemon.log())

    def test_from_a_pause_to_observe(self):
        with Daemon(mode="enforce", enforce_anyway="yes") as daemon:
            daemon.store.write_bytes(b"this is no database" * 1000)
            shutil.chown(daemon.store, USER.pw_uid, USER.pw_gid)
            daemon.start_ready()
            daemon.wait_told("STATUS=enforce pauses")
            daemon.write_config(mode="observe")
            daemon.send(signal.SIGHUP)
            daemon.wait_told("STATUS=observing")
            daemon.wait_log("reloaded")
            # The mode was decided before that.
            self.assertLess(daemon.log().index("enforce has ended"),
                            daemon.log().index("reloaded"))
            self.assertNotIn("enforce goes on", daemon.log())

    def test_pauses_without_a_store(self):
        with Daemon(mode="enforce", enforce_anyway="yes") as daemon:
            daemon.store.write_bytes(b"this is no database" * 1000)
            shutil.chown(daemon.store, USER.pw_uid, USER.pw_gid)
            daemon.start_ready()
            daemon.wait_log("enforce pauses, notices are only marked: the store cannot be read")
            self.assertIn("mode observe", daemon.log())


NOTICE = b"""\
From: MAILER-DAEMON@our.example
To: alice@our.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <notice@our.example>
Backstop-Verdict: genuine; confidence=proven
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

It could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.our.example

Final-Recipient: rfc822; bob@remote.example
Action: failed
Status: 5.1.1

--b--
"""


class Client(unittest.TestCase):
    """Whom the mail server names as its client."""

    def is_signed(self, daemon, **who):
        with client.Milter(f"unix:{daemon.socket}") as connection:
            connection.negotiate()
            connection.connect(**who)
            return bool(self.send(connection).values("Backstop-Tag"))

    @staticmethod
    def send(connection):
        return connection.deliver(OURS, "alice@our.example", ["bob@remote.example"])

    def test_who_is_this_host(self):
        with Daemon() as daemon:
            daemon.start_ready()
            for is_this_host, who in (
                    (True, {"address": "127.0.0.1"}), (True, {"address": "127.8.9.10"}),
                    (True, {"address": "::1"}), (True, {"address": "0:0:0:0:0:0:0:1"}),
                    (True, {"address": "::ffff:127.0.0.1"}),
                    (True, {"name": "localhost", "address": None}),
                    (False, {"address": "::ffff:203.0.113.7"}), (False, {"address": "::"}),
                    (False, {"address": "203.0.113.7"}),
                    (False, {"name": "localhost", "address": "203.0.113.7"}),
                    # XCLIENT ADDR=[UNAVAILABLE].
                    (False, {"name": "unknown", "address": None}),
                    (False, {"name": "mx.remote.example", "address": None})):
                with self.subTest(**who):
                    self.assertEqual(self.is_signed(daemon, **who), is_this_host)

    def test_a_mapped_address_is_the_ipv4_one(self):
        with Daemon(internal_networks="192.0.2.0/24") as daemon:
            daemon.start_ready()
            self.assertTrue(self.is_signed(daemon, address="::ffff:192.0.2.7"))

    def test_the_next_client_on_a_connection_has_its_steps(self):
        with Daemon() as daemon:
            daemon.start_ready()
            with client.Milter(f"unix:{daemon.socket}") as connection:
                connection.negotiate()
                connection.connect(address="127.0.0.1")
                # libmilter honours it behind a mail that was broken off.
                connection.mail("alice@our.example")
                connection.abort()
                connection.quit_new_connection()
                connection.connect(address="127.0.0.1")
                outcome = connection.deliver(OURS + b"x" * 200000, "alice@our.example",
                                             ["bob@remote.example"])
                self.assertEqual(len(outcome.values("Backstop-Tag")), 1)
                self.assertTrue(outcome.is_skipped)

    def test_the_steps_of_a_server_that_offers_less_are_kept(self):
        with Daemon() as daemon:
            daemon.start_ready()
            with client.Milter(f"unix:{daemon.socket}") as connection:
                connection.negotiate(protocol=client.SMFI_CURR_PROT & ~client.SMFIP_SKIP)
                connection.connect(address="127.0.0.1")
                connection.mail("alice@our.example")
                connection.abort()
                connection.quit_new_connection()
                connection.connect(address="127.0.0.1")
                self.assertFalse(connection.deliver(OURS + b"x" * 200000, "alice@our.example",
                                                    ["bob@remote.example"]).is_skipped)


class Error(unittest.TestCase):
    """`on-error = tempfail`, and a mail server that lets no field be taken out."""

    def answer(self, daemon, sender):
        with client.Milter(f"unix:{daemon.socket}") as connection:
            # libmilter asks for header fields all the same; but none can be taken out.
            with contextlib.suppress(client.ProtocolError):
                connection.negotiate(actions=0)
            connection.connect()
            return connection.deliver(NOTICE, sender, ["alice@our.example"]).answer.name

    def test_own_notices_pass(self):
        with Daemon(on_error="tempfail") as daemon:
            daemon.start_ready()
            self.assertEqual(self.answer(daemon, ""), "tempfail")
            self.assertEqual(self.answer(daemon, None), "accept")
            self.assertIn("the mail is passed", daemon.log())


class Unit(unittest.TestCase):
    """The unit file; no systemd runs here."""

    def setUp(self):
        self.tool = shutil.which("systemd-analyze")
        if self.tool is None:
            self.skipTest("systemd-analyze is not installed")

    def unit(self, folder):
        text = (ROOT / "data" / "backstopd.service.in").read_text()
        path = folder / "backstopd.service"
        path.write_text(text.replace("@sbindir@/backstopd", str(DAEMON))
                        .replace("@sysconfdir@", "/etc"))
        return path

    def run_tool(self, *arguments):
        return subprocess.run([self.tool, *arguments], capture_output=True, text=True,
                              timeout=LIMIT_SEC, check=False)

    def test_verify(self):
        with Daemon() as daemon:
            run = self.run_tool("verify", "--man=no", self.unit(daemon.folder))
            self.assertEqual((run.returncode, run.stdout + run.stderr), (0, ""))

    def test_exposure(self):
        with Daemon() as daemon:
            run = self.run_tool("security", "--offline=true", "--no-pager",
                                self.unit(daemon.folder))
            exposure = float(re.search(r"exposure level for \S+: ([0-9.]+)", run.stdout)[1])
            self.assertLess(exposure, 2.0, run.stdout)


if __name__ == "__main__":
    unittest.main()
