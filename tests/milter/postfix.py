# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""Real Postfix instances, each in a folder of its own, inside the machine of machine.sh."""

import pathlib
import re
import shutil
import subprocess
import time

LIMIT_SEC = 20
MAIL_ID = 65534

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/mail.log
maillog_file_prefixes = /var
multi_instance_name = postfix-{name}
multi_instance_enable = yes
inet_interfaces = {address}, 127.0.0.1
smtp_bind_address = {address}
inet_protocols = ipv4
myhostname = mx.{domain}
mydomain = {domain}
myorigin = {domain}
mydestination =
alias_maps =
alias_database =
mynetworks = {networks}
smtpd_peername_lookup = no
disable_dns_lookups = yes
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ {mailboxes} }}
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 100
recipient_delimiter = +
biff = no
notify_classes =
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
in_flow_delay = 0
default_process_limit = 50
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
milter_connect_timeout = 5s
"""

MASTER = """\
{address}:25 inet n - n - - smtpd
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """One instance, mail exchanger of `domain` at `address`, with these mailboxes."""

    def __init__(self, name, domain, address, mailboxes, networks, settings=(), services=""):
        self.name, self.domain, self.address = name, domain, address
        self.folder = pathlib.Path("/var/postfix") / name
        self.etc = self.folder / "etc"
        shutil.rmtree(self.folder, ignore_errors=True)
        for part in ("etc", "queue", "data", "mail"):
            (self.folder / part).mkdir(parents=True)
        shutil.chown(self.folder / "data", "postfix")
        shutil.chown(self.folder / "mail", MAIL_ID, MAIL_ID)
        boxes = ", ".join(f"{box}@{domain}={box}/" for box in mailboxes)
        main = MAIN.format(folder=self.folder, name=name, address=address, domain=domain,
                           networks=networks, mailboxes=boxes)
        (self.etc / "main.cf").write_text(main + "".join(f"{line}\n" for line in settings))
        (self.etc / "master.cf").write_text(MASTER.format(address=address) + services)

    def run(self, program, *arguments, **options):
        return subprocess.run([program, "-c", self.etc, *arguments], capture_output=True, text=True,
                              check=True, **options)

    def start(self):
        done = subprocess.run(["postfix", "-c", self.etc, "start"], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{done.stdout}{done.stderr}{self.log()}")

    def stop(self):
        subprocess.run(["postfix", "-c", self.etc, "stop"], capture_output=True)

    def set(self, *settings):
        """Changes settings of the running instance."""
        self.run("postconf", "-e", *settings)
        self.run("postfix", "reload")
        time.sleep(0.5)

    def log(self):
        path = self.folder / "mail.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def sendmail(self, mail, *arguments):
        """Local submission."""
        subprocess.run(["sendmail", "-C", self.etc, *arguments], input=mail, check=True,
                       capture_output=True)

    def mails(self, box):
        """What a mailbox holds, oldest first, as bytes."""
        folder = self.folder / "mail" / box / "new"
        paths = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns) \
            if folder.is_dir() else []
        return [path.read_bytes() for path in paths]

    def empty(self, *boxes):
        for box in boxes:
            shutil.rmtree(self.folder / "mail" / box, ignore_errors=True)

    def queue(self):
        """Queue ids, those on hold with a "!"."""
        text = subprocess.run(["postqueue", "-c", self.etc, "-p"], capture_output=True,
                              text=True).stdout
        return re.findall(r"^([0-9A-Za-z]{6,}[*!]?)\s", text, re.MULTILINE)

    def queued_mail(self, queue_id):
        return subprocess.run(["postcat", "-c", self.etc, "-qbh", queue_id.rstrip("*!")],
                              capture_output=True, check=True).stdout

    def clear_queue(self):
        subprocess.run(["postsuper", "-c", self.etc, "-d", "ALL"], capture_output=True)


def wait_until(what, condition, limit_sec=LIMIT_SEC):
    """What the condition returns, as soon as it is true."""
    until = time.monotonic() + limit_sec
    while time.monotonic() < until:
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError(f"in vain: {what}")
