# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""A real Sendmail, our.example's, with the milter in it; inside the machine of machine.sh."""

import pathlib
import re
import shutil
import socket
import subprocess

from postfix import wait_until

PROGRAM = "/usr/libexec/sendmail/sendmail"
CF = pathlib.Path("/etc/mail/sendmail.cf")
QUEUE = pathlib.Path("/var/spool/mqueue")
LOG = pathlib.Path("/var/log/mail.log")
BOXES = pathlib.Path("/var/maildirs")

MACROS = """\
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `mx.our.example')dnl
define(`confPID_FILE', `/run/sendmail.pid')dnl
define(`QUEUE_DIR', `/var/spool/mqueue')dnl
define(`STATUS_FILE', `/run/sendmail.stats')dnl
define(`ALIAS_FILE', `/etc/mail/aliases')dnl
define(`confCW_FILE', `/etc/mail/local-host-names')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confTO_IDENT', `0s')dnl
define(`confMIN_QUEUE_AGE', `0')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confQUEUE_LA', `1000')dnl
define(`LOCAL_MAILER_PATH', `/etc/mail/deliver')dnl
define(`LOCAL_MAILER_ARGS', `deliver $u')dnl
define(`LOCAL_MAILER_FLAGS', `SPhnu9')dnl
MODIFY_MAILER_FLAGS(`LOCAL', `-w')dnl
FEATURE(`use_cw_file')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`mailertable', `hash -o /etc/mail/mailertable')dnl
FEATURE(`preserve_local_plus_detail')dnl
FEATURE(`nocanonify')dnl
RELAY_DOMAIN(`192.0.2')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA, Port=25, Addr=192.0.2.25')dnl
CLIENT_OPTIONS(`Family=inet, Addr=192.0.2.25')dnl
INPUT_MAIL_FILTER(`backstop', `S=unix:/run/backstop/milter.sock, T=C:10s;S:30s;R:30s;E:2m')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""

DELIVER = """\
#!/bin/sh
set -eu
box=${1%%+*}
case $box in alice|bob|carol|desk) ;; *) exit 67 ;; esac
folder=/var/maildirs/$box
mkdir -p "$folder/tmp" "$folder/new" "$folder/cur"
name=$(date +%s.%N).$$
cat >"$folder/tmp/$name"
mv "$folder/tmp/$name" "$folder/new/$name"
"""


class Sendmail:
    def __init__(self):
        shutil.rmtree(QUEUE, ignore_errors=True)
        QUEUE.mkdir(mode=0o700, parents=True)
        pathlib.Path("/etc/mail").mkdir(exist_ok=True)
        pathlib.Path("/etc/mail/aliases").write_text("postmaster: desk\nMAILER-DAEMON: desk\n")
        pathlib.Path("/etc/mail/local-host-names").write_text("mx.our.example\nour.example\n")
        table = "remote.example smtp:[198.51.100.25]\n"
        deliver = pathlib.Path("/etc/mail/deliver")
        deliver.write_text(DELIVER)
        deliver.chmod(0o755)
        macros = subprocess.run(["m4", "-D_CF_DIR_=/usr/share/sendmail/cf/",
                                 "/usr/share/sendmail/cf/m4/cf.m4", "-"], input=MACROS, text=True,
                                capture_output=True, check=True).stdout
        CF.write_text(macros)
        subprocess.run(["/usr/libexec/sendmail/makemap", "hash", "/etc/mail/mailertable"],
                       input=table, text=True, check=True, capture_output=True)
        subprocess.run([PROGRAM, f"-C{CF}", "-bi"], check=True, capture_output=True)
        self.process = None

    def start(self):
        self.process = subprocess.Popen([PROGRAM, f"-C{CF}", "-bD", "-q1s"],
                                        stdin=subprocess.DEVNULL)

        def listens():
            try:
                socket.create_connection(("192.0.2.25", 25), 5).close()
                return True
            except OSError:
                return False
        wait_until("Sendmail", listens)

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def mails(self, box):
        folder = BOXES / box / "new"
        return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.is_dir() else []

    def empty(self, *boxes):
        for box in boxes:
            shutil.rmtree(BOXES / box, ignore_errors=True)

    def queue(self):
        """Queue ids, those in quarantine with a "!"."""
        names = sorted(path.name for path in QUEUE.iterdir())
        return [name[2:] for name in names if name.startswith("qf")] + [
            name[2:] + "!" for name in names if name.startswith("hf")]

    def queued_mail(self, queue_id):
        """The header of a mail in the queue, as Sendmail keeps it."""
        name = queue_id.rstrip("!")
        file = QUEUE / (("hf" if queue_id.endswith("!") else "qf") + name)
        return re.sub(rb"^H(\?[^?]*\?)*", b"", file.read_bytes(), flags=re.MULTILINE)

    @staticmethod
    def release(queue_id):
        """Out of quarantine, as docs/sendmail.md says."""
        subprocess.run([PROGRAM, f"-C{CF}", "-Q", "-qQ", "-qI" + queue_id.rstrip("!")],
                       capture_output=True)
        subprocess.run([PROGRAM, f"-C{CF}", "-q"], capture_output=True)

    def clear_queue(self):
        for path in QUEUE.iterdir():
            path.unlink(missing_ok=True)

    def log(self):
        return LOG.read_text(errors="replace") if LOG.exists() else ""
