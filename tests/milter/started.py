# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""A backstopd of its own, in a temporary folder, for tests that speak to it through client.py; and
the mails and notices that they show it."""

import email.utils
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

import client

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BACKSTOP_BUILD", ROOT / "build"))
BACKSTOP = BUILD / "backstop"
DAEMON = BUILD / "backstopd"
# The sanitizers' builds are several times slower.
LIMIT_SEC = 60
DAY_SEC = 86400
# The site has signed its mail since then.
SIGNING_DAYS = 20
# A client of our network.
INTERNAL = "198.51.100.20"

CONFIG = """\
[backstop]
key-file = {folder}/keys
store = {folder}/store.db
outbound-hosts = 192.0.2.0/24, mx.our.example
internal-networks = 198.51.100.0/24
ledger-complete = yes
mode = enforce
enforce-anyway = yes
milter = {milter}
user = {user}
quarantine-folder = {folder}/quarantine
log = stderr
{more}
[domain our.example]
closed = yes
"""


def user():
    """The daemon refuses to stay root."""
    return "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def run_backstop(*arguments, mail=b""):
    subprocess.run([BACKSTOP, *arguments], input=mail, stdout=subprocess.DEVNULL, check=True)


class Daemon:
    """Runs from start() to stop(). `more` are lines for the section [backstop]."""

    def __init__(self, more="", milter=None):
        # Short: a unix socket's path is.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bsd-"))
        self.milter = milter or f"unix:{self.folder}/milter.sock"
        self.log_path = self.folder / "log"
        self.config = self.folder / "backstop.conf"
        self.config.write_text(CONFIG.format(folder=self.folder, milter=self.milter, user=user(),
                                             more=more))
        self.process = None
        self.begin_signing()
        if os.geteuid() == 0:
            for path in [self.folder, *self.folder.iterdir()]:
                shutil.chown(path, user())

    def begin_signing(self):
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ",
                              time.gmtime(time.time() - SIGNING_DAYS * DAY_SEC))
        run_backstop("key", "--key-file", self.folder / "keys", "--as-of", since, "new")
        run_backstop("--config", self.config, "sign", "--as-of", since, "--from",
                     "alice@our.example", "--rcpt", "first@remote.example", mail=offer("first"))

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([DAEMON, "--config", self.config], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL)
        until = time.monotonic() + LIMIT_SEC
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                client.Milter(self.milter).close()
                return
            except OSError:
                time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"backstopd does not serve:\n{self.log()}")

    def stop(self):
        """Ends it, and removes its folder. Returns its exit status."""
        status = None
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
            try:
                status = self.process.wait(LIMIT_SEC)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        text = self.log()
        shutil.rmtree(self.folder, ignore_errors=True)
        if status not in (0, None):
            raise RuntimeError(f"backstopd ended with {status}:\n{text[-5000:]}")
        return status

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def open(self, address="203.0.113.7", timeout=LIMIT_SEC):
        """A connection that has been negotiated, and on which a client is announced."""
        milter = client.Milter(self.milter, timeout)
        milter.negotiate()
        milter.connect(address=address)
        milter.helo()
        return milter

    def send(self, mail, sender="alice@our.example", recipients=("nobody@remote.example",)):
        """A mail as it leaves our site."""
        with self.open(INTERNAL) as milter:
            return milter.deliver(mail, sender, recipients).apply()[0]

    # What it uses of the system.

    def status(self, key):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1])
        raise KeyError(key)

    def rss_kib(self):
        return self.status("VmRSS")

    def threads(self):
        return self.status("Threads")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def usage(self):
        return {"rss_kib": self.rss_kib(), "threads": self.threads(),
                "descriptors": self.descriptors()}

    def store_size(self):
        return sum(path.stat().st_size for path in self.folder.glob("store.db*"))


def date(ago_sec=0):
    return email.utils.formatdate(time.time() - ago_sec)


def offer(name, recipient="nobody@remote.example"):
    """A mail of alice's."""
    return (f"From: Alice <alice@our.example>\r\nTo: {recipient}\r\nSubject: Offer {name}\r\n"
            f"Date: {date(3)}\r\nMessage-ID: <{name}@our.example>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain\r\nX-Mailer: Example 1\r\n\r\nAn offer.\r\n").encode()


def notice(returned, name, host="mx.our.example [192.0.2.5]", recipient="nobody@remote.example"):
    """A delivery failure that returns the header of this mail, which came from that host."""
    header = returned.partition(b"\r\n\r\n")[0].decode()
    return (
        "From: MAILER-DAEMON@mx.remote.example (Mail Delivery System)\r\n"
        "To: alice@our.example\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"\r\n'
        f"Date: {date()}\r\nMessage-ID: <dsn-{name}@mx.remote.example>\r\n\r\n"
        "--b1\r\n\r\nThis is the mail system at host mx.remote.example.\r\n\r\n"
        "I'm sorry to have to inform you that your message could not\r\n"
        "be delivered to one or more recipients. It's attached below.\r\n\r\n"
        f"<{recipient}>: unknown user\r\n\r\n--b1\r\n"
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.remote.example\r\n"
        f"Arrival-Date: {date(1)}\r\n\r\nFinal-Recipient: rfc822; {recipient}\r\n"
        f"Original-Recipient: rfc822;{recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: X-Postfix; unknown user\r\n\r\n--b1\r\n"
        "Content-Type: text/rfc822-headers\r\n\r\nReturn-Path: <alice@our.example>\r\n"
        f"Received: from {host.split()[0]} ({host})\r\n"
        f"\tby mx.remote.example with ESMTPS id 4Fy\r\n\tfor <{recipient}>; {date(1)}\r\n"
        f"{header}\r\n\r\n--b1--\r\n").encode()


def forged(name, recipient="victim@remote.example"):
    """A notice about a mail that we did not send, to somebody whom we never wrote to."""
    return notice(offer(name, recipient), name, "dsl.forger.example [203.0.113.66]", recipient)


def ordinary(name, size=2000):
    line = "It is a fine day, and nothing of note has happened since.\r\n"
    return (f"From: Bob <bob@remote.example>\r\nTo: alice@our.example\r\nSubject: Lunch {name}\r\n"
            f"Date: {date()}\r\nMessage-ID: <lunch-{name}@remote.example>\r\n\r\n"
            + line * (size // len(line))).encode()
