# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""A backstopd in a temporary folder that plays /etc, /run and /var: what is told to the service
manager, what is logged, how it ends. The tests are the service manager."""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "milter"))
import client  # noqa: E402  (the milter protocol)

BUILD = pathlib.Path(os.environ.get("BACKSTOP_BUILD", ROOT / "build"))
BACKSTOP = BUILD / "backstop"
DAEMON = BUILD / "backstopd"
# The sanitizers' builds are several times slower.
LIMIT_SEC = 60
DAY_SEC = 86400
STATE_OBSERVED_SINCE, STATE_OBSERVED_LAST = 5, 6
IS_ROOT = os.geteuid() == 0
# As whom it serves; root it refuses.
USER = pwd.getpwnam("nobody") if IS_ROOT else pwd.getpwuid(os.geteuid())

MAIL = b"""\
From: bob@remote.example
To: alice@our.example
Subject: Lunch
Message-ID: <lunch@remote.example>

At noon?
"""


class Daemon:
    """Its folder, and the process from start() on. Used with `with`, which ends it."""

    def __init__(self, **settings):
        # Short, for a unix socket's path is.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bsd-"))
        self.config = self.folder / "backstop.conf"
        self.keys = self.folder / "keys"
        self.store = self.folder / "state" / "backstop.db"
        self.socket = self.folder / "run" / "milter.sock"
        self.log_file = self.folder / "log"
        self.process = None
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self.manager.bind(str(self.folder / "notify"))
        self.told = []  # datagrams to the service manager, read so far
        for path in (self.store.parent, self.socket.parent):
            path.mkdir(mode=0o755)
        self.folder.chmod(0o755)
        self.log_file.touch()
        self.settings = {"key-file": self.keys, "store": self.store, "log": "stderr",
                         "milter": f"unix:{self.socket}", "user": USER.pw_name,
                         **{name.replace("_", "-"): value for name, value in settings.items()}}
        self.write_config()
        self.make_keys()
        for path in (self.store.parent, self.socket.parent, self.folder / "notify"):
            shutil.chown(path, USER.pw_uid, USER.pw_gid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.manager.close()
        shutil.rmtree(self.folder)

    def write_config(self, extra="", **changes):
        self.settings.update({name.replace("_", "-"): value for name, value in changes.items()})
        lines = [f"{name} = {value}\n" for name, value in self.settings.items()]
        self.config.write_text("[backstop]\n" + "".join(lines) + extra + "\n[domain our.example]\n")

    def make_keys(self):
        subprocess.run([BACKSTOP, "key", "--key-file", self.keys, "new"], check=True,
                       stdout=subprocess.DEVNULL)
        shutil.chown(self.keys, USER.pw_uid, USER.pw_gid)

    # The process.

    def start(self, *arguments, before=None, wrapper=()):
        """`before` runs in the child; `wrapper` is a command that executes the daemon."""
        self.read_told()
        self.told.clear()
        environment = {**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify")}
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [*wrapper, DAEMON, "--config", self.config, *arguments], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=environment, preexec_fn=before)
        return self

    def run(self, *arguments, **how):
        """Starts it, and expects that it ends by itself: (exit status, log)."""
        self.start(*arguments, **how)
        return self.wait_end(), self.log()

    def start_ready(self, *arguments, **how):
        self.start(*arguments, **how)
        self.wait_told("READY=1")
        return self

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        """The exit status."""
        self.send(number)
        return self.wait_end()

    def wait_end(self):
        self.wait_for(lambda: self.process.poll() is not None, "its end")
        return self.process.returncode

    # What it says.

    def log(self):
        return self.log_file.read_text()

    def wait_log(self, text, count=1):
        """Waits until the text stands in the log so often."""
        self.wait_for(lambda: self.log().count(text) >= count, f"{text!r} in the log")

    def wait_for(self, condition, what, limit_sec=LIMIT_SEC):
        deadline = time.monotonic() + limit_sec
        while not condition():
            # Else it would wait for us to read, as it does for no service manager.
            self.read_told()
            if self.process.poll() is not None and not condition():
                raise AssertionError(f"it ended ({self.process.returncode}) before {what}:\n"
                                     + self.log())
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain for {what}:\n" + self.log())
            time.sleep(0.02)

    def read_told(self):
        """Reads what was told to the service manager meanwhile."""
        self.manager.setblocking(False)
        try:
            while True:
                self.told.append(self.manager.recv(4096).decode())
        except BlockingIOError:
            return self.told

    def wait_told(self, text, count=1):
        self.wait_for(lambda: sum(text in message for message in self.read_told()) >= count,
                      f"{text} to the service manager")

    # The mail.

    def milter(self):
        """A connection that has said who it is."""
        connection = client.Milter(f"unix:{self.socket}")
        connection.negotiate()
        connection.connect()
        return connection

    def passes(self):
        """Whether a mail comes through."""
        with self.milter() as connection:
            return connection.deliver(MAIL, "bob@remote.example",
                                      ["alice@our.example"]).is_delivered

    # The store, from the side.

    def sql(self, *statements):
        """The rows of the last one."""
        connection = sqlite3.connect(self.store, timeout=LIMIT_SEC)
        try:
            for statement in statements:
                rows = connection.execute(statement).fetchall()
            connection.commit()
            return rows
        finally:
            connection.close()

    def observe_for(self, days):
        """As if a daemon had observed for so long. The store must be there."""
        now = int(time.time())
        today = now // DAY_SEC
        values = ", ".join(f"({today - i})" for i in range(days))
        self.sql(f"INSERT OR IGNORE INTO observed (day) VALUES {values}",
                 "INSERT OR REPLACE INTO state (id, value) VALUES "
                 f"({STATE_OBSERVED_SINCE}, {now - days * DAY_SEC})")

    def observed_last(self):
        (seconds,), = self.sql(f"SELECT value FROM state WHERE id = {STATE_OBSERVED_LAST}")
        return seconds

    def make_store(self):
        """Lets a daemon make it."""
        self.start_ready()
        assert self.stop() == 0, self.log()
        self.log_file.write_text("")
