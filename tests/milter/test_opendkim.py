# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""backstopd and real OpenDKIM at one Postfix, in both orders: the signatures of both hold."""

import json
import pathlib
import socket
import subprocess
import unittest

import machine

machine.enter(__file__, "opendkim")

from pair import WithPostfix, wait_until
from served import message, send, verdict

OPENDKIM = "inet:127.0.0.1:8891"
BACKSTOP = "unix:/run/backstop/milter.sock"
SETTINGS = """\
Domain our.example
Selector sel1
KeyFile /etc/dkim/sel1.private
Socket inet:8891@127.0.0.1
Mode s
InternalHosts 192.0.2.0/24
Canonicalization relaxed/simple
OversignHeaders From
SignHeaders *,+Message-ID,+Backstop-Tag
RequireSafeKeys no
"""


def listens():
    try:
        socket.create_connection(("127.0.0.1", 8891), 5).close()
        return True
    except OSError:
        return False


class OpenDkim(WithPostfix):
    @classmethod
    def setUpClass(cls):
        pathlib.Path("/etc/dkim").mkdir()
        subprocess.run(["opendkim-genkey", "-D", "/etc/dkim", "-d", "our.example", "-s", "sel1",
                        "-b", "2048"], check=True)
        pathlib.Path("/etc/dkim/sel1.txt").chmod(0o644)
        pathlib.Path("/etc/opendkim.conf").write_text(SETTINGS)
        opendkim = subprocess.Popen(["opendkim", "-f", "-x", "/etc/opendkim.conf"])
        cls.addClassCleanup(opendkim.wait)
        cls.addClassCleanup(opendkim.terminate)
        wait_until("OpenDKIM", listens)
        cls.domain = "dkim-key = sel1:/etc/dkim/sel1.txt\ndkim-signs-all = yes"
        super().setUpClass()

    def strengths(self, notice):
        """What the witnesses say of a notice, judged as a file."""
        path = pathlib.Path("/tmp/notice.eml")
        path.write_bytes(notice)
        answer = json.loads(self.daemon.command("check", "--json", str(path)))
        return {each["witness"]: (each["claim"], each["strength"]) for each in answer["evidence"]}

    def check_order(self, milters, *strengths):
        self.ours.set(f"smtpd_milters = {milters}")
        with_id = message()
        without_id = b"".join(line for line in message().splitlines(True)
                              if not line.startswith(b"Message-ID"))
        for mail, strength in zip((with_id, without_id), strengths, strict=True):
            self.ours.empty("alice")
            self.assertEqual(send(mail, "alice@our.example", ["nobody@remote.example"]), "250")
            notice = self.only_mail()
            self.assertIn("genuine; confidence=proven", verdict(notice))
            said = self.strengths(notice)
            self.assertEqual(said.get("tag"), ("genuine", "proof"))
            self.assertEqual(said.get("dkim"), ("genuine", strength), notice.decode())

    def test_before(self):
        """OpenDKIM signs our fields too, and a Message-ID that we made."""
        self.check_order(f"{BACKSTOP}, {OPENDKIM}", "proof", "proof")

    def test_after(self):
        """A Message-ID that was not there is not signed, but nothing is broken."""
        self.check_order(f"{OPENDKIM}, {BACKSTOP}", "proof", "likely")

    def test_forged(self):
        """Three witnesses miss what is ours."""
        self.forge()
        notice = self.only_mail()
        self.assertIn("backscatter; confidence=proven", verdict(notice))
        self.assertEqual(self.strengths(notice).get("dkim"), ("forged", "likely"))


if __name__ == "__main__":
    unittest.main()
