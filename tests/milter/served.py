# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""backstopd as a packet installs it, inside the machine of machine.sh: its own user, its folders,
its socket. And mails, as those send them who write to a real mail server beside it."""

import contextlib
import email.utils
import os
import pathlib
import shutil
import signal
import smtplib
import socket
import sqlite3
import subprocess
import time
import uuid

BUILD = pathlib.Path(os.environ["BACKSTOP_BUILD"])
BACKSTOP, DAEMON = BUILD / "backstop", BUILD / "backstopd"
CONFIG = pathlib.Path("/etc/backstop/backstop.conf")
STATE = pathlib.Path("/var/lib/backstop")
STORE = STATE / "backstop.db"
SOCKET = pathlib.Path("/run/backstop/milter.sock")
LOG = pathlib.Path("/var/log/backstopd.log")
LIMIT_SEC = 60
# Mail of ours is signed since then.
SIGNED_SINCE_SEC = 20 * 86400

OUR_CLIENT, OUR_SERVER = "192.0.2.80", "192.0.2.25"
REMOTE_SERVER, STRANGER = "198.51.100.25", "203.0.113.99"

SETTINGS = """\
[backstop]
outbound-hosts = 192.0.2.25
internal-networks = 192.0.2.80
milter = {milter}
enforce-anyway = yes
log = stderr
{site}
[domain our.example]
closed = yes
{domain}
{more}
"""


class Daemon:
    def __init__(self, milter=f"unix:{SOCKET}"):
        self.milter = milter
        self.process = None
        for folder in (CONFIG.parent, STATE):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            shutil.chown(folder, "backstop", "backstop")
        if milter.startswith("unix:"):
            # Its group becomes that of the socket: debian/backstop.postinst.
            folder = pathlib.Path(milter.removeprefix("unix:")).parent
            folder.mkdir(exist_ok=True)
            shutil.chown(folder, "backstop", "postfix")
            folder.chmod(0o2750)
        self.configure()
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - SIGNED_SINCE_SEC))
        self.command("key", "--as-of", since, "new")
        self.command("key", "--as-of", since, "new", "prvs0")
        shutil.chown(CONFIG.parent / "keys", "backstop", "backstop")
        first = b"From: alice@our.example\r\nMessage-ID: <first@our.example>\r\n\r\nFirst.\r\n"
        self.command("sign", "--as-of", since, "--from", "alice@our.example", "--rcpt",
                     "first@remote.example", mail=first)

    def command(self, *arguments, mail=b""):
        return subprocess.run([BACKSTOP, "--config", CONFIG, *arguments], input=mail, check=True,
                              capture_output=True).stdout.decode()

    @staticmethod
    def ask(question):
        """What the store answers."""
        with contextlib.closing(sqlite3.connect(f"file:{STORE}?mode=ro", uri=True)) as store:
            return store.execute(question).fetchall()

    def gaps(self):
        """Those that are in the store."""
        return self.ask("SELECT from_sec, until_sec FROM gaps")

    def configure(self, site="", domain="", more=""):
        self.settings = site, domain, more
        CONFIG.write_text(SETTINGS.format(milter=self.milter, site=site, domain=domain, more=more))

    def start(self, before=None):
        """`before` runs in the child."""
        with open(LOG, "ab") as log:
            self.process = subprocess.Popen([DAEMON, "--config", CONFIG], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, preexec_fn=before)
        until = time.monotonic() + LIMIT_SEC
        while not self.serves():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"backstopd does not serve:\n{self.log()}")
            time.sleep(0.02)

    def serves(self):
        kind, _, place = self.milter.partition(":")
        with contextlib.suppress(OSError):
            if kind == "unix":
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(place)
            else:
                port, _, host = place.partition("@")
                socket.create_connection((host, int(port)), 5).close()
            return True
        return False

    def stop(self):
        """Its exit status."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(LIMIT_SEC)
        finally:
            self.kill()

    def end(self):
        """What a sanitizer has to say makes the status another one."""
        status = self.stop()
        if status not in (0, None):
            raise AssertionError(f"backstopd ended with {status}:\n{self.log()[-10000:]}")

    def kill(self):
        """As a crash ends it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def use(self, site="", domain="", more=""):
        """Other settings from now on."""
        self.configure(site, domain, more)
        before = self.log().count("reloaded ")
        self.process.send_signal(signal.SIGHUP)
        until = time.monotonic() + LIMIT_SEC
        while self.log().count("reloaded ") == before:
            if time.monotonic() > until or self.process.poll() is not None:
                raise RuntimeError(f"backstopd does not reload:\n{self.log()}")
            time.sleep(0.02)
        # It says so before it has looked whether it may enforce.
        time.sleep(0.3)

    def log(self):
        return LOG.read_text(errors="replace") if LOG.exists() else ""

    def peak_kib(self):
        """The most memory that it ever had."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
        raise KeyError("VmHWM")

    def quarantined(self):
        folder = STATE / "quarantine/new"
        return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.is_dir() else []

    def clear_quarantine(self):
        shutil.rmtree(STATE / "quarantine", ignore_errors=True)


def message(sender="alice@our.example", to="nobody@remote.example", subject="Offer", body="Hello.",
            top="", message_id=None):
    """A plain mail as bytes, with LF."""
    message_id = message_id or f"<{uuid.uuid4().hex}@our.example>"
    return (f"{top}From: Alice <{sender}>\nTo: {to}\nSubject: {subject}\n"
            f"Date: {email.utils.formatdate()}\nMessage-ID: {message_id}\n"
            f"X-Mailer: Example 1\n\n{body}\n").encode()


def send(mail, sender, recipients, client=OUR_CLIENT, server=OUR_SERVER, port=25, options=(),
         recipient_options=()):
    """Over SMTP; the reply to the end of the message, as a text. A refusal is a text too."""
    with smtplib.SMTP(server, port, "client.test", timeout=LIMIT_SEC,
                      source_address=(client, 0)) as smtp:
        try:
            smtp.sendmail(sender, recipients, mail.replace(b"\n", b"\r\n"), list(options),
                          list(recipient_options))
            return "250"
        except smtplib.SMTPDataError as error:
            return f"{error.smtp_code} {error.smtp_error.decode()}"
        except smtplib.SMTPRecipientsRefused as error:
            return f"{error.recipients}"


def fields(mail, name):
    """The values of all fields of that name in the header, unfolded."""
    header = mail.partition(b"\n\n")[0].decode("utf-8", "replace").replace("\n\t", " ")
    header = header.replace("\n ", " ")
    return [value.strip() for key, colon, value in
            (line.partition(":") for line in header.splitlines())
            if colon and key.strip().lower() == name.lower()]


def verdict(mail):
    """The verdict of the one field; None if there is none."""
    values = fields(mail, "Backstop-Verdict")
    assert len(values) <= 1, values
    return values[0] if values else None
